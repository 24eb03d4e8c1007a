"""The keys of `when` as tables: what a request must be like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario import model
from mockserver.scenario.nodes import Mapping, Node, Scalar, Sequence
from mockserver.scenario.records import Key, Record
from mockserver.scenario.shapes import Report, Table, template, wrong_type
from mockserver.scenario.template import has_template

if TYPE_CHECKING:
    from mockserver.errors import Location


@dataclass(frozen=True, slots=True)
class _Condition:
    """What one value of the request must be."""

    templated: bool = False

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, "a text, /pattern/, true or false")
        if isinstance(node.value, bool) and node.plain:
            return node.value
        if node.value is None and node.plain:
            mend = 'write false for absent, or "" for an empty text'
            return wrong_type(node, report, "a text, /pattern/, true or false", mend)
        return _tested(node, report, templated=self.templated)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class _BodyCondition:
    """A mapping that must be contained in the body, or a test of the whole."""

    templated: bool = False

    def read(self, node: Node, report: Report) -> Any:
        match node:
            case Mapping():
                return {name: self.read(item, report) for name, (_, item) in node.entries.items()}
            case Sequence():
                return [self.read(item, report) for item in node.items]
            case Scalar(value=str()):
                return _tested(node, report, templated=self.templated)
            case Scalar():
                return node.value
        raise AssertionError(node)

    def schema(self) -> dict[str, Any]:
        return {}


def _tested(node: Scalar, report: Report, *, templated: bool) -> Any:
    text = node.text
    if has_template(text):
        if templated:
            return template(node, report)
        mend = "write the text itself, a glob with *, or /pattern/"
        return report.wrong(node, "a condition cannot be a template", "bad-template", mend)
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        import re2  # noqa: PLC0415  (only where a pattern is in use)

        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(text[1:-1], options)
        except re2.error as error:
            reason = error.args[0]
            what = reason.decode() if isinstance(reason, bytes) else str(reason)
            mend = "RE2's syntax: no lookaround and no back-references"
            return report.wrong(node, f"{text} is no pattern: {what}", "bad-pattern", mend)
        return model.Pattern(text[1:-1])
    return text


def _when(where: Location, **fields: Any) -> model.When:  # noqa: ARG001
    headers = fields.get("headers")
    if headers:
        fields["headers"] = {name.lower(): test for name, test in headers.items()}
    return model.When(**fields)


CONDITIONS: Final = Table(_Condition())
BODY_CONDITION: Final = _BodyCondition()


def _record(*, templated: bool) -> Record:
    conditions = Table(_Condition(templated))
    return Record(
        "when",
        _when,
        {
            "path": Key(conditions, "Path parameters."),
            "query": Key(conditions, "Query parameters."),
            "headers": Key(conditions, "Headers, in any case."),
            "cookies": Key(conditions, "Cookies."),
            "body": Key(
                _BodyCondition(templated), "A mapping contained in the body.", notes="has_body"
            ),
        },
    )


WHEN: Final = _record(templated=False)
LATER_WHEN: Final = _record(templated=True)
"""The same of a request that comes while a story is told: its values may be templates."""

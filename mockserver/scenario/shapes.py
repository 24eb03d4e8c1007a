"""The kinds of value that a key can take.

Each reads a node, says what is wrong with it, and describes itself as JSON Schema (2020-12).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.errors import Location, Problem, did_you_mean
from mockserver.scenario.nodes import Mapping, Node, Scalar, Sequence
from mockserver.scenario.template import Template, TemplateError, has_template
from mockserver.scenario.units import FOREVER, UnitError, percentage, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.scenario.yamltree import SourceFile

UNFIT: Final = object()
"""What reading gives when the node was wrong; the problem stands in the report."""

TEMPLATE_SCHEMA: Final = {"type": "string", "pattern": r"\{\{.*\}\}"}


@dataclass(slots=True)
class Report:
    """The problems of one file."""

    file: SourceFile
    problems: list[Problem] = field(default_factory=list)
    templates: int = 0
    """How many templates were found."""

    def wrong(self, node: Node | Location, what: str, code: str, mend: str = "") -> Any:
        """Write down a problem at `node` and return UNFIT."""
        where = node if isinstance(node, Location) else self.file.at(node)
        self.problems.append(Problem(where, what, code, mend))
        return UNFIT


class Shape(Protocol):
    """One kind of value."""

    def read(self, node: Node, report: Report) -> Any:
        """Return the value of `node`, or UNFIT after telling `report` why."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of what is accepted."""


def kind_of(node: Node) -> str:
    """Return what `node` is, in words for a message."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return node.text
        case Scalar(value=int() | float()):
            return f"the number {node.text}"
        case Scalar(text=text):
            return repr(text) if len(text) < 40 else f"the text {text[:37]!r}…"
    return "nothing"


def wrong_type(node: Node, report: Report, expected: str, mend: str = "") -> Any:
    """Report that `node` is of another type than `expected`."""
    return report.wrong(node, f"expected {expected}, got {kind_of(node)}", "wrong-type", mend)


def template(node: Scalar, report: Report) -> Any:
    """Return the Template in `node`."""
    report.templates += 1
    try:
        return Template(node.text, report.file.at(node))
    except TemplateError as error:
        return report.wrong(node, error.what, "bad-template", error.mend)


@dataclass(frozen=True, slots=True)
class Text:
    """Text; numbers and words are taken as they are written."""

    expected: str = "text"
    templated: bool = True
    check: Callable[[str], str | None] | None = None
    """Returns what is wrong with a text that holds no template."""
    code: str = "wrong-value"
    mend: str = ""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, self.expected)
        if node.value is None and node.plain:
            mend = 'write "" for an empty text, or leave the key out'
            return wrong_type(node, report, self.expected, mend)
        if self.templated and has_template(node.text):
            return template(node, report)
        if self.check and (what := self.check(node.text)):
            return report.wrong(node, what, self.code, self.mend)
        return node.text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class OperationName:
    """The name of an operation, and where it stands."""

    def read(self, node: Node, report: Report) -> Any:
        name = Text("an operationId or METHOD /path", templated=False).read(node, report)
        return name if name is UNFIT else (name, report.file.at(node))

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`, and none of YAML 1.1's other words for them."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        mend = ""
        if isinstance(node, Scalar) and node.text.lower() in {"yes", "no", "on", "off", "y", "n"}:
            word = "true" if node.text.lower() in {"yes", "on", "y"} else "false"
            mend = f"write {word}; YAML 1.2 knows no other words for it"
        return wrong_type(node, report, "true or false", mend)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in bounds, a word in `words` for one, or a template that yields one."""

    low: int
    high: int
    templated: bool = False
    words: tuple[tuple[str, Any], ...] = ()

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar):
            if self.templated and has_template(node.text):
                return template(node, report)
            for word, value in self.words:
                if node.text == word:
                    return value
            if type(node.value) is int:
                if self.low <= node.value <= self.high:
                    return node.value
                what = f"{node.value} is not between {self.low} and {self.high}"
                return report.wrong(node, what, "out-of-range", "choose one in between")
        named = "".join(f" or {word}" for word, _ in self.words)
        return wrong_type(node, report, f"a whole number{named}")

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        others: list[dict[str, Any]] = [{"const": word} for word, _ in self.words]
        if self.templated:
            others.append(TEMPLATE_SCHEMA)
        return {"anyOf": [number, *others]} if others else number


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration with its unit, where allowed a range, `forever` or a template."""

    ranged: bool = True
    forever: bool = False
    templated: bool = True
    positive: bool = False

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, "a duration such as 250ms or 2s")
        if self.templated and has_template(node.text):
            return template(node, report)
        try:
            found = span(node.text)
        except UnitError as error:
            return report.wrong(node, error.what, "bad-duration", error.mend)
        if found.shortest == FOREVER and not self.forever:
            what = "this cannot last forever"
            return report.wrong(node, what, "bad-duration", "write a duration such as 2s")
        if not found.fixed and not self.ranged:
            what = "a range cannot stand here"
            return report.wrong(node, what, "bad-duration", f"write {node.text.split('..')[0]}")
        if self.positive and found.shortest <= 0:
            what = "this has to be longer than nothing"
            return report.wrong(node, what, "bad-duration", "write a duration such as 15s")
        return found

    def schema(self) -> dict[str, Any]:
        unit = r"(0|[0-9]+(\.[0-9]+)?\s*(ms|s|m|h))"
        pattern = rf"^{unit}(\.\.{unit})?$" if self.ranged else rf"^{unit}$"
        shapes: list[dict[str, Any]] = [{"type": "string", "pattern": pattern}, {"const": 0}]
        if self.forever:
            shapes.append({"const": "forever"})
        if self.templated:
            shapes.append(TEMPLATE_SCHEMA)
        return {"anyOf": shapes}


@dataclass(frozen=True, slots=True)
class Retry:
    """The reconnection time: milliseconds as an integer, or a duration (WHATWG § 9.2.6)."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, "milliseconds or a duration")
        if has_template(node.text):
            return template(node, report)
        if type(node.value) is int and node.value >= 0:
            return node.value
        try:
            found = span(node.text)
            if found.fixed and found.shortest != FOREVER:
                return round(found.shortest * 1000)
        except UnitError:
            pass
        mend = "write 1500, 1500ms or 2s; another value on the wire takes a raw step"
        return report.wrong(node, f"{node.text!r} is no reconnection time", "bad-duration", mend)

    def schema(self) -> dict[str, Any]:
        duration = Duration(ranged=False).schema()["anyOf"]
        return {"anyOf": [{"type": "integer", "minimum": 0}, *duration]}


@dataclass(frozen=True, slots=True)
class Percent:
    """`5%`, or a template that yields one."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, "a percentage such as 5%")
        if has_template(node.text):
            return template(node, report)
        try:
            return percentage(node.text)
        except UnitError as error:
            return report.wrong(node, error.what, "bad-percentage", error.mend)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}, TEMPLATE_SCHEMA]}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    expected: str = ""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        listed = " or ".join([", ".join(self.words[:-1]), self.words[-1]])
        mend = did_you_mean(node.text, self.words) if isinstance(node, Scalar) else ""
        what = f"expected {self.expected or listed}, got {kind_of(node)}"
        return report.wrong(node, what, "wrong-value", mend)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Json:
    """Any JSON value; texts in it may be templates."""

    def read(self, node: Node, report: Report) -> Any:
        match node:
            case Scalar(value=str()) if has_template(node.text):
                return template(node, report)
            case Scalar(value=float() as value) if not math.isfinite(value):
                return report.wrong(
                    node, f"JSON has no number {node.text}", "wrong-type", "quote it"
                )
            case Scalar():
                return node.value
            case Sequence():
                return [self.read(item, report) for item in node.items]
            case Mapping():
                return {key: self.read(item, report) for key, (_, item) in node.entries.items()}
        raise AssertionError(node)

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class Data(Json):
    """What follows `data:`: a text, or a value that goes out as JSON."""

    _SENTINEL = re.compile(r"[A-Z][A-Z0-9_ -]*")

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Sequence) and node.flow and len(node.items) == 1:
            only = node.items[0]
            if isinstance(only, Scalar) and only.plain and self._SENTINEL.fullmatch(only.text):
                what = f'YAML reads [{only.text}] as a list; it would go out as ["{only.text}"]'
                mend = f'write "[{only.text}]" for the text, or ["{only.text}"] for the list'
                return report.wrong(node, what, "unquoted-sentinel", mend)
        return Json.read(self, node, report)


@dataclass(frozen=True, slots=True)
class Many:
    """A list of one kind; a single value counts as a list of one where `lone` says so."""

    item: Shape
    lone: bool = False

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Sequence):
            found = [self.item.read(item, report) for item in node.items]
            return tuple(value for value in found if value is not UNFIT)
        if self.lone:
            value = self.item.read(node, report)
            return UNFIT if value is UNFIT else (value,)
        return wrong_type(node, report, "a list")

    def schema(self) -> dict[str, Any]:
        several = {"type": "array", "items": self.item.schema()}
        return {"anyOf": [self.item.schema(), several]} if self.lone else several


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from names to one kind of value."""

    item: Shape
    check: Callable[[str], str | None] | None = None

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapping):
            return wrong_type(node, report, "a mapping")
        values = {}
        for name, (key, value) in node.entries.items():
            if self.check and (what := self.check(name)):
                report.wrong(key, what, "bad-name", "choose another name")
            values[name] = self.item.read(value, report)
        return values

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.item.schema()}


@dataclass(frozen=True, slots=True)
class Either:
    """One shape for a mapping or list, another for a scalar."""

    scalar: Shape
    other: Shape

    def read(self, node: Node, report: Report) -> Any:
        return (self.scalar if isinstance(node, Scalar) else self.other).read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.scalar.schema(), self.other.schema()]}

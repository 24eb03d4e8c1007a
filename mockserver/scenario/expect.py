"""The key `expect` as tables: every kind of entry, its keys, their shapes and meaning.

To add a kind, add a row here, a dataclass in `expected`, and how it is judged in `play/verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario import expected, model
from mockserver.scenario.bounds import Bounds, count_bounds, time_bounds
from mockserver.scenario.nodes import Mapping, Node, Scalar, Sequence
from mockserver.scenario.records import Key, Record, unknown_key
from mockserver.scenario.shapes import (
    UNFIT,
    Choice,
    Duration,
    Integer,
    Report,
    Shape,
    Text,
    kind_of,
    wrong_type,
)
from mockserver.scenario.template import has_template
from mockserver.scenario.units import UnitError
from mockserver.scenario.when import BODY_CONDITION, CONDITIONS
from mockserver.sse.encode import breaks_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockserver.errors import Location
    from mockserver.scenario.expected import Expected

_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Range:
    """Bounds of a count or of a duration."""

    bounds: Callable[[str], Bounds]
    expected: str
    code: str
    pattern: str
    at_least: int = 0

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar) or (node.value is None and node.plain):
            return wrong_type(node, report, self.expected)
        try:
            found = self.bounds(node.text)
        except UnitError as error:
            return report.wrong(node, error.what, self.code, error.mend)
        if found.high < self.at_least:
            what = f"who is judged has made {self.at_least} or more"
            return report.wrong(node, what, "out-of-range", f"write {self.at_least} or more")
        return found

    def schema(self) -> dict[str, Any]:
        text = {"type": "string", "pattern": self.pattern}
        if self.code == "bad-duration":
            return {"anyOf": [text, {"const": 0}]}
        return {"anyOf": [{"type": "integer", "minimum": self.at_least}, text]}


_COUNT_PATTERN: Final = r"^([0-9]+(\.\.([0-9]+)?)?|\.\.[0-9]+)$"
_UNIT: Final = r"(0|[0-9]+(\.[0-9]+)?\s*(ms|s|m|h))"
_COUNT = _Range(
    count_bounds, "a number of times such as 2 or 2..4", code="bad-count", pattern=_COUNT_PATTERN
)
_CONNECTIONS = _Range(
    count_bounds,
    "a number of connections such as 2 or 2..4",
    code="bad-count",
    pattern=_COUNT_PATTERN,
    at_least=1,
)
_AFTER = _Range(
    time_bounds,
    "a range of time such as 1s..2s",
    code="bad-duration",
    pattern=rf"^({_UNIT}(\.\.({_UNIT})?)?|\.\.{_UNIT})$",
)
_WITHIN = Duration(ranged=False, templated=False, positive=True)
_NUMBER = Integer(1, _MOST)


def _id_fault(text: str) -> str | None:
    if not text.strip(" \t"):
        return "a client with an empty last event ID sends none (WHATWG § 9.2.3)"
    if breaks_line(text) or "\0" in text:
        return "no header can hold CR, LF or NUL (RFC 9110 § 5.5)"
    return None


@dataclass(frozen=True, slots=True)
class _LastEventId:
    """A text, `true` for any, `false` for none."""

    text: Text = Text(  # noqa: RUF009  (it is frozen)
        "a text, true or false",
        templated=False,
        check=_id_fault,
        code="never-passed",
        mend="write last_event_id: false",
    )

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.plain and isinstance(node.value, bool):
            return node.value
        if isinstance(node, Scalar) and node.plain and node.value is None:
            mend = "write false for none, true for any"
            return wrong_type(node, report, self.text.expected, mend)
        return self.text.read(node, report)

    def schema(self) -> dict[str, Any]:
        return self.text.schema()


@dataclass(frozen=True, slots=True)
class _Requests:
    """Operations, and how often each is asked for."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapping):
            return wrong_type(node, report, "a mapping such as {payOrder: 1}")
        if not node.entries:
            mend = "name an operation, such as {payOrder: 1}"
            return report.wrong(node, "requests is empty", "nothing-to-do", mend)
        found = []
        for name, (key, value) in node.entries.items():
            times = _COUNT.read(value, report)
            if times is not UNFIT:
                found.append(expected.Requested(name, report.file.at(key), times))
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _COUNT.schema(),
        }


def _seconds(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with `within` as seconds."""
    within = fields.get("within")
    return fields if within is None else {**fields, "within": within.shortest}


def _connection(where: Location, **fields: Any) -> expected.ConnectionExpected:
    parts = ("headers", "query", "cookies", "body", "has_body")
    like = {name: fields.pop(name) for name in parts if name in fields}
    if "headers" in like:
        like["headers"] = {name.lower(): test for name, test in like["headers"].items()}
    return expected.ConnectionExpected(where=where, like=model.When(**like), **fields)


def _connections(where: Location, **fields: Any) -> expected.ConnectionsExpected:
    return expected.ConnectionsExpected(where=where, **_seconds(fields))


def _closing(where: Location, **fields: Any) -> expected.ClosingExpected:
    return expected.ClosingExpected(where=where, **_seconds(fields))


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of entry: its name, the keys that mark it, and the record that reads it."""

    name: str
    marks: tuple[str, ...]
    record: Record


_LIKE: Final = {
    "headers": Key(CONDITIONS, "Headers of the request, in any case."),
    "query": Key(CONDITIONS, "Query parameters of the request."),
    "cookies": Key(CONDITIONS, "Cookies of the request."),
    "body": Key(BODY_CONDITION, "A mapping contained in the request's body.", notes="has_body"),
    "last_event_id": Key(_LastEventId(), "Its Last-Event-ID; false: none sent, true: any."),
    "after": Key(
        _AFTER, "From the end of the connection before it to this request: 1s..2s, 1s.., ..3s, 1s."
    ),
}
KINDS: Final = (
    _Kind(
        "a connection",
        tuple(_LIKE),
        Record(
            "a connection",
            _connection,
            {"connection": Key(_NUMBER, "Which one, from 1.", required=True), **_LIKE},
        ),
    ),
    _Kind(
        "a number of connections",
        ("connections",),
        Record(
            "a number of connections",
            _connections,
            {
                "connections": Key(_CONNECTIONS, "2, 2.., ..3 or 2..4.", required=True),
                "within": Key(_WITHIN, "No further one for so long after the last one ended."),
            },
        ),
    ),
    _Kind(
        "a closing",
        ("closed_by", "after_event"),
        Record(
            "a closing",
            _closing,
            {
                "closed_by": Key(
                    Choice(("client", "script", "server")), "Who ended it.", required=True
                ),
                "connection": Key(_NUMBER, "Which one, from 1; default the last."),
                "after_event": Key(
                    Text(templated=False), "The type of the last event before it ended."
                ),
                "within": Key(_WITHIN, "So long after that event at most."),
            },
        ),
    ),
    _Kind(
        "requests",
        ("requests",),
        Record(
            "requests",
            expected.RequestsExpected,
            {"requests": Key(_Requests(), "Operations, and how many requests.", required=True)},
        ),
    ),
)
_KEYS: Final = {key: None for kind in KINDS for key in kind.record.keys}


@dataclass(frozen=True, slots=True)
class _Expect:
    """A list of entries."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Sequence):
            return wrong_type(node, report, "a list", "begin each entry with '- '")
        if not node.items:
            mend = "write an entry such as '- connections: 2', or leave it out"
            return report.wrong(node, "expect is empty", "nothing-to-do", mend)
        found = [_entry(item, report) for item in node.items]
        return tuple(entry for entry in found if entry is not UNFIT)

    def schema(self) -> dict[str, Any]:
        kinds = [{**kind.record.schema(), "title": kind.name} for kind in KINDS]
        return {"type": "array", "minItems": 1, "items": {"anyOf": kinds}}


EXPECT: Final[Shape] = _Expect()


def _entry(node: Node, report: Report) -> Expected | Any:
    if not isinstance(node, Mapping):
        mend = "an entry is a mapping such as 'connections: 2'"
        return wrong_type(node, report, "an entry of expect", mend)
    told = list(_templates(node))
    for scalar in told:
        what = f"expect cannot hold a template, got {kind_of(scalar)}"
        mend = "write the value itself, a glob with *, or /pattern/"
        report.wrong(scalar, what, "bad-template", mend)
    if told:
        return UNFIT
    kinds = _kinds(node)
    if len(kinds) > 1:
        names = " and ".join(kind.name for kind in kinds)
        what = f"this entry is {names} at once"
        return report.wrong(node, what, "two-kinds", "write two entries")
    if kinds:
        return kinds[0].record.read(node, report)
    strange = [key for name, (key, _) in node.entries.items() if name not in _KEYS]
    for key in strange:
        unknown_key(key, report, "an entry of expect", _KEYS)
    if not strange:
        mend = "begin it with connection, connections, closed_by or requests"
        report.wrong(node, "this entry expects nothing", "no-kind", mend)
    return UNFIT


def _kinds(node: Mapping) -> list[_Kind]:
    """Return the kinds whose marks an entry has."""
    kinds = [kind for kind in KINDS if any(mark in node.entries for mark in kind.marks)]
    # The number of a connection may stand in a closing, too.
    if "connection" in node.entries and not any("connection" in k.record.keys for k in kinds):
        kinds = [KINDS[0], *kinds]
    return kinds


def _templates(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar() if isinstance(node.value, str) and has_template(node.text):
            yield node
        case Sequence():
            for item in node.items:
                yield from _templates(item)
        case Mapping():
            for key, value in node.entries.values():
                yield from _templates(key)
                yield from _templates(value)

"""The steps of the scenario language as tables: every kind, its keys, their shapes and meaning.

To add a step, add a `StepKind` here and a dataclass for it in `model`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario import model
from mockserver.scenario.awaits import await_record
from mockserver.scenario.calls import call_record
from mockserver.scenario.nodes import Mapping, Node, Scalar, Sequence
from mockserver.scenario.records import Key, Record, plain, unknown_key
from mockserver.scenario.shapes import (
    UNFIT,
    Choice,
    Data,
    Duration,
    Integer,
    Json,
    Percent,
    Report,
    Retry,
    Text,
    template,
    wrong_type,
)
from mockserver.scenario.template import NAMES, has_template
from mockserver.scenario.wire import CUT, RAW, SPLIT
from mockserver.sse.encode import breaks_line

if TYPE_CHECKING:
    from mockserver.errors import Location

RAW_MEND = "these bytes can only be written by a raw step"


def field_fault(text: str) -> str | None:
    """Return what keeps `text` from being a field of one line, or None."""
    return "a field of an event has one line" if breaks_line(text) else None


def id_fault(text: str) -> str | None:
    """Return what keeps `text` from being an id that clients take, or None."""
    if "\0" in text:
        return "an id with NUL is ignored by every client (WHATWG § 9.2.6)"
    return field_fault(text)


def name_fault(text: str) -> str | None:
    """Return what keeps `text` from being a name in templates, or None."""
    if not text.isidentifier():
        return f"{text!r} is no name that a template could use"
    return f"{text!r} already means something in templates" if text in NAMES else None


FIELD = Text("text", check=field_fault, code="breaks-framing", mend=RAW_MEND)
_ID = Text("text", check=id_fault, code="breaks-framing", mend=RAW_MEND)
WORDS = Text("text", templated=False)
_LOOP_NAME = Text("a name", templated=False, check=name_fault, code="bad-name", mend="as: item")


@dataclass(frozen=True, slots=True)
class _Steps:
    """A list of steps."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Sequence):
            mend = "begin each step with '- '"
            return wrong_type(node, report, "a list of steps", mend)
        steps = [_read_step(item, report) for item in node.items]
        return tuple(step for step in steps if step is not UNFIT)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"$ref": "#/$defs/step"}}


STEPS: Final = _Steps()

_WAITS: Final = {
    "delay": Key(Duration(), "A wait before this step: 250ms, 2s, or a range 100ms..300ms."),
    "at": Key(
        Duration(), "In place of delay: the offset from the moment the connection's stream began."
    ),
}
VIOLATES = Key(WORDS, "How this breaks the contract on purpose.")


@dataclass(frozen=True, slots=True)
class StepKind:
    """A kind of step: the keys that mark it, and the record that reads it."""

    name: str
    marks: tuple[str, ...]
    record: Record


def _repeat(where: Location, repeat: dict[str, Any], **waits: Any) -> model.RepeatStep:
    return model.RepeatStep(where=where, **{"every": None, "name": "n", **repeat}, **waits)


def _each(where: Location, each: dict[str, Any], **waits: Any) -> model.EachStep:
    return model.EachStep(where=where, **{"every": None, "name": "item", **each}, **waits)


def _chance(where: Location, chance: dict[str, Any], **waits: Any) -> model.ChanceStep:
    return model.ChanceStep(where=where, **{"otherwise": (), **chance}, **waits)


@dataclass(frozen=True, slots=True)
class _List:
    """A list of values, or a template that yields one."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and has_template(node.text):
            return template(node, report)
        if isinstance(node, Sequence):
            return Json().read(node, report)
        return wrong_type(node, report, 'a list or "{{ … }}"')

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "array"}, {"type": "string", "pattern": r"^\s*\{\{.*\}\}\s*$"}]}


_EVERY = Key(Duration(), "From the beginning of one round to the beginning of the next.")
_TIMES = Integer(1, 1_000_000_000, templated=True, words=(("forever", None),))

STEP_KINDS: Final = (
    StepKind(
        "an event",
        ("comment", "event", "id", "retry", "data"),
        Record(
            "an event",
            model.EventStep,
            {
                "comment": Key(Text(), "A comment; each line its own."),
                "event": Key(FIELD, "The event type."),
                "id": Key(_ID, "The event's id; empty resets the client's last event ID."),
                "retry": Key(Retry(), "The reconnection time in milliseconds, or as 2s."),
                "data": Key(
                    Data(), "A text as it is, or a value that goes out as JSON.", notes="has_data"
                ),
                "cut": CUT,
                "split": SPLIT,
                "violates": VIOLATES,
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "raw bytes",
        ("raw",),
        Record(
            "raw bytes",
            model.RawStep,
            {"raw": RAW, "cut": CUT, "split": SPLIT, "violates": VIOLATES, **_WAITS},
        ),
    ),
    StepKind(
        "a disconnect",
        ("disconnect",),
        Record(
            "a disconnect",
            model.DisconnectStep,
            {
                "disconnect": Key(
                    Choice(("end", "drop", "reset")),
                    "end: finished properly. drop: FIN, last chunk missing. reset: RST.",
                    required=True,
                ),
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "a hold",
        ("hold",),
        Record(
            "a hold",
            model.HoldStep,
            {
                "hold": Key(Duration(forever=True), "Open, nothing but heartbeats.", required=True),
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "a stall",
        ("stall",),
        Record(
            "a stall",
            model.StallStep,
            {
                "stall": Key(
                    Duration(forever=True), "Open, not a byte, heartbeats included.", required=True
                ),
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "a repeat",
        ("repeat",),
        Record(
            "a repeat",
            _repeat,
            {
                "repeat": Key(
                    Record(
                        "a repeat",
                        plain,
                        {
                            "times": Key(_TIMES, "How many rounds, or forever.", required=True),
                            "every": _EVERY,
                            "as": Key(_LOOP_NAME, "The counter's name; default n.", into="name"),
                            "steps": Key(STEPS, "The steps of a round.", required=True),
                        },
                    ),
                    "The same steps several times.",
                    required=True,
                ),
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "an each",
        ("each",),
        Record(
            "an each",
            _each,
            {
                "each": Key(
                    Record(
                        "an each",
                        plain,
                        {
                            "in": Key(_List(), "The list.", into="items", required=True),
                            "every": _EVERY,
                            "as": Key(_LOOP_NAME, "The item's name; default item.", into="name"),
                            "steps": Key(STEPS, "The steps of a round.", required=True),
                        },
                    ),
                    "The same steps for every item of a list.",
                    required=True,
                ),
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "a chance",
        ("chance",),
        Record(
            "a chance",
            _chance,
            {
                "chance": Key(
                    Record(
                        "a chance",
                        plain,
                        {
                            "of": Key(Percent(), "How likely, as 5%.", required=True),
                            "steps": Key(STEPS, "The steps when it happens.", required=True),
                            "otherwise": Key(STEPS, "The steps when it does not."),
                        },
                    ),
                    "Steps that happen with a probability, drawn from the seed.",
                    required=True,
                ),
                **_WAITS,
            },
        ),
    ),
    StepKind("a call", ("call",), call_record({"violates": VIOLATES, **_WAITS})),
    StepKind("an await", ("await",), await_record(STEPS, _WAITS)),
    StepKind(
        "an include",
        ("include",),
        Record(
            "an include",
            model.IncludeStep,
            {
                "include": Key(WORDS, "The steps of that scenario's stream.", required=True),
                **_WAITS,
            },
        ),
    ),
)

WAIT = Record("a step", model.WaitStep, dict(_WAITS))
_STEP_KEYS: Final = {key: key for kind in STEP_KINDS for key in kind.record.keys}


_BYTES: Final = "add data or raw"
_BESIDE: Final = {
    "violates": ("that violates", _BYTES),
    "cut": ("to cut", _BYTES),
    "split": ("to split", _BYTES),
    "timeout": ("to wait for", "add await"),
    "otherwise": ("to wait for", "add await"),
}


def _read_step(node: Node, report: Report) -> Any:
    if not isinstance(node, Mapping):
        return wrong_type(node, report, "a step", "a step is a mapping such as 'data: hello'")
    if not node.entries:
        return report.wrong(node, "this step says nothing", "no-kind", "write 'data: hello'")
    kinds = [kind for kind in STEP_KINDS if any(mark in node.entries for mark in kind.marks)]
    if len(kinds) > 1:
        names = " and ".join(kind.name for kind in kinds)
        return report.wrong(node, f"this step is {names} at once", "two-kinds", "write two steps")
    if kinds:
        read = kinds[0].record.read(node, report)
        if read is not UNFIT and read.delay is not None and read.at is not None:
            mend = "keep one of the two"
            return report.wrong(node, "a step waits by delay or by at, not both", "two-waits", mend)
        return read
    strange = [key for name, (key, _) in node.entries.items() if name not in _STEP_KEYS]
    for key in strange:
        unknown_key(key, report, "a step", _STEP_KEYS)
    if strange:
        return UNFIT
    for beside, (what, mend) in _BESIDE.items():
        if beside in node.entries:
            return report.wrong(node, f"this step has nothing {what}", "no-kind", mend)
    return WAIT.read(node, report)

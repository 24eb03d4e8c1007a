"""The scenario language as tables: every key, its shape, and what it means.

Reading, the JSON Schema and the error messages all come from here. To add a key, add a row;
to add a step, add a `StepKind` and a dataclass for it in `model`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario import model
from mockserver.scenario.shapes import (
    UNFIT,
    Choice,
    Data,
    Duration,
    Either,
    Flag,
    Integer,
    Json,
    Key,
    Many,
    Percent,
    Record,
    Report,
    Retry,
    Table,
    Text,
    kind_of,
    template,
    unknown_key,
    wrong_type,
)
from mockserver.scenario.template import NAMES, has_template
from mockserver.scenario.yamltree import Mapping, Node, Scalar, Sequence
from mockserver.sse.encode import breaks_line

if TYPE_CHECKING:
    from mockserver.errors import Location

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 § 5.6.2
_RAW_MEND = "these bytes can only be written by a raw step"
LATER_IN_SCENARIO: Final = frozenset({"wire", "expect"})
LATER_STEPS: Final = frozenset({"raw", "stall", "await", "call", "cut", "split"})


def _field_fault(text: str) -> str | None:
    return "a field of an event has one line" if breaks_line(text) else None


def _id_fault(text: str) -> str | None:
    if "\0" in text:
        return "an id with NUL is ignored by every client (WHATWG § 9.2.6)"
    return _field_fault(text)


def _name_fault(text: str) -> str | None:
    if not text.isidentifier():
        return f"{text!r} is no name that a template could use"
    return f"{text!r} already means something in templates" if text in NAMES else None


def _header_fault(text: str) -> str | None:
    return None if _TOKEN.fullmatch(text) else f"{text!r} is no header name"


def _value_fault(text: str) -> str | None:
    broken = breaks_line(text) or "\0" in text
    return "a header value cannot hold CR, LF or NUL (RFC 9110 § 5.5)" if broken else None


_FIELD = Text("text", check=_field_fault, code="breaks-framing", mend=_RAW_MEND)
_ID = Text("text", check=_id_fault, code="breaks-framing", mend=_RAW_MEND)
_WORDS = Text("text", templated=False)
_LOOP_NAME = Text("a name", templated=False, check=_name_fault, code="bad-name", mend="as: item")
_HEADER = Text("text", check=_value_fault, code="bad-header", mend="leave the character out")


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
_VIOLATES = Key(_WORDS, "How this breaks the contract on purpose.")


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


def _fields(where: Location, **fields: Any) -> dict[str, Any]:  # noqa: ARG001
    return fields


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
                "event": Key(_FIELD, "The event type."),
                "id": Key(_ID, "The event's id; empty resets the client's last event ID."),
                "retry": Key(Retry(), "The reconnection time in milliseconds, or as 2s."),
                "data": Key(
                    Data(), "A text as it is, or a value that goes out as JSON.", notes="has_data"
                ),
                "violates": _VIOLATES,
                **_WAITS,
            },
            later=LATER_STEPS,
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
                "hold": Key(Duration(forever=True), "Open, nothing but heartbeats."),
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
                        _fields,
                        {
                            "times": Key(_TIMES, "How many rounds, or forever.", required=True),
                            "every": _EVERY,
                            "as": Key(_LOOP_NAME, "The counter's name; default n.", into="name"),
                            "steps": Key(STEPS, "The steps of a round.", required=True),
                        },
                    ),
                    "The same steps several times.",
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
                        _fields,
                        {
                            "in": Key(_List(), "The list.", into="items", required=True),
                            "every": _EVERY,
                            "as": Key(_LOOP_NAME, "The item's name; default item.", into="name"),
                            "steps": Key(STEPS, "The steps of a round.", required=True),
                        },
                    ),
                    "The same steps for every item of a list.",
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
                        _fields,
                        {
                            "of": Key(Percent(), "How likely, as 5%.", required=True),
                            "steps": Key(STEPS, "The steps when it happens.", required=True),
                            "otherwise": Key(STEPS, "The steps when it does not."),
                        },
                    ),
                    "Steps that happen with a probability, drawn from the seed.",
                ),
                **_WAITS,
            },
        ),
    ),
    StepKind(
        "an include",
        ("include",),
        Record(
            "an include",
            model.IncludeStep,
            {"include": Key(_WORDS, "The steps of that scenario's stream."), **_WAITS},
        ),
    ),
)

_WAIT = Record("a step", model.WaitStep, dict(_WAITS))
_STEP_KEYS: Final = {key: key for kind in STEP_KINDS for key in kind.record.keys}


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
        unknown_key(key, report, "a step", _STEP_KEYS, LATER_STEPS)
    if strange:
        return UNFIT
    if "violates" in node.entries:
        return report.wrong(node, "this step has nothing that violates", "no-kind", "add data")
    return _WAIT.read(node, report)


@dataclass(frozen=True, slots=True)
class _Body:
    """A mapping or list goes out as JSON, a text as it is, `{file: name}` as that file."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Mapping) and list(node.entries) == ["file"]:
            file = node.get("file")
            assert file is not None
            found = _WORDS.read(file, report)
            return found if found is UNFIT else FileBody(found)
        return Json().read(node, report)

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class FileBody:
    """The name of a file under the scenario folder."""

    name: str


@dataclass(frozen=True, slots=True)
class _Headers:
    """Header values: a text, several, or null for none."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.value is None and node.plain:
            return None
        return Many(_HEADER, lone=True).read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "null"}, *Many(_HEADER, lone=True).schema()["anyOf"]]}


def _response(where: Location, **fields: Any) -> model.Response:
    headers = fields.pop("headers", {})
    body = fields.get("body")
    if isinstance(body, FileBody):
        fields.update(body=None, file=body.name)
    return model.Response(where=where, headers=tuple(headers.items()), **fields)


RESPONSE: Final = Record(
    "a response",
    _response,
    {
        "status": Key(Integer(200, 599, templated=True), "The status code."),
        "reason": Key(_FIELD, "The reason phrase."),
        "headers": Key(
            Table(_Headers(), _header_fault),
            "Headers; a list sends one several times, null leaves a default out.",
        ),
        "body": Key(
            _Body(), "Mapping: JSON. Text: as it is. {file: name}: that file.", notes="has_body"
        ),
        "delay": Key(Duration(forever=True), "A wait before the status line."),
        "example": Key(_WORDS, "The name of an example in the OpenAPI document."),
    },
    later=frozenset({"raw_head"}),
)

CONNECTION: Final = Record(
    "a connection",
    model.Connection,
    {
        "response": Key(RESPONSE, "The head of this connection; alone the whole answer."),
        "steps": Key(STEPS, "What this connection sees."),
        "disconnect": Key(
            Choice(("end", "drop", "reset")), "Alone: broken before the first byte of an answer."
        ),
        "delay": Key(Duration(), "A wait before a lone disconnect."),
        "times": Key(Integer(1, 1_000_000), "So many connections are like this."),
    },
    later=frozenset({"wire"}),
)


def _heartbeat(where: Location, every: Any, **fields: Any) -> model.Heartbeat:
    if not fields:
        fields = {"comment": "heartbeat"}
    return model.Heartbeat(where=where, every=every, block=model.EventStep(where=where, **fields))


@dataclass(frozen=True, slots=True)
class _Every:
    """A lone duration."""

    def read(self, node: Node, report: Report) -> Any:
        every = _BEAT.read(node, report)
        return every if every is UNFIT else _heartbeat(report.file.at(node), every)

    def schema(self) -> dict[str, Any]:
        return _BEAT.schema()


_BEAT = Duration(ranged=False, templated=False, positive=True)
_EVENT_KEYS = STEP_KINDS[0].record.keys
_HEARTBEAT = Either(
    _Every(),
    Record(
        "a heartbeat",
        _heartbeat,
        {
            "every": Key(_BEAT, "How often, as 15s.", required=True),
            **{name: _EVENT_KEYS[name] for name in ("comment", "event", "data")},
        },
    ),
)


def _resume(where: Location, **fields: Any) -> model.Resume:  # noqa: ARG001
    return model.Resume(**fields)


@dataclass(frozen=True, slots=True)
class _Policy:
    """A policy as a word."""

    words: Choice = Choice(("after_id", "ignore", "replay"))

    def read(self, node: Node, report: Report) -> Any:
        policy = self.words.read(node, report)
        return policy if policy is UNFIT else model.Resume(policy=policy)

    def schema(self) -> dict[str, Any]:
        return self.words.schema()


_RESUME = Either(
    _Policy(),
    Record(
        "resume",
        _resume,
        {
            "skip": Key(Integer(1, 1_000_000), "Leave out so many events: a gap."),
            "unknown": Key(Integer(200, 599), "The status for an id the story does not know."),
        },
    ),
)


@dataclass(frozen=True, slots=True)
class _Afterwards:
    """`stop`, `repeat`, `restart`, or a response."""

    words: Choice = Choice(("stop", "repeat", "restart"), "stop, repeat, restart or a response")

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapping):
            return self.words.read(node, report)
        inner = node.get("response") if list(node.entries) == ["response"] else node
        assert inner is not None
        return RESPONSE.read(inner, report)

    def schema(self) -> dict[str, Any]:
        nested = {
            "type": "object",
            "additionalProperties": False,
            "required": ["response"],
            "properties": {"response": RESPONSE.schema()},
        }
        return {"anyOf": [self.words.schema(), RESPONSE.schema(), nested]}


@dataclass(frozen=True, slots=True)
class _Identity:
    """`target`, `path`, or an expression."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and has_template(node.text):
            return template(node, report)
        words = Choice(("target", "path"), 'target, path or "{{ … }}"')
        return words.read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": ["target", "path"]}, {"type": "string", "pattern": r"\{\{.*\}\}"}]}


@dataclass(frozen=True, slots=True)
class _Condition:
    """What one value of the request must be."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, "a text, /pattern/, true or false")
        if isinstance(node.value, bool) and node.plain:
            return node.value
        return _tested(node, node.text, report)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class _BodyCondition:
    """A mapping that must be contained in the body, or a test of the whole."""

    def read(self, node: Node, report: Report) -> Any:
        match node:
            case Mapping():
                return {name: self.read(item, report) for name, (_, item) in node.entries.items()}
            case Sequence():
                return [self.read(item, report) for item in node.items]
            case Scalar(value=str()):
                return _tested(node, node.text, report)
            case Scalar():
                return node.value
        raise AssertionError(node)

    def schema(self) -> dict[str, Any]:
        return {}


def _tested(node: Scalar, text: str, report: Report) -> Any:
    if has_template(text):
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


_CONDITIONS = Table(_Condition())
WHEN: Final = Record(
    "when",
    _when,
    {
        "path": Key(_CONDITIONS, "Path parameters."),
        "query": Key(_CONDITIONS, "Query parameters."),
        "headers": Key(_CONDITIONS, "Headers, in any case."),
        "cookies": Key(_CONDITIONS, "Cookies."),
        "body": Key(_BodyCondition(), "A mapping contained in the body.", notes="has_body"),
    },
)


@dataclass(frozen=True, slots=True)
class _Operation:
    """The name of an operation, and where it stands."""

    def read(self, node: Node, report: Report) -> Any:
        name = Text("an operationId or METHOD /path", templated=False).read(node, report)
        return name if name is UNFIT else (name, report.file.at(node))

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


SCENARIO: Final = Record(
    "a scenario",
    model.Scenario,
    {
        "scenario": Key(_WORDS, "Its name; default the file's path.", into="name"),
        "description": Key(_WORDS, "One or two sentences."),
        "operation": Key(
            Many(_Operation(), lone=True),
            "operationId, or METHOD /path; a list makes one story of several operations.",
            into="operations",
            required=True,
        ),
        "when": Key(WHEN, "Conditions on the request."),
        "default": Key(Flag(), "The one to take where several fit and nothing else decides."),
        "vars": Key(Table(Json(), _name_fault), "Names for templates."),
        "seed": Key(_WORDS, "Overrides the server's seed."),
        "response": Key(RESPONSE, "The head of every connection; alone the whole answer."),
        "stream": Key(STEPS, "The steps of the story."),
        "connections": Key(Many(CONNECTION), "The story, connection by connection."),
        "afterwards": Key(_Afterwards(), "What a request gets once the story has been told."),
        "resume": Key(_RESUME, "What Last-Event-ID does."),
        "identity": Key(_Identity(), "What makes two requests the same client's."),
        "patience": Key(
            Duration(ranged=False, templated=False, forever=True),
            "How long a subscription waits for its client.",
        ),
        "pace": Key(Duration(), "The delay before every event that has none of its own."),
        "heartbeat": Key(_HEARTBEAT, "A comment or event sent again and again."),
        "violates": _VIOLATES,
    },
    later=LATER_IN_SCENARIO,
)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a scenario document, made from the tables above."""
    steps = [kind.record.schema() for kind in STEP_KINDS]
    for kind, schema in zip(STEP_KINDS, steps, strict=True):
        schema["title"] = kind.name
        schema["anyOf"] = [{"required": [mark]} for mark in kind.marks]
    wait = {**_WAIT.schema(), "title": "a wait", "minProperties": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of sse-mockserver",
        **SCENARIO.schema(),
        "$defs": {"step": {"oneOf": [*steps, wait]}},
    }


__all__ = ["SCENARIO", "json_schema", "kind_of"]

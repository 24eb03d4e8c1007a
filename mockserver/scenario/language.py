"""The scenario language as tables: every key, its shape, and what it means.

Reading, the JSON Schema and the error messages all come from here and from `steps`. To add a
key, add a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from mockserver.scenario import model
from mockserver.scenario.expect import EXPECT
from mockserver.scenario.headers import HEADERS
from mockserver.scenario.nodes import Mapping, Node, Scalar
from mockserver.scenario.records import Key, Record
from mockserver.scenario.shapes import (
    UNFIT,
    Choice,
    Duration,
    Either,
    Flag,
    Integer,
    Json,
    Many,
    OperationName,
    Report,
    Retry,
    Table,
    Text,
    template,
)
from mockserver.scenario.steps import (
    FIELD,
    STEP_KINDS,
    STEPS,
    VIOLATES,
    WAIT,
    WORDS,
    name_fault,
)
from mockserver.scenario.template import has_template
from mockserver.scenario.when import WHEN
from mockserver.scenario.wire import WIRE

if TYPE_CHECKING:
    from mockserver.errors import Location


@dataclass(frozen=True, slots=True)
class _Body:
    """A mapping or list goes out as JSON, a text as it is, `{file: name}` as that file."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Mapping) and list(node.entries) == ["file"]:
            file = node.get("file")
            assert file is not None
            found = WORDS.read(file, report)
            return found if found is UNFIT else FileBody(found)
        return Json().read(node, report)

    def schema(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, slots=True)
class FileBody:
    """The name of a file under the scenario folder."""

    name: str


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
        "reason": Key(FIELD, "The reason phrase."),
        "headers": Key(
            HEADERS,
            "Headers; a list sends one several times, null leaves a default out.",
        ),
        "body": Key(
            _Body(), "Mapping: JSON. Text: as it is. {file: name}: that file.", notes="has_body"
        ),
        "delay": Key(Duration(forever=True), "A wait before the status line."),
        "example": Key(WORDS, "The name of an example in the OpenAPI document."),
        "raw_head": Key(
            Text(), "In place of all but delay: these bytes, and nothing after them is framed."
        ),
    },
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
        "wire": WIRE,
    },
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

    words: ClassVar = Choice(("after_id", "ignore", "replay"))

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

    words: ClassVar = Choice(("stop", "repeat", "restart"), "stop, repeat, restart or a response")

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
        return {
            "anyOf": [{"enum": ["target", "path"]}, {"type": "string", "pattern": r"\{\{.*\}\}"}]
        }


@dataclass(frozen=True, slots=True)
class _Data:
    """The data of an event alone."""

    def read(self, node: Node, report: Report) -> Any:
        text = Text().read(node, report)
        return text if text is UNFIT else model.Shown(data=text)

    def schema(self) -> dict[str, Any]:
        return Text().schema()


def _shown(where: Location, **fields: Any) -> model.Shown:  # noqa: ARG001
    return model.Shown(**fields)


_SHOWN = Either(
    _Data(),
    Record(
        "an event",
        _shown,
        {
            "data": Key(Text(), "Its data.", required=True),
            "type": Key(Text(), "Its type; default message."),
            "id": Key(Text(), "Its lastEventId; default empty."),
        },
    ),
)
_OUTCOME = Record(
    "an outcome",
    model.Outcome,
    {
        "events": Key(Many(_SHOWN), "Exactly these events, over all connections."),
        "state": Key(Choice(("open", "connecting", "closed")), "The state in the end."),
        "last_event_id": Key(Text(), "The last event ID string in the end."),
        "reconnection_time": Key(Retry(), "The reconnection time in the end."),
    },
)


SCENARIO: Final = Record(
    "a scenario",
    model.Scenario,
    {
        "scenario": Key(WORDS, "Its name; default the file's path.", into="name"),
        "description": Key(WORDS, "One or two sentences."),
        "operation": Key(
            Many(OperationName(), lone=True),
            "operationId, or METHOD /path; a list makes one story of several operations.",
            into="operations",
            required=True,
        ),
        "when": Key(WHEN, "Conditions on the request."),
        "default": Key(Flag(), "The one to take where several fit and nothing else decides."),
        "vars": Key(Table(Json(), name_fault), "Names for templates."),
        "seed": Key(WORDS, "Overrides the server's seed."),
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
        "wire": WIRE,
        "outcome": Key(_OUTCOME, "What a conforming client has made of the story in the end."),
        "expect": Key(EXPECT, "What the client must do."),
        "violates": VIOLATES,
    },
    lenient=True,
)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a scenario document, made from the tables above."""
    steps = [kind.record.schema() for kind in STEP_KINDS]
    for kind, schema in zip(STEP_KINDS, steps, strict=True):
        schema["title"] = kind.name
        schema["anyOf"] = [{"required": [mark]} for mark in kind.marks]
    wait = {**WAIT.schema(), "title": "a wait", "minProperties": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Scenario of sse-mockserver",
        **SCENARIO.schema(),
        "$defs": {"step": {"oneOf": [*steps, wait]}},
    }

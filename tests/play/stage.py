"""A stage for stories: scenarios on a small document, and a client that lives through them.

No server and no clock: `stage.now` is the session's time, and it passes where a test says so.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from textwrap import dedent

from mockserver import contract
from mockserver.play.answer import stream_head
from mockserver.play.cues import Await, Call, Disconnect, Held, Send
from mockserver.play.opening import Opening
from mockserver.play.story import Stories
from mockserver.play.timeline import answer_of
from mockserver.scenario.catalog import link
from mockserver.scenario.moments import EPOCH
from mockserver.scenario.read import read_scenarios

END_OF_TIME = sys.float_info.max
"""Later than every cue, but for those that never come."""
PATIENCE = 200_000
"""Cues of one connection after which a test has gone wrong."""


def _stream(operation_id, *parameters):
    response = {"description": "", "content": {"text/event-stream": {}}}
    declared = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in parameters
    ]
    return {"operationId": operation_id, "parameters": declared, "responses": {"200": response}}


def _called(*urls, **fields):
    return {url: {"post": {"responses": {}, **fields}} for url in urls}


_JSON = {"content": {"application/json": {"example": {"n": 1}}}}
_CALLBACKS = {
    "told": _called("{$request.body#/url}", requestBody=_JSON),
    "sampled": _called(
        "{$request.query.to}/hook",
        requestBody={"content": {"application/json": {"schema": {"type": "integer"}}}},
    ),
    "bare": _called("$request.header.X-Hook"),
}
_THING = {"type": "object", "example": {"name": "a thing"}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "A stage", "version": "1"},
    "paths": {
        "/events": {"get": _stream("streamEvents")},
        "/orders/{id}/events": {"get": _stream("streamOrder", "id")},
        "/chat": {
            "post": {**_stream("openChat"), "callbacks": _CALLBACKS, "requestBody": _JSON},
            "get": _stream("resumeChat"),
        },
        "/jobs": {"post": _stream("openJob")},
        "/jobs/events": {"get": _stream("followJob")},
        "/things": {
            "get": {
                "operationId": "getThing",
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Thing"},
                                "examples": {
                                    "small": {"value": {"name": "small"}},
                                    "large": {"value": {"name": "large"}},
                                },
                            }
                        },
                    },
                    "404": {
                        "description": "",
                        "content": {"application/problem+json": {"example": {"title": "gone"}}},
                    },
                },
            }
        },
    },
    "components": {"schemas": {"Thing": _THING}},
}


def linked(*texts, document=DOCUMENT, files=()):
    """Return the catalog of scenarios written in `texts`, and all their problems.

    A text without an operation is one of `streamEvents`. Scenarios are called `story`, then
    `story-2` and so on, unless they say otherwise.
    """
    sources = []
    for number, text in enumerate(texts, 1):
        source = dedent(text)
        if "operation:" not in source:
            source = f"operation: streamEvents\n{source}"
        name = "story" if number == 1 else f"story-{number}"
        sources.append((f"{name}.yaml", name, source.encode()))
    scenarios, problems = read_scenarios(sources)
    catalog, unlinked = link(
        contract.read(document, "spec.yaml"), scenarios, lambda name: dict(files)[name]
    )
    return catalog, [*problems, *unlinked]


def catalog_of(*texts, **options):
    """Return the catalog of scenarios that have no problems."""
    catalog, problems = linked(*texts, **options)
    assert [str(problem) for problem in problems] == []
    return catalog


def program_of(text, **options):
    """Return the program of the one scenario in `text`."""
    catalog = catalog_of(text, **options)
    return next(iter(catalog.programs.values()))


@dataclass(frozen=True)
class Block:
    """One block as a client reads it; None where a field is absent."""

    at: float
    data: str | None = None
    id: str | None = None
    event: str | None = None
    retry: str | None = None
    comment: str | None = None


def _block(at, text):
    fields = {}
    for line in text.split("\n"):
        name, _, value = line.partition(": ")
        name = name or "comment"
        fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return Block(at, **fields)


class Stage:
    """One session in which one scenario is played."""

    def __init__(self, text, *, seed="0", session="default", epoch=EPOCH, **options):
        self.catalog = catalog_of(text, **options)
        self.program = next(iter(self.catalog.programs.values()))
        self.operation = self.catalog.contract.find(self.program.scenario.operations[0][0])
        self._of = (seed, session, epoch)
        self.now = 0.0
        self.stories = Stories(*self._of)

    def start_again(self):
        """Forget everything, as a server does that was just started."""
        self.stories = Stories(*self._of)

    def connect(self, last_event_id=None, *, target="/events", operation="", **request):
        """Return what a request gets; `operation` is the id of another than the story's first."""
        opening = Opening(target=target, last_event_id=last_event_id, **request)
        turn = self.stories.turn(
            self.program,
            opening,
            self.now,
            self.catalog.example,
            operation=operation or self.operation.id,
        )
        return Visit(self, opening, turn)

    def told(self, **request):
        """Return the visits of one client until it is told to stay away, each to its end."""
        visits = [self.connect(**request)]
        while visits[-1].status != 204:
            visits[-1].receive()
            visits.append(self.connect(last_id(visits), **request))
        return visits


def last_id(visits):
    """Return the last event ID of a client that has seen `visits` (WHATWG § 9.2.6)."""
    ids = [block.id for visit in visits for block in visit.blocks if block.id is not None]
    return (ids[-1] or None) if ids else None


@dataclass
class Visit:
    """One connection, seen by its client."""

    stage: Stage
    opening: Opening
    turn: object
    cues: list = field(default_factory=list)
    ended: str | None = None
    """How the script ended it: end, drop or reset."""
    ended_at: float | None = None
    fault: str = ""
    answer_takes: float = 0.0
    """Seconds until what the story waits for has come."""
    comes: object = None
    """Says of the name of what is awaited whether it comes; without it, all of it comes."""

    def __post_init__(self):
        self.began = self.stage.now
        self.head = None
        self.body = None
        turn = self.turn
        if turn.row is None:
            self.status = turn.program.scenario.resume.unknown if self.notes else 204
        elif turn.row.broken:
            self.status, self.ended = 0, turn.row.end
            self.stage.now += turn.delay()
            turn.close_answer("script", self.stage.now)
        elif turn.player is None:
            answer = answer_of(turn, self.stage.operation, self.opening)
            self.head, self.body, self.status = answer.head, answer.body, answer.head.status
            turn.close_answer("script", self.stage.now)
        else:
            self.head = stream_head(turn.row, turn.scope)
            self.status = self.head.status

    @property
    def number(self):
        """Which connection of its subscription this is."""
        return self.turn.number

    @property
    def subscription(self):
        """The number of its subscription."""
        return self.turn.subscription.address.subscription

    @property
    def notes(self):
        """What is worth knowing about it."""
        return self.turn.notes

    def receive(self, until=END_OF_TIME):
        """Take what comes up to the offset `until`, or to the end of the connection."""
        if self.turn.player is None or self.ended is not None:
            return self
        for cue in self.turn.player.due(until):
            self._take(cue)
        if until < END_OF_TIME and self.ended is None:
            self.stage.now = self.began + until
        return self

    def _take(self, cue):
        self.cues.append(cue)
        assert len(self.cues) < PATIENCE
        if isinstance(cue, Send):
            self.turn.subscription.record(cue)
        elif isinstance(cue, Call):
            self.turn.subscription.record(cue)
            if cue.wait:
                self.turn.player.answered(self.answer_takes)
        elif isinstance(cue, Await):
            met = self.comes is None or self.comes(cue.wanted.name)
            self.turn.subscription.settle(cue, met=met)
            self.turn.player.answered(self.answer_takes, met=met)
        elif isinstance(cue, Disconnect):
            self.ended, self.ended_at, self.fault = cue.kind, cue.at, cue.fault
            self.stage.now = self.began + cue.at
            self.turn.subscription.close("script", self.stage.now, cue)

    def receive_blocks(self, count):
        """Take at least so many blocks, as an endless story gives them."""
        came = 0
        while came < count and (cue := next(self.turn.player.due(END_OF_TIME), None)):
            self._take(cue)
            came += getattr(cue, "blocks", 0)
        return self

    def leave(self):
        """Go away, as a client that closes the connection."""
        if self.ended is None:
            self.turn.subscription.close("client", self.stage.now, None)
        return self

    @property
    def sends(self):
        """What left, write by write."""
        return [cue for cue in self.cues if isinstance(cue, Send)]

    @property
    def holds(self):
        """From when to when it was held open."""
        return [(cue.at, cue.until) for cue in self.cues if isinstance(cue, Held)]

    @property
    def calls(self):
        """What was sent to others, with the offset at which it left."""
        return [(cue.at, cue.what) for cue in self.cues if isinstance(cue, Call)]

    @property
    def awaits(self):
        """What the story has waited for, and from when on."""
        return [(cue.at, cue.wanted.name) for cue in self.cues if isinstance(cue, Await)]

    @property
    def bytes(self):
        """Everything that left."""
        return b"".join(cue.data for cue in self.sends)

    @property
    def blocks(self):
        """The blocks that came, in order."""
        texts = [(cue.at, text) for cue in self.sends for text in _texts(cue.data)]
        return [_block(at, text) for at, text in texts]

    @property
    def data(self):
        """The data of every event that came."""
        return [block.data for block in self.blocks if block.data is not None]

    @property
    def ids(self):
        """The ids that came."""
        return [block.id for block in self.blocks if block.id is not None]

    @property
    def timed(self):
        """The data of every event with the offset at which it came."""
        return [(block.at, block.data) for block in self.blocks if block.data is not None]


def _texts(data):
    text = data.decode()
    assert text.endswith("\n\n")
    return text[:-2].split("\n\n")

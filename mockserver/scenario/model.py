"""What a scenario says, as typed values; the tables of keys that read it are in `language`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mockserver.scenario.template import Template
from mockserver.scenario.units import Span

if TYPE_CHECKING:
    from mockserver.errors import Location

Text: TypeAlias = str | Template
Time: TypeAlias = Span | Template
Kind = Literal["end", "drop", "reset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every step may have: a wait before it, as a `delay` or up to an offset (`at`)."""

    where: Location
    delay: Time | None = None
    at: Time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStep(Step):
    """A block of the stream; `data` is a text, or any JSON value with templates in its leaves."""

    comment: Text | None = None
    event: Text | None = None
    id: Text | None = None
    retry: int | Template | None = None
    data: Any = None
    has_data: bool = False
    violates: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    """Nothing but the wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectStep(Step):
    """The end of this connection."""

    disconnect: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldStep(Step):
    """The connection stays open; heartbeats go on."""

    hold: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatStep(Step):
    """`times` rounds (None: without end), each `every` after the one before it began."""

    times: int | Template | None
    every: Time | None
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EachStep(Step):
    """One round for every item of a list."""

    items: Any
    every: Time | None
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceStep(Step):
    """One of two ways, drawn from the seed."""

    of: float | Template
    steps: tuple[Step, ...]
    otherwise: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludeStep(Step):
    """The steps of another scenario's `stream`."""

    include: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The head of a connection, and the whole answer where no steps follow it.

    A header's value is None (leave the default out), a text, or several texts.
    `has_body` tells an absent body from `body: null`.
    """

    where: Location
    status: int | Template | None = None
    reason: Text | None = None
    headers: tuple[tuple[str, tuple[Text, ...] | None], ...] = ()
    body: Any = None
    has_body: bool = False
    file: str | None = None
    delay: Time | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A row of the story: `times` connections are like this."""

    where: Location
    response: Response | None = None
    steps: tuple[Step, ...] | None = None
    disconnect: Kind | None = None
    delay: Time | None = None
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """What a Last-Event-ID does; `unknown` is the status for an id the story does not know."""

    policy: Literal["after_id", "ignore", "replay"] = "after_id"
    skip: int = 0
    unknown: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Sent every `every`, by the clock of the connection, whatever the story does meanwhile."""

    where: Location
    every: Span
    block: EventStep


Test: TypeAlias = Any
"""What a `when` asks of one value: True or False (present or absent), a text (equal, or a glob
where it has a `*`), a `Pattern`, a number, or for a body a mapping that must be contained."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression between slashes, RE2's syntax."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Conditions on the request, by where in the request they look."""

    path: dict[str, Test] = field(default_factory=dict)
    query: dict[str, Test] = field(default_factory=dict)
    headers: dict[str, Test] = field(default_factory=dict)
    cookies: dict[str, Test] = field(default_factory=dict)
    body: Test = None
    has_body: bool = False


Afterwards: TypeAlias = Literal["stop", "repeat", "restart"] | Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole scenario; section 2 of the language."""

    where: Location
    name: str = ""
    description: str = ""
    operations: tuple[tuple[str, Location], ...] = ()
    when: When | None = None
    default: bool = False
    vars: dict[str, Any] = field(default_factory=dict)
    seed: str | None = None
    response: Response | None = None
    stream: tuple[Step, ...] | None = None
    connections: tuple[Connection, ...] | None = None
    afterwards: Afterwards = "stop"
    resume: Resume = field(default_factory=Resume)
    identity: Literal["target", "path"] | Template | None = None
    patience: Span = field(default_factory=lambda: Span(60.0, 60.0))
    pace: Time | None = None
    heartbeat: Heartbeat | None = None
    violates: str | None = None

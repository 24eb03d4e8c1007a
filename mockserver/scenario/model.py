"""What a scenario says, as typed values; the tables of keys that read it are in `language`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mockserver.scenario.template import Template
from mockserver.scenario.units import Span

if TYPE_CHECKING:
    from mockserver.errors import Location
    from mockserver.scenario.expected import Expected

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
class Split:
    """Writes of `bytes` bytes, each `every` after the one before it."""

    bytes: int | Template
    every: Time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStep(Step):
    """A step that sends bytes.

    `cut` lets only the first bytes out (negative: all but the last), `split` lays them in writes.
    """

    cut: int | Template | None = None
    split: Split | None = None
    violates: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStep(BlockStep):
    """A block of the stream; `data` is a text, or any JSON value with templates in its leaves."""

    comment: Text | None = None
    event: Text | None = None
    id: Text | None = None
    retry: int | Template | None = None
    data: Any = None
    has_data: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawStep(BlockStep):
    """Exactly these bytes, in a write of their own; a text goes out as UTF-8."""

    raw: Text | bytes


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
class StallStep(Step):
    """The connection stays open without a byte, heartbeats included."""

    stall: Time


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
class CallStep(Step):
    """A request to somebody else, as the document declares it: a callback or a webhook.

    `method` says which of several is meant, `to` where it goes (None: where the callback's own
    key says). Headers are like those of a `Response`. `wait`: the story waits for the answer.
    """

    kind: Literal["callback", "webhook"]
    name: str
    method: str | None = None
    to: Text | None = None
    headers: tuple[tuple[str, tuple[Text, ...] | None], ...] = ()
    body: Any = None
    has_body: bool = False
    wait: bool = False
    violates: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitStep(Step):
    """The story waits for a signal, or for a request that its client makes.

    `request` is the operation's name and where it stands. `timeout` None: for as long as it takes.
    Else what has not come by then is gone on without, with the steps in `otherwise`.
    """

    signal: Text | None = None
    request: tuple[str, Location] | None = None
    when: When | None = None
    timeout: Time | None = None
    otherwise: tuple[Step, ...] = ()
    usual: bool = False
    """Whether `otherwise` is not written, and so a disconnect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The head of a connection, and the whole answer where no steps follow it.

    A header's value is None (leave the default out), a text, or several texts.
    `has_body` tells an absent body from `body: null`. `raw_head` stands in place of all but
    `delay`: these bytes are the head, and nothing that follows is framed.
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
    raw_head: Text | None = None


Newline = Literal["lf", "crlf", "cr", "mixed"]
Encoding = Literal["identity", "gzip", "deflate"]


@dataclass(frozen=True, slots=True)
class Length:
    """A Content-Length of so many bytes, whatever the body is."""

    bytes: int | Template


Transfer: TypeAlias = Literal["chunked", "close"] | Length


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How bytes are laid on the wire; None where nothing is said. `rate` is in bytes a second."""

    where: Location | None = None
    newline: Newline | None = None
    bom: bool | None = None
    space: bool | None = None
    order: tuple[str, ...] | None = None
    split: Split | None = None
    rate: float | None = None
    encoding: Encoding | None = None
    transfer: Transfer | None = None

    def over(self, other: Wire | None) -> Wire:
        """Return what `other` says where this says nothing."""
        if other is None:
            return self
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A row of the story: `times` connections are like this."""

    where: Location
    wire: Wire | None = None
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


@dataclass(frozen=True, slots=True)
class Exact:
    """What a template in a condition has yielded: that value itself, whatever it looks like."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Conditions on the request, by where in the request they look."""

    path: dict[str, Test] = field(default_factory=dict)
    query: dict[str, Test] = field(default_factory=dict)
    headers: dict[str, Test] = field(default_factory=dict)
    cookies: dict[str, Test] = field(default_factory=dict)
    body: Test = None
    has_body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An event that a conforming client shows; `id` is its lastEventId."""

    data: Text
    type: Text = "message"
    id: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a conforming client has made of the story in the end; None where nothing is said.

    `reconnection_time` is in milliseconds.
    """

    where: Location
    events: tuple[Shown, ...] | None = None
    state: Literal["open", "connecting", "closed"] | None = None
    last_event_id: Text | None = None
    reconnection_time: int | None = None


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
    wire: Wire | None = None
    outcome: Outcome | None = None
    expect: tuple[Expected, ...] = ()
    """What the client must do."""
    violates: str | None = None
    templated: bool = True
    """Whether there may be templates in it: those without need not be searched for any."""

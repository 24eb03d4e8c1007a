"""What one connection will get, and when: the cues, and the places in a story they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.play.awaits import Wanted
    from mockserver.play.verdicts import Verdict
    from mockserver.scenario.model import BlockStep, Kind, Split
    from mockserver.sse.encode import Event
    from mockserver.sse.parse import Dispatched


# Places and sends are made for every event: named tuples take a third of a dataclass's time.
class Place(NamedTuple):
    """A point in a story: after `cues` cues of its connection `number`.

    `base` is the scripted time at which that connection began, `story` the time at the point.
    """

    number: int
    cues: int = 0
    base: float = 0.0
    story: float = 0.0
    within: int = 0
    """Bytes of the next block that have been taken already: an id may stand inside a raw step."""


class Shown(NamedTuple):
    """What a client is shown by bytes, so that nobody has to read them for it.

    `steps` are what the blocks were written as, from the block `first` on; or one step, with the
    `event` that was made of it; or with what a client has `heard` by the end of these bytes, where
    some are written by hand. Where the step's templates say a counter, `data` tells what they were.
    """

    steps: tuple[BlockStep, ...] | BlockStep
    first: int = 0
    event: Event | None = None
    heard: Sequence[Dispatched] = ()
    data: bytes = b""


class Unread(NamedTuple):
    """What is known of bytes before they leave, and a client makes of them what it can.

    It has got the first `begun` of them; `event` is what they say by themselves, if that is known.
    """

    begun: int = 0
    event: Event | None = None


class Send(NamedTuple):
    """Bytes to be written at the offset `at`: `blocks` of the story, or a heartbeat (0).

    One that is `alone` leaves in a write of its own. Of an event in pieces, the last one brings
    the block and its id.
    """

    at: float
    data: bytes
    blocks: int
    place: Place | None = None
    id: str | None = None
    """The last id in it, None where it has none."""
    after_id: int = 0
    """How many of the blocks come after the one with that id, all of it or its end."""
    retry: int | None = None
    """The last reconnection time in it, in milliseconds."""
    alone: bool = False
    split: tuple[str, Split] | None = None
    """The pieces that its own step asks for, with the step's address for chance."""
    shown: Shown | None = None
    breaches: tuple[Verdict, ...] = ()
    """What in it breaks the contract, or says so and does not."""
    foreign: bool = False
    """Whether it is none of the story's: a test has pushed it."""
    unread: Unread | None = None
    """There where the bytes are read when they leave: what they say depends on those before."""
    within: int = 0
    """How many bytes of the first block behind the id have passed with it, if written by hand."""


@dataclass(frozen=True, slots=True)
class Held:
    """The connection is held open from `at` to `until`; a `silent` one sends no heartbeat."""

    at: float
    until: float
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The connection ends at `at`, and the story goes on at `place`.

    `fault` is why it could not be told to its end; `breach` is what would have broken the contract.
    """

    at: float
    kind: Kind
    place: Place
    fault: str = ""
    breach: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request to somebody else is sent at `at`; nothing of it goes to the client.

    `what` names it as the document does: `callback x`, `webhook x`. With `wait` the story goes on
    when the answer is there. `fault` is why it cannot be sent at all, `code` the fault's code.
    """

    at: float
    place: Place
    what: str
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    wait: bool = False
    code: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Await:
    """The story waits from `at` on until what is `wanted` comes; nothing goes to the client.

    With a `timeout` in seconds for so long at most. `place` is the one behind it when it is met.
    """

    at: float
    place: Place
    wanted: Wanted
    timeout: float | None = None
    wait: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Pending:
    """Stands in the player's queue while the story waits for others, up to the next heartbeat."""

    at: float


Cue: TypeAlias = Send | Held | Call | Await | Disconnect


def waits(cue: Cue) -> TypeGuard[Call | Await]:
    """Whether the story goes on only when somebody outside has done something."""
    return isinstance(cue, (Call, Await)) and cue.wait

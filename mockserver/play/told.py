"""What connections were told, kept so that it can be told again instead of being copied."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockserver.play.answer import Head
    from mockserver.play.journal import Closer
    from mockserver.play.player import Player
    from mockserver.play.story import Subscription

TOLD: Final = 1_000
"""Connections that a session remembers; older ones are forgotten and counted."""
WAITS: Final = 10_000
"""Waits for others that are kept of each."""
MOVES: Final = 1_000
"""Moves of a manual clock past what was due that are kept of each."""
TOLD_BYTES: Final = 32 * 1024 * 1024
"""Bytes of requests, and of the bodies of answers, that they may have all together."""

_SESSION: Final = re.compile(r"^/@[^/]*")
Ending = Literal["end", "drop", "reset", "client"]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: the target with its session, header names and values as bytes."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    @property
    def weight(self) -> int:
        """Bytes that are kept for it: its body also as the story sees it, parsed."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.target) + headers + 2 * len(self.body)


class Wait(NamedTuple):
    """A wait of the story for others: how long, whether it was met, and what was sent meanwhile.

    Those are heartbeats, or the pieces they left in.
    """

    took: float
    met: bool
    sent: int


class Intervention(NamedTuple):
    """What a test did to a connection after `after` bytes of its body, at `at` by the clock.

    `data` was pushed, as it was before any content coding; None ended that coding. By `shift`
    seconds everything later came later, because the script was held.
    """

    after: int
    at: float
    data: bytes | None = b""
    shift: float = 0.0

    @property
    def weight(self) -> int:
        """Bytes that are kept for it."""
        return 100 + len(self.data or b"")


class Move(NamedTuple):
    """What was due from `first` to `last` has left together at `now`, by the session's clock."""

    first: float
    last: float
    now: float


@dataclass(slots=True)
class Told:
    """One request and what it was answered with; times in seconds by the session's clock.

    `head` is None when the connection breaks before the first byte of one, or has not sent it
    yet. The body is what `replay` plays up to `sent` bytes, or else `body`.
    """

    subscription: Subscription
    operation: str
    target: str
    at: float
    host: str
    origin: str | None
    last_event_id: str | None
    number: int = 0
    """Which connection of its subscription it was, from 1; 0 where the story was over."""
    request: Request | None = None
    scheme: str = "http"
    serial: int = 0
    """That of its `Opened` in the journal."""
    head: Head | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """As they were sent, with what the server has added."""
    began: float = 0.0
    """When the head left."""
    body: bytes = b""
    replay: Callable[[], Player] | None = None
    sent: int = 0
    """Bytes of the body, before any transfer coding."""
    weight: int = 0
    """Bytes that are kept of it: of the request, and of the answer's body."""
    waits: list[Wait] = field(default_factory=list)
    """The first `WAITS` times that the story has waited for others."""
    moves: tuple[Move, ...] = ()
    """What a clock was moved past, the first `MOVES` times."""
    unlisted: bool = False
    """Whether there were more, which count as met at once."""
    interventions: Sequence[Intervention] = ()
    """What tests have done to it, in order."""
    known: int | None = None
    """The bytes up to which it can be told again, where there were too many interventions."""
    kept: bool = False
    """Whether the session remembers it."""
    ended: tuple[float, Ending] | None = None
    by: Closer | None = None
    """Who ended it."""

    def late(self, due: float, now: float) -> None:
        """Take note that what was due at `due` has left at `now`: a clock was moved past it."""
        *before, last = self.moves or (Move(due, due, now),)
        if last.now == now:
            self.moves = (*before, last._replace(last=due))
        elif len(self.moves) < MOVES:
            self.moves = (*self.moves, Move(due, due, now))

    def moment(self, due: float) -> float:
        """Return when what was due at `due` has left."""
        return next((m.now for m in self.moves if m.first <= due <= m.last), due)

    def waited(self, wait: Wait) -> None:
        """Take note that the story has waited for others."""
        if len(self.waits) < WAITS:
            self.waits.append(wait)
        else:
            self.unlisted = True

    def leads_to(self, other: Told) -> bool:
        """Whether this was a redirect, and `other` is the request that follows it."""
        location = self.head.value("location") if self.head else None
        if location is None:
            return False
        asked, follows = (told.target.partition(" ")[2] for told in (self, other))
        with contextlib.suppress(ValueError):
            led = urlsplit(urljoin(f"{self.scheme}://{self.host}{asked}", location))
            return _SESSION.sub("", f"{led.path}?{led.query}".rstrip("?")) == follows
        return False


class Memory:
    """The last connections of one session, oldest first."""

    def __init__(self, limit: int = TOLD, weight: int = TOLD_BYTES) -> None:
        self._told: deque[Told] = deque()
        self._limit = limit
        self._most = weight
        self._weight = 0
        self.forgotten = 0
        """How many had to go to keep within the bounds."""

    def keep(self, told: Told) -> None:
        """Add a connection."""
        self._told.append(told)
        told.kept = True
        self._weight += told.weight
        self._shrink()

    def intervene(self, told: Told, what: Intervention) -> None:
        """Keep what a test did to a connection, as long as that connection is remembered."""
        if not told.kept or told.known is not None:
            return
        if told.weight + what.weight > self._most:
            told.known = what.after
            return
        if not isinstance(told.interventions, list):
            told.interventions = []
        told.interventions.append(what)
        told.weight += what.weight
        self._weight += what.weight
        self._shrink()

    def find(self, serial: int) -> Told | None:
        """Return the connection of that serial, None where it is not known (any more)."""
        return next((told for told in reversed(self._told) if told.serial == serial), None)

    def _shrink(self) -> None:
        while len(self._told) > self._limit or (self._weight > self._most and len(self._told) > 1):
            oldest = self._told.popleft()
            oldest.kept = False
            self._weight -= oldest.weight
            self.forgotten += 1

    def __iter__(self) -> Iterator[Told]:
        return iter(tuple(self._told))

    def clear(self) -> None:
        """Forget everything."""
        for told in self._told:
            told.kept = False
        self._told.clear()
        self._weight = self.forgotten = 0

"""The open connections of a session as a test sees them, and what it may ask of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from mockserver.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockserver.play.verdicts import Verdict
    from mockserver.scenario.block import Fields
    from mockserver.scenario.model import Kind

State = Literal["waiting", "streaming", "held"]


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """A connection that is open now.

    `number` counts the streams of the session, and the answers that wait, from 1 in the order in
    which they were opened. `subscription` and `connection` are those of the journal's `Opened`.
    `state`: its head is still `waiting`, it is `streaming`, or a test has `held` it. `blocks` are
    those of the story; `bytes` and `last_event_id` count pushed ones, too.
    """

    number: int
    kind: Literal["stream", "answer"]
    operation: str
    target: str
    scenario: str
    subscription: int
    connection: int
    opened_at: float
    state: State
    blocks: int
    bytes: int
    last_event_id: str | None
    serial: int = 0
    """That of `Opened`."""


@dataclass(frozen=True, slots=True)
class Push:
    """Send these bytes now, before any content coding; they write `id` and `retry` last.

    `event` is the type they were pushed with, None where they were pushed raw or have none.
    `events` are those that have data. `verdict` is what the document says of it, if it has to be
    told.
    """

    data: bytes
    raw: bool = False
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    events: tuple[Fields, ...] = ()
    violates: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Let the script stand still."""


@dataclass(frozen=True, slots=True)
class Release:
    """Let the script go on where it was."""


@dataclass(frozen=True, slots=True)
class Cut:
    """End the connection now."""

    kind: Kind


Order: TypeAlias = Push | Hold | Release | Cut


class Steered(Protocol):
    """An open connection; who carries out what is asked of it is not known here."""

    number: int

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream whose head is gone, so that more than its end can be asked."""

    @property
    def holding(self) -> bool:
        """Whether it is held, as far as it has been asked."""

    def listed(self) -> LiveConnection:
        """Return what is to be known of it."""

    def forgotten(self) -> None:
        """Nobody can ask anything of it any more; it goes on by itself."""


class Connections:
    """The open connections of one session, by number."""

    def __init__(self) -> None:
        self._open: dict[int, Steered] = {}
        self._count = 0
        self._watchers: list[Callable[[], None]] = []
        self.stopped = False
        """Whether the server goes down, and no other will be opened."""

    def open(self, steered: Steered) -> None:
        """Add one and give it its number."""
        self._count += 1
        steered.number = self._count
        self._open[self._count] = steered
        self.changed()

    def close(self, steered: Steered) -> None:
        """Take one away that has ended."""
        if self._open.get(steered.number) is steered:
            del self._open[steered.number]
            self.changed()

    def __iter__(self) -> Iterator[Steered]:
        return iter(tuple(self._open.values()))

    def listed(self) -> list[LiveConnection]:
        """Return what is open, oldest first."""
        return [steered.listed() for steered in self]

    def streams(self, operation: str | None = None) -> list[Steered]:
        """Return the streams whose heads are gone, of one operation or of all."""
        return [
            steered
            for steered in self
            if steered.is_stream and operation in (None, steered.listed().operation)
        ]

    def meant(self, number: int | None, operation: str | None = None) -> Sequence[Steered]:
        """Return the connection of that number; with None, all open streams, at least one.

        Raises ControlError: 404 for a number that nobody had, 409 for one that has ended.
        """
        if number is None:
            return self.streams(operation) or _none_open(operation)
        steered = self._open.get(number)
        if steered is not None:
            return (steered,)
        numbers = list(self._open)
        mend = f"open now: {', '.join(map(str, numbers))}" if numbers else "open a stream first"
        if 0 < number <= self._count:
            what = f"connection {number} has ended"
            raise ControlError(409, what, code="connection-closed", mend=mend, open=numbers)
        what = f"this session had no connection {number}"
        raise ControlError(404, what, code="unknown-connection", mend=mend, open=numbers)

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` whenever one has opened, begun or ended; returns what stops that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changed(self) -> None:
        """Tell whoever watches; what goes wrong there is nothing to a stream."""
        for watcher in tuple(self._watchers):
            with suppress(Exception):
                watcher()

    def stop(self) -> None:
        """Let nobody wait for another."""
        self.stopped = True
        self.changed()

    def clear(self) -> None:
        """Forget the open ones, which go on by themselves, and count from 1 again."""
        for steered in self:
            steered.forgotten()
        self._open.clear()
        self._count = 0
        self.changed()


def _none_open(operation: str | None) -> Sequence[Steered]:
    of = f" of {operation}" if operation else ""
    raise ControlError(
        409,
        f"this session has no open stream{of}",
        code="no-open-stream",
        mend="wait until the client is connected: "
        "wait_for_connection(), connected() or GET …/connections?wait=1",
    )

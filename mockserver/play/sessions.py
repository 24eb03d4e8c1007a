"""The sessions of a server: made by first use or on demand, bounded, and let go when unused.

`State` is all that a server asks; whoever would let several servers share their sessions puts
another implementation in its place. See docs/decisions/0017.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from mockserver.errors import ControlError
from mockserver.play.session import DEFAULT, Session
from mockserver.play.tally import Tally
from mockserver.scenario.units import UnitError, lasting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SESSIONS: Final = 1_000
"""Sessions kept at a time; the one unused for longest, without a connection, makes room."""
IDLE: Final = 3_600.0
"""Seconds of real time after which a session that nobody uses is let go."""

EPOCHS: Final = range(1900, 9001)
"""Years in which a session's time may begin; what comes after fits into a date, too."""
LONGEST: Final = 1e9
"""Seconds that a manual clock may come to."""

ClockT = TypeVar("ClockT")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session is to be like; None is what the server says.

    `name` None makes one up, from which no chance is drawn: two such sessions with one seed get
    the same bytes.
    """

    name: str | None = None
    seed: str | None = None
    clock: str | None = None
    epoch: datetime | None = None
    pinned: tuple[str, ...] | None = None
    anonymous: bool = False
    """Draw no chance from a `name` that is given."""


def epoch_of(value: object) -> datetime:
    """Return when a session's time is to begin: a datetime, or ISO 8601 text with its zone.

    A datetime without a zone is in UTC. Raises ControlError (400).
    """
    with suppress(ValueError, OverflowError):
        epoch = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(epoch, datetime):
            if epoch.tzinfo is None and epoch is value:
                epoch = epoch.replace(tzinfo=UTC)
            if epoch.tzinfo is not None and epoch.astimezone(UTC).year in EPOCHS:
                return epoch
    raise ControlError(
        400,
        f"{value!r} is no point in time with its zone, from {EPOCHS[0]} to {EPOCHS[-1]}",
        code="bad-epoch",
        mend='write "2026-01-01T00:00:00Z"',
    )


class State(Protocol[ClockT]):
    """What servers that stand for one another would have to share."""

    tally: Tally
    """What the clients of all sessions were sent, those that are gone included."""

    def get(self, name: str) -> Session[ClockT]:
        """Return the session of that name, used now; make it if there is none."""

    def use(self, name: str) -> Session[ClockT] | None:
        """Return the session of that name, used now, or None."""

    def create(self, settings: Settings) -> Session[ClockT]:
        """Make a session. Raises ControlError (409) where the name is taken."""

    def delete(self, name: str) -> None:
        """Forget the session of that name, if there is one."""

    def __iter__(self) -> Iterator[Session[ClockT]]:
        """Go through the sessions, the one unused for longest first."""


class Sessions(Generic[ClockT]):
    """The sessions of one server, in memory.

    `make` makes one; `seconds` says what time it is for whoever counts how long one is unused.
    """

    def __init__(
        self,
        make: Callable[[str, Settings], Session[ClockT]],
        limit: int = SESSIONS,
        idle: float = IDLE,
        seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._make = make
        self._limit = limit
        self._idle = idle
        self._seconds = seconds
        self._names = 0
        self.tally = Tally()
        """What the clients of all sessions were sent, those that are gone included."""
        self.on_gone: Callable[[Session[ClockT]], None] = lambda _: None
        """Is told of every session that is let go or deleted."""
        self._sessions: dict[str, Session[ClockT]] = {}

    def get(self, name: str) -> Session[ClockT]:
        """Return the session of that name, used now; make it if there is none."""
        return self.use(name) or self._add(name, Settings(name))

    def use(self, name: str) -> Session[ClockT] | None:
        """Return the session of that name, used now, or None."""
        self._expire()
        session = self._sessions.pop(name, None)
        if session is not None:
            session.used = self._seconds()
            self._sessions[name] = session
        return session

    def create(self, settings: Settings) -> Session[ClockT]:
        """Make a session. Raises ControlError (409) where the name is taken."""
        self._expire()
        name = settings.name or self._made_up()
        if name in self._sessions:
            raise ControlError(
                409,
                f"there is a session {name!r} already",
                code="session-exists",
                mend=f"take another name, or DELETE /_mock/sessions/{name} first",
            )
        return self._add(name, settings)

    def delete(self, name: str) -> None:
        """Forget the session of that name, if there is one."""
        session = self._sessions.pop(name, None)
        if session is not None:
            self.on_gone(session)

    def __iter__(self) -> Iterator[Session[ClockT]]:
        self._expire()
        return iter(tuple(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def _add(self, name: str, settings: Settings) -> Session[ClockT]:
        session = self._sessions[name] = self._make(name, settings)
        session.tally = Tally(self.tally)
        session.used = self._seconds()
        if len(self._sessions) > self._limit:
            self._make_room(session)
        return session

    def _made_up(self) -> str:
        while True:
            self._names += 1
            if (name := f"session-{self._names}") not in self._sessions:
                return name

    def _make_room(self, keep: Session[ClockT]) -> None:
        for session in tuple(self._sessions.values()):
            if len(self._sessions) <= self._limit:
                return
            if not session.open and session is not keep and session.name != DEFAULT:
                self.delete(session.name)

    def _expire(self) -> None:
        """Let go what has been unused for too long; the first is the one unused for longest."""
        now = self._seconds()
        while self._sessions:
            session = next(iter(self._sessions.values()))
            if now - session.used <= self._idle:
                return
            del self._sessions[session.name]
            if session.open or session.name == DEFAULT:
                session.used = now
                self._sessions[session.name] = session
            else:
                self.on_gone(session)


def seconds_of(duration: str | float, most: float = LONGEST) -> float:
    """Return how long something takes that comes to an end: `"2s"`, or seconds.

    Raises ControlError for what is no such duration, or longer than `most` seconds.
    """
    if isinstance(duration, str):
        try:
            return lasting(duration, most)
        except UnitError as error:
            raise ControlError(400, error.what, code="bad-duration", mend=error.mend) from None
    # Not a number is in no order, either.
    if not 0 <= duration <= most:
        what = f"{duration!r} is no time that passes"
        raise ControlError(400, what, code="bad-duration", mend='write "2s", or seconds')
    return duration

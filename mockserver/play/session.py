"""Keeps what belongs to one test apart from every other: subscriptions, journal, clock, seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from mockserver.play.journal import Journal
from mockserver.play.kept.store import Store
from mockserver.play.story import Stories
from mockserver.play.tally import Tally
from mockserver.play.told import Memory
from mockserver.scenario.moments import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from mockserver.play.journal import Entry

DEFAULT: Final = "default"
SESSIONS: Final = 1_000
"""Sessions kept at a time; the one unused for longest, without a connection, makes room."""

ClockT = TypeVar("ClockT")


@dataclass(slots=True)
class Session(Generic[ClockT]):
    """One session; `clock` is handed in and only kept here."""

    name: str
    seed: str
    clock: ClockT
    pinned: tuple[str, ...] = ()
    epoch: datetime = EPOCH
    journal: Journal = field(default_factory=Journal)
    told: Memory = field(default_factory=Memory)
    tally: Tally = field(default_factory=Tally)
    store: Store = field(default_factory=Store)
    """What clients have made, where the server keeps that (`--stateful`)."""
    listener: Callable[[str, Entry], None] | None = None
    """Is told of every connection that opens or ends: the session's name and the entry."""
    open: int = 0
    """Connections that are open now."""
    stories: Stories = field(init=False)

    def __post_init__(self) -> None:
        self.stories = Stories(self.seed, self.name, self.epoch)

    def reset(self) -> None:
        """Forget subscriptions, journal, tally, what was told and made; the clock goes on."""
        self.stories.reset()
        self.tally.clear()
        self.journal.clear()
        self.told.clear()
        self.store.clear()


class Sessions(Generic[ClockT]):
    """The sessions of a server, made by first use. In memory; replicas would share this."""

    def __init__(self, make: Callable[[str], Session[ClockT]], limit: int = SESSIONS) -> None:
        self._make = make
        self._limit = limit
        self.tally = Tally()
        """What the clients of all sessions were sent, those that are gone included."""
        self._sessions: dict[str, Session[ClockT]] = {}

    def get(self, name: str) -> Session[ClockT]:
        """Return the session of that name; make it if there is none."""
        session = self._sessions.pop(name, None) or self._made(name)
        self._sessions[name] = session
        if len(self._sessions) > self._limit:
            self._make_room(session)
        return session

    def _made(self, name: str) -> Session[ClockT]:
        session = self._make(name)
        session.tally = Tally(self.tally)
        return session

    def find(self, name: str) -> Session[ClockT] | None:
        """Return the session of that name, or None."""
        return self._sessions.get(name)

    def __iter__(self) -> Iterator[Session[ClockT]]:
        return iter(tuple(self._sessions.values()))

    def _make_room(self, keep: Session[ClockT]) -> None:
        for session in self:
            if not session.open and session is not keep:
                del self._sessions[session.name]
                return

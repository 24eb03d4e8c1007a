"""What belongs to one test and to no other: subscriptions, journal, clock, seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from mockserver.play.happenings import Happenings
from mockserver.play.journal import Journal
from mockserver.play.kept.store import Store
from mockserver.play.live import Connections
from mockserver.play.story import Stories
from mockserver.play.tally import Tally
from mockserver.play.told import Memory
from mockserver.play.witness import Witness
from mockserver.scenario.moments import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from mockserver.play.journal import Entry

DEFAULT: Final = "default"

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
    inherits: bool = False
    """Whether `pinned` is the server's, and not its own."""
    anonymous: bool = False
    """Whether its name was made up: then no chance is drawn from it."""
    used: float = 0.0
    """When it was last asked for, in seconds of whatever its keeper counts."""
    witness: Witness = field(default_factory=Witness)
    """What the verdict on its clients is made from."""
    happenings: Happenings = field(default_factory=Happenings)
    """Signals and requests that stories wait for."""
    listener: Callable[[str, Entry], None] | None = None
    """Is told of every connection that opens or ends: the session's name and the entry."""
    live: Connections = field(default_factory=Connections)
    """The connections that are open, for tests to steer."""
    open: int = 0
    """Connections that are open now."""
    stories: Stories = field(init=False)

    def __post_init__(self) -> None:
        self.stories = Stories(self.seed, self.name, self.epoch, anonymous=self.anonymous)

    def reset(self, parts: Iterable[str] | None = None) -> None:
        """Forget these of `PARTS`, with None all of them; the clock goes on."""
        for part in PARTS if parts is None else parts:
            PARTS[part](self)


PARTS: Final[dict[str, Callable[[Session[Any]], None]]] = {
    "subscriptions": lambda session: session.stories.reset(),
    "journal": lambda session: session.journal.clear(),
    "dispatched": lambda session: session.told.clear(),
    "coverage": lambda session: session.tally.clear(),
    "signals": lambda session: session.happenings.clear(),
    "store": lambda session: session.store.clear(),
    "verdict": lambda session: session.witness.clear(),
    "connections": lambda session: session.live.clear(),
}
"""What a session can forget, each by itself."""

"""How the sessions of one server are made: by its own settings, and by those that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.clock import Clock, clock_factory
from mockserver.errors import StartError, did_you_mean
from mockserver.play.session import Session
from mockserver.scenario.moments import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockserver.play.journal import Entry, Journals
    from mockserver.play.sessions import Settings
    from mockserver.scenario.catalog import Catalog


class Making:
    """Makes sessions; what their settings leave open is the server's."""

    def __init__(
        self,
        seed: str,
        clock: str,
        pinned: tuple[str, ...],
        journals: Journals,
        listener: Callable[[str, Entry], None] | None,
    ) -> None:
        self.seed = seed
        self.pinned = pinned
        self.journals = journals
        self._make_clock = clock_factory(clock)
        self._listener = listener

    def make(self, name: str, settings: Settings) -> Session[Clock]:
        """Make a session. Raises StartError for a clock that there is none of."""
        wanted = settings.clock
        clock = self._make_clock() if wanted is None else clock_factory(wanted)()
        return Session(
            name,
            self.seed if settings.seed is None else settings.seed,
            clock,
            self.pinned if settings.pinned is None else settings.pinned,
            settings.epoch or EPOCH,
            journal=self.journals.of(name),
            inherits=settings.pinned is None,
            anonymous=settings.anonymous or settings.name is None,
            listener=self._listener,
        )


def check_pinned(catalog: Catalog, pinned: Sequence[str]) -> None:
    """Raise StartError for a scenario to pin that there is none of."""
    for name in pinned:
        if name not in catalog.programs:
            raise StartError(
                f"there is no scenario {name!r} to pin",
                code="unknown-scenario",
                mend=did_you_mean(name, catalog.programs),
            )

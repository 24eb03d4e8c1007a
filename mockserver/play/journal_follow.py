"""Reads journals as they grow: for whoever watches what happens, as fast as that can be taken."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockserver.play.journal import Cleared, Noted
from mockserver.play.journal_query import Sieve, merged
from mockserver.play.journal_report import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.play.journal import Journal, Journals
    from mockserver.play.journal_query import Query

BATCH: Final = 500
"""Entries that are taken at a time."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Entries were gone before they could be told, the last with the running number `running`.

    `count` is None where nobody knows how many there were.
    """

    running: int
    count: int | None
    why: str


Told: TypeAlias = Noted | Dropped


class Follower:
    """Reads the journals of all sessions, or of one; keeps nothing of them but its place.

    Who takes too slowly is told how much was lost meanwhile. `after` is the running number to go
    on from; one that is yet to come is from another run of the server, or from nowhere.
    """

    def __init__(
        self, journals: Journals, query: Query, after: int | None = None, session: str | None = None
    ) -> None:
        self._journals = journals
        self._sieve = Sieve(query)
        self._session = session
        self._seen: int | None = None
        """The number of the session's last entry that was looked at, once that is known."""
        self._astray = after is not None and not 0 <= after <= journals.last
        self.place = journals.last if after is None else 0 if self._astray else after

    @property
    def behind(self) -> bool:
        """Whether there is something to take."""
        return self._astray or self.place < self._journals.last

    def take(self, sources: Iterable[Journal]) -> list[Told]:
        """Return what has come since, a batch at a time."""
        found: list[Told] = []
        if self._astray:
            self._astray = False
            found.append(Dropped(0, None, "unknown-last-event-id"))
        take = self._of_all(sources) if self._session is None else self._of_one(sources)
        for told in take:
            self.place = told.running
            if isinstance(told, Dropped) or self._sieve.lets_pass(told):
                found.append(told)
        return found

    def _of_all(self, sources: Iterable[Journal]) -> Iterator[Told]:
        """Yield entries; a running number that is missing is that of an entry that is gone."""
        held = list(islice(merged(sources, self._journals, self.place), BATCH))
        for noted in held:
            yield from self._missing(noted.running - 1)
            yield noted
        if len(held) < BATCH:
            yield from self._missing(self._journals.last)

    def _missing(self, last: int) -> Iterator[Dropped]:
        if last > self.place:
            yield Dropped(last, last - self.place, "forgotten")

    def _of_one(self, sources: Iterable[Journal]) -> Iterator[Told]:
        """Yield entries of the session; a number in it that is missing is that of one gone."""
        until, own = self._journals.last, [j for j in sources if j.session == self._session]
        if self._seen is None and own:
            self._seen = own[0].seen(self.place)
        held = list(islice(merged(own, self._journals, self.place), BATCH))
        for noted in held:
            if noted.session != self._session:
                continue  # what became of another one
            if isinstance(noted.entry, Cleared):
                self._seen = 0
            else:
                lost = None if self._seen is None else noted.number - self._seen - 1
                if lost is None or lost > 0:
                    yield Dropped(noted.running - 1, lost, "forgotten")
                self._seen = noted.number
            yield noted
        self.place = until if len(held) < BATCH else held[-1].running


def told_json(told: Told) -> tuple[str, dict[str, Any]]:
    """Return what kind of thing is told, and its object."""
    if isinstance(told, Dropped):
        return "dropped", {"kind": "dropped", **asdict(told)}
    found = as_json(told, running=True)
    return found["kind"], found

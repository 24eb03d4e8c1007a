"""Which entries somebody wants of a session's journal, or of the journals of all."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.play.journal import Cleared, Closed, Noted, Opened
from mockserver.play.journal_report import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockserver.play.journal import Journal, Journals

LIMIT: Final = 20_000
"""Entries of an answer unless another number is asked for."""
MOST: Final = 100_000
"""Entries of an answer at most."""
BATCH: Final = 1_000
"""Entries that are looked at before others have their turn."""


class Query(NamedTuple):
    """Which entries are wanted; None of something is all of it.

    `scenario`, `subscription`, `connection`, `serial` are those of `Opened`; an entry without a
    connection has none of them.
    """

    kinds: frozenset[str] | None = None
    operation: str | None = None
    scenario: str | None = None
    subscription: int | None = None
    connection: int | None = None
    serial: int | None = None


EVERYTHING: Final = Query()


class Sieve:
    """Lets pass what is wanted; sees the entries in their order, from the first where it must."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._fields = [
            (name, value)
            for name in ("scenario", "subscription", "connection", "serial")
            if (value := getattr(query, name)) is not None
        ]
        self._operations: dict[tuple[Any, ...], str] = {}

    @property
    def remembers(self) -> bool:
        """Whether it has to see entries that are not asked for, too."""
        return self._query.operation is not None

    def lets_pass(self, noted: Noted) -> bool:
        """Tell whether an entry is wanted; what became of sessions is told to everybody."""
        entry = noted.entry
        if isinstance(entry, Cleared):
            return True
        query = self._query
        if query.operation is not None and self._operation(noted) != query.operation:
            return False
        if query.kinds is not None and kind_of(entry) not in query.kinds:
            return False
        return all(getattr(entry, name, None) == value for name, value in self._fields)

    def _operation(self, noted: Noted) -> str | None:
        """Return the operation of an entry: those from the middle of a connection do not say."""
        entry: Any = noted.entry
        said: str | None = getattr(entry, "operation", None)
        if not hasattr(entry, "connection"):
            return said
        # A call knows its connection, but not which request of the session that was.
        serial = getattr(entry, "serial", 0)
        connection = (entry.scenario, entry.subscription, entry.connection)
        key = (noted.session, serial or connection)
        if isinstance(entry, Opened):
            self._operations[noted.session, connection] = entry.operation
            self._operations[key] = entry.operation
        elif isinstance(entry, Closed):
            said = said or self._operations.get(key)
            self._operations.pop(key, None)
        return said or self._operations.get(key)


def of_one(journal: Journal) -> Source:
    """Return where the entries of one session are read, by their numbers in it."""
    return Source(
        journal.since,
        lambda noted: noted.number,
        lambda: journal.recorded,
        lambda since: journal.dropped - since,
    )


def of_all(journals: Journals, each: Callable[[], Iterable[Journal]]) -> Source:
    """Return where the entries of all sessions are read, by their running numbers."""

    def dropped(since: int) -> int:
        there = sum(journal.held_after(since) for journal in each())
        there += sum(noted.running > since for noted in journals.cleared)
        return journals.last - since - there

    return Source(
        lambda running: merged(each(), journals, running),
        lambda noted: noted.running,
        lambda: journals.last,
        dropped,
    )


def merged(sources: Iterable[Journal], journals: Journals, running: int) -> Iterator[Noted]:
    """Yield what is held of all after a running number; nobody may record meanwhile."""
    cleared = (noted for noted in journals.cleared if noted.running > running)
    return merge(*(journal.after(running) for journal in sources), cleared)


class Source(NamedTuple):
    """Numbered entries: those after a number, an entry's own, the last, and how many are gone."""

    after: Callable[[int], Iterator[Noted]]
    number: Callable[[Noted], int]
    last: Callable[[], int]
    dropped: Callable[[int], int]


@dataclass(slots=True)
class Page:
    """The entries after the number `since`, at most `limit`; complete when `read` has ended."""

    source: Source
    query: Query = EVERYTHING
    since: int = 0
    limit: int = LIMIT
    entries: list[Noted] = field(default_factory=list)
    more: bool = False
    """Whether there are more than were asked for."""
    next: int = 0
    """Which number to go on with."""
    dropped: int = 0
    """How many after `since` had to go."""

    def read(self) -> Iterator[None]:
        """Read; yields where others may have their turn."""
        source, sieve = self.source, Sieve(self.query)
        self.dropped = max(0, source.dropped(self.since))
        place = 0 if sieve.remembers else self.since
        while not self.more:
            batch = list(islice(source.after(place), BATCH))
            for noted in batch:
                self._take(noted, sieve)
            if len(batch) < BATCH:
                break
            place = source.number(batch[-1])
            yield
        last = self.entries[-1] if self.entries else None
        self.next = source.last() if not self.more else source.number(last) if last else self.since

    def _take(self, noted: Noted, sieve: Sieve) -> None:
        if not self.more and sieve.lets_pass(noted) and self.source.number(noted) > self.since:
            self.more = len(self.entries) >= self.limit
            if not self.more:
                self.entries.append(noted)

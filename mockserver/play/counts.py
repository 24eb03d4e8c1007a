"""What a server has done, as numbers that only grow: counted where connections open and end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockserver.play.journal import Called, Closed, Entry, Opened, Pushed, Refused, Violated

LABELS: Final = 1_000
"""Different labels that one number is counted by; what is beyond is counted as `OTHER`."""
OTHER: Final = "other"

Labels: TypeAlias = tuple[str, ...]


class Count:
    """One number, by labels: as many of them as `names` are."""

    def __init__(self, *names: str, limit: int = LABELS) -> None:
        self.names = names
        self._limit = limit
        self._by: Counter[Labels] = Counter()

    def add(self, *labels: str, by: int = 1) -> None:
        """Count."""
        if labels not in self._by and len(self._by) >= self._limit:
            labels = (OTHER,) * len(self.names)
        self._by[labels] += by

    def __iter__(self) -> Iterator[tuple[Labels, int]]:
        return iter(sorted(self._by.items()))

    def of(self, *labels: str) -> int:
        """Return the number for these labels."""
        return self._by[labels]


class Counts:
    """What all sessions of a server have seen, those that are gone included.

    `connections` are those of stories; `opened` less `ended` are open now. An operation is the
    document's id, an ending `end`, `drop` or `reset`, by `script`, `client` or `server`.
    """

    def __init__(self) -> None:
        self.opened = Count("operation")
        self.ended = Count("operation", "ending", "by")
        self.blocks = Count("operation")
        self.bytes = Count("operation")
        self.requests = Count("operation", "status")
        self.refused = Count("code")
        self.violated = Count("part", "by")
        self.called = Count("outcome")
        self.open = Count("operation")

    def count(self, entry: Entry) -> None:
        """Count what an entry of a journal says."""
        rule = _RULES.get(type(entry).__name__)
        if rule is not None:
            rule(self, entry)


def _opened(counts: Counts, entry: Opened) -> None:
    counts.requests.add(entry.operation, str(entry.status) if entry.status else "none")
    if entry.connection:
        counts.opened.add(entry.operation)
        counts.open.add(entry.operation)


def _closed(counts: Counts, entry: Closed) -> None:
    operation = entry.operation
    counts.open.add(operation, by=-1)
    counts.ended.add(operation, entry.kind, entry.by)
    counts.blocks.add(operation, by=entry.blocks)
    counts.bytes.add(operation, by=entry.bytes)


def _pushed(counts: Counts, entry: Pushed) -> None:
    counts.blocks.add(entry.operation, by=int(entry.sent))


def _refused(counts: Counts, entry: Refused) -> None:
    counts.refused.add(entry.code)


def _violated(counts: Counts, entry: Violated) -> None:
    counts.violated.add(entry.part, entry.by)


def _called(counts: Counts, entry: Called) -> None:
    counts.called.add(entry.code or f"{entry.status // 100}xx")


# By name, for entries cannot be imported: their journals know these counts.
_RULES: Final[dict[str, Callable[[Counts, Any], None]]] = {
    "Opened": _opened,
    "Closed": _closed,
    "Pushed": _pushed,
    "Refused": _refused,
    "Violated": _violated,
    "Called": _called,
}

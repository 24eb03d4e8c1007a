"""What the clients of one session have made by POST, and what has become of it; bounded.

Things live in scopes: a collection's path and the values of the path parameters above it. A scope
shows what the document's examples show until something in it is changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockserver.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ITEMS: Final = 10_000
"""Things that a session keeps, a scope that has been changed counting as one more."""
BYTES: Final = 32 * 1024 * 1024
"""Bytes of JSON that they may have, all together."""

Scope: TypeAlias = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing: `value` is never changed in place; `seeded` if the document's example began it.

    `views` has what lists show of it, by the pointer of their items' schema.
    """

    value: dict[str, Any]
    seeded: bool = False
    weight: int = 0
    views: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)


def weighed(value: dict[str, Any], *, seeded: bool = False) -> Item:
    """Return an item with the bytes of its JSON as its weight."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return Item(value, seeded, len(text.encode("utf-8", "replace")))


class Store:
    """The things of one session. What is in a scope keeps the order in which it came."""

    def __init__(self, items: int = ITEMS, weight: int = BYTES) -> None:
        self._most = items
        self._most_bytes = weight
        self._scopes: dict[Scope, dict[str, Item]] = {}
        self._drawn: dict[str, int] = {}
        self._count = 0
        self._weight = 0

    def clear(self) -> None:
        """Forget everything, and count from the beginning."""
        self._scopes.clear()
        self._drawn.clear()
        self._count = self._weight = 0

    @property
    def count(self) -> int:
        """How much of the bound on things is used."""
        return self._count

    def items(self, scope: Scope, seeds: Mapping[str, Item]) -> Mapping[str, Item]:
        """Return what is in a scope, by key; `seeds` where nothing has been changed yet."""
        return self._scopes.get(scope, seeds)

    def keep(self, scope: Scope, seeds: Mapping[str, Item], key: str, item: Item) -> None:
        """Add a thing, or put it in the place of the one of that key. Raises ControlError (507)."""
        items = self._open(scope, seeds)
        old = items.get(key)
        self._take(old is None, item.weight - (old.weight if old else 0))
        items[key] = item

    def remove(self, scope: Scope, seeds: Mapping[str, Item], key: str) -> Item:
        """Take a thing out. Raises ControlError (507) where that is one thing too many to know."""
        removed = self._open(scope, seeds).pop(key)
        self._take(-1, -removed.weight)
        return removed

    def drop(self, path: str, upper: tuple[str, ...], keys: Collection[str]) -> None:
        """Forget the scopes of a collection below things, which have these keys below `upper`."""
        count = len(upper)
        for scope in [
            (own, above)
            for own, above in self._scopes
            if own == path and above[:count] == upper and above[count] in keys
        ]:
            gone = self._scopes.pop(scope)
            self._take(-1 - len(gone), -sum(item.weight for item in gone.values()))

    def drawn(self, path: str) -> int:
        """Return how many keys were drawn for things of a collection."""
        return self._drawn.get(path, 0)

    def drew(self, path: str, drawn: int) -> None:
        """Say how many they are now."""
        self._drawn[path] = drawn

    def _open(self, scope: Scope, seeds: Mapping[str, Item]) -> dict[str, Item]:
        """Return a scope that can be changed."""
        if scope not in self._scopes:
            self._take(1 + len(seeds), sum(item.weight for item in seeds.values()))
            self._scopes[scope] = dict(seeds)
        return self._scopes[scope]

    def _take(self, count: int, weight: int) -> None:
        """Take room, or give it back where the numbers are negative."""
        more = count > 0 or weight > 0
        if more and (self._count + count > self._most or self._weight + weight > self._most_bytes):
            raise full(f"{self._most:,} things and {self._most_bytes:,} bytes of them")
        self._count += count
        self._weight += weight


def full(what: str) -> ControlError:
    """Return the refusal of a session that has no room for more."""
    return ControlError(
        507,
        f"this session keeps {what}, and no more",
        code="store-full",
        mend="reset the session, or use another",
    )

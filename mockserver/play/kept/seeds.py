"""What a collection begins with: the things that the document's examples show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mockserver.contract import NOTHING
from mockserver.contract.collection import responses
from mockserver.contract.examples import declared
from mockserver.contract.items import shown
from mockserver.play.kept.keys import key_text
from mockserver.play.kept.store import Item, weighed
from mockserver.play.kept.things import parent_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.collection import Collection, Deed, Role
    from mockserver.contract.items import Body
    from mockserver.play.kept.store import Scope, Store

_MOST: Final = 100
"""Things that the examples of a document may begin a collection with."""

Object = dict[str, Any]


class Seeds:
    """The things that the examples of one document show, by collection."""

    def __init__(self) -> None:
        self._seeds: dict[str, dict[str, Item]] = {}
        self._bases: dict[str, Object] = {}

    def of(self, collection: Collection) -> Mapping[str, Item]:
        """Return what the examples show of a collection, by key."""
        if collection.path not in self._seeds:
            self._seeds[collection.path] = _seeds(collection)
        return self._seeds[collection.path]

    def within(self, collection: Collection, store: Store, scope: Scope) -> Mapping[str, Item]:
        """Return what a scope begins with: nothing below a thing that a client has made."""
        above = self.above(collection, store, scope)
        if any(item is None or not item.seeded for item in above):
            return {}
        seeds = self.of(collection)
        own = parent_members(collection, scope[1])
        if not own:
            return seeds
        return {
            key: Item({**one.value, **own}, seeded=True, weight=one.weight)
            for key, one in seeds.items()
        }

    def above(self, collection: Collection, store: Store, scope: Scope) -> list[Item | None]:
        """Return the things that those of a scope are parts of; None for one that is not there."""
        parents = scope[1]
        return [
            store.items((upper.path, parents[: upper.count]), self.of(upper)).get(
                parents[upper.count]
            )
            for upper in collection.above
            if upper.kept
        ]

    def base(self, collection: Collection, key: str) -> Object:
        """Return a thing as the document shows it, as if it were the one of this key."""
        if collection.path not in self._bases:
            self._bases[collection.path] = next(_things(collection, _MAKING), {})
        base = self._bases[collection.path]
        old = key_text(base.get(collection.key)) if collection.key is not None else None
        if old is None:
            return base
        before = re.escape(f"/{collection.template[-1]}/")
        links = re.compile(rf"(?<={before}){re.escape(old)}(?=[/?#]|$)")
        linked: Object = _relinked(base, links, quote(key, safe="", errors="replace"))
        return linked


_MAKING: Final[tuple[Role, ...]] = ("create", "read", "replace", "list")


def _seeds(collection: Collection) -> dict[str, Item]:
    found: dict[str, Object] = {}
    for n, thing in enumerate(_things(collection, ("list", "read")), start=1):
        named = thing.get(collection.key) if collection.key is not None else None
        key = key_text(named) if collection.parameter is not None else str(n)
        if key is not None and (key in found or len(found) < _MOST):
            found[key] = {**found.get(key, {}), **thing}
    return {key: weighed(thing, seeded=True) for key, thing in found.items()}


def _things(collection: Collection, roles: tuple[Role, ...]) -> Iterator[Object]:
    """Yield the things in the examples of the answers of these roles.

    Of a list that is the first example, of which another may be an empty list; of one thing all.
    """
    for role in roles:
        for deed in collection.deeds:
            if deed.role == role:
                yield from _answered_things(deed)


def _answered_things(deed: Deed) -> Iterator[Object]:
    document = deed.collection.document
    for holder in responses(deed.operation)[:1]:
        body = deed.answered(holder)
        if body.kind not in {"item", "list"}:
            continue
        examples = [example.value for example in declared(document, holder)]
        if body.kind == "list" or not examples:
            examples = [shown(document, holder)]
        for example in examples:
            yield from _in(body, example)


def _in(body: Body, example: Any) -> Iterator[Object]:
    value = inside(body, example)
    for thing in value if body.kind == "list" and isinstance(value, list) else [value]:
        if isinstance(thing, dict):
            yield thing


def _relinked(value: Any, links: re.Pattern[str], key: str) -> Any:
    """Return a value whose paths lead to the thing of another key."""
    if isinstance(value, str):
        return links.sub(lambda _: key, value) if "/" in value else value
    if isinstance(value, list):
        return [_relinked(item, links, key) for item in value]
    if isinstance(value, dict):
        return {name: _relinked(item, links, key) for name, item in value.items()}
    return value


def inside(body: Body, value: Any) -> Any:
    """Return the item or the list in a body, or NOTHING."""
    for name in body.inside:
        value = value.get(name, NOTHING) if isinstance(value, dict) else NOTHING
    return value

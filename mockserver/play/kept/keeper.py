"""Answers what can be answered from what the clients of a session have made (`--stateful`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qsl

from mockserver.contract import answer
from mockserver.contract.media import FORM, essence
from mockserver.contract.resources import Resources
from mockserver.errors import ControlError
from mockserver.play.kept.keys import Keys, key_text
from mockserver.play.kept.paging import chosen, counted, page_of, placed
from mockserver.play.kept.replies import (
    declares,
    encoded,
    flagged,
    holder_of,
    located,
    usual,
    whole_of,
)
from mockserver.play.kept.seeds import Seeds, inside
from mockserver.play.kept.store import full, weighed
from mockserver.play.kept.things import Object, Shaper, merged, parent_members, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mockserver.contract import Answer, Contract, Operation, Wish
    from mockserver.contract.collection import Collection, Deed, Role
    from mockserver.contract.items import Body
    from mockserver.contract.place import Place
    from mockserver.play.kept.store import Item, Scope, Store
    from mockserver.play.opening import Opening

_MERGE_PATCH: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"


_UNSET: Final = (None, "0")
"""What generated clients send for a key that nobody has set: 0, null, or an empty text."""


def _never(_: str) -> bool:
    return False


class _Asked(NamedTuple):
    """One request: what it does, to which things, and how it wants to be answered.

    `key` is that of the thing that the path names, `seeds` are what the scope begins with.
    """

    deed: Deed
    store: Store
    opening: Opening
    wish: Wish
    scope: Scope
    seeds: Mapping[str, Item]
    key: str = ""

    @property
    def items(self) -> Mapping[str, Item]:
        """What is there, by key."""
        return self.store.items(self.scope, self.seeds)

    @property
    def operation(self) -> Operation:
        return self.deed.operation

    @property
    def collection(self) -> Collection:
        return self.deed.collection


class Keeper:
    """Plays the collections of one document on the store of a session."""

    def __init__(self, contract: Contract, seed: str) -> None:
        self._document = contract.document
        self._resources = Resources(contract)
        self._seed = seed
        self._seeds = Seeds()
        self._shapers: dict[str, Shaper] = {}

    def answer(
        self, store: Store, operation: Operation, opening: Opening, wish: Wish
    ) -> Answer | None:
        """Return what a request is answered from the store, or None where that is not its affair.

        Raises ControlError where the thing is not there and the document has no words for that,
        and where the store is full.
        """
        deed = self._resources.deed(operation)
        if deed is None:
            return None
        values = tuple(opening.path.values())
        parents = values[: deed.collection.count]
        scope = (deed.collection.path, parents)
        seeds = self._seeds.within(deed.collection, store, scope)
        key = values[-1] if deed.named else ""
        asked = _Asked(deed, store, opening, wish, scope, seeds, key)
        if None in self._seeds.above(deed.collection, store, scope):
            return self._missing(asked)
        plays: dict[Role, Callable[[_Asked], Answer | None]] = {
            "create": self._create,
            "list": self._list,
            "read": self._read,
            "replace": self._replace,
            "merge": self._merge,
            "delete": self._delete,
            "clear": self._clear,
        }
        try:
            return plays[deed.role](asked)
        except RecursionError:  # Nested hundreds deep in itself: nothing was changed yet.
            return None

    def _shaper(self, collection: Collection) -> Shaper:
        if collection.path not in self._shapers:
            self._shapers[collection.path] = Shaper(collection, self._seed)
        return self._shapers[collection.path]

    def _missing(self, asked: _Asked) -> Answer:
        """Return what the document answers for what is not there. Raises ControlError."""
        if declares(asked.operation, 404):
            return answer(asked.operation, asked.wish._replace(status=404))
        path = asked.opening.target.partition("?")[0]
        raise ControlError(
            404,
            f"nothing is kept in this session at {path}",
            code="no-such-item",
            mend=f"make it first, with POST {asked.collection.path}",
        )

    # Making

    def _create(self, asked: _Asked) -> Answer | None:
        sent = self._sent(asked)
        if sent is None:
            return None
        usual(asked.operation, asked.wish)  # A client that accepts none of it makes nothing.
        key = self._sent_key(asked, sent)
        if key is not None and str(key_text(key)) in asked.items and declares(asked.operation, 409):
            return answer(asked.operation, asked.wish._replace(status=409))
        if key is None:
            key = self._new_key(asked)
        text = str(key_text(key))
        return self._keep(asked, sent, key, text, self._base(asked, text))

    def _sent(self, asked: _Asked) -> Object | None:
        """Return the members that a request sends, or None where its body has none."""
        body = asked.opening.body
        if body is None and not self._needs_body(asked):
            return self._in_query(asked)
        kind = essence(asked.opening.headers.get("content-type", ""))
        for taken in asked.deed.taken:
            members = inside(taken, body)
            if taken.inside and isinstance(members, dict):
                body = members
        is_multipart = kind.startswith("multipart/")
        if is_multipart and not isinstance(body, dict) and asked.deed.role == "create":
            return {}  # It has files, of which nothing is kept; what is made of them is.
        if not isinstance(body, dict):
            return None
        return self._typed(asked, body) if kind == FORM or is_multipart else body

    def _needs_body(self, asked: _Asked) -> bool:
        return (
            self._document.get(asked.operation.place, "requestBody").object.get("required") is True
        )

    def _in_query(self, asked: _Asked) -> Object:
        """Return the members that the query says, as `POST /pet/{petId}?status=sold` does."""
        query = parse_qsl(asked.opening.target.partition("?")[2], errors="replace")
        told = {
            name: value
            for name, value in query
            if name in asked.deed.query and name in asked.collection.names
        }
        return self._typed(asked, told)

    def _typed(self, asked: _Asked, texts: Mapping[str, Any]) -> Object:
        """Return the fields of a form with numbers where its schema asks for them."""
        places = asked.collection.places
        return {
            name: typed(self._document, places(name), value) if isinstance(value, str) else value
            for name, value in texts.items()
        }

    def _sent_key(self, asked: _Asked, sent: Object) -> Any:
        """Return the key that a client sets itself; None where it does not, or may not."""
        collection, shaper = asked.collection, self._shaper(asked.collection)
        for name in (collection.key, collection.parameter):
            may = name in collection.requested or not collection.requested
            if name is None or not may or shaper.flagged(name, "readOnly"):
                continue
            if key_text(sent.get(name)) not in _UNSET:
                return sent[name]
        return None

    def _new_key(self, asked: _Asked) -> Any:
        collection = asked.collection
        taken = asked.items.__contains__
        key = self._drawn(asked, collection.key or "", collection.key_schema, taken)
        if key is None:
            raise full(f"as many things as the schema {collection.key_schema.pointer} has keys")
        return key

    def _drawn(
        self, asked: _Asked, name: str, schema: Place, taken: Callable[[str], bool] = _never
    ) -> Any:
        """Return a new key for the member of that name, or None where nothing fits it."""
        seeds = self._seeds.of(asked.collection).values()
        address = f"{self._seed}/{asked.collection.path}/{name}"
        keys = Keys(self._document, schema, address, [one.value.get(name) for one in seeds])
        place = f"{asked.collection.path}#{name}"
        key, drawn = keys.draw(asked.store.drawn(place), taken)
        asked.store.drew(place, drawn)
        return key

    def _base(self, asked: _Asked, key: str) -> Object:
        """Return what a new thing has that nobody sends: as the document shows it, but ids new."""
        base = dict(self._seeds.base(asked.collection, key))
        for name in self._shaper(asked.collection).ids:
            own = self._drawn(asked, name, asked.collection.places(name))
            if own is not None:
                base[name] = own
        return base

    def _keep(
        self,
        asked: _Asked,
        sent: Object,
        key: Any,
        text: str,
        base: Mapping[str, Any],
        *,
        status: int | None = None,
    ) -> Answer:
        """Keep a thing, made of what was sent and of `base`, and answer it.

        `key` is that of the thing, `text` the same as paths have it.
        """
        collection = asked.collection
        fixed = parent_members(collection, asked.scope[1])
        if collection.key is not None:
            fixed[collection.key] = key
        old = asked.items.get(text)
        fresh = old is None or asked.deed.role == "create"
        thing = self._shaper(collection).made(sent, base, fixed, text, fresh=fresh)
        item = weighed(thing, seeded=old is not None and old.seeded)
        asked.store.keep(asked.scope, asked.seeds, text, item)
        told = self._told(asked, thing, text, status)
        if asked.deed.role != "create":
            return told
        path = asked.wish.prefix + asked.opening.target.partition("?")[0]
        return located(told, asked.collection, path, text)

    # Finding, changing, removing

    def _list(self, asked: _Asked) -> Answer | None:
        found = usual(asked.operation, asked.wish)
        holder = holder_of(asked.operation, found, asked.wish.accept)
        if holder is None or asked.deed.answered(holder).kind != "list":
            return None
        body, items = asked.deed.answered(holder), asked.items
        page = page_of(asked.deed, asked.wish.prefix + asked.opening.target, items)
        shown = [self._view(asked, body, items[key], key) for key in page.keys]
        around = whole_of(self._document, holder, asked.wish.seed) if body.inside else None
        whole = placed(asked.collection, body, around, shown, page)
        found = replace(found, headers=counted(found.headers, page))
        return encoded(self._document, found, body, whole)

    def _view(self, asked: _Asked, body: Body, item: Item, key: str) -> Object:
        """Return what a list shows of a thing, made once for each thing and schema."""
        pointer = body.item.pointer
        if pointer not in item.views:
            shaper = self._shaper(asked.collection)
            item.views[pointer] = shaper.shown(body, item.value, {}, key)
        return item.views[pointer]

    def _read(self, asked: _Asked) -> Answer:
        item = asked.items.get(asked.key)
        return self._told(asked, item.value, asked.key) if item else self._missing(asked)

    def _replace(self, asked: _Asked) -> Answer | None:
        sent = self._sent(asked)
        if sent is None:
            return None
        key = asked.key if asked.deed.named else key_text(self._sent_key(asked, sent)) or ""
        old = asked.items.get(key)
        if old is not None:
            usual(asked.operation, asked.wish)
            return self._keep(asked, sent, self._own_key(asked, old, key), key, old.value)
        if asked.deed.named and declares(asked.operation, 201):
            own = typed(self._document, asked.collection.key_schema, key)
            return self._keep(asked, sent, own, key, self._base(asked, key), status=201)
        return self._missing(asked)

    def _own_key(self, asked: _Asked, old: Item, key: str) -> Any:
        """Return the key of a thing as its own member has it."""
        name = asked.collection.key
        return old.value.get(name, key) if name is not None else key

    def _merge(self, asked: _Asked) -> Answer | None:
        kind = essence(asked.opening.headers.get("content-type", ""))
        if kind == _JSON_PATCH:
            raise ControlError(
                415,
                "a list of changes (RFC 6902) cannot be carried out on what is kept here",
                code="unsupported-patch",
                mend=f"send a merge patch (RFC 7396) as {_MERGE_PATCH} or application/json",
            )
        old, sent = asked.items.get(asked.key), self._sent(asked)
        if old is None:
            return self._missing(asked)
        if sent is None:
            return None
        usual(asked.operation, asked.wish)
        nulls = () if kind == _MERGE_PATCH else self._shaper(asked.collection).nullable
        key = self._own_key(asked, old, asked.key)
        return self._keep(asked, merged(old.value, sent, nulls), key, asked.key, old.value)

    def _delete(self, asked: _Asked) -> Answer:
        if asked.key not in asked.items:
            return self._missing(asked)
        usual(asked.operation, asked.wish)
        item = asked.items[asked.key]
        self._remove(asked, [asked.key])
        return self._told(asked, item.value, asked.key)

    def _clear(self, asked: _Asked) -> Answer | None:
        """Empty the collection, or remove what the query chooses of it.

        What else says which things are meant, a body above all, is not understood.
        """
        keys = chosen(asked.deed, asked.opening.target, asked.items)
        if keys is None or asked.opening.body is not None:
            return None
        found = usual(asked.operation, asked.wish)
        self._remove(asked, keys)
        return found

    def _remove(self, asked: _Asked, keys: Sequence[str]) -> None:
        """Take things out, with what is below them."""
        for key in keys:
            asked.store.remove(asked.scope, asked.seeds, key)
        for below in asked.collection.below:
            asked.store.drop(below.path, asked.scope[1], frozenset(keys))

    # Answering

    def _told(self, asked: _Asked, thing: Object, key: str, status: int | None = None) -> Answer:
        """Return the answer that shows a thing, as far as the document declares one that does."""
        found = usual(asked.operation, asked.wish._replace(status=status))
        holder = holder_of(asked.operation, found, asked.wish.accept)
        body = asked.deed.answered(holder) if holder else None
        if holder is None or body is None:
            return found
        if body.kind == "key" and asked.deed.role == "create":
            own = thing.get(asked.collection.key, key) if asked.collection.key else key
            return encoded(self._document, found, body, own)
        gone = asked.deed.role == "delete"
        if body.kind != "item" and not gone:
            return found
        around = whole_of(self._document, holder, asked.wish.seed)
        if body.kind != "item":
            told = flagged(self._document, body.schema, around)
            return encoded(self._document, found, body, told) if told != around else found
        base = inside(body, around)
        base = base if isinstance(base, dict) else {}
        value: Any = self._shaper(asked.collection).shown(body, thing, base, key)
        value = flagged(self._document, body.item, value) if gone else value
        for name in reversed(body.inside):
            value = {**(around if isinstance(around, dict) else {}), name: value}
            value = flagged(self._document, body.schema, value) if gone else value
        return encoded(self._document, found, body, value)

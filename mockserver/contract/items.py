"""How an item of a collection stands in a body, and which member of it a path names.

A body is an item (`{"id": 1}`), an item with something around it (`{"pet": {…}, "meta": {…}}`), a
list of items, bare or with something around it (`{"data": [{…}], "total": 1}`), or the key alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from mockserver.contract import shapes
from mockserver.contract.examples import NOTHING, named, own_example
from mockserver.contract.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.document import Document

Kind = Literal["item", "list", "key", "other"]

Members = dict[str, list[Place]]
"""The schemas that each member of an object has to fit, by its name."""

ALTERNATIVES: Final = 20
"""Alternatives of one schema that are looked at; beyond them members are unknown."""

DEEPEST: Final = 2
"""How many objects may stand around a list."""

_USUAL: Final = ("data", "items", "results", "result", "records", "entries", "values", "content")
"""What the member is called that holds the items, where several could be meant."""

IDS: Final = ("id", "uuid", "guid")
"""What a member is called that names a thing and nothing else."""


class Body(NamedTuple):
    """What a body is to a collection: `inside` leads from the whole to the item or the list.

    `schema` is that of the whole, `item` that of one item in it.
    """

    kind: Kind
    schema: Place
    inside: tuple[str, ...] = ()
    item: Place = Place(None, "")


def members(document: Document, schema: Place) -> Members:
    """Return the members that a schema declares, in any of its alternatives."""
    found: Members = {}
    for shape in shapes.alternatives(document, schema)[:ALTERNATIVES]:
        for name, places in shapes.properties(document, shape.parts).items():
            known = found.setdefault(name, [])
            known += [place for place in places if place not in known]
    return found


def shown(document: Document, holder: Place) -> Any:
    """Return the example of a media type, its own or that of its schema; or NOTHING.

    It is one of the whole: examples of members say what one could be, not that there is such a
    thing.
    """
    example = named(document, holder, None)
    if example is not None:
        return example.value
    own = own_example(holder.get("schema"))
    return own if own is not NOTHING else own_example(document.follow(holder.get("schema")))


def item_schema(document: Document, schema: Place) -> Place:
    """Return the schema of the items of a list; of None where it is no list."""
    found = shapes.find(document, [schema], "items")
    return found if found is not None else Place(None, schema.pointer)


def is_list(document: Document, schema: Place) -> bool:
    """Tell whether values of a schema are lists."""
    types = shapes.types(document, [schema])
    return types == {"array"} or (not types and item_schema(document, schema).value is not None)


# The key


def plain_name(name: str) -> str:
    """Return a name without what sets `pet_id`, `petId` and `PetID` apart."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singulars(segment: str) -> tuple[str, ...]:
    """Return what one thing of `pets`, `categories` or `boxes` may be called, plainly."""
    name = plain_name(segment)
    found = [name]
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            found.append(name[: -len(ending)] + instead)
    return tuple(found)


def key_name(parameter: str, segment: str, names: Mapping[str, Any]) -> str | None:
    """Return the member that a path parameter names, of an item of the collection `segment`.

    `{username}` is `username`, `{petId}` is `petId` or else `id`, `{issue_number}` below `issues`
    is `number`, `{id}` may be `petId`, `{pet}` is `id`.
    """
    if parameter in names:
        return parameter
    plain = {plain_name(name): name for name in reversed(list(names))}
    return next((plain[name] for name in _meant(parameter, segment) if name in plain), None)


def _meant(parameter: str, segment: str) -> Iterator[str]:
    asked, things = plain_name(parameter), singulars(segment)
    yield asked
    for thing in things:
        if asked == thing:
            yield from IDS
        elif asked.startswith(thing):
            yield asked.removeprefix(thing)
    if asked.endswith(IDS):
        yield from IDS
    for thing in things:
        yield thing + asked


def same_schema(document: Document, parameter: Place, names: Members) -> str | None:
    """Return the only member whose schema is the very one of the path parameter."""
    target = document.follow(parameter).pointer
    if target == parameter.pointer:  # It is written out here, for this parameter alone.
        return None
    found = [
        name
        for name, places in names.items()
        if any(document.follow(place).pointer == target for place in places)
    ]
    return found[0] if len(found) == 1 else None


# Bodies


class Found(NamedTuple):
    """Where an item is in a body, its schema, its members, and which of them is its key."""

    inside: tuple[str, ...]
    schema: Place
    names: Members
    key: str | None


def unwrapped(
    document: Document, schema: Place, example: Any, parameter: str, segment: str
) -> Found:
    """Return the item that a body is, or that a body has something around."""

    def key_of(names: Members) -> str | None:
        able = {name: one for name, one in names.items() if may_name(document, one)}
        return key_name(parameter, segment, able)

    names = _names(document, schema, example)
    key = key_of(names)
    if key is not None:
        return Found((), schema, names, key)
    inner = [
        Found((name,), part, found, key_of(found))
        for name, part, value in parts(document, schema, example)
        if (found := _names(document, part, value)) and not is_list(document, part)
    ]
    keyed = [one for one in inner if one.key is not None]
    likely = min(keyed, key=lambda one: _unlikely(one.inside[0], segment), default=None)
    return likely or Found((), schema, names, None)


class Reader:
    """Reads the bodies of one collection, of whose items all is known."""

    def __init__(
        self, document: Document, item: Place, names: Members, keys: frozenset[str],
        segment: str,
    ) -> None:  # fmt: skip
        self._document = document
        self._item = document.follow(item).pointer
        self._names = names
        self._keys = keys
        self._segment = segment

    def body(self, schema: Place, example: Any = NOTHING) -> Body:
        """Return what a body of that schema, or of that example, is to the collection."""
        if is_list(self._document, schema) or isinstance(example, list):
            item = item_schema(self._document, schema)
            kind: Kind = "list" if self._is_item(item, first(example)) else "other"
            return Body(kind, schema, (), item)
        if self._is_item(schema, example):
            return Body("item", schema, (), schema)
        found = self._list(schema, example) or self._wrapped(schema, example)
        if found is not None:
            return found
        types = shapes.types(self._document, [schema])
        alone = types and types <= {"string", "integer"}
        return Body("key" if alone else "other", schema, (), schema)

    def _is_item(self, schema: Place, example: Any) -> bool:
        if schema.value is not None and self._document.follow(schema).pointer == self._item:
            return True
        names = _names(self._document, schema, example)
        if not self._keys.isdisjoint(names):
            return True
        common = names.keys() & self._names.keys()
        return bool(common) and 2 * len(common) >= min(len(names), len(self._names))

    def _list(self, schema: Place, example: Any) -> Body | None:
        """Return where the list is in an object: the nearest, of several the likeliest."""
        level: list[tuple[tuple[str, ...], Place, Any]] = [((), schema, example)]
        for _ in range(DEEPEST):
            inner = [
                ((*path, name), part, value)
                for path, place, whole in level
                for name, part, value in parts(self._document, place, whole)
            ]
            lists = [
                (path, item_schema(self._document, part))
                for path, part, value in inner
                if (is_list(self._document, part) or isinstance(value, list))
                and self._is_item(item_schema(self._document, part), first(value))
            ]
            if lists:
                path, item = min(lists, key=lambda found: _unlikely(found[0][-1], self._segment))
                return Body("list", schema, path, item)
            level = inner
        return None

    def _wrapped(self, schema: Place, example: Any) -> Body | None:
        found = [
            (name, part)
            for name, part, value in parts(self._document, schema, example)
            if not is_list(self._document, part) and self._is_item(part, value)
        ]
        if not found:
            return None
        name, part = min(found, key=lambda one: _unlikely(one[0], self._segment))
        return Body("item", schema, (name,), part)


def _unlikely(name: str, segment: str) -> int:
    usual = (*singulars(segment), *_USUAL)
    return usual.index(plain_name(name)) if plain_name(name) in usual else len(usual)


def first(example: Any) -> Any:
    """Return the first item of an example, or NOTHING."""
    return example[0] if isinstance(example, list) and example else NOTHING


def may_name(document: Document, places: list[Place]) -> bool:
    """Tell whether a member can be a key: it may be text or a number."""
    types = shapes.types(document, places)
    return not types or not types.isdisjoint(("string", "integer", "number"))


def _names(document: Document, schema: Place, example: Any) -> Members:
    """Return the members of an object: the declared ones, else those that the example has."""
    found = members(document, schema)
    if found or not isinstance(example, dict):
        return found
    return {str(name): [_seen(value, schema.pointer)] for name, value in example.items()}


def _seen(value: Any, pointer: str) -> Place:
    """Return a schema that says of which type a value of an example is."""
    for kind, name in _TYPES.items():
        if isinstance(value, kind):
            return Place({"type": name}, pointer)
    return Place({}, pointer)


_TYPES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def parts(document: Document, schema: Place, example: Any) -> Iterator[tuple[str, Place, Any]]:
    """Yield the members of an object with their schemas, and with what its example shows."""
    values = example if isinstance(example, dict) else {}
    declared = members(document, schema)
    for name, places in declared.items():
        yield name, joined(document, places), values.get(name, NOTHING)
    if not declared:
        for name, value in values.items():
            yield str(name), Place(None, schema.pointer), value


def joined(document: Document, places: list[Place]) -> Place:
    """Return one schema that says what all of these say; the very same each time it is asked for.

    What is remembered of a schema, its validator above all, is remembered of the object.
    """
    if len(places) == 1:
        return places[0]
    kept: dict[tuple[str, ...], Place] = document.cache.setdefault("joined schemas", {})
    key = tuple(place.pointer for place in places)
    if key not in kept:
        made = Place(shapes.joined(places), places[0].pointer if places else "")
        return kept.setdefault(key, made)
    return kept[key]

"""What a thing is made of: what a client sent and what the server adds; and what answers show."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import shapes
from mockserver.contract.items import ALTERNATIVES, IDS, joined, plain_name, singulars
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import fits, value_violations
from mockserver.shared import once

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from mockserver.contract.collection import Collection
    from mockserver.contract.document import Document
    from mockserver.contract.items import Body, Members
    from mockserver.contract.place import Place

_DEEPEST: Final = 20
"""How many objects and lists inside each other are completed."""

_CLOSING: Final = ("additionalProperties", "unevaluatedProperties")

Object = dict[str, Any]


class Shaper:
    """Shapes the things of one collection; all chance is drawn from `seed`."""

    def __init__(self, collection: Collection, seed: str) -> None:
        self._collection = collection
        self._document = collection.document
        self._address = f"{seed}/{collection.path}"
        self._names = collection.names
        self._requested = collection.requested
        self._shapes: dict[str, list[shapes.Shape]] = {}
        self._closed: dict[tuple[str, ...], bool] = {}

    def made(
        self, sent: Object, base: Mapping[str, Any], fixed: Object, key: str, *, fresh: bool
    ) -> Object:
        """Return the thing that a client's members make.

        `base` has what the server adds where it is due: members that no client may send, and those
        that every thing has. `fixed` is what the path or the store says, whatever was sent. A thing
        that is `fresh` has the defaults of its schema rather than what `base` shows.
        """
        own = {
            name: value
            for name, value in sent.items()
            if name not in fixed and not self.flagged(name, "readOnly")
        }
        schema, given = self._collection.item, {**own, **fixed}
        first: Object | None = None
        for shape in self._alternatives(schema):
            thing = self._complete(given, base, shape.parts, key, fresh=fresh)
            if not self._faults(schema, self._visible(thing, self._names, [schema])):
                return thing
            first = first or thing
        assert first is not None
        mended = self._mended(schema, first, base, fixed, key)
        if not self._faults(schema, self._visible(mended, self._names, [schema])):
            return mended
        return self._another(schema, fixed, key) or mended

    def _alternatives(self, schema: Place) -> list[shapes.Shape]:
        """Return the alternatives of a schema, the very same ones each time."""
        if schema.pointer not in self._shapes:
            found = shapes.alternatives(self._document, schema)[:ALTERNATIVES]
            self._shapes[schema.pointer] = found
        return self._shapes[schema.pointer]

    def _complete(
        self,
        given: Object,
        base: Mapping[str, Any],
        parts: Iterable[Place],
        key: str,
        *,
        fresh: bool,
    ) -> Object:
        names = shapes.properties(self._document, parts)
        required = shapes.required(self._document, parts)
        thing = {}
        for name in dict.fromkeys([*base, *names, *given]):
            places, servers = names.get(name, []), name in base and self._is_servers(name)
            if self.flagged(name, "writeOnly"):
                continue
            if name in given:
                thing[name] = self._inner(given[name], places, base.get(name), f"{key}/{name}")
            elif name in names and (fresh or not servers) and name in self._defaults:
                thing[name] = self._defaults[name]
            elif servers or name in required:
                self._add(thing, name, places, base, key)
        return thing

    def _is_servers(self, name: str) -> bool:
        """Tell whether a member is the server's to set: nobody can send it."""
        return name not in self._requested or self.flagged(name, "readOnly")

    @once
    def _places(self) -> Members:
        """The schemas of each member, in requests and in answers."""
        names = dict.fromkeys([*self._requested, *self._names])
        return {
            name: [*self._requested.get(name, []), *self._names.get(name, [])] for name in names
        }

    @once
    def _defaults(self) -> Object:
        found = {
            name: shapes.find(self._document, places, "default")
            for name, places in self._places.items()
        }
        return {name: place.value for name, place in found.items() if place is not None}

    @once
    def _flags(self) -> dict[str, frozenset[str]]:
        return {
            flag: frozenset(
                name
                for name, places in self._places.items()
                if shapes.any_flag(self._document, places, [flag])
            )
            for flag in ("readOnly", "writeOnly")
        }

    def flagged(self, name: str, flag: str) -> bool:
        """Tell whether a member is `readOnly` or `writeOnly`, in requests or in answers."""
        return name in self._flags[flag]

    def _add(
        self, thing: Object, name: str, places: list[Place], base: Mapping[str, Any], key: str
    ) -> None:
        """Add a member that is missing: as it is shown or was before, else made from its schema."""
        if name in base:
            thing[name] = base[name]
        elif places:
            schema, seed = joined(self._document, places), f"{self._address}/{key}"
            with suppress(Unsatisfiable):
                thing[name] = sample(self._document, schema, seed, name=name)

    def _inner(self, value: Any, places: list[Place], base: Any, at: str, depth: int = 0) -> Any:
        """Return a value with what the server adds in it, and without what it keeps to itself."""
        if depth > _DEEPEST or not places:
            return value
        if isinstance(value, list):
            items = shapes.find(self._document, places, "items")
            return [
                self._inner(item, [items] if items else [], None, f"{at}/{n}", depth + 1)
                for n, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        shown = base if isinstance(base, dict) else {}
        names = shapes.properties(self._document, places)
        required = shapes.required(self._document, places)
        whole = {}
        for name, item in value.items():
            inner = names.get(name, [])
            if not shapes.any_flag(self._document, inner, ["writeOnly"]):
                whole[name] = self._inner(item, inner, shown.get(name), f"{at}/{name}", depth + 1)
        for name, inner in names.items():
            kept = shapes.any_flag(self._document, inner, ["writeOnly"])
            due = name in required or shapes.any_flag(self._document, inner, ["readOnly"])
            if name not in value and due and not kept:
                self._add(whole, name, inner, shown, at)
        return whole

    @once
    def ids(self) -> tuple[str, ...]:
        """The members that are the server's own names of a thing, beside its key."""
        return tuple(
            name
            for name in self._names
            if plain_name(name) in IDS and name != self._collection.key and self._is_servers(name)
        )

    @once
    def nullable(self) -> frozenset[str]:
        """The members of a thing that may be null."""
        return frozenset(
            name
            for name, places in self._names.items()
            if shapes.types(self._document, places)
            and fits(self._document, joined(self._document, places), None, "response")
        )

    # Whether it fits

    def _faults(self, schema: Place, value: Object) -> list[str]:
        """Return the fields of an object that do not fit a schema."""
        return [fault.field for fault in value_violations(self._document, schema, value, "it")]

    def _mended(
        self, schema: Place, thing: Object, base: Mapping[str, Any], fixed: Object, key: str
    ) -> Object:
        """Return the thing with members of its own instead of those that do not fit."""
        required = shapes.required(self._document, [schema])
        mended = dict(thing)
        visible = self._visible(thing, self._names, [schema])
        for name in _members_in(self._faults(schema, visible), thing):
            if name not in fixed:
                del mended[name]
                if name in required or (name in base and self._is_servers(name)):
                    self._add(mended, name, self._names.get(name, []), base, key)
        return mended

    def _another(self, schema: Place, fixed: Object, key: str) -> Object | None:
        """Return a thing that is made from its schema alone, where that fits."""
        try:
            made = sample(self._document, schema, f"{self._address}/{key}")
        except Unsatisfiable:
            return None
        whole = {**made, **fixed} if isinstance(made, dict) else None
        return whole if whole is not None and not self._faults(schema, whole) else None

    # What is shown

    def shown(self, body: Body, thing: Object, base: Mapping[str, Any], key: str) -> Object:
        """Return what a body shows of a thing; `base` is what the document shows there."""
        schema, item = body.item, self._collection.item
        if self._document.follow(schema).pointer == self._document.follow(item).pointer:
            return self._visible(thing, self._names, [item])
        first: Object | None = None
        for shape in self._alternatives(schema):
            view = self._view(shape, thing, base, key)
            if not self._faults(schema, view):
                return view
            first = first or view
        assert first is not None
        own = self._collection.key
        fixed = {own: thing[own]} if own in first and own in thing else {}
        return self._another(schema, fixed, key) or first

    def _view(
        self, shape: shapes.Shape, thing: Object, base: Mapping[str, Any], key: str
    ) -> Object:
        """Return what an alternative shows of a thing, with what it needs besides."""
        names = shapes.properties(self._document, shape.parts)
        required = shapes.required(self._document, shape.parts)
        view = self._visible(thing, names, shape.parts)
        schema = joined(self._document, list(shape.parts))
        for name in _members_in(self._faults(schema, view), view):
            del view[name]
        for name in names:
            if name in required and name not in view:
                self._add(view, name, names[name], base, key)
        return view

    def _visible(self, thing: Object, names: Members, parts: Sequence[Place]) -> Object:
        """Return what a thing shows where these members of a schema are declared.

        A member that requests or things declare and this answer does not is not meant for it.
        """
        if not names:
            return dict(thing)
        closed = self._is_closed(parts)
        return {
            name: value
            for name, value in thing.items()
            if name in names or not (closed or name in self._places)
        }

    def _is_closed(self, parts: Sequence[Place]) -> bool:
        """Tell whether schemas allow no members but those that they declare."""
        key = tuple(part.pointer for part in parts)
        if key not in self._closed:
            found = (shapes.find(self._document, parts, keyword) for keyword in _CLOSING)
            self._closed[key] = any(asked and asked.value is False for asked in found)
        return self._closed[key]


def _members_in(fields: Iterable[str], thing: Object) -> list[str]:
    """Return the members that fields such as `it.price` or `it.tags[0].name` lead into."""
    return [
        name
        for name in thing
        if any(re.match(rf"it\.{re.escape(name)}(?:[.\[]|$)", field) for field in fields)
    ]


def parent_members(collection: Collection, values: Iterable[str]) -> Object:
    """Return the members that say below which thing a thing is: `userId` below `/users/{userId}`.

    `values` are those of the path parameters above it.
    """
    found: Object = {}
    plain = {plain_name(name): name for name in collection.names if name != collection.key}
    for (before, name), value in zip(_parents(collection), values, strict=False):
        meant = [plain_name(name), *(thing + plain_name(name) for thing in singulars(before))]
        member = next((plain[one] for one in meant if one in plain), None)
        if member is not None:
            schema = joined(collection.document, collection.names[member])
            own = typed(collection.document, schema, value)
            if fits(collection.document, schema, own, "response"):
                found[member] = own
    return found


def _parents(collection: Collection) -> Iterator[tuple[str, str]]:
    """Yield the path parameters above the things, with the segments before them."""
    segments = collection.path.split("/")
    for before, segment in pairwise(segments):
        for name in re.findall(r"\{([^{}]+)\}", segment):
            yield before, name


def typed(document: Document, schema: Place, text: str) -> Any:
    """Return the value that a text stands for where a schema asks for no text."""
    types = shapes.types(document, [schema])
    value: Any = text
    if "integer" in types and re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        value = int(text)
    elif "number" in types and re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text, re.ASCII):
        value = float(text)
    elif "boolean" in types and text in {"true", "false"}:
        value = text == "true"
    return value if value == text or fits(document, schema, value, "request") else text


def merged(old: Any, patch: Any, nulls: Container[str] = ()) -> Any:
    """Return what a merge patch makes of a value (RFC 7396 § 2): null removes a member.

    `nulls` are members of the outermost object that become null instead.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is not None:
            result[name] = merged(result.get(name), value)
        elif name in nulls:
            result[name] = None
        else:
            result.pop(name, None)
    return result

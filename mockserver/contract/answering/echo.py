"""Makes an answer speak of what was asked for: `GET /pets/7` answers the pet 7."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.contract import shapes
from mockserver.contract.templates import plain
from mockserver.contract.values import value_violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place

_ID: Final = re.compile(r"(^|[a-z_-])(id|Id|ID)$")
_NAME: Final = re.compile(r"\{([^{}/]+)\}")
_ENVELOPES: Final = frozenset({"data", "item", "result"})


class _Asked(NamedTuple):
    """A path parameter of the request, and what in a body may mean it.

    `own` are names that a property of the thing itself may have, `others` those of a property of
    something else that refers to it. `links` finds it, as the last group, in a path.
    """

    name: str
    text: str
    own: tuple[str, ...]
    others: tuple[str, ...]
    links: re.Pattern[str]


class Echo:
    """What one request asks for by its path; changes the values and links of an answer to it.

    A parameter means the property of its own name. The `petId`, `pet_id` or `id` that ends a path
    is also the `id` of what is answered; an `id` further in is that of something else: in
    `/orders/{id}/payment` it is the payment's `orderId`.
    """

    def __init__(self, document: Document, path: str, parameters: Mapping[str, str]) -> None:
        self._document = document
        self._asked = list(_asked(plain(path), parameters))
        self._old: dict[str, str] = {}
        """What the answer said in place of a parameter, by its name."""

    def __bool__(self) -> bool:
        return bool(self._asked)

    def change(self, schema: Place, value: Any) -> Any:
        """Return a value, whose objects may be changed, with what was asked for in it.

        That is a property of the object or of the object in an envelope of one; in the items of
        a list, one that refers to it. A property that could not be so stays as it is.
        """
        for one in self._asked:
            found = self._put(one, schema, value)
            olds = {found} if found is not None else set(_linked(one, value))
            if len(olds) == 1:
                self._old[one.name] = olds.pop()
        return self._relinked(value)

    def link(self, text: str) -> str:
        """Return a path or URL that leads to the new thing where it led to the old."""
        for one in self._asked:
            found = one.links.search(text) if one.name in self._old else None
            if found and found[1] == self._old[one.name]:
                text = text[: found.start(1)] + one.text + text[found.end(1) :]
        return text

    def _put(self, one: _Asked, schema: Place, value: Any) -> str | None:
        """Put what was asked for where it belongs; returns what was there."""
        was: str | None = None
        for holder, places, whole in self._holders(schema, value):
            names = one.own if whole else one.others
            spelled = {_folded(name): name for name in reversed(holder)}
            name = next((spelled[_folded(n)] for n in names if _folded(n) in spelled), None)
            if name is None:
                continue
            new = self._fitting(places.get(name, []), holder[name], one.text)
            if new is not None:
                was = str(holder[name])
                holder[name] = new
            if whole:
                break
        return was

    def _holders(
        self, schema: Place, value: Any
    ) -> Iterator[tuple[dict[str, Any], dict[str, list[Place]], bool]]:
        """Yield the objects that may hold it, the schemas of their members, and if they are it."""
        yield from self._items([schema], value)
        if not isinstance(value, dict):
            return
        members = shapes.properties(self._document, [schema])
        yield value, members, True
        for name, member in value.items():
            inner = members.get(name, [])
            if isinstance(member, dict) and name in _ENVELOPES:
                yield member, shapes.properties(self._document, inner), True
            yield from self._items(inner, member)

    def _items(
        self, schemas: list[Place], value: Any
    ) -> Iterator[tuple[dict[str, Any], dict[str, list[Place]], bool]]:
        if isinstance(value, list):
            items = shapes.find(self._document, schemas, "items")
            members = shapes.properties(self._document, [items] if items else [])
            yield from ((item, members, False) for item in value if isinstance(item, dict))

    def _fitting(self, schemas: list[Place], old: Any, text: str) -> Any:
        """Return the text as a value of the property's kind; None where it cannot be one."""
        if isinstance(old, bool) or not isinstance(old, int | str):
            return None
        new: Any = text
        if isinstance(old, int):
            if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
                return None
            new = int(text)
        wrong = any(value_violations(self._document, schema, new, "id") for schema in schemas)
        return None if wrong else new

    def _relinked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.link(value) if "/" in value else value
        if isinstance(value, list):
            return [self._relinked(item) for item in value]
        if isinstance(value, dict):
            return {key: self._relinked(item) for key, item in value.items()}
        return value


def _asked(path: str, parameters: Mapping[str, str]) -> Iterator[_Asked]:
    segments = path.split("/")[1:]
    for at, segment in enumerate(segments):
        for name in _NAME.findall(segment):
            if name in parameters:
                before = segments[at - 1] if at else ""
                called = _called(before) if name == "id" and "{" not in before else name
                last = at == len(segments) - 1
                own = (name, "id") if last and _ID.search(name) else (called,)
                links = re.compile("".join(map(_link, segments[:at])) + _link(segment, name))
                yield _Asked(name, parameters[name], own, (called,), links)


def _folded(name: object) -> str:
    """Return a name as it is in every spelling: `petId`, `pet_id`, `PetID`."""
    return re.sub(r"[-_]", "", str(name)).lower()


def _called(collection: str) -> str:
    """Return what refers to a thing of a collection: `orderId` to one of the `orders`."""
    return f"{re.sub(r'ies$', 'y', collection).removesuffix('s')}Id"


def _link(segment: str, name: str | None = None) -> str:
    """Return a pattern for a segment of a path, whose group is what `name` stands for."""
    parts = _NAME.split(segment)
    texts = [re.escape(text) for text in parts[::2]]
    groups = ["([^/?#]+)" if found == name else "[^/?#]+" for found in parts[1::2]]
    between = [piece for pair in zip(groups, texts[1:], strict=True) for piece in pair]
    return "/" + texts[0] + "".join(between)


def _linked(one: _Asked, value: Any) -> Iterator[str]:
    """Yield what stands for a parameter in the paths among the texts of a value."""
    if isinstance(value, str):
        found = one.links.search(value)
        if found:
            yield found[1]
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _linked(one, item)

"""What a schema says about shape: its alternatives, properties and constants, references followed.

Everything here ends on a schema that is recursive, and treats what is malformed as absent.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.contract.place import Place, reference, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.contract.document import Document

MOST = 1000
"""How many alternatives one schema may have; beyond it, it is left as one."""

DEEPEST = 50
"""How deep unions may stand in each other."""

_COMPONENTS = "/components/schemas/"
_UNIONS = ("oneOf", "anyOf")
_APART = frozenset({*_UNIONS, "allOf", "unevaluatedProperties"})
NOTES = frozenset(
    ["description", "title", "summary", "discriminator", "example", "examples", "deprecated"]
)
"""Keywords that ask nothing of a value."""


class Shape(NamedTuple):
    """One alternative: schemas that hold together, and what a discriminator calls it."""

    parts: tuple[Place, ...]
    names: dict[str, list[str]]

    @property
    def pointer(self) -> str:
        """Where the most particular of the parts stands."""
        return self.parts[-1].pointer


def alternatives(document: Document, schema: Place) -> list[Shape]:
    """Flatten `$ref`, `allOf`, `oneOf` and `anyOf` into the alternatives of a schema.

    A schema without a union in it stays whole: it is its own only alternative.
    """
    return _Flattener(document).alternatives(schema, ())


def conjunctions(document: Document, schemas: Sequence[Place]) -> list[Shape]:
    """Return the alternatives of schemas that must hold together."""
    return _product([alternatives(document, schema) for schema in schemas])


class _Flattener:
    """Flattens one schema; gives up on schemas that would take for ever or nest too deeply."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._left = 10 * MOST

    def alternatives(self, schema: Place, seen: tuple[str, ...]) -> list[Shape]:
        whole = [Shape((schema,), {})]
        target = self._document.follow(schema)
        self._left -= 1
        if target.pointer in seen or not target.object or len(seen) > DEEPEST or self._left < 0:
            return whole
        seen = (*seen, target.pointer)
        unions = [key for key in _UNIONS if target.object.get(key)]
        choices = [self._union(target, key, seen) for key in unions]
        choices += [self.alternatives(part, seen) for part in target.get("allOf").items()]
        if not unions and all(len(choice) <= 1 for choice in choices):
            return whole
        return _product([*_beside(schema, target), *choices]) or whole

    def _union(self, schema: Place, key: str, seen: tuple[str, ...]) -> list[Shape]:
        found: list[Shape] = []
        property_, mapping = _discriminator(self._document, schema)
        implicit = bool(schema.get("discriminator").text("propertyName"))
        for member in schema.get(key).items():
            pointer = self._document.follow(member).pointer
            names = mapping.get(pointer) or (_component(pointer) if implicit else [])
            for shape in self.alternatives(member, seen):
                own = {property_: names, **shape.names} if names else shape.names
                found.append(Shape(shape.parts, own))
        return found


def _beside(schema: Place, target: Place) -> list[list[Shape]]:
    """Return what a schema says beside its unions, and beside the reference that led to it."""
    rest = {k: v for k, v in target.object.items() if k not in _APART}
    if reference(schema.value):
        rest |= {k: v for k, v in schema.object.items() if k != "$ref"}
    return [[Shape((Place(rest, target.pointer),), {})]] if rest.keys() - NOTES else []


def _discriminator(document: Document, schema: Place) -> tuple[str, dict[str, list[str]]]:
    """Return the property and, for each schema that the mapping leads to, its names."""
    discriminator = schema.get("discriminator")
    names: dict[str, list[str]] = {}
    for name, place in discriminator.get("mapping").members():
        target = place.value if isinstance(place.value, str) else ""
        ref = target if "#" in target else f"#/components/schemas/{target}"
        found = document.follow(Place({"$ref": ref}, ""))
        names.setdefault(found.pointer, []).append(name)
    return discriminator.text("propertyName") or "type", names


def _component(pointer: str) -> list[str]:
    """Return the name of a component schema, by which a discriminator knows it without a mapping.

    OAS 3.1 § Discriminator Object. A discriminator that names no property names no schema either.
    """
    name = pointer.removeprefix(_COMPONENTS)
    return [] if name == pointer or "/" in name else [unescape(name)]


def _product(choices: Sequence[list[Shape]]) -> list[Shape]:
    total = 1
    for choice in choices:
        total *= max(len(choice), 1)
    if total > MOST:
        choices = [choice[:1] if len(choice) > 1 else choice for choice in choices]
    shapes = []
    for combination in product(*(choice for choice in choices if choice)):
        parts = tuple(part for shape in combination for part in shape.parts)
        names = {key: value for shape in combination for key, value in shape.names.items()}
        if parts:
            shapes.append(Shape(parts, names))
    return shapes


def _all(document: Document, parts: Iterable[Place]) -> Iterator[Place]:
    """Yield every schema that holds together with these: through `$ref` and `allOf`."""
    seen: set[tuple[str, int]] = set()
    stack = list(parts)[::-1]
    while stack:
        place = stack.pop()
        key = (place.pointer, id(place.value))
        if key in seen or not isinstance(place.value, dict):
            continue
        seen.add(key)
        yield place
        if reference(place.value):
            stack.append(document.lookup(place.value["$ref"]) or Place(None, ""))
        stack.extend(reversed(list(place.get("allOf").items())))


def properties(document: Document, parts: Iterable[Place]) -> dict[str, list[Place]]:
    """Return the schemas of each property of schemas that hold together."""
    found: dict[str, list[Place]] = {}
    for schema in _all(document, parts):
        for name, place in schema.get("properties").members():
            found.setdefault(name, []).append(place)
    return found


def required(document: Document, parts: Iterable[Place]) -> set[str]:
    """Return the properties that one of the schemas requires."""
    names: set[str] = set()
    for schema in _all(document, parts):
        names.update(i.value for i in schema.get("required").items() if isinstance(i.value, str))
    return names


def find(document: Document, parts: Iterable[Place], keyword: str) -> Place | None:
    """Return the value of a keyword in the first schema that has it."""
    for schema in _all(document, parts):
        if schema.object.get(keyword) is not None:
            return schema.get(keyword)
    return None


def any_flag(document: Document, parts: Iterable[Place], names: Iterable[str]) -> bool:
    """Tell whether an extension is set to true in one of the schemas."""
    return any(s.object.get(name) is True for s in _all(document, parts) for name in names)


def constant(document: Document, parts: Iterable[Place]) -> Any:
    """Return the only value that the schemas allow, or None: `const`, or an enum of one."""
    for schema in _all(document, parts):
        value = schema.object
        if value.get("const") is not None:
            return value["const"]
        enum = value.get("enum")
        if isinstance(enum, list) and len(enum) == 1:
            return enum[0]
    return None


def constants(document: Document, parts: Iterable[Place]) -> dict[str, Any]:
    """Return the properties of which the schemas allow one plain value only."""
    found = {}
    for name, places in properties(document, parts).items():
        value = constant(document, places)
        if isinstance(value, str | int | float | bool):
            found[name] = value
    return found


def lets(document: Document, parts: Sequence[Place], name: str, text: str) -> bool:
    """Tell whether a property may be that text, as far as types and listed values say."""
    places = properties(document, parts).get(name, [])
    if not places and any(_is_closed(schema) for schema in _all(document, parts)):
        return False
    named, listed = types(document, places), texts(document, places)
    fixed = constant(document, places)
    if fixed is not None:
        return bool(fixed == text)
    return (not named or "string" in named) and (not listed or text in listed)


def _is_closed(schema: Place) -> bool:
    keys = ("additionalProperties", "unevaluatedProperties")
    return any(schema.object.get(key) is False for key in keys)


def texts(document: Document, parts: Sequence[Place]) -> list[str]:
    """Return the texts that the schemas allow, where they list them; else an empty list."""
    names: dict[str, None] = {}
    for shape in conjunctions(document, parts) if parts else []:
        for schema in _all(document, shape.parts):
            value = schema.object
            enum = value.get("enum")
            listed = [value["const"]] if "const" in value else enum
            for name in listed if isinstance(listed, list) else []:
                if isinstance(name, str):
                    names[name] = None
    return list(names)


def types(document: Document, parts: Iterable[Place]) -> set[str]:
    """Return the types that the schemas name, without null."""
    found: set[str] = set()
    for schema in _all(document, parts):
        named = schema.object.get("type")
        listed = named if isinstance(named, list) else [named]
        found.update(name for name in listed if isinstance(name, str))
    return found - {"null"} or found


def is_text(document: Document, parts: Sequence[Place]) -> bool:
    """Tell whether text is all that the schemas allow, or whether they allow just anything."""
    if is_never(document, parts):
        return False
    named = types(document, parts)
    if named:
        return named == {"string"}
    listed = find(document, parts, "enum")
    if listed is not None:
        return all(isinstance(item.value, str) for item in listed.items())
    return all(not schema.object.keys() - NOTES for schema in _all(document, parts))


def is_null(document: Document, parts: Iterable[Place]) -> bool:
    """Tell whether null is all that the schemas allow."""
    return types(document, parts) == {"null"}


def is_never(document: Document, parts: Iterable[Place]) -> bool:
    """Tell whether one of the schemas is `false`, which nothing fits."""
    return any(document.follow(part).value is False for part in parts)


def joined(parts: Sequence[Place]) -> dict[str, Any]:
    """Return one schema that says what all of these say."""
    schemas = [part.value for part in parts if isinstance(part.value, dict)]
    if len(schemas) == 1:
        schema: dict[str, Any] = schemas[0]
        return schema
    return {"allOf": schemas} if schemas else {}

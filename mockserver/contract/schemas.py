"""Schemas of any OpenAPI version, made into JSON Schema 2020-12 that a validator can take.

References become the very object they lead to, so that a recursive schema is an object that
contains itself: the validator follows it only as deep as the value goes, and pays for no lookup.
A keyword that is malformed asks nothing: documents in the wild must not break the validator.
What is required depends on the direction (OAS 3.1 § Schema Object, `readOnly` and `writeOnly`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from mockserver.contract.place import Place, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockserver.contract.document import Document

Schema = dict[str, Any] | bool

Direction = Literal["request", "response"]
"""Who sends a value; a server's events and callbacks are told like responses."""

ABSENT: Final[dict[Direction, str]] = {"request": "readOnly", "response": "writeOnly"}
"""The flag of properties that need not be in a value of a direction, though they are required."""

_ONE = frozenset(
    [
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    ]
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})
_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return _number(value) and value >= 0 and value == int(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _compiles(pattern: Any) -> bool:
    """Tell whether a pattern, which ECMA-262 defines, is one for Python too."""
    try:
        re.compile(pattern)
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return True


FORMATS: Final = ("date", "date-time", "email", "ipv4", "ipv6", "time", "uuid")
"""The formats that are checked: those of which there is one reading (RFC 3339, 4122, …)."""

_PLAIN: dict[str, Callable[[Any], bool]] = {
    "const": lambda _: True,
    "enum": lambda value: isinstance(value, list),
    "type": lambda value: set(value if isinstance(value, list) else [value]) <= _TYPES,
    "required": _names,
    "dependentRequired": lambda v: isinstance(v, dict) and all(map(_names, v.values())),
    "uniqueItems": lambda value: isinstance(value, bool),
    "pattern": _compiles,
    "format": FORMATS.__contains__,
    "multipleOf": lambda value: _number(value) and value > 0,
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _number),
    **dict.fromkeys(
        [
            "maxLength",
            "minLength",
            "maxItems",
            "minItems",
            "maxProperties",
            "minProperties",
            "maxContains",
            "minContains",
        ],
        _count,
    ),
}


def normaliser(document: Document, direction: Direction) -> Normaliser:
    """Return the one normaliser of a document for a direction."""
    key = f"normaliser of a {direction}"
    if key not in document.cache:
        document.cache[key] = Normaliser(document, direction)
    made: Normaliser = document.cache[key]
    return made


NOTED: Final[dict[str, Callable[[Any], bool]]] = {
    "contentEncoding": lambda value: isinstance(value, str),
    "contentMediaType": lambda value: isinstance(value, str),
    "default": lambda _: True,
    "discriminator": lambda value: isinstance(value, dict),
    "example": lambda _: True,
    "examples": lambda value: isinstance(value, list),
    "format": lambda value: isinstance(value, str),
    "readOnly": lambda value: value is True,
    "writeOnly": lambda value: value is True,
}
"""The keywords that ask nothing of a value and yet say something of it; and what each has to be."""


class Normal(dict[str, Any]):
    """A schema made fit for a validator, and beside it what tells a validator nothing.

    Its text is the pointer to where it stands, as it would be without end where it contains itself.
    """

    __slots__ = ("notes", "pointer")

    def __init__(self, pointer: str) -> None:
        super().__init__()
        self.pointer = pointer
        self.notes: dict[str, Any] = {}
        """What the document says for those who make values, or read them: of `NOTED`."""

    def __repr__(self) -> str:
        return f"#{self.pointer}"


class Normaliser:
    """Makes schemas of one document fit for a validator; each one once."""

    def __init__(self, document: Document, direction: Direction = "response") -> None:
        self._document = document
        self._absent = ABSENT[direction]
        self._made: dict[str, Normal] = {}
        self._waiting: list[tuple[Normal, Place]] = []

    def schema(self, place: Place) -> Schema:
        """Return the schema at a place, all it refers to included."""
        made = self._guarded(place)
        # References wait here for their turn: a chain of them may be longer than the stack.
        while self._waiting:
            empty, target = self._waiting.pop()
            filled = self._guarded(target)
            if isinstance(filled, Normal):
                empty.update(filled)
                empty.notes.update(filled.notes)
        return made

    def _guarded(self, place: Place) -> Schema:
        try:
            return self._part(place)
        except RecursionError:  # Nested hundreds deep in itself: nothing is asked of its values.
            return True

    def _referred(self, ref: str) -> Schema:
        target = self._document.lookup(ref)
        if target is None or not isinstance(target.value, dict):
            return self._part(target) if target else True
        if target.pointer not in self._made:
            self._made[target.pointer] = Normal(target.pointer)
            self._waiting.append((self._made[target.pointer], target))
        return self._made[target.pointer]

    def _part(self, place: Place) -> Schema:
        if isinstance(place.value, bool):
            return place.value
        return self._normal(place) if isinstance(place.value, dict) else True

    def _normal(self, place: Place) -> Normal:
        value, made = place.object, Normal(place.pointer)
        for key, asked in value.items():
            if key in _ONE and isinstance(asked, dict | bool):
                made[key] = self._part(place.get(key))
            elif key == "contentSchema" and isinstance(asked, dict | bool):
                made.notes[key] = self._part(place.get(key))
            elif key in _LISTS or (key == "items" and isinstance(asked, list)):
                parts = [self._part(part) for part in place.get(key).items()]
                if parts:
                    made["prefixItems" if key == "items" else key] = parts
            elif key in _MAPS:
                members = place.get(key).members()
                made[key] = {
                    name: self._part(part)
                    for name, part in members
                    if key != "patternProperties" or _compiles(name)
                }
            elif key in _PLAIN and _is(_PLAIN[key], asked):
                made[key] = asked
            elif key in NOTED and _is(NOTED[key], asked):
                made.notes[key] = asked
        self._shift(value, made)
        if "required" in made:
            made["required"] = [n for n in made["required"] if not self._is_absent(place, n)]
        return self._with_reference(value, made)

    def _with_reference(self, value: dict[Any, Any], made: Normal) -> Normal:
        """Let what stands beside a `$ref` hold as well (OAS 3.1 on; harmless before)."""
        ref = reference(value) or _dynamic(value)
        if ref is not None:
            target = self._referred(ref)
            if not made and isinstance(target, Normal):
                made.pointer = target.pointer
            made["allOf"] = [target, *made.get("allOf", [])]
        if value.get("nullable") is not True:
            return made
        # OAS 3.0 § Schema Object: nullable adds null to `type`. Beside a `$ref` it is meant to.
        if "type" in made and ref is None:
            types = made["type"] if isinstance(made["type"], list) else [made["type"]]
            made["type"] = [*types, "null"]
            if "enum" in made and None not in made["enum"]:
                made["enum"] = [*made["enum"], None]
            if not made.keys() & (_LISTS | {"not", "const"}):
                return made
        either, null = Normal(made.pointer), Normal(made.pointer)
        null["type"] = "null"
        either["anyOf"] = [made, null]
        return either

    def _shift(self, value: dict[Any, Any], made: dict[str, Any]) -> None:
        """Read the boolean `exclusiveMinimum` and `exclusiveMaximum` of OAS 3.0."""
        for key, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if value.get(key) is True and bound in made:
                made[key] = made.pop(bound)

    def _is_absent(self, place: Place, name: str) -> bool:
        """Tell whether a property is for the other direction only: then no value has to have it."""
        return any(
            flagged(self._document, schema.get("properties").get(name), self._absent)
            for schema in parts(self._document, place)
        )


def parts(document: Document, schema: Place) -> Iterator[Place]:
    """Yield the schemas that hold together with this one: through `$ref` and `allOf`."""
    seen: set[int] = set()
    stack = [schema]
    while stack:
        place = stack.pop()
        if id(place.value) in seen or not isinstance(place.value, dict):
            continue
        seen.add(id(place.value))
        yield place
        ref = reference(place.value)
        if ref is not None:
            stack.append(document.lookup(ref) or Place(None, ""))
        stack.extend(reversed(list(place.get("allOf").items())))


def flagged(document: Document, schema: Place, flag: str) -> bool:
    """Tell whether a schema, or one that holds together with it, sets a flag to true."""
    return schema.value is not None and any(
        place.object.get(flag) is True for place in parts(document, schema)
    )


def _is(test: Callable[[Any], bool], value: Any) -> bool:
    try:
        return test(value)
    except (TypeError, ValueError, OverflowError):
        return False


def _dynamic(value: dict[Any, Any]) -> str | None:
    ref = value.get("$dynamicRef")
    return ref if isinstance(ref, str) else None

"""Schemas of any OpenAPI version, made into JSON Schema 2020-12 that a validator can take.

References become the very object they lead to, so that a recursive schema is an object that
contains itself: the validator follows it only as deep as the value goes, and pays for no lookup.
A keyword that is malformed asks nothing: documents in the wild must not break the validator.
What is required depends on the direction (OAS 3.1 § Schema Object, `readOnly` and `writeOnly`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from mockserver.contract.formats import FORMATS
from mockserver.contract.place import Place, reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def _may(key: str, part: Place) -> bool:
    """Tell whether a member of a list is one: of `oneOf`, what fits everything would spoil all."""
    return key != "oneOf" or isinstance(part.value, dict | bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return _number(value) and value >= 0 and value == int(value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _compiles(pattern: Any) -> bool:
    """Tell whether a pattern, which ECMA-262 defines, is one for Python too."""
    try:
        re.compile(_pattern(pattern))
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return True


def _pattern(pattern: str) -> str:
    """Write a pattern of ECMA-262 as Python has it.

    Between slashes, as JavaScript writes literals, an anchored pattern could match nothing at all:
    what stands between them is meant.
    """
    literal = re.fullmatch(r"/(\^.*\$)/([imsu]*)", pattern, re.DOTALL)
    if literal:
        flags = literal[2].replace("u", "")
        pattern = f"(?{flags}){literal[1]}" if flags else literal[1]
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern)


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
    with document.turn:
        if key not in document.cache:
            document.cache[key] = Normaliser(document, direction)
        made: Normaliser = document.cache[key]
        return made


NOTED: Final[dict[str, Callable[[Any], bool]]] = {
    "contentEncoding": lambda value: isinstance(value, str),
    "contentMediaType": lambda value: isinstance(value, str),
    "default": lambda _: True,
    "discriminator": lambda value: isinstance(value.get("propertyName"), str),
    "example": lambda _: True,
    "examples": lambda value: isinstance(value, list),
    "format": lambda value: isinstance(value, str),
    "readOnly": lambda value: value is True,
    "writeOnly": lambda value: value is True,
}
"""The keywords that ask nothing of a value and yet say something of it; and what each has to be."""


COMPONENTS: Final = "/components/schemas/"


class Normal(dict[str, Any]):
    """A schema made fit for a validator, and beside it what tells a validator nothing.

    Its text is the pointer to where it stands, as it would be without end where it contains itself.
    """

    __slots__ = ("notes", "pointer")

    def __init__(self, pointer: str) -> None:
        super().__init__()
        self.pointer = pointer
        self.notes: dict[str, Any] = {}
        """What the document says for those who make values, or read them: of `NOTED`.

        And `oneOf`, where the alternatives are told apart by a discriminator: they are under
        `anyOf` then, as documents in the wild have discriminated alternatives that fit each other.
        """

    def __repr__(self) -> str:
        return f"#{self.pointer}"


class Normaliser:
    """Makes schemas of one document fit for a validator; each one once."""

    def __init__(self, document: Document, direction: Direction) -> None:
        self._document = document
        self._absent = ABSENT[direction]
        self._made: dict[str, Normal] = {}
        self._waiting: list[tuple[Normal, Place]] = []

    def schema(self, place: Place) -> Schema:
        """Return the schema at a place, all it refers to included."""
        with self._document.turn:  # nobody else may see one that still waits to be filled
            return self._schema(place)

    def _schema(self, place: Place) -> Schema:
        own = place.pointer.startswith(COMPONENTS) and isinstance(place.value, dict)
        if own and self._document.at(place.pointer) == place:
            made: Schema = self._target(place)
        else:
            made = self._guarded(place)
        # References wait here for their turn: a chain of them may be longer than the stack.
        while self._waiting:
            empty, target = self._waiting.pop()
            filled = self._guarded(target)
            if isinstance(filled, Normal):
                empty.update(filled)
                empty.notes = filled.notes
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
        return self._target(target)

    def _target(self, place: Place) -> Normal:
        if place.pointer not in self._made:
            self._made[place.pointer] = Normal(place.pointer)
            self._waiting.append((self._made[place.pointer], place))
        return self._made[place.pointer]

    def _part(self, place: Place, around: tuple[Place, ...] = ()) -> Schema:
        """Return a schema; `around` are those of which it is a part by `allOf`."""
        if isinstance(place.value, bool):
            return place.value
        return self._normal(place, around) if isinstance(place.value, dict) else True

    def _normal(self, place: Place, around: tuple[Place, ...]) -> Normal:
        value, made = place.object, Normal(place.pointer)
        for key, asked in value.items():
            if key in _LISTS or (key == "items" and isinstance(asked, list)):
                line = (*around, place) if key == "allOf" else ()
                listed = place.get(key).items()
                if parts := [self._part(part, line) for part in listed if _may(key, part)]:
                    made["prefixItems" if key == "items" else key] = parts
            else:
                self._keyword(key, place.get(key), made)
        self._shift(value, made)
        if "discriminator" in made.notes and "oneOf" in made and "anyOf" not in made:
            made["anyOf"] = made.pop("oneOf")
            made.notes["oneOf"] = True
        if "required" in made:
            whole = (*around, place)
            made["required"] = [n for n in made["required"] if not self._is_absent(whole, n)]
        return self._with_reference(value, made)

    def _keyword(self, key: str, asked: Place, made: Normal) -> None:
        value = asked.value
        if key in _ONE and isinstance(value, dict | bool):
            made[key] = self._part(asked)
        elif key == "contentSchema" and isinstance(value, dict | bool):
            made.notes[key] = self._part(asked)
        elif key in _MAPS:
            members = asked.members()
            if key == "patternProperties":
                members = ((_pattern(n), part) for n, part in members if _compiles(n))
            made[key] = {name: self._part(part) for name, part in members}
        elif key in _PLAIN and _is(_PLAIN[key], value):
            made[key] = _pattern(value) if key == "pattern" else value
        elif key in NOTED and _is(NOTED[key], value):
            made.notes[key] = value

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
        either.notes = made.notes
        return either

    def _shift(self, value: dict[Any, Any], made: dict[str, Any]) -> None:
        """Read the boolean `exclusiveMinimum` and `exclusiveMaximum` of OAS 3.0."""
        for key, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if value.get(key) is True and bound in made:
                made[key] = made.pop(bound)

    def _is_absent(self, whole: Sequence[Place], name: str) -> bool:
        """Tell whether a property is for the other direction only: then no value has to have it."""
        return any(
            flagged(self._document, schema.get("properties").get(name), self._absent)
            for place in whole
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
    except (AttributeError, TypeError, ValueError, OverflowError):
        return False


def _dynamic(value: dict[Any, Any]) -> str | None:
    ref = value.get("$dynamicRef")
    return ref if isinstance(ref, str) else None

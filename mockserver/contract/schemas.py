"""Schemas of any OpenAPI version, made into JSON Schema 2020-12 that a validator can take.

References become the very object they lead to, so that a recursive schema is an object that
contains itself: the validator follows it only as deep as the value goes, and pays for no lookup.
A keyword that is malformed asks nothing: documents in the wild must not break the validator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mockserver.contract.place import Place, reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.contract.document import Document

Schema = dict[str, Any] | bool

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


FORMATS = ("date", "date-time", "email", "ipv4", "ipv6", "time", "uuid")
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


class Normaliser:
    """Makes schemas of one document fit for a validator; each one once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._made: dict[str, dict[str, Any]] = {}
        self._waiting: list[tuple[dict[str, Any], Place]] = []

    def schema(self, place: Place) -> Schema:
        """Return the schema at a place, all it refers to included."""
        made = self._guarded(place)
        # References wait here for their turn: a chain of them may be longer than the stack.
        while self._waiting:
            empty, target = self._waiting.pop()
            filled = self._guarded(target)
            empty.update(filled if isinstance(filled, dict) else {})
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
            self._made[target.pointer] = {}
            self._waiting.append((self._made[target.pointer], target))
        return self._made[target.pointer]

    def _part(self, place: Place) -> Schema:
        if isinstance(place.value, bool):
            return place.value
        return self._normal(place) if isinstance(place.value, dict) else True

    def _normal(self, place: Place) -> dict[str, Any]:
        value, made = place.object, dict[str, Any]()
        for key, asked in value.items():
            if key in _ONE and isinstance(asked, dict | bool):
                made[key] = self._part(place.get(key))
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
        self._shift(value, made)
        if "required" in made:
            made["required"] = [n for n in made["required"] if not self._write_only(place, n)]
        return self._with_reference(value, made)

    def _with_reference(self, value: dict[Any, Any], made: dict[str, Any]) -> dict[str, Any]:
        """Let what stands beside a `$ref` hold as well (OAS 3.1 on; harmless before)."""
        ref = reference(value) or _dynamic(value)
        if ref is not None:
            made["allOf"] = [self._referred(ref), *made.get("allOf", [])]
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
        return {"anyOf": [made, {"type": "null"}]}

    def _shift(self, value: dict[Any, Any], made: dict[str, Any]) -> None:
        """Read the boolean `exclusiveMinimum` and `exclusiveMaximum` of OAS 3.0."""
        for key, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if value.get(key) is True and bound in made:
                made[key] = made.pop(bound)

    def _write_only(self, place: Place, name: str) -> bool:
        """Tell whether a property is for requests only: then no event has to have it."""
        property_ = self._document.follow(place.get("properties").get(name))
        return property_.object.get("writeOnly") is True


def _is(test: Callable[[Any], bool], value: Any) -> bool:
    try:
        return test(value)
    except (TypeError, ValueError, OverflowError):
        return False


def _dynamic(value: dict[Any, Any]) -> str | None:
    ref = value.get("$dynamicRef")
    return ref if isinstance(ref, str) else None

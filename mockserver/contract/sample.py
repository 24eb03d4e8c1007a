"""Values made from schemas: what a schema shows for itself, else what fits it.

The same text as seed gives the same value in every process; a value that is returned is valid.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.values import fits, validator, value_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place
    from mockserver.contract.schemas import Direction, Schema

DRAWS: Final = 20
"""How many values are tried before a schema counts as one that nothing fits."""

DEEPEST: Final = 6
"""From which depth on objects have their required members only, arrays as few items as may be."""

_FORMATS: Final = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T12:00:00Z",
    "email": "ada@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uuid": "019b4132-0000-4000-8000-000000000001",
}


class Unsatisfiable(ValueError):  # noqa: N818  (it says what the schema is)
    """No value was found that fits a schema; the text says which, and what stands against it."""


def sample(
    document: Document,
    schema: Place,
    seed: str,
    n: int = 0,
    *,
    name: str = "",
    direction: Direction = "response",
) -> Any:
    """Return a value that fits a schema, the nth of a row; raise Unsatisfiable where none is found.

    `name` is what the value is called where it stands: a property or a parameter. In a response
    properties are left out that are `writeOnly`, in a request those that are `readOnly`.
    """
    normal = validator(document, schema, direction).schema
    value: Any = None
    for attempt in range(DRAWS):
        chance = random.Random(f"{seed}/{schema.pointer}/{n}/{attempt}")  # noqa: S311
        value = _Draw(chance, n, attempt, direction).value(normal, name)
        if fits(document, schema, value, direction):
            return value
    found = value_violations(document, schema, value, name or "value", direction)
    why = f": {found[0]}" if found else ""
    raise Unsatisfiable(f"no value was found that fits the schema at {schema.pointer}{why}")


class _Draw:
    """One attempt at a value."""

    def __init__(self, chance: random.Random, n: int, attempt: int, direction: Direction) -> None:
        self._chance = chance
        self._n = n
        self._attempt = attempt
        self._absent = "writeOnly" if direction == "response" else "readOnly"
        self._depth = 0

    def value(self, schema: Schema, name: str) -> Any:
        if isinstance(schema, bool):
            return name or "text"
        parts = list(_parts(schema, self._n + self._attempt, set()))
        shown = [value for part in parts for value in _shown(part)]
        if shown:
            return _copy(shown[(self._n + self._attempt) % len(shown)])
        self._depth += 1
        try:
            return self._of_type(parts, name)
        finally:
            self._depth -= 1

    def _of_type(self, parts: list[Any], name: str) -> Any:
        asked = {key: value for part in reversed(parts) for key, value in part.items()}
        types = asked.get("type", _inferred(asked))
        type_ = types if isinstance(types, str) else (types or ["null"])[0]
        if type_ == "object":
            return self._object(parts)
        if type_ == "array":
            return self._array(asked)
        if type_ in {"integer", "number"}:
            return self._number(asked, type_)
        if type_ == "string":
            return self._text(parts, asked, name)
        return self._chance.random() < 0.5 if type_ == "boolean" else None

    def _object(self, parts: list[Any]) -> dict[str, Any]:
        required = [name for part in parts for name in part.get("required", ())]
        schemas: dict[str, Any] = {}
        for part in parts:
            for name, schema in part.get("properties", {}).items():
                schemas.setdefault(name, schema)
        made = {}
        for name, schema in (schemas | dict.fromkeys(required, True) | schemas).items():
            optional = name not in required
            if optional and (self._depth > DEEPEST or self._attempt % 2 or self._is_absent(schema)):
                continue
            if self._depth < 40:
                made[name] = self.value(schema, name)
        return made

    def _is_absent(self, schema: Schema) -> bool:
        return schema is False or (
            schema is not True
            and any(part.notes.get(self._absent) for part in _parts(schema, 0, set()))
        )

    def _array(self, asked: dict[str, Any]) -> list[Any]:
        least, most = int(asked.get("minItems", 0)), int(asked.get("maxItems", 2**31))
        size = max(least, min(1 if self._depth <= DEEPEST else 0, most))
        first = asked.get("prefixItems", [])
        schemas = [*first, *[asked.get("items", True)] * size][: max(size, len(first))]
        return [self.value(schema, "") for schema in schemas] if self._depth < 40 else []

    def _number(self, asked: dict[str, Any], type_: str) -> float:
        low = asked.get("minimum", asked.get("exclusiveMinimum", -1) + 1)
        high = asked.get("maximum", asked.get("exclusiveMaximum", low + 101) - 1)
        step = asked.get("multipleOf", 1)
        value = self._chance.randint(int(low // step) + bool(low % step), int(high // step)) * step
        return int(value) if type_ == "integer" else value

    def _text(self, parts: list[Any], asked: dict[str, Any], name: str) -> str:
        for part in parts:
            format_ = part.get("format", part.notes.get("format"))
            if format_ in _FORMATS:
                return _FORMATS[format_]
        text = f"{name or 'text'}"
        least, most = int(asked.get("minLength", 0)), int(asked.get("maxLength", 2**31))
        return (text * (least // len(text) + 1))[: max(least, min(len(text), most))]


def _parts(schema: Schema, n: int, seen: set[int]) -> Iterator[Any]:
    """Yield the schemas that hold together with this one, of a union one alternative."""
    if isinstance(schema, bool) or id(schema) in seen:
        return
    seen.add(id(schema))
    yield schema
    for part in schema.get("allOf", ()):
        yield from _parts(part, n, seen)
    for union in ("oneOf", "anyOf"):
        if schema.get(union):
            yield from _parts(schema[union][n % len(schema[union])], n, seen)


def _shown(part: Any) -> list[Any]:
    """Return the values that a schema holds up itself."""
    shown = [part.notes["example"]] if "example" in part.notes else []
    shown = shown or part.notes.get("examples", [])
    shown = shown or ([part.notes["default"]] if "default" in part.notes else [])
    return shown or ([part["const"]] if "const" in part else part.get("enum", []))


def _inferred(asked: dict[str, Any]) -> str:
    """Return the type that the keywords are for."""
    if {"properties", "required", "additionalProperties"} & asked.keys():
        return "object"
    return "array" if "items" in asked else "string"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value

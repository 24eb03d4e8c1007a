"""What a schema could take, as far as texts have to be made into values of it.

Schemas are those of a `Normaliser`: cyclic, every keyword well-formed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.contract.schemas import Schema

_DEEPEST: Final = 30


def kinds(schema: Schema) -> frozenset[str] | None:
    """Return the JSON types that a schema could take (`integer` as `number`); None: any."""
    return _kinds(schema, {}, 0)


def _kinds(
    schema: Schema, known: dict[int, frozenset[str] | None], depth: int
) -> frozenset[str] | None:
    """Look at each schema once: a union of unions of itself has no end of branches."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    if id(schema) in known:
        return known[id(schema)]
    known[id(schema)] = None
    found = _own_kinds(schema)
    for part in schema.get("allOf", ()):
        found = _both(found, _kinds(part, known, depth + 1))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            found = _both(found, _either([_kinds(part, known, depth + 1) for part in schema[key]]))
    known[id(schema)] = found
    return found


def _own_kinds(schema: dict[str, Any]) -> frozenset[str] | None:
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return frozenset("number" if type_ == "integer" else type_ for type_ in types)
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return frozenset(map(_kind, values))
    if schema.keys() & {"properties", "required"}:
        return frozenset({"object"})
    return frozenset({"array"}) if schema.keys() & {"items", "prefixItems"} else None


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _both(left: frozenset[str] | None, right: frozenset[str] | None) -> frozenset[str] | None:
    if left is None or right is None:
        return right if left is None else left
    return left & right


def kinds_of(schemas: Sequence[Schema]) -> frozenset[str] | None:
    """Return the JSON types that one of several schemas could take; None: any."""
    return _either([kinds(schema) for schema in schemas]) if schemas else None


def takes(kind: str, wanted: frozenset[str] | None) -> bool:
    """Tell whether a type is among those that are asked for by name."""
    return wanted is not None and kind in wanted


def _either(found: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    return None if None in found else frozenset().union(*(part for part in found if part))


def takes_any_text(schema: Schema, shortest: int) -> bool:
    """Tell whether every text of at least that length fits a schema; False where that is hard."""
    return _takes_any_text(schema, shortest, set(), 0)


def _takes_any_text(schema: Schema, shortest: int, seen: set[int], depth: int) -> bool:
    if isinstance(schema, bool):
        return schema
    if id(schema) in seen or depth > _DEEPEST:
        return False
    seen.add(id(schema))
    for key, asked in schema.items():
        match key:
            case "type":
                passes = "string" in (asked if isinstance(asked, list) else [asked])
            case "minLength":
                passes = asked <= shortest
            case "allOf":
                passes = all(_takes_any_text(part, shortest, seen, depth + 1) for part in asked)
            case "anyOf":
                passes = any(_takes_any_text(part, shortest, seen, depth + 1) for part in asked)
            case _:
                passes = False
        if not passes:
            return False
    return True


def branches(schemas: Iterable[Schema]) -> list[dict[str, Any]]:
    """Return schemas with all that hold beside them or instead of them."""
    found: dict[int, dict[str, Any]] = {}
    stack = list(schemas)[::-1]
    while stack:
        schema = stack.pop()
        if not isinstance(schema, dict) or id(schema) in found:
            continue
        found[id(schema)] = schema
        for key in ("allOf", "anyOf", "oneOf"):
            stack.extend(reversed(schema.get(key, ())))
    return list(found.values())


def members(schemas: Iterable[Schema]) -> dict[str, list[Schema]]:
    """Return the properties that schemas declare, each with all schemas that speak of it."""
    found: dict[str, list[Schema]] = {}
    for schema in branches(schemas):
        for name, part in schema.get("properties", {}).items():
            found.setdefault(name, []).append(part)
    return found


def member(schemas: Iterable[Schema], name: str) -> list[Schema]:
    """Return the schemas that speak of one property, those of additional ones included."""
    parts = branches(schemas)
    named: list[Schema] = [s["properties"][name] for s in parts if name in s.get("properties", {})]
    return named or [s["additionalProperties"] for s in parts if "additionalProperties" in s]


def items(schemas: Iterable[Schema]) -> list[Schema]:
    """Return the schemas that speak of the items of arrays."""
    found: list[Schema] = []
    for schema in branches(schemas):
        found += schema.get("prefixItems", ())
        found += [schema["items"]] if "items" in schema else []
    return found

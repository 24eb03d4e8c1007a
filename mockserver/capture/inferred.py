"""A schema that fits the values which were seen, and says no more than these show (JSON Schema)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST: Final = 12
_WIDEST: Final = 60
"""Members from which on an object is a map, whose keys are no names."""
_KINDS: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
}


def inferred(values: Sequence[Any], depth: int = 0) -> dict[str, Any]:
    """Return the schema of values; members that all objects have are required."""
    kinds = {_kind(value) for value in values}
    if "number" in kinds:
        kinds.discard("integer")
    if not kinds or depth > _DEEPEST:
        return {}
    ordered = sorted(kinds)
    schema: dict[str, Any] = {"type": ordered[0] if len(ordered) == 1 else ordered}
    objects = [value for value in values if isinstance(value, dict)]
    if objects:
        schema |= _object(objects, depth)
    items = [item for value in values if isinstance(value, list) for item in value]
    if items:
        schema["items"] = inferred(items, depth + 1)
    return schema


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else _KINDS[type(value)]


def _object(objects: Sequence[dict[str, Any]], depth: int) -> dict[str, Any]:
    names = list(dict.fromkeys(name for one in objects for name in one))
    if not names or len(names) > _WIDEST:
        return {}
    required = [name for name in names if all(name in one for one in objects)]
    members = {
        name: inferred([one[name] for one in objects if name in one], depth + 1) for name in names
    }
    return ({"required": required} if required else {}) | {"properties": members}

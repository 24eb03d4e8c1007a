"""JSON values told apart, and the types that they and schemas have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENOUGH: Final = 50
"""How many values that a schema lists are gone round in."""


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal as JSON has it: 1 is 1.0, and not true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def among(value: Any, lists: Sequence[Sequence[Any]]) -> bool:
    """Tell whether a value is in every list."""
    return all(any(same(value, item) for item in items) for items in lists)


def distinct(values: Iterable[Any]) -> list[Any]:
    """Return the values without doubles, the first of them."""
    found: list[Any] = []
    for value in values:
        if len(found) == ENOUGH:  # Nobody is asked whether the rest fit: it may be thousands.
            break
        if not any(same(value, other) for other in found):
            found.append(value)
    return found


def both(types: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Return the types that two lists have in common; an integer is a number."""
    found = [t for t in types if t in asked or (t == "integer" and "number" in asked)]
    return found + [t for t in asked if t == "integer" and "number" in types and t not in found]


def types_of(value: Any) -> tuple[str, ...]:
    """Return the types of JSON Schema that a value has."""
    match value:
        case bool():
            return ("boolean",)
        case None:
            return ("null",)
        case str():
            return ("string",)
        case int():
            return ("integer", "number")
        case float():
            return ("integer", "number") if value.is_integer() else ("number",)
        case _:
            return ("array",) if isinstance(value, list) else ("object",)

"""Values beside one that was made along a schema, for where that one does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.sampling.choices import Choice
    from mockserver.contract.sampling.plans import Plan, Plans
    from mockserver.contract.schemas import Schema

_ODD: Final[tuple[Any, ...]] = (
    0, 1, -1, 0.5, 1.5, 100_000, "", "x", "x" * 100, True, False, None, [], {}, [0], {"x": 0},
)  # fmt: skip
"""What is tried where a schema says only what must not be."""


_STRANGE: Final[tuple[Any, ...]] = (None, 0, "x", True, [], {})
"""What a member may be that is not to fit its schema."""


class Taken(NamedTuple):
    """An alternative that was taken of a union."""

    plans: Plans
    choice: Choice
    taken: Schema


def _alternatives(union: Taken) -> list[Plan]:
    plans, choice, _ = union
    return [plans.plan([row[-1]]) for row in choice.rows]


def fitting(union: Taken, value: Any) -> int:
    """Return how many alternatives of a union a value fits."""
    return sum(plan.fits(value) for plan in _alternatives(union))


def apart(unions: list[Taken], value: Any) -> Iterator[Any]:
    """Yield the value so that it misses all alternatives but the one it was made for.

    Alternatives without anything required and open to anything fit each other's values. A member
    that only another alternative knows takes a strange type: then it is not that one.
    """
    if not isinstance(value, dict):
        return
    for union in unions:
        kept = union.plans.plan([union.taken])
        for rival in _alternatives(union):
            if rival is not kept and rival.fits(value):
                value = _missing(kept, rival, value)
    yield value


def _missing(kept: Plan, rival: Plan, value: dict[str, Any]) -> dict[str, Any]:
    own = {name for part in kept.parts for name in _names(part, 4)}
    names = dict.fromkeys(name for part in rival.parts for name in _names(part, 4))
    for name in sorted(names, key=lambda name: (name in own, name in value)):
        for odd in _STRANGE:
            tried = {**value, name: odd}
            if kept.fits(tried) and not rival.fits(tried):
                return tried
    return value


def odd(plan: Plan, value: Any) -> Iterator[Any]:
    """Yield values that may fit where one made along the schema does not.

    An object misses an alternative that it should miss by one member, left out or of a strange
    type; of other values, some of each type are tried.
    """
    if isinstance(value, dict):
        names = dict.fromkeys(name for part in plan.parts for name in _names(part, 4))
        for name in sorted(names, key=value.__contains__):
            yield {key: item for key, item in value.items() if key != name}
            yield from ({**value, name: odd} for odd in _STRANGE)
    yield from _ODD


def _names(schema: Schema, depth: int) -> Iterator[str]:
    """Yield the names of members that a schema speaks of, also in its alternatives."""
    if not isinstance(schema, dict) or not depth:
        return
    yield from schema.get("properties", {})
    yield from schema.get("required", ())
    for key in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(key, ()):
            yield from _names(part, depth - 1)
    yield from _names(schema.get("not", True), depth - 1)

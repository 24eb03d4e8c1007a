"""How flat a value can be: how many objects and arrays stand in each other, at the least."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.contract.sampling.plans import Plan


def height(plan: Plan) -> float:
    """Return how many objects and arrays the flattest value of a plan has inside each other.

    Infinite where every value holds another of the same kind. The least fixed point over all
    plans that such a value needs, which learn theirs as well, so that it depends on nothing but
    the schemas.
    """
    needs: dict[int, tuple[Plan, list[list[Plan]]]] = {}
    waiting = [plan]
    while waiting:
        other = waiting.pop()
        if id(other) not in needs:
            needs[id(other)] = other, _needs(other)
            waiting += [p for way in needs[id(other)][1] for p in way]
    heights = dict.fromkeys(needs, math.inf)
    changed = True
    while changed:
        changed = False
        for key, (_, ways) in needs.items():
            of_ways = (max((heights[id(p)] + 1 for p in way), default=0.0) for way in ways)
            lowest = min(of_ways, default=math.inf)
            if lowest < heights[key]:
                heights[key] = lowest
                changed = True
    for key, (other, _) in needs.items():
        other.__dict__["height"] = heights[key]
    return heights[id(plan)]


def height_of(plan: Plan, type_: str) -> float:
    """Return the same of the values of one type."""
    return max((other.height + 1 for other in _held(plan, type_)), default=0.0)


def _needs(plan: Plan) -> list[list[Plan]]:
    """Return the ways to a value: each is what such a value must hold."""
    if plan.why or plan.values == []:
        return []
    if plan.is_plain or plan.values or plan.shown:
        return [[]]
    if plan.choice is not None:
        rows = enumerate(plan.choice.rows)
        return [[plan.branch(n, variant)] for n, row in rows for variant in range(len(row))]
    return [_held(plan, type_) for type_ in plan.types]


def _held(plan: Plan, type_: str) -> list[Plan]:
    """Return what a value of one type must hold."""
    if type_ == "object":
        return [member for _, member, required in plan.members.known if required]
    if type_ == "array":
        items = plan.items
        least = max(items.least, len(items.wanted))
        return [plan.item(n) for n in range(min(least, items.first + 1))]
    return []

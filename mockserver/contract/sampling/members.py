"""What schemas that hold together ask of an object's members, and of an array's items."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

from mockserver.contract.sampling.choices import made

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract.sampling.plans import Plan
    from mockserver.contract.schemas import Normal, Schema


class Members(NamedTuple):
    """What is asked of an object."""

    known: list[tuple[str, Plan, bool]]
    """Name, plan and whether it is required; without what cannot be or is for the other side."""
    least: int
    most: float
    shapes: list[Schema]
    """What names fit that have a schema of their own."""
    named: list[Schema]
    """What names themselves have to fit."""
    mapped: bool
    """Whether names of one's own choice are what the object is for."""


class Items(NamedTuple):
    """What is asked of an array."""

    least: int
    most: float
    first: int
    """How many items have schemas of their own."""
    unique: bool
    wanted: list[Schema]
    """A schema for each item that has to be among them."""
    denied: list[Schema]
    """What the items after those may not fit, since there may be no more of a kind."""


def members_of(plan: Plan) -> Members:
    """Return what a plan asks of an object."""
    required = dict.fromkeys(n for s in plan.flat for n in s.get("required", ()))
    names = dict.fromkeys(n for s in plan.own_last for n in s.get("properties", {}))
    named = [s["propertyNames"] for s in plan.flat if "propertyNames" in s]
    naming = plan.plans.plan(named) if named else None
    known = []
    for name in names | required:
        member = plan.member(name)
        possible = not member.why and not member.is_absent
        if name in required or (possible and (naming is None or naming.fits(name))):
            known.append((name, member, name in required))
    extra = [s["additionalProperties"] for s in plan.flat if "additionalProperties" in s]
    shapes: list[Schema] = [
        made(s.pointer, type="string", pattern=p)
        for s in plan.flat
        for p in s.get("patternProperties", {})
    ]
    return Members(
        known,
        max((int(s.get("minProperties", 0)) for s in plan.flat), default=0),
        min((s.get("maxProperties", math.inf) for s in plan.flat), default=math.inf),
        shapes,
        named,
        not names and (bool(shapes) or any(isinstance(s, dict) for s in extra)),
    )


def schemas_of(flat: Sequence[Normal], name: str) -> list[Schema]:
    """Return the schemas that the member of a name has to fit."""
    parts: list[Schema] = []
    apart: list[Schema] = []
    for schema in flat:
        found = list(_of_member(schema, name))
        if not found and "additionalProperties" in schema:
            found = [schema["additionalProperties"]]
        if not found and "unevaluatedProperties" in schema:
            apart.append(schema["unevaluatedProperties"])
        parts += found
    return parts or apart


def _of_member(schema: Normal, name: str) -> Iterator[Schema]:
    properties = schema.get("properties", {})
    if name in properties:
        yield properties[name]
    for pattern, asked in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            yield asked


def items_of(plan: Plan) -> Items:
    """Return what a plan asks of an array."""
    wanted = [
        s["contains"]
        for s in plan.flat
        if "contains" in s
        for _ in range(min(int(s.get("minContains", 1)), 1000))
    ]
    first = max((len(s.get("prefixItems", ())) for s in plan.flat), default=0)
    return Items(
        max((int(s.get("minItems", 0)) for s in plan.flat), default=0),
        min((s.get("maxItems", math.inf) for s in plan.flat), default=math.inf),
        first,
        any(s.get("uniqueItems") is True for s in plan.flat),
        wanted,
        [
            made(s.pointer, **{"not": s["contains"]})
            for s in plan.flat
            if "contains" in s and "maxContains" in s
        ],
    )


def schemas_at(flat: Sequence[Normal], index: int) -> list[Schema]:
    """Return the schemas that the item at an index has to fit."""
    parts: list[Schema] = []
    for schema in flat:
        first = schema.get("prefixItems", ())
        if index < len(first):
            parts.append(first[index])
        elif "items" in schema:
            parts.append(schema["items"])
        elif "unevaluatedItems" in schema:
            parts.append(schema["unevaluatedItems"])
    return parts

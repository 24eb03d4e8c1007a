"""Objects and arrays, made of their members and items; each may use its share of what is left."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.sampling.alike import same
from mockserver.contract.sampling.plans import Impossible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.sampling.draw import Draw
    from mockserver.contract.sampling.plans import Plan

LARGEST: Final = 1_000
"""How many values a sample may consist of, before what is optional is left out."""

DEEPEST: Final = 6
"""How many objects and arrays stand in each other, before what is optional is left out."""

TRIES: Final = 20
"""How many items are made before none counts as one that is not in an array yet."""


def made_object(draw: Draw, plan: Plan, attempt: int) -> dict[str, Any]:
    """Return an object with what is required, and of the rest all, nothing or some in turn."""
    asked, made = plan.members, dict[str, Any]()
    if asked.least > LARGEST * 10:
        raise Impossible(plan.pointer, f"{asked.least} members are more than are made")
    needed = sum(required for _, _, required in asked.known)
    rest = []
    outer = draw.floor
    for index, (name, member, required) in enumerate(asked.known):
        draw.share(outer, len(asked.known) - index)
        room = len(made) + needed < asked.most
        if not required and not (room and _is_wanted(draw, member, attempt)):
            rest.append((name, member))
            continue
        try:
            made[name] = draw.value(member, name)
        except Impossible as error:
            if required:
                draw.floor = outer
                raise _required(plan, name, error) from None
        needed -= required
    draw.floor = outer
    _fill(draw, plan, made, rest, attempt)
    return made


def _is_wanted(draw: Draw, member: Plan, attempt: int) -> bool:
    """Tell whether an optional member is made: all, none and some of them in turn."""
    if draw.least or attempt % 3 == 1 or (attempt % 3 == 2 and draw.chance.random() < 0.5):
        return False
    if draw.left <= 0 or draw.is_open(member.parts):
        return False
    return draw.depth <= DEEPEST or not {"object", "array"} & set(member.types)


def _fill(
    draw: Draw, plan: Plan, made: dict[str, Any], rest: list[tuple[str, Plan]], attempt: int
) -> None:
    """Add members until there are enough."""
    asked = plan.members
    enough = asked.least
    if asked.mapped and not made and not draw.least and attempt % 3 != 1 and asked.most >= 1:
        enough = max(enough, 1)
    for name, member in chain(rest, _extra(draw, plan, made)) if len(made) < enough else ():
        try:
            made[name] = draw.value(member, name)
        except Impossible:
            continue
        if len(made) >= enough:
            return
    if len(made) < asked.least:
        raise Impossible(plan.pointer, f"it cannot have {asked.least} members")


def _extra(draw: Draw, plan: Plan, made: dict[str, Any]) -> Iterator[tuple[str, Plan]]:
    """Yield members with names of our own choice."""
    for tried in range(2 * plan.members.least + 20):
        name = _free_name(draw, plan, tried)
        if name is not None and name not in made:
            member = plan.member(name)
            if not (member.why or member.is_absent or draw.is_open(member.parts)):
                yield name, member


def _free_name(draw: Draw, plan: Plan, tried: int) -> str | None:
    named = plan.members.named
    shapes = plan.members.shapes
    parts = [*named, *(shapes[tried % len(shapes) :][:1] if shapes else [])]
    if not parts:
        return f"key{tried + 1}"
    draw.n += tried
    try:
        name = draw.value(plan.plans.plan(parts), "")
    except Impossible:
        return None
    finally:
        draw.n -= tried
    return name if isinstance(name, str) else None


def made_array(draw: Draw, plan: Plan, name: str, attempt: int) -> list[Any]:
    """Return an array of what `name` is for: two items where that may be, or as few as may."""
    asked, made = plan.items, list[Any]()
    size = _size(draw, plan, attempt)
    if size > LARGEST * 10:
        raise Impossible(plan.pointer, f"{size} items are more than are made")
    outer = draw.floor
    for index in range(size):
        draw.share(outer, size - index)
        try:
            made.append(_item(draw, plan, _singular(name), index, made))
        except Impossible:
            if index < asked.least or index < len(asked.wanted):
                raise
            break
        finally:
            draw.floor = outer
    return made


def _size(draw: Draw, plan: Plan, attempt: int) -> int:
    asked = plan.items
    least = max(asked.least, len(asked.wanted))
    if draw.least or attempt % 3 == 1 or draw.is_full():
        return least
    item = plan.item(asked.first)
    if draw.is_open(item.parts):
        return max(least, int(min(asked.first, asked.most)))
    usual = 2 if draw.depth <= 3 else 1
    return max(least, int(min(max(usual, asked.first), asked.most)))


def _item(draw: Draw, plan: Plan, name: str, index: int, made: list[Any]) -> Any:
    """Return one item; of an array without doubles, one that is not among them yet."""
    asked = plan.items
    first = asked.first if asked.most >= asked.first + len(asked.wanted) else 0
    wanted = asked.wanted[index - first : index - first + 1] if index >= first else []
    item = plan.item(index, *wanted)
    n, own = draw.n, draw.own
    try:
        for tried in range(TRIES):
            draw.n = n + index + tried
            draw.own = own or tried > 2
            value = draw.value(item, name)
            if not asked.unique or not any(same(value, other) for other in made):
                return value
    finally:
        draw.n, draw.own = n, own
    if (number := _unused(item, made)) is not None:
        return number
    raise Impossible(plan.pointer, f"{index + 1} items that differ were not found")


def _unused(item: Plan, made: list[Any]) -> int | None:
    """Return the first integer in order that fits and is not among some items."""
    if item.why or not {"integer", "number"} & set(item.types):
        return None
    tried = islice(item.bounds.in_order(), len(made) + 1)
    return next((n for n in tried if n not in made and item.fits(n)), None)


def _required(plan: Plan, name: str, error: Impossible) -> Impossible:
    if error.pointer:
        return error
    return Impossible(plan.pointer, f"{name!r} is required, and yet nothing is allowed there")


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name

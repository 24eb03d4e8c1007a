"""What schemas show for themselves, as far as it fits: values they list, examples, defaults."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mockserver.contract.sampling.alike import among, distinct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.sampling.plans import Plan


def listed(plan: Plan) -> list[Any] | None:
    """Return all values that fit, where they are listed: those that are shown go first."""
    if not plan.lists:
        return None
    shown = (value for value in _shown(plan) if among(value, plan.lists))
    return distinct(value for value in [*shown, *plan.lists[0]] if plan.fits(value))


def shown(plan: Plan) -> list[Any]:
    """Return the examples that fit, else the default if it does."""
    return distinct(_shown(plan))


def _shown(plan: Plan) -> Iterator[Any]:
    examples = [*plan.noted("example"), *(v for vs in plan.noted("examples") for v in vs)]
    found = False
    for group in (examples, plan.noted("default")):
        for written in group:
            for value in _mended(plan, written):
                if plan.fits(value):
                    found = True
                    yield value
                    break
        if found:
            return


def _mended(plan: Plan, value: Any) -> Iterator[Any]:
    """Yield an example without what the direction leaves out; then with its type mended."""
    yield _stripped(plan, value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, str) and "string" not in plan.types:
        try:
            number = float(value)
        except ValueError:
            return
        if math.isfinite(number):
            yield int(number) if number == int(number) else number


def _stripped(plan: Plan, value: Any) -> Any:
    """Return a value without the members that are for the other direction."""
    if isinstance(value, dict) and value:
        plan = plan.settled
        return {
            key: _stripped(plan.member(key), item)
            for key, item in value.items()
            if not isinstance(key, str) or not plan.member(key).is_absent
        }
    if isinstance(value, list) and value:
        plan = plan.settled
        return [_stripped(plan.item(n), item) for n, item in enumerate(value)]
    return value

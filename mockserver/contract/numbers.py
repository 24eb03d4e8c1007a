"""Numbers between bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.chance import Chance

TRIES: Final = 40
_WIDTH: Final = 99
"""How far from the bound that is given a value may be, where the other bound is not given."""


@dataclass(slots=True)
class Bounds:
    """What schemas that hold together ask of a number."""

    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    steps: list[float] = field(default_factory=list)

    def add(self, schema: dict[str, Any]) -> None:
        """Let what one more schema asks hold as well."""
        for key, open_ in (("minimum", False), ("exclusiveMinimum", True)):
            if key in schema and (self.low is None or schema[key] >= self.low):
                self.open_low = open_ or (self.open_low and schema[key] == self.low)
                self.low = schema[key]
        for key, open_ in (("maximum", False), ("exclusiveMaximum", True)):
            if key in schema and (self.high is None or schema[key] <= self.high):
                self.open_high = open_ or (self.open_high and schema[key] == self.high)
                self.high = schema[key]
        if "multipleOf" in schema:
            self.steps.append(schema["multipleOf"])

    def hold(self, value: float) -> bool:
        """Tell whether a number is within them, and a multiple as jsonschema reckons it."""
        if self.low is not None and (value < self.low or (self.open_low and value == self.low)):
            return False
        if self.high is not None and (value > self.high or (self.open_high and value == self.high)):
            return False
        return all(_is_multiple(value, step) for step in self.steps)

    def around(self, low: float, high: float) -> tuple[float, float]:
        """Return the stretch to draw from: the usual one where the bounds allow it."""
        least = -math.inf if self.low is None else self.low
        most = math.inf if self.high is None else self.high
        if max(low, least) < min(high, most):
            return max(low, least), min(high, most)
        if math.isfinite(least):
            return least, min(most, least + _WIDTH * max([1, *self.steps]))
        if math.isfinite(most):
            return most - _WIDTH * max([1, *self.steps]), most
        return low, high

    def integers(self, chance: Chance, low: int = 1, high: int = 100) -> Iterator[int]:
        """Yield integers that fit; of the usual stretch where that is possible."""
        for tried in self._integers(chance, low, high):
            if self.hold(tried):
                yield tried

    def _integers(self, chance: Chance, low: int, high: int) -> Iterator[int]:
        first, last = self.around(low, high)
        step = _common(self.steps)
        least, most = _up(first, step), _down(last, step)
        for _ in range(TRIES):
            yield chance.randint(least, most) * step if least < most else least * step
        yield from (n * step for n in (least, least + 1, most, most - 1, 0))

    def numbers(
        self, chance: Chance, low: float = 1, high: float = 100, digits: int = 2
    ) -> Iterator[float]:
        """Yield numbers that fit, with as few decimals as the bounds allow."""
        for tried in self._numbers(chance, low, high, digits):
            if math.isfinite(tried) and self.hold(tried):
                yield tried

    def _numbers(self, chance: Chance, low: float, high: float, digits: int) -> Iterator[float]:
        first, last = self.around(low, high)
        for attempt in range(TRIES):
            if self.steps:
                step = max(self.steps)
                least, most = _up(first, step), _down(last, step)
                times = chance.randint(least, most) if least < most else least
                yield _tidy(times * step, step)
            else:
                yield round(chance.uniform(first, last), (digits + attempt // 4) or None)
        yield from (first, last, (first + last) / 2)


def _up(bound: float, step: float) -> int:
    """Return how often a step goes into a bound, rounded up; exact for integers of any size."""
    both = isinstance(bound, int) and isinstance(step, int)
    return int(-(-bound // step)) if both else math.ceil(bound / step)


def _down(bound: float, step: float) -> int:
    both = isinstance(bound, int) and isinstance(step, int)
    return int(bound // step) if both else math.floor(bound / step)


def _common(steps: list[float]) -> int:
    """Return a number of which every multiple is one of all steps, or 1."""
    found = 1
    for step in steps:
        numerator = float(step).as_integer_ratio()[0] if step != int(step) else int(step)
        # 0.01 is no fraction of small numbers in binary: then every integer is as good a guess.
        found = math.lcm(found, numerator) if numerator < 2**31 else found
    return found


def _tidy(value: float, step: float) -> float:
    """Write a multiple with as many decimals as the step has: three times 0.1 is 0.3."""
    if isinstance(value, int):
        return value
    _, _, decimals = f"{step:.12f}".rstrip("0").partition(".")
    return round(value, len(decimals))


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(step, float):
        quotient = value / step
        return math.isfinite(quotient) and int(quotient) == quotient
    return value % step == 0

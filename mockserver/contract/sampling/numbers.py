"""Numbers between bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.sampling.chance import Chance

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
        """Tell whether a number is within them, and a multiple of the steps."""
        if self.low is not None and (value < self.low or (self.open_low and value == self.low)):
            return False
        if self.high is not None and (value > self.high or (self.open_high and value == self.high)):
            return False
        if not self.steps:
            return True
        whole = isinstance(value, int) or math.isfinite(value)
        return whole and all(is_multiple(value, step) for step in self.steps)

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

    def in_order(self) -> Iterator[int]:
        """Yield all integers that fit, from the bound that there is; perhaps without end."""
        step = _common(self.steps).numerator
        down = self.low is None and self.high is not None
        if down:
            tried = _down(self.high or 0, Fraction(step)) * step
        else:
            tried = _up(self.low or 0, Fraction(step)) * step
        while (self.low is None or tried >= self.low) and (self.high is None or tried <= self.high):
            if self.hold(tried):
                yield tried
            tried += -step if down else step

    def _integers(self, chance: Chance, low: int, high: int) -> Iterator[int]:
        first, last = self.around(low, high)
        # A whole number is a multiple of n/d in lowest terms just where it is one of n.
        step = _common(self.steps).numerator
        least, most = _up(first, Fraction(step)), _down(last, Fraction(step))
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
                step = _common(self.steps)
                least, most = _up(first, step), _down(last, step)
                times = chance.randint(least, most) if least < most else least
                whole = all(isinstance(step, int) for step in self.steps)
                yield times * step.numerator if whole else float(times * step)
            else:
                yield round(chance.uniform(first, last), (digits + attempt // 4) or None)
        yield from (first, last, (first + last) / 2)


def _up(bound: float, step: Fraction) -> int:
    """Return how often a step goes into a bound, rounded up; exact for numbers of any size."""
    return math.ceil(_decimal(bound) / step)


def _down(bound: float, step: Fraction) -> int:
    return math.floor(_decimal(bound) / step)


def _common(steps: list[float]) -> Fraction:
    """Return the least number of which every multiple is one of all steps; 1 without steps."""
    found = _decimal(steps[0]) if steps else Fraction(1)
    for step in map(_decimal, steps):
        numerator = math.lcm(found.numerator, step.numerator)
        found = Fraction(numerator, math.gcd(found.denominator, step.denominator))
    return found


@lru_cache(maxsize=1024)
def _decimal(number: float) -> Fraction:
    """Return the number that is written, and not the binary one next to it."""
    written = isinstance(number, float) and math.isfinite(number)
    return Fraction(str(number)) if written else Fraction(number)


def is_multiple(value: float, step: float) -> bool:
    """Tell whether a number is a multiple of another, as decimals: 19.99 is one of 0.01.

    JSON Schema Validation § 6.2.1 speaks of the numbers of JSON, which are decimals. Raises
    OverflowError for what is no number of JSON.
    """
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    return (_decimal(value) / _decimal(step)).denominator == 1

"""Bounds as `expect` writes them: `2`, `2..`, `..3`, `2..4`, of counts and of durations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mockserver.scenario.units import FOREVER, UnitError, span

_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `low` to `high`, both included; an open end is 0 or infinite. Durations in seconds."""

    low: float
    high: float
    text: str
    """As it is written, `3s..` for a lone `3s`."""

    def hold(self, value: float) -> bool:
        """Whether `value` lies between them."""
        # A nanosecond for what was added up: 0.1 s three times are 0.3 s.
        return self.low - 1e-9 <= value <= self.high + 1e-9

    def __str__(self) -> str:
        return self.text


def count_bounds(text: str) -> Bounds:
    """Read `2` (exactly), `2..`, `..3` or `2..4`. Raises UnitError."""
    low, dots, high = (part.strip() for part in text.partition(".."))
    given = [part for part in (low, high) if part]
    if not given or not all(map(_COUNT.fullmatch, given)):
        raise UnitError(f"{text!r} is no number of times", "write 2, 2.., ..3 or 2..4")
    if not dots:
        return Bounds(int(low), int(low), low)
    found = Bounds(int(low or 0), int(high) if high else FOREVER, f"{low}..{high}")
    if found.high < found.low:
        raise UnitError(f"the range {text!r} runs backwards", f"write {high}..{low}")
    return found


def time_bounds(text: str) -> Bounds:
    """Read `1s..2s`, `1s..`, `..3s`, or `3s` for at least so long. Raises UnitError."""
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not low and not high:
        raise UnitError(f"{text!r} is no duration", "write 1s..2s, 1s.., ..3s or 1s")
    whole = span(f"{low}..{high}" if low and high else low or high)
    if whole.shortest == FOREVER:
        raise UnitError("this cannot last forever", "write 1s..2s, 1s.., ..3s or 1s")
    if dots and high:
        return Bounds(whole.shortest if low else 0.0, whole.longest, f"{low}..{high}")
    return Bounds(whole.shortest, FOREVER, f"{low}..")

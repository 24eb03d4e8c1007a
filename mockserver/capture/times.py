"""Delays as a person would have written them, from the moments at which things were seen."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from mockserver.scenario.units import FOREVER
from mockserver.scenario.yamltext import Verbatim

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS: Final = ((0.1, 0.005), (1.0, 0.05), (10.0, 0.1), (60.0, 0.5), (FOREVER, 1.0))
"""Up to the first, a delay is a multiple of the second; all in seconds."""
_TINY: Final = 0.005
_LEEWAY: Final = (0.05, 0.1)
"""How far rounded delays may lead away from what was seen: seconds, or a part of the whole."""
_ALIKE: Final = 0.35
"""How far from the usual gap, as a part of it, one still counts as usual."""
_NEAR: Final = 0.01


def rounded(seconds: float) -> float:
    """Return a delay that is easy to read: 0 for a tiny one, else in steps that grow with it."""
    if seconds < _TINY:
        return 0.0
    step = next(step for most, step in _STEPS if seconds < most)
    return round(round(seconds / step) * step, 3)


def exact(seconds: float) -> float:
    """Return a delay to the microsecond, which is all that a scenario is asked to keep."""
    return max(0.0, round(seconds, 6))


def delays(moments: Sequence[float], *, keep: bool = False) -> list[float]:
    """Return the delay before each of these offsets, the first from 0; with `keep` none is rounded.

    What is rounded never runs far away from what was seen, however many delays there are.
    """
    if keep:
        told = [exact(moment) for moment in moments]
        return [exact(b - a) for a, b in zip([0.0, *told], told, strict=False)]
    found: list[float] = []
    gaps = [max(0.0, b - a) for a, b in zip([0.0, *moments], moments, strict=False)]
    usual = _usual(gaps)
    now = 0.0
    for moment, gap in zip(moments, gaps, strict=True):
        delay = usual if _alike(gap, usual) else rounded(gap)
        if abs(now + delay - moment) > max(_LEEWAY[0], _LEEWAY[1] * moment):
            delay = rounded(max(0.0, moment - now))
        found.append(delay)
        now = round(now + delay, 6)
    return found


def _usual(gaps: Sequence[float]) -> float:
    """Return the rounded gap that most of them are like, 0 where there is no such."""
    noted = [gap for gap in gaps if gap >= _TINY]
    if len(noted) < 3:
        return 0.0
    middle = median(noted)
    alike = sum(_alike(gap, middle) for gap in noted)
    return rounded(middle) if alike * 2 >= len(noted) else 0.0


def _alike(gap: float, usual: float) -> bool:
    return usual > 0 and abs(gap - usual) <= max(_NEAR, _ALIKE * usual) and gap >= _TINY


def told(seconds: float) -> Verbatim:
    """Return a duration as a scenario has it: `250ms`, `1.5s`, `2m`, `forever`."""
    if seconds == FOREVER:
        return Verbatim("forever")
    if seconds >= 60 and seconds % 60 == 0:
        return Verbatim(f"{int(seconds // 60)}m")
    micros = round(seconds * 1_000_000)
    if micros < 1_000_000 or micros % 1000:
        return Verbatim(f"{_trimmed(micros / 1000)}ms" if micros else "0s")
    return Verbatim(f"{_trimmed(seconds)}s")


def _trimmed(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")

"""Durations and percentages as scenarios write them; seconds and fractions inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

FOREVER: Final = float("inf")

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", re.ASCII)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%", re.ASCII)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|KiB|MiB)/s", re.ASCII)
_SIZES: Final = {"B": 1, "KB": 1_000, "MB": 1_000_000, "KiB": 1 << 10, "MiB": 1 << 20}
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?", re.ASCII)


class UnitError(ValueError):
    """The text is no duration or percentage; `mend` says what one looks like."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class Span:
    """A duration in seconds, or a range that one is drawn from (`shortest` < `longest`)."""

    shortest: float
    longest: float

    @property
    def fixed(self) -> bool:
        """Whether nothing has to be drawn."""
        return self.shortest == self.longest

    def __str__(self) -> str:
        if self.fixed:
            return duration_text(self.shortest)
        return f"{duration_text(self.shortest)}..{duration_text(self.longest)}"


def span(text: str) -> Span:
    """Read `250ms`, `2s`, `1.5s`, `2m`, `1h`, a range `100ms..300ms`, `forever`, or 0.

    Raises UnitError.
    """
    if text == "forever":
        return Span(FOREVER, FOREVER)
    low, dots, high = text.partition("..")
    shortest = _seconds(low.strip(), text)
    longest = _seconds(high.strip(), text) if dots else shortest
    if longest < shortest:
        raise UnitError(f"the range {text!r} runs backwards", f"{high.strip()}..{low.strip()}")
    return Span(shortest, longest)


def lasting(text: str, most: float = FOREVER) -> float:
    """Read one duration that comes to an end, of at most `most` seconds. Raises UnitError."""
    found = span(text)
    if not found.fixed or found.shortest == FOREVER:
        raise UnitError(f"{text!r} is not one duration that comes to an end", "write 2s")
    if found.shortest > most:
        raise UnitError(f"{text!r} is longer than {most:,.0f} s", "write less")
    return found.shortest


def _seconds(text: str, whole: str) -> float:
    found = _DURATION.fullmatch(text)
    if found:
        # Rounded to the nanosecond: 300 * 0.001 is not 0.3.
        return round(float(found[1]) * _UNITS[found[2]], 9)
    if _NUMBER.fullmatch(text):
        if float(text) == 0:
            return 0.0
        if text.startswith("-"):
            raise UnitError(f"a duration cannot be negative: {whole!r}", "leave the minus out")
        raise UnitError(f"{whole!r} has no unit", f"write {text}ms or {text}s")
    raise UnitError(f"{whole!r} is no duration", "write 250ms, 2s, 1.5s, 2m or 100ms..300ms")


def percentage(text: str) -> float:
    """Read `5%` as 0.05. Raises UnitError."""
    found = _PERCENT.fullmatch(text)
    if not found:
        raise UnitError(f"{text!r} is no percentage", "write 5% or 0.5%")
    value = float(found[1])
    if value > 100:
        raise UnitError(f"{text!r} is more than 100%", "write a percentage from 0% to 100%")
    return value / 100


def rate(text: str) -> float:
    """Read `512 B/s` or `64 KB/s` (thousands; KiB for 1,024) as bytes a second.

    Raises UnitError.
    """
    found = _RATE.fullmatch(text)
    if not found:
        raise UnitError(f"{text!r} is no rate", "write 512 B/s or 64 KB/s")
    value = float(found[1]) * _SIZES[found[2]]
    if value <= 0:
        raise UnitError(f"at {text!r} nothing would ever arrive", "write 1 B/s, or use stall")
    return value


def duration_text(seconds: float) -> str:
    """Return `seconds` as a scenario would write them: `250ms`, `1.5s`, `forever`."""
    if seconds == FOREVER:
        return "forever"
    if seconds and seconds < 1:
        return f"{_trimmed(seconds * 1000)}ms"
    return f"{_trimmed(seconds)}s"


def _trimmed(number: float) -> str:
    return f"{number:.3f}".rstrip("0").rstrip(".")

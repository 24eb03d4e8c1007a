"""The only place that waits for time: four clocks, one way to be woken by them."""

from __future__ import annotations

import asyncio
import heapq
import re
from itertools import count
from typing import TYPE_CHECKING, Protocol

from mockserver.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Callable


class Alarm(Protocol):
    """Something that will ring, unless it is cancelled."""

    def cancel(self) -> None:
        """Do not ring."""


class Clock(Protocol):
    """Seconds since the clock began, and alarms at points of that time."""

    name: str
    """As `clock_factory` takes it."""
    passes: bool
    """Whether time goes on while nothing is due."""

    @property
    def outside(self) -> Clock:
        """The clock that goes for what is waited for outside: this one, if its time passes."""

    def now(self) -> float:
        """Return the seconds since the clock began."""

    def alarm(self, at: float, ring: Callable[[], None]) -> Alarm:
        """Call `ring` once when `at` has come, never before."""


class RealClock:
    """The event loop's time, `factor` times as fast."""

    passes = True

    def __init__(self, factor: float = 1.0) -> None:
        self.name = "real" if factor == 1 else f"{factor:g}x"
        self._factor = factor
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time()

    @property
    def outside(self) -> Clock:
        return self

    def now(self) -> float:
        return (self._loop.time() - self._start) * self._factor

    def alarm(self, at: float, ring: Callable[[], None]) -> Alarm:
        return self._loop.call_at(self._start + at / self._factor, ring)


class InstantClock:
    """Delays take no time; every connection has its scripted offsets, in order."""

    name = "instant"
    passes = False

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.outside: Clock = RealClock()

    def now(self) -> float:
        return 0.0

    def alarm(self, at: float, ring: Callable[[], None]) -> Alarm:  # noqa: ARG002
        # Through the loop: an endless stream must leave the others their turn.
        return self._loop.call_soon(ring)


class ManualClock:
    """Time stands still until it is told to go on."""

    name = "manual"
    passes = True

    def __init__(self) -> None:
        self._now = 0.0
        self._order = count()
        self._alarms: list[tuple[float, int, _ManualAlarm]] = []

    @property
    def outside(self) -> Clock:
        return self

    def now(self) -> float:
        return self._now

    def alarm(self, at: float, ring: Callable[[], None]) -> Alarm:
        alarm = _ManualAlarm(ring)
        heapq.heappush(self._alarms, (round(at, 9), next(self._order), alarm))
        self._ring()
        return alarm

    def advance(self, seconds: float) -> float:
        """Let `seconds` pass, ring what has come due in order, and return the new time."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._now = round(self._now + seconds, 9)
        self._ring()
        return self._now

    def _ring(self) -> None:
        while self._alarms and self._alarms[0][0] <= self._now:
            heapq.heappop(self._alarms)[2].ring()


class _ManualAlarm:
    """An alarm that can be cancelled while it is in the heap."""

    __slots__ = ("_ring",)

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring: Callable[[], None] | None = ring

    def cancel(self) -> None:
        self._ring = None

    def ring(self) -> None:
        if self._ring is not None:
            self._ring()


def clock_factory(text: str) -> Callable[[], Clock]:
    """Return what makes the clock named `real`, `10x` (any factor), `instant` or `manual`.

    The clock itself is made inside a running event loop. Raises StartError.
    """
    if text == "instant":
        return InstantClock
    if text == "manual":
        return ManualClock
    found = re.fullmatch(r"(\d+(?:\.\d+)?)x", text, re.ASCII)
    factor = 1.0 if text == "real" else float(found[1]) if found else 0.0
    if factor <= 0:
        raise StartError(
            f"there is no clock {text!r}",
            code="bad-clock",
            mend="write real, 10x (any factor), instant or manual",
        )
    return lambda: RealClock(factor)


async def turn_of_others() -> None:
    """Let everything else that is ready have its turn."""
    await asyncio.sleep(0)  # noqa: TID251  (the one place)


async def pause(seconds: float) -> None:
    """Let real time pass, whatever clock the sessions have; for sockets, not for scripts."""
    await asyncio.sleep(seconds)  # noqa: TID251  (the one place)

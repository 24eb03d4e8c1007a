"""One place where a connection waits: for its session's clock, or until the server stops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from mockserver.clock import Clock


class Waiting:
    """What a connection waits on; its client's leaving cancels the task that waits."""

    __slots__ = ("_woken", "stopping")

    def __init__(self) -> None:
        self.stopping = False
        """Whether the server goes down, and nothing more is to be waited for."""
        self._woken: asyncio.Future[None] | None = None

    async def until(self, clock: Clock, at: float) -> None:
        """Wait until `at` on `clock`; for ever means until the server stops."""
        if self.stopping:
            return
        self._woken = asyncio.get_running_loop().create_future()
        alarm = None if at == FOREVER else clock.alarm(at, self._wake)
        rung = False
        try:
            await self._woken
            rung = not self.stopping
        finally:
            if alarm is not None and not rung:
                alarm.cancel()

    def stop(self) -> None:
        """Wait no longer, now and later."""
        self.stopping = True
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

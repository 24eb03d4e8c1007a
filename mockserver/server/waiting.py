"""One place where a connection waits: for its session's clock, or until the server stops."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from mockserver.clock import Clock


class Outside(Protocol):
    """What a story waits for that others do: an answer, a signal, a request."""

    @property
    def answer(self) -> asyncio.Future[None]:
        """Done when it is over."""

    @property
    def took(self) -> float:
        """Seconds until it came, by the session's clock."""

    @property
    def met(self) -> bool:
        """Whether it has come, and is not only over."""

    @property
    def clock(self) -> Clock:
        """What `until` goes by."""

    @property
    def until(self) -> float:
        """When its time runs out."""

    def expired(self) -> bool:
        """Whether its time has run out, and so it is over."""

    def leave(self) -> None:
        """Take note that nobody waits for it any more."""


class Waiting:
    """What a connection waits on; its client's leaving cancels the task that waits."""

    __slots__ = ("_woken", "session", "stopping")

    def __init__(self) -> None:
        self.session = ""
        """The name of the session that it belongs to, once that is known."""
        self.stopping = False
        """Whether the server goes down, and nothing more is to be waited for."""
        self._woken: asyncio.Future[bool] | None = None

    async def until(self, clock: Clock, at: float) -> bool:
        """Wait until `at` on `clock`; for ever means until the server stops, or a nudge.

        Returns whether the time has come.
        """
        if self.stopping:
            return False
        self._woken = asyncio.get_running_loop().create_future()
        alarm = None if at == FOREVER else clock.alarm(at, self._ring)
        rung = False
        try:
            rung = await self._woken
        finally:
            if alarm is not None and not rung:
                alarm.cancel()
        return rung

    async def until_done(self, answer: asyncio.Future[None], clock: Clock, at: float) -> bool:
        """Wait until `at` on `clock`, or until `answer` is done if that is first.

        Returns whether the time has come.
        """
        if answer.done():
            return False
        over = False

        def wake(_: asyncio.Future[None]) -> None:
            # It may have been on its way when the clock was first.
            if not over:
                self._wake(rung=False)

        answer.add_done_callback(wake)
        try:
            return await self.until(clock, at)
        finally:
            over = True
            answer.remove_done_callback(wake)

    @property
    def idle(self) -> bool:
        """Whether all that was due has been done."""
        return self._woken is not None and not self._woken.done()

    def nudge(self) -> None:
        """Wait no longer now, since there is something to do."""
        self._wake(rung=False)

    def stop(self) -> None:
        """Wait no longer, now and later."""
        self.stopping = True
        self._wake(rung=False)

    def _ring(self) -> None:
        self._wake(rung=True)

    def _wake(self, *, rung: bool) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(rung)

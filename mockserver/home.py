"""The event loop that a server lives in: its caller's own, or one in a thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_ENDED: Final = "the server is not running"
_LAST: Final = 1.0
"""Seconds that works have to end, when the thread does."""


class Home:
    """Where a server lives; nothing until it is started."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._door = threading.Lock()
        self._is_open = False
        """Whether works are taken in; in the thread all that were taken in come to an end."""

    @property
    def apart(self) -> bool:
        """Whether the loop runs in a thread of its own."""
        return self._thread is not None

    @property
    def is_here(self) -> bool:
        """Whether whoever asks keeps the loop waiting."""
        return self._thread in (None, threading.current_thread())

    def settle(self) -> None:
        """Live in the loop that is running."""
        self.loop = asyncio.get_running_loop()

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Carry out `work` in a thread that goes on afterwards, unless it fails."""
        self.loop = loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_live, args=(loop,), name="mockserver", daemon=True)
        self._thread.start()
        self._is_open = True
        try:
            self.run(work)
        except BaseException:
            self._end()
            raise

    def end(self, work: Coroutine[Any, Any, Any]) -> None:
        """Carry out `work`, and end the thread."""
        try:
            self.run(work)
        finally:
            self._end()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Carry out `work` in the thread of the loop. Raises RuntimeError where that has ended."""
        try:
            return self._taken_in(work).result()
        except concurrent.futures.CancelledError:
            raise RuntimeError(_ENDED) from None

    async def run_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Carry out `work` there likewise, and wait for it in another event loop."""
        try:
            return await asyncio.wrap_future(self._taken_in(work))
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if asking is not None and asking.cancelling():
                raise
            raise RuntimeError(_ENDED) from None

    def call(self, work: Callable[[], Any]) -> Any:
        """Call `work` where the loop runs."""
        if self._thread is None:
            return work()

        async def call() -> Any:
            return work()

        return self.run(call())

    def _taken_in(self, work: Coroutine[Any, Any, Any]) -> concurrent.futures.Future[Any]:
        with self._door:
            if not self._is_open or self.loop is None:
                work.close()
                raise RuntimeError(_ENDED)
            return asyncio.run_coroutine_threadsafe(work, self.loop)

    def _end(self) -> None:
        assert self.loop is not None
        assert self._thread is not None
        with self._door:  # what would be taken in from here on, nobody would carry out
            self._is_open = False
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._thread = None


def _live(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped, and let nobody wait for what it has not carried out."""
    try:
        loop.run_forever()
        works = asyncio.all_tasks(loop)
        for work in works:
            work.cancel()
        if works:
            loop.run_until_complete(asyncio.wait(works, timeout=_LAST))
    finally:
        loop.close()

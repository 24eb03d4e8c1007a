"""The event loop that a server lives in: its caller's own, or one in a thread."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Home:
    """Where a server lives; nothing until it is started."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

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
        self._thread = threading.Thread(target=loop.run_forever, name="mockserver", daemon=True)
        self._thread.start()
        try:
            self.run(work)
        except BaseException:
            self._end()
            raise

    def end(self, work: Coroutine[Any, Any, Any]) -> None:
        """Carry out `work`, and end the thread."""
        self.run(work)
        self._end()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Carry out `work` in the thread of the loop."""
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def call(self, work: Callable[[], Any]) -> Any:
        """Call `work` where the loop runs."""
        if self._thread is None:
            return work()

        async def call() -> Any:
            return work()

        return self.run(call())

    def _end(self) -> None:
        assert self.loop is not None
        assert self._thread is not None
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._thread = None
        self.loop.close()

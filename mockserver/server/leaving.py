"""Sees clients off: what a client has done last is known before anybody judges it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mockserver.clock import turn_of_others

if TYPE_CHECKING:
    from mockserver.server.live import Live

_TURNS: Final = 5
"""Turns of the event loop from a client's leaving, or a new client's coming, to its being known."""


async def all_gone(live: Live, seconds: float, session: str | None = None) -> bool:
    """Wait until nobody is being served, `seconds` of real time at most; whether that is so.

    With `session` nobody of that one.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        for _ in range(_TURNS):
            await turn_of_others()
        own = [task for task, w in live.serving.items() if session in (None, w.session)]
        if not own:
            return True
        if loop.time() >= end:
            return False
        await asyncio.wait(own, timeout=end - loop.time())

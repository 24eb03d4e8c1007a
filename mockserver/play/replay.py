"""Plays a connection once more, up to the bytes that had left, for whoever reads what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.play.cues import Call, Send
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.told import Told


def replayed(told: Told) -> Iterator[Send]:
    """Yield what was written to a client, in order; the last as far as it has left.

    Nothing where the connection had no stream. `at` of each is its offset from `told.began`.
    """
    if told.replay is None:
        return
    left = told.sent
    player, waits, until, took = told.replay(), iter(told.waits), FOREVER, 0.0
    try:
        while left > 0:
            cue = player.take(until)
            if isinstance(cue, Send):
                data = cue.data[:left]
                left -= len(data)
                yield cue if len(data) == len(cue.data) else cue._replace(data=data)
            elif isinstance(cue, Call) and cue.wait:
                # Heartbeats go on up to the answer, or to the end if it never came.
                began, took = next(waits, (FOREVER, 0.0))
                until = began + took
            elif cue is None:
                if not player.awaiting:
                    return
                player.answered(took)
                until = FOREVER
    finally:
        player.close()

"""Plays a connection once more, up to the bytes that had left, for whoever reads what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.play.cues import Send, waits
from mockserver.play.told import Wait
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
    player, waited = told.replay(), iter(told.waits)
    # Heartbeats go on to the end where it never came.
    never = Wait(0.0, met=True, sent=0 if told.unlisted else -1)
    wait = never
    try:
        while left > 0:
            if player.awaiting and not wait.sent:
                player.answered(wait.took, met=wait.met)
            cue = player.take(FOREVER)
            if isinstance(cue, Send):
                if player.awaiting:
                    wait = wait._replace(sent=wait.sent - 1)
                data = cue.data[:left]
                left -= len(data)
                yield cue if len(data) == len(cue.data) else cue._replace(data=data)
            elif cue is None:
                return
            elif waits(cue):
                wait = next(waited, never)
    finally:
        player.close()

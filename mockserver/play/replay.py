"""Plays a connection once more, up to the bytes that had left, for whoever reads what was told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mockserver.play.cues import Send, waits
from mockserver.play.told import Wait
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.player import Player
    from mockserver.play.told import Intervention, Told


def replayed(told: Told) -> Iterator[Send]:
    """Yield what was written to a client, in order; the last as far as it has left.

    Nothing where the connection had no stream. `at` of each is its offset from `told.began`.
    """
    if told.replay is None:
        return
    left = told.sent if told.known is None else told.known
    player, waited = told.replay(), iter(told.waits)
    heard, shift, done = 0, 0.0, deque(told.interventions)
    # Heartbeats go on to the end where it never came.
    never = Wait(0.0, met=True, sent=0 if told.unlisted else -1)
    wait = never
    try:
        while heard < left:
            if done and done[0].after <= heard and not (done[0].data and player.in_block):
                what = done.popleft()
                shift += what.shift
                data = _intervened(player, what)[: left - heard]
                heard += len(data)
                if data:
                    yield Send(round(what.at - told.began, 9), data, 0, foreign=True)
                continue
            if player.awaiting and not wait.sent:
                player.answered(wait.took, met=wait.met)
            cue = player.take(FOREVER)
            if isinstance(cue, Send):
                if player.awaiting:
                    wait = wait._replace(sent=wait.sent - 1)
                data = cue.data[: left - heard]
                heard += len(data)
                yield cue._replace(at=round(cue.at + shift, 9), data=data)
            elif cue is None:
                return
            elif waits(cue):
                wait = next(waited, never)
    finally:
        player.close()


def _intervened(player: Player, what: Intervention) -> bytes:
    """Return what was written when a test intervened."""
    if what.data is None:
        return player.finish()
    return player.push(what.data) if what.data else b""

"""Plays a connection once more, up to the bytes that had left, for whoever reads what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.play.cues import Send, waits
from mockserver.play.told import Wait
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.cues import Await, Call, Cue
    from mockserver.play.told import Intervention, Told


def replayed(told: Told) -> Iterator[Send]:
    """Yield what was written to a client, in order; the last as far as it has left.

    Nothing where the connection had no stream. `at` of each is its offset from `told.began`.
    """
    if told.replay is None:
        return
    replay = Replay(told)
    try:
        yield from replay.sent(told.sent if told.known is None else told.known)
    finally:
        replay.close()


class Replay:
    """One connection that had a stream, played once more; `shift` is by how much holds moved it."""

    def __init__(self, told: Told) -> None:
        assert told.replay is not None
        self._told = told
        self._player = told.replay()
        self._waited = iter(told.waits)
        # Heartbeats go on to the end where it never came.
        self._never = Wait(0.0, met=True, sent=0 if told.unlisted else -1)
        self._wait = self._never
        self._heard = self._done = 0
        self.shift = 0.0
        self.waits: Call | Await | None = None
        """What the story waits for, where the wait is not known to be over."""

    def close(self) -> None:
        """Let go of the story."""
        self._player.close()

    def sent(self, left: int | None = None) -> Iterator[Send]:
        """Yield what was written, up to `left` bytes of the body.

        None: whoever reads along while it is being told stops by himself, at what has left.
        """
        told, player = self._told, self._player
        while left is None or self._heard < left:
            if told.known is not None and self._heard >= told.known:
                return
            done = told.interventions
            if self._done < len(done) and self._comes_now(done[self._done]):
                what = done[self._done]
                self._done += 1
                self.shift += what.shift
                data = self._intervened(what)
                data = data if left is None else data[: left - self._heard]
                self._heard += len(data)
                if data:
                    yield Send(round(what.at - told.began, 9), data, 0, foreign=True)
                continue
            if player.awaiting and not self._wait.sent:
                self.waits = None
                player.answered(self._wait.took, met=self._wait.met)
            cue = player.take(FOREVER)
            if isinstance(cue, Send):
                if player.awaiting:
                    self._wait = self._wait._replace(sent=self._wait.sent - 1)
                data = cue.data if left is None else cue.data[: left - self._heard]
                self._heard += len(data)
                yield cue._replace(at=round(cue.at + self.shift, 9), data=data)
            elif cue is None:
                return
            elif waits(cue):
                self.waits = cue
                self._wait = next(self._waited, self._never)

    def ahead(self) -> Iterator[Cue]:
        """Yield what the script does next if nobody intervenes, up to where it waits for others.

        Their times are the script's own: `shift` is still to be added.
        """
        player = self._player
        while self.waits is None and (cue := player.take(FOREVER)) is not None:
            if waits(cue):
                self.waits = cue
            yield cue

    def _comes_now(self, what: Intervention) -> bool:
        return what.after <= self._heard and not (what.data and self._player.in_block)

    def _intervened(self, what: Intervention) -> bytes:
        """Return what was written when a test intervened."""
        if what.data is None:
            return self._player.finish()
        return self._player.push(what.data) if what.data else b""

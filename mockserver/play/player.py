"""Plays one connection: says which cues are due, and when the next one is.

It knows neither sockets nor clocks; time is an argument.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mockserver.play.cues import Await, Call, Cue, Disconnect, Held, Pending, Send
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.cues import Place
    from mockserver.play.layout import Layout
    from mockserver.play.telling import Telling
    from mockserver.play.verdicts import Verdict


class Player:
    """Hands out the cues of one connection, each when it is due and what is before it has left.

    Without a `layout` bytes are simply sent; `head` is one that the script has written itself, and
    is laid as well. What cannot be told or laid ends the connection with a `drop` that says so.
    """

    def __init__(self, telling: Telling, layout: Layout | None, head: bytes) -> None:
        self._telling = telling
        self._cues = telling.cues()
        self._layout = layout
        self._writes: Iterator[Cue] = iter(())
        """What is left of the cue that is being laid on the wire."""
        self._piece: Cue | None = None
        """The next of them, coded already; the next cue is not, since others may come first."""
        self._next: Cue | Pending | None = None
        if layout:
            self._writes = layout.begin(head)
        self._go_on()
        if layout:
            self._check(layout)

    @property
    def begins(self) -> Place:
        """Where in the story the connection begins."""
        return self._telling.begins

    @property
    def next_at(self) -> float | None:
        """The offset of the next cue, or None when the connection is over."""
        if self._piece is not None:
            return self._piece.at
        if self._next is None:
            return None
        return max(self._next.at, self._layout.free) if self._layout else self._next.at

    @property
    def at_once(self) -> bool:
        """Whether the first bytes can leave together with the head."""
        cue = self._piece or self._next
        if isinstance(cue, Send) and (cue.alone or (self._layout and self._layout.splits(cue))):
            return False
        return self.next_at == 0

    @property
    def in_block(self) -> bool:
        """Whether the next write is the rest of something that has begun to leave."""
        return self._piece is not None

    @property
    def in_pieces(self) -> bool:
        """Whether some of its writes have to leave alone."""
        return self._telling.reads or self._layout is not None

    @property
    def awaiting(self) -> bool:
        """Whether the story waits for an answer, a signal or a request; only heartbeats come."""
        return self._telling.awaiting

    @property
    def held_forever(self) -> bool:
        """Whether nothing but heartbeats can come any more."""
        return self._telling.held_forever

    @property
    def fault(self) -> str:
        """Why the story cannot even begin, or nothing."""
        return self._end_at_once.fault if self._end_at_once else ""

    @property
    def breach(self) -> Verdict | None:
        """The event that keeps the story from beginning, if that is the reason."""
        return self._end_at_once.breach if self._end_at_once else None

    @property
    def _end_at_once(self) -> Disconnect | None:
        cue = self._piece or self._next
        return cue if isinstance(cue, Disconnect) else None

    def due(self, now: float) -> Iterator[Cue]:
        """Yield the cues due at the offset `now`, in order; each has the time it was due at."""
        while (cue := self.take(now)) is not None:
            yield cue

    def close(self) -> None:
        """Let go of the story, however much of it is left; nothing is due any more."""
        self._cues.close()
        self._piece = self._next = None

    def push(self, data: bytes) -> bytes:
        """Take bytes from outside between two cues; return them as they have to be written.

        Only where nothing is `in_block`.
        """
        assert self._piece is None
        self._telling.push(data)
        return self._layout.push(data) if self._layout else data

    def finish(self) -> bytes:
        """End the story here; return what the coding still has to say, if nothing is half said."""
        done = b"" if self._layout is None or self.in_block else self._layout.finish()
        self.close()
        return done

    def take(self, now: float) -> Cue | None:
        """Return the next cue if it is due at the offset `now`, else None."""
        if self._layout:
            return self._take_laid(now, self._layout)
        cue = self._next
        if cue is None or cue.at > now:
            return None
        if isinstance(cue, Pending) and cue.at == FOREVER:
            return None
        # Measured from when it was due, not from now: a late wake-up must not push later cues
        # back.
        self._next = next(self._cues, None)
        if isinstance(cue, Pending):
            return self.take(now)
        return self._telling.leaving(cue) if isinstance(cue, Send) else cue

    def answered(self, seconds: float = 0.0, *, met: bool = True) -> None:
        """Go on with a story that waits for others, which has taken `seconds`.

        They are no scripted time: what follows a `delay` comes so much later. Where an await is
        not `met`, its timeout has passed instead, and that is scripted.
        """
        self._telling.answered(seconds, met=met)
        if isinstance(self._next, Pending):
            self._next = next(self._cues, None)

    def _take_laid(self, now: float, layout: Layout) -> Cue | None:
        """Return the next write, or another cue; none before the one before it is done."""
        while (piece := self._piece) is None:
            cue = self._next
            if cue is None or (at := max(cue.at, layout.free)) > now:
                return None
            if isinstance(cue, Pending):
                if at == FOREVER:
                    return None
            else:
                self._writes = self._laid(cue, at, layout)
            self._go_on()
        if piece.at > now:
            return None
        self._go_on()
        return piece

    def _go_on(self) -> None:
        """Go on to the next write of what is being laid, or else to the next cue."""
        try:
            self._piece = next(self._writes, None)
        except RenderError as error:
            self._stop(error)
            return
        if self._piece is None:
            self._next = next(self._cues, None)

    def _check(self, layout: Layout) -> None:
        """Find out before the head whether the first cue can be laid."""
        if self._piece is None and isinstance(self._next, Send):
            try:
                layout.check(self._next)
            except RenderError as error:
                self._stop(error)

    def _stop(self, error: RenderError) -> None:
        """End the connection because of what cannot be laid on the wire."""
        self._cues.close()
        self._piece = None
        self._next = self._telling.broken(error)

    def _laid(self, cue: Cue, at: float, layout: Layout) -> Iterator[Cue]:
        """Yield the writes that a cue takes, the first at `at`."""
        match cue:
            case Send():
                yield from layout.send(self._telling.leaving(cue))
                self._telling.late = layout.free - cue.at
            case Held():
                layout.free, self._telling.late = at, at - cue.at
                yield replace(cue, at=at, until=cue.until + self._telling.late)
            case Call() | Await():
                self._telling.late = at - cue.at
                yield replace(cue, at=at)
            case Disconnect():
                if cue.kind == "end":
                    yield from layout.end(at)
                yield replace(cue, at=max(at, layout.free))

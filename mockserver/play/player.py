"""Plays one connection: says which cues are due, and when the next one is.

It knows neither sockets nor clocks; time is an argument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockserver.play.awaits import unsettled, wanted_of
from mockserver.play.calls import call_of
from mockserver.play.cues import (
    Await,
    Call,
    Cue,
    Disconnect,
    Held,
    Pending,
    Place,
    Send,
    Shown,
    waits,
)
from mockserver.play.layout import Layout
from mockserver.play.reading import FramedReading, Reading
from mockserver.play.verdicts import BreachError
from mockserver.play.walk import StuckError, Walk
from mockserver.scenario.block import Block, echoed
from mockserver.scenario.model import EventStep
from mockserver.scenario.program import Awaiting, Calling, Hold, Program, Row, Stop, Stretch
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from mockserver.play.awaits import Known
    from mockserver.play.judge import Watch
    from mockserver.play.layout import Coding
    from mockserver.play.scope import StoryScope
    from mockserver.play.verdicts import Verdict
    from mockserver.scenario.model import Heartbeat
    from mockserver.sse.encode import Event

BEAT_PATH: Final = "heartbeat"


@dataclass(frozen=True, slots=True)
class Segment:
    """A row that a connection plays, from `place` on, as `Walk` describes it.

    `resumed` disconnects have happened: the row's own end is passed over.
    """

    row: Row
    place: Place
    happened: int = 0
    resumed: bool = False


class Player:
    """Plays the segments of one connection after another.

    `gap` events are left out at the beginning. `coding` is the content coding of the body,
    `head` a head that the script has written itself. `settled` says which awaits are over.
    `watch` knows what the document says of its events. A template that has no value, or an event
    that must not be sent, ends the connection with a `drop` that says so, since the head may be
    gone already.
    """

    def __init__(
        self,
        program: Program,
        segments: Sequence[Segment],
        scope: StoryScope,
        *,
        gap: int = 0,
        coding: Coding | None = None,
        head: bytes = b"",
        settled: Known = unsettled,
        watch: Watch | None = None,
    ) -> None:
        self._program = program
        self._settled = settled
        self._watch = None if watch is None or watch.idle else watch
        self._segments = segments
        self._scope = scope
        self._gap = gap
        row = segments[-1].row
        self._layout = None
        if head or coding or any(segment.row.laid for segment in segments):
            self._layout = Layout(row.wire, scope, coding)
        self._reading: Reading | None = None
        if any(segment.row.reads for segment in segments):
            form = row.form
            self._reading = FramedReading(form) if form.frames else Reading(program.framing)
        self._at = 0.0
        self._lag = 0.0
        """How far the story's own time is ahead of the connection's."""
        self._late = 0.0
        """By how much the last cue of the story was done after it was due."""
        self._place = self.begins = segments[0].place
        self.held_forever = False
        """Whether nothing but heartbeats can come any more."""
        self.awaiting = False
        """Whether the story waits for an answer, a signal or a request; only heartbeats come."""
        self._waited = (0.0, True)
        self._cues = self._guarded()
        self._writes: Iterator[Cue] = iter(())
        """What is left of the cue that is being laid on the wire."""
        self._piece: Cue | None = None
        """The next of them, coded already; the next cue is not, since others may come first."""
        self._next: Cue | Pending | None = None
        if self._layout:
            self._writes = self._layout.begin(head)
        self._go_on()
        if self._layout:
            self._check(self._layout)

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
        return self._reading is not None or self._layout is not None

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
        if self._reading is not None:
            self._reading.push(data)
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
        return self.take(now) if isinstance(cue, Pending) else cue

    def answered(self, seconds: float = 0.0, *, met: bool = True) -> None:
        """Go on with a story that waits for others, which has taken `seconds`.

        They are no scripted time: what follows a `delay` comes so much later. Where an await is
        not `met`, its timeout has passed instead, and that is scripted.
        """
        self.awaiting, self._waited = False, (seconds if met else 0.0, met)
        if isinstance(self._next, Pending):
            self._next = next(self._cues, None)

    def _guarded(self) -> Generator[Cue | Pending, None, None]:
        try:
            heartbeat = self._program.scenario.heartbeat
            cues = self._story()
            if heartbeat:
                cues = self._with_heartbeats(cues, heartbeat)
            yield from cues
        except (RenderError, StuckError) as error:
            yield Disconnect(self._at, "drop", self._place, fault=str(error))
        except BreachError as error:
            yield Disconnect(self._at, "drop", self._place, str(error), error.verdict)

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
        self._next = Disconnect(self._at, "drop", self._place, fault=str(error))

    def _laid(self, cue: Cue, at: float, layout: Layout) -> Iterator[Cue]:
        """Yield the writes that a cue takes, the first at `at`."""
        match cue:
            case Send():
                yield from layout.send(cue)
                self._late = layout.free - cue.at
            case Held():
                layout.free, self._late = at, at - cue.at
                yield replace(cue, at=at, until=cue.until + self._late)
            case Call() | Await():
                self._late = at - cue.at
                yield replace(cue, at=at)
            case Disconnect():
                if cue.kind == "end":
                    yield from layout.end(at)
                yield replace(cue, at=max(at, layout.free))

    def _story(self) -> Iterator[Cue | Pending]:
        walk = None
        for segment in self._segments:
            walk = self._walk(segment, walk)
            passages = walk.passages()
            for op, first in passages:
                if walk.due != FOREVER:
                    # Time that bytes take on the wire is no scripted time.
                    self._at, self._lag = walk.due, walk.story - walk.due + walk.late
                self._place = Place(walk.number, walk.cues, walk.base, walk.story)
                if isinstance(op, Stop):
                    # The next connection sees what follows, where anything does.
                    goes_on = self._program.goes_on and not op.over
                    goes_on = goes_on and next(passages, None) is not None
                    place = self._place if goes_on else _next_row(walk)
                    yield Disconnect(self._at, op.kind, place)
                    return
                # A hold among events that are sent again is only the time between them.
                if not isinstance(op, Hold) or walk.cues >= segment.happened:
                    # Where the block that was begun is left out, nothing is left of it to send.
                    begun = segment.place.within if walk.cues == segment.place.cues + 1 else 0
                    again = walk.cues <= segment.happened
                    cue = self._cue(walk, op, first, begun, again=again)
                    yield cue
                    walk.lapse(self._late)
                    if waits(cue):
                        self.awaiting = True
                        while self.awaiting:
                            yield Pending(FOREVER)
                        seconds, walk.met = self._waited
                        walk.lapse(seconds)
            if not segment.resumed:
                yield Disconnect(walk.due, segment.row.end, _next_row(walk))
                return

    def _walk(self, segment: Segment, before: Walk | None) -> Walk:
        """Start on a segment where the one before it ended."""
        return Walk(
            segment.row,
            segment.place.number,
            self._scope,
            # What came after the last event was the wait for a disconnect that has happened.
            due=before.told if before else 0.0,
            base=max(before.story, segment.place.base) if before else segment.place.base,
            skip=segment.place.cues + (before.skip if before else 0),
            gap=before.gap if before else self._gap,
            happened=segment.happened,
            settled=self._settled,
            apart=self._watch.apart if self._watch else None,
        )

    def _cue(
        self,
        walk: Walk,
        op: Stretch | Block | Hold | Calling | Awaiting,
        first: int,
        begun: int,
        *,
        again: bool,
    ) -> Cue:
        due, place, reading = walk.due, self._place, self._reading
        if reading is not None and not reading.wanted(walk.row):
            reading = None
        match op:
            case Stretch():
                data = op.from_block(first)
                last_id, after = op.last_id(first)
                blocks, retry = len(op.ends) - first, op.retry
                shown = Shown(op.steps, max(0, len(op.steps) - blocks), data=data)
                if reading is not None:
                    step = op.steps[0]
                    read = reading.read(data, begun, reading.whole(step))
                    data, last_id, retry, heard = read
                    shown = Shown(step, heard=heard)
                send = Send(due, data, blocks, place, last_id, after, retry, shown=shown)
                found = self._watch.of_steps(op.steps, blocks) if self._watch else ()
                cue = send._replace(breaches=found) if found else send
            case Block() if reading is not None:
                event = op.event_if_any(self._scope)
                found = self._judged(op, event)
                data = op.data(self._scope, again=again, event=event)
                whole = None if begun or op.step.cut is not None else event
                data, last_id, retry, heard = reading.read(data, begun, whole)
                split = None if op.step.split is None else (op.path, op.step.split)
                shown = Shown(op.step, heard=heard)
                return Send(due, data, 1, place, last_id, 0, retry, op.alone, split, shown, found)
            case Block():
                event = op.event(self._scope)
                found = self._judged(op, event)
                data = op.encoded(event, self._scope)
                split = None if op.step.split is None else (op.path, op.step.split)
                id_, shown = echoed(event.id), Shown(op.step, event=event)
                cue = Send(
                    due, data, 1, place, id_, 0, event.retry,
                    split=split, shown=shown, breaches=found,
                )  # fmt: skip
            case Hold():
                return Held(due, due + walk.held, op.silent)
            case Calling():
                return call_of(op, self._scope, due, place)
            case Awaiting():
                return Await(due, place, wanted_of(op, self._scope), walk.timeout)
        if self._reading is not None and reading is None:
            self._reading.pass_over(cue.id, cue.retry)
        return cue

    def _judged(self, block: Block, event: Event | None) -> tuple[Verdict, ...]:
        if self._watch is None or event is None or event.data is None:
            return ()
        assert isinstance(block.step, EventStep)
        return self._watch.of_event(block.step, event)

    def _with_heartbeats(
        self, cues: Iterator[Cue | Pending], heartbeat: Heartbeat
    ) -> Iterator[Cue | Pending]:
        every = heartbeat.every.shortest
        beats, silent_until = 1, 0.0
        for cue in cues:
            if isinstance(cue, Pending):
                yield Pending(at := round(beats * every, 9))
                if self.awaiting:
                    yield self._beat(heartbeat, at, beats)
                    beats += 1
                continue
            self.held_forever = cue.at == FOREVER
            # What the story says at the same moment comes first.
            while silent_until != FOREVER and (at := round(beats * every, 9)) < cue.at:
                yield self._beat(heartbeat, at, beats)
                beats += 1
            yield cue
            if isinstance(cue, Held) and cue.silent:
                silent_until = cue.until + self._late
                if silent_until != FOREVER:
                    beats = max(beats, math.ceil(round(silent_until / every, 9)))

    def _beat(self, heartbeat: Heartbeat, at: float, beats: int) -> Send:
        """Return the heartbeat due at `at`."""
        scope = self._scope
        story, rounds = scope.story, scope.rounds
        scope.story, scope.rounds = at + self._lag, [beats]
        block = Block(BEAT_PATH, heartbeat.block, self._segments[-1].row.form)
        try:
            event = block.event(scope)
            found = self._judged(block, event)
            shown = Shown(heartbeat.block, event=event)
            return Send(at, block.encoded(event, scope), 0, shown=shown, breaches=found)
        except (RenderError, BreachError):
            self._at = at  # not when the story's next cue is due, which has been looked at
            raise
        finally:
            scope.story, scope.rounds = story, rounds


def _next_row(walk: Walk) -> Place:
    return Place(walk.number + 1, 0, walk.story, walk.story)

"""What a connection's part of a story says: its segments made into cues, heartbeats among them.

Each cue has the time at which it is due; when it leaves is the player's affair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockserver.play.awaits import wanted_of
from mockserver.play.calls import call_of
from mockserver.play.cues import (
    Await,
    Cue,
    Disconnect,
    Held,
    Pending,
    Place,
    Send,
    Shown,
    Unread,
    waits,
)
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
    from mockserver.play.scope import StoryScope
    from mockserver.play.verdicts import Verdict
    from mockserver.scenario.model import Heartbeat, Split
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


class Telling:
    """Tells the segments of one connection one after another.

    `gap` events are left out at the beginning. `settled` says which awaits are over. `watch` knows
    what the document says of its events.
    """

    def __init__(
        self,
        program: Program,
        segments: Sequence[Segment],
        scope: StoryScope,
        *,
        gap: int,
        settled: Known,
        watch: Watch | None,
    ) -> None:
        self._program = program
        self._segments = segments
        self._scope = scope
        self._gap = gap
        self._settled = settled
        self._watch = None if watch is None or watch.idle else watch
        self._reading: Reading | None = None
        if any(segment.row.reads for segment in segments):
            form = segments[-1].row.form
            self._reading = FramedReading(form) if form.frames else Reading(program.framing)
        self._at = 0.0
        """When the cue that was told last is due."""
        self._place = self.begins = segments[0].place
        self._row = segments[0].row
        """The one that is being told."""
        self._lag = 0.0
        """How far the story's own time is ahead of the connection's."""
        self.late = 0.0
        """By how much the last cue of the story was done after it was due; the player says so."""
        self.held_forever = False
        """Whether nothing but heartbeats can come any more."""
        self.awaiting = False
        """Whether the story waits for an answer, a signal or a request; only heartbeats come."""
        self._waited = (0.0, True)

    @property
    def reads(self) -> bool:
        """Whether some of its bytes have to be read, since they are written by hand."""
        return self._reading is not None

    def cues(self) -> Generator[Cue | Pending, None, None]:
        """Yield what the connection gets, in order; what cannot be told ends it with a `drop`.

        The head may be gone by then, so nothing else could say it.
        """
        try:
            heartbeat = self._program.scenario.heartbeat
            cues = self._story()
            if heartbeat:
                cues = self._with_heartbeats(cues, heartbeat)
            yield from cues
        except (RenderError, StuckError) as error:
            yield self.broken(error)
        except BreachError as error:
            yield Disconnect(self._at, "drop", self._place, str(error), error.verdict)

    def broken(self, error: Exception) -> Disconnect:
        """Return the end of a connection that cannot go on from here."""
        return Disconnect(self._at, "drop", self._place, fault=str(error))

    def leaving(self, cue: Send) -> Send:
        """Return what leaves, with what a client takes of it, which has got all that was before.

        Heartbeats and what tests push come between the cues of the story, so nothing is read of
        these before they leave.
        """
        reading = self._reading
        if reading is None:
            return cue
        if cue.unread is None:
            reading.pass_over(cue.id, cue.retry)
            return cue
        data, last_id, retry, heard, within = reading.read(cue.data, *cue.unread)
        cue = cue._replace(data=data, unread=None)
        if cue.place is None or cue.shown is None:  # a heartbeat
            return cue
        shown = cue.shown._replace(heard=heard)
        after = int(within > 0)
        return cue._replace(id=last_id, retry=retry, shown=shown, after_id=after, within=within)

    def push(self, data: bytes) -> None:
        """Take note of bytes from outside, which a client reads among those of the story."""
        if self._reading is not None:
            self._reading.push(data)

    def answered(self, seconds: float, *, met: bool) -> None:
        """Go on with a story that has waited `seconds` for others, or in vain."""
        self.awaiting, self._waited = False, (seconds if met else 0.0, met)

    def _story(self) -> Iterator[Cue | Pending]:
        walk = None
        for segment in self._segments:
            self._row = segment.row
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
                    walk.lapse(self.late)
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
        due, reading = walk.due, self._reading
        if reading is not None and not reading.wanted(walk.row):
            reading = None
        match op:
            case Stretch():
                cue = self._stretch(op, first, due)
                if reading is not None:
                    step = op.steps[0]
                    unread = Unread(begun, reading.whole(step))
                    return cue._replace(id=None, retry=None, shown=Shown(step), unread=unread)
            case Block() if reading is not None:
                return self._block_by_hand(op, due, begun, again=again)
            case Block():
                event = op.event(self._scope)
                found = self._judged(op, event)
                data, id_ = op.encoded(event, self._scope), echoed(event.id)
                shown, split = Shown(op.step, event=event), _split(op)
                cue = Send(
                    due, data, 1, self._place, id_, 0, event.retry,
                    split=split, shown=shown, breaches=found,
                )  # fmt: skip
            case Hold():
                return Held(due, due + walk.held, op.silent)
            case Calling():
                return call_of(op, self._scope, due, self._place)
            case Awaiting():
                return Await(due, self._place, wanted_of(op, self._scope), walk.timeout)
        return cue

    def _stretch(self, op: Stretch, first: int, due: float) -> Send:
        """Return blocks that have been encoded already, from the block `first` on."""
        data = op.from_block(first)
        last_id, after = op.last_id(first)
        blocks = len(op.ends) - first
        shown = Shown(op.steps, max(0, len(op.steps) - blocks), data=data)
        found = self._watch.of_steps(op.steps, blocks) if self._watch else ()
        return Send(
            due, data, blocks, self._place, last_id, after, op.retry, shown=shown, breaches=found
        )

    def _block_by_hand(self, op: Block, due: float, begun: int, *, again: bool) -> Send:
        """Return a block of a row in which some are written by hand, or cut."""
        event = op.event_if_any(self._scope)
        found = self._judged(op, event)
        data = op.data(self._scope, again=again, event=event)
        unread = Unread(begun, None if begun or op.step.cut is not None else event)
        return Send(
            due, data, 1, self._place, alone=op.alone, split=_split(op), shown=Shown(op.step),
            breaches=found, unread=unread,
        )  # fmt: skip

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
                silent_until = cue.until + self.late
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
            data, reading = block.encoded(event, scope), self._reading
            unread = None
            if reading is not None and reading.wanted(self._row):
                data, unread = reading.unframed(event, data), Unread(0, event)
            shown = Shown(heartbeat.block, event=event)
            return Send(at, data, 0, shown=shown, breaches=found, unread=unread)
        except (RenderError, BreachError):
            self._at = at  # not when the story's next cue is due, which has been looked at
            raise
        finally:
            scope.story, scope.rounds = story, rounds


def _split(block: Block) -> tuple[str, Split] | None:
    """Return the pieces that the step of a block asks for, with its address for chance."""
    return None if block.step.split is None else (block.path, block.step.split)


def _next_row(walk: Walk) -> Place:
    return Place(walk.number + 1, 0, walk.story, walk.story)

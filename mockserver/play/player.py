"""Plays one connection: says which cues are due, and when the next one is.

It knows neither sockets nor clocks; time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from mockserver.play.walk import StuckError, Walk
from mockserver.scenario.program import Block, Hold, Program, Row, Stop, Stretch
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import FOREVER
from mockserver.sse.encode import encode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from mockserver.play.scope import StoryScope
    from mockserver.scenario.model import Heartbeat, Kind

BEAT_PATH: Final = "heartbeat"


# Places and sends are made for every event: named tuples take a third of a dataclass's time.
class Place(NamedTuple):
    """A point in a story: after `cues` cues of its connection `number`.

    `base` is the scripted time at which that connection began, `story` the time at the point.
    """

    number: int
    cues: int = 0
    base: float = 0.0
    story: float = 0.0


class Send(NamedTuple):
    """Bytes to be written at the offset `at`: `blocks` of the story, or a heartbeat (0)."""

    at: float
    data: bytes
    blocks: int
    place: Place | None = None
    id: str | None = None
    """The last id in it, None where it has none."""
    after_id: int = 0
    """How many of the blocks come after the one with that id."""
    retry: int | None = None
    """The last reconnection time in it, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Held:
    """The connection is held open from `at` to `until`."""

    at: float
    until: float


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The connection ends at `at`, and the story goes on at `place`.

    `fault` is why it could not be told to its end.
    """

    at: float
    kind: Kind
    place: Place
    fault: str = ""


Cue: TypeAlias = Send | Held | Disconnect


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

    `gap` events are left out at the beginning. `faults`: a template that has no value ends the
    connection with a `drop` that says so, since the head may be gone already.
    """

    def __init__(
        self, program: Program, segments: Sequence[Segment], scope: StoryScope, *, gap: int = 0
    ) -> None:
        self._program = program
        self._segments = segments
        self._scope = scope
        self._gap = gap
        self._at = 0.0
        self._lag = 0.0
        """How far the story's own time is ahead of the connection's."""
        self._place = segments[0].place
        self.held_forever = False
        """Whether nothing but heartbeats can come any more."""
        self._cues = self._guarded()
        self._next: Cue | None = next(self._cues, None)

    @property
    def next_at(self) -> float | None:
        """The offset of the next cue, or None when the connection is over."""
        return None if self._next is None else self._next.at

    @property
    def fault(self) -> str:
        """Why the story cannot even begin, or nothing."""
        return self._next.fault if isinstance(self._next, Disconnect) else ""

    def due(self, now: float) -> Iterator[Cue]:
        """Yield the cues due at the offset `now`, in order; each has the time it was due at."""
        while (cue := self.take(now)) is not None:
            yield cue

    def close(self) -> None:
        """Let go of the story, however much of it is left; nothing is due any more."""
        self._cues.close()
        self._next = None

    def take(self, now: float) -> Cue | None:
        """Return the next cue if it is due at the offset `now`, else None."""
        cue = self._next
        if cue is None or cue.at > now:
            return None
        # Measured from when it was due, not from now: a late wake-up must not push later cues
        # back.
        self._next = next(self._cues, None)
        return cue

    def _guarded(self) -> Generator[Cue, None, None]:
        try:
            heartbeat = self._program.scenario.heartbeat
            story = self._story()
            yield from self._with_heartbeats(story, heartbeat) if heartbeat else story
        except (RenderError, StuckError) as error:
            yield Disconnect(self._at, "drop", self._place, fault=str(error))

    def _story(self) -> Iterator[Cue]:
        walk = None
        for segment in self._segments:
            walk = self._walk(segment, walk)
            passages = walk.passages()
            for op, first in passages:
                if walk.due != FOREVER:
                    self._at, self._lag = walk.due, walk.story - walk.due
                self._place = Place(walk.number, walk.cues, walk.base, walk.story)
                if isinstance(op, Stop):
                    # The next connection sees what follows, where anything does.
                    goes_on = self._program.goes_on and next(passages, None) is not None
                    place = self._place if goes_on else _next_row(walk)
                    yield Disconnect(self._at, op.kind, place)
                    return
                # A hold among events that are sent again is only the time between them.
                if not isinstance(op, Hold) or walk.cues >= segment.happened:
                    yield self._cue(walk, op, first)
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
        )

    def _cue(self, walk: Walk, op: Stretch | Block | Hold, first: int) -> Cue:
        match op:
            case Stretch():
                count = len(op.ends) - first
                data = op.from_block(first)
                last_id, after = op.last_id(first)
                return Send(walk.due, data, count, self._place, last_id, after, op.retry)
            case Block():
                event = op.event(self._scope)
                return Send(walk.due, encode(event), 1, self._place, event.id, 0, event.retry)
            case Hold():
                return Held(walk.due, walk.due + walk.held)

    def _with_heartbeats(self, cues: Iterator[Cue], heartbeat: Heartbeat) -> Iterator[Cue]:
        every = heartbeat.every.shortest
        beats = 1
        for cue in cues:
            self.held_forever = cue.at == FOREVER
            # What the story says at the same moment comes first.
            while (at := round(beats * every, 9)) < cue.at:
                yield Send(at, self._beat(heartbeat, at, beats), 0)
                beats += 1
            yield cue

    def _beat(self, heartbeat: Heartbeat, at: float, beats: int) -> bytes:
        """Encode the heartbeat due at `at`."""
        scope = self._scope
        story, rounds = scope.story, scope.rounds
        scope.story, scope.rounds = at + self._lag, [beats]
        try:
            return encode(Block(BEAT_PATH, heartbeat.block).event(scope))
        finally:
            scope.story, scope.rounds = story, rounds


def _next_row(walk: Walk) -> Place:
    return Place(walk.number + 1, 0, walk.story, walk.story)

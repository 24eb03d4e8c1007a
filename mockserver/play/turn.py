"""What one request gets of a story: one of its connections, or word that it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mockserver.play.answer import raw_head
from mockserver.play.cues import Disconnect, Place
from mockserver.play.layout import Layout
from mockserver.play.player import Player
from mockserver.play.telling import Segment, Telling
from mockserver.scenario.block import Block
from mockserver.scenario.model import RawStep
from mockserver.scenario.program import Pause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockserver.contract import EventStream, Operation
    from mockserver.play.journal import Closer
    from mockserver.play.judge import Watch
    from mockserver.play.layout import Coding
    from mockserver.play.opening import Opening
    from mockserver.play.scope import StoryScope
    from mockserver.play.story import Subscription
    from mockserver.scenario.program import Program, Row


@dataclass(slots=True)
class Turn:
    """What one request gets: a connection of a story, or word that the story is over.

    `row` is None when it is over (204). `player` is None when the row has no stream.
    """

    program: Program
    subscription: Subscription
    number: int
    """Which connection of its subscription this is, from 1."""
    row: Row | None
    scope: StoryScope
    opening: Opening
    player: Player | None = None
    notes: tuple[str, ...] = ()
    coding: Coding | None = None
    """The content coding that script and request agree on."""
    replay: Callable[[], Player] | None = None
    """Makes a player that plays this connection once more, byte for byte."""
    watch: Watch | None = None
    """What judges the events before they are sent, where anything does."""
    serial: int = 0
    """That of `Opened` in the journal, from then on."""

    def stream_of(self, operation: Operation) -> EventStream | None:
        """Return what the document says of the stream that this request gets, or None."""
        return operation.stream_for(self.opening.accept, self.program.framing)

    def tell(self, segments: Sequence[Segment], gap: int = 0) -> None:
        """Make the player of these segments of the story. Raises RenderError."""
        assert self.row is not None
        program, coding, response = self.program, self.coding, self.row.response
        watch, subscription = self.watch, self.subscription
        settled = subscription.settled.before(subscription.connections)
        laid = coding is not None or any(segment.row.laid for segment in segments)
        # It outlives the connection, so it must not hold on to this turn and all that hangs on it.
        make_scope = self.scope.again()

        def play(watch: Watch | None = None) -> Player:
            # The player is ahead of the head, whose templates have a scope of their own.
            scope = make_scope()
            head = raw_head(response, scope)
            telling = Telling(program, segments, scope, gap=gap, settled=settled, watch=watch)
            layout = None
            if head or laid:
                row = segments[-1].row
                layout = Layout(row.wire, scope, coding, frames=row.form.frames)
            return Player(telling, layout, head)

        self.replay = play
        self.player = play(watch)

    def tell_body(self, body: bytes) -> None:
        """Make the player of a whole answer whose bytes are not simply sent."""
        assert self.row is not None
        step = RawStep(where=self.row.where, raw=body)
        row = replace(self.row, ops=(Block("body", step),), reads=True, laid=True)
        self.tell([Segment(row, self.subscription.next)])

    @property
    def refused(self) -> int | None:
        """The status for a Last-Event-ID that the story does not know, where that is refused."""
        unknown = self.program.scenario.resume.unknown
        return unknown if "unknown-last-event-id" in self.notes else None

    def delay(self) -> float:
        """Return the seconds before the head, or before a lone disconnect. Raises RenderError."""
        assert self.row is not None
        response = self.row.response
        if self.row.broken:
            waits = [op for op in self.row.ops if isinstance(op, Pause)]
            return sum(self.scope.seconds(op.time, op.path, "delay") for op in waits)
        if response is not None and response.delay is not None:
            return self.scope.seconds(response.delay, "response", "delay")
        return 0.0

    def close_answer(self, by: Closer, now: float) -> None:
        """Take note that a connection without a stream is over.

        An answer that a test has cut off is still to be given.
        """
        assert self.row is not None
        if by == "test":
            begin = self.subscription.next
            self.subscription.close(by, now, Disconnect(0.0, self.row.end, begin))
            return
        # The wait before a lone disconnect is the story's; one before an answer is the answer's.
        story = self.scope.story + (self.delay() if self.row.broken else 0.0)
        place = Place(self.subscription.next.number + 1, 0, story, story)
        self.subscription.close(by, now, Disconnect(0.0, self.row.end, place))

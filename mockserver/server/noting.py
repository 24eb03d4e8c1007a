"""What is noted of a stream while it is told: how far it came, what left, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.clock import ManualClock
from mockserver.play.beats import Beat
from mockserver.play.journal import Closed
from mockserver.play.told import Intervention
from mockserver.server import breaches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.clock import Clock
    from mockserver.errors import Location
    from mockserver.play.answer import Head
    from mockserver.play.cues import Disconnect, Send
    from mockserver.play.journal import Closer
    from mockserver.play.session import Session
    from mockserver.play.tally import Seen
    from mockserver.play.told import Told
    from mockserver.play.turn import Turn
    from mockserver.play.verdicts import Verdict
    from mockserver.server.steering import Steering


class Notes:
    """Takes note of one connection, for its subscription, the session and who looks on."""

    def __init__(
        self,
        turn: Turn,
        session: Session[Clock],
        *,
        told: Told,
        seen: Seen | None,
        steering: Steering,
    ) -> None:
        assert turn.player is not None
        self._turn = turn
        self._session = session
        self._clock = session.clock
        self._told = told
        self._seen = seen
        self._steering = steering
        self._noted: set[Location] = set()
        """The steps that have been told to break the contract."""
        self.place = turn.player.begins
        """Up to where this connection has been told."""

    def began(self, head: Head, headers: tuple[tuple[str, str], ...]) -> None:
        """Take note that a head is on its way, with these headers."""
        told = self._told
        told.head, told.began, told.replay = head, self._steering.start, self._turn.replay
        told.headers = headers

    def sent(self, cue: Send) -> None:
        """Take note of what a cue tells the client."""
        self._turn.subscription.record(cue)
        if cue.place is not None:
            self.place = cue.place
        if self._seen is not None and cue.shown is not None:
            self._seen.note(cue.shown)
        if cue.breaches:
            self._breaks(cue.breaches)
        if not cue.blocks and cue.shown is not None:
            self._beat(cue)

    def _beat(self, cue: Send) -> None:
        """Tell of a heartbeat, if anybody wants to know."""
        journals, turn = self._session.journal.journals, self._turn
        if journals.beats.watchers:
            at = self._steering.moment(cue.at)
            whose = (turn.program.name, turn.subscription.address.subscription, turn.number)
            journals.beats.add(Beat(self._session.name, at, *whose, self._told.serial))
            journals.ring()

    def _breaks(self, verdicts: Sequence[Verdict]) -> None:
        """Put what breaks the contract into the journal, once a connection for each step."""
        turn, told = self._turn, self._told
        assert turn.watch is not None
        for verdict in verdicts:
            if verdict.where not in self._noted:
                self._noted.add(verdict.where)
                whose = (turn.program.name, turn.subscription, turn.number)
                asked = (told.operation, told.target)
                breaches.note(self._session, verdict, turn.watch.placed, asked, whose)

    def finished(self, rest: bytes) -> None:
        """Take note of how the coding of a body ended that a test has ended properly."""
        now = self._clock.now() if self._clock.passes else self._told.began
        self._session.told.intervene(self._told, Intervention(self._told.sent, now, None))
        self._told.sent += len(rest)

    def ended(self, by: Closer, end: Disconnect | None, blocks: int) -> Closed:
        """Take note of the end, after so many blocks; returns the entry that tells of it."""
        if end is not None and end.breach is not None:
            self._breaks([end.breach])
        turn, told, now = self._turn, self._told, self._clock.now()
        turn.subscription.close(by, now, end)
        told.ended = (now, "client" if by == "client" else end.kind if end else "end")
        told.by = by
        return Closed(
            self._due(now, by, end),
            turn.program.name,
            turn.subscription.address.subscription,
            turn.number,
            end.kind if end else "end",
            by,
            blocks,
            end.fault if end else "",
            told.operation,
            told.sent,
            told.serial,
        )

    def _due(self, now: float, by: Closer, end: Disconnect | None) -> float:
        """Return when the end was due where a test has moved the clock past it, else `now`.

        That is its own time, as events have theirs; a client could come back only at `now`.
        """
        if by != "script" or end is None or not isinstance(self._clock, ManualClock):
            return now
        return min(now, self._steering.moment(end.at))

"""Performs the cues of one connection on a socket, each when the session's clock says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.clock import turn_of_others
from mockserver.play.cues import Await, Call, Disconnect, Send
from mockserver.play.told import Wait
from mockserver.scenario.units import FOREVER
from mockserver.server import wire
from mockserver.server.awaits import Expecting
from mockserver.server.log import record
from mockserver.server.noting import Notes
from mockserver.server.obeying import Obeying
from mockserver.server.outlet import CutShortError, Outlet
from mockserver.server.responses import stream_response

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.clock import Clock
    from mockserver.play.answer import Head
    from mockserver.play.cues import Cue
    from mockserver.play.journal import Closed, Closer
    from mockserver.play.player import Player
    from mockserver.play.session import Session
    from mockserver.play.tally import Seen
    from mockserver.play.told import Told
    from mockserver.play.turn import Turn
    from mockserver.server.calls import Calls, Sending
    from mockserver.server.steering import Steering
    from mockserver.server.waiting import Outside, Waiting

_CUES_A_TURN: Final = 256
_CODED_CUES_A_TURN: Final = 8
"""To code an event takes long, and makes it so small that it takes many to fill a write."""


class Stream:
    """One connection that is being told its part of the story."""

    def __init__(
        self,
        turn: Turn,
        head: Head,
        session: Session[Clock],
        waiting: Waiting,
        *,
        told: Told,
        calls: Calls,
        seen: Seen | None,
        steering: Steering,
    ) -> None:
        assert turn.player is not None
        self._turn = turn
        self._player: Player = turn.player
        self._session = session
        self._clock = session.clock
        self._head = head
        self._waiting = waiting
        self._told = told
        self._notes = Notes(turn, session, told=told, seen=seen, steering=steering)
        self._calls = calls
        self._steering = steering
        self._obeying = Obeying(steering, session, turn, told, seen)
        self._first = 0
        """How many cues that are due still come before what a test asks."""
        self._called: Sending | None = None
        """The last request to somebody else."""
        self._outside: Outside | None = None
        """What the story waits for, or has waited for last."""
        self._offset = 0.0
        """Up to when cues are due."""
        self._beats = 0
        """How often something was sent meanwhile."""
        self._cues = 0
        self._cues_a_turn = _CODED_CUES_A_TURN if turn.coding else _CUES_A_TURN
        self._outlet: Outlet | None = None
        """There from the head on."""
        self._ended: tuple[Closer, Disconnect | None] = ("client", None)
        self._by: Closer = "script"

    async def perform(self, request: web.BaseRequest) -> web.StreamResponse:
        """Tell this connection's part; returns when it is over, whoever ended it."""
        response = self._respond(request)
        self._steering.start = self._clock.now()
        if self._player.in_pieces:
            wire.one_by_one(request.transport)
        try:
            await response.prepare(request)
            outlet = self._begun(request, response)
            try:
                end = await self._play(outlet)
            except CutShortError:
                end = self._cut_at(self._now())
            await self._finish(request, response, outlet, end)
        except ConnectionError:
            pass  # the client left while something was being written
        finally:
            if self._player.in_pieces:
                wire.together(request.transport)
            self._close()
        return response

    def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return what sends the head."""
        return stream_response(request, self._head, joined=self._player.at_once)

    def _begun(self, request: web.BaseRequest, response: web.StreamResponse) -> Outlet:
        """Take note that the head is on its way; returns where the rest goes."""
        head, added = self._head, self._told.origin is not None and not self._head.raw
        self._notes.began(head, tuple(response.headers.items()) if added else head.headers)
        outlet = self._outlet = Outlet(
            request,
            response,
            turn=self._turn,
            session=self._session,
            told=self._told,
            steering=self._steering,
            in_pieces=self._player.in_pieces,
        )
        if head.raw:
            outlet.begin()
        self._steering.begun()
        return outlet

    async def _play(self, outlet: Outlet) -> Disconnect | None:
        """Perform cues until script or test end the connection (or None: the server stops)."""
        player, waiting, steering = self._player, self._waiting, self._steering
        now = 0.0
        while not waiting.stopping:
            end = await self._perform_due(outlet, now)
            if end is not None:
                return end
            now = self._offset
            await outlet.flush_all()
            outlet.begin()
            if steering.orders or (steering.behind and not player.in_block):
                end = await self._obey(outlet, now)
                if end is not None:
                    return end
                now = self._now(now)
                continue
            at = player.next_at
            if at is None:
                return None
            now = await (self._until_over if player.awaiting else self._until)(at, now)
            self._first, outlet.ceded = _CUES_A_TURN, False
        return None

    async def _perform_due(self, outlet: Outlet, now: float) -> Disconnect | None:
        """Perform the cues that are due; returns the connection's end if that is one of them."""
        waiting, player, take = self._waiting, self._player, self._take
        self._offset = now
        while not waiting.stopping and (cue := take(now)) is not None:
            if isinstance(cue, Send):
                self._beats += player.awaiting
                await self._send(outlet, cue)
            elif isinstance(cue, Disconnect):
                return cue
            elif isinstance(cue, (Call, Await)):
                await self._ask(cue)
                # Heartbeats that are late come one by one: an answer may be due among them.
                now = self._offset = cue.at if player.awaiting else now
        return None

    async def _until(self, at: float, now: float) -> float:
        """Wait until the offset `at`, or until there is something else to do; returns it then."""
        # On a clock that stands still between cues, only heartbeats would be left to come.
        endless = self._player.held_forever and not self._clock.passes
        moment = FOREVER if endless else self._steering.moment(at)
        rung = await self._waiting.until(self._clock, moment)
        # Never before it is due: some event loops wake a little early. A clock that stands still
        # is where the story is.
        passed = self._now(at if rung else now)
        return max(at, passed) if rung else passed

    def _now(self, last: float = 0.0) -> float:
        """Return the offset at which the story is; `last` on a clock that stands still."""
        return self._steering.offset(self._clock.now()) if self._clock.passes else last

    def _take(self, now: float) -> Cue | None:
        """Return the next cue that is due, unless a test has asked for something before."""
        steering, player = self._steering, self._player
        if steering.orders:
            ceded = self._outlet is None or self._outlet.ceded
            if steering.held is not None or self._first <= 0 or ceded:
                return None
            # What was due when it was asked comes first, though the story was not told it yet.
            self._first -= 1
            return player.take(min(now, steering.offset(steering.orders[0].at)))
        if steering.behind and not player.in_block:
            return None
        return player.take(now)

    async def _ask(self, cue: Call | Await) -> None:
        """Turn to somebody else."""
        await self._counted()
        self._obeying.asked, self._obeying.stood = self._steering.moment(cue.at), 0.0
        if isinstance(cue, Call):
            self._call(cue)
        else:
            self._await(cue)

    def _call(self, cue: Call) -> None:
        """Send a request to somebody else; it goes on by itself."""
        self._turn.subscription.record(cue)
        self._called = self._calls.make(cue, self._session, self._turn, self._called)
        if cue.wait:
            self._outside, self._beats = self._called, 0

    def _await(self, cue: Await) -> None:
        """Begin to wait for a signal or a request, unless it has come already."""
        self._outside, self._beats = (
            Expecting(cue, self._session, self._turn, self._steering.moment(cue.at)),
            0,
        )
        if self._outside.answer.done():
            self._go_on(self._outside)

    async def _counted(self) -> None:
        """Count a cue, and let others have their turn now and then."""
        self._cues += 1
        if self._cues % self._cues_a_turn == 0:
            await turn_of_others()
            self._first = 0

    async def _until_over(self, at: float, now: float) -> float:
        """Wait for what others do, or for a heartbeat due at `at`; returns the offset then."""
        outside, clock = self._outside, self._clock
        assert outside is not None
        # On a clock that stands still between cues, heartbeats would come without end.
        beat = self._steering.moment(at) if clock.passes else FOREVER
        await self._waiting.until_done(outside.answer, outside.clock, min(beat, outside.until))
        orders = self._steering.orders
        if orders and orders[0].at < outside.until and not outside.answer.done():
            return min(at, self._now(now))  # what a test has asked was before the timeout
        # Heartbeats that are due before a timeout come before it, however late it is.
        if not outside.answer.done() and (beat < outside.until or not outside.expired()):
            return min(at, self._now()) if clock.passes else now
        self._go_on(outside)
        return self._now(now)

    def _go_on(self, outside: Outside) -> None:
        """Go on with a story that has waited for what is over now."""
        outside.leave()
        # While a test held the script, it did not wait.
        stood = self._obeying.stood
        took = max(0.0, round(outside.took - stood, 9)) if stood else outside.took
        self._told.waited(Wait(took, outside.met, self._beats))
        self._player.answered(took, met=outside.met)

    async def _send(self, outlet: Outlet, cue: Send) -> None:
        """Join a cue to what is about to be written, or write it."""
        await self._counted()
        if not outlet.takes(cue):
            await outlet.flush()
        outlet.add(cue)
        self._notes.sent(cue)
        if cue.alone:
            await outlet.flush_alone()

    async def _obey(self, outlet: Outlet, now: float) -> Disconnect | None:
        """Carry out what a test has asked; returns the connection's end if that is it."""
        await outlet.room()  # until then, what is asked can be taken back
        self._obeying.outside = self._outside if self._player.awaiting else None
        asked = await self._obeying.obey(now, self._notes.place, outlet.put_between)
        return self._cut_at(now) if asked else None

    def _cut_at(self, now: float) -> Disconnect:
        """Return the end that a test asks for; what is left of the story is told next time."""
        assert self._steering.cut is not None
        self._by = "test"
        # Disconnects that have happened do not happen again.
        place = max(self._notes.place, self._turn.subscription.next)
        return Disconnect(now, self._steering.cut, place)

    async def _finish(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        outlet: Outlet,
        end: Disconnect | None,
    ) -> None:
        kind = "end" if end is None else end.kind
        self._ended = ("server" if end is None else self._by, end)
        if self._by == "test" and kind == "end":
            await self._finish_coding(outlet)
        if kind == "end" and not self._head.raw:
            self._check_length(response, outlet)
            await outlet.end()
            return
        await outlet.flush_all()
        if kind == "reset":
            await wire.reset(request.transport)
        elif kind == "drop":
            wire.drop(request.transport)
        else:
            wire.close(request.transport)

    async def _finish_coding(self, outlet: Outlet) -> None:
        """Let the coding of a body that a test ends properly say what it still has to say."""
        rest = self._player.finish()
        if rest:
            await outlet.put_between(rest)
            self._notes.finished(rest)

    def _check_length(self, response: web.StreamResponse, outlet: Outlet) -> None:
        """Close a connection after a body that is not as long as its head says."""
        if self._head.transfer == "length":
            size = self._told.sent + outlet.size
            if self._head.value("content-length") != str(size):
                response.force_close()

    def _close(self) -> None:
        self._player.close()
        if self._outside is not None:
            self._outside.leave()
        record(self._session, self._closed())

    def _closed(self) -> Closed:
        """Take note of the end; returns the entry that tells of it."""
        by, end = self._ended
        if by == "client" and self._waiting.stopping:
            by = "server"
        return self._notes.ended(by, end, self._outlet.blocks if self._outlet else 0)

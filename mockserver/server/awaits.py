"""Waits for what tests signal and clients ask, on behalf of a stream; notes what clients ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mockserver.play.journal import Awaited, kept
from mockserver.scenario.units import FOREVER
from mockserver.server.log import record

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.clock import Clock
    from mockserver.contract import Operation
    from mockserver.play.cues import Await
    from mockserver.play.happenings import Waiter
    from mockserver.play.opening import Opening
    from mockserver.play.session import Session
    from mockserver.play.turn import Turn
    from mockserver.scenario.catalog import Catalog


class Expecting:
    """One await of a stream, due at `began` of the session's time, until it is over.

    Its timeout passes on the session's clock; on one that stands still, in real time.
    """

    def __init__(self, cue: Await, session: Session[Clock], turn: Turn, began: float) -> None:
        self.cue = cue
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when it is over."""
        self.took = 0.0
        """Seconds until it was met, by the session's clock."""
        self.met = False
        self.clock = session.clock.outside
        """What its timeout goes by."""
        self.until = FOREVER
        self._session = session
        self._turn = turn
        self._began = began
        if cue.timeout is not None:
            # Measured from when it was due, not from now, as all that is scripted.
            since = began if session.clock.passes else self.clock.now()
            self.until = round(since + cue.timeout, 9)
        self._waiter: Waiter | None = None
        self._take()
        if not self.answer.done():
            self._waiter = session.happenings.wait(cue.wanted, self._take)

    def _take(self) -> None:
        """See whether it has come, in time."""
        by = self.until if self._session.clock.passes else FOREVER
        if self.answer.done():
            return
        at = self._session.happenings.take(self.cue.wanted, self._turn.subscription.heard, by)
        if at is not None:
            self.met, self.took = True, max(0.0, round(at - self._began, 9))
            self._end()

    def expired(self) -> bool:
        """Whether its time has run out, and so it is over."""
        if not self.answer.done() and self.clock.now() >= self.until:
            self._end()
        return self.answer.done()

    def leave(self) -> None:
        """Wait no longer, over or not."""
        if self._waiter is not None:
            self._session.happenings.leave(self._waiter)
            self._waiter = None

    def _end(self) -> None:
        turn, cue = self._turn, self.cue
        self.answer.set_result(None)
        self.leave()
        turn.subscription.settle(cue, met=self.met)
        record(
            self._session,
            Awaited(
                self._session.clock.now(),
                turn.program.name,
                turn.subscription.address.subscription,
                turn.number,
                kept(cue.wanted.name),
                self.met,
                self.took if self.met else cue.timeout or 0.0,
                turn.serial,
            ),
        )


def note_request(
    request: web.BaseRequest,
    catalog: Catalog,
    session: Session[Clock],
    operation: Operation,
    opening: Opening,
) -> None:
    """Take note of a request if some scenario waits for such, before it is answered.

    HEAD where the document has GET is none: as for `expect`, it asks nothing of the API.
    """
    head = request.method == "HEAD" != operation.method
    if operation.id not in catalog.awaited or head:
        return
    headers = sum(map(len, opening.headers)) + sum(map(len, opening.headers.values()))
    weight = len(opening.target) + headers + (request.content_length or _length(opening.body))
    session.happenings.request(operation.id, opening, session.clock.now(), weight)


def _length(body: object) -> int:
    """Return about how long a body is that came in chunks."""
    return 0 if body is None else len(str(body))

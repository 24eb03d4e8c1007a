"""Carries out one turn of a story on one connection: an answer, a stream, or a cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from mockserver.errors import ControlError
from mockserver.play.answer import stream_head
from mockserver.play.journal import Closed, Closer, Opened
from mockserver.play.timeline import answer_of
from mockserver.server import wire
from mockserver.server.log import record
from mockserver.server.respond import AnswerResponse, ProblemResponse, no_content
from mockserver.server.stream import Stream

if TYPE_CHECKING:
    from mockserver.clock import Clock
    from mockserver.contract import Operation
    from mockserver.play.opening import Opening
    from mockserver.play.session import Session
    from mockserver.play.story import Turn
    from mockserver.server.waiting import Waiting


@dataclass(slots=True)
class Connection:
    """One request's turn; `waiting` is how the server ends it early."""

    request: web.BaseRequest
    session: Session[Clock]
    operation: Operation
    opening: Opening
    turn: Turn
    waiting: Waiting

    async def perform(self) -> web.StreamResponse:
        """Do what the turn says. Raises ControlError and RenderError before the head is gone."""
        if self.turn.row is None:
            return self._over()
        self.session.open += 1
        closer: Closer = "client"
        try:
            response = await self._turn()
            closer = "server" if self.waiting.stopping else "script"
        except Exception:
            closer = "server"
            raise
        else:
            return response
        finally:
            self.session.open -= 1
            if self.turn.subscription.state == "open":
                self._close(closer)

    async def _turn(self) -> web.StreamResponse:
        turn = self.turn
        assert turn.row is not None
        delay = turn.delay()
        if delay:
            await self.waiting.until(self.session.clock, self.session.clock.now() + delay)
            if self.waiting.stopping:
                # The answer was not due yet; whoever waits for it sees the connection go.
                wire.drop(self.request.transport)
                return web.Response(status=503)
        if turn.row.broken:
            return await self._broken()
        if turn.player is None:
            answer = AnswerResponse(answer_of(turn, self.operation, self.opening))
            self._opened(answer.status)
            return answer
        stream = self.operation.stream
        head = stream_head(turn.row.response, turn.scope, stream.status if stream else 200)
        if turn.player.fault:
            raise ControlError(
                500,
                turn.player.fault,
                code="template-error",
                mend="mend the template, or send what it asks for",
            )
        self._opened(head.status)
        return await Stream(turn, head, self.session, self.waiting).perform(self.request)

    def _over(self) -> web.StreamResponse:
        refused = self.turn.refused
        self._opened(refused or 204)
        if refused is None:
            return no_content()
        what = f"the story has no event with the id {self.opening.last_event_id!r}"
        return ProblemResponse(refused, what, "unknown-last-event-id")

    async def _broken(self) -> web.StreamResponse:
        """End the connection before the first byte of an answer."""
        assert self.turn.row is not None
        self._opened(0)
        if self.turn.row.end == "reset":
            await wire.reset(self.request.transport)
        else:
            wire.drop(self.request.transport)
        return web.Response(status=204)  # nobody is there to read it

    def _opened(self, status: int) -> None:
        turn = self.turn
        record(
            self.session,
            Opened(
                self.session.clock.now(),
                self.operation.id,
                f"{self.opening.method} {self.opening.target}",
                turn.program.name,
                turn.subscription.address.subscription,
                turn.number,
                status,
                self.opening.last_event_id,
                turn.notes,
            ),
        )

    def _close(self, closer: Closer) -> None:
        """Note the end of a connection that had no stream, or never came to it."""
        turn = self.turn
        assert turn.row is not None
        now = self.session.clock.now()
        turn.close_answer(closer, now)
        record(
            self.session,
            Closed(
                now,
                turn.program.name,
                turn.subscription.address.subscription,
                turn.number,
                turn.row.end,
                closer,
                0,
            ),
        )

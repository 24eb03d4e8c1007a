"""Carries out one turn of a story on one connection: an answer, a stream, or a cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from mockserver.errors import ControlError
from mockserver.play.answer import EMPTY_STATUSES, Answer, Head, reason_of, stream_head
from mockserver.play.journal import Closed, Closer, Opened, kept
from mockserver.play.timeline import answer_of
from mockserver.play.told import Told
from mockserver.play.verdicts import BreachError
from mockserver.server import breaches, wire
from mockserver.server.log import record
from mockserver.server.requests import as_it_came
from mockserver.server.respond import AnswerResponse, ProblemResponse, no_content
from mockserver.server.steering import Steering
from mockserver.server.stream import Stream
from mockserver.server.websocket import Socket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.clock import Clock
    from mockserver.contract import Operation
    from mockserver.play.opening import Opening
    from mockserver.play.session import Session
    from mockserver.play.turn import Turn
    from mockserver.play.verdicts import Verdict
    from mockserver.scenario.model import Kind
    from mockserver.server.calls import Calls
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
    calls: Calls
    told: Told = field(init=False)
    steering: Steering = field(init=False)
    opened: bool = field(default=False, init=False)
    """Whether the journal has its opening."""

    def __post_init__(self) -> None:
        self.told = Told(
            self.turn.subscription,
            self.operation.id,
            kept(f"{self.opening.method} {self.opening.target}"),
            self.session.clock.now(),
            self.opening.headers.get("host", ""),
            self.opening.headers.get("origin"),
            self.opening.last_event_id and kept(self.opening.last_event_id),
            self.turn.number,
            scheme=self.opening.scheme,
        )
        self.steering = Steering(self.session, self.operation, self.turn, self.told, self.waiting)

    async def perform(self) -> web.StreamResponse:
        """Do what the turn says. Raises ControlError and RenderError before the head is gone."""
        self.told.request = await as_it_came(self.request)
        self.session.witness.saw(self.turn, self.told, self.opening)
        if self.turn.row is None:
            return self._over()
        self.session.open += 1
        closer: Closer = "client"
        try:
            response = await self._turn()
            cut = self.steering.cut is not None
            closer = "server" if self.waiting.stopping else "test" if cut else "script"
        except Exception:
            closer = "server"
            raise
        else:
            return response
        finally:
            self.session.open -= 1
            if self.turn.subscription.state == "open":
                self._close(closer)
            self.steering.end(closer)

    async def _turn(self) -> web.StreamResponse:  # noqa: C901  (an answer, a stream, or a cut)
        turn = self.turn
        assert turn.row is not None
        # All that can go wrong with the head does so before anything is noted or waited for.
        answer: Answer | None = None
        head: Head | None = None
        wrong: tuple[Verdict, ...] = ()
        if turn.player is not None:
            head = self._stream_head()
            wrong = self._judged(head)
            if self._refuses(head):
                answer, turn.player = Answer(head, b""), None
        elif not turn.row.broken:
            answer = answer_of(turn, self.operation, self.opening)
            head = answer.head
            wrong = self._judged(head, answer)
            if turn.row.laid or head.transfer is not None:
                turn.tell_body(answer.body)
        delay = turn.delay()
        self._opened(head, answer.body if answer else b"")
        for verdict in wrong:
            self._note(verdict)
        if delay or turn.player is not None:
            self.session.live.open(self.steering)
        if delay:
            await self.waiting.until(self.session.clock, self.session.clock.now() + delay)
            if self.waiting.stopping:
                # The answer was not due yet; whoever waits for it sees the connection go.
                wire.drop(self.request.transport)
                return web.Response(status=503)
        if head is None or self.steering.cut is not None:
            return await self._broken(self.steering.cut or turn.row.end)
        self.session.tally.answered(self.operation.id, head.status)
        if turn.player is not None:
            seen = self.session.tally.watch(self.operation, head, turn.stream_of(self.operation))
            stream = (Socket if self._framed(head) else Stream)(
                turn, head, self.session, self.waiting,
                told=self.told, calls=self.calls, seen=seen, steering=self.steering,
            )  # fmt: skip
            return await stream.perform(self.request)
        assert answer is not None
        self.told.began, self.told.head = self.session.clock.now(), head
        self.told.headers = head.headers
        self.told.sent = len(answer.body)
        return AnswerResponse(answer)

    def _stream_head(self) -> Head:
        """Return the head of a stream that can at least begin."""
        turn = self.turn
        assert turn.row is not None
        assert turn.player is not None
        head = stream_head(turn.row, turn.scope, turn.stream_of(self.operation), turn.coding)
        if turn.player.breach is not None:
            raise self._refusal(turn.player.breach)
        if turn.player.fault:
            raise ControlError(
                500,
                turn.player.fault,
                code="template-error",
                mend="mend the template, or send what it asks for",
            )
        return head

    def _refuses(self, head: Head) -> bool:
        """Whether a handshake is answered with this head, since a stream behind it is none."""
        good = 200 <= head.status < 300 and head.status not in EMPTY_STATUSES
        return self._framed(head) and not good

    def _judged(self, head: Head, answer: Answer | None = None) -> tuple[Verdict, ...]:
        """Return what is wrong with the head or answer. Raises ControlError if it must not go."""
        turn = self.turn
        assert turn.row is not None
        if turn.watch is None:
            return ()
        try:
            if answer is not None:
                return turn.watch.of_answer(turn.row, answer)
            return turn.watch.of_head(turn.row, head)
        except BreachError as error:
            raise self._refusal(error.verdict) from None

    def _refusal(self, verdict: Verdict) -> ControlError:
        """Note what breaks the contract, and return the error in place of it."""
        assert self.turn.watch is not None
        self._note(verdict)
        return breaches.refusal(self.turn.program.name, [verdict], self.turn.watch.placed)

    def _note(self, verdict: Verdict) -> None:
        turn = self.turn
        assert turn.watch is not None
        asked = (self.operation.id, self.told.target)
        whose = (turn.program.name, turn.subscription, turn.number)
        breaches.note(self.session, verdict, turn.watch.placed, asked, whose)

    def _over(self) -> web.StreamResponse:
        refused = self.turn.refused
        status = refused or 204
        head = Head(status, reason_of(status), ())
        self._opened(head)
        self.told.head, self.told.began = head, self.told.at
        self.told.ended, self.told.by = (self.told.at, "end"), "script"
        if refused is None:
            return no_content()
        what = f"the story has no event with the id {self.opening.last_event_id!r}"
        return ProblemResponse(refused, what, "unknown-last-event-id")

    async def _broken(self, kind: Kind) -> web.StreamResponse:
        """End the connection before the first byte of an answer."""
        if kind == "reset":
            await wire.reset(self.request.transport)
        else:
            wire.drop(self.request.transport)
        return web.Response(status=204)  # nobody is there to read it

    def _opened(self, head: Head | None, body: bytes = b"") -> None:
        """Note the request as it came, before anything is waited for."""
        turn = self.turn
        asked = self.told.request
        self.told.body, self.told.weight = body, len(body) + (asked.weight if asked else 0)
        self.told.serial = turn.serial = self.session.journal.new_serial()
        self.session.told.keep(self.told)
        self.opened = True
        subscription = turn.subscription
        now = self.told.at
        again = turn.number > 1 or (turn.row is None and subscription.connections > 0)
        record(
            self.session,
            Opened(
                now,
                self.operation.id,
                self.told.target,
                turn.program.name,
                subscription.address.subscription,
                turn.number,
                self._status(head),
                self.told.last_event_id,
                round(now - subscription.since, 9) if again else None,
                subscription.reconnection_time,
                (*turn.notes, *self._refused_by_http(head)),
                self.told.serial,
                "websocket" if turn.program.frames else "http",
            ),
        )

    def _status(self, head: Head | None) -> int:
        """Return the status that the client gets: to a WebSocket protocols are switched."""
        framed = head is not None and self.turn.player is not None and self._framed(head)
        return 101 if framed else head.status if head else 0

    def _framed(self, head: Head) -> bool:
        """Whether what comes behind this head are frames, and it is that of a handshake."""
        row = self.turn.row
        return row is not None and row.form.frames and not head.raw

    def _refused_by_http(self, head: Head | None) -> Iterator[str]:
        """Yield codes for what the script asks of the wire and this request cannot have."""
        if head is None:
            return
        if head.transfer == "chunked" and self.request.version < (1, 1):
            yield "no-chunks-in-http-1.0"
        asked = self.opening.headers.get("connection", "").lower()
        if head.transfer == "close" and "keep-alive" in asked:
            yield "not-kept-alive"

    def _close(self, closer: Closer) -> None:
        """Note the end of a connection that had no stream, or never came to it."""
        turn = self.turn
        assert turn.row is not None
        now = self.session.clock.now()
        kind = self.steering.cut if closer == "test" and self.steering.cut else turn.row.end
        turn.close_answer(closer, now)
        self.told.ended = (now, "client" if closer == "client" else kind)
        self.told.by = closer
        if not self.opened:
            return
        record(
            self.session,
            Closed(
                now,
                turn.program.name,
                turn.subscription.address.subscription,
                turn.number,
                kind,
                closer,
                0,
                operation=self.operation.id,
                bytes=self.told.sent,
                serial=self.told.serial,
            ),
        )

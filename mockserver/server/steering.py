"""One open connection as a test steers it: what is asked of it waits here for its own task.

Only the task that tells the story writes to the socket, so what a test pushes keeps its order, and
never falls into the middle of something.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockserver.errors import ControlError
from mockserver.play.journal import Pushed, Violated, kept_body
from mockserver.play.live import Cut, Hold, LiveConnection, Push, Release
from mockserver.play.pushed import as_push, judged, pushed_event, raw_push, refusal
from mockserver.play.verdicts import told as sentences
from mockserver.server.log import record
from mockserver.sse.encode import PLAIN
from mockserver.sse.framed import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mockserver.clock import Clock
    from mockserver.contract import Operation
    from mockserver.play.journal import Closer
    from mockserver.play.judge import Judge
    from mockserver.play.live import Order, State
    from mockserver.play.session import Session
    from mockserver.play.told import Told
    from mockserver.play.turn import Turn
    from mockserver.scenario.model import Kind
    from mockserver.server.waiting import Waiting
    from mockserver.sse.encode import Event

ORDERS: Final = 1_000
"""Orders that may wait for a connection whose client does not read."""
WAITING_BYTES: Final = 1024 * 1024
"""Bytes of pushes that may wait for it; one alone may be larger."""


@dataclass(slots=True, eq=False)
class Asked:
    """An order, when it was given by the session's clock, and who waits for it."""

    order: Order
    at: float
    done: asyncio.Future[None] | None = None

    @property
    def awaited(self) -> bool:
        """Whether somebody waits to be told of its end."""
        return self.done is not None and not self.done.done()

    def finish(self, error: ControlError | None = None) -> None:
        """Tell whoever waits that it has been carried out, or why it never will be."""
        if self.done is None or self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)


class Steering:
    """What a test has asked of one connection and is still to be done.

    `orders` are to be looked at, `behind` are pushes that wait for the end of a block that leaves
    in pieces.
    """

    __slots__ = (
        "_operation",
        "_pushes",
        "_session",
        "_size",
        "_told",
        "_turn",
        "behind",
        "blocked",
        "blocks",
        "cut",
        "held",
        "holding",
        "is_stream",
        "judge",
        "number",
        "orders",
        "over",
        "refuses",
        "start",
        "waiting",
    )

    def __init__(
        self,
        session: Session[Clock],
        operation: Operation,
        turn: Turn,
        told: Told,
        waiting: Waiting,
    ) -> None:
        self._session = session
        self._operation = operation
        self._turn = turn
        self._told = told
        self.waiting = waiting
        self.judge: Judge | None = None
        """What holds the events that tests push against the document."""
        self._pushes = 0
        self._size = 0
        self.refuses = False
        """Whether somebody has waited for the client long enough, and it does not read yet."""
        self.number = 0
        self.is_stream = False
        self.holding = False
        """Whether it is held, once all orders have been carried out."""
        self.held: float | None = None
        """Since when it is held."""
        self.start = 0.0
        """When the story's offset 0 was, by the session's clock; holds move it."""
        self.over = False
        self.cut: Kind | None = None
        self.blocks = 0
        self.orders: list[Asked] = []
        self.behind: list[Asked] = []
        self.blocked: asyncio.Task[None] | None = None
        """The task that tells the story, while its client does not read."""

    # --- what the session asks ----------------------------------------------------------------

    def listed(self) -> LiveConnection:
        """Return what is to be known of it."""
        turn, told = self._turn, self._told
        state: State = "held" if self.holding else "streaming" if told.head else "waiting"
        return LiveConnection(
            self.number,
            "stream" if self._streams else "answer",
            told.operation,
            told.target,
            turn.program.name,
            turn.subscription.address.subscription,
            turn.number,
            told.at,
            state,
            self.blocks,
            told.sent,
            turn.subscription.last_id,
            told.serial,
        )

    def moment(self, offset: float) -> float:
        """Return when an offset of the story is, by the session's clock.

        Rounded as a manual clock is: who moves it by 0.1 s and 0.2 s is at what is due at 0.3 s.
        """
        return round(self.start + offset, 9)

    def offset(self, moment: float) -> float:
        """Return at which offset the story is then."""
        return round(moment - self.start, 9)

    @property
    def _streams(self) -> bool:
        return self._turn.player is not None and not (self._turn.row and self._turn.row.answer)

    @property
    def _frames(self) -> bool:
        """Whether it is told in frames."""
        return self._turn.row is not None and self._turn.row.form.frames

    def begun(self) -> None:
        """Take note that the head is gone."""
        self.is_stream = self._streams
        self._session.live.changed()

    def forgotten(self) -> None:
        """Let the script go on, now that nobody could release it."""
        if self.holding:
            self.holding = False
            self._give(Asked(Release(), self._session.clock.now()))

    # --- what a test asks ----------------------------------------------------------------------

    def event(self, asked: Mapping[str, Any], violates: str | None) -> Push:
        """Return the order to push this event here. Raises ControlError."""
        self._must_stream()
        row = self._turn.row
        form = row.form if row is not None else PLAIN
        event = pushed_event(asked, form)
        self._pushes += 1
        random = self._turn.subscription.address.random(
            self._turn.number, f"push/{self._pushes}", "newline"
        )
        verdict = self._judged(event, violates)
        return as_push(event, form, random.choice, violates, verdict)

    def _judged(self, event: Event, violates: str | None) -> Any:
        judge, program = self.judge, self._turn.program
        if judge is None or judge.off or program.scenario.violates is not None:
            return None
        verdict = judged(self._turn.stream_of(self._operation), event, violates)
        if verdict is not None and verdict.broken and judge.strict:
            raise refusal(verdict, judge.placed)
        return verdict

    def raw(self, data: bytes) -> Push:
        """Return the order to push these bytes here. Raises ControlError."""
        self._must_stream()
        return raw_push(data, self._turn.program.framing, frames=self._frames)

    def check(self, order: Order) -> None:
        """Raise ControlError where `order` cannot be carried out."""
        if self.over or self.cut is not None:
            raise self._closed()
        if isinstance(order, Cut):
            return
        self._must_stream()
        if isinstance(order, Release) and not self.holding:
            what = f"connection {self.number} is not held"
            raise ControlError(409, what, code="not-held", mend="hold it first")
        size = len(order.data) if isinstance(order, Push) else 0
        full = self._size and self._size + size > WAITING_BYTES
        if full or len(self.orders) + len(self.behind) >= ORDERS or self.refuses:
            raise self._full()

    def ask(self, order: Order, *, wait: bool) -> asyncio.Future[None] | None:
        """Give an order that has been checked; with `wait`, return what tells of its end."""
        done = asyncio.get_running_loop().create_future() if wait else None
        match order:
            case Hold():
                self.holding = True
            case Release():
                self.holding = False
            case Cut():
                self.cut = order.kind
            case Push():
                self._size += len(order.data)
        self._give(Asked(order, self._session.clock.now(), done))
        return done

    def _give(self, asked: Asked) -> None:
        self.orders.append(asked)
        if isinstance(asked.order, Cut) and self.blocked is not None:
            self.blocked.cancel()
        self.waiting.nudge()

    def withdraw(self, done: asyncio.Future[None]) -> None:
        """Take back a push for which its client has no room. Raises ControlError."""
        for asked in self.orders:
            if asked.done is done and isinstance(asked.order, Push):
                self.orders.remove(asked)
                self._size -= len(asked.order.data)
                self.refuses = True
                raise self._full()

    def _must_stream(self) -> None:
        if self.over or self.cut is not None:
            raise self._closed()
        if not self._streams:
            raise ControlError(
                409,
                f"connection {self.number} is an ordinary answer, and no stream",
                code="ordinary-answer",
                mend="push to a stream, or disconnect this one",
            )
        if not self.is_stream:
            raise ControlError(
                409,
                f"the head of connection {self.number} is still to come",
                code="head-not-sent",
                mend="wait until it is streaming: "
                "wait_for_connection(), connected() or GET …/connections?wait=1",
            )

    def _closed(self) -> ControlError:
        what = f"connection {self.number} has ended"
        mend = "wait until the client is connected again"
        return ControlError(409, what, code="connection-closed", mend=mend)

    def _full(self) -> ControlError:
        return ControlError(
            409,
            f"the client of connection {self.number} does not read: nothing more can wait for it",
            code="connection-full",
            mend="let the client read, or disconnect it",
        )

    # --- what the connection's own task asks ------------------------------------------------------

    @property
    def stopping(self) -> bool:
        """Whether the server goes down."""
        return self.waiting.stopping

    def next(self) -> Asked:
        """Take the first order."""
        return self.orders.pop(0)

    def defer(self, asked: Asked) -> None:
        """Let a push wait for the end of the block; who waits for it need not."""
        self.behind.append(asked)
        asked.finish()

    def pushed(self, order: Push) -> None:
        """Take note that a push has been written."""
        self._size -= len(order.data)

    def told_of(self, order: Push, at: float, *, sent: bool = True) -> Pushed:
        """Return the entry that tells of a push."""
        turn = self._turn
        return Pushed(
            at,
            turn.program.name,
            turn.subscription.address.subscription,
            turn.number,
            self.number,
            self.blocks,
            order.event,
            order.id,
            kept_body(shown(order.data).encode() if self._frames else order.data),
            len(order.data),
            order.raw,
            order.violates,
            self._told.operation,
            sent,
            self._told.serial,
        )

    def violated(self, order: Push, at: float) -> Violated | None:
        """Return the entry that says what the document has against a push, if it has anything."""
        if order.verdict is None or self.judge is None:
            return None
        return Violated(
            at,
            "test",
            "event",
            self._told.operation,
            self._told.target,
            self._turn.program.name,
            self._turn.subscription.address.subscription,
            self._turn.number,
            str(order.verdict.where),
            sentences(order.verdict, self.judge.placed),
        )

    def end(self, by: Closer) -> None:
        """Take note that the connection is over, and tell whoever waits for anything."""
        self.over, self.holding = True, False
        for asked in (*self.behind, *self.orders):
            cut = isinstance(asked.order, Cut) and by == "test"
            if isinstance(asked.order, Push) and not asked.awaited:
                record(
                    self._session, self.told_of(asked.order, self._session.clock.now(), sent=False)
                )
            asked.finish(None if cut else self._closed())
        self.orders.clear()
        self.behind.clear()
        self._session.live.close(self)

"""Carries out what tests ask of a stream, in its own task, between the cues of its story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.play.journal import Paused
from mockserver.play.live import Cut, Hold, Push, Release
from mockserver.play.told import Intervention
from mockserver.scenario.units import FOREVER
from mockserver.server.awaits import Expecting
from mockserver.server.log import record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mockserver.clock import Clock
    from mockserver.play.cues import Place
    from mockserver.play.session import Session
    from mockserver.play.tally import Seen
    from mockserver.play.told import Told
    from mockserver.play.turn import Turn
    from mockserver.server.steering import Asked, Steering
    from mockserver.server.waiting import Outside


class Obeying:
    """Carries out the orders of one stream."""

    def __init__(
        self,
        steering: Steering,
        session: Session[Clock],
        turn: Turn,
        told: Told,
        seen: Seen | None,
    ) -> None:
        assert turn.player is not None
        self._steering = steering
        self._session = session
        self._clock = session.clock
        self._turn = turn
        self._player = turn.player
        self._told = told
        self._seen = seen
        self.outside: Outside | None = None
        """What the story waits for."""
        self.asked = 0.0
        """Since when, by the session's clock."""
        self.stood = 0.0
        """For how much of that the script was held."""
        self._left: float | None = None
        """How long it would have waited yet when it was held."""

    async def obey(
        self, now: float, place: Place, put: Callable[[bytes], Awaitable[None]]
    ) -> Cut | None:
        """Carry out the next order, and pushes that have waited for the end of a block.

        `now` is the offset of the story, which has come to `place`; `put` writes. Returns the
        order that ends the connection, if it has come to that. While the script is held, comes
        back only for the next order.
        """
        steering, player = self._steering, self._player
        if steering.behind and not player.in_block:
            asked = steering.behind.pop(0)
            await self._push(asked, self._moment(now, self._clock.now()), place, put)
        elif steering.orders:
            asked = steering.next()
            match asked.order:
                case Cut():
                    # Who waits for it does so until the connection is over.
                    steering.orders.insert(0, asked)
                    return asked.order
                case Push() if player.in_block:
                    steering.defer(asked)
                case Push():
                    await self._push(asked, self._moment(now, asked.at), place, put)
                case Hold():
                    self._hold(asked.at)
                case Release():
                    self._release(asked.at)
            asked.finish()
        while steering.held is not None and not (
            steering.orders or steering.stopping or (steering.behind and not player.in_block)
        ):
            await steering.waiting.until(self._clock, FOREVER)
        return None

    def _moment(self, now: float, at: float) -> float:
        """Return `at`, or where the story is on a clock that stands still."""
        return at if self._clock.passes else self._told.began + now

    async def _push(
        self, asked: Asked, at: float, place: Place, put: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Write what a test pushes, and take note of it."""
        order, told = asked.order, self._told
        assert isinstance(order, Push)
        data = self._player.push(order.data)
        try:
            await put(data)
        except BaseException:
            # Whoever waits is told when the connection has come to its end.
            self._steering.orders.insert(0, asked)
            raise
        self._session.told.intervene(told, Intervention(told.sent, at, order.data))
        told.sent += len(data)
        self._steering.pushed(order)
        self._turn.subscription.pushed(order.id, order.retry, place)
        if self._seen is not None:
            self._seen.pushed(order.events)
        self._note_push(order, at)

    def _note_push(self, order: Push, at: float) -> None:
        steering = self._steering
        record(self._session, steering.told_of(order, at))
        violated = steering.violated(order, at)
        if violated is not None:
            record(self._session, violated)

    def _hold(self, at: float) -> None:
        if self._steering.held is None:
            self._steering.held = at
            if isinstance(self.outside, Expecting) and self._clock.passes:
                self._left, self.outside.until = self.outside.until - at, FOREVER
            self._note_pause(at, None)

    def _release(self, at: float) -> None:
        since = self._steering.held
        if since is None:
            return
        held = round(at - since, 9)
        self._steering.held = None
        self._steering.start += held
        if self.outside is not None:
            came = self.asked + self.outside.took if self.outside.answer.done() else at
            self.stood += max(0.0, min(came, at) - since)
        if isinstance(self.outside, Expecting) and self._left is not None:
            self.outside.until, self._left = round(at + self._left, 9), None
        if held:
            what = Intervention(self._told.sent, at, shift=held)
            self._session.told.intervene(self._told, what)
        self._note_pause(at, held)

    def _note_pause(self, at: float, held: float | None) -> None:
        turn, number = self._turn, self._steering.number
        subscription = turn.subscription.address.subscription
        entry = Paused(at, turn.program.name, subscription, turn.number, number, held, turn.serial)
        record(self._session, entry)

"""Gives orders to connections of a session: for the control API, and for tests in Python.

All connections that are meant are asked whether they can before any of them is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import ControlError
from mockserver.play.live import Cut, Hold, Release
from mockserver.server.steering import Steering

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mockserver.clock import Clock
    from mockserver.play.live import LiveConnection, Order
    from mockserver.play.session import Session
    from mockserver.scenario.model import Kind

PATIENCE: Final = 5.0
"""Seconds of real time that an order waits for a client that does not read."""
KINDS: Final = ("end", "drop", "reset")


class Orders:
    """What is to be done with some connections of a session; made by one of the functions below.

    Making it raises ControlError, and then nothing is done; `give` gives it.
    """

    def __init__(self, each: Iterable[tuple[Steering, Order]]) -> None:
        self._each = list(each)
        for steering, order in self._each:
            steering.check(order)

    @property
    def numbers(self) -> list[int]:
        """The connections that are meant."""
        return [steering.number for steering, _ in self._each]

    def give(self) -> list[int]:
        """Give the orders, and do not wait; they are carried out in the order in which they came.

        Returns the numbers of the connections.
        """
        for steering, order in self._each:
            steering.ask(order, wait=False)
        return self.numbers

    async def carry_out(self) -> list[int]:
        """Give the orders, and wait until they have been carried out: bytes are on the socket.

        A push behind a block that is leaving in pieces is not waited for. Raises ControlError for
        what could not be done, and for a push whose client has no room after `PATIENCE` seconds.
        """
        given = []
        for steering, order in self._each:
            done = steering.ask(order, wait=True)
            assert done is not None
            given.append((steering, done))
        waiting = [done for _, done in given]
        errors = []
        try:
            await asyncio.wait(waiting, timeout=PATIENCE)
            for steering, done in given:
                try:
                    if done.done():
                        done.result()
                    else:
                        steering.withdraw(done)
                except ControlError as error:
                    errors.append(error)
        finally:
            for done in waiting:
                _let_go(done)
        if errors:
            raise errors[0]
        return self.numbers


def _let_go(done: asyncio.Future[None]) -> None:
    """Wait no longer for the end of an order, and let nobody miss what it may come to."""
    if not done.cancel() and not done.cancelled():
        done.exception()


def push(
    session: Session[Clock],
    asked: Mapping[str, Any],
    *,
    violates: str | None = None,
    to: int | None = None,
    operation: str | None = None,
) -> Orders:
    """Push an event to one connection, or to all open streams. Raises ControlError."""
    meant = _meant(session, to, operation)
    try:
        return Orders((steering, steering.event(asked, violates)) for steering in meant)
    except RecursionError:
        what, mend = "the event is nested too deep", "push fewer levels, or raw bytes"
        raise ControlError(400, what, code="bad-control", mend=mend) from None


def push_raw(
    session: Session[Clock], data: bytes, *, to: int | None = None, operation: str | None = None
) -> Orders:
    """Push bytes, likewise. Raises ControlError."""
    return Orders((steering, steering.raw(data)) for steering in _meant(session, to, operation))


def hold(session: Session[Clock], *, to: int | None = None, operation: str | None = None) -> Orders:
    """Let scripts stand still. Raises ControlError."""
    return Orders((steering, Hold()) for steering in _meant(session, to, operation))


def release(
    session: Session[Clock], *, to: int | None = None, operation: str | None = None
) -> Orders:
    """Let scripts go on; of all streams, those that are held. Raises ControlError."""
    meant = _meant(session, to, operation)
    if to is None:
        held = [steering for steering in meant if steering.holding]
        if not held:
            what = "no open stream is held"
            raise ControlError(409, what, code="not-held", mend="hold one first")
        meant = held
    return Orders((steering, Release()) for steering in meant)


def disconnect(
    session: Session[Clock],
    kind: str = "drop",
    *,
    to: int | None = None,
    operation: str | None = None,
) -> Orders:
    """End connections. Raises ControlError."""
    found: Kind | None = next((known for known in KINDS if known == kind), None)
    if found is None:
        what = f"a connection does not end by {kind!r}"
        raise ControlError(400, what, code="bad-control", mend=f"one of {', '.join(KINDS)}")
    return Orders((steering, Cut(found)) for steering in _meant(session, to, operation))


def _meant(session: Session[Clock], to: int | None, operation: str | None) -> Sequence[Steering]:
    meant = session.live.meant(to, operation)
    return [steering for steering in meant if isinstance(steering, Steering)]


async def connected(session: Session[Clock], count: int, within: float) -> list[LiveConnection]:
    """Wait until so many streams are open, whose heads are gone; `within` seconds of real time.

    In the event loop of the server. Raises ControlError: 408, or 503 when the server stops.
    """
    live = session.live
    enough = asyncio.get_running_loop().create_future()

    def look() -> None:
        if not enough.done() and (live.stopped or len(live.streams()) >= count):
            enough.set_result(None)

    unwatch = live.watch(look)
    look()
    try:
        await asyncio.wait([enough], timeout=within)
    finally:
        unwatch()
    if live.stopped:
        raise ControlError(503, "the server is stopping", code="stopping")
    if not enough.done():
        raise ControlError(
            408,
            f"{len(live.streams())} of {count} streams are open after {within:g} s",
            code="not-connected",
            mend="let the client connect, or wait longer",
        )
    return live.listed()

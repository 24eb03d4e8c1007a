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
        self._given: list[tuple[Steering, asyncio.Future[None]]] = []
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
        await asyncio.wait([done for _, done in given], timeout=PATIENCE)
        errors = []
        for steering, done in given:
            try:
                if done.done():
                    done.result()
                else:
                    steering.withdraw(done)
            except ControlError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return self.numbers


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
    return Orders((steering, steering.event(asked, violates)) for steering in meant)


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

    Raises ControlError (408).
    """
    live = session.live
    enough = asyncio.Event()

    def look() -> None:
        if len(live.streams()) >= count:
            enough.set()

    unwatch = live.watch(look)
    look()
    try:
        waits = asyncio.create_task(enough.wait())
        await asyncio.wait([waits], timeout=within)
        waits.cancel()
    finally:
        unwatch()
    if not enough.is_set():
        raise ControlError(
            408,
            f"{len(live.streams())} of {count} streams are open after {within:g} s",
            code="not-connected",
            mend="let the client connect, or wait longer",
        )
    return live.listed()

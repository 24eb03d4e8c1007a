"""The bytes of one connection: what is due at one moment is joined, and gets to the socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from mockserver.clock import ManualClock, turn_of_others
from mockserver.play.journal import Sent
from mockserver.server import wire
from mockserver.server.responses import RawResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiohttp import web

    from mockserver.clock import Clock
    from mockserver.play.cues import Send
    from mockserver.play.session import Session
    from mockserver.play.told import Told
    from mockserver.play.turn import Turn
    from mockserver.server.steering import Steering

JOINED_BYTES: Final = 64 * 1024
"""Events with no time between them leave in writes of about this size."""
_WRITES_A_TURN: Final = 64


class CutShortError(Exception):
    """A test has ended a connection whose client does not read."""


class Outlet:
    """Where one connection's bytes go out; `in_pieces`: every write has to leave alone.

    Writing raises ConnectionError when the client has left, CutShortError when a test has ended
    the connection meanwhile.
    """

    def __init__(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        *,
        turn: Turn,
        session: Session[Clock],
        told: Told,
        steering: Steering,
        in_pieces: bool,
    ) -> None:
        self._request = request
        self._response = response
        self._turn = turn
        self._journal = session.journal
        self._clock = session.clock if isinstance(session.clock, ManualClock) else None
        """A clock that can be moved past what is due."""
        self._told = told
        self._steering = steering
        self._in_pieces = in_pieces
        self._writer: wire.Writer | None = None
        self._parts: list[bytes] = []
        self._parts_at = 0.0
        self._waiting_blocks = 0
        self._writes = 0
        self._apart = False
        """Whether others have had their turn since the last write."""
        self.cut_short = False
        """Whether nobody waits for the client any more."""
        self.size = 0
        """Bytes that are joined and not yet written."""
        self.blocks = 0
        """Blocks that have left."""
        self.ceded = False
        """Whether others have had their turn since this was last set to False."""

    def begin(self) -> None:
        """From now on write past the response: the head is gone, or the script's own affair."""
        self._writer = self._writer or wire.writer_of(self._request, self._response)

    def takes(self, cue: Send) -> bool:
        """Whether a cue can join what is about to be written.

        Only what is due at one moment is joined, and never what goes alone.
        """
        if not self._parts:
            return True
        return not cue.alone and cue.at == self._parts_at and self.size < JOINED_BYTES

    def add(self, cue: Send) -> None:
        """Add a cue to what is about to be written."""
        self._parts_at = cue.at
        self._parts.append(cue.data)
        self.size += len(cue.data)
        self._waiting_blocks += cue.blocks

    async def flush(self) -> None:
        """Write what has been joined."""
        data = self.joined()
        if not data:
            return  # of an event of which nothing goes out; an empty chunk would end the body
        await self._put(data)
        self._told.sent += len(data)
        self._note_move()
        self._apart = False
        self._writes += 1
        if len(data) >= JOINED_BYTES or self._writes % _WRITES_A_TURN == 0:
            # A write does not let others have their turn unless the socket is full.
            await turn_of_others()
            self.ceded = True

    async def flush_all(self) -> None:
        """Write what has been joined, and the head now, company or not."""
        if self._parts:
            await self.flush()
        elif not self._writes:
            await self._put(b"")

    async def flush_alone(self) -> None:
        """Write one piece between two pauses that let a client in this loop, too, read it alone."""
        if not self._apart:
            await _two_turns()
        await self.flush()
        self.begin()
        await _two_turns()
        self._apart = True

    async def put_between(self, data: bytes) -> None:
        """Write what is not the script's, on its own where all writes are."""
        if self._in_pieces and not self._apart:
            await _two_turns()
        await self._put(data)
        if self._in_pieces:
            await _two_turns()
            self._apart = True

    async def end(self) -> None:
        """Write what has been joined, and the end of the body behind it."""
        data = self.joined()
        self._told.sent += len(data)
        if data:  # else what was joined last has left long before
            self._note_move()
        if not self.cut_short:
            await self._response.write_eof(data)
        elif self._writer is not None:
            # aiohttp would wait for the client; what is written leaves whenever it reads.
            self._writer.finish(data)
            wire.close(self._request.transport)

    def _note_move(self) -> None:
        """Note by how much a test has moved the clock past what has just left."""
        if self._clock is not None:
            now, due = self._clock.now(), self._steering.moment(self._parts_at)
            if now > due:
                self._told.late(due, now)

    async def _put(self, data: bytes) -> None:
        """Write, once the head is gone straight to the transport."""
        writer = self._writer
        if writer is None:
            if not isinstance(self._response, RawResponse):
                await self._write_first(data)
        elif not data:
            pass  # the head is gone, and an empty chunk would end the body
        else:
            await self.room()
            writer.write(data)

    async def room(self) -> None:
        """Wait until the client has read; a test may end the connection before."""
        writer = self._writer
        if writer is None or writer.flowing or self.cut_short:
            return
        self.ceded = True
        await self._until_read(writer.room())

    async def _write_first(self, data: bytes) -> None:
        """Write what comes with the head, or close behind it."""
        try:
            await self._until_read(self._response.write(data))
        except CutShortError:
            self._told.sent += len(data)  # it is on its way, whenever the client reads
            raise

    async def _until_read(self, wait: Awaitable[None]) -> None:
        steering = self._steering
        task = steering.blocked = asyncio.current_task()
        try:
            await wait
        except asyncio.CancelledError:
            if steering.cut is None or task is None:
                raise
            task.uncancel()
            self.cut_short = True
            self.begin()
            raise CutShortError from None
        finally:
            steering.blocked = None
        steering.refuses = False

    def joined(self) -> bytes:
        """Return what is to be written, and note it in the journal."""
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        if self._waiting_blocks:
            first, self.blocks = self.blocks + 1, self.blocks + self._waiting_blocks
            self._waiting_blocks = 0
            self._steering.blocks = self.blocks
            turn = self._turn
            self._journal.record(
                Sent(
                    turn.program.name,
                    turn.subscription.address.subscription,
                    turn.number,
                    first,
                    self.blocks,
                    self._parts_at,
                    self._told.serial,
                    self._steering.moment(self._parts_at),
                )
            )
        return data


async def _two_turns() -> None:
    """Let sockets that have become readable be read: what was written is so in the next turn."""
    await turn_of_others()
    await turn_of_others()

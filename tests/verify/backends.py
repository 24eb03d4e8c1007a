"""A backend whose every byte is written by hand, and what verifies it."""

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios

from mockserver.clock import ManualClock, turn_of_others
from mockserver.upstream.drive import Backend
from mockserver.verify.options import Options
from mockserver.verify.plan import Plan

STATUS = '{"status":"payment_processing","timestamp":"2026-01-01T00:00:00Z"}'
CONFIRMED = '{"status":"payment_confirmed","timestamp":"2026-01-01T00:00:02Z"}'
SHIPPED = '{"status":"shipped","trackingNumber":"1Z"}'

_LONG = 1000.0
"""Seconds that pass where nothing more is said."""
_TURNS = 50
"""Turns of the loop in which whoever has bytes reads them."""
_GONE = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
"""How a connection ends that a test has seen enough of."""


class Raw:
    """A server whose every byte is written by hand: what it says to each connection, in order.

    `says(number, request)` returns pieces: bytes are sent, of a float so many seconds pass, `open`
    is held until the client goes, however long that takes, an event is waited for, `reset` is a
    RST. After the last one comes a FIN. Time passes by its clock alone, once what was sent has been
    read: no test waits for it.
    """

    def __init__(self, says, tls=None):
        self.says = says
        self.tls = tls
        self.clock = ManualClock()
        self.requests = []

    async def __aenter__(self):
        self.tasks = set()
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        port = self.server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(*_GONE):
                await self._talk(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _talk(self, reader, writer):
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(request)
        for piece in self.says(len(self.requests), request):
            if piece == "open":
                await self._pass(_LONG, reader, writer)
                await reader.read()
            elif piece == "reset":
                linger = struct.pack("ii", 1, 0)
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            elif isinstance(piece, asyncio.Event):
                await piece.wait()
            elif isinstance(piece, float):
                await self._pass(piece, reader, writer)
            else:
                writer.write(piece)
                await writer.drain()

    async def _pass(self, seconds, reader, writer):
        """Let time pass for a client that is still there, and has read all that was sent."""
        sock = writer.get_extra_info("socket")
        while int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), "little"):
            await turn_of_others()
        for _ in range(_TURNS):
            await turn_of_others()
        if not reader.at_eof():
            self.clock.advance(seconds)


def head(status="200 OK", kind="text/event-stream", *more, version="1.1"):
    """Return a head behind which the end of the connection is that of the body."""
    lines = [f"HTTP/{version} {status}", "Connection: close", *more]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += (
        []
        if any(line.startswith("Cache-Control") for line in more)
        else ["Cache-Control: no-cache"]
    )
    return "\r\n".join([*lines, "", ""]).encode()


def event(id_, data, type_=None):
    """Return an event; without an id for None."""
    lines = [f"event: {type_}"] if type_ else []
    lines += [] if id_ is None else [f"id: {id_}"]
    return "\n".join([*lines, f"data: {data}", "", ""]).encode()


ONE, TWO = event(1, STATUS), event(2, CONFIRMED)
THREE = event(3, SHIPPED, "complete")


async def verified(plan, url, *, seconds=1e9, insecure=False, clock=None, **options):
    """Verify one plan against a URL, by a clock or in real time."""
    assert isinstance(plan, Plan), plan
    making = {} if clock is None else {"clock": lambda: clock}
    asked = Options(**options)
    async with Backend(url, asked, seconds=seconds, insecure=insecure, **making) as backend:
        return await backend.verify(plan)

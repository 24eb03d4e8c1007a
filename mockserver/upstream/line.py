"""One connection to another server: what arrives when, and how it ends."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections import deque
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from mockserver.upstream.address import Address

HIGH: Final = 64 * 1024
"""Bytes that wait to be taken, above which nothing more is read."""
CONNECT_TIME: Final = 30.0
"""Seconds that it may take to be connected."""
RACE: Final = 0.25
"""Seconds that an address of a name has before the next is tried as well (RFC 8305 § 5)."""

_NUMBER: Final = re.compile(r"\[Errno (\d+)\]")

Ended: TypeAlias = Literal["fin", "reset"]


def reason(error: OSError) -> str:
    """Return in the system's words why there is no connection, each of them once.

    Where a name has several addresses, asyncio has put what all of them said into one text.
    """
    if isinstance(error, ssl.SSLError | socket.gaierror):
        return error.strerror or str(error)
    numbers = [error.errno] if error.errno else map(int, _NUMBER.findall(str(error)))
    words = dict.fromkeys(os.strerror(number) for number in numbers)
    return ", ".join(words) or str(error) or type(error).__name__


class Line(asyncio.Protocol):
    """Keeps what arrives, with its moment, until it is taken; never loses bytes before an end.

    Readers of asyncio and aiohttp raise a connection's error before they hand out what had come
    before it, which for a stream that is reset is its last events.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[tuple[float, bytes]] = deque()
        self._weight = 0
        self._ended: Ended | None = None
        self._transport: asyncio.Transport | None = None
        self._taker: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._lost = asyncio.Event()
        self.fault = ""
        """What the system said of an end that is neither FIN nor RST."""

    @classmethod
    async def connect(cls, address: Address, tls: ssl.SSLContext | None) -> Line:
        """Open a connection. Raises OSError, which TimeoutError and errors of TLS are as well."""
        loop = asyncio.get_running_loop()
        # Names may have addresses of which not all answer (RFC 8305). A number is not raced for:
        # where that is cancelled, asyncio forgets to close the socket that has won.
        delay = None if address.numeric else RACE
        async with asyncio.timeout(CONNECT_TIME):
            _, line = await loop.create_connection(
                cls, address.host, address.port, ssl=tls, happy_eyeballs_delay=delay
            )
        return line

    async def take(self) -> tuple[float, bytes] | Ended:
        """Return what arrived first and has not been taken, with the loop's time; else its end."""
        while not self._arrived:
            if self._ended is not None:
                return self._ended
            self._taker = self._loop.create_future()
            await self._taker
        at, data = self._arrived.popleft()
        before, self._weight = self._weight, self._weight - len(data)
        if before > HIGH >= self._weight and self._transport is not None and not self._ended:
            self._transport.resume_reading()
        return at, data

    def write(self, data: bytes) -> None:
        """Send now; what is sent after the end is lost."""
        if self._transport is not None and self._ended is None:
            self._transport.write(data)

    async def room(self) -> None:
        """Wait until there is room to write, or nobody to write to."""
        await self._room.wait()

    def abort(self) -> None:
        """Close at once; what has not been sent is lost."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Close at once, and wait until nothing is left of it."""
        self.abort()
        await self._lost.wait()

    # --- what asyncio tells ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what arrived."""
        self._arrived.append((self._loop.time(), data))
        before, self._weight = self._weight, self._weight + len(data)
        if before <= HIGH < self._weight and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Take note of FIN; the connection is closed thereupon."""
        self._end("fin")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of the end."""
        if exc is not None and not isinstance(exc, ConnectionError):
            self.fault = str(exc) or type(exc).__name__
        self._end("reset" if isinstance(exc, ConnectionError) else "fin")
        self._lost.set()

    def pause_writing(self) -> None:
        """Let writers wait."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Let them go on."""
        self._room.set()

    def _end(self, how: Ended) -> None:
        self._ended = self._ended or how
        self._room.set()
        self._wake()

    def _wake(self) -> None:
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)

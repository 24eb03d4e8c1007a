"""How bytes get to the socket, and the three ends of a connection on the wire.

RFC 9112 § 7.1 has the last chunk, RFC 9293 § 3.5 FIN and RST.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final

from mockserver.clock import pause
from mockserver.server.tls import secured

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.base_protocol import BaseProtocol

_LINGER_NOTHING: Final = struct.pack("ii", 1, 0)
_FLUSH_TRIES: Final = 200
_FLUSH_PAUSE: Final = 0.002


class Writer:
    """Writes straight to the transport, every write as a chunk or as it is.

    aiohttp's own way leads through four more calls, which with ten thousand streams is half of
    what an event costs; and it keeps to a Content-Length that the script wants to be wrong.
    """

    __slots__ = ("_chunked", "_drain", "_protocol", "_transport")

    def __init__(
        self, request: web.BaseRequest, transport: asyncio.Transport, *, chunked: bool
    ) -> None:
        self._protocol: BaseProtocol = request.protocol
        self._transport = transport
        self._drain = request.writer.drain
        self._chunked = chunked

    @property
    def flowing(self) -> bool:
        """Whether a write now would neither be lost nor pile up."""
        return not (self._protocol.writing_paused or self._transport.is_closing())

    def write(self, data: bytes) -> None:
        """Write now; `data` must not be empty (an empty chunk ends the body, RFC 9112 § 7.1)."""
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def room(self) -> None:
        """Wait until there is room. Raises ConnectionError when the client has left."""
        try:
            await self._drain()
        except asyncio.CancelledError:
            # What aiohttp waits on is cancelled too, and whoever waited next would be at once.
            self._protocol._drain_waiter = None  # noqa: SLF001
            raise
        if self._transport.is_closing():
            raise ConnectionResetError("the client has left")

    def finish(self, data: bytes) -> None:
        """Write `data` and the end of the body, whether there is room or not."""
        if data:
            self.write(data)
        if self._chunked:
            self._transport.write(b"0\r\n\r\n")


def writer_of(request: web.BaseRequest, response: web.StreamResponse) -> Writer | None:
    """Return the way to write to a response whose head is gone; None if nobody is there."""
    transport = request.transport
    if transport is None or request.method == "HEAD":
        return None
    chunked = response.headers.get("Transfer-Encoding") == "chunked"
    return Writer(request, transport, chunked=chunked)


def one_by_one(transport: asyncio.Transport | None) -> None:
    """Let writing pause as soon as anything is left over, so that no two writes become one.

    By TLS they do not: each is a record of its own, however many wait together.
    """
    if transport is not None and secured(transport) is None:
        transport.set_write_buffer_limits(high=0)


def together(transport: asyncio.Transport | None) -> None:
    """Undo `one_by_one`."""
    if transport is not None and not transport.is_closing() and secured(transport) is None:
        transport.set_write_buffer_limits()


def drop(transport: asyncio.Transport | None) -> None:
    """Send what is buffered, then FIN; the last chunk of a chunked body stays unsent.

    So does what ends a connection by TLS, its `close_notify`.
    """
    if transport is None or transport.is_closing():
        return
    by_tls = secured(transport)
    if by_tls is None:
        transport.close()
    else:
        by_tls.cut()


def close(transport: asyncio.Transport | None) -> None:
    """Send what is buffered, then close properly."""
    if transport is not None:
        transport.close()


async def reset(transport: asyncio.Transport | None) -> None:
    """Send RST, after the client's side has taken what was written before.

    A reset throws away what is still on its way. For the same bytes to arrive every time the
    buffers are emptied first; a client that takes nothing for 0.4 s is waited for no longer.
    """
    if transport is None or transport.is_closing():
        return
    unsent, tries = _unsent(transport), 0
    while unsent and tries < _FLUSH_TRIES:
        await pause(_FLUSH_PAUSE)
        before, unsent = unsent, _unsent(transport)
        tries = tries + 1 if unsent >= before else 0
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOTHING)
    transport.abort()


def _unsent(transport: asyncio.Transport) -> int:
    """Return the bytes that are in our buffer, or in the kernel's and not acknowledged."""
    waiting = transport.get_write_buffer_size()
    if (by_tls := secured(transport)) is not None:
        waiting += by_tls.raw.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if sock is None or not sys.platform.startswith("linux"):
        return waiting
    import fcntl  # noqa: PLC0415  (not everywhere)
    import termios  # noqa: PLC0415

    with contextlib.suppress(OSError):
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        waiting += int.from_bytes(answer, sys.byteorder)
    return waiting

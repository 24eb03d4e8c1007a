"""The three ends of a connection, as three things on the wire (RFC 9112 § 7.1, RFC 9293 § 3.5)."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final

from mockserver.clock import pause

if TYPE_CHECKING:
    import asyncio

    from aiohttp import web
    from aiohttp.base_protocol import BaseProtocol

_LINGER_NOTHING: Final = struct.pack("ii", 1, 0)
_FLUSH_TRIES: Final = 200
_FLUSH_PAUSE: Final = 0.002


class Chunks:
    """Writes chunks straight to the transport, for as long as it takes them at once.

    aiohttp's own way leads through four more calls, which with ten thousand streams is half of
    what an event costs.
    """

    __slots__ = ("_protocol", "_transport")

    def __init__(self, protocol: BaseProtocol, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport

    @property
    def flowing(self) -> bool:
        """Whether a write now would neither be lost nor pile up."""
        return not (self._protocol.writing_paused or self._transport.is_closing())

    def write(self, data: bytes) -> None:
        """Write one chunk (RFC 9112 § 7.1); `data` must not be empty."""
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))


def chunks(request: web.BaseRequest, response: web.StreamResponse) -> Chunks | None:
    """Return the way to write to a response whose head is gone; None if it has no chunks."""
    transport = request.transport
    chunked = response.headers.get("Transfer-Encoding") == "chunked"
    if transport is None or not chunked or request.method == "HEAD":
        return None
    return Chunks(request.protocol, transport)


def drop(transport: asyncio.Transport | None) -> None:
    """Send what is buffered, then FIN; the last chunk of a chunked body stays unsent."""
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
    sock = transport.get_extra_info("socket")
    if waiting or sock is None or not sys.platform.startswith("linux"):
        return waiting
    import fcntl  # noqa: PLC0415  (not everywhere)
    import termios  # noqa: PLC0415

    with contextlib.suppress(OSError):
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return int.from_bytes(answer, sys.byteorder)
    return 0

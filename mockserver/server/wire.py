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

_LINGER_NOTHING: Final = struct.pack("ii", 1, 0)
_FLUSH_TRIES: Final = 200
_FLUSH_PAUSE: Final = 0.002


def drop(transport: asyncio.Transport | None) -> None:
    """Send what is buffered, then FIN; the last chunk of a chunked body stays unsent."""
    if transport is not None:
        transport.close()


async def reset(transport: asyncio.Transport | None) -> None:
    """Send RST, after the client's side has taken what was written before.

    A reset throws away what is still on its way. For the same bytes to arrive every time the
    buffers are emptied first; a client that does not read is waited for no longer than 0.4 s.
    """
    if transport is None or transport.is_closing():
        return
    for _ in range(_FLUSH_TRIES):
        if not _unsent(transport):
            break
        await pause(_FLUSH_PAUSE)
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

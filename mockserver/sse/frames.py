"""Frames of a WebSocket as servers write them, and as their clients read them (RFC 6455 § 5).

A server masks nothing (§ 5.1), so the same text is the same bytes every time.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT: Final = 0x1
CLOSE: Final = 0x8
PING: Final = 0x9
CONTROL_BYTES: Final = 125
"""§ 5.5: all that a control frame has room for."""
_FIN: Final = 0x80
_OPCODE: Final = 0x0F
_LENGTH: Final = 0x7F
_SHORT: Final = 126
_LONG: Final = 127


class Frame(NamedTuple):
    """One frame, and whether all of it is there."""

    opcode: int
    data: bytes
    whole: bool = True


def frame(opcode: int, data: bytes) -> bytes:
    """Return a whole frame (§ 5.2), its length written in the fewest bytes."""
    size = len(data)
    if size < _SHORT:
        return bytes((_FIN | opcode, size)) + data
    if size <= 0xFFFF:
        return struct.pack("!BBH", _FIN | opcode, _SHORT, size) + data
    return struct.pack("!BBQ", _FIN | opcode, _LONG, size) + data


def ping(text: bytes) -> bytes:
    """Return a ping with as much of `text` as it has room for."""
    return frame(PING, text[:CONTROL_BYTES])


def closing(code: int, reason: str = "") -> bytes:
    """Return the frame that closes a connection, with as much of the reason as it has room for.

    § 5.5.1: "the reason [...] MUST be UTF-8", so no character of it is cut.
    """
    told = reason.encode("utf-8", "replace")[: CONTROL_BYTES - 2].decode("utf-8", "ignore")
    return frame(CLOSE, code.to_bytes(2, "big") + told.encode())


def frames(data: bytes) -> Iterator[Frame]:
    """Yield the frames that a server has written; of the last one what has left of it."""
    start = 0
    while start < len(data):
        head = data[start : start + 2]
        length = head[1] & _LENGTH if len(head) > 1 else 0
        begin = start + 2
        if length >= _SHORT:
            begin += 2 if length == _SHORT else 8
            length = int.from_bytes(data[start + 2 : begin], "big")
        start_of_next = begin + length
        whole = len(head) > 1 and start_of_next <= len(data)
        yield Frame(head[0] & _OPCODE, data[begin:start_of_next], whole)
        start = start_of_next

"""The bodies of answers, whose end is told in one of three ways (RFC 9112 § 6.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from mockserver.capture.exchange import Transfer

_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,15}")
_BEHIND_SIZE: Final = frozenset((b"\r", b"\n", b";", b" ", b"\t"))
MAX_LINE: Final = 16 * 1024
"""Bytes of the line before a chunk with its extensions; of all trailers."""


class Body(Protocol):
    """A body as it arrives."""

    ended: bool
    """Whether all of it has come."""
    trailers: bytes
    """The lines behind the last chunk, each with its end."""
    fault: str
    """Why nothing more of it can be read, if so."""

    def feed(self, data: bytes) -> bytes:
        """Return what `data` holds of the body."""


class UntilClosed:
    """A body that ends with the connection."""

    ended = False
    trailers = b""
    fault = ""

    def feed(self, data: bytes) -> bytes:
        """Return `data`: all of it is body."""
        return data


class Measured:
    """A body of a length that is known."""

    trailers = b""
    fault = ""

    def __init__(self, length: int) -> None:
        self._left = length
        self.ended = not length

    def feed(self, data: bytes) -> bytes:
        """Return what belongs to it."""
        taken = data[: self._left]
        self._left -= len(taken)
        self.ended = not self._left
        return taken


class Chunked:
    """A body in chunks (RFC 9112 § 7.1). What of a chunk has come is handed out at once.

    h11 takes three steps and a regular expression for what is a slice here: a fifth of what an
    event costs on its way.
    """

    def __init__(self) -> None:
        self._rest = b""  # of a line that is not complete
        self._left = 0  # bytes of the chunk, and then of its CRLF
        self._in_trailers = False
        self.ended = False
        self.trailers = b""
        self.fault = ""

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of all chunks in `data`, up to where it cannot be read."""
        data, position, found = self._rest + data, 0, []
        self._rest = b""
        while position < len(data) and not (self.ended or self.fault):
            if self._left > 2:
                part = data[position : position + self._left - 2]
                found.append(part)
                self._left -= len(part)
                position += len(part)
            elif self._left:
                part = data[position : position + self._left]
                if part != b"\r\n"[2 - self._left :][: len(part)]:
                    self.fault = f"{part!r} stands where a chunk should end"
                self._left -= len(part)
                position += len(part)
            else:
                end = data.find(b"\n", position)
                if end < 0:
                    self._rest = data[position:]
                    break
                self._take_line(data[position : end + 1])
                position = end + 1
        if len(self._rest) > MAX_LINE or len(self.trailers) > MAX_LINE:
            self.fault = "a line before a chunk, or behind the last, is too long"
        return found[0] if len(found) == 1 else b"".join(found)

    def _take_line(self, line: bytes) -> None:
        """Take the line before a chunk, or one behind the last."""
        if self._in_trailers:
            self.ended = line in {b"\r\n", b"\n"}
            self.trailers += b"" if self.ended else line
            return
        size = _SIZE.match(line)
        if size is None or line[size.end() : size.end() + 1] not in _BEHIND_SIZE:
            self.fault = f"{line[:40]!r} stands where the size of a chunk should"
            return
        self._left = int(size[0], 16)
        if self._left:
            self._left += 2
        else:
            self._in_trailers = True


def body_of(transfer: Transfer, length: int) -> Body:
    """Return what reads a body; `length` is the Content-Length."""
    if transfer == "chunked":
        return Chunked()
    return UntilClosed() if transfer == "close" else Measured(length)

"""A body as it was before any coding, in the portions in which it came."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from mockserver.capture.exchange import Chunk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.capture.exchange import Exchange

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that a coded body may become; a larger one stays coded."""
_NAMES: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
_WINDOWS: Final = {"gzip": (31,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}
"""RFC 9110 § 8.4.1.2: `deflate` is RFC 1950's format, though some send RFC 1951's."""


@dataclass(frozen=True, slots=True)
class Body:
    """The portions of a body with the moments at which they were there.

    `coding` was taken off. `sealed` is one that stays on, because it is not known or does not fit.
    """

    chunks: tuple[Chunk, ...]
    coding: str | None = None
    sealed: str | None = None

    @property
    def data(self) -> bytes:
        """All of it."""
        return b"".join(chunk.data for chunk in self.chunks)

    def clock(self) -> Clock:
        """Return what says when each byte was there."""
        return Clock(self.chunks)

    def with_text(self, spans: Iterable[tuple[int, int, bytes]]) -> Body:
        """Return the body with other bytes from a start to an end, in order.

        What is replaced comes with the portion that completed it.
        """
        data, clock = self.data, self.clock()
        parts: list[Chunk] = []
        position = 0
        for start, end, text in spans:
            parts += clock.portions(data, position, start)
            parts.append(Chunk(clock.at(end - 1), text))
            position = end
        parts += clock.portions(data, position, len(data))
        return replace(self, chunks=tuple(_joined(parts)))


class Clock:
    """Says when which byte of a body was there."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        filled = [chunk for chunk in chunks if chunk.data]
        self._ends = list(accumulate(len(chunk.data) for chunk in filled))
        self._times = [chunk.at for chunk in filled]

    def at(self, index: int) -> float:
        """Return when the byte at that index was there."""
        return self._times[bisect_right(self._ends, index)]

    def portions(self, data: bytes, start: int, end: int) -> Iterator[Chunk]:
        """Yield the bytes from start to end as they came."""
        while start < end:
            which = bisect_right(self._ends, start)
            stop = min(end, self._ends[which])
            yield Chunk(self._times[which], data[start:stop])
            start = stop


def _joined(parts: Iterable[Chunk]) -> Iterator[Chunk]:
    last: Chunk | None = None
    for part in parts:
        if last is not None and last.at == part.at:
            last = Chunk(part.at, last.data + part.data)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last


def body_of(exchange: Exchange) -> Body:
    """Return the body of an answer without its content coding, where that is known."""
    named = (exchange.header("content-encoding") or "").strip().lower()
    if named in ("", "identity"):
        return Body(exchange.chunks)
    coding = _NAMES.get(named)
    for window in _WINDOWS.get(coding or "", ()):
        chunks = _decoded(exchange.chunks, window)
        if chunks is not None:
            return Body(chunks, coding)
    return Body(exchange.chunks, sealed=named)


def _decoded(chunks: Iterable[Chunk], window: int) -> tuple[Chunk, ...] | None:
    """Return chunks without their coding; None for what is coded otherwise, or is too large."""
    decoder = zlib.decompressobj(window)
    found, size = [], 0
    for chunk in chunks:
        try:
            data = decoder.decompress(chunk.data, LARGEST - size + 1)
        except zlib.error:
            return None
        size += len(data)
        if size > LARGEST or decoder.unused_data:
            return None
        if data:
            found.append(Chunk(chunk.at, data))
    return tuple(found)

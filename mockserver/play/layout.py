"""Lays the bytes of one connection on the wire: byte order mark, coding, pieces, pace."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, Literal

from mockserver.play.cues import Send
from mockserver.scenario.block import number
from mockserver.scenario.template import RenderError, Template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.play.scope import StoryScope
    from mockserver.scenario.model import Split, Wire

BOM: Final = b"\xef\xbb\xbf"
SLICE: Final = 0.05
"""Seconds' worth of bytes that leave together where a rate is set and no split."""
_WINDOW_BITS: Final = {"gzip": 31, "deflate": zlib.MAX_WBITS}
"""What makes zlib write the formats of RFC 1952 and RFC 1950 (RFC 9110 § 8.4.1)."""

Coding = Literal["gzip", "deflate"]


def accepted(wire: Wire, headers: Mapping[str, str]) -> tuple[Coding | None, tuple[str, ...]]:
    """Return the coding for a request with these headers, and a note where it refuses it.

    A request without Accept-Encoding gets none: so do it all servers, whatever RFC 9110
    § 12.5.3 would allow.
    """
    coding = wire.encoding
    if coding is None or coding == "identity":
        return None, ()
    weights = dict(map(_weighed, headers.get("accept-encoding", "").lower().split(",")))
    weight = weights.get(coding, weights.get("*", 0.0))
    return (coding, ()) if weight > 0 else (None, ("encoding-refused",))


def _weighed(text: str) -> tuple[str, float]:
    name, _, parameter = text.partition(";")
    quality = parameter.strip().removeprefix("q=")
    try:
        return name.strip(), float(quality) if parameter.strip() else 1.0
    except ValueError:
        return name.strip(), 0.0


class Layout:
    """Turns sends into the writes of one connection.

    `free` is the offset from which the next write can leave. Of `frames` each leaves whole, once
    all of its bytes have had their time: answers to a client's pings may come between two of them,
    and in none. Raises RenderError.
    """

    def __init__(
        self, wire: Wire, scope: StoryScope, coding: Coding | None, *, frames: bool = False
    ) -> None:
        self.free = 0.0
        self._wire = wire
        self._frames = frames
        self._scope = scope
        self._coder: Any = None
        if coding is not None:
            # No name and no time are in the header, so that the bytes are the same every day.
            self._coder = zlib.compressobj(wbits=_WINDOW_BITS[coding])

    def begin(self, head: bytes) -> Iterator[Send]:
        """Yield what comes before the story: a head written by hand, a byte order mark."""
        if head:
            yield from self._pieces(Send(0.0, head, 0, alone=True))
        if self._wire.bom:
            yield from self.send(Send(self.free, BOM, 0))

    def splits(self, cue: Send) -> bool:
        """Whether the writes of `cue` each have to leave alone."""
        return bool(cue.split or self._wire.split or self._wire.rate)

    def check(self, cue: Send) -> None:
        """Raise RenderError where `cue` could not be split, without laying it."""
        path, split = cue.split or ("wire", self._wire.split)
        if split is not None:
            self._size(path, split)

    def finish(self) -> bytes:
        """Return what a coding still has to say before the body ends."""
        return b"" if self._coder is None else bytes(self._coder.flush())

    def push(self, data: bytes) -> bytes:
        """Return bytes that come from outside, as the coding has them; they leave at once."""
        return self._coded(data)

    def send(self, cue: Send) -> Iterator[Send]:
        """Yield the writes that `cue` takes, none before the one before it is done."""
        yield from self._pieces(cue._replace(data=self._coded(cue.data)))

    def _coded(self, data: bytes) -> bytes:
        if self._coder is None or not data:
            return data
        coded: bytes = self._coder.compress(data) + self._coder.flush(zlib.Z_SYNC_FLUSH)
        return coded

    def end(self, at: float) -> Iterator[Send]:
        """Yield what a coding still has to say before the body ends properly."""
        if self._coder is not None:
            yield from self._pieces(Send(at, self.finish(), 0))

    def _pieces(self, cue: Send) -> Iterator[Send]:
        at = max(cue.at, self.free)
        data, rate = cue.data, self._wire.rate
        path, split = cue.split or ("wire", self._wire.split)
        if self._frames and rate:
            at = round(at + len(data) / rate, 9)
        self.free = at
        if self._frames or (split is None and rate is None):
            yield cue._replace(at=at, alone=cue.alone or self._frames)
            return
        size = max(1, int((rate or 0) * SLICE)) if split is None else self._size(path, split)
        waits = self._waits(path, split)
        start = 0
        while start + size < len(data):
            yield Send(round(at, 9), data[start : start + size], 0, alone=True)
            at += max(next(waits), size / rate if rate else 0.0)
            start += size
        rest = data[start:]
        self.free = round(at + len(rest) / rate if rate else at, 9)
        yield cue._replace(at=round(at, 9), data=rest, alone=True, split=None)

    def _size(self, path: str, split: Split) -> int:
        size = number(split.bytes, self._scope.at(path, "split"), "split")
        if size < 1:
            assert isinstance(split.bytes, Template)
            raise RenderError(split.bytes.where, f"split: {size} is no number of bytes")
        return size

    def _waits(self, path: str, split: Split | None) -> Iterator[float]:
        """Yield the waits between the pieces, each drawn anew from a range."""
        every = split.every if split is not None else None
        if every is None:
            while True:
                yield 0.0
        yield from self._scope.many_seconds(every, path, "split every")

"""How much has been recorded, in numbers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.capture import Exchange

_ANY_FORMAT: Final = 32 + zlib.MAX_WBITS
"""What makes zlib read the formats of RFC 1950 and RFC 1952 alike."""
_MOST: Final = 256 * 1024 * 1024
"""Bytes of a body that are read once its coding is undone."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Exchanges, those of them that are event streams, and what a client dispatches of these."""

    exchanges: int
    streams: int
    events: int


def count(exchanges: Iterable[Exchange]) -> Counted:
    """Count what was recorded."""
    known = list(exchanges)
    streams = [exchange for exchange in known if is_stream(exchange)]
    return Counted(len(known), len(streams), sum(map(_events, streams)))


def is_stream(exchange: Exchange) -> bool:
    """Tell whether an answer is an event stream (WHATWG § 9.2.5)."""
    kind = (exchange.header("content-type") or "").partition(";")[0]
    return kind.strip().lower() == "text/event-stream"


def _events(exchange: Exchange) -> int:
    """Return how many events a client that stays to the end dispatches."""
    parser, coding = Parser(), (exchange.header("content-encoding") or "").strip().lower()
    decoder = zlib.decompressobj(_ANY_FORMAT) if coding in {"gzip", "x-gzip", "deflate"} else None
    events = 0
    for chunk in exchange.chunks:
        data = chunk.data
        if decoder is not None:
            try:
                data = decoder.decompress(data, _MOST)
            except zlib.error:
                break
        events += len(parser.feed(data))
    return events

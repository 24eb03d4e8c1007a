"""Bytes of an event stream and nothing else, as `curl -N URL > FILE` leaves them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mockserver.capture import Exchange
from mockserver.imports.events import chunks_of
from mockserver.imports.meter import without

if TYPE_CHECKING:
    from mockserver.capture.exchange import End
    from mockserver.imports.found import Asked, Found

_FIELD: Final = re.compile(rb"(?:^|[\r\n])(?:data|event|id|retry)?:")
_ENDED: Final = re.compile(rb"(?:\r\n|\r|\n){2}\Z|\A\Z")
_LOOKED_AT: Final = 64 * 1024


def is_stream(data: bytes) -> bool:
    """Tell whether bytes look like an event stream: a line near their beginning is a field."""
    begins = without(data[:_LOOKED_AT])
    return b"\0" not in begins and _FIELD.search(begins) is not None


def read_text(data: bytes, found: Found, asked: Asked) -> None:
    """Take bytes as the answer to one request; curl's meter among them is none of theirs."""
    data = without(data)
    end = how_it_ended(data, found, f"{asked.method} {asked.target}")
    found.exchanges.append(
        Exchange(
            method=asked.method,
            target=asked.target,
            request_headers=(("Accept", "text/event-stream"),),
            headers=(("Content-Type", "text/event-stream"),),
            chunks=chunks_of(data, (), 0.0, 0.0, found),
            end=end,
        )
    )


def how_it_ended(data: bytes, found: Found, what: str) -> End:
    """Return how a stream ended of which only the bytes are known."""
    if _ENDED.search(data):
        return "end"
    found.say(f"{what}: it breaks off in the middle of an event, and is kept open there")
    return "open"

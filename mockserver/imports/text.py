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
_LAST: Final = re.compile(rb"curl: \(\d+\) [^\r\n]*\r?\n?\Z")
"""What curl says last, where it has failed; behind half a line in the same one."""
_LONGEST: Final = 1_000
"""Bytes that this has at the most."""
_FAULTS: Final[tuple[tuple[bytes, End], ...]] = (
    (b"curl: (18)", "cut"),
    (b"curl: (92)", "cut"),
    (b"curl: (56)", "reset"),
    (b"curl: (52)", "cut"),
    (b"curl: (28)", "client"),
    (b"outstanding read data remaining", "cut"),
    (b"Connection reset by peer", "reset"),
)
"""What curl says where an answer has not ended properly (libcurl-errors(3))."""


def is_stream(data: bytes) -> bool:
    """Tell whether bytes look like an event stream: a line near their beginning is a field."""
    begins = without(data[:_LOOKED_AT])
    return b"\0" not in begins and _FIELD.search(begins) is not None


def read_text(data: bytes, found: Found, asked: Asked) -> None:
    """Take bytes as the answer to one request; curl's meter among them is none of theirs."""
    data, said = without_fault(without(data))
    end = end_said(said) or how_it_ended(data, found, f"{asked.method} {asked.target}")
    found.exchanges.append(
        Exchange(
            method=asked.method,
            target=asked.target,
            request_headers=(("Accept", "text/event-stream"),),
            headers=(("Content-Type", "text/event-stream"),),
            chunks=chunks_of(data, (), 0.0, 0.0, found),
            end=end,
            fault=said.decode("utf-8", "replace").strip(),
        )
    )


def without_fault(data: bytes) -> tuple[bytes, bytes]:
    """Return what was received, and what curl says behind it of why there is no more of it."""
    last = _LAST.search(data, max(0, len(data) - _LONGEST))
    at = last.start() if last else len(data)
    return data[:at], data[at:]


def end_said(text: bytes) -> End | None:
    """Return how an answer ended by what curl says, None where it says nothing of that."""
    ends = [end for words, end in _FAULTS if words in text]
    return ends[-1] if ends else None


def how_it_ended(data: bytes, found: Found, what: str) -> End:
    """Return how a stream ended of which only the bytes are known."""
    if _ENDED.search(data):
        return "end"
    found.say(f"{what}: it breaks off in the middle of an event, and is kept open there")
    return "open"

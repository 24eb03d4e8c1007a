"""Reads JSON lines and JSON text sequences as they arrive, item by item.

JSON lines have no standard; what is read here is one JSON text a line, blank lines passed over. The
sequences are those of RFC 7464.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from mockserver.sse.parse import Dispatched, Parser, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.sse.encode import Framing

_RECORD: Final = b"\x1e"


class ItemReader:
    """A stream of items that is read as it arrives; they are told like events of no type."""

    last_event_id: Final = ""
    identified: Final = 0
    reconnection_time: Final = None

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._rest = b""

    @property
    def rest(self) -> bytes:
        """What has come behind the last whole item."""
        return self._rest

    @property
    def between(self) -> bool:
        """Whether nothing has begun that the next bytes could go on with."""
        return not self._rest.strip()

    def feed(self, data: bytes) -> list[Dispatched]:
        """Return the items which `data`, the next bytes of the stream, completes."""
        ends = b"\n" if self._framing == "lines" else _RECORD
        *whole, self._rest = (self._rest + data).split(ends)
        if self._framing == "seq" and self._rest.endswith(b"\n") and _is_json(self._rest):
            # What follows is known to be another record before it has begun.
            whole.append(self._rest)
            self._rest = b""
        return [_item(text) for text in whole if text.strip()]


def reader(framing: Framing) -> Parser | ItemReader:
    """Return what reads a stream in that framing."""
    return Parser() if framing == "sse" else ItemReader(framing)


def _item(text: bytes) -> Dispatched:
    # Bytes that are no UTF-8 stay visible, and are no JSON.
    return Dispatched("message", text.strip().decode("utf-8", "backslashreplace"), "")


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def units(data: bytes, framing: Framing) -> Iterator[bytes]:
    """Split what was sent at once where a reader of that framing would: blocks, lines, records."""
    match framing:
        case "sse":
            yield from blocks(data)
        case "lines":
            yield from data.splitlines(keepends=True)
        case "seq":
            first, *records = data.split(_RECORD)
            yield from filter(None, [first, *(_RECORD + record for record in records)])

"""What left in the blocks of an entry `sent`, by playing its connection once more."""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.play.layout import BOM
from mockserver.play.replay import Replay, replayed
from mockserver.sse.framed import told as told_by
from mockserver.sse.frames import frame, frames
from mockserver.sse.items import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.play.cues import Send
    from mockserver.play.journal import Sent
    from mockserver.play.told import Told
    from mockserver.sse.encode import Framing

EVENTS: Final = 20_000
"""Blocks that are shown in one answer."""
BYTES: Final = 16 * 1024 * 1024
"""Bytes of them."""
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NAMES: Final = {"event": "type", "id": "id", "data": "data", "retry": "retry", "": "comment"}
_MANY_LINES: Final = ("data", "comment")
_ANY_FORMAT: Final = 32 + zlib.MAX_WBITS


class Expansion:
    """Plays connections as far as entries ask for, each one once.

    Entries have to come in the order in which they were recorded.
    """

    def __init__(self, memory: Iterable[Told]) -> None:
        self._connections = {told.serial: Connection(told) for told in memory}
        self._blocks = EVENTS
        self._bytes = BYTES

    def expand(self, entry: Sent) -> Iterator[dict[str, Any] | None]:
        """Yield what left in an entry's blocks; None where others may have their turn.

        Nothing where the connection is forgotten, and not all where enough has been shown.
        """
        connection = self._connections.get(entry.serial)
        if connection is None:
            return
        for part in connection.play(entry.last):
            if part is not None and part[0] >= entry.first:
                for raw in part[1]:
                    self._blocks -= 1
                    self._bytes -= len(raw)
                    if self._blocks < 0 or self._bytes < 0:
                        return
                    yield connection.units.shown(raw)
            yield None


class Connection:
    """One connection that is played as far as somebody wants to see it.

    With `along` it goes on as the connection does: nobody may ask for more than has left.
    """

    def __init__(self, told: Told, *, along: bool = False) -> None:
        self.units = Units.of(told)
        self._cues = _along(told) if along else replayed(told)
        self.last = 0
        """The block up to which it has been played."""
        self._body = Body(told)

    def play(self, last: int) -> Iterator[tuple[int, list[bytes]] | None]:
        """Play up to the block `last`; yield the number of each part's first block, and the part.

        A part is what the story has written at once: several blocks that depend on nothing, or one
        with all of its pieces.
        """
        data = b""
        while self.last < last:
            cue = next(self._cues, None)
            if cue is None:
                return
            written = self._body.decoded(cue.data)
            if cue.foreign:
                yield None
                continue
            data += written
            if not cue.blocks:
                # A heartbeat is no block of the story; a piece is part of the next.
                if cue.shown is not None:
                    data = b""
                yield None
                continue
            first, self.last = self.last + 1, self.last + cue.blocks
            yield first, list(self.units.split(self._body.begun(data)))
            data = b""


class Units(NamedTuple):
    """What the bytes of a connection fall into: the blocks of a framing, or frames."""

    framing: Framing
    framed: bool

    @classmethod
    def of(cls, told: Told) -> Units:
        """Return the units in which a connection was told."""
        program = told.subscription.program
        return cls(program.framing, program.frames)

    def split(self, data: bytes) -> Iterator[bytes]:
        """Yield the units that were written at once."""
        if self.framed:
            return (frame(each.opcode, each.data) for each in frames(data))
        return units(data, self.framing)

    def content(self, raw: bytes) -> bytes:
        """Return what a unit has to show: of a frame what is in it."""
        return b"".join(each.data for each in frames(raw)) if self.framed else raw

    def shown(self, raw: bytes) -> dict[str, Any]:
        """Return a unit as it was written."""
        if not self.framed:
            return shown(raw, self.framing)
        said = next(told_by(raw), {})
        return {_NAMES.get(name, name): value for name, value in said.items()}


class Body:
    """What was written to a client, without what is wrapped around its blocks."""

    def __init__(self, told: Told) -> None:
        self._in_head = told.head is not None and told.head.raw
        coded = told.head is not None and told.head.value("content-encoding") in ("gzip", "deflate")
        self._decoder = zlib.decompressobj(_ANY_FORMAT) if coded else None

    def begun(self, data: bytes) -> bytes:
        """Leave out what is before the first block: a head written by hand, a byte order mark."""
        if self._in_head:
            self._in_head = False
            data = data.partition(b"\r\n\r\n")[2]
        return data.removeprefix(BOM)

    def decoded(self, data: bytes) -> bytes:
        """Return what a client reads out of the next bytes."""
        if self._decoder is None:
            return data
        try:
            return self._decoder.decompress(data)
        except zlib.error:
            self._decoder = None
            return data


def _along(told: Told) -> Iterator[Send]:
    """Yield what is written to a client while it is being written."""
    if told.replay is not None:
        yield from Replay(told).sent()


def shown(raw: bytes, framing: Framing = "sse") -> dict[str, Any]:
    """Return a block as it was written: its fields, or all of its bytes as `raw`.

    Lines of one field are joined by LF. What no field of the standard's makes is `raw`, and so are
    bytes that are no UTF-8, in base64. Without its blank line a block is `incomplete`.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return {"raw": b64encode(raw).decode(), "encoding": "base64"}
    if framing != "sse":
        return {"data": text.strip("\x1e\r\n")}
    lines, found = _LINE_END.split(text), dict[str, Any]()
    for line in filter(None, lines):
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        field = _NAMES.get(name)
        if field is None or not colon or (field in found and field not in _MANY_LINES):
            return {"raw": text}
        found[field] = f"{found[field]}\n{value}" if field in found else value
    if not found:
        return {"raw": text}
    return found if lines[-2:] == ["", ""] else found | {"incomplete": True}

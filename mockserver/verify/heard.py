"""What came on one connection to a backend, and the reading of it as it comes."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from mockserver.sse.items import ItemReader
from mockserver.sse.parse import BOM, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.sse.encode import Framing
    from mockserver.verify.kinds import Kind

End = Literal["end", "cut", "client", "timeout", "none"]
"""How a connection ended: properly, in the middle of its framing, by us because we had what we
wanted or because the time was over; or it never came to an answer."""

BYTES: Final = 64 * 1024 * 1024
"""Bytes of one body that are read."""
EVENTS: Final = 50_000
"""Events of one connection that are kept."""
EVIDENCE: Final = 64 * 1024
"""Bytes of a body that should have been a stream, or that is an answer's beyond its judgement."""

_OWN_ID: Final = re.compile(rb"(?:^|[\r\n])id(?::[ ]?([^\r\n\0]*))?(?=[\r\n])")
_COMMENT: Final = re.compile(rb"(?:^|[\r\n]):")
# Atomic, or the CR and the LF of one line end could be taken for two.
_BLANK_LINE: Final = re.compile(rb"(?>\r\n|\r|\n)(?>\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class Got:
    """An event that came; `id` is its own, None where it brings none."""

    kind: Kind
    data: str
    id: str | None
    at: float
    connection: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there was no answer, or none that could be read."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that the story waits for, and that was not taken; `number` is which, from 0."""

    number: int
    got: str
    at: float


@dataclass(frozen=True, slots=True)
class Silence:
    """The longest time without a byte: its seconds, when it began, after how many events."""

    seconds: float = 0.0
    at: float = 0.0
    events: int = 0


@dataclass(slots=True)
class Heard:
    """One connection, from its request on; times in seconds since that was sent.

    `last_event_id` is what the request brought, `status` 0 where no answer came; `begun` is what
    came of it all the same. Behind the last whole event came `signs` of life, and `rest`: the
    beginning of what are `unfinished` bytes.
    """

    number: int
    last_event_id: str = ""
    status: int = 0
    reason: str = ""
    version: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    head_at: float = 0.0
    begun: bytes = b""
    events: list[Got] = field(default_factory=list)
    unkept: int = 0
    beats: int = 0
    silence: Silence = field(default_factory=Silence)
    body: bytes = b""
    size: int = 0
    rest: bytes = b""
    unfinished: int = 0
    signs: int = 0
    retry: int | None = None
    end: End = "none"
    why: str = ""
    """Why it was cut, where more is known than that it was."""
    ended_at: float = 0.0
    fault: Fault | None = None
    refused: list[Refused] = field(default_factory=list)
    listened: bool = False
    """Whether it was read as the stream that was to come."""
    reached: bool = False
    """Whether all had come that it was listened to for, but for its end."""

    def value(self, name: str) -> str | None:
        """Return the values of a header as one (RFC 9110 § 5.3); `name` in lower case."""
        values = [value for key, value in self.headers if key.lower() == name]
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Block:
    """What a reader made of bytes: an event with its own id, or a sign of life (`event` None)."""

    event: tuple[str, str, str | None] | None
    """Type, data and the id it brings."""


class BlockReader:
    """An event stream that is read block by block, each with what it brings itself.

    `Parser` alone would not tell an event that repeats its id from one that has none.
    """

    def __init__(self, last_event_id: str = "") -> None:
        self.parser = Parser(last_event_id)
        self._buffer = bytearray()
        self._at_start = True

    @property
    def rest(self) -> bytes:
        """What has come behind the last whole block."""
        return bytes(self._buffer)

    @property
    def last_event_id(self) -> str:
        """The event source's last event ID string."""
        return self.parser.last_event_id

    @property
    def retry(self) -> int | None:
        """The reconnection time in milliseconds, None until the stream tells it."""
        return self.parser.reconnection_time

    def feed(self, data: bytes) -> Iterator[Block]:
        """Yield the blocks which `data` completes."""
        known, start = len(self._buffer), 0
        self._buffer += data
        # A blank line may have begun in what is known.
        found = list(_BLANK_LINE.finditer(self._buffer, max(0, known - 3)))
        ends = [match.end() for match in found]
        whole = [bytes(self._buffer[one:other]) for one, other in pairwise([start, *ends])]
        if ends:
            del self._buffer[: ends[-1]]
        for block in whole:
            yield from self._block(block)

    def _block(self, block: bytes) -> Iterator[Block]:
        heard = self.parser.feed(block)
        if self._at_start:
            # WHATWG § 9.2.6: one leading byte order mark is stripped before lines are read.
            self._at_start, block = False, block.removeprefix(BOM)
        ids = _OWN_ID.findall(block)
        own = ids[-1].decode("utf-8", "replace") if ids else None
        for event in heard:
            yield Block((event.type, event.data, own))
        if not heard and _COMMENT.search(block):
            yield Block(None)


class ItemBlocks:
    """JSON lines or a JSON text sequence, read as blocks without types and ids."""

    last_event_id: Final = ""
    retry: Final = None

    def __init__(self, framing: Framing) -> None:
        self._reader = ItemReader(framing)

    @property
    def rest(self) -> bytes:
        """What has come behind the last whole item."""
        return self._reader.rest

    def feed(self, data: bytes) -> Iterator[Block]:
        """Yield the items which `data` completes; blank lines alone are a sign of life."""
        items = self._reader.feed(data)
        yield from (Block((item.type, item.data, None)) for item in items)
        if not items and self._reader.between:
            yield Block(None)


def block_reader(framing: Framing, last_event_id: str) -> BlockReader | ItemBlocks:
    """Return what reads a stream in that framing."""
    return BlockReader(last_event_id) if framing == "sse" else ItemBlocks(framing)


class Coding:
    """Takes a content coding off as bytes arrive (RFC 9110 § 8.4.1), never more than is asked."""

    def __init__(self, name: str) -> None:
        self._stream: Any = None
        if name in ("gzip", "x-gzip"):
            self._stream = zlib.decompressobj(31)
        elif name == "deflate":
            self._stream = zlib.decompressobj()

    def decode(self, data: bytes, most: int) -> bytes:
        """Return at most `most` bytes of what `data` stands for. Raises zlib.error."""
        if self._stream is None:
            return data
        decoded: bytes = self._stream.decompress(data, most)
        return decoded


CODINGS: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""Content codings that are read."""

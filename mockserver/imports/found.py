"""What has been read of a file: exchanges, and what is to be said of the rest."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mockserver.capture import Chunk
from mockserver.errors import Location, Problem

if TYPE_CHECKING:
    from mockserver.capture import Exchange
    from mockserver.capture.exchange import Headers, Transfer

_GZIP: Final = (b"\x1f\x8b", 31)
_CODINGS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": (b"\x78", zlib.MAX_WBITS)}
"""What a body of that coding begins with (RFC 1952 § 2.3.1, RFC 1950 § 2.2), and zlib's window."""
NO_TIMES: Final = (
    "the file does not tell when each event came: they come at once, write delays between them"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a file does not tell: `--request`."""

    method: str = "GET"
    target: str = "/stream"


@dataclass(slots=True)
class Found:
    """What one file holds. Problems are warnings as long as there are exchanges."""

    file: str
    exchanges: list[Exchange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def say(self, note: str) -> None:
        """Note something, once."""
        if note not in self.notes:
            self.notes.append(note)

    def doubt(self, where: Location, what: str, mend: str) -> None:
        """Tell of a part that cannot be read: what could be read is kept."""
        self.problems.append(Problem(where, what, "unreadable-part", mend, severity="warning"))


def transfer_of(version: str, headers: Headers) -> Transfer:
    """Return how the end of a body was told, as far as a file that was written later shows it."""
    names = {name.lower() for name, _ in headers}
    if "transfer-encoding" in names:
        return "chunked"
    if "content-length" in names:
        return "length"
    return "close" if version.upper() in {"HTTP/1.0", "HTTP/0.9"} else "chunked"


def coded_again(
    headers: Headers, chunks: tuple[Chunk, ...], found: Found, what: str
) -> tuple[Headers, tuple[Chunk, ...]]:
    """Make a body agree with its Content-Encoding again, which whoever wrote the file has undone.

    gzip and deflate are put on again, flushed after every portion; another coding is left out. A
    Content-Length that counted other bytes goes.
    """
    coding = ", ".join(value for name, value in headers if name.lower() == "content-encoding")
    coding = coding.strip().lower()
    if not chunks or coding in {"", "identity"}:
        return headers, chunks
    known = _CODINGS.get(coding)
    if known is None:
        found.say(f"{what}: it was coded as {coding}, and is not any more")
        return _without(headers, "content-encoding", "content-length"), chunks
    magic, window = known
    if chunks[0].data.startswith(magic):
        return headers, chunks
    coder = zlib.compressobj(wbits=window)
    coded = [
        Chunk(chunk.at, coder.compress(chunk.data) + coder.flush(zlib.Z_SYNC_FLUSH))
        for chunk in chunks
    ]
    coded[-1] = Chunk(coded[-1].at, coded[-1].data + coder.flush())
    return _without(headers, "content-length"), tuple(coded)


def _without(headers: Headers, *names: str) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in names)

"""One request and its answer as somebody has seen them on the wire, without sockets and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

End: TypeAlias = Literal["end", "cut", "reset", "client", "open"]
"""How an answer ended: properly; by FIN before its end; by RST; because the client left; not at
all before the recording stopped."""
DISCONNECTS: Final[dict[End, str]] = {"end": "end", "cut": "drop", "reset": "reset"}
"""What a scenario calls the ends that a server makes."""
Transfer: TypeAlias = Literal["chunked", "length", "close"]
"""How the end of the body is told (RFC 9112 § 6.3)."""
Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Names as they stood on the wire, in that order, the repeated ones repeated."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of a body that arrived at one moment, in seconds since the recording began."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer; all times are in seconds since the recording began.

    `at` is when the request was there, `answered` when the head of the answer was, `ended` when the
    answer was over. `target` is path and query as the document would have them, without scheme and
    host. In `chunks` is the body without its transfer coding; a content coding is still on. With
    status 0 there was no head at all, and `end` says how that showed. `fault` says in words what
    went wrong. Who records bounds how much: nothing here does.
    """

    at: float = 0.0
    method: str = "GET"
    target: str = "/"
    request_headers: Headers = ()
    request_body: bytes = b""
    answered: float = 0.0
    status: int = 200
    reason: str = ""
    headers: Headers = ()
    chunks: tuple[Chunk, ...] = ()
    ended: float = 0.0
    end: End = "end"
    transfer: Transfer = "chunked"
    fault: str = ""

    @property
    def unended(self) -> bool:
        """Whether the server did not end it, as far as is known: its client left, or we did."""
        return self.end not in DISCONNECTS

    def header(self, name: str) -> str | None:
        """Return the value of a header of the answer, several joined (RFC 9110 § 5.3), or None."""
        return _joined(self.headers, name)

    def request_header(self, name: str) -> str | None:
        """Return the value of a header of the request, several joined, or None."""
        return _joined(self.request_headers, name)


def _joined(headers: Headers, name: str) -> str | None:
    found = [value for key, value in headers if key.lower() == name.lower()]
    return ", ".join(found) if found else None

"""Heads of requests and answers as they go through the proxy (RFC 9110 § 7.6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.upstream.address import Address

    Raw = Iterable[tuple[bytes, bytes]]

_OF_THE_HOP: Final = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"te", b"transfer-encoding", b"upgrade")
)
"""RFC 9110 § 7.6.1; whoever receives them is meant, and nobody behind."""

_WITHOUT_BODY: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "DELETE"))


def end_to_end(headers: Raw) -> list[tuple[bytes, bytes]]:
    """Return the headers that are for whoever is at the end, in order and as often as they came."""
    given = list(headers)
    named = {
        word.strip().lower()
        for name, value in given
        if name.lower() == b"connection"
        for word in value.split(b",")
    }
    # What says how long the body is cannot be named away: the body is passed on with it.
    dropped = (named - {b"content-length", b"host"}) | _OF_THE_HOP
    return [(name, value) for name, value in given if name.lower() not in dropped]


def request_head(
    method: str, target: str, headers: Raw, address: Address, *, chunked: bool
) -> bytes:
    """Return the head for the upstream: the client's, with the upstream's own Host.

    Accept-Encoding stays the client's, so that what comes back is what the client can read. There
    is no Via: with one, some servers answer otherwise than they would without us.
    """
    host = address.authority.encode()
    kept = end_to_end(headers)
    if chunked:
        # RFC 9112 § 6.2: "A sender MUST NOT send a Content-Length header field in any message
        # that contains a Transfer-Encoding header field."
        kept = [*without(kept, b"content-length"), (b"Transfer-Encoding", b"chunked")]
    lines = [b"%b %b HTTP/1.1\r\n" % (method.encode(), target.encode("utf-8", "surrogateescape"))]
    if all(name.lower() != b"host" for name, _ in kept):
        kept.insert(0, (b"Host", host))
    for name, value in kept:
        lines.append(b"%b: %b\r\n" % (name, host if name.lower() == b"host" else value))
    return b"".join((*lines, b"\r\n"))


def whole_request(
    method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes | None, host: str
) -> bytes:
    """Return a request of our own, with the length of the body, and the Host unless it is given.

    One that could have a body, and has none, says so (RFC 9110 § 8.6).
    """
    length = [("Content-Length", f"{len(body or b'')}")]
    said = body is not None or method not in _WITHOUT_BODY
    given = list(headers)
    # RFC 9112 § 3.2: "A server MUST respond with a 400 […] to any request message that contains
    # more than one Host header field line".
    own = [] if any(name.lower() == "host" for name, _ in given) else [("Host", host)]
    pairs = [*own, *given, *(length if said else ())]
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + (body or b"")


def answer_head(status: int, reason: bytes, headers: Raw) -> bytes:
    """Return the head for the client."""
    lines = [b"%b: %b\r\n" % pair for pair in headers]
    return b"".join((b"HTTP/1.1 %d %b\r\n" % (status, reason), *lines, b"\r\n"))


def relocated(headers: Raw, address: Address) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer with a Location that leads to the proxy, if it led there."""
    return [
        (name, address.location(value.decode("latin-1")).encode("latin-1"))
        if name.lower() == b"location"
        else (name, value)
        for name, value in headers
    ]


def without(headers: Raw, *names: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers but for some, whose names are in small letters."""
    return [(name, value) for name, value in headers if name.lower() not in names]


def as_text(headers: Raw) -> tuple[tuple[str, str], ...]:
    """Return headers as they are recorded; bytes that are no UTF-8 are read as Latin-1."""
    return tuple((text_of(name), text_of(value)) for name, value in headers)


def text_of(value: bytes) -> str:
    """Return one name, value or reason phrase as it is recorded."""
    return value.decode("utf-8" if is_utf_8(value) else "latin-1")


def is_utf_8(value: bytes) -> bool:
    """Tell whether bytes are UTF-8, which all is that a scenario says."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True

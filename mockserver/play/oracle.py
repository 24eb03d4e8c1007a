"""What one conforming EventSource makes of a server's answers (WHATWG HTML § 9.2.2, § 9.2.3).

No sockets and no clock: requests, heads, bytes and ends are told to it, with the seconds at which
they happened. Where HTML leaves the matter to Fetch, Fetch's algorithms are named.
"""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from collections.abc import Sequence

    import h11

State = Literal["connecting", "open", "closed"]
_Headers: TypeAlias = "Sequence[tuple[str, str]]"

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 20
_HEAD_BYTES: Final = 1 << 18
_KNOWN: Final = frozenset({"gzip", "deflate", "br", "zstd"})
_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105  (of HTTP's grammar, no secret)
_MEDIA_TYPE: Final = re.compile(f"{_TOKEN}/{_TOKEN}")
_MEMBER: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+', re.DOTALL)
_LENGTH: Final = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Received:
    """An event that was dispatched, on the connection of that number (from 1)."""

    connection: int
    at: float
    type: str
    data: str
    last_event_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The ready state after something that bears on it, though it may be the one before."""

    at: float
    state: State
    why: str


class ConformingClient:
    """One EventSource, as the server sees it: what it dispatched and which states it was in.

    It has one connection at a time: what is told of an older one after the next `request` would be
    taken for the new one's. It does nothing by itself; `request` says that the client came again.
    Whether it sends credentials is not known: Access-Control-Allow-Credentials is not asked for.
    """

    def __init__(self) -> None:
        self.events: list[Received] = []
        self.states: list[Changed] = []
        self.state: State = "connecting"
        self.connection = 0
        """How many requests there were, those that followed a redirect not counted."""
        self._now = _Connection()
        self._redirects = 0
        self._parser = Parser()

    @property
    def last_event_id(self) -> str:
        """The event source's last event ID string: what the next request has to bring."""
        return self._parser.last_event_id

    @property
    def reconnection_time(self) -> int | None:
        """The milliseconds that the server asked the client to wait, None if it did not."""
        return self._parser.reconnection_time

    def request(
        self,
        at: float,
        *,
        host: str = "",
        scheme: str = "http",
        origin: str | None = None,
        followed: bool = False,
    ) -> None:
        """Tell that a request arrived by `scheme`, with these Host and Origin headers.

        `followed` means that it follows a redirect and belongs to the connection before. One that
        comes after "closed" can only be a new EventSource's, which knows of nothing before it.
        """
        self._now = _Connection("head", host.lower(), origin, scheme)
        self._parser.restart()
        if followed and self.state == "connecting" and self.connection:
            return
        self.connection += 1
        self._redirects = 0
        why = f"request {self.connection}"
        if self.state == "closed":
            self._parser = Parser()
            why += " after closed"
        self._change(at, "connecting", why)

    def respond(self, at: float, status: int, headers: _Headers) -> None:
        """Tell that the head of the final response was sent."""
        if self._now.awaits != "head":
            return
        lengths = _lengths(headers)
        if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
            # RFC 9112 § 6.3: "the message framing is invalid", an unrecoverable error.
            self._lose(at)
            return
        self._take_head(at, status, headers)
        self._now.left = next(map(int, lengths), None)
        self._end_if_complete(at)

    def receive(self, at: float, data: bytes) -> list[Received]:
        """Tell that bytes of the body were sent, and return the events that they complete.

        `data` has no transfer coding any more, but its content coding. Behind as many bytes as
        Content-Length says there is no body.
        """
        if self._now.awaits != "body":
            return []
        if self._now.left is not None:
            data = data[: self._now.left]
            self._now.left -= len(data)
        events = self._take_body(at, data)
        self._end_if_complete(at)
        return events

    def receive_raw(self, at: float, data: bytes) -> list[Received]:
        """Tell that bytes of a whole response were sent, with head and framing (RFC 9112)."""
        if self._now.awaits == "nothing" or not data:
            return []
        if self._now.raw is None:
            self._now.raw = _asked()
        self._now.raw.receive_data(data)
        return self._take_raw(at, self._now.raw)

    def finish(self, at: float, kind: Literal["end", "drop", "reset", "client"]) -> None:
        """Tell that the connection is over.

        "end" is the proper end of a body, "drop" a FIN before it, "reset" a RST, "client" that the
        client went away, which is nothing that a server did to it. Where the response was raw, its
        framing says whether a FIN is the end.
        """
        now = self._now
        if kind == "client":
            now.awaits = "nothing"
        if now.raw is not None and now.awaits != "nothing" and kind != "reset":
            now.raw.receive_data(b"")
            self._take_raw(at, now.raw)
        if now.awaits == "body" and kind == "end" and now.left is None:
            self._end(at)
        elif now.awaits != "nothing":
            self._lose(at)

    def _take_head(self, at: float, status: int, headers: _Headers) -> None:
        """Announce or fail the connection, or wait for the redirect to be followed (§ 9.2.2).

        "if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then
        fail the connection."
        """
        location = _combined(headers, "location")
        if not self._may_read(headers):
            # To Fetch a network error, after which a user agent may reestablish the connection or
            # fail it if it "knows that to be futile": all browsers do know.
            self._fail(at, "the answer is for another origin")
        elif status in _REDIRECTS and location is not None:
            self._redirect(at, location)
        elif status == 204:
            # § 9.2.1: "Clients will reconnect if the connection is closed; a client can be told to
            # stop reconnecting using the HTTP 204 No Content response code."
            self._fail(at, "204: stay away")
        elif status != 200:
            self._fail(at, f"status {status} is not 200")
        elif (found := _essence(headers)) != "text/event-stream":
            self._fail(at, f"{found} is no event stream" if found else "no Content-Type")
        else:
            self._now.awaits = "body"
            codings = _codings(headers)
            # Fetch, handle content codings: "If codings are not supported, then return bytes."
            known = all(name.removeprefix("x-") in _KNOWN for name in codings)
            self._now.codings = [_Coding(name) for name in reversed(codings)] if known else []
            self._change(at, "open", "status 200")

    def _may_read(self, headers: _Headers) -> bool:
        """Tell whether a page of the request's origin may read the response (Fetch, CORS check)."""
        origin = self._now.origin
        if origin is None or origin in (f"http://{self._now.host}", f"https://{self._now.host}"):
            return True
        return _combined(headers, "access-control-allow-origin") in ("*", origin)

    def _redirect(self, at: float, location: str) -> None:
        """Go on connecting elsewhere, 20 times in a row (Fetch, HTTP-redirect fetch)."""
        if not _leads_somewhere(location):
            self._lose(at)
        elif self._redirects == _MOST_REDIRECTS:
            self._lose(at, "too many redirects")
        else:
            self._redirects += 1
            self._now.awaits = "nothing"
            self._change(at, "connecting", f"redirected to {location or 'itself'}")

    def _take_body(self, at: float, data: bytes) -> list[Received]:
        """Decode and parse, and keep the events (§ 9.2.6)."""
        for coding in self._now.codings:
            data = coding.decode(data)
        origin = f"{self._now.scheme}://{self._now.host}"
        events = [
            Received(self.connection, at, event.type, event.data, event.last_event_id, origin)
            for event in self._parser.feed(data)
        ]
        self.events += events
        if any(coding.broken for coding in self._now.codings):
            self._lose(at)
        return events

    def _take_raw(self, at: float, raw: h11.Connection) -> list[Received]:
        """Take what can be read of a raw response; what comes behind its end is nobody's."""
        import h11  # noqa: PLC0415  (only what is sent raw has to be read like this)

        events: list[Received] = []
        while self._now.awaits != "nothing":
            try:
                event = raw.next_event()
            except h11.RemoteProtocolError:
                self._lose(at)
                break
            if isinstance(event, h11.Response):
                headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers]
                self._take_head(at, event.status_code, headers)
            elif isinstance(event, h11.Data):
                events += self._take_body(at, bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._end(at)
            elif not isinstance(event, h11.InformationalResponse):
                break
        return events

    def _end_if_complete(self, at: float) -> None:
        if self._now.awaits == "body" and self._now.left == 0:
            self._end(at)

    def _end(self, at: float) -> None:
        """Reestablish the connection after the body (§ 9.2.2, processEventSourceEndOfBody)."""
        self._lose(at, "the body ended")

    def _lose(self, at: float, why: str = "network error") -> None:
        """Reestablish the connection: it is connecting again (§ 9.2.3)."""
        self._now.awaits = "nothing"
        self._change(at, "connecting", why)

    def _fail(self, at: float, why: str) -> None:
        """Fail the connection: "it does not attempt to reconnect" (§ 9.2.3)."""
        self._now.awaits = "nothing"
        self._change(at, "closed", why)

    def _change(self, at: float, state: State, why: str) -> None:
        self.state = state
        self.states.append(Changed(at, state, why))


@dataclass(slots=True)
class _Connection:
    """The connection there is, and what it waits for: a head, its body, or nothing any more."""

    awaits: Literal["head", "body", "nothing"] = "nothing"
    host: str = ""
    origin: str | None = None
    scheme: str = "http"
    left: int | None = None
    """The bytes of the body still to come, where Content-Length told."""
    codings: list[_Coding] = field(default_factory=list)
    """The content codings, the one applied last first."""
    raw: h11.Connection | None = None


class _Coding:
    """A content coding, taken off as bytes arrive (RFC 9110 § 8.4.1); broken, it gives no more."""

    def __init__(self, name: str) -> None:
        self.broken = False
        self._name = name.removeprefix("x-")
        self._stream: Any = None
        self._members = 0
        self._complete = False

    def decode(self, data: bytes) -> bytes:
        """Return what `data` stands for, up to where the coding breaks."""
        decoded = b""
        while data and not self.broken and not self._complete:
            if self._stream is None:
                self._begin(data)
                continue
            before = self._stream.copy() if len(data) > 1 else None
            try:
                decoded += self._stream.decompress(data)
            except zlib.error:
                self.broken = True
                return decoded + (b"" if before is None else _salvaged(before, data))
            data = self._stream.unused_data
            if self._stream.eof:
                self._complete = self._name != "gzip"
                self._stream = None
        return decoded

    def _begin(self, data: bytes) -> None:
        if self._name == "gzip":
            # RFC 1952 § 2.2: "A gzip file consists of a series of members"; what follows them and
            # is none is left alone.
            self._complete = self._members > 0 and data[0] != 0x1F
            self._members += 1
            self._stream = zlib.decompressobj(31)
        elif self._name == "deflate":
            # By RFC 9110 it is the zlib format; some servers leave its frame away, and clients
            # tell by the first byte.
            self._stream = zlib.decompressobj(15 if data[0] & 0x0F == 8 else -15)
        else:
            # Browsers know these as well; nothing here needs to.
            self.broken = True


def _salvaged(stream: Any, data: bytes) -> bytes:
    """Return what comes before the byte that cannot be, so that chunks make no difference."""
    decoded = b""
    with suppress(zlib.error):
        for at in range(len(data)):
            decoded += stream.decompress(data[at : at + 1])
    return decoded


def _asked() -> h11.Connection:
    """Return a connection on which a client has asked for a stream."""
    import h11  # noqa: PLC0415  (only what is sent raw has to be read like this)

    raw = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
    raw.send(h11.Request(method="GET", target="/", headers=[("Host", "")]))
    raw.send(h11.EndOfMessage())
    return raw


def _combined(headers: _Headers, name: str) -> str | None:
    """Return the values of a header, joined by commas; None without it (Fetch, get)."""
    values = [value.strip(" \t\r\n") for key, value in headers if key.lower() == name]
    return ", ".join(values) if values else None


def _essence(headers: _Headers) -> str:
    """Return the last media type that can be parsed (Fetch, extract a MIME type).

    Where there is none, what stands in its place: "" if nothing does.
    """
    combined = _combined(headers, "content-type") or ""
    found = combined
    for member in _MEMBER.findall(combined):
        essence = member.partition(";")[0].strip(" \t\r\n").lower()
        if _MEDIA_TYPE.fullmatch(essence) and essence != "*/*":
            found = essence
    return found


def _codings(headers: _Headers) -> list[str]:
    """Return the content codings in the order in which they were applied."""
    names = (_combined(headers, "content-encoding") or "").lower().split(",")
    return [name for name in map(str.strip, names) if name not in ("", "identity")]


def _lengths(headers: _Headers) -> set[str]:
    """Return what Content-Length says, if it counts (RFC 9112 § 6.3)."""
    length = _combined(headers, "content-length")
    if length is None or _combined(headers, "transfer-encoding") is not None:
        return set()
    return {value.strip() for value in length.split(",")}


def _leads_somewhere(location: str) -> bool:
    """Tell whether a Location is something that fetches follow: a URL of HTTP."""
    try:
        return urlsplit(location).scheme in ("", "http", "https")
    except ValueError:
        return False

"""A client that keeps to the standard in a hundred lines: raw sockets, and our parser.

It reads HTTP and follows § 9.2.2 by itself, so that the oracle and the server are held against
something that knows nothing of either.
"""

import json
import socket
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urljoin, urlsplit

from mockserver.sse.parse import Dispatched, Parser

QUIET = 0.15
"""Seconds without a byte after which a stream that has said all counts as open."""
PATIENCE = 30.0
REDIRECTS = {301, 302, 303, 307, 308}


class NetworkError(Exception):
    """What Fetch calls a network error."""


class StillOpenError(Exception):
    """Nothing has come for a while, and the connection is there."""


@dataclass
class Request:
    """What is asked for; `target` changes where a redirect leads."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    def encoded(self, last_event_id: str) -> bytes:
        """Return the request as an EventSource would send it."""
        headers = {
            "Host": "test.example",
            "Accept": "text/event-stream",
            "Accept-Encoding": "gzip, deflate",
            "Cache-Control": "no-cache",
        }
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        headers |= {name.title(): value for name, value in self.headers.items()}
        if self.body:
            headers |= {
                "Content-Type": "application/json",
                "Content-Length": str(len(self.body)),
            }
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def request_of(opening, operation, number: int) -> Request:
    """Return the request of that number from the opening that a scenario asks for."""
    operations = operation if isinstance(operation, list) else [operation]
    asked = operations[min(number, len(operations)) - 1]
    path = asked.full_paths[0]
    for name, value in opening.path.items():
        path = path.replace(f"{{{name}}}", quote(value))
    target = f"{path}?{urlencode(opening.query)}" if opening.query else path
    body = b"" if opening.body is None else json.dumps(opening.body).encode()
    return Request(asked.method, target, dict(opening.headers), body)


class Wire:
    """One connection, and what has been read of it."""

    def __init__(self, address: tuple[str, int], done: Callable[[], bool]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.done = done
        self.buffer = b""

    def close(self) -> None:
        """Go away."""
        self.socket.close()

    def more(self) -> bytes:
        """Return the bytes that come next, nothing at the end. Raises NetworkError."""
        self.socket.settimeout(QUIET if self.done() else PATIENCE)
        try:
            return self.socket.recv(1 << 20)
        except TimeoutError:
            raise StillOpenError from None
        except ConnectionResetError:
            raise NetworkError("reset") from None

    def until(self, end: bytes) -> bytes:
        """Return what comes up to and with `end`. Raises NetworkError."""
        while end not in self.buffer:
            data = self.more()
            if not data:
                raise NetworkError(f"the end came in front of {end!r}")
            self.buffer += data
        found, _, self.buffer = self.buffer.partition(end)
        return found + end

    def exactly(self, count: int) -> Iterator[bytes]:
        """Yield so many bytes, as they come. Raises NetworkError."""
        while count:
            if not self.buffer:
                self.buffer = self.more()
                if not self.buffer:
                    raise NetworkError(f"the end came {count} bytes too early")
            part, self.buffer = self.buffer[:count], self.buffer[count:]
            count -= len(part)
            yield part

    def head(self) -> tuple[int, dict[str, str]]:
        """Return status and headers, names in lower case. Raises NetworkError."""
        first = self.until(b"\r\n")
        if not first.startswith(b"HTTP/1."):
            raise NetworkError(f"no HTTP: {first!r}")
        headers: dict[str, str] = {}
        while (line := self.until(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("utf-8").partition(":")
            headers[name.lower()] = value.strip()
        status = int(first.split(b" ")[1])
        return self.head() if 100 <= status < 200 else (status, headers)

    def body(self, headers: dict[str, str]) -> Iterator[bytes]:
        """Yield the body without its framing, chunk by chunk. Raises NetworkError."""
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self.until(b"\r\n").partition(b";")[0], 16):
                chunk = b"".join(self.exactly(size))
                assert self.until(b"\r\n") == b"\r\n"
                yield chunk
            while self.until(b"\r\n") != b"\r\n":
                pass
        elif "content-length" in headers:
            yield from self.exactly(int(headers["content-length"]))
        else:
            yield self.buffer
            while data := self.more():
                yield data


@dataclass
class Listener:
    """One event source; `done` says when it has heard all that it can expect."""

    address: tuple[str, int]
    done: Callable[["Listener"], bool] = lambda _: False
    events: list[Dispatched] = field(default_factory=list)
    chunks: list[list[bytes]] = field(default_factory=list)
    """Of each connection with a body, the chunks or pieces of it."""
    state: str = "connecting"
    redirected: str = ""
    parser: Parser = field(default_factory=Parser)

    def listen(self, request: Request) -> None:
        """Live through one connection."""
        self.parser.restart()
        self.redirected = ""
        wire = Wire(self.address, lambda: self.done(self))
        try:
            wire.socket.sendall(request.encoded(self.parser.last_event_id))
            self._hear(wire, request)
        except NetworkError:
            self.state = "connecting"
        except StillOpenError:
            pass
        finally:
            wire.close()

    def _hear(self, wire: Wire, request: Request) -> None:
        status, headers = wire.head()
        if status in REDIRECTS and "location" in headers:
            # The session's prefix is in the path or nowhere: there is only one server here.
            parts = urlsplit(urljoin(request.target, headers["location"]))
            self.redirected = f"{parts.path}?{parts.query}" if parts.query else parts.path
            return
        types = [part.partition(";")[0] for part in headers.get("content-type", "").split(",")]
        if status != 200 or types[-1].strip().lower() != "text/event-stream":
            self.state = "closed"
            return
        self.state = "open"
        coding = headers.get("content-encoding")
        decoder = zlib.decompressobj(31 if coding == "gzip" else 15) if coding else None
        self.chunks.append([])
        for data in wire.body(headers):
            self.chunks[-1].append(data)
            try:
                self.events += self.parser.feed(decoder.decompress(data) if decoder else data)
            except zlib.error as error:
                raise NetworkError(error) from None
        self.state = "connecting"

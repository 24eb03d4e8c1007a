"""Clients that hide nothing: what arrived on the socket, and how it ended."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver import MockServer
from mockserver.cli import log
from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from pathlib import Path

USUAL: dict[str, object] = {}
"""Settings of every server of `serving`; test_tls_wire.py serves by TLS what others serve without."""

LONGEST = 60.0
"""Seconds of real time that a server may send nothing at all to a test that waits for it."""
LAST_CHUNK = b"0\r\n\r\n"
STATUS = "/v1/orders/019b4132/status/stream"


@dataclass(frozen=True)
class Received:
    """Bytes from a connection, and its end: `fin` or `reset`."""

    raw: bytes
    end: str

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode().split("\r\n")[1:]
        return [
            tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines
        ]

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    @property
    def content(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def body(self) -> bytes:
        """The body with its chunks joined; an unfinished last chunk counts as far as it came."""
        if self.header("Transfer-Encoding") != "chunked":
            return self.content
        return b"".join(chunks(self.content))

    @property
    def finished(self) -> bool:
        """Whether the chunked body came to its proper end."""
        return self.content.endswith(LAST_CHUNK)


def trusting(server: MockServer) -> ssl.SSLContext | None:
    """Return what trusts the server's certificate and nobody else, if it has one."""
    if server.certificate is None:
        return None
    context = ssl.create_default_context(cadata=server.certificate.trusted)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def chunks(content: bytes) -> list[bytes]:
    found = []
    while content:
        size, _, rest = content.partition(b"\r\n")
        count = int(size, 16)
        if count == 0:
            break
        found.append(rest[:count])
        content = rest[count + 2 :]
    return found


class RawClient:
    """One TCP connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.raw = b""

    @classmethod
    async def connect(cls, server: MockServer) -> RawClient:
        return cls(*await asyncio.open_connection(server.host, server.port, ssl=trusting(server)))

    async def send(
        self,
        target: str,
        *headers: str,
        method: str = "GET",
        body: bytes = b"",
        version: str = "1.1",
    ) -> None:
        lines = [f"{method} {target} HTTP/{version}", "Host: localhost", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode("utf-8") + body)
        await self.writer.drain()

    async def read(self) -> bytes:
        """Read what comes next. Raises TimeoutError: what never comes fails a test, and ends it."""
        async with asyncio.timeout(LONGEST):
            return await self.reader.read(65536)

    async def until(self, wanted: bytes) -> bytes:
        """Read until `wanted` has arrived; returns all bytes so far."""
        while wanted not in self.raw:
            data = await self.read()
            assert data, f"the connection ended before {wanted!r} came: {self.raw!r}"
            self.raw += data
        return self.raw

    async def rest(self) -> Received:
        """Read to the end of the connection."""
        try:
            while data := await self.read():
                self.raw += data
        except ConnectionResetError:
            return Received(self.raw, "reset")
        finally:
            self.writer.close()
        return Received(self.raw, "fin")

    async def leave(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


class Following:
    """A conforming client of a live journal, by HTTP/1.0: without chunks. News of files are left out."""

    def __init__(self, client: RawClient) -> None:
        self.client = client
        self.parser = Parser()
        self.found: list[dict] = []

    @classmethod
    async def of(
        cls, server: MockServer, path: str = "/_mock/journal/stream", *headers: str
    ) -> Following:
        """Return a live stream that has begun."""
        client = await RawClient.connect(server)
        await client.send(path, *headers, version="1.0")
        raw = await client.until(b": after ")
        head, _, rest = raw.partition(b"\r\n\r\n")
        assert b" 200 OK" in head
        assert b"text/event-stream" in head
        following = cls(client)
        following.take(rest)
        return following

    async def events(self, count: int) -> list[dict]:
        """Wait until so many events have come, and return their objects."""
        while len(self.found) < count:
            data = await self.client.read()
            assert data, self.found
            self.take(data)
        found, self.found = self.found[:count], self.found[count:]
        return found

    def take(self, data: bytes) -> None:
        for event in self.parser.feed(data):
            if event.type == "files":
                continue
            told = json.loads(event.data)
            assert event.type == told["kind"]
            # Only entries are numbered: a client resumes after them.
            if "running" in told:
                assert event.last_event_id == str(told["running"])
            self.found.append(told)


class Watched:
    """The live journal of a server, as far as it tells of files."""

    def __init__(self, server):
        self.server = server
        self.parser, self.files, self.ids = Parser(), [], set()

    async def __aenter__(self):
        self.client = await RawClient.connect(self.server)
        await self.client.send("/_mock/journal/stream", version="1.0")
        raw = await self.client.until(b": after ")
        self.take(raw.partition(b"\r\n\r\n")[2])
        return self

    async def __aexit__(self, *_):
        await self.client.leave()

    async def until(self, count):
        """Wait until it has told of so many looks, and return what it has told."""
        async with asyncio.timeout(60):
            while len(self.files) < count:
                data = await self.client.reader.read(65536)
                assert data, self.files
                self.take(data)
        return self.files

    async def another(self):
        """Wait until it tells of one more look, and return that."""
        return (await self.until(len(self.files) + 1))[-1]

    def take(self, data):
        events = [event for event in self.parser.feed(data) if event.type == "files"]
        self.files += [json.loads(event.data) for event in events]
        self.ids |= {event.last_event_id for event in events}


async def fetch(
    server: MockServer,
    target: str,
    *headers: str,
    method: str = "GET",
    body: bytes = b"",
    version: str = "1.1",
) -> Received:
    """Send one request and read the connection to its end; asks the server to close it."""
    client = await RawClient.connect(server)
    await client.send(
        target, "Connection: close", *headers, method=method, body=body, version=version
    )
    return await client.rest()


def entry_log(form: str) -> log.EntryLog:
    """Return what writes the lines of a log, without setting up the log of this process."""
    if form == "json":
        return log.EntryLog(log._json_line, log._json_look)
    return log.EntryLog(log._text_line, log._text_look)


def write(folder: Path, **files: str) -> Path:
    """Write scenario files `name="yaml"` into `folder`."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def serving(folder: Path, text: str, **settings: object) -> MockServer:
    """Return a server of the Petstore with one scenario, `story`, whatever that says."""
    return MockServer(scenarios=write(folder, story=text), **{"events": "off", **USUAL, **settings})

"""Both ends of the proxy as raw sockets: an upstream that does as it is told, and a client."""

import asyncio
import fcntl
import socket
import struct
import termios
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from mockserver.clock import turn_of_others
from mockserver.upstream.address import address_of
from mockserver.upstream.proxy import Proxy
from mockserver.upstream.recorder import MAX_SIZE, Recorder

SILENCE = 25
"""Rounds of 20 ms of the loop in which nothing comes."""


@dataclass
class Upstream:
    """A server whose every connection is `script(reader, writer)`, after the request's head."""

    script: object
    tls: object = None
    asked: list = field(default_factory=list)
    """Heads of requests, as they came."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a connection has been closed by the other side."""
    port: int = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://localhost:{self.port}"

    async def _serve(self, reader, writer):
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            await self.script(reader, writer)
        writer.close()

    async def until_gone(self, reader):
        with suppress(ConnectionError):
            assert await reader.read() == b""
        self.gone.set()


def reset(writer):
    """Send RST."""
    sock = writer.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def sends(data, end="fin"):
    """Return a script that sends `data`, lets it arrive, and ends the connection."""

    async def script(reader, writer):
        writer.write(data)
        await writer.drain()
        if end == "reset":
            await emptied(writer)
            reset(writer)

    return script


async def emptied(writer):
    """Wait until the other side's kernel has everything."""
    sock = writer.transport.get_extra_info("socket")
    while int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"), "little"):
        await turn_of_others()


@dataclass
class Recorded:
    """A proxy in front of an upstream, and what it records."""

    proxy: Proxy
    recorder: Recorder
    port: int
    lines: list
    ended: asyncio.Event

    async def all_ended(self):
        """Wait until every exchange is over, and return them."""
        while self.recorder._open:
            self.ended.clear()
            await self.ended.wait()
        return self.recorder.exchanges()


@asynccontextmanager
async def recording(url, *, insecure=False, max_size=MAX_SIZE):
    """A proxy that records `url`."""
    lines, ended = [], asyncio.Event()
    recorder = Recorder(url, lines.append, lambda _: ended.set(), max_size)
    proxy = Proxy(address_of(url), recorder, insecure=insecure)
    base = await proxy.start("127.0.0.1", 0)
    try:
        yield Recorded(proxy, recorder, int(base.rpartition(":")[2]), lines, ended)
    finally:
        await proxy.stop()


class Client:
    """A raw connection to the proxy."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.raw = reader, writer, b""

    @classmethod
    async def to(cls, port):
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def until(self, wanted):
        while wanted not in self.raw:
            data = await self.reader.read(65536)
            assert data, f"it ended before {wanted!r}: {self.raw!r}"
            self.raw += data
        return self.raw

    async def until_size(self, size):
        """Read until the body has `size` bytes."""
        while b"\r\n\r\n" not in self.raw or len(body_of(self.raw)[1]) < size:
            data = await self.reader.read(65536)
            assert data, f"it ended before {size} bytes came: {self.raw!r}"
            self.raw += data

    async def rest(self):
        """Return all bytes and how the connection ended."""
        end = "fin"
        try:
            while data := await self.reader.read(65536):
                self.raw += data
        except ConnectionResetError:
            end = "reset"
        self.writer.close()
        return self.raw, end

    async def rest_or_silence(self):
        """Read to the end and return how it ended; nothing where it is held open.

        The server is in the same loop: once that has nothing to do, nothing more will come.
        """
        rounds, end = 0, None
        while end is None and rounds < SILENCE:
            try:
                data = await asyncio.wait_for(self.reader.read(65536), 0.02)
            except TimeoutError:
                rounds += b"\r\n\r\n" in self.raw
            except ConnectionResetError:
                end = "reset"
            else:
                self.raw, rounds = self.raw + data, 0
                end = None if data else "fin"
        self.writer.close()
        return end


async def ask(port, request=b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
    """Send a request on a connection of its own; return what came and how it ended."""
    client = await Client.to(port)
    await client.send(request)
    return await client.rest()


def body_of(raw):
    """Return head and body, without its chunks where it has them, and whether it is complete."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return head, body, True
    found = b""
    while body:
        size, whole, rest = body.partition(b"\r\n")
        if not whole:
            break
        if int(size, 16) == 0:
            return head, found, True
        found, body = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return head, found, False

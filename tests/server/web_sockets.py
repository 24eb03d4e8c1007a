"""WebSockets to a server: aiohttp's client, and handshakes written out."""

from __future__ import annotations

import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import WSMsgType
from clients import RawClient

from mockserver.clock import turn_of_others
from mockserver.play.journal import Closed
from mockserver.sse.encode import Event, Form, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mockserver import MockServer

KEY = base64.b64encode(bytes(range(16))).decode()
ACCEPT = b"Bz3qJYTGdOe8gUSpLosEdiLKDrk="
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {KEY}",
)


def without(name: str) -> tuple[str, ...]:
    """Return the headers of a handshake without one of them."""
    return tuple(header for header in HANDSHAKE if not header.startswith(f"{name}:"))


@asynccontextmanager
async def opened(
    server: MockServer, target: str, **settings: Any
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a WebSocket that answers pings by itself."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}{target}", **settings) as socket,
    ):
        yield socket


async def heard(
    server: MockServer, target: str, **settings: Any
) -> tuple[list[dict[str, Any]], int | None]:
    """Return what a WebSocket gets up to its end, and the code by which it was closed."""
    async with opened(server, target, **settings) as socket:
        found = [json.loads(each.data) async for each in socket if each.type is WSMsgType.TEXT]
        return found, socket.close_code


async def raw_socket(server: MockServer, target: str, *headers: str) -> RawClient:
    """Open a connection and send a handshake."""
    client = await RawClient.connect(server)
    await client.send(target, *HANDSHAKE, *headers)
    return client


def masked(opcode: int, data: bytes) -> bytes:
    """Return a short frame as clients send it (RFC 6455 § 5.3), with a mask that changes nothing."""
    assert len(data) < 126
    return bytes((0x80 | opcode, 0x80 | len(data), 0, 0, 0, 0)) + data


OPERATION = "operation: streamOrderStatus\n"
FRAMES = Form(frames=True)
EVERY_FIELD = (
    OPERATION
    + """
stream:
- {data: plain}
- {event: update, id: 1, retry: 2s, comment: beside, data: {a: [1, "ž"]}}
- {comment: alone}
- {id: 2}
- {data: "two\\nlines"}
"""
)


def event(**fields):
    """Return the bytes of an event."""
    return encode(Event(**fields), FRAMES)


async def closed(server):
    """Wait until nobody is being served; return how connections ended."""
    while server._live.serving:
        await turn_of_others()
    entries = [e for e in server.session().journal if isinstance(e, Closed)]
    return [(e.kind, e.by, e.close_code) for e in entries]

"""What aiohttp's client tells nobody: how a head begins, and why the framing of a body breaks."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from aiohttp.connector import Connection

noting: ContextVar[Callable[[bytes], None] | None] = ContextVar("noting", default=None)
"""What is told the bytes of a head as they arrive, for requests of this task."""

_CHUNK: Final = "chunk"


class Answer(aiohttp.ClientResponse):
    """An answer whose head can be looked at before it is whole."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Wait for the head, and tell who notes it what has come of it."""
        note, protocol = noting.get(), connection.protocol
        if note is None or protocol is None:
            return await super().start(connection)
        take = protocol.data_received

        def taken(data: bytes) -> None:
            note(data)
            take(data)

        protocol.data_received = taken  # type: ignore[method-assign]
        try:
            return await super().start(connection)
        finally:
            protocol.data_received = take  # type: ignore[method-assign]


def watch_framing(response: aiohttp.ClientResponse) -> None:
    """Let who reads a body hear that its framing breaks: aiohttp closes, and leaves him waiting."""
    connection = response.connection
    protocol: Any = None if connection is None else connection.protocol
    if protocol is None:
        return  # all of it is there

    def closed(done: asyncio.Future[None] | None = None) -> None:
        if done is not None and not done.cancelled():
            done.exception()  # asked for, or asyncio writes that nobody has
        error = protocol.exception()
        body = response.content
        if isinstance(error, HttpProcessingError) and not body.is_eof() and not body.exception():
            body.set_exception(aiohttp.ClientPayloadError(error.message))

    closing: asyncio.Future[None] | None = protocol.closed
    if closing is None or closing.done():
        closed()
    else:
        closing.add_done_callback(closed)


def bad_chunk(text: str) -> str:
    """Return that a chunk is bad, in the words of aiohttp's parser; nothing where none is."""
    first = text.strip().partition("\n")[0].strip().rstrip(":")
    return f"bad chunk ({first.lower()})" if _CHUNK in first.lower() else ""

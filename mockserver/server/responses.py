"""Heads of streams as aiohttp sends them: the scenario's to the letter, or nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from mockserver.play.answer import Head


class EventStreamResponse(web.StreamResponse):
    """A response whose head is the scenario's, to the letter."""

    def __init__(self, head: Head, *, joined: bool) -> None:
        super().__init__(status=head.status, reason=head.reason)
        self.head = head
        for name, value in head.headers:
            self.headers.add(name, value)
        if head.transfer in ("close", "length"):
            # aiohttp's switch for leaving the framing alone: no chunks, and no counting of bytes.
            self._length_check = False
        # aiohttp's switch for sending the head together with the first bytes of the body:
        # one packet instead of two where the first event is due at once.
        self._send_headers_immediately = not joined


class RawResponse(web.StreamResponse):
    """A response whose head is written by the script, byte by byte: nothing is added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Send nothing: the connection is closed instead."""


def stream_response(
    request: web.BaseRequest, head: Head, *, joined: bool
) -> EventStreamResponse | RawResponse:
    """Return what sends the head, with `joined` together with the first bytes behind it."""
    if head.raw:
        return RawResponse()
    response = EventStreamResponse(head, joined=joined)
    said = (head.value("connection") or "").lower() if "connection" in head.own else ""
    if request.version < (1, 1) or head.transfer == "close" or "close" in said:
        # Without chunks, only the end of the connection ends the body.
        response.force_close()
    elif "connection" not in head.own and request.keep_alive:
        response.headers.setdefault("Connection", "keep-alive")
    return response

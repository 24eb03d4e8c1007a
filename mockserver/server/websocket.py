"""Tells a story over a WebSocket: a frame an event, and the ends as its clients know them.

Scripted frames go straight to the transport, like the chunks of an event stream. The handshake,
what the client sends and the answers to its pings are aiohttp's.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMsgType, web

from mockserver.play.answer import Head, reason_of
from mockserver.server.stream import Stream
from mockserver.sse.frames import CLOSE, closing, frame

if TYPE_CHECKING:
    from mockserver.play.cues import Disconnect
    from mockserver.play.journal import Closed
    from mockserver.server.outlet import Outlet

MOST: Final = 1024 * 1024
"""Bytes of a client's message; more closes the connection with 1009."""
LINGER: Final = 1.0
"""Seconds of real time in which a client may answer the end, before the connection is cut."""
ENDED: Final = 1000
GOING_AWAY: Final = 1001
NO_CODE: Final = 1005
CUT: Final = 1006
"""What a client is told by its own side where no closing frame came (RFC 6455 § 7.4.1)."""
FAILED: Final = 1011
_MESSAGES: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})
_OF_CONTENT: Final = frozenset({
    "connection", "content-encoding", "content-length", "content-type", "keep-alive", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip


def switching(head: Head) -> Head:
    """Return the head of a handshake: of a stream's the headers that its scenario has set itself.

    Those that speak of a body, and of protocols, are the handshake's own affair.
    """
    own = tuple(
        (name, value)
        for name, value in head.headers
        if (lower := name.lower()) in head.own
        and lower not in _OF_CONTENT
        and not lower.startswith("sec-websocket-")
    )
    return Head(101, reason_of(101), own, head.own - _OF_CONTENT)


class SocketResponse(web.WebSocketResponse):
    """aiohttp's side of a WebSocket: handshake and what arrives; it never ends one by itself."""

    def __init__(self, head: Head, protocols: list[str]) -> None:
        # A subprotocol is agreed to unseen: browsers fail a handshake that leaves theirs out.
        # aiohttp refuses a message of its limit, too.
        most = MOST + 1
        super().__init__(autoclose=False, compress=False, protocols=protocols, max_msg_size=most)
        self.head = head
        self.listening: asyncio.Task[None] | None = None
        for name, value in head.headers:
            self.headers.add(name, value)

    async def close(self, **_: Any) -> bool:
        """Leave the end to the story: aiohttp calls this where the client breaks the protocol."""
        return True

    async def write_eof(self) -> None:  # type: ignore[override]
        """Wait until the client has answered the end, or does not in time, and close."""
        if self._eof_sent:
            return
        self._eof_sent = True
        transport = None if self._req is None else self._req.transport
        try:
            if transport is not None and not transport.is_closing() and self.listening is not None:
                await asyncio.wait([self.listening], timeout=LINGER)
        finally:
            self.hang_up()
            if transport is not None:
                transport.close()

    def hang_up(self) -> None:
        """Listen no more."""
        if self.listening is not None:
            self.listening.cancel()


class Socket(Stream):
    """One connection that is being told its part of the story in frames."""

    _socket: SocketResponse
    _request: web.BaseRequest
    _code: int | None = None
    """By which code it was closed, whoever did it."""
    _refused = ""
    """What the client has sent that ends the connection."""
    _received = 0

    async def perform(self, request: web.BaseRequest) -> web.StreamResponse:
        """Tell this connection's part; returns when it is over, whoever ended it."""
        try:
            return await super().perform(request)
        except BaseException:
            self._socket.hang_up()
            raise

    def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        offered = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        self._request = request
        self._head = switching(self._head)
        self._socket = SocketResponse(self._head, [name.strip() for name in offered[:1]])
        return self._socket

    def _begun(self, request: web.BaseRequest, response: web.StreamResponse) -> Outlet:
        outlet = super()._begun(request, response)
        self._told.headers = tuple(response.headers.items())
        outlet.begin()
        self._socket.listening = asyncio.create_task(self._listen())
        return outlet

    async def _listen(self) -> None:
        """Take what the client sends, until it closes or breaks the protocol."""
        with suppress(ConnectionError):  # nobody is there to be answered
            while (each := await self._socket.receive()).type in _MESSAGES:
                self._received += 1
            if each.type is WSMsgType.CLOSE:
                self._closed_by_client(each.data)
            elif each.type is WSMsgType.ERROR:
                self._refuse(each.data)

    def _closed_by_client(self, code: int | None) -> None:
        """Answer the client's end with ours, and close (RFC 6455 § 7.1.2)."""
        if self._code is not None:
            return  # this is the answer to ours
        self._code = code or NO_CODE
        if self._request.transport is not None:
            self._request.transport.write(closing(code) if code else frame(CLOSE, b""))
        self._cut_off()

    def _refuse(self, error: object) -> None:
        """End the story of a client that breaks the protocol, or sends more than is taken."""
        if self._code is not None:
            return
        self._code = int(getattr(error, "code", 1002))
        self._refused = f"the client sent what ends the connection: {error}"
        self._waiting.stop()
        if self._steering.blocked is not None:
            self._cut_off()

    def _cut_off(self) -> None:
        """Close what nobody reads any more; with bytes that wait, at once."""
        transport = self._request.transport
        if transport is None:
            return
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()

    async def _finish(
        self,
        request: web.BaseRequest,
        response: web.StreamResponse,
        outlet: Outlet,
        end: Disconnect | None,
    ) -> None:
        code, reason = self._code_of(end)
        if code is None:
            self._code = CUT
            await super()._finish(request, response, outlet, end)
            return
        self._ended = ("server" if end is None else self._by, end)
        await outlet.flush_all()
        self._code = code
        if request.transport is not None:
            request.transport.write(closing(code, reason))
            if outlet.cut_short:
                self._cut_off()

    def _code_of(self, end: Disconnect | None) -> tuple[int | None, str]:
        """Return by which code the connection ends, and why; None where it is cut."""
        if end is None:
            return (self._code, "") if self._refused and self._code else (GOING_AWAY, "")
        if end.fault:
            return FAILED, "contract-event" if end.breach is not None else "template-error"
        return (ENDED, "") if end.kind == "end" else (None, "")

    def _closed(self) -> Closed:
        closed = super()._closed()
        fault = self._refused or closed.fault
        return replace(closed, close_code=self._code or CUT, received=self._received, fault=fault)

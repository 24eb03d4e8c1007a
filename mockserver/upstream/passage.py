"""One request on its way through the proxy, and its answer on the way back, part by part."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from mockserver.errors import ControlError
from mockserver.server.wire import Writer, drop, reset
from mockserver.upstream.address import origin_form
from mockserver.upstream.heads import (
    answer_head,
    as_text,
    end_to_end,
    is_utf_8,
    relocated,
    request_head,
    text_of,
    without,
)
from mockserver.upstream.line import CONNECT_TIME, Line, reason
from mockserver.upstream.reading import BrokenOffError, Data, Head, NotHttpError, Over, Reading

if TYPE_CHECKING:
    import ssl

    from mockserver.upstream.address import Address
    from mockserver.upstream.recorder import Recorder


class Passed(web.StreamResponse):
    """An answer that has been written already; `kept` if the connection may serve another."""

    def __init__(self, *, kept: bool) -> None:
        super().__init__()
        self._kept = kept

    @property
    def keep_alive(self) -> bool:
        """Whether the connection goes on."""
        return self._kept

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write nothing more."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing more."""


class Passage:
    """Takes one request to the upstream and its answer back, each byte as soon as it is there.

    A slow side slows the other down: nothing piles up here.
    """

    def __init__(
        self,
        request: web.BaseRequest,
        address: Address,
        tls: ssl.SSLContext | None,
        recorder: Recorder,
    ) -> None:
        self._request = request
        self._address = address
        self._tls = tls
        self._recorder = recorder
        self._raw = request.raw_headers
        self._taping = recorder.begin(
            request.method, origin_form(request.raw_path), as_text(self._raw)
        )
        self._writer: Writer | None = None
        self._chunked = False
        self._kept = False
        self._upload: asyncio.Task[None] | None = None

    async def perform(self) -> web.StreamResponse:
        """Pass both. Raises ControlError where the upstream gives no answer."""
        line = None
        try:
            line = await self._connected()
            self._upload = asyncio.create_task(self._send(line))
            self._upload.add_done_callback(_known)
            return await self._answer(line)
        except ControlError as error:
            self._taping.refused(error.what)
            raise
        except (asyncio.CancelledError, ConnectionError):
            self._taping.end("client")
            raise
        except Exception as error:  # noqa: BLE001 - an exchange must not stay open
            return self._fail(f"the proxy failed: {type(error).__name__}: {error}")
        finally:
            if self._upload is not None:
                self._upload.cancel()
            if line is not None:
                line.abort()

    def _fail(self, fault: str) -> Passed:
        """Close the exchange, which nobody else will, and the connection."""
        if self._writer is None:
            self._taping.refused(fault)
        else:
            self._taping.end("cut", fault)
        drop(self._request.transport)
        return Passed(kept=False)

    # --- the request -----------------------------------------------------------------------------

    async def _connected(self) -> Line:
        try:
            return await Line.connect(self._address, self._tls)
        except TimeoutError:
            what = f"{self._address} does not answer: not connected after {CONNECT_TIME:g} s"
            status = 504
        except OSError as error:
            what = f"{self._address} cannot be reached: {reason(error)}"
            status = 502
        if "CERTIFICATE_VERIFY_FAILED" in what:
            mend = "trust its certificate (SSL_CERT_FILE), or take any with --insecure"
        else:
            mend = "start it, or name another with --upstream"
        raise ControlError(status, what, code="upstream-unreachable", mend=mend)

    async def _send(self, line: Line) -> None:
        """Send head and body, the body as it comes."""
        request, chunked = self._request, "Transfer-Encoding" in self._request.headers
        target = self._address.target(request.raw_path)
        line.write(request_head(request.method, target, self._raw, self._address, chunked=chunked))
        try:
            async for data in request.content.iter_any():
                self._taping.asked(data)
                line.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                await line.room()
        except BaseException:
            line.abort()  # nobody waits for an answer to half a request
            raise
        if chunked:
            line.write(b"0\r\n\r\n")

    # --- the answer ------------------------------------------------------------------------------

    async def _answer(self, line: Line) -> web.StreamResponse:
        reading = Reading(line, self._request.method)
        try:
            while True:
                part = await reading.next()
                match part:
                    case Data():
                        await self._pass(part)
                    case Head(final=False):
                        self._inform(part)
                    case Head():
                        self._begin(part)
                    case Over():
                        return self._finish(part)
        except BrokenOffError as error:
            self._raise_fault_of_request()
            return await self._break_off(error)
        except NotHttpError as error:
            what = f"{self._address} does not answer in HTTP/1: {error}"
            mend = "look at the port and at http or https"
            raise ControlError(502, what, code="upstream-not-http", mend=mend) from None

    def _inform(self, part: Head) -> None:
        """Pass 100, 103 and the like on to who understands them (RFC 9110 § 15.2)."""
        transport = self._request.transport
        if transport is not None and self._request.version >= (1, 1):
            transport.write(answer_head(part.status, part.reason, end_to_end(part.headers)))

    def _begin(self, part: Head) -> None:
        request, transport = self._request, self._request.transport
        if transport is None:
            raise ConnectionResetError("the client has left")
        transfer, headers = part.transfer, relocated(part.headers, self._address)
        self._taping.answered(
            part.at, part.status, text_of(part.reason), as_text(headers), transfer
        )
        self._say_what_is_not_utf_8(part.reason, headers)
        modern = request.version >= (1, 1)
        self._chunked = transfer == "chunked" and modern and not part.bare
        framed = part.bare or self._chunked or transfer == "length"
        self._kept = framed and modern and request.keep_alive and request.content.is_eof()
        passed = end_to_end(headers)
        if transfer == "chunked":
            passed = without(passed, b"content-length")
        if self._chunked:
            passed.append((b"Transfer-Encoding", b"chunked"))
        if not self._kept:
            passed.append((b"Connection", b"close"))
        transport.write(answer_head(part.status, part.reason, passed))
        self._writer = Writer(request, transport, chunked=self._chunked)

    def _say_what_is_not_utf_8(self, reason: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Say which bytes of a head a scenario, which is text, cannot have."""
        path = origin_form(self._request.raw_path).partition("?")[0]  # a query may hold secrets
        for name, value in [(b"the reason phrase", reason), *headers]:
            if not is_utf_8(value):
                what = "is no UTF-8: passed on as it is, read as Latin-1 and played as UTF-8"
                self._recorder.say(f"{self._request.method} {path}: {text_of(name)} {what}")

    async def _pass(self, part: Data) -> None:
        assert self._writer is not None
        self._writer.write(part.data)
        self._taping.data(part.at, part.data)
        if not self._writer.flowing:
            await self._writer.room()

    def _finish(self, part: Over) -> Passed:
        transport = self._request.transport
        if self._chunked and transport is not None:
            transport.write(b"0\r\n%b\r\n" % part.trailers)
            if part.trailers:
                self._recorder.say("trailers were passed on, and are not in scenarios")
        self._taping.end("end")
        return Passed(kept=self._kept)

    async def _break_off(self, error: BrokenOffError) -> Passed:
        """End the client's connection as the upstream has ended ours."""
        self._taping.end(error.end, error.fault)
        if error.end == "reset":
            await reset(self._request.transport)
        else:
            drop(self._request.transport)
        return Passed(kept=False)

    def _raise_fault_of_request(self) -> None:
        """Raise what was wrong with the request's body, where that broke the answer off."""
        upload = self._upload
        if upload is None or not upload.done() or upload.cancelled() or self._writer is not None:
            return
        fault = upload.exception()
        if isinstance(fault, web.RequestPayloadError):
            what = f"the body cannot be read: {fault}"
            raise ControlError(400, what, code="bad-body", mend="send what its headers say")


def _known(upload: asyncio.Task[None]) -> None:
    """Take note of how a request was sent: whatever went wrong shows in its answer."""
    if not upload.cancelled():
        upload.exception()

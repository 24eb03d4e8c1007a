"""A server that passes everything on to one upstream, and what comes back to whoever asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from mockserver.addresses import BACKLOG, url_of
from mockserver.errors import ControlError
from mockserver.server.protocol import Server
from mockserver.server.respond import ProblemResponse
from mockserver.upstream.address import tls_of
from mockserver.upstream.passage import Passage

if TYPE_CHECKING:
    from aiohttp import StreamReader
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage

    from mockserver.server.protocol import Factory
    from mockserver.upstream.address import Address
    from mockserver.upstream.recorder import Recorder


class Proxy:
    """Listens, passes on, and hands what passes to the recorder.

    No path is its own: `/_mock/` is the upstream's like every other. It is ready when it listens.
    """

    def __init__(self, address: Address, recorder: Recorder, *, insecure: bool = False) -> None:
        self._address = address
        self._recorder = recorder
        self._tls = tls_of(address, insecure=insecure)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> str:
        """Listen and return the URL, without a slash at its end. Raises OSError."""
        runner = web.ServerRunner(
            Server(
                self._handle,
                request_factory=self._make_request(),
                refuse=self._refuse,
                decoded=False,
            ),
            shutdown_timeout=0.1,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        return url_of("http", host, runner.addresses[0][1])

    async def stop(self) -> None:
        """End the recording where it is, then every connection."""
        self._recorder.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _make_request(self) -> Factory:
        loop = asyncio.get_running_loop()

        def make(
            message: RawRequestMessage,
            payload: StreamReader,
            protocol: web.RequestHandler,
            writer: AbstractStreamWriter,
            task: asyncio.Task[None],
        ) -> web.BaseRequest:
            return web.BaseRequest(message, payload, protocol, writer, task, loop)

        return make

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self._check(request)
            return await Passage(request, self._address, self._tls, self._recorder).perform()
        except ControlError as error:
            return self._refuse(request, error)

    def _refuse(self, _: web.BaseRequest, error: ControlError) -> web.StreamResponse:
        """Answer in the upstream's place, as a problem document."""
        response = ProblemResponse(error.status, error.what, error.code, error.mend, **error.extra)
        response.headers.extend(error.headers)
        response.force_close()
        return response

    def _check(self, request: web.BaseRequest) -> None:
        """Refuse what is no request with an answer. Raises ControlError."""
        if request.method == "CONNECT":
            what, mend = "the proxy opens no tunnels", "use its URL in place of the upstream's"
        elif "websocket" in request.headers.get("Upgrade", "").lower():
            what, mend = "WebSockets are not recorded", "let them connect to the upstream itself"
        else:
            return
        self._recorder.say(f"{request.method} {request.raw_path.partition('?')[0]}: {what}")
        raise ControlError(501, what, code="not-passed-on", mend=mend)

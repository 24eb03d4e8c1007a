"""Makes the connections of a tour to a real backend: sockets and time, and nothing of judgement."""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import TYPE_CHECKING, Final, Self

import aiohttp
from yarl import URL

from mockserver.clock import RealClock
from mockserver.errors import StartError
from mockserver.upstream.answers import Answer, bad_chunk, noting, watch_framing
from mockserver.verify.heard import Fault
from mockserver.verify.judge import verified
from mockserver.verify.kinds import short
from mockserver.verify.tour import Tour

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.clock import Alarm, Clock
    from mockserver.verify.listen import Listener
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan
    from mockserver.verify.request import Ask
    from mockserver.verify.words import Verified

HEADER_BYTES: Final = 64 * 1024
"""Bytes of one header that are read, and of the status line."""
READ_BYTES: Final = 64 * 1024
"""Bytes that are read ahead."""
_NOT_OURS: Final = ("Accept-Encoding", "User-Agent", "Content-Type")
"""Headers that aiohttp would add of itself."""


class Backend:
    """A server that is verified; `base_url` stands in place of the document's server.

    One without any path has the document's own path put behind it. With `insecure` certificates
    are not checked. `seconds` is how long all connections together may take, by the clock that
    `clock` makes. Raises StartError.
    """

    def __init__(
        self,
        base_url: str,
        options: Options,
        *,
        seconds: float,
        insecure: bool = False,
        clock: Callable[[], Clock] = RealClock,
    ) -> None:
        self._url = _checked(base_url)
        # Only the text tells: a URL without a path is the same as one with the path "/".
        self._with_path = "/" in base_url.partition("://")[2]
        self._options = options
        self._seconds = seconds
        self._insecure = insecure
        self._make_clock = clock
        self._clock: Clock | None = None
        self._client: aiohttp.ClientSession | None = None
        self._asking: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> Self:
        self._clock = self._make_clock()
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=not self._insecure, force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # the listeners know better
            auto_decompress=False,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            read_bufsize=READ_BYTES,
            skip_auto_headers=_NOT_OURS,
            response_class=Answer,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._client is not None
        await self._client.close()

    @property
    def left(self) -> float:
        """The seconds that are left of those for all connections."""
        assert self._clock is not None
        return self._seconds - self._clock.now()

    def url_of(self, ask: Ask) -> URL:
        """Return where a request goes."""
        path = self._url.raw_path.rstrip("/") if self._with_path else ask.server_path
        query = f"?{ask.query}" if ask.query else ""
        return URL(f"{self._url.origin()}{path}{ask.path}{query}", encoded=True)

    async def verify(self, plan: Plan) -> Verified:
        """Make the connections of one scenario, and return what is to be said of it."""
        tour = Tour(plan, self._options)
        while (listener := tour.next()) is not None and self.left > 0:
            await self._talk(listener, self.url_of(plan.ask))
        return verified(tour, self._options)

    async def _talk(self, listener: Listener, url: URL) -> None:
        """Make one connection, and listen to it until there is enough or the time is over."""
        clock = self._clock
        assert clock is not None
        listener.begin(clock.now())
        talking = asyncio.ensure_future(self._listen(listener, url, clock))
        watch = _Watch(clock, lambda: min(listener.until, self._seconds), talking.cancel)
        try:
            await talking
        except asyncio.CancelledError:
            if not watch.rung:
                raise
            listener.finish(clock.now(), "timeout")
        finally:
            watch.stop()
            talking.cancel()
            await self._let_go()

    async def _listen(self, listener: Listener, url: URL, clock: Clock) -> None:
        assert self._client is not None
        ask = listener.plan.ask
        noting.set(listener.note)
        try:
            async with self._client.request(
                ask.method,
                url,
                headers=listener.headers(),
                data=ask.body,
                allow_redirects=False,
            ) as response:
                await self._hear(response, listener, clock)
        except aiohttp.ClientPayloadError as error:
            listener.finish(clock.now(), "cut", why=bad_chunk(str(error)))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            answered = bool(listener.heard.status)
            fault = None if answered else _fault(error)
            listener.finish(clock.now(), "cut" if answered else "none", fault)

    async def _hear(
        self, response: aiohttp.ClientResponse, listener: Listener, clock: Clock
    ) -> None:
        version = response.version
        shown = f"{version.major}.{version.minor}" if version else ""
        headers = [
            (name.decode("latin-1"), value.decode("utf-8", "replace"))
            for name, value in response.raw_headers
        ]
        listener.respond(clock.now(), shown, response.status, response.reason or "", headers)
        self._send(listener, clock)
        watch_framing(response)
        while not listener.enough:
            data = await response.content.readany()
            if not data:
                listener.finish(clock.now(), "end")
                return
            listener.take(clock.now(), data)
            self._send(listener, clock)
        listener.finish(clock.now(), "client")
        response.close()

    def _send(self, listener: Listener, clock: Clock) -> None:
        """Send the requests that the story waits for by now; it goes on meanwhile."""
        for number, ask in listener.due():
            self._asking.append(asyncio.ensure_future(self._ask(listener, clock, number, ask)))

    async def _ask(self, listener: Listener, clock: Clock, number: int, ask: Ask) -> None:
        assert self._client is not None
        noting.set(None)
        try:
            async with self._client.request(
                ask.method,
                self.url_of(ask),
                headers=list(ask.headers),
                data=ask.body,
                allow_redirects=False,
            ) as response:
                got, well = f"{response.status} {response.reason}", response.status < 400
        except (aiohttp.ClientError, OSError, ValueError) as error:
            got, well = _fault(error).what, False
        listener.answered(clock.now(), number, got, well=well)

    async def _let_go(self) -> None:
        """Give up the requests that have no answer yet."""
        asking, self._asking = self._asking, []
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


class _Watch:
    """Cancels what takes longer than it may; that may change while it goes on."""

    def __init__(
        self, clock: Clock, until: Callable[[], float], cancel: Callable[[], object]
    ) -> None:
        self.rung = False
        self._clock = clock
        self._until = until
        self._cancel = cancel
        self._alarm: Alarm = clock.alarm(self._next(), self._ring)

    def _next(self) -> float:
        # The end may come nearer when bytes come: half a second is near enough.
        return min(self._until(), self._clock.now() + 0.5)

    def _ring(self) -> None:
        if self._clock.now() < self._until():
            self._alarm = self._clock.alarm(self._next(), self._ring)
            return
        self.rung = True
        self._cancel()

    def stop(self) -> None:
        """Do not cancel any more."""
        self._alarm.cancel()


def _fault(error: Exception) -> Fault:
    """Return why there is no answer, in words that say whose fault it is."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Fault("unreachable", f"the name {error.host} is not known")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            reason = _tls_reason(error)
            return Fault("tls", f"TLS: {reason}; --insecure accepts any certificate")
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            reason = os.strerror(number) if number and number > 0 else str(error.os_error)
            return Fault("unreachable", f"no connection to {error.host}:{error.port}: {reason}")
        case aiohttp.ServerDisconnectedError():
            return Fault("hung-up", "the server hung up before it answered")
        case aiohttp.ClientResponseError() if why := bad_chunk(error.message):
            return Fault("cut-off", f"the body breaks off: {why}")
        case aiohttp.ClientResponseError():
            return Fault("not-http", f"the answer is no HTTP: {short(error.message)}")
    return Fault("hung-up", f"the connection broke before an answer: {error or 'reset'}")


def _tls_reason(error: Exception) -> str:
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return inner.verify_message or str(inner)
    return str(getattr(inner, "reason", "") or inner)


def _checked(text: str) -> URL:
    """Return a base URL. Raises StartError."""
    mend = "write it as http://127.0.0.1:8000, or with the path that the API is under"
    try:
        url = URL(text)
        port = url.explicit_port
    except ValueError:
        url, port = URL(), None
    if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
        raise StartError(f"{text!r} is no base URL", code="bad-base-url", mend=mend)
    if url.user is not None or port == 0:
        mend = "give credentials by -H 'Authorization: …', and a port that can be reached"
        raise StartError(f"{url.host} cannot be reached so", code="bad-base-url", mend=mend)
    return url

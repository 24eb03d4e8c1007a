"""Makes the connections of a tour to a real backend: sockets and time, and nothing of judgement."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Self

from yarl import URL

from mockserver.clock import RealClock
from mockserver.errors import StartError
from mockserver.upstream.address import Address, tls_of
from mockserver.upstream.heads import whole_request
from mockserver.upstream.line import CONNECT_TIME, Line, reason
from mockserver.upstream.reading import BrokenOffError, Data, Head, NotHttpError, Reading
from mockserver.verify.heard import Fault
from mockserver.verify.judge import verified
from mockserver.verify.kinds import short
from mockserver.verify.tour import Tour

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from mockserver.clock import Alarm, Clock
    from mockserver.verify.listen import Listener
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan
    from mockserver.verify.request import Ask
    from mockserver.verify.words import Verified

_FAILED: Final = 400
"""The first status of answers that refuse a request (RFC 9110 § 15)."""


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
        port = self._url.port or 0
        self._address = Address(self._url.scheme, self._url.raw_host or "", port)
        self._insecure = insecure
        self._tls: ssl.SSLContext | None = None
        self._make_clock = clock
        self._clock: Clock | None = None
        self._asking: list[asyncio.Future[None]] = []

    async def __aenter__(self) -> Self:
        self._clock = self._make_clock()
        self._tls = tls_of(self._address, insecure=self._insecure)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._let_go()

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
        ask = listener.plan.ask
        try:
            async with self._asked(ask, url, listener.headers()) as reading:
                try:
                    head = await _head(reading)
                finally:
                    listener.note(reading.begun)
                self._respond(listener, head, clock)
                await self._hear(listener, reading, clock)
        except BrokenOffError as error:
            reset = "the connection was reset" if error.end == "reset" else ""
            listener.finish(clock.now(), "cut", why=error.fault or reset)
        except _NoAnswerError as error:
            listener.finish(clock.now(), "none", error.fault)

    def _respond(self, listener: Listener, head: Head, clock: Clock) -> None:
        headers = [
            (name.decode("latin-1"), value.decode("utf-8", "replace"))
            for name, value in head.headers
        ]
        reason = head.reason.decode("utf-8", "replace")
        listener.respond(clock.now(), head.version, head.status, reason, headers)
        self._send(listener, clock)

    async def _hear(self, listener: Listener, reading: Reading, clock: Clock) -> None:
        while not listener.enough:
            part = await reading.next()
            if not isinstance(part, Data):
                listener.finish(clock.now(), "end")
                return
            listener.take(clock.now(), part.data)
            self._send(listener, clock)
        listener.finish(clock.now(), "client")

    @asynccontextmanager
    async def _asked(
        self, ask: Ask, url: URL, headers: Iterable[tuple[str, str]]
    ) -> AsyncIterator[Reading]:
        """Send a request on a connection of its own, which is closed behind it."""
        address = self._address
        try:
            line = await Line.connect(address, self._tls)
        except TimeoutError:
            what = f"no connection to {_place(address)} within {CONNECT_TIME:g} s"
            raise _NoAnswerError(Fault("unreachable", what)) from None
        except OSError as error:
            raise _NoAnswerError(_fault(error, address)) from None
        try:
            target, host = url.raw_path_qs, address.authority
            line.write(whole_request(ask.method, target, headers, ask.body, host))
            yield Reading(line, ask.method)
        finally:
            await line.close()

    def _send(self, listener: Listener, clock: Clock) -> None:
        """Send the requests that the story waits for by now; it goes on meanwhile."""
        for number, ask in listener.due():
            self._asking.append(asyncio.ensure_future(self._ask(listener, clock, number, ask)))

    async def _ask(self, listener: Listener, clock: Clock, number: int, ask: Ask) -> None:
        try:
            async with self._asked(ask, self.url_of(ask), ask.headers) as reading:
                head = await _head(reading)
                got = f"{head.status} {head.reason.decode('utf-8', 'replace')}"
                well = head.status < _FAILED
        except _NoAnswerError as error:
            got, well = error.fault.what, False
        listener.answered(clock.now(), number, got, well=well)

    async def _let_go(self) -> None:
        """Give up the requests that have no answer yet."""
        asking, self._asking = self._asking, []
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


class _NoAnswerError(Exception):
    """A request has no answer that could be read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


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


async def _head(reading: Reading) -> Head:
    """Return the head that a request gets in the end. Raises _NoAnswerError."""
    try:
        while True:
            part = await reading.next()
            if isinstance(part, Head) and part.final:
                return part
    except NotHttpError as error:
        fault = Fault("not-http", f"the answer is no HTTP: {short(str(error))}")
    except BrokenOffError as error:
        reset = "the connection broke before an answer: it was reset"
        hung_up = error.fault or "the server hung up before it answered"
        fault = Fault("hung-up", reset if error.end == "reset" else hung_up)
    raise _NoAnswerError(fault)


def _fault(error: OSError, address: Address) -> Fault:
    """Return why there is no connection, in words that say whose fault it is."""
    match error:
        case socket.gaierror():
            return Fault("unreachable", f"the name {address.host} is not known")
        case ssl.SSLCertVerificationError():
            said = error.verify_message or str(error)
            return Fault("tls", f"TLS: {said}; --insecure accepts any certificate")
        case ssl.SSLError():
            return Fault("tls", f"TLS: {error.reason or error}")
    return Fault("unreachable", f"no connection to {_place(address)}: {reason(error)}")


def _place(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"


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

"""Sends the requests that stories make, and notes what became of each.

A call does not belong to the connection that made it: it goes on when the client has left. How
long it may take is real time, whatever clock the session has, for whom it calls has no other.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Final

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.tracing import TraceConfig
from yarl import URL

from mockserver.addresses import is_address
from mockserver.play.journal import Called, kept, kept_body
from mockserver.scenario.units import FOREVER
from mockserver.server.hosts import Hosts, NotAllowedError
from mockserver.server.log import log, record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import SimpleNamespace

    from aiohttp import ClientResponse

    from mockserver.certificates import Certificate
    from mockserver.clock import Clock
    from mockserver.play.cues import Call
    from mockserver.play.session import Session
    from mockserver.play.turn import Turn

PENDING: Final = 1_000
"""Calls of a server that wait for their answers at a time; what is beyond is not sent."""
PENDING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of the bodies of those calls."""
ANSWER_TIME: Final = 30.0
"""Seconds that an answer may take, with all of its body."""
CONNECT_TIME: Final = 5.0
"""Seconds that it may take to be connected."""
ANSWER_BYTES: Final = 64 * 1024
"""Bytes of an answer's body that are read."""
HEADERS_KEPT: Final = 30
_LARGE: Final = 1024 * 1024


@dataclass(slots=True, eq=False)
class Sending:
    """One call that has been made; `told` is what is known of it so far."""

    session: Session[Clock]
    told: Called
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    """That the request has left, or never will."""
    answer: asyncio.Future[None] = field(init=False)
    """Done when the answer has come, or never will."""
    took: float = 0.0
    """Seconds until then, by the session's clock."""
    forgotten: bool = False
    met: ClassVar[bool] = True
    until: ClassVar[float] = FOREVER

    @property
    def clock(self) -> Clock:
        """That of its session."""
        return self.session.clock

    def expired(self) -> bool:
        """Whether it is over; how long it may take, its own request says."""
        return self.answer.done()

    def leave(self) -> None:
        """Go on: it does not belong to the connection that made it."""

    def note(self, **known: Any) -> None:
        """Add what has become known."""
        self.told = replace(self.told, **known)

    def end(self) -> None:
        """Put what has become of it into the journal."""
        self.took = round(self.session.clock.now() - self.told.at, 9)
        self.sent.set()
        if not self.forgotten:
            record(self.session, self.told)


class Calls:
    """The calls of one server. `hosts` are allowed besides loopback; raises StartError.

    By TLS they trust what the system trusts, and the server's own `certificate`.
    """

    def __init__(self, hosts: Iterable[str] = (), certificate: Certificate | None = None) -> None:
        self._hosts = Hosts(hosts)
        self._certificate = certificate
        self._pending: dict[asyncio.Future[None], Sending] = {}
        self._weight = 0
        self._client: ClientSession | None = None

    def make(
        self, cue: Call, session: Session[Clock], turn: Turn, before: Sending | None = None
    ) -> Sending:
        """Send a request once `before` has been sent, and return without waiting for anything."""
        sending = Sending(session, _told(cue, session, turn))
        room = len(self._pending) < PENDING and self._weight <= PENDING_BYTES
        if not cue.fault and room:
            self._weight += len(cue.body)
            sending.answer = asyncio.ensure_future(self._carry_out(cue, sending, before))
            self._pending[sending.answer] = sending
            sending.answer.add_done_callback(partial(self._done, weight=len(cue.body)))
            return sending
        if not cue.fault:
            what = f"{len(self._pending):,} calls wait for their answers"
            sending.note(**_failed(what, code="too-many-calls"))
        sending.end()
        sending.answer = asyncio.get_running_loop().create_future()
        sending.answer.set_result(None)
        return sending

    def forget(self, session: Session[Clock]) -> None:
        """Give up the calls of a session, and say nothing more of them."""
        for answer, sending in tuple(self._pending.items()):
            if sending.session is session:
                sending.forgotten = True
                answer.cancel()

    async def stop(self) -> None:
        """Give up all calls."""
        pending = tuple(self._pending)
        for answer in pending:
            answer.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _done(self, answer: asyncio.Future[None], *, weight: int) -> None:
        del self._pending[answer]
        self._weight -= weight
        if not answer.cancelled() and (error := answer.exception()) is not None:
            log.error("a call could not be carried out", exc_info=error)

    async def _carry_out(self, cue: Call, sending: Sending, before: Sending | None) -> None:
        try:
            if before is not None:
                await before.sent.wait()
            await self._exchange(cue, sending)
        except NotAllowedError as error:
            sending.note(**_failed(str(error), code="call-not-allowed"))
        except TimeoutError:
            what = "the answer is not there" if sending.told.status == 0 else "it has not ended"
            sending.note(**_failed(f"{what} after {ANSWER_TIME:g} s", code="call-timeout"))
        except (ClientError, OSError, ValueError) as error:
            sending.note(**_failed(_reason(error), code="call-failed"))
        except asyncio.CancelledError:
            sending.note(**_failed("the server has stopped", code="call-cancelled"))
            raise
        finally:
            sending.end()

    async def _exchange(self, cue: Call, sending: Sending) -> None:
        url = URL(cue.url)
        self._check_address(url)
        client = self._client = self._client or _client(self._hosts, self._certificate)
        async with client.request(
            cue.method,
            url,
            headers=cue.headers,
            data=BytesIO(cue.body) if len(cue.body) > _LARGE else cue.body or None,
            allow_redirects=False,
            timeout=ClientTimeout(total=ANSWER_TIME, sock_connect=CONNECT_TIME),
            trace_request_ctx=(sending, bool(cue.body)),
        ) as response:
            clock = sending.session.clock
            sending.note(status=response.status, answer_headers=_lines(response.headers.items()))
            body = await _read(response)
            after = round(clock.now() - sending.told.at, 9)
            sending.note(answer_body=kept_body(body), after=after)

    def _check_address(self, url: URL) -> None:
        """Check a host that is an address, which nobody resolves. Raises NotAllowedError."""
        host = url.raw_host or ""
        if is_address(host):
            self._hosts.check(host, url.port or 0, [host])


def _told(cue: Call, session: Session[Clock], turn: Turn) -> Called:
    return Called(
        session.clock.now(),
        turn.program.name,
        turn.subscription.address.subscription,
        turn.number,
        cue.what,
        cue.method,
        kept(cue.url),
        code=cue.code,
        fault=kept(cue.fault),
        headers=_lines(cue.headers),
        body=kept_body(cue.body),
        serial=turn.serial,
    )


def _lines(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(kept(f"{name}: {value}") for name, value in list(headers)[:HEADERS_KEPT])


def _failed(what: str, *, code: str) -> dict[str, str]:
    return {"code": code, "fault": kept(what)}


def _reason(error: Exception) -> str:
    if isinstance(error, ClientConnectorError):
        return f"cannot connect to {error.host}:{error.port}: {error.strerror}"
    return str(error) or type(error).__name__


async def _read(response: ClientResponse) -> bytes:
    """Return the body, as much of it as is wanted."""
    body = b""
    async for data in response.content.iter_any():
        body += data
        if len(body) >= ANSWER_BYTES:
            break
    return body


def _client(hosts: Hosts, certificate: Certificate | None) -> ClientSession:
    """Return a client that adds nothing of its own: no cookies, no redirects, no usual headers.

    Every request has a connection of its own, to the very address that was checked.
    """
    return ClientSession(
        connector=TCPConnector(
            resolver=_Resolver(hosts),
            use_dns_cache=False,
            force_close=True,
            limit=0,
            ssl=True if certificate is None else certificate.client_side(),
        ),
        cookie_jar=DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        auto_decompress=False,
        trace_configs=[_tracing()],
    )


class _Resolver(AbstractResolver):
    """Resolves names, and lets none pass that leads where no call may go."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises NotAllowedError, OSError."""
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        except OSError:
            self._hosts.check(host, port, ["nowhere"])
            raise
        found = [(info[0], info[2], str(info[4][0])) for info in infos]
        self._hosts.check(host, port, [address for _, _, address in found])
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, proto, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _tracing() -> TraceConfig:
    """Return what tells a `Sending` that its request has left: with its body, if it has one."""

    async def head_sent(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        sending, has_body = context.trace_request_ctx
        if not has_body:
            sending.sent.set()

    async def body_sent(_: ClientSession, context: SimpleNamespace, __: object) -> None:
        context.trace_request_ctx[0].sent.set()

    config = TraceConfig()
    config.on_request_headers_sent.append(head_sent)
    config.on_request_chunk_sent.append(body_sent)
    return config

"""Lets clients in by TLS (RFC 8446), and those that speak plain HTTP as far as to be told so.

The first byte tells which of the two a client speaks. asyncio's own way of serving TLS closes a
connection that begins otherwise without a word, and tells nobody of a handshake that has failed.
"""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from typing import TYPE_CHECKING, Any, Final

from mockserver.clock import turn_of_others
from mockserver.server.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.certificates import Certificate

HANDSHAKE_TIME = 10
"""Seconds that a client has for its handshake, and for the first byte of it."""

_EXTRA: Final = "mockserver.tls"
_HANDSHAKE: Final = 22
"""What a record of TLS begins with that holds a handshake (RFC 8446 § 5.1)."""
_MAY_NOT_TRUST: Final = ("UNKNOWN_CA", "CERTIFICATE", "ACCESS_DENIED")
_NOTHING_IN_COMMON: Final = ("PROTOCOL", "VERSION", "CIPHER", "SIGALG", "SIGNATURE_ALGORITHM")


class Entrance:
    """What all connections of one server come through."""

    def __init__(self, certificate: Certificate) -> None:
        self.context = certificate.server_side
        self.trust = "what GET /_mock/ca.pem gives" if certificate.made else "what has signed it"
        self.open: set[asyncio.Transport] = set()
        """Connections that speak TLS, or have said nothing yet."""

    def door(self, make: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
        """Return what waits for a client's first byte, and then `make`s what answers it."""
        return _Door(self, make)

    async def close(self) -> None:
        """Close what is open still: nobody waits for a client's goodbye any more."""
        for transport in tuple(self.open):
            transport.close()
        for _ in range(3):  # the socket; what reads from it; what answers
            await turn_of_others()


class _Door(asyncio.Protocol):
    """One connection until it is known what its client speaks."""

    def __init__(self, entrance: Entrance, make: Callable[[], asyncio.Protocol]) -> None:
        self._entrance = entrance
        self._make = make

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first byte, but not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._entrance.open.add(transport)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(HANDSHAKE_TIME, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Hand the connection to whoever understands it.

        Plain HTTP is only told that it is wrong here: patience with it ends all the same.
        """
        transport = self._transport
        if data[0] != _HANDSHAKE:
            self._entrance.open.discard(transport)
            plain = self._make()
            transport.set_protocol(plain)
            plain.connection_made(transport)
            plain.data_received(data)
            return
        self._patience.cancel()
        secured = Secured(self._entrance, self._make())
        transport.set_protocol(secured)
        secured.connection_made(transport)
        secured.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """Forget a client that has said nothing."""
        self._patience.cancel()
        self._entrance.open.discard(self._transport)


class Secured(SSLProtocol):
    """One connection by TLS: `raw` is what carries it."""

    raw: asyncio.Transport
    _outgoing: ssl.MemoryBIO

    def __init__(self, entrance: Entrance, protocol: asyncio.Protocol) -> None:
        loop = asyncio.get_running_loop()
        shaken: asyncio.Future[None] = loop.create_future()
        shaken.add_done_callback(self._shaken)
        super().__init__(
            loop,
            protocol,
            entrance.context,
            shaken,
            server_side=True,
            ssl_handshake_timeout=HANDSHAKE_TIME,
        )
        self._entrance = entrance
        self._extra[_EXTRA] = self
        # What the socket does not take waits in the transport below, up to its own limit; what
        # waits here besides is one write.
        assert self._app_transport is not None
        self._app_transport.set_write_buffer_limits(1, 0)

    def connection_made(self, transport: Any) -> None:
        """Begin the handshake."""
        self.raw = transport
        self._peer = transport.get_extra_info("peername") or ("somebody",)
        super().connection_made(transport)

    def feed(self, data: bytes) -> None:
        """Take what arrived before this was there to take it."""
        while data:
            buffer = self.get_buffer(len(data))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            self.buffer_updated(size)
            data = data[size:]

    def cut(self) -> None:
        """Send what was written, then FIN without the alert that says goodbye (`close_notify`).

        So it looks when a process dies, or something on the way gives up: RFC 8446 § 6.1 has the
        client take it for a truncation.
        """
        if self._app_transport is not None:
            self._app_transport._closed = True  # noqa: SLF001  (its `close` would say goodbye)
        if not self.raw.is_closing():
            if rest := self._outgoing.read():
                self.raw.write(rest)
            self.raw.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._entrance.open.discard(self.raw)
        super().connection_lost(exc)

    def _shaken(self, shaken: asyncio.Future[None]) -> None:
        """Say why a handshake has failed, where the client has not just gone away."""
        error = None if shaken.cancelled() else shaken.exception()
        if error is None or isinstance(error, ConnectionResetError):
            return
        log.warning("no TLS with %s: %s", self._peer[0], _reason(error, self._entrance.trust))


def secured(transport: asyncio.Transport) -> Secured | None:
    """Return what secures a connection; None where it is plain."""
    found: Secured | None = transport.get_extra_info(_EXTRA)
    return found


def _reason(error: BaseException, trust: str) -> str:
    if isinstance(error, ConnectionAbortedError):
        return f"the handshake was not over after {HANDSHAKE_TIME:g} s"
    reason = (error.reason if isinstance(error, ssl.SSLError) else None) or str(error)
    said = reason.replace("_", " ").lower()
    if any(word in reason for word in _MAY_NOT_TRUST):
        return f"the client does not trust the certificate ({said}); let it trust {trust}"
    if any(word in reason for word in _NOTHING_IN_COMMON):
        return f"the client has no version or cipher in common with us ({said})"
    return said

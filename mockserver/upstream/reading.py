"""An answer as it arrives, in its parts: heads are h11's affair, and bodies `bodies`'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import h11

from mockserver.upstream.bodies import Body, Measured, UntilClosed, body_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.capture.exchange import End, Transfer
    from mockserver.upstream.line import Ended, Line

MAX_HEAD: Final = 256 * 1024
"""Bytes of an answer's head; what is longer is taken for no HTTP."""
_FIRST: Final = b"HTTP/"
_BYTEARRAY: Final = re.compile(r"bytearray\((.*)\)")
_DIGITS: Final = 18
"""Digits of a length that count; h11 has seen to it that they are digits."""
_BODILESS: Final = frozenset((204, 304))
"""Statuses of answers that have no body, whatever their heads say (RFC 9112 § 6.3)."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer; `at` is when it arrived, in the event loop's time.

    `version` is that of HTTP, such as "1.1".

    `final` is false for those before it: 100 Continue, 103 Early Hints. `bare`: no body follows.
    """

    at: float
    status: int
    reason: bytes
    headers: list[tuple[bytes, bytes]]
    transfer: Transfer
    version: str
    final: bool = True
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of a body, without what frames them."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Over:
    """The proper end of an answer; trailers are whole lines."""

    trailers: bytes = b""


Part: TypeAlias = Head | Data | Over


class NotHttpError(Exception):
    """What arrived is no answer of HTTP/1."""


class BrokenOffError(Exception):
    """The answer has ended, and not as its framing says."""

    def __init__(self, end: End, fault: str = "") -> None:
        self.end = end
        self.fault = fault
        super().__init__(end, fault)


class Reading:
    """The parts of one answer on a line, which belongs to a request with `method`."""

    def __init__(self, line: Line, method: str) -> None:
        self._line = line
        self._method = method
        self._heads = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        # What h11 has to know of the request before it reads an answer.
        self._heads.send(h11.Request(method="GET", target="/", headers=[("Host", "-")]))
        self._heads.send(h11.EndOfMessage())
        self._body: Body | None = None
        self._rest = b""
        """What came together with the head, and is body."""
        self._came = b""
        """What has come of a head that is not complete, or cannot be read."""
        self._at = 0.0

    @property
    def begun(self) -> bytes:
        """What has come of a head that is not complete."""
        return self._came

    async def next(self) -> Part:
        """Return the next part. Raises NotHttpError, BrokenOffError."""
        if self._body is None:
            return await self._head()
        return await self._data(self._body)

    async def _head(self) -> Head:
        while True:
            try:
                part = self._heads.next_event()
            except h11.RemoteProtocolError as error:
                raise NotHttpError(_in_words(str(error))) from None
            if isinstance(part, h11.InformationalResponse | h11.Response):
                return self._begun(part)
            found = await self._line.take()
            if not isinstance(found, tuple):
                raise self._broken_off(found)
            self._at, data = found
            self._check(data)
            self._came += data
            self._heads.receive_data(data)

    def _check(self, data: bytes) -> None:
        """Find at once what speaks first and something else; h11 would wait for its blank line."""
        first = self._heads.trailing_data[0] + data
        begun = first.lstrip(b"\r\n")[: len(_FIRST)]
        if not _FIRST.startswith(begun):
            raise NotHttpError(f"it begins with {first[:60]!r}")

    def _begun(self, part: h11.InformationalResponse | h11.Response) -> Head:
        final = isinstance(part, h11.Response)
        bare = self._method == "HEAD" or part.status_code in _BODILESS
        self._came = b"" if final else self._heads.trailing_data[0]
        values = {name.lower(): value for name, value in part.headers}
        transfer = _transfer(values)
        if final:
            length = int(values.get(b"content-length", b"0")[:_DIGITS])
            self._body = Measured(0) if bare else body_of(transfer, length)
            self._rest = self._heads.trailing_data[0]
        headers = part.headers.raw_items()
        version = part.http_version.decode()
        return Head(
            self._at, part.status_code, part.reason, headers, transfer, version, final, bare
        )

    async def _data(self, body: Body) -> Data | Over:
        while not body.ended:
            if body.fault:  # to its reader, that is where it breaks off
                raise BrokenOffError("cut", f"the body cannot be read: {body.fault}")
            if self._rest:
                arrived, self._rest = self._rest, b""
            else:
                found = await self._line.take()
                if isinstance(found, tuple):
                    self._at, arrived = found
                elif found == "fin" and isinstance(body, UntilClosed) and not self._line.fault:
                    break
                else:
                    raise self._broken_off(found)
            data = body.feed(arrived)
            if data:
                return Data(self._at, data)
        return Over(body.trailers)

    def _broken_off(self, how: Ended) -> BrokenOffError:
        return BrokenOffError("reset" if how == "reset" else "cut", self._line.fault)


def _in_words(fault: str) -> str:
    """Return what h11 has found wrong with a head as it is to be told."""
    if fault == "Receive buffer too long":
        return f"its head is longer than {MAX_HEAD // 1024} KiB"
    if "_SWITCH_" in fault:
        return "it goes on as something else (101 Switching Protocols)"
    return _BYTEARRAY.sub(r"\1", fault)


def _transfer(headers: Mapping[bytes, bytes]) -> Transfer:
    """Return how the end of the body is told; as its length where there can be no body."""
    if b"transfer-encoding" in headers:
        return "chunked"
    return "length" if b"content-length" in headers else "close"

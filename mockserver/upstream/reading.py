"""An answer as it arrives, made into its parts by h11 (RFC 9112), however its body is framed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import h11

if TYPE_CHECKING:
    from mockserver.capture.exchange import End, Transfer
    from mockserver.upstream.line import Line

MAX_HEAD: Final = 256 * 1024
"""Bytes of an answer's head; what is longer is taken for no HTTP."""

_FIRST: Final = b"HTTP/"

Part: TypeAlias = h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage


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
        self._reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        # What h11 has to know of the request: the method says whether the answer has a body.
        request = h11.Request(method=method, target="/", headers=[("Host", "-")])
        self._reader.send(request)
        self._reader.send(h11.EndOfMessage())
        self._transfer: Transfer | None = None
        self.at = 0.0
        """When the bytes of the last part arrived, in the event loop's time."""

    async def next(self) -> Part:
        """Return the next part. Raises NotHttpError, BrokenOffError."""
        while True:
            try:
                part = self._reader.next_event()
            except h11.RemoteProtocolError as error:
                if self._transfer is None:
                    raise NotHttpError(str(error)) from None
                # In the middle of a body: to its reader, that is where it breaks off.
                raise BrokenOffError("cut", f"the body cannot be read: {error}") from None
            if part is h11.NEED_DATA:
                await self._feed()
                continue
            assert isinstance(part, Part)
            if isinstance(part, h11.Response):
                self._transfer = transfer_of(part)
            return part

    async def _feed(self) -> None:
        found = await self._line.take()
        if isinstance(found, tuple):
            self.at, data = found
            if self._transfer is None:
                self._check(data)
            self._reader.receive_data(data)
        elif found == "fin" and self._transfer == "close" and not self._line.fault:
            self._reader.receive_data(b"")  # RFC 9112 § 6.3: the end of the connection is its end
        else:
            raise BrokenOffError("reset" if found == "reset" else "cut", self._line.fault)

    def _check(self, data: bytes) -> None:
        """Find at once what speaks first and something else; h11 would wait for its blank line."""
        first = self._reader.trailing_data[0] + data
        begun = first.lstrip(b"\r\n")[: len(_FIRST)]
        if not _FIRST.startswith(begun):
            raise NotHttpError(f"it begins with {first[:60]!r}")


def transfer_of(answer: h11.Response) -> Transfer:
    """Return how the end of the body is told; as its length where there can be no body."""
    names = {name.lower() for name, _ in answer.headers}
    if b"transfer-encoding" in names:
        return "chunked"
    return "length" if b"content-length" in names else "close"

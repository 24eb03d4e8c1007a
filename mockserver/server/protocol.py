"""Answers what aiohttp's parser refuses before any handler runs, as every other error is answered.

What is known of such a request is aiohttp's exception, and the first bytes that arrived.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from aiohttp.http import HttpVersion11
from aiohttp.http_exceptions import (
    HttpProcessingError,
    InvalidHeader,
    InvalidURLError,
    LineTooLong,
    PayloadEncodingError,
)
from aiohttp.streams import EMPTY_PAYLOAD
from aiohttp.web_protocol import ERROR

from mockserver.errors import ControlError
from mockserver.server.log import log
from mockserver.server.tls import Entrance

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import StreamReader
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage

    from mockserver.certificates import Certificate

    Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
    Factory = Callable[
        [RawRequestMessage, StreamReader, web.RequestHandler, AbstractStreamWriter, Any],
        web.BaseRequest,
    ]
    Refuse = Callable[[web.BaseRequest, ControlError], web.StreamResponse]

MAX_TARGET: Final = 64 * 1024
"""Bytes of a request's target; more is a 414."""
MAX_FIELD: Final = 64 * 1024
"""Bytes of one header, name and value; more is a 431. A client may have a long Last-Event-ID."""
MAX_FIELDS: Final = 128
"""Headers of a request; more is a 431."""
KEPT: Final = 2048
"""First bytes of a request that are kept until it has been read."""
SAID: Final = 300
"""Characters of what aiohttp says, with the line that it quotes."""

_LINE: Final = re.compile(rb"[\r\n]*([!-~]{1,32}) ([^ \r\n]*)")
# What other protocols begin with: TLS (RFC 8446 § 5.1), and HTTP/2 (RFC 9113 § 3.4).
_PLAIN_PORT: Final = "use http:// instead of https://, or serve with --tls self-signed"
_STRANGERS: Final = (
    (b"\x16\x03", "this is TLS, and the port speaks plain HTTP", _PLAIN_PORT),
    (
        b"PRI * HTTP/2",
        "this is HTTP/2, and the port speaks HTTP/1.1",
        "let the client use HTTP/1.1",
    ),
)
_REQUEST_LINE: Final = "begin with a line such as 'GET /path HTTP/1.1', the path percent-encoded"
# aiohttp's words, of both its parsers, and what would help; the first that fits.
_MENDS: Final = (
    ("crlf", "end every line with CR LF"),
    ("version", "speak HTTP/1.1"),
    ("method", "use a method of HTTP, in capitals"),
    ("ending", "end every line with CR LF"),
    ("request line", _REQUEST_LINE),
    ("expected http/", _REQUEST_LINE),
    ("content-length", "say how long the body is once, in digits, or send it in chunks"),
    ("transfer-encoding", "say how long the body is once, in digits, or send it in chunks"),
    ("header value", "leave control characters out of headers, and have each on one line"),
    ("missing", "send the header"),
    ("duplicate", "send the header once"),
    ("header", "write each header as 'Name: value', without control characters"),
)


class Server(web.Server):
    """A low-level server whose every refusal is answered by `refuse`.

    With `decoded` false, bodies of requests keep their content coding. With a `certificate` its
    clients come by TLS.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        request_factory: Factory,
        refuse: Refuse,
        decoded: bool = True,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(handler, request_factory=self._make_request_of, handler_cancellation=True)
        self.refuse = refuse
        self.decoded = decoded
        self._factory = request_factory
        self._entrance: Entrance | None = None
        if certificate is not None:
            self._entrance = Entrance(certificate)

    def __call__(self) -> Any:
        """Make the protocol of one connection."""
        if self._entrance is not None:
            return self._entrance.door(lambda: Protocol(self))
        return Protocol(self)

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  (aiohttp's)
        """End all connections."""
        await super().shutdown(timeout)
        if self._entrance is not None:
            await self._entrance.close()

    def _make_request_of(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """Make a request; aiohttp asks for it when its answering begins."""
        assert isinstance(protocol, Protocol)
        message = protocol.begin(message, payload)
        return self._factory(message, payload, protocol, writer, task)


class Protocol(web.RequestHandler):
    """One connection: keeps the first bytes of a request until it is read, and says what is wrong.

    A stream costs nothing here: what is kept is let go when its handler starts.
    """

    __slots__ = ("_body", "_first", "_refuse", "_unread")

    def __init__(self, server: Server) -> None:
        options: dict[str, Any] = {
            "logger": log,
            "access_log": None,
            "max_line_size": MAX_TARGET,
            "max_field_size": MAX_FIELD,
            "max_headers": MAX_FIELDS,
            "auto_decompress": server.decoded,
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._refuse = server.refuse
        self._body: StreamReader = EMPTY_PAYLOAD
        self._first = b""  # of the request that is arriving
        self._unread = b""  # of the one that could not be read and is being answered

    def begin(self, message: RawRequestMessage, body: StreamReader) -> RawRequestMessage:
        """Let go of what was kept; a request that could not be read gets its own request line."""
        first, self._first = self._first, b""
        self._body = body
        if message is not ERROR:
            return message
        self._unread = first
        method, target = request_line(first)
        return message._replace(method=method, path=target, version=HttpVersion11)

    def data_received(self, data: bytes) -> None:
        """Take what arrived."""
        in_body = not self._body.is_eof()
        if not in_body and len(self._first) < KEPT:
            self._first += data[: KEPT - len(self._first)]
        super().data_received(data)
        # Nothing can follow a body that is incomplete: what aiohttp has queued behind it is its
        # refusal of the body. It does not tell whoever reads the body, who would wait for ever.
        queued = getattr(self, "_messages", None)
        if in_body and queued and not self._body.is_eof():
            what = "its chunks are not framed as RFC 9112 § 7.1 says"
            self._body.set_exception(web.RequestPayloadError(what))

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002  (aiohttp's signature)
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer what the parser refused, or a fault of ours, which is logged with its traceback.

        Raises ConnectionError, upon which aiohttp closes, where there is nobody to answer any more.
        """
        fault = exc or sys.exception()
        if isinstance(fault, ConnectionError):
            raise fault
        if isinstance(fault, HttpProcessingError):
            error = refusal(fault, self._unread)
        else:
            asked = f"{request.method} {request.raw_path}"
            log.error("a fault of the server while answering %s", asked, exc_info=fault)
            what = "the server has a fault of its own; its log has the traceback"
            mend = "report it with the traceback"
            error = ControlError(500, what, code="internal-error", mend=mend)
        response = self._refuse(request, error)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a fault of ours; a body that cannot be read has been told to its client."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)


def request_line(head: bytes) -> tuple[str, str]:
    """Return method and target that a request begins with; two empty texts if that is no request.

    A target that is longer than what was kept ends in `…`.
    """
    found = _LINE.match(head)
    if not found:
        return "", ""
    cut = "…" if found.end() == len(head) == KEPT else ""
    return found[1].decode(), found[2].decode("utf-8", "backslashreplace") + cut


def refusal(error: HttpProcessingError, head: bytes) -> ControlError:
    """Return what to answer where aiohttp raised `error` over a request that begins with `head`."""
    for beginning, what, mend in _STRANGERS:
        if head.startswith(beginning):
            return ControlError(400, what, code="bad-request", mend=mend)
    if isinstance(error, LineTooLong):
        return _too_long(error.args[0], head)
    said = _on_one_line(error.message)
    about = said.partition(": b")[0].lower()
    if "too many headers" in about:
        what = f"the request has more than {MAX_FIELDS} headers"
        return ControlError(431, what, code="headers-too-large", mend="send fewer")
    if "chunk" in about or isinstance(error, PayloadEncodingError):
        what = f"the body cannot be read: {said}"
        return ControlError(400, what, code="bad-body", mend="send what its headers say")
    if isinstance(error, InvalidURLError):
        what = f"the target cannot be read: {said}"
        return ControlError(400, what, code="bad-request", mend=_REQUEST_LINE)
    mend = next((mend for words, mend in _MENDS if words in about), _REQUEST_LINE)
    name = _header_with(_quoted(error.args[0]), head) if isinstance(error, InvalidHeader) else ""
    what = f"the {f'header {name}' if name else 'request'} cannot be read: {said}"
    return ControlError(400, what, code="bad-request", mend=mend)


def _too_long(line: object, head: bytes) -> ControlError:
    """Tell a long target (RFC 9110 § 15.5.15) from a long header (RFC 6585 § 5) and name it."""
    told = _quoted(line)
    target = isinstance(line, str) and line.startswith("Status line")
    found = _LINE.match(head)
    if told and found:
        target = found[2].startswith(told) or found[0].startswith(told)
    if target:
        what = f"the target is longer than {MAX_TARGET:,} bytes"
        return ControlError(414, what, code="target-too-long", mend="send what is long in a body")
    name = _header_with(told, head)
    which = f"the header {name}" if name else f"a header with {told[:40]!r}" if told else "a header"
    what = f"{which} is longer than {MAX_FIELD:,} bytes"
    return ControlError(431, what, code="headers-too-large", mend="send a shorter one")


def _header_with(told: bytes, head: bytes) -> str:
    """Return the name of the header that `told` is from, if it is among what was kept."""
    line = head[: max(head.find(told), 0)].rpartition(b"\n")[2] + told
    name, colon, _ = line.partition(b":")
    return name.decode("ascii", "backslashreplace") if colon else ""


def _quoted(line: object) -> bytes:
    """Return the bytes that aiohttp's exception quotes; where it has text, it only describes."""
    return bytes(line).removesuffix(b"...") if isinstance(line, (bytes, bytearray)) else b""


def _on_one_line(message: str) -> str:
    """Return aiohttp's words without the picture: the bytes on a line, a caret on the next."""
    lines = [line.strip() for line in message.splitlines()]
    kept = [line for line in lines if line.strip("^")]
    if len(kept) > 1 and kept[0] == "Bad status line:":
        del kept[0]
    said = " ".join(kept).replace("status line", "request line")
    return said if len(said) <= SAID else said[: SAID - 1] + "…"

"""Reduces an HTTP request to plain data: session, path, and the Opening that the story sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError

from mockserver.errors import ControlError
from mockserver.play.opening import Opening, body_of, parameters
from mockserver.play.session import DEFAULT
from mockserver.play.told import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

_SESSION: Final = re.compile(r"/@([^/?]*)(/.*)?", re.DOTALL)
SESSION_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_PREFERRED: Final = re.compile(
    r'(?:^|[,;])\s*(scenario|code|example)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,;\s]*))', re.IGNORECASE
)
PARAMETERS: Final = {f"__{name}": name for name in ("scenario", "code", "example")}
"""Query parameters that say the same as `Prefer`, for an EventSource, which sets no headers."""


@dataclass(frozen=True, slots=True)
class Target:
    """The request target, taken apart; `path` and `query` as sent, without the session."""

    session: str
    path: str
    query: str

    @property
    def text(self) -> str:
        """The target as the client would write it to its session's base URL."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def own_query(self) -> str:
        """The query without the parameters that are ours and not the document's."""
        if "__" not in self.query:
            return self.query
        fields = self.query.split("&")
        return "&".join(f for f in fields if f.partition("=")[0] not in PARAMETERS)

    def parameters(self) -> dict[str, str]:
        """Return the query parameters, decoded; of several with one name the first."""
        return parameters(self.query)


def target_of(request: web.BaseRequest) -> Target:
    """Take the request target apart. Raises ControlError for a session that cannot be."""
    raw = request.raw_path
    if not raw.startswith("/"):  # absolute form, RFC 9112 § 3.2.2
        parts = urlsplit(raw)
        raw = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    path, _, query = raw.partition("?")
    found = _SESSION.fullmatch(path)
    if not found:
        return Target(DEFAULT, path, query)
    name = unquote(found[1])
    return Target(session_name(name), found[2] or "/", query)


def scheme_of(request: web.BaseRequest) -> str:
    """Return the scheme by which the client reached us, or whatever it is that stands before us.

    Anybody can say `X-Forwarded-Proto`; all it does is to change what they are told.
    """
    said = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower()
    return said if said in ("http", "https") else request.scheme


def session_name(name: object) -> str:
    """Return `name` if it can stand in a URL and a log. Raises ControlError."""
    if not isinstance(name, str) or not SESSION_NAME.fullmatch(name):
        raise ControlError(
            400,
            f"{name!r} is no name for a session",
            code="bad-session-name",
            mend="use letters, digits, '.', '_', '~' and '-', up to 100, a letter or digit first",
        )
    return name


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a request asks for by name: a scenario, or a status or an example of the document."""

    scenario: str | None = None
    status: int | None = None
    example: str | None = None

    @property
    def named(self) -> bool:
        """Whether the request itself says what answers it."""
        return (self.scenario, self.status, self.example) != (None, None, None)

    @property
    def of_document(self) -> bool:
        """Whether the document is to answer, and no scenario that has not been named."""
        return self.scenario is None and (self.status is not None or self.example is not None)


def preferences(request: web.BaseRequest, target: Target) -> Preferences:
    """Return what the request prefers: `Prefer: code=404` (RFC 7240), or the query.

    Raises ControlError for a status that is none.
    """
    asked: dict[str, str] = {}
    for value in request.headers.getall("Prefer", ()):
        for name, quoted, plain in _PREFERRED.findall(value):
            asked.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    if "__" in target.query:
        query = target.parameters()
        for parameter, name in PARAMETERS.items():
            if parameter in query:
                asked.setdefault(name, query[parameter])
    code = asked.get("code")
    if code is not None and not re.fullmatch(r"[1-5]\d\d", code, re.ASCII):
        what = f"{code!r} is no status to prefer"
        raise ControlError(400, what, code="bad-preference", mend="write Prefer: code=404")
    return Preferences(asked.get("scenario"), int(code) if code else None, asked.get("example"))


async def opening_of(
    request: web.BaseRequest, target: Target, path_parameters: Mapping[str, str]
) -> Opening:
    """Return what the story may know of the request; reads its body."""
    query = target.parameters()
    for parameter in PARAMETERS:
        query.pop(parameter, None)
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        lower = name.lower()
        text = _readable(value)
        headers[lower] = f"{headers[lower]}, {text}" if lower in headers else text
    return Opening(
        method=request.method,
        scheme=scheme_of(request),
        target=target.text,
        path=path_parameters,
        query=query,
        headers=headers,
        cookies=dict(request.cookies),
        body=await _body(request),
        last_event_id=headers.get("last-event-id"),
    )


async def as_it_came(request: web.BaseRequest) -> Request:
    """Return the request to be kept; its body has been read for the opening."""
    version = f"HTTP/{request.version.major}.{request.version.minor}"
    body = await request.read()
    return Request(request.method, request.raw_path, version, request.raw_headers, body)


def _readable(value: str) -> str:
    """Return a header value with bytes that are no UTF-8 replaced (WHATWG § 9.2.4)."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


async def _body(request: web.BaseRequest) -> Any:
    if not request.can_read_body:
        return None
    try:
        raw = await request.read()
    except (web.RequestPayloadError, PayloadEncodingError) as error:
        what = f"the body cannot be read: {error}"
        raise ControlError(400, what, code="bad-body", mend="send what its headers say") from None
    return body_of(raw, request.headers.get("Content-Type", ""))

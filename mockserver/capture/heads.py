"""The head of a recorded answer, as far as it matters to whoever plays it again."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockserver.contract import Wish, lenient_answer
from mockserver.play.answer import EMPTY_STATUSES, EVENT_STREAM, reason_of
from mockserver.scenario.yamltext import without_templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.capture.seen import Seen

_LEFT_OUT: Final = (
    # The connection's own affair (RFC 9110 § 7.6.1), and what frames and codes the body.
    "connection", "keep-alive", "proxy-*", "te", "trailer", "transfer-encoding", "upgrade",
    "content-length", "content-encoding", "vary", "accept-ranges",
    # Who sent it, when, and over which way.
    "date", "server", "via", "age", "alt-svc", "x-powered-by", "x-served-by", "x-cache*",
    "x-timer", "x-runtime", "x-envoy-*", "x-amz-cf-*", "cf-*", "fly-*", "nel", "report-to",
    "reporting-endpoints", "server-timing", "strict-transport-security", "expect-ct",
    "x-request-id", "x-correlation-id", "x-amzn-*", "traceparent", "tracestate",
    # The server answers other origins by itself.
    "access-control-*", "cross-origin-*",
)  # fmt: skip
_STREAM_DEFAULTS: Final = ("cache-control", "x-accel-buffering", "pragma", "expires")
"""What every stream has in words of its own, which all mean: keep nothing of this."""


def matters(name: str) -> bool:
    """Whether a header says something to a client that no server would say by itself."""
    return not any(fnmatchcase(name.lower(), pattern) for pattern in _LEFT_OUT)


def stream_head(one: Seen, source: str = "") -> dict[str, Any]:
    """Return what a response says of the head of a stream, nothing where it is the usual one."""
    stream = next((s for s in one.operation.streams if s.framing == one.framing), None)
    usual = EVENT_STREAM if one.framing == "sse" or stream is None else stream.media_type
    head = dict(_line(one, 200 if stream is None else stream.status))
    headers = _headers(one, usual, source)
    for name in [name for name in headers if name.lower() in _STREAM_DEFAULTS]:
        del headers[name]
    return head | ({"headers": headers} if headers else {})


def answer_head(one: Seen, *, text: bool, source: str = "") -> dict[str, Any]:
    """Return what a response says of the head of a whole answer.

    `text`: the body is written as a text, and not as JSON. None: there is none.
    """
    status = one.exchange.status
    found = lenient_answer(one.operation, Wish(status=status, accept=one.opening.accept))
    usual = (found.media_type if found else None) or (
        "text/plain; charset=utf-8" if text else "application/json"
    )
    empty = status in EMPTY_STATUSES and not one.body.data
    headers = _headers(one, None if empty else usual, source)
    head = {"status": status} | dict(_line(one, status))
    return head | ({"headers": headers} if headers else {})


def _line(one: Seen, usual: int) -> Iterator[tuple[str, Any]]:
    status, reason = one.exchange.status, one.exchange.reason
    if status != usual:
        yield "status", status
    if reason and reason != reason_of(status) and reason.isprintable():
        yield "reason", without_templates(reason)


def _headers(one: Seen, usual: str | None, source: str) -> dict[str, Any]:
    """Return the headers that matter by name, with a list where there are several."""
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    kind = one.exchange.header("content-type")
    if kind is None and usual is not None:
        found["Content-Type"] = None
    for name, value in one.exchange.headers:
        lower = name.lower()
        if lower == "content-type" and usual is not None and _plain(value) == _plain(usual):
            continue
        if any(char in value for char in "\r\n\0"):
            continue
        if not matters(name) and not (one.body.sealed and lower == "content-encoding"):
            continue
        own = without_templates(_here(value, source) if lower == "location" else value)
        key = names.setdefault(lower, name)
        if key in found:
            before = found[key]
            found[key] = [*before, own] if isinstance(before, list) else [before, own]
        else:
            found[key] = own
    return found


def _plain(media_type: str) -> str:
    return "".join(media_type.lower().split())


def _here(location: str, source: str) -> str:
    """Return a URL of the server that was recorded as a path, which leads to who plays it."""
    there, origin = urlsplit(location), urlsplit(source)
    if not origin.netloc or (there.scheme, there.netloc) != (origin.scheme, origin.netloc):
        return location
    path = location[len(f"{there.scheme}://{there.netloc}") :] or "/"
    base = origin.path.rstrip("/")
    return path.removeprefix(base) if base and path.startswith(f"{base}/") else path

"""Makes heads and whole answers out of what a scenario's response and the document say."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mockserver.contract import Wish, lenient_answer
from mockserver.errors import value_text
from mockserver.scenario.block import filled, filled_text, number, raw_bytes
from mockserver.scenario.model import Length, Wire
from mockserver.scenario.template import RenderError, Template
from mockserver.sse.encode import breaks_line, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockserver.contract import Answer as Example
    from mockserver.contract import EventStream, Operation
    from mockserver.play.scope import StoryScope
    from mockserver.scenario.model import Response
    from mockserver.scenario.program import Row

EVENT_STREAM: Final = "text/event-stream"
STREAM_HEADERS: Final = (
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
)
"""What a stream has beside its Content-Type."""
_STATUS_LINE: Final = re.compile(rb"^HTTP/\d\.\d (\d{3})", re.MULTILINE)
_NOTHING: Final = Wire()
_NO_WISH: Final = Wish()
EMPTY_STATUSES: Final = frozenset({204, 205, 304})


Framing: TypeAlias = Literal["chunked", "close", "length"] | None
"""How the end of a body is told (RFC 9112 § 6.3); None leaves it to the server."""


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers, the latter in the order they are sent.

    `own` are the names, in lower case, that the scenario has set itself, or has left out.
    `raw`: the player brings the whole head as bytes, and nothing after it is framed.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    own: frozenset[str] = frozenset()
    transfer: Framing = None
    raw: bool = False

    def value(self, name: str) -> str | None:
        """Return the last value of a header; `name` in lower case."""
        found = [value for key, value in self.headers if key.lower() == name]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    head: Head
    body: bytes


def stream_head(
    row: Row, scope: StoryScope, declared: EventStream | None = None, coding: str | None = None
) -> Head:
    """Return the head of a stream; `declared` is the document's word on it. Raises RenderError."""
    response = row.response
    said = 200 if declared is None else declared.status
    # An event stream is sent as what it is; the document may have given it parameters.
    kind = declared.media_type if declared and declared.framing != "sse" else EVENT_STREAM
    if response is None:
        head = _usual_head(said, kind)
    elif response.raw_head is not None:
        return Head(_written_status(raw_head(response, scope)), "", (), raw=True)
    else:
        names = scope.at("response", "head")
        status = _status(response, names, said)
        head = _head(response, names, status, (("Content-Type", kind), *STREAM_HEADERS))
    return on_wire(head, row.wire, scope, coding)


@lru_cache(maxsize=256)
def _usual_head(status: int, media_type: str) -> Head:
    return Head(status, reason_of(status), (("Content-Type", media_type), *STREAM_HEADERS))


def raw_head(response: Response | None, scope: StoryScope) -> bytes:
    """Return the head that the scenario writes itself, or nothing. Raises RenderError."""
    if response is None or response.raw_head is None:
        return b""
    return raw_bytes(response.raw_head, scope.at("response", "raw_head"))


def _written_status(head: bytes) -> int:
    """Return the status of a head written by hand; 0 where no client could see one."""
    found = [int(line[1]) for line in _STATUS_LINE.finditer(head)]
    final = [status for status in found if status >= 200]  # RFC 9110 § 15.2: 1xx are interim
    return (final or found or [0])[0]


def on_wire(head: Head, wire: Wire, scope: StoryScope, coding: str | None) -> Head:
    """Return the head with what the wire adds to it. Raises RenderError."""
    if wire == _NOTHING and "content-length" not in head.own:
        return head
    headers, own, transfer = list(head.headers), head.own, wire.transfer
    if wire.encoding not in (None, "identity") and "vary" not in own:
        headers.append(("Vary", "Accept-Encoding"))
    if coding is not None and "content-encoding" not in own:
        headers.append(("Content-Encoding", coding))
    framing: Framing = None
    if isinstance(transfer, Length):
        framing = "length"
        length = number(transfer.bytes, scope.at("wire", "transfer"), "length")
        headers.append(("Content-Length", str(length)))
    elif transfer is not None:
        framing = transfer
    elif "content-length" in own and head.value("content-length") is not None:
        framing = "length"  # the script says it, right or wrong
    return replace(head, headers=tuple(headers), transfer=framing)


def whole_answer(
    response: Response,
    scope: StoryScope,
    operation: Operation,
    files: Mapping[str, bytes],
    wish: Wish = _NO_WISH,
) -> Answer:
    """Return the answer of a response without a stream.

    What the scenario leaves open comes from the document: the lowest 2xx status, and for the
    status the body, media type and headers that the document answers to `wish`. Raises RenderError.
    """
    names = scope.at("response", "head")
    given = None if response.status is None else _status(response, names, 200)
    wish = wish._replace(status=given, example=response.example)
    example = lenient_answer(operation, wish)
    if response.example is not None and example is None:
        what = f"{operation.id} has no example {response.example!r} for this status"
        raise RenderError(response.where, what)
    status = given or (example.status if example else 200)
    body, media_type = _body(response, scope, example, files)
    if status in EMPTY_STATUSES and not response.has_body:
        body, media_type = b"", None
    defaults = list(example.headers.items()) if example else []
    if media_type:
        defaults.insert(0, ("Content-Type", media_type))
    return Answer(_head(response, names, status, defaults), body)


def _body(
    response: Response, scope: StoryScope, example: Example | None, files: Mapping[str, bytes]
) -> tuple[bytes, str | None]:
    declared = example.media_type if example else None
    if response.file is not None:
        return files[response.file], declared or "application/octet-stream"
    if not response.has_body:
        return (example.body, declared) if example else (b"", None)
    value = filled(response.body, scope.at("response", "body"))
    if isinstance(value, str):
        return value.encode("utf-8", "replace"), declared or "text/plain; charset=utf-8"
    try:
        return json_text(value).encode("utf-8", "replace"), declared or "application/json"
    except (ValueError, TypeError) as error:
        raise RenderError(response.where, f"the body is no JSON value: {error}") from None


def _status(response: Response, names: Mapping[str, Any], default: int) -> int:
    status = response.status
    if status is None:
        return default
    if not isinstance(status, Template):
        return status
    value = status.value(names)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if type(value) is not int or not 200 <= value <= 599:
        raise RenderError(status.where, f"status is no number from 200 to 599: {value_text(value)}")
    return value


def _reason(response: Response, names: Mapping[str, Any], status: int) -> str:
    if response.reason is None:
        return reason_of(status)
    reason = filled_text(response.reason, names)
    if breaks_line(reason):
        raise RenderError(response.where, f"the reason phrase has a line end: {reason!r}")
    return reason


def reason_of(status: int) -> str:
    """Return the usual reason phrase, empty for a status that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _head(
    response: Response,
    names: Mapping[str, Any],
    status: int,
    defaults: Sequence[tuple[str, str]],
) -> Head:
    """Return a head with the defaults that the response does not name, then its own headers."""
    own = frozenset(name.lower() for name, _ in response.headers)
    headers = [(name, value) for name, value in defaults if name.lower() not in own]
    for name, values in response.headers:
        for value in values or ():
            text = filled_text(value, names)
            if any(char in text for char in "\r\n\0"):
                raise RenderError(response.where, f"header {name} has a line end: {text!r}")
            headers.append((name, text))
    return Head(status, _reason(response, names, status), tuple(headers), own)


def problem_body(status: int, what: str, code: str, mend: str = "", **extra: Any) -> bytes:
    """Return a problem document (RFC 9457) with the fields that every error here has."""
    document = {"type": "about:blank", "title": reason_of(status), "status": status}
    document |= {"detail": what, "code": code}
    if mend:
        document["mend"] = mend
    return json.dumps(document | extra, ensure_ascii=False, indent=2).encode() + b"\n"

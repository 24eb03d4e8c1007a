"""Exchanges of a HAR 1.2 file, of browsers' tools, of proxies, and of our own journal.

What browsers leave in it differs: bodies may lack, codings are undone, event streams may stand as
text, as `_eventSourceMessages` with their times, or not at all. `_error` is Chrome's.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from mockserver.capture import Exchange
from mockserver.contract.media import essence
from mockserver.errors import Location, Problem
from mockserver.imports.events import chunks_of
from mockserver.imports.found import coded_again, transfer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.capture.exchange import End, Headers
    from mockserver.imports.found import Found

_OWN: Final = "sse-mockserver"
_OWN_ENDS: Final[tuple[tuple[str, End], ...]] = (
    ("it ended properly", "end"),
    ("the connection was dropped", "cut"),
    ("the connection was reset", "reset"),
    ("the client left", "client"),
    ("it has not ended yet", "open"),
)
_ERRORS: Final[tuple[tuple[str, End], ...]] = (
    ("INCOMPLETE_CHUNKED", "cut"),
    ("CONTENT_LENGTH_MISMATCH", "cut"),
    ("EMPTY_RESPONSE", "cut"),
    ("CONNECTION_CLOSED", "cut"),
    ("CONNECTION_RESET", "reset"),
    ("ABORTED", "client"),
)
"""Words of Chrome's errors, and of those of others that have taken them over."""
_OF_PAGES: Final = ("text/html", "text/css", "image/", "font/", "audio/", "video/")
_OF_PAGES_TOO: Final = ("javascript", "ecmascript", "font-", "/wasm")
_EMPTY: Final = frozenset((204, 205, 304))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests of a HAR file are meant.

    `origin` is a URL that theirs begin with (`--from`); without it, all of the servers that stream,
    or all there are. What belongs to pages alone (styles, scripts, images) is `pages`.
    """

    origin: str = ""
    pages: bool = False


def read_har(data: bytes, found: Found, wanted: Wanted) -> None:
    """Add the exchanges of a HAR file; what cannot be read becomes a problem."""
    entries, own = _entries(data, found)
    read = [_Entry(entry, number, found) for number, entry in enumerate(entries)]
    kept = _kept([entry for entry in read if entry.sound], wanted, found)
    first = min((entry.began for entry in kept if entry.began is not None), default=None)
    for entry in sorted(kept, key=lambda entry: entry.began or 0.0):
        exchange = entry.exchange(first, own=own)
        if exchange is not None:
            found.exchanges.append(exchange)


def _entries(data: bytes, found: Found) -> tuple[list[Any], bool]:
    """Return the entries, and whether they are of our own journal."""
    try:
        tree = json.loads(data.decode("utf-8-sig", "replace"))
    except json.JSONDecodeError as error:
        where = Location(found.file, error.lineno, error.colno)
        mend = "save it anew: this one breaks off or was edited"
        found.problems.append(Problem(where, f"no JSON: {error.msg}", "bad-recording", mend))
        return [], False
    except RecursionError:
        where = Location(found.file)
        found.problems.append(
            Problem(where, "it is nested too deeply", "bad-recording", "save anew")
        )
        return [], False
    log = _mapping(_mapping(tree).get("log"))
    entries = log.get("entries")
    if not isinstance(entries, list):
        where = Location(found.file, pointer="/log/entries")
        what = "a HAR file has its requests in a list there, and this has none"
        mend = "export it as HAR, with its content"
        found.problems.append(Problem(where, what, "bad-recording", mend))
        return [], False
    return entries, _mapping(log.get("creator")).get("name") == _OWN


def _kept(entries: list[_Entry], wanted: Wanted, found: Found) -> list[_Entry]:
    """Return the entries that are meant, and say how many others there are."""
    left_out: Counter[str] = Counter()
    streaming = {entry.origin for entry in entries if entry.streams}
    kept = []
    for entry in entries:
        if why := entry.unfit:
            left_out[why] += 1
        elif wanted.origin and not entry.url.startswith(wanted.origin):
            left_out[f"not from {wanted.origin}"] += 1
        elif not wanted.origin and streaming and entry.origin not in streaming:
            left_out["from servers that stream nothing (--from takes one of them)"] += 1
        elif entry.of_pages and not wanted.pages:
            left_out["of pages: styles, scripts, images (--pages takes them)"] += 1
        else:
            kept.append(entry)
    for why, number in left_out.items():
        found.say(f"{number:,} of {len(entries):,} requests left out: {why}")
    return kept


class _Entry:
    """One entry, however malformed; `sound` if there is a request and an answer in it."""

    def __init__(self, entry: object, number: int, found: Found) -> None:
        self._found = found
        self._entry = _mapping(entry)
        self._request = _mapping(self._entry.get("request"))
        self._response = _mapping(self._entry.get("response"))
        self._content = _mapping(self._response.get("content"))
        self._where = Location(found.file, pointer=f"/log/entries/{number}")
        self.url = _text(self._request.get("url"))
        self.method = _text(self._request.get("method"))
        self.status = self._status()
        self.sound = self._check()
        self.headers = _headers(self._response.get("headers"))
        media_type = _text(self._content.get("mimeType"))
        if media_type and not _value(self.headers, "content-type"):
            self.headers = (*self.headers, ("Content-Type", media_type))
        self.began = self._began() if self.sound else None

    def _status(self) -> int | None:
        status = self._response.get("status")
        if not isinstance(status, int) or isinstance(status, bool):
            return None
        return status if status == 0 or 100 <= status <= 999 else None

    def _check(self) -> bool:
        lacks = [
            name
            for name, there in (
                ("request.url", self.url),
                ("request.method", self.method),
                ("response.status", self.status is not None),
            )
            if not there
        ]
        if lacks:
            what = f"this entry lacks {' and '.join(lacks)}"
            self._found.doubt(self._where, what, "take it out, or export the file anew")
        return not lacks

    def _began(self) -> float | None:
        """Return when it began, in seconds since 1970; None where that cannot be read."""
        told = _text(self._entry.get("startedDateTime"))
        try:
            moment = datetime.fromisoformat(told)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            what = f"{told!r} is no time, so this entry counts as the first"
            self._found.doubt(self._where, what, "write it as 2026-01-01T00:00:00.000Z")
            return None

    @property
    def origin(self) -> str:
        """Scheme and authority of its URL."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}".lower()

    @property
    def kind(self) -> str:
        """The media type of the answer, without parameters."""
        told = _value(self.headers, "content-type") or _text(self._content.get("mimeType"))
        return essence(told)

    @property
    def streams(self) -> bool:
        """Whether the answer is an event stream."""
        return self.kind == "text/event-stream"

    @property
    def of_pages(self) -> bool:
        """Whether it belongs to a page rather than to what the page asks for."""
        kind = self.kind
        return kind.startswith(_OF_PAGES) or any(word in kind for word in _OF_PAGES_TOO)

    @property
    def unfit(self) -> str:
        """Why nothing can be made of it, if so."""
        if self.url.partition(":")[0].lower() not in {"http", "https"}:
            return "no HTTP"
        if self.status == 101 or self._entry.get("_resourceType") == "websocket":
            return "WebSockets"
        return ""

    def exchange(self, first: float | None, *, own: bool) -> Exchange | None:
        """Return it, with times since `first`, if any; None where there is nothing to be told."""
        at = 0.0 if self.began is None or first is None else round(self.began - first, 6)
        target = target_of(self.url)
        line = f"{self.method} {target}"
        end = self._end(own=own)
        if self.status == 0 and end not in ("cut", "reset"):
            self._found.say(
                f"{line}: left out, it was not answered ({self._error() or 'no reason'})"
            )
            return None
        timings = _mapping(self._entry.get("timings"))
        before = ("blocked", "dns", "connect", "send", "wait")
        answered = at + sum(_milliseconds(timings.get(name)) for name in before)
        ended = max(answered, at + _milliseconds(self._entry.get("time")))
        body = self._body(own=own)
        if body is None:
            self._found.say(f"{line}: left out, the file does not have the body of its answer")
            return None
        messages = self._entry.get("_eventSourceMessages")
        told = messages if self.streams and isinstance(messages, list) else []
        chunks = chunks_of(body, [_mapping(one) for one in told], first, answered, self._found)
        headers, chunks = coded_again(self.headers, chunks, self._found, line)
        said = _text(self._content.get("comment"))
        if "cut after" in said:
            self._found.say(f"{line}: its body was {said}")
            end = "open"
        last = chunks[-1].at if chunks else answered
        return Exchange(
            at=at,
            method=self.method,
            target=target,
            request_headers=_headers(self._request.get("headers")),
            request_body=self._asked(),
            answered=round(answered, 6),
            status=self.status or 0,
            reason=_text(self._response.get("statusText")),
            headers=headers,
            chunks=chunks,
            ended=round(max(ended, last), 6),
            end=end,
            transfer=transfer_of(_text(self._response.get("httpVersion")), headers),
            fault=self._error(),
        )

    def _error(self) -> str:
        return _text(self._response.get("_error")) or _text(self._entry.get("_error"))

    def _end(self, *, own: bool) -> End:
        if own:
            said = _text(self._entry.get("comment"))
            return next((end for words, end in _OWN_ENDS if said.startswith(words)), "end")
        error = self._error().upper()
        return next((end for words, end in _ERRORS if words in error), "end")

    def _body(self, *, own: bool) -> bytes | None:
        """Return the body, None where there was one that the file does not have.

        Of a stream browsers may know nothing, and call its size 0.
        """
        text = self._content.get("text")
        if isinstance(text, str) and text:
            return self._decoded(text, _text(self._content.get("encoding")), "response/content")
        size = self._content.get("size")
        bodiless = self.method == "HEAD" or self.status in _EMPTY or self.status == 0
        moved = self.status is not None and 300 <= self.status < 400
        told = bool(self._entry.get("_eventSourceMessages"))
        empty = size == 0 and (own or text is not None or not self.streams)
        return b"" if bodiless or moved or told or empty else None

    def _asked(self) -> bytes:
        """Return the body of the request."""
        posted = _mapping(self._request.get("postData"))
        text = posted.get("text")
        if isinstance(text, str) and text:
            encoding = _text(posted.get("_encoding") or posted.get("encoding"))
            return self._decoded(text, encoding, "request/postData")
        params = posted.get("params")
        pairs = _headers(params)
        return urlencode(pairs).encode() if pairs else b""

    def _decoded(self, text: str, encoding: str, part: str) -> bytes:
        """Return a body; what is said to be base64 and is not stays as it stands."""
        if encoding.lower() == "base64":
            try:
                return b64decode("".join(text.split()), validate=True)
            except (binascii.Error, ValueError):
                where = Location(self._found.file, pointer=f"{self._where.pointer}/{part}/text")
                what = "this is no base64, so it is taken as it stands"
                self._found.doubt(where, what, "take its encoding out, or export the file anew")
        return text.encode(errors="replace")


def target_of(url: str) -> str:
    """Return path and query of a URL as they stand in it."""
    rest = url.partition("://")[2].partition("#")[0]
    try:
        authority = urlsplit(url).netloc
    except ValueError:
        authority = rest.partition("/")[0]
    target = rest.removeprefix(authority)
    return target if target.startswith("/") else "/" + target


def _headers(listed: object) -> Headers:
    """Return the pairs of a list; HTTP/2's own (RFC 9113 § 8.3) are no headers."""
    return tuple(
        (name, value) for name, value in _pairs(listed) if name and not name.startswith(":")
    )


def _pairs(listed: object) -> Iterator[tuple[str, str]]:
    for item in listed if isinstance(listed, list) else ():
        pair = _mapping(item)
        yield _text(pair.get("name")), _text(pair.get("value"))


def _value(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key.lower() == name), "")


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Return a text; half a surrogate pair, which JSON can hold and UTF-8 cannot, as `?`."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _milliseconds(value: object) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e12
    return value / 1000 if known else 0.0  # type: ignore[operator]

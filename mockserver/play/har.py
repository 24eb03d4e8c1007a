"""Requests and what they were answered with as HAR 1.2, which browsers' tools and others can open.

Times are the session's: scripted, and counted from its epoch.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from mockserver.play.replay import replayed
from mockserver.play.socket_client import SWITCHING
from mockserver.scenario.moments import moment
from mockserver.sse.frames import TEXT, frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from mockserver.play.told import Request, Told

BODY: Final = 1024 * 1024
"""Bytes of an answer's body that are shown, before any content coding is undone and after."""
_ANY_FORMAT: Final = 32 + zlib.MAX_WBITS
"""What makes zlib read the formats of RFC 1950 and RFC 1952 alike."""
_CODINGS: Final = ("gzip", "deflate")
_UNKNOWN: Final = -1
"""HAR's number for a size or a time that does not apply."""
_SAFE: Final = "%/:?#[]@!$&'()*+,;=~"
_COMMENT: Final = (
    "Times are those of the session's clock, counted from its epoch: they are scripted. Requests "
    "that no scenario answers are in the journal, and not here."
)


def frame(version: str, forgotten: int) -> dict[str, Any]:
    """Return the log without its entries; `forgotten` exchanges are known no more."""
    lost = f" {forgotten:,} earlier exchanges are forgotten." if forgotten else ""
    return {
        "version": "1.2",
        "creator": {"name": "sse-mockserver", "version": version},
        "comment": _COMMENT + lost,
    }


def exchanges(memory: Iterable[Told], epoch: datetime) -> Iterator[dict[str, Any] | None]:
    """Yield each exchange as an entry of the log; None where others may have their turn.

    One that goes on is shown as far as it has come.
    """
    for told in memory:
        if told.request is None:
            continue
        body, said = bytearray(told.body[:BODY]), None
        if told.head is not None and told.head.status == SWITCHING:
            said = list[dict[str, Any]]()
            yield from _said(told, epoch, said)
        elif told.replay is not None:
            body.clear()
            for cue in replayed(told):
                body += cue.data
                if len(body) >= BODY:
                    break
                yield None
        entry = _entry(told, told.request, bytes(body[:BODY]), epoch)
        if said is not None:
            entry |= {"_resourceType": "websocket", "_webSocketMessages": said}
        yield entry


def _said(told: Told, epoch: datetime, said: list[dict[str, Any]]) -> Iterator[None]:
    """Put the events of a WebSocket into `said`, as browsers export them; up to `BODY` bytes."""
    size, begins = 0, moment(epoch, 0).timestamp()
    for cue in replayed(told):
        for each in frames(cue.data):
            size += len(each.data)
            if size > BODY:
                return
            if each.whole and each.opcode == TEXT:
                at = round(begins + told.began + cue.at, 6)
                text = each.data.decode("utf-8", "replace")
                said.append({"type": "receive", "time": at, "opcode": TEXT, "data": text})
        yield None


def _entry(told: Told, request: Request, body: bytes, epoch: datetime) -> dict[str, Any]:
    waited = max(0.0, told.began - told.at) if told.head else 0.0
    received = max(0.0, told.ended[0] - told.at - waited) if told.ended else 0.0
    wait, receive = _milliseconds(waited), _milliseconds(received)
    return {
        "startedDateTime": _started(epoch, told.at),
        "time": round(wait + receive, 3),
        "request": _request(told, request),
        "response": _response(told, body),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
        "comment": _ending(told),
        "_operation": told.operation,
        "_scenario": told.subscription.program.name,
        "_subscription": told.subscription.address.subscription,
        "_connection": told.number,
    }


def _started(epoch: datetime, at: float) -> str:
    with suppress(OverflowError):
        return moment(epoch, at).isoformat(timespec="milliseconds")
    return epoch.isoformat(timespec="milliseconds")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _ending(told: Told) -> str:
    if told.ended is None:
        return "it has not ended yet; the times are scripted"
    how = {
        "end": "it ended properly",
        "drop": "the connection was dropped",
        "reset": "the connection was reset",
        "client": "the client left",
    }.get(told.ended[1], told.ended[1])
    return f"{how}; the times are scripted"


def _request(told: Told, request: Request) -> dict[str, Any]:
    url = _url(told, request.target)
    headers = [(_text(name), _text(value)) for name, value in request.headers]
    found: dict[str, Any] = {
        "method": request.method,
        "url": url,
        "httpVersion": request.version,
        "cookies": _cookies(";".join(v for n, v in headers if n.lower() == "cookie").split(";")),
        "headers": _pairs(headers),
        "queryString": _pairs(parse_qsl(_query(url), keep_blank_values=True, errors="replace")),
        "headersSize": _UNKNOWN,
        "bodySize": len(request.body),
    }
    if request.body:
        kinds = [value for name, value in headers if name.lower() == "content-type"]
        text, coded = _shown(request.body)
        kind = kinds[-1] if kinds else "application/octet-stream"
        found["postData"] = {"mimeType": kind, "params": [], "text": text}
        if coded:
            found["postData"] |= {"_encoding": coded, "comment": f"the text is {coded}"}
    return found


def _url(told: Told, target: str) -> str:
    host = told.host or "localhost"
    whole = f"{told.scheme}://{host}{target}" if target.startswith("/") else target
    return quote(whole.encode("utf-8", "surrogateescape"), safe=_SAFE)


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""


def _response(told: Told, body: bytes) -> dict[str, Any]:
    head = told.head
    headers = list(told.headers or (head.headers if head else ()))
    notes = [f"cut after {BODY:,} bytes"] if told.sent > BODY else []
    if head is not None and head.raw:
        headers, body = _taken_apart(body)
        notes.append("its head was written by the script, byte by byte")
    values = {name.lower(): value for name, value in headers}
    if values.get("content-encoding", "").lower() in _CODINGS:
        body, note = _decoded(body)
        notes += note
    text, coded = _shown(body)
    content: dict[str, Any] = {"size": len(body), "mimeType": values.get("content-type", "")}
    if body:
        content["text"] = text
    if coded:
        content["encoding"] = coded
    if notes:
        content["comment"] = "; ".join(notes)
    cookies = [value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie"]
    return {
        "status": head.status if head else 0,
        "statusText": head.reason if head else "",
        "httpVersion": "HTTP/1.1" if head else "",
        "cookies": _cookies(cookies),
        "headers": _pairs(headers),
        "content": content,
        "redirectURL": values.get("location", ""),
        "headersSize": _UNKNOWN,
        "bodySize": told.sent if head else _UNKNOWN,
    }


def _taken_apart(data: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers and the body of an answer that is written by hand, however odd it is."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return [(_text(name), _text(value.strip())) for name, colon, value in lines if colon], body


def _decoded(body: bytes) -> tuple[bytes, list[str]]:
    """Undo a content coding as far as it goes; what is no such coding stays as it is."""
    decoder = zlib.decompressobj(_ANY_FORMAT)
    try:
        found = decoder.decompress(body, BODY)
    except zlib.error:
        return body, ["the body is not coded as its head says"]
    return found, [f"cut after {BODY:,} bytes"] if decoder.unconsumed_tail else []


def _shown(data: bytes) -> tuple[str, str]:
    """Return bytes as text, and how they are coded in it if they are no UTF-8."""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return b64encode(data).decode(), "base64"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": _clean(name), "value": _clean(value)} for name, value in pairs]


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _cookies(written: Iterable[str]) -> list[dict[str, str]]:
    pairs = [text.partition("=") for text in written]
    return _pairs((name.strip(), value.strip()) for name, equals, value in pairs if equals)

"""Handshakes of WebSockets: what asks for one, what one has to say, and which operation it means.

RFC 6455 § 4.2.1 and § 4.4; RFC 9110 § 7.8.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from mockserver.contract import NoRoute
from mockserver.errors import ControlError

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.contract import Contract, Operation
    from mockserver.contract.routes import Route
    from mockserver.play.opening import Opening

_VERSION: Final = "13"
_KEY_BYTES: Final = 16
_LAST_ID: Final = "lasteventid"
_FIRST: Final = ("GET", "POST")
"""The methods whose operations go first where several of a path stream."""


def is_handshake(request: web.BaseRequest) -> bool:
    """Whether a request asks for a WebSocket. Raises ControlError for one that cannot have it.

    RFC 9110 § 7.8: "A server MUST ignore an Upgrade header field that is received in an HTTP/1.0
    request."
    """
    if "Upgrade" not in request.headers or request.version < (1, 1):
        return False
    if "websocket" not in _tokens(request, "Upgrade"):
        return False
    fault = _fault(request)
    if fault is not None:
        raise fault
    return True


def _fault(request: web.BaseRequest) -> ControlError | None:
    """Return what is wrong with a handshake (RFC 6455 § 4.2.1), or None."""
    if request.method != "GET":
        what = f"the handshake of a WebSocket is a GET, not a {request.method}"
        return _bad(what, "send GET to the same path: it reaches an operation of any method")
    if "upgrade" not in _tokens(request, "Connection"):
        what = "the request has 'Upgrade: websocket' and no 'Connection: Upgrade'"
        return _bad(what, "send both; a proxy on the way has to pass both on")
    if _tokens(request, "Upgrade") != ["websocket"]:
        what = "the request asks for further protocols beside the WebSocket"
        return _bad(what, "send 'Upgrade: websocket' alone")
    version = request.headers.get("Sec-WebSocket-Version", "")
    if version.strip() != _VERSION:
        said = f"version {version!r}" if version else "no Sec-WebSocket-Version"
        what = f"the handshake has {said}, and this server speaks version {_VERSION}"
        # § 4.4: the answer has the versions that the server understands.
        return _bad(what, "send 'Sec-WebSocket-Version: 13'", 426)
    if not _is_key(request.headers.get("Sec-WebSocket-Key", "")):
        what = "the handshake has no Sec-WebSocket-Key of 16 bytes in base64"
        return _bad(what, "let a library for WebSockets make the handshake")
    return None


def _tokens(request: web.BaseRequest, name: str) -> list[str]:
    listed = ",".join(request.headers.getall(name, ())).lower().split(",")
    return [token.strip() for token in listed if token.strip()]


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.strip(), validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _bad(what: str, mend: str, status: int = 400) -> ControlError:
    headers = [("Sec-WebSocket-Version", _VERSION)]
    if status == 426:  # RFC 9110 § 15.5.22: it MUST say to what
        headers += [("Upgrade", "websocket"), ("Connection", "Upgrade")]
    return ControlError(status, what, code="bad-handshake", mend=mend, headers=headers)


def of_control() -> ControlError:
    """Return the error in place of a WebSocket to the control API."""
    what = "the control API is not reached over a WebSocket"
    mend = "follow the journal as an event stream: GET /_mock/journal/stream"
    return ControlError(400, what, code="no-stream-to-upgrade", mend=mend)


def route(contract: Contract, path: str) -> Route | NoRoute:
    """Return the route to what streams at a path, whatever its method: a handshake is a GET.

    Of several the GET, then the POST, then the first of the document. Raises ControlError where
    operations are there and none of them streams.
    """
    found = contract.route("GET", path)
    methods = found.allowed if isinstance(found, NoRoute) else ()
    known = dict.fromkeys((*_FIRST, *methods, *_others(contract)))
    routes = [r for m in known if not isinstance(r := contract.route(m, path), NoRoute)]
    for each in routes:
        if any(operation.streams for operation in (each.operation, *each.alternatives)):
            return each
    if routes:
        raise no_stream(routes[0].operation)
    return found


def _others(contract: Contract) -> dict[str, None]:
    return dict.fromkeys(operation.method for operation in contract.operations.values())


def no_stream(operation: Operation) -> ControlError:
    """Return the error in place of a WebSocket to an operation that does not stream."""
    what = f"{operation.id} answers no stream, so there is nothing to be told over a WebSocket"
    mend = "ask for it without Upgrade, or declare text/event-stream as its answer"
    return ControlError(400, what, code="no-stream-to-upgrade", mend=mend)


def opening_of(opening: Opening, operation: Operation) -> Opening:
    """Return a handshake as the story sees it. Raises ControlError where `operation` streams not.

    A browser sets no headers of one, so a query parameter may bring the Last-Event-ID: it is no
    part of the target, by which clients are told apart.
    """
    if not operation.streams:
        raise no_stream(operation)
    target, last_id = _without_last_id(opening.target)
    if opening.last_event_id is not None:
        last_id = opening.last_event_id
    query = {name: text for name, text in opening.query.items() if not _names_last_id(name)}
    return replace(opening, target=target, query=query, last_event_id=last_id)


def _without_last_id(target: str) -> tuple[str, str | None]:
    path, mark, query = target.partition("?")
    if not mark:
        return target, None
    kept, found = [], None
    for pair in query.split("&"):
        named = parse_qsl(pair, keep_blank_values=True, errors="replace")
        if named and _names_last_id(named[0][0]):
            found = named[0][1] if found is None else found
        else:
            kept.append(pair)
    return (f"{path}?{'&'.join(kept)}" if kept else path), found


def _names_last_id(name: str) -> bool:
    """Whether a parameter is one of those in use: lastEventId, lastEventID, last-event-id, ..."""
    return name.replace("-", "").replace("_", "").lower() == _LAST_ID

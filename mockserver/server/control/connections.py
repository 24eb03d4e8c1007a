"""Open connections: listed, pushed to, held, released, ended; one, or all streams of a session."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import ControlError, did_you_mean
from mockserver.play.sessions import seconds_of
from mockserver.server import orders
from mockserver.server.control.ask import Ask, Handler, answer, integer
from mockserver.server.requests import session_name

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.play.live import LiveConnection
    from mockserver.server.orders import Orders

PATIENCE: Final = 5.0
"""Seconds of real time that whoever waits for streams has, unless the request says otherwise."""
LONGEST: Final = 600.0
"""Seconds that a request may ask for."""


async def list_connections(ask: Ask) -> web.Response:
    """Return what is open; with `wait`, once so many streams are. Raises ControlError (408)."""
    if "wait" in ask.query:
        # Its client may be about to make the session by its first request.
        session = ask.live.sessions.get(session_name(ask.path["session"]))
        within = seconds_of(ask.query.get("timeout", PATIENCE), LONGEST)
        found = await orders.connected(session, ask.number("wait"), within)
    else:
        session = ask.session
        found = session.live.listed()
    listed = [connection_json(one) for one in found]
    return answer({"session": session.name, "connections": listed})


async def push(ask: Ask) -> web.Response:
    """Push an event. Raises ControlError."""
    fields = dict(ask.body)
    violates = fields.pop("violates", None)
    to, operation = _meant(ask)
    given = orders.push(ask.session, fields, violates=violates, to=to, operation=operation)
    return await _done(ask, given)


async def push_raw(ask: Ask) -> web.Response:
    """Push bytes. Raises ControlError."""
    to, operation = _meant(ask)
    given = orders.push_raw(ask.session, _bytes(ask.body), to=to, operation=operation)
    return await _done(ask, given)


async def hold(ask: Ask) -> web.Response:
    """Let scripts stand still. Raises ControlError."""
    to, operation = _meant(ask)
    return await _done(ask, orders.hold(ask.session, to=to, operation=operation))


async def release(ask: Ask) -> web.Response:
    """Let scripts go on. Raises ControlError."""
    to, operation = _meant(ask)
    return await _done(ask, orders.release(ask.session, to=to, operation=operation))


async def disconnect(ask: Ask) -> web.Response:
    """End connections. Raises ControlError."""
    to, operation = _meant(ask)
    kind = (ask.body or {}).get("kind", "drop")
    return await _done(ask, orders.disconnect(ask.session, kind, to=to, operation=operation))


def connection_json(found: LiveConnection) -> dict[str, Any]:
    """Return a connection as an object, seconds in microseconds' precision."""
    return asdict(found) | {"opened_at": round(found.opened_at, 6)}


def _meant(ask: Ask) -> tuple[int | None, str | None]:
    number = ask.path.get("number")
    return (None if number is None else integer(number)), _operation(ask)


def _operation(ask: Ask) -> str | None:
    """Return the id of the operation that is named, by that or as `GET /path`.

    Raises ControlError (404).
    """
    name = ask.query.get("operation")
    if name is None:
        return None
    contract = ask.live.catalog.contract
    found = contract.find(name)
    if found is None:
        what = f"the document has no operation {name!r}"
        mend = did_you_mean(name, contract.names())
        raise ControlError(404, what, code="unknown-operation", mend=mend)
    return found.id


async def _done(ask: Ask, given: Orders) -> web.Response:
    session, numbers = ask.session, await given.carry_out()
    return answer({"session": session.name, "connections": numbers})


def _bytes(body: dict[str, str]) -> bytes:
    """Return what is to be pushed: a text, or bytes in hex or base64. Raises ControlError."""
    if "text" in body:
        return body["text"].encode("utf-8", "replace")
    try:
        if "hex" in body:
            return bytes.fromhex(body["hex"])
        return base64.b64decode(body["base64"], validate=True)
    except (ValueError, binascii.Error) as error:
        kind = next(iter(body))
        mend = 'push {"text": "…"}, {"hex": "efbbbf"} or {"base64": "77u/"}'
        raise ControlError(422, f"this is no {kind}: {error}", code="bad-raw", mend=mend) from None


HANDLERS: Final[dict[str, Handler]] = {
    "listConnections": list_connections,
    "pushEvent": push,
    "pushRaw": push_raw,
    "holdStreams": hold,
    "releaseStreams": release,
    "disconnectStreams": disconnect,
    "pushEventToConnection": push,
    "pushRawToConnection": push_raw,
    "holdConnection": hold,
    "releaseConnection": release,
    "disconnectConnection": disconnect,
}

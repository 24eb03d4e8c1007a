"""One request that a scenario answered: what it was told, and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.clock import turn_of_others
from mockserver.errors import ControlError, Location
from mockserver.play.requested import AHEAD, LIMIT, Requested, Wish
from mockserver.server.control.ask import Ask, Handler, answer, integer

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.contract import EventStream
    from mockserver.play.told import Told
    from mockserver.play.verdicts import Placer


async def read(ask: Ask) -> web.Response:
    """Return one request in full. Raises ControlError (404) where it is forgotten."""
    serial = integer(ask.path["serial"])
    session = ask.session
    told = session.told.find(serial)
    if told is None:
        what = f"the session {session.name!r} knows no request {serial}, or has forgotten it"
        mend = "take `serial` of an entry `opened`; the last 1,000 requests are remembered"
        raise ControlError(404, what, code="unknown-request", mend=mend)
    wish = Wish(ask.number("first", 1), ask.number("limit", LIMIT), ask.number("ahead", AHEAD))
    found = Requested(told, wish, _stream(ask, told), _placer(ask))
    for _ in found.read():
        await turn_of_others()
    return answer({"session": session.name, **_about(told), **_told(found)})


def _about(told: Told) -> dict[str, Any]:
    head, ended, subscription = told.head, told.ended, told.subscription
    return {
        "serial": told.serial,
        "operation": told.operation,
        "target": told.target,
        "scenario": subscription.program.name,
        "subscription": subscription.address.subscription,
        "connection": told.number,
        "at": round(told.at, 6),
        "began": None if head is None else round(told.began, 6),
        "last_event_id": told.last_event_id,
        "request_headers": _headers(told),
        "head": head
        and {"status": head.status, "reason": head.reason, "headers": list(told.headers)},
        "bytes": told.sent,
        "ended": ended and {"at": round(ended[0], 6), "kind": ended[1], "by": told.by},
    }


def _headers(told: Told) -> list[tuple[str, str]]:
    headers = told.request.headers if told.request else ()
    return [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in headers]


def _told(found: Requested) -> dict[str, Any]:
    return {
        "blocks": found.blocks,
        "more": found.more,
        "ahead": found.ahead,
        "goes_on": found.goes_on,
        "waits": found.waits,
    }


def _stream(ask: Ask, told: Told) -> EventStream | None:
    """Return what the document says of the stream that the request got."""
    operation = ask.live.catalog.contract.find(told.operation)
    if operation is None:
        return None
    accept = dict(_headers(told)).get("Accept", "*/*")
    return operation.stream_for(accept, told.subscription.program.framing)


def _placer(ask: Ask) -> Placer:
    judge = ask.live.loaded.judge
    return judge.placed if judge else lambda pointer: Location("", pointer=pointer)


HANDLERS: Final[dict[str, Handler]] = {"getRequest": read}

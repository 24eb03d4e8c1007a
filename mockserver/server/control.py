"""The control API under /_mock/: is the server up, and what time it is in a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from aiohttp import web

import mockserver
from mockserver.clock import Clock, ManualClock, turn_of_others
from mockserver.errors import ControlError
from mockserver.play.dispatched import EVENTS, Audience, as_json
from mockserver.play.tally import Tally
from mockserver.scenario.units import UnitError, span
from mockserver.server.control_coverage import coverage_page
from mockserver.server.requests import session_name

if TYPE_CHECKING:
    from mockserver.play.reach import Reach
    from mockserver.play.session import Session, Sessions

PREFIX = "/_mock"
_FRESH: Final = {"Cache-Control": "no-store"}


async def respond(
    request: web.BaseRequest, path: str, sessions: Sessions[Clock], reach: Reach
) -> web.Response:
    """Answer a request to the control API. Raises ControlError."""
    parts = [unquote(part) for part in path.removeprefix(PREFIX).strip("/").split("/")]
    match (request.method, *parts):
        case ("GET" | "HEAD", "health"):
            return _json({"status": "ok", "version": mockserver.__version__})
        case ("GET" | "HEAD", "coverage"):
            return await coverage_page(request, reach, sessions.tally)
        case ("GET" | "HEAD", "sessions", name, "coverage"):
            session = sessions.find(session_name(name))
            return await coverage_page(request, reach, session.tally if session else Tally())
        case ("GET" | "HEAD", "sessions", name, "clock"):
            return _json(_time(sessions.get(session_name(name))))
        case ("GET" | "HEAD", "sessions", name, "dispatched"):
            limit = _limit(request.query.get("events", ""))
            return await _dispatched(sessions, session_name(name), limit)
        case ("POST", "sessions", name, "clock"):
            return _json(_advance(sessions.get(session_name(name)), await _read(request)))
    raise ControlError(
        404,
        f"the control API has no {request.method} {path}",
        code="unknown-control",
        mend="GET /_mock/health, GET or POST /_mock/sessions/{name}/clock, "
        "GET /_mock/sessions/{name}/dispatched, GET /_mock/coverage, "
        "GET /_mock/sessions/{name}/coverage",
    )


def _json(value: Any) -> web.Response:
    text = json.dumps(value) + "\n"  # whoever types curl gets a line of its own
    return web.Response(text=text, content_type="application/json", headers=_FRESH)


def _time(session: Session[Clock]) -> dict[str, Any]:
    return {"session": session.name, "now": session.clock.now()}


async def _dispatched(sessions: Sessions[Clock], name: str, limit: int) -> web.Response:
    """Return what conforming clients have dispatched in a session; nothing where it is none yet.

    Others have their turn all the while: a session may have told a million events.
    """
    session = sessions.find(name)
    audience = Audience(limit)
    for _ in audience.hear(session.told if session else ()):
        await turn_of_others()
    parts = []
    for listener in audience.listeners:
        parts.append(json.dumps(as_json(listener)))
        await turn_of_others()
    rest = {"session": name, "forgotten_connections": session.told.forgotten if session else 0}
    text = f'{json.dumps(rest)[:-1]}, "subscriptions": [{", ".join(parts)}]}}\n'
    return web.Response(text=text, content_type="application/json", headers=_FRESH)


def _limit(text: str) -> int:
    """Read how many events are to be listed. Raises ControlError."""
    if not text:
        return EVENTS
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        what = f"{text!r} is no number of events"
        raise ControlError(400, what, code="bad-control", mend="write ?events=1000")
    return int(text)


def _advance(session: Session[Clock], body: Any) -> dict[str, Any]:
    mend = 'send {"advance": "2s"}'
    if not isinstance(body, dict) or set(body) != {"advance"}:
        raise ControlError(400, "the body says nothing to do", code="bad-control", mend=mend)
    if not isinstance(session.clock, ManualClock):
        raise ControlError(
            409,
            "only a manual clock can be advanced",
            code="not-manual",
            mend="start the server with --clock manual",
        )
    try:
        duration = span(str(body["advance"]))
    except UnitError as error:
        raise ControlError(400, error.what, code="bad-duration", mend=error.mend) from None
    if not duration.fixed or duration.shortest == float("inf"):
        raise ControlError(400, "advance takes one duration", code="bad-duration", mend=mend)
    session.clock.advance(duration.shortest)
    return _time(session)


async def _read(request: web.BaseRequest) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise ControlError(
            400, "the body is no JSON", code="bad-control", mend='send {"advance": "2s"}'
        ) from None

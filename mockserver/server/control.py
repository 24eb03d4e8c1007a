"""The control API under /_mock/: is the server up, and what time it is in a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aiohttp import web

import mockserver
from mockserver.clock import Clock, ManualClock, turn_of_others
from mockserver.errors import ControlError
from mockserver.play.dispatched import as_json, listen
from mockserver.scenario.units import UnitError, span
from mockserver.server.requests import session_name

if TYPE_CHECKING:
    from mockserver.play.session import Session, Sessions

PREFIX = "/_mock"


async def respond(request: web.BaseRequest, path: str, sessions: Sessions[Clock]) -> web.Response:
    """Answer a request to the control API. Raises ControlError."""
    parts = [unquote(part) for part in path.removeprefix(PREFIX).strip("/").split("/")]
    match (request.method, *parts):
        case ("GET" | "HEAD", "health"):
            return _json({"status": "ok", "version": mockserver.__version__})
        case ("GET" | "HEAD", "sessions", name, "clock"):
            return _json(_time(sessions.get(session_name(name))))
        case ("GET" | "HEAD", "sessions", name, "dispatched"):
            return _json(await _dispatched(sessions, session_name(name)))
        case ("POST", "sessions", name, "clock"):
            return _json(_advance(sessions.get(session_name(name)), await _read(request)))
    raise ControlError(
        404,
        f"the control API has no {request.method} {path}",
        code="unknown-control",
        mend="GET /_mock/health, GET or POST /_mock/sessions/{name}/clock, "
        "GET /_mock/sessions/{name}/dispatched",
    )


def _json(value: Any) -> web.Response:
    text = json.dumps(value) + "\n"  # whoever types curl gets a line of its own
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=text, content_type="application/json", headers=headers)


def _time(session: Session[Clock]) -> dict[str, Any]:
    return {"session": session.name, "now": session.clock.now()}


async def _dispatched(sessions: Sessions[Clock], name: str) -> dict[str, Any]:
    """Return what conforming clients have dispatched in a session; nothing where it is none yet."""
    session = sessions.find(name)
    if session is None:
        return {"session": name, "subscriptions": [], "forgotten_connections": 0}
    work = listen(session.told)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found = [as_json(listener) for listener in done.value]
            break
        await turn_of_others()
    forgotten = session.told.forgotten
    return {"session": name, "subscriptions": found, "forgotten_connections": forgotten}


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

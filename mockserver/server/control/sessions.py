"""Sessions: made with their settings, read, reset, deleted; and what time it is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.clock import Clock, ManualClock
from mockserver.errors import ControlError, StartError, did_you_mean
from mockserver.play.session import DEFAULT
from mockserver.play.sessions import LONGEST, Settings, epoch_of
from mockserver.scenario.moments import formatted
from mockserver.scenario.units import FOREVER, UnitError, span
from mockserver.server.control.ask import Ask, Handler, answer
from mockserver.server.requests import session_name

if TYPE_CHECKING:
    from datetime import datetime

    from mockserver.play.session import Session


async def list_sessions(ask: Ask) -> web.Response:
    """Return all sessions, the one used last at the end."""
    return answer({"sessions": [_session(ask, session) for session in ask.live.sessions]})


async def create(ask: Ask) -> web.Response:
    """Make a session with its settings. Raises ControlError."""
    settings = settings_of(ask.body or {})
    known = ask.live.catalog.programs
    for name in settings.pinned or ():
        if name not in known:
            raise ControlError(
                400,
                f"there is no scenario {name!r} to pin",
                code="unknown-scenario",
                mend=did_you_mean(name, known),
            )
    try:
        session = ask.live.sessions.create(settings)
    except StartError as error:
        raise ControlError(400, error.what, code=error.code, mend=error.mend) from None
    return answer(_session(ask, session), 201, Location=f"/_mock/sessions/{session.name}")


def settings_of(body: dict[str, Any]) -> Settings:
    """Return the settings that a request says. Raises ControlError."""
    name = body.get("name")
    epoch = body.get("epoch")
    pinned = body.get("scenarios")
    return Settings(
        None if name is None else session_name(name),
        body.get("seed"),
        body.get("clock"),
        None if epoch is None else epoch_of(epoch),
        None if pinned is None else tuple(pinned),
    )


async def read(ask: Ask) -> web.Response:
    """Return one session."""
    return answer(_session(ask, ask.session))


async def reset(ask: Ask) -> web.Response:
    """Forget what the session knows, or the parts that the request names."""
    session = ask.session
    parts = (ask.body or {}).get("clear", ())
    if not parts or "subscriptions" in parts:
        ask.live.calls.forget(session)
    session.reset(parts)
    return answer(_session(ask, session))


async def delete(ask: Ask) -> web.Response:
    """End the session's connections and forget it."""
    session = ask.session
    ask.live.calls.forget(session)
    await ask.live.end(session)
    ask.live.sessions.delete(session.name)
    return web.Response(status=204)


async def get_clock(ask: Ask) -> web.Response:
    """Return what time it is in a session."""
    return answer(_time(ask.session))


async def set_clock(ask: Ask) -> web.Response:
    """Let time pass in a session whose clock is manual, until all that is due has been done."""
    session = ask.session
    clock = session.clock
    if not isinstance(clock, ManualClock):
        raise ControlError(
            409,
            f"only a manual clock can be advanced, and that of {session.name!r} is {clock.name}",
            code="not-manual",
            mend='start the server with --clock manual, or make the session with "clock": "manual"',
        )
    seconds = _seconds(ask.body, session)
    if clock.now() + seconds > LONGEST:
        raise ControlError(
            400,
            f"a session has {LONGEST:,.0f} s at most",
            code="bad-duration",
            mend="delete the session and begin anew",
        )
    clock.advance(seconds)
    await ask.live.settle(session)
    return answer(_time(session))


def _seconds(body: dict[str, str], session: Session[Clock]) -> float:
    """Return how many seconds are to pass. Raises ControlError."""
    if "advance" in body:
        return _duration(body["advance"])
    text = body["set"]
    at = _seconds_since(text, session.epoch) if "T" in text else _duration(text)
    now = session.clock.now()
    if at < now:
        raise ControlError(
            409,
            f"it is {now:g} s already, and time does not run backwards",
            code="bad-duration",
            mend="set a later time, or delete the session and begin anew",
        )
    return at - now


def _seconds_since(text: str, epoch: datetime) -> float:
    return (epoch_of(text) - epoch).total_seconds()


def _duration(text: str) -> float:
    mend = 'send {"advance": "2s"}'
    try:
        duration = span(text)
    except UnitError as error:
        raise ControlError(400, error.what, code="bad-duration", mend=error.mend) from None
    if not duration.fixed or duration.shortest == FOREVER:
        raise ControlError(400, "advance takes one duration", code="bad-duration", mend=mend)
    return duration.shortest


def _time(session: Session[Clock]) -> dict[str, Any]:
    return {"session": session.name, "now": session.clock.now()}


def _session(ask: Ask, session: Session[Clock]) -> dict[str, Any]:
    prefix = "" if session.name == DEFAULT else f"/@{session.name}"
    return {
        "name": session.name,
        "url": f"{ask.base_url}{prefix}",
        "seed": session.seed,
        "clock": session.clock.name,
        "now": session.clock.now(),
        "epoch": formatted(session.epoch),
        "scenarios": list(session.pinned),
        "open_connections": session.open,
        "entries": len(session.journal),
    }


HANDLERS: Final[dict[str, Handler]] = {
    "listSessions": list_sessions,
    "createSession": create,
    "getSession": read,
    "resetSession": reset,
    "deleteSession": delete,
    "getClock": get_clock,
    "setClock": set_clock,
}

"""Sessions: made with their settings, read, reset, deleted; and what time it is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.errors import ControlError, StartError, did_you_mean
from mockserver.play.session import DEFAULT
from mockserver.play.sessions import Settings, epoch_of, seconds_of
from mockserver.scenario.moments import formatted
from mockserver.server.control.ask import Ask, Handler, answer
from mockserver.server.requests import session_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mockserver.clock import Clock
    from mockserver.play.session import Session


async def list_sessions(ask: Ask) -> web.Response:
    """Return all sessions, the one used last at the end."""
    return answer({"sessions": [_session(ask, session) for session in ask.live.sessions]})


async def create(ask: Ask) -> web.Response:
    """Make a session with its settings. Raises ControlError."""
    settings = settings_of(ask.body or {})
    _check_known(ask, settings.pinned or ())
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
    ask.live.reset(session, (ask.body or {}).get("clear"))
    return answer(_session(ask, session))


async def pin(ask: Ask) -> web.Response:
    """Let these scenarios go first from the next request on. Raises ControlError."""
    session, names = ask.session, tuple(ask.body["scenarios"])
    _check_known(ask, names)
    session.pinned, session.inherits = names, False
    return answer(_session(ask, session))


def _check_known(ask: Ask, names: Sequence[str]) -> None:
    """Raise ControlError (400) for the name of a scenario that there is not."""
    known = ask.live.catalog.programs
    for name in names:
        if name not in known:
            raise ControlError(
                400,
                f"there is no scenario {name!r} to pin",
                code="unknown-scenario",
                mend=did_you_mean(name, known),
            )


async def delete(ask: Ask) -> web.Response:
    """End the session's connections and forget it."""
    await ask.live.delete(ask.session)
    return web.Response(status=204)


async def get_clock(ask: Ask) -> web.Response:
    """Return what time it is in a session."""
    return answer(_time(ask.session))


async def set_clock(ask: Ask) -> web.Response:
    """Let time pass in a session whose clock is manual, until all that is due has been done."""
    session = ask.session
    await ask.live.advance(session, _seconds(ask.body, session))
    return answer(_time(session))


def _seconds(body: dict[str, str], session: Session[Clock]) -> float:
    """Return how many seconds are to pass. Raises ControlError."""
    if "advance" in body:
        return seconds_of(body["advance"])
    text = body["set"]
    at = _seconds_since(text, session.epoch) if "T" in text else seconds_of(text)
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
    "pinScenarios": pin,
    "getClock": get_clock,
    "setClock": set_clock,
}

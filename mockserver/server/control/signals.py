"""Signals: what a test tells the stories of a session that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.server.control.ask import Ask, Handler, answer

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.play.happenings import Signalled


async def send_signal(ask: Ask) -> web.Response:
    """Send a signal, and answer when the stories have done what follows. Raises ControlError."""
    session, name = ask.session, ask.path["signal"]
    waiting = session.happenings.signal(name, session.clock.now())
    await ask.live.settle(session)
    return answer({"session": session.name, "signal": name, "waiting": waiting})


async def list_signals(ask: Ask) -> web.Response:
    """Return the signals that were sent, in the order of their first sending."""
    session = ask.session
    signals = [_signal(sent) for sent in session.happenings.signals]
    return answer({"session": session.name, "signals": signals})


def _signal(sent: Signalled) -> dict[str, Any]:
    return {"signal": sent.name, "times": sent.times, "last": round(sent.recent[-1], 6)}


HANDLERS: Final[dict[str, Handler]] = {"sendSignal": send_signal, "listSignals": list_signals}

"""What conforming clients have dispatched in a session: the oracle, over HTTP."""

from __future__ import annotations

import json
from typing import Final

from aiohttp import web

from mockserver.clock import turn_of_others
from mockserver.play.dispatched import EVENTS, Audience, as_json
from mockserver.server.control.ask import FRESH, Ask, Handler


async def dispatched(ask: Ask) -> web.Response:
    """Return what conforming clients have dispatched.

    Others have their turn all the while: a session may have told a million events.
    """
    session = ask.session
    audience = Audience(ask.number("events", EVENTS))
    for _ in audience.hear(session.told):
        await turn_of_others()
    parts = []
    for listener in audience.listeners:
        parts.append(json.dumps(as_json(listener)))
        await turn_of_others()
    rest = {"session": session.name, "forgotten_connections": session.told.forgotten}
    text = f'{json.dumps(rest)[:-1]}, "subscriptions": [{", ".join(parts)}]}}\n'
    return web.Response(text=text, content_type="application/json", headers=FRESH)


HANDLERS: Final[dict[str, Handler]] = {"getDispatched": dispatched}

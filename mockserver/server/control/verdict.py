"""The verdict over HTTP: of one session, or of all; as JSON, as JUnit XML, as a report to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from aiohttp import web

from mockserver.contract.media import quality
from mockserver.play.session import DEFAULT
from mockserver.play.verdict import (
    allowed_codes,
    as_json,
    as_junit,
    as_text,
    together,
    verdict_of,
    worst,
)
from mockserver.server.control.ask import FRESH, Ask, Handler, answer
from mockserver.server.settled import heard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.clock import Clock
    from mockserver.play.session import Session
    from mockserver.play.verdict import SessionVerdict

Form = Literal["json", "junit", "text"]


async def of_session(ask: Ask) -> web.Response:
    """Return the verdict on the clients of one session."""
    found = await _judged(ask, [ask.session])
    form = _form(ask)
    return answer(as_json(found[0])) if form == "json" else _page(found, form)


async def of_all(ask: Ask) -> web.Response:
    """Return the verdicts on the clients of all sessions there are."""
    # Where nobody has come yet, the default one knows which pinned scenarios nobody has asked for.
    sessions = list(ask.live.sessions) or [ask.live.sessions.get(DEFAULT)]
    found = together(await _judged(ask, sessions))
    form = _form(ask)
    if form != "json":
        return _page(found, form)
    status = worst(verdict.status for verdict in found)
    return answer({"status": status, "sessions": [as_json(verdict) for verdict in found]})


HANDLERS: Final[dict[str, Handler]] = {"getVerdict": of_all, "getSessionVerdict": of_session}


async def _judged(ask: Ask, sessions: Sequence[Session[Clock]]) -> list[SessionVerdict]:
    """Judge sessions as the request asks for. Raises ControlError."""
    allow = allowed_codes(ask.request.query.getall("allow", ()))
    final = ask.query.get("final") == "true"
    found = []
    for session in sessions:
        await heard(session)
        found.append(verdict_of(session, ask.live.catalog, final=final, allow=allow))
    return found


def _form(ask: Ask) -> Form:
    """Return what the request wants to see: what `format` says, else what it accepts best."""
    asked = ask.query.get("format")
    if asked is not None:
        return "junit" if asked == "junit" else "text" if asked == "text" else "json"
    accept = ask.request.headers.get("Accept", "*/*")
    xml = max(quality("application/xml", accept), quality("text/xml", accept))
    json, text = quality("application/json", accept), quality("text/plain", accept)
    if max(xml, text) <= json:
        return "json"
    return "junit" if xml > text else "text"


def _page(verdicts: Sequence[SessionVerdict], form: Form) -> web.Response:
    if form == "junit":
        text, kind = as_junit(verdicts), "application/xml"
    else:
        text, kind = "\n\n".join(map(as_text, verdicts)), "text/plain"
    body = f"{text}\n".encode("utf-8", "backslashreplace")
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=FRESH)

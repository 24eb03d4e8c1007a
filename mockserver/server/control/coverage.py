"""The control API's pages of coverage: of one session, and of all that the server has sent."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Final

from aiohttp import web

from mockserver.clock import turn_of_others
from mockserver.contract.media import quality
from mockserver.errors import ControlError
from mockserver.play.coverage import coverage, read_minimum
from mockserver.play.coverage_report import as_json, as_text
from mockserver.server.control.ask import FRESH, Ask, Handler

if TYPE_CHECKING:
    from mockserver.play.coverage import Kind
    from mockserver.play.reach import Reach
    from mockserver.play.tally import Tally


async def of_all(ask: Ask) -> web.Response:
    """Return the coverage by the clients of all sessions there were."""
    return await _page(ask.request, ask.live.reach, ask.live.sessions.tally)


async def of_session(ask: Ask) -> web.Response:
    """Return the coverage by the clients of one session."""
    return await _page(ask.request, ask.live.reach, ask.session.tally)


HANDLERS: Final[dict[str, Handler]] = {
    "getCoverage": of_all,
    "getSessionCoverage": of_session,
}


async def _page(request: web.BaseRequest, reach: Reach, tally: Tally) -> web.Response:
    """Answer with a coverage: as JSON, or as a table. Raises ControlError.

    Others have their turn all the while: there may be thousands of scenarios.
    """
    minimum = _minimum(request)
    table = _wants_table(request)
    for _ in chain(reach.find(), tally.settle()):
        await turn_of_others()
    found = coverage(reach, tally)
    text = as_text(found) if table else json.dumps(as_json(found, minimum)) + "\n"
    kind = "text/plain" if table else "application/json"
    return web.Response(text=text, content_type=kind, headers=FRESH)


def _minimum(request: web.BaseRequest) -> dict[Kind, float] | None:
    text = request.query.get("minimum")
    try:
        return None if text is None else read_minimum(text)
    except ValueError as error:
        mend = "write ?minimum=80, or ?minimum=operations=100,events=80"
        raise ControlError(400, str(error), code="bad-control", mend=mend) from None


def _wants_table(request: web.BaseRequest) -> bool:
    form = request.query.get("format")
    accept = request.headers.get("Accept", "*/*")
    preferred = quality("text/plain", accept) > quality("application/json", accept)
    return form == "text" or (form is None and preferred)

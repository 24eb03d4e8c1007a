"""The scenarios that can be played: a list, the text of one, and what it will do."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.errors import ControlError, did_you_mean
from mockserver.play.explained import CUES, Asked, as_text, explain, story_json
from mockserver.server.control.ask import FRESH, Ask, Handler, answer

if TYPE_CHECKING:
    from mockserver.play.explained import Explained
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program


async def list_scenarios(ask: Ask) -> web.Response:
    """Return all scenarios, or those of one operation."""
    operation = ask.query.get("operation")
    catalog = ask.live.catalog
    found = [_summary(catalog, program) for program in catalog.programs.values()]
    if operation is not None:
        found = [summary for summary in found if operation in summary["operations"]]
    return answer({"scenarios": found})


async def read(ask: Ask) -> web.Response:
    """Return what is known of one scenario."""
    return answer(_summary(ask.live.catalog, _program(ask)))


async def source(ask: Ask) -> web.Response:
    """Return a scenario as its author wrote it."""
    program = _program(ask)
    text = ask.live.files.source(program.scenario.where)
    if text is None:
        raise ControlError(
            409,
            f"{program.scenario.where.file} has changed since it was loaded, or is gone",
            code="source-changed",
            mend="POST /_mock/reload",
        )
    return web.Response(text=text, content_type="application/yaml", headers=FRESH)


async def explained(ask: Ask) -> web.Response:
    """Return what each connection of a scenario will get, and when, as data or as text."""
    query = ask.query
    number = query.get("connection")
    asked = Asked(
        request=query.get("request", ""),
        last_event_id=query.get("last_event_id"),
        connection=None if number is None else int(number),
        seed=query.get("seed", "0"),
        limit=int(query.get("limit", CUES)),
        timeouts=query.get("timeouts") == "true",
    )
    # Both of one look at the files: in the thread there could be others by then.
    catalog, program = ask.live.catalog, _program(ask)
    # In a thread: some stories are of 16 MB, and open streams go on meanwhile.
    return await asyncio.to_thread(_explained, ask, catalog, program, asked)


def _explained(ask: Ask, catalog: Catalog, program: Program, asked: Asked) -> web.Response:
    query = ask.query
    dispatched = query.get("dispatched") == "true"
    found = explain(catalog, program, asked)
    if query.get("format") == "text":
        text = "\n".join(as_text(found, dispatched=dispatched)) + "\n"
        return web.Response(text=text, content_type="text/plain", headers=FRESH)
    most = ask.number("bytes") if "bytes" in query else None
    told = story_json(found, dispatched=dispatched, most=most)
    return answer({**told, "curl": _curl(ask, catalog, found)})


def _curl(ask: Ask, catalog: Catalog, explained: Explained) -> str | None:
    """Return a line to try it with; None where no request can be made up that is answered so."""
    from mockserver.verify.curl import curl_line  # noqa: PLC0415  (only pages want it)
    from mockserver.verify.request import NoRequestError  # noqa: PLC0415

    operation = catalog.operations(explained.program)[0]
    # Nobody trusts the authority that was made when the server started, but its own clients.
    made = ask.live.certificate is not None and ask.live.certificate.made
    with suppress(NoRequestError):
        return curl_line(explained.program, operation, ask.base_url, trusting=made)
    return None


def _program(ask: Ask) -> Program:
    """Return the scenario that the path names. Raises ControlError (404)."""
    programs = ask.live.catalog.programs
    name = ask.path["scenario"]
    if name not in programs:
        raise ControlError(
            404,
            f"there is no scenario {name!r}",
            code="unknown-scenario",
            mend=did_you_mean(name, programs),
        )
    return programs[name]


def _summary(catalog: Catalog, program: Program) -> dict[str, Any]:
    scenario = program.scenario
    operations = (catalog.contract.find(name) for name, _ in scenario.operations)
    return {
        "name": program.name,
        "description": scenario.description or "",
        "operations": [operation.id for operation in operations if operation],
        "default": scenario.default,
        "conditional": bool(scenario.when),
        "connections": program.connections,
        "violates": scenario.violates or "",
        "where": str(scenario.where),
    }


HANDLERS: Final[dict[str, Handler]] = {
    "listScenarios": list_scenarios,
    "getScenario": read,
    "getScenarioSource": source,
    "explainScenario": explained,
}

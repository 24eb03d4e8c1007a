"""Holds what scenarios say of their outcome against what a conforming client makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import Problem
from mockserver.play.oracle import ConformingClient
from mockserver.play.scope import Address, StoryScope
from mockserver.play.timeline import timeline, usual_request
from mockserver.scenario.block import filled_text
from mockserver.scenario.template import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract import Operation
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.model import Outcome
    from mockserver.scenario.program import Program

_CUES: Final = 20_000
"""Cues of a connection that are looked at."""
_WIDTH: Final = 120
_HEADERS: Final = {
    "accept": "text/event-stream",
    "accept-encoding": "gzip, deflate, br, zstd",
    "cache-control": "no-cache",
}
"""What an EventSource sends with every request (§ 9.2.2; Fetch, HTTP-network-or-cache fetch)."""

Event = tuple[str, str, str]
"""Type, data and lastEventId."""


def outcome_problems(catalog: Catalog) -> list[Problem]:
    """Return a problem for every scenario whose outcome is another than it says."""
    problems = []
    for program in catalog.programs.values():
        outcome = program.scenario.outcome
        if outcome is None:
            continue
        operation = catalog.contract.find(program.scenario.operations[0][0])
        assert operation is not None
        try:
            differences = list(_differences(program, operation, outcome, catalog))
        except RenderError as error:
            differences = [str(error)]
        mend = "mend the story, or the outcome: 'explain --dispatched' shows what is dispatched"
        problems += [Problem(outcome.where, what, "outcome", mend) for what in differences]
    return problems


def heard(program: Program, operation: Operation, catalog: Catalog) -> ConformingClient:
    """Return a conforming client that has lived through the story. Raises RenderError."""
    client = ConformingClient()
    usual = usual_request(program, operation)
    opening = replace(usual, headers=_HEADERS | dict(usual.headers))
    timeline(
        program, operation, opening, limit=_CUES, example=catalog.example, listener=client
    )  # fmt: skip
    return client


def expected_events(program: Program, operation: Operation, outcome: Outcome) -> list[Event]:
    """Return the events that the scenario says are dispatched. Raises RenderError."""
    names = _names(program, operation)
    return [
        (filled_text(e.type, names), filled_text(e.data, names), filled_text(e.id, names))
        for e in outcome.events or ()
    ]


def _names(program: Program, operation: Operation) -> Any:
    address = Address("0", program.name)
    opening = usual_request(program, operation)
    scope = StoryScope(program.scenario, address, opening)
    scope.enter(1)
    return scope.at("outcome", "")


def _differences(
    program: Program, operation: Operation, outcome: Outcome, catalog: Catalog
) -> Iterator[str]:
    client = heard(program, operation, catalog)
    if outcome.events is not None:
        wanted = expected_events(program, operation, outcome)
        got = [(event.type, event.data, event.last_event_id) for event in client.events]
        yield from _in_events(wanted, got)
    if outcome.state not in (None, client.state):
        why = client.states[-1].why
        yield f"the outcome is {client.state} ({why}), not {outcome.state}"
    if outcome.last_event_id is not None:
        wanted_id = filled_text(outcome.last_event_id, _names(program, operation))
        if wanted_id != client.last_event_id:
            yield f"the last event ID is {_shown(client.last_event_id)}, not {_shown(wanted_id)}"
    if outcome.reconnection_time not in (None, client.reconnection_time):
        told = client.reconnection_time
        got_time = "not told" if told is None else f"{told} ms"
        yield f"the reconnection time is {got_time}, not {outcome.reconnection_time} ms"


def _in_events(wanted: list[Event], got: list[Event]) -> Iterator[str]:
    for number, (expected, event) in enumerate(zip(wanted, got, strict=False), 1):
        if expected != event:
            yield f"event {number} is {_shown(event)}, not {_shown(expected)}"
            return
    if len(got) > len(wanted):
        yield f"event {len(wanted) + 1} is one too many: {_shown(got[len(wanted)])}"
    elif len(got) < len(wanted):
        yield f"event {len(got) + 1} is missing: {_shown(wanted[len(got)])}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}… ({len(text):,} characters)"

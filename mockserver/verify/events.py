"""Each event that came, held against the document and against the values of the scenario's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.contract import event_violations
from mockserver.verify.kinds import short
from mockserver.verify.values import data_difference
from mockserver.verify.words import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract import Violation
    from mockserver.errors import Location
    from mockserver.verify.heard import Got
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan, Planned
    from mockserver.verify.tour import Tour

TOLD: Final = 20
"""Differences of events that are told of one scenario, each with how often it was seen."""
_WIDTH: Final = 160


def shown(event: Got) -> str:
    """Return an event for a report."""
    id_ = "" if event.id is None else f"id {short(event.id)}, "
    return f"event {event.kind.type}: {id_}{short(event.data, _WIDTH)}"


def event_differences(plan: Plan, tour: Tour, options: Options) -> Iterator[Difference]:
    """Yield what is wrong with single events."""
    yield from _of_document(plan, tour)
    if options.match == "exact":
        yield from _of_values(plan, tour)
    for heard in tour.heard:
        if heard.end == "end" and heard.rest.strip():
            yield Difference(
                "unfinished-event",
                "the body ends in the middle of an event, which no client gets",
                "a blank line behind the last event",
                f"{heard.unfinished:,} bytes behind it",
                plan.legs[-1].where,
                heard.number,
                heard.ended_at,
                short(heard.rest.decode("utf-8", "replace"), _WIDTH),
            )


def _of_document(plan: Plan, tour: Tour) -> Iterator[Difference]:
    """Yield events that break the document, each way to do so once."""
    if plan.stream is None:
        return
    found: dict[tuple[str, str, str], tuple[Violation, Got, int]] = {}
    for event in tour.events:
        for violation in event_violations(plan.stream, event.kind.type, event.data, event.id):
            key = (event.kind.type, violation.field, violation.pointer)
            first, where, count = found.get(key, (violation, event, 0))
            found[key] = (first, where, count + 1)
    for violation, event, count in list(found.values())[:TOLD]:
        yield Difference(
            "event-schema",
            f"{violation.field}: {violation.what}" if violation.field else violation.what,
            short(violation.expected, _WIDTH) or "what the document says",
            shown(event),
            place_of(plan, event),
            event.connection,
            event.at,
            f"{plan.operation.document.source}#{violation.pointer}" if violation.pointer else "",
            count,
        )


def place_of(plan: Plan, event: Got) -> Location:
    """Return the line of the first event of the scenario that is of the same kind or type."""
    planned = plan.events
    same = [each for each in planned if each.kind == event.kind]
    same += [each for each in planned if each.kind.type == event.kind.type]
    return same[0].where if same else plan.scenario.where


def _of_values(plan: Plan, tour: Tour) -> Iterator[Difference]:
    """Yield values that the scenario writes literally, and that came otherwise."""
    told = 0
    for planned, event in _pairs(plan.events, tour.events):
        written = planned.step.data
        # A text is held as its clients get it: its line ends, and the coding of an item.
        found = data_difference(planned.data if isinstance(written, str) else written, event.data)
        if found is None or told >= TOLD:
            continue
        told += 1
        field, expected, got = found
        yield Difference(
            "event-data",
            f"{field or 'data'}: another value than the scenario's",
            expected,
            got,
            planned.where,
            event.connection,
            event.at,
            shown(event),
        )


def _pairs(planned: list[Planned], came: list[Got]) -> Iterator[tuple[Planned, Got]]:
    """Yield what belongs together: the nth event of a kind and the nth that came of it."""
    waiting: dict[object, list[Planned]] = {}
    for each in planned:
        waiting.setdefault(each.kind, []).append(each)
    seen: dict[object, int] = {}
    for event in came:
        of_kind = waiting.get(event.kind, [])
        number = seen.get(event.kind, 0)
        seen[event.kind] = number + 1
        if number < len(of_kind):
            yield of_kind[number], event

"""Ids, and whether a connection that brings one goes on behind it: nothing twice, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.verify.events import place_of, shown
from mockserver.verify.kinds import short
from mockserver.verify.words import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.verify.heard import Got, Heard
    from mockserver.verify.plan import Plan
    from mockserver.verify.tour import Tour


def resume_differences(plan: Plan, tour: Tour) -> Iterator[Difference]:
    """Yield what is wrong with ids, and with what came behind them."""
    if plan.framing != "sse":
        return
    events = tour.events
    yield from _missing_ids(plan, events)
    yield from _repeated_ids(plan, tour)
    known: dict[str, Got] = {}
    for heard in tour.heard:
        again = [event for event in heard.events if event.id and event.id in known]
        if again:
            yield _again(plan, heard, again, known)
        elif known and _is_anew(tour, heard):
            yield _anew(plan, heard)
        known |= {event.id: event for event in heard.events if event.id}
    yield from _lost(plan, tour)


def _is_anew(tour: Tour, heard: Heard) -> bool:
    """Whether a connection begins with all that the first one had, under other ids.

    One event alone may be the same by chance, where an uninterrupted run does not begin so too.
    """
    first = [(event.kind.type, event.data) for event in tour.heard[0].events]
    again = [(event.kind.type, event.data) for event in heard.events[: len(first)]]
    whole = [(event.kind.type, event.data) for event in tour.whole[: len(first)]]
    return bool(first) and again == first and (len({*first}) > 1 or whole == first)


def _anew(plan: Plan, heard: Heard) -> Difference:
    """Tell of events that came once more under other ids."""
    first = heard.events[0]
    return Difference(
        "no-resume",
        f"connection {heard.number} does not resume: everything comes again, with other ids",
        f"the events behind id {short(heard.last_event_id)} only",
        f"the data of connection 1, from id {short(first.id or 'none')} on",
        place_of(plan, first),
        heard.number,
        first.at,
        f"Last-Event-ID: {short(heard.last_event_id)}; {shown(first)}",
    )


def _missing_ids(plan: Plan, events: Sequence[Got]) -> Iterator[Difference]:
    """Yield events without an id, of a kind of which the scenario gives one to every event."""
    kinds = {event.kind.type for event in plan.events}
    without = {event.kind.type for event in plan.events if not event.has_id}
    lacking = [event for event in events if not event.id and event.kind.type in kinds - without]
    if lacking:
        first = lacking[0]
        yield Difference(
            "id-missing",
            "an event has no id, and the scenario's have one",
            "an id with each event of this type",
            shown(first),
            place_of(plan, first),
            first.connection,
            first.at,
            count=len(lacking),
        )


def _repeated_ids(plan: Plan, tour: Tour) -> Iterator[Difference]:
    """Yield ids that two events of one connection have."""
    for heard in tour.heard:
        seen: dict[str, Got] = {}
        twice = [
            event
            for event in heard.events
            if event.id and seen.setdefault(event.id, event) is not event
        ]
        if twice and any(event.has_id for event in plan.events):
            first = twice[0]
            yield Difference(
                "id-repeated",
                "two events of one connection have the same id",
                "an id of its own for each event",
                f"id {short(first.id or '')} twice",
                place_of(plan, first),
                heard.number,
                first.at,
                shown(first),
                len(twice),
            )
            return


def _again(
    plan: Plan, heard: Heard, again: Sequence[Got], known: dict[str, Got]
) -> Difference:  # fmt: skip
    """Tell of events that came once more though their ids were brought back."""
    first = again[0]
    anew = first.id == next(iter(known))
    asked = f"Last-Event-ID: {short(heard.last_event_id)}"
    code = "no-resume" if anew else "resume-repeats"
    what = "does not resume: everything comes again" if anew else "events come again"
    return Difference(
        code,
        f"connection {heard.number} {what}" if anew else f"{what} on connection {heard.number}",
        f"the events behind id {short(heard.last_event_id)} only",
        f"{len(again)} of {len(heard.events)} events once more, from id {short(first.id or '')} on",
        place_of(plan, first),
        heard.number,
        first.at,
        f"{asked}; {shown(first)}",
    )


def _lost(plan: Plan, tour: Tour) -> Iterator[Difference]:
    """Yield ids that an uninterrupted run has, and the interrupted one has not.

    Comparable are runs that begin with the same ids: what comes anew for every client cannot be.
    """
    if not tour.heard[0].events:
        return
    whole = [event.id for event in tour.whole if event.id]
    before = [event.id for event in tour.heard[0].events if event.id]
    came = [event.id for event in tour.events if event.id]
    if not whole or whole[: len(before)] != before:
        return
    known = [id_ for id_ in whole if id_ in set(came)]
    upto = whole.index(known[-1]) + 1
    lost = [id_ for id_ in whole[:upto] if id_ not in set(came)]
    if lost:
        resumed = next((heard for heard in tour.heard[1:] if heard.events), tour.heard[-1])
        yield Difference(
            "resume-loses",
            "events are lost where the connection was interrupted",
            f"id {short(lost[0])}, as without interruption",
            shown(resumed.events[0]) if resumed.events else "nothing",
            place_of(plan, resumed.events[0]) if resumed.events else plan.scenario.where,
            resumed.number,
            resumed.events[0].at if resumed.events else None,
            f"Last-Event-ID: {short(resumed.last_event_id)}",
            len(lost),
        )

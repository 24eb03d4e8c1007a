"""Which events came, in which order, and how it ended, held against the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mockserver.contract import event_violations
from mockserver.verify.events import shown
from mockserver.verify.kinds import folded, listed, short
from mockserver.verify.words import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.errors import Location
    from mockserver.verify.heard import Got, Heard
    from mockserver.verify.kinds import Kind
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan
    from mockserver.verify.tour import Tour


def order_differences(plan: Plan, tour: Tour, options: Options) -> Iterator[Difference]:
    """Yield what is missing, too much, in another order; or how it ended, if that is all."""
    came = _told_once(tour.events)
    planned = [event.kind for event in plan.events]
    got = [event.kind for event in came]
    last = tour.heard[-1]
    wanted, found = dict.fromkeys(planned), dict.fromkeys(got)
    missing = [kind for kind in wanted if kind not in found]
    strange = [event for event in came if event.kind not in wanted]
    foreign = [event for event in strange if not _is_undeclared(plan, event)]
    ending = _ending(plan, last)
    if missing or (ending == "timeout" and not last.reached):
        yield _missing(plan, last, missing, planned, came)
        return
    for event in {event.kind: event for event in reversed(foreign)}.values():
        yield Difference(
            "event-unexpected",
            f"an event came that the scenario does not have: {event.kind}",
            listed(list(wanted)),
            str(event.kind),
            plan.scenario.where,
            event.connection,
            event.at,
            shown(event),
        )
    if not strange:
        yield from _in_order(plan, planned, came, tour, options)
    if ending is not None:
        yield _end(plan, last, ending, came)


def _told_once(events: Sequence[Got]) -> list[Got]:
    """Return events without those that a later connection has brought once more."""
    known: dict[str, int] = {}
    found = []
    for event in events:
        if event.id and known.setdefault(event.id, event.connection) != event.connection:
            continue
        found.append(event)
    return found


def _without_beginnings(came: Sequence[Got], heard: Sequence[Heard]) -> list[Got]:
    """Return events without those that a connection began anew with, as it had no id to bring.

    A mock server goes on with its story there; who keeps no stories can but begin once more.
    """
    found: list[Got] = []
    for connection in heard:
        own = [event for event in came if event.connection == connection.number]
        before = [event.kind for event in found]
        if not connection.last_event_id and [event.kind for event in own[: len(before)]] == before:
            own = own[len(before) :]
        found += own
    return found


def _is_undeclared(plan: Plan, event: Got) -> bool:
    """Whether its type breaks the document, which has been told already."""
    if plan.stream is None:
        return False
    found = event_violations(plan.stream, event.kind.type, event.data, event.id)
    return any(violation.code == "undeclared-event" for violation in found)


# --- what is missing ------------------------------------------------------------------------------


def _missing(
    plan: Plan, last: Heard, missing: Sequence[Kind], planned: Sequence[Kind], came: Sequence[Got]
) -> Difference:
    where = next((event.where for event in plan.events if event.kind in missing), _last(plan))
    behind = f"after event {len(came)} ({came[-1].kind})" if came else "without any event"
    terminal = [*missing] == [planned[-1]] and plan.legs[-1].end == "end" if missing else False
    match last.end:
        case "timeout":
            code = "timeout" if came else "silent"
            what = "the time is over, and not all has come"
            got = f"{_instead(plan, last)} until the time was over"
            got = f"{got}, {behind}" if came else got
        case "cut":
            code, what = "cut-off", "the connection breaks off before all has come"
            got = _broken_off(last, behind)
        case _:
            code = "terminal-missing" if terminal else "event-missing"
            what = "the terminal event is missing" if terminal else "an event is missing"
            got = f"the server ended the connection {behind}"
    expected = listed(missing) if missing else f"{len(planned)} events"
    evidence = shown(came[-1]) if came else ""
    if came and not last.events and last.last_event_id:
        evidence = f"Last-Event-ID: {short(last.last_event_id)} brought nothing more"
    return Difference(code, what, expected, got, where, last.number, last.ended_at, evidence)


def _instead(plan: Plan, last: Heard) -> str:
    """Return what came in place of more events."""
    more = "more event" if last.events else "event"
    if last.unfinished:
        return f"an unfinished event of {last.unfinished:,} bytes"
    if last.signs:
        sign = "comment" if plan.beat_kind is None else "heartbeat"
        return f"{last.signs:,} {sign}{'' if last.signs == 1 else 's'} and no {more}"
    if last.size and not last.events:
        return f"{last.size:,} bytes and no event"
    return "nothing"


def _broken_off(last: Heard, behind: str) -> str:
    return f"it broke off {behind}: {last.why}" if last.why else f"it broke off {behind}"


def _last(plan: Plan) -> Location:
    return plan.legs[-1].where


# --- order ----------------------------------------------------------------------------------------


def _in_order(
    plan: Plan, planned: Sequence[Kind], came: Sequence[Got], tour: Tour, options: Options
) -> Iterator[Difference]:
    got, last = [event.kind for event in came], tour.heard[-1]
    match options.order:
        case "set":
            return
        case "types" if plan.endless:
            yield from _of_beginning(plan, came, last)
            return
        case "types":
            wanted, found = folded(planned), folded(got)
        case "exact":
            wanted, found = _one_by_one(plan, planned, got)
            anew = [event.kind for event in _without_beginnings(came, tour.heard)]
            one, other = _one_by_one(plan, planned, anew)
            found = wanted if one == other else found
    if wanted != found:
        yield _order(plan, wanted, found, last, exact=options.order == "exact")


def _one_by_one(
    plan: Plan, planned: Sequence[Kind], got: Sequence[Kind]
) -> tuple[list[Kind], list[Kind]]:
    """Return what was planned and what came, as far as both can be compared."""
    if plan.legs[-1].end != "open":
        return list(planned), list(got)
    most = min(len(planned), len(got)) if plan.endless else len(planned)
    return list(planned[:most]), list(got[:most])


def _of_beginning(plan: Plan, came: Sequence[Got], last: Heard) -> Iterator[Difference]:
    """Hold what comes before the loop without an end to its order; inside it there is none."""
    first = folded(event.kind for event in plan.events if not event.looped)
    found = folded(event.kind for event in came)[: len(first)]
    if found != first:
        yield _order(plan, first, found, last, exact=False)


def _order(
    plan: Plan, wanted: Sequence[Kind], found: Sequence[Kind], last: Heard, *, exact: bool
) -> Difference:
    at = next(
        (n for n, (one, other) in enumerate(zip(wanted, found, strict=False)) if one != other),
        min(len(wanted), len(found)),
    )
    counts = exact and sorted(map(str, wanted)) != sorted(map(str, found))
    code = "event-count" if counts else "event-order"
    what = "there are more or fewer events" if counts else "the events come in another order"
    one = str(wanted[at]) if at < len(wanted) else "the end"
    other = str(found[at]) if at < len(found) else "the end"
    rows = "" if exact else ", repeats counted once"
    return Difference(
        code, f"{what}{rows}: number {at + 1} is {other}, not {one}", listed(wanted),
        listed(found), plan.scenario.where, last.number, last.ended_at,
    )  # fmt: skip


# --- the end --------------------------------------------------------------------------------------

Ending = Literal["timeout", "cut", "ended"]


def _ending(plan: Plan, last: Heard) -> Ending | None:
    """Return how the last connection ended, where it should have ended otherwise."""
    wanted = plan.legs[-1].end
    if last.end == "timeout":
        return "timeout" if not last.reached or wanted == "end" else None
    if last.end == "cut":
        return "cut"
    if last.end == "end" and wanted == "open":
        return "ended"
    return None


def _end(plan: Plan, last: Heard, ending: Ending, came: Sequence[Got]) -> Difference:
    behind = f"after event {len(came)}" if came else "without any event"
    where = _last(plan)
    at = last.ended_at
    if ending == "timeout":
        what = "the server does not end the connection"
        got = f"still open after {at:.3g} s, {behind}"
        return Difference("not-ended", what, "the end of the body", got, where, last.number, at)
    if ending == "cut":
        expected = "the end of the body" if plan.legs[-1].end == "end" else "an open connection"
        what, got = "the connection breaks off", _broken_off(last, behind)
        return Difference("cut-off", what, expected, got, where, last.number, at)
    what = "the server ends a connection that stays open in the scenario"
    got = f"it ended {behind}"
    return Difference("ended-early", what, "an open connection", got, where, last.number, at)

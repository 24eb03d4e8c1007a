"""Holds one entry of `expect` against one subscription: passed, failed, or not yet certain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockserver.play.verdict.differences import asked, differences, shown
from mockserver.play.verdict.judged import Evidence, Judged
from mockserver.scenario.block import echoed
from mockserver.scenario.expected import (
    ClosingExpected,
    ConnectionExpected,
    ConnectionsExpected,
    RequestsExpected,
)
from mockserver.scenario.units import FOREVER, duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.play.verdict.judged import Status
    from mockserver.play.witness import Visit, Watched
    from mockserver.scenario.expected import Expected
    from mockserver.scenario.model import Test

_NO_TIME: Final = "nothing can be said of time: on this clock none passes"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a verdict is asked for: the session's time, whether it passes, whether all is over."""

    now: float
    passes: bool
    final: bool


def judge(
    entry: Expected, watched: Watched, moment: Moment, *, gone: bool = False
) -> Judged | None:
    """Return how one subscription did by an entry on its connections.

    `gone`: its client went away and began anew. What it did not live to do is nobody's fault then,
    nor how its last connection ended; None where nothing else is left to judge.
    """
    # Who left by itself may still begin anew, however late: nothing is certain of it before.
    waits = moment.passes and not watched.left
    over = moment.final or (waits and watched.subscription.expired(moment.now))
    found = _judged(entry, watched, replace(moment, final=over))
    if not gone or found.status == "passed" or _is_its_own(entry, watched):
        return found
    return None


def _is_its_own(entry: Expected, watched: Watched) -> bool:
    """Whether an entry is about what a client did before it went away."""
    last = watched.last.number if watched.last else 0
    match entry:
        case ConnectionExpected(connection=number):
            return number <= last
        case ClosingExpected(connection=int(number)):
            return number < last
        case ConnectionsExpected(connections=bounds):
            return watched.count > bounds.high
    return False


def told_of(watched: Watched) -> str:
    """Return which subscription this is, in words."""
    number = watched.subscription.address.subscription
    target = watched.visits[0].told.target if watched.visits else ""
    return f"{watched.scenario}, subscription {number} ({target})"


def _judged(entry: Expected, watched: Watched, moment: Moment) -> Judged:
    match entry:
        case ConnectionExpected():
            evidence, number = tuple(_connection(entry, watched, moment)), entry.connection
        case ConnectionsExpected():
            evidence, number = (_connections(entry, watched, moment),), 0
        case ClosingExpected():
            visit = watched.visit(entry.connection) if entry.connection else watched.last
            evidence = tuple(_closing(entry, watched, visit, moment))
            number = visit.number if visit else entry.connection or 0
        case _:
            raise AssertionError(entry)
    target = watched.visits[0].told.target if watched.visits else ""
    return Judged(watched.subscription.address.subscription, target, number, evidence)


# --- connection: N --------------------------------------------------------------------------


def _connection(entry: ConnectionExpected, watched: Watched, moment: Moment) -> Iterator[Evidence]:
    visit = watched.visit(entry.connection)
    if visit is None:
        yield _never_came(str(entry), watched, moment)
        return
    at = visit.told.at
    yield Evidence("passed", str(entry), "a request", visit.told.target, at)
    if visit.opening is None:
        return
    yield from differences(entry.like, visit.opening, at)
    if entry.last_event_id is not None:
        yield _last_event_id(entry.last_event_id, visit.opening.last_event_id, at)
    if entry.after is not None:
        yield _after(entry, watched.visit(entry.connection - 1), visit, moment)


def _never_came(of: str, watched: Watched, moment: Moment) -> Evidence:
    """Return what there is in place of a connection that has not come."""
    status: Status = "failed" if moment.final else "pending"
    last = watched.visits[-1] if watched.visits else None
    if last is not None and last.ended is None:
        return Evidence(status, of, "a request", f"connection {last.number} is still open")
    never = "the client never came back" if moment.final else "the client has not come back yet"
    return Evidence(status, of, "a request", f"{never} after connection {watched.count}")


def _last_event_id(expected: Test, got: str | None, at: float) -> Evidence:
    said = "none was sent" if got is None else shown(got)
    if isinstance(expected, bool):
        # An empty header is one too many, and no id.
        held = bool(echoed(got)) if expected else got is None
    else:
        held = got is not None and echoed(expected) == echoed(got)
    return Evidence("passed" if held else "failed", "last_event_id", asked(expected), said, at)


def _after(
    entry: ConnectionExpected, before: Visit | None, visit: Visit, moment: Moment
) -> Evidence:
    assert entry.after is not None
    expected, at = str(entry.after), visit.told.at
    if not moment.passes:
        return Evidence("passed", "after", expected, _NO_TIME, at)
    if before is None or before.ended is None:
        return Evidence("failed", "after", expected, "the one before it had not ended", at)
    gap = max(0.0, at - before.ended)
    got = f"{duration_text(gap)} after connection {before.number} ended"
    return Evidence("passed" if entry.after.hold(gap) else "failed", "after", expected, got, at)


# --- connections: N -------------------------------------------------------------------------


def _connections(entry: ConnectionsExpected, watched: Watched, moment: Moment) -> Evidence:
    bounds, count = entry.connections, watched.count
    within = entry.within if moment.passes else None
    said = f"{bounds}" if entry.within is None else f"{bounds} within {_time(entry.within)}"
    if within is not None:
        rest = _rest(entry, watched, within, moment.now)
        if rest is not None:
            got = f"none followed connection {rest.number} for {_time(within)}"
            return Evidence("passed", "connections", said, got, rest.ended)
    if count > bounds.high:
        return Evidence("failed", "connections", said, *_one_too_many(entry, watched))
    got = f"{count}" if count else "none"
    if not moment.passes and entry.within is not None:
        got += f"; {_NO_TIME}"
    if not bounds.hold(count):
        return Evidence("failed" if moment.final else "pending", "connections", said, got)
    if within is None and bounds.high == FOREVER:
        return Evidence("passed", "connections", said, got)
    if moment.final and within is not None:
        got += f"; the {_time(within)} were not over yet"
    return Evidence("passed" if moment.final else "pending", "connections", said, got)


def _rest(entry: ConnectionsExpected, watched: Watched, within: float, now: float) -> Visit | None:
    """Return the connection after which none came for long enough, where so many are right."""
    for visit in [*watched.visits, *filter(None, [watched.last])]:
        if visit.ended is None or not entry.connections.hold(visit.number):
            continue
        following = watched.visit(visit.number + 1)
        if following is None and visit.number < watched.count:
            continue
        if (following.told.at if following else now) - visit.ended >= within - 1e-9:
            return visit
    return None


def _one_too_many(entry: ConnectionsExpected, watched: Watched) -> tuple[str, float | None]:
    """Return what came beyond the bounds, and when."""
    number = int(entry.connections.high) + 1
    visit, before = watched.visit(number), watched.visit(number - 1)
    if visit is None:
        return f"{watched.count}", None
    got = f"{watched.count}: connection {number} came"
    if before is not None and before.ended is not None:
        got += f" {_time(max(0.0, visit.told.at - before.ended))} after {before.number} ended"
    return got, visit.told.at


# --- closed_by ------------------------------------------------------------------------------


def _closing(
    entry: ClosingExpected, watched: Watched, visit: Visit | None, moment: Moment
) -> Iterator[Evidence]:
    if visit is None:
        yield _never_came(str(entry), watched, moment)
        return
    of = f"connection {visit.number} closed by"
    if visit.ended is None:
        status: Status = "failed" if moment.final else "pending"
        yield Evidence(status, of, entry.closed_by, "still open", None)
        return
    for each in _how_it_ended(entry, visit, of, moment):
        # Another connection may still come, and be the last one then; or the story begins anew.
        certain = entry.connection is not None
        if certain and each.status == "failed":
            certain = not (watched.left and visit is watched.last)
        certain = certain or moment.final
        yield each if certain else replace(each, status="pending", got=f"{each.got} so far")


def _how_it_ended(
    entry: ClosingExpected, visit: Visit, of: str, moment: Moment
) -> Iterator[Evidence]:
    ended, last, by = visit.ended, visit.last, visit.told.by
    assert ended is not None
    # On a clock that was moved far past it, the event left later than it was due.
    left = visit.told.moment(last.at) if last is not None else 0.0
    got = f"{by}"
    if last is not None and moment.passes:
        got += f", {_time(max(0.0, ended - left))} after event {last.type}"
    # Whatever neither the client nor the script has ended, the server has.
    closer = by if by in ("client", "script") else "server"
    held = closer == entry.closed_by
    yield Evidence("passed" if held else "failed", of, entry.closed_by, got, ended)
    if entry.after_event is None:
        return
    kind = f"event {last.type}" if last is not None else "no event had been dispatched"
    held = last is not None and last.type == entry.after_event
    yield Evidence(
        "passed" if held else "failed", "after_event", f"event {entry.after_event}", kind, ended
    )
    if entry.within is None or last is None or not held:
        return
    said = f"at most {_time(entry.within)} after it"
    if not moment.passes:
        yield Evidence("passed", "within", said, _NO_TIME, ended)
        return
    took = max(0.0, ended - left)
    held = took <= entry.within + 1e-9
    yield Evidence("passed" if held else "failed", "within", said, _time(took), ended)


# --- requests -------------------------------------------------------------------------------


def judge_requests(entry: RequestsExpected, counts: Mapping[str, int], moment: Moment) -> Judged:
    """Return how the session did by an entry on the number of requests."""
    evidence = []
    for each in entry.requests:
        count = counts.get(each.operation, 0)
        got = f"{count} request{'' if count == 1 else 's'}"
        status: Status = "pending"
        if count > each.times.high:
            status = "failed"
        elif count >= each.times.low and (moment.final or each.times.high == FOREVER):
            status = "passed"
        elif moment.final:
            status = "failed"
        evidence.append(Evidence(status, f"requests to {each.name}", str(each.times), got))
    return Judged(0, "", 0, tuple(evidence))


def _time(seconds: float) -> str:
    return duration_text(round(seconds, 6))

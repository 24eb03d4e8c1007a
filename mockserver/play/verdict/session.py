"""Makes the verdict of what a session has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.errors import ControlError, did_you_mean
from mockserver.play.dispatched import Listener
from mockserver.play.findings import CODES
from mockserver.play.verdict.entries import Moment, judge, judge_requests, told_of
from mockserver.play.verdict.judged import (
    Evidence,
    Expectation,
    Judged,
    ScenarioVerdict,
    SessionVerdict,
)
from mockserver.scenario.expected import ClosingExpected, ConnectionExpected, RequestsExpected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.play.findings import Finding
    from mockserver.play.session import Session
    from mockserver.play.verdict.judged import Status
    from mockserver.play.witness import Visit, Watched
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.expected import Expected


class Time(Protocol):
    """What a verdict asks of a session's clock."""

    passes: bool

    def now(self) -> float:
        """Return the session's seconds."""


OVERLAP: Final = 0.1
"""Seconds by which a client's new connection may come before its old one is seen to end.

One that comes sooner is another client's: a second tab, say.
"""


def allowed_codes(codes: Iterable[str]) -> frozenset[str]:
    """Return the codes of findings to leave out. Raises ControlError for one that is none."""
    found = frozenset(codes)
    for code in sorted(found - CODES.keys()):
        what = f"there are no findings with the code {code!r}"
        mend = did_you_mean(code, CODES)
        raise ControlError(400, what, code="unknown-finding", mend=mend)
    return found


def hear(session: Session[Any]) -> Iterator[None]:
    """Find out what was dispatched last, where an entry asks for it and it is not known yet.

    Connections are played once more, which may take long: yields where others may have their turn.
    """
    for watched in session.witness:
        for visit in _heard(watched):
            if visit.heard or visit.ended is None:
                continue
            listener = Listener(watched.subscription, limit=0)
            yield from listener.listen(visit.told)
            visit.last, visit.heard = listener.last, True


def _heard(watched: Watched) -> Iterator[Visit]:
    for entry in watched.expected:
        if isinstance(entry, ClosingExpected):
            visit = watched.visit(entry.connection) if entry.connection else watched.last
            if visit is not None:
                yield visit


def verdict_of(
    session: Session[Any], catalog: Catalog, *, final: bool, allow: Iterable[str] = ()
) -> SessionVerdict:
    """Return how the session's clients have done so far, or with `final` in the end.

    `allow` are codes of findings that fail nobody. Raises ControlError for one that is none.
    """
    allowed = allowed_codes(allow)
    for _ in hear(session):
        pass
    witness, clock = session.witness, session.clock
    moment = Moment(clock.now(), passes=clock.passes, final=final)
    found = [each for each in witness.findings if not _is_foreseen(each, catalog)]
    unlisted = sorted(witness.findings.unlisted.items())
    watched = sorted(witness, key=lambda each: each.scenario)
    abandoned = _abandoned(watched)
    scenarios = [_scenario(group, moment, witness.requests) for group in _grouped(watched)]
    scenarios += _unasked(session, watched, catalog, moment)
    return SessionVerdict(
        session.name,
        final,
        tuple(sorted(scenarios, key=lambda scenario: scenario.name)),
        tuple(each for each in found if each.code not in allowed),
        tuple(each for each in found if each.code in allowed),
        tuple(witness.findings.notes),
        tuple(told_of(each) for each in watched if each in abandoned),
        witness.unwatched,
        tuple((code, count) for code, count in unlisted if code not in allowed),
    )


def _grouped(watched: Sequence[Watched]) -> Iterator[list[Watched]]:
    """Yield the subscriptions of each scenario; one that was edited is another."""
    groups: dict[tuple[str, int], list[Watched]] = {}
    for each in watched:
        groups.setdefault((each.scenario, id(each.expected)), []).append(each)
    yield from groups.values()


def _scenario(
    group: Sequence[Watched], moment: Moment, requests: dict[str, int]
) -> ScenarioVerdict:
    found = []
    gone = _abandoned(group)
    for entry in group[0].expected:
        if isinstance(entry, RequestsExpected):
            judged = [judge_requests(entry, requests, moment)]
        else:
            judged = [
                result
                for each in group
                if (result := judge(entry, each, moment, gone=each in gone)) is not None
            ]
        found.append(Expectation(entry.where, str(entry), tuple(judged)))
    return ScenarioVerdict(group[0].scenario, tuple(found))


def _abandoned(watched: Iterable[Watched]) -> set[Watched]:
    """Return those whose client went away in the middle of the story, and began it anew.

    So do a page that is loaded again, and React's StrictMode, which connects twice. The second
    connection may come before the first one is seen to end.
    """
    newest: dict[Any, Watched] = {}
    for each in watched:
        other = newest.setdefault(each.subscription.client, each)
        if _number(each) > _number(other):
            newest[each.subscription.client] = each
    return {each for each in watched if _follows(newest[each.subscription.client], each)}


def _number(watched: Watched) -> int:
    return watched.subscription.address.subscription


def _follows(other: Watched, left: Watched) -> bool:
    """Whether `left` went away by itself, and `other` came when that was so, or just before."""
    if left.last is None or not left.left or left.last.ended is None:
        return False
    came, first = other.visits[0].told.at, left.last.told.at
    return _number(other) > _number(left) and came >= max(first, left.last.ended - OVERLAP)


def _unasked(
    session: Session[Any], watched: Iterable[Watched], catalog: Catalog, moment: Moment
) -> Iterator[ScenarioVerdict]:
    """Yield the pinned scenarios that expect something, and that nobody has asked."""
    asked = {each.scenario for each in watched}
    for name in dict.fromkeys(session.pinned):
        program = catalog.programs.get(name)
        if program is None or name in asked:
            continue
        entries = program.scenario.expect
        if entries:
            unmet = tuple(_unmet(entry, moment) for entry in entries)
            yield ScenarioVerdict(name, unmet, asked=False, shared=session.inherits)


def _unmet(entry: Expected, moment: Moment) -> Expectation:
    got = "no request has been answered by this scenario"
    status: Status = "failed" if moment.final else "pending"
    evidence = Evidence(status, str(entry), "a client", got)
    return Expectation(entry.where, str(entry), (Judged(0, "", 0, (evidence,)),))


def _is_foreseen(found: Finding, catalog: Catalog) -> bool:
    """Whether a scenario is meant for the id that it does not know: refuses it, or expects it."""
    program = catalog.programs.get(found.scenario)
    if found.code != "unknown-last-event-id" or program is None:
        return False
    return program.scenario.resume.unknown is not None or any(
        isinstance(entry, ConnectionExpected) and entry.last_event_id == found.last_event_id
        for entry in program.scenario.expect
    )

"""A verdict as data: of a session, its scenarios, their entries, each subscription's evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.errors import Location
    from mockserver.play.findings import Finding

Status = Literal["passed", "failed", "pending"]


def worst(statuses: Iterable[Status]) -> Status:
    """Return `failed` if any is, else `pending` if any is, else `passed`."""
    found = set(statuses)
    return "failed" if "failed" in found else "pending" if "pending" in found else "passed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that an entry asks for: what was expected, what came, and when, in seconds.

    `nearest` is what comes nearest to it, where that helps.
    """

    status: Status
    of: str
    expected: str
    got: str
    at: float | None = None
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry, held against one subscription; `subscription` 0 for the session as a whole.

    `connection` is the one that was judged, 0 for none in particular.
    """

    subscription: int
    target: str
    connection: int
    evidence: tuple[Evidence, ...]

    @property
    def status(self) -> Status:
        """What the evidence comes to."""
        return worst(each.status for each in self.evidence)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One entry of `expect`, and how every subscription did."""

    where: Location
    text: str
    judged: tuple[Judged, ...]

    @property
    def status(self) -> Status:
        """Failed if any subscription failed, pending if any is."""
        return worst(each.status for each in self.judged)


@dataclass(frozen=True, slots=True)
class ScenarioVerdict:
    """All entries of one scenario.

    `asked`: whether anybody has asked for it; `shared`: whether it is enough that anybody has, in
    any session, for the server has pinned it.
    """

    name: str
    expectations: tuple[Expectation, ...]
    asked: bool = True
    shared: bool = False

    @property
    def status(self) -> Status:
        """What its entries come to."""
        return worst(each.status for each in self.expectations)


@dataclass(frozen=True, slots=True)
class SessionVerdict:
    """The verdict on the clients of one session.

    `allowed` are findings that the caller has left out, `notes` what scripts did wrong, which
    fails nobody. `abandoned`: subscriptions whose clients went and began anew. `unwatched`:
    subscriptions beyond the bounds; `unlisted`: findings beyond them, by code.
    """

    session: str
    final: bool
    scenarios: tuple[ScenarioVerdict, ...]
    findings: tuple[Finding, ...]
    allowed: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    abandoned: tuple[str, ...] = ()
    unwatched: int = 0
    unlisted: tuple[tuple[str, int], ...] = ()

    @property
    def status(self) -> Status:
        """Failed by any finding and by any entry that failed."""
        if self.findings or self.unlisted:
            return "failed"
        return worst(each.status for each in self.scenarios)

    def count(self, status: Status) -> int:
        """Return how many entries have this status."""
        counts = Counter(e.status for scenario in self.scenarios for e in scenario.expectations)
        return counts[status]

    @property
    def asked(self) -> set[str]:
        """The scenarios that anybody has asked for in this session."""
        return {scenario.name for scenario in self.scenarios if scenario.asked}


def together(verdicts: Sequence[SessionVerdict], asked: Iterable[str] = ()) -> list[SessionVerdict]:
    """Return verdicts on all sessions, of which one is enough to ask for what the server pins.

    Where none has asked for such a scenario, the first verdict alone says so. `asked` are
    scenarios that others have asked for, whose verdicts there are no more.
    """
    known = set(asked).union(*(verdict.asked for verdict in verdicts))
    found = []
    for verdict in verdicts:
        kept = tuple(s for s in verdict.scenarios if not (s.shared and s.name in known))
        known.update(scenario.name for scenario in kept if scenario.shared)
        found.append(replace(verdict, scenarios=kept))
    return found

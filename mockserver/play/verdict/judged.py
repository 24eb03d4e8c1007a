"""A verdict as data: of a session, its scenarios, their entries, each subscription's evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """All entries of one scenario."""

    name: str
    expectations: tuple[Expectation, ...]

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

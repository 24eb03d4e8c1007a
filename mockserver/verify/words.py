"""What is said of one scenario: what differs, what was noticed, why it was not tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from mockserver.errors import Location

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a scenario is not verified, and where it says so."""

    reason: str
    where: Location


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the backend differs from the scenario that stands at `where`.

    `at` is when, in seconds since the request of connection `connection` (from 1) was sent.
    `evidence` is what shows it, and `count` how often it was seen.
    """

    code: str
    what: str
    expected: str
    got: str
    where: Location
    connection: int = 1
    at: float | None = None
    evidence: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Note:
    """Something that fails nobody, and that an operator may want to know."""

    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """One scenario, held against the backend.

    `request` is its request line, `connections` and `events` say how many there were, `took` how
    many seconds. One that has failed with `skip` was not tried for want of time.
    """

    name: str
    where: Location
    status: Status
    request: str = ""
    differences: tuple[Difference, ...] = ()
    notes: tuple[Note, ...] = ()
    skip: Skip | None = None
    connections: int = 0
    events: int = 0
    took: float = 0.0

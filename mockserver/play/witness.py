"""Keeps what the verdict on a session's clients is made from, while the session is played.

Of scenarios that expect nothing, nothing is kept but what no client should do (`findings`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mockserver.play.findings import Findings
from mockserver.scenario.expected import ConnectionExpected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.opening import Opening
    from mockserver.play.oracle import Received
    from mockserver.play.story import Subscription
    from mockserver.play.told import Told
    from mockserver.play.turn import Turn
    from mockserver.scenario.expected import Expected

WATCHED: Final = 10_000
"""Subscriptions that a session watches; those beyond are counted, and not judged."""
WATCHED_BYTES: Final = 32 * 1024 * 1024
"""Bytes of requests that it keeps for them."""
VISITS: Final = 1_000
"""Connections of one subscription that are kept, besides the last one."""


@dataclass(slots=True)
class Visit:
    """A request of a subscription's client: a connection of the story, or one told to stay away.

    `opening` is kept where an entry asks what the request was like.
    """

    number: int
    told: Told
    opening: Opening | None = None
    away: bool = False
    """Whether the story was over, and the answer the 204 that says so."""
    heard: bool = False
    """Whether `last` is known: the connection is over, and has been heard once more."""
    last: Received | None = None
    """The last event that it has dispatched."""

    @property
    def ended(self) -> float | None:
        """When it ended, by the session's clock."""
        return self.told.ended[0] if self.told.ended else None


@dataclass(slots=True, eq=False)
class Watched:
    """One subscription of a scenario that expects something."""

    subscription: Subscription
    visits: list[Visit] = field(default_factory=list)
    last: Visit | None = None
    """The last connection of the story, those that were told to stay away not counted."""
    count: int = 0

    @property
    def scenario(self) -> str:
        """The name of the scenario."""
        return self.subscription.program.name

    @property
    def expected(self) -> tuple[Expected, ...]:
        """What its scenario expects."""
        return self.subscription.program.scenario.expect

    @property
    def left(self) -> bool:
        """Whether its client has gone away by itself, in the middle of the story."""
        by_client = self.last is not None and self.last.told.by == "client"
        return by_client and self.subscription.state == "left"

    def visit(self, number: int) -> Visit | None:
        """Return the connection of that number, if there was one that is kept."""
        if number <= min(len(self.visits), VISITS):
            return self.visits[number - 1]
        later = [*self.visits[VISITS:], *filter(None, [self.last])]
        return next((visit for visit in later if visit.number == number), None)

    def take(self, turn: Turn, told: Told, opening: Opening) -> None:
        """Add a request."""
        self.count += 1
        asked = any(
            isinstance(entry, ConnectionExpected) and entry.connection == self.count
            for entry in self.expected
        )
        visit = Visit(self.count, told, opening if asked else None, away=turn.row is None)
        if not visit.away:
            self.last = visit
        if len(self.visits) < VISITS or asked:
            self.visits.append(visit)


class Witness:
    """What one session has seen of its clients."""

    def __init__(self, limit: int = WATCHED, weight: int = WATCHED_BYTES) -> None:
        self._limit = limit
        self._most = weight
        self._weight = 0
        self._watched: dict[Subscription, Watched] = {}
        self.requests: dict[str, int] = {}
        """Requests to the operations that an `expect` counts, by the operation's id."""
        self.findings = Findings()
        self.unwatched = 0
        """Subscriptions that are beyond the bounds."""

    def __iter__(self) -> Iterator[Watched]:
        return iter(tuple(self._watched.values()))

    def saw(self, turn: Turn, told: Told, opening: Opening) -> None:
        """Take note of a request that has its turn."""
        # A Last-Event-ID that is refused is a finding, and no turn in the story.
        if not turn.program.scenario.expect or turn.refused is not None:
            return
        subscription = turn.subscription
        watched = self._watched.get(subscription)
        if watched is None and turn.number != 1:
            return
        self._weight += told.request.weight if told.request else 0
        if self._weight > self._most or (watched is None and len(self._watched) >= self._limit):
            self._watched.pop(subscription, None)
            self.unwatched += 1
            return
        if watched is None:
            watched = self._watched[subscription] = Watched(subscription)
        watched.take(turn, told, opening)

    def count(self, operation: str) -> None:
        """Count a request to an operation."""
        self.requests[operation] = self.requests.get(operation, 0) + 1

    def clear(self) -> None:
        """Forget everything."""
        self._watched.clear()
        self.requests.clear()
        self.findings = Findings()
        self._weight = self.unwatched = 0

"""The way of a client through a story: which connection comes next, and with which last id.

A real backend does not break off by itself where a script does. So the client does it, after the
same number of events and once all their kinds have come, and goes on after the last id it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.scenario.block import echoed
from mockserver.verify.heard import Heard
from mockserver.verify.listen import GLIMPSE, Aim, Likeness, Listener

if TYPE_CHECKING:
    from mockserver.verify.heard import Got
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan

_IDLE: Final = 2
"""Connections in a row that may bring nothing: a script's own break may come behind ours."""
_CONNECTIONS: Final = 4
"""How many times as many connections there may be as the story has."""
_SAFE: Final = frozenset({"GET", "HEAD", "QUERY"})


class Tour:
    """The connections of one plan, one after the other."""

    def __init__(self, plan: Plan, options: Options) -> None:
        self.plan = plan
        self.heard: list[Heard] = []
        self.reference: Heard | None = None
        """An uninterrupted run, to see what an interrupted one has lost."""
        self._options = options
        self._leg = 0
        self._idle = 0
        self._listener: Listener | None = None
        self._last_event_id = ""
        self._over = False
        self._asked: set[int] = set()

    @property
    def events(self) -> list[Got]:
        """What came on all connections but the reference, in order."""
        return [event for heard in self.heard for event in heard.events]

    def next(self) -> Listener | None:
        """Return the connection to be made now; None when there is no more to learn."""
        if self._listener is not None:
            self._take(self._listener)
        if self._over:
            return self._uninterrupted()
        heard = Heard(len(self.heard) + 1, self._last_event_id)
        before = len(self.events)
        aim = self._aim()
        self.heard.append(heard)
        self._listener = Listener(
            self.plan, self._options, aim, heard, before=before, asked=self._asked
        )
        return self._listener

    def _take(self, listener: Listener) -> None:
        """See where in the story the last connection has led."""
        heard, plan = listener.heard, self.plan
        self._listener = None
        if heard is self.reference:
            return
        if not heard.listened or heard.fault is not None or heard.end in ("timeout", "none"):
            self._over = True
            return
        self._last_event_id = echoed(listener.last_event_id) or ""
        self._idle = 0 if heard.events else self._idle + 1
        aim = self._aim()
        while self._leg < len(plan.legs) and aim.count <= 0 and not aim.kinds:
            self._leg += 1
            if self._leg == len(plan.legs):
                break
            aim = self._aim()
        told = self._leg >= len(plan.legs) or len(plan.legs) == 1
        told |= self._leg == len(plan.legs) - 1 and heard.end == "end" and bool(heard.events)
        lost = heard.end == "client" and not self._last_event_id and self._has_ids()
        many = len(self.heard) >= _CONNECTIONS * len(plan.legs)
        self._over = told or lost or many or self._idle > _IDLE

    def _has_ids(self) -> bool:
        """Whether the client should have an id by now; without one it begins again."""
        known = self.plan.legs[: self._leg]
        return any(event.has_id for leg in known for event in leg.events)

    def _aim(self) -> Aim:
        """Return what is still to come up to the end of the leg that the story is in."""
        plan, options = self.plan, self._options
        if not plan.legs:
            return Aim(0, frozenset(), "end", plan_seconds(plan) + options.timeout)
        last = self._leg == len(plan.legs) - 1
        leg = plan.legs[self._leg]
        planned = [event for each in plan.legs[: self._leg + 1] for event in each.events]
        known = self.events
        seconds = leg.seconds + options.timeout
        kinds = frozenset(event.kind for event in planned) - {event.kind for event in known}
        count = len(planned)
        if last and plan.endless:
            count = min(count, options.count)
        count -= len(known)
        if not last:
            return Aim(count, kinds, "drop", seconds)
        if leg.end == "end":
            return Aim(count, kinds, "end", seconds)
        return Aim(count, kinds, "watch", seconds, self._beat())

    def _beat(self) -> float | None:
        """Return how long to wait for a heartbeat in the end; None where that would be too long."""
        beat = self.plan.beat
        if beat is None or self.plan.endless:
            return None
        late = beat * (1 + self._options.tolerance)
        return late if late <= self._options.timeout else None

    def _uninterrupted(self) -> Listener | None:
        """Return a connection like the first one that is not interrupted, where that can tell.

        It is made behind the others: a mock server would take it for one of the story's.
        """
        plan, came = self.plan, self.events
        resumed = len([heard for heard in self.heard if heard.events]) > 1
        fine = all(heard.listened and heard.fault is None for heard in self.heard)
        if self.reference is not None or not resumed or not fine:
            return None
        if plan.ask.method not in _SAFE or not all(event.id for event in came):
            return None
        self.reference = Heard(len(self.heard) + 1)
        seconds = sum(leg.seconds for leg in plan.legs) + self._options.timeout
        aim = Aim(
            len({event.id for event in came}),
            frozenset(event.kind for event in came),
            "drop",
            seconds,
            like=self._likeness(),
        )
        self._listener = Listener(plan, self._options, aim, self.reference, asked=self._asked)
        return self._listener

    def _likeness(self) -> Likeness:
        """Return how far the uninterrupted run has to come to show what others have lost.

        What is lost behind an id puts all that comes later behind as many events more.
        """
        ids = [tuple(event.id for event in heard.events if event.id) for heard in self.heard]
        took = max(GLIMPSE, sum(heard.ended_at for heard in self.heard))
        return Likeness(ids[0], tuple(frozenset(each) for each in ids[1:] if each), took)


def plan_seconds(plan: Plan) -> float:
    """Return how long the script of an answer takes before its head."""
    return sum(leg.seconds for leg in plan.legs)

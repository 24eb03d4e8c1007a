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
        self.reference: list[Heard] = []
        """A run that only the server interrupts, to see what ours has lost where we did."""
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

    @property
    def whole(self) -> list[Got]:
        """What came on the connections of the reference, in order."""
        return [event for heard in self.reference for event in heard.events]

    def next(self) -> Listener | None:
        """Return the connection to be made now; None when there is no more to learn."""
        if self._listener is not None:
            self._take(self._listener)
        if self._over:
            return self._let_run()
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
        self._last_event_id = echoed(listener.last_event_id) or ""
        if self.reference:
            return
        if not heard.listened or heard.fault is not None or heard.end in ("timeout", "none"):
            self._over = True
            return
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

    def _let_run(self) -> Listener | None:
        """Return the next connection of a run that we do not interrupt, where that can tell.

        It is made behind the others: a mock server would take it for one of the story's. Where the
        server breaks it off it is gone on with, or a mock server that waits for that would take the
        next verification for it.
        """
        plan, ran = self.plan, self.reference
        on = _broken_off(ran[-1]) and len(ran) < len(plan.legs) if ran else self._resumed()
        if not on:
            return None
        last_event_id = self._last_event_id if ran else ""
        heard = Heard(len(self.heard) + len(ran) + 1, last_event_id)
        came, whole = self.events, self.whole
        aim = Aim(
            len({event.id for event in came}) - len(whole),
            frozenset(event.kind for event in came) - {event.kind for event in whole},
            "drop",
            sum(leg.seconds for leg in plan.legs) + self._options.timeout,
            like=self._likeness(),
        )
        ran.append(heard)
        self._listener = Listener(plan, self._options, aim, heard, asked=self._asked)
        return self._listener

    def _resumed(self) -> bool:
        """Whether this run went on somewhere, and another one can be held against it."""
        resumed = len([heard for heard in self.heard if heard.events]) > 1
        fine = all(heard.listened and heard.fault is None for heard in self.heard)
        known = all(event.id for event in self.events)
        return resumed and fine and known and self.plan.ask.method in _SAFE

    def _likeness(self) -> Likeness:
        """Return how far the uninterrupted run has to come to show what others have lost.

        What is lost behind an id puts all that comes later behind as many events more.
        """
        ids = [tuple(event.id for event in heard.events if event.id) for heard in self.heard]
        took = max(GLIMPSE, sum(heard.ended_at for heard in self.heard))
        came = [event.id for event in self.whole if event.id]
        begin, same = ids[0], came[: len(ids[0])] == list(ids[0][: len(came)])
        places = (frozenset(each) for each in ids[1:] if same and not {*came}.intersection(each))
        return Likeness(begin[len(came) :], tuple(each for each in places if each), took)


def _broken_off(heard: Heard) -> bool:
    """Whether the server ended a connection behind something that can be gone on with."""
    return heard.end in ("end", "cut") and bool(heard.events) and heard.fault is None


def plan_seconds(plan: Plan) -> float:
    """Return how long the script of an answer takes before its head."""
    return sum(leg.seconds for leg in plan.legs)

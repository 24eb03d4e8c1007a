"""Subscriptions: whose connection a request is, and where in the story it begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from mockserver.play.awaits import Settled
from mockserver.play.calls import urls_said
from mockserver.play.cues import Await, Call, Disconnect, Place, Send
from mockserver.play.happenings import Heard
from mockserver.play.layout import accepted
from mockserver.play.scope import Address, StoryScope
from mockserver.play.search import ALL_HAPPENED, Budget, Probe, find, find_sent
from mockserver.play.shelf import Shelf
from mockserver.play.telling import Segment
from mockserver.play.turn import Turn
from mockserver.scenario.block import echoed, filled_text
from mockserver.scenario.moments import EPOCH
from mockserver.scenario.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mockserver.play.calls import Urls
    from mockserver.play.happenings import Happenings
    from mockserver.play.journal import Closer
    from mockserver.play.judge import Watch
    from mockserver.play.opening import Opening
    from mockserver.scenario.program import Program

CLIENTS: Final = 10_000
"""Identities that a session knows at a time."""
PUSHED_IDS: Final = 1_000
"""Ids pushed by tests that a subscription remembers."""
State = Literal["open", "ended", "left", "over"]


@dataclass(slots=True, eq=False)
class Subscription:
    """One client's way through a story.

    `state`: `open` has a client; `ended` the script ended the connection and more is left;
    `left` the client went away; `over` the story has been told.
    """

    program: Program
    address: Address
    client: _Client
    connections: int = 0
    state: State = "open"
    next: Place = field(default_factory=lambda: Place(1))
    """Where the next connection begins."""
    sent: Place = field(default_factory=lambda: Place(1))
    """Up to where the story has been sent."""
    last_id: str | None = None
    last_id_place: Place = field(default_factory=lambda: Place(1))
    reconnection_time: float | None = None
    """Seconds, as the client was told last."""
    urls: Urls = field(default_factory=dict)
    """Where callbacks go, as the last request to say so has said."""
    settled: Settled = field(default_factory=Settled)
    """Its awaits that are over."""
    heard: Heard = field(default_factory=Heard)
    """What of the signals and requests of its session it has consumed."""
    pushed_ids: dict[str, Place] | None = None
    """The last ids that tests have sent to it, and where the story was then."""
    since: float = 0.0
    """When it began to wait, by the session's clock."""

    def expired(self, now: float) -> bool:
        """Whether its client has been away for longer than the scenario's patience."""
        patience = self.program.scenario.patience.shortest + (self.reconnection_time or 0.0)
        # Rounded as a manual clock is: tenths of a second add up to less in binary.
        return self.state != "open" and now > round(self.since + patience, 9)

    def record(self, cue: Send | Call) -> None:
        """Take note of what has been sent, to the client or to somebody else."""
        if cue.place is None:
            return
        self.sent = max(self.sent, cue.place)
        if isinstance(cue, Call):
            return
        if cue.id is not None:
            self.last_id = cue.id
            place = cue.place
            cues = place.cues - cue.after_id
            self.last_id_place = place._replace(cues=cues, within=cue.within)
        if cue.retry is not None:
            self.reconnection_time = cue.retry / 1000

    def settle(self, cue: Await, *, met: bool) -> None:
        """Take note that an await is over."""
        place = cue.place
        if not met:
            place = place._replace(story=round(place.story + (cue.timeout or 0.0), 9))
        self.sent = max(self.sent, place)
        self.settled.add((place.number, place.cues), self.connections, met=met)

    def pushed(self, id_: str | None, retry: int | None, place: Place) -> None:
        """Take note of what a test has sent when the connection had come to `place`."""
        if id_ is not None:
            self.last_id, self.last_id_place = id_, place
            self.pushed_ids = self.pushed_ids or {}
            self.pushed_ids.pop(id_, None)
            self.pushed_ids[id_] = place
            if len(self.pushed_ids) > PUSHED_IDS:
                del self.pushed_ids[next(iter(self.pushed_ids))]
        if retry is not None:
            self.reconnection_time = retry / 1000

    def close(self, by: Closer, now: float, end: Disconnect | None) -> None:
        """Take note of the end of a connection; `end` is the script's, if it came so far."""
        self.since = now
        self.state = "left"
        if by in ("script", "test") and end is not None:
            self.next = end.place
            self.state = "over" if self.program.row(end.place.number) is None else "ended"
        self.client.wait(self)


class _Client:
    """The subscriptions of one scenario and identity."""

    def __init__(self) -> None:
        self.count = 0
        self.connected = 0
        self._ended = Shelf()
        self._gone = Shelf()
        """Those that only a Last-Event-ID brings back: their client left, or the story is over."""

    def subscribe(self, program: Program, own: Address) -> Subscription:
        self.count += 1
        seed = program.scenario.seed or own.seed
        address = replace(own, seed=seed, scenario=program.name, subscription=self.count)
        return Subscription(program, address, self)

    def open(self, subscription: Subscription) -> None:
        """Take note that a subscription has its client."""
        self.connected += 1
        self._ended.take(subscription)
        self._gone.take(subscription)

    def wait(self, subscription: Subscription) -> None:
        """Take note that a subscription waits for its client."""
        self.connected -= 1
        (self._ended if subscription.state == "ended" else self._gone).put(subscription)

    def waiting(
        self, program: Program, opening: Opening, epoch: datetime, now: float
    ) -> Subscription | None:
        """Return the subscription whose next connection `opening` is, or None."""

        def fits(subscription: Subscription) -> bool:
            # A scenario file may have been edited since: its old story is not taken up again.
            return subscription.program is program and not subscription.expired(now)

        longest = self._ended.first(fits)
        self._gone.first(fits)
        # A client that was given an empty id has none: it sends no header (WHATWG § 9.2.3).
        last_id = echoed(opening.last_event_id) or ""
        found = [self._ended.with_last_id(last_id, fits)]
        if last_id and not any(found):
            # Whom the script cut off is sure to wait; who left by itself, as a page does that is
            # loaded again, may never come back.
            found.append(self._gone.with_last_id(last_id, fits))
        if not any(found):
            found = [longest]
            if last_id:
                budget = Budget()
                found.append(
                    next(
                        (
                            s
                            for s in self._gone
                            if fits(s) and find_sent(s, last_id, opening, epoch, budget)
                        ),
                        None,
                    )
                )
        return min(filter(None, found), key=lambda s: s.since, default=None)


class Stories:
    """The subscriptions of one session."""

    def __init__(
        self, seed: str, session: str, epoch: datetime = EPOCH, *, anonymous: bool = False
    ) -> None:
        self._address = Address(seed, "", session, anonymous=anonymous)
        self._epoch = epoch
        self._clients: dict[tuple[str, str, bool], _Client] = {}

    def turn(
        self,
        program: Program,
        opening: Opening,
        now: float,
        example: Callable[[str], Any] | None = None,
        watch: Watch | None = None,
        *,
        operation: str = "",
        happenings: Happenings | None = None,
    ) -> Turn:
        """Say what `opening` gets at `now` (the session's clock). Raises RenderError.

        `operation` is the id of the one that it is a request to. Of `happenings`, a subscription
        that begins has heard none.
        """
        client = self._client(program, opening)
        subscription = client.waiting(program, opening, self._epoch, now)
        if subscription is None:
            subscription = client.subscribe(program, self._address)
            subscription.heard = happenings.begin() if happenings else Heard()
        if program.calls:
            subscription.urls = subscription.urls | urls_said(program, operation, opening)
        turn = _begin(subscription, opening, self._epoch, example, watch)
        if turn.row is not None:
            client.open(subscription)
            subscription.state = "open"
        return turn

    def reset(self) -> None:
        """Forget all subscriptions, and count them from 1 again."""
        self._clients.clear()

    def _client(self, program: Program, opening: Opening) -> _Client:
        """Return the client of this identity; the one not seen for longest makes room for it.

        Over a WebSocket it is another one, whose stories are told by themselves.
        """
        key = (program.name, self._identity(program, opening), program.frames)
        client = self._clients.pop(key, None) or _Client()
        self._clients[key] = client
        if len(self._clients) > CLIENTS:
            idle = (k for k, c in self._clients.items() if c is not client and not c.connected)
            oldest = next(idle, None)
            if oldest is not None:
                del self._clients[oldest]
        return client

    def _identity(self, program: Program, opening: Opening) -> str:
        scenario = program.scenario
        identity = scenario.identity
        if isinstance(identity, Template):
            names = {
                "request": opening.names(),
                "session": self._address.session,
                "last_event_id": opening.last_event_id or "",
            }
            return filled_text(identity, names)
        target = opening.target
        if identity == "path":
            target = target.partition("?")[0]
        if len(scenario.operations) == 1:
            return f"{opening.method} {target}"
        # One story of several operations: a POST opens it, a GET resumes it.
        paths = {name.partition(" ")[2] or name for name, _ in scenario.operations}
        return target if identity is not None or len(paths) == 1 else ""


def _begin(
    subscription: Subscription,
    opening: Opening,
    epoch: datetime,
    example: Callable[[str], Any] | None,
    watch: Watch | None,
) -> Turn:
    program = subscription.program
    scope = StoryScope(program.scenario, subscription.address, opening, epoch, example)
    scope.urls = subscription.urls
    start, resume_at, notes = _start(subscription, opening, epoch)
    notes = (*program.notes, *notes)
    if start is None:
        return Turn(program, subscription, 0, None, scope, opening, notes=notes)
    row = program.row(start.number)
    assert row is not None
    refusal = Turn(program, subscription, 0, None, scope, opening, notes=notes)
    if refusal.refused is not None:
        return refusal
    subscription.connections += 1
    subscription.state = "open"
    subscription.next = start
    turn = Turn(program, subscription, subscription.connections, row, scope, opening, notes=notes)
    turn.watch = watch
    scope.enter(start.number)
    scope.story = start.story
    if not row.broken:
        turn.coding, refused = accepted(row.wire, opening.headers)
        turn.notes += refused
    if not row.answer and not row.broken:
        segments = _segments(subscription, start, resume_at)
        turn.tell(segments, _gap(program, resume_at))
    return turn


def _gap(program: Program, resume_at: Place | None) -> int:
    return program.scenario.resume.skip if resume_at else 0


def _start(
    subscription: Subscription, opening: Opening, epoch: datetime
) -> tuple[Place | None, Place | None, tuple[str, ...]]:
    """Return where the connection begins, the place after the Last-Event-ID, and notes.

    The first is None where the story is over.
    """
    program = subscription.program
    last_id = echoed(opening.last_event_id)
    if subscription.state == "over":
        return None, None, ()
    fresh = subscription.connections == 0
    ignored = program.scenario.resume.policy == "ignore"
    if fresh and (ignored or not last_id):
        return subscription.next, None, ()
    probe = Probe(subscription, opening, epoch)
    start = subscription.next if fresh else probe.after_end(subscription)
    if ignored:
        # A connection that its client left in the middle is played again from its beginning.
        return (subscription.next if start.number == subscription.next.number else start), None, ()
    # An empty Last-Event-ID is what a client that has none would send.
    if not last_id:
        return start, None, ()
    budget = Budget()
    place = find(subscription, last_id, opening, epoch, budget)
    if place is None:
        bound = ("search-bound-reached",) if budget.left < 0 else ()
        return start, None, ("unknown-last-event-id", *bound)
    if fresh or place.number > start.number:
        return probe.next_with_something(place), place, ()
    return start, place, ()


def _segments(subscription: Subscription, start: Place, resume_at: Place | None) -> list[Segment]:
    program = subscription.program
    if resume_at is None:
        row = program.row(start.number)
        assert row is not None
        return [Segment(row, start, happened=start.cues)]
    # A client that has got the last id there was has lost no connection between: what came
    # there without ids is not sent again, or every further one would bring all before it.
    caught_up = subscription.last_id is not None and resume_at == subscription.last_id_place
    if program.scenario.resume.policy == "replay":
        before = resume_at.cues if resume_at.within else max(resume_at.cues - 1, 0)
        resume_at = resume_at._replace(cues=before, within=0)
    segments = []
    for number in range(resume_at.number, start.number + 1):
        row = program.row(number)
        assert row is not None
        last = number == start.number
        lost = row.loses and number <= program.connections
        if caught_up and not last and number != resume_at.number and not lost:
            continue
        first = resume_at if number == resume_at.number else Place(number)
        if last and first is not resume_at:
            first = Place(number, 0, start.base, start.base)
        happened = max(start.cues, first.cues) if last else ALL_HAPPENED
        segments.append(Segment(row, first, happened=happened, resumed=not last))
    return segments

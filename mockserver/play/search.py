"""Searches a story without telling it: for ids, and for what lies ahead."""

from __future__ import annotations

import contextlib
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

from mockserver.play.awaits import Guess
from mockserver.play.cues import Place
from mockserver.play.scope import StoryScope
from mockserver.play.walk import QUIET, QUIET_ROUNDS, StuckError, Walk
from mockserver.scenario.block import Block, echoed
from mockserver.scenario.program import Hold, Stop, Stretch
from mockserver.scenario.template import RenderError
from mockserver.sse.parse import Parser, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mockserver.play.awaits import Known
    from mockserver.play.opening import Opening
    from mockserver.play.story import Subscription

SEARCH_STEPS: Final = 40_000
"""Steps of a story that a search for an id looks at before it gives up."""
_IDS_A_STEP: Final = 16
"""Ids of a stretch that are looked at for the price of one step."""
_HOLDS: Final = 100
"""Holds in a row after which nobody asks whether anything comes behind them."""
ALL_HAPPENED: Final = 1 << 62
"""More cues than any row has: all its disconnects have happened."""


class Probe:
    """Looks ahead in a story without telling it."""

    def __init__(self, subscription: Subscription, opening: Opening, epoch: datetime) -> None:
        self._program = subscription.program
        self._settled = subscription.settled
        self._scope = StoryScope(
            subscription.program.scenario, subscription.address, opening, epoch
        )

    def after_end(self, subscription: Subscription) -> Place:
        """Return where a subscription that was met again goes on."""
        place = subscription.next
        if subscription.state == "left" and subscription.sent.number == place.number:
            place = subscription.sent
        return self.next_with_something(place) or place

    def next_with_something(self, place: Place) -> Place | None:
        """Return `place`, or the next row's beginning when nothing is left in this one.

        None: nothing is left in the last row either, and the story stops there.
        """
        row = self._program.row(place.number)
        if row is None or row.answer or row.broken or place.cues == 0:
            return place if row else None
        walk = Walk(
            row, place.number, self._scope, base=place.base, skip=place.cues,
            happened=place.cues, settled=self._settled,
        )  # fmt: skip
        try:
            holds = False
            for count, (op, _) in enumerate(walk.passages()):
                if isinstance(op, Stop) and op.over:
                    break
                if not isinstance(op, Hold) or count > _HOLDS:
                    return place
                holds = True
                if walk.held == float("inf"):
                    break
        except (RenderError, StuckError):
            return place
        following = Place(place.number + 1, 0, walk.story, walk.story)
        if self._program.row(following.number) is not None:
            return following
        return place if holds or walk.due > 0 else None


class Budget:
    """The steps that the searches of one request may look at, all together."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = SEARCH_STEPS

    def spend(self, steps: int) -> bool:
        """Take steps; returns whether any are left."""
        self.left -= steps
        return self.left >= 0


def find(
    subscription: Subscription, last_id: str, opening: Opening, epoch: datetime, budget: Budget
) -> Place | None:
    """Return the place right after the event with this id, searched without time.

    It is where the event was sent last, or else where the story comes to it first.
    """
    found = None
    if subscription.connections:
        found = find_sent(subscription, last_id, opening, epoch, Budget())
    return found or _find_ahead(subscription, last_id, opening, epoch, budget)


def _find_ahead(
    subscription: Subscription, last_id: str, opening: Opening, epoch: datetime, budget: Budget
) -> Place | None:
    """Return where the story comes to an id, with awaits that nobody has seen yet met.

    Where it does not, and nobody has been told anything, it may be where one has run out, or all.
    """
    search = partial(_places, subscription, last_id, opening, epoch, budget)
    if subscription.connections:
        return next(search(), None)
    met = Guess(0)
    found = next(search(settled=met), None)
    guesses = map(Guess, chain((None,), range(1, met.asked + 1)) if met.asked else ())
    # A pass over many awaits and few events is long, too.
    while found is None and budget.spend(met.asked) and (guess := next(guesses, None)):
        found = next(search(settled=guess), None)
        for place in guess.made if found else ():
            subscription.settled.add(place, 0, met=False)
    return found


def find_sent(
    subscription: Subscription, last_id: str, opening: Opening, epoch: datetime, budget: Budget
) -> Place | None:
    """Return the place after the last event with this id that has been sent, or None."""
    if subscription.last_id == last_id:
        return subscription.last_id_place
    found = (subscription.pushed_ids or {}).get(last_id)
    for place in _places(subscription, last_id, opening, epoch, budget, until=subscription.sent):
        later = found is None or _passed(place, subscription.sent) > _passed(
            found, subscription.sent
        )
        found = place if later else found
    return found


def _passed(place: Place, sent: Place) -> tuple[int, int, int]:
    """Return what tells which of two places comes later, where all that was `sent` has arrived.

    Of a block written by hand that was not sent whole, nobody knows how much has.
    """
    whole = _order(place) < _order(sent)
    return (*_order(place), place.within if whole else 0)


def _places(
    subscription: Subscription,
    last_id: str,
    opening: Opening,
    epoch: datetime,
    budget: Budget,
    *,
    until: Place | None = None,
    settled: Known | None = None,
) -> Iterator[Place]:
    """Yield the places after events with this id, in order, as far as a search may go.

    `until` is where it stops; without it, at the end of the story. `settled` says of awaits what
    the subscription does not know.
    """
    program = subscription.program
    scope = StoryScope(program.scenario, subscription.address, opening, epoch)
    known = settled or subscription.settled
    number, base = 1, 0.0
    # With `afterwards: repeat` or `restart`, what has been sent goes on past the story's end.
    last = program.connections if until is None else until.number
    with contextlib.suppress(RenderError, StuckError):
        while number <= last and budget.spend(1) and (row := program.row(number)):
            walk = Walk(row, number, scope, base=base, happened=ALL_HAPPENED, settled=known)
            parser = Parser() if row.reads else None
            for op, _ in walk.passages():
                if not _begun(op, walk, until, whole=parser is None):
                    return
                for cues, within in _places_in(op, last_id, walk, scope, parser):
                    yield Place(number, cues, base, walk.story, within)
                # Of bytes written by hand, a client may have got the first part of what comes next.
                passed = (number, walk.cues - 1 if parser else walk.cues)
                enough = until is not None and passed >= _order(until)
                if enough or not budget.spend(_price(op)):
                    return
            number, base = number + 1, walk.story


def _begun(op: object, walk: Walk, until: Place | None, *, whole: bool) -> bool:
    """Whether any of `op` may have been sent, where that has come up to `until`.

    That may be a call, behind which no block has been sent. Where blocks are not sent `whole`, a
    part of the next one may have been.
    """
    if until is None or not until.cues:
        return True
    count = len(op.ends) if isinstance(op, Stretch) else int(isinstance(op, Block))
    before = (walk.number, walk.cues - count)
    return before < _order(until) if whole else before <= _order(until)


def _price(op: object) -> int:
    """Return how many steps of a search a passage stands for."""
    if isinstance(op, Stretch):
        return 1 + len(op.ids) // _IDS_A_STEP
    return QUIET_ROUNDS if op is QUIET else 1


def _places_in(
    op: object, last_id: str, walk: Walk, scope: StoryScope, parser: Parser | None
) -> Iterator[tuple[int, int]]:
    """Yield how many cues of the row, and bytes of the next, have passed after this id.

    `parser` reads along where bytes were written by hand.
    """
    if parser is not None:
        data = b""
        if isinstance(op, Stretch):
            data = op.data
        elif isinstance(op, Block):
            # An event that was cut off is whole when it is sent again, and then has its id.
            data = op.data(scope, again=True)
        passed = 0
        for block in blocks(data):
            before = parser.identified
            parser.feed(block)
            passed += len(block)
            if before != parser.identified and echoed(parser.last_event_id) == last_id:
                whole = passed == len(data)
                yield (walk.cues, 0) if whole else (walk.cues - 1, passed)
    elif isinstance(op, Stretch) and last_id in op.ids:
        for index, known in enumerate(op.ids, 1):
            if known == last_id:
                yield walk.cues - len(op.ids) + index, 0
    elif isinstance(op, Block) and echoed(op.id(scope)) == last_id:
        yield walk.cues, 0


def _order(place: Place) -> tuple[int, int]:
    return (place.number, place.cues)

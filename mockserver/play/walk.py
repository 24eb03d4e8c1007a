"""Walks through one connection of a story, step by step, without waiting for anything."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockserver.scenario.block import Block
from mockserver.scenario.program import (
    Awaiting,
    Calling,
    Chance,
    Each,
    Hold,
    Loop,
    Op,
    Pause,
    Row,
    Series,
    Stop,
    Stretch,
)
from mockserver.scenario.template import Template
from mockserver.scenario.units import FOREVER, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockserver.play.awaits import Known
    from mockserver.play.scope import StoryScope
    from mockserver.scenario.model import Time

    Passage: TypeAlias = Stretch | Block | Hold | Calling | Awaiting | Stop

IDLE_ROUNDS: Final = 100_000
"""Rounds of a loop in a row that neither send nor wait, after which it counts as stuck."""
QUIET_ROUNDS: Final = 1_000
"""Rounds in a row that only wait, after which whoever looks for the next event is let go."""
QUIET: Final = Hold("", Span(0.0, 0.0))
"""The hold of no length that lets it go."""


class _RowOverError(Exception):
    """A disconnect has happened that leaves nothing of its row."""


class StuckError(Exception):
    """A loop goes round and round without doing anything."""


class Walk:
    """One pass over a row of the story.

    While `passages` runs, `due` is the offset in seconds at which the passage just given is
    due in this pass, `story` its offset in the story as if nobody had ever left, and `cues`
    counts the blocks, calls, awaits and disconnects passed, which is how a place in the row is
    named.

    The first `skip` cues are passed over, with their delays; then `gap` events. Calls and
    disconnects up to cue `happened` have happened already and are passed over as well, the
    disconnects with the waits before them; `told` is when the last block was due. So have awaits
    that are `settled`; of those that are passed over, it says which have run out. `apart` names
    the series whose blocks are to come one by one.
    """

    def __init__(
        self,
        row: Row,
        number: int,
        scope: StoryScope,
        *,
        base: float,
        happened: int,
        settled: Known,
        due: float = 0.0,
        skip: int = 0,
        gap: int = 0,
        apart: Callable[[Series], bool] | None = None,
    ) -> None:
        self.row = row
        self.number = number
        self.base = base
        self.due = self.told = due
        self.story = base
        self.cues = 0
        self.held = 0.0
        """How long the hold that was just given lasts."""
        self.timeout: float | None = None
        """How long the await that was just given waits."""
        self.met = True
        """Whether it was met; whoever was given it says so."""
        self.skip = skip
        self.gap = gap
        self.late = 0.0
        """How much of `due` bytes have taken that the story's own time knows nothing of."""
        self._happened = max(happened, skip)
        self._settled = settled
        self._apart = apart
        self._calls = 0
        """How many of the cues have brought their client nothing, and taken no time."""
        self._quiet = 0
        self._scope = scope

    def passages(self) -> Iterator[tuple[Passage, int]]:
        """Yield what is to be done, with the first block that counts (of a stretch)."""
        self._scope.enter(self.number)
        self._scope.story = self.story
        with suppress(_RowOverError):
            yield from self._ops(self.row.ops)

    def lapse(self, seconds: float) -> None:
        """Take note that the bytes just given have taken `seconds` to be written.

        What follows a `delay` later comes so much later; `at` and `every` mean moments, which
        do not move.
        """
        if seconds:
            self.late += seconds
            self.due = round(self.due + seconds, 9)

    def _ops(self, ops: Sequence[Op]) -> Iterator[tuple[Any, int]]:  # noqa: C901, PLR0912  (a row an op)
        for op in ops:
            match op:
                case Stretch():
                    yield from self._stretch(op)
                case Block():
                    yield from self._block(op)
                case Pause():
                    self._pause(op)
                case Hold():
                    self.held = self._scope.seconds(op.time, op.path, "hold")
                    if not self._skipping:
                        yield op, 0
                    self._wait(self.held)
                case Loop():
                    times = op.times
                    if isinstance(times, Template):
                        times = self._scope.count(times, op.path)
                    yield from self._rounds(op, _counted(times))
                case Series() if self._apart is not None and self._apart(op):
                    yield from self._rounds(op.loop, _counted(op.times))
                case Series():
                    yield from self._series(op)
                case Each():
                    yield from self._rounds(op, iter(self._scope.items(op.items, op.path)))
                case Chance():
                    happens = self._scope.happens(op.of, op.path)
                    yield from self._ops(op.body if happens else op.otherwise)
                case Calling():
                    yield from self._call(op)
                case Awaiting():
                    yield from self._await(op)
                case Stop():
                    yield from self._stop(op)

    @property
    def _blocks(self) -> int:
        """What shows that a round of a loop does something: a call sends its client nothing."""
        return self.cues - self._calls

    @property
    def _skipping(self) -> bool:
        return self.skip > 0 or self.gap > 0

    def _stretch(self, op: Stretch) -> Iterator[tuple[Stretch, int]]:
        count = len(op.ends)
        first = min(self.skip, count)
        self.skip -= first
        while first < count and self.gap:
            self.gap -= op.dispatched[first]
            first += 1
        self.cues += count
        if first < count:
            self.told = self.due
            yield op, first

    def _series(self, op: Series) -> Iterator[tuple[Stretch, int]]:
        batch, first = op.batch, 1
        while op.times is None or first <= op.times:
            last = first + batch - 1
            if op.times is not None:
                last = min(last, op.times)
            count = last - first + 1
            if self.skip >= count:
                self.skip -= count
                self.cues += count
            else:
                yield from self._stretch(op.stretch(first, last))
            first = last + 1

    def _block(self, op: Block) -> Iterator[tuple[Block, int]]:
        self.cues += 1
        if self.skip:
            self.skip -= 1
        elif self.gap:
            self.gap -= op.dispatched
        else:
            self.told = self.due
            yield op, 0

    def _call(self, op: Calling) -> Iterator[tuple[Calling, int]]:
        self.cues += 1
        self._calls += 1
        if self.skip:
            self.skip -= 1
        elif not self.gap and self.cues > self._happened:
            yield op, 0

    def _await(self, op: Awaiting) -> Iterator[tuple[Any, int]]:
        self.cues += 1
        time = op.step.timeout
        seconds = None if time is None else self._scope.seconds(time, op.path, "timeout")
        self.timeout, self.met = seconds, True
        known = self._settled((self.number, self.cues))
        passed = self._skipping or self.cues <= self._happened or known is not None
        self.skip = max(self.skip - 1, 0)
        if not passed:
            yield op, 0
        elif known is False and seconds is not None:
            self.met = False
        if passed or not (self.met or seconds):
            self._calls += 1
        if self.met or seconds is None:
            return
        if passed:
            self.story = self._scope.story = round(self.story + seconds, 9)
        else:
            self._wait(seconds)
        yield from self._ops(op.otherwise)

    def _stop(self, op: Stop) -> Iterator[tuple[Stop, int]]:
        self.cues += 1
        happened = self.cues <= self._happened
        if happened:
            self.due = self.told
        elif not self._skipping:
            yield op, 0
        self.skip = max(self.skip - 1, 0)
        if happened and op.over:
            raise _RowOverError

    def _pause(self, op: Pause) -> None:
        seconds = self._scope.seconds(op.time, op.path, "delay")
        late = 0.0
        if op.until:
            seconds = max(0.0, seconds - (self.story - self.base))
            late = self.late
        self._wait(seconds, late)

    def _wait(self, seconds: float, late: float = 0.0) -> None:
        """Let time pass; as much as `late` of it has passed already while bytes were written."""
        if seconds == FOREVER:
            # The story's own time goes on from here when the client comes back.
            if not self._skipping:
                self.due = FOREVER
            return
        # Rounded to the nanosecond, so that ten times 0.1 is 1.
        self.story = self._scope.story = round(self.story + seconds, 9)
        if not self._skipping:
            caught_up = min(late, seconds)
            self.late -= caught_up
            self.due = round(self.due + seconds - caught_up, 9)

    def _rounds(self, op: Loop | Each, items: Iterator[Any]) -> Iterator[tuple[Any, int]]:
        names, rounds = self._scope.names, self._scope.rounds
        own = {"n", op.name} if isinstance(op, Each) else {op.name}
        shadowed = {name: names[name] for name in own if name in names}
        rounds.append(0)
        began, late, idle = 0.0, 0.0, 0
        for n, item in enumerate(items, 1):
            rounds[-1] = n
            if n > 1 and op.every is not None:
                self._until(began, op.every, op.path, self.late - late)
            began, late = self.story, self.late
            if len(own) > 1:
                names["n"] = n
            names[op.name] = item
            blocks, gap = self._blocks, self.gap
            yield from self._ops(op.body)
            if blocks != self._blocks and not gap:
                idle = self._quiet = 0
                continue
            idle = idle + 1 if (blocks, began) == (self._blocks, self.story) else 0
            if idle > IDLE_ROUNDS:
                raise StuckError(f"{IDLE_ROUNDS:,} rounds without an event or a wait")
            yield from self._breath(quiet=gap == self.gap if gap else blocks == self._blocks)
        rounds.pop()
        for name in own:
            names.pop(name, None)
        names.update(shadowed)

    def _breath(self, *, quiet: bool) -> Iterator[tuple[Hold, int]]:
        """Yield a hold of no length now and then, where rounds bring nothing but waits."""
        self._quiet = self._quiet + 1 if quiet else 0
        if self._quiet < QUIET_ROUNDS:
            return
        if self._skipping:
            raise StuckError(f"{QUIET_ROUNDS:,} rounds without an event to leave out")
        self._quiet, self.held = 0, 0.0
        yield QUIET, 0

    def _until(self, began: float, every: Time, path: str, late: float) -> None:
        """Wait until the next round begins, `every` after the last one did."""
        seconds = self._scope.seconds(every, path, "every")
        self._wait(max(0.0, began + seconds - self.story), max(0.0, late))


def _counted(times: int | None) -> Iterator[int]:
    n = 0
    while times is None or n < times:
        n += 1
        yield n

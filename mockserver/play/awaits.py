"""What a story waits for, and what has become of the awaits that a subscription has passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from mockserver.scenario.awaits import signal_fault
from mockserver.scenario.block import filled_text
from mockserver.scenario.conditions import rendered
from mockserver.scenario.template import RenderError, Template

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.play.scope import StoryScope
    from mockserver.scenario.model import When
    from mockserver.scenario.program import Awaiting

    Known: TypeAlias = Callable[[tuple[int, int]], bool | None]
    """Says of the await at a place (connection, cue) whether it was met; None: it is not over."""

SETTLED: Final = 1_000
"""Awaits of a subscription whose outcome is remembered; older ones count as met."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A signal, or a request to an operation that is as `when` says."""

    signal: str = ""
    operation: str = ""
    when: When | None = None

    @property
    def name(self) -> str:
        """What it is called in the journal: `signal paid`, `request payOrder`."""
        return f"signal {self.signal}" if self.signal else f"request {self.operation}"


def wanted_of(op: Awaiting, scope: StoryScope) -> Wanted:
    """Return what a step waits for, its templates rendered. Raises RenderError."""
    step = op.step
    if step.signal is None:
        when = rendered(step.when, lambda test: test.value(scope.at(op.path, "when")))
        return Wanted(operation=op.operation, when=when)
    name = filled_text(step.signal, scope.at(op.path, "signal"))
    if isinstance(step.signal, Template) and (fault := signal_fault(name)):
        raise RenderError(step.signal.where, fault)
    return Wanted(name)


class Settled:
    """The awaits of one subscription that are over, by place, with the connection and outcome."""

    __slots__ = ("_outcomes",)

    def __init__(self) -> None:
        self._outcomes: dict[tuple[int, int], tuple[int, bool]] = {}

    def add(self, place: tuple[int, int], connection: int, *, met: bool) -> None:
        """Take note that an await is over."""
        self._outcomes[place] = (connection, met)
        if len(self._outcomes) > SETTLED:
            del self._outcomes[next(iter(self._outcomes))]

    def before(self, connection: int) -> Known:
        """Return what was known when a connection began, which is what plays it once more."""

        def known(place: tuple[int, int]) -> bool | None:
            found = self._outcomes.get(place)
            return found[1] if found is not None and found[0] < connection else None

        return known

    def __call__(self, place: tuple[int, int]) -> bool | None:
        """Return all that is known by now."""
        found = self._outcomes.get(place)
        return None if found is None else found[1]


class Guess:
    """Which awaits have run out, for who searches a story that nobody has been told yet.

    Only the `number`th that could (0: none of them, None: all).
    """

    def __init__(self, number: int | None) -> None:
        self._number = number
        self.asked = 0
        """How many awaits there were, as far as the search came."""
        self.made: list[tuple[int, int]] = []
        """The places of those that have run out."""

    def __call__(self, place: tuple[int, int]) -> bool | None:
        """Return False where this guess has it that the await has run out."""
        self.asked += 1
        if self._number is not None and self.asked != self._number:
            return None
        self.made.append(place)
        return False

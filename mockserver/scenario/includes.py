"""Puts the steps that an include names in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockserver.errors import Problem, did_you_mean
from mockserver.scenario.model import (
    AwaitStep,
    ChanceStep,
    EachStep,
    IncludeStep,
    RepeatStep,
    Scenario,
    Step,
    WaitStep,
)
from mockserver.scenario.story_rules import all_steps, steps_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

MAX_INCLUDED: Final = 10_000
"""Steps that includes may add to a scenario, all together."""


def resolve_includes(
    scenarios: Mapping[str, Scenario], broken: Collection[str] = ()
) -> tuple[dict[str, Scenario], list[Problem]]:
    """Return the scenarios with every include replaced by the steps it names.

    `broken` are the names of scenarios that could not be read, of which that has been told: what
    includes one of them is left out, and nothing more is said.
    """
    problems: list[Problem] = []
    resolved = {}
    for name, scenario in scenarios.items():
        includer = _Includer(scenarios, broken, problems, name)
        whole = includer.scenario(scenario)
        if includer.sound:
            resolved[name] = whole
    return resolved, problems


class _Includer:
    """Replaces the includes of one scenario; `sound` tells whether all of them could be."""

    def __init__(
        self,
        scenarios: Mapping[str, Scenario],
        broken: Collection[str],
        problems: list[Problem],
        name: str,
    ) -> None:
        self._scenarios = scenarios
        self._broken = broken
        self._problems = problems
        self._way = [name]
        self._added = 0
        self._told = False
        self.sound = True

    def scenario(self, scenario: Scenario) -> Scenario:
        if not any(isinstance(step, IncludeStep) for step in steps_of(scenario)):
            return scenario
        stream = None if scenario.stream is None else tuple(self._steps(scenario.stream))
        rows = scenario.connections
        if rows is not None:
            rows = tuple(
                replace(row, steps=tuple(self._steps(row.steps))) if row.steps else row
                for row in rows
            )
        return replace(scenario, stream=stream, connections=rows, templated=True)

    def _steps(self, steps: Sequence[Step]) -> Iterator[Step]:
        for step in steps:
            match step:
                case IncludeStep():
                    yield from self._included(step)
                case RepeatStep() | EachStep():
                    yield replace(step, steps=tuple(self._steps(step.steps)))
                case ChanceStep():
                    steps_, otherwise = self._steps(step.steps), self._steps(step.otherwise)
                    yield replace(step, steps=tuple(steps_), otherwise=tuple(otherwise))
                case AwaitStep():
                    yield replace(step, otherwise=tuple(self._steps(step.otherwise)))
                case _:
                    yield step

    def _included(self, step: IncludeStep) -> Iterator[Step]:
        if step.delay is not None or step.at is not None:
            yield WaitStep(where=step.where, delay=step.delay, at=step.at)
        name = step.include
        if name in self._broken and name not in self._scenarios:
            self.sound = False
            return
        wrong = self._fault(step)
        if wrong:
            self.sound = False
            # What is wrong with an include inside of another is told by the scenario that it is of,
            # and a circle by those that are on it.
            if len(self._way) == 1 or name == self._way[0] or wrong.code == "too-many-nodes":
                self._problems.append(wrong)
        if wrong or self._told:
            return
        stream = self._scenarios[name].stream or ()
        self._added += sum(1 for _ in all_steps(stream))
        self._way.append(name)
        yield from self._steps(stream)
        self._way.pop()

    def _fault(self, step: IncludeStep) -> Problem | None:
        name = step.include
        if name not in self._scenarios:
            what = f"there is no scenario {name!r} to include"
            mend = did_you_mean(name, [*self._scenarios, *sorted(self._broken)])
            return Problem(step.where, what, "unknown-scenario", mend)
        if name in self._way:
            way = " → ".join([*self._way, name])
            return Problem(
                step.where, f"includes go in a circle: {way}", "include-circle", "break it"
            )
        if self._scenarios[name].stream is None:
            what = f"scenario {name!r} has no stream to include"
            return Problem(step.where, what, "nothing-to-include", "include one with 'stream:'")
        if self._added > MAX_INCLUDED and not self._told:
            self._told = True
            what = f"includes add more than {MAX_INCLUDED:,} steps"
            return Problem(step.where, what, "too-many-nodes", "use repeat")
        return None

"""What has to hold of a scenario as a story, whatever the OpenAPI document says.

Every step can be reached, time runs forward, and templates use only names that are there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import Location, did_you_mean
from mockserver.scenario.expect_rules import check_expect
from mockserver.scenario.model import (
    AwaitStep,
    BlockStep,
    ChanceStep,
    Connection,
    DisconnectStep,
    EachStep,
    HoldStep,
    IncludeStep,
    RepeatStep,
    Scenario,
    StallStep,
    Step,
)
from mockserver.scenario.part_rules import check_heads, check_parts
from mockserver.scenario.template import NAMES, REQUEST_NAMES, Template
from mockserver.scenario.units import FOREVER, Span, duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.scenario.shapes import Report

_IDENTITY_NAMES: Final = frozenset({"request", "session", "last_event_id"})


def check_story(scenario: Scenario, report: Report, *, whole: bool = True) -> None:
    """Report everything that is wrong with `scenario` in itself.

    `whole=False`: parts could not be read, so nothing is said about what is missing.
    """
    if whole:
        check_parts(scenario, report)
    check_heads(scenario, report)
    check_expect(scenario, report)
    rules = _Rules(scenario, report)
    if scenario.stream is not None:
        rules.check_stream(scenario.stream)
    for connection in scenario.connections or ():
        rules.check_connection(connection)
    if scenario.templated:
        rules.check_names()


@dataclass(slots=True)
class _Rules:
    """Walks the steps of one scenario."""

    scenario: Scenario
    report: Report

    def check_stream(self, steps: Sequence[Step]) -> None:
        start = 0
        for index, step in enumerate(steps):
            if isinstance(step, DisconnectStep):
                self._check_run(steps[start : index + 1])
                start = index + 1
        self._check_run(steps[start:])

    def check_connection(self, connection: Connection) -> None:
        wrong = self.report.wrong
        if connection.steps is None and connection.response is None and not connection.disconnect:
            mend = "add steps, response or disconnect"
            wrong(connection.where, "this connection says nothing", "no-story", mend)
        if connection.disconnect and (connection.steps is not None):
            mend = "make the disconnect the last of the steps"
            what = "disconnect beside steps: it stands alone or as the last step"
            wrong(connection.where, what, "two-kinds", mend)
        if connection.disconnect and connection.response and connection.steps is None:
            mend = "write 'steps: [{disconnect: …}]' beside the response"
            what = "a lone disconnect comes before any response"
            wrong(connection.where, what, "two-kinds", mend)
        if connection.delay is not None and not connection.disconnect:
            mend = "put the delay into response or steps"
            wrong(connection.where, "delay here goes with a disconnect", "two-waits", mend)
        for index, step in enumerate(connection.steps or ()):
            if isinstance(step, DisconnectStep) and index + 1 < len(connection.steps or ()):
                after = (connection.steps or ())[index + 1]
                mend = "begin the next connection with '- steps:'"
                what = "nothing of the same connection can follow its disconnect"
                wrong(after.where, what, "unreachable", mend)
                return
        self._check_run(connection.steps or (), alone=True)

    def _check_run(self, steps: Sequence[Step], *, alone: bool = False) -> None:
        """Check the steps of one connection, `alone` where no other sees what follows its end."""
        self._check_reach(steps, alone=alone)
        self._check_clock(steps, 0.0, set())
        for step in steps:
            self._check_step(step, in_loop=False)

    def _check_step(self, step: Step, *, in_loop: bool) -> None:
        match step:
            case AwaitStep():
                self._check_await(step, in_loop=in_loop)
            case DisconnectStep() if in_loop:
                what = "a disconnect cannot stand inside a loop"
                self.report.wrong(step.where, what, "loop-disconnect", "say it in connections")
            case RepeatStep() | EachStep():
                self._check_loop(step)
            case ChanceStep():
                for way in (step.steps, step.otherwise):
                    self._check_reach(way)
                    for inner in way:
                        self._check_step(inner, in_loop=in_loop)

    def _check_await(self, step: AwaitStep, *, in_loop: bool) -> None:
        wrong = self.report.wrong
        if step.timeout is None and not step.usual:
            mend = "add 'timeout: 5s', or leave otherwise out"
            wrong(step.where, "otherwise can never run without a timeout", "unreachable", mend)
        if in_loop and step.timeout is not None and step.usual:
            what = "a timeout without otherwise disconnects, which cannot be inside a loop"
            mend = "add 'otherwise: []', or the steps that follow"
            wrong(step.where, what, "loop-disconnect", mend)
            return
        self._check_reach(step.otherwise)
        for inner in step.otherwise:
            self._check_step(inner, in_loop=in_loop)

    def _check_loop(self, loop: RepeatStep | EachStep) -> None:
        if not loop.steps:
            self.report.wrong(loop.where, "the loop has no steps", "empty-loop", "add steps")
        self._check_reach(loop.steps)
        for step in loop.steps:
            self._check_step(step, in_loop=True)
        endless = isinstance(loop, RepeatStep) and loop.times is None
        if endless and not _positive(loop.every) and not any(map(_does_something, loop.steps)):
            what = "this loop may run for ever without sending or waiting"
            mend = "add every: 1s, or an event that every round sends"
            self.report.wrong(loop.where, what, "empty-loop", mend)

    def _check_reach(self, steps: Sequence[Step], *, alone: bool = True) -> None:
        for step, after in pairwise(steps):
            reason = _endless(step)
            if reason:
                what = f"this step can never run: {reason} (line {step.where.line}) has no end"
                mend = "move it before that step, or give that step an end"
                self.report.wrong(after.where, what, "unreachable", mend)
                return
            if isinstance(step, DisconnectStep) or (alone and _disconnects(step)):
                what = "this step can never run: the connection has ended"
                self.report.wrong(after.where, what, "unreachable", "say it in connections")
                return

    def _check_clock(self, steps: Sequence[Step], passed: float, told: set[Location]) -> float:
        """Report an `at` that lies before what is certain to have passed; returns what has then."""
        for step in steps:
            if isinstance(step.at, Span):
                if step.at.longest < passed and step.where not in told:
                    told.add(step.where)
                    what = (
                        f"at: {step.at} goes backwards: {duration_text(passed)} of this connection"
                        " have passed by then"
                    )
                    mend = f"write {duration_text(passed)} or later, or use delay"
                    self.report.wrong(step.where, what, "at-backwards", mend)
                passed = max(passed, step.at.shortest)
            begins = passed + (step.delay.shortest if isinstance(step.delay, Span) else 0.0)
            match step:
                case RepeatStep() | EachStep():
                    # The second round shows what every later one would.
                    ends = self._check_clock(step.steps, begins, told)
                    if _rounds(step) > 1:
                        every = step.every.shortest if isinstance(step.every, Span) else 0.0
                        ends = self._check_clock(step.steps, max(ends, begins + every), told)
                case ChanceStep():
                    ways = (step.steps, step.otherwise)
                    ends = min(self._check_clock(way, begins, told) for way in ways)
                case AwaitStep(timeout=timeout):
                    least = timeout.shortest if isinstance(timeout, Span) else 0.0
                    self._check_clock(step.otherwise, begins + least, told)
                    ends = begins
                case _:
                    ends = begins
            passed = round(max(passed + _least(step), ends), 9)
        return passed

    def check_names(self) -> None:
        """Report every name in a template that nothing defines."""
        scenario = self.scenario
        known = set(NAMES)
        for name, value in scenario.vars.items():
            self._check_value(value, known | {"vars"})
            known.add(name)
        for said in (
            scenario.response, scenario.afterwards, scenario.heartbeat, scenario.wire,
            scenario.outcome,
        ):  # fmt: skip
            self._check_value(said, known)
        self._check_value(scenario.pace, known)
        if isinstance(scenario.identity, Template):
            self._check_value(scenario.identity, set(_IDENTITY_NAMES))
        for connection in scenario.connections or ():
            self._check_value((connection.response, connection.delay), known)
            self._check_value(connection.wire, known)
            self._check_steps(connection.steps or (), known)
        self._check_steps(scenario.stream or (), known)

    def _check_steps(self, steps: Sequence[Step], known: set[str]) -> None:
        for step in steps:
            match step:
                case RepeatStep() | EachStep():
                    own = (step.delay, step.at, step.every, getattr(step, "items", None))
                    self._check_value((*own, getattr(step, "times", None)), known)
                    counter = {"n"} if isinstance(step, EachStep) else set()
                    self._check_steps(step.steps, known | counter | {step.name})
                case ChanceStep():
                    self._check_value((step.delay, step.at, step.of), known)
                    self._check_steps((*step.steps, *step.otherwise), known)
                case AwaitStep():
                    times = (step.delay, step.at, step.timeout)
                    self._check_value((*times, step.signal, step.when), known)
                    self._check_steps(step.otherwise, known)
                case _:
                    self._check_value(step, known)

    def _check_value(self, value: Any, known: set[str]) -> None:
        for template in templates(value):
            for expression in template.expressions:
                for reference in expression.references:
                    self._check_reference(template.where, reference, known)

    def _check_reference(
        self, where: Location, reference: tuple[str, ...], known: set[str]
    ) -> None:
        name, *rest = reference
        if name not in known:
            what = f"unknown name {name!r} in a template"
            self.report.wrong(where, what, "unknown-name", did_you_mean(name, sorted(known)))
        elif name == "request" and rest and rest[0] not in REQUEST_NAMES:
            what = f"a request has no {rest[0]!r}"
            mend = did_you_mean(rest[0], sorted(REQUEST_NAMES))
            self.report.wrong(where, what, "unknown-name", mend)
        elif name == "vars" and rest and rest[0] not in self.scenario.vars:
            what = f"vars has no {rest[0]!r}"
            mend = did_you_mean(rest[0], self.scenario.vars)
            self.report.wrong(where, what, "unknown-name", mend)


def templates(value: Any) -> Iterator[Template]:
    """Yield every template in `value`, however deep."""
    match value:
        case None | str() | bytes() | int() | float() | Location() | Span():
            return
        case Template():
            yield value
        case dict():
            for item in value.values():
                yield from templates(item)
        case list() | tuple():
            for item in value:
                yield from templates(item)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from templates(getattr(value, field.name))


def all_steps(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps and those inside them, in the order written."""
    for step in steps:
        yield step
        match step:
            case RepeatStep() | EachStep():
                yield from all_steps(step.steps)
            case ChanceStep():
                yield from all_steps(step.steps)
                yield from all_steps(step.otherwise)
            case AwaitStep():
                yield from all_steps(step.otherwise)


def steps_of(scenario: Scenario) -> Iterator[Step]:
    """Yield every step of the scenario, in the order written."""
    yield from all_steps(scenario.stream or ())
    for connection in scenario.connections or ():
        yield from all_steps(connection.steps or ())


def _positive(time: Any) -> bool:
    return isinstance(time, Template) or (isinstance(time, Span) and time.longest > 0)


def _does_something(step: Step) -> bool:
    """Whether every pass over `step` sends something or takes time."""
    if _positive(step.delay):
        return True
    match step:
        case BlockStep() | DisconnectStep():
            return getattr(step, "raw", None) not in ("", b"")
        case HoldStep():
            return _positive(step.hold)
        case StallStep():
            return _positive(step.stall)
        case RepeatStep():
            return any(map(_does_something, step.steps))
        case ChanceStep():
            return any(map(_does_something, step.steps)) and any(
                map(_does_something, step.otherwise)
            )
        case AwaitStep():
            waits = step.timeout is None or _positive(step.timeout)
            return waits or any(map(_does_something, step.otherwise))
        case IncludeStep():
            return True
    return False


def _endless(step: Step) -> str:
    """Return what never ends in `step`, or nothing."""
    match step:
        case HoldStep(hold=Span(shortest=shortest)) if shortest == FOREVER:
            return "hold: forever"
        case StallStep(stall=Span(shortest=shortest)) if shortest == FOREVER:
            return "stall: forever"
        case RepeatStep(times=None):
            return "repeat: forever"
        case RepeatStep() | EachStep() if step.steps:
            return _endless(step.steps[-1])
        case ChanceStep() if step.steps and step.otherwise:
            first, other = _endless(step.steps[-1]), _endless(step.otherwise[-1])
            return first and other
    return ""


def _rounds(loop: RepeatStep | EachStep) -> float:
    """Return how many rounds are certain."""
    match loop:
        case RepeatStep(times=None):
            return FOREVER
        case RepeatStep(times=int() as times):
            return times
        case EachStep(items=list() as items):
            return len(items)
    return 0


def _disconnects(step: Step) -> bool:
    """Whether the connection is certain to end in `step`."""
    match step:
        case DisconnectStep():
            return True
        case ChanceStep():
            return all(way and _disconnects(way[-1]) for way in (step.steps, step.otherwise))
    return False


def _least(step: Step) -> float:
    """Return the seconds that `step` is certain to take, its own `at` aside."""
    least = step.delay.shortest if isinstance(step.delay, Span) else 0.0
    match step:
        case HoldStep(hold=Span(shortest=shortest)) | StallStep(stall=Span(shortest=shortest)):
            return least + shortest
        case RepeatStep(times=int() as times):
            every = step.every.shortest if isinstance(step.every, Span) else 0.0
            body = sum(map(_least, step.steps))
            return least + body + (times - 1) * max(body, every)
    return least

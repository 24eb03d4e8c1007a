"""Turns a scenario into a program: rows of operations, static blocks encoded once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockserver.errors import Problem, did_you_mean
from mockserver.scenario.model import (
    ChanceStep,
    Connection,
    DisconnectStep,
    EachStep,
    EventStep,
    HoldStep,
    IncludeStep,
    RepeatStep,
    Response,
    Scenario,
    Step,
    WaitStep,
)
from mockserver.scenario.program import (
    STRETCH_BYTES,
    Block,
    Chance,
    Each,
    Hold,
    Loop,
    Op,
    Pause,
    Program,
    Row,
    Series,
    Stop,
    Stretch,
    data_text,
    is_event,
    stretch,
)
from mockserver.scenario.story_rules import all_steps, steps_of, templates
from mockserver.scenario.template import Template
from mockserver.scenario.units import Span
from mockserver.sse.encode import Event, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MARK: Final = 7_081_726_354_433_221_100
MAX_INCLUDED: Final = 10_000
"""Steps that includes may add to a scenario, all together."""


def resolve_includes(
    scenarios: Mapping[str, Scenario],
) -> tuple[dict[str, Scenario], list[Problem]]:
    """Return the scenarios with every include replaced by the steps it names."""
    problems: list[Problem] = []
    resolved = {}
    for name, scenario in scenarios.items():
        before = len(problems)
        includer = _Includer(scenarios, problems, name)
        whole = includer.scenario(scenario)
        if len(problems) == before:
            resolved[name] = whole
    return resolved, problems


class _Includer:
    """Replaces the includes of one scenario."""

    def __init__(
        self, scenarios: Mapping[str, Scenario], problems: list[Problem], name: str
    ) -> None:
        self._scenarios = scenarios
        self._problems = problems
        self._way = [name]
        self._added = 0
        self._told = False

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
        return replace(scenario, stream=stream, connections=rows)

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
                case _:
                    yield step

    def _included(self, step: IncludeStep) -> Iterator[Step]:
        if step.delay is not None or step.at is not None:
            yield WaitStep(where=step.where, delay=step.delay, at=step.at)
        wrong = self._fault(step)
        if wrong:
            self._problems.append(wrong)
        if wrong or self._told:
            return
        stream = self._scenarios[step.include].stream or ()
        self._added += sum(1 for _ in all_steps(stream))
        self._way.append(step.include)
        yield from self._steps(stream)
        self._way.pop()

    def _fault(self, step: IncludeStep) -> Problem | None:
        name = step.include
        if name not in self._scenarios:
            what = f"there is no scenario {name!r} to include"
            mend = did_you_mean(name, self._scenarios)
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


def compile_scenario(scenario: Scenario, files: Mapping[str, bytes] | None = None) -> Program:
    """Compile a scenario whose includes are resolved."""
    compiler = _Compiler(scenario)
    if scenario.stream is not None:
        rows = tuple(compiler.stream_rows(scenario.stream))
    elif scenario.connections is not None:
        rows = tuple(map(compiler.row, scenario.connections))
    else:
        assert scenario.response is not None
        where = scenario.response.where
        rows = (Row(where, (), "end", scenario.response, answer=True),)
        # Every request is answered alike: there is no story that could come to an end.
        scenario = replace(scenario, afterwards="repeat")
    return Program(scenario, rows, scenario.stream is not None, files or {})


class _Compiler:
    """Compiles the steps of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        pace = scenario.pace
        nothing = isinstance(pace, Span) and pace.longest == 0
        self._pace = None if nothing else pace

    def stream_rows(self, steps: Sequence[Step]) -> Iterator[Row]:
        """Every disconnect ends a row; what follows it is the next one."""
        start = 0
        for index, step in enumerate(steps):
            if isinstance(step, DisconnectStep):
                yield self._stream_row(steps[start : index + 1], start)
                start = index + 1
        if start < len(steps) or not steps:
            yield self._stream_row(steps[start:], start)

    def _stream_row(self, steps: Sequence[Step], first: int) -> Row:
        response = self._scenario.response
        where = steps[0].where if steps else self._scenario.where
        last = steps[-1] if steps else None
        if not isinstance(last, DisconnectStep):
            return Row(where, self._ops(steps, "", first), "end", response)
        ops = self._ops(steps[:-1], "", first) + self._wait(last, str(first + len(steps) - 1))
        broken = len(steps) == 1 and last.disconnect != "end"
        return Row(where, ops, last.disconnect, response, broken=broken)

    def row(self, connection: Connection) -> Row:
        """Compile one connection as it is written out."""
        response = connection.response or self._scenario.response
        where, times = connection.where, connection.times
        if connection.disconnect:
            waits: tuple[Op, ...] = (Pause("0", connection.delay),) if connection.delay else ()
            broken = connection.disconnect != "end"
            return Row(where, waits, connection.disconnect, response, times, broken=broken)
        if connection.steps is None:
            return Row(where, (), "end", response, times, answer=_is_answer(connection.response))
        steps = connection.steps
        last = steps[-1] if steps else None
        if isinstance(last, DisconnectStep):
            ops = self._ops(steps[:-1]) + self._wait(last, str(len(steps) - 1))
            lone = len(steps) == 1 and connection.response is None
            broken = lone and last.disconnect != "end"
            return Row(where, ops, last.disconnect, response, times, broken=broken)
        return Row(where, self._ops(steps), "end", response, times)

    def _ops(self, steps: Sequence[Step], prefix: str = "", first: int = 0) -> tuple[Op, ...]:
        ops: list[Op] = []
        static: list[tuple[EventStep, Event]] = []
        for index, step in enumerate(steps, first):
            path = f"{prefix}{index}"
            waits = self._wait(step, path)
            if waits or not (isinstance(step, EventStep) and _is_static(step)):
                ops += _stretches(static)
                static = []
                ops += waits
            if isinstance(step, EventStep) and _is_static(step):
                static.append((step, _static_event(step)))
            else:
                ops += self._op(step, path)
        ops += _stretches(static)
        return tuple(ops)

    def _wait(self, step: Step, path: str) -> tuple[Op, ...]:
        if step.at is not None:
            return (Pause(path, step.at, until=True),)
        wait = step.delay
        if wait is None and isinstance(step, EventStep) and is_event(step):
            wait = self._pace
        if wait is None or (isinstance(wait, Span) and wait.longest == 0):
            return ()
        return (Pause(path, wait),)

    def _op(self, step: Step, path: str) -> tuple[Op, ...]:
        match step:
            case EventStep():
                return (Block(path, step),)
            case HoldStep():
                return (Hold(path, step.hold),)
            case DisconnectStep():
                return (Stop(step.disconnect, step.where),)
            case RepeatStep():
                body = self._ops(step.steps, f"{path}.")
                return _loop(path, step, body)
            case EachStep():
                body = self._ops(step.steps, f"{path}.")
                return (Each(path, step.items, step.every, step.name, body),)
            case ChanceStep():
                body = self._ops(step.steps, f"{path}.")
                otherwise = self._ops(step.otherwise, f"{path}.else.")
                return (Chance(path, step.of, body, otherwise),)
        return ()


def _is_answer(response: Response | None) -> bool:
    """Whether a connection with nothing but this response is an answer, not an empty stream."""
    if response is None:
        return False
    return response.has_body or response.status not in (None, 200) or response.example is not None


def _is_static(step: EventStep) -> bool:
    return next(templates(step), None) is None


def _static_event(step: EventStep) -> Event:
    data = data_text(step.data, {}, step.where) if step.has_data else None
    return Event(
        comment=step.comment,  # type: ignore[arg-type]  # without templates these are texts
        event=step.event,  # type: ignore[arg-type]
        id=step.id,  # type: ignore[arg-type]
        retry=step.retry,  # type: ignore[arg-type]
        data=data,
    )


def _stretches(blocks: Sequence[tuple[EventStep, Event]]) -> Iterator[Stretch]:
    """Encode `blocks`, cut between events so that no stretch is much over STRETCH_BYTES."""
    whole = stretch(blocks) if blocks else None
    if whole is None:
        return
    if len(whole.data) <= STRETCH_BYTES:
        yield whole
        return
    first = start = 0
    for index, end in enumerate(whole.ends):
        last = index + 1 == len(whole.ends)
        if last or whole.ends[index + 1] - start > STRETCH_BYTES:
            yield stretch(blocks[first : index + 1])
            first, start = index + 1, end


def _loop(path: str, step: RepeatStep, body: tuple[Op, ...]) -> tuple[Op, ...]:
    untimed = step.every is None or (isinstance(step.every, Span) and step.every.longest == 0)
    alone = body[0] if len(body) == 1 else None
    if untimed and not isinstance(step.times, Template):
        if isinstance(alone, Stretch):
            return _rounds(path, step, step.times, alone)
        if isinstance(alone, Block) and _only_counts(alone.step, step.name):
            return (_series(alone, step.times, step.name),)
    return (Loop(path, step.times, step.every, step.name, body),)


def _only_counts(step: EventStep, counter: str) -> bool:
    """Whether all that the templates of a block say is the counter's value."""
    found = [e.dotted for template in templates(step) for e in template.expressions]
    return not isinstance(step.retry, Template) and all(dotted == (counter,) for dotted in found)


def _series(block: Block, times: int | None, counter: str) -> Series:
    """Encode a block once, with a number in the counter's place that nobody would write."""
    event = block.event(_Numbers({counter: _MARK}))
    mark, whole, id_ = str(_MARK), encode(event), event.id
    form = whole.replace(b"%", b"%%").replace(mark.encode(), b"%d")
    id_form = None if id_ is None else id_.replace("%", "%%").replace(mark, "%d")
    holes = whole.count(mark.encode())
    return Series(block.step, form, holes, id_form, (id_ or "").count(mark), times)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """A scope with nothing but a counter."""

    names: dict[str, int]

    def at(self, path: str, field: str) -> Mapping[str, int]:  # noqa: ARG002
        return self.names


def _rounds(path: str, step: RepeatStep, times: int | None, alone: Stretch) -> tuple[Op, ...]:
    """Join rounds that take no time and are the same every time."""
    rounds = max(1, STRETCH_BYTES // len(alone.data))
    if times is None:
        return (Loop(path, None, None, step.name, (alone.times(rounds),)),)
    many, rest = divmod(times, rounds)
    ops: list[Op] = []
    if many:
        ops.append(Loop(path, many, None, step.name, (alone.times(rounds),)))
    if rest:
        ops.append(alone.times(rest))
    return tuple(ops)

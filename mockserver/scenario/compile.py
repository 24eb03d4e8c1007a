"""Turns a scenario into a program: rows of operations, static blocks encoded once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockserver.errors import Problem
from mockserver.scenario.block import Block, Counted, beyond, echoed, is_event, static_event
from mockserver.scenario.framings import framed
from mockserver.scenario.model import (
    AwaitStep,
    BlockStep,
    CallStep,
    ChanceStep,
    Connection,
    DisconnectStep,
    EachStep,
    EventStep,
    HoldStep,
    RawStep,
    RepeatStep,
    Response,
    Scenario,
    StallStep,
    Step,
    WaitStep,
    Wire,
)
from mockserver.scenario.outgoing import callback_url, meant
from mockserver.scenario.program import (
    STRETCH_BYTES,
    Awaiting,
    Calling,
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
    answer_row,
    form_of,
    is_laid,
    stretch,
)
from mockserver.scenario.story_rules import all_steps, templates
from mockserver.scenario.template import Template
from mockserver.scenario.units import Span
from mockserver.sse.encode import Event, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockserver.contract import Operation
    from mockserver.contract.callbacks import OutgoingRequest
    from mockserver.scenario.outgoing import Meant
    from mockserver.sse.encode import Framing

_MARK: Final = 7_081_726_354_433_221_100


def cut_problems(program: Program) -> list[Problem]:
    """Return a problem for every cut that goes beyond its block, where that is known now."""
    problems = []
    for row in program.rows:
        for block in blocks_of(row.ops):
            step = block.step
            if not isinstance(step.cut, int) or next(templates(step), None) is not None:
                continue
            if row.form.newline is None and not isinstance(step, RawStep):
                continue
            size = len(replace(block, step=replace(step, cut=None)).data(Counted({})))
            if abs(step.cut) > size:
                mend = f"write {size if step.cut > 0 else -size} at most, or leave cut out"
                problems.append(Problem(step.where, beyond(step.cut, size), "cut-beyond", mend))
    return problems


def blocks_of(ops: Sequence[Op]) -> Iterator[Block]:
    """Yield the blocks among operations that are made when they are due, in all their branches."""
    for op in ops:
        match op:
            case Block():
                yield op
            case Loop() | Each():
                yield from blocks_of(op.body)
            case Chance():
                yield from blocks_of((*op.body, *op.otherwise))
            case Awaiting():
                yield from blocks_of(op.otherwise)


def compile_scenario(
    scenario: Scenario,
    files: Mapping[str, bytes] | None = None,
    framing: Framing = "sse",
    requests: Mapping[Meant, OutgoingRequest] | None = None,
    awaited: Mapping[str, Operation] | None = None,
) -> Program:
    """Compile a scenario whose includes are resolved, for one framing.

    `requests` are those that it calls, `awaited` the operations that it names in awaits.
    """
    scenario = framed(scenario, framing)
    named = {name: operation.id for name, operation in (awaited or {}).items()}
    compiler = _Compiler(scenario, framing, _Named(requests or {}, named))
    if scenario.stream is not None:
        rows = tuple(compiler.stream_rows(scenario.stream))
    elif scenario.connections is not None:
        rows = tuple(map(compiler.row, scenario.connections))
    else:
        assert scenario.response is not None
        rows = (answer_row(scenario, scenario.response),)
        # Every request is answered alike: there is no story that could come to an end.
        scenario = replace(scenario, afterwards="repeat")
    return Program(
        scenario,
        rows,
        scenario.stream is not None,
        files or {},
        framing=framing,
        calls=tuple(compiler.calls),
        awaited=frozenset(named.values()),
    )


@dataclass(frozen=True, slots=True)
class _Named:
    """What of the document the steps name: requests to others, and operations by their ids."""

    requests: Mapping[Meant, OutgoingRequest]
    operations: Mapping[str, str]


class _Compiler:
    """Compiles the rows of one scenario."""

    def __init__(self, scenario: Scenario, framing: Framing, named: _Named) -> None:
        self._scenario = scenario
        self._framing: Framing = framing
        self._named = named
        self.calls: list[Calling] = []
        """Every call that was compiled."""

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
        where = steps[0].where if steps else self._scenario.where
        wire = self._scenario.wire or Wire()
        row = Row(where, (), "end", self._scenario.response, wire=wire)
        return self._row(steps, first, row, headless=True)

    def row(self, connection: Connection) -> Row:
        """Compile one connection as it is written out."""
        response = connection.response or self._scenario.response
        wire = (connection.wire or Wire()).over(self._scenario.wire)
        row = Row(connection.where, (), "end", response, connection.times, wire=wire)
        if connection.disconnect:
            waits: tuple[Op, ...] = (Pause("0", connection.delay),) if connection.delay else ()
            broken = connection.disconnect != "end"
            return replace(row, ops=waits, end=connection.disconnect, broken=broken)
        if connection.steps is None and _is_answer(connection.response):
            return replace(row, answer=True, laid=is_laid(wire))
        return self._row(connection.steps or (), 0, row, headless=connection.response is None)

    def _row(self, steps: Sequence[Step], first: int, row: Row, *, headless: bool) -> Row:
        """Fill in what follows from the steps; `headless`: no head of its own comes before them."""
        maker = _OpMaker(self._scenario, steps, row.wire, self._framing, self._named)
        last = steps[-1] if steps else None
        end, broken = row.end, False
        if isinstance(last, DisconnectStep):
            ops = maker.ops(steps[:-1], "", first, ends=True)
            ops += maker.wait(last, str(first + len(steps) - 1))
            end = last.disconnect
            broken = headless and len(steps) == 1 and end != "end"
        else:
            ops = maker.ops(steps, "", first, ends=True)
        self.calls += maker.calls
        return replace(
            row, ops=ops, end=end, form=maker.form, reads=maker.reads, laid=maker.laid,
            loses=maker.loses, broken=broken, steps=tuple(steps),
        )  # fmt: skip


class _OpMaker:
    """Compiles the steps of one row for its wire."""

    def __init__(
        self,
        scenario: Scenario,
        steps: Sequence[Step],
        wire: Wire,
        framing: Framing,
        named: _Named,
    ) -> None:
        self._named = named
        self.calls: list[Calling] = []
        pace = scenario.pace
        nothing = isinstance(pace, Span) and pace.longest == 0
        self._pace = None if nothing else pace
        self._templated = scenario.templated
        sent = [step for step in all_steps(steps) if isinstance(step, BlockStep)]
        self.form = form_of(wire, framing)
        self.reads = any(isinstance(step, RawStep) or step.cut is not None for step in sent)
        self.laid = is_laid(wire) or any(step.split is not None for step in sent)
        self.loses = False
        self._in_otherwise = False
        # What is read, coded, or sent in pieces is taken block by block.
        self._joins = not (self.reads or self.laid)

    def ops(
        self, steps: Sequence[Step], prefix: str = "", first: int = 0, *, ends: bool = False
    ) -> tuple[Op, ...]:
        """Compile `steps`; `ends`: the connection ends after them."""
        ops: list[Op] = []
        static: list[tuple[EventStep, Event]] = []
        last = _last_sent(steps) if ends else None
        for index, step in enumerate(steps, first):
            path = f"{prefix}{index}"
            waits = self.wait(step, path)
            whole = isinstance(step, EventStep) and self._is_static(step)
            if waits or not whole:
                ops += self._stretches(static)
                static = []
                ops += waits
            if isinstance(step, EventStep) and whole:
                static.append((step, static_event(step, self.form)))
            else:
                ops += self._op(step, path, ends=step is last)
        ops += self._stretches(static)
        return tuple(ops)

    def wait(self, step: Step, path: str) -> tuple[Op, ...]:
        """Compile what comes before a step."""
        if step.at is not None:
            return (Pause(path, step.at, until=True),)
        wait = step.delay
        if wait is None and isinstance(step, EventStep) and is_event(step):
            wait = self._pace
        if wait is None or (isinstance(wait, Span) and wait.longest == 0):
            return ()
        return (Pause(path, wait),)

    def _op(self, step: Step, path: str, *, ends: bool) -> tuple[Op, ...]:
        match step:
            case EventStep() | RawStep():
                self.loses = self.loses or (ends and step.cut is not None)
                return (Block(path, step, self.form, again=ends),)
            case HoldStep():
                return (Hold(path, step.hold),)
            case StallStep():
                return (Hold(path, step.stall, silent=True),)
            case CallStep():
                request = self._named.requests[meant(step)]
                self.calls.append(Calling(path, step, request, callback_url(step, request)))
                return (self.calls[-1],)
            case AwaitStep():
                return (self._await(path, step),)
            case DisconnectStep():
                return (Stop(step.disconnect, step.where, self._in_otherwise),)
            case RepeatStep():
                return self._loop(path, step)
            case EachStep():
                body = self.ops(step.steps, f"{path}.")
                return (Each(path, step.items, step.every, step.name, body),)
            case ChanceStep():
                body = self._way(step.steps, f"{path}.")
                otherwise = self._way(step.otherwise, f"{path}.else.")
                return (Chance(path, step.of, body, otherwise),)
        return ()

    def _way(self, steps: Sequence[Step], prefix: str) -> tuple[Op, ...]:
        ends = bool(steps) and isinstance(steps[-1], DisconnectStep)
        return self.ops(steps, prefix, ends=ends)

    def _await(self, path: str, step: AwaitStep) -> Awaiting:
        operation = self._named.operations[step.request[0]] if step.request else ""
        outside, self._in_otherwise = self._in_otherwise, True
        otherwise = self._way(step.otherwise, f"{path}.else.")
        self._in_otherwise = outside
        return Awaiting(path, step, operation, otherwise)

    def _is_static(self, step: EventStep) -> bool:
        whole = step.cut is None and step.split is None and self.form.newline is not None
        return whole and (not self._templated or next(templates(step), None) is None)

    def _stretches(self, blocks: Sequence[tuple[EventStep, Event]]) -> Iterator[Stretch]:
        """Encode `blocks`, cut between events so that no stretch is much over STRETCH_BYTES."""
        if not self._joins:
            yield from (stretch([block], self.form) for block in blocks)
            return
        whole = stretch(blocks, self.form) if blocks else None
        if whole is None:
            return
        if len(whole.data) <= STRETCH_BYTES:
            yield whole
            return
        first = start = 0
        for index, end in enumerate(whole.ends):
            last = index + 1 == len(whole.ends)
            if last or whole.ends[index + 1] - start > STRETCH_BYTES:
                yield stretch(blocks[first : index + 1], self.form)
                first, start = index + 1, end

    def _loop(self, path: str, step: RepeatStep) -> tuple[Op, ...]:
        body = self.ops(step.steps, f"{path}.")
        untimed = step.every is None or (isinstance(step.every, Span) and step.every.longest == 0)
        alone = body[0] if len(body) == 1 else None
        if self._joins and untimed and not isinstance(step.times, Template):
            if isinstance(alone, Stretch):
                return _rounds(path, step, step.times, alone)
            if isinstance(alone, Block) and self._only_counts(alone.step, step.name):
                return (self._series(Loop(path, step.times, None, step.name, body), alone),)
        return (Loop(path, step.times, step.every, step.name, body),)

    def _only_counts(self, step: BlockStep, counter: str) -> bool:
        """Whether all that the templates of a block say is the counter's value."""
        if not isinstance(step, EventStep) or self.form.newline is None:
            return False
        found = [e.dotted for template in templates(step) for e in template.expressions]
        return not isinstance(step.retry, Template) and all(d == (counter,) for d in found)

    def _series(self, loop: Loop, block: Block) -> Series:
        """Encode a block once, with a number in the counter's place that nobody would write."""
        assert isinstance(block.step, EventStep)
        assert not isinstance(loop.times, Template)
        event = block.event(Counted({loop.name: _MARK}))
        mark, whole, id_ = str(_MARK), encode(event, self.form), event.id
        form = whole.replace(b"%", b"%%").replace(mark.encode(), b"%d")
        id_form = (
            None if id_ is None else (echoed(id_) or "").replace("%", "%%").replace(mark, "%d")
        )
        holes = whole.count(mark.encode())
        id_holes = (id_ or "").count(mark)
        return Series(loop, (block.step,), form, holes, id_form, id_holes, loop.times)


def _last_sent(steps: Sequence[Step]) -> Step | None:
    """Return the last step that sends, if nothing but waits, calls and silent awaits follow."""
    silent = (WaitStep, HoldStep, StallStep, CallStep, AwaitStep, DisconnectStep)
    for step in reversed(steps):
        inner = step.otherwise if isinstance(step, AwaitStep) else ()
        if not isinstance(step, silent) or any(isinstance(s, BlockStep) for s in all_steps(inner)):
            return step
    return None


def _is_answer(response: Response | None) -> bool:
    """Whether a connection with nothing but this response is an answer, not an empty stream."""
    if response is None or response.raw_head is not None:
        return False
    return response.has_body or response.status not in (None, 200) or response.example is not None


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

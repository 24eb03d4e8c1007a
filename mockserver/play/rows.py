"""Judges what a scenario sends before anybody asks for it, row by row.

A row is one connection, and one connection belongs to one operation: of several, to the one that
it fits best.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mockserver.play.answer import stream_head, whole_answer
from mockserver.play.scope import Address, StoryScope
from mockserver.play.timeline import usual_request
from mockserver.play.verdicts import (
    BY_HAND,
    NOT_A_STREAM,
    Verdict,
    answer_verdict,
    event_verdict,
    head_verdict,
    is_whole,
    received_violations,
)
from mockserver.scenario.block import Block
from mockserver.scenario.model import (
    BlockStep,
    EachStep,
    EventStep,
    Length,
    RawStep,
    RepeatStep,
    Response,
)
from mockserver.scenario.story_rules import all_steps, templates
from mockserver.scenario.template import RenderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mockserver.contract import EventStream, Operation
    from mockserver.scenario.model import Step
    from mockserver.scenario.program import Program, Row


def numbered_rows(program: Program) -> Iterator[tuple[int, Row]]:
    """Yield every row with the number of its first connection, and what comes `afterwards`."""
    number = 1
    for row in program.rows:
        yield number, row
        number += row.times
    if isinstance(program.scenario.afterwards, Response):
        row_after = program.row(number)
        assert row_after is not None
        yield number, row_after


def is_templated(value: object) -> bool:
    """Tell whether there is a template anywhere in it."""
    return next(templates(value), None) is not None


@dataclass(frozen=True, slots=True)
class RowJudge:
    """Judges the rows of one program, as one of its operations would send them.

    With `rendered`, templates see what a usual request would show them, each loop in its first
    round; without, all that has a template is left open.
    """

    program: Program
    operation: Operation
    rendered: bool
    example: Callable[[str], Any] | None = None

    def verdicts(self, number: int, row: Row) -> Iterator[Verdict]:
        """Yield the verdicts on one row, whose first connection is `number`, head first."""
        scope, rendered = self.scope(number, row)
        yield from self._head(row, scope, rendered)
        stream = self._stream
        if stream is None or row.answer or row.broken or not self._is_stream(row, stream):
            return
        sent = [step for step in all_steps(row.steps) if isinstance(step, BlockStep)]
        heartbeat = self.program.scenario.heartbeat
        beats = [heartbeat.block] if heartbeat else []
        for step in [*sent, *beats]:
            yield from self._step(step, row, scope, rendered)

    @property
    def _stream(self) -> EventStream | None:
        """What the document says of the stream in the program's framing."""
        return self.operation.stream_for("*/*", self.program.framing)

    def scope(self, number: int, row: Row) -> tuple[StoryScope, bool]:
        """Return what templates of a row see, and whether they can be rendered with it."""
        scenario, rendered = self.program.scenario, self.rendered
        address = Address("0", self.program.name)
        opening = usual_request(self.program, self.operation)
        if rendered:
            try:
                scope = StoryScope(scenario, address, opening, example=self.example)
            except RenderError:  # of a variable, which every template may need
                rendered = False
        if not rendered:
            scope = StoryScope(replace(scenario, vars={}), address, opening)
        scope.enter(number)
        scope.names["n"] = 1
        if rendered:
            name_loops(row.steps, scope)
        return scope, rendered

    def _head(self, row: Row, scope: StoryScope, rendered: bool) -> Iterator[Verdict]:  # noqa: FBT001
        response, where = row.response, row.response.where if row.response else row.where
        if row.broken or isinstance(row.wire.transfer, Length):
            yield Verdict("answer", where, BY_HAND, believed=True)
        if response is not None and response.raw_head is not None:
            yield Verdict("answer", where, BY_HAND, believed=True)
        elif row.broken:
            return
        elif not rendered and is_templated(response):
            yield Verdict("answer", where, None)
        else:
            try:
                yield self._head_of(row, scope)
            except RenderError:
                yield Verdict("answer", where, None)

    def _head_of(self, row: Row, scope: StoryScope) -> Verdict:
        operation, response = self.operation, row.response
        if row.answer:
            assert response is not None
            answer = whole_answer(response, scope, operation, self.program.files)
            own = response.has_body or response.file is not None
            return answer_verdict(operation, response.where, answer.head, answer.body, own=own)
        head = stream_head(row, scope, self._stream)
        return head_verdict(operation, response.where if response else row.where, head)

    def _is_stream(self, row: Row, stream: EventStream) -> bool:
        """Whether the row has the status under which the document declares the stream."""
        status = row.response.status if row.response else None
        return not isinstance(status, int) or status == stream.status

    def _step(
        self,
        step: BlockStep,
        row: Row,
        scope: StoryScope,
        rendered: bool,  # noqa: FBT001
    ) -> Iterator[Verdict]:
        on_purpose, stream = step.violates is not None, self._stream
        assert stream is not None
        if step.cut is not None:
            yield Verdict("event", step.where, BY_HAND, None, on_purpose, believed=True)
        if isinstance(step, RawStep):
            if step.cut is None:
                found = None if is_templated(step) else _raw_violations(step, stream)
                yield Verdict("event", step.where, found, None, on_purpose, believed=True)
        elif isinstance(step, EventStep) and (step.has_data or step.event is not None):
            if on_purpose and step.cut is not None:
                return
            if not rendered and is_templated(step):
                yield Verdict("event", step.where, None, None, on_purpose)
                return
            try:
                event = Block("check", replace(step, retry=None), row.form).event(scope)
                yield event_verdict(stream, step, event)
            except RenderError:
                yield Verdict("event", step.where, None, None, on_purpose)


def _raw_violations(step: RawStep, stream: EventStream) -> Any:
    """Return what is wrong with bytes written by hand; those that are no whole events break all."""
    assert isinstance(step.raw, (str, bytes))
    data = step.raw if isinstance(step.raw, bytes) else step.raw.encode("utf-8", "replace")
    return tuple(received_violations(stream, data)) if is_whole(stream, data) else BY_HAND


def best_verdicts(
    program: Program,
    operations: Sequence[Operation],
    *,
    rendered: bool,
    example: Callable[[str], Any] | None = None,
) -> Iterator[list[Verdict]]:
    """Yield the verdicts on each row, as that one of the operations sends it that it fits best."""
    judges = [RowJudge(program, operation, rendered, example) for operation in operations]
    for number, row in numbered_rows(program):
        yield nearest([list(judge.verdicts(number, row)) for judge in judges])


def nearest(found: Iterable[list[Verdict]]) -> list[Verdict]:
    """Return the verdicts on one row, by several operations, of the one that it fits best."""
    return min(found, key=_distance)


def _distance(verdicts: Sequence[Verdict]) -> tuple[bool, int, int]:
    """Say how far a row is from what an operation does: its head counts before its events."""
    told = [v for v in verdicts if not v.believed]
    of_head = [one for v in told if v.part == "answer" for one in v.violations or ()]
    streamless = any(one.code == NOT_A_STREAM for one in of_head)
    return streamless, len(of_head), sum(len(v.violations or ()) for v in told)


def name_loops(steps: Sequence[Step], scope: StoryScope) -> None:
    """Give every loop's name the value of its first round."""
    for step in all_steps(steps):
        if isinstance(step, RepeatStep):
            scope.names[step.name] = 1
        elif isinstance(step, EachStep):
            with contextlib.suppress(RenderError):
                scope.names[step.name] = next(iter(scope.items(step.items, "check")), None)

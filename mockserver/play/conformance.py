"""Holds the events of scenarios against what the document says of their streams."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import event_violations
from mockserver.errors import Location, Problem
from mockserver.play.scope import Address, StoryScope
from mockserver.play.timeline import usual_request
from mockserver.scenario.block import Block
from mockserver.scenario.model import (
    BlockStep,
    EachStep,
    EventStep,
    Length,
    RawStep,
    RepeatStep,
)
from mockserver.scenario.story_rules import all_steps, steps_of
from mockserver.scenario.template import RenderError
from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract import EventStream, Operation
    from mockserver.errors import Severity
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program

_SHOWN: Final = 5


def event_problems(catalog: Catalog, severity: Severity) -> list[Problem]:
    """Return a problem for every event that does not fit its stream, of all scenarios.

    Events with templates are rendered once, as a usual request would see them; those that
    need more than that are left to the server. An event or scenario with `violates` is not
    reported, unless it fits after all.
    """
    problems: dict[tuple[str, str, int], Problem] = {}
    for operation_id, programs in catalog.by_operation.items():
        operation = catalog.contract.operations[operation_id]
        for program in programs:
            for problem in _of_program(program, operation, severity):
                key = (problem.code, problem.where.file, problem.where.line)
                problems.setdefault(key, problem)
    return list(problems.values())


def _of_program(program: Program, operation: Operation, severity: Severity) -> Iterator[Problem]:
    stream = operation.stream
    scenario = program.scenario
    if stream is None or len(scenario.operations) > 1:
        return
    broken = False
    for step, faults in _checked(program, operation, stream):
        if step.violates is not None:
            broken = True
            if not faults and step.cut is None:
                yield _fits(step.where)
        elif faults:
            broken = True
            if scenario.violates is None:
                yield from _faults(step, faults, severity)
    for sent, breaks in _checked_bytes(program, stream):
        broken = broken or breaks
        if sent.violates is not None and not breaks:
            yield _fits(sent.where)
    if scenario.violates is not None and not broken and not _odd_head(program, stream):
        yield _fits(scenario.where)


def _fits(where: Location) -> Problem:
    what = "this says that it violates the contract, and does not"
    return Problem(where, what, "no-violation", "leave 'violates' out, or break the contract")


def _faults(step: EventStep, faults: list[Any], severity: Severity) -> Iterator[Problem]:
    told = [f"{fault.field}: {fault.what}" if fault.field else fault.what for fault in faults]
    more = f" (and {len(told) - _SHOWN} more)" if len(told) > _SHOWN else ""
    what = f"this event breaks the contract: {'; '.join(told[:_SHOWN])}{more}"
    mend = faults[0].mend or f"the document asks for {faults[0].expected} at {faults[0].pointer}"
    yield Problem(step.where, what, "contract-event", f"{mend}; or say 'violates: …'", severity)


def _checked_bytes(program: Program, stream: EventStream) -> Iterator[tuple[BlockStep, bool]]:
    """Yield the steps whose bytes are written or cut by hand, and whether they break anything.

    Bytes that make no whole events, and those that are made by templates, are taken at their word.
    """
    for step in steps_of(program.scenario):
        if isinstance(step, RawStep) and isinstance(step.raw, (str, bytes)) and step.cut is None:
            data = step.raw if isinstance(step.raw, bytes) else step.raw.encode("utf-8", "replace")
            events = Parser().feed(data)
            whole = bool(events) and data.endswith((b"\n\n", b"\r\r", b"\r\n\r\n"))
            fits = whole and not any(
                list(event_violations(stream, event.type, event.data, event.last_event_id))
                for event in events
            )
            yield step, not fits
        elif isinstance(step, BlockStep) and step.cut is not None:
            yield step, True


def _odd_head(program: Program, stream: EventStream) -> bool:
    """Whether a connection of the scenario has a head that the document does not declare."""
    for row in program.rows:
        response = row.response
        if row.broken or isinstance(row.wire.transfer, Length):
            return True
        if response is None:
            continue
        if response.raw_head is not None:
            return True
        if response.status not in (None, stream.status):
            return True
        if any(name.lower() == "content-type" for name, _ in response.headers):
            return True
    return False


def _checked(
    program: Program, operation: Operation, stream: EventStream
) -> Iterator[tuple[EventStep, list[Any]]]:
    try:
        scope = StoryScope(
            program.scenario, Address("0", program.name), usual_request(program, operation)
        )
    except RenderError:
        return
    scope.enter(1)
    scope.names["n"] = 1
    _name_loops(program, scope)
    for step in steps_of(program.scenario):
        if not isinstance(step, EventStep) or not (step.has_data or step.event is not None):
            continue
        try:
            event = Block("check", replace(step, retry=None)).event(scope)
        except RenderError:
            continue
        # An event without data is dispatched by nobody: there is nothing to hold to a schema.
        if event.data is not None:
            yield step, list(event_violations(stream, event.event, event.data, event.id))


def _name_loops(program: Program, scope: StoryScope) -> None:
    """Give every loop's name the value of its first round."""
    scenario = program.scenario
    rows = [scenario.stream or (), *(c.steps or () for c in scenario.connections or ())]
    for steps in rows:
        for step in all_steps(steps):
            if isinstance(step, RepeatStep):
                scope.names[step.name] = 1
            elif isinstance(step, EachStep):
                with contextlib.suppress(RenderError):
                    scope.names[step.name] = next(iter(scope.items(step.items, "check")), None)

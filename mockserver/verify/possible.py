"""Which scenarios a real backend can be held to, and why the others cannot: by rule, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.scenario.model import (
    AwaitStep,
    BlockStep,
    CallStep,
    ChanceStep,
    RawStep,
    StallStep,
)
from mockserver.scenario.story_rules import steps_of
from mockserver.scenario.units import FOREVER, Span
from mockserver.verify.words import Skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.errors import Location
    from mockserver.scenario.model import Response, Scenario, Step
    from mockserver.scenario.program import Program, Row

_SERVER_ERROR: Final = 500


def impossible(program: Program) -> Skip | None:
    """Return why no backend can be held to a scenario, the first reason in the file; or None."""
    return next(_reasons(program), None)


def _reasons(program: Program) -> Iterator[Skip]:
    scenario = program.scenario
    if scenario.violates is not None:
        yield Skip("it breaks the contract on purpose", scenario.where)
    if len(dict.fromkeys(name for name, _ in scenario.operations)) > 1:
        yield Skip("its connections go to several operations", scenario.where)
    for step in steps_of(scenario):
        reason = _of_step(step)
        if reason:
            yield Skip(reason, step.where)
    policy = scenario.resume
    # Streams of items have no ids: nothing of theirs is ever resumed.
    if program.framing == "sse" and (policy.policy != "after_id" or policy.skip):
        what = f"skip: {policy.skip}" if policy.skip else policy.policy
        yield Skip(f"its server does not resume as it should (resume: {what})", scenario.where)
    for row in program.rows:
        yield from _of_row(row, scenario)
    yield from _of_ends(program)


def _of_step(step: Step) -> str:
    match step:
        case RawStep():
            return "it sends raw bytes, which no backend sends on request"
        case BlockStep() if step.violates is not None:
            return "one of its events breaks the contract on purpose"
        case BlockStep() if step.cut is not None:
            return "it cuts an event, which no backend does on request"
        case StallStep():
            return "its server stalls, which no backend does on request"
        case ChanceStep():
            return "what comes is drawn by chance"
        case CallStep():
            return f"its server calls somebody else ({step.kind} {step.name})"
        case AwaitStep() if step.signal is not None:
            return "it waits for a signal, which only a test of the mock server can send"
    return ""


def _of_row(row: Row, scenario: Scenario) -> Iterator[Skip]:
    response = row.response
    if row.broken:
        yield Skip("its server breaks a connection off before any answer", row.where)
    if row.wire.transfer is not None:
        yield Skip("it frames its bytes by hand (wire: transfer)", row.wire.where or scenario.where)
    if response is None:
        return
    if response.raw_head is not None:
        yield Skip("it writes its head by hand (raw_head)", response.where)
    if _is_endless(response):
        yield Skip("its server never answers", response.where)
    if isinstance(response.status, int) and response.status >= _SERVER_ERROR:
        what = f"its server fails ({response.status}), which no backend does on request"
        yield Skip(what, response.where)


def _is_endless(response: Response) -> bool:
    return isinstance(response.delay, Span) and response.delay.longest == FOREVER


def _of_ends(program: Program) -> Iterator[Skip]:
    """Yield what stands against its connections, taken together."""
    rows = program.rows
    answers = [row for row in rows if row.answer]
    if answers and program.connections > 1:
        where = answers[0].response.where if answers[0].response else answers[0].where
        yield Skip("a connection of its story gets an answer in place of the stream", where)
    if rows[-1].end != "end" and not answers:
        what = f"its last connection breaks off ({rows[-1].end}), which no backend does on request"
        yield Skip(what, _end_of(rows[-1]))


def _end_of(row: Row) -> Location:
    return row.steps[-1].where if row.steps else row.where

"""Holds the bodies that scenarios send to others against the document, for `check`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mockserver.contract import Violation
from mockserver.contract.media import is_json
from mockserver.contract.values import value_violations
from mockserver.errors import Problem
from mockserver.play.rows import RowJudge, numbered_rows
from mockserver.play.verdicts import IDLE, Verdict, told
from mockserver.scenario.block import filled
from mockserver.scenario.story_rules import all_steps
from mockserver.scenario.template import RenderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.errors import Severity
    from mockserver.play.conformance import Finder
    from mockserver.play.scope import StoryScope
    from mockserver.play.verdicts import Placer
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Calling, Program


def call_problems(
    catalog: Catalog, severity: Severity, placed: Placer, member: Finder
) -> list[Problem]:
    """Return a problem for every body of a call that is not what the document declares.

    Templates are rendered as in `contract_problems`. A call with `violates` is not reported, unless
    it fits after all.
    """
    problems = []
    for program in catalog.programs.values():
        for call, scope in _calls(program, catalog):
            found = _violations(call, scope)
            if found is None:
                continue
            step = call.step
            verdict = Verdict("answer", step.where, found, on_purpose=step.violates is not None)
            if verdict.idle:
                mend = "leave 'violates' out, or break the contract"
                problems.append(Problem(step.where, IDLE, "no-violation", mend))
            elif verdict.wrong:
                what = f"this call breaks the contract: {'; '.join(told(verdict, placed))}"
                mend = f"{found[0].mend or 'send what the document asks for'}; or say 'violates: …'"
                where = member(step.where, f"call.{found[0].field}")
                problems.append(Problem(where, what, "contract-call", mend, severity))
    return problems


def _calls(program: Program, catalog: Catalog) -> Iterator[tuple[Calling, StoryScope]]:
    """Yield the calls that have a body of the scenario's, with what their templates see."""
    if not program.calls:
        return
    operation = catalog.operations(program)[0]
    judge = RowJudge(program, operation, rendered=True, example=catalog.example)
    for number, row in numbered_rows(program):
        steps = {id(step) for step in all_steps(row.steps)}
        scope, rendered = judge.scope(number, row)
        for call in program.calls:
            if rendered and call.step.has_body and id(call.step) in steps:
                yield call, scope


def _violations(call: Calling, scope: StoryScope) -> tuple[Violation, ...] | None:
    """Return what is wrong with the body; None where it cannot be told without a request."""
    request = call.request
    try:
        value = filled(call.step.body, scope.at("check", "body"))
    except RenderError:
        return None
    if request.media_type is None:
        what = f"{request.kind} {request.name} declares no body"
        mend = "leave the body out, or declare it"
        return (Violation("body", what, "nothing", request.pointer, "undeclared-body", mend),)
    if not is_json(request.media_type) or request.schema.value is None:
        return ()
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            pointer = request.holder.pointer
            return (Violation("body", "not JSON", "JSON", pointer, "not-json"),)
    found = value_violations(request.document, request.schema, value, "body", "request")
    return tuple(found)

"""Which requests of the document the calls of a scenario mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract.callbacks import callbacks, webhooks
from mockserver.contract.expressions import ExpressionError, read_text
from mockserver.errors import Problem, did_you_mean
from mockserver.scenario.model import CallStep
from mockserver.scenario.story_rules import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockserver.contract import Operation
    from mockserver.contract.callbacks import OutgoingRequest
    from mockserver.contract.document import Document
    from mockserver.contract.expressions import Expression, Text
    from mockserver.scenario.model import Scenario

Meant = tuple[str, str, str | None]
"""What tells calls of one scenario apart: kind, name, method."""


def meant(step: CallStep) -> Meant:
    """Return what `step` calls."""
    return step.kind, step.name, step.method


def outgoing(
    scenario: Scenario, operations: Sequence[Operation], document: Document
) -> tuple[dict[Meant, OutgoingRequest], list[Problem]]:
    """Return the request that each call of the scenario means, with every problem of them.

    A callback is one of any of the scenario's operations: in a story of several, the request of
    the one that declares it says where the call goes.
    """
    calls = [step for step in steps_of(scenario) if isinstance(step, CallStep)]
    if not calls:
        return {}, []
    known = {"webhook": webhooks(document), "callback": _callbacks(operations)}
    found: dict[Meant, OutgoingRequest] = {}
    problems = []
    for step in calls:
        request = _declared(step, known[step.kind], operations)
        if isinstance(request, Problem):
            problems.append(request)
            continue
        found[meant(step)] = request
        problem = _where_problem(step, request, operations)
        problems += [problem] if problem else []
    return found, problems


def callback_url(step: CallStep, request: OutgoingRequest) -> Text | None:
    """Return where the document sends a call; None where the step says it."""
    return None if step.to is not None or request.url is None else read_text(request.url)


def _callbacks(operations: Sequence[Operation]) -> dict[str, list[OutgoingRequest]]:
    found: dict[str, list[OutgoingRequest]] = {}
    for operation in operations:
        for name, requests in callbacks(operation).items():
            found.setdefault(name, requests)
    return found


def _declared(
    step: CallStep, known: Mapping[str, list[OutgoingRequest]], operations: Sequence[Operation]
) -> OutgoingRequest | Problem:
    """Return the request that `step` means; of several with one method the first declared."""
    requests = known.get(step.name)
    if requests is None:
        names = " or ".join(dict.fromkeys(operation.id for operation in operations))
        owner = "the document" if step.kind == "webhook" else names
        what = f"{owner} declares no {step.kind} {step.name!r}"
        mend = did_you_mean(step.name, known) or "it declares none at all"
        return Problem(step.where, what, "unknown-call", mend)
    methods = list(dict.fromkeys(request.method for request in requests))
    if step.method is None and len(methods) == 1:
        return requests[0]
    chosen = [request for request in requests if request.method == step.method]
    if chosen:
        return chosen[0]
    asked = f"not for {step.method}, but" if step.method else "for"
    what = f"{step.kind} {step.name!r} is declared {asked} {' and '.join(methods)}"
    return Problem(step.where, what, "call-method", f"write 'method: {methods[0]}'")


def _where_problem(
    step: CallStep, request: OutgoingRequest, operations: Sequence[Operation]
) -> Problem | None:
    """Return what keeps requests from ever saying where a callback goes."""
    owner = next((one for one in operations if one.id == request.operation), None)
    try:
        url = callback_url(step, request)
        asked = url.expressions if url else ()
        faults = [fault for one in asked if owner and (fault := _unheard(one, owner))]
    except ExpressionError as error:
        faults = [str(error)]
    if not faults:
        return None
    what = f"where callback {step.name!r} goes cannot be known: {'; '.join(faults)}"
    return Problem(step.where, what, "bad-expression", "say it with 'to: http://…'")


def _unheard(expression: Expression, owner: Operation) -> str | None:
    """Return why no request to `owner` has what `expression` asks for."""
    if expression.part == "path" and expression.name not in owner.path_parameters:
        return f"{expression.source}: {owner.path} has no such parameter"
    if expression.part == "body" and not owner.place.object.get("requestBody"):
        return f"{expression.source}: {owner.id} takes no body"
    return None

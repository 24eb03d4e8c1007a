"""The step `await` as it is written, and the operations of the document that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import Problem, did_you_mean
from mockserver.scenario.model import AwaitStep, DisconnectStep
from mockserver.scenario.records import Key, Record, Variants, plain
from mockserver.scenario.shapes import Duration, OperationName, Shape, Text
from mockserver.scenario.when import LATER_WHEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.contract import Contract, Operation
    from mockserver.errors import Location
    from mockserver.scenario.model import Step

_SIGNAL: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


def signal_fault(name: str) -> str | None:
    """Return what keeps `name` from being one of a signal, or None."""
    return None if _SIGNAL.fullmatch(name) else f"{name!r} is no name for a signal"


SIGNAL_MEND: Final = "use letters, digits, '.', '_' and '-', up to 100"
_NAME = Text("the name of a signal", check=signal_fault, code="bad-signal", mend=SIGNAL_MEND)
_AWAITED: Final = Variants(
    "an await",
    {
        "signal": Record(
            "an await of a signal",
            plain,
            {"signal": Key(_NAME, "A signal that a test sends to the session.", required=True)},
        ),
        "request": Record(
            "an await of a request",
            plain,
            {
                "request": Key(OperationName(), "operationId, or METHOD /path.", required=True),
                "when": Key(LATER_WHEN, "What the request must be like; may hold templates."),
            },
        ),
    },
    "await: {signal: paid}",
    "add 'signal: …' or 'request: …'",
)


def await_record(steps: Shape, waits: dict[str, Key]) -> Record:
    """Return the record of the step; `steps` is a list of steps, `waits` what any may have."""
    return Record(
        "an await",
        _await,
        {
            "await": Key(
                _AWAITED, "A signal or a request to wait for.", into="awaited", required=True
            ),
            "timeout": Key(Duration(), "How long at most."),
            "otherwise": Key(steps, "The steps when it has not come; default: disconnect: end."),
            **waits,
        },
    )


def _await(where: Location, awaited: dict[str, Any], **beside: Any) -> AwaitStep:
    said = "otherwise" in beside
    if "timeout" in beside and not said:
        beside["otherwise"] = (DisconnectStep(where=where, disconnect="end"),)
    return AwaitStep(where=where, **awaited, **beside, usual=not said)


def awaited_operations(
    steps: Iterable[Step], contract: Contract
) -> tuple[dict[str, Operation], list[Problem]]:
    """Return the operations whose requests `steps` wait for, by name, with every problem of them.

    `steps` are those inside others as well.
    """
    found: dict[str, Operation] = {}
    problems = []
    for step in steps:
        if not isinstance(step, AwaitStep) or step.request is None:
            continue
        name, where = step.request
        operation = contract.find(name)
        if operation is None:
            mend = did_you_mean(name, contract.names())
            what = f"the document has no operation {name!r}"
            problems.append(Problem(where, what, "unknown-operation", mend))
            continue
        found[name] = operation
        problems += _parameter_problems(step, operation)
    return found, problems


def _parameter_problems(step: AwaitStep, operation: Operation) -> list[Problem]:
    """Report path parameters in conditions that the operation does not have."""
    known = operation.path_parameters
    return [
        Problem(
            step.where,
            f"{operation.path} has no path parameter {name!r}",
            "unknown-parameter",
            did_you_mean(name, sorted(known)) or "it has none at all",
        )
        for name in (step.when.path if step.when else ())
        if name not in known
    ]

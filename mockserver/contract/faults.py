"""What is wrong with a document's own examples, and which of its answers cannot be made at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.examples import NOTHING, Example, declared
from mockserver.contract.media import framing, is_json
from mockserver.contract.place import Place, escape
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import value_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.contract import Contract
    from mockserver.contract.operations import Operation
    from mockserver.contract.schemas import Direction
    from mockserver.errors import Problem

_SEED: Final = "0"
_SHOWN: Final = 3
"""Faults of one example that are told."""


def answer_problems(contract: Contract) -> list[Problem]:
    """Return a warning for every example that does not fit its schema, and every one missed.

    An example is missed where nothing that fits the schema of an answer could be made. Each place
    of the document is told once, whoever refers to it.
    """
    found: dict[tuple[str, str], Problem] = {}
    for operation in contract.operations.values():
        for problem in _of_operation(operation):
            found.setdefault((problem.where.pointer, problem.code), problem)
    return list(found.values())


def _of_operation(operation: Operation) -> Iterator[Problem]:
    document = operation.document
    body = document.get(operation.place, "requestBody", "content")
    for media_type, place in body.members():
        yield from _of_content(operation, media_type, document.follow(place), "request")
    for name, response in operation.responses():
        for media_type, holder in operation.content(response):
            needed = not name.startswith(("3", "4", "5"))
            yield from _of_content(operation, media_type, holder, "response", needed=needed)


def _of_content(
    operation: Operation,
    media_type: str,
    holder: Place,
    direction: Direction,
    *,
    needed: bool = False,
) -> Iterator[Problem]:
    """Yield what is wrong with a media type object; `needed` where a missing example is told."""
    if framing(media_type) is not None:
        return
    document, schema = operation.document, holder.get("schema")
    shown = False
    for example in declared(document, holder):
        shown = True
        value = _value(media_type, example)
        if value is NOTHING:
            continue
        faults = value_violations(document, schema, value, "value", direction)
        if faults:
            told = "; ".join(f"{fault.field}: {fault.what}" for fault in faults[:_SHOWN])
            more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
            yield document.problem(
                _pointer(holder, example),
                f"the example does not fit its schema: {told}{more}",
                "invalid-example",
                f"the schema asks for {faults[0].expected} at {faults[0].pointer}",
                "warning",
            )
    if shown or not needed or not is_json(media_type) or schema.value is None:
        return
    try:
        sample(document, schema, _SEED, direction=direction)
    except Unsatisfiable as error:
        yield document.problem(
            schema.pointer,
            f"{operation.id} cannot answer: nothing fits this schema: {error}",
            "unsatisfiable-schema",
            "mend the schema, or give it an example",
            "warning",
        )


def _value(media_type: str, example: Example) -> Any:
    """Return what an example stands for; NOTHING where its schema says nothing of its text."""
    value = example.value
    if not is_json(media_type):
        return NOTHING if isinstance(value, str) else value
    if isinstance(value, str):
        try:
            written = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return written if example.serialized or isinstance(written, dict | list) else value
    return value


def _pointer(holder: Place, example: Example) -> str:
    if example.name is None:
        return f"{holder.pointer}/example"
    return f"{holder.pointer}/examples/{escape(example.name)}"

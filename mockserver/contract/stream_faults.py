"""What is wrong with the streams of a document: examples that do not fit, events that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.contract.made import made_events
from mockserver.contract.place import escape
from mockserver.contract.validate import event_violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract.contract import Contract
    from mockserver.contract.streams import EventStream, ExampleEvent
    from mockserver.errors import Problem

_SHOWN: Final = 3
"""Faults of one example that are told."""


def stream_problems(contract: Contract) -> list[Problem]:
    """Return a warning for every example of a stream that does not fit, and every event missed.

    An event is missed where the stream shows no example, and none of its kind can be made.
    """
    problems: dict[tuple[str, str], Problem] = {}
    for operation in contract.operations.values():
        for stream in operation.streams:
            for problem in _of_stream(operation.id, stream):
                problems.setdefault((problem.where.pointer, problem.what), problem)
    return list(problems.values())


def _of_stream(name: str, stream: EventStream) -> Iterator[Problem]:
    if stream.examples():
        yield from _unfit(stream)
        return
    yield from _unmade(name, stream)
    shown = [event for branch in stream.branches if (event := stream.branch_example(branch))]
    yield from _unfit_of(stream, shown)


def _unmade(name: str, stream: EventStream) -> Iterator[Problem]:
    for kind in made_events(stream, "0").unmade:
        what = f"no event {kind.name} can be made for {name}: {kind.why}"
        mend = "mend the schema, or give the stream an example"
        yield stream.document.problem(kind.pointer, what, "unsatisfiable-schema", mend, "warning")


def _unfit(stream: EventStream) -> Iterator[Problem]:
    """Yield one problem for each example of which an event does not fit."""
    names: list[str | None] = [*stream.example_names()]
    for name in names or [None]:
        shown = stream.examples(name)
        # A text that is written out goes out as it is; whoever gets it may read it.
        yield from _unfit_of(stream, shown if isinstance(shown, tuple) else (), name)


def _unfit_of(
    stream: EventStream, events: Sequence[ExampleEvent], name: str | None = None
) -> Iterator[Problem]:
    faults = [fault for event in events for fault in _faults(stream, event)]
    if faults:
        more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
        at = "" if name is None else f"/examples/{escape(name)}"
        yield stream.document.problem(
            f"{stream.pointer}{at}",
            f"the example does not fit its schema: {'; '.join(faults[:_SHOWN])}{more}",
            "invalid-example",
            "mend the example, or the schema",
            "warning",
        )


def _faults(stream: EventStream, event: ExampleEvent) -> Iterator[str]:
    if event.data is not None or event.null:  # Nobody is shown an event without data.
        for fault in event_violations(stream, event.event, stream.text(event), event.id):
            yield f"{fault.field}: {fault.what}"

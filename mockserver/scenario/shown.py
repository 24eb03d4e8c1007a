"""The programs of streams that no scenario answers: the document's examples, or made events."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from mockserver.contract import ExampleEvent, made_events
from mockserver.errors import Location
from mockserver.scenario.compile import compile_scenario
from mockserver.scenario.model import EventStep, Heartbeat, RawStep, RepeatStep, Scenario, Step
from mockserver.scenario.program import Program, Row, Stretch
from mockserver.scenario.template import Template
from mockserver.scenario.units import Span
from mockserver.sse.encode import breaks_line
from mockserver.sse.items import units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract import EventStream, Operation
    from mockserver.sse.encode import Framing

MOST_MADE: Final = 100
"""Events that differ, however many are asked for; their rounds come again with further ids."""
_HEARTBEAT: Final = Span(15.0, 15.0)
_ENDLESS_PACE: Final = Span(1.0, 1.0)


def shown_program(
    operation: Operation, stream: EventStream, seed: str, name: str | None = None
) -> Program | None:
    """Return the program of a stream without a scenario, or None where nothing can be shown.

    The document's examples in order, of several the first or the one called `name`; else events
    made from the schema, as the settings want them.
    """
    shown = stream.examples(name)
    if shown and not _breaks_framing(shown):
        return _example_program(operation, stream, shown)
    return _made_program(operation, stream, seed) if name is None else None


def _example_program(
    operation: Operation, stream: EventStream, shown: str | Sequence[ExampleEvent]
) -> Program:
    scenario = _scenario(operation, stream, f"examples of {operation.id}")
    if isinstance(shown, str) and scenario.pace is None:
        data, where = shown.encode("utf-8", "replace"), scenario.where
        step = RawStep(where=where, raw=data)
        whole = Stretch(data, (len(data),), (None,), (True,), None, (step,))
        row = Row(where, (whole,), "end", None)
        return Program(scenario, (row,), goes_on=True, framing=stream.framing)
    steps = tuple(_shown_steps(shown, scenario, stream.framing))
    return compile_scenario(replace(scenario, stream=steps), framing=stream.framing)


def _shown_steps(
    shown: str | Sequence[ExampleEvent], scenario: Scenario, framing: Framing
) -> Iterator[Step]:
    if isinstance(shown, str):
        for block in units(shown.encode("utf-8", "replace"), framing):
            yield RawStep(where=scenario.where, raw=block, delay=scenario.pace)
    else:
        yield from (_step(event, scenario.where) for event in shown)


def _made_program(operation: Operation, stream: EventStream, seed: str) -> Program | None:
    """Return the program of events made from the schema.

    Of a long row of them only the first are made; they come round again, numbered on.
    """
    count = operation.settings.count if operation.settings else None
    if count == "forever" and stream.end is not None:
        count = None  # It was asked of all streams, and this is one that ends.
    made = made_events(stream, seed, _different(stream, count))
    if not made.events and not made.ends:
        return None
    scenario = _scenario(operation, stream, f"events of {operation.id}")
    total = None if count == "forever" else len(made.events) if count is None else count
    if total is None and scenario.pace is None:
        scenario = replace(scenario, pace=_ENDLESS_PACE)
    steps = [*_rounds(made.events, total, scenario.where)]
    steps += [
        _step(_numbered(event, len(made.events) + n, (total or 0) + n), scenario.where)
        for n, event in enumerate(made.ends, 1)
    ]
    program = compile_scenario(replace(scenario, stream=tuple(steps)), framing=stream.framing)
    return replace(program, notes=("unsatisfiable-schema",)) if made.unmade else program


def _different(stream: EventStream, count: int | Literal["forever"] | None) -> int | None:
    """Return how many events to make where `count` are asked for: whole rounds of the types."""
    kinds = sum(not branch.terminal for branch in stream.branches) or 1
    most = kinds * max(1, MOST_MADE // kinds)
    if count is None:
        return None
    return most if count == "forever" else min(count, most)


def _rounds(events: Sequence[ExampleEvent], total: int | None, where: Location) -> Iterator[Step]:
    """Yield `total` events (None: without end), the given ones again and again."""
    size = len(events)
    if not size:
        return
    rounds, rest = (None, 0) if total is None else divmod(total, size)
    if rounds != 1:
        body = tuple(_step(event, where, n, size) for n, event in enumerate(events, 1))
        yield RepeatStep(where=where, times=rounds, every=None, name="n", steps=body)
    else:
        yield from (_step(event, where) for event in events)
    done = size * (rounds or 0)
    for n, event in enumerate(events[:rest], 1):
        yield _step(_numbered(event, n, done + n), where)


def _numbered(event: ExampleEvent, before: int, now: int) -> ExampleEvent:
    """Return an event whose id is its number with the number that it has now."""
    return replace(event, id=str(now)) if event.id == str(before) else event


def _step(event: ExampleEvent, where: Location, number: int = 0, size: int = 0) -> EventStep:
    """Return the step of an event; in a loop of `size` events, the one of that `number`."""
    id_: str | Template | None = event.id
    if size and event.id == str(number):
        id_ = Template(f"{{{{ (n - 1) * {size} + {number} }}}}", where)
    return EventStep(
        where=where,
        comment=event.comment,
        event=event.event,
        id=id_,
        retry=event.retry,
        data=event.data,
        has_data=event.data is not None or event.null,
    )


def _scenario(operation: Operation, stream: EventStream, name: str) -> Scenario:
    where = Location(operation.document.source, pointer=stream.pointer)
    beat = Heartbeat(
        where=where, every=_HEARTBEAT, block=EventStep(where=where, comment="heartbeat")
    )
    pace = operation.settings and operation.settings.pace
    return Scenario(
        where=where,
        name=name,
        description="What the OpenAPI document says of the stream.",
        operations=((f"{operation.method} {operation.path}", where),),
        stream=(),
        pace=Span(*pace) if pace else None,
        # Not every reader of JSON lines passes over a blank one that nobody has asked for.
        heartbeat=beat if stream.framing == "sse" else None,
    )


def _breaks_framing(shown: str | Sequence[ExampleEvent]) -> bool:
    """Tell whether no client could be shown this; `check` reports the document's own faults."""
    if isinstance(shown, str):
        return False
    texts = (text or "" for event in shown for text in (event.event, event.id))
    return any(breaks_line(text) or "\0" in text for text in texts)

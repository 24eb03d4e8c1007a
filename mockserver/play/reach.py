"""What of the document the scenarios reach: each of its statuses and events, without a request.

Templates are rendered once, as a usual request would see them; what has no value then is left out.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mockserver.contract import branch_of
from mockserver.play.answer import stream_head
from mockserver.play.rows import name_loops, numbered_rows
from mockserver.play.scope import Address, StoryScope
from mockserver.play.timeline import usual_request
from mockserver.scenario.block import Block, written_events
from mockserver.scenario.model import EventStep
from mockserver.scenario.program import Awaiting, Chance, Each, Hold, Loop, Series, Stretch
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import FOREVER
from mockserver.sse.items import reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.contract import Branch, EventStream, Operation
    from mockserver.scenario.block import Fields
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.model import BlockStep
    from mockserver.scenario.program import Op, Program, Row

    Sender: TypeAlias = Stretch | Block | Series


@dataclass(slots=True)
class Reached:
    """What scenarios reach of one operation; everything with their names, sorted."""

    operation: Operation
    scenarios: list[str] = field(default_factory=list)
    responses: dict[str, list[str]] = field(default_factory=dict)
    """By the name of the declared response: `200`, `2XX` or `default`."""
    events: list[tuple[Branch, list[str]]] = field(default_factory=list)
    """By branch, in document order."""

    def declared(self, status: int) -> str | None:
        """Return the name of the response that is declared for a status."""
        names = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
        return next((name for name in names if name in self.responses), None)


class Reach:
    """What all scenarios reach of a document, found out when it is asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self.document = catalog.contract.source
        self._catalog = catalog
        self._left = list(catalog.contract.operations.values())
        self.operations: list[Reached] = []
        """In document order, as far as `find` has come."""

    def find(self) -> Iterator[None]:
        """Find out what is left to find out; yields where others may have their turn."""
        while self._left:
            operation = self._left[0]
            reached = _nothing(operation)
            for program in self._catalog.by_operation.get(operation.id, ()):
                self._add(reached, program)
                yield
            if self._left and self._left[0] is operation:  # Nobody else has asked meanwhile.
                self.operations.append(reached)
                del self._left[0]

    def _add(self, reached: Reached, program: Program) -> None:
        operation = reached.operation
        program = self._catalog.framed(program, operation, "*/*")
        reached.scenarios.append(program.name)
        with suppress(RenderError):
            scope = self._scope(program, operation)
            for status in dict.fromkeys(_statuses(program, operation, scope)):
                name = reached.declared(status)
                if name is not None and program.name not in reached.responses[name]:
                    reached.responses[name].append(program.name)
            found = list(_branches(program, operation, scope))
            for branch, names in reached.events:
                if any(branch is one for one in found):
                    names.append(program.name)

    def _scope(self, program: Program, operation: Operation) -> StoryScope:
        """Return what templates see on the first connection, in the first round of every loop."""
        scope = StoryScope(
            program.scenario,
            Address("0", program.name),
            usual_request(program, operation),
            example=self._catalog.example,
        )
        scope.enter(1)
        scope.names["n"] = 1
        for row in program.rows:
            name_loops(row.steps, scope)
        return scope


def _nothing(operation: Operation) -> Reached:
    stream = operation.stream
    return Reached(
        operation,
        responses={name: [] for name, _ in operation.responses()},
        events=[(branch, []) for branch in stream.branches] if stream else [],
    )


# --- statuses ----------------------------------------------------------------------------------


def _statuses(program: Program, operation: Operation, scope: StoryScope) -> Iterator[int]:
    """Yield the statuses that a scenario answers with; those of its own heads only where known."""
    scenario = program.scenario
    for _, row in numbered_rows(program):
        if not row.broken and not _is_silent(row):
            with suppress(RenderError):
                yield _status(row, operation, scope)
    if scenario.afterwards == "stop" and _is_told(program):
        yield 204  # for a client that comes back with the last id
    if scenario.resume.unknown is not None:
        yield scenario.resume.unknown


def _status(row: Row, operation: Operation, scope: StoryScope) -> int:
    """Return the status of a row's head, or of one that names none."""
    if row.answer and (row.response is None or row.response.status is None):
        found = operation.response(None)
        return found[0] if found else 200
    return stream_head(row, scope, operation.stream).status


def _is_silent(row: Row) -> bool:
    """Whether the head never comes."""
    delay = row.response.delay if row.response else None
    return getattr(delay, "shortest", 0.0) == FOREVER


def _is_told(program: Program) -> bool:
    """Whether the story comes to an end, and its clients have an id by then."""
    last = program.rows[-1].ops[-1:]
    if any(_is_endless(op) for op in last):
        return False
    sent = (step for row in program.rows for op in _senders(row.ops) for step in _steps(op))
    return any(isinstance(step, EventStep) and step.id not in (None, "") for step in sent)


def _is_endless(op: Op) -> bool:
    match op:
        case Hold():
            return getattr(op.time, "shortest", 0.0) == FOREVER
        case Loop() | Series():
            return op.times is None
    return False


# --- events ------------------------------------------------------------------------------------


def _branches(program: Program, operation: Operation, scope: StoryScope) -> Iterator[Branch]:
    """Yield the branches of the events that a scenario sends where they are events."""
    stream = operation.stream
    if stream is None or not stream.branches:
        return
    for row in program.rows:
        if not _is_stream(row, stream, scope):
            continue
        beat = program.scenario.heartbeat
        ops = [*_senders(row.ops), *([Block("heartbeat", beat.block, row.form)] if beat else ())]
        for event, data, id_ in _events(ops, row, scope):
            branch = branch_of(stream, event, data, id_)
            if branch is not None:
                yield branch


def _is_stream(row: Row, stream: EventStream, scope: StoryScope) -> bool:
    """Whether what the row sends are the stream's events, by its head."""
    if row.answer or row.broken or _is_silent(row):
        return False
    with suppress(RenderError):
        head = stream_head(row, scope, stream)
        return head.raw or head.status == stream.status
    return False


def _senders(ops: Iterable[Op]) -> Iterator[Sender]:
    """Yield what sends, in the order written; both ways of a chance and of an await."""
    for op in ops:
        match op:
            case Stretch() | Block() | Series():
                yield op
            case Loop() | Each():
                yield from _senders(op.body)
            case Chance():
                yield from _senders((*op.body, *op.otherwise))
            case Awaiting():
                yield from _senders(op.otherwise)


def _steps(op: Sender) -> Sequence[BlockStep]:
    return (op.step,) if isinstance(op, Block) else op.steps


def _events(ops: Iterable[Sender], row: Row, scope: StoryScope) -> Iterator[Fields]:
    """Yield the events that clients get; of bytes written by hand, what they make of them."""
    framing = row.form.framing
    parser = reader(framing)
    for op in ops:
        with suppress(RenderError):
            if row.reads and not isinstance(op, Series):
                data = op.data if isinstance(op, Stretch) else op.data(scope)
                heard = parser.feed(data)
                if all(step.violates is None for step in _steps(op)):
                    yield from ((one.type, one.data, one.last_event_id) for one in heard)
            elif isinstance(op, Stretch):
                for step in op.steps:
                    if step.violates is None:
                        yield from written_events(step, framing)
            else:
                made = op if isinstance(op, Block) else Block("series", op.step, row.form)
                yield from _made(made, scope)


def _made(block: Block, scope: StoryScope) -> Iterator[Fields]:
    if block.step.violates is None:
        event = block.event(scope)
        if event.data is not None:
            yield event.event, event.data, event.id

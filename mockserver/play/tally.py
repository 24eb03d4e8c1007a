"""What clients have really been sent: statuses of operations, and events of their streams.

It grows with what there is to know, not with what is sent: of a step that can only be of one kind
the first sight is all there is to it, and blocks that were encoded when the file was read are
looked into when somebody asks.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from mockserver.contract import branch_of, branches_of, branches_of_type
from mockserver.scenario.block import written_events
from mockserver.scenario.model import EventStep
from mockserver.scenario.story_rules import templates
from mockserver.scenario.template import Template
from mockserver.sse.items import reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract import Branch, EventStream, Operation
    from mockserver.play.answer import Head
    from mockserver.play.cues import Shown
    from mockserver.scenario.block import Fields
    from mockserver.scenario.model import BlockStep

FORMS: Final = 1_000
"""Forms of events of a stream that are remembered; those beyond are looked at every time."""
UNSURE: Final = 100
"""Events of a stream that are kept because only its schemas can tell of what kind they are."""
UNSURE_SIZE: Final = 64 * 1024
"""Characters of the data of one that is kept."""


class Tally:
    """What the clients of one session were sent; what `whole` counts is that of all sessions."""

    def __init__(self, whole: Tally | None = None) -> None:
        self._whole = whole
        self._statuses: dict[str, set[int]] = {}
        self._seen: dict[str, Seen] = {}

    def answered(self, operation: str, status: int) -> None:
        """Take note of a status that clients of an operation were sent; 0 is none."""
        known = self._statuses.setdefault(operation, set())
        if status and status not in known:
            known.add(status)
            if self._whole is not None:
                self._whole.answered(operation, status)

    def watch(self, operation: Operation, head: Head, stream: EventStream | None) -> Seen | None:
        """Return what takes note of the events behind this head; None where they are none.

        Of an operation that has its events in several framings, those of the first count.
        """
        if (
            stream is None
            or stream is not operation.stream
            or not (head.raw or head.status == stream.status)
        ):
            return None
        return self._watch(operation.id, stream)

    def _watch(self, operation: str, stream: EventStream) -> Seen:
        seen = self._seen.get(operation)
        if seen is None or not seen.is_of(stream):
            whole = None if self._whole is None else self._whole._watch(operation, stream)  # noqa: SLF001
            seen = self._seen[operation] = Seen(stream, whole, seen)
        return seen

    def statuses(self, operation: str) -> set[int]:
        """Return the statuses that clients of an operation were sent."""
        return self._statuses.get(operation, set())

    def branches(self, operation: str) -> Sequence[Branch]:
        """Return the branches of the events that were sent, as far as `settle` knows them."""
        return self._seen[operation].branches if operation in self._seen else ()

    def settle(self) -> Iterator[None]:
        """Find out of what kind all events were; yields where others may have their turn."""
        for seen in tuple(self._seen.values()):
            yield from seen.settle()

    def clear(self) -> None:
        """Forget everything; the whole keeps it."""
        self._statuses.clear()
        for seen in self._seen.values():  # Open connections hold on to theirs.
            seen.clear()


class Seen:
    """The events of one stream that clients were sent.

    `before` is that of the same stream as it was before the files were read anew: what it knows,
    and what its open connections are still sent, is known to both.
    """

    __slots__ = (
        "_constants",
        "_ends",
        "_forms",
        "_known",
        "_pending",
        "_stream",
        "_unsure",
        "_whole",
        "branches",
    )

    def __init__(
        self, stream: EventStream, whole: Seen | None = None, before: Seen | None = None
    ) -> None:
        self.branches: list[Branch] = before.branches if before else []
        """The branches of which one was sent, each once."""
        self._stream = stream
        self._whole = whole
        self._ends = {branch.sentinel for branch in stream.branches} | {stream.sentinel}
        self._constants = list(dict.fromkeys(key for b in stream.branches for key in b.constants))
        # By identity, which nobody else can have while the object is kept here.
        self._known: dict[int, object] = {}
        self._pending: dict[int, tuple[tuple[BlockStep, ...], int]] = {}
        self._forms: dict[object, bool] = {}
        self._unsure: list[Fields] = []
        if before is not None:
            self._pending, self._unsure = before._pending, before._unsure  # noqa: SLF001

    def is_of(self, stream: EventStream) -> bool:
        """Tell whether it is of this reading of the stream."""
        return self._stream is stream

    def note(self, shown: Shown) -> None:
        """Take note of what a client was sent."""
        steps, event = shown.steps, shown.event
        if id(steps) in self._known:
            return
        if isinstance(steps, tuple) and _counts(steps):
            settled = self._counted(steps[0], shown.data)
        elif isinstance(steps, tuple):
            self._wait_for(steps, shown.first)
            settled = shown.first == 0
        elif event is not None:
            assert isinstance(steps, EventStep)
            settled = True
            if event.data is not None and steps.violates is None:
                told = self._take(event.event, event.data, event.id)
                settled = _is_of_one_kind(self._stream, steps, told=told)
        else:
            settled = steps.violates is not None
            for heard in shown.heard if not settled else ():
                self._take(heard.type, heard.data, heard.last_event_id)
        if settled:
            self._known[id(steps)] = steps

    def pushed(self, events: Sequence[Fields]) -> None:
        """Take note of events that a test has sent."""
        for event, data, id_ in events:
            self._take(event, data, id_)

    def _counted(self, step: BlockStep, data: bytes) -> bool:
        """Take note of blocks that differ in a counter; returns whether all are of one kind."""
        if step.violates is not None:
            return True
        assert isinstance(step, EventStep)
        for heard in reader(self._stream.framing).feed(data):
            told = self._take(heard.type, heard.data, heard.last_event_id)
            if _is_of_one_kind(self._stream, step, told=told):
                return True
        return not step.has_data

    def _wait_for(self, steps: tuple[BlockStep, ...], first: int) -> None:
        """Keep blocks that were encoded before until somebody asks for their kinds."""
        _, before = self._pending.get(id(steps), (steps, first))
        self._pending[id(steps)] = (steps, min(first, before))
        if self._whole is not None:
            self._whole._wait_for(steps, first)  # noqa: SLF001

    def _take(self, event: str | None, data: str, id_: str | None) -> bool:
        """Take note of an event; returns whether its type and its constants tell its kind."""
        form = self._form(event, data)
        told = self._forms.get(form)
        if told is None:
            near = branches_of(self._stream, event, data)
            told = len(near) < 2
            if near and told:
                self._add(near[0])
            elif near:
                self._wonder((event, data, id_))
            if len(self._forms) < FORMS:
                self._forms[form] = told
        return told

    def _form(self, event: str | None, data: str) -> object:
        """Return what an event has in common with those that are most likely of its kind."""
        if data in self._ends:
            return event, data
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return event
        if not isinstance(value, dict):
            return event, type(value)
        constants = tuple([str(value.get(key)) for key in self._constants])
        return event, constants, tuple([(key, type(item)) for key, item in value.items()])

    def _wonder(self, fields: Fields) -> None:
        """Keep an event whose kind only the schemas can tell, until somebody asks for it."""
        if len(self._unsure) < UNSURE and len(fields[1]) <= UNSURE_SIZE:
            self._unsure.append(fields)
            if self._whole is not None:
                self._whole._wonder(fields)  # noqa: SLF001
        else:
            self._add(branch_of(self._stream, *fields))

    def _add(self, branch: Branch | None) -> None:
        if branch is None:
            return
        if all(branch.known_by != each.known_by for each in self.branches):
            self.branches.append(branch)
        if self._whole is not None:
            self._whole._add(branch)  # noqa: SLF001

    def settle(self) -> Iterator[None]:
        """Look into the events that were only noted; yields where others may have their turn."""
        while self._pending:
            steps, first = self._pending.pop(next(iter(self._pending)))
            for step in steps[first:]:
                sent = written_events(step, self._stream.framing)
                for fields in sent if step.violates is None else ():
                    self._add(branch_of(self._stream, *fields))
                yield
        while self._unsure:
            self._add(branch_of(self._stream, *self._unsure.pop()))
            yield

    def clear(self) -> None:
        """Forget everything; the whole keeps it."""
        self.branches.clear()
        self._unsure.clear()
        for kept in (self._known, self._pending, self._forms):
            kept.clear()


def _counts(steps: tuple[BlockStep, ...]) -> bool:
    """Whether these are blocks of one step whose templates say a counter, encoded together."""
    return len(steps) == 1 and next(templates(steps[0]), None) is not None


def _is_of_one_kind(stream: EventStream, step: EventStep, *, told: bool) -> bool:
    """Whether all events of this step are of the branch of one; `told`: that one's was plain."""
    data = step.data
    if isinstance(step.event, Template):
        return False
    if next(templates(data), None) is None:
        return True
    branches = branches_of_type(stream, step.event)
    if len(branches) < 2 and (stream.sentinel is None or isinstance(data, dict)):
        return True
    return (
        told
        and isinstance(data, dict)
        and all(
            next(templates(data.get(key)), None) is None for b in branches for key in b.constants
        )
    )

"""Events made from the schemas of a stream that shows none: one of each type, the end last."""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import shapes
from mockserver.contract.place import Place
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.streams import DEFAULT_TYPE, Branch, ExampleEvent
from mockserver.contract.validate import event_violations, id_violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract.streams import Data, EventStream

USUAL: Final = 3
"""Events of a stream of which the document says no more than that it is text."""
_RETRY: Final = 3000
_BREAKS: Final = frozenset("\r\n\0")
"""What can stand in no event type and no id (WHATWG HTML § 9.2.6)."""


@dataclass(frozen=True, slots=True)
class Unmade:
    """A kind of event of which none can be made: what it is called, where it stands, and why."""

    name: str
    pointer: str
    why: str


@dataclass(frozen=True, slots=True)
class MadeEvents:
    """`events`, of each type in turn; then the `ends`, terminal events and last the sentinel."""

    events: tuple[ExampleEvent, ...]
    ends: tuple[ExampleEvent, ...]
    unmade: tuple[Unmade, ...]


def made_events(stream: EventStream, seed: str, count: int | None = None) -> MadeEvents:
    """Return events that fit the stream: one of each type, or `count` of each type in turn.

    The `ends` are not counted. Where the document declares an id, the events are numbered from 1.
    """
    maker = _Maker(stream, seed)
    kinds, ends = _sorted(stream)
    if count is None and (not stream.branches or (len(kinds) == 1 and _is_vague(kinds[0]))):
        count = USUAL
    events = tuple(maker.in_turn(kinds, count))
    last = [maker.event(branch, len(events) + n) for n, branch in enumerate(ends, 1)]
    return MadeEvents(events, tuple(filter(None, last)), tuple(maker.unmade))


def _sorted(stream: EventStream) -> tuple[list[Branch], list[Branch]]:
    """Return the kinds of events that go on, and those that end the stream, the sentinel last.

    Of several texts that could end it, one of each event type is enough.
    """
    data: Data = "text" if stream.framing == "sse" else "json"
    branches = stream.branches or (Branch(None, data, schema=True, pointer=stream.pointer),)
    goes_on = [branch for branch in branches if not branch.terminal]
    ends = [branch for branch in branches if branch.terminal and branch.data != "sentinel"]
    texts: dict[str | None, Branch] = {}
    for branch in branches:
        if branch.data == "sentinel" and (
            branch.event not in texts or branch.sentinel == stream.sentinel
        ):
            texts[branch.event] = branch
    if stream.sentinel is not None and None not in texts and not stream.branches:
        texts[None] = Branch(
            None, "sentinel", schema=True, pointer=stream.pointer, sentinel=stream.sentinel
        )
    last = sorted(texts.values(), key=lambda branch: branch.event is None)
    return goes_on, [*ends, *last]


def _is_vague(branch: Branch) -> bool:
    """Tell whether all that is known of an event is that its data are text."""
    schema = {} if branch.schema is True else branch.schema
    asks = schema.keys() - shapes.NOTES
    return branch.data == "text" and asks <= {"type"} and branch.event is None


def _pinned(stream: EventStream, branch: Branch) -> Any:
    """Return the schema of the data, together with what a discriminator alone says of them."""
    key = ("pinned", id(branch))
    if key not in stream.cache:
        schema = Place(branch.schema, branch.pointer)
        known = shapes.constants(stream.document, [schema])
        told = {k: {"const": v} for k, v in branch.constants.items() if k not in known}
        pin = {"properties": told, "required": [*told]}
        stream.cache[key] = {"allOf": [branch.schema, pin]} if told else branch.schema
    return stream.cache[key]


class _Maker:
    """Makes events of one stream; every event of a kind has other data than the one before."""

    def __init__(self, stream: EventStream, seed: str) -> None:
        self.unmade: list[Unmade] = []
        self._stream = stream
        self._document = stream.document
        self._seed = seed
        self._made: Counter[str] = Counter()
        """How many values were made of the schema at a pointer."""
        self._shown: set[int] = set()
        """The branches whose examples had their turn, by id."""

    def in_turn(self, kinds: Sequence[Branch], count: int | None) -> Iterator[ExampleEvent]:
        """Yield one event of each kind, or `count` of each in turn; none that cannot be made."""
        queue = deque(kinds)
        number = tried = 0
        while queue and (tried < len(kinds) if count is None else number < count):
            branch = queue.popleft()
            tried += 1
            event = self.event(branch, number + 1)
            if event is not None:
                number += 1
                queue.append(branch)
                yield event

    def event(self, branch: Branch, number: int) -> ExampleEvent | None:
        """Return an event of that kind; None, with a word in `unmade`, where there can be none."""
        try:
            return self._fitting(branch, number)
        except Unsatisfiable as error:
            name = repr(branch.event or branch.name or branch.sentinel or DEFAULT_TYPE)
            self.unmade.append(Unmade(name, branch.pointer, str(error)))
            return None

    def _fitting(self, branch: Branch, number: int) -> ExampleEvent:
        shown = self._example(branch, number)
        if shown is not None:
            return shown
        data = self._data(branch, number)
        found = ExampleEvent(
            self._type(branch),
            data,
            self._id(branch, number),
            self._field(branch, "retry", _RETRY),
            self._field(branch, "comment", "made from the schema"),
            null=data is None,
        )
        wrong = self._fault(found)
        if wrong:
            raise Unsatisfiable(wrong)
        return found

    def _example(self, branch: Branch, number: int) -> ExampleEvent | None:
        """Return what a branch shows of itself, once and if it fits; numbered where ids are."""
        if id(branch) in self._shown:
            return None
        self._shown.add(id(branch))
        found = self._stream.branch_example(branch)
        if found is None or (found.data is None and not found.null):
            return None
        if found.id is None:
            found = replace(found, id=self._id(branch, number))
        return None if self._fault(found) else found

    def _fault(self, event: ExampleEvent) -> str:
        if _BREAKS & {*(event.event or ""), *(event.id or "")}:
            return "its type or its id has a line end or a NUL"
        text = self._stream.text(event)
        return "".join(map(str, event_violations(self._stream, event.event, text, event.id)[:1]))

    def _data(self, branch: Branch, number: int) -> Any:
        if branch.data == "sentinel":
            return branch.sentinel
        if branch.data == "text" and _is_vague(branch):
            return f"event {number}"
        if branch.schema is True:
            return f"{branch.event} {number}" if branch.data == "text" else {"number": number}
        value = self._sampled(Place(_pinned(self._stream, branch), branch.pointer))
        if branch.data == "text" and not isinstance(value, str):
            raise Unsatisfiable("its data are to be text, and the schema allows none")
        if branch.data == "json" and isinstance(value, str) and self._stream.framing == "sse":
            return json.dumps(value, ensure_ascii=False)  # A text would go out as it is.
        if isinstance(value, dict):  # A constant that is not required tells the kinds apart too.
            value = {**value, **{k: v for k, v in branch.constants.items() if k not in value}}
        return value

    def _sampled(self, schema: Place, name: str = "") -> Any:
        key = f"{schema.pointer} {name}"
        self._made[key] += 1
        return sample(self._document, schema, self._seed, self._made[key] - 1, name=name)

    def _type(self, branch: Branch) -> str | None:
        if branch.event is None and not branch.declared and "event" in branch.required:
            return branch.name or DEFAULT_TYPE
        return branch.event

    def _id(self, branch: Branch, number: int) -> str | None:
        """Return the number where it can be an id, else an id as the schema wants it."""
        schema = branch.id_schema
        if schema is None:
            return str(number) if "id" in branch.required else None
        if not id_violations(self._document, schema, str(number)):
            return str(number)
        return str(self._sampled(schema, "id"))

    def _field(self, branch: Branch, name: str, usual: Any) -> Any:
        """Return a field that every event of this kind has to have."""
        if name not in branch.required or branch.whole is None:
            return None
        found = shapes.properties(self._document, [branch.whole]).get(name)
        value = self._sampled(found[0], name) if found else usual
        return value if type(value) is type(usual) else usual

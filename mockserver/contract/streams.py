"""What an event stream of an operation consists of: its branches, sentinel and examples.

A branch is one kind of event; how they come out of a schema is the business of `branches`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mockserver.contract.examples import NOTHING, declared, held_up, own_example
from mockserver.contract.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockserver.contract.document import Document
    from mockserver.contract.media import Framing
    from mockserver.errors import Location

Data = Literal["json", "text", "sentinel"]
FIELDS = frozenset({"data", "event", "id", "retry", "comment"})
EVERY = "*"
"""The name under which settings hold for all streams."""
DEFAULT_TYPE = "message"  # WHATWG § 9.2.6: the type of an event that names none.


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the user says about one stream where the document is silent or wrong.

    `item` is the schema of one event or of its data: a `$ref` text, the name of a component, or
    a schema. `event_from` is the property of the data whose value is the event type on the wire.
    `count` is how many events are made where the document shows none, `pace` the seconds before
    each event (the least and the most) where no scenario answers.
    """

    item: str | Mapping[str, Any] | None = None
    event_from: str | None = None
    sentinel: str | None = None
    count: int | Literal["forever"] | None = None
    pace: tuple[float, float] | None = None
    where: Location | None = field(default=None, compare=False)

    def over(self, other: StreamSettings | None) -> StreamSettings:
        """Return what `other` says where this says nothing."""
        if other is None:
            return self
        said = {name: getattr(self, name) for name in self.__slots__}
        return replace(other, **{name: value for name, value in said.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Branch:
    """One kind of event of a stream.

    `event` is None both for the default type and where the document does not say the type;
    `declared` tells the two apart. `schema` is that of the data after parsing, and `pointer` says
    where it stands. `name` is the constant by which data tells its branch from the others.
    """

    event: str | None
    data: Data
    schema: dict[str, Any] | Literal[True]
    pointer: str
    terminal: bool = False
    declared: bool = False
    name: str | None = None
    sentinel: str | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    id_schema: Place | None = None
    required: frozenset[str] = frozenset()
    whole: Place | None = None
    """The schema of the whole event; None where the document describes the data only."""

    @property
    def known_by(self) -> tuple[str | None, ...]:
        """What tells it from the others of its stream, in every reading of the document."""
        return (self.pointer, self.event, self.name, self.sentinel)


@dataclass(frozen=True, slots=True)
class ExampleEvent:
    """An event that the document shows; data that are not text go out as JSON."""

    event: str | None
    data: object
    id: str | None = None
    retry: int | None = None
    comment: str | None = None
    null: bool = False
    """Whether the data are JSON's null, and not absent."""


@dataclass(frozen=True, slots=True, eq=False)
class EventStream:
    """One stream of an operation: what each event may be, where the document says it.

    In another framing than that of event streams each event is an item, whose data are all of it.
    """

    status: int
    media_type: str
    pointer: str
    branches: tuple[Branch, ...]
    sentinel: str | None
    request_field: str | None = None
    """The member of a JSON request body that asks for the stream, where an extension names it."""
    event_from: str | None = None
    framing: Framing = "sse"
    document: Document = field(kw_only=True, repr=False)
    holder: Place = field(kw_only=True, repr=False)
    """The media type object."""
    cache: dict[object, Any] = field(default_factory=dict, repr=False)

    @property
    def end(self) -> str | None:
        """What ends the stream, a sentinel or an event type; None where it may go on for ever."""
        ends = (b.event or b.name or DEFAULT_TYPE for b in self.branches if b.terminal)
        return self.sentinel if self.sentinel is not None else next(ends, None)

    def examples(self, name: str | None = None) -> tuple[ExampleEvent, ...] | str | None:
        """Return the events that the document shows, in order; raw text as it stands; or None.

        With a name, that one of the media type's `examples`. Without: its first example, else
        that of the whole stream's schema, else one event of each branch if all of them show one.
        """
        for example in declared(self.document, self.holder):
            if name is None or example.name == name:
                return self._events(example.value, raw=example.serialized)
        if name is not None:
            return None
        schema = self.document.follow(self.holder.get("schema"))
        whole = self._events_of_schema(schema)
        return whole if whole is not None else self._branch_examples() or None

    def text(self, event: ExampleEvent) -> str:
        """Return the data of an event as they stand on the wire."""
        if isinstance(event.data, str) and self.framing == "sse":
            return event.data
        return json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))

    def example_names(self) -> list[str]:
        """Return the names of the media type's examples."""
        return [e.name for e in declared(self.document, self.holder) if e.name is not None]

    def _events_of_schema(self, schema: Place) -> tuple[ExampleEvent, ...] | str | None:
        shown = own_example(schema)
        raw = isinstance(shown, str) and looks_raw(shown, self.framing)
        whole = isinstance(shown, list) or raw
        return self._events(shown) if whole else None

    def _events(self, value: Any, *, raw: bool = False) -> tuple[ExampleEvent, ...] | str:
        if isinstance(value, str) and (raw or looks_raw(value, self.framing)):
            return value
        if self.framing == "seq" and isinstance(value, str) and looks_raw(value, "lines"):
            value = [json.loads(line) for line in value.split("\n") if line.strip()]
        values = value if isinstance(value, list) else [value]
        return tuple(self._event(item) for item in values)

    def _event(self, value: Any, branch: Branch | None = None) -> ExampleEvent:
        if self.framing != "sse":
            return ExampleEvent(None, value, null=self._is_null(value))
        event = branch.event if branch else None
        if isinstance(value, dict) and self._is_event(value):
            return _read_event(value, event)
        if self.event_from and isinstance(value, dict):
            named = value.get(self.event_from)
            event = named if isinstance(named, str) else event
        return ExampleEvent(event, value)

    def _is_null(self, data: object) -> bool:
        """Tell whether the data are an item that is null; an event without data has none."""
        return data is None and self.framing != "sse"

    def _is_event(self, value: dict[Any, Any]) -> bool:
        """Tell an event object from data that happen to have a member `data`."""
        return is_event_object(value.keys()) and (
            not self.branches or any(b.whole is not None for b in self.branches)
        )

    def _branch_examples(self) -> tuple[ExampleEvent, ...]:
        events, ends = list[ExampleEvent](), []
        for branch in self.branches:
            if branch.data == "sentinel":
                ends.append(ExampleEvent(branch.event, branch.sentinel))
            elif (shown := self.branch_example(branch)) is not None:
                events.append(shown)
            else:
                return ()
        return (*events, *ends) if events else ()

    def branch_example(self, branch: Branch) -> ExampleEvent | None:
        """Return the event that a branch shows of itself; its constants and defaults are none."""
        shown = self._whole_example(branch)
        if shown is None and branch.schema is not True and branch.data != "sentinel":
            data = self._own_example(Place(branch.schema, branch.pointer))
            if data is not NOTHING:
                event = self._event(data, branch).event
                shown = ExampleEvent(event, data, null=self._is_null(data))
        return shown if shown is not None and _is_of(shown, branch) else None

    def _whole_example(self, branch: Branch) -> ExampleEvent | None:
        shown = NOTHING if branch.whole is None else self._own_example(branch.whole)
        if isinstance(shown, dict) and self._is_event(shown):
            return _read_event(shown, branch.event)
        return None

    def _own_example(self, schema: Place) -> Any:
        shown = held_up(schema)
        return held_up(self.document.follow(schema)) if shown is NOTHING else shown


def looks_raw(text: str, framing: Framing) -> bool:
    """Tell whether a text is a stretch of a stream rather than the data of one event."""
    if framing == "seq":
        return text.startswith("\x1e")
    if framing == "lines":
        return bool(text.strip()) and all(map(is_json_text, text.split("\n")))
    starts = ("data:", "event:", "id:", "retry:", ":")
    return "\n" in text and any(line.startswith(starts) for line in text.splitlines())


def is_json_text(text: str) -> bool:
    """Tell whether a line is a JSON text, or blank."""
    try:
        json.loads(text.strip() or "0")
    except (ValueError, RecursionError):
        return False
    return True


def is_event_object(keys: Iterable[object]) -> bool:
    """Tell whether an object with these members is an event, not the data of one."""
    names = set(keys)
    return names <= FIELDS and bool(names & {"data", "event"})


def _is_of(shown: ExampleEvent, branch: Branch) -> bool:
    """Tell whether an example has the type and the constants of a branch."""
    if branch.declared and shown.event not in {branch.event, branch.event or DEFAULT_TYPE}:
        return False
    data = shown.data if isinstance(shown.data, dict) else {}
    return all(data[key] == value for key, value in branch.constants.items() if key in data)


def _read_event(value: dict[Any, Any], event: str | None) -> ExampleEvent:
    named, id_, retry, comment = (value.get(key) for key in ("event", "id", "retry", "comment"))
    return ExampleEvent(
        named if isinstance(named, str) else event,
        value.get("data"),
        None if id_ is None else str(id_),
        retry if isinstance(retry, int) and not isinstance(retry, bool) else None,
        comment if isinstance(comment, str) else None,
    )

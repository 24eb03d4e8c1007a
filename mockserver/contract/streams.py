"""What an event stream of an operation consists of: its branches, sentinel and examples.

Documents describe events in eight styles; all of them are read into branches, each one kind of
event: its event type, what its data is, and the schema of the data after parsing. OAS 3.2
§ 4.14.3 (Sequential Media Types) and § 4.14.3.2 (Server-Sent Events) are the norm among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mockserver.contract import shapes
from mockserver.contract.document import Place
from mockserver.contract.examples import NOTHING, declared, of_schema, own_example
from mockserver.contract.media import EVENT_STREAM, essence, is_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mockserver.contract.document import Document

Data = Literal["json", "text", "sentinel"]
FIELDS = frozenset({"data", "event", "id", "retry", "comment"})
DEFAULT_TYPE = "message"  # WHATWG § 9.2.6: the type of an event that names none.


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the user says about one stream where the document is silent or wrong.

    `item` is the schema of one event or of its data: a `$ref` text, the name of a component, or
    a schema. `event_from` is the property of the data whose value is the event type on the wire.
    """

    item: str | Mapping[str, Any] | None = None
    event_from: str | None = None
    sentinel: str | None = None


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


@dataclass(frozen=True, slots=True)
class ExampleEvent:
    """An event that the document shows; data that are not text go out as JSON."""

    event: str | None
    data: object
    id: str | None = None
    retry: int | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EventStream:
    """The event stream of one operation: what each event may be, where the document says it."""

    status: int
    media_type: str
    pointer: str
    branches: tuple[Branch, ...]
    sentinel: str | None
    request_field: str | None = None
    """The member of a JSON request body that asks for the stream, where an extension names it."""
    event_from: str | None = None
    document: Document = field(kw_only=True, repr=False)
    holder: Place = field(kw_only=True, repr=False)
    """The media type object."""
    cache: dict[object, Any] = field(default_factory=dict, repr=False)

    def examples(self, name: str | None = None) -> tuple[ExampleEvent, ...] | str | None:
        """Return the events that the document shows, in order; raw text as it stands; or None.

        With a name, that one of the media type's `examples`. Without: its first example, else
        that of the whole stream's schema, else one event of each branch that shows one.
        """
        for example in declared(self.document, self.holder):
            if name is None or example.name == name:
                return self._events(example.value, raw=example.serialized)
        if name is not None:
            return None
        schema = self.document.follow(self.holder.get("schema"))
        whole = self._events_of_schema(schema)
        return whole if whole is not None else self._branch_examples() or None

    def example_names(self) -> list[str]:
        """Return the names of the media type's examples."""
        return [e.name for e in declared(self.document, self.holder) if e.name is not None]

    def _events_of_schema(self, schema: Place) -> tuple[ExampleEvent, ...] | str | None:
        shown = own_example(schema)
        whole = isinstance(shown, list) or (isinstance(shown, str) and looks_raw(shown))
        return self._events(shown) if whole else None

    def _events(self, value: Any, *, raw: bool = False) -> tuple[ExampleEvent, ...] | str:
        if isinstance(value, str) and (raw or looks_raw(value)):
            return value
        values = value if isinstance(value, list) else [value]
        return tuple(self._event(item) for item in values)

    def _event(self, value: Any, branch: Branch | None = None) -> ExampleEvent:
        event = branch.event if branch else None
        if isinstance(value, dict) and self._is_event(value):
            return _read_event(value, event)
        if self.event_from and isinstance(value, dict):
            named = value.get(self.event_from)
            event = named if isinstance(named, str) else event
        return ExampleEvent(event, value)

    def _is_event(self, value: dict[Any, Any]) -> bool:
        """Tell an event object from data that happen to have a member `data`."""
        return is_event_object(value.keys()) and (
            not self.branches or any(b.whole is not None for b in self.branches)
        )

    def _branch_examples(self) -> tuple[ExampleEvent, ...]:
        events, ends = [], []
        for branch in self.branches:
            if branch.data == "sentinel":
                ends.append(ExampleEvent(branch.event, branch.sentinel))
            elif (shown := self._branch_example(branch)) is not None:
                events.append(shown)
        return (*events, *ends) if events else ()

    def _branch_example(self, branch: Branch) -> ExampleEvent | None:
        if branch.whole is not None:
            shown = own_example(self.document.follow(branch.whole))
            if isinstance(shown, dict) and self._is_event(shown):
                return _read_event(shown, branch.event)
        if branch.schema is True:
            return None
        data = of_schema(self.document, Place(branch.schema, branch.pointer))
        if data is NOTHING:
            return None
        return ExampleEvent(self._event(data, branch).event, data)


def looks_raw(text: str) -> bool:
    """Tell whether a text is a stretch of a stream rather than the data of one event."""
    starts = ("data:", "event:", "id:", "retry:", ":")
    return "\n" in text and any(line.startswith(starts) for line in text.splitlines())


def is_event_object(keys: Iterable[object]) -> bool:
    """Tell whether an object with these members is an event, not the data of one."""
    names = set(keys)
    return names <= FIELDS and bool(names & {"data", "event"})


def _read_event(value: dict[Any, Any], event: str | None) -> ExampleEvent:
    named, id_, retry, comment = (value.get(key) for key in ("event", "id", "retry", "comment"))
    return ExampleEvent(
        named if isinstance(named, str) else event,
        value.get("data"),
        None if id_ is None else str(id_),
        retry if isinstance(retry, int) and not isinstance(retry, bool) else None,
        comment if isinstance(comment, str) else None,
    )


class Source(NamedTuple):
    """Where a stream is declared, and what extensions say about it."""

    status: int
    media_type: str
    holder: Place
    item: Place | None = None
    sentinel: str | None = None
    request_field: str | None = None


def read_stream(
    document: Document, source: Source, settings: StreamSettings | None = None
) -> EventStream:
    """Read one media type object as a stream of events."""
    settings = settings or StreamSettings()
    item, whole = _item(document, source, settings)
    reader = _Reader(document, settings.event_from, whole=whole)
    branches = tuple(reader.branches(item)) if item is not None else ()
    sentinel = settings.sentinel or source.sentinel
    if sentinel is None:
        sentinel = next((b.sentinel for b in branches if b.sentinel is not None), None)
    elif branches and all(branch.sentinel != sentinel for branch in branches):
        branches = (*branches, _end(sentinel, source.holder.pointer))
    return EventStream(
        source.status,
        source.media_type,
        source.holder.pointer,
        branches,
        sentinel,
        source.request_field,
        settings.event_from,
        document=document,
        holder=source.holder,
    )


def _item(
    document: Document, source: Source, settings: StreamSettings
) -> tuple[Place | None, bool]:
    """Return the schema of one event or its data; and whether it could mean the whole text.

    OAS 3.2 § 4.14.3: `itemSchema` is that of each item, `schema` that of the whole as an array.
    Before 3.2 most documents write the schema of one event into `schema`.
    """
    if settings.item is not None:
        return item_place(document, settings.item), False
    if source.item is not None:
        return source.item, False
    for key in ("itemSchema", "schema"):
        item = source.holder.get(key)
        if item.value is None or item.value is True or item.value == {}:
            continue
        target = document.follow(item)
        if key == "schema" and (target.object.get("type") == "array" or "items" in target.object):
            items = target.get("items")
            return (None if items.value is None else items), False
        return item, key == "schema"
    return None, False


def item_place(document: Document, item: str | Mapping[str, Any]) -> Place | None:
    """Return the place that the user's `item` names; None where it is not in the document."""
    if not isinstance(item, str):
        return Place(dict(item), "")
    return document.lookup(item if "#" in item else f"#/components/schemas/{item}")


class _Reader:
    """Turns the schema of an item into branches."""

    def __init__(self, document: Document, event_from: str | None, *, whole: bool) -> None:
        self._document = document
        self._event_from = event_from
        self._whole = whole

    def branches(self, item: Place) -> Iterator[Branch]:
        alternatives = shapes.alternatives(self._document, item)
        for alternative in alternatives:
            properties = shapes.properties(self._document, alternative.parts)
            if is_event_object(properties):
                yield from self._of_event(alternative, properties)
            elif len(alternatives) == 1 or not shapes.is_null(self._document, alternative.parts):
                yield from self._of_data(alternative)

    def _of_event(
        self, shape: shapes.Shape, properties: dict[str, list[Place]]
    ) -> Iterator[Branch]:
        parts = shape.parts
        names = shape.names.get("event") or shapes.texts(
            self._document, properties.get("event", [])
        )
        silent = [shapes.Shape((Place({}, shape.pointer),), {})]
        kinds = shapes.conjunctions(self._document, properties.get("data", [])) or silent
        if len(kinds) > 1:
            kinds = [k for k in kinds if not shapes.is_null(self._document, k.parts)]
        data = [branch for kind in kinds for branch in self._of_data(kind)]
        ids = properties.get("id", [])
        for name, one in _paired(data, names):
            yield replace(
                one,
                event=None if name == DEFAULT_TYPE else name,
                declared=name is not None,
                terminal=one.terminal or shapes.any_flag(self._document, parts, TERMINAL),
                id_schema=ids[0] if ids else None,
                required=frozenset(shapes.required(self._document, parts) & FIELDS),
                whole=parts[-1],
            )

    def _of_data(self, shape: shapes.Shape) -> Iterator[Branch]:
        """Tell what the data are, where their schema stands, and the sentinel if they are one.

        OAS 3.2 § 4.14.3.2: `data` is text; JSON in it is declared by `contentMediaType` and
        `contentSchema`. Elsewhere a `data` that is not text means the JSON text of it.
        """
        parts = shape.parts
        terminal = shapes.any_flag(self._document, parts, TERMINAL)
        last = self._document.follow(parts[-1])
        content = shapes.find(self._document, parts, "contentSchema")
        media = shapes.find(self._document, parts, "contentMediaType")
        if content is not None:
            for one in shapes.alternatives(self._document, content):
                yield self._of_json(one, terminal=terminal)
        elif media is not None and is_json(str(media.value)):
            yield Branch(None, "json", schema=True, pointer=last.pointer, terminal=terminal)
        elif isinstance(text := shapes.constant(self._document, parts), str):
            yield _end(text, last.pointer)
        elif media is not None or shapes.is_text(self._document, parts):
            schema = shapes.joined(parts)
            if self._whole:  # What it asks for, it asks of the whole stream.
                schema = {k: v for k, v in last.object.items() if k in {"type", *shapes.NOTES}}
            yield Branch(None, "text", schema or True, last.pointer, terminal)
        else:
            yield self._of_json(shape, terminal=terminal)

    def _of_json(self, shape: shapes.Shape, *, terminal: bool) -> Branch:
        constants = shapes.constants(self._document, shape.parts)
        for key, names in shape.names.items():
            if len(names) == 1:
                constants.setdefault(key, names[0])
        event = constants.get(self._event_from) if self._event_from else None
        name = constants.get("type")
        return Branch(
            event if isinstance(event, str) else None,
            "json",
            shapes.joined(shape.parts) or True,
            self._document.follow(shape.parts[-1]).pointer,
            terminal,
            declared=isinstance(event, str),
            name=name if isinstance(name, str) else None,
            constants=constants,
        )


TERMINAL = ("x-ms-sse-terminal-event", "x-sse-terminal-event", "x-terminal-event")


def _end(sentinel: str, pointer: str) -> Branch:
    schema = {"const": sentinel}
    return Branch(None, "sentinel", schema, pointer, terminal=True, sentinel=sentinel)


def _paired(data: list[Branch], names: list[str]) -> Iterator[tuple[str | None, Branch]]:
    """Pair event types with data: by the constant `type` of the data where it has one."""
    if not names:
        yield from (((b.event if b.declared else None), b) for b in data)
        return
    by_name = {branch.name: branch for branch in data if branch.name is not None}
    for name in names:
        if name in by_name and len(names) > 1:
            yield name, by_name[name]
        else:
            rest = [branch for branch in data if branch.name not in names] or data
            yield from product([name], rest)


def is_event_stream(media_type: str) -> bool:
    """Tell whether a key of `content` is `text/event-stream`, whatever its case or parameters."""
    return essence(media_type) == EVENT_STREAM

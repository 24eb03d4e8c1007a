"""How the schema of an item becomes the branches of a stream.

Documents describe events in eight styles; all of them are read into branches. The norm among them
is OAS 3.2 § Sequential Media Types and § Special Considerations for Server-Sent Events.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mockserver.contract import shapes
from mockserver.contract.media import framing, is_json
from mockserver.contract.place import Place
from mockserver.contract.streams import (
    DEFAULT_TYPE,
    FIELDS,
    Branch,
    EventStream,
    StreamSettings,
    is_event_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.document import Document

TERMINAL = ("x-ms-sse-terminal-event", "x-sse-terminal-event", "x-terminal-event")


class Source(NamedTuple):
    """Where a stream is declared, and what extensions say about it."""

    status: int
    media_type: str
    holder: Place
    item: Place | None = None
    sentinel: str | None = None
    request_field: str | None = None


def read_stream(document: Document, source: Source, settings: StreamSettings | None) -> EventStream:
    """Read one media type object as a stream of events, or of items in another framing."""
    settings = settings or StreamSettings()
    item, whole = _item(document, source, settings)
    if framing(source.media_type) in {"lines", "seq"}:
        return _read_items(document, source, item, whole=whole)
    reader = _Reader(document, settings.event_from, whole=whole)
    branches = tuple(reader.branches(item)) if item is not None else ()
    sentinel = settings.sentinel or source.sentinel
    if sentinel is None:
        # What ends a stream seldom has an event type of its own; a `ping` with constant data does.
        ends = sorted((b for b in branches if b.sentinel is not None), key=lambda b: b.declared)
        sentinel = ends[0].sentinel if ends else None
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


def _read_items(
    document: Document, source: Source, item: Place | None, *, whole: bool
) -> EventStream:
    """Read a stream of JSON texts: each is an item, which has no event type and no end.

    A lone `schema` that says `string` is that of the whole text, and says nothing of the items.
    """
    if item is not None and whole and shapes.is_text(document, [item]):
        item = None
    branches = tuple(_Reader(document, None, whole=False).items(item)) if item else ()
    return EventStream(
        source.status,
        source.media_type,
        source.holder.pointer,
        branches,
        None,
        source.request_field,
        framing=framing(source.media_type) or "lines",
        document=document,
        holder=source.holder,
    )


def _item(
    document: Document, source: Source, settings: StreamSettings
) -> tuple[Place | None, bool]:
    """Return the schema of one event or its data; and whether it could mean the whole text.

    OAS 3.2 § Sequential Media Types: `itemSchema` is that of each item, `schema` that of the whole
    as an array.
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
        alternatives = self._alternatives(item)
        for alternative in alternatives:
            properties = shapes.properties(self._document, alternative.parts)
            if is_event_object(properties):
                yield from self._of_event(alternative, properties)
            elif len(alternatives) == 1 or not shapes.is_null(self._document, alternative.parts):
                yield from self._of_data(alternative)

    def items(self, item: Place) -> Iterator[Branch]:
        """Yield the branches of items that are JSON texts."""
        for alternative in self._alternatives(item):
            yield from self._of_json(
                alternative,
                terminal=shapes.any_flag(self._document, alternative.parts, TERMINAL),
            )

    def _alternatives(self, item: Place) -> list[shapes.Shape]:
        """Return the alternatives that can be; where nothing can, the one that never is."""
        found = shapes.alternatives(self._document, item)
        possible = [s for s in found if not shapes.is_never(self._document, s.parts)]
        return possible or [shapes.Shape((Place({"not": {}}, item.pointer),), {})]

    def _of_event(
        self, shape: shapes.Shape, properties: dict[str, list[Place]]
    ) -> Iterator[Branch]:
        parts = shape.parts
        names = self._called(shape).get("event") or shapes.texts(
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

        OAS 3.2 § Special Considerations for Server-Sent Events: `data` is text; JSON in it is
        declared by `contentMediaType` and `contentSchema`. Elsewhere a `data`
        that is not text means the JSON text of it.
        """
        parts = shape.parts
        terminal = shapes.any_flag(self._document, parts, TERMINAL)
        last = self._document.follow(parts[-1])
        content = shapes.find(self._document, parts, "contentSchema")
        media = shapes.find(self._document, parts, "contentMediaType")
        if content is not None and media is not None and not is_json(str(media.value)):
            # Text of another kind, whose schema can say something of it only where it is text.
            end = isinstance(shapes.constant(self._document, [content]), str)
            if end or shapes.is_text(self._document, [content]):
                parts = (*parts, content)
            content = None
        if content is not None:
            for one in shapes.alternatives(self._document, content):
                yield from self._of_json(one, terminal=terminal)
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
            yield from self._of_json(shape, terminal=terminal)

    def _called(self, shape: shapes.Shape) -> dict[str, list[str]]:
        """Return what discriminators call a shape, as far as its own schemas let them."""
        return {
            key: allowed
            for key, names in shape.names.items()
            if (allowed := [n for n in names if shapes.lets(self._document, shape.parts, key, n)])
        }

    def _of_json(self, shape: shapes.Shape, *, terminal: bool) -> Iterator[Branch]:
        """Yield one branch for each name that the data go by."""
        fixed, called = shapes.constants(self._document, shape.parts), self._called(shape)
        schema: dict[str, Any] | Literal[True] = shapes.joined(shape.parts) or True
        for names in product(*called.values()):
            told = dict(zip(called, names, strict=True))
            yield self._of_constants(shape, schema, {**told, **fixed}, terminal=terminal)

    def _of_constants(
        self,
        shape: shapes.Shape,
        schema: dict[str, Any] | Literal[True],
        constants: dict[str, Any],
        *,
        terminal: bool,
    ) -> Branch:
        event = constants.get(self._event_from) if self._event_from else None
        name = constants.get("type")
        return Branch(
            event if isinstance(event, str) else None,
            "json",
            schema,
            self._document.follow(shape.parts[-1]).pointer,
            terminal,
            declared=isinstance(event, str),
            name=name if isinstance(name, str) else None,
            constants=constants,
        )


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

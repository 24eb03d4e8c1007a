"""What an event stream consists of, in each of the styles that documents are written in."""

import pytest
from contract_documents import operation, responding, stream

from mockserver.contract import ExampleEvent, StreamSettings

TEXT = {"type": "string"}
CHUNK = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}


def ref(name):
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def event(**properties):
    """Return the schema of a whole event."""
    return {"type": "object", "properties": properties}


def typed(name):
    """Return the schema of data with a constant type."""
    return {"type": "object", "properties": {"type": {"const": name}}}


def content(schema):
    """Return the schema of data that are JSON text, as OAS 3.2 writes it."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def rows(found):
    """Return what tells branches apart: event type, kind of data, name, whether declared."""
    return [(b.event, b.data, b.name, b.declared) for b in found.branches]


JSON_ONLY = [(None, "json", None, False)]
TEXT_ONLY = [(None, "text", None, False)]
DONE = {"type": "string", "enum": ["[DONE]"]}
STYLES = {
    "nothing": ({}, []),
    "null": (None, []),
    "empty schema": ({"schema": {}}, []),
    "true": ({"schema": True}, []),
    "raw text": ({"schema": TEXT}, TEXT_ONLY),
    "text or null": ({"schema": {"type": ["string", "null"]}}, TEXT_ONLY),
    "data, a reference": ({"schema": ref("Chunk")}, JSON_ONLY),
    "data, a union": (
        {"schema": {"oneOf": [typed("a"), typed("b")]}},
        [(None, "json", "a", False), (None, "json", "b", False)],
    ),
    "data, a union in allOf": (
        {"schema": {"allOf": [CHUNK, {"anyOf": [typed("a"), typed("b")]}]}},
        [(None, "json", "a", False), (None, "json", "b", False)],
    ),
    "data or null": ({"schema": {"anyOf": [CHUNK, {"type": "null"}]}}, JSON_ONLY),
    "data and a sentinel": (
        {"schema": {"oneOf": [ref("Chunk"), DONE]}},
        [(None, "json", None, False), (None, "sentinel", None, False)],
    ),
    "data with a member data": ({"schema": event(data=CHUNK, total=TEXT)}, JSON_ONLY),
    "data named by a discriminator": (
        {
            "schema": {
                "oneOf": [ref("Chunk"), ref("Other")],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {"chunk": "#/components/schemas/Chunk", "other": "Other"},
                },
            }
        },
        [(None, "json", "chunk", False), (None, "json", "other", False)],
    ),
    "event, data an object": (
        {"schema": event(event={"const": "price"}, data=ref("Chunk"), id=TEXT)},
        [("price", "json", None, True)],
    ),
    "event, data text": ({"schema": event(event=TEXT, data=TEXT)}, TEXT_ONLY),
    "event, data anything": ({"schema": event(data={})}, TEXT_ONLY),
    "event, no data": ({"schema": event(event={"const": "ping"})}, [("ping", "text", None, True)]),
    "event, data or a sentinel": (
        {"schema": event(data={"oneOf": [CHUNK, DONE]})},
        [(None, "json", None, False), (None, "sentinel", None, False)],
    ),
    "event, of the default type": (
        {"schema": event(event={"const": "message"}, data=CHUNK)},
        [(None, "json", None, True)],
    ),
    "events and a sentinel": (
        {"schema": {"anyOf": [event(event={"enum": ["a"]}, data=CHUNK), event(data=DONE)]}},
        [("a", "json", None, True), (None, "sentinel", None, False)],
    ),
    "events, names by a discriminator": (
        {
            "schema": {
                "oneOf": [ref("Event")],
                "discriminator": {
                    "propertyName": "event",
                    "mapping": {"on": "#/components/schemas/Event", "off": "Event"},
                },
            }
        },
        [("on", "json", None, True), ("off", "json", None, True)],
    ),
    "events, names paired with types": (
        {"schema": event(event={"enum": ["a", "b"]}, data={"oneOf": [typed("b"), typed("a")]})},
        [("a", "json", "a", True), ("b", "json", "b", True)],
    ),
    "events, a name without its type": (
        {"schema": event(event={"enum": ["a", "end"]}, data={"oneOf": [typed("a"), CHUNK]})},
        [("a", "json", "a", True), ("end", "json", None, True)],
    ),
    "array of events": (
        {"schema": {"type": "array", "items": event(event={"const": "a"}, data=CHUNK)}},
        [("a", "json", None, True)],
    ),
    "array of anything": ({"schema": {"type": "array"}}, []),
    "array by reference": ({"schema": ref("Chunks")}, JSON_ONLY),
    "itemSchema": (
        {"itemSchema": event(event={"const": "a"}, data=content(CHUNK))},
        [("a", "json", None, True)],
    ),
    "itemSchema goes before schema": (
        {"itemSchema": event(data=content(CHUNK)), "schema": TEXT},
        JSON_ONLY,
    ),
    "itemSchema, a union of data": (
        {"itemSchema": event(data=content({"oneOf": [typed("a"), typed("b")]}))},
        [(None, "json", "a", False), (None, "json", "b", False)],
    ),
    "itemSchema, JSON of any kind": (
        {"itemSchema": event(data={"type": "string", "contentMediaType": "application/json"})},
        JSON_ONLY,
    ),
    "itemSchema, text of a kind": (
        {"itemSchema": event(data={"type": "string", "contentMediaType": "text/html"})},
        TEXT_ONLY,
    ),
    "itemSchema, text of a kind with a schema": (
        {"itemSchema": event(data={"contentMediaType": "text/plain", "contentSchema": TEXT})},
        TEXT_ONLY,
    ),
    "itemSchema, text of a kind that is no JSON": (
        {
            "itemSchema": event(
                data={"contentMediaType": "text/csv", "contentSchema": {"type": "array"}}
            )
        },
        TEXT_ONLY,
    ),
    "itemSchema, a constant text of a kind": (
        {
            "itemSchema": event(
                data={"contentMediaType": "text/plain", "contentSchema": {"const": "[END]"}}
            )
        },
        [(None, "sentinel", None, False)],
    ),
    "itemSchema, branches beside their base": (
        {
            "itemSchema": event(event=TEXT, data=TEXT)
            | {
                "oneOf": [
                    {"properties": {"event": {"const": "a"}, "data": content(CHUNK)}},
                    {"properties": {"event": {"const": "b"}}},
                    {"properties": {"data": {"const": "[END]", "x-ms-sse-terminal-event": True}}},
                ]
            }
        },
        [
            ("a", "json", None, True),
            ("b", "text", None, True),
            (None, "sentinel", None, False),
        ],
    ),
    "recursive union": ({"schema": ref("Loop")}, [*JSON_ONLY, *JSON_ONLY]),
}
SCHEMAS = {
    "Chunk": CHUNK,
    "Other": {"type": "object"},
    "Chunks": {"type": "array", "items": CHUNK},
    "Event": event(event=TEXT, data=CHUNK),
    "Loop": {"oneOf": [CHUNK, ref("Loop")]},
}


@pytest.mark.parametrize(("media_type", "expected"), STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_every_style_is_read_into_branches(media_type, expected, version):
    """Whatever way events are described, each kind of event is one branch."""
    assert rows(stream(media_type, version, **SCHEMAS)) == expected


def test_a_branch_says_where_its_schema_stands():
    """The pointer leads to the schema of the data, behind references."""
    found = stream({"itemSchema": event(data=content(ref("Chunk")), id=TEXT)}, **SCHEMAS)
    (branch,) = found.branches
    assert branch.pointer == "/components/schemas/Chunk"
    assert branch.id_schema is not None
    at = "/paths/~1it/get/responses/200/content/text~1event-stream"
    assert found.pointer == at
    assert branch.id_schema.pointer == f"{at}/itemSchema/properties/id"
    assert (found.status, found.media_type) == (200, "text/event-stream")


@pytest.mark.parametrize(
    "media_type", ["text/event-stream", "TEXT/Event-Stream", "text/event-stream; charset=utf-8"]
)
def test_the_media_type_counts_without_case_and_parameters(media_type):
    """What streams is told by the essence of the media type, and kept as written."""
    found = operation(responding({media_type: {}}, "2XX")).stream
    assert found is not None
    assert (found.media_type, found.status) == (media_type, 200)


SENTINELS = {
    "none": ({"schema": CHUNK}, {}, None, None),
    "a branch": ({"schema": {"oneOf": [CHUNK, DONE]}}, {}, None, "[DONE]"),
    "Speakeasy": ({"schema": CHUNK, "x-speakeasy-sse-sentinel": "[END]"}, {}, None, "[END]"),
    "Speakeasy on the operation": ({"schema": CHUNK}, {"x-speakeasy-sse-sentinel": "[END]"}, None, "[END]"),
    "Fern": ({"schema": CHUNK}, {"x-fern-streaming": {"terminator": "[F]"}}, None, "[F]"),
    "Speakeasy before Fern and branch": (
        {"schema": {"oneOf": [CHUNK, DONE]}, "x-speakeasy-sse-sentinel": "[END]"},
        {"x-fern-streaming": {"terminator": "[F]"}},
        None,
        "[END]",
    ),
    "settings before all": (
        {"schema": CHUNK, "x-speakeasy-sse-sentinel": "[END]"},
        {},
        StreamSettings(sentinel="bye"),
        "bye",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("media_type", "fields", "settings", "sentinel"), SENTINELS.values(), ids=SENTINELS
)
def test_where_the_sentinel_comes_from(media_type, fields, settings, sentinel):
    """Settings, Speakeasy's extension, Fern's terminator, a branch with a constant text."""
    found = stream(media_type, settings=settings, fields=fields)
    assert found.sentinel == sentinel
    ends = [b for b in found.branches if b.terminal]
    assert (sentinel in {b.sentinel for b in ends}) is (sentinel is not None)


SETTINGS = {
    "a component": StreamSettings(item="Chunk"),
    "a reference": StreamSettings(item="#/components/schemas/Chunk"),
    "a schema": StreamSettings(item={"$ref": "#/components/schemas/Chunk"}),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_settings_say_what_an_item_is(settings):
    """The user's word on the item goes before the document's."""
    found = stream({"schema": TEXT}, settings=settings, **SCHEMAS)
    assert rows(found) == JSON_ONLY
    assert found.branches[0].pointer == "/components/schemas/Chunk"


def test_settings_say_where_the_event_type_comes_from():
    """With `event_from` the constant in the data is the event type on the wire."""
    media_type = {"schema": {"oneOf": [typed("a"), typed("b")]}, "example": [{"type": "b"}]}
    found = stream(media_type, settings=StreamSettings(event_from="type"))
    assert rows(found) == [("a", "json", "a", True), ("b", "json", "b", True)]
    assert found.examples() == (ExampleEvent("b", {"type": "b"}),)


def test_fern_names_the_schema_of_its_stream():
    """An operation that only Fern's extension calls a stream has its response-stream as item."""
    fern = {"format": "sse", "response-stream": ref("Chunk")}
    fields = responding({"application/json": {"schema": TEXT}}) | {"x-fern-streaming": fern}
    found = operation(fields, components={"schemas": SCHEMAS}).stream
    assert found is not None
    assert rows(found) == JSON_ONLY


def test_a_union_of_unions_does_not_explode():
    """Beyond a thousand combinations a schema is left with fewer alternatives, not with millions."""
    union = {"oneOf": [typed(str(n)) for n in range(50)]}
    found = stream({"schema": {"allOf": [union, union, union, union]}})
    assert 0 < len(found.branches) <= 1000


def test_unions_of_each_other_end():
    """Schemas that are all unions of each other are read in bounded time."""
    names = [f"S{n}" for n in range(30)]
    schemas = {name: {"oneOf": [ref(other) for other in names]} for name in names}
    assert stream({"schema": ref("S0")}, **schemas).branches


def test_unions_nested_by_hundreds_end():
    """A union in a union, three hundred deep, is left whole at some depth."""
    schema = CHUNK
    for _ in range(300):
        schema = {"oneOf": [schema]}
    assert rows(stream({"schema": schema})) == JSON_ONLY


def shown(schema, example):
    """Return a schema that shows this example."""
    return {**schema, "example": example}


E = ExampleEvent
EVENTS = event(event={"enum": ["a", "b"]}, data=CHUNK)
EXAMPLES = {
    "none": ({"schema": CHUNK}, None, None),
    "untyped": ({}, None, None),
    "raw text": ({"example": "data: 1\n\n"}, None, "data: 1\n\n"),
    "raw text in a schema": ({"schema": shown(TEXT, ": hi\n\ndata: 1\n\n")}, None, ": hi\n\ndata: 1\n\n"),
    "serializedValue": ({"examples": {"x": {"serializedValue": "data"}}}, None, "data"),
    "dataValue": ({"itemSchema": EVENTS, "examples": {"x": {"dataValue": [{"event": "a", "data": "1", "id": 5, "retry": 10}, {"comment": "hi", "data": None}]}}}, None, (E("a", "1", "5", 10), E(None, None, None, None, "hi"))),
    "by name": ({"examples": {"x": {"value": [1]}, "y": {"value": [2]}}}, "y", (E(None, 2),)),
    "unknown name": ({"example": 1}, "y", None),
    "the first": ({"examples": {"x": {"value": [1]}, "y": {"value": [2]}}}, None, (E(None, 1),)),
    "one event": ({"example": {"event": "a", "data": {"id": 1}}}, None, (E("a", {"id": 1}),)),
    "data": ({"schema": CHUNK, "example": {"id": 1}}, None, (E(None, {"id": 1}),)),
    "several data": ({"schema": CHUNK, "example": [{"id": 1}, "[DONE]"]}, None, (E(None, {"id": 1}), E(None, "[DONE]"))),
    "data that look like an event": ({"schema": {"properties": {"data": TEXT, "x": TEXT}}, "example": {"data": "1"}}, None, (E(None, {"data": "1"}),)),
    "the whole schema": ({"schema": {"type": "array", "items": EVENTS, "example": [{"event": "a", "data": 1}]}}, None, (E("a", 1),)),
    "by reference": ({"examples": {"x": {"$ref": "#/components/schemas/Example"}}}, None, (E(None, 7),)),
    "branches in order, sentinel last": ({"schema": {"oneOf": [DONE, shown(CHUNK, {"id": 1}), {**CHUNK, "examples": [{"id": 2}]}]}}, None, (E(None, {"id": 1}), E(None, {"id": 2}), E(None, "[DONE]"))),
    "branches of which one shows none": ({"schema": {"oneOf": [DONE, shown(CHUNK, {"id": 1}), CHUNK]}}, None, None),
    "constants are no examples": ({"schema": {"oneOf": [typed("a"), typed("b")]}}, None, None),
    "a default is no example": ({"schema": {"properties": {"x": {"default": 1}}, "required": ["x"]}}, None, None),
    "the example of a property is none of the branch": ({"schema": {"properties": {"x": shown(TEXT, "y")}, "required": ["x"]}}, None, None),
    "branches, whole events": ({"itemSchema": shown(event(event={"const": "b"}, data=CHUNK), {"event": "b", "data": "x", "id": "1"})}, None, (E("b", "x", "1"),)),
    "the whole event of another type": ({"itemSchema": shown(EVENTS, {"event": "b", "data": "x", "id": "1"})}, None, None),
    "branches, data of events": ({"itemSchema": event(event={"const": "a"}, data=content(shown(CHUNK, {"id": 2})))}, None, (E("a", {"id": 2}),)),
    "branches, text": ({"itemSchema": event(data=shown(TEXT, "hi"))}, None, (E(None, "hi"),)),
    "a sentinel alone is no example": ({"schema": {"oneOf": [DONE, CHUNK]}}, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("media_type", "name", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_the_examples_of_a_stream(media_type, name, expected):
    """Examples of the media type, then of the whole schema, then of each branch."""
    assert stream(media_type, Example={"value": 7}).examples(name) == expected


def test_the_names_of_a_streams_examples():
    """They are the keys of `examples`."""
    found = stream({"examples": {"x": {"value": 1}, "y": {"value": 2}}})
    assert found.example_names() == ["x", "y"]

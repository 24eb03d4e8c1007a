"""Streams of items: JSON lines and JSON text sequences (OAS 3.2 § Sequential Media Types)."""

import pytest
from contract_documents import operation, responding

from mockserver.contract import ExampleEvent, Wish, event_violations, lenient_answer, made_events

LINES, SEQ = "application/x-ndjson", "application/geo+json-seq"
CHUNK = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
ENVELOPE = {"type": "object", "properties": {"event": {"const": "a"}, "data": {"type": "integer"}}}
TYPED = {"properties": {"type": {"const": "t"}}, "required": ["type"]}
TEXT = {"type": "string"}


def stream(media_type, name=LINES, version="3.1.0"):
    """Return the stream of an operation that answers this media type object."""
    return operation(
        responding({name: media_type}), version, components={"schemas": {"Chunk": CHUNK}}
    ).stream


STYLES = {
    "nothing": ({}, []),
    "a binary text": ({"schema": {"type": "string", "format": "binary"}}, []),
    "a text": ({"schema": TEXT}, []),
    "an item in schema": ({"schema": {"$ref": "#/components/schemas/Chunk"}}, [None]),
    "an array in schema": ({"schema": {"type": "array", "items": CHUNK}}, [None]),
    "itemSchema": ({"itemSchema": CHUNK}, [None]),
    "items that are texts": ({"itemSchema": TEXT}, [None]),
    "a constant is no sentinel": ({"itemSchema": {"const": "[DONE]"}}, [None]),
    "what would be an envelope": ({"itemSchema": ENVELOPE}, [None]),
    "a union": ({"itemSchema": {"oneOf": [CHUNK, TYPED]}}, [None, "t"]),
}


@pytest.mark.parametrize(("media_type", "names"), STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize("name", [LINES, SEQ])
def test_every_kind_of_item_is_one_branch_of_json(media_type, names, version, name):
    """Items have no event types, no ids and no sentinel, whatever their schema is called."""
    found = stream(media_type, name, version)
    assert [branch.name for branch in found.branches] == names
    assert {(b.event, b.data, b.declared, b.id_schema, b.whole) for b in found.branches} <= {
        (None, "json", False, None, None)
    }
    assert (found.sentinel, found.end) == (None, None)


E = ExampleEvent
SHOWN = {
    "a list": (LINES, {"example": [{"id": 1}, "a", None]}, (E(None, {"id": 1}), E(None, "a"), E(None, None, null=True))),
    "one item": (LINES, {"example": {"data": 1}}, (E(None, {"data": 1}),)),
    "dataValue": (SEQ, {"examples": {"x": {"dataValue": [1, [2]]}}}, (E(None, 1), E(None, [2]))),
    "serializedValue": (LINES, {"examples": {"x": {"serializedValue": "1\n2"}}}, "1\n2"),
    "serialized records": (SEQ, {"examples": {"x": {"serializedValue": "\x1e1\n"}}}, "\x1e1\n"),
    "lines as a text": (LINES, {"example": '{"id":1}\n{"id":2}\n'}, '{"id":1}\n{"id":2}\n'),
    "lines as a text of records": (SEQ, {"example": '{"id":1}\n\n{"id":2}\n'}, (E(None, {"id": 1}), E(None, {"id": 2}))),
    "records as a text": (SEQ, {"example": "\x1e1\n"}, "\x1e1\n"),
    "U+2028 ends no line": (LINES, {"example": '"a\u2028b"'}, '"a\u2028b"'),
    "a text that is an item": (LINES, {"example": "hello"}, (E(None, "hello"),)),
    "of the schema": (LINES, {"schema": {"type": "array", "example": [1]}}, (E(None, 1),)),
    "of the item": (LINES, {"itemSchema": {**CHUNK, "example": {"id": 7}}}, (E(None, {"id": 7}),)),
    "of an item that is null": (LINES, {"itemSchema": {"example": None, "type": "null"}}, (E(None, None, null=True),)),
    "none": (LINES, {"itemSchema": CHUNK}, None),
}  # fmt: skip


@pytest.mark.parametrize(("name", "media_type", "expected"), SHOWN.values(), ids=SHOWN)
def test_the_examples_of_items(name, media_type, expected):
    """A list of items, or the text as it stands on the wire."""
    assert stream(media_type, name).examples() == expected


VIOLATIONS = {
    "an item": ({"itemSchema": CHUNK}, '{"id": 1}', []),
    "a wrong item": ({"itemSchema": CHUNK}, "{}", [("data", "data")]),
    "a text": ({"itemSchema": TEXT}, '"hi"', []),
    "a text without quotes": ({"itemSchema": TEXT}, "hi", [("data", "not-json")]),
    "anything": ({}, "[null]", []),
    "anything but no JSON": ({}, "hi", [("data", "not-json")]),
    "by a constant": ({"itemSchema": {"oneOf": [CHUNK, TYPED]}}, '{"type": "t"}', []),
}


@pytest.mark.parametrize(("media_type", "item", "expected"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_an_item_is_held_to_its_schema(media_type, item, expected):
    """Every item has to be JSON, even where the document says nothing of it."""
    found = event_violations(stream(media_type), None, item)
    assert [(violation.field, violation.code) for violation in found] == expected


MADE = {
    "nothing": ({}, ['{"number":1}', '{"number":2}', '{"number":3}']),
    "a constant": ({"itemSchema": {"const": "[DONE]"}}, ['"[DONE]"']),
    "null": ({"itemSchema": {"type": "null"}}, ["null"]),
}


@pytest.mark.parametrize(("media_type", "expected"), MADE.values(), ids=MADE)
def test_items_are_made(media_type, expected):
    """One of each kind; three where nothing is said."""
    found = stream(media_type)
    made = made_events(found, "0")
    assert [found.text(one) for one in (*made.events, *made.ends)] == expected
    assert {(one.event, one.id) for one in made.events} == {(None, None)}


def test_what_streams_is_no_ordinary_answer():
    """Beside JSON the lines are played and not answered, whoever asks for what."""
    found = operation(responding({LINES: {"example": [1]}, "application/json": {"example": 2}}))
    answer = lenient_answer(found, Wish(accept=LINES))
    assert (answer.media_type, answer.body) == ("application/json", b"2")

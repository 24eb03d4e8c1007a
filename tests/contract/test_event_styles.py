"""Events in each of the styles that documents describe them in: what fits, and what is told else.

The styles are those of large vendors' documents: nothing at all, text, the data alone, envelopes,
envelopes with a sentinel, arrays of envelopes, OAS 3.2's own, and extensions.
"""

import json

import pytest
from contract_documents import operation, responding, stream

from mockserver.contract import StreamSettings, event_violations

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def ref(name):
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema):
    """Return the schema of data that are JSON text, as OAS 3.2 writes it."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def typed(name, **properties):
    """Return the schema of data that name their kind."""
    return {
        "type": "object",
        "properties": {"type": {"type": "string", "enum": [name]}, **properties},
        "required": ["type", *properties],
    }


def envelope(data, event=None, **more):
    """Return the schema of a whole event."""
    named = {"event": {"type": "string", "const": event}} if event else {}
    required = [*named, "data"]
    return {"type": "object", "required": required, "properties": {**named, "data": data, **more}}


DONE = {"type": "string", "const": "[DONE]"}
CHUNK = {"type": "object", "required": ["n"], "properties": {"n": NUMBER}}
DOZENS = [typed(f"response.part{n}.delta", delta=TEXT, index=NUMBER) for n in range(58)]
SCHEMAS = {"Chunk": CHUNK, "Event": {"oneOf": DOZENS}}

PLAIN, NAMED = '{"n": 1}', '{"type": "response.part7.delta", "delta": "", "index": 0}'
WRONG_NAMED = '{"type": "response.part7.delta", "delta": 5, "index": 0}'
NOT_A_NUMBER = "data.n: 'x' is not of type 'number'"
NOT_TEXT = "data.delta: 5 is not of type 'string'"
NO_SUCH = "event: the document declares no event of type 'b' here"

STYLES = {
    "nothing": ({}, [(None, "hello", None), ("any", "[DONE]", "7")], []),
    "text": ({"schema": TEXT}, [(None, "hello", None), ("any", PLAIN, None)], []),
    "the data": (
        {"schema": ref("Chunk")},
        [(None, PLAIN, None), ("whatever", PLAIN, None)],
        [((None, '{"n": "x"}', None), NOT_A_NUMBER), ((None, "hello", None), "data: not JSON: ")],
    ),
    "the data, of dozens of kinds": (
        {"schema": ref("Event")},
        [(None, NAMED, None), ("response.part7.delta", NAMED, None), ("other", NAMED, None)],
        [
            ((None, WRONG_NAMED, None), NOT_TEXT),
            (("response.part7.delta", WRONG_NAMED, None), NOT_TEXT),
            (("response.part8.delta", NAMED, None),
             "data.type: 'response.part7.delta' is not one of [\"response.part8.delta\"]"),
            ((None, '{"type": "response.part99.delta"}', None),
             "data.type: 'response.part99.delta' is none of the kinds of data declared here"),
            ((None, '{"type": "response.part7.delta", "delta": ""}', None),
             "data: 'index' is a required property"),
        ],
    ),
    "an envelope": (
        {"schema": envelope(ref("Chunk"), "a", id=TEXT, retry={"type": "integer"})},
        [("a", PLAIN, None), ("a", PLAIN, "7")],
        [
            (("a", '{"n": "x"}', None), NOT_A_NUMBER),
            (("b", PLAIN, None), NO_SUCH),
            ((None, PLAIN, None), "event: the document declares no event of type 'message' here"),
        ],
    ),
    "an envelope whose data are of dozens of kinds": (
        {"schema": {"properties": {"event": TEXT, "data": ref("Event")}, "required": ["event", "data"]}},
        [("response.part7.delta", NAMED, None)],
        [
            (("response.part7.delta", WRONG_NAMED, None), NOT_TEXT),
            ((None, NAMED, None), "event: the event has no 'event', which is required"),
        ],
    ),
    "envelopes and a sentinel": (
        {"schema": {"oneOf": [envelope(ref("Chunk"), "a"), envelope(DONE)]}},
        [("a", PLAIN, None), (None, "[DONE]", None)],
        [(("a", '{"n": "x"}', None), NOT_A_NUMBER), (("b", PLAIN, None), NO_SUCH)],
    ),
    "a sentinel in the data": (
        {"schema": envelope({"anyOf": [ref("Chunk"), DONE]})},
        [(None, PLAIN, None), (None, "[DONE]", None)],
        [((None, "[END]", None), "data: not JSON: ")],
    ),
    "an array of envelopes": (
        {"schema": {"type": "array", "items": {"oneOf": [envelope(ref("Chunk"), "a"), envelope(TEXT, "t")]}}},
        [("a", PLAIN, None), ("t", "hello", None)],
        [(("a", '{"n": "x"}', None), NOT_A_NUMBER), (("b", PLAIN, None), NO_SUCH)],
    ),
    "itemSchema": (
        {"itemSchema": {"oneOf": [envelope(content(ref("Chunk")), "a"), envelope(DONE)]}},
        [("a", PLAIN, None), (None, "[DONE]", None)],
        [(("a", '{"n": "x"}', None), NOT_A_NUMBER), (("a", "hello", None), "data: not JSON: ")],
    ),
    "itemSchema, dozens of kinds by event type": (
        {"itemSchema": {"oneOf": [envelope(content(kind), kind["properties"]["type"]["enum"][0]) for kind in DOZENS]}},
        [("response.part7.delta", NAMED, None)],
        [
            (("response.part7.delta", WRONG_NAMED, None), NOT_TEXT),
            (("b", NAMED, None), NO_SUCH),
        ],
    ),
    "itemSchema, dozens of kinds in one event": (
        {"itemSchema": envelope(content({"anyOf": DOZENS}))},
        [(None, NAMED, None)],
        [((None, WRONG_NAMED, None), NOT_TEXT)],
    ),
    "an extension's sentinel": (
        {"schema": ref("Chunk"), "x-speakeasy-sse-sentinel": "[END]"},
        [(None, PLAIN, None), (None, "[END]", None)],
        [((None, "[DONE]", None), "data: not JSON: ")],
    ),
}  # fmt: skip
CASES = [
    pytest.param(media_type, event, None, id=f"{name}-{n}")
    for name, (media_type, good, _) in STYLES.items()
    for n, event in enumerate(good)
] + [
    pytest.param(media_type, event, told, id=f"{name}-wrong-{n}")
    for name, (media_type, _, wrong) in STYLES.items()
    for n, (event, told) in enumerate(wrong)
]


@pytest.mark.parametrize(("media_type", "event", "told"), CASES)
def test_events_of_every_style(media_type, event, told):
    """An event that fits has no fault; else one short sentence names the field of the meant kind."""
    violations = event_violations(stream(media_type, "3.2.0", **SCHEMAS), *event)
    if told is None:
        assert violations == []
        return
    (violation,) = violations
    sentence = f"{violation.field}: {violation.what}"
    assert sentence.startswith(told)
    assert len(sentence) < 150


def test_a_stream_that_only_an_extension_knows():
    """Fern's `response-stream` is the schema of each event's data, its terminator the sentinel."""
    fern = {"format": "sse", "terminator": "[END]", "response-stream": ref("Chunk")}
    fields = responding({"application/json": {"schema": TEXT}}) | {"x-fern-streaming": fern}
    found = operation(fields, components={"schemas": SCHEMAS}).stream
    assert event_violations(found, None, PLAIN) == event_violations(found, None, "[END]") == []
    (violation,) = event_violations(found, None, '{"n": "x"}')
    assert f"{violation.field}: {violation.what}" == NOT_A_NUMBER


def test_event_types_named_by_settings():
    """With `event_from` the constant in the data is the event type, and has to be it."""
    settings = StreamSettings(item="Event", event_from="type")
    found = stream({}, settings=settings, **SCHEMAS)
    assert event_violations(found, "response.part7.delta", NAMED) == []
    (violation,) = event_violations(found, "response.part8.delta", NAMED)
    assert violation.field == "data.type"
    (violation,) = event_violations(found, None, NAMED)
    assert violation.code == "undeclared-event"


def test_a_fault_deep_in_one_of_dozens():
    """A union of dozens inside the data is told by the kind that its constants mean."""
    schema = envelope(
        content(
            {
                "type": "object",
                "properties": {"items": {"type": "array", "items": {"oneOf": DOZENS}}},
            }
        )
    )
    data = json.dumps({"items": [json.loads(NAMED), json.loads(WRONG_NAMED)]})
    (violation,) = event_violations(stream({"itemSchema": schema}), None, data)
    assert (violation.field, violation.what) == ("data.items[1].delta", "5 is not of type 'string'")
    assert violation.pointer.endswith("/oneOf/7/properties/delta/type")

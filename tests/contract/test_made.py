"""Events that are made from the schemas of streams that show none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from contract_documents import contract, responding, stream

from mockserver.contract import (
    StreamSettings,
    event_violations,
    made_events,
    read,
    stream_problems,
)
from mockserver.scenario.plaindata import plain_data

ROOT = Path(__file__).parents[2]
PETSTORES = [
    ROOT / "specs" / "petstore.openapi.yaml",
    ROOT / "tests" / "fixtures" / "specs" / "petstore-3.1.yaml",
    ROOT / "tests" / "fixtures" / "specs" / "petstore-3.0.yaml",
]
TEXT = {"type": "string"}
CHUNK = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
DONE = {"type": "string", "enum": ["[DONE]"]}
NEVER = {"type": "integer", "not": {"type": "integer"}}


def ref(name):
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def event(*required, **properties):
    """Return the schema of a whole event."""
    return {"type": "object", "properties": properties, "required": list(required)}


def typed(name):
    """Return the schema of data with a constant type."""
    schema = {"type": "object", "properties": {"type": {"const": name}, "at": {"type": "integer"}}}
    return {**schema, "required": ["type"]}


TOKEN = event("type", "d", type={"const": "tok"}, d=TEXT)
DEFAULTED = event(type={"type": "string", "default": "d"})
EVENTS = event("event", event={"enum": ["a", "b"]}, data=CHUNK)


def mapped(**names):
    """Return the discriminator by which `type` names these components."""
    mapping = {name: f"#/components/schemas/{schema}" for name, schema in names.items()}
    return {"discriminator": {"propertyName": "type", "mapping": mapping}}


def content(schema):
    """Return the schema of data that are JSON text, as OAS 3.2 writes it."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def terminal(schema):
    """Return a schema of what ends the stream."""
    return {**schema, "x-ms-sse-terminal-event": True}


def kinds(made):
    """Return what tells the events apart: the type, or the constant in the data, or the text."""
    return [
        found.event or (found.data.get("type") if isinstance(found.data, dict) else found.data)
        for found in (*made.events, *made.ends)
    ]


STYLES = {
    "nothing": ({}, ["event 1", "event 2", "event 3"]),
    "null": (None, ["event 1", "event 2", "event 3"]),
    "array of anything": ({"schema": {"type": "array"}}, ["event 1", "event 2", "event 3"]),
    "raw text": ({"schema": TEXT}, ["event 1", "event 2", "event 3"]),
    "data, a reference": ({"schema": ref("Chunk")}, [None]),
    "data, a union": ({"schema": {"oneOf": [typed("a"), typed("b")]}}, ["a", "b"]),
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
        ["chunk", "other"],
    ),
    "data or a sentinel": ({"schema": {"oneOf": [DONE, typed("a")]}}, ["a", "[DONE]"]),
    "event, data an object": (
        {"schema": event("id", event={"const": "price"}, data=ref("Chunk"), id=TEXT)},
        ["price"],
    ),
    "event, no data": ({"schema": event(event={"const": "ping"})}, ["ping"]),
    "event, of any required type": (
        {"schema": event("event", event=TEXT, data=typed("a"))},
        ["a"],
    ),
    "event, of the default type": (
        {"schema": event("event", event={"const": "message"}, data=typed("a"))},
        ["a"],
    ),
    "events, names paired with types": (
        {"schema": event(event={"enum": ["a", "b"]}, data={"oneOf": [typed("b"), typed("a")]})},
        ["a", "b"],
    ),
    "events and a sentinel": (
        {"schema": {"anyOf": [event(data=DONE), event(event={"enum": ["a"]}, data=CHUNK)]}},
        ["a", "[DONE]"],
    ),
    "array of events": (
        {"schema": {"type": "array", "items": event(event={"const": "a"}, data=CHUNK)}},
        ["a"],
    ),
    "itemSchema, a union": (
        {
            "itemSchema": {
                "oneOf": [
                    terminal(event(event={"const": "end"}, data=content(CHUNK))),
                    event("event", "data", event={"const": "b"}, data=content(CHUNK), id=TEXT),
                    event("event", "data", event={"const": "a"}, data=TEXT, id=TEXT),
                ]
            }
        },
        ["b", "a", "end"],
    ),
    "itemSchema, JSON of any kind": (
        {"itemSchema": event(data={"type": "string", "contentMediaType": "application/json"})},
        [None],
    ),
    "itemSchema, text of a kind": (
        {"itemSchema": event(event={"const": "page"}, data={**TEXT, "minLength": 3})},
        ["page"],
    ),
    "itemSchema, text of a kind with a schema": (
        {
            "itemSchema": event(
                event={"const": "note"},
                data={"contentMediaType": "text/plain", "contentSchema": {**TEXT, "minLength": 2}},
            )
        },
        ["note"],
    ),
    "itemSchema, JSON that is a text": (
        {"itemSchema": event(event={"const": "word"}, data=content({"const": "hi"}))},
        ["word"],
    ),
    "several sentinels": (
        {"schema": {"oneOf": [CHUNK, DONE, {"const": "[ERROR]"}]}},
        [None, "[DONE]"],
    ),
    "an event type with a constant for data": (
        {
            "schema": {
                "oneOf": [
                    event(event={"const": "ping"}, data={"const": "p"}),
                    event(data=DONE),
                    event(event={"const": "a"}, data=CHUNK),
                ]
            }
        },
        ["a", "ping", "[DONE]"],
    ),
    "only a sentinel": ({"schema": DONE}, ["[DONE]"]),
    "data that may be null": ({"schema": {"enum": [None, None]}}, [None]),
}
PAIR = {"oneOf": [ref("Cat"), ref("Dog")]}
STYLES |= {
    "data of which one kind is all constants": (
        {"schema": {"oneOf": [TOKEN, typed("end")]}},
        ["tok", "end"],
    ),
    "data of which one kind shows an example": (
        {"schema": {"oneOf": [TOKEN, {**typed("b"), "example": {"type": "b"}}, DONE]}},
        ["tok", "b", "[DONE]"],
    ),
    "data of which one kind is all defaults": (
        {"schema": {"oneOf": [TOKEN, {**DEFAULTED, "required": ["type"]}]}},
        ["tok", "d"],
    ),
    "events of which one type is shown": (
        {"schema": {**EVENTS, "example": {"event": "b", "data": {"id": 7}}}},
        ["a", "b"],
    ),
    "data named by a mapping alone": ({"schema": {**PAIR, **mapped(c="Cat", d="Dog")}}, ["c", "d"]),
    "data of several names": (
        {"schema": {**PAIR, **mapped(c="Cat", kitten="Cat", d="Dog")}},
        ["c", "kitten", "d"],
    ),
    "data named by their components": (
        {"schema": {**PAIR, "discriminator": {"propertyName": "type"}}},
        ["Cat", "Dog"],
    ),
    "data named by a mapping and a component": (
        {"schema": {**PAIR, **mapped(c="Cat")}},
        ["c", "Dog"],
    ),
    "data with a base that lists the names": (
        {"schema": {"oneOf": [ref("Start"), ref("End")], **mapped(**{"m-start": "Start", "m-end": "End"})}},
        ["m-start", "m-end"],
    ),
    "data with constants that no component is called": (
        {"schema": {"oneOf": [ref("A"), ref("B")], "discriminator": {"propertyName": "type"}}},
        ["a", "b"],
    ),
    "data closed to a discriminator": (
        {"schema": {"oneOf": [ref("Closed")], "discriminator": {"propertyName": "type"}}},
        [None],
    ),
    "events with constants that no component is called": (
        {"schema": {"oneOf": [ref("Tick")], "discriminator": {"propertyName": "event"}}},
        ["tick"],
    ),
    "a kind that never is": ({"itemSchema": {"oneOf": [typed("a"), False]}}, ["a"]),
}  # fmt: skip
BASE = {
    "type": "object",
    "properties": {"type": {"enum": ["m-start", "m-end"]}},
    "required": ["type"],
}
SCHEMAS = {
    "Chunk": CHUNK,
    "Other": {"type": "object"},
    "Cat": event("type", "m", type=TEXT, m={"type": "integer"}),
    "Dog": event("type", "b", type=TEXT, b={"type": "boolean"}),
    "Base": BASE,
    "Start": {"allOf": [ref("Base"), event("x", x=TEXT)]},
    "End": {"allOf": [ref("Base"), event(y=TEXT)]},
    "A": typed("a"),
    "B": typed("b"),
    "Closed": {**CHUNK, "additionalProperties": False},
    "Tick": event("event", event={"const": "tick"}, data=CHUNK),
}


@pytest.mark.parametrize(("media_type", "expected"), STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_one_event_of_each_kind_is_made(media_type, expected, version):
    """In declared order, what is terminal last, and the sentinel after that; all of them valid."""
    found = stream(media_type, version, **SCHEMAS)
    made = made_events(found, "0")
    assert made.unmade == ()
    assert kinds(made) == expected
    for one in (*made.events, *made.ends):
        assert event_violations(found, one.event, found.text(one), one.id) == []


def test_a_kind_that_shows_an_example_is_shown_first():
    """Its example is the first event of its kind; those after it, and other kinds, are made."""
    kind = {**typed("b"), "example": {"type": "b", "at": -7}}
    made = made_events(stream({"schema": {"oneOf": [TOKEN, kind]}}), "0", 4)
    assert kinds(made) == ["tok", "b", "tok", "b"]
    assert made.events[1].data == {"type": "b", "at": -7}


def test_an_example_of_one_kind_that_does_not_fit_is_a_problem():
    """It is not played; an event is made in its place."""
    media_type = {"schema": {"oneOf": [TOKEN, {**typed("b"), "example": {"type": "b", "at": "x"}}]}}
    made = made_events(stream(media_type), "0")
    assert kinds(made) == ["tok", "b"]
    assert made.events[1].data["at"] != "x"
    needed = responding({"text/event-stream": media_type})
    (problem,) = stream_problems(contract({"/a": {"get": needed}}))
    assert problem.code == "invalid-example"


@pytest.mark.parametrize("key", ["itemSchema", "schema"])
@pytest.mark.parametrize("schema", [False, ref("Never")], ids=["plain", "a reference"])
def test_nothing_is_made_where_nothing_is_allowed(key, schema):
    """`false` is the schema that no event fits."""
    made = made_events(stream({key: schema}, Never=False), "0")
    assert (made.events, made.ends, len(made.unmade)) == ((), (), 1)


def test_a_sentinel_from_the_settings_ends_an_untyped_stream():
    """What the user says of the end holds where the document says nothing."""
    made = made_events(stream({}, settings=StreamSettings(sentinel="bye")), "0")
    assert kinds(made) == ["event 1", "event 2", "event 3", "bye"]


IDS = {
    "text": (TEXT, ["1", "2", "3"]),
    "a whole number": ({"type": "integer"}, ["1", "2", "3"]),
    "a number in bounds": ({"type": "integer", "minimum": 7, "maximum": 7}, ["7", "7", "7"]),
    "a pattern that numbers fit": ({"type": "string", "pattern": "^[0-9]$"}, ["1", "2", "3"]),
    "a constant": ({"const": "same"}, ["same", "same", "same"]),
}


@pytest.mark.parametrize(("schema", "expected"), IDS.values(), ids=IDS)
def test_ids_are_numbers_where_the_document_lets_them(schema, expected):
    """Ends are numbered on; an id that cannot be a number is what its schema wants."""
    found = stream(
        {
            "itemSchema": {
                "oneOf": [
                    terminal(event(event={"const": "end"}, data=content(CHUNK), id=schema)),
                    event(event={"const": "a"}, data=content(CHUNK), id=schema),
                    event(event={"const": "b"}, data=content(CHUNK), id=schema),
                ]
            }
        }
    )
    made = made_events(found, "0")
    assert [one.id for one in (*made.events, *made.ends)] == expected


def test_no_id_comment_or_retry_that_nobody_asks_for():
    """Optional fields of the envelope are left out, apart from the id."""
    fields = {"id": TEXT, "retry": {"type": "integer"}, "comment": TEXT}
    (one,) = made_events(stream({"schema": event(data=CHUNK, **fields)}), "0").events
    assert (one.id, one.retry, one.comment) == ("1", None, None)


def test_what_the_envelope_requires_is_there():
    """Required fields get a value, by their schema where they have one."""
    fields = {"id": TEXT, "retry": {"type": "integer", "const": 5}, "comment": {"const": "hi"}}
    found = stream({"schema": event("id", "retry", "comment", data=CHUNK, **fields)})
    (one,) = made_events(found, "0").events
    assert (one.id, one.retry, one.comment) == ("1", 5, "hi")


def test_more_events_are_made_of_each_kind_in_turn():
    """`count` goes round the kinds; every event has data of its own, and the end is not counted."""
    item = {"type": "integer", "minimum": 0, "maximum": 10**9}
    data = {"type": "object", "properties": {"n": item}, "required": ["n"]}
    union = [event(event={"const": name}, data=data) for name in ("a", "b")]
    found = stream({"schema": {"oneOf": [*union, DONE]}})
    made = made_events(found, "0", 5)
    assert kinds(made) == ["a", "b", "a", "b", "a", "[DONE]"]
    assert len({found.text(one) for one in made.events}) == 5


def test_a_kind_that_cannot_be_made_is_left_out_and_named():
    """The other kinds are made, in turn as well."""
    union = [event(event={"const": "a"}, data=CHUNK), event(event={"const": "never"}, data=NEVER)]
    found = stream({"schema": {"oneOf": union}})
    made = made_events(found, "0")
    assert kinds(made) == ["a"]
    assert [unmade.name for unmade in made.unmade] == ["'never'"]
    assert kinds(made_events(found, "0", 2)) == ["a", "a"]


def test_kinds_that_cannot_be_made_are_problems_of_the_document():
    """Only those that would be played, with their place."""
    needed = responding({"text/event-stream": {"schema": event(data=NEVER)}})
    shown = responding(
        {"text/event-stream": {"schema": event(data=NEVER), "example": "data: 1\n\n"}}
    )
    (problem,) = stream_problems(contract({"/a": {"get": needed}, "/b": {"get": shown}}))
    assert (problem.code, problem.severity) == ("unsatisfiable-schema", "warning")
    assert problem.where.pointer.endswith("text~1event-stream/schema/properties/data")
    assert "'message'" in problem.what


def test_examples_that_do_not_fit_are_problems_of_the_document():
    """One for each example, by its place; events without data are shown to nobody."""
    examples = {
        "good": {"value": [{"id": 1}]},
        "bad~": {"value": [{"id": 1}, {"id": "x"}, {}]},
    }
    shown = responding({"text/event-stream": {"schema": CHUNK, "examples": examples}})
    plain = responding({"text/event-stream": {"schema": CHUNK, "example": {"id": "x"}}})
    silent = responding(
        {"text/event-stream": {"schema": event(data=CHUNK), "example": [{"event": "x"}]}}
    )
    found = stream_problems(
        contract({"/a": {"get": shown}, "/b": {"get": plain}, "/c": {"get": silent}})
    )
    assert [(p.code, p.where.pointer.rpartition("event-stream")[2]) for p in found] == [
        ("invalid-example", "/examples/bad~0"),
        ("invalid-example", ""),
    ]
    assert "data.id: 'x' is not of type 'integer'; data: 'id' is" in found[0].what


@pytest.mark.parametrize("path", PETSTORES, ids=lambda path: path.stem)
def test_all_streams_of_the_petstore_can_be_made(path):
    """Without its examples, the Petstore still plays every type that it declares."""
    document = read(plain_data(path.name, path.read_bytes()), path.name)
    streams = [found.stream for found in document.operations.values() if found.stream]
    assert len(streams) > 10
    for found in streams:
        made = made_events(found, "0", 2 * len(found.branches))
        assert made.unmade == ()
        declared = {branch.event for branch in found.branches}
        assert {one.event for one in (*made.events, *made.ends)} == declared
        for one in (*made.events, *made.ends):
            assert event_violations(found, one.event, found.text(one), one.id) == []


def test_the_same_seed_makes_the_same_events_in_another_process():
    """Another seed makes others."""
    program = (
        "from test_made import CHUNK, TEXT, made_events, stream\n"
        "schema = {**CHUNK, 'properties': {'id': {'type': 'integer'}, 'x': {**TEXT, 'minLength': 9}}}\n"
        "for seed in ('0', '1'):\n"
        "    print(made_events(stream({'schema': schema}), seed, 9).events)\n"
    )
    told = []
    for hash_seed in ("1", "2"):
        env = {
            **os.environ,
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": f"{ROOT}:{Path(__file__).parent}",
        }
        argv = [sys.executable, "-c", program]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
        told.append(done.stdout.splitlines())
    assert told[0] == told[1]
    assert told[0][0] != told[0][1]

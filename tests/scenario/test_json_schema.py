"""The JSON Schema of the language, for editors."""

from pathlib import Path

import jsonschema
import pytest
from messages import MESSAGES
from scenario_texts import read

from mockserver.scenario.language import json_schema
from mockserver.scenario.nodes import plain
from mockserver.scenario.yamltree import parse

SHIPPED = sorted((Path(__file__).parent.parent.parent / "scenarios").rglob("*.yaml"))


def faults(text):
    """Return the faults that the schema finds in each document of `text`."""
    raw = text if isinstance(text, bytes) else text.encode()
    validator = jsonschema.Draft202012Validator(json_schema())
    return [
        error.message
        for document in parse("a.yaml", raw).documents
        for error in validator.iter_errors(plain(document))
    ]


def test_it_is_a_schema_of_2020_12():
    """By the meta-schema that it names."""
    schema = json_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


def test_every_key_says_what_it_means():
    """So that an editor can show it."""
    keys = json_schema()["properties"]

    assert [name for name, key in keys.items() if not key.get("description")] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_it_accepts_what_ships(path):
    """All scenarios of the Petstore."""
    assert faults(path.read_bytes()) == []


UNKNOWN = [
    name
    for name, (_, told) in MESSAGES.items()
    if any(f"[{code}]" in told for code in ("unknown-key", "two-kinds", "missing-key"))
    and "documents" not in name
    and "beside" not in name
]


@pytest.mark.parametrize("name", UNKNOWN)
def test_it_rejects_unknown_keys_where_the_reader_does(name):
    """Keys for later and steps of two kinds as well."""
    (text,) = MESSAGES[name][0]

    assert faults(text.removeprefix("\n")) != []


BOTH = {
    "a duration": ("stream: [{delay: 1.5s}]", True),
    "a range": ("stream: [{delay: 100ms..1s}]", True),
    "a range from nothing": ("stream: [{delay: 0..1s}]", True),
    "no unit": ("stream: [{delay: 5}]", False),
    "nothing": ("stream: [{delay: 0}]", True),
    "a template": ('stream: [{delay: "{{ 1 }}s"}]', True),
    "for ever": ("stream: [{delay: forever}]", False),
    "a hold for ever": ("stream: [{hold: forever}]", True),
    "a retry": ("stream: [{retry: 5}, {retry: 5s}]", True),
    "a negative retry": ("stream: [{retry: -5}]", False),
    "a percentage": ("stream: [{chance: {of: 5%, steps: []}}]", True),
    "a fraction": ("stream: [{chance: {of: 0.05, steps: []}}]", False),
    "an empty step": ("stream: [{}]", False),
    "a disconnect": ("stream: [{disconnect: rest}]", False),
    "a status": ("response: {status: 99}", False),
    "a header left out": ("response: {headers: {X: null}}", True),
    "a header of a mapping": ("response: {headers: {X: {}}}", False),
    "resume": ("resume: {skip: 1}\nstream: []", True),
    "resume by two ways": ("resume: [skip]\nstream: []", False),
    "a condition": ("when: {query: {a: true, b: 1, c: x}}\nresponse: {}", True),
    "a condition of nothing": ("when: {query: {a: }}\nresponse: {}", False),
    "a body condition": ("when: {body: {a: {b: [1, null]}}}\nresponse: {}", True),
    "afterwards": ("afterwards: {response: {status: 503}}\nstream: []", True),
    "a heartbeat": ("heartbeat: {every: 1s, event: ping}\nstream: []", True),
    "a heartbeat without a rhythm": ("heartbeat: {event: ping}\nstream: []", False),
    "yes": ("default: yes\nresponse: {}", False),
    "connections": ("connections: [{steps: [], times: 2}, {disconnect: drop, delay: 1s}]", True),
    "a repeat without rounds": ("stream: [{repeat: {steps: []}}]", False),
    "an id of a number": ("stream: [{id: 7}, {id: true}, {id: x}]", True),
    "an id of nothing": ("stream: [{id: }]", False),
}


@pytest.mark.parametrize(("text", "accepted"), BOTH.values(), ids=BOTH)
def test_it_says_of_values_what_the_reader_says(text, accepted):
    """An editor's red line is the loader's error."""
    whole = f"operation: streamEvents\n{text}\n"
    story = {"empty-loop", "no-story", "unreachable"}
    read_faults = [problem for problem in read(whole)[1] if problem.code not in story]

    assert (faults(whole) == []) is accepted
    assert (read_faults == []) is accepted

"""What is wrong with an event against its stream, and with a document as a whole."""

import json
import subprocess
import sys

import pytest
from contract_documents import stream

from mockserver.contract import (
    StreamSettings,
    Violation,
    branch_of,
    event_violations,
)

AT = "/paths/~1it/get/responses/200/content/text~1event-stream"
NUMBER, TEXT = {"type": "number"}, {"type": "string"}


def ref(name):
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema):
    """Return the schema of data that are JSON text, as OAS 3.2 writes it."""
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def event(name, data, **more):
    """Return the schema of an event of one type."""
    return {"properties": {"event": {"const": name}, "data": data}, "required": ["event"], **more}


PRICE = {
    "type": "object",
    "properties": {"price": NUMBER, "items": {"type": "array", "items": ref("Item")}},
    "required": ["price"],
}
ITEM = {"properties": {"sku": TEXT}, "required": ["sku"]}
SHOP = {
    "itemSchema": {
        "oneOf": [
            event("price", content(ref("Price"))),
            event("note", {"type": "string", "maxLength": 5}),
            event("message", content({"type": "object"})),
            {"properties": {"data": {"const": "[DONE]"}}},
        ]
    }
}
DONE = {"type": "string", "const": "[DONE]"}


def kind(name, **properties):
    """Return the schema of data with a constant type."""
    return {
        "type": "object",
        "properties": {"type": {"const": name}, **properties},
        "required": ["type", *properties],
    }


TOKENS = {"schema": {"oneOf": [kind("start"), kind("delta", text=TEXT), DONE]}}
IDS = {
    "itemSchema": {
        "properties": {"id": {"type": "string", "pattern": "^[0-9]+$"}, "data": TEXT},
        "required": ["id", "data"],
    }
}

FITS = {
    "declared": (SHOP, "price", '{"price": 1}', None),
    "text": (SHOP, "note", "short", None),
    "the default type": (SHOP, None, "{}", None),
    "the default type by name": (SHOP, "message", "{}", None),
    "sentinel": (SHOP, None, "[DONE]", None),
    "untyped": ({}, "anything", "at all", None),
    "raw text": ({"schema": {"type": "string", "maxLength": 1}}, "anything", "at all", None),
    "data, undeclared type": (TOKENS, "whatever", '{"type": "start"}', None),
    "data, type by name": (TOKENS, "delta", '{"type": "delta", "text": "x"}', None),
    "data, sentinel": (TOKENS, None, "[DONE]", None),
    "id": (IDS, None, "x", "7"),
    "object in data": ({"schema": event("a", {"type": "object"})}, "a", "{}", None),
    "union of text and JSON": ({"schema": event("a", {"anyOf": [TEXT, NUMBER]})}, "a", "x", None),
    "data of either": ({"schema": {"anyOf": [NUMBER, {"type": "boolean"}]}}, None, "true", None),
}


@pytest.mark.parametrize(("media_type", "type_", "data", "id_"), FITS.values(), ids=FITS)
def test_an_event_that_fits_has_no_violation(media_type, type_, data, id_):
    """An event that the document describes is fine."""
    assert event_violations(stream(media_type, Price=PRICE, Item=ITEM), type_, data, id_) == []


WRONG = {
    "undeclared type": (
        {"schema": {"oneOf": [event("price", NUMBER), event("message", NUMBER)]}},
        ("pric", "1", None),
        "event: the document declares no event of type 'pric' here [undeclared-event]",
        "price, message",
        AT,
    ),
    "not JSON": (
        SHOP,
        ("price", "oops", None),
        "data: not JSON: Expecting value: line 1 column 1 (char 0) [not-json]",
        "JSON",
        "/components/schemas/Price",
    ),
    "not the sentinel": (
        {"schema": {"oneOf": [event("a", NUMBER), event("end", DONE)]}},
        ("end", "bye", None),
        "data: 'bye' is not what ends the stream here: '[DONE]' [data]",
        "'[DONE]'",
        f"{AT}/schema/oneOf/1/properties/data",
    ),
    "a field": (
        SHOP,
        ("price", '{"price": "1"}', None),
        "data.price: '1' is not of type 'number' [data]",
        'type: "number"',
        "/components/schemas/Price/properties/price/type",
    ),
    "a field far inside, behind a reference": (
        SHOP,
        ("price", '{"price": 1, "items": [{"sku": "a"}, {"sku": 5}]}', None),
        "data.items[1].sku: 5 is not of type 'string' [data]",
        'type: "string"',
        "/components/schemas/Item/properties/sku/type",
    ),
    "a missing field": (
        SHOP,
        ("price", "{}", None),
        "data: 'price' is a required property [data]",
        'required: ["price"]',
        "/components/schemas/Price/required",
    ),
    "text too long": (
        SHOP,
        ("note", "too long", None),
        "data: 'too long' is too long [data]",
        "maxLength: 5",
        f"{AT}/itemSchema/oneOf/1/properties/data/maxLength",
    ),
    "the type of the data says which branch is meant": (
        TOKENS,
        (None, '{"type": "delta"}', None),
        "data: 'text' is a required property [data]",
        'required: ["type", "text"]',
        f"{AT}/schema/oneOf/1/required",
    ),
    "the event type says which branch is meant": (
        TOKENS,
        ("start", '{"type": "delta", "text": ""}', None),
        "data.type: 'start' was expected [data]",
        'const: "start"',
        f"{AT}/schema/oneOf/0/properties/type/const",
    ),
    "an unknown type of data": (
        TOKENS,
        (None, '{"type": "dleta"}', None),
        "data.type: 'dleta' is none of the kinds of data declared here [data]",
        "start, delta",
        f"{AT}/schema/oneOf/0",
    ),
    "no id": (
        IDS,
        (None, "x", None),
        "id: the event has no 'id', which is required [event-field]",
        "id",
        f"{AT}/itemSchema/required",
    ),
    "a wrong id": (
        IDS,
        (None, "x", "a"),
        "id: 'a' does not match '^[0-9]+$' [event-field]",
        'pattern: "^[0-9]+$"',
        f"{AT}/itemSchema/properties/id/pattern",
    ),
    "nullable beside a reference": (
        {"schema": {"properties": {"x": ref("Item") | {"nullable": True}}}},
        (None, '{"x": {"sku": 1}}', None),
        "data.x.sku: 1 is not of type 'string' [data]",
        'type: "string"',
        "/components/schemas/Item/properties/sku/type",
    ),
    "a union in the data": (
        {"schema": {"properties": {"x": {"oneOf": [NUMBER, {"type": "null"}]}}}},
        (None, '{"x": "a"}', None),
        "data.x: 'a' is not valid under any of the given schemas [data]",
        "oneOf",
        f"{AT}/schema/properties/x/oneOf",
    ),
}


@pytest.mark.parametrize(
    ("media_type", "sent", "text", "expected", "pointer"), WRONG.values(), ids=WRONG
)
def test_a_violation_names_field_fault_and_schema(media_type, sent, text, expected, pointer):
    """One fault is one violation, at the field and at the keyword that asks for something else."""
    found = event_violations(stream(media_type, Price=PRICE, Item=ITEM), *sent)
    assert [(str(v), v.expected, v.pointer) for v in found] == [(text, expected, pointer)]


NAMED = {
    "its component": ("Cat", []),
    "the other component": ("Dog", []),
    "none": ("olive", ["data.k: 'olive' is none of the kinds of data declared here [data]"]),
}


@pytest.mark.parametrize(("name", "expected"), NAMED.values(), ids=NAMED)
def test_a_discriminator_without_a_mapping_names_components(name, expected):
    """Data go by the names of their schemas (OAS 3.1 § Discriminator Object)."""
    union = {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": {"propertyName": "k"}}
    schema = {"type": "object", "properties": {"k": TEXT}, "required": ["k"]}
    found = stream({"schema": union}, Cat=schema, Dog=schema)
    assert [str(v) for v in event_violations(found, None, f'{{"k": "{name}"}}')] == expected


CONSTANT = {
    "the constants": ("cat", True),
    "a component": ("Cat", False),
}


@pytest.mark.parametrize(("name", "fits"), CONSTANT.values(), ids=CONSTANT)
def test_constants_go_before_the_names_of_components(name, fits):
    """What a schema says of its own property is its name, whatever the schema is called."""
    union = {"oneOf": [ref("Cat"), ref("Dog")], "discriminator": {"propertyName": "type"}}
    found = stream({"schema": union}, Cat=kind("cat"), Dog=kind("dog"))
    assert (event_violations(found, None, f'{{"type": "{name}"}}') == []) is fits


def test_a_violation_says_what_was_meant():
    """A misspelt type of event or data comes with the nearest that is declared."""
    either = {"schema": {"oneOf": [event("price", NUMBER), event("note", NUMBER)]}}
    assert event_violations(stream(either), "pric", "1", None)[0].mend == "did you mean 'price'?"
    found = event_violations(stream(TOKENS), None, '{"type": "dleta"}', None)
    assert [v.mend for v in found] == ["did you mean 'delta'?"]


def test_an_undeclared_sentinel_is_explained():
    """Text at the end of a stream of JSON is likely a sentinel that the document leaves out."""
    (found,) = event_violations(stream({"schema": NUMBER}), None, "[DONE]", None)
    assert found.mend == "if this ends the stream, declare it as its sentinel"
    settings = StreamSettings(sentinel="[DONE]")
    found = stream({"schema": NUMBER}, settings=settings)
    assert event_violations(found, None, "[DONE]", None) == []


def test_all_violations_of_an_event_are_found():
    """Two wrong fields are two violations."""
    data = json.dumps({"price": "a", "items": [{}]})
    found = event_violations(stream(SHOP, Price=PRICE, Item=ITEM), "price", data, None)
    assert [v.field for v in found] == ["data.price", "data.items[0]"]


def tagged(title, value):
    """Return the schema of an object without a constant."""
    return {"type": "object", "title": title, "properties": {"v": value}, "required": ["v"]}


EITHER = {"schema": {"oneOf": [tagged("A", NUMBER), tagged("B", TEXT)]}}
KINDS = {
    "by its type": (SHOP, ("price", "{}"), 0),
    "by its type, whatever the data are": (SHOP, ("note", "much too long"), 1),
    "of the default type": (SHOP, (None, "{}"), 2),
    "the sentinel": (SHOP, ("message", "[DONE]"), 3),
    "none of the types": (SHOP, ("nothing", "{}"), None),
    "by its constants": (TOKENS, (None, '{"type": "delta"}'), 1),
    "none of the constants": (TOKENS, (None, '{"type": "end"}'), None),
    "a constant of its own": (TOKENS, (None, "[DONE]"), 2),
    "by what fits": (EITHER, (None, '{"v": "x"}'), 1),
    "the nearest where nothing fits": (EITHER, (None, '{"v": null}'), 0),
    "one of many that is no JSON": (EITHER, (None, "{"), 0),
    "of a stream without kinds": ({}, ("a", "x"), None),
}


@pytest.mark.parametrize(("media_type", "sent", "index"), KINDS.values(), ids=KINDS)
def test_an_event_is_of_a_kind(media_type, sent, index):
    """Or comes nearest to one: the same that it would be held against."""
    found = stream(media_type, Price=PRICE, Item=ITEM)
    expected = None if index is None else found.branches[index]
    assert branch_of(found, *sent) is expected


def fits(schema, value, version="3.1.0", **schemas):
    """Tell whether a value fits as the data of an event."""
    return not event_violations(
        stream({"schema": schema}, version, **schemas), None, json.dumps(value), None
    )


def of(**schema):
    """Return the schema of an object whose member `x` has this schema."""
    return {"type": "object", "properties": {"x": schema}, "required": ["x"]}


ABOVE = {"type": "number", "minimum": 1, "exclusiveMinimum": True}
BELOW = {"type": "number", "maximum": 1, "exclusiveMaximum": True}
DIALECT = {
    "nullable": (of(type="string", nullable=True), [None, "a"], [1]),
    "nullable enum": (of(type="string", enum=["a"], nullable=True), [None, "a"], ["b"]),
    "nullable reference": (of(**ref("Text"), nullable=True), [None, "a"], [1]),
    "nullable without type": (of(enum=["a"], nullable=True), [None, "a"], ["b"]),
    "not nullable": (of(type="string", nullable=False), ["a"], [None]),
    "exclusiveMinimum of 3.0": (of(**ABOVE), [2], [1]),
    "exclusiveMaximum of 3.0": (of(**BELOW), [0], [1]),
    "exclusiveMinimum of 3.1": (of(exclusiveMinimum=1), [2], [1]),
    "exclusiveMinimum: false": (of(minimum=1, exclusiveMinimum=False), [1], [0]),
    "beside a reference": (of(**ref("Text"), maxLength=1), ["a"], ["ab", 1]),
    "anchor": (of(**{"$ref": "#text"}), ["a"], [1]),
    "dynamicRef": (of(**{"$dynamicRef": "#text"}), ["a"], [1]),
    "list of items": (of(type="array", items=[NUMBER, TEXT]), [[1, "a"]], [["a"]]),
    "pattern of ECMA-262": (of(type="string", pattern=r"^\p{L}+$"), ["a", "1"], [1]),
    "date-time": (of(format="date-time"), ["2026-01-01T00:00:00.5+02:00", 1], ["2026-01-01 00:00"]),
    "uuid": (of(format="uuid"), ["123e4567-e89b-12d3-a456-426614174000"], ["019b4132"]),
    "a format of one's own": (of(format="hex"), ["anything"], []),
    "a malformed format": (of(format=["uuid"]), ["anything"], []),
    "a property named as a keyword": (
        of(type="object", properties={"required": TEXT}),
        [{"required": "a"}],
        [{"required": 1}],
    ),
    "false": (of(properties={"y": False}), [{}], [{"y": 1}]),
    "malformed keywords": (
        of(type="any", required=True, enum=None, minLength="1", properties=None, pattern=5),
        [1, "a", None],
        [],
    ),
    "malformed numbers": (of(type="string", minLength=-1, multipleOf=0, maxLength=0.5), ["a"], [1]),
    "writeOnly": (
        of(properties={"y": {"writeOnly": True}}, required=["y"]),
        [{}],
        [],
    ),
    "additionalProperties": (of(additionalProperties=False, properties={"y": {}}), [{"y": 1}], [{"z": 1}]),
    "const null": (of(const=None), [None], [1]),
    "if then else": (of(**{"if": NUMBER, "then": {"minimum": 2}, "else": TEXT}), [2, "a"], [1, None]),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "good", "bad"), DIALECT.values(), ids=DIALECT)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_schemas_of_every_version_mean_what_their_author_meant(schema, good, bad, version):
    """What only one version has is understood in all; what is malformed asks nothing."""
    schemas = {"Text": {"$anchor": "text", "type": "string"}}
    for value in good:
        assert fits(schema, {"x": value}, version, **schemas)
    for value in bad:
        assert not fits(schema, {"x": value}, version, **schemas)


def test_a_recursive_schema_is_followed_as_deep_as_the_value():
    """A tree of nodes is checked at every depth."""
    node = {"type": "object", "properties": {"id": NUMBER, "next": ref("Node")}}
    good = {"id": 1, "next": {"id": 2, "next": {"id": 3}}}
    assert fits(ref("Node"), good, Node=node)
    found = stream({"schema": ref("Node")}, Node=node)
    bad = json.dumps({"id": 1, "next": {"id": 2, "next": {"id": "3"}}})
    (violation,) = event_violations(found, None, bad, None)
    assert violation.field == "data.next.next.id"
    assert violation.pointer == "/components/schemas/Node/properties/id/type"


def test_a_chain_of_references_may_be_longer_than_the_stack():
    """Schemas that refer to each other by the thousand are still checked at the end of the chain."""
    schemas = {f"S{n}": ref(f"S{n + 1}") for n in range(50)} | {"S50": NUMBER}
    wide = {f"W{n}": {"properties": {"x": ref(f"W{n + 1}")}} for n in range(3000)}
    schemas |= wide | {"W3000": NUMBER}
    assert not fits(ref("S0"), "a", **schemas)
    assert not fits(ref("W2998"), {"x": {"x": "a"}}, **schemas)
    assert fits(ref("W0"), {"x": {"x": {}}}, **schemas)


def test_a_schema_without_end_is_a_violation():
    """A schema that is part of itself without any value between is named, not followed for ever."""
    endless = {"allOf": [{"type": "object"}, ref("Endless")]}
    (found,) = event_violations(
        stream({"schema": ref("Endless")}, Endless=endless), None, "{}", None
    )
    assert found.what == "the schema refers to itself without end"


def test_data_nested_too_deeply_are_not_json_to_us():
    """A value of a hundred thousand brackets is a violation, not a traceback."""
    (found,) = event_violations(stream({"schema": NUMBER}), None, "[" * 100_000, None)
    assert found.code == "not-json"


def test_a_long_value_is_cut_in_the_message():
    """A message stays readable however large the value is."""
    data = json.dumps({"price": "x" * 10_000})
    (found,) = event_violations(stream(SHOP, Price=PRICE, Item=ITEM), "price", data, None)
    assert isinstance(found, Violation)
    assert len(found.what) < 400


def test_reading_imports_no_validator():
    """What takes long to import is imported by those who validate, so that `serve` starts fast."""
    code = (
        "import sys; import mockserver.contract as c;"
        "c.read({'openapi': '3.1.0', 'paths': {'/a': {'get': {}}}}, 'x').route('GET', '/a');"
        "slow = {'jsonschema', 'openapi_spec_validator', 'yaml', 'jinja2', 'aiohttp', 'asyncio'};"
        "print(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

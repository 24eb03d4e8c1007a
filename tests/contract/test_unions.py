"""What is told of a value that fits no alternative of a union."""

import pytest
from contract_documents import contract

from mockserver.contract.values import value_violations

TEXT, NUMBER, NULL = {"type": "string"}, {"type": "number"}, {"type": "null"}


def kind(name, **properties):
    """Return the schema of an object that a constant tells from others."""
    return {
        "type": "object",
        "required": ["kind", *properties],
        "properties": {"kind": {"const": name}, **properties},
    }


MANY = {"oneOf": [kind(f"k{n}", text=TEXT, size=NUMBER) for n in range(58)]}
NESTED = {"anyOf": [kind("list", items={"type": "array", "items": MANY}), kind("none")]}
WHOLE = {"anyOf": [{"const": "auto"}, {"enum": ["low", "high"]}, {"type": "object"}]}
NEAR = {"anyOf": [{"properties": {"a": NUMBER}, "required": ["a"]}, {"required": ["x", "y"]}]}
EVEN = {"anyOf": [{"required": ["a"]}, {"required": ["c"]}]}

TOLD = {
    "the meant one of dozens": (
        MANY,
        {"kind": "k41", "text": 5, "size": 1},
        [("value.text", "5 is not of type 'string'", 'type: "string"', "oneOf/41/properties/text/type")],
    ),
    "all its faults": (
        MANY,
        {"kind": "k41", "text": 5},
        [("value", "'size' is a required property", 'required: ["kind", "text", "size"]', "oneOf/41/required"),
         ("value.text", "5 is not of type 'string'", 'type: "string"', "oneOf/41/properties/text/type")],
    ),
    "a union inside": (
        NESTED,
        {"kind": "list", "items": [{"kind": "k1", "text": "", "size": ""}]},
        [("value.items[0].size", "'' is not of type 'number'", 'type: "number"',
          "anyOf/0/properties/items/items/oneOf/1/properties/size/type")],
    ),
    "of a kind that there is not": (
        NESTED,
        {"kind": "nome"},
        [("value.kind", "'nome' is none of the kinds declared here", "list, none", "anyOf")],
    ),
    "null or something": (
        {"anyOf": [kind("a", text=TEXT), NULL]},
        {"kind": "a", "text": 5},
        [("value.text", "5 is not of type 'string'", 'type: "string"', "anyOf/0/properties/text/type")],
    ),
    "of no type that there is": (
        {"oneOf": [NUMBER, NULL]},
        "a",
        [("value", "'a' is not valid under any of the given schemas", "oneOf", "oneOf")],
    ),
    "of no value that there is": (
        WHOLE,
        "medium",
        [("value", "'medium' is not valid under any of the given schemas", "anyOf", "anyOf")],
    ),
    "the nearest": (
        NEAR,
        {"a": "b"},
        [("value.a", "'b' is not of type 'number'", 'type: "number"', "anyOf/0/properties/a/type")],
    ),
    "none nearer than the other": (
        EVEN,
        {"x": 1},
        [("value", '{"x": 1} is not valid under any of the given schemas', "anyOf", "anyOf")],
    ),
    "a union of unions": (
        {"oneOf": [{"oneOf": [kind("a"), kind("b", text=TEXT)]}, {"oneOf": [kind("c"), NUMBER]}]},
        {"kind": "b", "text": 1},
        [("value.text", "1 is not of type 'string'", 'type: "string"',
          "oneOf/0/oneOf/1/properties/text/type")],
    ),
}  # fmt: skip


def found(schema, value):
    """Return the violations of a value against a component schema."""
    document = contract(components={"schemas": {"It": schema}}).document
    return value_violations(document, document.at("/components/schemas/It"), value, "value")


@pytest.mark.parametrize(("schema", "value", "expected"), TOLD.values(), ids=TOLD)
def test_what_is_told_is_about_the_meant_one(schema, value, expected):
    """Type and constants rule the others out; where they do not, the union itself is told."""
    at = "/components/schemas/It/"
    assert [
        (v.field, v.what, v.expected, v.pointer.removeprefix(at)) for v in found(schema, value)
    ] == expected


def test_a_kind_that_is_misspelt():
    """The nearest kind is named, of dozens too, in a short message."""
    (violation,) = found(MANY, {"kind": "k410"})
    assert violation.mend == "did you mean 'k41'?"
    assert len(violation.what) < 80
    assert len(violation.expected) <= 301

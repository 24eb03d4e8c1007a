"""Values made from schemas."""

import pytest
from contract_documents import contract

from mockserver.contract.place import Place
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import value_violations

SCHEMAS = {
    "Pet": {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": "string", "minLength": 3},
            "secret": {"type": "string", "writeOnly": True},
            "born": {"type": "string", "format": "date"},
            "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
        },
        "required": ["id", "name", "secret"],
    },
    "Shown": {"type": "string", "examples": ["a", "b"]},
    "Never": {"type": "string", "minLength": 3, "maxLength": 2},
}


def drawn(name, n=0, **more):
    """Return a value of one of these schemas."""
    made = contract(components={"schemas": SCHEMAS})
    schema = made.document.at(f"/components/schemas/{name}")
    value = sample(made.document, schema, "0", n, **more)
    assert value_violations(made.document, schema, value, "value", **more) == []
    return value


def test_properties_of_the_other_direction_are_left_out():
    """A response has nothing that is writeOnly, a request nothing that is readOnly."""
    assert drawn("Pet").keys() >= {"id", "name"}
    assert "secret" not in drawn("Pet")
    assert "id" not in drawn("Pet", direction="request")


def test_examples_go_round():
    """The first value is the first example, the next one the next."""
    assert [drawn("Shown", n) for n in range(3)] == ["a", "b", "a"]


MET = {
    "a moment as JavaScript writes it": {
        "type": "string", "format": "date-time",
        "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    },
    "a moment of 24 characters": {
        "type": "string", "format": "date-time", "minLength": 24, "maxLength": 24,
    },
    "a moment with an offset": {
        "type": "string", "format": "date-time", "pattern": r"[+-]\d\d:\d\d$",
    },
    "a long email": {"type": "string", "format": "email", "minLength": 50},
    "a very long email": {"type": "string", "format": "email", "minLength": 200, "maxLength": 200},
    "a short email": {"type": "string", "format": "email", "maxLength": 8},
    "all of a range": {
        "type": "array", "uniqueItems": True, "minItems": 50,
        "items": {"type": "integer", "minimum": 1, "maximum": 50},
    },
    "all below a bound": {
        "type": "array", "uniqueItems": True, "minItems": 150,
        "items": {"type": "integer", "exclusiveMaximum": 8, "multipleOf": 4},
    },
    "two of a kind and another": {
        "type": "array", "contains": {"type": "string"}, "minContains": 2, "maxContains": 2, "minItems": 3,
    },
    "tenths": {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "maximum": 0.35},
    "hundredths": {"type": "number", "multipleOf": 0.01, "minimum": 0.07, "maximum": 0.07},
    "integers by a fraction": {"type": "integer", "multipleOf": 2.5, "minimum": 4, "maximum": 9},
    "two steps": {"type": "number", "allOf": [{"multipleOf": 0.3}, {"multipleOf": 0.5}], "minimum": 1, "maximum": 2},
}  # fmt: skip


@pytest.mark.parametrize("schema", MET.values(), ids=MET)
def test_a_schema_that_can_be_met_is(schema):
    """However narrow it is, what is found fits it."""
    document = contract().document
    for n in range(5):
        value = sample(document, Place(schema, ""), "0", n)
        assert value_violations(document, Place(schema, ""), value, "value") == []


def test_an_address_has_the_length_that_is_asked_for():
    """At every length from that of the usual ones to the longest there may be."""
    document = contract().document
    for length in range(30, 255):
        schema = {"type": "string", "format": "email", "minLength": length, "maxLength": length}
        name, _, host = sample(document, Place(schema, ""), "0").partition("@")
        assert 0 < len(name) <= 64
        assert all(0 < len(label) <= 63 for label in host.split("."))


def test_what_nothing_fits_is_said():
    """The error names the schema and what stands against it."""
    with pytest.raises(Unsatisfiable, match="fits the schema at /components/schemas/Never"):
        drawn("Never")

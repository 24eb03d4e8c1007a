"""What a schema shows for itself."""

import pytest
from contract_documents import contract

from mockserver.contract import NOTHING


def ref(name):
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def of(example):
    """Return the properties of one that shows this."""
    return {"properties": {"a": {"example": example}}, "required": ["a"]}


SILENT = {"type": "string"}
SHOWN = {
    "example": ({"example": 1, "default": 2}, 1),
    "null": ({"example": None}, None),
    "examples": ({"examples": [1, 2]}, 1),
    "default": ({"default": 0, "const": 1}, 0),
    "const": ({"const": "c"}, "c"),
    "enum of one": ({"enum": ["e"]}, "e"),
    "enum of two": ({"enum": ["e", "f"]}, NOTHING),
    "nothing": (SILENT, NOTHING),
    "not a schema": (5, NOTHING),
    "object": (of(1), {"a": 1}),
    "required part is silent": ({"properties": {"a": SILENT, "b": {"const": 1}}, "required": ["a"]}, NOTHING),
    "optional part is silent": ({"properties": {"a": SILENT, "b": {"const": 1}}}, {"b": 1}),
    "every part is silent": ({"properties": {"a": SILENT}}, NOTHING),
    "required, not described": ({"properties": {"b": {"const": 1}}, "required": ["a"]}, NOTHING),
    "writeOnly": ({"properties": {"a": {"writeOnly": True}, "b": {"const": 1}}, "required": ["a", "b"]}, {"b": 1}),
    "array": ({"items": {"const": 1}}, [1]),
    "array of silence": ({"items": SILENT}, NOTHING),
    "reference": (ref("Pet"), {"id": 1}),
    "beside a reference": (ref("Pet") | {"example": "own"}, "own"),
    "oneOf": ({"oneOf": [SILENT, {"const": 2}]}, 2),
    "anyOf": ({"anyOf": [{"const": 1}, {"const": 2}]}, 1),
    "allOf": ({"allOf": [of(1), {"properties": {"b": {"const": 2}}}]}, {"a": 1, "b": 2}),
    "allOf and beside it": ({"allOf": [ref("Pet")], "properties": {"b": {"const": 2}}}, {"id": 1, "b": 2}),
    "allOf requires": ({"allOf": [of(1)], "required": ["b"]}, NOTHING),
    "a part of allOf is silent": ({"allOf": [of(1), {"properties": {"b": SILENT}, "required": ["b"]}]}, NOTHING),
    "allOf of one value": ({"allOf": [{"const": 1}]}, 1),
    "recursive, optional": (ref("Node"), {"id": 1}),
    "recursive, required": (ref("Endless"), NOTHING),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "value"), SHOWN.values(), ids=SHOWN)
def test_what_a_schema_shows(schema, value):
    """Its own word, else what its parts make together, if all that is required is there."""
    schemas = {
        "It": schema,
        "Pet": {"properties": {"id": {"example": 1}}},
        "Node": {"properties": {"id": {"const": 1}, "next": ref("Node")}},
        "Endless": {"properties": {"next": ref("Endless")}, "required": ["next"]},
    }
    assert contract(components={"schemas": schemas}).example("It") == value


def test_an_example_stays_small():
    """Schemas that refer to each other twice make an example of bounded size, in linear time."""
    schemas = {"S99": {"const": 0}}
    for n in range(99):
        schemas[f"S{n}"] = {"properties": {"a": ref(f"S{n + 1}"), "b": ref(f"S{n + 1}")}}
    made = contract(components={"schemas": schemas})
    for name in ("S0", "S50", "S90"):
        example = made.example(name)
        assert example is NOTHING or len(repr(example)) < 500_000
    assert made.example("S97") == {"a": {"a": 0, "b": 0}, "b": {"a": 0, "b": 0}}


def test_a_long_chain_ends():
    """Schemas inside each other by the thousand end in silence, not in a traceback."""
    schemas = {f"S{n}": {"properties": {"a": ref(f"S{n + 1}")}} for n in range(3000)}
    schemas["S3000"] = {"const": 1}
    assert contract(components={"schemas": schemas}).example("S0") is NOTHING


def test_nothing_has_a_name():
    """The value for no example is told apart from None in what a reader sees."""
    assert repr(NOTHING) == "NOTHING"

"""Documents that are large or deep beyond reason are read, answered, or refused; none is a crash."""

import json

import pytest

from mockserver.contract import Wish, answer, answer_problems, read
from mockserver.contract.answering.answers import Answer
from mockserver.errors import ControlError, LoadError
from mockserver.scenario.plaindata import plain_data

DEEP, LONG = 3_000, 300


def responding(schema):
    """Return an operation whose answer has this schema."""
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}  # fmt: skip


def one(schema, **schemas):
    """Return a document with one operation, whose answer has this schema."""
    info = {"title": "", "version": ""}
    paths = {"/a": {"get": responding(schema)}}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def nested(make, leaf, times=DEEP):
    """Put a value into itself so many times."""
    for _ in range(times):
        leaf = make(leaf)
    return leaf


REF = "#/components/schemas/"
CHAIN = {f"S{n}": {"$ref": f"{REF}S{n + 1}"} for n in range(LONG)} | {f"S{LONG}": {"type": "null"}}
LINKED = {f"L{n}": {"type": "object", "required": ["n"], "properties": {"n": {"$ref": f"{REF}L{n + 1}"}}} for n in range(LONG)}  # fmt: skip
DIAMOND = {f"D{n}": {"type": "object", "required": ["a", "b"], "properties": {"a": {"$ref": f"{REF}D{n + 1}"}, "b": {"$ref": f"{REF}D{n + 1}"}}} for n in range(30)}  # fmt: skip
# An instance is judged by twice as many ways with every level: no more than a few can be afforded.
UNIONS = {f"U{n}": {"oneOf": [{"$ref": f"{REF}U{n + 1}"}, {"allOf": [{"$ref": f"{REF}U{n + 1}"}]}]} for n in range(6)}  # fmt: skip

EXTREMES = {
    "properties in properties": one(nested(lambda s: {"type": "object", "required": ["a"], "properties": {"a": s}}, {})),
    "items of items": one(nested(lambda s: {"type": "array", "minItems": 1, "items": s}, {})),
    "all of all of": one(nested(lambda s: {"allOf": [s]}, {"type": "integer"})),
    "one of one of": one(nested(lambda s: {"oneOf": [s, False]}, {"type": "integer"})),
    "not not": one(nested(lambda s: {"not": s}, {"type": "integer"})),
    "a chain of references": one({"$ref": f"{REF}S0"}, **CHAIN),
    "a list of references": one({"$ref": f"{REF}L0"}, **LINKED, **{f"L{LONG}": {"type": "null"}}),
    "twice two references": one({"$ref": f"{REF}D0"}, **DIAMOND, D30={"type": "null"}),
    "twice two alternatives": one({"$ref": f"{REF}U0"}, **UNIONS, U6={"type": "integer"}),
    "a large enum": one({"enum": [f"value {n}" for n in range(100_000)]}),
    "a large union": one({"oneOf": [{"const": n} for n in range(2_000)]}),
    "many properties": one({"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5_000)}}),
    "many required": one({"type": "object", "required": [f"p{n}" for n in range(5_000)]}),
    "a large minimum of items": one({"type": "array", "minItems": 10**9, "items": {"type": "string"}}),
    "a large minimum of characters": one({"type": "string", "minLength": 10**12}),
    "a large number": one({"type": "integer", "minimum": 10**400}),
    "a fine step": one({"type": "number", "multipleOf": 1e-300, "minimum": 1e300}),
    "a pattern without end": one({"type": "string", "pattern": "^(a+)+$", "minLength": 60, "maxLength": 60}),
    "a long pattern": one({"type": "string", "pattern": "a" * 2_000}),
    "groups in groups": one({"type": "string", "pattern": "(" * 500 + "a" + ")" * 500}),
    "unique values of few": one({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 3}),
    "an example that is deep": one({"example": nested(lambda v: [v], 1, 500)}),
}  # fmt: skip


@pytest.mark.parametrize("tree", EXTREMES.values(), ids=EXTREMES)
def test_an_extreme_schema_is_answered_or_said_to_have_no_answer(tree):
    """What is made fits, and what cannot be made is told; nothing runs for ever."""
    made = read(tree, "api.yaml")
    operation = made.operations["GET /a"]
    try:
        found = answer(operation, Wish())
    except ControlError as error:
        found = error
    assert isinstance(found, Answer) or found.code == "unsatisfiable-schema"
    told = {problem.code for problem in answer_problems(made)}
    assert told <= {"unsatisfiable-schema", "invalid-example"}


def test_ten_thousand_paths_have_their_operations():
    """Every path of a large document leads to its operation, and a wrong one to the nearest."""
    paths = {f"/p{n}/{{id}}/q{n % 7}": {"get": {"operationId": f"o{n}"}} for n in range(10_000)}
    made = read({"openapi": "3.0.3", "paths": paths}, "api.yaml")
    for n in range(0, 10_000, 997):
        assert made.route("GET", f"/p{n}/7/q{n % 7}").operation.id == f"o{n}"
    assert made.route("GET", "/p77/7").nearest[0] == "GET /p77/{id}/q0: goes on with '/q0'"


@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 50_000, "{a: " * 50_000, "- " * 50_000])
def test_a_text_without_end_is_no_document(text):
    """Brackets that nobody closes are a problem with a place."""
    with pytest.raises(ValueError) as caught:
        read(plain_data("api.yaml", text.encode()), "api.yaml")
    assert caught.value.args


def test_a_deep_document_is_read_or_refused():
    """A document nested as deep as JSON allows ends in a contract or in a LoadError."""
    text = json.dumps(one({}))[:-1] + ', "x": ' + "[" * 800 + "]" * 800 + "}"
    try:
        made = read(plain_data("api.json", text.encode()), "api.json")
    except (LoadError, ValueError):
        return
    assert made.operations

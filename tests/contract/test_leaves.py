"""Which answers about a value a verdict depends on."""

import json
from itertools import groupby

import pytest
from contract_documents import stream

from mockserver.contract import event_violations
from mockserver.contract.leaves import answers, questions, questions_of_id

NUMBER, TEXT = {"type": "number"}, {"type": "string"}


def ref(name):
    """Return a reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def of(schema):
    """Return the schema of an object whose member `x` has this schema."""
    return {"type": "object", "properties": {"x": schema, "y": {}}, "required": ["x"]}


TREE = {"type": "object", "properties": {"x": {"minimum": 3}, "next": ref("Tree")}}
MORE = {"Tree": TREE, "Bound": {"minimum": 2, "maximum": 7}}

ASKED = {
    "nothing": (of({}), ("x",), []),
    "its type only": (of(NUMBER), ("x",), []),
    "a bound": (of({"minimum": 1}), ("x",), ["minimum"]),
    "a length": (of({"minLength": 1, "maxLength": 3}), ("x",), ["maxLength", "minLength"]),
    "behind a reference": (of(ref("Bound")), ("x",), ["maximum", "minimum"]),
    "in a union": (of({"anyOf": [{"minimum": 1}, {"pattern": "a"}]}), ("x",), ["minimum", "pattern"]),
    "in a union around it": (
        {"oneOf": [of({"minimum": 1}), of({"maximum": 1})]}, ("x",), ["maximum", "minimum"],
    ),
    "not": (of({"not": {"minimum": 1}}), ("x",), ["minimum"]),
    "once": (of({"allOf": [{"minimum": 1}, {"minimum": 1}]}), ("x",), ["minimum"]),
    "of an item": ({"properties": {"a": {"items": of({"minimum": 1})}}}, ("a", 3, "x"), ["minimum"]),
    "of that item": ({"properties": {"a": {"prefixItems": [{}, {"minimum": 1}]}}}, ("a", 1), ["minimum"]),
    "of no item": ({"properties": {"a": {"prefixItems": [{"minimum": 1}]}}}, ("a", 1), []),
    "of any member": ({"additionalProperties": {"minimum": 1}}, ("z",), ["minimum"]),
    "by a pattern": ({"patternProperties": {"^z": {"minimum": 1}}}, ("z",), ["minimum"]),
    "by a pattern that does not match": (
        {"patternProperties": {"^a": {"minimum": 1}}}, ("z",), ["minimum"],
    ),
    "of one that is nowhere": (of({"minimum": 1}), ("z",), []),
    "in a tree": (ref("Tree"), ("next", "next", "x"), ["minimum"]),
    "unique": ({"properties": {"a": {"uniqueItems": True, "items": NUMBER}}}, ("a", 0), None),
    "a constant whole": ({"properties": {"a": {"const": {"x": 1}}}}, ("a", "x"), None),
    "one of several wholes": ({"properties": {"a": {"enum": [{"x": 1}]}}}, ("a", "x"), None),
    "what tells branches apart": (of({"const": 1}), ("x",), None),
    "the whole of it": (of({}), (), None),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "path", "keywords"), ASKED.values(), ids=ASKED)
def test_what_is_asked_of_a_value(schema, path, keywords):
    """Everything that the schema says of the value at a path, wherever it says it."""
    found = questions(stream({"schema": {"type": "object", **schema}}, **MORE), path)
    assert keywords == (None if found is None else sorted(q.keyword for q in found))


VALUES = [None, True, False, 0, 1, 1.0, 2, 2.5, 3, 7, -1, 10**30, "", "a", "ab", "abc", "1", "b", "ä",
          "2026-01-01", "2026-13-01", "019b4132-0000-7000-8000-000000000000"]  # fmt: skip
SCHEMAS = {
    "type": NUMBER,
    "integer": {"type": "integer"},
    "types": {"type": ["string", "null"]},
    "minimum": {"minimum": 1},
    "maximum": {"maximum": 2.5},
    "exclusive": {"exclusiveMinimum": 1, "exclusiveMaximum": 7},
    "multiple": {"multipleOf": 0.5},
    "lengths": {"minLength": 1, "maxLength": 2},
    "pattern": {"pattern": "^[a-b]+$"},
    "enum": {"enum": [1, "a", None, 2.5]},
    "enum of alike": {"enum": [True, 0, "1"]},
    "not constant": {"not": {"const": 1}},
    "date": {"format": "date"},
    "uuid": {"format": "uuid"},
    "union": {"oneOf": [{"minimum": 2}, {"type": "string", "maxLength": 1}, {"const": None}]},
    "if": {"if": TEXT, "then": {"minLength": 2}, "else": {"maximum": 2}},
    "nullable": {"type": "string", "nullable": True, "enum": ["a", "ab"]},
    "reference": {"$ref": "#/components/schemas/Bound", "type": "integer"},
    "never": False,
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_equal_answers_mean_equal_verdicts(schema):
    """Of all values about which the answers are the same, all fit or none does."""
    found = stream({"schema": of({"allOf": [schema]})}, **MORE)
    asked = questions(found, ("x",))
    assert asked is not None

    def verdict(value):
        return not event_violations(found, None, json.dumps({"x": value}))

    def told(value):
        return repr(answers(value, asked))

    alike = [list(group) for _, group in groupby(sorted(VALUES, key=told), key=told)]
    assert [group for group in alike if len({verdict(value) for value in group}) > 1] == []
    assert len({told(value) for value in VALUES}) < len(VALUES)


def test_lists_and_objects_have_no_answers():
    """A value that is not plain is looked at as a whole."""
    assert (answers([], ()), answers({}, ())) == (None, None)


ENDS = {"[DONE]": [], "{}": None, "[]": None, "bye": []}


@pytest.mark.parametrize(("sentinel", "asked"), ENDS.items())
def test_a_sentinel_that_could_be_data_matters(sentinel, asked):
    """`{}` could be made by templates, `[DONE]` could not."""
    schema = {"oneOf": [of(NUMBER), {"const": sentinel}]}
    found = questions(stream({"schema": schema}), ("x",))
    assert found == (None if asked is None else tuple(asked))


def test_text_is_a_whole():
    """Where an event may be text that has to look like something, all of the text matters."""
    union = [
        {"properties": {"data": {"type": "string", "pattern": "^a"}}},
        {"properties": {"data": of({})}},
    ]
    assert questions(stream({"itemSchema": {"oneOf": union}}), ("x",)) is None


IDS = {
    "none": ({}, []),
    "text": ({"id": TEXT}, []),
    "a pattern": ({"id": {"type": "string", "pattern": "^[0-9]+$"}}, ["pattern"]),
    "a list": ({"id": {"enum": ["a", "b"]}}, ["enum"]),
}


@pytest.mark.parametrize(("properties", "keywords"), IDS.values(), ids=IDS)
def test_what_is_asked_of_an_id(properties, keywords):
    """An id is a text like others."""
    found = stream({"itemSchema": {"properties": {"data": TEXT, **properties}}})
    assert [q.keyword for q in questions_of_id(found) or ()] == keywords

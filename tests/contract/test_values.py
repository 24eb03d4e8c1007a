"""Whether one value fits one schema."""

import threading

import pytest
from contract_documents import contract

from mockserver.contract.place import Place
from mockserver.contract.values import fits, value_violations

CAT, DOG = {"type": "object", "properties": {"a": {}}}, {"type": "object"}
SCHEMAS = {
    "Login": {
        "properties": {"id": {"readOnly": True}, "password": {"writeOnly": True}},
        "required": ["id", "password"],
    },
    "Behind": {
        "properties": {"id": {"$ref": "#/components/schemas/Id"}, "key": {"allOf": [{"writeOnly": True}]}},
        "required": ["id", "key"],
    },
    "Id": {"readOnly": True},
    "Extended": {"allOf": [{"$ref": "#/components/schemas/Login"}], "required": ["password"]},
    "Endless": {"allOf": [{"$ref": "#/components/schemas/Endless"}]},
    "Half": {"multipleOf": 0.5},
    "Cat": CAT,
    "Dog": DOG,
    "Either": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]},
}  # fmt: skip


def found(name, value, direction="response"):
    """Return what is wrong with a value of one of these schemas."""
    document = contract(components={"schemas": SCHEMAS}).document
    schema = Place({"$ref": f"#/components/schemas/{name}"}, "/x")
    violations = value_violations(document, schema, value, "body", direction)
    assert fits(document, schema, value, direction) is not bool(violations)
    return violations


REQUIRED = {
    "in a response": ("Login", {"id": 1}, "response", []),
    "in a request": ("Login", {"password": 1}, "request", []),
    "missing in a response": ("Login", {}, "response", ["'id' is a required property"]),
    "missing in a request": ("Login", {}, "request", ["'password' is a required property"]),
    "behind a reference": ("Behind", {"key": 1}, "request", []),
    "behind allOf": ("Behind", {"id": 1}, "response", []),
    "required elsewhere": ("Extended", {"id": 1}, "response", []),
}


@pytest.mark.parametrize(("name", "value", "direction", "what"), REQUIRED.values(), ids=REQUIRED)
def test_what_is_required_depends_on_the_direction(name, value, direction, what):
    """readOnly properties need not be in a request, nor writeOnly ones in a response."""
    assert [violation.what for violation in found(name, value, direction)] == what


BROKEN = {
    "contains itself": ("Endless", {}, "the schema refers to itself without end"),
    "not a number of JSON": ("Half", float("inf"), "the schema cannot be applied: OverflowError"),
}


@pytest.mark.parametrize(("name", "value", "what"), BROKEN.values(), ids=BROKEN)
def test_a_schema_that_cannot_be_applied_is_one_violation(name, value, what):
    """Whatever the validator fails by, the caller gets a violation."""
    (violation,) = found(name, value)
    assert violation.what.startswith(what)
    assert violation.code == "value"


MULTIPLES = {
    "of hundredths": (0.01, [19.99, 0.07, 4.35, -0.29, 1e22, 3, 0, 10**400], [0.005, 19.999]),
    "of tenths": (0.1, [0.3, 0.7, 1e-1, 2.0], [0.35, 0.30000000000000004]),
    "of a very small step": (1e-7, [3e-7, 0.1234567], [0.12345678]),
    "of a float that is whole": (2.0, [4, 4.0], [3, 2.5]),
    "of an integer": (3, [9, 9.0, 3 * 10**400], [10, 0.3]),
}


@pytest.mark.parametrize(("step", "right", "wrong"), MULTIPLES.values(), ids=MULTIPLES)
def test_multiples_are_those_of_decimals(step, right, wrong):
    """JSON Schema Validation § 6.2.1: what is written counts, not the binary number next to it."""
    document, schema = contract().document, Place({"multipleOf": step}, "")
    assert [fits(document, schema, value, "response") for value in right] == [True] * len(right)
    assert [fits(document, schema, value, "response") for value in wrong] == [False] * len(wrong)


SAID = {
    "null": ({"type": "string"}, None, "null is not of type 'string'"),
    "true": ({"type": "string"}, True, "true is not of type 'string'"),
    "a text": ({"type": "integer"}, "None", "'None' is not of type 'integer'"),
    "an object": ({"maxProperties": 0}, {"a": None}, '{"a": null} is expected to be empty'),
    "a list": ({"maxItems": 1}, [None, False], "[null, false] is too long"),
    "letters": ({"type": "integer"}, {"é": 1}, "{\"é\": 1} is not of type 'integer'"),
    "what steers a terminal": ({"type": "integer"}, ["\x9b"], '["\\u009b"] is not of type \'integer\''),
    "constants": ({"enum": [None, True, "a"]}, 1, '1 is not one of [null, true, "a"]'),
    "a constant": ({"const": None}, "a", "null was expected"),
    "another constant": ({"const": {"a": True}}, True, '{"a": true} was expected'),
    "false": (False, None, "the schema false does not allow null"),
    "false, ruled out": ({"not": {}}, False, "false should not be valid under #/not"),
    "a property of a Python name": (
        {"additionalProperties": False},
        {"False": 1},
        "Additional properties are not allowed ('False' was unexpected)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "said"), SAID.values(), ids=SAID)
def test_a_message_shows_values_as_json(schema, value, said):
    """Who has written null does not read of None."""
    (violation,) = value_violations(contract().document, Place(schema, ""), value, "body")
    assert violation.what == said


def test_a_message_names_schemas_by_their_place():
    """A schema that may contain itself is not written out."""
    (violation,) = found("Either", {})
    assert violation.what == (
        "{} is valid under each of #/components/schemas/Dog, #/components/schemas/Cat"
    )


def test_schemas_that_are_not_of_the_document_are_told_apart():
    """Two schemas made for the occasion at one pointer are two, whatever their addresses were."""
    document = contract().document
    for n in range(300):
        assert fits(document, Place({"const": n}, ""), n, "response")
        assert not fits(document, Place({"const": n}, ""), n + 1, "response")


class Slow(dict):
    """A mapping in whose middle its reader waits for others to come, once it is armed."""

    def __init__(self, *args):
        super().__init__(*args)
        self.armed, self.begun, self.come = False, threading.Event(), threading.Event()

    def items(self):
        """Let the first reader wait."""
        if self.armed and not self.begun.is_set():
            self.begun.set()
            self.come.wait(0.3)
        return super().items()


def asked_twice(slow, first, second):
    """Return what is answered in one thread while another has come to the middle of `slow`."""
    slow.armed = True
    other = threading.Thread(target=first, daemon=True)
    other.start()
    assert slow.begun.wait(10)
    found = second()
    slow.come.set()
    other.join(10)
    return found


def test_a_schema_is_whole_for_whoever_asks_while_another_thread_makes_it():
    """Half of a schema asks nothing: what breaks it would be taken to fit.

    `explain` plays a story beside the event loop, and servers share the control API's document.
    """
    slow = Slow({"type": "integer"})
    made = contract(components={"schemas": {"Count": slow}}).document
    schema = made.at("/components/schemas/Count")

    def fit(value):
        return fits(made, schema, value, "response")

    assert not asked_twice(slow, lambda: fit(1), lambda: fit("many"))


def test_a_name_is_found_while_another_thread_looks_for_the_first():
    """One that is not found would be remembered as one that leads nowhere."""
    slow = Slow({"Count": {"$anchor": "count", "type": "integer"}})
    made = contract(components={"schemas": slow}).document

    assert asked_twice(slow, lambda: made.lookup("#other"), lambda: made.lookup("#count"))

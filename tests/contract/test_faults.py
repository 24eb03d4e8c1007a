"""What `check` says of a document's own examples, and of answers that cannot be made."""

import pytest
from contract_documents import contract, responding

from mockserver.contract import answer_problems

JSON = "application/json"
NUMBER = {"type": "integer"}
BODY = "/paths/~1it/get/responses/200/content/application~1json"
CASES = {
    "fits": ({JSON: {"schema": NUMBER, "example": 1}}, []),
    "does not fit": ({JSON: {"schema": NUMBER, "example": "x"}}, [("invalid-example", f"{BODY}/example")]),
    "zero is a value": ({JSON: {"schema": {"type": "string"}, "example": 0}}, [("invalid-example", f"{BODY}/example")]),
    "each by its name": ({JSON: {"schema": NUMBER, "examples": {"a": {"value": 1}, "b/c": {"value": None}, "d": {"serializedValue": "1.5"}}}}, [("invalid-example", f"{BODY}/examples/b~1c"), ("invalid-example", f"{BODY}/examples/d")]),
    "written out": ({JSON: {"schema": {"type": "object"}, "example": '{"a": 1}'}}, []),
    "text of another kind": ({"text/csv": {"schema": NUMBER, "example": "a,b"}}, []),
    "a value of another kind": ({"application/xml": {"schema": NUMBER, "example": {"a": 1}}}, [("invalid-example", "/paths/~1it/get/responses/200/content/application~1xml/example")]),
    "nothing fits": ({JSON: {"schema": {"type": "string", "enum": [1]}}}, [("unsatisfiable-schema", f"{BODY}/schema")]),
    "nothing fits, but there is an example": ({JSON: {"schema": False, "example": 1}}, [("invalid-example", f"{BODY}/example")]),
    "events are held elsewhere": ({"text/event-stream": {"schema": NUMBER, "example": "x"}}, []),
    "malformed": ({JSON: {"schema": 5, "examples": [None, 7]}, "x": None}, []),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), CASES.values(), ids=CASES)
def test_what_is_wrong_with_the_examples_of_a_response(content, expected):
    """A warning at the pointer of each example that its schema does not allow."""
    problems = answer_problems(contract({"/it": {"get": responding(content)}}))
    assert [(p.code, p.where.pointer) for p in problems] == expected
    assert all(p.severity == "warning" for p in problems)


def test_a_request_is_held_to_what_clients_may_send():
    """What is read only need not be sent; the example of a body is held to its schema, too."""
    schema = {"required": ["id", "name"], "properties": {"id": {"readOnly": True}}}
    body = {"content": {JSON: {"schema": schema, "example": {"name": "x"}}}}
    assert answer_problems(contract({"/it": {"post": {"requestBody": body}}})) == []
    body["content"][JSON]["example"] = {}
    [problem] = answer_problems(contract({"/it": {"post": {"requestBody": body}}}))
    assert "'name' is a required property" in problem.what


def test_a_place_is_told_once_whoever_refers_to_it():
    """A shared response with a bad example is one fault."""
    shared = {"content": {JSON: {"schema": NUMBER, "example": "x"}}}
    get = {"get": {"responses": {"200": {"$ref": "#/components/responses/Shared"}}}}
    made = contract({"/a": get, "/b": get}, components={"responses": {"Shared": shared}})
    [problem] = answer_problems(made)
    assert problem.where.pointer == "/components/responses/Shared/content/application~1json/example"


def test_an_error_that_cannot_be_made_is_not_missed():
    """Nobody gets it unless it is asked for."""
    made = contract({"/it": {"get": responding({JSON: {"schema": False}}, "404")}})
    assert answer_problems(made) == []

"""What a whole document breaks of its standard is said with its place."""

import pytest
from contract_documents import contract, document, responding

from mockserver.contract import document_problems, read


def test_a_sound_document_has_no_problems():
    """The validator of whole documents knows all three versions."""
    schema = {"type": "object"}
    paths = {"/a": {"get": responding({"text/event-stream": {"schema": schema}}, 200)}}
    for version in ("3.0.3", "3.1.0", "3.2.0"):
        assert document_problems(contract(paths, version)) == []


def test_item_schema_is_known_from_3_2_on():
    """What 3.2 brought is a warning in a document that says 3.1, and none in its own version."""
    paths = {"/a": {"get": responding({"text/event-stream": {"itemSchema": {"type": "object"}}})}}
    assert document_problems(contract(paths, "3.2.0")) == []
    (problem,) = document_problems(contract(paths, "3.1.0"))
    assert problem.code == "invalid-openapi"
    assert problem.where.pointer == "/paths/~1a/get/responses/200/content/text~1event-stream"


def test_every_problem_of_a_document_is_a_warning_with_its_place():
    """Problems do not end at the first, and none of them keeps a document from being served."""
    paths = {"/a": {"get": {"responses": {"200": {}}, "tags": 5}}}
    problems = document_problems(contract(paths, "3.0.3", foo=1))
    assert {problem.where.pointer for problem in problems} >= {"", "/paths/~1a/get/tags"}
    assert {problem.severity for problem in problems} == {"warning"}


def test_a_validator_that_fails_is_a_warning():
    """Whatever the library trips over, what it found until then is kept."""
    paths = {"/b": {"get": {"parameters": [{"name": "x"}], "responses": {"200": {}}}}}
    problems = document_problems(contract(paths, "3.0.3"))
    assert [p.code for p in problems][-1] == "not-validated"
    assert "could not be validated to the end: KeyError" in problems[-1].what


def test_a_version_that_the_library_does_not_know_is_a_warning():
    """A document of a version to come is served, and `check` says that it was not validated."""
    (problem,) = document_problems(read(document({}, "3.9.0"), "api.yaml"))
    assert problem.code == "not-validated"
    assert "knows no OpenAPI 3.9" in problem.what


LIMIT = {"type": "integer", "minimum": 1, "default": "ten"}
ORDER = {"type": "object", "properties": {"limit": LIMIT}}
JSON = {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}


@pytest.mark.parametrize(
    ("paths", "pointer"),
    [
        pytest.param(
            {"/a": {"get": {"parameters": [{"name": "n", "in": "query", "schema": LIMIT}], **responding({})}}},
            "/paths/~1a/get/parameters/0/schema/default",
            id="a parameter",
        ),
        pytest.param(
            {"/a": {"get": responding(JSON)}},
            "/components/schemas/Order/properties/limit/default",
            id="behind a reference",
        ),
        pytest.param(
            {"/a/{b}": {"get": responding({})}},
            "/paths/~1a~1{b}/get",
            id="an operation without its path parameter",
        ),
    ],
)  # fmt: skip
def test_what_the_library_finds_by_its_own_rules_has_its_place_too(paths, pointer):
    """The library itself says of these only what is wrong, not where."""
    made = contract(paths, "3.0.3", components={"schemas": {"Order": ORDER}})
    assert pointer in {problem.where.pointer for problem in document_problems(made)}

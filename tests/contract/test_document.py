"""Reading a document: what is refused, with which words, and what references mean."""

import pytest
from contract_documents import contract, document

from mockserver.contract import Wish, lenient_answer, read
from mockserver.contract.document import Document, open_document
from mockserver.contract.place import Place
from mockserver.contract.walk import distinct_refs
from mockserver.errors import LoadError

REFUSED = {
    "a list": ([], "this is not an OpenAPI document: it is not a mapping"),
    "nothing": (None, "this is not an OpenAPI document: it is not a mapping"),
    "no version": ({"info": {}}, "this is not an OpenAPI document: it has no key 'openapi'"),
    "swagger": (
        {"swagger": "2.0", "paths": {}},
        "this is a Swagger 2.0 document, but OpenAPI 3.0, 3.1 or 3.2 is needed",
    ),
    "version 4": ({"openapi": "4.0.0"}, "OpenAPI '4.0.0' is not understood: 3.0, 3.1 and 3.2 are"),
    "no number": ({"openapi": None}, "OpenAPI null is not understood: 3.0, 3.1 and 3.2 are"),
}


@pytest.mark.parametrize(("tree", "what"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_openapi_3_is_refused_with_the_reason(tree, what):
    """A tree that is no OpenAPI 3 document is one problem that says why."""
    with pytest.raises(LoadError) as caught:
        read(tree, "api.yaml")
    (problem,) = caught.value.problems
    assert (problem.what, problem.code) == (what, "not-openapi")
    assert problem.where.file == "api.yaml"


@pytest.mark.parametrize(
    ("written", "version"),
    [("3.0.3", (3, 0)), ("3.1.0", (3, 1)), ("3.2.0", (3, 2)), (3.1, (3, 1))],
)
def test_the_version_is_read_from_text_and_number(written, version):
    """A version without quotes is a number in YAML, and is understood."""
    assert contract(version=written).version == version


def schemas(**named):
    """Return a document of these component schemas."""
    return document({}, components={"schemas": named})


BAD_REFS = {
    "broken": (
        schemas(Pet={"type": "object"}, Pets={"items": {"$ref": "#/components/schemas/Pett"}}),
        "/components/schemas/Pets/items/$ref",
        "broken-ref",
        "did you mean 'Pet'?",
    ),
    "unknown anchor": (
        schemas(A={"$ref": "#pet"}),
        "/components/schemas/A/$ref",
        "broken-ref",
        "",
    ),
    "cyclic": (
        schemas(A={"$ref": "#/components/schemas/B"}, B={"$ref": "#/components/schemas/A"}),
        "/components/schemas/A/$ref",
        "cyclic-ref",
        "",
    ),
    "itself": (
        schemas(A={"$ref": "#/components/schemas/A"}),
        "/components/schemas/A/$ref",
        "cyclic-ref",
        "",
    ),
    "a file": (
        schemas(A={"$ref": "pet.yaml#/Pet"}),
        "/components/schemas/A/$ref",
        "external-ref",
        "put the parts into one file first, for example `npx @redocly/cli bundle`",
    ),
    "a URL": (
        document({"/a": {"$ref": "https://example.com/a.json"}}),
        "/paths/~1a/$ref",
        "external-ref",
        "put the parts into one file first, for example `npx @redocly/cli bundle`",
    ),
    "in a property named example": (
        schemas(A={"properties": {"example": {"$ref": "#/nowhere"}}}),
        "/components/schemas/A/properties/example/$ref",
        "broken-ref",
        "",
    ),
    "in an Example Object": (
        document({}, components={"examples": {"a": {"$ref": "#/components/examples/b"}}}),
        "/components/examples/a/$ref",
        "cyclic-ref",
        "",
    ),
}
BAD_REFS["in an Example Object"][0]["components"]["examples"]["b"] = {
    "$ref": "#/components/examples/a"
}


@pytest.mark.parametrize(("tree", "pointer", "code", "mend"), BAD_REFS.values(), ids=BAD_REFS)
def test_a_bad_reference_is_a_problem_at_its_place(tree, pointer, code, mend):
    """A reference that is broken, external or leads to itself is named with its pointer."""
    with pytest.raises(LoadError) as caught:
        read(tree, "api.yaml")
    problem = caught.value.problems[0]
    assert (problem.where.pointer, problem.code, problem.mend) == (pointer, code, mend)


def test_every_problem_is_reported_at_once():
    """Problems of different kinds come together, sorted by place."""
    paths = {
        "/a/{b}": {"get": {"operationId": "one"}},
        "/a/{c}": {"get": {"operationId": "two"}},
        "/d": {"get": {"operationId": "one", "x": {"$ref": "#/nowhere"}}},
    }
    with pytest.raises(LoadError) as caught:
        read(document(paths), "api.yaml")
    assert [(p.where.pointer, p.code, p.what) for p in caught.value.problems] == [
        (
            "/paths/~1a~1{c}/get",
            "duplicate-route",
            "GET /a/{c} is the same route as GET /a/{b}",
        ),
        (
            "/paths/~1d/get/operationId",
            "duplicate-operation-id",
            "operationId 'one' is already that of GET /a/{b}",
        ),
        ("/paths/~1d/get/x/$ref", "broken-ref", "$ref '#/nowhere' resolves to nothing"),
    ]


@pytest.mark.parametrize("paths", [None, [], "text"])
def test_a_document_without_paths_is_refused(paths):
    """There is nothing to serve in a document without a mapping of paths."""
    with pytest.raises(LoadError) as caught:
        read({"openapi": "3.1.0", "paths": paths}, "api.yaml")
    assert [problem.code for problem in caught.value.problems] == ["no-paths"]


def test_a_recursive_schema_is_no_problem():
    """A schema that contains itself is read."""
    node = {"properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    assert read(schemas(Node=node), "api.yaml").schema("Node") == node


def test_data_of_the_user_hold_no_references():
    """A `$ref` in an example, a default, a const, an enum or an extension means nothing."""
    ref = {"$ref": "#/nowhere"}
    data = dict.fromkeys(("example", "default", "const", "x-note"), ref)
    tree = schemas(
        A={**data, "enum": [ref], "examples": [ref]}, B={"examples": {"a": {"value": ref}}}
    )
    assert list(distinct_refs(tree)) == []
    read(tree, "api.yaml")


REFERENCES = {
    "pointer": ("#/components/schemas/Pet", "pet"),
    "percent-escaped": ("#/components/schemas/A%20b", "space"),
    "tilde-escaped": ("#/paths/~1a~1{b}/get/x", "path"),
    "braces escaped": ("#/paths/~1a~1%7Bb%7D/get/x", "path"),
    "a list": ("#/tags/1", "second"),
    "a number as key": ("#/paths/~1a~1{b}/get/responses/200", "ok"),
    "anchor": ("#here", {"$anchor": "here"}),
    "id": ("https://example.com/id", {"$id": "https://example.com/id", "x": "in id"}),
    "inside of an id": ("https://example.com/id#/x", "in id"),
    "own name": ("api.yaml#/components/schemas/Pet", "pet"),
    "own name with a dot": ("./api.yaml#/components/schemas/Pet", "pet"),
    "$self": ("https://example.com/api#/components/schemas/Pet", "pet"),
    "nowhere": ("#/components/schemas/Dog", None),
    "past the end": ("#/tags/2", None),
    "through text": ("#/openapi/x", None),
    "an unknown id": ("https://example.com/other", None),
}


@pytest.mark.parametrize(("ref", "value"), REFERENCES.values(), ids=REFERENCES)
def test_a_reference_leads_anywhere_in_the_document(ref, value):
    """References go by pointer, anchor, id, the file's own name and `$self`."""
    tree = document(
        {"/a/{b}": {"get": {"x": "path", "responses": {200: "ok"}}}},
        tags=["first", "second"],
        components={
            "schemas": {
                "Pet": "pet",
                "A b": "space",
                "Anchored": {"$anchor": "here"},
                "Identified": {"$id": "https://example.com/id", "x": "in id"},
            }
        },
        **{"$self": "https://example.com/api"},
    )
    target = open_document(tree, "folder/api.yaml").lookup(ref)
    assert (target.value if target else None) == value


def test_a_place_of_the_wrong_kind_has_no_members():
    """Where a mapping belongs and null, text or a list stands, there is nothing."""
    for value in (None, "text", [1], 5):
        place = Place(value, "/a")
        assert place.get("b") == (None, "/a/b")
        assert list(place.members()) == []
        assert place.object == {}


def test_a_pointer_follows_the_escapes_of_rfc_6901():
    """A key with a slash and a tilde is found by the pointer that is made for it."""
    found = Document({"a/b~c": 1}, "x", (3, 1)).root.get("a/b~c")
    assert found.pointer == "/a~1b~0c"
    assert Document({"a/b~c": 1}, "x", (3, 1)).at(found.pointer) == found


DIRTY = [
    {"/a": None},
    {"/a": {"get": None, "parameters": None, "servers": None}},
    {"/a": {"get": {"responses": None, "operationId": None}}},
    {"/a": {"get": {"responses": {200: None, "x-note": 1, "default": []}}}},
    {"/a": {"get": {"responses": {200: {"content": None, "headers": None}}}}},
    {"/a": {"get": {"responses": {200: {"content": {"text/event-stream": None}}}}}},
    {"/a": {"get": {"responses": {200: {"content": {"text/event-stream": {"schema": 5}}}}}}},
    {"/a": {"get": {"responses": {200: {"content": {"text/event-stream": {"schema": {"oneOf": 1, "allOf": [None, 3], "properties": {"data": None, "event": 7}}}}}}}}},
    {"/a": {"get": {"responses": {200: {"content": {"application/json": {"examples": None, "schema": {"properties": {"a": None}, "required": [None]}}}}}}}},
    {"/a": {"get": {"servers": [None, {"url": None}, {"url": "/{x}", "variables": None}]}}},
    {"x-note": {"get": {}}, "no-slash": {"get": {}}, 5: {}},
    {"/a": {"additionalOperations": [1], "query": 5, "summary": "s", "x-get": {}}},
]  # fmt: skip


@pytest.mark.parametrize("paths", DIRTY)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_a_dirty_document_never_makes_a_traceback(paths, version):
    """Whatever stands where something else belongs is skipped."""
    made = contract(paths, version)
    for operation in made.operations.values():
        lenient_answer(operation, Wish())
        operation.example_names()
        assert operation.wants_stream("*/*", {}) is (operation.stream is not None)
        if operation.stream:
            operation.stream.examples()
    made.route("GET", "/a")


def test_twins_do_not_keep_a_document_from_being_read():
    """Real documents have them: the first operation is served, the other is a warning."""
    paths = {"/a/{b}": {"get": {"operationId": "one"}}, "/a/{c}": {"get": {"operationId": "one"}}}
    contract = read(document(paths), "api.yaml")
    assert [(p.code, p.severity) for p in contract.problems()] == [
        ("duplicate-operation-id", "warning"),
        ("duplicate-route", "warning"),
    ]
    assert contract.route("GET", "/a/1").operation.path == "/a/{b}"


@pytest.mark.parametrize("name", list(BAD_REFS))
def test_a_document_with_bad_references_can_be_read_all_the_same(name):
    """With `keep_going` the reference stays a problem, and asks nothing."""
    tree, pointer, code, _ = BAD_REFS[name]
    made = read(tree, "api.yaml", keep_going=True)
    assert (pointer, code) in [(p.where.pointer, p.code) for p in made.problems()]

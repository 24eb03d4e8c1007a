"""The requests that a document says the server sends."""

import pytest
from contract_documents import contract, operation

from mockserver.contract.callbacks import callbacks, webhooks
from mockserver.contract.sampling.sample import Unsatisfiable

URL = "{$request.body#/url}"


def post(content=None, **fields):
    """Return a path item with one POST that takes this content."""
    body = {"requestBody": {"content": content}} if content is not None else {}
    return {"post": {**body, "responses": {}, **fields}}


def called(item, **more):
    """Return the requests of the one callback `told` of `GET /it`."""
    found = callbacks(operation({"callbacks": {"told": {URL: item}}, "responses": {}}, **more))
    return found.get("told", [])


def test_a_callback_is_found_with_all_that_is_declared():
    """Where it goes, how, and what is in it."""
    schema = {"type": "object", "properties": {"status": {"const": "paid"}}}
    header = {"name": "X-Sign", "in": "header", "required": True, "schema": {"const": "abc"}}

    (request,) = called(post({"application/json": {"schema": schema}}, parameters=[header]))

    assert (request.kind, request.name, request.method, request.url) == (
        "callback", "told", "POST", URL
    )  # fmt: skip
    assert (request.operation, request.media_type) == ("GET /it", "application/json")
    assert request.pointer == "/paths/~1it/get/callbacks/told/{$request.body#~1url}/post"
    assert request.schema.value == schema
    assert [(h.name, h.required) for h in request.headers] == [("X-Sign", True)]
    assert list(request.needed_headers("seed")) == [("X-Sign", "abc")]


def test_references_are_followed():
    """To a callback, to a path item, to a body."""
    shared = {
        "callbacks": {"Told": {URL: {"$ref": "#/components/pathItems/Told"}}},
        "pathItems": {"Told": {"put": {"requestBody": {"$ref": "#/components/requestBodies/B"}}}},
        "requestBodies": {"B": {"content": {"text/plain": {"example": "hi"}}}},
    }
    fields = {"callbacks": {"told": {"$ref": "#/components/callbacks/Told"}}, "responses": {}}

    (request,) = callbacks(operation(fields, components=shared))["told"]

    assert (request.method, request.url) == ("PUT", URL)
    assert request.body("seed") == ("text/plain", b"hi")


def test_webhooks_are_those_of_the_document():
    """They have no URL: whoever calls them says it."""
    hooks = {
        "paid": {**post({"application/json": {"example": {"a": 1}}}), "get": {"responses": {}}},
        "shared": {"$ref": "#/components/pathItems/Shared"},
    }
    shared = {"pathItems": {"Shared": post()}}

    found = webhooks(contract(webhooks=hooks, components=shared).document)

    methods = {name: [request.method for request in found[name]] for name in found}
    assert methods == {"paid": ["POST", "GET"], "shared": ["POST"]}
    assert {request.url for requests in found.values() for request in requests} == {None}
    assert [r.body("seed") for r in found["paid"]] == [("application/json", b'{"a": 1}'), None]


MALFORMED = {
    "callbacks is a list": ["told"],
    "callbacks is text": "told",
    "a callback is null": {"told": None},
    "a callback is a number": {"told": 7},
    "a path item is text": {"told": {URL: "post"}},
    "a path item is null": {"told": {URL: None}},
    "an operation is a list": {"told": {URL: {"post": []}}},
    "only an extension": {"told": {"x-url": post()}},
}


@pytest.mark.parametrize("written", MALFORMED.values(), ids=MALFORMED)
def test_malformed_parts_are_skipped(written):
    """As everywhere in a document."""
    assert callbacks(operation({"callbacks": written, "responses": {}})) == {}


@pytest.mark.parametrize("written", [None, [], "x", {"a": None}, {"a": {"post": 1}}, {"a": 7}])
def test_malformed_webhooks_are_skipped(written):
    """Whatever stands there."""
    assert webhooks(contract(webhooks=written).document) == {}


STRANGE = {
    "no body": ({"responses": {}}, None),
    "body is null": ({"requestBody": None}, None),
    "content is a list": ({"requestBody": {"content": ["application/json"]}}, None),
    "media type is null": ({"requestBody": {"content": {"application/json": None}}}, ("application/json", b"{}")),
    "media type is text": ({"requestBody": {"content": {"text/plain": "x"}}}, ("text/plain", b"text")),
    "parameters is text": ({"parameters": "X-A"}, None),
    "parameters of all kinds": ({"parameters": [None, 7, {"in": "header"}, {"name": 1, "in": "header"}]}, None),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "body"), STRANGE.values(), ids=STRANGE)
def test_a_request_with_malformed_parts_can_be_sent(fields, body):
    """Without them."""
    (request,) = called({"post": fields})

    assert (request.body("seed"), list(request.needed_headers("seed"))) == (body, [])


BODIES = {
    "first example": (
        {"application/json": {"examples": {"a": {"value": {"n": 1}}, "b": {"value": {"n": 2}}}}},
        ("application/json", b'{"n": 1}'),
    ),
    "JSON before other types": (
        {"text/plain": {"example": "x"}, "application/merge-patch+json": {"example": [1]}},
        ("application/merge-patch+json", b"[1]"),
    ),
    "JSON written out": (
        {"application/json": {"example": '{"n": 1}'}},
        ("application/json", b'{"n": 1}'),
    ),
    "a JSON text": ({"application/json": {"example": "hi"}}, ("application/json", b'"hi"')),
    "serialized": (
        {"application/json": {"examples": {"a": {"serializedValue": "[ 1 ]"}}}},
        ("application/json", b"[ 1 ]"),
    ),
    "a form": (
        {"application/x-www-form-urlencoded": {"example": {"a": "b c", "d": [1, 2]}}},
        ("application/x-www-form-urlencoded", b"a=b+c&d=1&d=2"),
    ),
    "any type": ({"*/*": {"example": {"n": 1}}}, ("application/json", b'{"n": 1}')),
    "made for a request": (
        {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["id", "secret"],
                    "properties": {
                        "id": {"const": 1, "readOnly": True},
                        "secret": {"const": "s", "writeOnly": True},
                    },
                }
            }
        },
        ("application/json", b'{"secret": "s"}'),
    ),
}


@pytest.mark.parametrize(("content", "body"), BODIES.values(), ids=BODIES)
def test_a_body_comes_from_the_example_or_the_schema(content, body):
    """What is readOnly is left out: it is a request."""
    (request,) = called(post(content))

    assert request.body("seed") == body


def test_a_schema_that_nothing_fits_is_told():
    """There is no body then."""
    (request,) = called(post({"application/json": {"schema": {"type": "string", "enum": []}}}))

    with pytest.raises(Unsatisfiable):
        request.body("seed")


def test_the_same_seed_makes_the_same_body():
    """And another one another."""
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 5}
    (request,) = called(post({"application/json": {"schema": schema}}))

    assert request.body("a") == request.body("a")
    assert request.body("a") != request.body("b")


def test_headers_of_the_operation_go_before_those_of_the_path_item():
    """And those that are no parameters are none (OAS 3.2 § Parameter Object)."""
    item = post(
        parameters=[
            {"name": "X-A", "in": "header", "required": True, "example": "operation"},
            {"name": "Content-Type", "in": "header", "required": True, "example": "text/html"},
            {"name": "X-Maybe", "in": "header", "example": "maybe"},
            {"name": "x", "in": "query", "required": True, "example": "q"},
        ]
    )
    item["parameters"] = [
        {"name": "x-a", "in": "header", "required": True, "example": "item"},
        {"name": "X-B", "in": "header", "required": True, "example": 7},
    ]

    (request,) = called(item)

    assert list(request.needed_headers("seed")) == [("X-A", "operation"), ("X-B", "7")]

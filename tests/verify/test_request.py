"""The requests that scenarios imply."""

import json

import pytest

from mockserver import contract
from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.verify.options import Options
from mockserver.verify.plan import Plan, plan_of

STATUS = "operation: streamOrderStatus\nresponse: {status: 404}\n"
CHAT = "operation: createChatCompletion\nresponse: {status: 429}\n"
PETS = "operation: streamPetRecommendations\nresponse: {status: 400}\n"

LINES = {
    "the document's example": (STATUS, {}, "GET /v1/orders/019b4140/status/stream"),
    "a value given": (STATUS, {"parameters": {"id": "a b/ü"}}, "GET /v1/orders/a%20b%2F%C3%BC/status/stream"),
    "a value for one operation": (STATUS, {"parameters": {"streamOrderStatus.id": "7", "id": "8"}}, "GET /v1/orders/7/status/stream"),
    "a value for another": (STATUS, {"parameters": {"payOrder.id": "7"}}, "GET /v1/orders/019b4140/status/stream"),
    "a condition": (STATUS + "when: {path: {id: missing}}", {}, "GET /v1/orders/missing/status/stream"),
    "a glob": (STATUS + "when: {path: {id: 'gone-*'}}", {}, "GET /v1/orders/gone-1/status/stream"),
    "a pattern": (STATUS + "when: {path: {id: '/^x7$/'}}", {}, "GET /v1/orders/x7/status/stream"),
    "present": (PETS + "when: {query: {userId: true}}", {}, "GET /v1/pets/recommendations/stream?userId=user-456"),
    "absent": (PETS + "when: {query: {userId: false}}", {"parameters": {"userId": "7"}}, "GET /v1/pets/recommendations/stream"),
    "given, though nobody asks": (PETS, {"parameters": {"userId": "7"}}, "GET /v1/pets/recommendations/stream?userId=7"),
    "of nobody's": (PETS + "when: {query: {x: 'a b&c'}}", {}, "GET /v1/pets/recommendations/stream?x=a%20b%26c"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "options", "line"), LINES.values(), ids=LINES)
def test_the_request_line_comes_of_values_given_conditions_and_examples(plan, text, options, line):
    """In that order; what no condition wants and nobody has to send is left out."""
    assert plan(text, **options).ask.shown == line


BODIES = {
    "the document's example": (CHAT, {"model": "petstore-1"}),
    "a condition": (CHAT + "when: {body: {stream: true, model: other}}", {"model": "other", "stream": True}),
    "another member": (CHAT + "when: {body: {user: {name: ada}}}", {"user": {"name": "ada"}}),
    "absent": (CHAT + "when: {body: {model: petstore-1, temperature: false}}", {"model": "petstore-1"}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "members"), BODIES.values(), ids=BODIES)
def test_the_body_is_the_documents_example_with_what_conditions_want(plan, text, members):
    """All that the document shows stays, but for what the scenario says otherwise."""
    ask = plan(text).ask
    body = json.loads(ask.body)

    assert body["messages"]
    assert members.items() <= body.items()
    assert ("Content-Type", "application/json") in ask.headers


def test_headers_of_conditions_and_of_the_operator_are_sent(plan):
    """A header that must not be there is left out, whoever gives it."""
    text = STATUS + "when: {headers: {X-Tenant: blue, Authorization: false}, cookies: {s: '1'}}"
    given = (("authorization", "secret"), ("x-trace", "9"))

    ask = plan(text, headers=given).ask

    assert ask.headers == (
        ("Accept", "application/json, */*;q=0.8"),
        ("Cache-Control", "no-cache"),
        ("x-trace", "9"),
        ("x-tenant", "blue"),
        ("Cookie", "s=1"),
    )


def test_a_request_that_cannot_be_made_skips_its_scenario(plan):
    """A template that has no value without a parameter that nobody knows."""
    text = "operation: streamLeaderboard\nstream: [{data: '{{ request.query.tab }}'}]"

    assert "give --param" in plan(text).reason
    found = plan(text, parameters={"tab": "1"})
    assert isinstance(found, Plan)
    assert found.ask.shown == "GET /v1/leaderboard/stream?tab=1"


def test_a_key_in_the_query_is_sent_and_not_shown():
    """As the document's security scheme wants it, where the operator gives it."""
    tree = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "security": [{"key": []}],
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "key"}}
        },
        "paths": {"/x": {"get": {"operationId": "x", "responses": {"200": {"description": "x"}}}}},
    }
    scenarios, _ = read_scenarios([("x.yaml", "x", b"operation: x\nresponse: {status: 200}\n")])
    catalog, _ = link(contract.read(tree, "x"), scenarios, lambda name: name.encode())

    found = plan_of(catalog, catalog.programs["x"], Options({"key": "s3 cret"}))

    assert found.ask.query == "key=s3%20cret"
    assert found.ask.shown == "GET /x?key=…"
    assert found.ask.secret == {"s3 cret"}

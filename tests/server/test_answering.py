"""What the document answers by itself, over HTTP: by status, example, Accept, and thing asked for."""

import json

import pytest
from clients import fetch, serving

from mockserver import MockServer

PETS, PET = "/v1/pets", "/v1/pets/019b4132"
JSON, PROBLEM = "application/json", "application/problem+json"
TOKEN = "Authorization: Bearer anything"


@pytest.fixture
async def bare(tmp_path):
    """The Petstore without any scenario."""
    async with MockServer(scenarios=tmp_path) as server:
        yield server


@pytest.mark.parametrize(
    ("target", "headers", "status", "kind"),
    [
        pytest.param(PET, [], 200, JSON, id="lowest 2xx"),
        pytest.param(PET, ["Prefer: code=404"], 404, PROBLEM, id="code"),
        pytest.param(PET, ["Prefer: wait=1, code=404"], 404, PROBLEM, id="code among others"),
        pytest.param(PET, ['prefer: Code="404"'], 404, PROBLEM, id="code quoted"),
        pytest.param(f"{PET}?__code=404", [], 404, PROBLEM, id="code in the query"),
        pytest.param(f"/@mine{PET}", ["Prefer: code=404"], 404, PROBLEM, id="in a session"),
        pytest.param(PET, ["Prefer: code=499"], 400, PROBLEM, id="undeclared code"),
        pytest.param(PET, ["Prefer: code=abc"], 400, PROBLEM, id="no code"),
        pytest.param(PET, ["Prefer: example=nono"], 400, PROBLEM, id="unknown example"),
        pytest.param(PETS, ["Prefer: example=firstPage"], 200, JSON, id="example"),
        pytest.param(f"{PETS}?__example=firstPage", [], 200, JSON, id="example in the query"),
        pytest.param(PET, ["Accept: text/html"], 406, PROBLEM, id="not acceptable"),
        pytest.param(PET, ["Accept: text/html, */*;q=0.1"], 200, JSON, id="acceptable"),
        pytest.param(PET, ["Accept: text/html", "Prefer: code=404"], 404, PROBLEM, id="error"),
    ],
)
async def test_which_of_the_documents_answers(bare, target, headers, status, kind):
    """The request's own word goes first; what the document does not have is said."""
    received = await fetch(bare, target, TOKEN, *headers)
    assert (received.status, received.header("Content-Type")) == (status, kind)


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        pytest.param(
            ["Prefer: code=499"], {"code": "unknown-response", "status": 400}, id="status"
        ),
        pytest.param(["Prefer: code=7"], {"code": "bad-preference", "status": 400}, id="no status"),
        pytest.param(
            ["Prefer: example=nono"], {"code": "unknown-example", "status": 400}, id="example"
        ),
        pytest.param(
            ["Accept: text/html"],
            {"code": "not-acceptable", "status": 406, "available": [JSON]},
            id="not acceptable",
        ),
    ],
)
async def test_what_cannot_be_answered_is_a_problem_that_says_what_can(bare, headers, fields):
    """With a code, what is wrong and how to mend it."""
    problem = json.loads((await fetch(bare, PET, TOKEN, *headers)).content)
    assert problem | fields == problem
    assert problem["mend"]


async def test_the_pet_that_is_asked_for_is_answered(bare):
    """`GET /pets/{id}` answers that id, and the links in it lead there."""
    received = await fetch(bare, "/v1/pets/deadbeef", TOKEN)
    assert json.loads(received.content)["id"] == "deadbeef"
    order = json.loads((await fetch(bare, "/v1/orders/deadbeef", TOKEN)).content)
    assert order["id"] == "deadbeef"
    assert "019b4140" not in json.dumps(order["links"])
    assert "/orders/deadbeef" in json.dumps(order["links"])


async def test_a_stream_is_asked_for_like_any_answer(bare):
    """An error of its operation by code; its own status is the stream."""
    stream = "/v1/inventory/stream"
    refused = await fetch(bare, f"{stream}?__code=503")
    assert (refused.status, refused.header("Content-Type")) == (503, PROBLEM)
    played = await fetch(bare, f"{stream}?__code=200")
    assert played.header("Content-Type") == "text/event-stream"


async def test_the_requests_word_goes_before_a_scenario_it_does_not_name(tmp_path):
    """`Prefer: code` asks the document, unless the same request names a scenario."""
    story = "operation: getPet\nresponse: {body: {scripted: true}}"
    async with serving(tmp_path, story) as server:
        scripted = await fetch(server, PET, TOKEN)
        asked = await fetch(server, PET, TOKEN, "Prefer: code=404")
        named = await fetch(server, PET, TOKEN, "Prefer: scenario=story, code=404")
    assert [json.loads(r.content).get("scripted") for r in (scripted, asked, named)] == [
        True,
        None,
        True,
    ]
    assert asked.status == 404


async def test_a_scenario_leaves_the_rest_to_the_document(tmp_path):
    """A status alone gets its body and headers from the document, about what was asked for."""
    story = "operation: getPet\nresponse: {status: 200}"
    async with serving(tmp_path, story) as server:
        received = await fetch(server, "/v1/pets/deadbeef", TOKEN)
    assert json.loads(received.content)["id"] == "deadbeef"


SPEC = """\
openapi: 3.1.0
servers: [{url: /v1}]
paths:
  /things:
    post:
      responses:
        "201":
          headers:
            Location: {schema: {type: string}}
            X-Rate: {schema: {type: integer, minimum: 5, maximum: 5}}
          content:
            application/json: {schema: {$ref: "#/components/schemas/Thing"}}
            application/xml: {schema: {$ref: "#/components/schemas/Thing"}}
            image/png: {}
  /things/{thingId}:
    parameters: [{name: thingId, in: path, required: true, schema: {type: integer}}]
    get:
      responses:
        "200": {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
  /none:
    get:
      responses: {"200": {content: {application/json: {schema: {type: string, enum: [1]}}}}}
components:
  schemas:
    Thing:
      type: object
      required: [id, name, weight]
      properties:
        id: {type: integer, minimum: 1}
        name: {type: string, maxLength: 9}
        weight: {type: integer, minimum: 0, maximum: 1000000}
"""


@pytest.fixture
async def things(tmp_path):
    """A server with a document that shows no examples."""
    (tmp_path / "api.yaml").write_text(SPEC)
    async with MockServer(spec=tmp_path / "api.yaml") as server:
        yield server


async def test_values_are_made_of_schemas(things):
    """Body, headers and the Location of what was made; the same for the same request."""
    first, again = [
        await fetch(things, "/@mine/v1/things", method="POST", body=b"") for _ in range(2)
    ]
    thing = json.loads(first.content)
    assert first.status == 201
    assert (type(thing["id"]), type(thing["name"])) == (int, str)
    assert first.header("Location") == f"/@mine/v1/things/{thing['id']}"
    assert first.header("X-Rate") == "5"
    assert first.content == again.content
    found = await fetch(things, first.header("Location"))
    assert json.loads(found.content)["id"] == thing["id"]


@pytest.mark.parametrize(
    ("accept", "begins"),
    [
        pytest.param("application/xml", b"<?xml", id="XML"),
        pytest.param("image/*", b"\x89PNG", id="a picture"),
        pytest.param("application/json", b"{", id="JSON"),
    ],
)
async def test_every_declared_media_type_can_be_had(things, accept, begins):
    """The Accept decides among them."""
    received = await fetch(things, "/v1/things", f"Accept: {accept}", method="POST", body=b"")
    assert received.content.startswith(begins)


async def test_a_schema_that_nothing_fits_is_said(things):
    """501, with the place of the schema."""
    received = await fetch(things, "/v1/none")
    problem = json.loads(received.content)
    assert (received.status, problem["code"]) == (501, "unsatisfiable-schema")
    assert "/paths/~1none/get/responses/200" in problem["mend"]


async def test_other_seeds_make_other_values(tmp_path):
    """The seed of the session decides."""
    (tmp_path / "api.yaml").write_text(SPEC)
    bodies = []
    for seed in ("1", "1", "2"):
        async with MockServer(spec=tmp_path / "api.yaml", seed=seed) as server:
            bodies.append((await fetch(server, "/v1/things/5")).content)
    assert bodies[0] == bodies[1]
    assert bodies[0] != bodies[2]


async def test_head_gets_the_head_of_the_answer(bare):
    """Without the body, with its length."""
    head = await fetch(bare, PET, TOKEN, method="HEAD")
    whole = await fetch(bare, PET, TOKEN)
    assert (head.status, head.content) == (200, b"")
    assert head.header("Content-Length") == str(len(whole.content))


GATEWAY = """\
openapi: 3.0.1
security: [{key: []}]
paths:
  /a:
    put: {responses: {"204": {description: OK}}}
    options:
      responses:
        "200": {headers: {Access-Control-Allow-Methods: {schema: {type: string}}}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
"""


async def test_a_preflight_is_answered_whatever_the_document_says_of_options(tmp_path):
    """Gateways declare OPTIONS, with credentials that no browser sends before it has leave."""
    (tmp_path / "api.yaml").write_text(GATEWAY)
    origin = "Origin: https://a.test"
    asks = ("Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-key")
    async with MockServer(spec=tmp_path / "api.yaml") as server:
        leave = await fetch(server, "/a", origin, *asks, method="OPTIONS")
        plain = await fetch(server, "/a", "X-Key: 1", method="OPTIONS")
    assert (leave.status, leave.header("Access-Control-Allow-Headers")) == (204, "x-key")
    assert "PUT" in leave.header("Access-Control-Allow-Methods")
    assert plain.status == 200

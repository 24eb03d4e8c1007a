"""Requests that break the document, over HTTP: refused, noted, or foreseen by a scenario."""

import asyncio
import json
import logging

import aiohttp
import httpx
import pytest
from clients import fetch, serving, write

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.errors import StartError
from mockserver.play.journal import Opened, Refused, Violated

TOKEN = {"Authorization": "Bearer anything"}
CARD = {
    "object": "card", "name": "Ada", "number": "4242424242424242", "expMonth": 12, "expYear": 2030,
}  # fmt: skip
BANK = {"object": "bankAccount", "name": "Ada", "iban": "DE02120300000000202051"}


@pytest.fixture
async def petstore(tmp_path):
    """The Petstore without scenarios."""
    async with MockServer(scenarios=write(tmp_path)) as server:
        yield server


def noted(server, session="default"):
    """What the journal says of requests that broke the contract."""
    return [e for e in server.session(session).journal if isinstance(e, Violated)]


# What a client sends, as httpx takes it; the status, and what the problem says is wrong.
REQUESTS = {
    "list": (("GET", "/pets?limit=5&status=available"), {"headers": TOKEN}, 200, []),
    "list, wrong": (
        ("GET", "/pets?limit=0&status=sold"), {"headers": TOKEN}, 400,
        [("query", "status", None), ("query", "limit", None)],
    ),
    "list without a token": (("GET", "/pets"), {}, 401, [("header", "Authorization", None)]),
    "create": (("POST", "/pets"), {"headers": TOKEN, "json": {"name": "Luna"}}, 201, []),
    "create, wrong": (
        ("POST", "/pets"), {"headers": TOKEN, "json": {"tags": [{}]}}, 400,
        [("body", None, "/name"), ("body", None, "/tags/0/name")],
    ),
    "create as a form": (
        ("POST", "/pets"), {"headers": TOKEN, "data": {"name": "Luna"}}, 415, [("body", None, "")],
    ),
    "an account, for everybody": (
        ("POST", "/users"),
        {"json": {"username": "ada", "email": "ada@example.com", "password": "x"}}, 201, [],
    ),
    "an account, wrong": (
        ("POST", "/users"), {"json": {"username": "ada", "email": "ada", "password": "x"}}, 400,
        [("body", None, "/email")],
    ),
    "an image": (
        ("POST", "/pets/1/image"),
        {"headers": TOKEN, "files": {"file": ("a.png", b"\x89PNG\r\n", "image/png")},
         "data": {"caption": "Luna"}},
        200, [],
    ),
    "an image that is none": (
        ("POST", "/pets/1/image"),
        {"headers": TOKEN, "files": {"file": ("a.txt", b"a", "text/plain")}}, 400,
        [("body", None, "/file")],
    ),
    "an image, missing": (
        ("POST", "/pets/1/image"), {"headers": TOKEN, "files": {"caption": (None, "Luna")}}, 400,
        [("body", None, "/file")],
    ),
    "an image as bytes": (
        ("POST", "/pets/1/image"),
        {"headers": TOKEN | {"Content-Type": "application/octet-stream"}, "content": b"\x89PNG"},
        200, [],
    ),
    "pay by card": (
        ("POST", "/orders/1/payment"),
        {"headers": TOKEN, "json": {"amount": 180, "currency": "EUR", "source": CARD}}, 200, [],
    ),
    "pay from the bank": (
        ("POST", "/orders/1/payment"),
        {"headers": TOKEN, "json": {"amount": 180, "currency": "EUR", "source": BANK}}, 200, [],
    ),
    "pay from a bank without an IBAN": (
        ("POST", "/orders/1/payment"),
        {"headers": TOKEN, "json": {"amount": 1, "currency": "EUR", "source": BANK | {"iban": ""}}},
        400, [("body", None, "/source/iban")],
    ),
    "pay in shells": (
        ("POST", "/orders/1/payment"),
        {"headers": TOKEN, "json": {"amount": -1, "currency": "SHL", "source": {"object": "x"}}}, 400,
        [("body", None, "/amount"), ("body", None, "/currency"), ("body", None, "/source/object")],
    ),
    "a stream, which asks nothing": (("GET", "/pets/recommendations/stream?x=1"), {}, 200, []),
}  # fmt: skip


@pytest.mark.parametrize(("line", "sent", "status", "wrong"), REQUESTS.values(), ids=REQUESTS)
async def test_the_petstore_takes_what_it_declares_and_nothing_else(
    petstore, line, sent, status, wrong
):
    """httpx sends it; the problem document names every part that is wrong."""
    method, path = line
    async with httpx.AsyncClient(timeout=60, base_url=f"{petstore.url}/v1") as client:
        answer = await client.request(method, path, **sent)
    assert answer.status_code == status
    if wrong:
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] == "request-breaks-contract"
        assert [(e["in"], e.get("name"), e.get("pointer")) for e in problem["errors"]] == wrong


async def test_what_aiohttp_sends_is_read_as_well(petstore):
    """Its multipart forms have headers that others do without."""
    form = aiohttp.FormData({"caption": "Luna"})
    form.add_field("file", b"\x89PNG", filename='lüna "1".png', content_type="image/png")
    async with aiohttp.ClientSession(petstore.url, headers=TOKEN) as client:
        async with client.post("/v1/pets/1/image", data=form) as answer:
            assert answer.status == 200
        async with client.post("/v1/pets", json={"name": 1}) as answer:
            assert (await answer.json(content_type=None))["errors"][0]["pointer"] == "/name"


async def test_a_refusal_says_all_there_is_to_know(petstore):
    """RFC 9457: where, what, what was expected, by which line of the document, and how to mend it."""
    received = await fetch(petstore, "/v1/pets?limit=0")
    assert (received.status, received.header("WWW-Authenticate")) == (401, "Bearer")
    assert json.loads(received.content) == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "the request breaks the contract of listPets: security: "
        "the header Authorization is missing and 1 more",
        "code": "request-breaks-contract",
        "mend": "send -H 'Authorization: Bearer anything' or ?access_token=anything",
        "errors": [
            {
                "in": "header",
                "name": "Authorization",
                "detail": "the header Authorization is missing",
                "expected": "Authorization: Bearer …",
                "schema": "#/components/securitySchemes/bearer",
                "code": "missing-credentials",
                "mend": "send -H 'Authorization: Bearer anything' or ?access_token=anything",
            },
            {
                "in": "query",
                "name": "limit",
                "detail": "0 is less than the minimum of 1",
                "expected": "minimum: 1",
                "schema": "#/paths/~1pets/get/parameters/1/schema/minimum",
                "code": "wrong-parameter",
            },
        ],
    }


async def test_a_refused_request_is_in_the_journal_twice(petstore):
    """As a breach of the contract by the client, and as an answer of ours; it opened nothing."""
    await fetch(petstore, "/@a/v1/pets?limit=0", "Authorization: Bearer x")
    broken, refused = petstore.session("a").journal
    assert (broken.by, broken.part, broken.operation, broken.target, broken.faults) == (
        "client", "request", "listPets", "GET /v1/pets?limit=0",
        ("query limit: 0 is less than the minimum of 1 [wrong-parameter]",),
    )  # fmt: skip
    assert (refused.status, refused.code) == (400, "request-breaks-contract")
    assert isinstance(refused, Refused)


@pytest.mark.parametrize(("mode", "entries"), [("warn", [Violated, Opened]), ("off", [Opened])])
async def test_a_milder_server_answers_all_the_same(tmp_path, mode, entries):
    """`warn` notes what is wrong, `off` does not look."""
    async with MockServer(scenarios=write(tmp_path), requests=mode) as server:
        received = await fetch(server, "/v1/pets?limit=0")
        found = [type(entry) for entry in server.session().journal]
    assert (received.status, found) == (200, entries)


async def test_a_mode_has_to_be_one(tmp_path):
    """Another word is told when the server starts."""
    with pytest.raises(StartError, match=r"\[unknown-mode\]"):
        await MockServer(scenarios=write(tmp_path), requests="wran").start()


LOGGED_OUT = """
scenario: logged out
operation: listPets
when: {headers: {authorization: false}}
response: {status: 401, body: {error: log in first}}
---
scenario: no pets
operation: listPets
response: {status: 200, body: {data: []}}
---
scenario: no names
operation: createPet
when: {body: {name: false}}
response: {status: 422, body: {error: a pet needs a name}}
---
scenario: number 7
operation: getOrder
when: {path: {id: "7"}}
response: {status: 404}
"""

# method, target, headers, body; the status, and how many breaches are noted.
FORESEEN = {
    "a condition on the missing header": ("GET", "/v1/pets", [], b"", 401, "log in first", 1),
    "and on nothing else that is wrong": ("GET", "/v1/pets?limit=0", [], b"", 401, "code", 1),
    "no condition": ("GET", "/v1/pets?limit=0", ["Authorization: Bearer x"], b"", 400, "code", 1),
    "no condition, nothing wrong": ("GET", "/v1/pets", ["Authorization: Bearer x"], b"", 200, "data", 0),
    "the request names its scenario": (
        "GET", "/v1/pets?limit=0", ['Prefer: scenario="no pets"'], b"", 200, "data", 1,
    ),
    "the query names its scenario": (
        "GET", "/v1/pets?limit=0&__scenario=no%20pets", [], b"", 200, "data", 1,
    ),
    "the request names its status": (
        "GET", "/v1/pets", ["Prefer: code=401"], b"", 401, "no longer valid", 1,
    ),
    "a condition on a part of the body": (
        "POST", "/v1/pets", ["Authorization: Bearer x", "Content-Type: application/json"], b"{}",
        422, "needs a name", 1,
    ),
    "and on no other part of it": (
        "POST", "/v1/pets", ["Authorization: Bearer x", "Content-Type: application/json"],
        b'{"price": "x"}', 400, "code", 1,
    ),
    "a condition on something else": ("GET", "/v1/orders/7", [], b"", 401, "code", 1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "status", "text", "breaches"),
    FORESEEN.values(),
    ids=FORESEEN,
)
async def test_a_scenario_can_foresee_what_is_wrong(
    tmp_path, method, target, headers, body, status, text, breaches
):
    """Where the request names it, or its conditions speak of the very thing that is wrong."""
    async with serving(tmp_path, LOGGED_OUT) as server:
        received = await fetch(server, target, *headers, method=method, body=body)
        assert (received.status, text in received.content.decode()) == (status, True)
        assert len(noted(server)) == breaches


async def test_a_pinned_scenario_does_not_open_the_door(tmp_path):
    """It says which story is told to those who ask properly."""
    story = "operation: listPets\nresponse: {status: 503}"
    async with serving(tmp_path, story, pinned=["story"]) as server:
        statuses = [
            (await fetch(server, "/v1/pets", *headers)).status
            for headers in ([], ["Authorization: Bearer x"])
        ]
    assert statuses == [401, 503]


async def test_a_refused_request_takes_no_turn(tmp_path):
    """The first proper request gets the first connection of the story."""
    story = (
        "operation: listPets\nconnections: [{response: {status: 429}}, {response: {status: 200}}]"
    )
    async with serving(tmp_path, story) as server:
        token = "Authorization: Bearer x"
        statuses = [
            (await fetch(server, "/v1/pets", *headers)).status
            for headers in ([], [token], [], [token])
        ]
    assert statuses == [401, 429, 401, 200]


async def test_head_and_preflights_are_held_as_they_should_be(petstore):
    """HEAD as GET; a browser's preflight carries no token and needs none."""
    head = await fetch(petstore, "/v1/pets", method="HEAD")
    preflight = await fetch(
        petstore, "/v1/pets", "Origin: http://a", "Access-Control-Request-Method: GET",
        method="OPTIONS",
    )  # fmt: skip
    assert (head.status, preflight.status) == (401, 204)


DEFEATING = """
openapi: 3.1.0
info: {title: Numbers, version: "1"}
paths:
  /x:
    post:
      requestBody: {content: {application/json: {schema: {type: number, multipleOf: 0.1}}}}
      responses: {"200": {description: "", content: {application/json: {example: 1}}}}
"""


async def test_what_defeats_the_validators_is_answered_and_said_once(tmp_path):
    """A schema that the library fails at is no fault of the client's, and no 500."""
    write(tmp_path)
    (tmp_path / "api.yaml").write_text(DEFEATING)
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    logging.getLogger("mockserver").addHandler(handler)
    async with MockServer(spec=tmp_path / "api.yaml") as server:
        statuses = [
            (
                await fetch(
                    server, "/x", "Content-Type: application/json", method="POST", body=body
                )
            ).status
            for body in (b"1e400", b"-1e400", b'"x"')
        ]
    logging.getLogger("mockserver").removeHandler(handler)
    assert statuses == [200, 200, 400]
    assert [record.args[0] for record in said] == ["POST /x"]


async def test_only_who_needs_openapi_core_waits_for_its_import(petstore):
    """A stream that asks nothing is served in the meantime."""
    imported = petstore._live.requests._imported
    await imported.wait()
    imported.clear()
    waiting = asyncio.create_task(fetch(petstore, "/v1/pets", "Authorization: Bearer x"))
    while not petstore.busy:
        await turn_of_others()
    stream = await fetch(petstore, "/v1/pets/recommendations/stream")
    early = waiting.done()
    imported.set()
    assert (stream.status, early, (await waiting).status) == (200, False, 200)


async def test_what_no_text_can_hold_is_told_in_escapes(petstore):
    """Half of a surrogate pair, and bytes that are no UTF-8."""
    received = await fetch(
        petstore, "/v1/users", "Content-Type: \xff", method="POST", body=b'{"a": "\\ud800"}'
    )
    body = b'{"\\ud800": 1, "username": "\\ud800", "email": "\\ud800", "password": "x"}'
    strange = await fetch(
        petstore, "/v1/users", "Content-Type: application/json", method="POST", body=body
    )
    assert (received.status, strange.status) == (415, 400)
    assert "\\ud800" in json.loads(strange.content)["errors"][0]["detail"]


async def test_a_scenario_reads_the_fields_of_a_multipart_form(tmp_path):
    """Texts as they are, of a file what it is called, its type and its size."""
    story = """
operation: uploadPetImage
when: {body: {caption: "Luna*", file: {filename: "*.png"}}}
response:
  body: "{{ request.body }}"
"""
    files = {"file": ("luna.png", b"\x89PNG\r\n", "image/png"), "caption": (None, "Luna, asleep")}
    async with (
        serving(tmp_path, story) as server,
        httpx.AsyncClient(headers=TOKEN, timeout=60) as client,
    ):
        answer = await client.post(f"{server.url}/v1/pets/1/image", files=files)
    assert answer.json() == {
        "file": {"filename": "luna.png", "content_type": "image/png", "size": 6},
        "caption": "Luna, asleep",
    }


async def test_a_body_that_says_multipart_and_is_none_is_text(tmp_path):
    """Where nobody holds it to the document it reaches the scenario as it came."""
    story = "operation: uploadPetImage\nresponse: {body: '{{ request.body }}'}"
    async with serving(tmp_path, story, requests="off") as server:
        received = await fetch(
            server, "/v1/pets/1/image", "Content-Type: multipart/form-data; boundary=x",
            method="POST", body=b"no parts",
        )  # fmt: skip
    assert received.content == b"no parts"

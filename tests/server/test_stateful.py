"""What clients make by POST they find again (`--stateful`), over HTTP."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from clients import fetch, serving

from mockserver import MockServer
from mockserver.contract.values import value_violations
from mockserver.play.journal import Opened, Refused

BEARER = "Authorization: Bearer petstore-token"


async def ask(server, method, target, body=None, *headers):
    """Return status, Location and JSON of an answer."""
    raw = b"" if body is None else json.dumps(body).encode()
    headers = [BEARER, *headers]
    if body is not None:
        headers.append("Content-Type: application/json")
    received = await fetch(server, target, *headers, method=method, body=raw)
    found = json.loads(received.body) if received.body else None
    return received.status, received.header("Location"), found


@pytest.fixture
async def petstore(tmp_path):
    """The Petstore without scenarios, keeping what is made."""
    async with MockServer(scenarios=tmp_path, stateful=True) as server:
        yield server


def problem(status, what):
    """Return the Petstore's own words for an error, but for their detail."""
    return {"type": "about:blank", "title": what, "status": status}


async def test_pets_are_made_listed_read_replaced_and_removed(petstore):
    """Each answer shows what the ones before have done."""
    luna, rex = "019b4132", "019b4127"
    _, _, begin = await ask(petstore, "GET", "/v1/pets")
    assert [pet["id"] for pet in begin["data"]] == [luna, rex]

    tom = {"id": "019b4133", "name": "Tom", "status": "available", "adoptedAt": None}
    made = await ask(petstore, "POST", "/v1/pets", {"name": "Tom"})
    assert made == (201, "/v1/pets/019b4133", tom)
    assert await ask(petstore, "GET", "/v1/pets/019b4133") == (200, None, tom)
    _, _, found = await ask(petstore, "GET", "/v1/pets?limit=2&page=2")
    links = {"self": "/v1/pets?limit=2&page=2", "prev": "/v1/pets?limit=2&page=1"}
    assert found == {"data": [tom], "links": links}

    new = {"name": "Tomas", "status": "adopted", "tags": [{"name": "calm"}]}
    tomas = {"id": "019b4133", **new, "adoptedAt": None}
    assert await ask(petstore, "PUT", "/v1/pets/019b4133", new) == (200, None, tomas)
    _, _, found = await ask(petstore, "GET", "/v1/pets?status=adopted")
    assert [pet["name"] for pet in found["data"]] == ["Rex", "Tomas"]

    assert await ask(petstore, "DELETE", "/v1/pets/019b4133") == (204, None, None)
    for method, body in [("GET", None), ("PUT", new), ("DELETE", None)]:
        status, _, found = await ask(petstore, method, "/v1/pets/019b4133", body)
        assert (status, found | problem(404, "Not Found")) == (404, found)
    assert (await ask(petstore, "GET", "/v1/pets"))[2] == begin


async def test_users_are_named_by_themselves(petstore):
    """The name is the key, the password stays where it is, a name that is taken is a conflict."""
    bob = {"username": "bob", "email": "bob@example.com", "password": "secret"}
    shown = {"id": "019b4102", "username": "bob", "email": "bob@example.com"}
    assert await ask(petstore, "POST", "/v1/users", bob) == (201, "/v1/users/bob", shown)
    assert await ask(petstore, "GET", "/v1/users/bob") == (200, None, shown)
    for name in ("bob", "ada"):
        status, _, found = await ask(petstore, "POST", "/v1/users", bob | {"username": name})
        assert (status, found | problem(409, "Conflict")) == (409, found)
    renamed = bob | {"username": "bobby", "firstName": "Bob"}
    _, _, found = await ask(petstore, "PUT", "/v1/users/bob", renamed)
    assert found == shown | {"firstName": "Bob"}
    assert (await ask(petstore, "DELETE", "/v1/users/bob"))[0] == 204
    assert (await ask(petstore, "GET", "/v1/users/bob"))[0] == 404
    assert (await ask(petstore, "GET", "/v1/users/ada"))[2]["firstName"] == "Ada"


async def test_orders_have_what_the_shop_adds(petstore):
    """A state, a date and links that lead to the order; not where it calls back."""
    sent = {"petId": "019b4132", "callbackUrl": "http://127.0.0.1:9/"}
    status, location, order = await ask(petstore, "POST", "/v1/orders", sent)
    assert (status, location) == (201, "/v1/orders/019b4141")
    assert order == {
        "id": "019b4141",
        "petId": "019b4132",
        "quantity": 1,
        "status": "payment_processing",
        "total": 180,
        "currency": "EUR",
        "createdAt": "2026-01-01T00:00:00Z",
        "links": {
            "self": "/v1/orders/019b4141",
            "payment": "/v1/orders/019b4141/payment",
            "status": "/v1/orders/019b4141/status/stream",
        },
    }
    assert await ask(petstore, "GET", location) == (200, None, order)
    assert (await ask(petstore, "DELETE", location))[0] == 204
    assert (await ask(petstore, "GET", location))[0] == 404


async def test_what_is_no_collection_is_answered_as_ever(petstore):
    """A login, a stream, and what is asked for by name."""
    sent = {"username": "ada", "password": "correct horse"}
    login = await ask(petstore, "POST", "/v1/users/login", sent)
    assert (login[0], login[2]["token"]) == (200, "petstore-token")
    stream = await fetch(petstore, "/v1/news/stream")
    assert stream.header("Content-Type") == "text/event-stream"
    empty = await ask(petstore, "GET", "/v1/pets", None, "Prefer: example=empty")
    assert empty[2]["data"] == []
    assert (await ask(petstore, "GET", "/v1/pets/1", None, "Prefer: code=200"))[0] == 200


async def test_a_scenario_goes_before_what_is_kept(tmp_path):
    """What it answers is kept nowhere."""
    story = "operation: createPet\nresponse: {status: 400}"
    async with serving(tmp_path, story, stateful=True) as server:
        assert (await ask(server, "POST", "/v1/pets", {"name": "Tom"}))[0] == 400
        assert len((await ask(server, "GET", "/v1/pets"))[2]["data"]) == 2


async def test_nothing_is_kept_unless_it_is_wanted(tmp_path):
    """A POST is answered by the example then, as is every GET."""
    async with MockServer(scenarios=tmp_path) as server:
        await ask(server, "POST", "/v1/pets", {"name": "Tom"})
        assert (await ask(server, "GET", "/v1/pets/nobody"))[0] == 200


async def test_sessions_keep_things_apart_until_they_are_reset(petstore):
    """The same ids in each; Locations and links of a page stay in the session."""
    first = await ask(petstore, "POST", "/v1/pets", {"name": "Tom"})
    other = await ask(petstore, "POST", "/@b/v1/pets", {"name": "Tom"})
    assert (first[1], other[1]) == ("/v1/pets/019b4133", "/@b/v1/pets/019b4133")
    assert first[2] == other[2]
    await ask(petstore, "DELETE", "/@b/v1/pets/019b4133")
    assert (await ask(petstore, "GET", "/@b/v1/pets/019b4133"))[0] == 404
    assert (await ask(petstore, "GET", first[1]))[0] == 200
    links = (await ask(petstore, "GET", "/@b/v1/pets?limit=1"))[2]["links"]
    assert links["next"] == "/@b/v1/pets?limit=1&page=2"

    petstore.session("b").reset()
    assert await ask(petstore, "POST", "/@b/v1/pets", {"name": "Tom"}) == other
    petstore.session().reset()
    assert (await ask(petstore, "GET", first[1]))[0] == 404
    assert (await ask(petstore, "GET", other[1]))[0] == 200


async def test_head_is_answered_as_get_would_be(petstore):
    """Without a body, and with the length that it has."""
    _, location, pet = await ask(petstore, "POST", "/v1/pets", {"name": "Tom"})
    received = await fetch(petstore, location, BEARER, method="HEAD")
    length = len(json.dumps(pet, ensure_ascii=False).encode())
    assert (received.status, received.header("Content-Length")) == (200, str(length))
    assert (await fetch(petstore, "/v1/pets/nobody", BEARER, method="HEAD")).status == 404


async def test_a_full_session_answers_507(petstore, monkeypatch):
    """A problem document says so, and what is there can still be read and removed."""
    monkeypatch.setattr(petstore._session("default").store, "_most", 5)
    statuses = [(await ask(petstore, "POST", "/v1/pets", {"name": "Tom"}))[0] for _ in range(3)]
    status, _, found = await ask(petstore, "POST", "/v1/pets", {"name": "Tom"})
    assert (statuses, status, found["code"]) == ([201, 201, 507], 507, "store-full")
    assert (await ask(petstore, "DELETE", "/v1/pets/019b4133"))[0] == 204
    assert (await ask(petstore, "POST", "/v1/pets", {"name": "Tom"}))[0] == 201


THINGS = """
openapi: 3.0.3
info: {title: Things, version: "1"}
paths:
  /things:
    post:
      operationId: makeThing
      responses: {"201": {description: "", content: {application/json: {schema: &thing
        {type: object, required: [id], properties: {id: {type: string, format: uuid}}}}}}}
  /things/{id}:
    get:
      operationId: getThing
      responses: {"200": {description: "", content: {application/json: {schema: *thing}}}}
"""


async def test_a_thing_that_is_not_there_is_a_problem_where_no_404_is_declared(tmp_path):
    """The journal has it among what was refused, and what was answered among the openings."""
    spec = tmp_path / "things.yaml"
    spec.write_text(THINGS)
    async with MockServer(spec=spec, stateful=True) as server:
        missing = await ask(server, "GET", "/things/1")
        made = await ask(server, "POST", "/things", {})
        found = await ask(server, "GET", made[1])
        entries = list(server.session().journal)
    assert (missing[0], missing[2]["code"]) == (404, "no-such-item")
    assert missing[2]["mend"] == "make it first, with POST /things"
    assert found[2] == made[2]
    refused, *opened = entries
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (404, "no-such-item")
    assert [type(entry) for entry in opened] == [Opened, Opened]
    assert [(entry.operation, entry.status) for entry in opened] == [
        ("makeThing", 201),
        ("getThing", 200),
    ]


FORMS = """
openapi: 3.1.0
info: {title: Forms, version: "1"}
components:
  schemas:
    New: &new
      type: object
      required: [name]
      properties: &members
        name: {type: string}
        tags: {type: array, items: {type: string}}
        sizes: {type: array, items: {type: integer}}
        n: {type: integer}
        x: {type: number}
        on: {type: boolean}
    Upload:
      type: object
      properties: {<<: *members, file: {type: string, format: binary}}
paths:
  /things:
    post:
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded: {schema: *new}
          multipart/form-data: {schema: {$ref: "#/components/schemas/Upload"}}
      responses: {"201": {description: "", content: {application/json: {schema: &thing
        {type: object, required: [id, name], properties: {<<: *members, id: {type: integer}}},
        example: {id: 9, name: shown}}}}}
  /things/{id}:
    get:
      responses: &shown {"200": {description: "", content: {application/json: {schema: *thing}}}}
    post:
      parameters: [{name: name, in: query, schema: {type: string}}]
      responses: *shown
"""


URLENCODED = "application/x-www-form-urlencoded"
PART = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
FILE = PART.format("file", '; filename="a.png"\r\nContent-Type: image/png', "bytes")


def multipart(*fields):
    return "".join(PART.format(name, "", text) for name, text in fields) + FILE + "--b--\r\n"


SENT = {
    "several of one name": (
        URLENCODED, "name=Tom&tags=a&tags=b", {"name": "Tom", "tags": ["a", "b"]},
    ),
    "one in a list": (URLENCODED, "name=Tom&tags=a", {"name": "Tom", "tags": ["a"]}),
    "numbers, and true": (
        URLENCODED,
        "name=7&sizes=1&sizes=2&n=3&x=1.5&on=true",
        {"name": "7", "sizes": [1, 2], "n": 3, "x": 1.5, "on": True},
    ),
    "parts": ("multipart/form-data; boundary=b", multipart(("name", "Tom")), {"name": "Tom"}),
    "several parts of one name": (
        "multipart/form-data; boundary=b",
        multipart(("name", "7"), ("tags", "a"), ("tags", "b"), ("n", "3")),
        {"name": "7", "tags": ["a", "b"], "n": 3},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "sent", "expected"), SENT.values(), ids=SENT)
async def test_a_form_makes_what_its_schema_says(tmp_path, kind, sent, expected):
    """Lists, numbers and booleans are what they are declared to be; files are not kept."""
    spec = tmp_path / "forms.yaml"
    spec.write_text(FORMS)
    async with MockServer(spec=spec, stateful=True) as server:
        head = f"Content-Type: {kind}"
        made = await fetch(server, "/things", head, method="POST", body=sent.encode())
        location = made.header("Location")
        assert (made.status, json.loads(made.body)) == (201, {**expected, "id": 1})
        assert (await ask(server, "GET", location))[2] == json.loads(made.body)


async def test_a_form_without_a_body_leaves_the_word_to_the_query(tmp_path):
    """Clients name the type of a form even where they send none."""
    spec = tmp_path / "forms.yaml"
    spec.write_text(FORMS)
    async with MockServer(spec=spec, stateful=True) as server:
        head = f"Content-Type: {URLENCODED}"
        await fetch(server, "/things", head, method="POST", body=b"name=Tom")
        changed = await fetch(server, "/things/1?name=Ada", head, method="POST")
    assert json.loads(changed.body) == {"id": 1, "name": "Ada"}


async def test_requests_at_the_same_time_do_not_share_a_key(petstore):
    """Each is carried out whole before the next."""
    made = await asyncio.gather(
        *(ask(petstore, "POST", "/v1/pets", {"name": str(n)}) for n in range(50))
    )
    assert len({pet["id"] for _, _, pet in made}) == 50
    for _, location, pet in made:
        assert (await ask(petstore, "GET", location))[2] == pet


async def test_every_answer_fits_the_document(petstore):
    """What is kept is shown as the schema of each answer asks for it."""
    contract = petstore.catalog.contract
    bodies = [
        ("POST", "/v1/pets", {"name": "Tom", "category": {"name": "Cats"}, "extra": 1}),
        ("GET", "/v1/pets", None),
        ("PUT", "/v1/pets/019b4133", {"name": "Tom", "price": 1}),
        ("POST", "/v1/users", {"username": "u", "email": "u@example.com", "password": "p"}),
        ("POST", "/v1/orders", {"petId": "1", "quantity": 2}),
        ("GET", "/v1/orders/019b4141", None),
    ]
    for method, target, body in bodies:
        status, _, found = await ask(petstore, method, target, body)
        operation = contract.route(method, target).operation
        _, response = operation.response(status)
        (_, holder), *_ = operation.content(response)
        assert value_violations(contract.document, holder.get("schema"), found, "body") == []


PLAY = """
import asyncio, sys
sys.path.insert(0, "tests/server")
from test_stateful import played
print(asyncio.run(played(sys.argv[1])))
"""


async def played(folder):
    """Return every answer to some requests, as one text."""
    requests = [
        ("POST", "/v1/users", {"username": "u", "email": "u@example.com", "password": "p"}),
        ("POST", "/v1/orders", {"petId": "1"}),
        ("POST", "/v1/pets", {"name": "Tom"}),
        ("DELETE", "/v1/pets/019b4132", None),
        ("GET", "/v1/pets", None),
        ("GET", "/v1/pets/019b4133", None),
    ]
    async with MockServer(scenarios=folder, stateful=True) as server:
        return repr([await ask(server, *request) for request in requests])


async def test_the_same_requests_are_answered_the_same_in_every_process(tmp_path):
    """Ids and all; PYTHONHASHSEED changes nothing."""
    root = Path(__file__).parents[2]
    texts = {await played(tmp_path)}
    for seed in ("1", "2"):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", PLAY, str(tmp_path)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        texts.add(done.stdout.rstrip("\n"))
    assert len(texts) == 1

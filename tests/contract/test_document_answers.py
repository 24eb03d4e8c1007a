"""What an ordinary operation answers by itself: status, media type, body and headers."""

import json

import pytest
from contract_documents import contract, operation, responding

from mockserver.contract import Wish, answer
from mockserver.errors import ControlError

JSON = "application/json"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def answered(fields, version="3.1.0", **asked):
    """Return status, media type and text of an answer."""
    try:
        found = answer(operation(fields, version), Wish(**asked))
    except ControlError as error:
        return error.code
    return found.status, found.media_type, found.body.decode()


def plain(value):
    """Return a content that shows this value."""
    return {JSON: {"example": value}}


STATUSES = {
    "lowest 2xx": ({"404": plain(4), "201": plain(1), "200": plain(0)}, None, (200, JSON, "0")),
    "a number as key": ({200: plain(0)}, None, (200, JSON, "0")),
    "2XX": ({"2XX": plain(2), "default": plain(9)}, None, (200, JSON, "2")),
    "default": ({"404": plain(4), "default": plain(9)}, None, (200, JSON, "9")),
    "redirect": ({"302": None, "404": plain(4)}, None, (302, None, "")),
    "only errors": ({"404": plain(4), "500": plain(5)}, None, (404, JSON, "4")),
    "only a range of errors": ({"5XX": plain(5)}, None, (500, JSON, "5")),
    "only an upgrade": ({"101": None}, None, "unknown-response"),
    "asked": ({"200": plain(0), "404": plain(4)}, 404, (404, JSON, "4")),
    "asked by range": ({"200": plain(0), "4XX": plain(4)}, 404, (404, JSON, "4")),
    "asked by default": ({"200": plain(0), "default": plain(9)}, 503, (503, JSON, "9")),
    "asked and absent": ({"200": plain(0)}, 404, "unknown-response"),
    "no content": ({"204": plain(0)}, None, (204, None, "")),
    "no responses": ({}, None, (200, None, "")),
    "extension": ({"x-note": plain(1)}, None, (200, None, "")),
}


@pytest.mark.parametrize(("contents", "status", "expected"), STATUSES.values(), ids=STATUSES)
def test_the_status_that_is_answered(contents, status, expected):
    """The one asked for, else the lowest 2xx, 2XX, default, the lowest 3xx."""
    fields = {"responses": {s: {"content": content} for s, content in contents.items()}}
    assert answered(fields, status=status) == expected


BODIES = {
    "example": ({JSON: {"example": {"a": 1}}}, {}, (JSON, '{"a": 1}')),
    "null is an example": ({JSON: {"example": None}}, {}, (JSON, "null")),
    "first of examples": ({JSON: {"examples": {"x": {"value": 1}, "y": {"value": 2}}}}, {}, (JSON, "1")),
    "named": ({JSON: {"examples": {"x": {"value": 1}, "y": {"value": 2}}}}, {"example": "y"}, (JSON, "2")),
    "named in the other media type": ({JSON: {"example": 1}, "text/plain": {"examples": {"y": {"value": "t"}}}}, {"example": "y"}, ("text/plain", "t")),
    "unknown name": ({JSON: {"example": 1}}, {"example": "y"}, "unknown-example"),
    "dataValue": ({JSON: {"examples": {"x": {"dataValue": [1], "serializedValue": "[ 1 ]"}}}}, {}, (JSON, "[1]")),
    "serializedValue": ({JSON: {"examples": {"x": {"serializedValue": "[ 1 ]"}}}}, {}, (JSON, "[ 1 ]")),
    "externalValue is ignored": ({JSON: {"examples": {"x": {"externalValue": "u"}, "y": {"value": 2}}}}, {}, (JSON, "2")),
    "a value without an Example Object": ({JSON: {"examples": {"x": 5}}}, {}, (JSON, "5")),
    "a list of values": ({JSON: {"examples": [7, 8]}}, {}, (JSON, "7")),
    "text as JSON": ({JSON: {"example": "hi"}}, {}, (JSON, '"hi"')),
    "a text that reads as JSON": ({JSON: {"schema": {"type": "string"}, "example": '{"a":1}'}}, {}, (JSON, json.dumps('{"a":1}'))),
    "by a parameter of the Accept": ({f"{JSON};version=1": {"example": 1}, f"{JSON}; version=2": {"example": 2}}, {"accept": f"{JSON};version=2"}, (f"{JSON}; version=2", "2")),
    "no such version": ({f"{JSON};version=1": {"example": 1}}, {"accept": f"{JSON};version=3"}, "not-acceptable"),
    "charset in the Accept": ({JSON: {"example": 1}}, {"accept": f"{JSON}; charset=utf-8"}, (JSON, "1")),
    "JSON written out": ({JSON: {"example": '{"a":1}'}}, {}, (JSON, '{"a":1}')),
    "plain text": ({"text/plain": {"example": "hi"}}, {}, ("text/plain", "hi")),
    "XML as text": ({"application/xml": {"example": "<a/>"}}, {}, ("application/xml", "<a/>")),
    "XML as data": ({"application/xml": {"example": {"a": 1}}}, {}, ("application/xml", f"{XML}<root><a>1</a></root>")),
    "what is shown before what is made": ({"application/xml": {"schema": {"type": "object"}}, JSON: {"example": 2}}, {}, (JSON, "2")),
    "the Accept goes before what is shown": ({"text/plain": {"schema": {"const": "made"}}, JSON: {"example": 2}}, {"accept": "text/plain"}, ("text/plain", "made")),
    "nothing acceptable": ({JSON: {"example": 1}}, {"accept": "text/html, image/*"}, "not-acceptable"),
    "refused by weight": ({JSON: {"example": 1}}, {"accept": "*/*, application/json;q=0"}, "not-acceptable"),
    "by accept": ({JSON: {"example": 1}, "text/plain": {"example": "t"}}, {"accept": "text/*"}, ("text/plain", "t")),
    "a range": ({"*/*": {"example": {"a": 1}}}, {}, (JSON, '{"a": 1}')),
    "schema": ({JSON: {"schema": {"properties": {"a": {"default": 1}}, "required": ["a"]}}}, {}, (JSON, '{"a": 1}')),
    "made of the schema": ({JSON: {"schema": {"type": "array", "items": {"enum": [3]}, "minItems": 2, "maxItems": 2}}}, {}, (JSON, "[3, 3]")),
    "JSON of no schema": ({JSON: {}}, {}, (JSON, "{}")),
    "text of no schema": ({"text/html": None}, {}, ("text/html", "text")),
    "no value fits": ({JSON: {"schema": {"type": "string", "enum": [1]}}}, {}, "unsatisfiable-schema"),
    "a form": ({"application/x-www-form-urlencoded": {"example": {"a": [1, "b c"], "d": {"e": True}}}}, {}, ("application/x-www-form-urlencoded", "a=1&a=b+c&d=%7B%22e%22%3A+true%7D")),
    "YAML is JSON": ({"application/yaml": {"example": {"a": 1}}}, {}, ("application/yaml", '{"a": 1}')),
    "an unknown kind": ({"application/vnd.own": {"example": {"a": 1}}}, {}, ("application/vnd.own", '{"a": 1}')),
    "bytes as text": ({"application/octet-stream": {"schema": {"const": "abc"}}}, {}, ("application/octet-stream", "abc")),
    "a picture": ({"image/svg+xml": {}}, {}, ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')),
    "beyond ASCII": ({JSON: {"example": "ä"}}, {}, (JSON, '"ä"')),
    "half a surrogate pair": ({JSON: {"example": "\ud800"}}, {}, (JSON, '"?"')),
}  # fmt: skip


@pytest.mark.parametrize(("content", "asked", "expected"), BODIES.values(), ids=BODIES)
def test_the_body_that_is_answered(content, asked, expected):
    """It comes from the examples of the media type, else from its schema."""
    found = answered(responding(content), **asked)
    assert (found if isinstance(found, str) else found[1:]) == expected


HEADERS = {
    "example": ({"example": 5}, "5"),
    "examples": ({"examples": {"a": {"value": "first"}}}, "first"),
    "default of the schema": ({"schema": {"default": True}}, "true"),
    "example of the schema": ({"schema": {"example": ["a", 1]}}, "a,1"),
    "reference": ({"$ref": "#/components/headers/Shared"}, "s"),
    "made of the schema": ({"schema": {"type": "integer", "minimum": 7, "maximum": 7}}, "7"),
    "object": ({"example": {"a": 1, "b": None}}, "a,1"),
    "object, exploded": ({"schema": {"const": {"a": 1}}, "explode": True}, "a=1"),
    "content": ({"content": {JSON: {"example": {"a": 1}}}}, '{"a": 1}'),
    "text as content": ({"content": {"text/plain": {"example": "t"}}}, "t"),
    "a line end": ({"example": "a\r\nSet-Cookie: b"}, None),
    "no value fits": ({"schema": {"enum": []}}, None),
}


@pytest.mark.parametrize(("holder", "expected"), HEADERS.values(), ids=HEADERS)
def test_headers_are_answered(holder, expected):
    """With their example, else with what their schema asks for; left out where it cannot be sent."""
    fields = {"responses": {"200": {"headers": {"X-It": holder}}}}
    made = operation(fields, components={"headers": {"Shared": {"example": "s"}}})
    assert answer(made, Wish()).headers.get("X-It") == expected


def test_headers_that_say_how_the_body_is_framed_are_the_servers():
    """And Content-Type is ignored, as the standard has it; a usual header gets a usual value."""
    names = ["Content-Type", "content-length", "Transfer-Encoding", "Connection", "X Y", "ETag"]
    shown = {name: {"schema": {"type": "string"}} for name in names}
    made = operation({"responses": {"200": {"headers": shown}}})
    assert answer(made, Wish()).headers == {"ETag": '"5d41402a"'}


def test_an_example_is_found_in_whatever_response_has_it():
    """`Prefer: example=gone` says which status is meant; a status beside it has to have it."""
    content = {"examples": {"gone": {"value": 4}}}
    fields = {"responses": {"200": {"content": plain(0)}, "404": {"content": {JSON: content}}}}
    assert answered(fields, example="gone") == (404, JSON, "4")
    assert answered(fields, example="gone", status=200) == "unknown-example"


def test_an_error_is_told_whatever_the_accept_says():
    """A client that takes JSON only still learns what is wrong, from a problem document."""
    fields = responding({"application/problem+json": {"example": {"title": "no"}}}, "404")
    found = answered(fields, status=404, accept=JSON)
    assert found == (404, "application/problem+json", '{"title": "no"}')


PET = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9a-f]{8}$"},
        "owner": {"type": "integer"},
        "href": {"type": "string"},
    },
}
SHOWN = {"id": "019b4132", "owner": 3, "href": "/users/3/pets/019b4132?full#x", "note": "019b4132"}
ECHOES = {
    "the id": ("/pets/{id}", {"id": "deadbeef"}, SHOWN, SHOWN | {"id": "deadbeef", "href": "/users/3/pets/deadbeef?full#x"}),
    "by the parameter's name": ("/pets/{petId}", {"petId": "deadbeef"}, {"petId": "a"}, {"petId": "deadbeef"}),
    "an id called by what it is of": ("/pets/{petId}", {"petId": "deadbeef"}, {"id": "019b4132"}, {"id": "deadbeef"}),
    "with what follows it": ("/pets/{id}.json", {"id": "deadbeef"}, {"id": "019b4132"}, {"id": "deadbeef"}),
    "a number": ("/of/{owner}", {"owner": "12"}, {"id": "019b4132", "owner": 3}, {"id": "019b4132", "owner": 12}),
    "not a number": ("/of/{owner}", {"owner": "me"}, {"id": "019b4132", "owner": 3}, {"id": "019b4132", "owner": 3}),
    "no id that the schema allows": ("/pets/{id}", {"id": "me"}, {"id": "019b4132"}, {"id": "019b4132"}),
    "not the last of the path": ("/of/{userId}/pets", {"userId": "deadbeef"}, {"id": "019b4132"}, {"id": "019b4132"}),
    "a name that is no id": ("/by/{name}", {"name": "rex"}, {"id": "019b4132"}, {"id": "019b4132"}),
    "another spelling": ("/by/{userName}", {"userName": "joe"}, {"user_name": "ann", "ID": "1"}, {"user_name": "joe", "ID": "1"}),
    "an ID in capitals": ("/pets/{id}", {"id": "q"}, {"ID": "1"}, {"ID": "q"}),
    "two of them": ("/of/{owner}/{id}", {"owner": "4", "id": "deadbeef"}, {"id": "019b4132", "owner": 3, "href": "/of/3/019b4132"}, {"id": "deadbeef", "owner": 4, "href": "/of/4/deadbeef"}),
    "an id of something else": ("/orders/{id}/pets", {"id": "deadbeef"}, {"id": "019b4132", "orderId": "1"}, {"id": "019b4132", "orderId": "deadbeef"}),
    "a link to something else": ("/pets/{id}", {"id": "deadbeef"}, {"id": "019b4132", "next": "/pets/019b4133"}, {"id": "deadbeef", "next": "/pets/019b4133"}),
    "links alone": ("/orders/{id}/pets", {"id": "7"}, {"id": "019b4132", "href": "http://x/v1/orders/1/pets?a"}, {"id": "019b4132", "href": "http://x/v1/orders/7/pets?a"}),
    "links that do not agree": ("/orders/{id}/pets", {"id": "7"}, {"a": "/orders/1", "b": "/orders/2"}, {"a": "/orders/1", "b": "/orders/2"}),
    "things inside the thing": ("/pets/{id}", {"id": "deadbeef"}, {"id": "019b4132", "tags": [{"id": "019b4132"}]}, {"id": "deadbeef", "tags": [{"id": "019b4132"}]}),
    "things below the thing": ("/pets/{id}/tags", {"id": "deadbeef"}, [{"id": "019b4132", "petId": "1"}], [{"id": "019b4132", "petId": "deadbeef"}]),
    "items of a list": ("/of/{owner}", {"owner": "4"}, [{"owner": 3, "id": "019b4132"}], [{"owner": 4, "id": "019b4132"}]),
    "in an envelope": ("/pets/{id}", {"id": "deadbeef"}, {"data": {"id": "019b4132"}}, {"data": {"id": "deadbeef"}}),
    "items in an envelope": ("/of/{owner}", {"owner": "4"}, {"data": [{"owner": 3}]}, {"data": [{"owner": 4}]}),
    "nothing of the kind": ("/pets/{id}", {"id": "deadbeef"}, {"ok": True}, {"ok": True}),
    "no object": ("/pets/{id}", {"id": "deadbeef"}, "text", "text"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "parameters", "shown", "expected"), ECHOES.values(), ids=ECHOES)
def test_what_is_asked_for_is_what_is_answered(path, parameters, shown, expected):
    """The id of the path is the id of the body, and paths in it lead there, if the schema agrees."""
    fields = responding({JSON: {"schema": {"anyOf": [PET, {}]}, "example": shown}})
    if isinstance(shown, dict) and "id" in shown:
        fields = responding({JSON: {"schema": PET, "example": shown}})
    made = next(iter(contract({path: {"get": fields}}).operations.values()))
    for _ in range(2):  # what is shown stays as it is
        body = answer(made, Wish(path=tuple(parameters.items()))).body
        assert json.loads(body) == expected


def test_an_example_asked_for_by_name_comes_as_it_is():
    """Whoever names an example knows its id."""
    content = {JSON: {"schema": PET, "examples": {"rex": {"value": {"id": "019b4132"}}}}}
    made = contract({"/pets/{id}": {"get": responding(content)}}).operations["GET /pets/{id}"]
    found = answer(made, Wish(example="rex", path=(("id", "deadbeef"),)))
    assert json.loads(found.body) == {"id": "019b4132"}


TEXT = {"type": "string"}
LOCATIONS = {
    "made": ({"schema": TEXT}, {"id": "a/b"}, "/v1/shops/7/pets/a%2Fb"),
    "by the parameter's name": ({"schema": TEXT}, {"petId": 5, "id": 6}, "/v1/shops/7/pets/5"),
    "no id": ({"schema": TEXT}, {"name": "x"}, "/v1/shops/7/pets"),
    "shown": ({"example": "/v1/pets/1"}, {"id": "2"}, "/v1/pets/1"),
    "elsewhere": ({"example": "https://a.test/pets/1"}, {"id": "2"}, "https://a.test/pets/1"),
    "another host": ({"example": "//a.test/pets/1"}, {"id": "2"}, "//a.test/pets/1"),
}


@pytest.mark.parametrize(("holder", "thing", "expected"), LOCATIONS.values(), ids=LOCATIONS)
@pytest.mark.parametrize("prefix", ["", "/@mine"])
def test_a_location_leads_to_the_thing(holder, thing, expected, prefix):
    """In the session of the request: the path below that has a name for it, as the body says it."""
    response = {"content": plain(thing), "headers": {"Location": holder}}
    paths = {
        "/shops/{shop}/pets": {"post": {"responses": {"201": response}}},
        "/shops/{shop}/pets/{petId}": {"get": {}},
    }
    made = contract(paths, servers=[{"url": "/v1"}]).operations["POST /shops/{shop}/pets"]
    found = answer(made, Wish(path=(("shop", "7"),), prefix=prefix))
    inside = expected.startswith("/") and not expected.startswith("//")
    assert found.headers["Location"] == (prefix if inside else "") + expected


def test_the_seed_decides_what_is_made():
    """The same seed makes the same body and headers, another one others."""
    schema = {"type": "integer", "minimum": 0, "maximum": 2**50}
    fields = responding({JSON: {"schema": schema}})
    fields["responses"]["200"]["headers"] = {"X-It": {"schema": schema}}
    once, again, other = (answer(operation(fields), Wish(seed=seed)) for seed in ("1", "1", "2"))
    assert once == again
    assert once.body != other.body
    assert once.headers != other.headers


def test_an_error_is_no_stream_whatever_its_media_type():
    """An error status under text/event-stream is an ordinary body."""
    stream = {"text/event-stream": {"example": "slow down"}}
    fields = {"responses": {"200": {"content": stream}, "429": {"content": stream}}}
    assert answered(fields, status=429) == (429, "text/event-stream", "slow down")
    assert answered(fields) == "no-example"
    assert answered(fields, example="nope") == "unknown-example"


PICTURES = {
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8\xff",
    "image/webp": b"RIFF",
    "image/gif": b"GIF8",
}


@pytest.mark.parametrize(("kind", "begin"), PICTURES.items(), ids=PICTURES)
def test_a_range_of_pictures_is_answered_with_the_one_asked_for(kind, begin):
    """By name, else with a PNG."""
    made = operation(responding({"image/*": {}}))
    found = answer(made, Wish(accept=f"{kind}, */*;q=0.1"))
    assert (found.media_type, found.body.startswith(begin)) == (kind, True)
    usual = answer(made, Wish())
    assert (usual.media_type, usual.body.startswith(PICTURES["image/png"])) == ("image/png", True)

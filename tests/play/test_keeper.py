"""What becomes of things: what the server adds, what it shows, and what it refuses."""

import json

import pytest
from kept import Client, answers, api, operation, query, ref

from mockserver.contract.values import value_violations
from mockserver.errors import ControlError
from mockserver.play.kept.store import Store
from mockserver.play.kept.things import merged

ID = {"type": "integer"}
TEXT = {"type": "string"}


def thing(*required, **properties):
    return {"type": "object", "required": ["id", *required], "properties": {"id": ID, **properties}}


def new(*required, **properties):
    return {"type": "object", "required": [*required], "properties": properties}


# Made by POST

CONST = {"const": "made"}
MADE = {
    "what is sent": (thing(name=TEXT), new(name=TEXT), {"name": "a"}, {"id": 1, "name": "a"}),
    "no optional member that was not sent": (thing(name=TEXT), new(name=TEXT), {}, {"id": 1}),
    "a required member that nobody can send": (
        thing("state", state=CONST),
        new(),
        {},
        {"id": 1, "state": "made"},
    ),
    "the default of a request": (
        thing(n=ID),
        new(n={**ID, "default": 3}),
        {},
        {"id": 1, "n": 3},
    ),
    "a default false": (
        thing(on={"type": "boolean", "default": False}),
        new(on={"type": "boolean"}),
        {},
        {"id": 1, "on": False},
    ),
    "a member that is for requests only": (
        thing(name=TEXT),
        new(name=TEXT, password=TEXT),
        {"name": "a", "password": "p"},
        {"id": 1, "name": "a"},
    ),
    "a member that is writeOnly": (
        thing(password={**TEXT, "writeOnly": True}),
        new(password=TEXT),
        {"password": "p"},
        {"id": 1},
    ),
    "a member that is readOnly": (
        thing(state={**CONST, "readOnly": True}),
        new(state=TEXT),
        {"state": "mine"},
        {"id": 1},
    ),
    "a member that nobody declares": (thing(), new(), {"x": 1}, {"id": 1, "x": 1}),
    "a member that nobody may have": (
        {**thing(), "additionalProperties": False},
        new(),
        {"x": 1},
        {"id": 1},
    ),
    "a member that does not fit the answer": (
        thing("state", state=CONST),
        new(state=TEXT),
        {"state": "mine"},
        {"id": 1, "state": "made"},
    ),
    "an id that nobody may send": (thing(), new(name=TEXT), {"id": 7}, {"id": 1}),
    "an id that may be sent": (thing(), new(id=ID), {"id": 7}, {"id": 7}),
    "an id that is not set": (thing(), new(id=ID), {"id": 0}, {"id": 1}),
    "an id that is readOnly": (thing(), new(id={**ID, "readOnly": True}), {"id": 7}, {"id": 1}),
    "null": (thing(n={"type": ["string", "null"]}), new(n={}), {"n": None}, {"id": 1, "n": None}),
    "what is needed further in": (
        thing(lines={"type": "array", "items": thing("state", state=CONST, n=ID)}),
        new(lines={"type": "array"}),
        {"lines": [{"id": 4, "n": 2}]},
        {"id": 1, "lines": [{"id": 4, "n": 2, "state": "made"}]},
    ),
    "what is kept back further in": (
        thing(login={"properties": {"name": TEXT, "password": {**TEXT, "writeOnly": True}}}),
        new(login={}),
        {"login": {"name": "a", "password": "p"}},
        {"id": 1, "login": {"name": "a"}},
    ),
    "the fitting one of several kinds": (
        {
            "oneOf": [
                thing("bark", kind={"const": "dog"}, bark=CONST),
                thing("meow", kind={"const": "cat"}, meow=CONST),
            ]
        },
        new(kind=TEXT),
        {"kind": "cat"},
        {"id": 1, "meow": "made", "kind": "cat"},
    ),
}


@pytest.mark.parametrize(("item", "body", "sent", "expected"), MADE.values(), ids=MADE)
def test_a_thing_is_what_was_sent_and_what_the_server_adds(item, body, sent, expected):
    """The POST answers it, and so do GET and the list."""
    client = Client(api(item, body))
    made = client.make("/things", sent)
    assert made == expected
    assert client.json("GET", f"/things/{made['id']}") == (200, expected)
    assert client.listed("/things") == [expected]
    assert value_violations(client.contract.document, client.contract.document.at("/components/schemas/Thing"), made, "it") == []  # fmt: skip


def test_the_servers_members_come_from_the_example_of_the_answer():
    """Its paths lead to the new thing; what a client could have sent is not taken from it."""
    item = thing("since", since=TEXT, name=TEXT, links={"type": "object"}, note=TEXT)
    document = api(item, new(name=TEXT))
    document["paths"]["/things"]["post"]["responses"]["201"]["content"]["application/json"][
        "example"
    ] = {
        "id": 9,
        "since": "2026-01-01",
        "name": "shown",
        "links": {"self": "/v1/things/9", "all": "/things/99?of=/things/9#x", "9": "9"},
    }
    assert Client(document).make("/things", {}) == {
        "id": 1,
        "since": "2026-01-01",
        "links": {"self": "/v1/things/1", "all": "/things/99?of=/things/1#x", "9": "9"},
    }


def test_ids_beside_the_key_are_each_of_one_thing():
    """Two users have two ids, though their names are their keys."""
    users = api(
        {"required": ["id", "name"], "properties": {"id": ID, "name": TEXT}},
        new("name", name=TEXT),
        path="/users",
        key="name",
    )
    client = Client(users)
    assert [client.make("/users", {"name": name})["id"] for name in ("ada", "bob")] == [1, 2]
    assert client.json("PUT", "/users/ada", {"name": "ada"}) == (200, {"id": 1, "name": "ada"})


def test_the_location_is_that_of_the_thing():
    """Percent-encoded, in the session, with the slash that the path ends with."""
    client = Client(api(thing(), new(id=TEXT), path="/a/things"))
    made = client.ask("POST", "/a/things?x=1", {"id": "a b/ü"}, prefix="/@s")
    assert made.headers["Location"] == "/@s/a/things/a%20b%2F%C3%BC"


def test_the_same_requests_make_the_same_things():
    """Bytes and all; another seed draws other values."""
    item = thing("when", "uuid", when={"format": "date-time"}, uuid={"format": "uuid"})

    def play(seed):
        client = Client(api(item, new()), seed)
        bodies = [client.ask("POST", "/things", {}).body for _ in range(3)]
        return [*bodies, client.ask("GET", "/things").body]

    assert play("0") == play("0")
    assert play("0") != play("1")


def test_a_key_that_is_there_is_a_conflict_where_that_is_declared():
    """Else the thing is made anew in its place."""
    document = api(thing(n=ID), new(id=ID, n=ID))
    client = Client(document)
    for n in (1, 2):
        assert client.make("/things", {"id": 7, "n": n}) == {"id": 7, "n": n}
    assert client.listed("/things") == [{"id": 7, "n": 2}]

    document["paths"]["/things"]["post"]["responses"] |= answers("409", example={"taken": True})
    client = Client(document)
    client.make("/things", {"id": 7, "n": 1})
    assert client.json("POST", "/things", {"id": 7, "n": 2})[0] == 409
    assert client.listed("/things") == [{"id": 7, "n": 1}]


# Changed

STATE = {**CONST, "readOnly": True}
PUTS = {
    "what is sent": ({"name": "b"}, {"id": 1, "name": "b", "state": "made"}),
    "nothing": ({}, {"id": 1, "state": "made"}),
    "the server's members": ({"state": "x", "id": 9}, {"id": 1, "state": "made"}),
}


@pytest.mark.parametrize(("sent", "expected"), PUTS.values(), ids=PUTS)
def test_put_replaces_what_a_client_may_send(sent, expected):
    """What the server has set stays, the key above all."""
    client = Client(api(thing("state", state=STATE, name=TEXT, n=ID), new(name=TEXT, n=ID)))
    client.make("/things", {"name": "a", "n": 5})
    assert client.json("PUT", "/things/1", sent) == (200, expected)
    assert client.json("GET", "/things/1") == (200, expected)


MERGED, PLAIN = "application/merge-patch+json", "application/json"
PATCHES = {
    "a member": ({"n": 6}, PLAIN, {"id": 1, "name": "a", "n": 6, "in": {"x": 1, "y": 2}}),
    "a member of a member": ({"in": {"x": 7}}, PLAIN, {"id": 1, "name": "a", "n": 5, "in": {"x": 7, "y": 2}}),
    "null removes": ({"n": None, "in": {"x": None}}, PLAIN, {"id": 1, "name": "a", "in": {"y": 2}}),
    "null is null where it may be": ({"name": None}, PLAIN, {"id": 1, "name": None, "n": 5, "in": {"x": 1, "y": 2}}),
    "null removes by RFC 7396": ({"name": None}, MERGED, {"id": 1, "n": 5, "in": {"x": 1, "y": 2}}),
    "the key": ({"id": 9}, PLAIN, {"id": 1, "name": "a", "n": 5, "in": {"x": 1, "y": 2}}),
    "nothing": ({}, PLAIN, {"id": 1, "name": "a", "n": 5, "in": {"x": 1, "y": 2}}),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "kind", "expected"), PATCHES.values(), ids=PATCHES)
def test_patch_merges(sent, kind, expected):
    """Into the thing as it is (RFC 7396)."""
    members = {"name": {"type": ["string", "null"]}, "n": ID, "in": {"type": "object"}}
    client = Client(api(thing(**members), new(**members)))
    client.make("/things", {"name": "a", "n": 5, "in": {"x": 1, "y": 2}})
    assert client.json("PATCH", "/things/1", sent, kind=kind) == (200, expected)
    assert client.json("GET", "/things/1") == (200, expected)


# RFC 7396, appendix A.
MERGES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("old", "patch", "expected"), MERGES)
def test_a_merge_patch_is_that_of_the_standard(old, patch, expected):
    """The examples of the RFC."""
    assert merged(old, patch) == expected


def test_a_list_of_changes_is_refused():
    """415 for JSON Patch (RFC 6902), and what would be understood."""
    client = Client(api(thing(), new()))
    client.make("/things")
    with pytest.raises(ControlError) as refused:
        client.ask("PATCH", "/things/1", [], kind="application/json-patch+json")
    assert (refused.value.status, refused.value.code) == (415, "unsupported-patch")


def test_a_default_of_the_servers_does_not_come_back_with_a_change():
    """What a thing has already is what it keeps."""
    item = thing(state={"enum": ["old", "new"], "default": "new"}, n=ID)
    document = api(item, new(n=ID))
    document["paths"]["/things/{id}"]["get"]["responses"] = answers(
        "200", ref("Thing"), example={"id": 3, "state": "old"}
    )
    client = Client(document)
    assert client.json("PATCH", "/things/3", {"n": 1})[1] == {"id": 3, "state": "old", "n": 1}
    assert client.make("/things") == {"id": 4, "state": "new"}


def test_a_form_has_numbers_where_its_schema_asks_for_them():
    """And true and false; what is none stays text."""
    members = {"n": ID, "x": {"type": "number"}, "on": {"type": "boolean"}, "t": TEXT}
    document = api(thing(**members), new(**members))
    document["paths"]["/things"]["post"]["requestBody"]["content"] = {
        "application/x-www-form-urlencoded": {"schema": ref("New")}
    }
    sent = {"n": "3", "x": "1.5", "on": "true", "t": "7"}
    made = Client(document).make("/things", sent, kind="application/x-www-form-urlencoded")
    assert made == {"id": 1, "n": 3, "x": 1.5, "on": True, "t": "7"}


def test_post_on_a_thing_changes_it():
    """As many APIs have it instead of PATCH; members may stand in the query."""
    document = api(thing(n=ID, name=TEXT), new(n=ID))
    item = document["paths"]["/things/{id}"]
    del item["patch"]
    item["post"] = operation(
        answers("200", ref("Thing")), parameters=[{"name": "name", "in": "query", "schema": TEXT}]
    )
    client = Client(document)
    client.make("/things", {"n": 1})
    assert client.json("POST", "/things/1?name=a&x=y", None) == (
        200,
        {"id": 1, "n": 1, "name": "a"},
    )
    assert client.json("POST", "/things/1", {"n": 2}) == (200, {"id": 1, "n": 2, "name": "a"})


def test_put_on_the_collection_names_the_thing_in_its_body():
    """404 where there is none of that key, or none is named."""
    document = api(thing(n=ID), new(id=ID, n=ID))
    document["paths"]["/things"]["put"] = operation(answers("200", ref("Thing")), ref("New"))
    client = Client(document)
    client.make("/things", {"id": 7})
    assert client.json("PUT", "/things", {"id": 7, "n": 1}) == (200, {"id": 7, "n": 1})
    for body in ({"id": 8}, {}):
        with pytest.raises(ControlError):
            client.ask("PUT", "/things", body)


def test_put_makes_what_is_not_there_where_the_document_says_201():
    """And answers 200 the next time."""
    document = api(thing(n=ID), new(n=ID))
    document["paths"]["/things/{id}"]["put"]["responses"] |= answers("201", ref("Thing"))
    client = Client(document)
    assert client.json("PUT", "/things/5", {"n": 1}) == (201, {"id": 5, "n": 1})
    assert client.json("PUT", "/things/5", {"n": 2}) == (200, {"id": 5, "n": 2})
    assert client.listed("/things") == [{"id": 5, "n": 2}]
    assert client.make("/things")["id"] == 1


@pytest.mark.parametrize("key", [0, ""])
def test_a_put_without_a_key_names_nothing(key):
    """What generated clients send for a key that nobody has set."""
    document = api(thing(), new(id={}))
    document["paths"]["/things"]["put"] = operation(answers("200", ref("Thing")), ref("New"))
    client = Client(document)
    client.make("/things")
    with pytest.raises(ControlError):
        client.ask("PUT", "/things", {"id": key})


def test_a_thing_may_be_called_0():
    """By a path, or by an example."""
    document = api(thing(), new())
    document["paths"]["/things/{id}"]["put"]["responses"] |= answers("201", ref("Thing"))
    document["paths"]["/things"]["get"]["responses"] = answers(
        "200", {"type": "array", "items": ref("Thing")}, example=[{"id": 0}]
    )
    client = Client(document)
    assert client.json("GET", "/things/0") == (200, {"id": 0})
    client.ask("DELETE", "/things/0")
    assert client.json("PUT", "/things/0", {}) == (201, {"id": 0})
    assert client.listed("/things") == [{"id": 0}]


# Missing, and removed


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_is_not_there_is_a_404(method):
    """The document's, where it has one; else a problem of ours that says what to do."""
    document = api(thing(), new())
    with pytest.raises(ControlError) as refused:
        Client(document).ask(method, "/things/1", {})
    assert (refused.value.status, refused.value.code) == (404, "no-such-item")
    assert "POST /things" in refused.value.mend

    own = answers("404", {"const": "gone"})
    document["paths"]["/things/{id}"][method.lower()]["responses"] |= own
    assert Client(document).json(method, "/things/1", {}) == (404, "gone")


ERRORS = {
    "4XX": ({"4XX"}, True),
    "default beside a 200": ({"200", "default"}, True),
    "default alone": ({"default"}, False),
    "200 alone": ({"200"}, False),
}


@pytest.mark.parametrize(("statuses", "declared"), ERRORS.values(), ids=ERRORS)
def test_a_404_may_be_declared_for_all_errors(statuses, declared):
    """By a range, or by default."""
    document = api(thing(), new())
    responses = {status: answers(status)[status] for status in statuses}
    document["paths"]["/things/{id}"]["get"]["responses"] = responses
    if declared:
        assert Client(document).ask("GET", "/things/1").status == 404
    else:
        with pytest.raises(ControlError):
            Client(document).ask("GET", "/things/1")


def test_what_is_removed_is_gone_and_its_key_is_not_used_again():
    """204, then 404; the next thing has the next key."""
    client = Client(api(thing(), new()))
    keys = [client.make("/things")["id"] for _ in range(2)]
    assert client.json("DELETE", "/things/2") == (204, None)
    with pytest.raises(ControlError):
        client.ask("DELETE", "/things/2")
    assert [*keys, client.make("/things")["id"]] == [1, 2, 3]


def test_delete_may_answer_what_was_removed():
    """Or what its schema shows of that."""
    document = api(thing(n=ID, object={"const": "thing"}), new(n=ID))
    gone = {
        "required": ["id", "deleted", "object"],
        "properties": {"id": ID, "deleted": {"const": True}, "object": {"const": "thing.gone"}},
        "additionalProperties": False,
    }
    document["paths"]["/things/{id}"]["delete"]["responses"] = answers("200", gone)
    client = Client(document)
    client.make("/things", {"n": 1})
    answer = {"id": 1, "deleted": True, "object": "thing.gone"}
    assert client.json("DELETE", "/things/1") == (200, answer)


BOOL = {"type": "boolean"}
GONE = {
    "a flag": (thing("deleted", deleted=BOOL), {"id": 1, "deleted": True}),
    "a flag that is not required": (thing(deleted=BOOL), {"id": 1, "deleted": True}),
    "a flag around the thing": (
        {"properties": {"deleted": BOOL, "thing": thing()}},
        {"deleted": True, "thing": {"id": 1}},
    ),
    "a flag alone": ({"required": ["deleted"], "properties": {"deleted": BOOL}}, {"deleted": True}),
    "a flag that is never true": (
        thing("deleted", deleted={"const": False}),
        {"id": 1, "deleted": False},
    ),
    "a text": (thing("deleted", deleted={"const": "then"}), {"id": 1, "deleted": "then"}),
    "the thing": (ref("Thing"), {"id": 1, "done": False, "n": 1}),
}


@pytest.mark.parametrize(("schema", "expected"), GONE.values(), ids=GONE)
def test_delete_says_what_its_schema_declares(schema, expected):
    """Not what else the thing has; and that it is deleted, where it says so at all."""
    document = api(thing("done", done={"const": False}, n=ID), new(n=ID))
    document["paths"]["/things/{id}"]["delete"]["responses"] = answers("200", schema)
    client = Client(document)
    client.make("/things", {"n": 1})
    assert client.json("DELETE", "/things/1") == (200, expected)


def collection_of_three(parameters=()):
    """Return a client of three things, with parts below them, whose collection can be emptied."""
    parts = {
        "get": operation(answers("200", {"type": "array", "items": ref("Thing")})),
        "post": operation(answers("201", ref("Thing")), ref("New")),
    }
    more = {"/things/{id}/parts": parts, "/things/{id}/parts/{part}": {"get": operation(answers("200", ref("Thing")))}}  # fmt: skip
    document = api(thing(n=ID), new(id=ID, n=ID), more=more)
    clear = operation(answers("204"), parameters=list(parameters))
    document["paths"]["/things"]["delete"] = clear
    client = Client(document)
    for n in (1, 2, 2):
        client.make("/things", {"n": n})
        client.make("/things/1/parts", {})
    return client


def test_delete_empties_a_collection():
    """What is below its things goes with them; keys are not used again."""
    client = collection_of_three()
    assert client.json("DELETE", "/things") == (204, None)
    assert client.listed("/things") == []
    assert client.json("DELETE", "/things") == (204, None)
    assert client.make("/things")["id"] == 4
    client.make("/things", {"id": 1})
    assert client.listed("/things/1/parts") == []


CLEARED = {
    "by a member": ("?n=2", None, [1]),
    "by a member that none has": ("?n=3", None, [1, 2, 3]),
    "a parameter that is not declared": ("?x=1", None, []),
    "a parameter that nobody understands": ("?ids=1", None, None),
    "a body": ("", {"ids": [1]}, None),
}


@pytest.mark.parametrize(("asked", "body", "left"), CLEARED.values(), ids=CLEARED)
def test_delete_on_a_collection_removes_what_is_meant(asked, body, left):
    """What cannot be understood removes nothing, and is answered by the document."""
    client = collection_of_three(query(n=ID, ids=TEXT))
    answer = client.ask("DELETE", f"/things{asked}", body)
    assert (answer is None) is (left is None)
    assert [one["id"] for one in client.listed("/things")] == (
        left or ([] if answer else [1, 2, 3])
    )


HEADS = {
    "with a GET": (("get", "head"), 200),
    "without a GET": (("head",), 200),
}


@pytest.mark.parametrize(("methods", "status"), HEADS.values(), ids=HEADS)
def test_a_declared_head_is_as_get_would_be(methods, status):
    """RFC 9110 § 9.3.2: what is not there is not there for it either."""
    document = api(thing(n=ID), new(n=ID))
    item = document["paths"]["/things/{id}"]
    get = item.pop("get")
    item |= {method: get if method == "get" else operation(answers("200")) for method in methods}
    client = Client(document)
    with pytest.raises(ControlError) as refused:
        client.ask("HEAD", "/things/1")
    assert (refused.value.status, refused.value.code) == (404, "no-such-item")
    client.make("/things", {"n": 3})
    found = client.ask("HEAD", "/things/1")
    assert found.status == status
    assert found == client.ask("GET", "/things/1") if "get" in methods else found.body == b""


# How it is answered


def test_envelopes_stand_around_things_and_bodies():
    """`{"thing": {…}}` in, `{"thing": {…}, "meta": {…}}` out."""
    wrapped = {"required": ["thing"], "properties": {"thing": ref("Item"), "ok": {"const": True}}}
    document = api(
        {**wrapped, "required": ["thing", "ok"]},
        {"required": ["thing"], "properties": {"thing": ref("Sent")}},
        listed={"properties": {"things": {"type": "array", "items": ref("Item")}}},
        Item=thing(n=ID),
        Sent=new(n=ID),
    )
    client = Client(document)
    made = {"thing": {"id": 1, "n": 4}, "ok": True}
    assert client.make("/things", {"thing": {"n": 4}}) == made
    assert client.json("GET", "/things/1") == (200, made)
    assert client.listed("/things")["things"] == [{"id": 1, "n": 4}]


def test_a_list_may_show_less_of_each():
    """Its own schema says what."""
    less = {"type": "array", "items": {**thing(name=TEXT), "additionalProperties": False}}
    client = Client(api(thing(name=TEXT, n=ID), new(name=TEXT, n=ID), listed=less))
    client.make("/things", {"name": "a", "n": 1})
    assert client.listed("/things") == [{"id": 1, "name": "a"}]
    client.json("PATCH", "/things/1", {"name": "b"})
    assert client.listed("/things") == [{"id": 1, "name": "b"}]


def test_a_post_may_answer_the_key_alone():
    """Or something else altogether: the thing is made all the same."""
    document = api(thing(), new())
    post = document["paths"]["/things"]["post"]
    post["responses"] = answers("201", ID)
    assert Client(document).make("/things") == 1
    post["requestBody"]["content"]["application/json"]["schema"] = new(id=ID)
    post["responses"] = answers("201", {"const": {"message": "made"}})
    client = Client(document)
    assert client.make("/things") == {"message": "made"}
    assert client.listed("/things") == [{"id": 1}]


def test_a_thing_can_be_answered_as_xml():
    """Wherever the document declares it and the Accept asks for it."""
    document = api({**thing(n=ID), "xml": {"name": "thing"}}, new(n=ID))
    content = document["paths"]["/things/{id}"]["get"]["responses"]["200"]["content"]
    content["application/xml"] = {"schema": ref("Thing")}
    client = Client(document)
    client.make("/things", {"n": 4})
    answer = client.ask("GET", "/things/1", accept="application/xml")
    assert answer.media_type == "application/xml"
    assert b"<id>1</id><n>4</n>" in answer.body.replace(b"\n", b"").replace(b" ", b"")


def test_a_client_that_accepts_no_answer_makes_nothing():
    """406, and the store stays as it was."""
    client = Client(api(thing(), new()))
    with pytest.raises(ControlError) as refused:
        client.ask("POST", "/things", {}, accept="image/png")
    assert (refused.value.status, client.listed("/things")) == (406, [])


def test_a_document_that_declares_errors_only_gets_usual_answers():
    """As the oldest of all Petstores does."""
    document = api(thing(), new())
    for path, method in [("/things", "post"), ("/things/{id}", "delete")]:
        document["paths"][path][method]["responses"] = answers("405")
    client = Client(document)
    made = client.ask("POST", "/things", {})
    assert (made.status, made.headers["Location"], made.body) == (201, "/things/1", b"")
    assert client.json("GET", "/things/1") == (200, {"id": 1})
    assert client.ask("DELETE", "/things/1").status == 204


NOT_ITS_AFFAIR = {
    "text": ("POST", "/things", "text", "text/plain"),
    "a list": ("POST", "/things", [{}], "application/json"),
    "no body": ("POST", "/things", None, "application/json"),
    "a list to replace with": ("PUT", "/things/1", [], "application/json"),
    "text to merge": ("PATCH", "/things/1", "x", "application/json"),
    "another operation": ("POST", "/things/1/poke", {}, "application/json"),
    "deeper than can be followed": ("POST", "/things", None, "deep"),
}


@pytest.mark.parametrize(
    ("method", "target", "body", "kind"), NOT_ITS_AFFAIR.values(), ids=NOT_ITS_AFFAIR
)
def test_what_is_not_its_affair_is_left_to_the_document(method, target, body, kind):
    """Nothing is changed by it."""
    more = {"/things/{id}/poke": {"post": operation(answers("200", {"const": "ow"}))}}
    client = Client(api(thing(), new(), more=more))
    client.make("/things")
    if kind == "deep":
        body, kind = {}, "application/json"
        inner = body
        for _ in range(100_000):
            inner["x"] = inner = {}
    assert client.ask(method, target, body, kind=kind) is None
    assert client.listed("/things") == [{"id": 1}]
    while body:  # Python takes apart what is nested that deep by recursion.
        body = body.pop("x") if isinstance(body, dict) else None


def test_files_make_things_too():
    """Of a multipart body nothing is kept, but what it makes is found again."""
    document = api(thing("name", name=TEXT), new())
    document["paths"]["/things"]["post"]["requestBody"]["content"] = {
        "multipart/form-data": {"schema": {"properties": {"file": {}}}}
    }
    client = Client(document)
    made = client.make("/things", "--b…", kind="multipart/form-data; boundary=b")
    assert client.json("GET", "/things/1") == (200, made)


def test_a_thing_need_not_show_its_key():
    """Its path is in the Location."""
    document = api(new(n=ID), new(n=ID))
    client = Client(document)
    made = client.ask("POST", "/things", {"n": 4})
    assert json.loads(made.body) == {"n": 4}
    assert client.json("GET", made.headers["Location"]) == (200, {"n": 4})


# Examples, and things below things


def seeded():
    """Return a document whose list shows two things, one of them in full at its own path."""
    document = api(thing(name=TEXT, n=ID), new(name=TEXT))
    listed = [{"id": 4, "name": "a"}, {"id": 2, "name": "b"}]
    document["paths"]["/things"]["get"]["responses"] = answers(
        "200", {"type": "array", "items": ref("Thing")}, example=listed
    )
    document["paths"]["/things/{id}"]["get"]["responses"] = answers(
        "200",
        ref("Thing"),
        examples={"a": {"value": {"id": 2, "n": 9}}, "c": {"value": {"id": 3}}},
    )
    return document


def test_a_collection_begins_with_what_the_document_shows():
    """The list's example and those of the things, each found by its id; then what clients do."""
    client = Client(seeded())
    begin = [{"id": 4, "name": "a"}, {"id": 2, "name": "b", "n": 9}, {"id": 3}]
    assert client.listed("/things") == begin
    assert client.json("GET", "/things/2") == (200, begin[1])
    made = client.make("/things", {"name": "d"})
    assert made == {"id": 5, "name": "d", "n": 9}
    client.ask("DELETE", "/things/2")
    assert client.listed("/things") == [begin[0], begin[2], made]
    client.store.clear()
    assert client.listed("/things") == begin


def test_examples_that_are_looked_at_only_take_no_room():
    """A session is full by what clients do."""
    client = Client(seeded(), store=Store(0))
    assert len(client.listed("/things")) == 3
    with pytest.raises(ControlError) as refused:
        client.ask("DELETE", "/things/2")
    assert refused.value.code == "store-full"


PART = {
    "required": ["id"],
    "properties": {"id": TEXT, "thingId": ID, "shop": TEXT, "n": ID},
}
BELOW = {
    "/things/{thing}/parts": {
        "post": operation(answers("201", ref("Part")), {"properties": {"n": ID}}),
        "get": operation(
            answers("200", {"type": "array", "items": ref("Part")}, example=[{"id": "p1"}])
        ),
    },
    "/things/{thing}/parts/{id}": {"get": operation(answers("200", ref("Part")))},
}


def test_a_part_says_of_what_it_is_a_part():
    """By the path, as its schema asks for it; its key is its own in all of them."""
    more = {
        "/things/{id}/parts": BELOW["/things/{thing}/parts"],
        "/things/{id}/parts/{partId}": BELOW["/things/{thing}/parts/{id}"],
    }
    client = Client(api(thing(), new(), more=more, Part=PART))
    client.make("/things")
    client.make("/things")
    parts = [client.make(f"/things/{n}/parts", {"thingId": 9}) for n in (1, 2, 1)]
    assert [(part["id"], part["thingId"]) for part in parts] == [("p2", 1), ("p3", 2), ("p4", 1)]
    assert client.listed("/things/2/parts") == [{"id": "p3", "thingId": 2}]


def test_there_are_no_parts_of_what_is_not_there():
    """404 for the list, for making one and for reading one."""
    client = Client(api(thing(), new(), more=BELOW, Part=PART))
    for method, target in [("GET", "parts"), ("POST", "parts"), ("GET", "parts/p1")]:
        with pytest.raises(ControlError) as refused:
            client.ask(method, f"/things/1/{target}", {})
        assert (refused.value.status, refused.value.code) == (404, "no-such-item")


def test_parts_go_with_the_thing():
    """What is made under the same key later has none of them."""
    document = api(thing(), new(id=ID), more=BELOW, Part=PART)
    client = Client(document)
    client.make("/things", {"id": 7})
    client.make("/things/7/parts")
    client.ask("DELETE", "/things/7")
    client.make("/things", {"id": 7})
    assert client.listed("/things/7/parts") == []
    assert client.store.count == 2


def test_only_things_of_the_document_begin_with_its_parts():
    """Nothing is below what a client has made but what it makes there."""
    document = seeded()
    document["paths"] |= BELOW
    document["components"]["schemas"]["Part"] = PART
    client = Client(document)
    client.make("/things")
    assert client.listed("/things/2/parts") == [{"id": "p1"}]
    assert client.listed("/things/5/parts") == []
    client.ask("DELETE", "/things/2")
    with pytest.raises(ControlError):
        client.ask("GET", "/things/2/parts")


def test_below_what_is_not_kept_every_key_is_a_place_of_its_own():
    """Nobody makes shops here, so all of them are there."""
    more = {path.replace("things", "shops"): item for path, item in BELOW.items()}
    client = Client(api(thing(), new(), more=more, Part=PART))
    client.make("/shops/1/parts", {"n": 3})
    assert client.listed("/shops/1/parts") == [{"id": "p1"}, {"id": "p2", "n": 3}]
    assert client.listed("/shops/2/parts") == [{"id": "p1"}]


def test_a_full_session_says_so():
    """507 for the thing that is one too many."""
    client = Client(api(thing(), new()), store=Store(3))
    client.make("/things")
    client.make("/things")
    with pytest.raises(ControlError) as refused:
        client.ask("POST", "/things", {})
    assert (refused.value.status, refused.value.code) == (507, "store-full")
    assert len(client.listed("/things")) == 2

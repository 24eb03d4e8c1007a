"""Which operations form a collection: from paths, methods and schemas, in documents of any kind."""

from pathlib import Path

import pytest
from contract_documents import contract

from mockserver.contract import read
from mockserver.contract.collection import parameters, responses
from mockserver.contract.items import key_name
from mockserver.contract.resources import Resources, template_of
from mockserver.scenario.plaindata import plain_data

ROOT = Path(__file__).resolve().parents[2]
PETSTORES = {
    "3.2": ROOT / "specs/petstore.openapi.yaml",
    "3.1": ROOT / "tests/fixtures/specs/petstore-3.1.yaml",
    "3.0": ROOT / "tests/fixtures/specs/petstore-3.0.yaml",
}

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}
NEW = {"type": "object", "properties": {"name": {"type": "string"}}}
REF = {"$ref": "#/components/schemas/Pet"}


def op(schema=None, body=None, status="200", **more):
    """Return an operation that takes and answers JSON of these schemas."""
    response = {"description": ""}
    if schema is not None:
        response["content"] = {"application/json": {"schema": schema}}
    made = {"responses": {status: response}, **more}
    if body is not None:
        made["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return made


def named(name, schema=None):
    """Return a path parameter."""
    return {"name": name, "in": "path", "required": True, "schema": schema or {"type": "string"}}


def in_query(*names):
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]


def of(paths, version="3.1.0", **schemas):
    components = {"schemas": {"Pet": PET, **schemas}}
    return contract(paths, version, components=components)


def told(made):
    """Return what was inferred: path → key, and what each operation does by its method and path."""
    found = Resources(made)
    deeds = {}
    for operation in made.operations.values():
        deed = found.deed(operation)
        if deed is not None:
            deeds.setdefault((deed.collection.path, deed.collection.key), {})[
                f"{operation.method} {operation.path}"
            ] = deed.role
    return deeds


def crud(path, item, **more):
    return {
        f"POST {path}": "create",
        f"GET {path}": "list",
        f"GET {item}": "read",
        f"PUT {item}": "replace",
        f"PATCH {item}": "merge",
        f"DELETE {item}": "delete",
        **more,
    }


def whole(path, item, list_schema, item_schema=REF):
    return {
        path: {"get": op(list_schema), "post": op(item_schema, NEW, "201")},
        item: {
            "get": op(item_schema),
            "put": op(item_schema, NEW),
            "patch": op(item_schema, NEW),
            "delete": op(status="204"),
        },
    }


LIST = {"type": "array", "items": REF}

COLLECTIONS = {
    "a plain list": (
        whole("/pets", "/pets/{id}", LIST),
        {("/pets", "id"): crud("/pets", "/pets/{id}")},
    ),
    "slashes at the ends": (
        whole("/pets/", "/pets/{id}/", LIST),
        {("/pets", "id"): crud("/pets/", "/pets/{id}/")},
    ),
    "a parameter called after the thing": (
        whole("/pets", "/pets/{petId}", LIST),
        {("/pets", "id"): crud("/pets", "/pets/{petId}")},
    ),
    "an envelope around the list": (
        whole("/pets", "/pets/{pet_id}", {"properties": {"data": LIST, "total": {}}}),
        {("/pets", "id"): crud("/pets", "/pets/{pet_id}")},
    ),
    "an envelope around the thing": (
        whole("/pets", "/pets/{id}", {"properties": {"pets": LIST}}, {"properties": {"pet": REF}}),
        {("/pets", "id"): crud("/pets", "/pets/{id}")},
    ),
    "no GET of a list": (
        {"/pets": {"post": op(REF, NEW, "201")}, "/pets/{id}": {"get": op(REF)}},
        {("/pets", "id"): {"POST /pets": "create", "GET /pets/{id}": "read"}},
    ),
    "no path of one thing": (
        {"/pets": {"post": op(REF, NEW, "201"), "get": op(LIST)}},
        {("/pets", "id"): {"POST /pets": "create", "GET /pets": "list"}},
    ),
    "POST on one thing changes it": (
        {"/pets": {"post": op(REF, NEW)}, "/pets/{id}": {"get": op(REF), "post": op(REF, NEW)}},
        {
            ("/pets", "id"): {
                "POST /pets": "create",
                "GET /pets/{id}": "read",
                "POST /pets/{id}": "merge",
            }
        },
    ),
    "PUT on the collection names the thing in its body": (
        {"/pets": {"post": op(REF, REF), "put": op(REF, REF)}, "/pets/{id}": {"get": op(REF)}},
        {
            ("/pets", "id"): {
                "POST /pets": "create",
                "PUT /pets": "replace",
                "GET /pets/{id}": "read",
            }
        },
    ),
    "a search by a member": (
        {
            "/pets": {"post": op(REF, NEW)},
            "/pets/{id}": {"get": op(REF)},
            "/pets/findByName": {"get": op(LIST, parameters=in_query("name"))},
            "/pets/mine": {"get": op(LIST)},
        },
        {
            ("/pets", "id"): {
                "POST /pets": "create",
                "GET /pets/{id}": "read",
                "GET /pets/findByName": "list",
            }
        },
    ),
    "nested": (
        whole("/users/{userId}/pets", "/users/{userId}/pets/{petId}", LIST),
        {
            ("/users/{userId}/pets", "id"): crud(
                "/users/{userId}/pets", "/users/{userId}/pets/{petId}"
            )
        },
    ),
    "PUT that may make the thing": (
        {"/pets/{id}": {"get": op(REF), "put": op(REF, NEW, "201")}},
        {("/pets", "id"): {"GET /pets/{id}": "read", "PUT /pets/{id}": "replace"}},
    ),
    "examples without schemas": (
        {
            "/pets": {
                "post": {
                    "responses": {
                        "201": {"content": {"application/json": {"example": {"id": 1, "a": 2}}}}
                    }
                }
            },
            "/pets/{id}": {
                "get": {
                    "responses": {
                        "200": {"content": {"application/json": {"example": {"id": 1, "a": 2}}}}
                    }
                }
            },
        },
        {("/pets", "id"): {"POST /pets": "create", "GET /pets/{id}": "read"}},
    ),
    "things that show no key": (
        {
            "/pets": {"post": op(NEW, NEW)},
            "/pets/{no}": {"get": op(NEW), "delete": op(status="204")},
        },
        {
            ("/pets", None): {
                "POST /pets": "create",
                "GET /pets/{no}": "read",
                "DELETE /pets/{no}": "delete",
            }
        },
    ),
    "one of several kinds": (
        {
            "/pets": {"post": op({"oneOf": [REF, NEW]}, NEW)},
            "/pets/{id}": {"get": op({"anyOf": [REF, {"properties": {"gone": {}}}]})},
        },
        {("/pets", "id"): {"POST /pets": "create", "GET /pets/{id}": "read"}},
    ),
    # And what is none.
    "a login": ({"/users/login": {"post": op(REF, NEW)}}, {}),
    "a search by POST": (
        {"/pets/search": {"post": op(LIST, {"properties": {"q": {}}}), "get": op(LIST)}},
        {},
    ),
    "an upload below a thing": (
        {"/pets/{id}/image": {"post": op({"properties": {"code": {}, "message": {}}})}},
        {},
    ),
    "nothing can be made": ({"/pets": {"get": op(LIST)}, "/pets/{id}": {"get": op(REF)}}, {}),
    "one thing for all": ({"/cart": {"get": op(REF), "post": op(REF, NEW)}}, {}),
    "a POST about something else": (
        {
            "/pets": {"post": op({"properties": {"ok": {}}}, {"properties": {"command": {}}})},
            "/pets/{id}": {"get": op(REF)},
        },
        {},
    ),
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize(("paths", "expected"), COLLECTIONS.values(), ids=COLLECTIONS)
def test_a_collection_is_inferred(paths, expected, version):
    """What each operation does to which collection, and which member is the key."""
    assert expected == told(of(paths, version))


@pytest.mark.parametrize("path", PETSTORES.values(), ids=PETSTORES)
def test_the_petstore_has_three_collections(path):
    """Pets, users and orders; not the login, not the image, not the payment, not the streams."""
    made = read(plain_data(path.name, path.read_bytes()), path.name)
    roles = {key: sorted(deeds.values()) for key, deeds in told(made).items()}
    assert roles == {
        ("/pets", "id"): ["create", "delete", "list", "read", "replace"],
        ("/users", "username"): ["create", "delete", "read", "replace"],
        ("/orders", "id"): ["create", "delete", "read"],
    }


KEYS = {
    "its own name": ("username", "users", ["id", "username"], "username"),
    "its own name before id": ("petId", "pets", ["id", "petId"], "petId"),
    "id": ("petId", "pets", ["name", "id"], "id"),
    "with an underscore": ("pet_id", "pets", ["petId"], "petId"),
    "in capitals": ("petID", "pets", ["ID"], "ID"),
    "without what the thing is called": ("issue_number", "issues", ["id", "number"], "number"),
    "with what the thing is called": ("id", "pets", ["petId", "ownerId"], "petId"),
    "called as the thing is": ("pet", "pets", ["name", "id"], "id"),
    "a plural in ies": ("categorySlug", "categories", ["slug", "id"], "slug"),
    "a plural in es": ("boxCode", "boxes", ["code"], "code"),
    "uuid": ("jobId", "jobs", ["uuid"], "uuid"),
    "nothing alike": ("code", "pets", ["name"], None),
    "no members": ("id", "pets", [], None),
}


@pytest.mark.parametrize(("parameter", "segment", "names", "expected"), KEYS.values(), ids=KEYS)
def test_a_path_parameter_names_a_member(parameter, segment, names, expected):
    """The key of a thing is the member that its path means."""
    assert expected == key_name(parameter, segment, dict.fromkeys(names))


def test_a_member_of_the_same_schema_is_the_key():
    """Where no name is alike, the only member whose `$ref` is the parameter's."""
    made = of(
        {
            "/pets": {"post": op(REF, NEW)},
            "/pets/{which}": {
                "parameters": [named("which", {"$ref": "#/components/schemas/Chip"})],
                "get": op(REF),
            },
        },
        Chip={"type": "string"},
        Pet={"properties": {"chip": {"$ref": "#/components/schemas/Chip"}, "name": {}}},
    )
    assert list(told(made)) == [("/pets", "chip")]


def test_an_object_is_no_key():
    """A member that is called like the parameter, but is an object, cannot stand in a path."""
    pet = {"properties": {"owner": {"type": "object"}, "id": {"type": "integer"}}}
    made = of({"/pets": {"post": op(REF, NEW)}, "/pets/{owner}": {"get": op(REF)}}, Pet=pet)
    assert list(told(made)) == [("/pets", None)]


BODIES = {
    "the item": (REF, "item", ()),
    "an item of other members": ({"properties": {"id": {}, "deleted": {}}}, "item", ()),
    "wrapped": ({"properties": {"meta": {}, "pet": REF}}, "item", ("pet",)),
    "a list": (LIST, "list", ()),
    "a list in data": ({"properties": {"data": LIST, "total": {}}}, "list", ("data",)),
    "two levels down": (
        {"properties": {"_embedded": {"properties": {"pets": LIST}}}},
        "list",
        ("_embedded", "pets"),
    ),
    "the likelier of two": (
        {"properties": {"featured": LIST, "items": LIST}},
        "list",
        ("items",),
    ),
    "the key": ({"type": "integer"}, "key", ()),
    "a message": ({"properties": {"code": {}, "message": {}}}, "other", ()),
    "a list of texts": ({"type": "array", "items": {"type": "string"}}, "other", ()),
    "anything": ({}, "other", ()),
    "malformed": ([], "other", ()),
}


@pytest.mark.parametrize(("schema", "kind", "inside"), BODIES.values(), ids=BODIES)
def test_a_body_is_an_item_a_list_or_neither(schema, kind, inside):
    """What a body is to the collection, and where in it the item or the list stands."""
    made = of(
        {
            "/pets": {"post": op(REF, NEW)},
            "/pets/{id}": {"get": op(REF), "put": op(schema, NEW)},
        }
    )
    deed = Resources(made).deed(made.find("PUT /pets/{id}"))
    body = deed.answered(responses(deed.operation)[0])
    assert (body.kind, body.inside) == (kind, inside)


def test_a_collection_knows_what_it_is_a_part_of():
    """The things above it, whatever their paths call the parameters."""
    made = of(
        {
            **whole("/users", "/users/{id}", LIST),
            **whole("/users/{user}/pets", "/users/{user}/pets/{id}", LIST),
            **whole(
                "/users/{u}/pets/{p}/toys", "/users/{u}/pets/{p}/toys/{toyId}", LIST
            ),
            **whole("/shops/{shopId}/pets", "/shops/{shopId}/pets/{id}", LIST),
        }
    )  # fmt: skip
    above = {found.path: [one.path for one in found.above] for found in Resources(made)}
    assert above == {
        "/users": [],
        "/users/{user}/pets": ["/users"],
        "/users/{u}/pets/{p}/toys": ["/users", "/users/{user}/pets"],
        "/shops/{shopId}/pets": [],
    }


@pytest.mark.parametrize(
    "paths",
    [
        {"/pets": {"get": op(parameters=in_query("name"))}},
        {"/pets": {"get": op(), "parameters": in_query("name")}},
        {"/pets": {"$ref": "#/components/pathItems/pets", "parameters": in_query("name")}},
        {"/pets": {"additionalOperations": {"COPY": op()}, "parameters": in_query("name")}},
    ],
    ids=["its own", "its path item's", "beside a reference", "of a method without a key"],
)
def test_the_parameters_of_an_operation_are_found_wherever_they_stand(paths):
    """They are the operation's and those of its path item, which may lead to another."""
    parts = {"schemas": {}, "pathItems": {"pets": {"get": op()}}}
    (operation,) = contract(paths, "3.2.0", components=parts).operations.values()
    found = {name: place.value for name, place in parameters(operation, "query").items()}
    assert found == {"name": {"type": "string"}}


def test_a_path_is_compared_without_the_names_in_it():
    """A parameter with text around it is part of the name."""
    assert template_of("/a/{b}/c.{d}/") == ("a", None, "c.{d}")


MALFORMED = {
    "null everywhere": {"/pets": {"post": None, "get": {}}, "/pets/{id}": {"get": {"responses": 5}}},
    "lists for mappings": {
        "/pets": {"post": {"requestBody": [], "responses": [], "parameters": {}}},
        "/pets/{id}": {"parameters": "x", "get": {"parameters": [None, 3], "responses": {"200": []}}},
    },
    "schemas that are none": {
        "/pets": {"post": op({"properties": [], "required": 3}, {"allOf": {}})},
        "/pets/{id}": {"get": op({"properties": {"id": None, "x": 3}})},
    },
    "a schema that contains itself": {
        "/pets": {"post": op({"$ref": "#/components/schemas/Loop"})},
        "/pets/{id}": {"get": op({"$ref": "#/components/schemas/Loop"})},
    },
    "a path that is all parameter": {"/{id}": {"post": op(REF), "get": op(REF)}, "/": {"post": op(REF)}},
}  # fmt: skip


@pytest.mark.parametrize("paths", MALFORMED.values(), ids=MALFORMED)
def test_nothing_malformed_breaks_the_inference(paths):
    """Documents in the wild: what cannot be read is no collection, or one of which less is known."""
    loop = {"properties": {"self": {"$ref": "#/components/schemas/Loop"}, "id": {}}}
    for deeds in told(of(paths, Loop=loop)).values():
        assert set(deeds.values()) <= {"create", "list", "read"}

"""Requests against the document: how values are written, what has to be there, what is told."""

import json

import pytest
from contract_documents import contract

from mockserver.contract.requests.verdicts import Asked, Verdicts

JSON = ("Content-Type", "application/json")


def verdict(operation, method="GET", **asked):
    """Return the verdict on a request to the operation of a path."""
    sent = Asked(method, asked.pop("path", "/it"), **asked)
    return Verdicts().of(operation, sent)


def told(verdict):
    """The faults as sentences; a verdict that could not be had is none of ours here."""
    assert verdict.unvalidated == ""
    return [str(fault) for fault in verdict.faults]


def declaring(parameters, path="/it", version="3.1.0", **more):
    """Return a GET operation with these parameters."""
    return contract({path: {"get": {"parameters": parameters}}}, version, **more).operations[
        f"GET {path}"
    ]


INTEGERS = {"type": "array", "items": {"type": "integer"}}
POINT = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["x"],
}

# style, explode, schema, the query, and what is told of it.
QUERIES = {
    "integer": (None, None, {"type": "integer"}, "v=5", []),
    "number, in hundredths": (None, None, {"type": "number", "multipleOf": 0.01}, "v=19.99", []),
    "number, in thousandths": (
        None, None, {"type": "number", "multipleOf": 0.01}, "v=19.999",
        ["query v: 19.999 is not a multiple of 0.01"],
    ),
    "integer, negative": (None, None, {"type": "integer"}, "v=-5", []),
    "integer, a whole number": (None, None, {"type": "integer"}, "v=5.0", []),
    "integer, a text": (
        None, None, {"type": "integer"}, "v=five", ["query v: 'five' is not of type 'integer'"],
    ),
    "integer, as Python would read it": (
        None, None, {"type": "integer"}, "v=1_000", ["query v: '1_000' is not of type 'integer'"],
    ),
    "integer, other digits": (
        None, None, {"type": "integer"}, "v=%EF%BC%95", ["query v: '５' is not of type 'integer'"],
    ),
    "integer, nothing": (
        None, None, {"type": "integer"}, "v=", ["query v: '' is not of type 'integer'"],
    ),
    "integer, twice": (
        None, None, {"type": "integer"}, "v=1&v=2", ["query v: [\"1\", \"2\"] is not of type 'integer'"],
    ),
    "number": (None, None, {"type": "number"}, "v=-1.5e3", []),
    "number, no JSON": (
        None, None, {"type": "number"}, "v=nan", ["query v: 'nan' is not of type 'number'"],
    ),
    "boolean": (None, None, {"type": "boolean"}, "v=true", []),
    "boolean, another word": (
        None, None, {"type": "boolean"}, "v=yes", ["query v: 'yes' is not of type 'boolean'"],
    ),
    "text that looks like a number": (None, None, {"type": "string", "maxLength": 3}, "v=12", []),
    "text, empty": (None, None, {"type": "string", "maxLength": 3}, "v=", []),
    "text, a plus is a space": (None, None, {"const": "a b"}, "v=a+b", []),
    "text, encoded": (None, None, {"const": "é&="}, "v=%C3%A9%26%3D", []),
    "text, a name encoded": (None, None, {"enum": ["a"]}, "%76=b", ["query v: 'b' is not one of [\"a\"]"]),
    "number or text": (
        None, None, {"oneOf": [{"type": "integer"}, {"enum": ["all"]}]}, "v=all", [],
    ),
    "several types": (None, None, {"type": ["integer", "null"], "minimum": 3}, "v=2",
                      ["query v: 2 is less than the minimum of 3"]),
    "numbers without a type": (None, None, {"enum": [1, 2]}, "v=2", []),
    "an optional value, as Python frameworks write it": (
        None, None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "v=x",
        ["query v: 'x' is not valid under any of the given schemas"],
    ),
    "null": (None, None, {"type": ["integer", "null"]}, "v=", []),
    "form array, exploded": (None, None, INTEGERS, "v=1&v=2", []),
    "form array, one": (None, None, INTEGERS, "v=1", []),
    "form array, a wrong item": (
        None, None, INTEGERS, "v=1&v=x", ["query v /1: 'x' is not of type 'integer'"],
    ),
    "form array, exploded but joined": (
        None, None, INTEGERS, "v=1,2", ["query v /0: '1,2' is not of type 'integer'"],
    ),
    "form array, empty": (None, None, INTEGERS, "v=", []),
    "form array, joined": (None, False, INTEGERS, "v=1,2", []),
    "form array, joined and encoded": (None, False, INTEGERS, "v=1%2C2", []),
    "form array of texts with commas": (
        None, False, {"type": "array", "items": {"enum": ["a,b", "c"]}}, "v=a%2Cb,c", [],
    ),
    "form array, behind a union": (
        None, None, {"anyOf": [INTEGERS, {"type": "null"}]}, "v=1&v=2", [],
    ),
    "space": ("spaceDelimited", False, INTEGERS, "v=1%202", []),
    "space as plus": ("spaceDelimited", False, INTEGERS, "v=1+2", []),
    "space, a wrong item": (
        "spaceDelimited", False, INTEGERS, "v=1%20b", ["query v /1: 'b' is not of type 'integer'"],
    ),
    "pipe": ("pipeDelimited", False, INTEGERS, "v=1|2", []),
    "pipe, encoded": ("pipeDelimited", False, INTEGERS, "v=1%7C2", []),
    "form object, exploded": (None, None, POINT, "x=1&y=2", []),
    "form object, exploded and wrong": (
        None, None, POINT, "x=1&y=b", ["query v /y: 'b' is not of type 'integer'"],
    ),
    "form object, exploded and not whole": (None, None, POINT, "y=2", ["query v /x: 'x' is missing"]),
    "form object, exploded and absent": (None, None, POINT, "z=2", []),
    "form object, joined": (None, False, POINT, "v=x,1,name,a", []),
    "form object, joined and wrong": (
        None, False, POINT, "v=x,a", ["query v /x: 'a' is not of type 'integer'"],
    ),
    "deep object": ("deepObject", True, POINT, "v[x]=1&v[name]=5", []),
    "deep object, encoded": ("deepObject", True, POINT, "v%5Bx%5D=1", []),
    "deep object, wrong": (
        "deepObject", True, POINT, "v[x]=a", ["query v /x: 'a' is not of type 'integer'"],
    ),
    "deep object, nested": (
        "deepObject", True,
        {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": INTEGERS}}}},
        "v[a][b][]=1&v[a][b][]=x", ["query v /a/b/1: 'x' is not of type 'integer'"],
    ),
    "deep object, items that are counted": (
        "deepObject", True, {"type": "array", "items": POINT}, "v[0][x]=1&v[1][x]=a",
        ["query v /1/x: 'a' is not of type 'integer'"],
    ),
    "deep object, absent": ("deepObject", True, POINT, "w[x]=1", []),
    "a name with brackets": (None, None, {"type": "integer"}, "other[]=x", []),
    "a style that there is not": ("bent", None, {"type": "integer"}, "v=1", []),
    "a format": (
        None, None, {"type": "string", "format": "uuid"}, "v=1", ["query v: '1' is not a 'uuid'"],
    ),
    "a format that is not checked": (None, None, {"type": "string", "format": "uri"}, "v=1", []),
    "parameters that nobody declared": (None, None, {"type": "integer"}, "v=1&w=2&v2=x", []),
    "a schema behind a reference": (
        None, None, {"$ref": "#/components/schemas/Few", "description": "so many"}, "v=1&v=2&v=3",
        ['query v: ["1", "2", "3"] is too long'],
    ),
    "a schema that is nothing": (None, None, {}, "v=1&v=2", []),
    "a schema that nothing fits": (None, None, False, "v=1", ["query v: the schema false does not allow '1'"]),
}  # fmt: skip

FEW = {"type": "array", "maxItems": 2, "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("style", "explode", "schema", "query", "faults"), QUERIES.values(), ids=QUERIES
)
def test_a_query_is_read_in_its_style(style, explode, schema, query, faults):
    """Arrays, objects and plain values, as OAS 3.2 § Style Examples and real clients write them."""
    parameter = {"name": "v", "in": "query", "schema": schema}
    parameter |= {"style": style} if style else {}
    parameter |= {"explode": explode} if explode is not None else {}
    operation = declaring([parameter], components={"schemas": {"Few": FEW}})
    found = told(verdict(operation, query=query))
    assert [text.rpartition(" [")[0] for text in found] == faults


# style, explode, schema, the segment of the path, and what is told of it.
PATHS = {
    "simple": (None, False, {"type": "integer"}, "7", []),
    "simple, wrong": (None, False, {"type": "integer"}, "x", ["path v: 'x' is not of type 'integer'"]),
    "simple, encoded": (None, False, {"const": "a/b"}, "a%2Fb", []),
    "simple, a plus is a plus": (None, False, {"const": "a+b"}, "a+b", []),
    "simple array": (None, False, INTEGERS, "1,2", []),
    "simple array, wrong": (
        None, False, INTEGERS, "1,b", ["path v /1: 'b' is not of type 'integer'"],
    ),
    "simple object": (None, False, POINT, "x,1,y,2", []),
    "simple object, exploded": (None, True, POINT, "x=1,y=2", []),
    "simple object, wrong": (
        None, True, POINT, "x=a", ["path v /x: 'a' is not of type 'integer'"],
    ),
    "label": ("label", False, {"type": "integer"}, ".7", []),
    "label without its dot": (
        "label", False, {"type": "integer"}, "7",
        ["path v: it is of style 'label' and begins with a dot"],
    ),
    "label array": ("label", False, INTEGERS, ".1,2", []),
    "label array, as OAS 3.0 shows it": ("label", False, INTEGERS, ".1.2", []),
    "label array, exploded": ("label", True, INTEGERS, ".1.2", []),
    "label object, exploded": ("label", True, POINT, ".x=1.y=2", []),
    "matrix": ("matrix", False, {"type": "integer"}, ";v=7", []),
    "matrix without its semicolon": (
        "matrix", False, {"type": "integer"}, "v=7",
        ["path v: it is of style 'matrix' and begins with a semicolon"],
    ),
    "matrix of another name": (
        "matrix", False, {"type": "integer"}, ";w=7",
        ["path v: it is of style 'matrix' and reads ;v=…"],
    ),
    "matrix array": ("matrix", False, INTEGERS, ";v=1,2", []),
    "matrix array, exploded": ("matrix", True, INTEGERS, ";v=1;v=2", []),
    "matrix object": ("matrix", False, POINT, ";v=x,1", []),
    "matrix object, exploded": (
        "matrix", True, POINT, ";x=1;y=b", ["path v /y: 'b' is not of type 'integer'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("style", "explode", "schema", "segment", "faults"), PATHS.values(), ids=PATHS
)
def test_a_path_is_read_in_its_style(style, explode, schema, segment, faults):
    """The segment is taken apart as it was sent: an encoded comma or slash divides nothing."""
    parameter = {"name": "v", "in": "path", "required": True, "schema": schema}
    parameter |= {"explode": explode} | ({"style": style} if style else {})
    made = contract({"/a/{v}/b": {"get": {"parameters": [parameter]}}})
    route = made.route("GET", f"/a/{segment}/b")
    asked = Asked("GET", f"/a/{segment}/b", route.path_parameters)
    found = told(Verdicts().of(route.operation, asked))
    assert [text.rpartition(" [")[0] for text in found] == faults


# The parameter, the headers, and what is told of them.
HEADERS = {
    "header": ({"name": "X-N", "in": "header", "schema": {"type": "integer"}}, [("x-n", "5")], []),
    "header, wrong": (
        {"name": "X-N", "in": "header", "schema": {"type": "integer"}}, [("x-n", "a")],
        ["header X-N: 'a' is not of type 'integer'"],
    ),
    "header, missing": (
        {"name": "X-N", "in": "header", "required": True, "schema": {"type": "string"}}, [],
        ["header X-N: it is missing"],
    ),
    "header, there": (
        {"name": "X-N", "in": "header", "required": True, "schema": {"type": "string"}},
        [("X-n", "")], [],
    ),
    "header, an array over two lines": (
        {"name": "X-N", "in": "header", "schema": INTEGERS}, [("X-N", "1, 2"), ("X-N", "x")],
        ["header X-N /2: 'x' is not of type 'integer'"],
    ),
    "header, an object": (
        {"name": "X-N", "in": "header", "explode": True, "schema": POINT}, [("X-N", "x=1,y=2")], [],
    ),
    "a header that has a place of its own": (
        {"name": "Accept", "in": "header", "required": True, "schema": {"const": "x"}}, [], [],
    ),
    "cookie": (
        {"name": "c", "in": "cookie", "schema": {"type": "integer"}}, [("Cookie", "a=x; c=5")], [],
    ),
    "cookie, wrong": (
        {"name": "c", "in": "cookie", "schema": {"type": "integer"}}, [("Cookie", "c=x; a=5")],
        ["cookie c: 'x' is not of type 'integer'"],
    ),
    "cookie, missing": (
        {"name": "c", "in": "cookie", "required": True}, [("Cookie", "d=1")],
        ["cookie c: it is missing"],
    ),
    "cookie in quotes": (
        {"name": "c", "in": "cookie", "schema": {"const": "a b"}}, [("Cookie", 'c="a%20b"')], [],
    ),
    "cookie of style cookie": (
        {"name": "c", "in": "cookie", "style": "cookie", "schema": {"const": "a%20b"}},
        [("Cookie", "c=a%20b")], [],
    ),
    "cookie, an array": (
        {"name": "c", "in": "cookie", "explode": False, "schema": INTEGERS}, [("Cookie", "c=1,2")], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parameter", "headers", "faults"), HEADERS.values(), ids=HEADERS)
def test_headers_and_cookies_are_read(parameter, headers, faults):
    """Names of headers have no case, several lines are one list, cookies are one by one."""
    found = told(verdict(declaring([parameter]), headers=headers))
    assert [text.rpartition(" [")[0] for text in found] == faults


FILTER = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}

# The parameter, the query, and what is told of it.
SPECIAL = {
    "JSON": ({"in": "query", "content": {"application/json": {"schema": FILTER}}}, "v=%7B%22a%22%3A1%7D", []),
    "JSON, wrong": (
        {"in": "query", "content": {"application/json": {"schema": FILTER}}}, 'v={"a":"x"}',
        ["query v /a: 'x' is not of type 'integer'"],
    ),
    "JSON, none": (
        {"in": "query", "content": {"application/json": {"schema": FILTER}}}, "v={",
        ["query v: it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ),
    "JSON, absent": (
        {"in": "query", "required": True, "content": {"application/json": {"schema": FILTER}}}, "",
        ["query v: it is missing"],
    ),
    "JSON without a schema": ({"in": "query", "content": {"application/json": {}}}, "v={}", []),
    "empty, allowed": (
        {"in": "query", "allowEmptyValue": True, "schema": {"type": "integer"}}, "v=", [],
    ),
    "a flag, allowed": (
        {"in": "query", "allowEmptyValue": True, "schema": {"type": "integer"}}, "v", [],
    ),
    "reserved characters": (
        {"in": "query", "allowReserved": True, "schema": {"const": "a/b?c"}}, "v=a/b?c", [],
    ),
    "the query string as a form": (
        {"in": "querystring", "content": {"application/x-www-form-urlencoded": {"schema": FILTER}}},
        "a=x&b=1", ["query v /a: 'x' is not of type 'integer'"],
    ),
    "the query string as JSON": (
        {"in": "querystring", "content": {"application/json": {"schema": FILTER}}},
        "%7B%22a%22%3A1%7D", [],
    ),
    "the query string, absent": (
        {"in": "querystring", "required": True, "content": {"application/json": {"schema": FILTER}}},
        "", ["query v: it is missing"],
    ),
    "deprecated": ({"in": "query", "deprecated": True, "schema": {"type": "integer"}}, "v=1", []),
    "a default does not stand for what is required": (
        {"in": "query", "required": True, "schema": {"type": "integer", "default": 3}}, "",
        ["query v: it is missing"],
    ),
    "a default that does not fit": (
        {"in": "query", "schema": {"type": "integer", "default": "x"}}, "", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("parameter", "query", "faults"), SPECIAL.values(), ids=SPECIAL)
def test_parameters_have_their_special_cases(parameter, query, faults):
    """Media types, empty values, the whole query string (OAS 3.2), defaults."""
    found = told(verdict(declaring([{"name": "v", **parameter}], version="3.2.0"), query=query))
    assert [text.rpartition(" [")[0] for text in found] == faults


def taking(content, version="3.1.0", *, required=True, method="post", **more):
    """Return an operation that takes a body of these media types."""
    body = {"required": required, "content": content}
    made = contract({"/it": {method: {"requestBody": body}}}, version, **more)
    return made.operations[f"{method.upper()} /it"]


PET = {
    "type": "object",
    "required": ["id", "name", "age"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0},
        "password": {"type": "string", "writeOnly": True},
    },
    "additionalProperties": False,
}
TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}
CAT = {
    "type": "object",
    "required": ["kind", "lives"],
    "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
}
DOG = {
    "type": "object",
    "required": ["kind", "tricks"],
    "properties": {"kind": {"enum": ["dog"]}, "tricks": {"type": "array"}},
}
NAMED = [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
MAPPED = {"oneOf": NAMED, "discriminator": {"propertyName": "kind"}}
# Nothing but the discriminator tells these apart.
MEOWS = {"required": ["k", "m"], "properties": {"k": {"type": "string"}, "m": {"type": "integer"}}}
BARKS = {"required": ["k", "b"], "properties": {"k": {"type": "string"}, "b": {"type": "integer"}}}
CALLED = {
    "oneOf": [{"$ref": "#/components/schemas/Meows"}, {"$ref": "#/components/schemas/Barks"}],
    "discriminator": {
        "propertyName": "k",
        "mapping": {"b": "#/components/schemas/Barks", "bark": "Barks", "x": "#/x"},
    },
}
SCHEMAS = {
    "Pet": PET, "Tree": TREE, "Cat": CAT, "Dog": DOG, "Either": MAPPED, "Meows": MEOWS, "Barks": BARKS,
}  # fmt: skip

# version, schema, the body as data, and what is told of it.
BODIES = {
    "fits": ("3.1.0", PET, {"name": "Rex", "age": 3}, []),
    "readOnly, required": ("3.1.0", PET, {"name": "Rex", "age": 3}, []),
    "readOnly, sent all the same": ("3.1.0", PET, {"id": "1", "name": "Rex", "age": 3}, []),
    "writeOnly": ("3.1.0", PET, {"name": "Rex", "age": 3, "password": "x"}, []),
    "all faults at once": (
        "3.1.0", PET, {"age": -1, "tail": 1, "fur": 2},
        [
            "body /name: 'name' is missing",
            "body /age: -1 is less than the minimum of 0",
            "body /tail: 'tail' is not declared",
            "body /fur: 'fur' is not declared",
        ],
    ),
    "not an object": ("3.1.0", PET, [1], ["body: [1] is not of type 'object'"]),
    "null": ("3.1.0", PET, None, ["body: null is not of type 'object'"]),
    "a name with a slash": (
        "3.1.0", {"properties": {"a/b~": {"type": "null"}}}, {"a/b~": 1},
        ["body /a~1b~0: 1 is not of type 'null'"],
    ),
    "nullable in 3.0": (
        "3.0.3", {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}},
        {"a": None}, [],
    ),
    "nullable in 3.1, which does not know it": (
        "3.1.0", {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}},
        {"a": None}, [],
    ),
    "exclusiveMinimum as a boolean": (
        "3.0.3", {"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 3,
        ["body: 3 is less than or equal to the minimum of 3"],
    ),
    "exclusiveMinimum as a boolean in 3.1": (
        "3.1.0", {"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 3,
        ["body: 3 is less than or equal to the minimum of 3"],
    ),
    "recursive": (
        "3.1.0", {"$ref": "#/components/schemas/Tree"},
        {"name": "a", "children": [{"name": "b", "children": [{"name": 1}]}]},
        ["body /children/0/children/0/name: 1 is not of type 'string'"],
    ),
    "a discriminator without mapping": (
        "3.1.0", {"$ref": "#/components/schemas/Either"}, {"kind": "cat", "lives": 9}, [],
    ),
    "the branch that is meant": (
        "3.1.0", {"$ref": "#/components/schemas/Either"}, {"kind": "dog"},
        ["body /tricks: 'tricks' is missing"],
    ),
    "no branch that there is": (
        "3.1.0", {"$ref": "#/components/schemas/Either"}, {"kind": "bird", "lives": 1},
        ["body /kind: 'bird' is not one of [\"cat\", \"dog\"]"],
    ),
    "the branch of a mapping": (
        "3.1.0", CALLED, {"k": "b", "b": "x"}, ["body /b: 'x' is not of type 'integer'"],
    ),
    "the branch of a mapping by a component": (
        "3.1.0", CALLED, {"k": "bark", "b": "x"}, ["body /b: 'x' is not of type 'integer'"],
    ),
    "the branch of a component's name": (
        "3.1.0", CALLED, {"k": "Barks", "b": "x"}, ["body /b: 'x' is not of type 'integer'"],
    ),
    "the branch of a union in a list": (
        "3.1.0", {"items": {**CALLED, "nullable": True}}, [None, {"k": "b", "b": "x"}],
        ["body /1/b: 'x' is not of type 'integer'"],
    ),
    "the branch of a name that leads nowhere": (
        "3.1.0", CALLED, {"k": "x", "b": "x"}, ["body /m: 'm' is missing"],
    ),
    "the branch of no name": (
        "3.1.0", CALLED, {"k": ["b"], "b": 1, "m": 1},
        ["body /k: [\"b\"] is not of type 'string'"],
    ),
    "a format": (
        "3.1.0", {"type": "string", "format": "date-time"}, "yesterday",
        ["body: 'yesterday' is not a 'date-time'"],
    ),
    "a keyword that is malformed": ("3.1.0", {"type": "strng", "minLength": "x"}, 5, []),
}  # fmt: skip


@pytest.mark.parametrize(("version", "schema", "body", "faults"), BODIES.values(), ids=BODIES)
def test_a_json_body_has_to_fit_its_schema(version, schema, body, faults):
    """In every version, with all faults at once, each with its pointer."""
    operation = taking(
        {"application/json": {"schema": schema}}, version, components={"schemas": SCHEMAS}
    )
    sent = verdict(operation, "POST", headers=[JSON], body=json.dumps(body).encode())
    assert [text.rpartition(" [")[0] for text in told(sent)] == faults


def multipart(*parts):
    """Return a body of parts: their headers and their content."""
    lines = [
        b"--b\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n" for head, content in parts
    ]
    return b"".join(lines) + b"--b--\r\n"


def field(name, content, kind=None, filename=None):
    """Return a part of a form."""
    head = f'Content-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename else ""
    return head + (f"\r\nContent-Type: {kind}" if kind else ""), content


UPLOAD = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "caption": {"type": "string", "maxLength": 5},
        "sizes": INTEGERS,
        "meta": POINT,
        "files": {"type": "array", "items": {"type": "string", "contentMediaType": "image/png"}},
    },
}
ENCODED = {
    "multipart/form-data": {
        "schema": UPLOAD,
        "encoding": {"file": {"contentType": "image/png, image/jpeg"}},
    }
}
FORM = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        "home": POINT,
    },
    "additionalProperties": False,
}
PNG = b"\x89PNG\r\n\x1a\n\x00\xff--b"
ANY = {"schema": {"type": "object"}}
FORM_TYPE = "application/x-www-form-urlencoded"
DEEP = {FORM_TYPE: {"schema": FORM, "encoding": {"home": {"style": "deepObject", "explode": True}}}}

# content, Content-Type, body, status, and what is told.
MEDIA = {
    "JSON with a charset": ({"application/json": ANY}, "Application/JSON; charset=utf-8", b"{}", 0, []),
    "a kind of JSON": (
        {"application/merge-patch+json": ANY}, "application/merge-patch+json", b"[]", 400,
        ["body: [] is not of type 'object'"],
    ),
    "a declared type with parameters": (
        {"application/json; charset=utf-8": ANY}, "application/json", b"{}", 0, [],
    ),
    "versions by parameter": (
        {"application/json;v=1": {"schema": {"type": "array"}}, "application/json;v=2": ANY},
        "application/json; v=2", b"{}", 0, [],
    ),
    "a range": ({"application/*": ANY}, "application/json", b"[]", 400, ["body: [] is not of type 'object'"]),
    "the nearest range": (
        {"*/*": {"schema": {"type": "array"}}, "application/*": ANY}, "application/json", b"{}", 0, [],
    ),
    "not JSON": (
        {"application/json": ANY}, "application/json", b"{]", 400,
        ["body: it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ),
    "no JSON but for Python": (
        {"application/json": ANY}, "application/json", b'{"a": NaN}', 400,
        ["body: it is not JSON: JSON has no NaN"],
    ),
    "JSON that is no UTF-8": (
        {"application/json": ANY}, "application/json", b'{"a": "\xff"}', 400,
        ["body: it is not JSON: it is no UTF-8"],
    ),
    "JSON without an end of depth": (
        {"application/json": ANY}, "application/json", b"[" * 100_000, 400,
        ["body: it is nested too deeply to be read"],
    ),
    "JSON without a schema": ({"application/json": {}}, "application/json", b"{", 400,
        ["body: it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"]),
    "another type": ({"application/json": ANY}, "text/plain", b"{}", 415, ["body: it is text/plain"]),
    "no type": ({"application/json": ANY}, None, b"{}", 415, ["body: it has no Content-Type"]),
    "a type that is none": ({"application/json": ANY}, ";=;", b"{}", 415, ["body: it is ;=;"]),
    "no type, bytes": ({"application/octet-stream": {}}, None, b"\0", 0, []),
    "no body": ({"application/json": ANY}, "application/json", b"", 400, ["body: it is missing"]),
    "text": ({"text/plain": {"schema": {"enum": ["é"]}}}, "text/plain", "é".encode(), 0, []),
    "text of another charset": (
        {"text/plain": {"schema": {"enum": ["é"]}}}, "text/plain; charset=latin-1", b"\xe9", 0, [],
    ),
    "text, a number": (
        {"text/plain": {"schema": {"type": "integer"}}}, "text/plain", b"x", 400,
        ["body: 'x' is not of type 'integer'"],
    ),
    "bytes": (
        {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "application/octet-stream", b"\xff\0", 0, [],
    ),
    "an image by range": ({"image/*": {}}, "image/png", PNG, 0, []),
    "XML": ({"application/xml": {"schema": {"type": "object"}}}, "application/xml", b"<a/>", 0, []),
    "form": ({FORM_TYPE: {"schema": FORM}}, FORM_TYPE, b"name=5&age=3&tags=a&tags=b+c", 0, []),
    "form, wrong": (
        {FORM_TYPE: {"schema": FORM}}, FORM_TYPE, b"age=x&tags=abcd&tail=1", 400,
        [
            "body /name: 'name' is missing",
            "body /age: 'x' is not of type 'integer'",
            "body /tags/0: 'abcd' is too long",
            "body /tail: 'tail' is not declared",
        ],
    ),
    "form, an object as JSON": (
        {FORM_TYPE: {"schema": FORM}}, FORM_TYPE, b"name=a&home=%7B%22x%22%3A1%7D", 0, [],
    ),
    "form, an object in brackets": (
        {FORM_TYPE: {"schema": FORM}}, FORM_TYPE, b"name=a&home[x]=a", 400,
        ["body /home/x: 'a' is not of type 'integer'"],
    ),
    "form, an array in brackets": (
        {FORM_TYPE: {"schema": FORM}}, FORM_TYPE, b"name=a&tags[]=a&tags[]=abcd", 400,
        ["body /tags/1: 'abcd' is too long"],
    ),
    "form, deep object": (DEEP, FORM_TYPE, b"name=a&home%5Bx%5D=1", 0, []),
    "form, an array joined": (
        {FORM_TYPE: {"schema": FORM, "encoding": {"tags": {"style": "form", "explode": False}}}},
        FORM_TYPE, b"name=a&tags=a,b", 0, [],
    ),
    "multipart": (
        ENCODED, "multipart/form-data; boundary=b",
        multipart(field("file", PNG, "image/png", "a.png"), field("caption", b"hi")), 0, [],
    ),
    "multipart, its boundary in quotes": (
        ENCODED, 'multipart/form-data; boundary="b"', multipart(field("file", PNG)), 0, [],
    ),
    "multipart, a file too few": (
        ENCODED, "multipart/form-data; boundary=b", multipart(field("caption", b"too long")), 400,
        ["body /file: 'file' is missing", "body /caption: 'too long' is too long"],
    ),
    "multipart, another kind of file": (
        ENCODED, "multipart/form-data; boundary=b",
        multipart(field("file", b"<p>", "text/html; charset=utf-8", "a.html")), 400,
        ["body /file: it is text/html, and image/png, image/jpeg is declared"],
    ),
    "multipart, arrays and objects": (
        ENCODED, "multipart/form-data; boundary=b",
        multipart(
            field("file", PNG), field("sizes", b"1"), field("sizes", b"x"),
            field("meta", b'{"x": "a"}', "application/json"),
        ), 400,
        [
            "body /sizes/1: 'x' is not of type 'integer'",
            "body /meta/x: 'a' is not of type 'integer'",
        ],
    ),
    "multipart, several files": (
        ENCODED, "multipart/form-data; boundary=b",
        multipart(field("file", PNG), field("files", PNG, None, "a"), field("files", PNG, None, "b")),
        0, [],
    ),
    "multipart, a part that is not JSON": (
        ENCODED, "multipart/form-data; boundary=b",
        multipart(field("file", PNG), field("meta", b"{", "application/json")), 400,
        ["body /meta: it is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
    ),
    "multipart, a JSON file where bytes are asked for": (
        {"multipart/form-data": {"schema": UPLOAD}}, "multipart/form-data; boundary=b",
        multipart(field("file", b"{}", "application/json", "a.json")), 0, [],
    ),
    "multipart without a boundary": (
        ENCODED, "multipart/form-data", multipart(field("file", PNG)), 400,
        ["body: it is not multipart/form-data: its Content-Type has no boundary"],
    ),
    "multipart with another boundary": (
        ENCODED, "multipart/form-data; boundary=c", multipart(field("file", PNG)), 400,
        ["body: it is not multipart/form-data: its boundary is not in it"],
    ),
    "multipart cut off": (
        ENCODED, "multipart/form-data; boundary=b", multipart(field("file", PNG))[:-8], 400,
        ["body: it is not multipart/form-data: it ends before its last boundary"],
    ),
    "multipart of another kind": (
        {"multipart/mixed": ANY}, "multipart/mixed; boundary=b", multipart(("A: 1", b"x")), 0, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("content", "kind", "body", "status", "faults"), MEDIA.values(), ids=MEDIA)
def test_a_body_is_read_by_its_media_type(content, kind, body, status, faults):
    """What can be read is held to its schema; of anything else only its type is."""
    headers = [("Content-Type", kind)] if kind else []
    found = verdict(taking(content), "POST", headers=headers, body=body)
    assert [text.rpartition(" [")[0] for text in told(found)] == faults
    assert found.status == status


def test_a_body_need_not_be_there_unless_it_is_required():
    """And one that nobody declared is nobody's business, like other parameters of a query."""
    optional = taking({"application/json": ANY}, required=False)
    undeclared = contract({"/it": {"post": {}}}).operations["POST /it"]
    assert told(verdict(optional, "POST")) == []
    assert told(verdict(undeclared, "POST", headers=[JSON], body=b"{")) == []


def test_a_get_need_not_have_the_body_that_oas_3_0_gives_it():
    """OAS 3.0 § Operation Object ignores bodies where HTTP gives them no meaning; 3.1 does not."""
    content = {"application/json": ANY}
    assert told(verdict(taking(content, "3.0.3", method="get"))) == []
    assert told(verdict(taking(content, "3.1.0", method="get"))) == [
        "body: it is missing [missing-body]"
    ]


def test_head_stands_in_for_get_without_its_body():
    """Parameters are held, the body is not."""
    body = {"required": True, "content": {"application/json": ANY}}
    parameter = {"name": "v", "in": "query", "required": True, "schema": {"type": "integer"}}
    made = contract({"/it": {"get": {"parameters": [parameter], "requestBody": body}}})
    operation = made.operations["GET /it"]
    verdicts = Verdicts()
    assert told(verdicts.of(operation, Asked("HEAD", "/it"))) == [
        "query v: it is missing [missing-parameter]"
    ]
    assert len(told(verdicts.of(operation, Asked("GET", "/it")))) == 2


SCHEMES = {
    "bearer": {"type": "http", "scheme": "Bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "oauth": {"type": "oauth2", "flows": {}},
    "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://example.com"},
    "tls": {"type": "mutualTLS"},
    "strange": {"type": "runes"},
    "broken": None,
}
MISSING = "security: the header Authorization is missing"

# security, headers, query, what is told, and the challenges.
CREDENTIALS = {
    "bearer": ([{"bearer": []}], [("authorization", "bearer x")], "", [], []),
    "bearer, missing": ([{"bearer": []}], [], "", [MISSING], ["Bearer"]),
    "bearer, empty": (
        [{"bearer": []}], [("Authorization", "Bearer ")], "",
        ["security: the header Authorization has no credentials in it"], ["Bearer"],
    ),
    "bearer, another scheme": (
        [{"bearer": []}], [("Authorization", "Basic dTpw")], "",
        ["security: the header Authorization does not begin with 'Bearer '"], ["Bearer"],
    ),
    "bearer in the query": ([{"bearer": []}], [], "access_token=x", [], []),
    "basic": ([{"basic": []}], [("Authorization", "Basic dTpw")], "", [], []),
    "basic, not encoded": (
        [{"basic": []}], [("Authorization", "Basic u:p")], "",
        ["security: the credentials are not name:password in base64"], ['Basic realm="mock"'],
    ),
    "key in a header": ([{"header": []}], [("x-key", "1")], "", [], []),
    "key in a header, missing": (
        [{"header": []}], [], "", ["security: the header X-Key is missing"],
        ['ApiKey in="header", name="X-Key"'],
    ),
    "key in the query": ([{"query": []}], [], "key=1", [], []),
    "key in the query, empty": (
        [{"query": []}], [], "key=", ["security: the query parameter key is missing"],
        ['ApiKey in="query", name="key"'],
    ),
    "key in a cookie": ([{"cookie": []}], [("Cookie", "a=b; sid=1")], "", [], []),
    "key in a cookie, missing": (
        [{"cookie": []}], [], "", ["security: the cookie sid is missing"],
        ['ApiKey in="cookie", name="sid"'],
    ),
    "oauth2": ([{"oauth": ["read"]}], [], "", [MISSING], ["Bearer"]),
    "openIdConnect": ([{"oidc": []}], [("Authorization", "Bearer x")], "", [], []),
    "one of two": ([{"bearer": []}, {"header": []}], [("X-Key", "1")], "", [], []),
    "none of two": (
        [{"bearer": []}, {"header": []}], [], "", [MISSING],
        ["Bearer", 'ApiKey in="header", name="X-Key"'],
    ),
    "both": (
        [{"bearer": [], "header": []}], [("X-Key", "1")], "", [MISSING],
        ["Bearer", 'ApiKey in="header", name="X-Key"'],
    ),
    "the alternative that comes nearest": (
        [{"basic": [], "cookie": []}, {"header": [], "query": []}], [("X-Key", "1")], "",
        ["security: the query parameter key is missing"],
        ['Basic realm="mock"', 'ApiKey in="cookie", name="sid"', 'ApiKey in="header", name="X-Key"',
         'ApiKey in="query", name="key"'],
    ),
    "or nothing": ([{"bearer": []}, {}], [], "", [], []),
    "nothing": ([], [], "", [], []),
    "what a request does not show": ([{"tls": []}], [], "", [], []),
    "a scheme that there is not": ([{"runes": []}], [], "", [], []),
    "a scheme of a strange type": ([{"strange": []}], [], "", [], []),
    "a scheme that is broken": ([{"broken": []}], [], "", [], []),
    "malformed": ("bearer", [], "", [], []),
}  # fmt: skip


@pytest.mark.parametrize(
    ("security", "headers", "query", "faults", "challenges"), CREDENTIALS.values(), ids=CREDENTIALS
)
def test_credentials_have_to_be_there(security, headers, query, faults, challenges):
    """Of the kind that is asked for; whose they are is nobody's business."""
    made = contract(
        {"/it": {"get": {"security": security}}}, components={"securitySchemes": SCHEMES}
    )
    found = verdict(made.operations["GET /it"], headers=headers, query=query)
    assert [text.rpartition(" [")[0] for text in told(found)] == faults
    assert list(found.challenges) == challenges
    assert found.status == (401 if faults else 0)


def test_the_documents_security_holds_where_an_operation_has_none_of_its_own():
    """OAS 3.2 § OpenAPI Object: an operation overrides it, with `[]` too."""
    paths = {"/it": {"get": {}, "put": {"security": []}}}
    made = contract(paths, security=[{"bearer": []}], components={"securitySchemes": SCHEMES})
    assert [verdict(operation).status for operation in made.operations.values()] == [401, 0]


def test_all_that_is_wrong_is_told_in_the_order_of_a_request():
    """Credentials, path, query, headers, cookies, body: each with both its places."""
    parameters = [
        {"name": "c", "in": "cookie", "required": True},
        {"name": "h", "in": "header", "schema": {"type": "integer"}},
        {"name": "q", "in": "query", "schema": {"type": "integer"}},
    ]
    own = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    body = {"content": {"application/json": {"schema": PET}}}
    operation = {"parameters": parameters, "requestBody": body, "security": [{"bearer": []}]}
    made = contract(
        {"/it/{id}": {"parameters": [own], "post": operation}},
        components={"securitySchemes": SCHEMES},
    )
    route = made.route("POST", "/it/x")
    asked = Asked("POST", "/it/x", route.path_parameters, "q=x", [("h", "x"), JSON], b'{"age": 1}')
    found = Verdicts().of(route.operation, asked)
    assert [(f.where, f.name, f.pointer, f.schema, f.carriers) for f in found.faults] == [
        (
            "security", "Authorization", "", "/components/securitySchemes/bearer",
            ("headers/authorization",),
        ),
        ("path", "id", "", "/paths/~1it~1{id}/parameters/0/schema/type", ("path/id",)),
        ("query", "q", "", "/paths/~1it~1{id}/post/parameters/2/schema/type", ("query/q",)),
        ("header", "h", "", "/paths/~1it~1{id}/post/parameters/1/schema/type", ("headers/h",)),
        ("cookie", "c", "", "/paths/~1it~1{id}/post/parameters/0", ("cookies/c",)),
        (
            "body", "", "/name",
            "/paths/~1it~1{id}/post/requestBody/content/application~1json/schema/required",
            ("body/name",),
        ),
    ]  # fmt: skip
    assert found.status == 401


def test_an_operations_own_parameters_go_before_its_paths():
    """The same name in the same part is one parameter; in another part it is another."""
    item = {
        "parameters": [
            {"name": "v", "in": "query", "schema": {"type": "integer"}},
            {"name": "v", "in": "header", "schema": {"type": "integer"}},
        ],
        "get": {"parameters": [{"name": "v", "in": "query", "schema": {"type": "boolean"}}]},
    }
    operation = contract({"/it": item}).operations["GET /it"]
    found = told(verdict(operation, query="v=true", headers=[("V", "x")]))
    assert found == ["header v: 'x' is not of type 'integer' [wrong-parameter]"]


def test_an_exploded_object_leaves_other_parameters_alone():
    """It may take every field of a query that nobody else has declared, and those it names itself."""
    free = {"type": "object", "additionalProperties": {"type": "integer"}}
    parameters = [
        {"name": "rest", "in": "query", "schema": free},
        {"name": "q", "in": "query", "schema": {"type": "string"}},
        {"name": "n", "in": "query", "schema": {"enum": ["a"]}},
    ]
    operation = declaring(parameters)
    assert told(verdict(operation, query="q=text&n=a&x=1")) == []
    assert told(verdict(operation, query="x=text")) == [
        "query rest /x: 'text' is not of type 'integer' [wrong-parameter]"
    ]
    named = {"type": "object", "required": ["q"], "properties": {"q": {"type": "string"}}}
    both = declaring(
        [{"name": "f", "in": "query", "required": True, "schema": named}, parameters[1]]
    )
    assert told(verdict(both, query="q=text")) == []


def test_cookies_of_an_exploded_object_are_part_of_what_is_remembered():
    """Each of its properties is a cookie of its own."""
    operation = declaring([{"name": "c", "in": "cookie", "schema": POINT}])
    verdicts = Verdicts()
    found = [
        len(verdicts.of(operation, Asked(headers=[("Cookie", cookie)])).faults)
        for cookie in ("x=1; y=2", "x=1; y=b")
    ]
    assert found == [0, 1]


def test_a_status_of_422_is_for_documents_that_declare_it():
    """As FastAPI's do; 400 where both are declared or neither."""
    parameters = [{"name": "v", "in": "query", "required": True}]
    statuses = []
    for responses in ({}, {"422": {}}, {"422": {}, "400": {}}, {422: {}}):
        made = contract({"/it": {"get": {"parameters": parameters, "responses": responses}}})
        statuses.append(verdict(made.operations["GET /it"]).status)
    assert statuses == [400, 422, 400, 422]


def test_every_operation_of_a_route_has_terms_of_its_own():
    """Methods of OAS 3.2, path keys with a fragment, base paths: our router has found them."""
    parameters = [{"name": "v", "in": "query", "required": True}]
    made = contract(
        {
            "/it#a": {"query": {"parameters": parameters}},
            "/it#b": {"query": {}},
            "/on/{id}": {"additionalOperations": {"COPY": {"parameters": parameters}}},
        },
        "3.2.0",
        servers=[{"url": "https://example.com/v1"}],
    )
    statuses = {}
    for method, path in (("QUERY", "/v1/it"), ("COPY", "/v1/on/7")):
        route = made.route(method, path)
        for operation in (route.operation, *route.alternatives):
            sent = Asked(method, path, route.path_parameters)
            statuses[operation.id] = Verdicts().of(operation, sent).status
    assert statuses == {"QUERY /it#a": 400, "QUERY /it#b": 0, "COPY /on/{id}": 400}


def test_what_an_operation_does_not_ask_costs_nothing():
    """An optional text cannot be wrong: no verdict is made, and none remembered."""
    parameters = [
        {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}},
        {"name": "q", "in": "query", "schema": {"$ref": "#/components/schemas/Text"}},
    ]
    operation = declaring(parameters, components={"schemas": {"Text": {"type": "string"}}})
    verdicts = Verdicts()
    assert verdicts.of(operation, Asked(query="q=1&q=2")).faults == ()
    assert len(verdicts) == 0


def test_a_verdict_is_remembered_by_what_it_depends_on():
    """Not by other headers, cookies or parameters, nor by the value of what may be any text."""
    parameters = [
        {"name": "n", "in": "query", "schema": {"type": "integer"}},
        {"name": "client", "in": "query", "required": True, "schema": {"type": "string"}},
        {"name": "X-N", "in": "header", "schema": {"type": "integer"}},
    ]
    operation, verdicts = declaring(parameters), Verdicts()
    for number in range(10):
        headers = [("User-Agent", str(number)), ("Cookie", f"c={number}"), ("x-n", "1")]
        asked = Asked(query=f"n=1&client={number}&_={number}", headers=headers)
        assert verdicts.of(operation, asked).faults == ()
    assert len(verdicts) == 1
    assert len(verdicts.of(operation, Asked(query="n=x")).faults) == 2
    assert len(verdicts.of(operation, Asked(query="n=2")).faults) == 1
    assert len(verdicts) == 3


def test_verdicts_that_are_remembered_are_bounded():
    """By their number and by their bytes; the one unused for longest makes room."""
    operation = taking({"application/json": {}})
    few, small = Verdicts(limit=3), Verdicts(most=1000)
    for number in range(10):
        for verdicts in (few, small):
            asked = Asked("POST", "/it", headers=[JSON], body=b'"%d%s"' % (number, b"x" * 400))
            assert verdicts.of(operation, asked).faults == ()
    assert (len(few), len(small)) == (3, 2)


def test_faults_of_a_large_body_are_bounded():
    """A hundred of them say enough."""
    operation = taking({"application/json": {"schema": INTEGERS}})
    found = verdict(operation, "POST", headers=[JSON], body=json.dumps(["x"] * 5000).encode())
    assert len(found.faults) == 100


ALL_OF_ITSELF = {"allOf": [{"$ref": "#/components/schemas/All"}, {"type": "number"}]}

# The schema, the body, and what the library fails by.
HOSTILE = {
    "all of itself": ({"$ref": "#/components/schemas/All"}, b"1", "RecursionError"),
    "a number that no double is": (
        {"type": "number", "multipleOf": 0.1}, b"1e400", "OverflowError",
    ),
}  # fmt: skip


def test_a_union_of_unions_of_itself_has_an_end():
    """Each schema is looked at once, however many ways lead to it."""
    names = [f"S{n}" for n in range(40)]
    referred = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    schemas = {
        name: {"anyOf": [referred[names[n - 1]], referred[name], referred[names[n - 2]]]}
        for n, name in enumerate(names)
    }
    parameter = {"name": "v", "in": "query", "schema": referred["S0"]}
    operation = declaring([parameter], components={"schemas": schemas})
    assert verdict(operation, query="v=1").faults == ()


@pytest.mark.parametrize(("schema", "body", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_defeats_the_validators_is_told_and_not_raised(schema, body, reason):
    """Nothing is held against the request, and the verdict says why."""
    content = {"application/json": {"schema": schema}}
    operation = taking(content, components={"schemas": {"All": ALL_OF_ITSELF}})
    found = verdict(operation, "POST", headers=[JSON], body=body)
    assert (found.faults, found.unvalidated.partition(":")[0]) == ((), reason)

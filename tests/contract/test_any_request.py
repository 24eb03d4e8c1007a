"""Whatever fits a schema is taken, however it is written; what does not fit is refused."""

import copy
import json
from urllib.parse import quote

from contract_documents import contract
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.contract.requests.terms import terms_of
from mockserver.contract.requests.verdicts import Asked, Verdicts
from mockserver.contract.sampling.sample import sample
from mockserver.workspace.shipped import petstore

WORD = st.text("abcxyz-._~", min_size=1, max_size=6)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
NUMBER = st.integers(-1000, 1000)

SCALARS = {
    "integer": ({"type": "integer"}, NUMBER),
    "number": ({"type": "number"}, st.floats(-1e6, 1e6)),
    "boolean": ({"type": "boolean"}, st.booleans()),
    "string": ({"type": "string", "maxLength": 20}, WORD),
    "either": ({"oneOf": [{"type": "integer"}, {"type": "boolean"}]}, NUMBER | st.booleans()),
}
SCALAR = st.sampled_from(sorted(SCALARS))


@st.composite
def values(draw):
    """Return a schema and a value that fits it: a scalar, an array, or an object of scalars."""
    shape = draw(st.sampled_from(["scalar", "array", "object"]))
    if shape == "scalar":
        schema, found = SCALARS[draw(SCALAR)]
        return schema, draw(found)
    if shape == "array":
        schema, found = SCALARS[draw(SCALAR)]
        return {"type": "array", "items": schema}, draw(st.lists(found, min_size=1, max_size=4))
    names = draw(st.lists(WORD, min_size=1, max_size=3, unique=True))
    kinds = [draw(SCALAR) for _ in names]
    properties = {name: SCALARS[kind][0] for name, kind in zip(names, kinds, strict=True)}
    value = {name: draw(SCALARS[kind][1]) for name, kind in zip(names, kinds, strict=True)}
    return {"type": "object", "properties": properties, "required": names}, value


def text(value):
    """Write a scalar as a client does."""
    return value if isinstance(value, str) else json.dumps(value)


def coded(value):
    return quote(text(value), safe="")


# part, style, explode: how a value is written there (OAS 3.2 § Style Examples).
def form(value, explode, delimiter=","):
    match value:
        case list() if explode:
            return "&".join(f"v={coded(item)}" for item in value)
        case dict() if explode:
            return "&".join(f"{coded(name)}={coded(item)}" for name, item in value.items())
    return f"v={delimiter.join(flat(value))}"


def flat(value):
    match value:
        case list():
            return [coded(item) for item in value]
        case dict():
            return [coded(part) for pair in value.items() for part in pair]
    return [coded(value)]


def deep(value):
    return "&".join(f"v%5B{coded(name)}%5D={coded(item)}" for name, item in value.items())


def simple(value, explode, mark=",", lead=""):
    if isinstance(value, dict) and explode:
        return lead + mark.join(f"{coded(name)}={coded(item)}" for name, item in value.items())
    return lead + mark.join(flat(value))


def matrix(value, explode):
    match value:
        case list() if explode:
            return "".join(f";v={coded(item)}" for item in value)
        case dict() if explode:
            return "".join(f";{coded(name)}={coded(item)}" for name, item in value.items())
    return ";v=" + ",".join(flat(value))


def asked_with(schema, value, part, style, explode):
    """Return an operation with a parameter of that schema and style, and a request that has it."""
    parameter = {"name": "v", "in": part, "required": True, "style": style, "explode": explode}
    made = contract({"/it": {"get": {"parameters": [parameter | {"schema": schema}]}}})
    operation = made.operations["GET /it"]
    match style:
        case "deepObject":
            return operation, Asked(query=deep(value))
        case "spaceDelimited" | "pipeDelimited":
            mark = "%20" if style == "spaceDelimited" else "%7C"
            return operation, Asked(query=form(value, explode, mark))
    if part == "query":
        return operation, Asked(query=form(value, explode))
    return operation, Asked(headers=[("V", simple(value, explode).replace("%7E", "~"))])


def fits_style(value, style):
    """Tell whether a style is for such a value, and can be told apart in it."""
    match style:
        case "deepObject":
            return isinstance(value, dict)
        case "spaceDelimited" | "pipeDelimited":
            return isinstance(value, list | dict)
    return True


STYLES = st.sampled_from(
    [
        ("query", "form", True),
        ("query", "form", False),
        ("query", "spaceDelimited", False),
        ("query", "pipeDelimited", False),
        ("query", "deepObject", True),
        ("header", "simple", True),
        ("header", "simple", False),
    ]
)


@settings(max_examples=150, deadline=None)
@given(values(), STYLES)
def test_what_fits_is_taken_in_every_style(found, style):
    """Queries and headers: written by the specification's table, read back as what they were."""
    schema, value = found
    assume(fits_style(value, style[1]))
    verdict = Verdicts().of(*asked_with(schema, value, *style))
    assert ([str(fault) for fault in verdict.faults], verdict.unvalidated) == ([], "")


@settings(max_examples=100, deadline=None)
@given(values(), st.sampled_from(["simple", "label", "matrix"]), st.booleans())
def test_what_fits_is_taken_in_every_style_of_paths(found, style, explode):
    """Segments: `a,b`, `.a.b`, `;v=a;v=b`."""
    schema, value = found
    # What divides the items of a label may stand in them, and then nobody can tell (RFC 6570 § 3.2.5).
    assume(style != "label" or not any("." in part for part in flat(value)))
    written = {
        "simple": lambda: simple(value, explode),
        "label": lambda: simple(value, explode, "." if explode else ",", "."),
        "matrix": lambda: matrix(value, explode),
    }[style]()
    parameter = {"name": "v", "in": "path", "required": True, "style": style, "explode": explode}
    made = contract({"/{v}": {"get": {"parameters": [parameter | {"schema": schema}]}}})
    route = made.route("GET", f"/{written}")
    asked = Asked("GET", f"/{written}", route.path_parameters)
    verdict = Verdicts().of(route.operation, asked)
    assert ([str(fault) for fault in verdict.faults], verdict.unvalidated) == ([], "")


@settings(max_examples=100, deadline=None)
@given(st.lists(NUMBER, max_size=3), TEXT, STYLES)
def test_an_item_that_is_no_number_is_refused_in_every_style(numbers, text, style):
    """A text among numbers is found, unless it reads as some of them."""
    assume(style[1] != "deepObject" and style[0] == "query")
    assume(not set(text) & set(", |") and any(c.isalpha() and c not in "eE" for c in text))
    schema = {"type": "array", "items": {"type": "integer"}}
    verdict = Verdicts().of(*asked_with(schema, [*numbers, text], *style))
    assert [fault.code for fault in verdict.faults] == ["wrong-parameter"]


LEAVES = st.none() | st.booleans() | NUMBER | WORD
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORD, inner, max_size=3)
)
NODE = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "size": {"type": ["integer", "null"], "minimum": 0},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}, "maxItems": 2},
        "kind": {"enum": ["a", "b"]},
    },
    "additionalProperties": False,
}


def places(value, path=()):
    """Yield the paths to all values of a tree."""
    yield path
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(value, path, new):
    """Return a copy with another value at a path."""
    if not path:
        return new
    made = copy.deepcopy(value)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return made


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 30), st.data())
def test_a_body_is_refused_exactly_where_json_schema_says_so(number, data):
    """A value made of the schema is taken; with another value put into any place as jsonschema has it."""
    made = contract(
        {"/it": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}}}},
        components={"schemas": {"Node": NODE}},
    )  # fmt: skip
    operation = made.operations["POST /it"]
    content = next(iter(terms_of(operation).body.contents.values()))
    value = sample(operation.document, content.schema, "seed", number, direction="request")
    headers = [("Content-Type", "application/json")]
    judge = Draft202012Validator(
        {"$ref": "#/components/schemas/Node", "components": {"schemas": {"Node": NODE}}}
    )

    def refused(body):
        asked = Asked("POST", "/it", headers=headers, body=json.dumps(body).encode())
        return [fault.pointer for fault in Verdicts().of(operation, asked).faults]

    assert refused(value) == []
    path = data.draw(st.sampled_from(list(places(value))))
    other = changed(value, path, data.draw(JSON))
    assert bool(refused(other)) is not judge.is_valid(other)


def test_what_the_petstore_asks_for_can_be_sampled_and_sent():
    """Of every operation with a JSON body: twenty values of its schema are taken."""
    verdicts = Verdicts()
    for operation in petstore().read_document().operations.values():
        body = terms_of(operation).body
        content = body and body.contents.get("application/json")
        if not content or content.schema is None:
            continue
        for number in range(20):
            value = sample(operation.document, content.schema, "s", number, direction="request")
            headers = [("Content-Type", "application/json"), ("Authorization", "Bearer x")]
            asked = Asked("POST", "/", headers=headers, body=json.dumps(value).encode())
            assert [str(fault) for fault in verdicts.of(operation, asked).faults] == []

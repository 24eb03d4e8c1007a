"""Which operation a request line reaches, and what is said when it reaches none."""

import pytest
from contract_documents import contract
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract import NoRoute, Route
from mockserver.contract.templates import Segment, parse_segment

GET = {"get": {}}
PATHS = {
    "/pets": {"get": {"operationId": "list"}, "post": {"operationId": "add"}},
    "/pets/{id}": {"get": {"operationId": "one"}, "delete": {"operationId": "drop"}},
    "/pets/mine": {"get": {"operationId": "mine"}},
    "/pets/{id}/photos/{n}": {"get": {"operationId": "photo"}},
    "/files/{name}.json": {"get": {"operationId": "json"}},
    "/files/{name}.min.json": {"get": {"operationId": "min"}},
    "/files/{name}": {"get": {"operationId": "file"}},
    "/jobs/{id}:cancel": {"post": {"operationId": "cancel"}},
    "/jobs/{id}": {"post": {"operationId": "job"}},
    "/range/{from}-{to}": {"get": {"operationId": "range"}},
    "/pair/{x}{y}": {"get": {"operationId": "pair"}},
    "/a b": {"get": {"operationId": "space"}},
    "/x%20y": {"get": {"operationId": "escaped"}},
    "/": {"get": {"operationId": "root"}},
    "/slash/": {"get": {"operationId": "slash"}},
    "/find": {"query": {"operationId": "query"}, "head": {"operationId": "head"}, "get": {}},
    "/copy": {"additionalOperations": {"COPY": {"operationId": "copy"}}},
}

REACHED = {
    "plain": ("GET", "/pets", "list", {}),
    "by method": ("POST", "/pets", "add", {}),
    "template": ("GET", "/pets/5", "one", {"id": "5"}),
    "text goes before a template": ("GET", "/pets/mine", "mine", {}),
    "but not without the method": ("DELETE", "/pets/mine", "drop", {"id": "mine"}),
    "back from text to a template": (
        "GET",
        "/pets/mine/photos/2",
        "photo",
        {"id": "mine", "n": "2"},
    ),
    "percent-decoded": ("GET", "/pets/a%20b%2Fc", "one", {"id": "a b/c"}),
    "not UTF-8": ("GET", "/pets/%ff", "one", {"id": "\ufffd"}),
    "text after": ("GET", "/files/a.json", "json", {"name": "a"}),
    "longer text first": ("GET", "/files/a.min.json", "min", {"name": "a"}),
    "no text": ("GET", "/files/a.txt", "file", {"name": "a.txt"}),
    "text alone": ("GET", "/files/.json", "file", {"name": ".json"}),
    "colon": ("POST", "/jobs/7:cancel", "cancel", {"id": "7"}),
    "no colon": ("POST", "/jobs/7", "job", {"id": "7"}),
    "two in a segment": ("GET", "/range/1-2-3", "range", {"from": "1", "to": "2-3"}),
    "two side by side": ("GET", "/pair/abc", "pair", {"x": "a", "y": "bc"}),
    "space": ("GET", "/a%20b", "space", {}),
    "escaped in the document": ("GET", "/x%20y", "escaped", {}),
    "root": ("GET", "/", "root", {}),
    "slash": ("GET", "/slash/", "slash", {}),
    "HEAD by GET": ("HEAD", "/pets/5", "one", {"id": "5"}),
    "HEAD of its own": ("HEAD", "/find", "head", {}),
    "query": ("QUERY", "/find", "query", {}),
    "additionalOperations": ("COPY", "/copy", "copy", {}),
}


@pytest.mark.parametrize(("method", "path", "id_", "parameters"), REACHED.values(), ids=REACHED)
def test_a_request_reaches_its_operation(method, path, id_, parameters):
    """The most concrete path that has the method is the one, its parameters decoded."""
    route = contract(PATHS, "3.2.0").route(method, path)
    assert isinstance(route, Route)
    assert (route.operation.id, route.path_parameters) == (id_, parameters)


MISSED = {
    "trailing slash": ("GET", "/pets/"),
    "empty segment": ("GET", "/pets//photos/1"),
    "no slash": ("GET", "/slash"),
    "double slash": ("GET", "//pets"),
    "case": ("GET", "/Pets"),
    "no path": ("GET", ""),
    "star": ("OPTIONS", "*"),
}


@pytest.mark.parametrize(("method", "path"), MISSED.values(), ids=MISSED)
def test_a_path_that_no_template_has_reaches_nothing(method, path):
    """An empty segment fits no template, and a trailing slash is another path."""
    route = contract(PATHS, "3.2.0").route(method, path)
    assert isinstance(route, NoRoute)
    assert route.allowed == ()


ALLOWED = {
    "HEAD where GET": ("PUT", "/pets", ("GET", "HEAD", "POST", "OPTIONS")),
    "all paths that fit": ("PUT", "/pets/mine", ("GET", "HEAD", "DELETE", "OPTIONS")),
    "no GET": ("GET", "/jobs/1", ("POST", "OPTIONS")),
    "declared HEAD": ("PUT", "/find", ("GET", "HEAD", "QUERY", "OPTIONS")),
}


@pytest.mark.parametrize(("method", "path", "allowed"), ALLOWED.values(), ids=ALLOWED)
def test_the_methods_that_would_fit_are_named(method, path, allowed):
    """A path that fits tells its methods, with HEAD where there is GET, and OPTIONS."""
    route = contract(PATHS, "3.2.0").route(method, path)
    assert isinstance(route, NoRoute)
    assert set(route.allowed) == set(allowed)
    assert route.allowed[-1] == "OPTIONS"


SHOP = {
    "/orders/{id}": {"get": {}},
    "/orders": {"get": {}},
    "/inventory/stream": {"get": {}},
    "/other/things/{x}": {"get": {}},
}
NEAREST = {
    "method": ("POST", "/v1/orders/7", ("GET /v1/orders/{id}: the method is GET, not POST",)),
    "typo": ("GET", "/v1/inventroy/stream", ("GET /v1/inventory/stream: differs at '/inventroy'",)),
    "slash": ("GET", "/v1/orders/", ("GET /v1/orders: has no slash at the end",)),
    "too short": (
        "GET",
        "/v1/inventory",
        ("GET /v1/inventory/stream: goes on with '/stream'",),
    ),
    "too long": ("GET", "/v1/orders/7/x", ("GET /v1/orders/{id}: ends before '/x'",)),
    "too short, a template": (
        "GET",
        "/v1/other/things",
        ("GET /v1/other/things/{x}: goes on with '/{x}'",),
    ),
    "base path": ("GET", "/orders", ("GET /v1/orders: lies under '/v1'",)),
    "nothing near": (
        "GET",
        "/v1/completely/different/thing",
        ("GET /v1/orders/{id}: differs at '/completely'",),
    ),
}


@pytest.mark.parametrize(("method", "path", "sentences"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_operations_say_where_they_differ(method, path, sentences):
    """A request that reaches nothing is told which operation is nearest, and why it is not it."""
    route = contract(SHOP, servers=[{"url": "/v1"}]).route(method, path)
    assert isinstance(route, NoRoute)
    assert route.nearest[: len(sentences) or None] == sentences


def test_at_most_five_operations_are_near():
    """Of many near operations, five are named."""
    route = contract({f"/things{n}": GET for n in range(20)}).route("GET", "/things")
    assert isinstance(route, NoRoute)
    assert len(route.nearest) == 5


def body(**properties):
    """Return a request body of these properties."""
    schema = {"properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


ALTERNATIVES = {
    "/chat": {"post": {"operationId": "plain", "requestBody": body(stream={"const": False})}},
    "/chat#stream": {
        "post": {"operationId": "stream", "requestBody": body(stream={"enum": [True]})}
    },
    "/chat?beta=true": {"post": {"operationId": "beta"}},
}
CHOSEN = {
    "neither": ({}, None, "plain"),
    "body": ({}, {"stream": True}, "stream"),
    "body of the plain one": ({}, {"stream": False}, "plain"),
    "1 is not true": ({}, {"stream": 1}, "plain"),
    "query": ({"beta": "true"}, None, "beta"),
    "another query": ({"beta": "no"}, None, "plain"),
    "query before body": ({"beta": "true"}, {"stream": True}, "beta"),
}  # fmt: skip


@pytest.mark.parametrize(("query", "sent", "id_"), CHOSEN.values(), ids=CHOSEN)
@pytest.mark.parametrize("order", [1, -1])
def test_one_route_may_have_alternatives(query, sent, id_, order):
    """Path keys with a fragment or a query are chosen by query and by constants in the body."""
    route = contract(dict(list(ALTERNATIVES.items())[::order])).route("POST", "/chat")
    assert isinstance(route, Route)
    assert route.operation.id == "plain"
    assert {o.id for o in route.alternatives} == {"stream", "beta"}
    assert route.choose(query, sent).id == id_


def test_a_route_alone_is_its_own_choice():
    """Where there is nothing to choose from, the operation is the one."""
    route = contract({"/a?beta=true": GET}).route("GET", "/a")
    assert isinstance(route, Route)
    assert route.choose({}, None) is route.operation


SEGMENTS = {
    "two": ("{a}-{b}", "1-2", ("1", "2")),
    "at least one character": ("{a}-{b}", "-2", None),
    "at the end too": ("{a}-{b}", "1-", None),
    "side by side": ("{a}{b}", "xyz", ("x", "yz")),
    "head": ("v{n}", "v1", ("1",)),
    "other head": ("v{n}", "w1", None),
    "head and tail overlap": ("ab{n}bc", "abc", None),
    "no end": ("{a", "{a", "text"),
}


@pytest.mark.parametrize(("template", "text", "values"), SEGMENTS.values(), ids=SEGMENTS)
def test_a_segment_with_text_around_its_names(template, text, values):
    """Each name stands for one character or more, the shortest from the left."""
    segment = parse_segment(template)
    found = segment.match(text) if isinstance(segment, Segment) else "text"
    assert found == values


@given(st.text("ab.-", min_size=1), st.text("ab.-", min_size=1), st.sampled_from(["-", ".", "--"]))
def test_what_is_filled_in_is_found_again(first, second, between):
    """A segment made from a template fits it, and its values make the same segment again."""
    segment = parse_segment(f"x{{a}}{between}{{b}}y")
    assert isinstance(segment, Segment)
    text = f"x{first}{between}{second}y"
    found = segment.match(text)
    assert found is not None
    assert f"x{found[0]}{between}{found[1]}y" == text


def test_a_thousand_paths_are_told_apart():
    """Each of a thousand operations is reached by its own path."""
    made = contract({f"/a{n % 30}/{{x}}/b{n}/{{y}}": GET for n in range(1000)})
    for n in range(1000):
        route = made.route("GET", f"/a{n % 30}/1/b{n}/2")
        assert isinstance(route, Route)
        assert route.operation.path == f"/a{n % 30}/{{x}}/b{n}/{{y}}"

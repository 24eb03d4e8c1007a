"""Operations: their names and paths, what they answer, and when they stream."""

import json

import pytest
from contract_documents import contract, operation, responding

from mockserver.contract import StreamSettings, Wish, answer, read
from mockserver.errors import LoadError

JSON = "application/json"

SERVERS = {
    "none": (None, ("/it",)),
    "empty": ([], ("/it",)),
    "path": ([{"url": "/v1"}], ("/v1/it",)),
    "slash": ([{"url": "/"}], ("/it",)),
    "slash at the end": ([{"url": "/v1/"}], ("/v1/it",)),
    "absolute": ([{"url": "https://api.example.com:8080/v1"}], ("/v1/it",)),
    "without path": ([{"url": "https://api.example.com"}], ("/it",)),
    "without scheme": ([{"url": "//api.example.com/v2"}], ("/v2/it",)),
    "relative": ([{"url": "./v3"}], ("/v3/it",)),
    "several": ([{"url": "/a"}, {"url": "/b"}, {"url": "https://x/a"}], ("/a/it", "/b/it")),
    "variable": ([{"url": "https://{host}/{base}", "variables": {"host": {"default": "x"}, "base": {"default": "v4"}}}], ("/v4/it",)),
    "variable for all": ([{"url": "{url}", "variables": {"url": {"default": "https://x/v5"}}}], ("/v5/it",)),
    "variable by enum": ([{"url": "/{v}", "variables": {"v": {"enum": ["v6", "v7"]}}}], ("/v6/it", "/v7/it")),
    "the default first": ([{"url": "/{v}", "variables": {"v": {"default": "v7", "enum": ["v6", "v7"]}}}], ("/v7/it", "/v6/it")),
    "variable undeclared": ([{"url": "https://x/{tenant}"}], ("/{tenant}/it",)),
    "query": ([{"url": "https://x/v1?a=b#c"}], ("/v1/it",)),
}  # fmt: skip


@pytest.mark.parametrize(("servers", "paths"), SERVERS.values(), ids=SERVERS)
def test_the_base_path_comes_from_the_servers(servers, paths):
    """Absolute URLs count by their path, variables by their default."""
    assert operation({}, servers=servers).full_paths == paths


def test_the_nearest_servers_count():
    """Servers of the operation go before those of its path item and of the document."""
    at = [[{"url": f"/{name}"}] for name in ("document", "item", "operation")]
    paths = {
        "/a": {"get": {"servers": at[2]}, "put": {}, "servers": at[1]},
        "/b": {"get": {}},
    }
    made = contract(paths, servers=at[0])
    found = {name: made.operations[name].full_paths for name in made.operations}
    assert found == {
        "GET /a": ("/operation/a",),
        "PUT /a": ("/item/a",),
        "GET /b": ("/document/b",),
    }


def test_an_operation_is_found_by_every_name():
    """By operationId, and by method and path with and without the base path."""
    made = contract({"/a/{b}": {"post": {"operationId": "act"}}}, servers=[{"url": "/v1"}])
    act = made.operations["act"]
    for name in ("act", "POST /a/{b}", "post /a/{b}", "POST /v1/a/{b}", " Post  /v1/a/{b} "):
        assert made.find(name) is act
    assert made.find("GET /a/{b}") is None
    assert made.find("") is None
    assert made.names() == ["act", "POST /a/{b}", "POST /v1/a/{b}"]
    assert (act.method, act.path, act.path_parameters) == ("POST", "/a/{b}", ("b",))
    assert act.pointer == "/paths/~1a~1{b}/post"
    assert (made.title, made.version, made.source) == ("A test", (3, 1), "api.yaml")


def test_a_path_item_may_be_a_reference():
    """Operations come from components/pathItems, and from what stands beside the reference."""
    item = {"get": {"operationId": "shared"}}
    paths = {"/a": {"$ref": "#/components/pathItems/Item", "put": {}}}
    made = contract(paths, components={"pathItems": {"Item": item}})
    assert list(made.operations) == ["shared", "PUT /a"]


def test_other_keys_of_a_path_item_are_no_operations():
    """Only methods are: not parameters, summary, servers or extensions."""
    item = {
        "parameters": [],
        "summary": "s",
        "description": "d",
        "servers": [],
        "x-a": {},
        "get": {},
    }
    assert list(contract({"/a": item}).operations) == ["GET /a"]


def test_settings_for_an_unknown_operation_are_a_problem():
    """A misspelt operation in the stream settings is named, and so is an item that is not there."""
    tree = {"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "watch"}}}}
    settings = {"wach": StreamSettings(), "watch": StreamSettings(item="Nope")}
    with pytest.raises(LoadError) as caught:
        read(tree, "api.yaml", settings)
    assert {(p.code, p.mend) for p in caught.value.problems} == {
        ("unknown-operation", "did you mean 'watch'?"),
        ("broken-ref", ""),
    }


def test_components_are_found_by_name():
    """A schema and what it shows are there for templates."""
    made = contract(
        components={
            "schemas": {
                "Pet": {"example": {"id": 1}},
                "Alias": {"$ref": "#/components/schemas/Pet"},
            }
        }
    )
    assert made.schema("Alias") == {"example": {"id": 1}}
    assert made.schema("Dog") is None
    assert made.example("Alias") == {"id": 1}
    assert made.resolve("#/components/schemas/Alias") == {"example": {"id": 1}}


def test_the_names_of_all_examples_are_listed():
    """Each once, over all responses and media types."""
    content = {
        JSON: {"examples": {"a": {"value": 1}, "b": {"value": 2}}},
        "text/plain": {"examples": {"a": {"value": ""}}},
    }
    fields = {
        "responses": {
            "200": {"content": content},
            "404": {"content": {JSON: {"examples": {"c": {"value": 3}}}}},
        }
    }
    assert operation(fields).example_names() == ["a", "b", "c"]  # fmt: skip


SSE = "text/event-stream"
LINES, SEQ = "application/x-ndjson", "application/json-seq"
BOTH = responding({JSON: {}, SSE: {}})
SPEAKEASY = BOTH | {"x-speakeasy-stream-request-field": "live"}
FERN = BOTH | {"x-fern-streaming": {"format": "sse", "stream-condition": "$request.live"}}
WANTS = {
    "ordinary": (responding({JSON: {}}), SSE, None, False),
    "only a stream": (responding({SSE: {}}), JSON, {"stream": False}, True),
    "parameters and case": (responding({"Text/Event-Stream; charset=utf-8": {}}), "*/*", None, True),
    "an error status": (responding({SSE: {}}, "400"), SSE, None, False),
    "both, nothing said": (BOTH, "*/*", None, False),
    "both, no accept": (BOTH, "", None, False),
    "both, in the body": (BOTH, "*/*", {"stream": True}, True),
    "both, not in the body": (BOTH, SSE, {"stream": False}, False),
    "both, not a boolean": (BOTH, "*/*", {"stream": "yes"}, False),
    "both, by accept": (BOTH, SSE, None, True),
    "both, by accept of either": (BOTH, f"{JSON}, {SSE}", None, True),
    "both, by weight": (BOTH, f"{JSON}, {SSE};q=0.5", None, False),
    "both, refused": (BOTH, f"{SSE};q=0", None, False),
    "field of Speakeasy": (SPEAKEASY, "*/*", {"live": True}, True),
    "the field goes first": (SPEAKEASY, SSE, {"live": False, "stream": True}, False),
    "condition of Fern": (FERN, "*/*", {"live": True}, True),
    "Fern without declaration": (responding({JSON: {}}) | {"x-fern-streaming": {"format": "sse"}}, "*/*", {"stream": True}, True),
    "Fern's JSON streaming": (responding({JSON: {}}) | {"x-fern-streaming": True}, "*/*", {"stream": True}, False),
    "x-supports-streaming": (responding({JSON: {}}) | {"x-supports-streaming": True}, SSE, None, True),
    "only lines": (responding({LINES: {}}), JSON, None, True),
    "JSON and lines, nothing said": (responding({JSON: {}, LINES: {}}), "*/*", None, False),
    "JSON and lines, a range": (responding({JSON: {}, LINES: {}}), "application/*", None, False),
    "JSON and lines, by accept": (responding({JSON: {}, LINES: {}}), LINES, None, True),
    "JSON and lines, in the body": (responding({JSON: {}, LINES: {}}), "*/*", {"stream": True}, True),
    "lines as request alone": ({"requestBody": {"content": {LINES: {}}}, **responding({JSON: {}})}, LINES, None, False),
    "both, over two statuses": ({"responses": {"200": {"content": {JSON: {}}}, "202": {"content": {SSE: {}}}}}, "*/*", None, False),
}  # fmt: skip


THREE = responding({SEQ: {}, LINES: {}, SSE: {}, "application/jsonl": {}})
STREAMS = {
    "nothing said": ("*/*", None, SSE),
    "nothing at all": ("", None, SSE),
    "lines": (LINES, None, LINES),
    "lines by another name": ("application/jsonl", None, "application/jsonl"),
    "records by weight": (f"{LINES};q=0.1, {SEQ};q=0.2", None, SEQ),
    "none of them": ("image/png", None, SSE),
    "of one framing": (f"{SSE}, application/jsonl;q=0.1", "lines", "application/jsonl"),
}


@pytest.mark.parametrize(("accept", "framing", "expected"), STREAMS.values(), ids=STREAMS)
def test_which_of_several_streams_a_request_gets(accept, framing, expected):
    """The one that the Accept wants most; the event stream where it does not say."""
    found = operation(THREE)
    assert found.stream.media_type == SSE
    assert found.stream_for(accept, framing).media_type == expected


def test_an_operation_without_a_stream_has_none_in_any_framing():
    """Whatever is asked for."""
    assert operation(responding({JSON: {}})).stream_for(LINES) is None
    assert operation(responding({LINES: {}})).stream_for(SSE, "sse") is None


@pytest.mark.parametrize(("fields", "accept", "body", "wanted"), WANTS.values(), ids=WANTS)
def test_when_a_request_gets_the_stream(fields, accept, body, wanted):
    """Extension's field, `stream` in the body, Accept; always where nothing else is declared."""
    assert operation(fields).wants_stream(accept, body) is wanted


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_the_same_document_reads_the_same_in_every_version(version):
    """The three versions agree on what they have in common."""
    pet = {"type": "object", "properties": {"id": {"type": "integer", "example": 1}}}
    paths = {
        "/pets": {"get": responding({JSON: {"schema": {"$ref": "#/components/schemas/Pet"}}})},
        "/watch": {"get": responding({SSE: {"schema": {"$ref": "#/components/schemas/Pet"}}})},
    }
    made = contract(paths, version, components={"schemas": {"Pet": pet}})
    pets, watch = made.operations.values()
    assert json.loads(answer(pets, Wish()).body) == {"id": 1}
    assert pets.stream is None
    assert watch.stream is not None
    assert watch.stream is watch.stream
    assert [branch.pointer for branch in watch.stream.branches] == ["/components/schemas/Pet"]

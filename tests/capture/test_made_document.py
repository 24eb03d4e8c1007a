"""The document that is made of a recording: its paths, its schemas, and that it is sound."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.capture import Chunk, Exchange, Options, written
from mockserver.capture.inferred import inferred
from mockserver.capture.paths import operation_id, singular, template
from mockserver.cli import main

PATHS = {
    "no ids": ("/v1/orders", "/v1/orders"),
    "a number": ("/v1/orders/17/items/2", "/v1/orders/{orderId}/items/{itemId}"),
    "a UUID": ("/pets/0192d3a4-1111-7222-8333-123456789abc", "/pets/{petId}"),
    "a ULID": ("/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/log", "/jobs/{jobId}/log"),
    "hex": ("/commits/9bbec32ff", "/commits/{commitId}"),
    "a prefix": ("/v1/threads/thread_abc123/runs/run_9x8y7z", "/v1/threads/{threadId}/runs/{runId}"),
    "a day": ("/news/2026-01-31", "/news/{newsId}"),
    "words are none": ("/v1/order-status/decade/stream", "/v1/order-status/decade/stream"),
    "nothing before it": ("/7", "/{id}"),
    "behind a version": ("/v2/7", "/v2/{id}"),
    "two in a row": ("/maps/7/8", "/maps/{mapId}/{id}"),
    "braces": ("/a{b}", "/a%7Bb%7D"),
    "what was masked": ("/hooks/masked-3", "/hooks/{hookId}"),
    "the root": ("/", "/"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
def test_what_looks_like_an_id_becomes_a_parameter(path, expected):
    """Named after what it is one of."""
    assert template(path) == expected


IDS = {
    ("GET", "/v1/orders/{orderId}/status/stream"): "getOrderStatusStream",
    ("GET", "/v1/orders"): "getOrders",
    ("POST", "/api/chat-completions"): "postChatCompletions",
    ("DELETE", "/{id}"): "deleteOne",
    ("GET", "/"): "getRoot",
    ("GET", "/taken"): "getTaken2",
}


@pytest.mark.parametrize(("line", "expected"), IDS.items())
def test_an_operation_is_called_what_its_path_says(line, expected):
    """Each has another name."""
    assert operation_id(*line, {"getTaken"}) == expected


@pytest.mark.parametrize(
    ("plural", "one"),
    [("orders", "order"), ("stories", "story"), ("boxes", "box"), ("status", "status"), ("news", "news")],
)  # fmt: skip
def test_one_of_many(plural, one):
    """As far as an English word's end tells."""
    assert singular(plural) == one


SCHEMAS = {
    "nothing": ([], {}),
    "one kind": ([1, 2], {"type": "integer"}),
    "numbers": ([1, 2.5], {"type": "number"}),
    "or null": (["a", None], {"type": ["null", "string"]}),
    "members": (
        [{"a": 1, "b": "x"}, {"a": 2}],
        {
            "type": "object", "required": ["a"],
            "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        },
    ),
    "items": ([[1], ["a"], []], {"type": "array", "items": {"type": ["integer", "string"]}}),
    "an empty list": ([[]], {"type": "array"}),
    "true is no number": ([True, 1], {"type": ["boolean", "integer"]}),
}  # fmt: skip


@pytest.mark.parametrize(("values", "schema"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_says_what_was_seen_and_no_more(values, schema):
    """What all have is required."""
    assert inferred(values) == schema


SSE, JSON = "text/event-stream", "application/json"


def exchange(at, target, kind, *parts, method="GET", **said):
    """Return an exchange whose body comes at once."""
    return Exchange(
        at=at, answered=at, ended=at + 0.1, method=method, target=target, status=said.pop("status", 200),
        headers=(("Content-Type", kind),) if kind else (),
        chunks=tuple(Chunk(at, part.encode()) for part in parts), **said,
    )  # fmt: skip


RECORDED = [
    exchange(1, "/v1/orders/1/stream", SSE, 'event: a\ndata: {"n":1}\n\n', ": hi\n\ndata: x\n\n"),
    exchange(2, "/v1/orders/2/stream", SSE, 'event: a\ndata: {"n":null,"m":[]}\n\n', end="client"),
    exchange(3, "/v1/chat", SSE, 'data: {"d":"x"}\n\n', "data: [DONE]\n\n", method="POST",
             request_headers=(("Content-Type", JSON),), request_body=b'{"stream":true}'),
    exchange(4, "/v1/chat", JSON, '{"d": "x"}', method="POST",
             request_headers=(("Content-Type", JSON),), request_body=b'{"stream":false}'),
    exchange(5, "/v1/empty", SSE),
    exchange(6, "/v1/lines", "application/x-ndjson", '{"a":1}\n{"a":"b"}\n'),
    exchange(7, "/v1/records", "application/json-seq", '\x1e{"a":1}\n'),
    exchange(8, "/v1/orders?limit=3&after=x", JSON, "[]"),
    exchange(9, "/v1/orders/404", "application/problem+json", '{"title":"no"}', status=404),
    exchange(10, "/v1/orders/1", None, method="DELETE", status=204),
    exchange(11, "/v1/page", "text/html; charset=utf-8", "<p>hi</p>"),
    exchange(12, "/v1/down", None, status=0, end="cut"),
    exchange(13, "/v1/half", JSON, '{"a": ', end="cut"),
    exchange(14, "/v1/broken", JSON, "{no json"),
    exchange(15, "/v1/error/stream", SSE, "data: no\n\n", status=500),
    exchange(16, "/v1/odd", "nonsense", "x"),
    exchange(17, "/v1/text", "text/plain", "42", status=299),
]  # fmt: skip


def test_a_recording_loads_without_a_doubt(tmp_path, capsys):
    """Scenarios and document are sound together, whatever was recorded; `check --strict` says so."""
    recording = written(RECORDED, None, Options(source="https://api.example.test"))
    for name, content in recording.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    code = main(
        [
            "check",
            "--strict",
            "--spec",
            str(tmp_path / "openapi.yaml"),
            "--scenarios",
            str(tmp_path),
        ]
    )
    assert capsys.readouterr().out.splitlines()[-1] == "0 errors, 0 warnings"
    assert code == 0


def test_the_order_of_what_was_recorded_is_no_matter_for_the_document():
    """Paths stand in the order of their letters."""
    shuffled = [*RECORDED]
    random.Random(7).shuffle(shuffled)
    paths = [
        [line for line in written(found, None).files["openapi.yaml"].decode().splitlines()
         if line.startswith(("  /", '  "/'))]
        for found in (RECORDED, shuffled)
    ]  # fmt: skip
    assert paths[0] == paths[1]
    assert len(paths[0]) == 14


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)),
    max_leaves=12,
)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_every_value_fits_the_schema_that_was_made_of_it(values):
    """Of any values at all."""
    schema = inferred(values)
    validator = Draft202012Validator(schema)
    assert [error.message for value in values for error in validator.iter_errors(value)] == []

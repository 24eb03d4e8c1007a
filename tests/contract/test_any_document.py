"""Whatever stands in a document, reading it ends in a contract or in a LoadError."""

import contextlib
import copy
import json
import os
from types import SimpleNamespace

from contract_documents import document, responding
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract import (
    Wish,
    answer_violations,
    event_violations,
    lenient_answer,
    made_events,
    read,
    stream_problems,
)
from mockserver.contract.callbacks import callbacks, webhooks
from mockserver.contract.expressions import ExpressionError, MissingError, read_text
from mockserver.contract.leaves import answers, questions, questions_of_id
from mockserver.contract.requests.verdicts import Asked, Verdicts
from mockserver.contract.sampling.sample import Unsatisfiable
from mockserver.errors import LoadError

MANY = int(os.environ.get("MUTATIONS", "60"))
REQUEST = SimpleNamespace(
    method="GET", target="/", path={"b": "1"}, query={}, headers={}, body={"s": 1}
)
EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["a", "b"]},
        "id": {"type": "string"},
        "data": {"contentMediaType": "application/json", "contentSchema": {"$ref": "#/components/schemas/Pet"}},
    },
    "required": ["event"],
    "oneOf": [{"properties": {"event": {"const": "a"}}}, {"anyOf": [{"minProperties": 1}]}],
    "discriminator": {"propertyName": "event", "mapping": {"a": "#/components/schemas/Pet"}},
}  # fmt: skip
WHOLE = document(
    {
        "/a/{b}#c": {
            "servers": [{"url": "https://{x}/v1", "variables": {"x": {"default": "y"}}}],
            "post": {
                "operationId": "do",
                "parameters": [
                    {"name": "f", "in": "query", "style": "deepObject", "explode": True, "schema": {"$ref": "#/components/schemas/Pet"}},
                    {"name": "c", "in": "cookie", "required": True, "content": {"application/json": {"schema": {"type": ["integer"]}}}},
                    {"$ref": "#/components/parameters/B"},
                ],
                "security": [{"key": []}, {"token": ["read"]}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"properties": {"s": {"const": 1}}}},
                        "*/*": {"schema": {"properties": {"s": {"type": "array"}}}, "encoding": {"s": {"contentType": "a/b"}}},
                    }
                },
                **responding(
                    {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
                        "text/event-stream": {"itemSchema": EVENT, "examples": {"x": {"dataValue": [{"data": "1"}]}}},
                        "application/x-ndjson": {"schema": {"items": {"$ref": "#/components/schemas/Pet"}}, "example": "1\n"},
                    },
                    headers={"X-A": {"schema": {"example": 1}}},
                ),
                "x-fern-streaming": {"format": "sse"},
                "callbacks": {
                    "told": {
                        "{$request.body#/s}/{$request.path.b}": {
                            "parameters": [{"name": "X-A", "in": "header", "required": True, "schema": {"const": "a"}}],
                            "put": {"requestBody": {"content": {"application/json": {"schema": {"const": 1}}}}},
                        }
                    }
                },
            },
            "additionalOperations": {"COPY": {"responses": {"default": {"description": "d"}}}},
        },
        "/b": {"$ref": "#/paths/~1a~1{b}%23c"},
    },
    "3.2.0",
    webhooks={"told": {"post": {"requestBody": {"content": {"text/plain": {"example": "x"}}}}}},
    components={
        "parameters": {"B": {"name": "b", "in": "path", "required": True, "schema": {"enum": ["1"]}}},
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "token": {"type": "http", "scheme": "bearer"},
        },
        "schemas": {
            "Pet": {
                "type": "object",
                "nullable": True,
                "properties": {"id": {"minimum": 1, "exclusiveMinimum": True}, "next": {"$ref": "#/components/schemas/Pet"}},
                "required": ["id"],
                "allOf": [{"patternProperties": {"^x": False}}],
            }
        }
    },
)  # fmt: skip

BODIES = [
    ("application/json", b'{"s": 1}'),
    ("application/x-www-form-urlencoded", b"s=1&s[a]=2"),
    ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="s"\r\n\r\n1\r\n--b--'),
    ("text/plain", b"\xff"),
]  # fmt: skip


def places(value, path=()):
    """Return the paths to all values of a tree."""
    found = [path]
    children = value.items() if isinstance(value, dict) else ()
    children = enumerate(value) if isinstance(value, list) else children
    for key, child in children:
        found += places(child, (*path, key))
    return found


def equal_answers_mean_equal_verdicts(found):
    """Hold what a stream wants to know of a value against its verdicts on several."""
    asked = questions(found, ("id",))
    questions_of_id(found)
    if asked is None:
        return
    verdicts = {}
    for value in (0, 1, 2, 2.0, 2.5, -3, "", "a", "string", None, True, False):
        verdict = not event_violations(found, "a", json.dumps({"id": value}), "1")
        assert verdicts.setdefault(repr(answers(value, asked)), verdict) == verdict


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 300) | st.floats(allow_nan=False) | st.text(max_size=3)
    | st.sampled_from(["#/paths", "#", "/{a", "string", "{x}", "[", "2XX"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["$ref", "oneOf", "properties", "data", "event", "200", "get", "/a", "example", "items"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def ask_calls(called):
    """Make every request that the server could send; some have nothing that fits."""
    for requests in called.values():
        for request in requests:
            list(request.needed_headers("seed"))
            with contextlib.suppress(Unsatisfiable):
                request.body("seed")
            with contextlib.suppress(ExpressionError, MissingError):
                read_text(request.url or "").filled(REQUEST)


@settings(max_examples=MANY, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(places(WHOLE)[1:]), JUNK), min_size=1, max_size=3),
    st.sampled_from(["null", "{}", '{"id": 0}', "[DONE]", "1"]),
)
def test_junk_in_any_place_never_makes_a_traceback(changes, data):
    """Values of a sound document are replaced by others; every question still has an answer."""
    tree = copy.deepcopy(WHOLE)
    for path, junk in changes:
        parent = tree
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = junk
    try:
        made = read(tree, "api.yaml")
    except LoadError:
        return
    stream_problems(made)
    for operation in made.operations.values():
        lenient_answer(operation, Wish())
        lenient_answer(operation, Wish(404, "x", "text/*;q=0"))
        for kind, body in BODIES:
            headers = [("Content-Type", kind), ("Cookie", "c=1; d")]
            asked = Asked("POST", "/v1/a/1", {"b": "1"}, "f[id]=1&f[]=x&v=%", headers, body)
            Verdicts().of(operation, asked)
        operation.example_names()
        operation.wants_stream("text/event-stream", {"stream": 1})
        for stream in operation.streams:
            stream.examples()
            stream.examples("x")
            made_events(stream, "0", 2)
            event_violations(stream, "a", data, "1")
            event_violations(stream, None, data, None)
            equal_answers_mean_equal_verdicts(stream)
        for status in (200, 404):
            headers = [("Content-Type", "application/json"), ("X-A", "1")]
            answer_violations(operation, status, headers, data.encode())
            answer_violations(operation, status, [("content-type", "")], empty=True)
        ask_calls(callbacks(operation))
    ask_calls(webhooks(made.document))
    route = made.route("POST", "/v1/a/1")
    if hasattr(route, "choose"):
        route.choose({}, {"s": 1})
    else:
        assert isinstance(route.nearest, tuple)

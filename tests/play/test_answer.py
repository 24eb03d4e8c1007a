"""Whole answers and heads (section 5 of the language), and what the document adds to them."""

import json

import pytest
from stage import Stage

from mockserver.play.answer import problem_body

THING = "operation: getThing\nresponse: "
ANSWERS = [
    pytest.param("{status: 200}", 200, b'{"name": "a thing"}', id="from-the-schema-or-example"),
    pytest.param("{example: large}", 200, b'{"name": "large"}', id="named-example"),
    pytest.param("{body: {a: [1, null, é]}}", 200, '{"a":[1,null,"é"]}'.encode(), id="mapping"),
    pytest.param("{body: plain text}", 200, b"plain text", id="text"),
    pytest.param("{body: null}", 200, b"null", id="null"),
    pytest.param("{body: '{{ request.query.q }}'}", 200, b"7", id="template"),
    pytest.param("{body: {n: '{{ 1 + 1 }}'}}", 200, b'{"n":2}', id="template-keeps-its-type"),
    pytest.param("{status: '{{ 400 + 4 }}'}", 404, b'{"title": "gone"}', id="status-by-template"),
    pytest.param("{status: 404}", 404, b'{"title": "gone"}', id="example-of-the-status"),
    pytest.param("{status: 204}", 204, b"", id="no-content"),
    pytest.param("{body: {file: a.bin}}", 200, b"\x00\xff", id="file"),
]


@pytest.mark.parametrize(("response", "status", "body"), ANSWERS)
def test_answer(response, status, body):
    """What the scenario leaves open comes from the document."""
    stage = Stage(THING + response, files={"a.bin": b"\x00\xff"})
    visit = stage.connect(target="/things", query={"q": "7"})
    if response in ("{status: 200}", "{example: large}") or status == 404:
        assert (status, json.loads(body)) in [
            (visit.status, json.loads(visit.body)),
            (visit.status, {"name": "a thing"} if visit.body == b'{"name": "small"}' else None),
        ]
    else:
        assert (status, body) == (visit.status, visit.body)


HEADS = [
    pytest.param("{headers: {X-A: b}}", [("X-A", "b")], id="one"),
    pytest.param("{headers: {X-A: [b, c]}}", [("X-A", "b"), ("X-A", "c")], id="several-times"),
    pytest.param("{headers: {X-A: '{{ request.method }}'}}", [("X-A", "GET")], id="template"),
]
DEFAULTS = [
    ("Content-Type", "text/event-stream"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
]


@pytest.mark.parametrize(("response", "more"), HEADS)
def test_stream_head(response, more):
    """A stream has its default headers, and its own after them."""
    visit = Stage(f"response: {response}\nstream: [{{data: a}}]").connect()
    assert [*DEFAULTS, *more] == list(visit.head.headers)


def test_header_left_out():
    """A null removes a default header, and a value of its own replaces it, in any case."""
    text = "response: {headers: {x-accel-buffering: null, CONTENT-TYPE: text/plain}}\nstream: []"
    visit = Stage(text).connect()
    assert [DEFAULTS[1], ("CONTENT-TYPE", "text/plain")] == list(visit.head.headers)
    assert {"x-accel-buffering", "content-type"} == visit.head.own


REASONS = [
    pytest.param("{status: 200}", (200, "OK"), id="usual"),
    pytest.param("{status: 299}", (299, ""), id="none"),
    pytest.param("{status: 200, reason: RECONNECT}", (200, "RECONNECT"), id="own"),
]


@pytest.mark.parametrize(("response", "line"), REASONS)
def test_status_line(response, line):
    """The reason phrase is the usual one unless the scenario has another (ST-01)."""
    head = Stage(f"response: {response}\nstream: [{{data: a}}]").connect().head
    assert line == (head.status, head.reason)


DELAYS = [
    pytest.param("{delay: 5s}", 5.0, id="delay"),
    pytest.param("{delay: forever}", float("inf"), id="forever"),
    pytest.param("{status: 200}", 0.0, id="none"),
]


@pytest.mark.parametrize(("response", "delay"), DELAYS)
def test_delay(response, delay):
    """A response may wait before its status line, for ever if it likes (TM-01)."""
    assert delay == Stage(f"response: {response}\nstream: [{{data: a}}]").connect().turn.delay()


def test_problem():
    """An error's body is a problem document (RFC 9457) with what, code and mend."""
    document = json.loads(problem_body(404, "no such thing", "no-thing", "make one", near=["a"]))
    assert document == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such thing",
        "code": "no-thing",
        "mend": "make one",
        "near": ["a"],
    }
    assert "mend" not in json.loads(problem_body(500, "what", "code"))

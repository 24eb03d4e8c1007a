"""Which scenario and session a request reaches, and what it may say to get there."""

import asyncio
import json

import pytest
from clients import STATUS, RawClient, fetch, serving, write

from mockserver import MockServer
from mockserver.play.journal import Closed, Opened, Sent

TOKEN = "Authorization: Bearer anything"
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Which pet?"}]}
HELLO = "operation: streamOrderStatus\nstream: [{data: hello}]"


@pytest.fixture
async def two(tmp_path):
    """A server with two scenarios for one operation; `plain` is the default."""
    plain = "operation: streamOrderStatus\ndefault: true\nstream: [{data: plain}]"
    other = "operation: streamOrderStatus\nstream: [{data: other}]"
    folder = write(tmp_path, plain=plain, other=other)
    async with MockServer(scenarios=folder, events="off") as server:
        yield server


@pytest.mark.parametrize(
    ("target", "headers", "data"),
    [
        pytest.param(STATUS, [], b"plain", id="default"),
        pytest.param(STATUS, ["Prefer: scenario=other"], b"other", id="Prefer"),
        pytest.param(
            STATUS, ["Prefer: wait=1, scenario=other"], b"other", id="Prefer among others"
        ),
        pytest.param(STATUS, ['Prefer: scenario="other"'], b"other", id="Prefer quoted"),
        pytest.param(f"{STATUS}?__scenario=other", [], b"other", id="query"),
        pytest.param(f"http://test{STATUS}?__scenario=other", [], b"other", id="absolute form"),
    ],
)
async def test_a_request_can_name_its_scenario(two, target, headers, data):
    """A header or a query parameter names the scenario, else the default answers."""
    assert (await fetch(two, target, *headers)).body == b"data: " + data + b"\n\n"


async def test_an_unknown_scenario_is_refused_with_the_names_there_are(two):
    """400, and a problem document that lists the names."""
    received = await fetch(two, STATUS, "Prefer: scenario=othr")
    problem = json.loads(received.content)
    assert received.header("Content-Type") == "application/problem+json"
    assert (problem["status"], problem["code"], problem["mend"], problem["scenarios"]) == (
        400,
        "unknown-scenario",
        "did you mean 'other'?",
        ["other", "plain"],
    )


async def test_a_request_that_fits_no_operation_is_told_the_nearest(two):
    """404, with the operations that come near and why each does not fit."""
    received = await fetch(two, STATUS, method="DELETE")
    problem = json.loads(received.content)
    assert (received.status, problem["code"]) == (404, "no-operation")
    assert problem["nearest"][0] == (
        "GET /v1/orders/{id}/status/stream: the method is GET, not DELETE"
    )


async def test_sessions_keep_their_stories_apart(tmp_path):
    """A client in one session does not eat the connections of another's story."""
    story = "operation: streamOrderStatus\nstream: [{data: one}, {disconnect: end}, {data: two}]"
    async with serving(tmp_path, story) as server:
        bodies = [
            (await fetch(server, target)).body
            for target in (STATUS, f"/@a{STATUS}", STATUS, f"/@a{STATUS}")
        ]
        entries = [type(e) for e in server.session("a").journal]
    assert bodies == [b"data: one\n\n"] * 2 + [b"data: two\n\n"] * 2
    assert entries == [Opened, Sent, Closed, Opened, Sent, Closed]


@pytest.mark.parametrize("name", ["", "a%20b", "%2e%2e", "x" * 101])
async def test_a_session_needs_a_proper_name(tmp_path, name):
    """400 for a name that could not stand in a URL or a log."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(server, f"/@{name}{STATUS}")
        asked = await fetch(server, f"/_mock/sessions/{name}/clock")
    assert asked.status in (400, 404)
    assert (received.status, json.loads(received.content)["code"]) == (400, "bad-session-name")


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", ""])
async def test_any_host_is_served(tmp_path, host):
    """A mock is reached under names that only its user knows."""
    async with serving(tmp_path, HELLO) as server:
        client = await RawClient.connect(server)
        request = f"GET {STATUS} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        client.writer.write(request.encode())
        assert (await client.rest()).body == b"data: hello\n\n"


ECHO = """
operation: createChatCompletion
stream:
- data:
    body: "{{ request.body }}"
    method: "{{ request.method }}"
    query: "{{ request.query.q }}"
    header: "{{ request.headers['x-one'] }}"
    cookie: "{{ request.cookies.c }}"
"""


@pytest.mark.parametrize(
    ("kind", "body", "seen"),
    [
        pytest.param("application/json", b'{"a": [1, null]}', {"a": [1, None]}, id="JSON"),
        pytest.param("application/x+json; v=1", b'"text"', "text", id="a kind of JSON"),
        pytest.param("application/json", b"{bad", "{bad", id="not JSON after all"),
        pytest.param(
            "application/x-www-form-urlencoded", b"a=1&b=%C3%A9", {"a": "1", "b": "é"}, id="form"
        ),
        pytest.param("text/plain", "é".encode(), "é", id="text"),
        pytest.param("application/octet-stream", b"\xff", "\ufffd", id="bytes"),
    ],
)
async def test_a_post_can_open_a_stream_that_reads_the_request(tmp_path, kind, body, seen):
    """Templates reach body, query, headers and cookies of a POST."""
    async with serving(tmp_path, ECHO, requests="off") as server:
        received = await fetch(
            server,
            "/v1/chat/completions?q=%C3%A9&q=2",
            f"Content-Type: {kind}",
            "X-One: 1",
            "Cookie: c=3",
            method="POST",
            body=body,
        )
    data = json.loads(received.body.removeprefix(b"data: "))
    assert data == {"body": seen, "method": "POST", "query": "é", "header": "1", "cookie": "3"}


async def test_a_body_that_is_too_large_is_refused(tmp_path, monkeypatch):
    """413 as a problem document, and the server goes on."""
    monkeypatch.setattr("mockserver.server.app.MAX_BODY", 1000)
    async with serving(tmp_path, ECHO) as server:
        received = await fetch(server, "/v1/chat/completions", method="POST", body=b"x" * 5000)
        assert (received.status, json.loads(received.content)["code"]) == (413, "body-too-large")


async def test_a_body_that_is_not_what_its_headers_say_is_refused(tmp_path):
    """400 as a problem document for a body that cannot be decoded."""
    async with serving(tmp_path, ECHO) as server:
        received = await fetch(
            server,
            "/v1/chat/completions",
            "Content-Encoding: gzip",
            method="POST",
            body=b"not gzip at all",
        )
    assert (received.status, json.loads(received.content)["code"]) == (400, "bad-body")


async def test_a_last_event_id_is_read_as_utf_8(tmp_path):
    """The bytes that a browser sends back for a non-ASCII id find their event."""
    story = "operation: streamOrderStatus\nstream: [{id: …, data: a}, {id: b, data: '{{ last_event_id }}'}]"
    async with serving(tmp_path, story) as server:
        received = await fetch(server, STATUS, "Last-Event-ID: …")
    assert received.body == "id: b\ndata: …\n\n".encode()


async def test_an_unknown_last_event_id_is_in_the_journal(tmp_path):
    """It is never taken silently: the connection plays from its beginning, and says so."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(server, STATUS, "Last-Event-ID: nowhere")
        opened = server.session().journal[0]
    assert received.body == b"data: hello\n\n"
    assert (opened.last_event_id, opened.notes) == ("nowhere", ("unknown-last-event-id",))


async def test_a_template_without_a_value_fails_before_the_head(tmp_path):
    """What is due at once is rendered first, so that the client gets a 500 that says why."""
    story = "operation: streamOrderStatus\nstream: [{data: '{{ request.query.missing }}'}]"
    async with serving(tmp_path, story) as server:
        received = await fetch(server, STATUS)
    problem = json.loads(received.content)
    assert (received.status, problem["code"]) == (500, "template-error")
    assert problem["detail"].endswith(
        "story.yaml:2:17: {{ request.query.missing }} cannot be rendered: "
        "'dict object' has no attribute 'missing'"
    )


async def test_a_template_without_a_value_in_mid_stream_drops_the_connection(tmp_path):
    """The head is gone: the connection is cut, and the journal has the reason."""
    story = """
operation: streamOrderStatus
stream: [{data: first}, {delay: 1ms, data: "{{ request.query.missing }}"}]
"""
    async with serving(tmp_path, story) as server:
        received = await fetch(server, STATUS)
        closed = server.session().journal[-1]
    assert (received.body, received.finished) == (b"data: first\n\n", False)
    assert (closed.kind, closed.by, "missing" in closed.fault) == ("drop", "script", True)


async def test_the_documents_examples_answer_without_a_scenario(tmp_path):
    """A stream gets its examples in order, an ordinary operation its example."""
    async with MockServer(scenarios=tmp_path) as server:
        stream = await fetch(server, "/v1/pets/recommendations/stream?userId=user-456")
        pets = await fetch(server, "/v1/pets", TOKEN)
    assert [line for line in stream.body.splitlines() if line.startswith(b"event")] == [
        b"event: recommendation",
        b"event: recommendation",
        b"event: complete",
    ]
    assert (pets.status, pets.header("Content-Type")) == (200, "application/json")
    assert json.loads(pets.content)["data"][0]["id"] == "019b4132"


async def test_one_post_streams_or_answers_as_its_body_asks(tmp_path):
    """`stream: true` in the body gets the stream, its absence the JSON (openapi.md rule 7)."""
    async with MockServer(scenarios=tmp_path) as server:
        replies = [
            await fetch(
                server,
                "/v1/chat/completions",
                TOKEN,
                "Content-Type: application/json",
                method="POST",
                body=json.dumps({**QUESTION, "stream": stream}).encode(),
            )
            for stream in (True, False)
        ]
    assert [reply.header("Content-Type") for reply in replies] == [
        "text/event-stream",
        "application/json",
    ]
    assert replies[0].body.endswith(b"data: [DONE]\n\n")


async def test_many_streams_at_once_each_get_their_own(tmp_path):
    """Several hundred clients of one story are several hundred subscriptions."""
    story = "operation: streamOrderStatus\nstream: [{data: '{{ subscription }}'}, {hold: 50ms}]"
    async with serving(tmp_path, story) as server:
        replies = await asyncio.gather(*(fetch(server, STATUS) for _ in range(300)))
    seen = sorted(int(reply.body.removeprefix(b"data: ")) for reply in replies)
    assert seen == list(range(1, 301))

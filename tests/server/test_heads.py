"""What stands in heads: defaults, the scenario's own, CORS, and nothing of the wall clock."""

import json

import pytest
from clients import STATUS, RawClient, fetch, serving

HELLO = "operation: streamOrderStatus\nstream: [{data: hello}]"
PAGE = "Origin: http://localhost:3000"


async def test_a_streams_head_is_the_same_every_time(tmp_path):
    """Status, default headers, in order; no Date, no Server, no Content-Length."""
    async with serving(tmp_path, HELLO) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        raw = await client.until(b"\r\n\r\n")
        await client.leave()
    assert raw.partition(b"\r\n\r\n")[0].decode().split("\r\n") == [
        "HTTP/1.1 200 OK",
        "Content-Type: text/event-stream",
        "Cache-Control: no-cache, no-transform",
        "X-Accel-Buffering: no",
        "Connection: keep-alive",
        "Transfer-Encoding: chunked",
    ]


async def test_the_head_leaves_before_the_first_event(tmp_path):
    """A client sees the response open while the first event is still to come."""
    story = "operation: streamOrderStatus\nstream: [{hold: forever}]"
    async with serving(tmp_path, story) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        assert (await client.until(b"\r\n\r\n")).endswith(b"\r\n\r\n")
        await client.leave()


async def test_an_http_1_0_client_gets_a_stream_without_chunks(tmp_path):
    """The end of the connection is the end of the body (RFC 9112 § 6.3)."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(server, STATUS, version="1.0")
    assert received.header("Transfer-Encoding") is None
    assert (received.content, received.end) == (b"data: hello\n\n", "fin")


async def test_an_http_1_0_client_that_asks_to_keep_alive_sees_the_end(tmp_path):
    """Without chunks only the end of the connection can end the body."""
    async with serving(tmp_path, HELLO) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: keep-alive", version="1.0")
        received = await client.rest()
    assert (received.content, received.end) == (b"data: hello\n\n", "fin")


HEADERS = """
operation: streamOrderStatus
response:
  status: 202
  reason: Streaming
  headers:
    X-One: "{{ request.path.id }}"
    Set-Cookie: [a=1, b=2]
    Cache-Control: null
    content-type: text/event-stream; charset=utf-8
stream: [{data: hello}]
"""


async def test_a_scenarios_headers_stand_as_written(tmp_path):
    """Templates, repeated headers, null for a default that is left out, odd status and reason."""
    async with serving(tmp_path, HEADERS) as server:
        received = await fetch(server, STATUS)
    assert received.raw.startswith(b"HTTP/1.1 202 Streaming\r\n")
    assert received.headers[:5] == [
        ("X-Accel-Buffering", "no"),
        ("X-One", "019b4132"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("content-type", "text/event-stream; charset=utf-8"),
    ]
    assert received.header("Cache-Control") is None


async def test_a_content_type_can_be_left_out(tmp_path):
    """null leaves the default out, and nothing else takes its place."""
    story = "operation: streamOrderStatus\nresponse: {headers: {Content-Type: null}}\nstream: [{data: x}]"
    async with serving(tmp_path, story) as server:
        assert (await fetch(server, STATUS)).header("Content-Type") is None


ANSWERS = {
    "503 then recovery": (
        "connections:\n- response: {status: 503, headers: {Retry-After: '1'}}\n- steps: [{data: ok}]",
        [(503, "1"), (200, None)],
    ),
    "redirect": (
        "response: {status: 307, headers: {Location: /v1/news/stream}}",
        [(307, None)] * 2,
    ),
    "204": ("response: {status: 204}", [(204, None)] * 2),
    "401": ("response: {status: 401, body: {error: who are you}}", [(401, None)]),
}


@pytest.mark.parametrize(("rest", "expected"), ANSWERS.values(), ids=ANSWERS)
async def test_answers_in_place_of_streams(tmp_path, rest, expected):
    """A response alone is the whole answer: errors, redirects, 204."""
    async with serving(tmp_path, f"operation: streamOrderStatus\n{rest}") as server:
        replies = [await fetch(server, STATUS) for _ in expected]
    assert [(reply.status, reply.header("Retry-After")) for reply in replies] == expected


async def test_the_body_of_an_error_comes_from_the_document_unless_given(tmp_path):
    """A 404 without a body gets the document's example, in the media type it declares."""
    async with serving(tmp_path, "operation: streamOrderStatus\nresponse: {status: 404}") as server:
        received = await fetch(server, STATUS)
    assert received.header("Content-Type") == "application/problem+json"
    assert json.loads(received.content)["status"] == 404


async def test_head_shows_the_head_and_takes_nobodys_turn(tmp_path):
    """HEAD is answered like GET without a body, and the story does not move."""
    story = "operation: streamOrderStatus\nstream: [{data: one}, {disconnect: end}, {data: two}]"
    async with serving(tmp_path, story) as server:
        head = await fetch(server, STATUS, method="HEAD")
        first = await fetch(server, STATUS)
    assert (head.status, head.header("Content-Type"), head.content) == (
        200,
        "text/event-stream",
        b"",
    )
    assert first.body == b"data: one\n\n"


async def test_options_tells_the_methods(tmp_path):
    """OPTIONS outside CORS answers 204 with Allow."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(server, STATUS, method="OPTIONS")
    assert (received.status, received.header("Allow")) == (204, "GET, HEAD, OPTIONS")


async def test_a_page_on_another_port_may_read_streams_with_credentials(tmp_path):
    """Its origin is echoed, never *, and every header is exposed by name."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(server, STATUS, PAGE)
    assert received.header("Access-Control-Allow-Origin") == "http://localhost:3000"
    assert received.header("Access-Control-Allow-Credentials") == "true"
    assert received.header("Access-Control-Expose-Headers") == "X-Accel-Buffering"
    assert received.header("Vary") == "Origin"


async def test_a_preflight_is_granted_what_it_asks_for(tmp_path):
    """Method and headers are allowed, so that fetch with Authorization or Last-Event-ID works."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(
            server,
            STATUS,
            PAGE,
            "Access-Control-Request-Method: GET",
            "Access-Control-Request-Headers: authorization,last-event-id",
            method="OPTIONS",
        )
    assert received.status == 204
    assert received.header("Access-Control-Allow-Headers") == "authorization,last-event-id"
    assert received.header("Access-Control-Allow-Methods") == "GET, HEAD, OPTIONS"
    assert received.header("Access-Control-Allow-Origin") == "http://localhost:3000"


async def test_errors_can_be_read_by_the_page_too(tmp_path):
    """A 404 carries CORS headers: the page sees the problem, not a network error."""
    async with serving(tmp_path, HELLO) as server:
        received = await fetch(server, "/nowhere", PAGE)
    assert received.header("Access-Control-Allow-Origin") == "http://localhost:3000"


async def test_cors_headers_of_the_scenario_are_left_alone(tmp_path):
    """What a scenario sets or leaves out itself is not mended."""
    story = """
operation: streamOrderStatus
response:
  headers: {Access-Control-Allow-Origin: "http://example.org", Access-Control-Allow-Credentials: null}
stream: [{data: x}]
"""
    async with serving(tmp_path, story) as server:
        received = await fetch(server, STATUS, PAGE)
    assert received.header("Access-Control-Allow-Origin") == "http://example.org"
    assert received.header("Access-Control-Allow-Credentials") is None


async def test_cors_can_be_switched_off(tmp_path):
    """`cors=False` (`--no-cors`): no header, no preflight."""
    async with serving(tmp_path, HELLO, cors=False) as server:
        received = await fetch(server, STATUS, PAGE)
        asked = await fetch(
            server, STATUS, PAGE, "Access-Control-Request-Method: GET", method="OPTIONS"
        )
    assert received.header("Access-Control-Allow-Origin") is None
    assert asked.header("Access-Control-Allow-Methods") is None

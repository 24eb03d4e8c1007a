"""Requests that are refused: by aiohttp's parser before any handler, and by the hops after it."""

import asyncio
import json
import logging

import pytest
from aiohttp import web
from aiohttp.http_exceptions import (
    BadHttpMessage,
    BadHttpMethod,
    BadStatusLine,
    InvalidHeader,
    InvalidURLError,
    LineTooLong,
    TransferEncodingError,
)
from clients import LAST_CHUNK, STATUS, RawClient, entry_log, fetch, serving, write

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.errors import ControlError
from mockserver.play.journal import Closed, Opened, Refused, Sent
from mockserver.server.protocol import KEPT, MAX_FIELD, MAX_TARGET, refusal, request_line
from mockserver.server.stream import Stream

HELLO = "operation: streamOrderStatus\nstream: [{data: hello}]"
HELD = "operation: streamOrderStatus\nstream: [{data: a}, {delay: 5s, data: b}]"
ORDERS = "/v1/orders"
HOST = b"\r\nHost: localhost\r\n"
POST = b"POST /@a" + ORDERS.encode() + b" HTTP/1.1" + HOST
FIRST = b"GET /@a/v1/pets HTTP/1.1"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
async def server(tmp_path):
    """A server with one scenario and a clock that stands still, so that `at` is 0.

    What can be read is answered, whether it fits the document or not.
    """
    async with serving(tmp_path, HELLO, clock="manual", requests="off") as server:
        yield server


@pytest.fixture
def logged(caplog):
    """What is logged as a warning or an error, by whom ever."""
    logger = logging.getLogger("mockserver")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


async def ask(server, raw):
    """Send bytes as they are on a connection of their own, and read it to its end."""
    client = await RawClient.connect(server)
    client.writer.write(raw)
    head = await client.until(b"\r\n\r\n")
    assert b"\r\nConnection: close\r\n" in head
    return await client.rest()


async def until(condition):
    """Let the loop turn until something is the case."""
    while not condition():
        await turn_of_others()


def told(server, session="a"):
    """The refusals in a session's journal: target, status, code."""
    entries = server.session(session).journal
    return [(e.target, e.status, e.code) for e in entries if isinstance(e, Refused)]


PETS = "GET /v1/pets"
ORDER = f"POST {ORDERS}"
# Bytes; status, code, what the detail says; session, target in the journal.
REFUSED = {
    "NUL in a header": (
        FIRST + HOST + b"Last-Event-ID: a\0b\r\n\r\n",
        (400, "bad-request", r"b'Last-Event-ID: a\x00b'"),
        ("a", PETS),
    ),
    "another control character": (
        FIRST + HOST + b"Last-Event-ID: a\x1fb\r\n\r\n",
        (400, "bad-request", r"b'Last-Event-ID: a\x1fb'"),
        ("a", PETS),
    ),
    "CR in a header": (
        FIRST + HOST + b"Last-Event-ID: a\rb\r\n\r\n",
        (400, "bad-request", r"b'Last-Event-ID: a\rb'"),
        ("a", PETS),
    ),
    "NUL in a header's name": (
        FIRST + HOST + b"X\0Y: 1\r\n\r\n",
        (400, "bad-request", r"b'X\x00Y: 1'"),
        ("a", PETS),
    ),
    "space before the colon": (
        FIRST + HOST + b"X : 1\r\n\r\n",
        (400, "bad-request", "b'X : 1'"),
        ("a", PETS),
    ),
    "no colon": (FIRST + HOST + b"X\r\n\r\n", (400, "bad-request", "b'X'"), ("a", PETS)),
    "folded header": (
        FIRST + HOST + b"X: a\r\n b\r\n\r\n",
        (400, "bad-request", "b' b'"),
        ("a", PETS),
    ),
    "no Host": (FIRST + b"\r\n\r\n", (400, "bad-request", "'Host'"), ("a", PETS)),
    "two Hosts": (FIRST + HOST + HOST[2:] + b"\r\n", (400, "bad-request", "'Host'"), ("a", PETS)),
    "header too long": (
        FIRST + HOST + b"X: 1\r\nLast-Event-ID: " + b"7" * (MAX_FIELD + 1) + b"\r\n\r\n",
        (431, "headers-too-large", "the header Last-Event-ID is longer than 65,536 bytes"),
        ("a", PETS),
    ),
    "header too long, far behind": (
        FIRST + HOST + b"Y: " + b"1" * KEPT + b"\r\nX: " + b"7" * (MAX_FIELD + 1) + b"\r\n\r\n",
        (431, "headers-too-large", "a header with b'777"),
        ("a", PETS),
    ),
    "too many headers": (
        FIRST + HOST + b"X: 1\r\n" * 128 + b"\r\n",
        (431, "headers-too-large", "the request has more than 128 headers"),
        ("a", PETS),
    ),
    "target too long": (
        b"GET /@a/" + b"7" * MAX_TARGET + b" HTTP/1.1" + HOST + b"\r\n",
        (414, "target-too-long", "the target is longer than 65,536 bytes"),
        ("a", "GET /" + "7" * 994 + "…"),
    ),
    "control character in the target": (
        b"GET /@a/v1\x01/pets HTTP/1.1" + HOST + b"\r\n",
        (400, "bad-request", r"v1\x01/pets"),
        ("a", "GET /v1\x01/pets"),
    ),
    "space in the target": (
        b"GET /@a/v1 pets HTTP/1.1" + HOST + b"\r\n",
        (400, "bad-request", "v1 pets"),
        ("a", "GET /v1"),
    ),
    "absolute target without a host": (
        b"GET http:///@a/v1/pets HTTP/1.1" + HOST + b"\r\n",
        (400, "bad-request", "the target cannot be read: http:///@a/v1/pets"),
        ("a", PETS),
    ),
    "target that is no URL": (
        b"GET http://[/@a/v1/pets HTTP/1.1" + HOST + b"\r\n",
        (400, "bad-request", "http://["),
        ("default", "GET http://[/@a/v1/pets"),
    ),
    "HTTP/3": (
        b"GET /@a/v1/pets HTTP/3.0" + HOST + b"\r\n",
        (400, "bad-request", "HTTP/3.0"),
        ("a", PETS),
    ),
    "HTTP/2": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        (400, "bad-request", "this is HTTP/2"),
        ("default", "PRI *"),
    ),
    "TLS": (
        b"\x16\x03\x01\0\xf8\x01\0\0\xf4\x03\x03" + b"\1" * 239,
        (400, "bad-request", "this is TLS"),
        ("default", ""),
    ),
    "another protocol": (
        b"GET /@a/v1/pets FTP/1.1" + HOST + b"\r\n",
        (400, "bad-request", "FTP/1.1"),
        ("a", PETS),
    ),
    "unknown method": (
        b"ABSURD /@a/v1/pets HTTP/1.1" + HOST + b"\r\n",
        (400, "bad-request", "ABSURD"),
        ("a", "ABSURD /v1/pets"),
    ),
    "no request": (
        b"\xff\xfe\0hello\r\n\r\n",
        (400, "bad-request", r"\xff\xfe\x00hello"),
        ("default", ""),
    ),
    "bad name for a session": (
        b"GET /@-/v1/pets HTTP/1.1" + HOST + b"X\r\n\r\n",
        (400, "bad-request", "b'X'"),
        ("default", "GET /@-/v1/pets"),
    ),
    "empty lines before it": (
        b"\r\n\r\n" + FIRST + HOST + b"X\r\n\r\n",
        (400, "bad-request", "b'X'"),
        ("a", PETS),
    ),
    "length in words": (
        POST + b"Content-Length: two\r\n\r\n{}",
        (400, "bad-request", "b'Content-Length: two'"),
        ("a", ORDER),
    ),
    "length below nothing": (
        POST + b"Content-Length: -2\r\n\r\n{}",
        (400, "bad-request", "b'Content-Length: -2'"),
        ("a", ORDER),
    ),
    "two lengths": (
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        (400, "bad-request", "Content-Length"),
        ("a", ORDER),
    ),
    "length and chunks": (
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        (400, "bad-request", "Transfer-Encoding"),
        ("a", ORDER),
    ),
    "unknown framing": (
        POST + b"Transfer-Encoding: paper\r\n\r\n{}",
        (400, "bad-request", "Transfer-Encoding"),
        ("a", ORDER),
    ),
    "no size of a chunk": (CHUNKED + b"two\r\n{}\r\n", (400, "bad-body", "chunk"), ("a", ORDER)),
}


@pytest.mark.parametrize(("raw", "answer", "entry"), REFUSED.values(), ids=REFUSED)
async def test_what_the_parser_refuses_is_answered_and_recorded_as_every_error(
    server, logged, raw, answer, entry
):
    """A problem document, the connection's end, one entry, and no traceback in the log."""
    received = await ask(server, raw)
    problem = json.loads(received.content)
    status, code, words = answer
    session, target = entry

    assert (received.status, received.end) == (status, "fin")
    assert received.headers == [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(received.content))),
        ("Connection", "close"),
    ]
    assert (problem["status"], problem["code"], problem["mend"] > "") == (status, code, True)
    assert words in problem["detail"]
    journal = server.session(session).journal
    assert journal == [Refused(0.0, target, status, code, problem["detail"])]
    assert {len(server.session(name).journal) for name in {"a", "default"} - {session}} == {0}
    assert logged.records == []
    assert (await fetch(server, STATUS)).body == b"data: hello\n\n"


SMALL = {name: row for name, row in REFUSED.items() if len(row[0]) < KEPT}


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(("raw", "answer", "entry"), SMALL.values(), ids=SMALL)
async def test_a_refusal_is_the_same_in_small_pieces(server, logged, raw, answer, entry, size):
    """Status and code are those of the request that arrives whole, and as much of its line."""
    client = await RawClient.connect(server)
    await until(lambda: server._runner.server.connections)
    (protocol,) = server._runner.server.connections
    for at in range(0, len(raw), size):
        protocol.data_received(raw[at : at + size])
        await turn_of_others()
    received = await client.rest()
    session, target = entry
    ((name, seen, *recorded),) = [
        (name, *refused) for name in ("a", "default") for refused in told(server, name)
    ]
    assert (received.status, json.loads(received.content)["code"]) == answer[:2]
    assert tuple(recorded) == answer[:2]
    # A request line that is refused before its end may not have come to its session.
    assert seen == target or (target.startswith(seen) and name in {session, "default"})
    assert logged.records == []


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_refusal_is_a_line_of_the_log(tmp_path, capsys, form):
    """For a person or a machine, in both cases on one line and without control characters."""
    async with serving(tmp_path, HELLO, clock="manual", on_entry=entry_log(form)) as server:
        await ask(server, b"GET /@a/v1\x01 HTTP/1.1" + HOST + b"\r\n")
        await fetch(server, "/v1/nothing")
    what = r"the target cannot be read: Invalid char in url path: b'GET /@a/v1\x01 HTTP/1.1'"
    nothing = "no operation fits GET /v1/nothing"
    lines = {
        "text": [
            'refused session=a at=0.000 target="GET /v1\\u0001" status=400 code=bad-request'
            f" what={json.dumps(what)}",
            'refused session=default at=0.000 target="GET /v1/nothing" status=404'
            f' code=no-operation what="{nothing}"',
        ],
        "json": [
            '{"entry": "refused", "session": "a", "at": 0.0, "target": "GET /v1\\u0001",'
            f' "status": 400, "code": "bad-request", "what": {json.dumps(what)}}}',
            '{"entry": "refused", "session": "default", "at": 0.0, "target": "GET /v1/nothing",'
            f' "status": 404, "code": "no-operation", "what": "{nothing}"}}',
        ],
    }
    assert capsys.readouterr().err == "".join(line + "\n" for line in lines[form])


async def test_a_client_that_sends_garbage_and_leaves_is_recorded(server, logged):
    """Nobody is there to be answered; the journal has it all the same, once."""
    client = await RawClient.connect(server)
    client.writer.write(FIRST + HOST + b"X\r\n\r\n")
    client.writer.transport.abort()
    await until(lambda: server.session("a").journal)
    await until(lambda: not server._runner.server.connections)
    assert told(server) == [(PETS, 400, "bad-request")]
    assert logged.records == []
    assert (await fetch(server, STATUS)).status == 200


async def test_a_client_that_leaves_in_the_middle_of_a_request_is_no_refusal(server, logged):
    """What may have become a request is none."""
    client = await RawClient.connect(server)
    client.writer.write(FIRST)
    await until(lambda: server._runner.server.connections)
    await client.leave()
    await until(lambda: not server._runner.server.connections)
    assert (told(server), told(server, "default"), logged.records) == ([], [], [])


async def test_a_client_that_leaves_before_its_body_is_complete_is_no_refusal(server, logged):
    """Its handler is cancelled, and there is nobody to answer."""
    client = await RawClient.connect(server)
    client.writer.write(POST + b"Content-Length: 9\r\n\r\n{}")
    await until(lambda: server.busy)
    await client.leave()
    await until(lambda: not server._runner.server.connections)
    assert (told(server), logged.records) == ([], [])


LATER = {
    "no size": b"two\r\n{}\r\n",
    "more than its size": b"2\r\n{}}\r\n",
}


@pytest.mark.parametrize("rest", LATER.values(), ids=LATER)
async def test_chunks_that_break_off_later_are_answered_once(server, logged, rest):
    """Whoever reads the body learns of it, answers, and the connection ends."""
    client = await RawClient.connect(server)
    client.writer.write(CHUNKED + b"1\r\n{\r\n")
    await until(lambda: server.busy)
    client.writer.write(rest)
    received = await client.rest()
    assert (received.status, json.loads(received.content)["code"]) == (400, "bad-body")
    assert (received.header("Connection"), received.raw.count(b"HTTP/1.1")) == ("close", 1)
    assert told(server) == [(ORDER, 400, "bad-body")]
    assert logged.records == []


async def test_chunks_that_break_off_after_the_answer_end_the_connection(server, logged):
    """Nobody reads the body of a request that is answered already; it has one entry."""
    client = await RawClient.connect(server)
    client.writer.write(b"POST /@a/nothing HTTP/1.1" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    await client.until(b"}\n")
    client.writer.write(b"two\r\n{}\r\n")
    await client.rest()
    assert told(server) == [("POST /nothing", 404, "no-operation")]
    assert logged.records == []


async def test_garbage_behind_a_request_waits_until_its_stream_is_over(tmp_path, logged):
    """The stream is told to its end; then the garbage is refused, and the connection closed."""
    async with serving(tmp_path, HELD, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(f"/@a{STATUS}")
        await client.until(b"data: a\n\n")
        client.writer.write(b"GARBAGE /@b/ HTTP/1.1\r\n\r\n")
        await client.writer.drain()
        (protocol,) = server._runner.server.connections
        await until(lambda: protocol._first)
        assert told(server, "b") == []
        server.session("a").advance("5s")
        received = await client.rest()
        entries = [type(entry) for entry in server.session("a").journal]
        refused = told(server, "b")
    stream, _, error = received.content.partition(LAST_CHUNK)
    assert stream.endswith(b"data: b\n\n\r\n")
    assert (error.partition(b"\r\n")[0], received.end) == (b"HTTP/1.1 400 Bad Request", "fin")
    assert (entries, refused) == ([Opened, Sent, Sent, Closed], [("GARBAGE /", 400, "bad-request")])
    assert logged.records == []


async def test_garbage_behind_a_request_that_is_cut_gets_no_answer(tmp_path, logged):
    """A drop ends the connection, whatever else was sent on it."""
    story = HELD.removesuffix("]") + ", {disconnect: drop}]"
    async with serving(tmp_path, story, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: a\n\n")
        client.writer.write(b"GARBAGE\r\n\r\n")
        server.session().advance("5s")
        received = await client.rest()
        refused = told(server, "default")
    assert received.content.endswith(b"data: b\n\n\r\n")
    assert (refused, logged.records) == ([], [])


async def test_a_second_request_is_told_from_the_first(server):
    """On one connection, each refusal goes to the session of its own request."""
    client = await RawClient.connect(server)
    await client.send(f"/@a{STATUS}")
    await client.until(LAST_CHUNK)
    await client.send("/@b/v1/orders/1", body=b"{}", method="POST")
    await client.until(b"no-operation")
    client.writer.write(b"GET /@c/v1/pets HTTP/1.1" + HOST + b"X\r\n\r\n")
    await client.rest()
    assert [told(server, name) for name in "abc"] == [
        [],
        [("POST /v1/orders/1", 404, "no-operation")],
        [(PETS, 400, "bad-request")],
    ]


async def test_a_body_is_not_taken_for_the_next_request(server):
    """What arrives of a body is not kept, even where it reads like a request."""
    body = b'"GET /@b/ HTTP/1.1\\r\\n"'
    client = await RawClient.connect(server)
    client.writer.write(POST + b"Content-Length: %d\r\n\r\n" % len(body))
    await until(lambda: server.busy)
    client.writer.write(body)
    await client.until(b"}}")
    client.writer.write(b"GET /@c/v1/pets HTTP/1.1" + HOST + b"X\r\n\r\n")
    await client.rest()
    assert [told(server, name) for name in "abc"] == [[], [], [(PETS, 400, "bad-request")]]


async def test_what_is_kept_of_a_request_is_bounded_and_let_go(tmp_path):
    """At most 2 KiB while it arrives, and nothing while a stream is open."""
    async with serving(tmp_path, HELD, clock="manual") as server:
        client = await RawClient.connect(server)
        await until(lambda: server._runner.server.connections)
        (protocol,) = server._runner.server.connections
        client.writer.write(f"GET {STATUS} HTTP/1.1\r\nHost: a\r\nX: ".encode() + b"1" * 30_000)
        await until(lambda: protocol._first)
        kept = len(protocol._first)
        client.writer.write(b"\r\n\r\n")
        await client.until(b"data: a\n\n")
        assert (kept, protocol._first, protocol._unread) == (KEPT, b"", b"")
        await client.leave()


async def test_long_ids_and_targets_are_taken(tmp_path):
    """What real clients send, with room to spare: almost 64 KiB each."""
    story = "operation: streamOrderStatus\nstream: [{id: a, data: '{{ last_event_id | length }} {{ request.query.q | length }}'}]"
    async with serving(tmp_path, story) as server:
        received = await fetch(
            server, f"{STATUS}?q={'q' * 65_000}", "Last-Event-ID: " + "7" * 65_000
        )
    assert received.body == b"id: a\ndata: 65000 65000\n\n"


SPEC = """
openapi: 3.1.0
info: {title: Empty, version: "1"}
paths:
  /x:
    get: {operationId: getX, responses: {"200": {description: "OK", content: {text/plain: {schema: false}}}}}
"""
BROKEN = "operation: streamOrderStatus\nstream: [{data: '{{ request.query.missing }}'}]"
# Target, headers; status and code; session and target in the journal.
ERRORS = {
    "no operation": ("/@a/nothing", [], (404, "no-operation"), ("a", "GET /nothing")),
    "unknown scenario": (
        f"/@a{STATUS}?q=1",
        ["Prefer: scenario=none"],
        (400, "unknown-scenario"),
        ("a", f"GET {STATUS}?q=1"),
    ),
    "bad name for a session": (
        "/@-/v1/pets",
        [],
        (400, "bad-session-name"),
        ("default", "GET /@-/v1/pets"),
    ),
    "template without a value": (
        f"/@a{STATUS}",
        [],
        (500, "template-error"),
        ("a", f"GET {STATUS}"),
    ),
    "unknown expectation": (
        f"/@a{STATUS}",
        ["Expect: tea"],
        (417, "unknown-expectation"),
        ("a", f"GET {STATUS}"),
    ),
}


@pytest.mark.parametrize(("target", "headers", "answer", "entry"), ERRORS.values(), ids=ERRORS)
async def test_what_a_hop_refuses_is_recorded(tmp_path, target, headers, answer, entry):
    """In the session that the request names, else in the default one; and once."""
    async with serving(tmp_path, BROKEN, clock="manual") as server:
        received = await fetch(server, target, *headers)
        problem = json.loads(received.content)
        assert (received.status, problem["code"]) == answer
        found = [e for e in server.session(entry[0]).journal if not isinstance(e, Closed)]
        assert found == [Refused(0.0, entry[1], *answer, problem["detail"])]


async def test_a_body_that_is_too_large_is_recorded(server, monkeypatch):
    """In the session of the request, with the bound."""
    monkeypatch.setattr("mockserver.server.app.MAX_BODY", 1000)
    await fetch(server, f"/@a{ORDERS}", method="POST", body=b"x" * 5000)
    assert told(server) == [(ORDER, 413, "body-too-large")]


async def test_an_operation_that_cannot_answer_is_recorded(tmp_path):
    """501, in the session that asked."""
    write(tmp_path)
    (tmp_path / "api.yaml").write_text(SPEC)
    async with MockServer(spec=tmp_path / "api.yaml") as server:
        received = await fetch(server, "/@a/x")
        assert received.status == 501
        assert told(server) == [("GET /x", 501, "unsatisfiable-schema")]


async def test_a_request_to_a_server_that_stops_is_recorded(server):
    """503, for as long as the journal is there."""
    server._live.stopping = True
    received = await fetch(server, f"/@a{STATUS}")
    assert received.status == 503
    assert told(server) == [(f"GET {STATUS}", 503, "stopping")]


CONTROL = {
    "unknown": ("GET", "/_mock/nothing", b"", 404),
    "unknown, in a session": ("GET", "/@a/_mock/nothing", b"", 404),
    "bad body": ("POST", "/_mock/sessions/a/clock", b"{", 400),
    "bad expectation": ("BREW", "/_mock/sessions/a/clock", b"", 400),
}


@pytest.mark.parametrize(("method", "target", "body", "status"), CONTROL.values(), ids=CONTROL)
async def test_errors_of_the_control_api_are_in_no_journal(server, method, target, body, status):
    """They belong to the test, not to the client under test; whoever refuses them."""
    received = await fetch(server, target, method=method, body=body)
    assert received.status == status
    assert told(server) + told(server, "default") == []


async def test_a_body_that_cannot_be_read_is_refused_by_the_control_api_too(server, logged):
    """400, and no fault of the server."""
    received = await fetch(
        server,
        "/_mock/sessions/a/clock",
        "Content-Encoding: gzip",
        method="POST",
        body=b"not gzip",
    )
    assert (received.status, json.loads(received.content)["code"]) == (400, "bad-body")
    assert (told(server), logged.records) == ([], [])


async def test_a_preflight_is_no_refusal(server):
    """It is the browser's question; the request that may follow is recorded."""
    received = await fetch(
        server, STATUS, "Origin: http://x", "Access-Control-Request-Method: GET", method="OPTIONS"
    )
    assert (received.status, server.session().journal) == (204, [])


async def test_a_long_target_is_cut_in_the_journal(server):
    """A journal of 20,000 entries stays bounded whatever clients send."""
    await fetch(server, "/@a/" + "x" * 10_000)
    (entry,) = server.session("a").journal
    assert (len(entry.target), entry.target[-1]) == (1000, "…")
    assert (len(entry.what), entry.what[-1]) == (1000, "…")


# --- faults ------------------------------------------------------------------------------------


async def test_a_fault_of_ours_is_logged_and_answered_as_a_problem(server, logged, monkeypatch):
    """The traceback goes to the log, a problem document to the client, an entry to the journal."""
    monkeypatch.setattr("mockserver.server.app.choose", lambda *_: 1 / 0)
    received = await fetch(server, f"/@a{STATUS}")
    problem = json.loads(received.content)
    assert (received.status, problem["code"]) == (500, "internal-error")
    assert received.header("Content-Type") == "application/problem+json"
    assert told(server) == [(f"GET {STATUS}", 500, "internal-error")]
    assert "ZeroDivisionError: division by zero" in logged.text
    assert f"a fault of the server while answering GET /@a{STATUS}" in logged.text


async def test_a_time_out_in_a_handler_is_a_fault_of_ours(server, logged, monkeypatch):
    """aiohttp tells of it without the exception; the traceback is there all the same."""

    def late(*_):
        raise TimeoutError("too late")

    monkeypatch.setattr("mockserver.server.app.choose", late)
    received = await fetch(server, f"/@a{STATUS}")
    assert (received.status, "TimeoutError: too late" in logged.text) == (500, True)


FAULTS = {
    "a refusal": (ControlError(500, "no more", code="no-operation"), []),
    "a fault": (ZeroDivisionError("a fault"), ["ERROR"]),
}


@pytest.mark.parametrize("sent", [0, 1])
@pytest.mark.parametrize(("fault", "levels"), FAULTS.values(), ids=FAULTS)
async def test_what_goes_wrong_behind_the_head_cuts_the_connection(
    server, logged, monkeypatch, fault, levels, sent
):
    """The opening is recorded and the head made, if not sent: no second answer, no second entry."""

    async def fail(_stream, request):
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        response._send_headers_immediately = False
        await response.prepare(request)
        if sent:
            await response.write(b"data: a\n\n")
        raise fault

    monkeypatch.setattr(Stream, "perform", fail)
    received = await fetch(server, f"/@a{STATUS}")
    kinds = [type(entry) for entry in server.session("a").journal]
    assert (received.raw.count(b"HTTP/1.1"), received.finished) == (sent, False)
    assert kinds == [Opened, Closed]
    assert sorted({record.levelname for record in logged.records}) == levels


# --- Expect and Upgrade --------------------------------------------------------------------------


async def test_a_body_that_waits_for_leave_gets_it(server):
    """RFC 9110 § 10.1.1: 100 Continue, then the answer to the whole request."""
    client = await RawClient.connect(server)
    client.writer.write(
        POST + b"Connection: close\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
    )
    raw = await client.until(b"\r\n\r\n")
    assert raw == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.raw = b""
    client.writer.write(b"{}")
    assert (await client.rest()).status == 201


async def test_a_body_that_is_not_wanted_gets_no_leave(server):
    """The answer comes at once, and says that the connection ends: the body may come or not."""
    client = await RawClient.connect(server)
    client.writer.write(
        b"POST /@a/nothing HTTP/1.1" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )
    await client.until(b"}\n")
    client.writer.write(b"{}")
    received = await client.rest()
    assert (received.status, received.header("Connection"), received.end) == (404, "close", "fin")


EXPECTATIONS = {
    "a body that is here": ("1.1", "100-continue", b"{}", 201),
    "no body": ("1.1", "100-continue", b"", 201),
    "HTTP/1.0": ("1.0", "100-continue", b"{}", 201),
    "another, in HTTP/1.0": ("1.0", "tea", b"{}", 201),
    "another": ("1.1", "tea", b"{}", 417),
}


@pytest.mark.parametrize(
    ("version", "expected", "body", "status"), EXPECTATIONS.values(), ids=EXPECTATIONS
)
async def test_no_leave_is_given_where_none_is_needed(server, version, expected, body, status):
    """With the body here already, and to a client of HTTP/1.0 that would not understand."""
    received = await fetch(
        server, ORDERS, f"Expect: {expected}", method="POST", body=body, version=version
    )
    assert received.status == status


async def test_an_upgrade_that_is_not_spoken_is_not_taken_up(server):
    """RFC 9110 § 7.8: a server may ignore it; what follows is the next request."""
    client = await RawClient.connect(server)
    await client.send(f"/@a{STATUS}", "Connection: Upgrade", "Upgrade: h2c")
    await client.until(LAST_CHUNK)
    client.writer.write(b"GET /@b/v1/pets HTTP/1.1" + HOST + b"X\r\n\r\n")
    received = await client.rest()
    assert received.content.startswith(b"d\r\ndata: hello\n\n\r\n" + LAST_CHUNK + b"HTTP/1.1 400")
    assert told(server, "b") == [(PETS, 400, "bad-request")]


# --- aiohttp's words -----------------------------------------------------------------------------

HEAD = b"GET /@a/x HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 7\0\r\n\r\n"
# As its parsers raise them, the one in C and the one in Python, of 3.12 and 3.14.
EXCEPTIONS = {
    "value": (InvalidHeader(b"7\0"), HEAD, 400, r"the header Last-Event-ID cannot be read: "),
    "name": (InvalidHeader("X\0"), HEAD, 400, "the request cannot be read: Invalid HTTP header"),
    "picture": (
        BadHttpMessage("Invalid header token:\n\n  b'X'\n   ^"),
        HEAD,
        400,
        "the request cannot be read: Invalid header token: b'X'",
    ),
    "request line": (
        BadStatusLine(error="Bad status line:\n  Invalid HTTP version:\n\n  b'X'\n   ^"),
        HEAD,
        400,
        "the request cannot be read: Invalid HTTP version: b'X'",
    ),
    "method": (
        BadHttpMethod("G\1T"),
        HEAD,
        400,
        r"the request cannot be read: Bad HTTP method in request line 'G\x01T'",
    ),
    "target": (InvalidURLError("x"), HEAD, 400, "the target cannot be read: x"),
    "chunk": (TransferEncodingError("zz"), HEAD, 400, "the body cannot be read: zz"),
    "header's value too long": (LineTooLong(b"7..."), HEAD, 431, "the header Last-Event-ID is"),
    "header too long": (LineTooLong(b"Last-Event-ID: 7..."), HEAD, 431, "the header Last-Event-ID"),
    "header unseen": (LineTooLong(b"Y" * 50), HEAD, 431, f"a header with b'{'Y' * 40}' is"),
    "header in words": (LineTooLong("Header value is too long"), HEAD, 431, "a header is longer"),
    "target in words": (LineTooLong("Status line is too long"), HEAD, 414, "the target is longer"),
    "target too long": (LineTooLong(bytearray(b"/@a/x...")), HEAD, 414, "the target is longer"),
    "line too long": (LineTooLong(b"GET /@a/x..."), HEAD, 414, "the target is longer"),
    "without words": (BadHttpMessage(""), b"", 400, "the request cannot be read: "),
}


@pytest.mark.parametrize(("error", "head", "status", "what"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_aiohttps_exception_is_told_on_one_line(error, head, status, what):
    """What cannot be read, as far as it is known, and always what would help."""
    told = refusal(error, head)
    assert (told.status, told.what.startswith(what), told.mend > "") == (status, True, True)
    assert "\n" not in told.what


LINES = {
    "whole": (HEAD, ("GET", "/@a/x")),
    "begun": (b"GET /@a", ("GET", "/@a")),
    "method": (b"GET", ("", "")),
    "nothing": (b"", ("", "")),
    "no UTF-8": (b"GET /\xff HTTP/1.1", ("GET", r"/\xff")),
    "cut": (b"GET /".ljust(KEPT, b"a"), ("GET", "/" + "a" * (KEPT - 5) + "…")),
    "endless method": (b"A" * 40 + b" / HTTP/1.1", ("", "")),
}


@pytest.mark.parametrize(("head", "line"), LINES.values(), ids=LINES)
def test_a_request_line_is_read_as_far_as_it_came(head, line):
    """Method and target; neither where it is none."""
    assert request_line(head) == line


async def test_a_long_line_is_quoted_in_part(server):
    """What begins the line names its header; the answer stays short."""
    raw = FIRST + HOST + b"Last-Event-ID: " + b"7" * 60_000 + b"\0\r\n\r\n"
    detail = json.loads((await ask(server, raw)).content)["detail"]
    assert "Last-Event-ID: 777" in detail
    assert (len(detail) < 400, detail[-1]) == (True, "…")


async def test_many_that_are_refused_leave_nothing_behind(server):
    """A hundred at a time: each is answered, and no connection stays."""
    received = await asyncio.gather(
        *(ask(server, b"GET /@a/%d HTTP/1.1\r\n\r\n" % number) for number in range(100))
    )
    assert {answer.status for answer in received} == {400}
    assert sorted(told(server)) == sorted((f"GET /{n}", 400, "bad-request") for n in range(100))
    await until(lambda: not server._runner.server.connections)

"""What passes through the proxy arrives as it was sent, and is recorded as it was."""

import asyncio
import gzip
import ssl

import pytest
import trustme
from wires import Client, Upstream, ask, body_of, emptied, recording, reset, sends

from mockserver import MockServer
from mockserver.capture import Options, written
from mockserver.imports.recorded import exchanges_of
from mockserver.upstream.passage import Passage

EVENT = b"id: 1\ndata: one\n\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = b"11\r\n" + EVENT + b"\r\n"

ANSWERS = {
    # what the upstream sends, how it ends: body, complete, end; transfer, end as recorded
    "chunked": (CHUNKED + WHOLE + b"0\r\n\r\n", "fin", EVENT, True, "fin", "chunked", "end"),
    "cut between chunks": (CHUNKED + WHOLE, "fin", EVENT, False, "fin", "chunked", "cut"),
    "cut in mid-chunk": (CHUNKED + WHOLE[:9], "fin", EVENT[:5], False, "fin", "chunked", "cut"),
    "reset": (CHUNKED + WHOLE, "reset", EVENT, False, "reset", "chunked", "reset"),
    "reset behind the last chunk": (
        CHUNKED + WHOLE + b"0\r\n\r\n", "reset", EVENT, True, "fin", "chunked", "end",
    ),
    "ended by the connection": (OK + b"\r\n" + EVENT, "fin", EVENT, True, "fin", "close", "end"),
    "the same, reset": (OK + b"\r\n" + EVENT, "reset", EVENT, True, "reset", "close", "reset"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n" + EVENT, "fin", EVENT, True, "fin", "close", "end"),
    "a length": (OK + b"Content-Length: 17\r\n\r\n" + EVENT, "fin", EVENT, True, "fin", "length", "end"),
    "a length that is not reached": (
        OK + b"Content-Length: 99\r\n\r\n" + EVENT, "fin", EVENT, True, "fin", "length", "cut",
    ),
    "chunk extensions": (
        CHUNKED + b'11;a="b"\r\n' + EVENT + b"\r\n0\r\n\r\n", "fin", EVENT, True, "fin", "chunked", "end",
    ),
    "bare line feeds": (
        OK.replace(b"\r", b"") + b"\n" + EVENT, "fin", EVENT, True, "fin", "close", "end",
    ),
    "broken chunks": (CHUNKED + WHOLE + b"what\r\n", "fin", EVENT, False, "fin", "chunked", "cut"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "how", "body", "complete", "end", "transfer", "recorded"),
    ANSWERS.values(),
    ids=ANSWERS,
)
async def test_an_answer_arrives_and_ends_as_it_was_sent(
    sent, how, body, complete, end, transfer, recorded
):
    """Body, completeness and end are the upstream's, on the wire and in the recording."""
    async with Upstream(sends(sent, how)) as upstream, recording(upstream.url) as recorded_by:
        raw, ended = await ask(recorded_by.port)
        (exchange,) = await recorded_by.all_ended()
    assert (body, complete) == body_of(raw)[1:]
    assert ended == end
    assert (exchange.transfer, exchange.end) == (transfer, recorded)
    assert b"".join(chunk.data for chunk in exchange.chunks) == body


BARE = {
    "204": (b"GET", b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"),
    "304": (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n"),
    "HEAD": (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    "HEAD of a stream": (b"HEAD", CHUNKED),
}


@pytest.mark.parametrize(("method", "sent"), BARE.values(), ids=BARE)
async def test_an_answer_without_a_body_leaves_the_connection_open(method, sent):
    """The next request of the same client is answered on the same connection."""
    request = method + b" /x HTTP/1.1\r\nHost: a\r\n\r\n"
    async with Upstream(sends(sent)) as upstream, recording(upstream.url) as recorded:
        client = await Client.to(recorded.port)
        await client.send(request)
        first = await client.until(b"\r\n\r\n")
        client.raw = b""
        await client.send(request)
        assert await client.until(b"\r\n\r\n") == first
        client.writer.close()
    assert first == sent.replace(b"Transfer-Encoding: chunked\r\n", b"")


async def test_status_reason_and_headers_pass_in_order():
    """Repeated ones too, names as written; what belongs to the connection does not."""
    sent = (
        b"HTTP/1.1 418 Short and Stout\r\nSet-Cookie: a=1\r\nx-UPPER: \xc3\xbc\r\nSet-Cookie: b=2\r\n"
        b"Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nEmpty:\r\nContent-Length: 0\r\n\r\n"
    )
    async with Upstream(sends(sent)) as upstream, recording(upstream.url) as recorded:
        raw, _ = await ask(recorded.port)
        (exchange,) = await recorded.all_ended()
    assert raw == (
        b"HTTP/1.1 418 Short and Stout\r\nSet-Cookie: a=1\r\nx-UPPER: \xc3\xbc\r\nSet-Cookie: b=2\r\n"
        b"Empty: \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert (exchange.status, exchange.reason) == (418, "Short and Stout")
    assert exchange.headers[:3] == (("Set-Cookie", "a=1"), ("x-UPPER", "ü"), ("Set-Cookie", "b=2"))


async def test_each_piece_is_there_before_the_next_is_sent():
    """Nothing is held back: the upstream waits for the client to have it."""
    had = asyncio.Queue()

    async def script(_, writer):
        writer.write(CHUNKED)
        for _ in range(3):
            await had.get()
            writer.write(WHOLE)
        await had.get()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async with Upstream(script) as upstream, recording(upstream.url) as recorded:
        client = await Client.to(recorded.port)
        await client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        await client.until(b"\r\n\r\n")
        for _ in range(3):
            client.raw = b""
            had.put_nowait(1)
            await client.until(EVENT)
        had.put_nowait(1)
        await client.until(b"0\r\n\r\n")
        client.writer.close()
        (exchange,) = await recorded.all_ended()
    assert [chunk.data for chunk in exchange.chunks] == [EVENT] * 3


TARGETS = {
    "as it stands": ("", b"/a%2Fb/%7e//x?q=1&q=%20&e=", b"/a%2Fb/%7e//x?q=1&q=%20&e="),
    "an empty query": ("", b"/a?", b"/a?"),
    "dots": ("", b"/a/../b/./c", b"/a/../b/./c"),
    "behind a prefix": ("/v1/", b"/a?b", b"/v1/a?b"),
    "absolute": ("/v1", b"http://elsewhere/a?b", b"/v1/a?b"),
    "absolute without a path": ("", b"http://elsewhere?b", b"/?b"),
    "of the server": ("", b"*", b"*"),
}


@pytest.mark.parametrize(("prefix", "asked", "got"), TARGETS.values(), ids=TARGETS)
async def test_targets_are_not_quoted_anew(prefix, asked, got):
    """Byte by byte the client's, behind the upstream's own path."""
    method = b"OPTIONS" if asked == b"*" else b"GET"
    async with (
        Upstream(sends(b"HTTP/1.1 204 X\r\n\r\n")) as upstream,
        recording(upstream.url + prefix) as recorded,
    ):
        await ask(
            recorded.port,
            method + b" " + asked + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
    assert upstream.asked[0].split(b" ")[1] == got


async def test_a_requests_headers_pass_but_for_those_of_the_connection():
    """Host is the upstream's, Accept-Encoding the client's, order and case stay."""
    request = (
        b"GET /x HTTP/1.1\r\naccept: a\r\nHost: proxy:1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        b"Accept-Encoding: br;q=1, gzip\r\nTE: trailers\r\nProxy-Connection: x\r\nX-B: 1\r\nx-b: 2\r\n"
        b"Upgrade: h2c\r\nLast-Event-ID: 7\r\n\r\n"
    )
    async with (
        Upstream(sends(b"HTTP/1.1 204 X\r\n\r\n")) as upstream,
        recording(upstream.url) as recorded,
    ):
        await ask(recorded.port, request)
    assert upstream.asked[0] == (
        b"GET /x HTTP/1.1\r\naccept: a\r\nHost: localhost:%d\r\nAccept-Encoding: br;q=1, gzip\r\n"
        b"X-B: 1\r\nx-b: 2\r\nLast-Event-ID: 7\r\n\r\n" % upstream.port
    )


BODIES = {
    "a length": (b"Content-Length: 3\r\n\r\nabc", b"abc"),
    "chunked": (
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\n\r\n",
    ),
    "coded": (
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        % len(gzip.compress(b"abc", mtime=0))
        + gzip.compress(b"abc", mtime=0),
        gzip.compress(b"abc", mtime=0),
    ),
}


@pytest.mark.parametrize(("sent", "got"), BODIES.values(), ids=BODIES)
async def test_a_requests_body_passes_with_its_coding(sent, got):
    """Framed as the client framed it, and recorded without its frame."""
    bodies = []

    async def script(reader, writer):
        bodies.append(await reader.readexactly(len(got)))
        writer.write(b"HTTP/1.1 204 X\r\n\r\n")

    async with Upstream(script) as upstream, recording(upstream.url) as recorded:
        raw, _ = await ask(
            recorded.port, b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + sent
        )
        (exchange,) = await recorded.all_ended()
    assert raw.startswith(b"HTTP/1.1 204")
    assert bodies == [got]
    assert exchange.request_body == (b"abc" if b"abc" in got else got)


async def test_a_body_that_waits_to_be_asked_for_is_asked_for_by_the_upstream():
    """100 Continue passes, and an early hint as well."""

    async def script(reader, writer):
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(3) == b"abc"
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async with Upstream(script) as upstream, recording(upstream.url) as recorded:
        client = await Client.to(recorded.port)
        await client.send(
            b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        assert await client.until(b"Continue\r\n\r\n") == (
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        )
        await client.send(b"abc")
        raw, _ = await client.rest()
    assert b"HTTP/1.1 201 Created" in raw
    assert b"Expect: 100-continue" in upstream.asked[0]


@pytest.mark.parametrize("leave", ["close", "abort"])
@pytest.mark.parametrize("answered", [True, False])
async def test_a_client_that_leaves_is_gone_from_the_upstream_too(leave, answered):
    """At once, whether the answer has begun or not."""
    asked = asyncio.Event()

    async def script(reader, writer):
        if answered:
            writer.write(CHUNKED + WHOLE)
        asked.set()
        await upstream.until_gone(reader)

    async with Upstream(script) as upstream, recording(upstream.url) as recorded:
        client = await Client.to(recorded.port)
        await client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        await asked.wait()
        if answered:
            await client.until(EVENT)
        client.writer.close() if leave == "close" else client.writer.transport.abort()
        await upstream.gone.wait()
        (exchange,) = await recorded.all_ended()
    assert exchange.end == "client"
    assert exchange.status == (200 if answered else 0)


async def test_an_upstream_that_closes_without_an_answer_is_passed_on_as_that():
    """No problem document: the client sees what it would have seen without us."""
    for how, end, recorded_end in (("fin", "fin", "cut"), ("reset", "reset", "reset")):
        async with Upstream(sends(b"", how)) as upstream, recording(upstream.url) as recorded:
            assert await ask(recorded.port) == (b"", end)
            (exchange,) = await recorded.all_ended()
        assert (exchange.status, exchange.end) == (0, recorded_end)


async def test_a_slow_client_slows_the_upstream():
    """Of 64 MB no more is on its way than sockets hold, and all of it arrives."""
    total, piece = 64 * 1024 * 1024, b"x" * 65536
    sent = 0

    async def script(_, writer):
        nonlocal sent
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % total)
        while sent < total:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    async with Upstream(script) as upstream, recording(upstream.url, max_size=1 << 20) as recorded:
        reader, writer = await asyncio.open_connection("127.0.0.1", recorded.port, limit=65536)
        writer.write(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        got = 0
        while data := await reader.read(65536):
            got += len(data)
            assert sent - got < 24 * 1024 * 1024
        writer.close()
        (exchange,) = await recorded.all_ended()
    assert got == total
    assert head.startswith(b"HTTP/1.1 200")
    assert recorded.recorder.full
    assert sum(len(chunk.data) for chunk in exchange.chunks) < 1 << 20
    assert exchange.end == "open"
    assert recorded.recorder.lost + sum(len(chunk.data) for chunk in exchange.chunks) == total


REFUSED = {
    "a WebSocket": (
        b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        501,
    ),
    "a tunnel": (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 501),
    "no HTTP": (b"what\r\n\r\n", 400),
    "a target that is not percent-encoded": ("GET /ü HTTP/1.1\r\n\r\n".encode(), 400),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_pass_is_refused_with_a_word(request_, status):
    """As a problem document with its mend, and nothing is recorded."""
    async with Upstream(sends(b"")) as upstream, recording(upstream.url) as recorded:
        raw, _ = await ask(recorded.port, request_)
    assert raw.startswith(b"HTTP/1.1 %d" % status)
    assert b'"mend"' in raw
    assert (upstream.asked, recorded.recorder.exchanges()) == ([], [])


async def test_an_upstream_that_is_down_is_502_and_a_note():
    """With what would help; no scenario comes of it, nor after a crash."""
    async with Upstream(sends(b"")) as upstream:
        pass
    async with recording(upstream.url) as recorded:
        raw, _ = await ask(recorded.port)
    assert raw.startswith(b"HTTP/1.1 502")
    assert b'"upstream-unreachable"' in raw
    assert recorded.recorder.exchanges() == []
    assert "GET /x: " in recorded.recorder.faults[0]
    assert exchanges_of(b"".join(recorded.lines)) == ([], [])


@pytest.mark.parametrize("waits", [False, True])
async def test_an_upstream_that_speaks_something_else_is_502(waits):
    """And says what came, at once even where it waits for more."""

    async def script(reader, writer):
        writer.write(b"220 mail ready\r\n")
        if waits:
            await upstream.until_gone(reader)

    async with Upstream(script) as upstream, recording(upstream.url) as recorded:
        raw, _ = await ask(recorded.port)
    assert b"220 mail ready" in raw
    assert raw.startswith(b"HTTP/1.1 502")
    assert b'"upstream-not-http"' in raw


def certificates(name):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    return tls


@pytest.mark.parametrize("insecure", [False, True])
async def test_the_certificate_of_an_upstream_is_checked(insecure):
    """Unless it is said that it need not be."""
    sent = CHUNKED + WHOLE + b"0\r\n\r\n"
    async with (
        Upstream(sends(sent), tls=certificates("localhost")) as upstream,
        recording(upstream.url, insecure=insecure) as recorded,
    ):
        raw, _ = await ask(recorded.port)
    if insecure:
        assert body_of(raw)[1:] == (EVENT, True)
    else:
        assert raw.startswith(b"HTTP/1.1 502")
        assert b"--insecure" in raw


async def test_stopping_keeps_what_was_open():
    """Open streams are recorded as open, and their clients' connections end."""

    async def script(reader, writer):
        writer.write(CHUNKED + WHOLE)
        await upstream.until_gone(reader)

    async with Upstream(script) as upstream:
        async with recording(upstream.url) as recorded:
            client = await Client.to(recorded.port)
            await client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            await client.until(EVENT)
        raw, _ = await client.rest()
        await upstream.gone.wait()
    (exchange,) = recorded.recorder.exchanges()
    assert body_of(raw)[1:] == (EVENT, False)
    assert (exchange.end, exchange.chunks[0].data) == ("open", EVENT)


async def test_the_file_says_the_same_as_memory_wherever_it_breaks_off():
    """After a crash all whole lines are kept; without an end an exchange was open."""
    sent = CHUNKED + WHOLE + b"2\r\n\xff\xfe\r\n0\r\n\r\n"
    async with Upstream(sends(sent)) as upstream, recording(upstream.url) as recorded:
        await ask(
            recorded.port,
            b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nz",
        )
        exchanges = await recorded.all_ended()
    whole = b"".join(recorded.lines)
    begins = whole.index(b"\n") + 1
    assert exchanges_of(whole) == (exchanges, [])
    for end in range(begins, len(whole) - 1):
        found, unread = exchanges_of(whole[:end])
        assert len(unread) <= 1
        assert all(exchange.end == "open" for exchange in found)


HEADS = {
    # reason and value as they are sent, and as they are recorded; what is said of them
    "Latin-1": (
        (b"D\xe9sol\xe9", b"caf\xe9"),
        ("Désolé", "café"),
        ["GET /x: the reason phrase is no UTF-8", "GET /x: X-Name is no UTF-8"],
    ),
    "UTF-8": (("Désolé".encode(), "café".encode()), ("Désolé", "café"), []),
}


@pytest.mark.parametrize(("sent", "kept", "said"), HEADS.values(), ids=HEADS)
async def test_bytes_of_a_head_that_are_no_ascii_pass(tmp_path, sent, kept, said):
    """As they are; what is written of them can be read, and is said where it is not the same."""
    head = b"HTTP/1.1 299 %b\r\nContent-Type: text/plain\r\nX-Name: %b\r\n" % sent
    async with (
        Upstream(sends(head + b"Content-Length: 2\r\n\r\nhi")) as upstream,
        recording(upstream.url) as recorded,
    ):
        raw, _ = await ask(recorded.port)
        exchanges = await recorded.all_ended()
    assert raw.startswith(head)
    (exchange,) = exchanges
    assert (exchange.reason, exchange.header("x-name"), exchange.end) == (*kept, "end")
    assert [fault.rpartition(":")[0] for fault in recorded.recorder.faults] == said
    assert exchanges_of(b"".join(recorded.lines)) == (exchanges, [])
    for name, text in written(exchanges, None, Options()).files.items():
        (tmp_path / name).write_bytes(text)
    async with MockServer(spec=tmp_path / "openapi.yaml", scenarios=tmp_path) as server:
        raw, _ = await ask(server.port, b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert raw.startswith(b"HTTP/1.1 299 %b\r\n" % kept[0].encode())
    assert b"X-Name: %b\r\n" % kept[1].encode() in raw


async def test_an_exchange_that_fails_is_not_left_open(monkeypatch):
    """Before there is an answer nothing is made of it; behind its head it was cut."""

    def fails(*_):
        raise ValueError("no")

    async with (
        Upstream(sends(CHUNKED + WHOLE + b"0\r\n\r\n")) as upstream,
        recording(upstream.url) as recorded,
    ):
        with monkeypatch.context() as patched:
            patched.setattr(Passage, "_begin", fails)
            await ask(recorded.port)
        monkeypatch.setattr(Passage, "_pass", fails)
        await ask(recorded.port)
        assert not recorded.recorder.busy
        exchanges = recorded.recorder.exchanges()
    assert [(one.end, one.fault) for one in exchanges] == [
        ("cut", "the proxy failed: ValueError: no")
    ]
    assert recorded.recorder.faults == ["GET /x: the proxy failed: ValueError: no"]


async def test_a_file_that_cannot_be_written_does_not_end_the_recording():
    """It goes on in memory, and says so."""

    def full(_):
        raise OSError(28, "No space left on device")

    async with (
        Upstream(sends(CHUNKED + WHOLE + b"0\r\n\r\n")) as upstream,
        recording(upstream.url) as recorded,
    ):
        recorded.recorder._keep = full
        await ask(recorded.port)
        (exchange,) = await recorded.all_ended()
    assert exchange.chunks[0].data == EVENT
    assert recorded.recorder.faults == [
        "what is recorded is in memory alone: No space left on device"
    ]


async def test_trailers_pass():
    """They are said to be in no scenario."""
    sent = CHUNKED + WHOLE + b"0\r\nX-Sum: 1\r\n\r\n"
    async with Upstream(sends(sent)) as upstream, recording(upstream.url) as recorded:
        raw, _ = await ask(recorded.port)
    assert raw.endswith(b"\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert "trailers" in recorded.recorder.faults[0]


async def test_a_client_of_http_1_0_gets_the_body_without_chunks():
    """The end of the connection is its end."""
    async with (
        Upstream(sends(CHUNKED + WHOLE + b"0\r\n\r\n")) as upstream,
        recording(upstream.url) as recorded,
    ):
        raw, end = await ask(recorded.port, b"GET /x HTTP/1.0\r\n\r\n")
    assert raw.partition(b"\r\n\r\n")[2] == EVENT
    assert end == "fin"


async def test_events_before_a_reset_reach_a_client_that_is_slow():
    """What had arrived before a reset is not lost to it."""
    events = EVENT * 20_000

    async def script(_, writer):
        writer.write(CHUNKED + b"%x\r\n%b\r\n" % (len(events), events))
        await writer.drain()
        await emptied(writer)
        reset(writer)

    async with Upstream(script) as upstream, recording(upstream.url) as recorded:
        raw, end = await ask(recorded.port)
    assert (body_of(raw)[1], end) == (events, "reset")

"""What the wire settings of a scenario look like on a socket (section 5 of the language)."""

import asyncio
import json
import logging
import zlib

import pytest
from clients import LAST_CHUNK, STATUS, RawClient, chunks, entry_log, fetch, serving, trusting

from mockserver.clock import turn_of_others
from mockserver.play.journal import Closed, Opened

OPERATION = "operation: streamOrderStatus\n"
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache, no-transform\r\n"
    b"X-Accel-Buffering: no\r\n"
)

CHUNKS = {
    "raw steps": ('stream: [{raw: "data: a\\r"}, {raw: "\\n"}, {raw: "\\r\\n"}]', [b"data: a\r", b"\n", b"\r\n"]),
    "nothing between": ('stream: [{raw: "data: a"}, {raw: ""}, {raw: "\\n\\n"}]', [b"data: a", b"\n\n"]),
    "a split event": ("stream: [{data: x, split: 4}, {data: y}]", [b"data", b": x\n", b"\n", b"data: y\n\n"]),
    "events before raw": ("stream: [{data: a}, {data: b}, {raw: c}]", [b"data: a\n\ndata: b\n\n", b"c"]),
    "a cut event": ("stream: [{data: x, cut: 5}, {raw: ' y\n\n'}]", [b"data:", b" y\n"]),
    "all but nothing of an event": ("stream: [{data: x, cut: 0}, {data: y}]", [b"data: y\n\n"]),
    "a byte order mark": ("wire: {bom: true}\nstream: [{data: x}]", [b"\xef\xbb\xbfdata: x\n\n"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CHUNKS.values(), ids=CHUNKS)
async def test_every_write_of_the_script_is_a_chunk_of_its_own(tmp_path, text, expected):
    """An empty one is none: it would end the body (RFC 9112 § 7.1)."""
    async with serving(tmp_path, OPERATION + text) as server:
        received = await fetch(server, STATUS)
    assert (chunks(received.content), received.finished) == (expected, True)


class Segments(asyncio.Protocol):
    """A reader that is always there: what each of its reads brings."""

    def __init__(self):
        self.segments = []
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.segments.append(data)

    def connection_lost(self, exc):
        self.lost.set_result(exc)


async def test_every_piece_is_a_segment_of_its_own(tmp_path):
    """A reader that reads at once gets one write at a time, the head alone before the first."""
    text = OPERATION + "wire: {transfer: close}\nstream: [{data: hello, split: 3}]"
    async with serving(tmp_path, text) as server:
        loop = asyncio.get_running_loop()
        transport, seen = await loop.create_connection(
            Segments, server.host, server.port, ssl=trusting(server)
        )
        transport.write(f"GET {STATUS} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        await seen.lost
    assert seen.segments == [
        HEAD + b"Connection: close\r\n\r\n",
        b"dat",
        b"a: ",
        b"hel",
        b"lo\n",
        b"\n",
    ]


async def test_a_byte_at_a_time_on_the_sessions_clock(tmp_path):
    """Each piece comes when the clock says so, and the next event when the last piece has gone."""
    text = (
        OPERATION
        + "stream: [{data: x, split: {bytes: 6, every: 1s}}, {delay: 1s, data: y}, {hold: 9s}]"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        for expected in (b"6\r\ndata: \r\n", b"3\r\nx\n\n\r\n", b"9\r\ndata: y\n\n\r\n"):
            raw = await client.until(expected)
            assert raw.endswith(expected)
            server.session().advance("1s")
        await client.leave()


FRAMINGS = {
    "close": ("{transfer: close}", b"Connection: close\r\n\r\n", b"data: x\n\n", False),
    "its length": ("{transfer: {length: 9}}", b"Content-Length: 9\r\nConnection: keep-alive\r\n\r\n", b"data: x\n\n", True),
    "a length by template": ("{transfer: {length: '{{ 4 + 5 }}'}}", b"Content-Length: 9\r\nConnection: keep-alive\r\n\r\n", b"data: x\n\n", True),
    "too long": ("{transfer: {length: 99}}", b"Content-Length: 99\r\nConnection: keep-alive\r\n\r\n", b"data: x\n\n", False),
    "too short": ("{transfer: {length: 4}}", b"Content-Length: 4\r\nConnection: keep-alive\r\n\r\n", b"data: x\n\n", False),
    "chunked": ("{transfer: chunked}", b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", b"9\r\ndata: x\n\n\r\n0\r\n\r\n", True),
}  # fmt: skip


@pytest.mark.parametrize(("wire", "head", "body", "kept"), FRAMINGS.values(), ids=FRAMINGS)
async def test_framings(tmp_path, wire, head, body, kept):
    """The bytes are as many as the script sends; only a right framing keeps the connection."""
    text = f"{OPERATION}wire: {wire}\nstream: [{{data: x}}]\nafterwards: restart"
    async with serving(tmp_path, text) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        if kept:
            assert await client.until(body) == HEAD + head + body
            client.raw = b""
            await client.send(STATUS)
            await client.until(body)
            await client.leave()
        else:
            received = await client.rest()
            assert (received.raw, received.end) == (HEAD + head + body, "fin")


async def test_a_content_length_among_the_headers_frames_a_stream(tmp_path):
    """Whatever it says, and in whatever case it is written."""
    text = OPERATION + "response: {headers: {content-LENGTH: '5'}}\nstream: [{data: hello}]"
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS)
    assert b"content-LENGTH: 5\r\n" in received.raw
    assert received.content == b"data: hello\n\n"


async def test_an_answer_can_be_shorter_than_it_says(tmp_path):
    """The wire is for whole answers, too: error bodies cut off, coded, in pieces."""
    text = OPERATION + "wire: {transfer: {length: 99}}\nresponse: {status: 503, body: sorry}"
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS)
    assert (received.status, received.header("Content-Length")) == (503, "99")
    assert (received.content, received.end) == (b"sorry", "fin")


@pytest.mark.parametrize(("coding", "bits"), [("gzip", 31), ("deflate", 15)])
async def test_a_coded_event_can_be_read_before_the_next_one_is_due(tmp_path, coding, bits):
    """Flushed after each; the head names the coding and what it depends on."""
    text = f"{OPERATION}wire: {{encoding: {coding}}}\nstream: [{{data: one}}, {{delay: 1s, data: two}}]"
    async with serving(tmp_path, text, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, f"Accept-Encoding: br, {coding}")
        head = await client.until(b"\r\n\r\n")
        assert b"Vary: Accept-Encoding\r\n" in head
        assert f"Content-Encoding: {coding}\r\n".encode() in head
        decoder = zlib.decompressobj(bits)
        content, decoded = b"", b""
        while decoded != b"data: one\n\n":
            content = (await client.until(b"\r\n\r\n")).partition(b"\r\n\r\n")[2]
            if content.endswith(b"\r\n"):
                decoded = decoder.copy().decompress(b"".join(chunks(content)))
            else:
                client.raw += await client.reader.read(65536)
        server.session().advance("1s")
        content = (await client.until(LAST_CHUNK)).partition(b"\r\n\r\n")[2]
        await client.leave()
    assert decoder.decompress(b"".join(chunks(content))) == b"data: one\n\ndata: two\n\n"
    assert decoder.eof


async def test_a_coded_answer(tmp_path):
    """One that is no stream."""
    text = OPERATION + "wire: {encoding: gzip}\nresponse: {status: 400, body: {error: no}}"
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS, "Accept-Encoding: gzip")
    assert received.header("Content-Encoding") == "gzip"
    assert json.loads(zlib.decompress(received.body, 31)) == {"error": "no"}


NOTES = {
    "a coding that is refused": ("{encoding: gzip}", "1.1", (), "encoding-refused"),
    "chunks for HTTP/1.0": ("{transfer: chunked}", "1.0", (), "no-chunks-in-http-1.0"),
    "an end for a kept connection": ("{transfer: close}", "1.1", ("Connection: keep-alive",), "not-kept-alive"),
}  # fmt: skip


@pytest.mark.parametrize(("wire", "version", "headers", "note"), NOTES.values(), ids=NOTES)
async def test_what_a_request_cannot_have_is_noted(tmp_path, capsys, wire, version, headers, note):
    """In the journal and on a line of the log; the events come all the same."""
    log = entry_log("text")
    text = f"{OPERATION}wire: {wire}\nstream: [{{data: x}}]"
    async with serving(tmp_path, text, on_entry=log) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, *headers, version=version)
        await client.until(b"data: x\n\n")
        await client.leave()
        (opened,) = [entry for entry in server.session().journal if isinstance(entry, Opened)]
    assert opened.notes == (note,)
    assert f"notes={note}" in capsys.readouterr().err


async def test_http_1_0_gets_its_events_without_chunks(tmp_path):
    """The end of the connection is the end of the body."""
    text = OPERATION + 'stream: [{data: x}, {raw: ": y\\n"}, {delay: 1ms, data: z, split: 5}]'
    async with serving(tmp_path, text) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, version="1.0")
        received = await client.rest()
    assert received.raw.startswith(b"HTTP/1.0 200 OK\r\n")
    assert received.content == b"data: x\n\n: y\ndata: z\n\n"


HEADS = {
    "an older version": ("HTTP/1.0 200 OK\\r\\ncontent-TYPE:text/event-stream\\r\\n\\r\\n", 200),
    "an early hint": (
        "HTTP/1.1 103 Early Hints\\r\\nLink: </x>\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n\\r\\n",
        200,
    ),
    "garbage": ("\\0\\x01garbage", 0),
    "a template": ("HTTP/1.1 {{ 500 + 3 }} No\\r\\n\\r\\n", 503),
}


@pytest.mark.parametrize(("head", "status"), HEADS.values(), ids=HEADS)
async def test_a_raw_head_is_sent_as_it_is(tmp_path, head, status):
    """Nothing is added, nothing behind it is framed, and FIN is its end."""
    text = f'{OPERATION}response: {{raw_head: "{head}"}}\nstream: [{{raw: "9\\r\\n"}}, {{data: x}}]'
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS, "Origin: http://elsewhere")
        opened = server.session().journal[0]
    expected = head.replace("{{ 500 + 3 }}", "503").encode().decode("unicode_escape").encode()
    assert (received.raw, received.end) == (expected + b"9\r\ndata: x\n\n", "fin")
    assert opened.status == status


async def test_a_raw_head_alone_is_the_whole_answer(tmp_path):
    """Also as what comes afterwards, and when it ends in a reset."""
    text = f"""{OPERATION}connections:
- response: {{raw_head: "HTTP/1.1 200 OK\\r\\n"}}
- response: {{raw_head: "HT"}}
  steps: [{{disconnect: reset}}]
afterwards: {{raw_head: "bye"}}
"""
    async with serving(tmp_path, text) as server:
        seen = [await fetch(server, STATUS) for _ in range(3)]
    assert [(r.raw, r.end) for r in seen] == [
        (b"HTTP/1.1 200 OK\r\n", "fin"),
        (b"HT", "reset"),
        (b"bye", "fin"),
    ]


async def test_a_head_that_trickles(tmp_path):
    """A raw head in pieces, on the session's clock."""
    text = f"""{OPERATION}wire: {{split: {{bytes: 10, every: 1s}}}}
response: {{raw_head: "HTTP/1.1 200 OK\\r\\n\\r\\n"}}
stream: []
"""
    async with serving(tmp_path, text, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        assert await client.until(b"HTTP/1.1 2") == b"HTTP/1.1 2"
        server.session().advance("1s")
        assert (await client.rest()).raw == b"HTTP/1.1 200 OK\r\n\r\n"


CONTENT_TYPES = ["text/event-stream;", 'Text/Event-Stream; charset="UTF-8"', "x bogus", "", None]  # fmt: skip


HEAD_ONLY = {
    "a raw head": ('response: {raw_head: "HTTP/1.1 200 OK\\r\\nX: 1\\r\\n\\r\\n"}\nstream: [{data: x}]', b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\n"),
    "garbage": ('response: {raw_head: "garbage"}', b"garbage"),
    "a length": (
        "wire: {transfer: {length: 300}}\nresponse: {status: 503, body: x, headers: {Content-Type: a/b, Retry-After: null}}",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: a/b\r\nContent-Length: 300\r\n\r\n",
    ),
    "a coding": (
        "wire: {encoding: gzip}\nresponse: {status: 400, body: x, headers: {Content-Type: a/b}}",
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: a/b\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n\r\n",
    ),
    "an end": (
        "wire: {transfer: close}\nresponse: {headers: {X-Accel-Buffering: null, Cache-Control: null}}\nstream: [{data: x}]",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "head"), HEAD_ONLY.values(), ids=HEAD_ONLY)
async def test_head_shows_the_head_of_a_get(tmp_path, text, head):
    """As the wire has it, and without a body."""
    async with serving(tmp_path, OPERATION + text) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, "Accept-Encoding: gzip", method="HEAD")
        raw = await client.until(b"\r\n\r\n" if b"\r\n" in head else head)
        await client.leave()
    assert raw.replace(b"Connection: keep-alive\r\n", b"") == head


async def test_a_head_for_an_id_that_is_refused(tmp_path):
    """Gets the status that a GET gets."""
    text = OPERATION + "resume: {unknown: 410}\nstream: [{id: 1, data: x}]"
    async with serving(tmp_path, text) as server:
        assert (await fetch(server, STATUS, "Last-Event-ID: 9", method="HEAD")).status == 410


async def test_a_content_length_of_an_answer_is_the_scripts(tmp_path):
    """Right or wrong."""
    text = OPERATION + "response: {status: 500, headers: {Content-Length: '99'}, body: hello}"
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS)
    assert (received.header("Content-Length"), received.content) == ("99", b"hello")


@pytest.mark.parametrize("value", CONTENT_TYPES)
async def test_odd_content_types_go_out_as_they_are(tmp_path, value):
    """Null leaves the header out."""
    said = json.dumps(value)
    text = f"{OPERATION}response: {{headers: {{Content-Type: {said}, X-Twice: [a, b]}}}}\nstream: [{{data: x}}]"
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS)
    assert received.header("Content-Type") == value
    assert [v for name, v in received.headers if name == "X-Twice"] == ["a", "b"]


async def test_a_connection_that_is_said_to_close_closes(tmp_path):
    """The header is no lie."""
    text = OPERATION + "response: {headers: {Connection: close}}\nstream: [{data: x}]"
    async with serving(tmp_path, text) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        received = await client.rest()
    assert (received.finished, received.header("Connection")) == (True, "close")


@pytest.mark.parametrize("wire", ["{split: 1}", "{rate: 100 KB/s}", "{encoding: gzip}"])
async def test_a_client_that_leaves_between_two_pieces_is_noticed(tmp_path, caplog, wire):
    """The stream ends, the journal says who ended it, and nothing is logged as a fault."""
    text = (
        f"{OPERATION}wire: {wire}\nstream: [{{repeat: {{times: forever, steps: [{{data: x}}]}}}}]"
    )
    with caplog.at_level(logging.WARNING):
        async with serving(tmp_path, text) as server:
            client = await RawClient.connect(server)
            await client.send(STATUS, "Accept-Encoding: gzip")
            await client.until(b"\r\n\r\n")
            client.writer.transport.abort()
            while server._live.serving:
                await turn_of_others()
            closed = server.session().journal[-1]
    assert isinstance(closed, Closed)
    assert (closed.by, caplog.text) == ("client", "")


async def test_stopping_ends_a_stream_between_two_pieces(tmp_path):
    """With its last chunk, however much of the event is left."""
    text = OPERATION + "stream: [{data: \"{{ 'x' * 100000 }}\", split: 1}]"
    async with serving(tmp_path, text) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"1\r\nx\r\n")
        await server.stop()
        received = await client.rest()
    assert (received.finished, len(received.body) < 100000) == (True, True)


async def test_the_journal_says_how_long_a_client_was_away(tmp_path):
    """Beside the time that it was told to be, on the session's clock."""
    text = OPERATION + "stream: [{retry: 1500}, {id: 1, data: x}, {disconnect: drop}, {data: y}]"
    async with serving(tmp_path, text, clock="manual") as server:
        await fetch(server, STATUS)
        server.session().advance("1600ms")
        await fetch(server, STATUS, "Last-Event-ID: 1")
        found = [entry for entry in server.session().journal if isinstance(entry, Opened)]
    assert [(entry.at, entry.after, entry.reconnection_time) for entry in found] == [
        (0.0, None, None),
        (1.6, 1.6, 1.5),
    ]

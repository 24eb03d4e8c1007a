"""How WebSockets end, on the wire and in the journal, and what their clients may send."""

import asyncio

import aiohttp
import pytest
from clients import STATUS, serving, write
from web_sockets import (
    OPERATION,
    closed,
    event,
    heard,
    masked,
    opened,
    raw_socket,
)

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.play.journal import Violated
from mockserver.server.websocket import MOST
from mockserver.sse.frames import CLOSE, PING, TEXT, closing, frame

ENDS = {
    "end": (b"\x88\x02\x03\xe8", "fin", 1000),
    "drop": (b"", "fin", 1006),
    "reset": (b"", "reset", 1006),
}


@pytest.mark.parametrize(("kind", "last", "end", "code"), [(k, *v) for k, v in ENDS.items()])
@pytest.mark.parametrize("by", ["script", "test"])
async def test_a_websocket_ends_in_its_own_way(tmp_path, kind, last, end, code, by):
    """`end` is closed with 1000, `drop` and `reset` are cuts without a closing frame."""
    step = f"disconnect: {kind}" if by == "script" else "hold: forever"
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{{step}}}]") as server:
        client = await raw_socket(server, STATUS)
        await client.until(b'{"data":"x"}')
        if by == "test":
            server.session().disconnect(kind)
        if last:
            await client.until(last)
            client.writer.write(masked(CLOSE, b"\x03\xe8"))
        received = await client.rest()
        ends = await closed(server)
    assert received.content == event(data="x") + last
    assert (received.end, ends) == (end, [(kind, by, code)])


async def test_a_client_that_does_not_answer_the_end_is_let_go(tmp_path):
    """The connection is closed all the same, and the story has ended long before."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}]") as server:
        client = await raw_socket(server, STATUS)
        await client.until(closing(1000))
        assert await closed(server) == [("end", "script", 1000)]
        received = await client.rest()
    assert received.end == "fin"


async def test_a_server_that_stops_goes_away(tmp_path):
    """1001, at once."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        async with opened(server, STATUS) as socket:
            await socket.receive_json()
            stopping = asyncio.create_task(server.stop())
            end = await socket.receive()
            await stopping
        entry = server.session().journal[-1]
    assert (end.type, end.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert (entry.by, entry.close_code) == ("server", 1001)


async def test_a_story_that_cannot_go_on_says_so(tmp_path):
    """1011 with the code of what is wrong, where an event stream could only be cut."""
    text = f"{OPERATION}stream: [{{data: x}}, {{data: '{{{{ [1][n] }}}}', delay: 1ms}}]\nvars: {{n: 9}}"
    async with serving(tmp_path, text) as server:
        async with opened(server, STATUS) as socket:
            await socket.receive_json()
            end = await socket.receive()
        ends = await closed(server)
        entry = server.session().journal[-1]
    assert (end.data, end.extra) == (1011, "template-error")
    assert (ends, bool(entry.fault)) == ([("drop", "script", 1011)], True)


PRICES = """
openapi: 3.2.0
info: {title: Shop, version: "1"}
paths:
  /prices:
    get:
      operationId: prices
      responses:
        "200":
          description: ""
          content: {text/event-stream: {itemSchema: {properties: {data: {enum: ["1", "2"]}}}}}
"""


@pytest.mark.parametrize(("last", "count", "code"), [(2, 2, 1000), (9, 1, 1011)])
async def test_an_event_that_must_not_be_sent_closes_with_1011(tmp_path, last, count, code):
    """The document holds for frames as it does for blocks, and the journal names the fault."""
    (tmp_path / "api.yaml").write_text(PRICES)
    text = "operation: prices\nstream: [{data: 1}, {data: '{{ request.query.last }}', delay: 1ms}]"
    scenarios = write(tmp_path / "s", story=text)
    async with MockServer(
        spec=tmp_path / "api.yaml", scenarios=scenarios, events="enforce"
    ) as server:
        events, ended = await heard(server, f"/prices?last={last}")
        await closed(server)
        broken = [e for e in server.session().journal if isinstance(e, Violated)]
    assert (len(events), ended, len(broken)) == (count, code, int(code == 1011))


# --- what clients send --------------------------------------------------------------------------------


async def test_a_client_that_closes_is_answered_and_noted(tmp_path):
    """With its own code; what it has sent before is counted, and its pings are answered."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        client = await raw_socket(server, STATUS)
        await client.until(event(data="x"))
        for each in (masked(TEXT, b"{}"), masked(0x2, b"\0"), masked(PING, b"there?")):
            client.writer.write(each)
        await client.until(frame(0xA, b"there?"))
        client.writer.write(masked(CLOSE, b"\x0f\xa0bye"))
        received = await client.rest()
        ends = await closed(server)
        entry = server.session().journal[-1]
    assert received.raw.endswith(frame(CLOSE, b"\x0f\xa0"))
    assert (ends, entry.received) == ([("end", "client", 4000)], 2)


async def test_a_client_that_closes_without_a_code_is_answered_so(tmp_path):
    """RFC 6455 § 7.4.1: 1005 is what is known of it, and never stands in a frame."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        client = await raw_socket(server, STATUS)
        await client.until(event(data="x"))
        client.writer.write(masked(CLOSE, b""))
        received = await client.rest()
        ends = await closed(server)
    assert received.raw.endswith(event(data="x") + frame(CLOSE, b""))
    assert ends == [("end", "client", 1005)]


async def test_a_client_that_only_goes_is_noted(tmp_path):
    """Without a closing frame, its code is that of a cut."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        client = await raw_socket(server, STATUS)
        await client.until(event(data="x"))
        await client.leave()
        assert await closed(server) == [("end", "client", 1006)]


async def test_a_message_that_is_too_big_ends_the_connection(tmp_path):
    """1009; it takes no memory beyond the bound."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        async with opened(server, STATUS, max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_bytes(b"x" * (MOST + 1))
            end = await socket.receive()
        ends = await closed(server)
        entry = server.session().journal[-1]
    assert (end.type, end.data) == (aiohttp.WSMsgType.CLOSE, 1009)
    assert (ends, "exceeds limit" in entry.fault) == ([("end", "server", 1009)], True)


async def test_a_message_as_big_as_may_be_is_taken(tmp_path):
    """The bound itself is not too big."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        async with opened(server, STATUS, max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_bytes(b"x" * MOST)
        ends = await closed(server)
        entry = server.session().journal[-1]
    assert (ends, entry.received) == ([("end", "client", 1000)], 1)


async def test_bytes_that_are_no_frames_end_the_connection(tmp_path):
    """1002: a protocol error."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}, {{hold: forever}}]") as server:
        client = await raw_socket(server, STATUS)
        await client.until(event(data="x"))
        client.writer.write(b"\xff\xff\xff\xff\xff\xff")
        raw = await client.until(closing(1002))
        await client.leave()
        ends = await closed(server)
    assert raw.endswith(closing(1002))
    assert ends == [("end", "server", 1002)]


async def test_a_client_that_does_not_read_holds_the_story_up(tmp_path):
    """No more is made than it has room for, as with an event stream."""
    text = f"{OPERATION}stream: [{{repeat: {{times: forever, steps: [{{data: {'x' * 1000}}}]}}}}]"
    async with serving(tmp_path, text) as server:
        client = await raw_socket(server, STATUS)
        await client.until(b"\r\n\r\n")
        client.reader._transport.pause_reading()
        before = -1
        (waiting,) = server._live.serving
        while not waiting.done() and (sent := _sent(server)) != before:
            before = sent
            for _ in range(1000):
                await turn_of_others()
        client.writer.transport.abort()
        assert await closed(server) == [("end", "client", 1006)]
        assert server.session().journal[-1].bytes < 16 * 1024 * 1024


def _sent(server):
    return server.session().journal[-1]

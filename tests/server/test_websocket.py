"""The same scenario over a WebSocket: handshakes, frames, ends, and what is known of them."""

import json

import aiohttp
import pytest
from clients import STATUS, RawClient, fetch, serving, write
from web_sockets import (
    ACCEPT,
    EVERY_FIELD,
    HANDSHAKE,
    OPERATION,
    closed,
    event,
    heard,
    opened,
    raw_socket,
    without,
)

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.play.journal import Opened, Sent
from mockserver.sse.frames import CLOSE, PING, TEXT, closing, frame

# --- the handshake --------------------------------------------------------------------------------


async def test_a_handshake_is_answered_to_the_letter(tmp_path):
    """Switching protocols, the accepted key, and nothing of an event stream."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}]") as server:
        client = await raw_socket(server, STATUS, "Sec-WebSocket-Extensions: permessage-deflate")
        raw = await client.until(b'{"data":"x"}')
        await client.leave()
    head, _, frames = raw.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: upgrade",
        b"Sec-WebSocket-Accept: " + ACCEPT,
    ]
    assert frames.startswith(event(data="x"))


async def test_the_first_subprotocol_is_agreed_to(tmp_path):
    """A browser fails a handshake that passes over the protocols that it has offered."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{hold: forever}}]") as server:
        async with opened(server, STATUS, protocols=("v2.orders", "v1.orders")) as socket:
            assert socket.protocol == "v2.orders"
        async with opened(server, STATUS) as socket:
            assert socket.protocol is None


async def test_headers_of_the_scenario_are_those_of_the_handshake(tmp_path):
    """All but what speaks of a body."""
    text = (
        OPERATION
        + """
response:
  headers: {Set-Cookie: [a=1, b=2], Content-Type: text/event-stream; charset=utf-8, X-Own: "1"}
stream: [{data: x}]
"""
    )
    async with serving(tmp_path, text) as server:
        client = await raw_socket(server, STATUS)
        raw = await client.until(b"\r\n\r\n")
        await client.leave()
    assert raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:4] == [
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2",
        b"X-Own: 1",
    ]
    assert b"Content-Type" not in raw


BAD = {
    "no key": (without("Sec-WebSocket-Key"), "GET", 400),
    "a short key": ((*without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: YWJj"), "GET", 400),
    "a key that is no base64": ((*without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: ä!"), "GET", 400),
    "version 8": ((*without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 8"), "GET", 426),
    "no version": (without("Sec-WebSocket-Version"), "GET", 426),
    "no Connection": ((*without("Connection"), "Connection: close"), "GET", 400),
    "another protocol beside it": ((*without("Upgrade"), "Upgrade: websocket, h2c"), "GET", 400),
    "a POST": (HANDSHAKE, "POST", 400),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "method", "status"), BAD.values(), ids=BAD)
async def test_a_bad_handshake_is_refused(tmp_path, headers, method, status):
    """With a problem document, the version that is spoken, and an entry in the journal."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}]") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, *headers, method=method)
        raw = await client.until(b"\n}\n")
        await client.leave()
        (entry,) = server.session().journal
    head, _, body = raw.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"Sec-WebSocket-Version: 13" in head
    assert (problem["status"], problem["code"], entry.code) == (status, *2 * ["bad-handshake"])
    assert problem["mend"]


async def test_what_does_not_stream_has_no_websocket(tmp_path):
    """Neither an ordinary operation, nor the control API, nor a path that is none."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}]") as server:
        found = []
        for target in ("/v1/pets", "/_mock/journal/stream", "/nowhere"):
            received = await fetch(server, target, *HANDSHAKE)
            found.append((received.status, json.loads(received.content)["code"]))
    assert found == [
        (400, "no-stream-to-upgrade"),
        (400, "no-stream-to-upgrade"),
        (404, "no-operation"),
    ]


@pytest.mark.parametrize(
    "headers",
    [(), ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")],
    ids=["plain", "h2c"],
)
async def test_who_asks_for_no_websocket_gets_an_event_stream(tmp_path, headers):
    """A GET is what it was, and upgrades to other protocols are ignored."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}]") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, *headers)
        raw = await client.until(b"data: x\n\n")
        await client.leave()
    assert b"HTTP/1.1 200 OK" in raw


async def test_an_upgrade_by_http_1_0_is_ignored(tmp_path):
    """RFC 9110 § 7.8 has it so."""
    async with serving(tmp_path, f"{OPERATION}stream: [{{data: x}}]") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, *HANDSHAKE, version="1.0")
        received = await client.rest()
    assert (received.status, received.content) == (200, b"data: x\n\n")


CHAT = """
openapi: 3.1.0
info: {title: chat, version: "1"}
paths:
  /chat:
    get:
      operationId: listChats
      responses: {"200": {description: "", content: {application/json: {example: []}}}}
    post:
      operationId: chat
      parameters: [{name: model, in: query, required: true, schema: {type: string}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object}}}}
      responses:
        "200":
          description: ""
          content:
            application/json: {example: {}}
            text/event-stream: {example: "data: shown\\n\\n"}
"""


async def test_an_operation_of_another_method_is_reached_at_its_path(tmp_path):
    """A handshake is a GET and has no body; all else that the operation asks is held to it."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(CHAT)
    scenarios = write(tmp_path / "s", chat="operation: chat\nstream: [{data: hello}]")
    async with MockServer(spec=spec, scenarios=scenarios) as server:
        events, _ = await heard(server, "/chat?model=m")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await heard(server, "/chat")
    assert (events, refused.value.status) == ([{"data": "hello"}], 400)


async def test_a_stream_that_no_scenario_answers_is_shown(tmp_path):
    """What the document shows as text is told in frames, too."""
    spec = tmp_path / "openapi.yaml"
    spec.write_text(CHAT)
    async with MockServer(spec=spec, requests="off") as server:
        events, code = await heard(server, "/chat")
    assert (events, code) == ([{"data": "shown"}], 1000)


REFUSING = {
    "an answer": ("connections: [{response: {status: 503, body: no}}]", 503),
    "a stream's head": ("response: {status: 401}\nstream: [{data: x}]", 401),
    "a story that is over": ("connections: []\nresponse: {status: 204}", 204),
    "an answer of the document": (None, 404),
}


@pytest.mark.parametrize(("text", "status"), REFUSING.values(), ids=REFUSING)
async def test_a_status_other_than_a_streams_refuses_the_handshake(tmp_path, text, status):
    """The answer is that of a plain request, and the story goes on behind it."""
    target = STATUS if text else f"{STATUS}?__code=404"
    text = text or "stream: [{data: x}]"
    text = text.replace("connections: []\n", "")
    async with serving(tmp_path, OPERATION + text) as server:
        received = await fetch(server, target, *HANDSHAKE)
        assert received.status == status
        ends = await closed(server)
        entries = [e for e in server.session().journal if isinstance(e, Opened)]
    assert entries[0].status == status
    assert all(code is None for _, _, code in ends)


async def test_a_story_goes_on_after_a_handshake_that_it_refuses(tmp_path):
    """The next handshake gets the next connection, and one too many 204."""
    text = f"""{OPERATION}
connections:
- {{response: {{status: 503}}, steps: [{{data: unheard}}]}}
- {{steps: [{{id: 1, data: x}}]}}
"""
    async with serving(tmp_path, text) as server:
        first = await fetch(server, STATUS, *HANDSHAKE)
        second, code = await heard(server, STATUS)
        third = await fetch(server, f"{STATUS}?lastEventId=1", *HANDSHAKE)
    assert (first.status, first.content, third.status) == (503, b"", 204)
    assert (second, code) == ([{"id": "1", "data": "x"}], 1000)


# --- frames -----------------------------------------------------------------------------------------


async def test_every_event_is_a_frame(tmp_path):
    """Byte for byte: comments are pings, data the text that an event source would dispatch."""
    async with serving(tmp_path, EVERY_FIELD) as server:
        client = await raw_socket(server, STATUS)
        raw = await client.until(closing(1000))
        await client.leave()
    assert raw.partition(b"\r\n\r\n")[2] == b"".join([
        frame(TEXT, b'{"data":"plain"}'),
        frame(
            TEXT, '{"event":"update","id":"1","data":"{\\"a\\":[1,\\"ž\\"]}","retry":2000}'.encode()
        ),
        frame(PING, b"alone"),
        frame(TEXT, b'{"id":"2"}'),
        frame(TEXT, b'{"data":"two\\nlines"}'),
        frame(CLOSE, b"\x03\xe8"),
    ])  # fmt: skip


SAME = {
    "a loop that counts": "- repeat: {times: 12, as: i, steps: [{id: '{{ i }}', data: 'n {{ i }}'}]}",
    "a loop of the same": "- repeat: {times: 12, steps: [{data: same}, {event: e, data: other}]}",
    "chance": "- {data: '{{ uuid() }}'}\n- {id: '{{ random_int(1, 99) }}', data: x}",
    "bytes by hand": '- raw: "event: a\\ndata: 1\\n\\ndata"\n- raw: ": 2\\n\\n: no\\n\\n"\n- {data: 3}',
    "half an event": "- {id: 1, data: whole}\n- {data: half of it, cut: 8}",
    "a wire of its own": "- {data: a}\n- {data: b}\nwire: {newline: mixed, bom: true, split: 3, encoding: gzip}",
    "lines": '- {data: "a\\r\\nb\\rc"}',
}  # fmt: skip


@pytest.mark.parametrize("steps", SAME.values(), ids=SAME)
async def test_the_events_are_those_of_an_event_source(tmp_path, steps):
    """What the oracle dispatches is the same over both, chance included, and what was received."""
    async with serving(tmp_path, f"{OPERATION}stream:\n{steps}") as server:
        events, _ = await heard(server, STATUS)
        await fetch(server, STATUS)
        await closed(server)
        framed, plain = (
            [(e["type"], e["data"], e["lastEventId"]) for e in each["events"]]
            for each in server.session().dispatched()
        )
    assert framed == plain
    assert [e["data"] for e in events if "data" in e] == [data for _, data, _ in plain]
    assert plain


async def test_what_the_wire_says_is_noted_and_left_out(tmp_path):
    """The journal has a code for it, where a scenario lays its bytes in its own way."""
    text = f"{OPERATION}stream: [{{data: a}}]\nwire: {{newline: crlf}}"
    async with serving(tmp_path, text, clock="manual") as server:
        await heard(server, STATUS)
        entry = server.session().journal[0]
    assert entry.notes == ("no-wire-in-websocket",)


async def test_heartbeats_are_pings(tmp_path):
    """A heartbeat that is an event stays one; a comment is a ping."""
    text = f"{OPERATION}stream: [{{hold: forever}}]\nheartbeat: 10s"
    async with serving(tmp_path, text, clock="manual") as server:
        client = await raw_socket(server, STATUS)
        await client.until(b"\r\n\r\n")
        while not server._live.serving or not all(w.idle for w in server._live.serving.values()):
            await turn_of_others()
        server.session().advance("20s")
        raw = await client.until(2 * frame(PING, b"heartbeat"))
        await client.leave()
    assert raw.endswith(b"\r\n\r\n" + 2 * frame(PING, b"heartbeat"))


async def test_delays_are_those_of_the_event_stream(tmp_path):
    """Nothing comes before its moment on a clock that stands still, and all of it then."""
    text = f"{OPERATION}stream: [{{data: a}}, {{delay: 5s, data: b}}, {{delay: 5s, data: c}}]"
    async with serving(tmp_path, text, clock="manual") as server:
        async with opened(server, STATUS) as socket:
            got = [await socket.receive_json()]
            for _ in range(2):
                await server._live.advance(server._live.sessions.get("default"), 4.999)
                got.append("nothing yet")
                await server._live.advance(server._live.sessions.get("default"), 0.001)
                got.append(await socket.receive_json())
        offsets = [entry.offset for entry in server.session().journal if isinstance(entry, Sent)]
    assert [got[0], got[2], got[4]] == [{"data": "a"}, {"data": "b"}, {"data": "c"}]
    assert offsets == [0.0, 5.0, 10.0]

"""Steered streams where it is tight: codings, pieces, clients that do not read or leave, ends of holds."""

import asyncio
import json
import socket
import zlib
from contextlib import suppress

import pytest
from clients import LAST_CHUNK, STATUS, RawClient, fetch, serving, write

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.errors import ControlError
from mockserver.play.journal import Closed, Pushed, Violated
from mockserver.play.oracle import ConformingClient

OPERATION = "operation: streamOrderStatus\n"


async def opened(server, *headers, wanted=b"\r\n\r\n", target=STATUS):
    """Return a client that has got as far as that."""
    client = await RawClient.connect(server)
    await client.send(target, "Connection: close", *headers)
    await client.until(wanted)
    return client


async def served(server):
    """Wait until nobody is being served."""
    while server._live.serving:
        await turn_of_others()


async def obeyed(server, entries):
    """Wait until the journal has so many pushes."""
    session = server.session()
    while sum(isinstance(entry, Pushed) for entry in session.journal) < entries:
        await turn_of_others()


def heard(server):
    """Return the oracle's data and ids."""
    return [(e["data"], e["lastEventId"]) for e in server.session().dispatched()[0]["events"]]


def parsed(received):
    """Return the data and ids that a real parser makes of what arrived."""
    client = ConformingClient()
    client.request(0)
    client.receive_raw(0, received.raw)
    return [(event.data, event.last_event_id) for event in client.events]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("kind", ["end", "drop"])
async def test_a_coded_stream_stays_decodable(tmp_path, coding, kind):
    """What is pushed goes through the coder between the events; a proper end ends the coding."""
    text = (
        f"{OPERATION}wire: {{encoding: {coding}}}\nstream:\n"
        "- {id: 1, data: first}\n- delay: 1s\n- {id: 2, data: two}\n- hold: forever"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await opened(server, f"Accept-Encoding: {coding}")
        await session.connected()
        session.push("a" * 1000, id="p1")
        session.push("b" * 1000)
        session.advance("1s")
        session.push_raw(b"data: raw\n\n")
        session.disconnect(kind)
        received = await client.rest()
        decoder = zlib.decompressobj(wbits=47)
        plain = decoder.decompress(received.body)
        expected = [
            ("first", "1"),
            ("a" * 1000, "p1"),
            ("b" * 1000, "p1"),
            ("two", "2"),
            ("raw", "2"),
        ]
        assert plain.count(b"data: ") == 5
        assert (decoder.eof, received.finished) == (kind == "end",) * 2
        assert heard(server) == expected == parsed(received)


async def test_a_push_waits_for_the_end_of_a_block_in_pieces(tmp_path):
    """It comes right behind it, though it was asked for in the middle; so does the next."""
    text = (
        f"{OPERATION}stream:\n- {{id: 1, data: first, split: {{bytes: 8, every: 1s}}}}\n"
        "- delay: 1s\n- {id: 2, data: two}"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await opened(server, wanted=b"id: 1\nda")
        session.push("behind")
        session.advance("1s")
        await client.until(b"ta: firs")
        session.push("it")
        session.advance("1s")
        await client.until(b"data: it\n\n")
        session.advance("1s")
        received = await client.rest()
        assert received.body == (
            b"id: 1\ndata: first\n\ndata: behind\n\ndata: it\n\nid: 2\ndata: two\n\n"
        )
        assert heard(server) == parsed(received)
        assert [e["at"] for e in session.dispatched()[0]["events"]] == [2.0, 2.0, 2.0, 3.0]


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
async def test_a_disconnect_cuts_a_block_in_pieces(tmp_path, kind):
    """At once; the block is sent again to the next connection, and is whole there."""
    text = f"{OPERATION}stream:\n- {{id: 1, data: first, split: {{bytes: 8, every: 1s}}}}"
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await opened(server, wanted=b"id: 1\nda")
        session.push("never")
        session.disconnect(kind)
        received = await client.rest()
        assert received.body == b"id: 1\nda"
        assert heard(server) == []
        await served(server)
        client = await opened(server, wanted=b"id: 1\nda")
        session.advance("1s")
        session.advance("1s")
        assert (await client.rest()).body == b"id: 1\ndata: first\n\n"


async def test_a_hold_stops_a_block_in_pieces(tmp_path):
    """Between two of them; a push that waits for its end does so for the release as well."""
    text = f"{OPERATION}stream:\n- {{data: first, split: {{bytes: 6, every: 1s}}}}\n- hold: forever"
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await opened(server, wanted=b"data: ")
        session.push("behind")
        session.hold()
        session.advance("9s")
        await turn_of_others()
        session.release()
        session.advance("500ms")
        session.advance("500ms")
        await client.until(b"first\n")
        session.advance("1s")
        await client.until(b"behind\n\n")
        assert [e["data"] for e in session.dispatched()[0]["events"]] == ["first", "behind"]
        await client.leave()


async def test_pushes_into_an_endless_burst_leave_now(tmp_path):
    """A script that never waits has no right of way; nor while it is held."""
    text = f'{OPERATION}stream:\n- repeat: {{times: forever, steps: [{{data: "{{{{ n }}}}"}}]}}'
    async with serving(tmp_path, text, clock="real") as server:
        session = server.session()
        client = await opened(server, wanted=b"data: 1\n\n")
        session.push("through", id="p")
        await client.until(b"id: p\ndata: through\n\n")
        session.hold()
        session.push("still")
        await client.until(b"data: still\n\n")
        session.disconnect("reset")
        assert (await client.rest()).end == "reset"


def connect(server, target=STATUS):
    """Return a socket that has asked for a stream, and reads nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect((server.host, server.port))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
    return client


@pytest.mark.parametrize("kind", ["drop", "reset", "end"])
def test_a_client_that_does_not_read_is_pushed_to_within_bounds(tmp_path, monkeypatch, kind):
    """A push that finds no room is refused after a while, and the next at once; the end is not."""
    monkeypatch.setattr("mockserver.server.orders.PATIENCE", 1.0)
    folder = write(tmp_path, story=f"{OPERATION}stream: [{{data: first}}, {{hold: forever}}]")
    with MockServer(scenarios=folder, events="off") as server:
        session = server.session()
        client = connect(server)
        session.wait_for_connection(timeout=60)
        big, went = "x" * 100_000, 0
        for _ in range(1000):
            with suppress(ControlError):
                session.push(big)
                went += 1
        refused = 1000 - went
        with pytest.raises(ControlError, match="does not read"):
            session.push(big)
        assert refused > 900
        (steering,) = server._live.sessions.get("default").live
        assert sum(len(asked.order.data) for asked in steering.orders) <= 2**20
        assert sum(isinstance(entry, Pushed) for entry in session.journal) == went
        if kind == "reset":  # it waits a moment for a client that might read, and that is obeyed
            monkeypatch.setattr("mockserver.server.orders.PATIENCE", 30.0)
        session.disconnect(kind)
        if kind == "reset":
            assert session.connections == []
        client.close()


async def test_queued_pushes_are_bounded_where_nobody_waits(tmp_path):
    """In the server's own loop they are taken until 1 MiB waits, then refused at once."""
    text = f"{OPERATION}stream: [{{data: first}}, {{hold: forever}}]"
    async with serving(tmp_path, text) as server:
        session = server.session()
        client = await opened(server, wanted=b"first")
        for _ in range(10):
            session.push("x" * 100_000)
        with pytest.raises(ControlError, match="does not read"):
            session.push("x" * 100_000)
        await client.until(b"x" * 100_000)
        await obeyed(server, 10)
        for _ in range(1000):
            session.push("")
        with pytest.raises(ControlError, match="does not read"):
            session.push("")
        await client.leave()


def push_often(session):
    """Push more than any socket has room for."""
    for _ in range(1000):
        session.push("x" * 100_000)


@pytest.mark.parametrize("clock", ["real", "manual", "instant"])
def test_a_client_that_leaves_fails_the_push(tmp_path, clock):
    """Or it has ended already: nothing hangs, and all is told as the client's leaving."""
    folder = write(tmp_path, story=f"{OPERATION}stream: [{{data: first}}, {{hold: forever}}]")
    with MockServer(scenarios=folder, events="off", clock=clock) as server:
        session = server.session()
        client = connect(server)
        session.wait_for_connection(timeout=60)
        client.close()
        with pytest.raises(ControlError) as error:
            push_often(session)
        assert error.value.code in ("connection-closed", "no-open-stream")
        assert [e.by for e in session.journal if isinstance(e, Closed)] == ["client"]


@pytest.mark.parametrize("clock", ["real", "manual", "instant"])
async def test_a_server_that_stops_ends_what_is_held(tmp_path, clock):
    """Properly, like every stream."""
    text = f"{OPERATION}stream: [{{data: first}}, {{hold: forever}}]"
    async with serving(tmp_path, text, clock=clock) as server:
        client = await opened(server, wanted=b"first")
        server.session().hold()
        await turn_of_others()
    received = await client.rest()
    assert received.raw.endswith(LAST_CHUNK)


async def test_a_reset_lets_held_streams_go_and_counts_anew(tmp_path):
    """They go on by themselves, and nobody can ask anything of them any more."""
    text = f"{OPERATION}stream: [{{data: first}}, {{delay: 1s, data: two}}]"
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await opened(server, wanted=b"first")
        session.hold()
        session.advance("5s")
        await turn_of_others()
        session.reset()
        assert session.connections == []
        other = await opened(server, wanted=b"first")
        assert [one.number for one in session.connections] == [1]
        session.advance("1s")
        assert (await client.rest()).body == (await other.rest()).body
        with pytest.raises(ControlError, match="connection 1 has ended"):
            session.push("x", to=1)
        with pytest.raises(ControlError, match="had no connection 2"):
            session.push("x", to=2)


async def test_an_answer_that_waits_can_only_be_ended(tmp_path):
    """It is still to be given then: the next request gets it."""
    text = (
        f"{OPERATION}connections:\n- response: {{status: 503, delay: 1s}}\n- steps: [{{data: x}}]"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await RawClient.connect(server)
        await client.send(STATUS)
        while not session.connections:
            await turn_of_others()
        (found,) = session.connections
        assert (found.kind, found.state, found.number) == ("answer", "waiting", 1)
        for order in (session.push, session.hold):
            with pytest.raises(ControlError) as error:
                order(to=1) if order == session.hold else order("x", to=1)
            assert error.value.code == "ordinary-answer"
        session.disconnect("reset", to=1)
        assert (await client.rest()).end == "reset"
        again = asyncio.create_task(fetch(server, STATUS))
        while not session.connections:
            await turn_of_others()
        session.advance("1s")
        assert (await again).status == 503
        assert (await fetch(server, STATUS)).body == b"data: x\n\n"


async def test_a_stream_that_waits_for_its_head_cannot_be_pushed_to(tmp_path):
    """It can be ended."""
    text = f"{OPERATION}response: {{delay: 1s}}\nstream: [{{data: x}}]"
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await RawClient.connect(server)
        await client.send(STATUS)
        while not session.connections:
            await turn_of_others()
        with pytest.raises(ControlError, match="still to come"):
            session.push("x", to=1)
        with pytest.raises(ControlError, match="no open stream"):
            session.push("x")
        session.disconnect("drop", to=1)
        assert (await client.rest()).raw == b""
        await served(server)
        again = asyncio.create_task(fetch(server, STATUS))
        while not session.connections:
            await turn_of_others()
        session.advance("1s")
        assert (await again).body == b"data: x\n\n"


async def test_a_hold_stops_the_timeout_of_an_await(tmp_path):
    """A signal that comes meanwhile counts; what runs out does so by as much later."""
    text = (
        f"{OPERATION}stream:\n- data: first\n- await: {{signal: paid}}\n  timeout: 5s\n"
        "  otherwise: [{data: late}]\n- {delay: 1s, data: then}"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        one = await opened(server, wanted=b"first")
        session.advance("1s")
        await turn_of_others()
        session.hold()
        session.advance("60s")
        await turn_of_others()
        session.release()
        session.advance("3s")
        for _ in range(20):
            await turn_of_others()
        assert b"late" not in one.raw
        session.advance("1s")
        await one.until(b"late")
        session.advance("1s")
        assert (await one.rest()).body.endswith(b"data: late\n\ndata: then\n\n")
        assert [e["at"] for e in session.dispatched()[0]["events"]] == [0.0, 65.0, 66.0]
        two = await opened(server, wanted=b"first")
        await turn_of_others()
        session.hold()
        session.advance("60s")
        await turn_of_others()
        session.signal("paid")
        session.release()
        session.advance("1s")
        assert (await two.rest()).body == b"data: first\n\ndata: then\n\n"


EVENTS = {
    "enforced": ("enforce", {"data": {"no": 1}}, "refused", 0),
    "enforced, on purpose": ("enforce", {"data": {"no": 1}, "violates": "to see"}, "sent", 0),
    "enforced, and good": ("enforce", {"data": ": good"}, "sent", 0),
    "warned of": ("warn", {"data": {"no": 1}}, "sent", 1),
    "warned of, though it fits": ("warn", {"data": ": good", "violates": "not"}, "sent", 1),
    "off": ("off", {"data": {"no": 1}}, "sent", 0),
}


@pytest.mark.parametrize(("mode", "event", "outcome", "noted"), EVENTS.values(), ids=EVENTS)
async def test_what_is_pushed_is_held_to_the_document(tmp_path, mode, event, outcome, noted):
    """As what scripts send: not sent, noted, or not looked at."""
    good = {"status": "preparing_shipment", "timestamp": "2026-01-01T00:00:00Z"}
    event = event | ({"data": good} if event["data"] == ": good" else {})
    text = f"{OPERATION}stream: [{{comment: hi}}, {{hold: forever}}]"
    async with serving(tmp_path, text, events=mode) as server:
        session = server.session()
        client = await opened(server, wanted=b": hi\n\n")
        if outcome == "refused":
            with pytest.raises(ControlError, match="breaks the contract") as error:
                session.push(**event)
            assert (error.value.status, error.value.code) == (422, "contract-event")
        else:
            session.push(**event)
            await client.until(f"data: {json.dumps(event['data'], separators=(',', ':'))}".encode())
        found = [entry.by for entry in session.journal if isinstance(entry, Violated)]
        assert found == ["test"] * noted
        await client.leave()


async def test_orders_over_http(tmp_path):
    """The same as from Python: one stream or all, of one operation or none; problems say why."""
    text = f"{OPERATION}stream: [{{data: first}}, {{hold: forever}}]"

    async def ask(path, body=None, method="POST"):
        raw = b"" if body is None else json.dumps(body).encode()
        target = f"/_mock/sessions/default/{path}"
        found = await fetch(server, target, method=method, body=raw)
        return found.status, json.loads(found.body)

    async with serving(tmp_path, text, clock="manual") as server:
        assert (await ask("events", {"data": 1}))[1]["code"] == "no-open-stream"
        waits = asyncio.create_task(ask("connections?wait=2&timeout=60s", method="GET"))
        one, two = await opened(server), await opened(server)
        status, found = await waits
        assert [each["state"] for each in found["connections"]] == ["streaming"] * 2
        done = {"session": "default", "connections": [1, 2]}
        assert await ask("events?operation=streamOrderStatus", {"id": 1}) == (200, done)
        assert (await ask("events?operation=listPets", {"id": 1}))[0] == 409
        assert (await ask("connections/2/raw", {"base64": "OmhpCgo="}))[1]["connections"] == [2]
        assert (await ask("connections/2/hold"))[0] == 200
        assert (await ask("release"))[1]["connections"] == [2]
        assert (await ask("connections/2/release"))[1]["code"] == "not-held"
        assert (await ask("connections/1/disconnect", {"kind": "end"}))[0] == 200
        status, found = await ask("connections/1/hold")
        assert (status, found["code"], found["open"]) == (409, "connection-closed", [2])
        status, found = await ask("connections/7/hold")
        assert (status, found["code"], found["open"]) == (404, "unknown-connection", [2])
        for body in ({}, {"dat": 1}, [], {"text": "a", "hex": "00"}):
            assert (await ask("raw", body))[1]["code"] == "bad-control"
        assert (await ask("raw", {"hex": "0"}))[1]["code"] == "bad-raw"
        assert (await ask("raw", {"text": ""}))[1]["code"] == "no-kind"
        assert (await ask("disconnect", {"kind": "fin"}))[1]["code"] == "bad-control"
        assert (await ask("disconnect"))[1]["connections"] == [2]
        assert (await one.rest()).body.endswith(b"id: 1\n\n")
        assert (await two.rest()).body.endswith(b"id: 1\n\n:hi\n\n")
        found = await ask("journal?kind=pushed&kind=paused&kind=closed", method="GET")
        assert [(entry["kind"], entry["connection"]) for entry in found[1]["entries"]] == [
            ("pushed", 1),
            ("pushed", 1),
            ("pushed", 1),
            ("paused", 1),
            ("paused", 1),
            ("closed", 1),
            ("closed", 1),
        ]

"""Streams that a test steers from outside: pushed to, held, released, cut; seen on raw sockets."""

import pytest
from clients import STATUS, RawClient, chunks, fetch, serving

from mockserver.clock import turn_of_others
from mockserver.errors import ControlError
from mockserver.play.journal import Closed, Paused
from mockserver.play.oracle import ConformingClient

OPERATION = "operation: streamOrderStatus\n"
CLOCKS = ["real", "10x", "instant", "manual"]
WAITS = {
    "a hold": "- hold: forever",
    "a stall": "- stall: forever",
    "a delay": "- {delay: 2h, data: late}",
    "a range": "- {delay: 1h..2h, data: late}",
    "heartbeats": "- hold: forever\nheartbeat: 3h",
}


async def opened(server, *headers, wanted=b"data: first\n\n"):
    """Return a client that has got as far as that."""
    client = await RawClient.connect(server)
    await client.send(STATUS, "Connection: close", *headers)
    await client.until(wanted)
    return client


async def told(server):
    """Return the oracle's data and ids, connection by connection."""
    found = server.session().dispatched()
    return [[(e["data"], e["lastEventId"]) for e in one["events"]] for one in found]


async def closed(server):
    """Wait until nobody is being served; return how connections ended."""
    while server._live.serving:
        await turn_of_others()
    return [(e.kind, e.by) for e in server.session().journal if isinstance(e, Closed)]


def parsed(received):
    """Return the data and ids that a real parser makes of what arrived."""
    client = ConformingClient()
    client.request(0)
    client.receive_raw(0, received.raw)
    return [(event.data, event.last_event_id) for event in client.events]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
async def test_an_event_is_pushed_whatever_the_script_waits_for(tmp_path, wait, clock):
    """It leaves now, as an event of a script would, and the oracle hears it where it went."""
    if clock == "instant" and "delay" in wait:
        wait = "- hold: forever"
    text = f"{OPERATION}stream:\n- {{id: 1, data: first}}\n{wait}"
    async with serving(tmp_path, text, clock=clock, events="off") as server:
        client = await opened(server)
        assert server.session().push({"a": "ä"}, event="x", id=7, retry="2s", comment="c") == [1]
        expected = ': c\nevent: x\nid: 7\nretry: 2000\ndata: {"a":"ä"}\n\n'.encode()
        raw = await client.until(expected)
        assert chunks(raw.partition(b"\r\n\r\n")[2] + b"0\r\n")[1:] == [expected]
        server.session().disconnect("end")
        received = await client.rest()
        heard = (await told(server))[0]
        assert [("first", "1"), ('{"a":"ä"}', "7")] == heard == parsed(received)
        assert await closed(server) == [("end", "test")]


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_test_ends_a_stream_as_a_script_would(tmp_path, kind, clock):
    """Finished properly, FIN without the last chunk, or RST; what is left is told next time."""
    text = f"{OPERATION}stream:\n- {{id: 1, data: first}}\n- hold: 2h\n- {{id: 2, data: two}}"
    async with serving(tmp_path, text, clock=clock, events="off") as server:
        if clock == "instant":
            return  # the hold takes no time there
        client = await opened(server)
        assert server.session().disconnect(kind) == [1]
        received = await client.rest()
        assert received.end == ("reset" if kind == "reset" else "fin")
        assert received.finished == (kind == "end")
        assert await closed(server) == [(kind, "test")]
        assert server.session().connections == []


async def test_what_is_left_of_the_story_goes_on_at_the_next_connection(tmp_path):
    """Without a Last-Event-ID, too, as after a disconnect that is written there."""
    text = (
        f"{OPERATION}stream:\n- {{id: 1, data: first}}\n- delay: 1s\n- {{id: 2, data: two}}\n"
        "- disconnect: reset\n- data: three\n"
    )
    async with serving(tmp_path, text, clock="manual", events="off") as server:
        session = server.session()
        client = await opened(server)
        session.disconnect("drop")
        await client.rest()
        await closed(server)
        client = await opened(server, wanted=b"\r\n\r\n")
        session.advance("1s")
        received = await client.rest()
        assert (received.body, received.end) == (b"id: 2\ndata: two\n\n", "reset")
        assert (await fetch(server, STATUS)).body == b"data: three\n\n"


@pytest.mark.parametrize("form", ["stream", "connections"])
async def test_a_client_resumes_after_a_pushed_id(tmp_path, form):
    """A pushed id is known, and stands where it was pushed; the ones before it, too."""
    steps = "[{id: 1, data: first}, {delay: 1s, id: 2, data: two}, {delay: 1s, id: 3, data: three}, {hold: forever}]"
    story = f"stream: {steps}" if form == "stream" else f"connections: [{{steps: {steps}}}]"
    async with serving(tmp_path, OPERATION + story, clock="manual", events="off") as server:
        session = server.session()
        client = await opened(server)
        session.push("pushed", id="p1")
        await client.until(b"pushed")
        session.advance("1s")
        await client.until(b"two")
        session.push("pushed", id="p2")
        session.push("pushed", id=" p3 ")
        await client.until(b"id:  p3 ")
        session.disconnect("reset")
        await client.rest()
        await closed(server)
        for last_id, wanted in (("p2", [b"three"]), ("p3", [b"three"]), ("p1", [b"two", b"three"])):
            client = await opened(server, f"Last-Event-ID: {last_id}", wanted=b"\r\n\r\n")
            for each in wanted:
                session.advance("1s")
                await client.until(each)
            assert b"first" not in client.raw
            session.disconnect("drop")
            await client.rest()
            await closed(server)
        notes = [e.notes for e in session.journal if hasattr(e, "notes")]
        assert notes == [()] * 4


async def test_a_held_script_stands_still(tmp_path):
    """Heartbeats included; pushes go out; what comes later comes later by as much."""
    text = (
        f"{OPERATION}heartbeat: 1s\nstream:\n- {{id: 1, data: first}}\n- delay: 2500ms\n"
        '- {id: 2, data: "{{ now() }}"}\n- hold: forever'
    )
    async with serving(tmp_path, text, clock="manual", events="off") as server:
        session = server.session()
        client = await opened(server)
        session.advance("1s")
        await client.until(b": heartbeat\n\n")
        session.hold()
        session.hold()
        session.advance("10s")
        session.push("through")
        await client.until(b"through\n\n")
        assert [one.state for one in session.connections] == ["held"]
        session.advance("10s")
        session.release()
        session.advance("1s")
        await client.until(b"through\n\n\r\nd\r\n: heartbeat\n\n")
        session.advance("499ms")
        session.push("between")
        session.advance("1ms")
        await client.until(b"between\n\n\r\n26\r\nid: 2\ndata: 2026-01-01T00:00:02.500Z\n\n")
        found = session.dispatched()[0]["events"]
        assert [(e["at"], e["data"]) for e in found] == [
            (0.0, "first"),
            (11.0, "through"),
            (22.499, "between"),
            (22.5, "2026-01-01T00:00:02.500Z"),
        ]
        pauses = [(e.at, e.held) for e in session.journal if isinstance(e, Paused)]
        assert pauses == [(1.0, None), (21.0, 20.0)]
        with pytest.raises(ControlError, match="no open stream is held"):
            session.release()
        await client.leave()

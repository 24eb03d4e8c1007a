"""Clocks: real, faster, instant and manual give the same bytes at the same offsets."""

import json

import pytest
from clients import LAST_CHUNK, STATUS, RawClient, fetch, serving

from mockserver import ControlError, MockServer, StartError
from mockserver.clock import turn_of_others
from mockserver.play.journal import Closed, Opened, Sent

STORY = """
operation: streamOrderStatus
heartbeat: 40ms
stream:
- {id: 1, data: "{{ now() }} {{ uuid() }}"}
- delay: 50ms..90ms
- {id: 2, data: "{{ now() }} {{ random_int(1, 1000) }}"}
- repeat: {times: 3, every: 10ms, steps: [{data: "{{ n }} {{ now() }}"}]}
"""


@pytest.mark.parametrize("clock", ["10x", "instant"])
async def test_every_clock_gives_the_same_bytes_and_offsets(tmp_path, clock):
    """Only the time that passes for the client differs."""
    seen = []
    for name in ("real", clock):
        async with serving(tmp_path, STORY, clock=name) as server:
            received = await fetch(server, STATUS)
            sent = [
                (e.first, e.last, e.offset) for e in server.session().journal if isinstance(e, Sent)
            ]
        seen.append((received.raw, sent))
    assert seen[0] == seen[1]


async def test_another_seed_draws_otherwise(tmp_path):
    """The seed is what all chance comes from."""
    bodies = []
    for seed in ("0", "0", "1"):
        async with serving(tmp_path, STORY, clock="instant", seed=seed) as server:
            bodies.append((await fetch(server, STATUS)).body)
    assert (bodies[0] == bodies[1], bodies[1] == bodies[2]) == (True, False)


async def test_a_manual_clock_moves_when_told(tmp_path):
    """Nothing is sent before its time has come, and all of it then."""
    story = "operation: streamOrderStatus\nstream: [{data: a}, {delay: 1h, data: b}, {delay: 1h, data: c}]"
    async with serving(tmp_path, story, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: a\n\n")
        answer = await _advance(server, "59m")
        assert answer == (200, {"session": "default", "now": 3540.0})
        assert server.session().advance("1m") == 3600.0
        raw = await client.until(b"data: b\n\n")
        assert b"data: c" not in raw
        server.session().advance(3600)
        await client.until(LAST_CHUNK)
        await client.leave()


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
async def test_an_end_that_a_manual_clock_was_moved_past_has_its_own_time(tmp_path, kind):
    """As events have theirs; a client can come back only when the clock has been moved."""
    story = (
        "operation: streamOrderStatus\n"
        f"stream: [{{id: 1, data: a}}, {{delay: 1s}}, {{id: 2, data: b}}, {{disconnect: {kind}}},"
        "{id: 3, data: c}, {hold: forever}]"
    )
    async with serving(tmp_path, story, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: close")
        await client.until(b"data: a\n\n")
        server.session().advance("5s")
        await client.rest()
        client = await RawClient.connect(server)
        await client.send(STATUS, "Last-Event-ID: 2")
        await client.until(b"data: c\n\n")
        await client.leave()
        while len(server.session().journal) < 7:
            await turn_of_others()
        told = [(type(entry), entry.at) for entry in server.session().journal]
        again = [e.after for e in server.session().journal if isinstance(e, Opened)]
    assert told == [
        (Opened, 0.0), (Sent, 0.0), (Sent, 1.0), (Closed, 1.0),
        (Opened, 5.0), (Sent, 5.0), (Closed, 5.0),
    ]  # fmt: skip
    assert again == [None, 0.0]


TENTHS = """
operation: streamOrderStatus
%s
stream: [%s]
"""
DUE = {
    "an event": ("", "{data: a}, {delay: 200ms}, {data: due}, {hold: forever}"),
    "a second delay": (
        "",
        "{data: a}, {delay: 100ms}, {data: b}, {delay: 100ms}, {data: due}, {hold: forever}",
    ),
    "a heartbeat": ("heartbeat: {every: 200ms, comment: due}", "{data: a}, {hold: forever}"),
    "the end of a timeout": (
        "",
        "{data: a}, {await: {signal: x}, timeout: 200ms, otherwise: [{data: due}]}, {hold: forever}",
    ),
    "the end of another timeout": (
        "",
        "{data: a}, {await: {signal: x}, timeout: 100ms, otherwise: []}, "
        "{await: {signal: x}, timeout: 100ms, otherwise: [{data: due}]}, {hold: forever}",
    ),
    "the head": ("response: {delay: 200ms}", "{data: due}, {hold: forever}"),
}


@pytest.mark.parametrize(("key", "steps"), DUE.values(), ids=DUE)
async def test_tenths_of_a_second_add_up_on_a_manual_clock(tmp_path, key, steps):
    """What is due 0.2 s after 0.1 s has left at 0.3 s, though 0.1 + 0.2 is more in binary."""
    async with serving(tmp_path, TENTHS % (key, steps), clock="manual") as server:
        session = server.session()
        session.advance("100ms")
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: close")
        await _open_connections(server, 1)
        await session.connected() if not key.startswith("response") else None
        for _ in range(2):
            await server._advance("default", 0.1)
        session.disconnect("end")
        assert b"due" in (await client.rest()).raw


async def test_a_delay_before_the_head_waits_on_the_sessions_clock(tmp_path):
    """`response.delay` holds the status line back."""
    story = "operation: streamOrderStatus\nresponse: {delay: 5s}\nstream: [{data: a}]"
    async with serving(tmp_path, story, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await _open_connections(server, 1)
        (told,) = server._session("default").told
        assert told.head is None
        server.session().advance("5s")
        await client.until(b"data: a\n\n")
        assert (told.at, told.began) == (0.0, 5.0)
        await client.leave()


async def _open_connections(server, count):
    """Wait until so many requests are being served, by letting the loop turn."""
    while len(server._live.serving) < count:
        await turn_of_others()


async def _advance(server, duration, path="/_mock/sessions/default/clock"):
    body = json.dumps({"advance": duration}).encode()
    received = await fetch(server, path, method="POST", body=body)
    return received.status, json.loads(received.content)


@pytest.mark.parametrize(
    ("clock", "body", "status", "code"),
    [
        ("real", b'{"advance": "1s"}', 409, "not-manual"),
        ("manual", b"{}", 400, "bad-control"),
        ("manual", b"nonsense", 400, "bad-control"),
        ("manual", b'{"advance": "5"}', 400, "bad-duration"),
        ("manual", b'{"advance": "1s..2s"}', 400, "bad-duration"),
        ("manual", b'{"advance": "forever"}', 400, "bad-duration"),
    ],
)
async def test_a_clock_that_cannot_do_it_says_so(tmp_path, clock, body, status, code):
    """Problem documents with status, code and mend."""
    async with MockServer(scenarios=tmp_path, clock=clock) as server:
        received = await fetch(server, "/_mock/sessions/default/clock", method="POST", body=body)
    problem = json.loads(received.content)
    assert (received.status, problem["code"], bool(problem["mend"])) == (status, code, True)


async def test_a_session_refuses_to_advance_a_real_clock(tmp_path):
    """The embedding API raises what the control API answers."""
    async with MockServer(scenarios=tmp_path) as server:
        with pytest.raises(ControlError) as caught:
            server.session().advance("1s")
    assert (caught.value.status, caught.value.code) == (409, "not-manual")


@pytest.mark.parametrize("clock", ["0x", "fast", "-1x", "١x", ""])
def test_an_unknown_clock_is_refused(clock):
    """The operator is told which clocks there are."""
    with pytest.raises(StartError) as caught:
        MockServer(clock=clock)
    assert str(caught.value) == (
        f"there is no clock {clock!r} [bad-clock]\n"
        "  mend: write real, 10x (any factor), instant or manual"
    )


async def test_an_endless_hold_on_an_instant_clock_is_no_flood_of_heartbeats(tmp_path):
    """Time that nothing scripted needs does not pass; the connection just stays open."""
    story = "operation: streamOrderStatus\nheartbeat: 1s\nstream: [{hold: 3s}, {data: a}, {hold: forever}]"
    async with serving(tmp_path, story, clock="instant") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        raw = await client.until(b"data: a\n\n")
        entries = len(server.session().journal)
        for _ in range(100):
            await turn_of_others()
        assert len(server.session().journal) == entries
        await client.leave()
    assert raw.partition(b"data: a")[0].count(b": heartbeat") == 2


async def test_an_endless_stream_on_an_instant_clock_lets_others_through(tmp_path):
    """A stream that is always due leaves the others their turn, and ends when its client goes."""
    story = """
operation: streamInventory
stream: [{repeat: {times: forever, every: 1s, steps: [{data: tick}]}}]
---
operation: streamOrderStatus
scenario: other
stream: [{data: x}]
"""
    story = story.replace(
        "operation: streamInventory", "operation: streamInventory\nscenario: ticks"
    )
    async with serving(tmp_path, story, clock="instant") as server:
        client = await RawClient.connect(server)
        await client.send("/v1/inventory/stream")
        await client.until(b"data: tick\n\n")
        assert (await fetch(server, STATUS)).body == b"data: x\n\n"
        await client.leave()

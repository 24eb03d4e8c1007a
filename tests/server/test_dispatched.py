"""What the server says that a conforming client has dispatched, while streams go on (the oracle)."""

import json

import pytest
from clients import STATUS, RawClient, fetch, serving

from mockserver.clock import turn_of_others

OPERATION = "operation: streamOrderStatus\n"


async def ask(server, session="default"):
    """Return what the control API says of a session."""
    received = await fetch(server, f"/_mock/sessions/{session}/dispatched")
    assert received.status == 200
    return json.loads(received.content)


def told(subscription):
    """Reduce a subscription to (connection, type, data, lastEventId) of its events."""
    return [
        (e["connection"], e["type"], e["data"], e["lastEventId"]) for e in subscription["events"]
    ]


async def served(server):
    """Wait until nobody is being served."""
    while server._live.serving:
        await turn_of_others()


async def test_a_subscription_over_its_connections(tmp_path):
    """Events of each, the states between, and what the event source keeps."""
    text = (
        OPERATION
        + """
stream:
- retry: 1500
- {id: 1, data: one}
- {event: x, data: two}
- {id: 2, data: cut, cut: 9}
- disconnect: reset
- {id: 3, data: three}
"""
    )
    async with serving(tmp_path, text, clock="manual") as server:
        await fetch(server, STATUS)
        await served(server)
        server.session().advance("2s")
        await fetch(server, STATUS, "Last-Event-ID: 1")
        await fetch(server, STATUS, "Last-Event-ID: 3")
        found = await ask(server)
    (subscription,) = found["subscriptions"]
    assert told(subscription) == [
        (1, "message", "one", "1"),
        (1, "x", "two", "1"),
        (2, "x", "two", "1"),
        (2, "message", "cut", "2"),
        (2, "message", "three", "3"),
    ]
    assert [(c["at"], c["state"], c["why"]) for c in subscription["states"]] == [
        (0.0, "connecting", "request 1"),
        (0.0, "open", "status 200"),
        (0.0, "connecting", "network error"),
        (2.0, "connecting", "request 2"),
        (2.0, "open", "status 200"),
        (2.0, "connecting", "the body ended"),
        (2.0, "connecting", "request 3"),
        (2.0, "closed", "204: stay away"),
    ]
    assert (subscription["last_event_id"], subscription["reconnection_time"]) == ("3", 1500)
    assert [
        (c["connection"], c["status"], c["last_event_id"], c["state"], len(c["events"]))
        for c in subscription["connections"]
    ] == [
        (1, 200, None, "connecting", 2),
        (2, 200, "1", "connecting", 3),
        (3, 204, "3", "closed", 0),
    ]
    assert (found["session"], found["forgotten_connections"]) == ("default", 0)


async def test_as_far_as_bytes_have_been_sent(tmp_path):
    """An event whose last piece has not left is not dispatched yet."""
    text = (
        OPERATION + "stream: [{data: a}, {data: b, split: {bytes: 8, every: 1s}}, {hold: forever}]"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"8\r\ndata: b\n\r\n")
        (before,) = (await ask(server))["subscriptions"]
        server.session().advance("1s")
        await client.until(b"1\r\n\n\r\n")
        (after,) = (await ask(server))["subscriptions"]
        await client.leave()
        await served(server)
        (left,) = (await ask(server))["subscriptions"]
    assert [told(before), told(after)] == [
        [(1, "message", "a", "")],
        [(1, "message", "a", ""), (1, "message", "b", "")],
    ]
    assert (after["events"][1]["at"], after["events"][1]["origin"]) == (1.0, "http://localhost")
    assert [s["state"] for s in (before, after, left)] == ["open", "open", "open"]
    assert left["connections"][0]["ended"] == {"at": 1.0, "kind": "client"}


ANSWERS = {
    "an error": ("response: {status: 500}", "closed", "status 500 is not 200", []),
    "another type": (
        "response: {headers: {Content-Type: text/html}, body: 'data: x\n\n'}",
        "closed", "text/html is no event stream", [],
    ),
    "a whole body": (
        'response: {headers: {Content-Type: text/event-stream}, body: "data: x\\n\\n"}',
        "connecting", "the body ended", ["x"],
    ),
    "a redirect": ("response: {status: 302, headers: {Location: /x}}", "connecting", "redirected to /x", []),
    "a break": ("connections: [{disconnect: reset}]", "connecting", "network error", []),
    "a raw head": (
        'response: {raw_head: "HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n"}\n'
        "stream: [{data: x}]",
        "connecting", "the body ended", ["x"],
    ),
    "garbage": ("response: {raw_head: garbage}", "connecting", "network error", []),
    "a coded stream": ("wire: {encoding: gzip}\nstream: [{data: x}]", "connecting", "the body ended", ["x"]),
    "a short body": ("wire: {transfer: {length: 12}}\nstream: [{data: x}]", "connecting", "network error", ["x"]),
    "a long body": (
        "wire: {transfer: {length: 12}}\nstream: [{data: x}, {data: y}]", "connecting", "the body ended", ["x"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "state", "why", "data"), ANSWERS.values(), ids=ANSWERS)
async def test_every_kind_of_answer(tmp_path, text, state, why, data):
    """The client's last state, why, and what it has dispatched."""
    async with serving(tmp_path, OPERATION + text) as server:
        await fetch(server, STATUS, "Accept-Encoding: gzip")
        await served(server)
        (subscription,) = server.session().dispatched()
    last = subscription["states"][-1]
    assert (subscription["state"], last["state"], last["why"]) == (state, state, why)
    assert [event["data"] for event in subscription["events"]] == data


@pytest.mark.parametrize(
    ("origin", "state"), [("http://localhost", "connecting"), ("http://x", "closed")]
)
async def test_an_answer_for_another_origin(tmp_path, origin, state):
    """Without CORS headers a page elsewhere cannot read it."""
    async with serving(tmp_path, OPERATION + "stream: [{data: x}]", cors=False) as server:
        await fetch(server, STATUS, f"Origin: {origin}")
        (subscription,) = server.session().dispatched()
    assert subscription["state"] == state


async def test_the_servers_own_cors_headers_count(tmp_path):
    """They are part of what was sent."""
    async with serving(tmp_path, OPERATION + "stream: [{data: x}]") as server:
        await fetch(server, STATUS, "Origin: http://elsewhere")
        (subscription,) = server.session().dispatched()
    assert told(subscription) == [(1, "message", "x", "")]


async def test_a_redirect_to_itself_is_followed_twenty_times(tmp_path):
    """To the client they are all one connection, until it has had enough (Fetch)."""
    text = OPERATION + "response: {status: 302, headers: {Location: ../status/stream}}"
    async with serving(tmp_path, text) as server:
        for _ in range(21):
            await fetch(server, STATUS)
        (subscription,) = server.session().dispatched()
    assert subscription["states"][-1]["why"] == "too many redirects"
    assert {c["connection"] for c in subscription["connections"]} == {1}


async def test_sessions_and_subscriptions_are_apart(tmp_path):
    """Two orders are two stories, and a session that was not used has none."""
    async with serving(tmp_path, OPERATION + "stream: [{data: x}, {disconnect: drop}]") as server:
        await fetch(server, STATUS)
        await fetch(server, "/@a/v1/orders/1/status/stream")
        await fetch(server, "/@a/v1/orders/2/status/stream")
        server.create_session("b")
        default, a, b = [
            (await ask(server, name))["subscriptions"] for name in ("default", "a", "b")
        ]
        server.session("a").reset()
        cleared = server.session("a").dispatched()
    assert [len(found) for found in (default, a, b)] == [1, 2, 0]
    assert [found["target"] for found in a] == [
        "GET /v1/orders/1/status/stream",
        "GET /v1/orders/2/status/stream",
    ]
    assert cleared == []


async def test_more_events_than_are_asked_for_are_counted(tmp_path):
    """The last event ID is that of the last event all the same."""
    text = OPERATION + "stream: [{repeat: {times: 5000, steps: [{id: '{{ n }}', data: x}]}}]"
    async with serving(tmp_path, text) as server:
        await fetch(server, STATUS)
        received = await fetch(server, "/_mock/sessions/default/dispatched?events=10")
        (subscription,) = json.loads(received.content)["subscriptions"]
        refused = await fetch(server, "/_mock/sessions/default/dispatched?events=many")
    assert refused.status == 400
    assert len(subscription["events"]) == len(subscription["connections"][0]["events"]) == 10
    assert (subscription["unlisted_events"], subscription["last_event_id"]) == (4990, "5000")


async def test_connections_with_large_bodies_are_forgotten_sooner(tmp_path):
    """What is kept is bounded in bytes as well; the last one is always there."""
    text = OPERATION + "response: {status: 500, body: \"{{ 'x' * 1000 }}\"}"
    async with serving(tmp_path, text) as server:
        session = server._session("default")
        session.told.__init__(weight=2500)
        for _ in range(4):
            await fetch(server, STATUS)
        two = [len(told.body) for told in session.told]
        session.told.__init__(weight=10)
        await fetch(server, STATUS)
        one = [len(told.body) for told in session.told]
    assert (two, one) == ([1000, 1000], [1000])


async def test_connections_beyond_the_bound_are_forgotten_and_counted(tmp_path):
    """The oldest go first."""
    text = OPERATION + "stream: [{data: x}]\nafterwards: repeat"
    async with serving(tmp_path, text) as server:
        session = server._session("default")
        session.told.__init__(limit=2)
        for _ in range(5):
            await fetch(server, STATUS)
        found = await ask(server)
    assert found["forgotten_connections"] == 3
    assert len(found["subscriptions"][0]["connections"]) == 2

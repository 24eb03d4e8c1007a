"""Stories that wait for signals and requests (`await`, section 3), on real sockets and all clocks."""

import json
import urllib.request

import pytest
from clients import LAST_CHUNK, STATUS, RawClient, fetch, serving
from test_control import fits

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.play.journal import Awaited, Closed, Refused
from mockserver.play.replay import replayed
from mockserver.workspace.shipped import control_contract

CLOCKS = ["real", "10x", "instant", "manual"]

PAID = """
operation: streamOrderStatus
stream:
- {id: 1, data: a}
- await: {signal: paid}
- {id: 2, data: "{{ now() }}"}
"""
IN_TIME = """
operation: streamOrderStatus
stream:
- {id: 1, data: a}
- await: {signal: paid}
  timeout: 2s
  otherwise:
  - {id: late, data: "{{ now() }}"}
- {id: 2, data: "{{ now() }}"}
"""
START = b"2026-01-01T00:00:00Z"
TWO = b"2026-01-01T00:00:02Z"


def awaited(server, session="default"):
    """Return what awaits have come to: what, whether it was met, after how long."""
    journal = server.session(session).journal
    return [(e.name, e.met, e.after) for e in journal if isinstance(e, Awaited)]


def heard(server):
    """Return the data that the first subscription's conforming client has dispatched."""
    return [event["data"] for event in server.session().dispatched()[0]["events"]]


async def waiting(server, count=1, session="default"):
    """Wait until so many streams wait for something outside."""
    happenings = server._session(session).happenings
    while sum(map(len, happenings._waiting.values())) != count:
        await turn_of_others()


async def closed(server, count=1):
    """Return the ends of connections, once there are so many."""
    while len(found := [e for e in server.session().journal if isinstance(e, Closed)]) < count:
        await turn_of_others()
    return found


async def opened(server, target=STATUS, *headers, first=b"data: a\n\n"):
    """Return a client that has got the first event of a stream."""
    client = await RawClient.connect(server)
    await client.send(target, "Connection: close", *headers)
    await client.until(first)
    return client


async def ask(server, target, *, body=None, method="POST"):
    """Send a request with a JSON body; returns its status."""
    sent = b"" if body is None else json.dumps(body).encode()
    heads = ("Content-Type: application/json", "Authorization: Bearer t")
    return (await fetch(server, target, *heads, method=method, body=sent)).status


# --- signals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_story_goes_on_when_the_signal_comes(tmp_path, clock):
    """At once, on every clock, and it takes no scripted time."""
    async with serving(tmp_path, PAID, clock=clock) as server:
        client = await opened(server)
        await waiting(server)
        assert b"id: 2" not in client.raw
        assert server.session().signal("paid") == 1
        got = await client.rest()

        assert got.body == b"id: 1\ndata: a\n\nid: 2\ndata: " + START + b"\n\n"
        assert got.finished
        assert [(name, met) for name, met, _ in awaited(server)] == [("signal paid", True)]
        assert heard(server) == ["a", START.decode()]
        await waiting(server, 0)


@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_signal_that_came_before_is_not_lost(tmp_path, clock):
    """The first await of a subscription is met by the first sending, whenever that was."""
    async with serving(tmp_path, PAID, clock=clock) as server:
        assert server.session().signal("paid") == 0
        early = await fetch(server, STATUS)
        again = await fetch(server, STATUS)

        assert early.body == again.body
        assert early.body.endswith(b"id: 2\ndata: " + START + b"\n\n")
        assert awaited(server) == [("signal paid", True, 0.0)] * 2


async def test_every_subscription_sees_each_signal_once(tmp_path):
    """The second await waits for the second sending, of each of two clients."""
    story = PAID + "- await: {signal: paid}\n- {id: 3, data: c}\n"
    async with serving(tmp_path, story, clock="manual") as server:
        server.session().signal("paid")
        clients = [await opened(server, f"{STATUS}?{n}", first=b"id: 2") for n in (1, 2)]
        await waiting(server, 2)
        assert all(b"id: 3" not in client.raw for client in clients)
        assert server.session().signal("paid") == 2
        got = [await client.rest() for client in clients]

    assert got[0].body == got[1].body
    assert b"id: 3" in got[0].body


async def test_awaits_in_a_loop_take_one_signal_each(tmp_path):
    """And other signals are nobody's."""
    story = """
        operation: streamOrderStatus
        stream:
        - repeat:
            times: 3
            steps:
            - await: {signal: "tick.{{ n }}"}
            - await: {signal: tock}
            - data: "{{ n }}"
    """
    async with serving(tmp_path, story, clock="instant") as server:
        session = server.session()
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: close")
        for n in (1, 2, 3):
            await waiting(server)
            assert session.signal("other") == 0
            assert session.signal(f"tick.{n}") == 1
            await waiting(server)
            assert session.signal("tock") == 1
            await client.until(b"data: %d\n\n" % n)
        await client.rest()
        names = [name for name, *_ in awaited(server)]

    assert names == [
        "signal tick.1", "signal tock", "signal tick.2", "signal tock", "signal tick.3",
        "signal tock",
    ]  # fmt: skip


async def test_sessions_do_not_hear_each_other(tmp_path):
    """A signal belongs to one session."""
    async with serving(tmp_path, PAID) as server:
        server.session("other").signal("paid")
        client = await opened(server, f"/@mine{STATUS}")
        await waiting(server, session="mine")
        assert server.session("other").signal("paid") == 0
        assert server.session("mine").signal("paid") == 1
        assert b"id: 2" in (await client.rest()).body


def test_a_signal_from_a_test_without_a_loop(tmp_path):
    """`signal` is safe from another thread, as `advance` is."""
    with serving(tmp_path, PAID, clock="manual") as server:
        server.session().signal("paid")
        with urllib.request.urlopen(server.url + STATUS) as answer:
            assert answer.read().endswith(START + b"\n\n")


async def test_a_signal_over_http(tmp_path):
    """Answered when what follows at once is on its way; the signals sent can be read."""
    async with serving(tmp_path, PAID, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        server.session().advance("2.5s")
        target = "/_mock/sessions/default/signals"
        sent = await fetch(server, f"{target}/paid", method="POST", body=b"{}")
        again = await fetch(server, f"{target}/paid", method="POST")
        listed = await fetch(server, target)
        fits(control_contract(), "sendSignal", sent)
        fits(control_contract(), "listSignals", listed)

        assert json.loads(sent.content) == {"session": "default", "signal": "paid", "waiting": 1}
        assert json.loads(again.content)["waiting"] == 0
        assert json.loads(listed.content)["signals"] == [
            {"signal": "paid", "times": 2, "last": 2.5}
        ]
        assert b"id: 2" in (await client.rest()).body


# --- timeouts ------------------------------------------------------------------------------------


async def test_a_timeout_on_a_manual_clock(tmp_path):
    """Not a moment earlier; its time is scripted, and what is late does not count."""
    async with serving(tmp_path, IN_TIME, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        server.session().advance("1.9s")
        for _ in range(20):
            await turn_of_others()
        assert b"late" not in client.raw
        server.session().advance("5s")
        assert server.session().signal("paid") == 1
        got = await client.rest()

        assert got.body.endswith(b"id: late\ndata: " + TWO + b"\n\nid: 2\ndata: " + TWO + b"\n\n")
        assert awaited(server) == [("signal paid", False, 2.0)]
        assert heard(server) == ["a", TWO.decode(), TWO.decode()]
        at = [event["at"] for event in server.session().dispatched()[0]["events"]]
        assert at == [0.0, 2.0, 2.0]


@pytest.mark.parametrize("clock", ["real", "10x", "instant"])
async def test_a_timeout_passes_by_itself(tmp_path, clock):
    """On the session's clock; where that has no time, in real time."""
    story = IN_TIME.replace("timeout: 2s", "timeout: 20ms")
    async with serving(tmp_path, story, clock=clock) as server:
        got = await fetch(server, STATUS)

        moment = b"2026-01-01T00:00:00.020Z"
        assert got.body.endswith(
            b"id: late\ndata: " + moment + b"\n\nid: 2\ndata: " + moment + b"\n\n"
        )
        assert awaited(server) == [("signal paid", False, 0.02)]


async def test_a_signal_sent_in_time_counts_however_late_it_is_looked_at(tmp_path):
    """The clock moves on in the same turn as the signal comes."""
    async with serving(tmp_path, IN_TIME, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        server.session().advance("1s")
        server.session().signal("paid")
        server.session().advance("10s")
        got = await client.rest()

        assert got.body.endswith(b"id: 2\ndata: " + START + b"\n\n")
        assert awaited(server) == [("signal paid", True, 1.0)]


async def test_without_otherwise_the_connection_ends(tmp_path):
    """Properly; the story is over, for what follows would say that it had come."""
    story = PAID.replace("{signal: paid}", "{signal: paid}\n  timeout: 1s")
    async with serving(tmp_path, story, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        server.session().advance("1s")
        got = await client.rest()
        assert (got.body, got.finished) == (b"id: 1\ndata: a\n\n", True)

        server.session().signal("paid")
        assert (await fetch(server, STATUS, "Last-Event-ID: 1")).status == 204


async def test_after_a_disconnect_in_otherwise_the_next_connection_follows(tmp_path):
    """With what comes behind the end of the connection that has waited."""
    story = """
        operation: streamOrderStatus
        stream:
        - {id: 1, data: a}
        - await: {signal: paid}
          timeout: 1s
          otherwise:
          - {id: 2, data: late}
          - disconnect: reset
        - {id: 3, data: paid}
        - disconnect: end
        - {id: 4, data: b}
    """
    async with serving(tmp_path, story, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        server.session().advance("1s")
        first = await client.rest()
        second = await fetch(server, STATUS, "Last-Event-ID: 2")
        missed = await fetch(server, STATUS, "Last-Event-ID: 4")

        assert (first.body, first.end) == (b"id: 1\ndata: a\n\nid: 2\ndata: late\n\n", "reset")
        assert second.body == b"id: 4\ndata: b\n\n"
        assert missed.status == 204
        assert heard(server) == ["a", "late", "b"]


async def test_a_timeout_of_nothing_looks_once(tmp_path):
    """Whether it has come by now."""
    story = IN_TIME.replace("timeout: 2s", "timeout: 0s")
    async with serving(tmp_path, story) as server:
        got = await fetch(server, STATUS)
        server.session().signal("paid")
        met = await fetch(server, STATUS)

    assert (b"late" in got.body, b"late" in met.body) == (True, False)


# --- heartbeats ----------------------------------------------------------------------------------

BEATS = """
operation: streamOrderStatus
heartbeat: {every: 1s, event: beat, data: "{{ now() }}"}
stream:
- {id: 1, data: a}
- delay: 500ms
- await: {signal: paid}
  timeout: 3s
  otherwise:
  - {id: late, data: "{{ now() }}"}
- delay: 1s
- {id: 2, data: "{{ now() }}"}
"""


def timed(server):
    """Return the data of all events with the offsets that the oracle knows."""
    events = server.session().dispatched()[0]["events"]
    return [(event["at"], event["data"].replace("2026-01-01T00:00:", "")) for event in events]


async def test_heartbeats_go_on_meanwhile(tmp_path):
    """What was awaited comes so much later, and the oracle knows it."""
    async with serving(tmp_path, BEATS, clock="manual") as server:
        client = await opened(server)
        server.session().advance("2.25s")
        await client.until(b"00:00:02Z")
        server.session().signal("paid")
        server.session().advance("1s")
        await client.rest()

        assert timed(server) == [
            (0.0, "a"), (1.0, "01Z"), (2.0, "02Z"), (3.0, "03Z"), (3.25, "01.500Z"),
        ]  # fmt: skip


@pytest.mark.parametrize("steps", [["10s"], ["1s"] * 10], ids=["at once", "bit by bit"])
async def test_heartbeats_before_a_timeout_come_before_it(tmp_path, steps):
    """However the clock is moved."""
    async with serving(tmp_path, BEATS, clock="manual") as server:
        client = await opened(server)
        for step in steps:
            server.session().advance(step)
            for _ in range(20):
                await turn_of_others()
        await client.rest()

        assert timed(server) == [
            (0.0, "a"), (1.0, "01Z"), (2.0, "02Z"), (3.0, "03Z"), (3.5, "03.500Z"),
            (4.0, "04Z"), (4.5, "04.500Z"),
        ]  # fmt: skip


async def test_on_a_clock_without_time_no_heartbeat_comes_meanwhile(tmp_path):
    """There would be no end of them."""
    async with serving(tmp_path, BEATS, clock="instant") as server:
        client = await opened(server)
        await waiting(server)
        for _ in range(50):
            await turn_of_others()
        server.session().signal("paid")
        got = await client.rest()

        assert got.body.count(b"beat") == 1
        assert timed(server) == [(0.0, "a"), (1.0, "01Z"), (1.5, "01.500Z")]


# --- requests ------------------------------------------------------------------------------------

PAY = "/v1/orders/{}/payment"
OF_THIS = """
operation: streamOrderStatus
stream:
- {id: 1, data: a}
- await: {request: payOrder, when: {path: {id: "{{ request.path.id }}"}, body: {amount: 180}}}
- {id: 2, data: paid}
"""
CARD = {
    "amount": 180, "currency": "EUR",
    "source": {"object": "card", "name": "Ada", "number": "4242424242424242", "cvc": "123",
               "expMonth": 12, "expYear": 2030},
}  # fmt: skip


@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_story_waits_for_the_request_of_its_client(tmp_path, clock):
    """Of this order and this amount, and not refused."""
    async with serving(tmp_path, OF_THIS, clock=clock) as server:
        client = await opened(server)
        await waiting(server)
        assert await ask(server, PAY.format("other"), body=CARD) == 200
        assert await ask(server, PAY.format("019b4132"), body=CARD | {"amount": 1}) == 200
        assert await ask(server, PAY.format("019b4132"), body={"amount": 180}) == 400
        assert awaited(server) == []
        assert await ask(server, PAY.format("019b4132"), body=CARD) == 200
        got = await client.rest()

        assert got.body.endswith(b"id: 2\ndata: paid\n\n")
        assert [(name, met) for name, met, _ in awaited(server)] == [("request payOrder", True)]
        assert [type(e) for e in server.session().journal].count(Refused) == 1


NO_SUCH_REQUEST = {
    "for a media type that there is not": ("GET", ["Accept: image/png"], 406),
    "for the head alone": ("HEAD", [], 200),
}


@pytest.mark.parametrize(
    ("method", "headers", "status"), NO_SUCH_REQUEST.values(), ids=NO_SUCH_REQUEST
)
async def test_a_request_that_does_not_count(tmp_path, method, headers, status):
    """It is refused, or none to this operation: the next one is what is awaited."""
    story = """
        operation: streamOrderStatus
        stream:
        - {data: a}
        - await: {request: getOrder}
        - {data: b}
    """
    async with serving(tmp_path, story, clock="instant") as server:
        client = await opened(server)
        await waiting(server)
        got = await fetch(
            server, "/v1/orders/1", *headers, "Authorization: Bearer t", method=method
        )
        assert (got.status, awaited(server)) == (status, [])
        assert await ask(server, "/v1/orders/1", method="GET") == 200
        assert (await client.rest()).body.endswith(b"data: b\n\n")


async def test_requests_count_from_the_start_of_the_subscription(tmp_path):
    """What was paid before is of another story; what is paid before the await is reached counts."""
    story = OF_THIS.replace("- await", "- delay: 1s\n- await")
    async with serving(tmp_path, story, clock="manual") as server:
        await ask(server, PAY.format("019b4132"), body=CARD)
        client = await opened(server)
        server.session().advance("1s")
        await waiting(server)
        await client.leave()
        again = await opened(server)
        await ask(server, PAY.format("019b4132"), body=CARD)
        server.session().advance("1s")
        got = await again.rest()

    assert got.body.endswith(b"id: 2\ndata: paid\n\n")


async def test_its_own_opening_request_does_not_count(tmp_path):
    """But that of the next client does."""
    story = """
        operation: streamOrderStatus
        stream:
        - {data: a}
        - await: {request: streamOrderStatus}
        - {data: another}
    """
    async with serving(tmp_path, story, clock="instant") as server:
        first = await opened(server)
        await waiting(server)
        second = await opened(server, STATUS.replace("019b4132", "019b4133"))
        assert (await first.rest()).body.endswith(b"data: another\n\n")
        await waiting(server)
        await second.leave()


async def test_each_await_consumes_one_request(tmp_path):
    """The earliest that fits."""
    story = """
        operation: streamOrderStatus
        stream:
        - {data: a}
        - await: {request: getOrder}
        - await: {request: getOrder, when: {query: {x: "{{ 1 + 1 }}"}}}
        - await: {request: getOrder}
        - {data: b}
    """
    async with serving(tmp_path, story, clock="instant", requests="off") as server:
        client = await opened(server)
        for query in ("x=2", "x=1"):
            await ask(server, f"/v1/orders/1?{query}", method="GET")
        await waiting(server)
        assert len(awaited(server)) == 1
        await ask(server, "/v1/orders/1?x=2", method="GET")
        assert (await client.rest()).body.endswith(b"data: b\n\n")


# --- leaving and coming back ---------------------------------------------------------------------


async def test_a_client_that_leaves_is_let_go_and_waits_on_when_it_comes_back(tmp_path):
    """From where it was."""
    async with serving(tmp_path, PAID, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        await client.leave()
        (end,) = await closed(server)
        assert (end.by, end.blocks) == ("client", 1)
        await waiting(server, 0)
        assert server.session().signal("other") == 0

        back = await RawClient.connect(server)
        await back.send(STATUS, "Connection: close", "Last-Event-ID: 1")
        await waiting(server)
        assert server.session().signal("paid") == 1
        assert (await back.rest()).body == b"id: 2\ndata: " + START + b"\n\n"
        assert heard(server) == ["a", START.decode()]


async def test_what_is_over_is_not_waited_for_again(tmp_path):
    """A timeout has run out for the whole subscription, and its branch is told again."""
    story = IN_TIME + "- hold: forever\n"
    async with serving(tmp_path, story, clock="manual") as server:
        client = await opened(server)
        await waiting(server)
        server.session().advance("2s")
        await client.until(b"id: 2")
        await client.leave()
        await closed(server)
        back = await opened(server, STATUS, "Last-Event-ID: 1", first=b"id: 2")
        events = b"id: late\ndata: " + TWO + b"\n\nid: 2\ndata: " + TWO
        assert events in back.raw.replace(b"\r\n", b"\n")
        await back.leave()
        await closed(server, 2)

        assert len(awaited(server)) == 1
        assert heard(server) == ["a"] + [TWO.decode()] * 4


async def test_a_connection_that_is_played_anew_does_not_wait_anew(tmp_path):
    """With `resume: ignore`."""
    story = PAID.replace("stream:", "resume: ignore\nstream:") + "- hold: forever\n"
    async with serving(tmp_path, story, clock="manual") as server:
        server.session().signal("paid")
        client = await opened(server, first=b"id: 2")
        await client.leave()
        await closed(server)
        back = await opened(server, STATUS, "Last-Event-ID: 2", first=b"id: 2")
        await back.leave()
        await closed(server, 2)

        assert len(awaited(server)) == 1
        assert heard(server) == ["a", START.decode()] * 2


@pytest.mark.parametrize("clock", CLOCKS)
async def test_a_server_that_stops_ends_what_waits(tmp_path, clock):
    """Properly."""
    async with serving(tmp_path, IN_TIME.replace("2s", "1h"), clock=clock) as server:
        client = await opened(server)
        await waiting(server)
    got = await client.rest()

    assert (got.body, got.finished) == (b"id: 1\ndata: a\n\n", True)


async def test_a_session_that_is_reset_meanwhile(tmp_path):
    """Begins to count anew, and who waits goes on waiting."""
    async with serving(tmp_path, PAID + "- await: {signal: paid}\n- data: c\n") as server:
        session = server.session()
        session.signal("paid")
        client = await opened(server, first=b"id: 2")
        await waiting(server)
        session.reset()
        assert session.signal("paid") == 1
        assert (await client.rest()).body.endswith(b"data: c\n\n")


# --- always the same -----------------------------------------------------------------------------


@pytest.mark.parametrize("clock", CLOCKS)
async def test_the_bytes_do_not_depend_on_when_the_signal_comes(tmp_path, clock):
    """Before, meanwhile or after some time."""
    story = PAID + '- {delay: 1ms, id: 3, data: "{{ now() }} {{ uuid() }}"}\n'
    found = set()
    for moment in ("before", "meanwhile", "later"):
        async with serving(tmp_path, story, clock=clock) as server:
            session = server.session()
            if moment == "before":
                session.signal("paid")
            client = await opened(server)
            if moment != "before":
                await waiting(server)
            if moment == "later" and clock == "manual":
                session.advance("1h")
            if moment != "before":
                session.signal("paid")
            if clock == "manual":
                await client.until(b"id: 2")
                session.advance("1ms")
            found.add((await client.rest()).body)

    assert len(found) == 1


# --- what is wrong -------------------------------------------------------------------------------


async def test_a_template_that_makes_no_name_ends_the_story(tmp_path):
    """As one in an event does."""
    story = PAID.replace("paid", '"{{ request.query.name }}"')
    async with serving(tmp_path, story) as server:
        got = await fetch(server, f"{STATUS}?name=a%20b")
        (end,) = await closed(server)

    assert (got.finished, end.kind) == (False, "drop")
    assert end.fault.endswith("'a b' is no name for a signal")


async def test_the_last_chunk_of_a_whole_story(tmp_path):
    """A story whose last step is an await ends when that is met."""
    story = "operation: streamOrderStatus\nstream: [{data: a}, {await: {signal: x}}]"
    async with serving(tmp_path, story) as server:
        client = await opened(server)
        await waiting(server)
        server.session().signal("x")
        assert (await client.until(LAST_CHUNK)).endswith(LAST_CHUNK)
        await client.leave()


# --- beside the rest of the language -------------------------------------------------------------


@pytest.mark.parametrize("clock", CLOCKS)
async def test_the_head_leaves_before_what_is_awaited_comes(tmp_path, clock):
    """Though no byte of the body does."""
    story = "operation: streamOrderStatus\nstream: [{await: {signal: go}}, {data: a}]"
    async with serving(tmp_path, story, clock=clock) as server:
        client = await opened(server, first=b"\r\n\r\n")
        await waiting(server)
        server.session().signal("go")
        assert (await client.rest()).body == b"data: a\n\n"


LAID = """
operation: streamOrderStatus
wire: {rate: 40 B/s}
heartbeat: 1s
stream:
- {id: 1, data: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
- await: {signal: go}
  timeout: 3s
  otherwise:
  - {id: late, data: "{{ now() }}"}
- {id: 2, data: "{{ now() }}"}
"""


@pytest.mark.parametrize("met", [True, False], ids=["met", "in vain"])
async def test_bytes_that_take_their_time(tmp_path, met):
    """The await begins when the last of them has left, and the oracle hears the same."""
    async with serving(tmp_path, LAID, clock="manual") as server:
        client = await opened(server, first=b"\r\n\r\n")
        happenings = server._session("default").happenings
        for _ in range(40):
            if met and happenings._waiting:
                server.session().signal("go")
            server.session().advance("500ms")
            for _ in range(20):
                await turn_of_others()
        got = (await client.rest()).body
        ids = [e["lastEventId"] for e in server.session().dispatched()[0]["events"]]
        sent = sum(
            len(cue.data) for told in server._session("default").told for cue in replayed(told)
        )

    assert ids == (["1", "2"] if met else ["1", "late", "2"])
    assert sent == len(got)
    assert (START in got, b"00:00:03Z" in got) == (met, not met)


async def test_an_event_that_was_cut_before_an_await(tmp_path):
    """Whoever was told nothing more comes back and gets it whole."""
    story = """
        operation: streamOrderStatus
        stream:
        - {id: 1, data: a}
        - {id: 2, data: bbbbbb, cut: 8}
        - await: {signal: go}
          timeout: 1s
          otherwise: [{disconnect: reset}]
        - disconnect: drop
        - {id: 3, data: c}
    """
    async with serving(tmp_path, story, clock="manual") as server:
        client = await opened(server, first=b"id: 2\nda")
        await waiting(server)
        server.session().advance("1s")
        assert (await client.rest()).end == "reset"
        again = await fetch(server, STATUS, "Last-Event-ID: 1")

    assert again.body == b"id: 2\ndata: bbbbbb\n\nid: 3\ndata: c\n\n"


async def test_an_await_in_json_lines(tmp_path):
    """Every framing has the same steps."""
    story = """
        operation: exportInventory
        stream:
        - data: {n: 1}
        - await: {request: GET /inventory}
          timeout: 1s
          otherwise: [{data: {n: 0}}]
        - data: {n: 2}
    """
    async with serving(tmp_path, story, clock="manual", requests="off") as server:
        client = await opened(server, "/v1/inventory/export", first=b'{"n":1}\n')
        await waiting(server)
        await ask(server, "/v1/inventory", method="GET")
        met = await client.rest()
        client = await opened(server, "/v1/inventory/export", first=b'{"n":1}\n')
        await waiting(server)
        server.session().advance("1s")
        late = await client.rest()

    assert (met.body, late.body) == (b'{"n":1}\n{"n":2}\n', b'{"n":1}\n{"n":0}\n{"n":2}\n')


async def test_a_story_that_a_post_opens(tmp_path):
    """Its requests count from the POST on, over all its connections."""
    story = """
        operation: [createOrder, streamOrderStatus]
        identity: "{{ request.query.client }}"
        connections:
        - response: {status: 201, example: placed}
        - steps:
          - await: {request: payOrder}
          - data: paid
    """
    async with serving(tmp_path, story, clock="instant", requests="off") as server:
        await ask(server, "/v1/orders?client=a", body={"petId": "1"})
        await ask(server, PAY.format("1"), body=CARD)
        got = await fetch(server, f"{STATUS}?client=a")

    assert got.body == b"data: paid\n\n"


async def test_the_order_of_the_petstore_is_paid_meanwhile():
    """The scenario that ships, as a person would try it."""
    async with MockServer(clock="manual") as server:
        target = f"{STATUS}?pay=later"
        client = await opened(server, target, first=b"id: 1")
        await waiting(server)
        assert await ask(server, PAY.format("another"), body=CARD) == 200
        assert await ask(server, PAY.format("019b4132"), body=CARD) == 200
        await client.until(b"payment_confirmed")
        server.session().advance("2s")
        assert b"event: complete" in (await client.rest()).body

        unpaid = await opened(server, target, first=b"id: 1")
        await waiting(server)
        server.session().advance("30s")
        assert (await unpaid.rest()).body.count(b"payment_processing") == 2
        assert (await fetch(server, target, "Last-Event-ID: unpaid")).status == 204


async def test_ten_thousand_signals_at_once(tmp_path):
    """All that were sent are seen, in order, before anybody looks."""
    story = """
        operation: streamOrderStatus
        stream:
        - repeat: {times: 10000, steps: [{await: {signal: tick}}, {data: "{{ n }}"}]}
    """
    async with serving(tmp_path, story, clock="manual") as server:
        for _ in range(9_999):
            server.session().signal("tick")
        client = await opened(server, first=b"data: 9999\n\n")
        await waiting(server)
        server.session().signal("tick")
        assert (await client.rest()).body.endswith(b"data: 10000\n\n")
        assert len(heard(server)) == 10_000

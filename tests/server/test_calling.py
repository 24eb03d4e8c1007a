"""Requests to others as a real receiver gets them, and what becomes of those that nobody gets."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from aiohttp import web
from clients import LAST_CHUNK, STATUS, RawClient, entry_log, fetch, serving

from mockserver import MockServer, StartError
from mockserver.clock import turn_of_others
from mockserver.play.journal import Called, Closed
from mockserver.server import calls
from mockserver.server.hosts import Hosts, NotAllowedError

PAID = """
operation: streamOrderStatus
stream:
- {id: 1, data: a}
- delay: 1s
- call:
    webhook: petAdopted
    to: "{{ request.query.to }}"
    headers: {X-Sign: "{{ session }}"}
    body: {petId: "1", at: "{{ now() }}"}
- {id: 2, data: b}
"""


class Receiver:
    """A server that somebody else would run; it answers when `gate` is open."""

    def __init__(self):
        self.got = []
        self.came = asyncio.Condition()
        self.gate = asyncio.Event()
        self.gate.set()
        self.answer = lambda _: web.Response(text="thanks", headers={"X-Seen": "yes"})
        self.url = ""

    async def handle(self, request):
        body = await request.read()
        async with self.came:
            self.got.append((request.method, request.path_qs, dict(request.headers), body))
            self.came.notify_all()
        await self.gate.wait()
        return self.answer(request)

    async def until(self, count):
        """Wait until so many requests have come; returns their bodies."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.got) >= count)
        return [body.decode() for *_, body in self.got]


@asynccontextmanager
async def receiving():
    """Run a receiver on a port of its own."""
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        receiver.gate.set()
        await runner.cleanup()


def target(url, **more):
    """Return the target of a request that says where the call goes."""
    said = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{STATUS}?to={quote(url, safe='')}{said}"


async def entries(server, kind, count=1):
    """Return the entries of a kind, once there are so many."""
    while len(found := [e for e in server.session().journal if isinstance(e, kind)]) < count:
        await turn_of_others()
    return found


# --- what arrives --------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", ["10x", "instant", "manual"])
async def test_the_receiver_gets_what_the_script_says(tmp_path, clock):
    """On every clock the same bytes, when they are due."""
    async with receiving() as receiver, serving(tmp_path, PAID, clock=clock) as server:
        client = await RawClient.connect(server)
        await client.send(target(receiver.url + "/paid?x=1"))
        await client.until(b"data: a\n\n")
        if clock == "manual":
            assert receiver.got == []
            server.session().advance("1s")
        await receiver.until(1)
        (called,) = await entries(server, Called)
        await client.until(LAST_CHUNK)
        await client.leave()

    (got,) = receiver.got
    body = b'{"petId":"1","at":"2026-01-01T00:00:01Z"}'
    assert got == (
        "POST",
        "/paid?x=1",
        {
            "Host": receiver.url.removeprefix("http://"),
            "User-Agent": "sse-mockserver",
            "Content-Type": "application/json",
            "X-Sign": "default",
            "Content-Length": str(len(body)),
            "Connection": "close",
        },
        body,
    )
    assert (called.scenario, called.subscription, called.connection) == ("story", 1, 1)
    assert (called.name, called.method, called.url) == (
        "webhook petAdopted", "POST", receiver.url + "/paid?x=1"
    )  # fmt: skip
    assert (called.status, called.code, called.fault) == (200, "", "")
    assert (called.body, called.answer_body) == (body.decode(), "thanks")
    assert "X-Sign: default" in called.headers
    assert "X-Seen: yes" in called.answer_headers
    if clock != "10x":
        assert (called.at, called.after) == (1.0 if clock == "manual" else 0.0, 0.0)


async def test_the_log_tells_a_call_in_a_line(tmp_path, capsys):
    """Without what is for the journal alone."""
    async with receiving() as receiver:
        async with serving(tmp_path, PAID, clock="instant", on_entry=entry_log("text")) as server:
            await fetch(server, target(receiver.url))
            await entries(server, Called)
        await turn_of_others()

    (line,) = [text for text in capsys.readouterr().err.splitlines() if text.startswith("called")]
    assert line == (
        "called session=default at=0.000 scenario=story subscription=1 connection=1"
        f' name="webhook petAdopted" method=POST url={receiver.url} status=200 after=0.000 serial=1'
    )


async def test_a_callback_goes_where_the_order_said(tmp_path):
    """The request that made the order, not the one that asks for its status."""
    story = """
        operation: [createOrder, streamOrderStatus]
        connections:
        - response: {status: 201, example: placed}
        - steps:
          - call: {callback: orderStatusChanged, wait: true}
          - data: done
    """
    async with receiving() as receiver, serving(tmp_path, story, clock="instant") as server:
        order = json.dumps({"petId": "019b4132", "callbackUrl": receiver.url + "/hook"}).encode()
        heads = ("Content-Type: application/json", "Authorization: Bearer token")
        made = await fetch(server, "/v1/orders", *heads, method="POST", body=order)
        assert (made.status, receiver.got) == (201, [])
        told = await fetch(server, STATUS)

    assert told.body == b"data: done\n\n"
    ((method, path, _, body),) = receiver.got
    assert (method, path) == ("POST", "/hook")
    assert json.loads(body)["status"] == "payment_confirmed"


async def test_calls_arrive_in_the_order_of_the_story(tmp_path):
    """Though nobody waits for their answers, and no time passes between them."""
    story = PAID.partition("- {id: 1")[0] + (
        "- repeat: {times: 30, steps: [{call: {webhook: petAdopted, to: '{{ request.query.to }}',"
        ' body: "{{ n }}"}}, {data: x}]}\n'
    )
    async with receiving() as receiver, serving(tmp_path, story, clock="instant") as server:
        receiver.gate.clear()
        await fetch(server, target(receiver.url))
        assert await receiver.until(30) == [str(n) for n in range(1, 31)]
        receiver.gate.set()
        assert [entry.status for entry in await entries(server, Called, 30)] == [200] * 30


async def test_a_call_goes_on_when_the_client_has_left(tmp_path):
    """It is the server's own affair."""
    async with receiving() as receiver, serving(tmp_path, PAID, clock="manual") as server:
        receiver.gate.clear()
        client = await RawClient.connect(server)
        await client.send(target(receiver.url))
        await client.until(b"data: a\n\n")
        server.session().advance("1s")
        await receiver.until(1)
        await client.leave()
        await entries(server, Closed)
        receiver.gate.set()
        (called,) = await entries(server, Called)

    assert (called.status, called.after) == (200, 0.0)


async def test_head_calls_nobody(tmp_path):
    """It takes no turn in the story."""
    story = PAID.replace("- delay: 1s\n", "")
    async with receiving() as receiver, serving(tmp_path, story) as server:
        await fetch(server, target(receiver.url), method="HEAD")
        assert (receiver.got, [e for e in server.session().journal if isinstance(e, Called)]) == (
            [],
            [],
        )


async def test_nothing_is_taken_along_to_the_next_call(tmp_path):
    """No cookie, and no redirect: where it leads nobody has checked."""

    def answer(request):
        headers = {"Set-Cookie": "a=b", "Location": "/elsewhere"}
        return web.Response(status=307, headers=headers)

    async with receiving() as receiver, serving(tmp_path, PAID, clock="instant") as server:
        receiver.answer = answer
        for _ in range(2):
            await fetch(server, target(receiver.url))
        found = await entries(server, Called, 2)

    assert [entry.status for entry in found] == [307, 307]
    assert [(path, "Cookie" in headers) for _, path, headers, _ in receiver.got] == [
        ("/", False)
    ] * 2


# --- waiting for the answer ----------------------------------------------------------------------

WAIT = """
operation: streamOrderStatus
heartbeat: {every: 2s, event: beat, data: "{{ now() }}"}
stream:
- {id: 1, data: a}
- call: {webhook: petAdopted, to: "{{ request.query.to }}", wait: true}
- delay: 3s
- {id: 2, data: "{{ now() }}"}
"""


async def test_the_story_waits_and_heartbeats_go_on(tmp_path):
    """The time that the answer takes is no scripted time, and the oracle knows it."""
    async with receiving() as receiver, serving(tmp_path, WAIT, clock="manual") as server:
        receiver.gate.clear()
        client = await RawClient.connect(server)
        await client.send(target(receiver.url))
        await receiver.until(1)
        assert b"data: a" in await client.until(b"data: a\n\n")
        session = server.session()
        session.advance("5s")
        raw = await client.until(b"00:00:04Z")
        assert (raw.count(b"event: beat"), b"id: 2" in raw) == (2, False)
        receiver.gate.set()
        (called,) = await entries(server, Called)
        session.advance("3s")
        await client.until(LAST_CHUNK)
        await client.leave()
        heard = session.dispatched()[0]["events"]

    assert called.after == 5.0
    assert [(event["type"], event["data"], event["at"]) for event in heard] == [
        ("message", "a", 0.0),
        ("beat", "2026-01-01T00:00:02Z", 2.0),
        ("beat", "2026-01-01T00:00:04Z", 4.0),
        ("beat", "2026-01-01T00:00:06Z", 6.0),
        ("message", "2026-01-01T00:00:03Z", 8.0),
    ]


async def test_on_a_clock_without_time_nothing_comes_before_the_answer(tmp_path):
    """However long that takes: no heartbeat either, of which there would be no end."""
    async with receiving() as receiver, serving(tmp_path, WAIT, clock="instant") as server:
        receiver.gate.clear()
        client = await RawClient.connect(server)
        await client.send(target(receiver.url))
        await receiver.until(1)
        raw = await client.until(b"data: a\n\n")
        for _ in range(50):
            await turn_of_others()
        assert b"beat" not in raw
        receiver.gate.set()
        raw = await client.until(LAST_CHUNK)
        await client.leave()

    assert raw.count(b"beat") == 1
    assert b"id: 2\r\n" not in raw


async def test_a_client_that_leaves_while_the_story_waits_is_let_go(tmp_path):
    """The oracle knows what it has got, heartbeats of that time included."""
    async with receiving() as receiver, serving(tmp_path, WAIT, clock="manual") as server:
        receiver.gate.clear()
        client = await RawClient.connect(server)
        await client.send(target(receiver.url))
        await receiver.until(1)
        server.session().advance("3s")
        await client.until(b"00:00:02Z")
        await client.leave()
        (closed,) = await entries(server, Closed)
        heard = server.session().dispatched()[0]["events"]

    assert (closed.by, closed.blocks) == ("client", 1)
    assert [event["type"] for event in heard] == ["message", "beat"]


# --- what goes wrong -----------------------------------------------------------------------------


async def outcome(tmp_path, url, **settings):
    """Return the entry of a call to `url` that the story waits for, after which it goes on."""
    async with serving(tmp_path, WAIT, clock="instant", **settings) as server:
        told = await fetch(server, target(url))
        assert b"id: 2" in told.body
        (called,) = await entries(server, Called)
        return called


@pytest.fixture
def port():
    """A port on which nobody listens, kept so that nobody else can."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


async def test_nobody_is_there(tmp_path, port):
    """The story goes on, and the journal says why."""
    called = await outcome(tmp_path, f"http://127.0.0.1:{port}/")

    assert (called.status, called.after, called.code) == (0, None, "call-failed")
    assert called.fault.startswith(f"cannot connect to 127.0.0.1:{port}: ")


async def test_the_receiver_hangs_up(tmp_path):
    """Without a word."""

    def hang_up(request):
        request.transport.abort()
        return web.Response()

    async with receiving() as receiver:
        receiver.answer = hang_up
        called = await outcome(tmp_path, receiver.url)

    assert (called.status, called.code) == (0, "call-failed")


async def test_the_receiver_speaks_no_http(tmp_path):
    """It is not waited for."""

    async def babble(_, writer):
        writer.write(b"hello\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        called = await outcome(tmp_path, f"http://127.0.0.1:{port}/")

    assert (called.status, called.code) == (0, "call-failed")


async def test_the_receiver_does_not_answer(tmp_path, monkeypatch):
    """The wait has an end."""
    monkeypatch.setattr(calls, "ANSWER_TIME", 0.05)
    async with receiving() as receiver:
        receiver.gate.clear()
        called = await outcome(tmp_path, receiver.url)

    assert (called.status, called.code) == (0, "call-timeout")
    assert called.fault == "the answer is not there after 0.05 s"


async def test_an_answer_without_end_is_not_read_for_ever(tmp_path, monkeypatch):
    """Its status is known all the same."""
    monkeypatch.setattr(calls, "ANSWER_TIME", 0.1)

    async def trickle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        called = await outcome(tmp_path, f"http://127.0.0.1:{port}/")

    assert (called.status, called.code) == (202, "call-timeout")
    assert called.fault == "it has not ended after 0.1 s"


async def test_a_large_answer_is_read_as_far_as_is_wanted(tmp_path):
    """And kept as far as the journal has room."""
    async with receiving() as receiver:
        receiver.answer = lambda _: web.Response(body=b"x" * 5_000_000)
        called = await outcome(tmp_path, receiver.url)

    assert (called.status, called.code) == (200, "")
    assert called.answer_body == "x" * 4095 + "…"


async def test_bytes_of_an_answer_that_are_no_text_are_escaped(tmp_path):
    """So that the journal can be printed."""
    async with receiving() as receiver:
        receiver.answer = lambda _: web.Response(body=b"\xff\x00")
        called = await outcome(tmp_path, receiver.url)

    assert called.answer_body == "\\xff\x00"


async def test_a_request_that_says_no_url_costs_only_the_call(tmp_path):
    """It was the client who should have said where."""
    called = await outcome(tmp_path, "hook")

    assert (called.code, called.url) == ("bad-url", "hook")
    assert called.headers == ()


@pytest.mark.parametrize(("name", "most"), [("PENDING", 1), ("PENDING_BYTES", 10)])
async def test_calls_that_wait_are_counted(tmp_path, monkeypatch, name, most):
    """What is beyond the bound, of calls or of their bytes, is not sent."""
    monkeypatch.setattr(calls, name, most)
    story = PAID.replace(
        "- {id: 1, data: a}", "- call: {webhook: petAdopted, to: '{{ request.query.to }}'}"
    )
    async with receiving() as receiver, serving(tmp_path, story, clock="instant") as server:
        receiver.gate.clear()
        told = await fetch(server, target(receiver.url))
        (refused,) = await entries(server, Called)
        receiver.gate.set()
        both = await entries(server, Called, 2)

    assert b"id: 2" in told.body
    assert (refused.code, refused.fault) == ("too-many-calls", "1 calls wait for their answers")
    assert [entry.status for entry in both] == [0, 200]


async def test_the_server_stops_while_a_call_is_pending(tmp_path):
    """Nobody waits for it, and the journal says that it was given up."""
    async with receiving() as receiver:
        receiver.gate.clear()
        async with serving(tmp_path, WAIT, clock="manual") as server:
            client = await RawClient.connect(server)
            await client.send(target(receiver.url))
            await receiver.until(1)
            journal = server._live.sessions.get("default").journal
        received = await client.rest()

    (called,) = [entry for entry in journal if isinstance(entry, Called)]
    assert (called.status, called.code) == (0, "call-cancelled")
    assert (received.end, received.finished) == ("fin", True)


async def test_a_reset_session_forgets_its_calls(tmp_path):
    """What they lead to belongs to the time before; the story that waits goes on."""
    async with receiving() as receiver, serving(tmp_path, WAIT, clock="manual") as server:
        receiver.gate.clear()
        client = await RawClient.connect(server)
        await client.send(target(receiver.url))
        await receiver.until(1)
        session = server.session()
        session.reset()
        receiver.gate.set()
        await turn_of_others()
        session.advance("3s")
        await client.until(LAST_CHUNK)
        await client.leave()

    assert [entry for entry in session.journal if isinstance(entry, Called)] == []


# --- where calls may go --------------------------------------------------------------------------

NOT_ALLOWED = {
    "an address": ("http://10.0.0.1/x", "10.0.0.1 is not this machine", "10.0.0.1"),
    "IPv6": ("http://[2001:db8::1]:81/", "2001:db8::1 is not this machine", "[2001:db8::1]"),
    "any address of this machine": ("http://0.0.0.0/", "0.0.0.0 is not this machine", "0.0.0.0"),
    "a mapped address": ("http://[::ffff:10.0.0.1]/", "::ffff:a00:1 is not this machine", "[::ffff:a00:1]"),
    "a name": ("http://far.test/", "far.test, which leads to 192.0.2.1, is not this machine", "far.test"),
    "a name that leads to both": ("http://both.test/", "both.test, which leads to 192.0.2.1, is not this machine", "both.test"),
    "a name that leads nowhere": ("http://none.test/", "none.test, which leads to nowhere, is not this machine", "none.test"),
    "a number in hexadecimal": ("http://0xa000001/", "0xa000001, which leads to 10.0.0.1, is not this machine", "0xa000001"),
}  # fmt: skip
NAMES = {
    "far.test": ["192.0.2.1"],
    "both.test": ["127.0.0.1", "192.0.2.1"],
    "near.test": ["127.0.0.1"],
    "0xa000001": ["10.0.0.1"],
}


@pytest.fixture
def names(monkeypatch):
    """Resolve the names of this file, and no others; returns what was asked for."""
    asked = []

    async def resolve(_loop, host, port, **_):
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in NAMES[host]]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize(("url", "fault", "host"), NOT_ALLOWED.values(), ids=NOT_ALLOWED)
async def test_calls_go_to_this_machine_only(tmp_path, names, url, fault, host):
    """Whatever the name; the journal says how the operator could allow it."""
    async with serving(tmp_path, WAIT, clock="instant") as server:
        server_names, names[:] = list(names), []
        told = await fetch_by_address(server, target(url))
        (called,) = await entries(server, Called)

    assert server_names == []
    assert b"id: 2" in told
    assert (called.status, called.code) == (0, "call-not-allowed")
    assert called.fault == f"{fault}: start the server with --allow-calls-to {host}"


async def fetch_by_address(server, asked):
    """Return what the server sends, without resolving anything."""
    client = await RawClient.connect(server)
    await client.send(asked)
    raw = await client.until(LAST_CHUNK)
    await client.leave()
    return raw


async def test_a_name_that_leads_to_this_machine_is_resolved_once(tmp_path, names):
    """What was checked is what is connected to: there is no second look that could say otherwise."""
    async with receiving() as receiver, serving(tmp_path, WAIT, clock="instant") as server:
        url = receiver.url.replace("127.0.0.1", "near.test")
        names.clear()
        await fetch_by_address(server, target(url))
        ((_, _, headers, _),) = receiver.got

    assert names == ["near.test"]
    assert headers["Host"] == url.removeprefix("http://")


HOSTS = {
    "name": (["far.test"], "far.test", 80, True),
    "name in capitals": (["FAR.test"], "far.test", 80, True),
    "another name": (["far.test"], "far.test.example", 80, False),
    "any port": (["far.test"], "far.test", 8443, True),
    "that port": (["far.test:8443"], "far.test", 8443, True),
    "another port": (["far.test:8443"], "far.test", 80, False),
    "the usual port": (["far.test:80"], "far.test", 80, True),
    "address": (["10.0.0.1"], "10.0.0.1", 80, True),
    "IPv6": (["[2001:db8::1]"], "2001:db8::1", 80, True),
    "IPv6 and port": (["[2001:DB8:0::1]:81"], "2001:db8::1", 81, True),
    "any": (["*"], "far.test", 80, True),
    "one of several": (["a.test", "far.test"], "far.test", 80, True),
    "international": (["häuser.test"], "xn--huser-gra.test", 80, True),
}


@pytest.mark.parametrize(("named", "host", "port", "passes"), HOSTS.values(), ids=HOSTS)
def test_hosts_that_are_named_are_allowed(named, host, port, passes):
    """With a port, at that port only."""
    if passes:
        Hosts(named).check(host, port, ["192.0.2.1"])
    else:
        with pytest.raises(NotAllowedError):
            Hosts(named).check(host, port, ["192.0.2.1"])


LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]
ELSEWHERE = ["0.0.0.0", "::", "10.0.0.1", "169.254.169.254", "fe80::1%eth0", "::ffff:10.0.0.1", ""]


@pytest.mark.parametrize("address", LOOPBACK)
def test_loopback_is_always_allowed(address):
    """All of it."""
    Hosts().check("a.test", 80, [address])


@pytest.mark.parametrize("address", ELSEWHERE)
def test_everything_else_is_not(address):
    """Not even where it may lead to this machine."""
    with pytest.raises(NotAllowedError):
        Hosts().check("a.test", 80, ["127.0.0.1", address])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*.a.test",
        "http://a.test",
        "a.test/x",
        "a.test?",
        "u@a.test",
        "a.test:x",
        "a b",
        "[::1",
        ":80",
    ],
)
def test_what_is_no_host_keeps_the_server_from_starting(text):
    """Before anything is loaded."""
    with pytest.raises(StartError) as error:
        Hosts([text])
    assert (error.value.code, error.value.what) == (
        "bad-host", f"{text!r} is no host that calls could go to"
    )  # fmt: skip


async def test_the_server_takes_its_hosts(tmp_path, port):
    """As `allow_calls_to`."""
    with pytest.raises(StartError):
        async with MockServer(allow_calls_to=["a/b"]):
            pass
    hosts = ["127.0.0.1", "a.test"]
    called = await outcome(tmp_path, f"http://127.0.0.1:{port}/", allow_calls_to=hosts)

    assert called.code == "call-failed"

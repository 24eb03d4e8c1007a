"""Open connections steered from another thread and event loop, by odd requests, and at the stop."""

import asyncio
import json
import random
import socket
import threading

import pytest
from clients import STATUS, RawClient, fetch, serving

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.errors import ControlError
from mockserver.play.journal import Closed, Pushed
from mockserver.play.live import Connections
from mockserver.server import orders

STORY = "operation: streamOrderStatus\nstream: [{id: 1, data: first}, {hold: forever}]"
SESSION = "/_mock/sessions/default"
BIG = random.Random(0).randbytes(450_000).hex()


async def opened(server, wanted=b"data: first\n\n"):
    """Return a client that has got as far as that."""
    client = await RawClient.connect(server)
    await client.send(STATUS, "Connection: close")
    await client.until(wanted)
    return client


def deaf(server, accepts="identity"):
    """Return the socket of a client that asks for a stream, and does not read."""
    client = socket.create_connection((server.host, server.port), timeout=60)
    asked = f"GET {STATUS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Encoding: {accepts}\r\n\r\n"
    client.sendall(asked.encode())
    server.session().wait_for_connection(timeout=60)
    return client


def all_of(client):
    """Read a socket to its end."""
    found = b""
    with client:
        while data := client.recv(65536):
            found += data
    return found


async def ask(server, path, body=None, method="POST"):
    """Ask the control API for something of the default session."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    found = await fetch(server, f"{SESSION}/{path}", method=method, body=raw)
    return found.status, json.loads(found.body)


@pytest.mark.parametrize("debug", [False, True])
def test_connected_waits_in_another_loop_than_the_servers(tmp_path, debug):
    """The stream that ends the wait goes on."""
    with serving(tmp_path, STORY) as server:
        session = server.session()

        async def wait():
            waits = asyncio.create_task(session.connected(timeout="60s"))
            await turn_of_others()
            client = await opened(server)
            found = await waits
            session.push("more")
            await client.until(b"more")
            await client.leave()
            return [each.number for each in found]

        assert asyncio.run(wait(), debug=debug) == [1]


def test_a_watcher_that_fails_is_nothing_to_a_stream():
    """What watches connections is somebody else's."""
    live, seen = Connections(), []

    def fail():
        raise RuntimeError

    live.watch(fail)
    live.watch(lambda: seen.append(1))
    live.changed()
    assert seen == [1]


CALLS = {
    "create_session": lambda server: server.create_session("a"),
    "wait_for_connection": lambda server: server.session().wait_for_connection(),
    "connected": lambda server: asyncio.run(server.session().connected()),
    "push": lambda server: server.session().push("x"),
    "advance": lambda server: server.session().advance(1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_server_that_does_not_run_says_so(tmp_path, call):
    """Before the start, and after the stop."""
    server = serving(tmp_path, STORY)
    with pytest.raises(RuntimeError, match="the server is not running"):
        call(server)
    with server:
        pass
    with pytest.raises(RuntimeError, match="the server is not running"):
        call(server)


def test_whoever_waits_is_told_when_the_server_stops(tmp_path):
    """A wait in Python ends at once, as does one over HTTP."""
    found, waiting = [], threading.Event()

    def wait(session):
        try:
            session.wait_for_connection(timeout=60)
        except ControlError as error:
            found.append((error.status, error.code))

    with serving(tmp_path, STORY) as server:
        session = server.session()
        live = session._session.live
        watch = live.watch
        live.watch = lambda watcher: (waiting.set(), watch(watcher))[1]
        thread = threading.Thread(target=wait, args=[session])
        thread.start()
        assert waiting.wait(60)
    thread.join(60)
    assert found == [(503, "stopping")]


@pytest.fixture
def filled(monkeypatch):
    """Give what pushes until nothing more has room, and returns the ids that were accepted.

    Only meanwhile orders wait shortly for clients that do not read: what is done at once later
    may take as long as the machine does.
    """
    monkeypatch.setattr(orders, "PATIENCE", 60.0)

    def fill(session):
        accepted = []
        with monkeypatch.context() as shortly:
            shortly.setattr(orders, "PATIENCE", 0.1)
            for number in range(100):
                try:
                    session.push(BIG, id=number)
                except ControlError as error:
                    return accepted if error.code == "connection-full" else []
                accepted.append(str(number))
        pytest.fail("there is room without end")

    return fill


def test_a_push_is_written_or_refused_and_never_lost(tmp_path, filled):
    """What was refused does not come when the client reads, and later pushes find room again."""
    with serving(tmp_path, STORY) as server:
        session = server.session()
        client = deaf(server)
        accepted = filled(session)
        got, read = b"", threading.Event()

        def follow():
            nonlocal got
            while data := client.recv(65536):
                got += data
                if got.count(b"id: ") > len(accepted) and got.endswith(b"\n\n\r\n"):
                    read.set()

        thread = threading.Thread(target=follow)
        thread.start()
        assert read.wait(60)
        assert session.push("again", id="again") == [1]
        session.disconnect("end")
        thread.join(60)
        client.close()
        ids = [line[4:].decode() for line in got.split(b"\n") if line.startswith(b"id: ")]
        assert ids == ["1", *accepted, "again"]
        pushed = [entry.id for entry in session.journal if isinstance(entry, Pushed)]
        assert pushed == [*accepted, "again"]


@pytest.mark.parametrize("coding", ["", "wire: {encoding: gzip}"], ids=["plain", "coded"])
def test_a_client_that_does_not_read_is_ended_at_once(tmp_path, caplog, coding, filled):
    """Properly: what was written comes whenever it reads, and the last chunk behind it."""
    with serving(tmp_path, f"{STORY}\n{coding}") as server:
        session = server.session()
        client = deaf(server, "gzip")
        filled(session)
        assert session.disconnect("end") == [1]
        assert session.connections == []
        assert all_of(client).endswith(b"0\r\n\r\n")
        ends = [(e.kind, e.by) for e in session.journal if isinstance(e, Closed)]
        assert ends == [("end", "test")]
    assert "never retrieved" not in caplog.text


def test_a_client_that_does_not_read_the_first_events_is_ended_too(tmp_path):
    """Before anything has been waited for, what is written goes another way."""
    data = "y" * 60_000
    steps = f"{{repeat: {{times: 500, steps: [{{data: {data}}}]}}}}"
    story = f"operation: streamOrderStatus\nstream: [{steps}, {{hold: forever}}]"
    with serving(tmp_path, story) as server:
        session = server.session()
        client = deaf(server)
        assert session.disconnect("end") == [1]
        while session.connections:
            pass
        assert all_of(client).endswith(b"\n\n\r\n0\r\n\r\n")


async def test_a_push_that_never_leaves_is_told(tmp_path):
    """It waited behind a block in pieces, and a disconnect came first."""
    text = (
        "operation: streamOrderStatus\n"
        "stream: [{id: 1, data: aaaaaaaaaaaaaa, split: {bytes: 3, every: 100ms}}, {hold: forever}]"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        client = await opened(server, b"id:")
        session.hold()
        session.push("stuck", id="st")
        await turn_of_others()
        session.disconnect("end")
        assert b"stuck" not in (await client.rest()).raw
        while server._live.serving:
            await turn_of_others()
        assert [(e.id, e.sent) for e in session.journal if isinstance(e, Pushed)] == [("st", False)]
        text = (await fetch(server, "/_mock/metrics")).body
        assert b"mockserver_events_sent_total{" not in text.replace(
            b'mockserver_events_sent_total{operation="streamOrderStatus"} 0.0', b""
        )


NUMBERS = {
    "a path": ("connections/1.0/hold", "POST", 200),
    "a query": ("connections?wait=1.0", "GET", 200),
    "an exponent": ("connections?wait=1e0", "GET", 200),
    "a fraction": ("connections?wait=1.5", "GET", 400),
    "too large": ("connections?wait=1e999", "GET", 400),
}


@pytest.mark.parametrize(("path", "method", "status"), NUMBERS.values(), ids=NUMBERS)
async def test_integers_are_read_alike_everywhere(tmp_path, path, method, status):
    """JSON Schema calls 1.0 an integer."""
    async with serving(tmp_path, STORY) as server:
        client = await opened(server)
        assert (await ask(server, path, method=method))[0] == status
        await client.leave()


@pytest.mark.parametrize("depth", [500, 3_000, 100_000])
async def test_events_nested_too_deep_are_refused(tmp_path, depth):
    """Over HTTP, and from Python; the server stays."""
    async with serving(tmp_path, STORY) as server:
        client = await opened(server)
        body = b'{"data":' + b"[" * depth + b"]" * depth + b"}"
        status, problem = await ask(server, "events", body)
        assert (status, problem["code"]) == (400, "bad-control")
        nested = []
        for _ in range(max(depth, 3_000)):
            nested = [nested]
        with pytest.raises(ControlError) as error:
            server.session().push(nested)
        assert error.value.status == 400
        await client.leave()


async def test_pushed_events_are_shown_once(tmp_path):
    """In the entry `pushed`, and not among the blocks of the story; and they are counted."""
    text = (
        "operation: streamOrderStatus\n"
        "stream: [{id: 1, data: first}, {delay: 1s}, {id: 2, data: two}, {hold: forever}]\n"
    )
    async with serving(tmp_path, text, clock="manual") as server:
        client = await opened(server)
        server.session().push("between", id="p")
        await client.until(b"between")
        server.session().advance("1s")
        await client.until(b"two")
        _, found = await ask(server, "journal?expand=true", method="GET")
        events = [each["data"] for e in found["entries"] for each in e.get("events", ())]
        assert events == ["first", "two"]
        server.session().disconnect("end")
        await client.rest()
        text = (await fetch(server, "/_mock/metrics")).body
        assert b'mockserver_events_sent_total{operation="streamOrderStatus"} 3.0' in text


async def test_operations_are_named_as_in_scenarios(tmp_path):
    """By their id, or as the document writes them; a name that is none is 404."""
    async with serving(tmp_path, STORY) as server:
        client = await opened(server)
        operation = server.catalog.contract.find("streamOrderStatus")
        named = f"events?operation=get%20{operation.path}"
        assert (await ask(server, named, {"data": "x"}))[1]["connections"] == [1]
        status, problem = await ask(server, "events?operation=streamOrderStatu", {"data": "x"})
        assert (status, problem["code"]) == (404, "unknown-operation")
        assert problem["mend"] == "did you mean 'streamOrderStatus'?"
        await client.leave()


@pytest.mark.parametrize("data", [5, None, [1]])
async def test_only_bytes_and_texts_are_pushed_raw(tmp_path, data):
    """bytes(5) would be five NULs."""
    async with serving(tmp_path, STORY) as server:
        with pytest.raises(TypeError, match="push_raw takes bytes or a text"):
            server.session().push_raw(data)


BAD = ["forever", float("inf"), float("nan"), "1s..2s", 1e300, -1, "soon", "2000000000s"]


@pytest.mark.parametrize("duration", BAD, ids=str)
def test_time_that_does_not_pass_is_refused(tmp_path, duration):
    """Nothing has passed then."""
    with MockServer(clock="manual") as server:
        session = server.session()
        for call in (session.advance, lambda d: session.wait_for_connection(timeout=d)):
            with pytest.raises(ControlError) as error:
                call(duration)
            assert (error.value.status, error.value.code) == (400, "bad-duration")
        assert session.advance(1e9) == 1e9
        with pytest.raises(ControlError, match="at most"):
            session.advance(1)
        assert session.advance(0) == 1e9

"""Rows that are about whole answers, several clients or no end, on raw sockets."""

import json
import threading
from contextlib import closing

import pytest
from listener import PATIENCE, Listener, Request, Wire

from mockserver import MockServer
from mockserver.play.journal import Closed

ROWS = "/v1/conformance"


@pytest.fixture(scope="module")
def server():
    """A server of what ships, on which no delay takes any time; it asks nothing of requests."""
    with MockServer(clock="instant", requests="off") as running:
        yield running


def address_of(server):
    """Return where a server listens."""
    return server.host, int(server.url.rpartition(":")[2])


def ask(server, method, target, headers=(), body=None):
    """Return status, headers and body of an answer that has an end."""
    text = b"" if body is None else json.dumps(body).encode()
    with closing(Wire(address_of(server), lambda: False)) as wire:
        wire.socket.sendall(Request(method, target, dict(headers), text).encoded(""))
        status, found = wire.head()
        content = b"" if status == 204 else b"".join(wire.body(found))
    return status, found, content


def listen(server, target):
    """Return what a client hears on one connection; it leaves what is silent."""
    listener = Listener(address_of(server), lambda listener: bool(listener.events))
    listener.listen(Request("GET", target, {}))
    return listener.state, [event.data for event in listener.events]


@pytest.mark.parametrize(
    ("row", "request_", "status", "content"),
    [
        ("MC-03a", ("POST", {"method": "notifications/initialized"}), 202, None),
        ("MC-03b", ("POST", {"method": "tools/list", "id": 7}), 200, {"tools": []}),
        ("RQ-07b", ("POST", {"method": "tools/call", "id": 7}), 200, {}),
    ],
)
def test_json_in_place_of_a_stream(server, row, request_, status, content):
    """A body that asks for no stream gets JSON with the id of the call, or nothing at all."""
    method, body = request_
    got, headers, text = ask(server, method, f"{ROWS}/{row[:5]}/stream", body=body)

    assert got == status
    if content is not None:
        assert headers["content-type"] == "application/json"
        assert json.loads(text) == {"jsonrpc": "2.0", "id": 7, "result": content}


def test_what_requests_lack_is_refused(server):
    """Without the header of RQ-08 there is 400, without Accept JSON comes from RQ-09."""
    assert ask(server, "GET", f"{ROWS}/RQ-08/stream")[0] == 400
    status, headers, text = ask(server, "GET", f"{ROWS}/RQ-09/stream", {"Accept": "*/*"})
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(text) == {"count": 1}


def test_what_was_deleted_is_gone(server):
    """MC-04: the first DELETE gets 204, all others 404."""
    statuses = [ask(server, "DELETE", "/v1/orders/MC-04")[0] for _ in range(3)]

    assert statuses == [204, 404, 404]


@pytest.mark.parametrize(("row", "status", "origin"), [("CO-10", 204, True), ("CO-11", 400, False)])
def test_a_preflight_is_granted_or_refused(server, row, status, origin):
    """CO-10 grants what a page asks for, CO-11 does not even let it read the answer."""
    asked = {
        "Origin": "http://page.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "last-event-id",
    }
    got, headers, _ = ask(server, "OPTIONS", f"{ROWS}/{row}/stream", asked)

    assert got == status
    assert ("access-control-allow-origin" in headers) is origin
    assert headers.get("access-control-allow-headers") == ("last-event-id" if origin else None)


@pytest.mark.parametrize(
    ("row", "allowed"),
    [
        ("CO-01", "http://page.example"),
        ("CO-02", "http://example.org"),
        ("CO-03", ""),
        ("CO-04", None),
        ("CO-05b", "*"),
        ("CO-05e", "http://page.example"),
    ],
)
def test_who_may_read_a_stream(server, row, allowed):
    """The rows of CORS say it in exactly the words that they are about."""
    target = f"{ROWS}/{row}/stream"
    _, headers, _ = ask(server, "GET", target, {"Origin": "http://page.example"})

    assert headers.get("access-control-allow-origin") == allowed


def test_clients_of_one_url_do_not_disturb_each_other(server):
    """RC-18, VL-08: every client hears the story from its beginning."""
    for row, count in (("RC-18", 3), ("VL-08", 10)):
        numbers = [str(number) for number in range(1, count + 1)]
        for _ in range(5):
            assert listen(server, f"{ROWS}/{row}/stream") == ("connecting", numbers)


def test_attempts_are_counted_for_each_client(server):
    """RC-04: two clients, told apart by the query, have counts of their own."""
    heard = [listen(server, f"{ROWS}/RC-04/stream?client-id={name}")[1] for name in "aabab"]

    assert heard == [["1"], ["2"], ["1"], ["3"], ["2"]]


def test_a_second_stream_is_refused_while_the_first_is_open(server):
    """MC-05: 200 for the first client, 409 for the second."""
    with closing(Wire(address_of(server), lambda: False)) as first:
        first.socket.sendall(Request("GET", f"{ROWS}/MC-05/stream", {}).encoded(""))
        assert first.head()[0] == 200
        assert listen(server, f"{ROWS}/MC-05/stream") == ("closed", [])


def test_a_stream_without_end_goes_on(server):
    """TM-10: there is always another ping."""
    with closing(Wire(address_of(server), lambda: False)) as wire:
        wire.socket.sendall(Request("GET", f"{ROWS}/TM-10/stream", {}).encoded(""))
        body = wire.body(wire.head()[1])
        assert sum(next(body).count(b"event: ping\n") for _ in range(100)) >= 100


def test_a_client_that_leaves_is_seen_to_leave():
    """TM-15: as soon as it is gone, the journal says so."""
    gone = threading.Event()

    def note(_, entry):
        if isinstance(entry, Closed) and entry.by == "client":
            gone.set()

    with MockServer(on_entry=note) as server:
        with closing(Wire(address_of(server), lambda: False)) as wire:
            wire.socket.sendall(Request("GET", f"{ROWS}/TM-15/stream", {}).encoded(""))
            assert next(wire.body(wire.head()[1])) == b"data: leave me\n\n"
            assert not gone.is_set()
        assert gone.wait(PATIENCE)

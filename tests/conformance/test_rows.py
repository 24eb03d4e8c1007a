"""Every conformance scenario comes out as it says, by the oracle and over a raw socket."""

from contextlib import closing
from dataclasses import replace

import pytest
import shipped
from listener import Listener, StillOpenError, Wire, request_of

from mockserver import MockServer
from mockserver.play.outcome import expected_events, outcome_problems
from mockserver.play.timeline import usual_request
from mockserver.sse.parse import Dispatched

CATALOG, PROBLEMS = shipped.catalog()
PROGRAMS = {
    name: program for name, program in CATALOG.programs.items() if name.startswith("conformance/")
}
FORETOLD = [name for name, program in PROGRAMS.items() if program.scenario.outcome]
NEVER_ANSWERED = {"conformance/CX-09"}


def operations_of(program):
    """Return the operations of a scenario, in the order in which it names them."""
    return [CATALOG.contract.find(name) for name, _ in program.scenario.operations]


def opening_of(program):
    """Return the request that a scenario asks for."""
    return usual_request(program, operations_of(program)[0])


def address_of(server):
    """Return where a server listens."""
    return server.host, int(server.url.rpartition(":")[2])


def foretold(program):
    """Return the events that a scenario says are dispatched, or None where it says nothing."""
    outcome = program.scenario.outcome
    if outcome is None or outcome.events is None:
        return None
    events = expected_events(program, operations_of(program)[0], outcome)
    return [Dispatched(*event) for event in events]


def play(server, name):
    """Live through all connections of a scenario, as its client would."""
    program = PROGRAMS[name]
    outcome, events = program.scenario.outcome, foretold(program)

    def done(listener):
        if name in NEVER_ANSWERED:
            return True
        return (
            outcome.state == "open"
            and (events is None or len(listener.events) >= len(events))
            and outcome.last_event_id in (None, listener.parser.last_event_id)
        )

    listener = Listener(address_of(server), done)
    for number in range(1, program.connections + 1):
        request = request_of(opening_of(program), operations_of(program), number)
        if listener.redirected:
            request = replace(request, target=listener.redirected)
        listener.listen(request)
        if listener.state == "closed":
            break
    return listener


@pytest.fixture(scope="module")
def server():
    """A server of what ships, on which no delay takes any time; it asks nothing of requests."""
    with MockServer(clock="instant", requests="off") as running:
        yield running


def test_nothing_is_wrong_with_what_ships():
    """All conformance scenarios are there, and not one of them has a problem."""
    assert [str(problem) for problem in PROBLEMS] == []
    assert len(PROGRAMS) > 330


@pytest.mark.parametrize("name", FORETOLD)
def test_the_oracle_agrees(name):
    """What a conforming client makes of a scenario without any sockets is what it says."""
    alone = replace(CATALOG, programs={name: PROGRAMS[name]})

    assert [problem.what for problem in outcome_problems(alone)] == []


@pytest.mark.parametrize("name", FORETOLD)
def test_a_client_on_a_raw_socket_agrees(server, name):
    """What a client makes of the bytes on the wire is what the scenario says."""
    outcome = PROGRAMS[name].scenario.outcome

    listener = play(server, name)

    expected = foretold(PROGRAMS[name])
    if expected is not None:
        assert listener.events == expected
    assert outcome.state in (None, listener.state)
    assert outcome.last_event_id in (None, listener.parser.last_event_id)
    assert outcome.reconnection_time in (None, listener.parser.reconnection_time)


@pytest.mark.parametrize(
    ("row", "chunks"),
    [
        ("LE-05", ["data: Hello\r", "\ndata: World\r", "\n\r\ndata: OK\r", "\n", "\r", "\n"]),
        ("LE-06", ["data: one\n:ignored\r", "data: two\n\n"]),
        ("LE-07", ["data: first\n\r\n", "data: second\r\n\n"]),
        ("LE-08", [*"retry: 20\ndata: 1 ", b"\xe2", b"\x82", b"\xac", "\n", "\n"]),
        ("LE-09", ["re", "tr", "y:", " 2", "0\n", "da", "ta", ": ", "1 ", b"\xe2\x82", b"\xac\n", "\n"]),
        ("LE-10", ["data: Hel", "lo\n\n"]),
        ("LE-11", ["da", "ta: a message event...\n\n"]),
        ("LE-13", ["data: test", "test\n\ndata:", "test\n\n"]),
        ("LE-14", ["data: Hello\n\ndata: World\n\n"]),
        ("LE-16", ["data:1", "2", "3", "\n", "\n"]),
        ("LE-19", ["data: a", "\n\n"]),
        ("U8-03", ["data: ", b"\xf0", b"\x9f", b"\x8f", b"\xa9", "\n\n"]),
        ("U8-08b", [b"\xef", b"\xbb", b"\xbf", "data: Hello\n\n"]),
        ("FP-33", [":Hello\n", ":World\n"]),
        ("TF-01", ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]),
        ("VL-02", ["data: xxxx", *["xxxxxxxxxx"] * 9999, "xxxxxx\n\n"]),
        ("VL-06", ["data:ok\n\n" * 1999 + "id: last\ndata:ok\n\n"]),
    ],
)  # fmt: skip
def test_each_write_is_a_chunk_of_its_own(server, row, chunks):
    """Where a row is about writes, the first connection has exactly these, and none is empty."""
    found = play(server, f"conformance/{row}").chunks[0]

    assert found == [c if isinstance(c, bytes) else c.encode() for c in chunks]


def test_writes_end_at_every_place(server):
    """Connection by connection the first write of LE-12a is one byte longer."""
    text = b"data:ok\n\n"

    found = play(server, "conformance/LE-12a").chunks

    expected = [[text[:k], text[k:]] for k in range(len(text) + 1)]
    assert found == [[b"retry: 20\n\n", *filter(None, parts)] for parts in expected]


def test_all_events_of_a_burst_arrive(server):
    """Rows whose events are too many to be written down: their number, or their size, is right."""
    burst = [Dispatched("message", "ok", "")] * 1999 + [Dispatched("message", "ok", "last")]
    assert play(server, "conformance/VL-06").events == burst

    numbers = [str(number) for number in range(1, 101)]
    assert [event.data for event in play(server, "conformance/TM-11").events] == numbers

    big, done = play(server, "conformance/LM-25").events
    assert len(big.data) == 64 * 1024 * 1024 + 1
    assert done == Dispatched("done", "done", "big")

    sizes = {len(event.data) for event in play(server, "conformance/VL-07").events}
    assert sizes == {65536}


def test_no_two_scenarios_ask_for_the_same_request():
    """Every scenario can be reached without naming it."""
    seen = {}
    for name, program in PROGRAMS.items():
        opening = opening_of(program)
        asked = (opening.method, opening.target, str(opening.headers), str(opening.body))
        seen.setdefault(asked, []).append(name)

    assert [names for names in seen.values() if len(names) > 1] == []


@pytest.mark.parametrize(
    ("row", "writes"),
    [
        ("LE-05", ["data: Hello\r", "5ms", "\ndata: World\r", "5ms", "\n\r\ndata: OK\r"]),
        ("LE-15", ["event: stock\n", "5ms", "data: YHOO\n", "5ms", "data: +2\n"]),
        ("LE-16", ["data:1", "100ms", "2", "25ms", "3", "25ms", "\n", "25ms", "\n", ""]),
        ("U8-02a", ["data: Espen ", b"\xe2\x99", "50ms", b"\xa5", " Kokos\n\n", ""]),
        ("U8-03", ["data: ", b"\xf0", "20ms", b"\x9f", "20ms", b"\x8f", "20ms", b"\xa9"]),
        ("TM-02", ["300ms", "data: late\n\n", ""]),
        ("TM-06", ["data: 1\n\n", "50ms", "data: 2\n\n", ""]),
        ("TM-13", ["retry: 20\n\n", "50ms", ""]),
    ],
)
def test_a_write_comes_at_its_moment(row, writes):
    """On a clock that stands still a write comes when its time has come, and not a byte before."""
    program = PROGRAMS[f"conformance/{row}"]
    silent = False
    with (
        MockServer(clock="manual", requests="off") as server,
        closing(Wire(address_of(server), lambda: silent)) as wire,
    ):
        request = request_of(opening_of(program), operations_of(program), 1)
        wire.socket.sendall(request.encoded(""))
        body = wire.body(wire.head()[1])
        for write in writes:
            if isinstance(write, str) and write.endswith("ms"):
                silent = True
                with pytest.raises(StillOpenError):
                    wire.buffer += wire.more()
                silent = False
                assert wire.buffer == b""
                server.session().advance(write)
            else:
                assert next(body, b"") == (write if isinstance(write, bytes) else write.encode())

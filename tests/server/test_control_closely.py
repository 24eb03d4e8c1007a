"""What a page needs to show a connection: blocks told live, heartbeats, a request in full, pins."""

import json

import pytest
from clients import STATUS, Following, RawClient, fetch, serving

from mockserver.clock import turn_of_others
from mockserver.contract import answer_violations
from mockserver.workspace.shipped import control_contract

OPERATION = "operation: streamOrderStatus\n"
FIT = '{status: payment_confirmed, timestamp: "2026-01-01T00:00:00Z"}'
STORY = OPERATION + "stream: [{id: 1, data: a}, {delay: 1s}, {event: x, id: 2, data: [b]}]"


async def ask(server, path, method="GET", body=None):
    """Return status and JSON of an answer of the control API."""
    data = b"" if body is None else json.dumps(body).encode()
    received = await fetch(server, f"/_mock{path}", method=method, body=data)
    return received.status, json.loads(received.body)


async def request(server, query="", serial=1, session="default"):
    """Return one request in full, which is as the control API's document says."""
    status, found = await ask(server, f"/sessions/{session}/requests/{serial}{query}")
    assert status == 200, found
    operation = control_contract().find("getRequest")
    headers = [("Content-Type", "application/json")]
    assert answer_violations(operation, status, headers, json.dumps(found).encode()) == []
    return found


def written(found):
    return [(block["block"], block["origin"], block["at"], block["text"]) for block in found]


# --- one request in full -------------------------------------------------------------------------


async def test_what_a_request_was_told(tmp_path):
    """Its head, and each block with its bytes, its place in the body and its line."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        found = await request(server)
    assert (found["operation"], found["target"]) == ("streamOrderStatus", f"GET {STATUS}")
    assert (found["subscription"], found["connection"], found["bytes"]) == (1, 1, 43)
    assert (found["head"]["status"], found["head"]["reason"]) == (200, "OK")
    assert ["Content-Type", "text/event-stream"] in found["head"]["headers"]
    assert ("Host", "localhost") in [tuple(header) for header in found["request_headers"]]
    assert found["ended"] == {"at": 0.0, "kind": "end", "by": "script"}
    assert written(found["blocks"]) == [
        (1, "script", 0.0, "id: 1\ndata: a\n\n"),
        (2, "script", 1.0, 'event: x\nid: 2\ndata: ["b"]\n\n'),
    ]
    assert [(b["at_byte"], b["bytes"]) for b in found["blocks"]] == [(0, 15), (15, 28)]
    assert found["blocks"][1]["fields"] == {"type": "x", "id": "2", "data": '["b"]'}
    assert [block["where"].rpartition("story.yaml:")[2] for block in found["blocks"]] == [
        "2:10", "2:41",
    ]  # fmt: skip
    assert (found["ahead"], found["goes_on"], found["waits"]) == ([], False, "")


SHOWN = {
    "from a block on": ("?first=3", [3, 4, 5], False),
    "so many": ("?limit=2", [1, 2], True),
    "both": ("?first=2&limit=1", [2], True),
    "none": ("?limit=0", [], True),
}


@pytest.mark.parametrize(("query", "expected", "more"), SHOWN.values(), ids=SHOWN)
async def test_some_of_the_blocks(tmp_path, query, expected, more):
    """Those that are asked for, and whether there are others."""
    text = OPERATION + "stream: [{repeat: {times: 5, steps: [{id: '{{ n }}', data: x}]}}]"
    async with serving(tmp_path, text) as server:
        await fetch(server, STATUS)
        found = await request(server, query)
    assert ([block["block"] for block in found["blocks"]], found["more"]) == (expected, more)


CHECKED = {
    "it fits": (f"{{id: 1, data: {FIT}}}", "fits"),
    "it breaks the contract": ("{id: 1, data: {status: 7}}", "breaks"),
    "a comment": ("{comment: still here}", "no-event"),
    "bytes that are no event": ('{raw: "neither\\nthis\\n\\n"}', "unread"),
    "an event that is cut off": ("{data: hello, cut: 8}", "unread"),
}


@pytest.mark.parametrize(("step", "expected"), CHECKED.values(), ids=CHECKED)
async def test_what_the_document_says_of_a_block(tmp_path, step, expected):
    """It fits or not, with sentences, or is nothing that could."""
    async with serving(tmp_path, OPERATION + f"violates: to see\nstream: [{step}]") as server:
        await fetch(server, STATUS)
        (block,) = (await request(server))["blocks"]
    assert block["check"]["status"] == expected
    assert bool(block["check"]["faults"]) == (expected == "breaks")


async def test_heartbeats_and_pushes_have_their_place(tmp_path):
    """In the order in which they left, with whose they are; holds come later by as much."""
    text = OPERATION + "heartbeat: 2s\nstream: [{data: a}, {delay: 3s}, {data: b}, {hold: forever}]"
    async with serving(tmp_path, text, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: a\n\n")
        session = server.session("default")
        await session.connected()
        session.push(data="between")
        await client.until(b"data: between\n\n")
        session.hold()
        session.advance("5s")
        session.release()
        session.advance("3s")
        await client.until(b"data: b\n\n")
        found = await request(server)
        await client.leave()
    assert written(found["blocks"]) == [
        (1, "script", 0.0, "data: a\n\n"),
        (None, "test", 0.0, "data: between\n\n"),
        (None, "heartbeat", 7.0, ": heartbeat\n\n"),
        (2, "script", 8.0, "data: b\n\n"),
    ]


async def test_a_coded_stream_is_shown_decoded(tmp_path):
    """With the places of its events in what a client reads."""
    text = OPERATION + "wire: {encoding: gzip}\nstream: [{data: a}, {delay: 1s}, {data: b}]"
    async with serving(tmp_path, text, clock="instant") as server:
        await fetch(server, STATUS, "Accept-Encoding: gzip")
        found = await request(server)
    assert [(b["at_byte"], b["text"]) for b in found["blocks"]] == [
        (0, "data: a\n\n"), (9, "data: b\n\n"),
    ]  # fmt: skip


AHEAD = {
    "events and the end": (
        "stream: [{data: a}, {delay: 1s}, {id: 2, data: b}, {delay: 1s}, {disconnect: reset}]",
        [("send", 1.0), ("reset", 2.0)], False, "",
    ),
    "a wait for a signal": (
        "stream: [{data: a}, {delay: 1s}, {await: {signal: paid}}, {data: b}]",
        [("await", 1.0)], False, "signal paid",
    ),
    "held for ever": ("stream: [{data: a}, {hold: forever}]", [("hold", 0.0)], False, ""),
    "heartbeats without end": (
        "heartbeat: 2s\nstream: [{data: a}, {hold: forever}]",
        [("hold", 0.0), ("send", 2.0), ("send", 4.0)], True, "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "cues", "goes_on", "waits"), AHEAD.values(), ids=AHEAD)
async def test_what_is_still_to_come(tmp_path, text, cues, goes_on, waits):
    """As the script goes on if nobody intervenes, up to where it waits for others."""
    async with serving(tmp_path, OPERATION + text, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: a\n\n")
        found = await request(server, "?limit=0&ahead=3")
        await client.leave()
    assert [(cue["cue"], cue["at"]) for cue in found["ahead"]] == cues
    assert (found["goes_on"], found["waits"]) == (goes_on, waits)


async def test_a_request_that_nobody_knows(tmp_path):
    """Is a 404 that says where to look."""
    async with serving(tmp_path, STORY) as server:
        status, found = await ask(server, "/sessions/default/requests/1")
    assert (status, found["code"]) == (404, "unknown-request")


# --- live ----------------------------------------------------------------------------------------


async def closely(server, query=""):
    """Return a live stream whose reader looks closely."""
    return await Following.of(server, f"/_mock/journal/stream?expand=true{query}")


async def test_the_run_is_named_first(tmp_path):
    """The same to all who look, another after a restart; it has no running number."""
    runs = []
    for _ in range(2):
        async with serving(tmp_path, STORY) as server:
            for _ in range(2):
                following = await closely(server)
                (told,) = await following.events(1)
                runs.append(told["run"])
                assert (told["kind"], following.parser.last_event_id) == ("server", "")
                await following.client.leave()
    assert runs[0] == runs[1] != runs[2] == runs[3]


async def test_blocks_are_told_as_they_leave(tmp_path):
    """With their sizes, of a connection that is open and of one that has ended."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        first = await closely(server)
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: close")
        begun = await first.events(3)
        server.session("default").advance("1s")
        await client.rest()
        ended = await first.events(2)
        second = await closely(server, "&since=0")
        again = await second.events(5)
        for following in (first, second):
            await following.client.leave()
    sent = [entry for entry in begun + ended if entry["kind"] == "sent"]
    assert [entry["events"] for entry in sent] == [
        [{"bytes": 15, "id": "1", "data": "a"}],
        [{"bytes": 28, "type": "x", "id": "2", "data": '["b"]'}],
    ]
    assert [(entry["at"], entry["offset"]) for entry in sent] == [(0.0, 0.0), (1.0, 1.0)]
    assert [entry for entry in again if entry["kind"] == "sent"] == sent


async def test_too_much_at_once_is_told_without(tmp_path):
    """Where the blocks stand is told all the same; a later one is told with its fields again."""
    text = OPERATION + (
        "stream: [{repeat: {times: 200, steps: [{data: '{{ n }}'}]}}, {delay: 1s},"
        "{repeat: {times: 200, steps: [{data: '{{ n }}'}]}}]"
    )
    async with serving(tmp_path, text, clock="instant") as server:
        await fetch(server, STATUS)
        following = await closely(server, "&since=0")
        found = await following.events(5)
        await following.client.leave()
    sent = [entry for entry in found if entry["kind"] == "sent"]
    assert [(entry["first"], entry["last"]) for entry in sent] == [(1, 200), (201, 400)]
    assert ["events" in entry for entry in sent] == [True, False]


async def test_long_texts_are_shortened(tmp_path):
    """To what a page can show in one line; their size is told."""
    async with serving(tmp_path, OPERATION + f"stream: [{{data: {'x' * 2_000}}}]") as server:
        await fetch(server, STATUS)
        following = await closely(server, "&since=0")
        found = await following.events(3)
        await following.client.leave()
    assert found[2]["events"] == [{"bytes": 2_008, "data": "x" * 500, "shortened": True}]


async def test_heartbeats_are_told_to_whoever_looks_closely(tmp_path):
    """The journal has none of them, and nobody else is told."""
    text = OPERATION + "heartbeat: 2s\nstream: [{data: a}, {hold: forever}]"
    async with serving(tmp_path, text, clock="manual") as server:
        all_of_it = await closely(server)
        elsewhere = await closely(server, "&session=elsewhere")
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await all_of_it.events(3)
        server.session("default").advance("2s")
        (beat,) = await all_of_it.events(1)
        await fetch(server, "/@elsewhere/nowhere")
        other = await elsewhere.events(2)
        _, journal = await ask(server, "/sessions/default/journal")
        for one in (all_of_it, elsewhere):
            await one.client.leave()
        await client.leave()
        while server._live.journals.beats.watchers:
            await turn_of_others()
    assert beat == {
        "kind": "beat", "session": "default", "at": 2.0, "scenario": "story", "subscription": 1,
        "connection": 1, "serial": 1,
    }  # fmt: skip
    assert [told["kind"] for told in other] == ["server", "refused"]
    assert [entry["kind"] for entry in journal["entries"]] == ["opened", "sent"]


# --- pinned scenarios ----------------------------------------------------------------------------

OTHERS = "scenario: one\ndefault: true\n" + OPERATION + "stream: [{data: one}]\n---\n"
OTHERS += "scenario: two\n" + OPERATION + "stream: [{data: two}]\n"


async def test_scenarios_are_pinned_while_a_session_lives(tmp_path):
    """The next request gets what is pinned; with none, what it would have got."""
    got = []
    async with serving(tmp_path, OTHERS) as server:
        for names in (["two"], []):
            status, session = await ask(
                server, "/sessions/default/scenarios", "PUT", {"scenarios": names}
            )
            assert (status, session["scenarios"]) == (200, names)
            got.append((await fetch(server, STATUS)).body)
    assert got == [b"data: two\n\n", b"data: one\n\n"]


@pytest.mark.parametrize(
    ("session", "names", "status", "code"),
    [
        ("default", ["twoo"], 400, "unknown-scenario"),
        ("default", "two", 400, "bad-control"),
        ("nobody", ["two"], 404, "unknown-session"),
    ],
)
async def test_what_cannot_be_pinned(tmp_path, session, names, status, code):
    """Is refused, and what was pinned stays."""
    async with serving(tmp_path, OTHERS) as server:
        await ask(server, "/sessions/default/scenarios", "PUT", {"scenarios": ["two"]})
        path = f"/sessions/{session}/scenarios"
        found = await ask(server, path, "PUT", {"scenarios": names})
        _, session = await ask(server, "/sessions/default")
    assert (found[0], found[1]["code"], session["scenarios"]) == (status, code, ["two"])

"""The journal over HTTP: as JSON, lines and HAR, live, and in numbers for Prometheus."""

import base64
import gzip
import json

import pytest
from clients import STATUS, Following, RawClient, fetch, serving
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from mockserver.clock import turn_of_others
from mockserver.contract import answer_violations
from mockserver.play.journal import Sent
from mockserver.play.journal_report import KINDS
from mockserver.server.control import journal as live_journal
from mockserver.workspace.shipped import control_contract

OPERATION = "operation: streamOrderStatus\n"
STORY = OPERATION + "stream: [{id: 1, data: a}, {delay: 1s}, {event: x, id: 2, data: [b]}]"


async def ask(server, path, *headers):
    """Return the answer of the control API; its JSON if it is that."""
    received = await fetch(server, f"/_mock{path}", *headers)
    if (received.header("Content-Type") or "").endswith("json"):
        return received.status, json.loads(received.body)
    return received.status, received.body.decode()


async def entries(server, query="", session="default"):
    status, found = await ask(server, f"/sessions/{session}/journal{query}")
    assert status == 200, found
    return found["entries"]


def numbers(found):
    return [entry["number"] for entry in found]


# --- asked for once ------------------------------------------------------------------------------


async def test_a_sessions_journal(tmp_path):
    """What was recorded, in order, and where to go on."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        await fetch(server, "/nowhere")
        await fetch(server, f"/@a{STATUS}")
        status, found = await ask(server, "/sessions/default/journal")
    assert status == 200
    assert {name: found[name] for name in ("session", "next", "more", "dropped")} == {
        "session": "default", "next": 5, "more": False, "dropped": 0,
    }  # fmt: skip
    assert [(e["number"], e["kind"]) for e in found["entries"]] == [
        (1, "opened"), (2, "sent"), (3, "sent"), (4, "closed"), (5, "refused"),
    ]  # fmt: skip
    assert all("running" not in entry for entry in found["entries"])


async def test_the_journal_of_all_sessions(tmp_path):
    """In the order of what happened; what was deleted is said to be."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        for session in ("a", "b", "a"):
            await fetch(server, f"/@{session}/nowhere")
        await fetch(server, "/_mock/sessions/b", method="DELETE")
        _, found = await ask(server, "/journal")
        _, rest = await ask(server, "/journal?since=2")
    assert [(e["running"], e["session"], e["kind"]) for e in found["entries"]] == [
        (1, "a", "refused"), (3, "a", "refused"), (4, "b", "deleted"),
    ]  # fmt: skip
    assert (found["next"], found["dropped"]) == (4, 1)
    assert ([e["running"] for e in rest["entries"]], rest["dropped"]) == ([3, 4], 0)


QUERIES = {
    "": [1, 2, 3, 4, 5, 6],
    "?kind=opened&kind=closed": [1, 4, 6],
    "?since=4": [5, 6],
    "?since=999": [],
    "?limit=2&since=1": [2, 3],
    "?limit=0": [],
    "?limit=2.0": [1, 2],
    "?operation=streamOrderStatus": [1, 2, 3, 4],
    "?operation=getPet": [5, 6],
    "?scenario=story&connection=1": [1, 2, 3, 4],
    "?scenario=story&subscription=2": [],
    "?serial=1&kind=sent": [2, 3],
    "?kind=": [1, 2, 3, 4, 5, 6],
    "?scenario=caf%C3%A9": [],
}


@pytest.mark.parametrize(("query", "found"), QUERIES.items(), ids=QUERIES)
async def test_queries(tmp_path, query, found):
    """By kind, number, operation and connection; together they narrow."""
    async with serving(tmp_path, STORY, clock="instant", requests="warn") as server:
        await fetch(server, STATUS)
        await fetch(server, "/v1/pets/1")
        assert numbers(await entries(server, query)) == found


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "limit=100001", "limit=-1", "kind=sents", "format=xml",
              "expand=yes", "connection=one", "since=1e400"],
)  # fmt: skip
async def test_what_cannot_be_asked(tmp_path, query):
    """Is a problem with its mend."""
    async with serving(tmp_path, STORY) as server:
        status, problem = await ask(server, f"/sessions/default/journal?{query}")
    assert (status, problem["code"]) == (400, "bad-control")


@pytest.mark.parametrize("path", ["journal", "journal/stream"])
async def test_a_session_that_nobody_has_used(tmp_path, path):
    """Is not found, and not made."""
    async with serving(tmp_path, STORY) as server:
        status, problem = await ask(server, f"/sessions/never/{path}")
    assert (status, problem["code"]) == (404, "unknown-session")


def test_the_document_knows_every_kind():
    """Whoever adds an entry adds its kind there, too."""
    kind = control_contract().document.tree["components"]["parameters"]["EntryKind"]
    assert set(kind["schema"]["items"]["enum"]) == set(KINDS.values())


async def test_lines(tmp_path):
    """An entry each; the heads say where to go on."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        whole = await entries(server)
        received = await fetch(server, "/_mock/sessions/default/journal?format=jsonl&limit=2")
        accepted = await fetch(
            server, "/_mock/sessions/default/journal", "Accept: application/x-ndjson"
        )
    assert [json.loads(line) for line in received.body.splitlines()] == whole[:2]
    assert [json.loads(line) for line in accepted.body.splitlines()] == whole
    assert received.header("Content-Type") == "application/x-ndjson"
    heads = [received.header(f"Journal-{name}") for name in ("Next", "More", "Dropped")]
    assert heads == ["2", "true", "0"]


async def test_what_was_dropped_is_counted(tmp_path):
    """The bound is the server's."""
    async with serving(tmp_path, STORY, clock="instant", journal=3) as server:
        await fetch(server, STATUS)
        await fetch(server, "/nowhere")
        _, found = await ask(server, "/sessions/default/journal")
        _, all_of_them = await ask(server, "/journal")
    assert (numbers(found["entries"]), found["dropped"], found["next"]) == ([3, 4, 5], 2, 5)
    assert (len(all_of_them["entries"]), all_of_them["dropped"]) == (3, 2)


async def test_a_journal_that_is_off(tmp_path):
    """Keeps nothing, and still counts; there is nothing to follow."""
    async with serving(tmp_path, STORY, clock="instant", journal=0) as server:
        await fetch(server, STATUS)
        _, found = await ask(server, "/sessions/default/journal")
        status, problem = await ask(server, "/journal/stream")
        _, metrics = await ask(server, "/metrics")
    assert (found["entries"], found["dropped"], found["next"]) == ([], 4, 4)
    assert (status, problem["code"]) == (409, "journal-off")
    assert 'mockserver_events_sent_total{operation="streamOrderStatus"} 2.0' in metrics


async def test_more_than_leaves_at_once(tmp_path):
    """A long journal comes whole."""
    async with serving(tmp_path, STORY) as server:
        session = server._session("default")
        for number in range(10_000):
            session.journal.record(Sent("story", 1, 1, number, number, 0.0))
        found = await entries(server)
    assert numbers(found) == list(range(1, 10_001))


STRANGE = {
    "bytes that are no UTF-8": (b"/v1/\xff\xfe?q=\xe9", "\\xff"),
    "a terminal's escapes": (b"/v1/%1b[31m\xc3\xa9", "\xe9"),
    "quotes": (b'/v1/"\\', '"\\'),
}


@pytest.mark.parametrize(("target", "part"), STRANGE.values(), ids=STRANGE)
async def test_what_strangers_sent(tmp_path, target, part):
    """Is valid JSON in every format."""
    async with serving(tmp_path, STORY) as server:
        client = await RawClient.connect(server)
        client.writer.write(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await client.rest()
        received = await fetch(server, "/_mock/sessions/default/journal")
        (entry,) = json.loads(received.body.decode("utf-8"))["entries"]
        stream = await Following.of(server, "/_mock/journal/stream?since=0")
        (event,) = await stream.events(1)
        await stream.client.leave()
    assert part in entry["target"]
    assert event["target"] == entry["target"]


# --- expanded ------------------------------------------------------------------------------------

WIRES = {
    "events": (
        'stream: [{id: 1, data: a}, {event: x, data: [b]}, {comment: c}, {retry: 5ms}, {data: "d\\ne"}]',
        [[{"id": "1", "data": "a"}, {"type": "x", "data": '["b"]'}, {"comment": "c"}, {"retry": "5"},
          {"data": "d\ne"}]],
    ),
    "templates": (
        "stream: [{repeat: {times: 2, steps: [{id: '{{ n }}', data: x}, {delay: 1s}]}}]",
        [[{"id": "1", "data": "x"}], [{"id": "2", "data": "x"}]],
    ),
    "bytes of one's own": (
        'stream: [{raw: "data: x\\nfoo: y\\n\\n"}, {raw: {base64: /w==}}]',
        [[{"raw": "data: x\nfoo: y\n\n"}], [{"raw": "/w==", "encoding": "base64"}]],
    ),
    "an event that is cut": (
        "stream: [{data: hello, cut: 8}, {disconnect: drop}]",
        [[{"data": "he", "incomplete": True}]],
    ),
    "pieces": (
        "stream: [{data: a}, {data: bcd, split: {bytes: 3}}]",
        [[{"data": "a"}], [{"data": "bcd"}]],
    ),
    "heartbeats": (
        "heartbeat: {every: 1s}\nstream: [{data: a}, {delay: 2500ms}, {data: b}]",
        [[{"data": "a"}], [{"data": "b"}]],
    ),
    "a coding": (
        "wire: {encoding: gzip}\nstream: [{data: a}, {delay: 1s}, {data: b}]",
        [[{"data": "a"}], [{"data": "b"}]],
    ),
    "a byte order mark": ("wire: {bom: true}\nstream: [{data: a}]", [[{"data": "a"}]]),
    "a head written by hand": (
        'response: {raw_head: "HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n"}\n'
        "stream: [{data: a}]",
        [[{"data": "a"}]],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WIRES.values(), ids=WIRES)
async def test_what_left(tmp_path, text, expected):
    """The fields of each block as they were written, or its bytes."""
    async with serving(tmp_path, OPERATION + text, clock="instant") as server:
        await fetch(server, STATUS, "Accept-Encoding: gzip")
        found = await entries(server, "?kind=sent&expand=true")
        plain = await entries(server, "?kind=sent")
    assert [event for entry in found for event in entry["events"]] == [
        event for listed in expected for event in listed
    ]
    assert not any("events" in entry for entry in plain)


async def test_what_left_later(tmp_path):
    """Only what the entries that were asked for sent."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        (entry,) = await entries(server, "?kind=sent&since=2&expand=true")
    assert entry["events"] == [{"type": "x", "id": "2", "data": '["b"]'}]


async def test_two_orders_are_told_apart(tmp_path):
    """Both have a first connection of a first subscription."""
    text = OPERATION + "stream: [{data: '{{ request.path.id }}'}]"
    async with serving(tmp_path, text) as server:
        for order in ("1", "2"):
            await fetch(server, f"/v1/orders/{order}/status/stream")
        found = await entries(server, "?kind=sent&expand=true")
    assert [entry["events"] for entry in found] == [[{"data": "1"}], [{"data": "2"}]]


async def test_what_is_forgotten_is_not_shown(tmp_path):
    """The journal may hold more than can be played again."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        server._session("default").told.clear()
        found = await entries(server, "?kind=sent&expand=true")
    assert [entry["events"] for entry in found] == [[], []]


# --- HAR -----------------------------------------------------------------------------------------

# The fields that HAR 1.2 asks for, and their types; https://w3c.github.io/web-performance/specs/HAR
HAR = {
    "log": {"version": str, "creator": dict, "entries": list},
    "creator": {"name": str, "version": str},
    "entry": {
        "startedDateTime": str, "time": (int, float), "request": dict, "response": dict,
        "cache": dict, "timings": dict,
    },
    "request": {
        "method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list,
        "queryString": list, "headersSize": int, "bodySize": int,
    },
    "response": {
        "status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list,
        "content": dict, "redirectURL": str, "headersSize": int, "bodySize": int,
    },
    "content": {"size": int, "mimeType": str},
    "timings": {"send": (int, float), "wait": (int, float), "receive": (int, float)},
    "postData": {"mimeType": str, "params": list, "text": str},
}  # fmt: skip
OPTIONAL = {
    "log": {"comment"},
    "entry": {"comment"},
    "request": {"postData"},
    "content": {"text", "encoding", "comment"},
    "postData": {"comment"},
}


def check(name, value):
    """Hold an object to HAR 1.2: what has to be there, and nothing else but `_own` fields."""
    for field, kind in HAR[name].items():
        assert isinstance(value[field], kind), (name, field, value)
    own = {field for field in value if not field.startswith("_")}
    assert own - set(HAR[name]) <= OPTIONAL.get(name, set())


def pairs(listed):
    for pair in listed:
        assert set(pair) == {"name", "value"}
    return [(pair["name"], pair["value"]) for pair in listed]


async def har(server, session="default"):
    status, found = await ask(server, f"/sessions/{session}/journal?format=har")
    assert status == 200
    assert set(found) == {"log"}
    log = found["log"]
    check("log", log)
    check("creator", log["creator"])
    for entry in log["entries"]:
        check("entry", entry)
        check("timings", entry["timings"])
        check("request", entry["request"])
        check("response", entry["response"])
        check("content", entry["response"]["content"])
        for part in ("request", "response"):
            pairs(entry[part]["headers"])
            pairs(entry[part]["cookies"])
        if "postData" in entry["request"]:
            check("postData", entry["request"]["postData"])
        parts = [time for time in entry["timings"].values() if time >= 0]
        assert entry["time"] == pytest.approx(sum(parts))
    return log["entries"]


async def test_an_exchange_as_har(tmp_path):
    """The request as it came, the answer as it was sent, times in the session's own time."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        server.session("a").advance("2500ms")
        client = await RawClient.connect(server)
        await client.send(
            f"/@a{STATUS}?x=1&y=%C3%A9", "X-Odd: \xe9", "Cookie: a=1; b=2", "Connection: close"
        )
        await client.until(b"\n\n")
        open_still = await har(server, "a")
        server.session("a").advance("1s")
        await client.rest()
        while server._live.serving:
            await turn_of_others()
        (entry,) = await har(server, "a")
    assert open_still[0]["comment"].startswith("it has not ended yet")
    assert open_still[0]["response"]["content"]["text"] == "id: 1\ndata: a\n\n"
    request, response = entry["request"], entry["response"]
    assert (request["method"], request["httpVersion"]) == ("GET", "HTTP/1.1")
    assert request["url"] == f"http://localhost/@a{STATUS}?x=1&y=%C3%A9"
    assert pairs(request["queryString"]) == [("x", "1"), ("y", "é")]
    assert pairs(request["cookies"]) == [("a", "1"), ("b", "2")]
    assert ("X-Odd", "é") in pairs(request["headers"])
    assert (response["status"], response["statusText"]) == (200, "OK")
    assert response["content"]["mimeType"] == "text/event-stream"
    assert response["content"]["text"] == 'id: 1\ndata: a\n\nevent: x\nid: 2\ndata: ["b"]\n\n'
    assert (entry["startedDateTime"], entry["time"]) == ("2026-01-01T00:00:02.500+00:00", 1000)
    assert entry["_scenario"] == "story"


async def test_bodies_as_har(tmp_path):
    """Texts as they are, other bytes in base64, a coded stream decoded."""
    text = """
operation: createOrder
response: {status: 418, headers: {Location: /x, Set-Cookie: s=1; Path=/}, body: "é"}
"""
    async with serving(tmp_path, text, requests="off") as server:
        for body in (b'{"a": "\xc3\xa9"}', b"\xff\xfe"):
            await fetch(
                server, "/v1/orders", "Content-Type: application/json", method="POST", body=body
            )
        first, second = await har(server)
    assert first["request"]["postData"]["text"] == '{"a": "é"}'
    assert first["request"]["bodySize"] == 11
    assert second["request"]["postData"]["text"] == base64.b64encode(b"\xff\xfe").decode()
    assert second["request"]["postData"]["_encoding"] == "base64"
    assert first["response"]["status"] == 418
    assert first["response"]["redirectURL"] == "/x"
    assert pairs(first["response"]["cookies"]) == [("s", "1")]
    assert first["response"]["content"]["text"] == "é"


async def test_a_coded_stream_as_har(tmp_path):
    """Its text is what it says, its size on the wire is told apart."""
    text = OPERATION + "wire: {encoding: gzip}\nstream: [{data: " + "a" * 200 + "}]"
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS, "Accept-Encoding: gzip")
        (entry,) = await har(server)
    assert entry["response"]["content"]["text"].encode() == gzip.decompress(received.body)
    assert entry["response"]["bodySize"] == len(received.body)


async def test_breaks_as_har(tmp_path):
    """An answer that never came has the status 0, as in browsers."""
    text = (
        OPERATION + "connections: [{disconnect: reset}, {steps: [{data: a}, {disconnect: drop}]}]"
    )
    async with serving(tmp_path, text) as server:
        for _ in range(2):
            await fetch(server, STATUS)
        entries = await har(server)
    found = [(e["response"]["status"], e["comment"].partition(";")[0]) for e in entries]
    assert found == [
        (0, "the connection was reset"), (200, "the connection was dropped"),
    ]  # fmt: skip


async def test_long_bodies_are_cut(tmp_path):
    """And it is said so; the size is the real one."""
    text = (
        OPERATION
        + "stream: [{repeat: {times: 3000, steps: [{id: '{{ n }}', data: "
        + "x" * 500
        + "}]}}]"
    )
    async with serving(tmp_path, text) as server:
        received = await fetch(server, STATUS)
        (entry,) = await har(server)
    content = entry["response"]["content"]
    assert len(content["text"]) == 1024 * 1024
    assert "cut after 1,048,576 bytes" in content["comment"]
    assert entry["response"]["bodySize"] == len(received.body)


# --- live ----------------------------------------------------------------------------------------


def told(found):
    return [(e["session"], e["kind"]) if "session" in e else ("", e["kind"]) for e in found]


async def test_what_happens_is_told_as_it_happens(tmp_path):
    """Of all sessions, to all who listen, the blocks of a stream as well."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        streams = [await Following.of(server) for _ in range(3)]
        client = await RawClient.connect(server)
        await client.send(f"/@a{STATUS}", "Connection: close")
        begun = [told(await stream.events(2)) for stream in streams]
        server.session("a").advance("1s")
        await client.rest()
        ended = [told(await stream.events(2)) for stream in streams]
        for stream in streams:
            await stream.client.leave()
    assert begun == [[("a", "opened"), ("a", "sent")]] * 3
    assert ended == [[("a", "sent"), ("a", "closed")]] * 3


LIVE = {
    "all of it": ("/_mock/journal/stream", [("a", "refused"), ("b", "opened"), ("b", "closed")]),
    "one session": ("/_mock/journal/stream?session=b", [("b", "opened"), ("b", "closed")]),
    "a session's own": ("/_mock/sessions/a/journal/stream", [("a", "refused")]),
    "kinds": (
        "/_mock/journal/stream?kind=refused&kind=closed", [("a", "refused"), ("b", "closed")],
    ),
    "both": ("/_mock/journal/stream?session=b&kind=closed", [("b", "closed")]),
}  # fmt: skip


@pytest.mark.parametrize(("path", "expected"), LIVE.values(), ids=LIVE)
async def test_a_part_of_what_happens(tmp_path, path, expected):
    """By session and kind; a session need not be there before."""
    text = OPERATION + "response: {status: 500}"
    async with serving(tmp_path, text) as server:
        server.session("a").reset()
        stream = await Following.of(server, path)
        await fetch(server, "/@a/nowhere")
        await fetch(server, f"/@b{STATUS}")
        found = told(await stream.events(len(expected)))
        assert stream.found == []
        await stream.client.leave()
    assert found == expected


async def test_a_stream_is_taken_up_where_it_was(tmp_path):
    """By Last-Event-ID, which goes before the query of the first request."""
    async with serving(tmp_path, STORY) as server:
        for _ in range(4):
            await fetch(server, "/nowhere")
        again = await Following.of(server, "/_mock/journal/stream?since=0", "Last-Event-ID: 3")
        (last,) = await again.events(1)
        first = await Following.of(server, "/_mock/journal/stream?since=2")
        rest = await first.events(2)
        for stream in (again, first):
            await stream.client.leave()
    assert last["running"] == 4
    assert [entry["running"] for entry in rest] == [3, 4]


@pytest.mark.parametrize("last", ["99", "-1", "9" * 400, "café", "1.5"])
async def test_an_id_that_is_none_of_ours(tmp_path, last):
    """The stream says so, and tells all that is held: the server may have been started anew."""
    async with serving(tmp_path, STORY) as server:
        await fetch(server, "/nowhere")
        stream = await Following.of(server, "/_mock/journal/stream", f"Last-Event-ID: {last}")
        dropped, entry = await stream.events(2)
        await stream.client.leave()
    assert (dropped["kind"], dropped["count"], dropped["why"]) == (
        "dropped", None, "unknown-last-event-id",
    )  # fmt: skip
    assert entry["running"] == 1


async def test_what_the_journal_holds_no_more(tmp_path):
    """Is counted where the stream is taken up."""
    async with serving(tmp_path, STORY, journal=2) as server:
        for _ in range(5):
            await fetch(server, "/nowhere")
        stream = await Following.of(server, "/_mock/journal/stream", "Last-Event-ID: 1")
        found = await stream.events(3)
        await stream.client.leave()
    assert [(e["kind"], e["running"], e.get("count")) for e in found] == [
        ("dropped", 3, 2), ("refused", 4, None), ("refused", 5, None),
    ]  # fmt: skip


async def test_sessions_that_are_reset_or_deleted(tmp_path):
    """With how many entries went, whatever kinds are asked for."""
    async with serving(tmp_path, STORY, sessions=2) as server:
        stream = await Following.of(server, "/_mock/journal/stream?kind=closed")
        await fetch(server, "/@a/nowhere")
        server.session("a").reset()
        await fetch(server, "/@a/nowhere")
        await fetch(server, "/@b/nowhere")
        await fetch(server, "/@c/nowhere")
        await fetch(server, "/@d/nowhere")
        found = []
        while len(found) < 3:  # entries that went so soon are dropped, or were not chosen
            found += [e for e in await stream.events(1) if e["kind"] != "dropped"]
        await stream.client.leave()
    assert [(e["kind"], e["session"], e["entries"]) for e in found] == [
        ("reset", "a", 1), ("deleted", "a", 1), ("deleted", "b", 1),
    ]  # fmt: skip


async def test_a_reader_that_takes_nothing(tmp_path):
    """Costs what its socket holds; when it reads on, it is told how much it missed."""
    async with serving(tmp_path, STORY, journal=100) as server:
        stream = await Following.of(server)
        journal = server._session("default").journal
        entry = Sent("story" * 200, 1, 1, 1, 1, 0.0)
        for turn in range(60_000):
            journal.record(entry)
            if turn % 100 == 0:
                await turn_of_others()
        found = []
        while not found or found[-1]["running"] < 60_000:
            found += await stream.events(1)
        await stream.client.leave()
    lost = sum(e["count"] for e in found if e["kind"] == "dropped")
    told = [e["number"] for e in found if e["kind"] == "sent"]
    assert lost > 0
    assert lost + len(told) == 60_000
    assert told == sorted(set(told))


async def test_the_stream_ends_with_the_server(tmp_path):
    """Properly, also for a reader that takes nothing."""
    async with serving(tmp_path, STORY) as server:
        streams = [await RawClient.connect(server) for _ in range(2)]
        for stream in streams:
            await stream.send("/_mock/journal/stream")
            await stream.until(b": after 0")
        assert server._live.followers == 2
        await server.stop()
        received = [await stream.rest() for stream in streams]
    assert [(one.end, one.finished) for one in received] == [("fin", True)] * 2
    assert server._live.followers == 0


async def test_whoever_leaves_is_forgotten(tmp_path):
    """Nothing waits for entries in its place."""
    async with serving(tmp_path, STORY) as server:
        stream = await Following.of(server)
        while not server._live.journals.bells:
            await turn_of_others()
        await stream.client.leave()
        while server._live.followers:
            await turn_of_others()
        assert server._live.journals.bells == []


async def test_too_many_live_streams(tmp_path, monkeypatch):
    """One more than the bound is refused; whoever leaves makes room."""
    monkeypatch.setattr(live_journal, "FOLLOWERS", 1)
    async with serving(tmp_path, STORY) as server:
        stream = await Following.of(server)
        status, problem = await ask(server, "/journal/stream")
        await stream.client.leave()
        while server._live.followers:
            await turn_of_others()
        again = await Following.of(server)
        await again.client.leave()
    assert (status, problem["code"]) == (503, "too-many-followers")


async def test_a_quiet_stream_has_heartbeats(tmp_path, monkeypatch):
    """In real time, whatever clock the sessions have."""
    monkeypatch.setattr(live_journal, "HEARTBEAT", 0.01)
    async with serving(tmp_path, STORY, clock="manual") as server:
        stream = await Following.of(server)
        raw = b""
        while raw.count(b":\n\n") < 3:
            raw += await stream.client.reader.read(65536)
        await fetch(server, "/nowhere")
        stream.take(raw)
        found = await stream.events(1)
        await stream.client.leave()
    assert told(found) == [("default", "refused")]


async def test_only_the_head_of_a_stream(tmp_path):
    """HEAD does not wait."""
    async with serving(tmp_path, STORY) as server:
        received = await fetch(server, "/_mock/journal/stream", method="HEAD")
    assert (received.status, received.content) == (200, b"")


# --- metrics -------------------------------------------------------------------------------------


def samples(families):
    return {
        (
            sample.name,
            *(f"{name}={value}" for name, value in sorted(sample.labels.items())),
        ): sample.value
        for family in families
        for sample in family.samples
    }


async def test_metrics(tmp_path):
    """Connections, events, requests, refusals and violations, as text that Prometheus reads."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        await fetch(server, "/nowhere")
        await fetch(server, "/v1/pets")
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"\n\n")
        _, text = await ask(server, "/metrics")
        during = samples(read_plain(text))
        await client.leave()
        while server._live.serving:
            await turn_of_others()
        received = await fetch(server, "/_mock/metrics")
    after = samples(read_plain(received.body.decode()))
    stream = "operation=streamOrderStatus"
    assert during["mockserver_connections_open", stream] == 1
    assert during["mockserver_connections_total", stream] == 1
    assert during["mockserver_requests_total", stream, "status=200"] == 1
    assert during["mockserver_requests_refused_total", "code=no-operation"] == 1
    assert during["mockserver_requests_refused_total", "code=request-breaks-contract"] == 1
    assert during["mockserver_violations_total", "by=client", "part=request"] == 1
    assert during["mockserver_sessions",] == 1
    assert after["mockserver_connections_open", stream] == 0
    ended = ("mockserver_connections_ended_total", "by=client", "ending=end", stream)
    assert after[ended] == 1
    assert after["mockserver_events_sent_total", stream] == 1
    assert after["mockserver_body_bytes_sent_total", stream] == len("id: 1\ndata: a\n\n")
    assert [name for name, *_ in after if name == "mockserver_build_info"]
    assert received.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"


async def test_metrics_outlive_their_sessions(tmp_path):
    """What was counted stays counted."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, f"/@a{STATUS}")
        server.session("a").reset()
        await fetch(server, "/_mock/sessions/a", method="DELETE")
        _, text = await ask(server, "/metrics")
    found = samples(read_plain(text))
    assert found["mockserver_events_sent_total", "operation=streamOrderStatus"] == 2


ACCEPTS = {
    "": "text/plain",
    "*/*": "text/plain",
    "application/openmetrics-text": "application/openmetrics-text",
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1": (
        "application/openmetrics-text"
    ),
    "text/plain;version=abc": "text/plain",
    "nonsense;;;q=x": "text/plain",
}


@pytest.mark.parametrize(("accept", "kind"), ACCEPTS.items(), ids=ACCEPTS)
async def test_formats_of_metrics(tmp_path, accept, kind):
    """By Accept; both say the same."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        received = await fetch(server, "/_mock/metrics", *([f"Accept: {accept}"] if accept else []))
    read = read_open if kind.endswith("openmetrics-text") else read_plain
    found = samples(read(received.body.decode()))
    assert received.header("Content-Type").partition(";")[0] == kind
    assert found["mockserver_connections_total", "operation=streamOrderStatus"] == 1


@pytest.mark.parametrize(
    ("operation", "path"),
    {
        "getJournal": "/journal",
        "getSessionJournal": "/sessions/default/journal?format=har",
        "getMetrics": "/metrics",
    }.items(),
)
async def test_answers_fit_the_document(tmp_path, operation, path):
    """Of the control API."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        received = await fetch(server, f"/_mock{path}")
    headers = received.headers
    found = answer_violations(
        control_contract().operations[operation],
        received.status,
        headers,
        received.body,
        empty=False,
    )
    assert found == []

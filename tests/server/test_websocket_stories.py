"""Stories over WebSockets: resumed, steered, judged, and told again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from clients import STATUS, fetch, serving, write
from web_sockets import EVERY_FIELD, OPERATION, closed, heard, opened

from mockserver.play.journal import Opened

RESUMED = {
    "the header": ("", "", {"headers": {"Last-Event-ID": "1"}}),
    "lastEventId": ("", "?lastEventId=1", {}),
    "lastEventID": ("?a=b", "?a=b&lastEventID=1", {}),
    "Last-Event-ID": ("", "?Last-Event-ID=1", {}),
    "last_event_id": ("?a=b", "?last_event_id=1&a=b", {}),
}


@pytest.mark.parametrize(("before", "query", "settings"), RESUMED.values(), ids=RESUMED)
async def test_a_websocket_resumes_after_an_id(tmp_path, before, query, settings):
    """By header or by query; the parameter is nothing by which clients are told apart."""
    text = f"{OPERATION}stream: [{{id: 1, data: one}}, {{id: 2, data: two}}, {{hold: forever}}]"
    async with serving(tmp_path, text) as server:
        async with opened(server, STATUS + before) as socket:
            await socket.receive_json()
        await closed(server)
        async with opened(server, STATUS + query, **settings) as socket:
            got = await socket.receive_json()
        await closed(server)
        entries = [e for e in server.session().journal if isinstance(e, Opened)]
    assert got == {"id": "2", "data": "two"}
    assert [(e.connection, e.last_event_id, e.status) for e in entries] == [
        (1, None, 101),
        (2, "1", 101),
    ]


BEFORE_RAW = {
    "literals": ("b", {"id": "2", "data": "b"}),
    "templates": ("'{{ request.method }}'", {"id": "2", "data": "GET"}),
}


@pytest.mark.parametrize(("data", "second"), BEFORE_RAW.values(), ids=BEFORE_RAW)
async def test_a_websocket_resumes_from_a_connection_before_one_by_hand(tmp_path, data, second):
    """What the first connection had is told event by event, and then what the raw steps say."""
    text = f"""{OPERATION}connections:
- steps: [{{id: 1, data: a}}, {{id: 2, data: {data}}}, {{id: 3, comment: c}}, {{disconnect: drop}}]
- steps: [{{raw: "data: r"}}, {{raw: "aw\\n\\n"}}, {{raw: "id: 4\\nid\\ndata: x\\n\\n"}}]
"""
    async with serving(tmp_path, text) as server:
        assert (await heard(server, STATUS))[0][0] == {"id": "1", "data": "a"}
        got, code = await heard(server, STATUS, headers={"Last-Event-ID": "1"})
    assert (got, code) == ([second, {"id": "3"}, {"data": "raw"}, {"id": "", "data": "x"}], 1000)


async def test_a_test_steers_a_websocket(tmp_path):
    """It pushes events and bytes, holds, releases and cuts, and the oracle hears all of it."""
    text = f"{OPERATION}stream: [{{id: 1, data: one}}, {{delay: 1h, data: late}}]"
    async with serving(tmp_path, text, clock="manual") as server:
        session = server.session()
        async with opened(server, STATUS) as socket:
            got = [await socket.receive_json()]
            session.push({"a": 1}, event="x", id=7)
            got.append(await socket.receive_json())
            session.push_raw("data: by hand\n\n: no\n\ndata: half")
            got.append(await socket.receive_json())
            session.hold()
            session.release()
            session.disconnect("end")
            end = await socket.receive()
        await closed(server)
        (found,) = session.dispatched()
        pushes = [(e.data, e.size) for e in session.journal if type(e).__name__ == "Pushed"]
    assert got == [
        {"id": "1", "data": "one"},
        {"event": "x", "id": "7", "data": '{"a":1}'},
        {"data": "by hand"},
    ]
    assert end.data == 1000
    assert [(e["type"], e["data"], e["lastEventId"]) for e in found["events"]] == [
        ("message", "one", "1"),
        ("x", '{"a":1}', "7"),
        ("message", "by hand", "7"),
    ]
    assert [data for data, _ in pushes] == [
        '{"event":"x","id":"7","data":"{\\"a\\":1}"}',
        '{"data":"by hand"}',
    ]


async def test_what_a_test_pushes_is_known_before_what_comes_later_by_hand(tmp_path):
    """The id of the push is the last one when the story says its own again."""
    text = f"""{OPERATION}stream: [{{raw: "id: 1\\n\\n"}}, {{delay: 1h, raw: "id: 1\\ndata: x\\n\\n"}}]"""
    async with serving(tmp_path, text, clock="manual") as server, opened(server, STATUS) as socket:
        got = [await socket.receive_json()]
        server.session().push("pushed", id=7)
        got.append(await socket.receive_json())
        server.session().advance("1h")
        got.append(await socket.receive_json())
    assert got == [{"id": "1"}, {"id": "7", "data": "pushed"}, {"id": "1", "data": "x"}]


async def test_signals_let_a_websocket_go_on(tmp_path):
    """A story over a WebSocket awaits what any other does."""
    text = f"{OPERATION}stream: [{{data: a}}, {{await: {{signal: paid}}}}, {{data: b}}]"
    async with serving(tmp_path, text) as server, opened(server, STATUS) as socket:
        await socket.receive_json()
        server.session().signal("paid")
        assert await socket.receive_json() == {"data": "b"}


JUDGED = """
operation: streamOrderStatus
stream:
- {id: 1, data: one}
- disconnect: drop
- {event: complete, id: 2, data: two}
- hold: forever
expect:
- {connection: 2, last_event_id: "1"}
- closed_by: client
  after_event: complete
- requests: {streamOrderStatus: 2}
"""


@pytest.mark.parametrize(("last_id", "status"), [("1", "passed"), ("", "failed")])
async def test_a_client_is_judged_by_what_it_did(tmp_path, last_id, status):
    """The expectations of a scenario hold for whoever plays it."""
    async with serving(tmp_path, JUDGED, clock="manual") as server:
        assert await heard(server, STATUS) == ([{"id": "1", "data": "one"}], 1006)
        await closed(server)
        async with opened(server, f"{STATUS}?lastEventId={last_id}") as socket:
            await socket.receive_json()
        await closed(server)
        verdict = server.session().verdict(final=True)
    assert verdict["status"] == status


async def test_transports_tell_their_own_stories(tmp_path):
    """A WebSocket never takes up what an event stream has begun, nor another session's."""
    text = f"{OPERATION}stream: [{{data: one}}, {{disconnect: end}}, {{data: two}}]"
    async with serving(tmp_path, text) as server:
        plain = await fetch(server, STATUS)
        first, _ = await heard(server, STATUS)
        other, _ = await heard(server, f"/@other{STATUS}")
        second, _ = await heard(server, STATUS)
        again = await fetch(server, STATUS)
    assert (plain.body, again.body) == (b"data: one\n\n", b"data: two\n\n")
    assert (first, other, second) == ([{"data": "one"}], [{"data": "one"}], [{"data": "two"}])


async def test_the_journal_shows_what_frames_said(tmp_path):
    """Expanded entries have the fields, and HAR the messages."""
    async with serving(tmp_path, EVERY_FIELD) as server:
        await heard(server, STATUS)
        await closed(server)
        journal = "/_mock/sessions/default/journal"
        found = json.loads((await fetch(server, f"{journal}?expand=true&kind=sent")).body)
        log = json.loads((await fetch(server, f"{journal}?format=har")).body)["log"]
        told = json.loads((await fetch(server, "/_mock/sessions/default/requests/1")).body)
    assert [e for entry in found["entries"] for e in entry["events"]] == [
        {"data": "plain"},
        {"type": "update", "id": "1", "data": '{"a":[1,"ž"]}', "retry": 2000},
        {"comment": "alone"},
        {"id": "2"},
        {"data": "two\nlines"},
    ]
    texts = [
        '{"data":"plain"}',
        '{"event":"update","id":"1","data":"{\\"a\\":[1,\\"ž\\"]}","retry":2000}',
        "alone",
        '{"id":"2"}',
        '{"data":"two\\nlines"}',
    ]
    assert [(block["text"], block["bytes"]) for block in told["blocks"]] == [
        (text, len(text.encode()) + 2) for text in texts
    ]
    (entry,) = log["entries"]
    assert entry["_resourceType"] == "websocket"
    assert [json.loads(message["data"]) for message in entry["_webSocketMessages"]] == [
        {"data": "plain"},
        {"event": "update", "id": "1", "data": '{"a":[1,"ž"]}', "retry": 2000},
        {"id": "2"},
        {"data": "two\nlines"},
    ]


@pytest.mark.parametrize(("kind", "code"), [("end", 1000), ("drop", 1006), ("reset", 1006)])
async def test_a_websocket_over_tls_is_the_same(tmp_path, pair, kind, code):
    """Frames, ends and what the oracle hears."""
    text = f"{OPERATION}stream: [{{id: 1, data: x}}, {{disconnect: {kind}}}]"
    async with serving(tmp_path, text, tls=pair) as server:
        found = await heard(server, STATUS, ssl=False)
        ends = await closed(server)
        (told,) = server.session().dispatched()
    assert (found, ends) == (([{"id": "1", "data": "x"}], code), [(kind, "script", code)])
    assert told["events"][0]["origin"].startswith("wss://")


RANDOM = (
    OPERATION
    + """
stream:
- repeat: {times: 20, steps: [{id: "{{ uuid() }}", data: {n: "{{ random_int(1, 1000000) }}"}}]}
- chance: {of: 50%, steps: [{data: heads}]}
- {comment: "{{ uuid() }}"}
"""
)
PRINT = """
import asyncio, sys
sys.path[:0] = sys.argv[1:2]
from clients import STATUS, serving
from pathlib import Path
from web_sockets import raw_socket

async def main():
    async with serving(Path(sys.argv[2]), sys.stdin.read(), clock="instant", seed="9") as server:
        client = await raw_socket(server, STATUS)
        sys.stdout.buffer.write((await client.rest()).raw)

asyncio.run(main())
"""


def test_the_bytes_are_the_same_in_another_process(tmp_path):
    """Handshake and frames, whatever PYTHONHASHSEED is."""
    here = Path(__file__).parent
    found = []
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", PRINT, str(here), str(folder)],
            input=RANDOM.encode(),
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        )
        found.append(done.stdout)
    assert found[0] == found[1]
    assert found[0].count(b'{"id":"') == 20


async def test_a_story_goes_on_when_another_file_was_edited(tmp_path):
    """What is unchanged is told in the very frames there were, so its clients are known."""
    text = f"{OPERATION}stream: [{{data: one}}, {{disconnect: end}}, {{data: two}}]"
    async with serving(tmp_path, text) as server:
        first, _ = await heard(server, STATUS)
        write(tmp_path, another="operation: listPets\nresponse: {status: 503}")
        assert (await fetch(server, "/_mock/reload", method="POST")).status == 200
        second, _ = await heard(server, STATUS)
    assert (first, second) == ([{"data": "one"}], [{"data": "two"}])

"""The same story as an event stream and over a WebSocket tells its client the same."""

import pytest
from stage import Stage

from mockserver.play.oracle import ConformingClient
from mockserver.play.socket_client import SWITCHING, SocketClient
from mockserver.scenario.frames import as_frames
from mockserver.sse.frames import TEXT, frame

ALIKE = {
    "an id that is taken back": """
stream: [{id: 1, data: a}, {disconnect: drop}, {raw: "id\\ndata: b\\n\\n"}, {raw: "data: c\\n\\n"}]
""",
    "an id that is taken back, alone": """
stream: [{id: 1, data: a}, {disconnect: drop}, {raw: ":\\n\\n"}, {id: "", cut: -1}, {raw: "\\n"}]
""",
    "an id that is said again": """
stream: [{id: 1, data: a}, {disconnect: drop}, {raw: "id: 1\\ndata: b\\n\\n"}, {data: c}]
""",
    "a heartbeat within an event": """
heartbeat: 10s
stream: [{raw: "data: on"}, {delay: 15s, raw: "e\\n\\n"}, {data: two}, {delay: 15s, data: three}]
""",
    "a heartbeat that ends an event": """
heartbeat: {every: 10s, event: beat, data: still here}
stream: [{id: 1, data: one, cut: -1}, {delay: 15s, data: two}, {delay: 10s, data: three}]
""",
    "a heartbeat between connections by hand": """
heartbeat: {every: 10s, data: "{{ connection }}"}
stream: [{raw: "id: 1\\n\\n"}, {delay: 15s, disconnect: drop}, {delay: 15s, data: two}, {raw: ":"}]
""",
}


def lived(story, client, status, program=None):
    """Return what a client hears that comes back until the story has been told."""
    stage = Stage(story)
    stage.program = program or stage.program
    while True:
        visit = stage.connect(client.last_event_id or None)
        if visit.turn.row is None or visit.subscription > 1:
            break
        client.request(stage.now)
        client.respond(stage.now, status, visit.head.headers)
        for sent in visit.receive().sends:
            client.receive(sent.at, sent.data)
        client.finish(stage.now, visit.ended)
    events = [
        (e.connection, e.at, e.type, e.data, e.last_event_id, client.reconnection_time)
        for e in client.events
    ]
    return events, client.last_event_id


@pytest.mark.parametrize("story", ALIKE.values(), ids=ALIKE)
def test_a_websocket_tells_what_an_event_source_hears(story):
    """Events with their moments and last ids, by hand or not, and what is known after the last."""
    framed = as_frames(Stage(story).program)
    heard = lived(story, ConformingClient(), 200)
    assert lived(story, SocketClient(), SWITCHING, framed) == heard
    assert heard[0]


RATED = {
    "events": "{id: 1, data: a}, {data: b}",
    "events of a template": "{id: '{{ connection }}', data: a}, {data: b}",
    "by hand": '{id: 1, data: a}, {raw: "da"}, {raw: "ta: b\\n\\n"}',
}


@pytest.mark.parametrize("steps", RATED.values(), ids=RATED)
def test_frames_leave_as_fast_as_the_wire_says(steps):
    """So many bytes of them a second, each whole when its last byte has had its time."""
    stage = Stage(f"wire: {{rate: 10 B/s}}\nstream: [{steps}]")
    stage.program = as_frames(stage.program)
    visit = stage.connect().receive()
    first, second = frame(TEXT, b'{"id":"1","data":"a"}'), frame(TEXT, b'{"data":"b"}')
    assert [(sent.at, sent.data) for sent in visit.sends if sent.data] == [
        (len(first) / 10, first),
        (len(first + second) / 10, second),
    ]
    assert visit.ended_at == len(first + second) / 10
    assert stage.program.notes == ()


WIRED = {
    "its ends of lines": ("wire: {newline: crlf}", "{data: a}"),
    "beside a rate": ("wire: {rate: 1 MB/s, bom: true}", "{data: a}"),
    "pieces of a step, beside a rate": ("wire: {rate: 1 MB/s}", "{data: a, split: 2}"),
    "pieces in a loop": ("", "{repeat: {times: 2, steps: [{data: a, split: 2}]}}"),
}


@pytest.mark.parametrize(("wire", "steps"), WIRED.values(), ids=WIRED)
def test_what_else_the_wire_says_is_noted(wire, steps):
    """Nothing of it is left out silently."""
    program = as_frames(Stage(f"{wire}\nstream: [{steps}]").program)
    assert program.notes == ("no-wire-in-websocket",)


def test_half_an_event_by_hand_is_none_before_frames():
    """A client that comes back gets both connections in one; an event source would glue them."""
    story = (
        'stream: [{id: 1, data: a}, {raw: "data: half\\n"}, {disconnect: drop}, {id: 2, data: b}]'
    )
    stage = Stage(story)
    stage.program = as_frames(stage.program)
    stage.connect().receive()
    visit = stage.connect("1").receive()
    sent = b"".join(each.data for each in visit.sends)
    assert sent == frame(TEXT, b'{"id":"2","data":"b"}')

"""Events as frames of a WebSocket, and frames read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.sse.encode import Event, Form, encode
from mockserver.sse.framed import framed, told
from mockserver.sse.frames import CLOSE, PING, TEXT, Frame, closing, frame, frames
from mockserver.sse.parse import Parser

FRAMES = Form(frames=True)
ENCODED = {
    "data alone": (Event(data="hi"), b'\x81\x0d{"data":"hi"}'),
    "the order of the members": (
        Event(data="d", retry=5, id="i", event="e"),
        b'\x81\x2b{"event":"e","id":"i","data":"d","retry":5}',
    ),
    "empty fields": (Event(data="", id=""), b'\x81\x13{"id":"","data":""}'),
    "retry alone": (Event(retry=0), b'\x81\x0b{"retry":0}'),
    "a comment is a ping": (Event(comment="alive"), b"\x89\x05alive"),
    "an empty comment": (Event(comment=""), b"\x89\x00"),
    "a comment beside an event is nothing": (
        Event(comment="c", data="d"),
        b'\x81\x0c{"data":"d"}',
    ),
    "line ends as they are dispatched": (
        Event(data="a\r\nb\rc\n"),
        b'\x81\x14{"data":"a\\nb\\nc\\n"}',
    ),
    "more than ASCII": (Event(data="ž"), b'\x81\x0d{"data":"\xc5\xbe"}'),
    "a lone surrogate": (Event(data="\ud800"), b'\x81\x0e{"data":"\xef\xbf\xbd"}'),
    "nothing": (Event(), b""),
}


@pytest.mark.parametrize(("event", "expected"), ENCODED.values(), ids=ENCODED)
def test_an_event_is_one_text_frame_with_what_it_says(event, expected):
    """The members are those that are said, in the order event, id, data, retry."""
    assert expected == encode(event, FRAMES)


@pytest.mark.parametrize("framing", ["sse", "lines", "seq"])
def test_frames_are_the_same_in_every_framing(framing):
    """Over a WebSocket nothing separates items but their frames."""
    form = Form(framing=framing, frames=True)
    assert encode(Event(data='{"a":1}'), form) == b'\x81\x14{"data":"{\\"a\\":1}"}'


LENGTHS = {
    0: b"\x81\x00",
    125: b"\x81\x7d",
    126: b"\x81\x7e\x00\x7e",
    65535: b"\x81\x7e\xff\xff",
    65536: b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
}


@pytest.mark.parametrize(("size", "head"), LENGTHS.items())
def test_a_length_is_written_in_the_fewest_bytes(size, head):
    """RFC 6455 § 5.2: "the minimal number of bytes MUST be used to encode the length"."""
    data = b"x" * size
    assert frame(TEXT, data) == head + data
    assert list(frames(head + data)) == [Frame(TEXT, data)]


CLOSINGS = {
    "a code": ((1000, ""), b"\x88\x02\x03\xe8"),
    "a reason": ((1011, "no"), b"\x88\x04\x03\xf3no"),
    "a reason that is too long": ((1011, "x" * 200), b"\x88\x7d\x03\xf3" + b"x" * 123),
    "no half of a character": ((1011, "ž" * 100), b"\x88\x7c\x03\xf3" + "ž".encode() * 61),
}


@pytest.mark.parametrize(("said", "expected"), CLOSINGS.values(), ids=CLOSINGS)
def test_a_connection_is_closed_with_code_and_reason(said, expected):
    """RFC 6455 § 5.5.1, within the 125 bytes of a control frame."""
    assert closing(*said) == expected


@given(
    st.lists(st.tuples(st.sampled_from([TEXT, PING, CLOSE]), st.binary(max_size=300)), max_size=5)
)
def test_what_is_written_is_read(written):
    """Frames come back as they were, one after another."""
    data = b"".join(frame(opcode, content) for opcode, content in written)
    assert [(each.opcode, each.data) for each in frames(data)] == written


@given(st.integers(1, 200), st.integers(0, 300))
def test_of_a_frame_that_was_cut_off_the_rest_is_missing(cut, size):
    """What has left of it is no whole frame, wherever the cut falls."""
    data = frame(TEXT, b"x" * size)
    *_, last = frames(frame(TEXT, b"before") + data[: min(cut, len(data) - 1)])
    assert (last.whole, len(last.data) < max(size, 1)) == (False, True)


HEARD = {
    "one event": (b"data: a\n\n", b'\x81\x0c{"data":"a"}'),
    "an event with all": (
        b"event: e\nid: 1\nretry: 9\ndata: a\n\n",
        encode(Event(event="e", id="1", data="a", retry=9), FRAMES),
    ),
    "the id is told once": (
        b"id: 1\ndata: a\n\ndata: b\n\n",
        encode(Event(id="1", data="a"), FRAMES) + encode(Event(data="b"), FRAMES),
    ),
    "an id without an event": (b"id: 1\n\n", encode(Event(id="1"), FRAMES)),
    "a time without an event": (b"retry: 9\n\n", encode(Event(retry=9), FRAMES)),
    "comments": (b": a\n\n", b""),
    "half of an event": (b"data: a\n", b""),
    "what is no field": (b"garbage\n\n", b""),
}


@pytest.mark.parametrize(("data", "expected"), HEARD.values(), ids=HEARD)
def test_bytes_written_by_hand_are_the_events_that_a_client_takes_of_them(data, expected):
    """One frame an event that a conforming client would dispatch, when it would."""
    parser = Parser()
    heard = parser.feed(data)
    after = (parser.last_event_id, parser.reconnection_time)
    assert expected == framed(heard, ("", None), after)


def test_a_frame_is_told_by_its_members():
    """Comments come as such; the end of the connection and what was cut off say nothing."""
    event = Event(event="e", id="1", data="d", retry=5)
    data = encode(Event(comment="c"), FRAMES) + encode(event, FRAMES) + closing(1000) + b"\x81\x05{"
    assert list(told(data)) == [
        {"comment": "c"},
        {"event": "e", "id": "1", "data": "d", "retry": 5},
    ]

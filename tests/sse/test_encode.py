"""The wire format, written here and read back by a parser that others wrote."""

import json

import pytest
from httpx_sse._decoders import SSEDecoder, SSELineDecoder
from hypothesis import given
from hypothesis import strategies as st

from mockserver.sse.encode import Event, Form, breaks_line, encode, json_text, split_lines

ENCODED = {
    "nothing": (Event(), b"\n"),
    "data": (Event(data="hi"), b"data: hi\n\n"),
    "empty data": (Event(data=""), b"data: \n\n"),
    "the order of the fields": (
        Event(data="d", retry=5, id="i", event="e", comment="c"),
        b": c\nevent: e\nid: i\nretry: 5\ndata: d\n\n",
    ),
    "a comment alone": (Event(comment="alive"), b": alive\n\n"),
    "an empty comment": (Event(comment=""), b": \n\n"),
    "a comment of two lines": (Event(comment="a\nb"), b": a\n: b\n\n"),
    "an empty id": (Event(id=""), b"id: \n\n"),
    "an empty event type": (Event(event="", data="x"), b"event: \ndata: x\n\n"),
    "retry alone": (Event(retry=0), b"retry: 0\n\n"),
    "lines by LF": (Event(data="a\nb"), b"data: a\ndata: b\n\n"),
    "lines by CRLF": (Event(data="a\r\nb"), b"data: a\ndata: b\n\n"),
    "lines by CR": (Event(data="a\rb"), b"data: a\ndata: b\n\n"),
    "LF CR are two": (Event(data="a\n\rb"), b"data: a\ndata: \ndata: b\n\n"),
    "a line end at the end": (Event(data="a\n"), b"data: a\ndata: \n\n"),
    "only a line end": (Event(data="\n"), b"data: \ndata: \n\n"),
    "U+2028, NEL, VT and FF split nothing": (
        Event(data="a\u2028b\x85c\x0bd\x0ce\x1cf"),
        "data: a\u2028b\x85c\x0bd\x0ce\x1cf\n\n".encode(),
    ),
    "a space at the beginning": (Event(data=" a"), b"data:  a\n\n"),
    "a colon": (Event(data=": a"), b"data: : a\n\n"),
    "more than ASCII": (Event(data="žluť 😀"), "data: žluť 😀\n\n".encode()),
    "a lone surrogate": (Event(data="a\ud800b"), b"data: a\xef\xbf\xbdb\n\n"),
    "a byte order mark": (Event(data="\ufeff"), b"data: \xef\xbb\xbf\n\n"),
}


@pytest.mark.parametrize(("event", "block"), ENCODED.values(), ids=ENCODED)
def test_a_block_is_written_as_the_page_says(event, block):
    """One space after the colon, one line a line, a blank line at the end."""
    assert block == encode(event)


ORDERED = {
    "the id first": (("id",), b"id: i\n: c\nevent: e\nretry: 5\ndata: a\ndata: b\n\n"),
    "every field": (
        ("data", "retry", "id", "event", "comment"),
        b"data: a\ndata: b\nretry: 5\nid: i\nevent: e\n: c\n\n",
    ),
    "one that is not there": (
        ("id", "data"),
        b"id: i\ndata: a\ndata: b\n: c\nevent: e\nretry: 5\n\n",
    ),
}


@pytest.mark.parametrize(("order", "block"), ORDERED.values(), ids=ORDERED)
def test_fields_go_out_in_the_order_that_is_asked_for(order, block):
    """Those that are not named follow as usual; the lines of one field stay together."""
    assert block == encode(Event("c", "e", "i", 5, "a\nb"), Form(order=order))


LINES = Form(framing="lines")
CRLF = Form("\r\n", framing="lines")
SEQ = Form(framing="seq")
ITEMS = {
    "a line": (LINES, Event(data='{"a":1}'), b'{"a":1}\n'),
    "a line by CRLF": (CRLF, Event(data="1"), b"1\r\n"),
    "more than ASCII": (LINES, Event(data='"ž"'), '"ž"\n'.encode()),
    "a lone surrogate": (LINES, Event(data='"\ud800"'), b'"\xef\xbf\xbd"\n'),
    "a blank line": (LINES, Event(comment=""), b"\n"),
    "a record": (SEQ, Event(data='{"a":1}'), b'\x1e{"a":1}\n'),
    "nothing between records": (SEQ, Event(comment=""), b""),
    "fields that have no place": (LINES, Event("c", "e", "i", 1, "[]"), b"[]\n"),
}


@pytest.mark.parametrize(("form", "event", "item"), ITEMS.values(), ids=ITEMS)
def test_an_item_is_its_data_alone(form, event, item):
    """In another framing the data, a JSON text, are a line or a record (RFC 7464)."""
    assert item == encode(event, form)


def _read_back(stream):
    lines, events = SSELineDecoder(), SSEDecoder()
    found = [events.decode(line) for line in [*lines.decode(stream.decode()), *lines.flush()]]
    return [event for event in found if event is not None]


def test_another_parser_reads_what_was_written():
    """The last event ID stays until it is reset, the reconnection time is carried along."""
    stream = b"".join(
        map(
            encode,
            [
                Event(comment="hello"),
                Event(event="update", id="1", data="a\r\nb\rc"),
                Event(retry=1500, data="d"),
                Event(id="", data=""),
            ],
        )
    )

    assert [
        (e.event, e.data, e.id, e.retry) for e in _read_back(stream) if e.data or not e.retry
    ] == [
        ("update", "a\nb\nc", "1", None),
        ("message", "d", "1", 1500),
        ("message", "", "", None),
    ]


_LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
_EVENTS = st.builds(
    Event,
    comment=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    event=_LINE.filter(bool),
    id=st.none() | _LINE.filter(lambda text: "\0" not in text),
    retry=st.none() | st.integers(0, 10**9),
    data=st.text(st.characters(exclude_categories=["Cs"])),
)


@given(st.lists(_EVENTS, max_size=5))
def test_any_events_come_back_as_they_were(events):
    """What has a type and data is dispatched once, in order, with its lines joined by LF."""
    last_id, expected = "", []
    for event in events:
        last_id = last_id if event.id is None else event.id
        data = "\n".join(split_lines(event.data))
        expected.append((event.event, data, last_id, event.retry))

    found = _read_back(b"".join(map(encode, events)))
    assert expected == [(e.event, e.data, e.id, e.retry) for e in found]


@given(_EVENTS)
def test_a_block_ends_with_its_only_blank_line(event):
    """No field, whatever it holds, ends the block before its time."""
    lines = split_lines(encode(event).decode())

    assert lines[-2:] == ["", ""]
    assert all(lines[:-2])


@pytest.mark.parametrize(
    ("text", "breaks"),
    [("a", False), ("a\nb", True), ("a\rb", True), ("a\u2028b", False), ("", False)],
)
def test_only_cr_and_lf_break_a_line(text, breaks):
    """U+2028 is a character like others."""
    assert breaks is breaks_line(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, 1.5]}, '{"b":1,"a":[true,null,1.5]}'),
        ("žluť", '"žluť"'),
        (1.0, "1.0"),
        (2**70, "1180591620717411303424"),
    ],
)
def test_json_is_compact_and_keeps_order_and_letters(value, text):
    """Keys stand in the order written, and non-ASCII stays UTF-8."""
    assert text == json_text(value)
    assert value == json.loads(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_has_no_infinities(value):
    """They would be text that no JSON parser takes."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text(value)

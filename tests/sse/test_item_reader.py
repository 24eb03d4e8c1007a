"""JSON lines and JSON text sequences (RFC 7464), read as they arrive."""

import pytest

from mockserver.sse.items import reader, units
from mockserver.sse.parse import Parser

READ = {
    "lines": ("lines", b'{"a":1}\n"b"\n', ['{"a":1}', '"b"']),
    "lines by CRLF": ("lines", b"1\r\n2\r\n", ["1", "2"]),
    "blank lines": ("lines", b"\n1\n\n \n2\n", ["1", "2"]),
    "a line without its end": ("lines", b"1\n2", ["1"]),
    "what is no JSON": ("lines", b"hi\n", ["hi"]),
    "bytes that are no UTF-8": ("lines", b'"\xff"\n', ['"\\xff"']),
    "records": ("seq", b'\x1e{"a":1}\n\x1e"b"\n', ['{"a":1}', '"b"']),
    "a record of several lines": ("seq", b'\x1e{\n"a":1\n}\n', ['{\n"a":1\n}']),
    "a record that is cut off": ("seq", b'\x1e{"a"\n\x1e2\n', ['{"a"', "2"]),
    "a number without its end": ("seq", b"\x1e12", []),
    "separators one after another": ("seq", b"\x1e\x1e\x1e1\n", ["1"]),
}


@pytest.mark.parametrize(("framing", "data", "expected"), READ.values(), ids=READ)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_items_are_read(framing, data, expected, size):
    """Whole and in pieces; an item that has not come to its end is none."""
    found = reader(framing)
    heard = [item for at in range(0, len(data), size) for item in found.feed(data[at : at + size])]
    assert [item.data for item in heard] == expected
    assert {(item.type, item.last_event_id) for item in heard} <= {("message", "")}


def test_events_are_read_by_their_own_parser():
    """The reader of the first framing is that of the standard."""
    assert isinstance(reader("sse"), Parser)


UNITS = {
    "blocks": ("sse", b"data: a\n\n: b\n\nda", [b"data: a\n\n", b": b\n\n", b"da"]),
    "blocks by CRLF": ("sse", b"a\r\nb\r\n\r\nc", [b"a\r\nb\r\n\r\n", b"c"]),
    "blocks by CR": ("sse", b"a\rb\r\rc\r\r", [b"a\rb\r\r", b"c\r\r"]),
    "blocks of every kind": (
        "sse",
        b"a\n\r\nb\r\n\nc\r\n\rd\n\re",
        [b"a\n\r\n", b"b\r\n\n", b"c\r\n\r", b"d\n\r", b"e"],
    ),
    "blank lines in a row": ("sse", b"a\n\n\n\n\n", [b"a\n\n", b"\n\n", b"\n"]),
    "lines": ("lines", b"1\r\n\n[2]\n3", [b"1\r\n", b"\n", b"[2]\n", b"3"]),
    "records": ("seq", b"\x1e1\n\x1e2\n\x1e3", [b"\x1e1\n", b"\x1e2\n", b"\x1e3"]),
    "the rest of a record": ("seq", b"1\n\x1e2\n", [b"1\n", b"\x1e2\n"]),
    "nothing": ("seq", b"", []),
}


@pytest.mark.parametrize(("framing", "data", "expected"), UNITS.values(), ids=UNITS)
def test_what_left_together_is_told_apart(framing, data, expected):
    """Where a reader of the framing tells it apart; nothing is lost."""
    assert list(units(data, framing)) == expected
    assert b"".join(expected) == data

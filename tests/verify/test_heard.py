"""Streams of backends, read block by block as they arrive."""

import pytest

from mockserver.verify.heard import Block, BlockReader, ItemBlocks

STREAM = b": hi\n\nid: 1\ndata: one\n\nevent: two\ndata: 2\n\nid\ndata: three\n\nretry: 5\n\nid: 1\ndata: 4\n\n"
TOLD = [
    Block(None),
    Block(("message", "one", "1")),
    Block(("two", "2", None)),
    Block(("message", "three", "")),
    Block(("message", "4", "1")),
]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_each_event_is_told_with_the_id_it_brings_itself(size, newline):
    """An event without an id is not one that repeats it, in pieces of any size."""
    data = STREAM.replace(b"\n", newline)
    reader = BlockReader()

    found = [
        block
        for start in range(0, len(data), size)
        for block in reader.feed(data[start : start + size])
    ]

    assert found == TOLD
    assert reader.last_event_id == "1"
    assert reader.retry == 5


def test_what_comes_behind_the_last_blank_line_is_left():
    """No client gets it; it is shown where the body ends so."""
    reader = BlockReader("9")

    assert list(reader.feed(b"data: a\n\nid: 2\ndata: b\n")) == [Block(("message", "a", None))]
    assert reader.rest == b"id: 2\ndata: b\n"
    assert reader.last_event_id == "9"


def test_items_have_neither_types_nor_ids():
    """A blank line is a sign of life."""
    reader = ItemBlocks("lines")

    assert list(reader.feed(b'{"a":1}\n{"a"')) == [Block(("message", '{"a":1}', None))]
    assert list(reader.feed(b"\n")) == [Block(("message", '{"a"', None))]
    assert list(reader.feed(b"\n")) == [Block(None)]

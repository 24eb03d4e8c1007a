"""The reading of event streams, whole and in pieces, against the standard's examples and more."""

import codecs
import itertools

import pytest
from fuzz import utf8_decode

from mockserver.sse.encode import Event, encode
from mockserver.sse.parse import Dispatched, Parser

BOM = b"\xef\xbb\xbf"


def message(data, **others):
    """Build an event of the default type, without an ID, if `others` do not say otherwise."""
    return Dispatched(**{"type": "message", "data": data, "last_event_id": "", **others})


STREAMS = {
    # The examples of § 9.2.6, in their order.
    "the standard, three lines of data": (
        b"data: YHOO\ndata: +2\ndata: 10\n\n",
        [message("YHOO\n+2\n10")],
    ),
    "the standard, four blocks": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
        [message("first event", last_event_id="1"), message("second event")],
    ),
    "the standard, empty data": (b"data\n\ndata\ndata\n\ndata:", [message(""), message("\n")]),
    "the standard, one space or none": (
        b"data:test\n\ndata: test\n\n",
        [message("test"), message("test")],
    ),
    "the standard, an event type": (
        b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
        [message("73857293", type="add"), message("2153", type="remove")],
    ),
    # LE: line ends.
    "nothing": (b"", []),
    "LF": (b"data: event 1\n\n", [message("event 1")]),
    "CRLF": (b"data: event 1\r\n\r\n", [message("event 1")]),
    "CR": (b"data: event 1\r\r", [message("event 1")]),
    "CRLF, LF and CR": (b"data:test\r\ndata\ndata:test\r\n\r", [message("test\n\ntest")]),
    "a CRLF is one line end": (
        b"data: Hello\r\ndata: World\r\n\r\ndata: OK\r\n\r\n",
        [message("Hello\nWorld"), message("OK")],
    ),
    "a CR before a field": (b"data: one\n:ignored\rdata: two\n\n", [message("one\ntwo")]),
    "LF and CRLF are two": (
        b"data: first\n\r\ndata: second\r\n\n",
        [message("first"), message("second")],
    ),
    "LF and CR are two": (b"data: a\n\rdata: b\n\r", [message("a"), message("b")]),
    "CR CR LF are two": (b"data: a\r\r\ndata: b\r\r\n", [message("a"), message("b")]),
    "blank lines alone": (b"\n\n\r\n\r\r\n", []),
    "many blank lines": (
        b"\n\n\n\ndata: event 1\n\n\n\ndata: event 2\n\n",
        [message("event 1"), message("event 2")],
    ),
    "two events at once": (
        b"data: Hello\n\ndata: World\n\n",
        [message("Hello"), message("World")],
    ),
    # U8: bytes.
    "more than ASCII": ("data: €豆腐\n\n".encode(), [message("€豆腐")]),
    "four bytes": (b"data: \xf0\x9f\x8f\xa9\n\n", [message("\U0001f3e9")]),
    "a byte order mark": (BOM + b"data:1\n\n", [message("1")]),
    "a second stream's mark": (
        BOM + b"data:1\n\n" + BOM + b"data:2\n\ndata:3\n\n",
        [message("1"), message("3")],
    ),
    "two byte order marks": (BOM + BOM + b"data:1\n\ndata:2\n\n", [message("2")]),
    "a mark in data": (
        BOM + b"data: " + BOM + b"Hello\n\n",
        [message("\ufeffHello")],
    ),
    "a mark in data alone": (b"data:" + BOM + b"\n\n", [message("\ufeff")]),
    "a mark before other fields": (
        BOM + b"event: greeting\nid: abc\ndata: Hello\n\n",
        [message("Hello", type="greeting", last_event_id="abc")],
    ),
    "a mark before a comment": (BOM + b":comment\ndata: Hello\n\n", [message("Hello")]),
    # Chromium 156 loses the line end here: its parser steps over the byte behind the mark.
    "a mark before a blank line": (BOM + b"\ndata: a\n\n", [message("a")]),
    "a mark behind a blank line": (b"\n" + BOM + b"data: a\n\ndata: b\n\n", [message("b")]),
    "a mark alone": (BOM, []),
    "a third of a mark": (b"\xefdata:hi\n\ndata:there\n\n", [message("there")]),
    "two thirds of a mark": (b"\xef\xbbdata:hi\n\ndata:there\n\n", [message("there")]),
    "another byte order's mark": (b"\xfe\xffdata:hi\n\ndata:there\n\n", [message("there")]),
    "bytes that are no UTF-8": (b"data: a\xff\xfeb\n\n", [message("a\ufffd\ufffdb")]),
    "a cut sequence": (b"data: \xe2\x82\n\n", [message("\ufffd")]),
    "a cut sequence goes on in the next line": (
        b"data: \xe2\ndata: \x82\xac\n\n",
        [message("\ufffd\n\ufffd\ufffd")],
    ),
    "a cut sequence before a colon": (b"data\xe2:a\ndata:b\n\n", [message("b")]),
    "an overlong LF": (b"data: a\xc0\x8ab\n\n", [message("a\ufffd\ufffdb")]),
    "a surrogate": (b"data: \xed\xa0\x80\n\n", [message("\ufffd\ufffd\ufffd")]),
    "beyond Unicode": (b"data: \xf4\x90\x80\x80\n\n", [message("\ufffd" * 4)]),
    "NUL in data": (b"data:\0\n\n", [message("\0")]),
    "NUL in a name": (b"data\0:2\n\0data:4\ndata:1\n\n", [message("1")]),
    "NUL in a comment": (b":\0\ndata:1\n\n", [message("1")]),
    "NUL in an event type": (b"event:a\0b\ndata:1\n\n", [message("1", type="a\0b")]),
    "NUL in an id": (
        b"id: 123\nid: \0\0\nid:x\0\nid:\0x\nid:x\0x\nid: \0\ndata: hello\n\n",
        [message("hello", last_event_id="123")],
    ),
    "an overlong NUL in an id": (
        b"id: a\xc0\x80\ndata: x\n\n",
        [message("x", last_event_id="a\ufffd\ufffd")],
    ),
    "no line ends": (
        "data: Hello\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\n\n".encode(),
        [message("Hello\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")],
    ),
    "no line ends, as single bytes": (
        b"data: a\x85b\n\n",
        [message("a\ufffdb")],
    ),
    # FP: fields.
    "a message": (b"data: Hello\n\n", [message("Hello")]),
    "a name only": (b"data\n\n", [message("")]),
    "an empty line first": (b"data:\ndata: 2\ndata: 3\n\n", [message("\n2\n3")]),
    "an empty line between": (b"data: 1\ndata:\ndata: 3\n\n", [message("1\n\n3")]),
    "an empty line last": (b"data: 1\ndata\n\n", [message("1\n")]),
    "one space is taken off": (
        b"data:Hello\n\ndata: Hello\n\ndata:  Hello\n\n",
        [message("Hello"), message("Hello"), message(" Hello")],
    ),
    "a tab is not": (b"data:\ttest\rdata: \ndata:test\n\n", [message("\ttest\n\ntest")]),
    "nor what follows": (
        b"event: greeting \ndata: Hello  \n\n",
        [message("Hello  ", type="greeting ")],
    ),
    "nor other spaces": ("data:\u00a0a\n\n".encode(), [message("\u00a0a")]),
    "colons": (b"data: a : (colon)\ndata::\n\n", [message("a : (colon)\n:")]),
    "an event type for one event": (
        b"event:test\ndata:x\n\ndata:x\n\n",
        [message("x", type="test"), message("x")],
    ),
    "an event type without data is forgotten": (
        b"event: ping\n\ndata: x\n\n",
        [message("x")],
    ),
    "an empty event type": (b"event: \ndata:data\n\nevent:\n\n", [message("data")]),
    "an event type taken back": (b"event: a\nevent\ndata:1\n\n", [message("1")]),
    "an event type with a space": (b"event:  a\ndata:  b\n\n", [message(" b", type=" a")]),
    "the last event type": (b"event: a\nevent: b\ndata: x\n\n", [message("x", type="b")]),
    "event types of the event source's own": (
        b"event: open\ndata: b\n\nevent: error\ndata: d\n\nevent: message\ndata\n\n",
        [message("b", type="open"), message("d", type="error"), message("")],
    ),
    "an id stays": (
        b"id: 1\ndata: 1\n\ndata: 2\n\nid: 2\ndata:3\n\ndata:4\n\n",
        [
            message("1", last_event_id="1"),
            message("2", last_event_id="1"),
            message("3", last_event_id="2"),
            message("4", last_event_id="2"),
        ],
    ),
    "an empty id": (
        b"id: 1\ndata: 1\n\nid\ndata:2\n\ndata:3\n\n",
        [message("1", last_event_id="1"), message("2"), message("3")],
    ),
    "an id without data": (b"id: 2\n\ndata: x\n\n", [message("x", last_event_id="2")]),
    "an id that is not ASCII": ("id: …\ndata: x\n\n".encode(), [message("x", last_event_id="…")]),
    "an id with spaces": (b"id:  x \ndata: x\n\n", [message("x", last_event_id=" x ")]),
    "fields in reverse": (
        b"data: Hello\nid: abc\nevent: greeting\n\n",
        [message("Hello", type="greeting", last_event_id="abc")],
    ),
    "fields twice": (b"id: a\nevent: b\ndata: c\nid\nevent\ndata\n\n", [message("c\n")]),
    "unknown fields": (
        b"event: greeting\ncolor: blue\nfoobar:xxx\njustsometext\ndata: Hello\n\n",
        [message("Hello", type="greeting")],
    ),
    "almost fields": (
        b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n"
        b" data:32\ndata:4\n\n",
        [message("\0\n 2\n1\n3\n\n4")],
    ),
    "names with something behind": (
        b"data : 1\neventually: x\ndatabase: y\ndata  \n\n",
        [],
    ),
    "comments": (
        b"data:1\r:\0\n:\r\ndata:2\n:" + b"x" * 2048 + b"\rdata:3\n:data:fail\r:xxx\ndata:4\n\n",
        [message("1\n2\n3\n4")],
    ),
    "an empty comment as a block": (
        b"data: Hello\n\n:\n\ndata: World\n\n",
        [message("Hello"), message("World")],
    ),
    "colons and nothing else": (b":" * 300 + b"\n\n", []),
    "JSON over lines": (
        b'data: {\ndata: "foo":\ndata: \ndata:\ndata: true}\n\n\n',
        [message('{\n"foo":\n\n\ntrue}')],
    ),
    # EOS: what is not complete.
    "no blank line": (b"data:test1\n\nid:test\ndata:test2\n", [message("test1")]),
    "no line end": (b"data: a\n\ndata: b", [message("a")]),
    "no line end behind a CR": (b"data: a\r", []),
    "a character cut short": (b"data: \xe2\x82", []),
}


def pieces(stream, size):
    """Cut a stream into pieces of `size` bytes."""
    return [stream[at : at + size] for at in range(0, len(stream), size)]


def read(*chunks):
    """Give a parser the chunks one by one."""
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(("stream", "events"), STREAMS.values(), ids=STREAMS)
def test_a_stream_is_read_as_the_standard_says(stream, events):
    """Given whole, it makes these events."""
    assert events == read(stream)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize(("stream", "events"), STREAMS.values(), ids=STREAMS)
def test_pieces_make_the_same_events(stream, events, size):
    """Chunks are not part of the format, down to single bytes."""
    assert events == read(*pieces(stream, size))


@pytest.mark.parametrize(("stream", "events"), STREAMS.values(), ids=STREAMS)
def test_every_cut_makes_the_same_events(stream, events):
    """Wherever a stream is cut in two, with an empty chunk between."""
    for cut in range(len(stream) + 1):
        assert events == read(stream[:cut], b"", stream[cut:])


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_a_line_ends_at_once(end):
    """The blank line's first byte is enough: a CR does not wait for a LF that may never come."""
    parser = Parser()
    stream = b"data:ok" + end + end
    found = [(at, parser.feed(stream[at : at + 1])) for at in range(len(stream))]

    at = len(b"data:ok" + end)
    assert [(at, [message("ok")])] == [(at, events) for at, events in found if events]


IDS = {
    "none": ([b"data: 1\n\n"], "", None),
    "set by a blank line": ([b"id: 1\n"], "", None),
    "set by a block without data": ([b"id: 1\n\n"], "1", None),
    "the last": ([b"id: 1\nid: 2\n\n"], "2", None),
    "NUL is ignored": ([b"id: 1\n\nid: \0\n\n"], "1", None),
    "reset": ([b"id: 1\n\nid:\n\n"], "", None),
    "an incomplete block is dropped": ([b"id: abc\n\nid: def\ndata: Goodbye"], "abc", None),
    "an incomplete block before the next stream": (
        [b"id: 1\n\nid: 2\n", b"data: x\n\n"],
        "1",
        None,
    ),
    "an incomplete line before the next stream": ([b"id: 1\n\nid: 2", b"\n\n"], "1", None),
    "streams without ids": ([b"id: 1\n\n", b"\n", b"data\n\n"], "1", None),
    "reset in another stream": ([b"id: 1\n\n", b"id\n\n"], "", None),
    "retry": ([b"retry: 1500\n"], "", 1500),
    "retry at its line": ([b"retry:1"], "", None),
    "retry without a blank line": ([b"retry: 2\n", b""], "", 2),
    "retry stays": ([b"retry: 2000\n\n", b"data: 1\n\n"], "", 2000),
    "the latest retry": ([b"retry: 1\nretry: 2\n", b"retry: 3\n"], "", 3),
    "leading zeros": ([b"retry:03000\n"], "", 3000),
    "zero": ([b"retry: 000\n"], "", 0),
    "a word behind": ([b"retry:3000\nretry:1000x\n"], "", 3000),
    "no digits": ([b"retry\nretry:\nretry: \n"], "", None),
    "signs, points, words": (
        [b"retry:-1\nretry:+5\nretry:1.5\nretry:abc\nretry:1e3\nretry:1_000\nretry:0x10\n"],
        "",
        None,
    ),
    "spaces": ([b"retry:  5\nretry:5 \nretry:\t5\n"], "", None),
    "digits that are not ASCII": (["retry:٣\nretry:５\nretry:²\n".encode()], "", None),
    "a NUL behind": ([b"retry:5\0\n"], "", None),
    "beyond 32 bits": ([b"retry: 12345678910\n"], "", 12345678910),
    "beyond 64 bits": ([b"retry: 99999999999999999999\n"], "", 99999999999999999999),
    "300 digits": ([b"retry:" + b"9" * 300 + b"\n"], "", 10**300 - 1),
    "301 digits": ([b"retry:" + b"9" * 301 + b"\n"], "", 10**300),
    "more digits than Python converts": ([b"retry:" + b"9" * 100_000 + b"\n"], "", 10**300),
    "as many zeros": ([b"retry:" + b"0" * 100_000 + b"7\n"], "", 7),
}


@pytest.mark.parametrize("size", [1, 2, 1 << 20])
@pytest.mark.parametrize(("streams", "last_event_id", "time"), IDS.values(), ids=IDS)
def test_what_the_event_source_keeps(streams, last_event_id, time, size):
    """The last event ID string and the reconnection time live through all streams."""
    parser = Parser()
    for stream in streams:
        parser.restart()
        for chunk in pieces(stream, size):
            parser.feed(chunk)

    assert (last_event_id, time) == (parser.last_event_id, parser.reconnection_time)


def test_what_was_known_before_is_where_it_begins():
    """An ID and a time can be given; the ID is carried by events until a stream sets another."""
    parser = Parser("7", 500)
    kept = ("7", 500)

    assert kept == (parser.last_event_id, parser.reconnection_time)
    assert [message("a", last_event_id="7")] == parser.feed(b"data: a\n\n")
    assert kept == (parser.last_event_id, parser.reconnection_time)


RESTARTS = {
    "data is dropped": (b"data: 1\n", b"data: 2\n\n", [message("2")]),
    "half a line is dropped": (b"da", b"ta: 1\n\ndata: 2\n\n", [message("2")]),
    "an event type is dropped": (b"event: a\n", b"data: 1\n\n", [message("1")]),
    "half a character is dropped": (b"data: \xe2\x82", b"\xac\n\ndata: 1\n\n", [message("1")]),
    "half a mark is dropped": (b"\xef\xbb", b"\xbfdata: 1\n\ndata: 2\n\n", [message("2")]),
    "a mark again": (BOM + b"data: 1\n\n", BOM + b"data: 2\n\n", [message("1"), message("2")]),
    "a mark for the first time": (
        b"data: 1\n\n",
        BOM + b"data: 2\n\n",
        [message("1"), message("2")],
    ),
    "a LF is a line end again": (b"data: 1\r", b"\ndata: 2\n\n", [message("2")]),
}


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize(("before", "after", "events"), RESTARTS.values(), ids=RESTARTS)
def test_a_new_stream_begins_anew(before, after, events, size):
    """Nothing that was incomplete is carried into the next stream."""
    parser = Parser()
    found = [event for chunk in pieces(before, size) for event in parser.feed(chunk)]
    parser.restart()
    found += [event for chunk in pieces(after, size) for event in parser.feed(chunk)]

    assert events == found


def test_what_is_written_here_is_read_here():
    """Encoder and parser are of one mind."""
    stream = encode(Event(comment="c", event="e", id="i", retry=5, data="a\r\nb\rc\n"))
    parser = Parser()

    assert [Dispatched("e", "a\nb\nc\n", "i")] == parser.feed(stream)
    assert parser.reconnection_time == 5


# A byte of every class that the decoder of Encoding § 8.1.1 tells apart.
_CLASSES = b"a\x80\x8f\x90\x9f\xa0\xbf\xc1\xc2\xe0\xe1\xed\xf0\xf1\xf4\xf5"


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_broken_utf8_is_replaced_by_maximal_parts(length):
    """Python's decoders, whole and incremental, agree with the standard's on every sequence."""
    for sequence in map(bytes, itertools.product(_CLASSES, repeat=length)):
        expected = utf8_decode(sequence)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        parts = [decoder.decode(byte) for byte in pieces(sequence, 1)]

        assert expected == sequence.decode("utf-8", "replace")
        assert expected == "".join(parts) + decoder.decode(b"", final=True)


@pytest.mark.parametrize("size", [1, 2, 4096, 1 << 21])
def test_a_long_line_is_read(size):
    """A line of a megabyte is put together from any number of chunks."""
    text = "€" * 350_000
    assert [message(text)] == read(*pieces(f"data: {text}\n\n".encode(), size))


def test_ten_thousand_lines_make_one_event():
    """Each data line adds one line."""
    assert [message("\n".join(["x"] * 10_000))] == read(b"data:x\n" * 10_000 + b"\n")

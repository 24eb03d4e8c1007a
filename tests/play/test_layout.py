"""How bytes are laid on the wire: which writes there are, when, and what is in them (section 5)."""

import re
import zlib

import pytest
from stage import Stage

from mockserver.play.layout import accepted
from mockserver.scenario.model import Wire
from mockserver.sse.parse import Parser

WRITES = {
    "raw as it is": ('stream: [{raw: "a\\r"}, {raw: {hex: "00 ff"}}]', [(0, b"a\r"), (0, b"\0\xff")]),
    "raw as UTF-8": ('stream: [{raw: "\\xe9€"}]', [(0, b"\xc3\xa9\xe2\x82\xac")]),
    "raw by template": ("stream: [{raw: '{{ 1 + 1 }}'}]", [(0, b"2")]),
    "base64 over lines": ("stream: [{raw: {base64: 'ZGF0\n YTo='}}]", [(0, b"data:")]),
    "cut": ("stream: [{data: hello, cut: 8}]", [(0, b"data: he")]),
    "cut from the end": ("stream: [{data: hello, cut: -1}]", [(0, b"data: hello\n")]),
    "cut inside a character": ("stream: [{data: €, cut: 7}]", [(0, b"data: \xe2")]),
    "cut by template": ("stream: [{data: hello, cut: '{{ 2 + 2 }}'}]", [(0, b"data")]),
    "cut of the whole": ("stream: [{data: x, cut: 9}]", [(0, b"data: x\n\n")]),
    "split": ("stream: [{data: x, split: 4}]", [(0, b"data"), (0, b": x\n"), (0, b"\n")]),
    "split with time": (
        "stream: [{data: x, split: {bytes: 5, every: 10ms}}, {delay: 1s, data: y}]",
        [(0, b"data:"), (0.01, b" x\n\n"), (1.01, b"data: y\n\n")],
    ),
    "split of raw": ("stream: [{raw: abc, split: 2}]", [(0, b"ab"), (0, b"c")]),
    "split of what is cut": ("stream: [{data: hello, cut: 6, split: 4}]", [(0, b"data"), (0, b": ")]),
    "split of less than a piece": ("stream: [{data: x, split: 99}]", [(0, b"data: x\n\n")]),
    "split on the wire": (
        "wire: {split: 6}\nstream: [{data: x}, {data: y, split: 8}]",
        [(0, b"data: "), (0, b"x\n\n"), (0, b"data: y\n"), (0, b"\n")],
    ),
    "at after pieces": (
        "stream: [{data: x, split: {bytes: 5, every: 2s}}, {at: 3s, data: y}, {delay: 1s, data: z}]",
        [(0, b"data:"), (2, b" x\n\n"), (3, b"data: y\n\n"), (4, b"data: z\n\n")],
    ),
    "at that has passed in pieces": (
        "stream: [{data: x, split: {bytes: 5, every: 2s}}, {at: 1s, data: y}]",
        [(0, b"data:"), (2, b" x\n\n"), (2, b"data: y\n\n")],
    ),
    "rounds of pieces": (
        "stream: [{repeat: {times: 2, every: 5s, steps: [{data: x, split: {bytes: 5, every: 2s}}]}}]",
        [(0, b"data:"), (2, b" x\n\n"), (5, b"data:"), (7, b" x\n\n")],
    ),
    "rounds of pieces that take too long": (
        "stream: [{repeat: {times: 2, every: 1s, steps: [{data: x, split: {bytes: 5, every: 2s}}]}}]",
        [(0, b"data:"), (2, b" x\n\n"), (2, b"data:"), (4, b" x\n\n")],
    ),
    "a rate": (
        "wire: {rate: 100 B/s}\nstream: [{data: x}, {delay: 1s, data: y}]",
        [(0, b"data:"), (0.05, b" x\n\n"), (1.09, b"data:"), (1.14, b" y\n\n")],
    ),
    "a rate below a byte a slice": (
        "wire: {rate: 2 B/s}\nstream: [{raw: abc}]",
        [(0, b"a"), (0.5, b"b"), (1, b"c")],
    ),
    "a rate and pieces": (
        "wire: {rate: 10 B/s, split: 6}\nstream: [{data: x}]",
        [(0, b"data: "), (0.6, b"x\n\n")],
    ),
    "a byte order mark": (
        "wire: {bom: true}\nstream: [{delay: 1s, data: x}]",
        [(0, b"\xef\xbb\xbf"), (1, b"data: x\n\n")],
    ),
    "a byte order mark in pieces": (
        "wire: {bom: true, split: 2}\nstream: [{raw: abc}]",
        [(0, b"\xef\xbb"), (0, b"\xbf"), (0, b"ab"), (0, b"c")],
    ),
    "line ends": ("wire: {newline: crlf}\nstream: [{id: 1, data: x}]", [(0, b"id: 1\r\ndata: x\r\n\r\n")]),
    "no space": (
        "wire: {newline: cr, space: false}\nstream: [{comment: c, event: e, id: i, retry: 5, data: ''}]",
        [(0, b":c\revent:e\rid:i\rretry:5\rdata:\r\r")],
    ),
    "an order": (
        "wire: {order: [id, data]}\nstream: [{event: e, id: i, data: x}]",
        [(0, b"id: i\ndata: x\nevent: e\n\n")],
    ),
    "raw is not touched": ('wire: {newline: crlf, space: false}\nstream: [{raw: "a: b\\n"}]', [(0, b"a: b\n")]),
    "a raw head in pieces": (
        "wire: {split: {bytes: 4, every: 1s}}\nresponse: {raw_head: 'HTTP/1'}\nstream: [{raw: ab}]",
        [(0, b"HTTP"), (1, b"/1"), (1, b"ab")],
    ),
    "pieces that are waited for by a hold": (
        "stream: [{data: x, split: {bytes: 5, every: 2s}}, {hold: 1s}, {data: y}]",
        [(0, b"data:"), (2, b" x\n\n"), (3, b"data: y\n\n")],
    ),
    "a heartbeat waits for the last piece": (
        "heartbeat: 1s\nstream: [{data: x, split: {bytes: 5, every: 1500ms}}, {hold: 1s}]",
        [(0, b"data:"), (1.5, b" x\n\n"), (1.5, b": heartbeat\n\n"), (2, b": heartbeat\n\n")],
    ),
    "no heartbeat in a stall": (
        "heartbeat: 1s\nstream: [{stall: 2500ms}, {hold: 1s}, {data: x}]",
        [(3, b": heartbeat\n\n"), (3.5, b"data: x\n\n")],
    ),
    "a heartbeat as soon as a stall is over": (
        "heartbeat: 1s\nstream: [{stall: 2s}, {hold: 500ms}]",
        [(2, b": heartbeat\n\n")],
    ),
    "an endless stall": ("heartbeat: 1s\nstream: [{data: x}, {stall: forever}]", [(0, b"data: x\n\n")]),
    "a heartbeat's line ends": (
        "wire: {newline: crlf, space: false}\nheartbeat: 1s\nstream: [{hold: 1500ms}]",
        [(1, b":heartbeat\r\n\r\n")],
    ),
}  # fmt: skip


def writes(text):
    """Return the writes of the first connection, with their offsets."""
    return [(cue.at, cue.data) for cue in Stage(text).connect().receive().sends if cue.data]


@pytest.mark.parametrize(("text", "expected"), WRITES.values(), ids=WRITES)
def test_writes(text, expected):
    """Each holds what it should, and leaves when it should."""
    assert writes(text) == expected


PIECES = "{data: x, split: {bytes: 5, every: 2s}}"
ENDS = {
    "a hold": ("split: 99", "{data: x}, {hold: 9s}", 9),
    "a hold on a coded wire": ("encoding: gzip", "{data: x}, {hold: 9s}", 9),
    "a hold behind pieces": ("space: true", f"{PIECES}, {{hold: 3s}}", 5),
    "a stall behind pieces": ("split: 99", f"{PIECES}, {{stall: 3s}}", 5),
    "pieces": ("space: true", PIECES, 2),
    "a delay": ("encoding: gzip", "{data: x}, {delay: 4s}, {disconnect: reset}", 4),
    "a rate": ("rate: 9 B/s", "{data: x}, {disconnect: drop}", 1),
}


@pytest.mark.parametrize(("wire", "steps", "at"), ENDS.values(), ids=ENDS)
def test_the_end_waits_for_what_comes_before_it(wire, steps, at):
    """Whatever takes the time."""
    stage = Stage(f"wire: {{{wire}}}\nstream: [{steps}]")

    assert stage.connect(headers={"accept-encoding": "gzip"}).receive().ended_at == at


def test_only_the_last_piece_brings_the_block():
    """Whoever leaves in the middle of an event has not got it, nor its id."""
    sends = Stage("stream: [{id: 1, data: x, split: 8}]").connect().receive().sends

    assert [(cue.blocks, cue.id, cue.alone) for cue in sends] == [(0, None, True), (1, "1", True)]


LINES = "stream: [{event: e, id: 1, data: \"a\\n\\nb\"}, {comment: ''}, {retry: 5}, {data: ''}]"
EVENTS = [("e", "a\n\nb", "1"), ("message", "", "1")]


@pytest.mark.parametrize("seed", range(300))
def test_mixed_line_ends_never_lose_an_event(seed):
    """No LF of a blank line goes to a CR before it, whatever is drawn."""
    visit = Stage(f"wire: {{newline: mixed}}\n{LINES}", seed=str(seed)).connect().receive()
    found = Parser().feed(visit.bytes)

    assert [(event.type, event.data, event.last_event_id) for event in found] == EVENTS


def test_mixed_line_ends_are_mixed_and_the_same_again():
    """All three occur, and another connection of the same address has the same."""
    text = "wire: {newline: mixed}\nstream: [{repeat: {times: 30, steps: [{data: x}]}}]"
    first, again = (Stage(text).connect().receive().bytes for _ in range(2))

    assert first == again
    assert set(re.findall(rb"x(\r\n|\r|\n)", first)) == {b"\r\n", b"\r", b"\n"}


@pytest.mark.parametrize(("coding", "bits"), [("gzip", 31), ("deflate", 15)])
def test_a_coding_is_flushed_after_every_event(coding, bits):
    """A client can read each event when it has come, and the body ends properly."""
    text = f"wire: {{encoding: {coding}}}\nstream: [{{data: one}}, {{delay: 1s, data: two}}]"
    headers = {"accept-encoding": coding}
    sends = Stage(text).connect(headers=headers).receive().sends
    decoder = zlib.decompressobj(bits)

    assert [decoder.decompress(cue.data) for cue in sends] == [
        b"data: one\n\n",
        b"data: two\n\n",
        b"",
    ]
    assert decoder.eof


def test_a_drop_leaves_a_coding_without_its_end():
    """What was sent can be read, and the end is missing."""
    text = "wire: {encoding: gzip}\nstream: [{data: one}, {disconnect: drop}]"
    visit = Stage(text).connect(headers={"accept-encoding": "gzip"}).receive()
    decoder = zlib.decompressobj(31)

    assert (decoder.decompress(visit.bytes), decoder.eof) == (b"data: one\n\n", False)


ACCEPTED = {
    "named": ("gzip", "gzip"),
    "among others": ("br, gzip;q=0.5, *;q=0", "gzip"),
    "in any case": ("GZIP", "gzip"),
    "by a star": ("*", "gzip"),
    "refused": ("gzip;q=0, *", None),
    "refused with spaces": ("gzip ; q=0.0", None),
    "another": ("deflate, br", None),
    "a broken weight": ("gzip;q=much", None),
    "none": ("", None),
}


@pytest.mark.parametrize(("header", "coding"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_coding_needs_a_request_that_accepts_it(header, coding):
    """Else the journal has a note (RFC 9110 § 12.5.3)."""
    notes = () if coding else ("encoding-refused",)
    assert accepted(Wire(encoding="gzip"), {"accept-encoding": header}) == (coding, notes)


def test_identity_is_never_refused():
    """There is nothing to refuse."""
    assert accepted(Wire(encoding="identity"), {}) == (None, ())


RESUMED = {
    "a raw id": ('stream: [{raw: "id: 5\\nda"}, {raw: "ta: x\\n\\n"}, {id: 6, data: y}]', "5", ["y"]),
    "an id inside a raw step": (
        'stream: [{raw: "id: 3\\ndata: x\\n\\nid: 4\\ndata: y\\n\\n"}, {id: 5, data: z}]', "3", ["y", "z"],
    ),
    "an id with spaces at its ends": (
        "stream: [{id: ' 1 ', data: x}, {id: 2, data: y}]", "1", ["y"],
    ),
    "a raw id with spaces at its ends": (
        'stream: [{raw: "id:  1 \\ndata: x\\n\\n"}, {id: 2, data: y}]', "1", ["y"],
    ),
    "behind a cut event": (
        'stream: [{id: 1, data: x, cut: -1}, {raw: "\\n"}, {id: 2, data: y}]', "1", ["y"],
    ),
    "an event in pieces": ("stream: [{id: 1, data: x, split: 3}, {id: 2, data: y}]", "1", ["y"]),
    "on a wire with CRLF": (
        "wire: {newline: crlf}\nstream: [{id: 1, data: x}, {id: 2, data: y}]", "1", ["y"],
    ),
    "before a cut that has not happened yet": (
        "stream: [{id: 1, data: x}, {id: 2, data: y, cut: 8}, {disconnect: drop}]", "1", [],
    ),
    "after a cut event that some other server sent whole": (
        "stream: [{id: 1, data: x}, {id: 2, data: y, cut: 8}, {disconnect: drop}, {id: 3, data: z}]",
        "2", ["z"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "last_id", "data"), RESUMED.values(), ids=RESUMED)
def test_resuming_on_a_server_that_was_just_started(text, last_id, data):
    """Ids are found in bytes that were written or cut by hand."""
    visit = Stage(text).connect(last_id).receive()

    assert [event.data for event in Parser().feed(visit.bytes)] == data
    assert visit.notes == ()


def test_an_id_in_an_incomplete_block_is_unknown():
    """No client has taken it (WHATWG § 9.2.6)."""
    text = 'stream: [{raw: "id: 5\\ndata: x\\n"}, {disconnect: drop}, {id: 6, data: y}]'

    assert Stage(text).connect("5").notes == ("unknown-last-event-id",)


def test_a_client_that_has_left_in_the_middle_of_a_raw_step():
    """Goes on behind the event that it got last."""
    raw = "id: 3\\ndata: x\\n\\nid: 4\\ndata: y\\n\\n"
    stage = Stage(
        f'stream: [{{raw: "{raw}", split: {{bytes: 16, every: 1s}}}}, {{id: 5, data: z}}]'
    )
    stage.connect().receive(until=0.5).leave()
    visit = stage.connect("3").receive()

    assert [event.data for event in Parser().feed(visit.bytes)] == ["y", "z"]
    assert (visit.number, visit.notes) == (2, ())


LOST = {
    "at the end of a connection": "{id: 2, data: y, cut: 8}, {disconnect: drop}",
    "before a wait": "{id: 2, data: y, cut: 8}, {delay: 1s}, {stall: 1s}, {disconnect: reset}",
    "by chance": "{chance: {of: 100%, steps: [{id: 2, data: y, cut: 3}, {disconnect: reset}]}}",
    "in pieces": "{id: 2, data: y, cut: 8, split: 3}, {disconnect: end}",
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST)
def test_a_cut_that_has_happened_does_not_happen_again(lost):
    """What the client lost is sent again, and it is whole."""
    stage = Stage(f"stream: [{{id: 1, data: x}}, {lost}, {{id: 3, data: z}}]")
    first = stage.connect().receive()
    second = stage.connect("1").receive()

    assert [event.data for event in Parser().feed(first.bytes)] == ["x"]
    assert [event.data for event in Parser().feed(second.bytes)] == ["y", "z"]
    assert [cue.id for cue in second.sends if cue.blocks] == ["2", "3"]


def test_a_cut_that_is_mended_by_hand_is_sent_again_as_it_was():
    """What follows it would otherwise stand behind the whole event."""
    stage = Stage(
        'stream: [{id: 1, data: x}, {id: 2, data: y, cut: -2}, {raw: "\\n\\n"}, {disconnect: drop},'
        " {id: 3, data: z}]"
    )
    stage.connect().receive()

    assert stage.connect("1").receive().bytes == b"id: 2\ndata: y\n\nid: 3\ndata: z\n\n"


LATER = {
    "on the next connection": "{id: 1, data: a}, {disconnect: drop}, {id: 2, data: b, cut: 8},"
    " {disconnect: reset}, {id: 3, data: c}",
    "twice": "{id: 1, data: a}, {disconnect: drop}, {id: 2, data: b, cut: 8}, {disconnect: reset},"
    " {id: 3, data: c, cut: -1}, {disconnect: end}, {id: 4, data: d}",
    "by chance": "{id: 1, data: a}, {disconnect: drop}, {chance: {of: 100%, steps:"
    " [{id: 2, data: b, cut: 8}, {disconnect: reset}]}}, {id: 3, data: c}",
}


@pytest.mark.parametrize("steps", LATER.values(), ids=LATER)
def test_an_event_that_is_cut_on_a_later_connection_is_not_lost(steps):
    """A client that comes back with what it has gets everything in the end, each once."""
    stage, parser, found = Stage(f"stream: [{steps}]"), Parser(), []
    while (visit := stage.connect(parser.last_event_id or None)).status == 200:
        parser.restart()
        found += [event.data for event in parser.feed(visit.receive().bytes)]

    assert found == ["a", "b", "c", "d"][: steps.count("id:")]


def test_connections_without_ids_do_not_pile_up_where_bytes_are_written_by_hand():
    """What is told again and again after the story brings nothing of what was before."""
    stage = Stage(
        'stream: [{id: 1, data: a}, {disconnect: drop}, {raw: "data: x\\n\\n"}]\nafterwards: repeat'
    )
    stage.connect().receive()
    again = [stage.connect("1").receive().bytes for _ in range(4)]

    assert again == [b"data: x\n\n"] * 4


def test_what_is_left_of_a_raw_step_is_one_event_to_a_gap():
    """Never a torn half of it, nor of what comes behind."""
    raw = "id: a\\ndata: A\\n\\nid: b\\ndata: B\\n\\n"
    stage = Stage(f'resume: {{skip: 1}}\nstream: [{{raw: "{raw}"}}, {{id: e, data: E}}]')

    assert stage.connect("a").receive().bytes == b"id: e\ndata: E\n\n"


def test_a_heartbeat_tells_the_scripted_time():
    """Bytes take none of it."""
    visit = Stage(
        "heartbeat: {every: 100ms, data: \"{{ now('unix_ms') }}\"}\n"
        "stream: [{data: abcdefgh, split: {bytes: 1, every: 10ms}}, {hold: 250ms}]"
    )
    found = [event.data for event in Parser().feed(visit.connect().receive().bytes)]

    assert found == ["abcdefgh", *(str(1767225600000 + n) for n in (100, 200, 300))]

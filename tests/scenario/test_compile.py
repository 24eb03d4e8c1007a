"""Programs: rows of operations, with what is known at load encoded once."""

import pytest
from scenario_texts import catalog, one, rows, stream

from mockserver.scenario.block import Block
from mockserver.scenario.compile import compile_scenario
from mockserver.scenario.program import (
    STRETCH_BYTES,
    Chance,
    Each,
    Hold,
    Loop,
    Pause,
    Series,
    Stop,
    Stretch,
)
from mockserver.scenario.units import Span

BYTES = {
    "text": ("{data: hello}", b"data: hello\n\n"),
    "a number": ("{data: 0123}", b"data: 123\n\n"),
    "a quoted number": ("{data: '0123'}", b"data: 0123\n\n"),
    "a boolean": ("{data: true}", b"data: true\n\n"),
    "nothing": ("{data: }", b"data: null\n\n"),
    "null": ("{data: null}", b"data: null\n\n"),
    "an empty text": ("{data: ''}", b"data: \n\n"),
    "a mapping in the order written": ("{data: {b: 1, a: [yes, ~]}}", b'data: {"b":1,"a":["yes",null]}\n\n'),
    "more than ASCII": ("{data: {a: žluť}}", 'data: {"a":"žluť"}\n\n'.encode()),
    "a list": ("{data: [1, x]}", b'data: [1,"x"]\n\n'),
    "a quoted sentinel": ("{data: '[DONE]'}", b"data: [DONE]\n\n"),
    "a list of a quoted word": ("{data: ['DONE']}", b'data: ["DONE"]\n\n'),
    "a list of a word in lower case": ("{data: [done]}", b'data: ["done"]\n\n'),
    "lines": ('{data: "a\\nb\\r\\nc\\rd"}', b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
    "U+2028": ('{data: "a\\u2028b"}', "data: a\u2028b\n\n".encode()),
    "line ends in JSON are escaped": ('{data: {a: "x\\ny"}}', b'data: {"a":"x\\ny"}\n\n'),
    "an id as written": ("{id: 0123, data: x}", b"id: 0123\ndata: x\n\n"),
    "an id of seven": ("{id: 7}", b"id: 7\n\n"),
    "the same in quotes": ('{id: "7"}', b"id: 7\n\n"),
    "an id that looks like a date": ("{id: 2020-01-01}", b"id: 2020-01-01\n\n"),
    "an id of a boolean": ("{id: true}", b"id: true\n\n"),
    "an empty id": ('{id: ""}', b"id: \n\n"),
    "an empty event type": ("{event: '', data: x}", b"event: \ndata: x\n\n"),
    "retry": ("{retry: 1500}", b"retry: 1500\n\n"),
    "retry with a unit": ("{retry: 1.5s}", b"retry: 1500\n\n"),
    "no retry at all": ("{retry: 0}", b"retry: 0\n\n"),
    "a comment": ("{comment: 'one\n\n  two'}", b": one\n: two\n\n"),
    "the order of the fields": (
        "{data: d, retry: 1, id: i, event: e, comment: c}",
        b": c\nevent: e\nid: i\nretry: 1\ndata: d\n\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("step", "block"), BYTES.values(), ids=BYTES)
def test_an_event_is_encoded_when_it_is_loaded(step, block):
    """What stands in the file is what goes out."""
    (row,) = rows(stream(f"- {step}\n"))
    (op,) = row.ops

    assert op.data == block


def test_a_literal_value_keeps_its_line_ends():
    """A literal scalar's last line end makes an empty data line."""
    (row,) = rows("operation: streamEvents\nstream:\n- data: |\n    a\n    b\n")

    assert row.ops[0].data == b"data: a\ndata: b\ndata: \n\n"


def shape(ops):
    """Return operations as short words, loops with what is in them."""
    return [_collection(op) if hasattr(op, "body") else _word(op) for op in ops]


def _collection(op):
    match op:
        case Loop():
            return f"loop {op.times} {op.name}", shape(op.body)
        case Each():
            return f"each {op.name}", shape(op.body)
        case Chance():
            return f"chance {op.of}", shape(op.body), shape(op.otherwise)


def _word(op):
    match op:
        case Stretch():
            return f"stretch of {len(op.ends)}"
        case Series():
            return f"series of {op.times}"
        case Block():
            return f"block {op.path}"
        case Pause():
            return f"{'until' if op.until else 'pause'} {op.time}"
        case Hold():
            return f"hold {op.time}"
        case Stop():
            return f"stop {op.kind}"


SHAPES = {
    "events side by side": ("[{data: a}, {comment: b}, {retry: 1}]", ["stretch of 3"]),
    "a wait between": ("[{data: a}, {delay: 1s}, {data: b}]", ["stretch of 1", "pause 1s", "stretch of 1"]),
    "a wait in the step": ("[{data: a}, {delay: 1s, data: b}]", ["stretch of 1", "pause 1s", "stretch of 1"]),
    "no wait": ("[{data: a}, {delay: 0s, data: b}, {delay: 0, data: c}]", ["stretch of 3"]),
    "a range": ("[{delay: 1s..2s}]", ["pause 1s..2s"]),
    "an offset": ("[{at: 5s, data: a}]", ["until 5s", "stretch of 1"]),
    "a template between": ("[{data: a}, {data: '{{ now() }}'}, {data: b}]", ["stretch of 1", "block 1", "stretch of 1"]),
    "a hold": ("[{hold: 1s}, {hold: forever}]", ["hold 1s", "hold forever"]),
    "a loop that is the same each time": ("[{repeat: {times: 3, steps: [{data: a}]}}]", ["stretch of 3"]),
    "a loop in time": (
        "[{repeat: {times: 3, every: 1s, steps: [{data: a}]}}]", [("loop 3 n", ["stretch of 1"])],
    ),
    "a loop that differs in its counter": (
        "[{repeat: {times: 3, as: i, steps: [{data: '{{ i }}'}]}}]",
        ["series of 3"],
    ),
    "a loop of other templates": (
        "[{repeat: {times: 3, as: i, steps: [{data: '{{ i + 1 }}'}]}}]",
        [("loop 3 i", ["block 0.0"])],
    ),
    "a loop without end": (
        "[{repeat: {times: forever, every: 1s, steps: [{data: a}]}}]", [("loop None n", ["stretch of 1"])],
    ),
    "a list": ("[{each: {in: [1], as: x, steps: [{data: a}]}}]", [("each x", ["stretch of 1"])]),
    "a chance": (
        "[{chance: {of: 5%, steps: [{data: a}, {disconnect: end}], otherwise: [{data: b}]}}]",
        [("chance 0.05", ["stretch of 1", "stop end"], ["stretch of 1"])],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), SHAPES.values(), ids=SHAPES)
def test_what_depends_on_nothing_is_one_stretch(steps, expected):
    """The rest are operations, in the order written."""
    (row,) = rows(f"operation: streamEvents\nstream: {steps}\n")

    assert shape(row.ops) == expected


def test_pace_comes_before_events_that_have_no_delay_of_their_own():
    """Comments and a lone retry are no events, a step with its own delay or offset has one."""
    (row,) = rows(
        stream(
            "- data: a\n- comment: b\n- retry: 1\n- {delay: 0s, data: c}\n- {at: 9s, id: d}\n- id: e\n",
            pace="2s",
        )
    )

    assert shape(row.ops) == [
        "pause 2s", "stretch of 4", "until 9s", "stretch of 1", "pause 2s", "stretch of 1",
    ]  # fmt: skip


def test_every_disconnect_of_a_stream_ends_a_row():
    """What follows it is what the next connection sees."""
    found = rows(
        stream("- data: a\n- {delay: 1s, disconnect: drop}\n- disconnect: reset\n- data: b\n")
    )

    assert [(shape(row.ops), row.end, row.broken) for row in found] == [
        (["stretch of 1", "pause 1s"], "drop", False),
        ([], "reset", True),
        (["stretch of 1"], "end", False),
    ]


def test_a_stream_that_ends_with_a_disconnect_has_no_row_after_it():
    """One connection, ended by the script."""
    assert [row.end for row in rows(stream("- data: a\n- disconnect: reset\n"))] == ["reset"]


def test_a_story_may_be_empty():
    """The stream opens and ends."""
    (row,) = rows("operation: streamEvents\nstream: []\n")

    assert (row.ops, row.end, row.answer, row.broken) == ((), "end", False, False)


def test_connections_are_rows_as_they_are_written():
    """Steps, an error answer, a broken connection, several alike."""
    found = rows(
        """
        operation: streamEvents
        response: {headers: {X-A: b}}
        connections:
        - steps: [{data: a}, {disconnect: reset}]
        - response: {status: 503, headers: {Retry-After: "1"}}
          times: 2
        - disconnect: drop
          delay: 1s
        - steps: [{disconnect: reset}]
        - response: {status: 200}
          steps: [{disconnect: reset}]
        - response: {status: 200}
        - response: {body: hi}
        """
    )

    assert [(row.end, row.times, row.answer, row.broken) for row in found] == [
        ("reset", 1, False, False),
        ("end", 2, True, False),
        ("drop", 1, False, True),
        ("reset", 1, False, True),
        ("reset", 1, False, False),
        ("end", 1, False, False),
        ("end", 1, True, False),
    ]
    assert [row.response.status if row.response else None for row in found] == [
        None, 503, None, None, 200, 200, None,
    ]  # fmt: skip
    assert [name for name, _ in found[0].response.headers] == ["X-A"]


def test_a_response_alone_is_the_whole_answer_for_ever():
    """Every request is answered alike."""
    found, _ = catalog("operation: getThing\nresponse: {status: 418, body: {a: 1}}\n")
    program = found.programs["a"]

    assert [program.row(number).answer for number in (1, 2, 99)] == [True] * 3


AFTER = {
    "stop": ("stop", None),
    "repeat": ("repeat", b"data: b\n\n"),
    "restart": ("restart", b"data: a\n\n"),
}


@pytest.mark.parametrize(("afterwards", "data"), AFTER.values(), ids=AFTER)
def test_afterwards_says_what_the_third_connection_gets(afterwards, data):
    """Nothing, the last row, or the first."""
    found, _ = catalog(stream("- data: a\n- disconnect: end\n- data: b\n", afterwards=afterwards))
    row = found.programs["a"].row(3)

    assert (row.ops[0].data if row else None) == data


@pytest.mark.parametrize(
    "afterwards", ["{status: 503}", "{response: {status: 503}}"], ids=["plain", "nested"]
)
def test_afterwards_may_be_a_response(afterwards):
    """Also under its own name."""
    found, _ = catalog(stream("- data: a\n", afterwards=afterwards))
    row = found.programs["a"].row(7)

    assert (row.response.status, row.answer) == (503, True)


def test_long_loops_are_encoded_in_large_pieces():
    """A hundred thousand events are no hundred thousand operations."""
    (row,) = rows(stream("- repeat: {times: 100000, steps: [{data: x}]}\n"))
    loop, rest = row.ops

    assert len(loop.body[0].data) <= STRETCH_BYTES
    assert loop.times * len(loop.body[0].ends) + len(rest.ends) == 100_000


def test_a_series_is_what_its_rounds_would_be():
    """Also with percent signs, texts of several lines and numbers inside of JSON."""
    step = '{comment: "%d {{ n }}", event: "a{{ n }}", id: "%{{ n }}-{{ n }}", data: {n: "{{ n }}", t: "100% {{ n }}"}}'
    (row,) = rows(stream(f"- repeat: {{times: 12, steps: [{step}]}}\n"))
    (series,) = row.ops
    made = series.stretch(9, 12)

    assert made.data == b"".join(
        f': %d {n}\nevent: a{n}\nid: %{n}-{n}\ndata: {{"n":{n},"t":"100% {n}"}}\n\n'.encode()
        for n in range(9, 13)
    )
    assert made.ids == ("%9-9", "%10-10", "%11-11", "%12-12")
    assert made.data[: made.ends[0]].endswith(b'9"}\n\n')


def test_many_events_are_cut_between_events():
    """No stretch is much over 64 KiB, and all bytes are there."""
    events = "".join(f"- data: {n:01000}x\n" for n in range(200))
    (row,) = rows(stream(events))

    assert all(len(op.data) <= STRETCH_BYTES for op in row.ops)
    assert b"".join(op.data for op in row.ops).count(b"\n\n") == 200
    assert all(op.data[: op.ends[0]].endswith(b"x\n\n") for op in row.ops)


INCLUDED = {
    "in a stream": ("stream: [{data: a}, {include: b}]", ["stretch of 2"]),
    "with a delay": ("stream: [{delay: 1s, include: b}]", ["pause 1s", "stretch of 1"]),
    "in a loop": (
        "stream: [{repeat: {times: 2, every: 1s, steps: [{include: b}]}}]",
        [("loop 2 n", ["stretch of 1"])],
    ),
    "in a chance": (
        "stream: [{chance: {of: 50%, steps: [{include: b}], otherwise: [{include: b}]}}]",
        [("chance 0.5", ["stretch of 1"], ["stretch of 1"])],
    ),
    "in connections": ("connections: [{steps: [{include: b}]}]", ["stretch of 1"]),
    "of what includes": ("stream: [{include: c}]", ["stretch of 2"]),
}


@pytest.mark.parametrize(("story", "expected"), INCLUDED.values(), ids=INCLUDED)
def test_an_include_is_the_steps_of_the_other_stream(story, expected):
    """As if they stood there."""
    found, problems = catalog(
        f"operation: streamEvents\n{story}\n",
        "operation: getThing\ndefault: true\nstream: [{data: b}]\n",
        "operation: getThing\nstream: [{include: b}, {include: b}]\n",
    )

    assert problems == []
    assert shape(found.programs["a"].rows[0].ops) == expected


def test_an_included_disconnect_begins_the_next_connection():
    """In a stream, as any other disconnect does."""
    found, _ = catalog(
        "operation: streamEvents\nstream: [{include: b}, {data: a}]\n",
        "operation: getThing\nstream: [{data: b}, {disconnect: drop}]\n",
    )

    assert [row.end for row in found.programs["a"].rows] == ["drop", "end"]


def test_templates_in_a_literal_value_are_found_however_deep():
    """The block is rendered when it is due, leaf by leaf."""
    (row,) = rows(stream('- data: {a: [{b: "{{ 1 + 1 }}"}, "<{{ n | default(0) }}>"]}\n'))
    (block,) = row.ops

    class Names:
        def at(self, path, field):
            return {"path": path, "field": field}

    assert block.event(Names()).data == '{"a":[{"b":2},"<0>"]}'


def test_a_template_cannot_break_the_framing():
    """Its value is put into JSON afterwards, and lines of a text are lines of data."""
    (row,) = rows(
        stream('- data: {a: "{{ x | default(y) }}"}\n').replace("x | default(y)", "last_event_id")
    )
    (block,) = row.ops

    class Names:
        def at(self, path, field):
            return {"last_event_id": 'a\n\nid: 9\r"'}

    assert block.event(Names()).data == '{"a":"a\\n\\nid: 9\\r\\""}'


def test_what_makes_a_default_is_a_span():
    """A minute of patience, a comment as heartbeat."""
    scenario = one(stream("- data: a\n", heartbeat="15s"))

    assert scenario.patience == Span(60, 60)
    assert (scenario.heartbeat.every, scenario.heartbeat.block.comment) == (
        Span(15, 15),
        "heartbeat",
    )
    assert compile_scenario(scenario).connections == 1

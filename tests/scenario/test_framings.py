"""The same steps in other framings: what is sent, what is left out, and what is refused."""

import pytest
from scenario_texts import read

from mockserver import contract
from mockserver.play.opening import Opening
from mockserver.play.timeline import timeline
from mockserver.scenario.catalog import link

SSE, LINES, SEQ = "text/event-stream", "application/x-ndjson", "application/json-seq"
PATHS = {"events": [SSE], "lines": [LINES], "records": [SEQ], "all": [SEQ, LINES, SSE]}
DOCUMENT = {
    "openapi": "3.2.0",
    "paths": {
        f"/{name}": {
            "get": {
                "operationId": name,
                "responses": {"200": {"content": {kind: {} for kind in kinds}}},
            }
        }
        for name, kinds in PATHS.items()
    },
}


def linked(text):
    """Return the catalog of one scenario, and all problems."""
    scenarios, problems = read(text)
    catalog, unlinked = link(contract.read(DOCUMENT, "api.yaml"), scenarios, lambda _: b"")
    return catalog, [*problems, *unlinked]


def lanes(text, operation="lines", accept="*/*", **asked):
    """Return what a request with this Accept gets of the only scenario."""
    catalog, problems = linked(text)
    assert [str(problem) for problem in problems] == []
    found = catalog.contract.operations[operation]
    program = catalog.framed(catalog.programs["a"], found, accept)
    opening = Opening(target=f"/{operation}", headers={"accept": accept}, **asked)
    return timeline(program, found, opening, limit=100)


def sent(lane):
    """Return all bytes of a connection."""
    return b"".join(cue.data for cue in lane.cues)


DATA = {
    "a mapping": ("{b: 1, a: ž}", '{"b":1,"a":"ž"}'),
    "a list": ("[1, null]", "[1,null]"),
    "a number": ("1.50", "1.5"),
    "null": ("", "null"),
    "true": ("true", "true"),
    "a text": ("hi", '"hi"'),
    "a text of several lines": ('"a\\nb"', '"a\\nb"'),
    "a text that is JSON": ("'{\"a\":1}'", '"{\\"a\\":1}"'),
    "a template of a text": ('"{{ vars.text }}"', '"hi"'),
    "a template of a number": ('"{{ vars.number }}"', "7"),
    "a template of a list": ('"{{ vars.list }}"', "[1]"),
    "a longer template": ('"{{ vars.number }} of them"', '"7 of them"'),
    "templates in leaves": ('{n: "{{ vars.number }}"}', '{"n":7}'),
}  # fmt: skip


@pytest.mark.parametrize(("data", "item"), DATA.values(), ids=DATA)
def test_data_are_items(data, item):
    """Every item is JSON text on one line, a text in quotes."""
    text = f"vars: {{text: hi, number: 7, list: [1]}}\nstream:\n- data: {data}\n"
    (lane,) = lanes(f"operation: lines\n{text}")
    assert sent(lane).decode() == f"{item}\n"
    (lane,) = lanes(f"operation: records\n{text}", "records")
    assert sent(lane).decode() == f"\x1e{item}\n"


def test_the_head_says_what_is_declared():
    """And what keeps buffers out of the way, as with an event stream."""
    (lane,) = lanes("operation: lines\nstream: [{data: 1}]\n")
    assert lane.head.headers == (
        ("Content-Type", LINES),
        ("Cache-Control", "no-cache, no-transform"),
        ("X-Accel-Buffering", "no"),
    )


ALL = """
operation: all
heartbeat: 1s
resume: {unknown: 400}
wire: {bom: true}
stream:
- {comment: c, event: e, id: 1, data: {a: 1}}
- {delay: 500ms, retry: 5}
- {id: "{{ 1 + 1 }}", data: text, split: 3}
- hold: 1s
- {event: bye, data: [1, 2, 3], cut: 4}
- disconnect: drop
- {data: "after {{ connection }}"}
"""
VARIANTS = {
    SSE: b'\xef\xbb\xbf: c\nevent: e\nid: 1\ndata: {"a":1}\n\nretry: 5\n\nid: 2\ndata: text\n\n: heartbeat\n\neven',
    LINES: b'{"a":1}\n"text"\n\n[1,2',
    SEQ: b'\x1e{"a":1}\n\x1e"text"\n\x1e[1,',
}  # fmt: skip


@pytest.mark.parametrize(("accept", "expected"), VARIANTS.items())
def test_the_accept_chooses_the_framing_of_one_story(accept, expected):
    """Times, pieces, cuts and disconnects are the same; what items have no room for is left out."""
    first, second = lanes(ALL, "all", accept)
    assert sent(first) == expected
    assert first.head.value("content-type") == accept
    assert first.cues[-1].what == "drop"
    assert first.cues[-1].at == 1.5
    assert b"after 2" in sent(second)


def test_an_item_is_cut_in_its_own_bytes():
    """A negative cut keeps the line end of the next item away."""
    (lane,) = lanes("operation: lines\nstream: [{data: {a: 1}, cut: -2}, {data: 2}]\n")
    assert sent(lane) == b'{"a":12\n'


def test_lines_end_as_the_wire_says():
    """Items and blank lines alike; what is raw stays as it is."""
    (lane,) = lanes(
        "operation: lines\nwire: {newline: crlf}\nheartbeat: 1s\n"
        'stream: [{data: 1}, {delay: 1500ms}, {raw: "2\\n"}]\n'
    )
    assert sent(lane) == b"1\r\n\r\n2\n"


def test_a_heartbeat_may_be_an_item():
    """In JSON text sequences it has to be one."""
    (lane,) = lanes(
        "operation: records\nheartbeat: {every: 1s, data: {ping: 1}}\nstream: [{delay: 1500ms}]\n",
        "records",
    )
    assert sent(lane) == b'\x1e{"ping":1}\n'


def test_rounds_are_joined_and_counted():
    """Long rows of items are encoded once, like those of events."""
    (lane,) = lanes(
        'operation: lines\nstream: [{repeat: {times: 50, steps: [{data: "row {{ n }}"}]}}]\n'
    )
    assert sent(lane) == b"".join(b'"row %d"\n' % n for n in range(1, 51))


def test_chance_is_the_same_in_every_framing():
    """The steps keep their places, so that every draw is the same draw."""
    text = 'operation: all\nstream: [{retry: 5}, {data: "{{ random_int(0, 10**9) }}"}]\n'
    drawn = [sent(*lanes(text, "all", accept)) for accept in (LINES, SEQ)]
    (events,) = lanes(text, "all", SSE)
    assert drawn[1] == b"\x1e" + drawn[0]
    assert sent(events) == b"retry: 5\n\ndata: " + drawn[0] + b"\n"


def test_a_last_event_id_means_nothing_among_items():
    """There are no ids in them: the connection begins at its beginning."""
    (lane,) = lanes("operation: lines\nstream: [{data: 1}]\n", last_event_id="7")
    assert sent(lane) == b"1\n"
    assert lane.notes == ()


def test_one_story_of_operations_in_different_framings():
    """Each operation tells it in its own."""
    text = "operation: [events, lines]\nidentity: path\nstream: [{id: 1, data: {a: 1}}]\n"
    (lane,) = lanes(text, "lines")
    assert (sent(lane), lane.head.value("content-type")) == (b'{"a":1}\n', LINES)
    (lane,) = lanes(text, "events")
    assert sent(lane) == b'id: 1\ndata: {"a":1}\n\n'


REFUSED = {
    "an event type and an id": (
        "operation: lines\nstream:\n- {event: e, id: 1, data: 1}\n",
        "a.yaml:3:3: event and id have no place in JSON lines",
    ),
    "a comment": ("operation: lines\nstream:\n- comment: hi\n", "a.yaml:3:3: comment has no place"),
    "a retry in a loop": (
        "operation: records\nstream:\n- repeat: {times: 2, steps: [{retry: 1, data: 1}]}\n",
        "a.yaml:3:30: retry has no place in a JSON text sequence",
    ),
    "a heartbeat's event": (
        "operation: lines\nheartbeat: {every: 1s, event: e, data: 1}\nstream: [{data: 1}]\n",
        "a.yaml:2:12: the event of a heartbeat has no place in JSON lines",
    ),
    "a comment between records": (
        "operation: records\nheartbeat: 1s\nstream: [{data: 1}]\n",
        "a.yaml:2:12: a comment as heartbeat has no place in a JSON text sequence",
    ),
    "a resume": (
        "operation: lines\nresume: replay\nstream: [{data: 1}]\n",
        "a.yaml:1:1: resume has no place in JSON lines",
    ),
    "line ends of one kind only": (
        "operation: records\nwire: {newline: crlf}\nstream: [{data: 1}]\n",
        "a.yaml:2:7: newline: crlf has no place in a JSON text sequence",
    ),
    "a byte order mark and a space": (
        "operation: lines\nwire: {newline: mixed, bom: true, space: false}\nstream: [{data: 1}]\n",
        "a.yaml:2:7: newline: mixed and bom and space have no place in JSON lines",
    ),
    "an order of fields": (
        "operation: lines\nwire: {order: [data]}\nstream: [{data: 1}]\n",
        "a.yaml:2:7: order has no place in JSON lines",
    ),
    "a wire of a connection": (
        "operation: lines\nconnections:\n- {wire: {bom: true}, steps: [{data: 1}]}\n",
        "a.yaml:3:10: bom has no place in JSON lines",
    ),
}


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_place_in_the_only_framing_is_an_error(text, told):
    """It would be left out in silence otherwise."""
    _, (problem,) = linked(text)
    assert str(problem).startswith(told)
    assert (problem.code, problem.severity) == ("no-place-in-framing", "error")
    assert problem.mend


def test_a_cut_has_to_fit_the_block_in_every_framing():
    """An item is shorter than an event, and a cut may go beyond it alone."""
    _, (problem,) = linked("operation: all\nstream:\n- {data: 12, cut: 6}\n")
    assert problem.code == "cut-beyond"
    assert "which has 3 bytes" in problem.what

"""What is remembered of verdicts, and which events are judged alike."""

import pytest
from stage import DOCUMENT, catalog_of

from mockserver.errors import Location
from mockserver.play import judge as judging
from mockserver.play.judge import Judge
from mockserver.play.opening import Opening
from mockserver.play.story import Stories
from mockserver.scenario.units import FOREVER

SCHEMA = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 1, "maximum": 1000},
        "kind": {"enum": ["n1", "n2", "n3"]},
        "at": {"type": "string", "format": "date-time"},
        "any": {},
    },
}


def document(schema=SCHEMA, **event):
    """Return the stage's document with one stream of such data."""
    item = {
        "properties": {
            "data": {"contentMediaType": "application/json", "contentSchema": schema},
            **event,
        }
    }
    content = {"text/event-stream": {"itemSchema": item}}
    operation = {"operationId": "streamEvents", "responses": {"200": {"content": content}}}
    return {**DOCUMENT, "openapi": "3.2.0", "paths": {"/events": {"get": operation}}}


@pytest.fixture
def judged(monkeypatch):
    """Give what judges the connections of one scenario, and counts how often it has to."""
    asked = []
    real = judging.event_violations
    monkeypatch.setattr(
        judging, "event_violations", lambda *event: asked.append(event[2]) or real(*event)
    )

    def play(steps, mode="warn", **more):
        catalog = catalog_of(f"stream:\n{steps}\n", document=document(**more))
        program = catalog.programs["story"]
        judge = Judge(catalog, mode, lambda pointer: Location("api.yaml", pointer=pointer))
        watch = judge.of(program).watch(catalog.contract.operations["streamEvents"])
        turn = Stories("0", "default").turn(program, Opening(target="/events"), 0.0, None, watch)
        cues = list(turn.player.due(FOREVER))
        breaches = [
            (v.where.line, len(v.violations or ()))
            for cue in cues
            for v in getattr(cue, "breaches", ())
        ]
        return asked, breaches, cues[-1].fault

    return play


LOOPS = {
    "a counter in an id": ('{id: "{{ n }}", data: {n: 1}}', 1, 0),
    "a counter among bounds that it does not meet": ('{data: {n: "{{ n }}"}}', 1, 0),
    "a counter of which nothing is asked": ('{data: {any: "{{ n }}"}}', 1, 0),
    "a counter in a text": ('{data: {any: "the {{ n }}th"}}', 1, 0),
    "a counter that a list names": ('{data: {kind: "n{{ n }}"}}', 500, 497),
    "a time": ('{delay: 1s, data: {at: "{{ now() }}"}}', 1, 0),
    "a number drawn from bounds": ('{data: {n: "{{ random_int(1, 1000) }}"}}', 1, 0),
    "a text that is no number": ('{data: {n: "x{{ n }}"}}', 1, 1),
    "the whole of the data": ('{data: "{{ {\'n\': 5} }}"}', 1, 0),
    "an object somewhere in it": ('{data: {any: "{{ [n] }}"}}', 500, 0),
}  # fmt: skip


@pytest.mark.parametrize(("step", "most", "wrong"), LOOPS.values(), ids=LOOPS)
def test_equal_events_are_judged_once(judged, step, most, wrong):
    """Of five hundred events only those are judged about which a schema's answers differ."""
    asked, breaches, _ = judged(f"- repeat: {{times: 500, steps: [{step}]}}")
    assert len(asked) <= most
    assert len(breaches) == wrong


def test_a_counter_that_leaves_its_bounds_is_judged_one_by_one(judged):
    """The events before it are sent, the first that is out of bounds is not."""
    steps = '- repeat: {times: 1002, steps: [{data: {n: "{{ n }}"}}]}'
    asked, breaches, _ = judged(steps)
    assert (len(asked) <= 3, breaches) == (True, [(3, 1), (3, 1)])
    _, _, fault = judged(steps, mode="enforce")
    assert "data.n: 1001 is greater than the maximum of 1000" in fault


def test_a_pattern_of_ids_is_held_for_each(judged):
    """Where the document asks something of ids, an id that is not like that is told."""
    steps = '- repeat: {times: 12, steps: [{id: "{{ n }}", data: {n: 1}}]}'
    asked, breaches, _ = judged(steps, id={"type": "string", "pattern": "^.$"})
    assert (len(asked), breaches) == (4, [(3, 1)] * 3)


def test_what_is_remembered_is_bounded(judged, monkeypatch):
    """What was remembered first makes room, and what is long is not remembered at all."""
    monkeypatch.setattr(judging, "KEPT", 2)
    steps = "- each: {in: [1, x, null, 1], steps: [{data: {any: '{{ item }}'}}]}"
    asked, breaches, _ = judged(steps)
    assert (len(asked), breaches) == (4, [])
    monkeypatch.setattr(judging, "KEPT_SIZE", 5)
    asked.clear()
    judged("- each: {in: [1, 1, 1], steps: [{data: {any: '{{ item }}'}}]}")
    assert len(asked) == 3


def test_nothing_is_judged_where_nobody_wants_it():
    """Neither with `off`, nor where a scenario is not the catalog's own."""
    catalog = catalog_of("stream: [{data: {n: 0}}]", document=document())
    program = catalog.programs["story"]
    assert Judge(catalog, "off", Location).of(program) is None
    other = catalog_of("stream: [{data: {n: 0}}]", document=document())
    assert Judge(other, "warn", Location).of(program) is None

"""What scenarios say of their outcome is compared with what a conforming client makes of them."""

import pytest
from stage import catalog_of

from mockserver.play.outcome import outcome_problems

ONE = "stream: [{id: 1, data: one}]\n"
TWO = "stream: [{retry: 2s}, {id: 1, data: one}, {disconnect: drop}, {event: x, data: two}]\n"
EVENT_1, EVENT_2 = "{data: one, id: 1}", "{data: two, type: x, id: 1}"

RIGHT = {
    "nothing said": (ONE, "{}"),
    "one event": (ONE, f"{{events: [{EVENT_1}]}}"),
    "events over two connections": (TWO, f"{{events: [{EVENT_1}, {EVENT_2}]}}"),
    "what is kept": (TWO, "{last_event_id: 1, reconnection_time: 2s, state: connecting}"),
    "open": ("stream: [{data: x}, {hold: forever}]\n", "{events: [x], state: open}"),
    "stalled for ever": ("stream: [{data: x}, {stall: forever}]\n", "{state: open}"),
    "never answered": ("response: {delay: forever}\nstream: []\n", "{state: connecting}"),
    "sent away": ("response: {status: 204}\n", "{events: [], state: closed}"),
    "a template": (
        "vars: {big: \"{{ 'x' * 20 }}\"}\nstream: [{data: '{{ vars.big }}'}]\n",
        "{events: ['{{ big }}']}",
    ),
    "nobody comes back after a 503": (
        "connections: [{response: {status: 503}}, {steps: [{data: x}]}]\n",
        "{events: [], state: closed}",
    ),
    "a raw head": (
        'response: {raw_head: "HTTP/1.1 200 OK\\r\\nContent-Type: text/event-stream\\r\\n\\r\\n"}\n'
        "stream: [{data: x}]\n",
        "{events: [x], state: connecting}",
    ),
    "a body that is longer than its length": (
        "wire: {transfer: {length: 9}}\nstream: [{data: x}, {data: y}]\n",
        "{events: [x], state: connecting}",
    ),
    "a cut event that is lost and sent again whole": (
        "stream: [{id: 1, data: a}, {id: 2, data: b, cut: 9}, {disconnect: drop}, {id: 3, data: c}]\n",
        "{events: [{data: a, id: 1}, {data: b, id: 2}, {data: c, id: 3}]}",
    ),
}

WRONG = {
    "another event": (
        ONE,
        "{events: [one]}",
        'event 1 is ["message", "one", "1"], not ["message", "one", ""]',
    ),
    "one event more": (ONE, "{events: []}", 'event 1 is one too many: ["message", "one", "1"]'),
    "one event less": (
        ONE,
        f"{{events: [{EVENT_1}, two]}}",
        'event 2 is missing: ["message", "two", ""]',
    ),
    "another state": (
        ONE,
        "{state: open}",
        "the outcome is connecting (the body ended), not open",
    ),
    "another last event ID": (ONE, "{last_event_id: 2}", 'the last event ID is "1", not "2"'),
    "a reconnection time that was not told": (
        ONE,
        "{reconnection_time: 3}",
        "the reconnection time is not told, not 3 ms",
    ),
    "another reconnection time": (
        TWO,
        "{reconnection_time: 3s}",
        "the reconnection time is 2000 ms, not 3000 ms",
    ),
    "a long text": (
        "stream: [{data: \"{{ 'x' * 500 }}\"}]\n",
        "{events: []}",
        f'event 1 is one too many: ["message", "{"x" * 106}… (519 characters)',
    ),
}


def told(story, outcome):
    """Return what is wrong with the outcome of a story."""
    return [problem.what for problem in outcome_problems(catalog_of(f"{story}outcome: {outcome}"))]


@pytest.mark.parametrize(("story", "outcome"), RIGHT.values(), ids=RIGHT)
def test_an_outcome_that_is_right_has_no_problem(story, outcome):
    """Every part of it is compared."""
    assert told(story, outcome) == []


@pytest.mark.parametrize(("story", "outcome", "what"), WRONG.values(), ids=WRONG)
def test_an_outcome_that_is_wrong_is_told(story, outcome, what):
    """With what a conforming client makes of the story instead."""
    assert told(story, outcome) == [what]


def test_the_place_is_that_of_the_outcome():
    """With code and mend, as the page of errors shows it."""
    (problem,) = outcome_problems(catalog_of(f"{ONE}outcome: {{events: [one]}}"))

    assert (problem.where.line, problem.where.column, problem.code) == (3, 10, "outcome")
    assert problem.mend.startswith("mend the story, or the outcome")

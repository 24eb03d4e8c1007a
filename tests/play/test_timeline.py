"""A story played through without waiting, as `explain` shows it."""

import pytest
from stage import Stage

from mockserver.play.timeline import timeline, usual_request
from mockserver.sse.parse import blocks


def lanes(text, *, opening=None, **options):
    """Return the lanes of a story."""
    stage = Stage(text)
    opening = opening or usual_request(stage.program, stage.operation)
    return timeline(stage.program, stage.operation, opening, **options)


def shown(lane):
    """Return what a lane shows."""
    return [(cue.at, cue.what) for cue in lane.cues]


def test_connections():
    """Every connection of the story is shown, each with the id that a client would bring."""
    first, second, third = lanes("""
    connections:
    - steps: [{data: a}, {delay: 1s, id: 1, data: b}, {disconnect: drop}]
    - response: {status: 503}
    - steps: [{hold: 2s}, {data: c}]
    """)
    assert shown(first) == [(0.0, "send"), (1.0, "send"), (1.0, "drop")]
    assert shown(third) == [(0.0, "hold"), (2.0, "send"), (2.0, "end")]
    assert [lane.last_event_id for lane in (first, second, third)] == [None, "1", "1"]
    assert [lane.head.status for lane in (first, second, third)] == [200, 503, 200]


def test_broken():
    """A connection that breaks before the first byte has no head."""
    first, _ = lanes("connections: [{delay: 2s, disconnect: reset}, {steps: [{data: a}]}]")
    assert (first.head, first.delay, shown(first)) == (None, 2.0, [(0.0, "reset")])


ENDLESS = [
    pytest.param("repeat: {times: forever, every: 1s, steps: [{data: a}]}", 7, id="timed"),
    pytest.param("repeat: {times: forever, steps: [{data: a}]}", 7, id="untimed"),
    pytest.param("repeat: {times: 200000, steps: [{data: a}]}", 7, id="long"),
    pytest.param("repeat: {times: forever, steps: [{delay: 1s}]}", 0, id="nothing-but-waits"),
    pytest.param("hold: forever", 1, id="hold"),
]


@pytest.mark.parametrize(("step", "count"), ENDLESS)
def test_limit(step, count):
    """What has no end is shown up to the limit, and goes on."""
    (lane,) = lanes(f"stream: [{{{step}}}]", limit=7)
    assert (count, True) == (len(lane.cues), lane.goes_on)


def test_limit_that_is_just_enough():
    """What ends at the limit ends."""
    (lane,) = lanes("stream: [{data: a}, {delay: 1s, data: b}]", limit=3)
    assert (shown(lane), lane.goes_on) == ([(0.0, "send"), (1.0, "send"), (1.0, "end")], False)


def test_blocks():
    """Joined blocks are shown apart; one without its blank line as it is."""
    assert list(blocks(b"data: a\n\n: b\n\ndata: c")) == [b"data: a\n\n", b": b\n\n", b"data: c"]


def test_usual_request():
    """A usual request meets the conditions, and has what the templates read."""
    stage = Stage("""
    operation: openChat
    when: {query: {a: x*, b: true}, headers: {X-C: d}, body: {stream: true}}
    stream:
    - data: "{{ request.body.model }} {{ request.query.q }} {{ request.cookies.sid }}"
    - data: "{{ request.query.z | default('none') }}"
    """)
    opening = usual_request(stage.program, stage.operation)
    assert opening.query == {"a": "x", "b": "1", "q": "q"}
    assert (opening.headers, opening.cookies) == ({"x-c": "d"}, {"sid": "sid"})
    assert opening.body == {"model": "model", "stream": True}
    assert (opening.method, opening.target) == ("POST", "/chat?a=x&b=1&q=q")

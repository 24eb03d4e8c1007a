"""What templates draw and see, and that no draw shifts another (section 9 of the language)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from stage import Stage

from mockserver.play.opening import Opening

FUNCTIONS = [
    pytest.param("uuid()", str, id="uuid"),
    pytest.param("random_int(1, 1000000)", int, id="random_int"),
    pytest.param("random_float(0, 1)", float, id="random_float"),
    pytest.param("pick(range_)", int, id="pick"),
    pytest.param("shuffle(range_)", list, id="shuffle"),
    pytest.param("random_string(12)", str, id="random_string"),
    pytest.param("hex(13)", str, id="hex"),
]
RANGE = f"vars: {{range_: {list(range(1000))}}}\n"
NOW = "2026-01-01T00:00:02Z"


def drawn(text, **options):
    """Return the data of the events of a story's first connection."""
    return Stage(text, **options).connect().receive().data


@pytest.mark.parametrize(("function", "kind"), FUNCTIONS)
def test_draws(function, kind):
    """A draw is the same each time, and another for every round, field, seed and session."""
    text = f"""
    {RANGE.strip()}
    stream:
    - repeat: {{times: 3, steps: [{{data: ["{{{{ {function} }}}}"], event: "{{{{ {function} }}}}"}}]}}
    """
    visit = Stage(text).connect().receive()
    values = [json.loads(data)[0] for data in visit.data]
    types = [block.event for block in visit.blocks]
    assert {kind} == {type(value) for value in values}
    assert len({json.dumps(v) if isinstance(v, list) else str(v) for v in [*values, *types]}) == 6
    assert visit.bytes == Stage(text).connect().receive().bytes
    for other in ({"seed": "1"}, {"session": "other"}):
        assert visit.bytes != Stage(text, **other).connect().receive().bytes


def test_bool():
    """random_bool() is one or the other about as often."""
    data = drawn('stream: [{repeat: {times: 400, steps: [{data: "{{ random_bool() }}"}]}}]')
    assert {"true", "false"} == set(data)
    assert 140 < data.count("true") < 260


SHAPES = [
    pytest.param("uuid() | length", "36", id="uuid"),
    pytest.param("uuid()[14]", "4", id="uuid-version"),
    pytest.param("random_int(7, 7)", "7", id="int"),
    pytest.param("hex(5) | length", "5", id="hex"),
    pytest.param("random_string(0)", "", id="empty"),
    pytest.param("shuffle([1, 2, 3]) | sort", "[1,2,3]", id="shuffle"),
    pytest.param("now()", NOW, id="now"),
    pytest.param("now('unix')", "1767225602", id="unix"),
    pytest.param("now('unix_ms')", "1767225602000", id="unix_ms"),
    pytest.param("now('http')", "Thu, 01 Jan 2026 00:00:02 GMT", id="http"),
    pytest.param("now('%Y')", "2026", id="strftime"),
    pytest.param("now(offset='5m')", "2026-01-01T00:05:02Z", id="offset"),
    pytest.param("now('iso', '-1h')", "2025-12-31T23:00:02Z", id="negative-offset"),
    pytest.param("timestamp()", "1767225602", id="timestamp"),
    pytest.param("session", "default", id="session"),
    pytest.param("subscription", "1", id="subscription"),
    pytest.param("connection", "1", id="connection"),
    pytest.param("last_event_id", "", id="no-last-event-id"),
    pytest.param("request.method", "GET", id="method"),
    pytest.param("request.path.id", "7", id="path"),
    pytest.param("request.query.q", "a b", id="query"),
    pytest.param("request.headers['x-a']", "b", id="header"),
    pytest.param("request.cookies.sid", "s", id="cookie"),
    pytest.param("request.body.model", "m", id="body"),
    pytest.param("vars.name", "seven", id="vars"),
    pytest.param("name", "seven", id="vars-by-name"),
    pytest.param("twice", "seven seven", id="vars-of-vars"),
    pytest.param("example('Thing')", '{"name":"a thing"}', id="example"),
]


@pytest.mark.parametrize(("expression", "data"), SHAPES)
def test_in_reach(expression, data):
    """What a template sees."""
    stage = Stage(f"""
    vars: {{name: seven, twice: "{{{{ name }}}} {{{{ vars.name }}}}"}}
    operation: streamOrder
    stream: [{{delay: 2s, data: "{{{{ {expression} }}}}"}}]
    """)
    visit = stage.connect(
        path={"id": "7"}, query={"q": "a b"}, headers={"x-a": "b"}, cookies={"sid": "s"},
        body={"model": "m"},
    )  # fmt: skip
    assert [data] == visit.receive().data


WRONG = [
    pytest.param("random_string(99999999999)", "a length from 0", id="too-long"),
    pytest.param("random_string(-1)", "a length from 0", id="negative"),
    pytest.param("pick([])", "cannot be rendered", id="pick-of-nothing"),
    pytest.param("random_int(2, 1)", "cannot be rendered", id="empty-range"),
    pytest.param("example('Nothing')", "no schema 'Nothing'", id="no-example"),
    pytest.param("now(offset='soon')", "is no duration", id="no-offset"),
]


@pytest.mark.parametrize(("expression", "why"), WRONG)
def test_no_value(expression, why):
    """What has no value says why."""
    visit = Stage(f'stream: [{{data: "{{{{ {expression} }}}}"}}]').connect().receive()
    assert (visit.ended, why in visit.fault) == ("drop", True)


def test_no_draw_shifts_another():
    """More draws in one step leave those of all other steps, rounds and connections alone."""
    text = """
    stream:
    - data: "{{ uuid() }}"
    - repeat: {times: 3, steps: [{delay: 1ms..9s, data: "{{ EXTRA }}"}, {data: "{{ uuid() }}"}]}
    - disconnect: drop
    - data: "{{ uuid() }}"
    """
    few, many = Stage(text.replace("EXTRA", "1")), Stage(text.replace("EXTRA", "shuffle([1, 2])"))
    for _ in range(2):
        one, other = few.connect().receive(), many.connect().receive()
        assert [block for block in one.timed if len(block[1]) == 36] == [
            block for block in other.timed if len(block[1]) == 36
        ]


def test_other_requests_shift_nothing():
    """What other clients do is of no consequence for a client's draws."""
    text = 'stream: [{data: "{{ uuid() }}"}, {disconnect: drop}, {data: "{{ uuid() }}"}]'
    alone, crowded = Stage(text), Stage(text)
    for number in range(5):
        crowded.connect(target=f"/events?{number}").receive()
    for _ in range(2):
        assert alone.connect().receive().data == crowded.connect().receive().data


def test_subscriptions_and_connections_draw_for_themselves():
    """Two clients, and two connections that are alike, see different draws."""
    stage = Stage('connections: [{times: 2, steps: [{data: "{{ uuid() }}"}]}]')
    tabs = [stage.connect(), stage.connect()]
    data = [tab.receive().data[0] for tab in tabs] + [stage.connect().receive().data[0]]
    assert len(set(data)) == 3


def test_own_seed():
    """A scenario's seed overrides the server's."""
    text = 'seed: mine\nstream: [{data: "{{ uuid() }}"}]'
    assert drawn(text, seed="0") == drawn(text, seed="1")
    assert drawn(text) != drawn(text.replace("mine", "yours"))


def test_vars_are_drawn_once():
    """A variable is drawn once for the whole story: an id made of it is the same each time."""
    stage = Stage("""
    vars: {order: "{{ uuid() }}"}
    stream:
    - data: "{{ order }}"
    - disconnect: drop
    - data: "{{ vars.order }}"
    """)
    assert (
        len({visit.data[0] for visit in (stage.connect().receive(), stage.connect().receive())})
        == 1
    )


def test_loop_names_end_with_their_loop():
    """A name that an inner loop shadows is there again behind it."""
    text = """
    stream:
    - repeat:
        times: 2
        steps:
        - each: {in: [x], as: n, steps: [{data: "in {{ n }}"}]}
        - data: "out {{ n }}"
    """
    assert drawn(text) == ["in x", "out 1", "in x", "out 2"]


TOLD = """
seed: "7"
stream:
- repeat:
    times: 20
    every: 10ms..90ms
    steps:
    - {id: "{{ uuid() }}", data: {a: "{{ random_int(1, 99) }}", b: "{{ pick(['x', 'y', 'z']) }}"}}
    - chance: {of: 50%, steps: [{data: "{{ shuffle([1, 2, 3, 4]) }} {{ random_string(9) }}"}]}
"""


@pytest.mark.parametrize("hash_seed", ["0", "1", "31337"])
def test_in_another_process(hash_seed):
    """The same bytes at the same offsets in a process with another seed for hash()."""
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{here}:{here.parents[1]}"}
    told = "from test_scope import *; print(Stage(TOLD).connect().receive().timed)"
    done = subprocess.run([sys.executable, "-c", told], env=env, check=True, capture_output=True)
    assert f"{Stage(TOLD).connect().receive().timed}\n" == done.stdout.decode()


def test_opening_is_data():
    """A template gets copies: nothing that it does changes the request."""
    opening = Opening(query={"a": "b"})
    opening.names()["query"]["a"] = "c"
    assert opening.query == {"a": "b"}


UNFIT = {
    "a reconnection time": ("{retry: '{{ none }}'}", "retry is no number of milliseconds: null"),
    "a list": ("{each: {in: '{{ true }}', steps: [{data: x}]}}", "in is no list: true"),
    "rounds": (
        "{repeat: {times: '{{ [none] }}', every: 1s, steps: [{data: x}]}}",
        "times is no number of rounds: [null]",
    ),
    "a chance": ("{chance: {of: '{{ none }}', steps: [{data: x}]}}", "of is no percentage: null"),
}


@pytest.mark.parametrize(("step", "said"), UNFIT.values(), ids=UNFIT)
def test_what_a_template_yields_is_told_as_json(step, said):
    """YAML and templates know null and true, and no None and True."""
    visit = Stage(f"stream: [{step}]").connect()
    visit.receive()
    assert visit.fault.endswith(f": {said}")

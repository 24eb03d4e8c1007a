"""Where a connection with a Last-Event-ID begins (section 4 of the language, Resume)."""

import json
from datetime import UTC, datetime

import pytest
from stage import Stage, last_id

from mockserver.play import search

ROWS = """
stream:
- {id: 1, data: a}
- {id: 2, data: b}
- disconnect: drop
- {id: 3, data: c}
- {id: 4, data: d}
- disconnect: reset
- {id: 5, data: e}
"""

# --- on a server that was just started ---------------------------------------------------------

FRESH = [
    pytest.param("1", ["b"], "drop", id="in-the-first-connection"),
    pytest.param("2", ["c", "d"], "reset", id="last-of-a-connection"),
    pytest.param("3", ["d"], "reset", id="in-the-second"),
    pytest.param("4", ["e"], "end", id="last-of-the-second"),
]


@pytest.mark.parametrize(("last_event_id", "data", "end"), FRESH)
def test_after_an_id(last_event_id, data, end):
    """A server that was just started begins right after the event, wherever it stands."""
    visit = Stage(ROWS).connect(last_event_id).receive()
    assert (data, end, ()) == (visit.data, visit.ended, visit.notes)


COUNTED = [
    pytest.param('repeat: {times: 100, every: 1s, steps: [{id: "{{ n }}", data: "{{ n }}"}]}',
                 "57", 58, id="timed-loop"),
    pytest.param('repeat: {times: 100, steps: [{id: "{{ n }}", data: "{{ n }}"}]}',
                 "57", 58, id="untimed-loop"),
    pytest.param('repeat: {times: forever, steps: [{id: "{{ n }}", data: "{{ n }}"}]}',
                 "31415", 31416, id="endless-loop"),
    pytest.param('repeat: {times: forever, every: 1s, steps: [{id: "e-{{ n }}", data: "{{ n }}"}]}',
                 "e-31415", 31416, id="endless-timed-loop"),
    pytest.param('repeat: {times: 9, as: i, steps: [{id: "{{ i * 2 }}", data: "{{ i }}"}]}',
                 "8", 5, id="named-counter"),
    pytest.param('each: {in: [x, y, z], as: it, steps: [{id: "{{ it }}", data: "{{ n }}"}]}',
                 "x", 2, id="each"),
    pytest.param('each: {in: "{{ [5, 6, 7] }}", steps: [{id: "{{ item }}", data: "{{ n }}"}]}',
                 "6", 3, id="each-of-a-template"),
]  # fmt: skip


@pytest.mark.parametrize(("loop", "last_event_id", "comes_next"), COUNTED)
def test_after_an_id_in_a_loop(loop, last_event_id, comes_next):
    """Ids made by templates in loops are found without time: after 57 comes 58, at once."""
    visit = Stage(f"stream:\n- {loop}").connect(last_event_id)
    first = visit.receive_blocks(1).blocks[0]
    assert (str(comes_next), ()) == (first.data, visit.notes)
    assert (1.0 if "every" in loop else 0.0) == first.at


def test_after_an_id_in_nested_loops():
    """A place in a loop within a loop is found, and both go on from there."""
    visit = Stage("""
    stream:
    - repeat:
        times: 2
        as: i
        every: 10s
        steps:
        - each:
            in: [x, y]
            every: 1s
            steps: [{id: "{{ i }}{{ item }}", data: "{{ i }} {{ n }} {{ item }}"}]
    """).connect("1x")
    assert visit.receive().timed == [(1.0, "1 2 y"), (10.0, "2 1 x"), (11.0, "2 2 y")]


RANDOM = """
stream:
- repeat:
    times: 5
    steps: [{id: "{{ uuid() }}", data: "{{ n }} {{ random_int(1, 1000000) }}"}]
"""


def test_after_a_random_id():
    """Ids that are drawn are drawn alike on a fresh server, and so is what follows them."""
    stage = Stage(RANDOM)
    whole = stage.connect().receive()
    stage.start_again()
    rest = stage.connect(whole.ids[1]).receive()
    assert (whole.ids[2:], whole.data[2:]) == (rest.ids, rest.data)


def test_after_an_id_of_the_request():
    """An id made from the request is found by the request that brings it."""
    stage = Stage("""
    vars: {prefix: "{{ request.query.user }}"}
    stream: [{id: "{{ prefix }}-1", data: a}, {id: "{{ prefix }}-2", data: b}]
    """)
    assert stage.connect("u-1", query={"user": "u"}).receive().data == ["b"]


ODD_IDS = [
    pytest.param("0123", id="leading-zero"),
    pytest.param("event-1", id="words"),
    pytest.param(" x", id="leading-space"),
    pytest.param("…", id="not-ascii"),
    pytest.param("a" * 255, id="long"),
    pytest.param("<", id="unsafe"),
]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_odd_ids(odd):
    """Any text is an id, byte for byte (LI-13, LI-14, LI-15)."""
    stage = Stage(f"stream: [{{id: '{odd}', data: a}}, {{data: '{{{{ last_event_id }}}}'}}]")
    assert [odd] == stage.connect(odd).receive().data


# --- what was lost -----------------------------------------------------------------------------


def test_lost_events_of_an_earlier_connection():
    """Events lost in earlier connections come again in order, without their disconnects."""
    stage = Stage(ROWS)
    stage.connect().receive()
    stage.connect("2").receive()
    third = stage.connect("1").receive()
    assert (third.number, third.data, third.ended) == (3, ["b", "c", "d", "e"], "end")


def test_lost_events_of_the_connection_just_ended():
    """What got lost on the way is sent again, before what the next connection has."""
    stage = Stage(ROWS)
    stage.connect().receive()
    second = stage.connect("1").receive()
    assert (second.number, second.data, second.ended) == (2, ["b", "c", "d"], "reset")


def test_blocks_without_an_id_are_sent_again():
    """A connection begins right after the event with the id: what has no id comes again."""
    stage = Stage("""
    stream:
    - {id: 1, data: a}
    - {data: b}
    - {comment: c}
    - disconnect: drop
    - {id: 2, data: d}
    """)
    stage.connect().receive()
    second = stage.connect("1").receive()
    assert [block.data for block in second.blocks] == ["b", None, "d"]


def test_connections_without_ids_do_not_pile_up():
    """A client that got the last id there was sees each further connection once."""
    stage = Stage("""
    afterwards: repeat
    stream:
    - {id: 1, data: a}
    - disconnect: end
    - data: tick
    """)
    stage.connect().receive()
    assert [stage.connect("1").receive().data for _ in range(4)] == [["tick"]] * 4


def test_error_answers_between():
    """Error answers between two connections lose nothing."""
    stage = Stage("""
    connections:
    - steps: [{id: 1, data: a}, {id: 2, data: b}]
    - {times: 2, response: {status: 503}}
    - {delay: 2s, disconnect: reset}
    - steps: [{id: 3, data: c}]
    """)
    stage.connect().receive()
    visits = [stage.connect("1").receive() for _ in range(4)]
    assert [visit.status for visit in visits] == [503, 503, 0, 200]
    assert visits[-1].timed == [(0.0, "b"), (0.0, "c")]


def test_unchanged_rest():
    """A resumed connection is what it would have been: the same draws, the same times."""
    stage = Stage("""
    stream:
    - repeat:
        times: 4
        steps:
        - {delay: 100ms..900ms, id: "{{ n }}", data: "{{ now() }} {{ random_int(1, 99999) }}"}
    - disconnect: drop
    - {delay: 1s..2s, id: 5, data: "{{ now() }} {{ uuid() }}"}
    """)
    first = stage.connect().receive()
    second = stage.connect("4").receive()
    again = stage.connect("2").receive()  # a told story: nothing is left for it
    assert again.status == 204
    stage.start_again()
    stage.connect().receive()
    late = stage.connect("2").receive()
    assert [*first.data[2:], *second.data] == late.data


# --- time --------------------------------------------------------------------------------------


def test_delays_before_skipped_events():
    """Delays before skipped events are skipped, those before the others are not."""
    stage = Stage("""
    stream:
    - {delay: 5s, id: 1, data: a}
    - {delay: 1s, id: 2, data: b}
    - {delay: 2s, id: 3, data: c}
    """)
    assert stage.connect("1").receive().timed == [(1.0, "b"), (3.0, "c")]


WAITED = [
    pytest.param("delay: 5s", id="delay"),
    pytest.param("at: 5s", id="at"),
    pytest.param("hold: 5s", id="hold"),
]


@pytest.mark.parametrize("wait", WAITED)
@pytest.mark.parametrize("form", ["stream", "chance"])
def test_wait_for_a_disconnect_that_has_happened(wait, form):
    """The wait for a disconnect does not happen again either."""
    ending = f"- {wait}\n- disconnect: reset"
    if form == "chance":
        ending = f"- chance: {{of: 100%, steps: [{{{wait}}}, {{disconnect: reset}}]}}"
    stage = Stage(f"stream:\n- {{id: 1, data: a}}\n{ending}\n- {{delay: 1s, id: 2, data: b}}\n")
    first, second, third = (visit.receive() for visit in stage.told())
    assert (first.timed, first.ended, first.ended_at) == ([(0.0, "a")], "reset", 5.0)
    assert (second.timed, second.holds, third.status) == ([(1.0, "b")], [], 204)


def test_delays_of_lost_events():
    """Events that are sent again come at their own pace; only the wait at the end is over."""
    stage = Stage("""
    stream:
    - {id: 1, data: a}
    - {delay: 1s, id: 2, data: b}
    - delay: 9s
    - disconnect: drop
    - {delay: 2s, id: 3, data: c}
    """)
    stage.connect().receive()
    assert stage.connect("1").receive().timed == [(1.0, "b"), (3.0, "c")]


def test_at_in_a_resumed_connection():
    """`at` keeps the distance to the events before it that are skipped, as a delay would."""
    stage = Stage("stream: [{at: 5s, id: 1, data: a}, {at: 12s, id: 2, data: b}]")
    assert stage.connect().receive().timed == [(5.0, "a"), (12.0, "b")]
    stage.start_again()
    assert stage.connect("1").receive().timed == [(7.0, "b")]


def test_now_of_an_event_that_is_sent_again():
    """now() of an event is the same each time that it is sent."""
    stage = Stage("""
    connections:
    - steps:
      - {delay: 1s, id: 1, data: "{{ now() }}"}
      - {delay: 1s, id: 2, data: "{{ now() }}"}
      - delay: 5s
    - {delay: 3s, disconnect: reset}
    - steps: [{delay: 1s, id: 3, data: "{{ now() }}"}]
    """)
    first = stage.connect().receive()
    stage.now += 40
    stage.connect("2")
    stage.now += 10
    third = stage.connect("2").receive()
    clock = [f"2026-01-01T00:00:{second:02}Z" for second in (1, 2, 11)]
    assert clock == [*first.data, *third.data]
    stage.start_again()
    stage.connect().receive()
    stage.connect("1")
    assert clock[1:] == stage.connect("1").receive().data
    stage.start_again()
    rest = stage.connect("1").receive()
    assert [clock[1]] == rest.data


def test_epoch():
    """now() counts from the session's epoch."""
    stage = Stage("stream: [{delay: 1500ms, data: '{{ now() }}'}]",
                  epoch=datetime(2030, 5, 6, tzinfo=UTC))  # fmt: skip
    assert stage.connect().receive().data == ["2030-05-06T00:00:01.500Z"]


# --- holds and loops without end ---------------------------------------------------------------


def test_hold_forever_and_back():
    """Who leaves an endless hold and comes back is held again where nothing else is left."""
    stage = Stage("stream: [{id: 1, data: a}, {hold: forever}]")
    first = stage.connect().receive()
    assert ([(0.0, float("inf"))], None) == (first.holds, first.ended)
    first.leave()
    back = stage.connect("1").receive()
    assert (1, 2, [], [(0.0, float("inf"))]) == (
        back.subscription, back.number, back.data, back.holds,
    )  # fmt: skip


def test_hold_forever_and_the_next_connection():
    """Who leaves an endless hold gets the next connection: a client with a read timeout."""
    stage = Stage("""
    connections:
    - steps: [{id: 1, data: a}, {hold: forever}]
    - steps: [{delay: 1s, id: 2, data: b}]
    """)
    stage.connect().receive(30.0).leave()
    back = stage.connect("1").receive()
    assert (back.number, back.timed, back.ended) == (2, [(1.0, "b")], "end")
    stage.start_again()
    assert stage.connect("1").receive().timed == [(1.0, "b")]


def test_back_to_endless_holds():
    """Coming back to a loop of holds is answered, though nothing in it ever comes."""
    stage = Stage("""
    stream:
    - {id: 1, data: a}
    - repeat: {times: forever, steps: [{hold: 1s}]}
    """)
    stage.connect().receive(5.0).leave()
    back = stage.connect("1").receive(5.0)
    assert (back.data, back.holds[0]) == ([], (0.0, 1.0))


@pytest.mark.parametrize("last_event_id", [None, "1", "unknown"])
def test_endless_waits(last_event_id):
    """A loop that does nothing but wait keeps the connection open, and nobody looks for ever."""
    stage = Stage("""
    stream:
    - {id: 1, data: a}
    - repeat: {times: forever, steps: [{delay: 1s}]}
    """)
    visit = stage.connect(last_event_id).receive(50_000.0)
    assert ([] if last_event_id == "1" else ["a"], None) == (visit.data, visit.ended)


def test_long_waits():
    """A loop that waits ten thousand times comes to its end at the right moment."""
    stage = Stage("stream: [{repeat: {times: 10000, steps: [{delay: 1ms}]}}, {data: a}]")
    assert stage.connect().receive().timed == [(10.0, "a")]


# --- chance ------------------------------------------------------------------------------------

CHANCE = """
stream:
- {id: 1, data: a}
- chance: {of: 100%, steps: [{id: 2, data: b}, {disconnect: reset}], otherwise: [{data: no}]}
- {id: 3, data: c}
- {id: 4, data: d}
"""


def test_disconnect_in_a_chance():
    """A disconnect inside a chance ends the connection; the next one sees what follows."""
    told = Stage(CHANCE).told()
    assert [visit.data for visit in told] == [["a", "b"], ["c", "d"], []]
    assert [visit.ended for visit in told] == ["reset", "end", None]


def test_lost_before_a_disconnect_in_a_chance():
    """What was lost before it comes again, and it does not happen again."""
    stage = Stage(CHANCE)
    stage.connect().receive()
    second = stage.connect("1").receive()
    assert (second.data, second.ended) == (["b", "c", "d"], "end")


def test_disconnect_in_a_chance_of_connections():
    """Written connection by connection, what follows it is lost with its connection."""
    stage = Stage("""
    connections:
    - steps:
      - {id: 1, data: a}
      - chance: {of: 100%, steps: [{disconnect: reset}]}
      - {id: 2, data: b}
    - steps: [{id: 3, data: c}]
    """)
    assert [visit.data for visit in (stage.connect().receive(), stage.connect())
                              if visit.receive()] == [["a"], ["c"]]  # fmt: skip


def test_disconnect_that_does_not_happen():
    """A chance that does not happen takes the other way."""
    stage = Stage(CHANCE.replace("100%", "0%"))
    assert stage.connect().receive().data == ["a", "no", "c", "d"]


def test_ignoring_ids_after_a_disconnect_in_a_chance():
    """With `resume: ignore` a connection goes on where it would without the header."""
    told = Stage(CHANCE + "resume: ignore").told()
    assert [visit.data for visit in told] == [["a", "b"], ["c", "d"], []]


# --- policies ----------------------------------------------------------------------------------


def test_ignore():
    """`ignore` plays the connection as if the header were absent."""
    stage = Stage(ROWS + "resume: ignore")
    assert stage.connect("1").receive().data == ["a", "b"]
    assert stage.connect("1").receive().data == ["c", "d"]


def test_ignore_after_leaving():
    """With `ignore` a client that left gets the connection that it left once more."""
    stage = Stage(ROWS.replace("e}", "e}\n- hold: forever") + "resume: ignore")
    stage.connect().receive()
    stage.connect("2").receive()
    stage.connect("4").receive(5.0).leave()
    assert stage.connect("5").receive(1.0).data == ["e"]


def test_ignore_after_leaving_at_the_end():
    """With `ignore` a client that left when all had been said gets the next connection."""
    stage = Stage(
        "resume: ignore\nstream: [{id: 1, data: a}, {hold: 9s}, {disconnect: drop}, {data: b}]"
    )
    stage.connect().receive(5.0).leave()
    assert ((back := stage.connect("1").receive()).number, back.data) == (2, ["b"])


REPLAYED = [
    pytest.param("1", ["a", "b", "c", "d"], id="an-earlier-one"),
    pytest.param("2", ["b", "c", "d"], id="the-last-one"),
]


@pytest.mark.parametrize(("last_event_id", "data"), REPLAYED)
def test_replay(last_event_id, data):
    """`replay` sends the event with that id once more."""
    stage = Stage(ROWS + "resume: replay")
    stage.connect().receive()
    assert data == stage.connect(last_event_id).receive().data


def test_replay_the_event_itself():
    """`replay` sends the event with the id, whatever came after it without one."""
    stage = Stage("resume: replay\nstream: [{id: 1, data: a}, {data: b}, {disconnect: end}]")
    stage.connect().receive()
    stage.start_again()
    assert stage.connect("1").receive().data == ["a", "b"]


SKIPPED = [
    pytest.param(1, ["c", "d"], id="one"),
    pytest.param(2, ["d"], id="into-the-next-connection"),
    pytest.param(3, [], id="all-of-it"),
    pytest.param(9, [], id="more-than-there-is"),
]


@pytest.mark.parametrize(("count", "data"), SKIPPED)
def test_skip(count, data):
    """`skip: N` leaves a gap of N events, over the connections that follow."""
    stage = Stage(ROWS + f"resume: {{skip: {count}}}")
    stage.connect().receive()
    assert data == stage.connect("1").receive().data


@pytest.mark.parametrize("timed", [False, True], ids=["stretch", "blocks"])
def test_skip_counts_events(timed):
    """A gap is counted in events: comments and reconnection times are none."""
    delay = "delay: 1s, " if timed else ""
    steps = ["id: 1, data: a", "comment: x", "retry: 5", "data: b", "id: 2", "event: e", "data: c"]
    written = ", ".join(f"{{{delay}{step}}}" for step in steps)
    visit = Stage(f"resume: {{skip: 3}}\nstream: [{written}]").connect("1").receive()
    assert [(1.0 if timed else 0.0, "c")] == visit.timed


def test_skip_into_a_loop():
    """A gap goes on through the rounds of a loop."""
    stage = Stage("""
    resume: {skip: 3}
    stream:
    - repeat: {times: 9, every: 1s, steps: [{id: "{{ n }}", data: "{{ n }}"}]}
    """)
    assert stage.connect("2").receive(2.0).timed == [(1.0, "6"), (2.0, "7")]


def test_skip_where_no_event_is_left():
    """A gap that can never be filled ends the connection with a word why."""
    visit = (
        Stage("""
    resume: {skip: 1}
    stream:
    - {id: 1, data: a}
    - repeat: {times: forever, every: 15s, steps: [{comment: x}]}
    """)
        .connect("1")
        .receive()
    )
    assert (visit.ended, "without an event" in visit.fault) == ("drop", True)


def test_no_policy_without_the_header():
    """`replay` and `skip` are for requests that bring an id."""
    for resume in ("replay", "{skip: 1}"):
        stage = Stage(ROWS + f"resume: {resume}")
        assert [stage.connect().receive().data for _ in range(2)] == [["a", "b"], ["c", "d"]]


# --- unknown ids -------------------------------------------------------------------------------


def test_unknown():
    """An id that the story does not know is noted, and the connection plays from its beginning."""
    stage = Stage(ROWS)
    first, second = stage.connect("x").receive(), stage.connect("y").receive()
    assert [first.data, second.data] == [["a", "b"], ["c", "d"]]
    assert [first.notes, second.notes] == [("unknown-last-event-id",)] * 2


def test_unknown_refused():
    """`unknown: 400` answers that status instead, and the subscription waits on."""
    stage = Stage(ROWS + "resume: {unknown: 400}")
    stage.connect().receive()
    refused, served = stage.connect("x"), stage.connect("2").receive()
    assert (refused.status, refused.notes, refused.head) == (400, ("unknown-last-event-id",), None)
    assert (served.number, served.data) == (2, ["c", "d"])


def test_unknown_refused_with_a_gap():
    """`skip` and `unknown` go together."""
    stage = Stage(ROWS + "resume: {unknown: 400, skip: 1}")
    assert (stage.connect("x").status, stage.connect("1").receive().data) == (400, [])


def test_no_note_for_what_is_known():
    """Neither a known id nor an empty one is noted."""
    stage = Stage(ROWS)
    assert [stage.connect(i).notes for i in ("1", "")] == [(), ()]


def test_bound_of_the_search(monkeypatch):
    """The search gives up at a bound, and then the id is unknown."""
    monkeypatch.setattr(search, "SEARCH_STEPS", 1000)
    loop = 'stream: [{repeat: {times: forever, every: 1s, steps: [{id: "{{ n }}", data: x}]}}]'
    notes = {number: Stage(loop).connect(str(number)).notes for number in (900, 1200)}
    assert notes == {900: (), 1200: ("unknown-last-event-id", "search-bound-reached")}


def test_bound_of_the_search_over_connections(monkeypatch):
    """A million error answers are not all looked at."""
    monkeypatch.setattr(search, "SEARCH_STEPS", 1000)
    looked = []
    stage = Stage("connections: [{times: 1000000, response: {status: 503}}]")
    row = type(stage.program).row

    def counted(program, number):
        looked.append(number)
        return row(program, number)

    monkeypatch.setattr(type(stage.program), "row", counted)
    assert stage.connect("x").notes == ("unknown-last-event-id", "search-bound-reached")
    assert len(looked) < 1100


# --- a client to the end -----------------------------------------------------------------------


def test_the_first_scenario():
    """The scenario at the head of the language page is told as it says."""
    stage = Stage("""
    stream:
    - retry: 1500
    - {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
    - delay: 2s
    - {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
    - disconnect: reset
    - delay: 3s
    - {id: 3, data: {status: preparing_shipment, timestamp: "{{ now() }}"}}
    - {event: complete, id: 4, data: {status: shipped, trackingNumber: 1Z999AA10123456784}}
    """)
    first, second, third = stage.told()
    assert [(b.at, b.id) for b in first.blocks] == [(0.0, None), (0.0, "1"), (2.0, "2")]
    assert [(b.at, b.event, b.id) for b in second.blocks] == [
        (3.0, None, "3"),
        (3.0, "complete", "4"),
    ]
    assert '"timestamp":"2026-01-01T00:00:05Z"' in second.data[0]
    assert (first.ended, second.ended, third.status) == ("reset", "end", 204)


def test_counter():
    """A client that is cut off after every three events sees no gap (LI-07)."""
    steps = '{repeat: {times: 3, steps: [{id: "{{ (connection - 1) * 3 + n }}", data: x}]}}'
    told = Stage(f"connections: [{{times: 3, steps: [{steps}]}}]").told()
    assert [str(n) for n in range(1, 10)] == [i for visit in told for i in visit.ids]


def test_last_id_of_a_client():
    """An id counts alone, keeps its value over events without, and is dropped by an empty one."""
    stage = Stage("""
    stream:
    - id: a
    - data: x
    - disconnect: end
    - id: ""
    - disconnect: end
    - data: y
    """)
    visits = [stage.connect().receive()]
    ids = []
    for _ in range(2):
        ids.append(last_id(visits))
        visits.append(stage.connect(ids[-1]).receive())
    assert (ids, visits[-1].data) == (["a", None], ["y"])


# --- an id that is there twice -----------------------------------------------------------------

ONE, AGAIN, NONE, TWO = (
    "id: 1\ndata: a\n\n",
    "id: 1\ndata: b\n\n",
    "data: c\n\n",
    "id: 2\ndata: d\n\n",
)


def raw(*blocks):
    """Return a step of these bytes."""
    return f"{{raw: {json.dumps(''.join(blocks))}}}"


TWICE = {
    "events": ("{id: 1, data: a}, {id: 1, data: b}, {data: c}", ["c", "z"], ["b", "c"]),
    "by hand": (f"{raw(ONE)}, {raw(AGAIN)}, {raw(NONE)}", ["c", "z"], ["b", "c"]),
    "in one step": (raw(ONE, AGAIN, NONE), ["c", "z"], ["b", "c"]),
    "in one step, and another id": (raw(ONE, AGAIN, TWO), ["d", "z"], ["b", "d"]),
    "both in one step": (f"{raw(ONE, AGAIN)}, {raw(NONE)}", ["c", "z"], ["b", "c"]),
    "an event first": (f"{{id: 1, data: a}}, {raw(AGAIN)}, {{data: c}}", ["c", "z"], ["b", "c"]),
    "an event last": (f"{raw(ONE)}, {{id: 1, data: b}}, {{data: c}}", ["c", "z"], ["b", "c"]),
    "another between them": (
        f"{raw(ONE)}, {raw(TWO)}, {raw(AGAIN)}, {raw(NONE)}", ["c", "z"], ["d", "b", "c"],
    ),
    "events, another between them": (
        "{id: 1, data: a}, {id: 2, data: d}, {id: 1, data: b}, {data: c}", ["c", "z"], ["d", "b", "c"],
    ),
    "no id between them": (f"{raw(ONE)}, {raw(NONE)}, {raw(AGAIN)}", ["z"], ["c", "b"]),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "back", "fresh"), TWICE.values(), ids=TWICE)
def test_an_id_that_is_there_twice(steps, back, fresh):
    """It is where it was sent last, or else where the story comes to it first; by hand as well."""
    stage = Stage(f"stream: [{steps}, {{disconnect: drop}}, {{id: 9, data: z}}]")
    stage.connect().receive()
    assert stage.connect("1").receive().data == back
    stage.start_again()
    assert stage.connect("1").receive().data == fresh

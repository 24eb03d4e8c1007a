"""Stories that wait for others: what follows when it comes, when it does not, and ever after."""

import pytest
from stage import Stage, catalog_of

from mockserver.errors import ControlError
from mockserver.play import happenings as bounds
from mockserver.play.awaits import SETTLED, Settled, Wanted
from mockserver.play.happenings import Happenings
from mockserver.play.opening import Opening
from mockserver.play.reach import Reach
from mockserver.scenario.units import FOREVER

NOW = '"{{ now() }}"'
IN_TIME = "await: {signal: go}, timeout: 3s"


def never(_):
    """Nothing comes."""
    return False


def played(steps, *, comes=None, takes=0.0, **more):
    """Return the first connection of a stream, in which `takes` pass before what `comes`."""
    visit = Stage(f"stream: [{steps}]", **more).connect()
    visit.comes, visit.answer_takes = comes, takes
    return visit.receive()


# --- when ----------------------------------------------------------------------------------------

TIMES = {
    "met at once": ("{data: a}, {await: {signal: go}}, {data: b}", None, 0, [(0, "a"), (0, "b")]),
    "met later": (
        "{delay: 1s, await: {signal: go}}, {delay: 2s, data: b}", None, 7, [(10, "b")],
    ),
    "at means a moment": (
        "{await: {signal: go}}, {at: 5s, data: a}, {delay: 1s, data: b}", None, 3, [(5, "a"), (6, "b")],
    ),
    "at that has passed": (
        "{await: {signal: go}}, {at: 5s, data: a}, {at: 6s, data: b}", None, 9, [(9, "a"), (9, "b")],
    ),
    "an await at a moment": (
        "{at: 2s, await: {signal: go}}, {data: a}", None, 1, [(3, "a")],
    ),
    "a timeout": (
        f"{{delay: 1s, {IN_TIME}, otherwise: [{{data: late}}]}}, {{data: b}}", never, 9,
        [(4, "late"), (4, "b")],
    ),
    "a timeout and then at": (
        f"{{{IN_TIME}, otherwise: [{{at: 5s, data: late}}]}}, {{at: 6s, data: b}}", never, 0,
        [(5, "late"), (6, "b")],
    ),
    "otherwise has nothing": (f"{{{IN_TIME}, otherwise: []}}, {{data: b}}", never, 0, [(3, "b")]),
    "rounds that wait": (
        "{repeat: {times: 2, every: 5s, steps: [{await: {signal: go}}, {data: a}]}}", None, 3,
        [(3, "a"), (8, "a")],
    ),
    "rounds in vain": (
        f"{{repeat: {{times: 2, every: 5s, steps: [{{{IN_TIME}, otherwise: []}}, {{data: a}}]}}}}",
        never, 0, [(3, "a"), (8, "a")],
    ),
    "an await in an otherwise": (
        f"{{{IN_TIME}, otherwise: [{{await: {{signal: stop}}}}, {{data: a}}]}}, {{data: b}}",
        lambda name: name == "signal stop", 2, [(5, "a"), (5, "b")],
    ),
    "an await in a chance": (
        "{chance: {of: 100%, steps: [{await: {signal: go}}, {data: a}]}}", None, 2, [(2, "a")],
    ),
    "an await for every item": (
        '{each: {in: [x, y], steps: [{await: {signal: "{{ item }}"}, timeout: 1s, otherwise: []},'
        ' {data: "{{ item }}"}]}}',
        lambda name: name == "signal x", 0, [(0, "x"), (1, "y")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "comes", "takes", "told"), TIMES.values(), ids=TIMES)
def test_what_follows_comes_then(steps, comes, takes, told):
    """What is awaited takes no scripted time, a timeout takes its own."""
    assert played(steps, comes=comes, takes=takes).timed == told


SCRIPTED = {"met": (None, "00:00:01Z"), "in vain": (never, "00:00:04Z")}


@pytest.mark.parametrize(("comes", "time"), SCRIPTED.values(), ids=SCRIPTED)
@pytest.mark.parametrize("takes", [0.0, 2.5])
def test_now_knows_only_what_is_scripted(comes, time, takes):
    """However long it has taken to come."""
    visit = played(
        f"{{delay: 1s, {IN_TIME}, otherwise: []}}, {{data: {NOW}}}", comes=comes, takes=takes
    )

    assert visit.data == [f"2026-01-01T{time}"]


def test_a_timeout_from_a_range_has_an_address():
    """The same on every server, another in every round."""
    steps = "{repeat: {times: 3, steps: [{await: {signal: go}, timeout: 1s..9s, otherwise: []}, {data: a}]}}"
    times = [at for at, _ in played(steps, comes=never).timed]

    assert times == [at for at, _ in played(steps, comes=never).timed]
    assert len({round(b - a, 6) for a, b in zip([0, *times], times, strict=False)}) == 3


@pytest.fixture
def idle(monkeypatch):
    """So many rounds in which nothing happens are too many; usually it is a hundred thousand."""
    monkeypatch.setattr("mockserver.play.walk.IDLE_ROUNDS", 1_000)
    return 1_000


def test_a_loop_that_only_waits_is_not_stuck(idle):
    """Each round waits for somebody; it ends when nobody comes any more."""
    visit = Stage("stream: [{repeat: {times: forever, steps: [{await: {signal: go}}]}}]").connect()
    for _ in range(idle + 10):
        cue = visit.turn.player.take(0.0)
        assert cue.wanted.name == "signal go"
        visit.turn.player.answered()


def test_a_loop_that_only_looks_is_stuck(idle):
    """Nobody ever comes, and no time passes."""
    left = iter([True] * 100)
    visit = played(
        '{repeat: {times: forever, steps: [{await: {signal: go}, timeout: "{{ 0 }}s", otherwise: []}]}}',
        comes=lambda _: next(left, False),
    )

    assert (visit.ended, len(visit.awaits) > idle) == ("drop", True)
    assert visit.fault == "1,000 rounds without an event or a wait"


# --- what comes on the next connection -----------------------------------------------------------

NEXT = {
    "of the stream": "stream: [{id: 1, data: a}, {STEP}, {data: b}, {disconnect: end}, {data: next}]",
    "within a chance": (
        "stream: [{id: 1, data: a}, {chance: {of: 100%, steps: [{STEP}, {data: b}]}},"
        " {disconnect: end}, {data: next}]"
    ),
    "of connections": (
        "connections: [{steps: [{id: 1, data: a}, {STEP}, {data: b}]}, {steps: [{data: next}]}]"
    ),
}


@pytest.mark.parametrize("text", NEXT.values(), ids=NEXT)
@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
def test_a_disconnect_in_otherwise_ends_the_row(text, kind):
    """Whoever has waited in vain is never told what should have followed."""
    step = f"{IN_TIME}, otherwise: [{{id: 2, data: late}}, {{disconnect: {kind}}}]"
    stage = Stage(text.replace("STEP", step))
    first = stage.connect()
    first.comes = never
    first.receive()

    assert (first.data, first.ended, first.ended_at) == (["a", "late"], kind, 3.0)
    assert stage.connect("2").receive().data == ["next"]


def test_rows_that_are_alike_wait_anew():
    """Each of them is a connection of its own, with an await of its own."""
    stage = Stage(f"connections: [{{times: 2, steps: [{{{IN_TIME}}}, {{id: 1, data: b}}]}}]")
    first = stage.connect()
    first.comes = never
    assert first.receive().data == []
    second = stage.connect().receive()

    assert (second.awaits, second.data) == ([(0.0, "signal go")], ["b"])


def test_a_disconnect_in_otherwise_of_a_chance_in_it():
    """However deep it stands."""
    step = f"{IN_TIME}, otherwise: [{{chance: {{of: 100%, steps: [{{disconnect: end}}]}}}}, {{data: x}}]"
    stage = Stage(f"stream: [{{id: 1, data: a}}, {{{step}}}, {{data: b}}]")
    first = stage.connect()
    first.comes = never

    assert first.receive().data == ["a"]
    assert stage.connect("1").status == 204


# --- coming back ---------------------------------------------------------------------------------


def test_who_leaves_while_it_waits_waits_on():
    """And gets nothing twice."""
    stage = Stage("stream: [{id: 1, data: a}, {await: {signal: go}}, {id: 2, data: b}]")
    first = stage.connect()
    for _ in range(2):
        cue = first.turn.player.take(0.0)
        if hasattr(cue, "blocks"):
            first.turn.subscription.record(cue)
    first.leave()
    second = stage.connect("1").receive()

    assert (second.awaits, second.data) == ([(0.0, "signal go")], ["b"])


@pytest.mark.parametrize("comes", [None, never], ids=["met", "in vain"])
def test_what_is_over_is_over_for_later_connections(comes):
    """Told again are the same events, with the same scripted times and without the wait."""
    stage = Stage(
        f"stream: [{{id: 1, data: a}}, {{{IN_TIME}, otherwise: [{{id: 2, data: {NOW}}}]}},"
        f" {{id: 3, data: {NOW}}}, {{delay: 1s, id: 4, data: c}}, {{disconnect: reset}}, {{id: 5, data: d}}]"
    )
    first = stage.connect()
    first.comes = comes
    first.receive()
    second = stage.connect("1").receive()

    assert second.awaits == []
    assert second.data == [*first.data[1:], "d"]
    assert [at for at, _ in second.timed] == [0.0] * len(first.data[2:]) + [1.0, 1.0]


def test_a_gap_goes_over_awaits():
    """With `skip`, what is left out is not waited for."""
    stage = Stage(
        "resume: {skip: 2}\nstream: [{id: 1, data: a}, {data: b}, {await: {signal: go}}, {data: c},"
        " {data: d}]"
    )

    visit = stage.connect("1").receive()
    assert (visit.awaits, visit.data) == ([], ["d"])


FRESH = (
    "stream: [{id: 1, data: a},"
    " {await: {signal: one}, timeout: 1s, otherwise: [{id: no-1, data: b}]}, {id: 2, data: NOW},"
    " {await: {signal: two}, timeout: 1s, otherwise: [{id: no-2, data: c}]}, {id: 3, data: NOW}]"
).replace("NOW", NOW)
FOUND = {
    "behind the first": ("1", ["signal one", "signal two"], ["00Z", "00Z"]),
    "where all is met": ("2", ["signal two"], ["00Z"]),
    "where the first is in vain": ("no-1", ["signal two"], ["01Z", "01Z"]),
    "where both are in vain": ("no-2", [], ["02Z"]),
}


@pytest.mark.parametrize(("last_id", "awaits", "times"), FOUND.values(), ids=FOUND)
def test_ids_are_found_on_a_server_that_was_just_started(last_id, awaits, times):
    """Both in what follows and in `otherwise`, whose time has passed then."""
    visit = Stage(FRESH).connect(last_id).receive()

    assert visit.notes == ()
    assert [name for _, name in visit.awaits] == awaits
    assert [data[-3:] for data in visit.data] == times


def test_an_id_where_only_the_second_is_in_vain():
    """All of them in vain would disconnect before."""
    text = FRESH.replace("{id: no-1, data: b}", "{id: no-1, data: b}, {disconnect: end}")
    visit = Stage(text).connect("no-2").receive()

    assert visit.notes == ()
    assert [data[-3:] for data in visit.data] == ["01Z"]


def test_the_search_has_a_bound_and_says_so():
    """However many awaits there are to guess about."""
    text = (
        "stream: [{repeat: {times: forever, steps: [{await: {signal: x}, timeout: 1s,"
        " otherwise: [{id: 'no-{{ n }}', data: b}]}, {id: '{{ n }}', data: c}]}}]"
    )
    visit = Stage(text).connect("nobody")

    assert visit.notes == ("unknown-last-event-id", "search-bound-reached")
    assert Stage(text).connect("no-7").notes == ("unknown-last-event-id", "search-bound-reached")
    assert Stage(text).connect("777").notes == ()


def test_many_awaits_in_a_row_do_not_make_the_search_long():
    """What they could have come to is too much to try all of it."""
    steps = ", ".join(["{await: {signal: x}, timeout: 1s, otherwise: []}"] * 500)
    visit = Stage(f"stream: [{steps}, {{id: 1, data: a}}]").connect("nobody")

    assert visit.notes == ("unknown-last-event-id", "search-bound-reached")


# --- what happens outside ------------------------------------------------------------------------

PAID = Wanted("paid")


def test_signals_are_counted_for_each_subscription():
    """The k-th await takes the k-th sending, and the moment is that of the sending."""
    session = Happenings()
    one, two = session.begin(), session.begin()
    session.signal("paid", 1.0)
    session.signal("paid", 2.0)

    assert [session.take(PAID, one, FOREVER) for _ in range(3)] == [1.0, 2.0, None]
    assert [session.take(PAID, two, 1.5) for _ in range(2)] == [1.0, None]
    assert session.take(PAID, two, 2.0) == 2.0
    assert session.take(Wanted("other"), two, FOREVER) is None


def test_sendings_beyond_those_whose_time_is_kept_count_too():
    """They were long ago."""
    session = Happenings()
    heard = session.begin()
    for n in range(bounds.TIMES + 5):
        session.signal("paid", float(n))
    times = [session.take(PAID, heard, FOREVER) for _ in range(bounds.TIMES + 6)]

    assert times == [-FOREVER] * 5 + [float(n) for n in range(5, bounds.TIMES + 5)] + [None]


def test_a_session_knows_so_many_names(monkeypatch):
    """And refuses more; those it knows can be sent."""
    monkeypatch.setattr(bounds, "SIGNALS", 2)
    session = Happenings()
    session.signal("a", 0.0)
    session.signal("b", 0.0)
    with pytest.raises(ControlError) as refused:
        session.signal("c", 0.0)
    session.signal("a", 0.0)

    assert (refused.value.status, refused.value.code) == (409, "too-many-signals")
    assert [(sent.name, sent.times) for sent in session.signals] == [("a", 2), ("b", 1)]


def pay(session, number, weight=10):
    """Let a request come."""
    session.request("pay", Opening(query={"n": str(number)}), float(number), weight)


def test_requests_are_taken_in_order_and_once():
    """Those before the subscription are not for it."""
    session, wanted = Happenings(), Wanted(operation="pay")
    pay(session, 1)
    heard = session.begin()
    pay(session, 2)
    pay(session, 3)

    assert [session.take(wanted, heard, FOREVER) for _ in range(3)] == [2.0, 3.0, None]
    assert session.take(Wanted(operation="other"), heard, FOREVER) is None


def test_old_requests_are_forgotten(monkeypatch):
    """By number and by weight, the last one aside."""
    monkeypatch.setattr(bounds, "REQUESTS", 3)
    monkeypatch.setattr(bounds, "REQUEST_BYTES", 100)
    session, wanted = Happenings(), Wanted(operation="pay")
    heard = session.begin()
    for n in range(1, 6):
        pay(session, n)
    assert session.forgotten == 2
    assert session.take(wanted, heard, FOREVER) == 3.0
    pay(session, 6, weight=1_000)
    assert session.forgotten == 5
    assert session.take(wanted, heard, FOREVER) == 6.0


def test_what_was_taken_is_not_remembered_for_ever(monkeypatch):
    """Of a story that takes requests without end."""
    monkeypatch.setattr(bounds, "REQUESTS", 10)
    session, wanted = Happenings(), Wanted(operation="pay")
    heard = session.begin()
    for n in range(1, 100):
        pay(session, n)
        assert session.take(wanted, heard, FOREVER) == float(n)

    assert len(heard.requests) <= 21


def test_who_waits_is_woken_by_what_is_wanted():
    """And by nothing else, until it leaves."""
    session, woken = Happenings(), []
    waiters = [session.wait(PAID, lambda n=n: woken.append(n)) for n in range(2)]
    session.wait(Wanted(operation="pay"), lambda: woken.append("pay"))

    assert session.signal("other", 0.0) == 0
    assert session.signal("paid", 0.0) == 2
    session.leave(waiters[0])
    session.leave(waiters[0])
    assert session.signal("paid", 0.0) == 1
    pay(session, 1)
    assert woken == [0, 1, 1, "pay"]


def test_a_reset_begins_anew():
    """Also for who has heard some of what is forgotten."""
    session = Happenings()
    heard = session.begin()
    session.signal("paid", 1.0)
    session.take(PAID, heard, FOREVER)
    pay(session, 1)
    session.clear()

    assert session.signals == []
    assert session.take(Wanted(operation="pay"), heard, FOREVER) is None
    session.signal("paid", 2.0)
    assert session.take(PAID, heard, FOREVER) == 2.0


def test_outcomes_are_remembered_up_to_a_bound():
    """What was over in a connection is known to those after it, and to those alone."""
    settled = Settled()
    for n in range(SETTLED + 1):
        settled.add((1, n), connection=2, met=False)

    assert (settled((1, 0)), settled((1, 1))) == (None, False)
    assert (settled.before(2)((1, 1)), settled.before(3)((1, 1))) == (None, False)


# --- what check sees -----------------------------------------------------------------------------

BOTH = """
    operation: streamOrder
    stream:
    - await: {request: getThing, when: {query: {a: "{{ request.path.id }}"}}}
      timeout: 1s
      otherwise:
      - {data: late, id: x}
"""


def test_the_operations_that_are_awaited_are_known():
    """So that only their requests are kept."""
    assert catalog_of(BOTH).awaited == {"getThing"}
    assert catalog_of("stream: [{data: x}]").awaited == set()


def test_reach_looks_into_otherwise():
    """A client may be sent what stands there."""
    reach = Reach(catalog_of(BOTH))
    for _ in reach.find():
        pass
    (found,) = [one for one in reach.operations if one.operation.id == "streamOrder"]

    assert found.scenarios == ["story"]

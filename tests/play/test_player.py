"""When cues are due, and how they are joined (section 3 of the language)."""

import pytest
from stage import END_OF_TIME, Stage, program_of

from mockserver.play import walk
from mockserver.play.cues import Send
from mockserver.scenario.program import STRETCH_BYTES, Loop, Series, Stretch

TIMED = [
    pytest.param("- delay: 2s\n- data: a", [(2.0, "a")], id="delay-alone"),
    pytest.param("- {delay: 250ms, data: a}", [(0.25, "a")], id="delay-in-a-step"),
    pytest.param("- delay: 1s\n- {delay: 500ms, data: a}", [(1.5, "a")], id="delays-add-up"),
    pytest.param('- {delay: "{{ 100 * 3 }}ms", data: a}', [(0.3, "a")], id="delay-by-template"),
    pytest.param("- {at: 3s, data: a}\n- {at: 5s, data: b}", [(3.0, "a"), (5.0, "b")], id="at"),
    pytest.param("- {delay: 1s, data: a}\n- {at: 3s, data: b}", [(1.0, "a"), (3.0, "b")],
                 id="at-after-a-delay"),
    pytest.param('- {delay: "{{ 9 }}s", data: a}\n- {at: 3s, data: b}', [(9.0, "a"), (9.0, "b")],
                 id="at-that-has-passed"),
    pytest.param("- repeat: {times: 3, every: 1s, steps: [{data: a}]}",
                 [(0.0, "a"), (1.0, "a"), (2.0, "a")], id="first-round-at-once"),
    pytest.param("- {delay: 5s, repeat: {times: 2, every: 1s, steps: [{data: a}]}}",
                 [(5.0, "a"), (6.0, "a")], id="delay-before-a-loop"),
    pytest.param("- repeat: {times: 2, every: 1s, steps: [{delay: 300ms, data: a}, {data: b}]}",
                 [(0.3, "a"), (0.3, "b"), (1.3, "a"), (1.3, "b")], id="every-from-the-beginning"),
    pytest.param("- repeat: {times: 3, every: 1s, steps: [{delay: 1500ms, data: a}]}",
                 [(1.5, "a"), (3.0, "a"), (4.5, "a")], id="round-longer-than-every"),
    pytest.param("- repeat: {times: 2, steps: [{delay: 1s, data: a}]}",
                 [(1.0, "a"), (2.0, "a")], id="no-every"),
    pytest.param("- repeat: {times: 2, every: 1s, steps: [{data: a}]}\n- {data: b}",
                 [(0.0, "a"), (1.0, "a"), (1.0, "b")], id="nothing-after-the-last-round"),
    pytest.param('- repeat: {times: "{{ 1 + 1 }}", as: i, steps: [{data: "{{ i }}"}]}',
                 [(0.0, "1"), (0.0, "2")], id="times-by-template"),
    pytest.param('- each: {in: [x, y], every: 20ms, as: it, steps: [{data: "{{ n }}{{ it }}"}]}',
                 [(0.0, "1x"), (0.02, "2y")], id="each"),
    pytest.param('- each: {in: "{{ [] }}", steps: [{data: a}]}\n- data: b', [(0.0, "b")],
                 id="each-of-nothing"),
    pytest.param('- each: {in: "{{ \'abc\' }}", steps: [{data: "{{ item }}"}]}',
                 [(0.0, "a"), (0.0, "b"), (0.0, "c")], id="each-of-a-text"),
    pytest.param("- data: a\n- hold: 2s\n- data: b", [(0.0, "a"), (2.0, "b")], id="hold"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "timed"), TIMED)
def test_times(steps, timed):
    """Every event comes when the script says."""
    assert timed == Stage(f"stream:\n{steps}").connect().receive().timed


PACED = [
    pytest.param("pace: 1s", "{data: a}, {data: b}", [1.0, 2.0], id="every-event"),
    pytest.param("pace: 1s", "{delay: 3s, data: a}, {data: b}", [3.0, 4.0], id="own-delay"),
    pytest.param("pace: 1s", "{delay: 0s, data: a}, {data: b}", [0.0, 1.0], id="own-delay-of-0"),
    pytest.param("pace: 1s", "{at: 5s, data: a}, {data: b}", [5.0, 6.0], id="own-at"),
    pytest.param("pace: 1s", "{comment: x}, {retry: 5}, {data: b}", [0, 0, 1.0], id="no-event"),
    pytest.param("pace: 1s", "{event: x}, {id: 5}", [1.0, 2.0], id="type-and-id"),
    pytest.param("pace: '{{ 2 }}s'", "{data: a}", [2.0], id="by-template"),
]


@pytest.mark.parametrize(("pace", "steps", "offsets"), PACED)
def test_pace(pace, steps, offsets):
    """`pace` is the delay before every event that has none of its own."""
    visit = Stage(f"{pace}\nstream: [{steps}]").connect().receive()
    assert offsets == [block.at for block in visit.blocks]


def test_no_drift():
    """Ten thousand times a tenth of a second is a thousand seconds, to the bit."""
    stage = Stage('stream: [{repeat: {times: 10000, steps: [{delay: 100ms, data: "{{ n }}"}]}}]')
    visit = stage.connect().receive()
    assert [n / 10 for n in range(1, 10_001)] == [cue.at for cue in visit.sends]


@pytest.mark.parametrize("late", [0.0, 0.004, 0.7, 5.0])
def test_late_wake_ups_do_not_add_up(late):
    """A cue is measured from when the one before was due, however late somebody asks."""
    player = Stage("stream: [{repeat: {times: 50, every: 1s, steps: [{data: a}]}}]").connect()
    player = player.turn.player
    offsets = []
    while (at := player.next_at) is not None:
        offsets += [cue.at for cue in player.due(at + late) if isinstance(cue, Send)]
    assert [float(n) for n in range(50)] == offsets


def test_nothing_before_its_time():
    """What is not due is not given, and the next moment is known."""
    player = Stage("stream: [{data: a}, {delay: 1s, data: b}]").connect().turn.player
    assert [len(list(player.due(now))) for now in (0.0, 0.5, 0.999, 1.0)] == [1, 0, 0, 2]
    assert None is player.next_at


def test_order_without_time():
    """A clock on which delays take no time gives the same cues, offsets and order."""
    text = "stream: [{delay: 1s, data: a}, {hold: 2s}, {data: b}, {delay: 9h, data: c}]"
    slow, instant = Stage(text).connect(), Stage(text).connect()
    for now in (0.0, 1.0, 2.0, 3.0, 40_000.0):
        slow.receive(now)
    assert slow.cues == instant.receive().cues


# --- chance has an address ---------------------------------------------------------------------


def test_range():
    """A range is drawn from the seed, within its bounds, anew for every round."""
    text = "stream: [{repeat: {times: 50, steps: [{delay: 100ms..300ms, data: a}]}}]"
    offsets = [at for at, _ in Stage(text).connect().receive().timed]
    gaps = [after - before for before, after in zip([0.0, *offsets], offsets, strict=False)]
    assert all(0.1 <= round(gap, 6) <= 0.3 for gap in gaps)
    assert len(set(gaps)) > 40
    assert offsets == [at for at, _ in Stage(text).connect().receive().timed]
    assert offsets != [at for at, _ in Stage(text, seed="1").connect().receive().timed]


def test_range_of_a_template():
    """A template may yield a range, too."""
    text = "stream: [{delay: '{{ 1 }}s..{{ 2 }}s', data: a}]"
    ((at, _),) = Stage(text).connect().receive().timed
    assert 1.0 <= at <= 2.0


def test_chance():
    """About as many rounds as said take the first way, the same ones each time."""
    text = """
    stream:
    - repeat:
        times: 1000
        steps: [{chance: {of: 20%, steps: [{data: "yes"}], otherwise: [{data: "no"}]}}]
    """
    drawn = Stage(text).connect().receive().data
    assert 150 < drawn.count("yes") < 250
    assert drawn == Stage(text).connect().receive().data
    assert drawn != Stage(text, seed="1").connect().receive().data


@pytest.mark.parametrize(("of", "way"), [("0%", "no"), ("100%", "yes"), ("'{{ 100 }}'", "yes")])
def test_certain_chance(of, way):
    """0% never happens, 100% always."""
    steps = f'{{chance: {{of: {of}, steps: [{{data: "yes"}}], otherwise: [{{data: "no"}}]}}}}'
    stage = Stage(f"stream: [{{repeat: {{times: 100, steps: [{steps}]}}}}]")
    assert {way} == set(stage.connect().receive().data)


# --- heartbeats --------------------------------------------------------------------------------

BEATS = [
    pytest.param("{delay: 35s, data: a}", [10, 20, 30, "a"], id="between"),
    pytest.param("{data: a}, {hold: 25s}, {data: b}", ["a", 10, 20, "b"], id="in-a-hold"),
    pytest.param("{delay: 10s, data: a}, {delay: 5s, data: b}", ["a", 10, "b"], id="story-first"),
    pytest.param("{delay: 10s, data: a}, {data: b}, {delay: 1s, data: c}", ["a", "b", 10, "c"],
                 id="all-of-the-story-first"),
    pytest.param("{delay: 10s, data: a}", ["a"], id="none-at-the-end"),
    pytest.param("{delay: 4s, data: a}, {delay: 4s, data: b}, {delay: 4s, data: c}",
                 ["a", "b", 10, "c"], id="by-the-connection"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "told"), BEATS)
def test_heartbeats(steps, told):
    """Heartbeats come by the connection's clock, between what the story says."""
    visit = Stage(f"heartbeat: 10s\nstream: [{steps}]").connect().receive()
    assert told == [block.data or block.at for block in visit.blocks]


def test_heartbeats_in_an_endless_hold():
    """An endless hold has heartbeats without end, at exact offsets."""
    visit = Stage("heartbeat: 100ms\nstream: [{data: a}, {hold: forever}]").connect()
    visit.receive(1000.0)
    assert [n / 10 for n in range(1, 10_001)] == [cue.at for cue in visit.sends[1:]]
    assert visit.turn.player.held_forever


HEARTBEATS = [
    pytest.param("1s", b": heartbeat\n\n", id="alone"),
    pytest.param("{every: 1s, comment: hi}", b": hi\n\n", id="comment"),
    pytest.param("{every: 1s, event: ping, data: {a: 1}}", b'event: ping\ndata: {"a":1}\n\n',
                 id="event"),
]  # fmt: skip


@pytest.mark.parametrize(("heartbeat", "sent"), HEARTBEATS)
def test_what_a_heartbeat_is(heartbeat, sent):
    """A heartbeat is a comment unless it says otherwise."""
    visit = Stage(f"heartbeat: {heartbeat}\nstream: [{{hold: 1500ms}}]").connect().receive()
    assert sent == visit.bytes


def test_heartbeats_are_no_cues_of_the_story():
    """Heartbeats count for nothing when a client comes back."""
    stage = Stage("heartbeat: 1s\nstream: [{id: 1, data: a}, {hold: 5s}, {id: 2, data: b}]")
    first = stage.connect().receive(4.5)
    assert (
        [cue.blocks for cue in first.sends], first.turn.subscription.last_id,
    ) == ([1, 0, 0, 0, 0], "1")  # fmt: skip
    first.leave()
    assert stage.connect("1").receive().data == ["b"]


def test_now_of_heartbeats():
    """now() of a heartbeat is when it is sent, whatever the story has in store."""
    stage = Stage("""
    heartbeat: {every: 1s, event: ping, data: "{{ now() }}"}
    stream:
    - {id: 1, data: "{{ now() }}"}
    - chance: {of: 100%, steps: [{delay: 2500ms}, {disconnect: drop}]}
    - {delay: 100s, id: 2, data: "{{ now() }}"}
    - hold: forever
    """)
    first = stage.connect().receive()
    assert [f"2026-01-01T00:00:0{n}Z" for n in (0, 1, 2)] == first.data
    second = stage.connect("1").receive(102.0)
    assert second.data[0] == "2026-01-01T00:00:03.500Z"
    assert second.data[99:100] == ["2026-01-01T00:01:42.500Z"]
    assert second.data[-2:] == ["2026-01-01T00:01:43.500Z", "2026-01-01T00:01:44.500Z"]


# --- faults ------------------------------------------------------------------------------------


def test_template_without_a_value():
    """A template that has no value ends the connection with a drop that says where and why."""
    stage = Stage("""
    stream:
    - {id: 1, data: a}
    - {delay: 1s, id: 2, data: "{{ request.query.missing }}"}
    - {id: 3, data: c}
    """)
    visit = stage.connect().receive()
    assert (visit.data, visit.ended, visit.ended_at) == (["a"], "drop", 1.0)
    assert "story.yaml:5" in visit.fault
    assert "missing" in visit.fault
    assert stage.connect().receive().data == ["c"]


def test_fault_at_the_beginning():
    """A story that cannot even begin says so before the head is gone."""
    stage = Stage('stream: [{data: "{{ request.query.missing }}"}]')
    assert "missing" in stage.connect().turn.player.fault
    assert Stage("stream: [{data: a}]").connect().turn.player.fault == ""


def test_loop_that_does_nothing(monkeypatch):
    """A loop that neither sends nor waits is stopped."""
    monkeypatch.setattr(walk, "IDLE_ROUNDS", 1000)
    visit = Stage("""
    stream:
    - repeat: {times: "{{ 5000 }}", steps: [{each: {in: "{{ [] }}", steps: [{data: a}]}}]}
    """).connect()
    assert (visit.receive().ended, "1,000 rounds" in visit.fault) == ("drop", True)


# --- volume ------------------------------------------------------------------------------------

UNTIMED = [
    pytest.param("data: ok", id="static"),
    pytest.param('id: "{{ n }}", data: {number: "{{ n }}"}', id="counted"),
    pytest.param('data: "{{ n }}0%{{ n }} %d %s %%"', id="counted-among-percents"),
]


@pytest.mark.parametrize("event", UNTIMED)
@pytest.mark.parametrize("times", [1, 7, 5000, 200_000])
def test_untimed_loops_are_joined(event, times):
    """Rounds that take no time leave together, about 64 KiB a write."""
    program = program_of(f"stream: [{{repeat: {{times: {times}, steps: [{{{event}}}]}}}}]")
    assert held_events(program) <= STRETCH_BYTES
    visit = Stage(f"stream: [{{repeat: {{times: {times}, steps: [{{{event}}}]}}}}]").connect()
    sizes = [len(cue.data) for cue in visit.receive().sends]
    assert times == sum(cue.blocks for cue in visit.sends)
    assert len(sizes) <= 2 + sum(sizes) // (STRETCH_BYTES // 2)
    assert max(sizes) <= 2 * STRETCH_BYTES


def held_events(program):
    """Return how many events the program holds in memory."""

    def held(ops):
        for op in ops:
            if isinstance(op, Stretch):
                yield len(op.ends)
            elif isinstance(op, Series):
                yield 1
            else:
                assert isinstance(op, Loop)
                yield from held(op.body)

    return sum(count for row in program.rows for count in held(row.ops))


@pytest.mark.parametrize("event", UNTIMED)
def test_joined_events_are_what_they_would_be_alone(event):
    """Joining changes nothing: the same events leave as from a loop with time in it."""
    joined = Stage(f"stream: [{{repeat: {{times: 3000, steps: [{{{event}}}]}}}}]")
    apart = Stage(f"stream: [{{repeat: {{times: 3000, every: 1ms, steps: [{{{event}}}]}}}}]")
    assert apart.connect().receive().bytes == joined.connect().receive().bytes


def test_long_scripts_are_cut():
    """Twenty thousand events written out leave in stretches as well, cut between events."""
    steps = "\n".join(f"- {{id: {n}, data: {'x' * 50}}}" for n in range(5000))
    visit = Stage(f"stream:\n{steps}").connect().receive()
    assert [str(n) for n in range(5000)] == visit.ids
    assert all(len(cue.data) <= STRETCH_BYTES + 100 for cue in visit.sends)
    assert len(visit.sends) <= 7


def test_a_large_event_stays_whole():
    """An event that is larger than a stretch leaves in one piece."""
    visit = Stage(f"stream: [{{data: a}}, {{data: {'x' * 200_000}}}, {{data: b}}]").connect()
    assert visit.receive().data == ["a", "x" * 200_000, "b"]


JOINED = [
    pytest.param("{data: a}, {data: b}", 1, id="no-time-between"),
    pytest.param("{data: a}, {comment: x}, {retry: 5}, {data: b}", 1, id="comments-and-retry"),
    pytest.param("{data: a}, {delay: 0s, data: b}", 1, id="no-delay"),
    pytest.param("{data: a}, {delay: 1ms, data: b}", 2, id="a-delay"),
    pytest.param("{data: a}, {hold: 1ms}, {data: b}", 2, id="a-hold"),
    pytest.param("{data: a}, {at: 1ms, data: b}", 2, id="an-at"),
]


@pytest.mark.parametrize(("steps", "writes"), JOINED)
def test_joining_never_crosses_time(steps, writes):
    """Only what is due at one moment is one write."""
    visit = Stage(f"stream: [{steps}]").connect().receive()
    assert writes == len(visit.sends)


MIDDLE = [1, 2, 999, 1999, 2000, 2001, 54_321, 199_999]


@pytest.mark.parametrize("last", MIDDLE)
def test_resume_in_the_middle_of_a_stretch(last):
    """A stretch is cut right after the event with the id."""
    stage = Stage("""
    stream:
    - repeat: {times: 200000, steps: [{id: "{{ n }}", data: "{{ n }}"}]}
    - {id: end, data: last}
    """)
    visit = stage.connect(str(last)).receive_blocks(1)
    expected = "last" if last == 200_000 else str(last + 1)
    assert expected == visit.blocks[0].data


def test_resume_in_the_middle_of_a_written_stretch():
    """A script that was written out is cut as well, in every place."""
    steps = ", ".join(f"{{id: {n}, data: {n}}}" for n in range(1, 30))
    stage = Stage(f"stream: [{steps}]")
    for last in range(1, 29):
        stage.start_again()
        assert [str(n) for n in range(last + 1, 30)] == stage.connect(str(last)).receive().data


def test_endless_storm_is_lazy():
    """An endless untimed loop gives one stretch after another, as many as are asked for."""
    player = (
        Stage("stream: [{repeat: {times: forever, steps: [{data: ok}]}}]").connect().turn.player
    )
    cues = player.due(END_OF_TIME)
    assert {0.0} == {next(cues).at for _ in range(100)}

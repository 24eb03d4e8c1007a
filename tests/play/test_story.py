"""Whose connection a request is, and what follows a connection (section 4 of the language)."""

import pytest
from stage import Stage, last_id

from mockserver.play import shelf
from mockserver.play import story as story_module

TWO = """
stream:
- {id: 1, data: a}
- {id: 2, data: b}
- disconnect: drop
- {id: 3, data: c}
"""
OPEN = """
stream:
- {id: 1, data: a}
- {id: 2, data: b}
- hold: forever
"""


# --- which subscription ------------------------------------------------------------------------


def test_waits_after_a_disconnect():
    """A subscription whose connection the script has ended waits for its client."""
    stage = Stage(TWO)
    assert stage.connect().receive().data == ["a", "b"]
    second = stage.connect("2").receive()
    assert (second.subscription, second.number, second.data) == (1, 2, ["c"])


def test_waits_without_a_last_event_id():
    """A client without Last-Event-ID gets the next connection of a subscription that waits."""
    stage = Stage(TWO)
    stage.connect().receive()
    second = stage.connect().receive()
    assert (second.subscription, second.number, second.data) == (1, 2, ["c"])


def test_waits_after_an_error_answer():
    """An error answer is a connection like any other: the next request gets the next one."""
    stage = Stage("""
    connections:
    - response: {status: 503, headers: {Retry-After: "1"}}
    - steps: [{id: 1, data: a}]
    """)
    refused, served = stage.connect(), stage.connect().receive()
    assert (refused.status, refused.head.headers[-1]) == (503, ("Retry-After", "1"))
    assert (served.subscription, served.number, served.data) == (1, 2, ["a"])


def test_waits_after_the_end_of_the_steps():
    """The end of the steps ends a connection, and the subscription waits for the next."""
    stage = Stage("""
    connections:
    - steps: [{id: 1, data: a}]
    - steps: [{id: 2, data: b}]
    """)
    first, second = stage.connect().receive(), stage.connect("1").receive()
    assert (first.ended, second.data, second.subscription) == ("end", ["b"], 1)


def test_left_and_back():
    """A client that went away gets its own subscription for an id that this one has sent."""
    stage = Stage(OPEN)
    stage.connect().receive(5.0).leave()
    back = stage.connect("1").receive(1.0)
    assert (back.subscription, back.number, back.data) == (1, 2, ["b"])


@pytest.mark.parametrize(
    "last_event_id",
    [pytest.param(None, id="none"), pytest.param("", id="empty"), pytest.param("9", id="unknown")],
)
def test_left_and_reloaded(last_event_id):
    """A reload of the page starts from the beginning, and so does an id that was never sent."""
    stage = Stage(OPEN)
    stage.connect().receive(5.0).leave()
    back = stage.connect(last_event_id).receive(1.0)
    assert (back.subscription, back.number, back.data) == (2, 1, ["a", "b"])


def test_never_sent():
    """An id that stands in the story but was not sent yet does not make a client the same."""
    stage = Stage("stream: [{id: 1, data: a}, {delay: 10s, id: 2, data: b}, {id: 3, data: c}]")
    stage.connect().receive(5.0).leave()
    other = stage.connect("2").receive()
    assert (other.subscription, other.data) == (2, ["c"])


def test_two_tabs():
    """Two tabs that are open at once have a subscription each, and both get all of it."""
    stage = Stage(TWO)
    first, second = stage.connect(), stage.connect()
    assert (first.subscription, second.subscription) == (1, 2)
    assert ["a", "b"] == first.receive().data == second.receive().data
    back = [stage.connect("2"), stage.connect("2")]
    assert [(visit.subscription, visit.number) for visit in back] == [(1, 2), (2, 2)]
    assert ["c"] == back[0].receive().data == back[1].receive().data


def test_last_id_first():
    """Of several that wait, the one whose last id is the request's goes first."""
    stage = Stage("""
    stream:
    - id: "{{ subscription }}"
      data: a
    - disconnect: drop
    - data: b
    """)
    first, second = stage.connect(), stage.connect()
    first.receive()
    second.receive()
    assert [stage.connect("2").subscription, stage.connect("1").subscription] == [2, 1]


@pytest.mark.parametrize("order", ["the first", "the second"])
def test_cut_off_before_left(order):
    """Whom the script cut off is sure to come back; a page that was loaded again is not."""
    stage = Stage("stream: [{id: 1, data: a}, {delay: 1s, disconnect: drop}, {data: b}]")
    visits = [stage.connect().receive(0.5), stage.connect().receive(0.5)]
    gone, cut_off = visits if order == "the first" else visits[::-1]
    gone.leave()
    stage.now += 1
    cut_off.receive()
    back = stage.connect("1")
    assert (back.subscription, back.number) == (cut_off.subscription, 2)


def test_empty_id_is_no_id():
    """A client whose id was reset sends no header, and that fits the one that reset it."""
    stage = Stage("""
    stream:
    - id: "{{ '' if subscription == 2 else subscription }}"
      data: a
    - disconnect: drop
    - data: b
    """)
    first, second = stage.connect(), stage.connect()
    first.receive()
    stage.now = 1.0
    second.receive()
    assert [stage.connect().subscription, stage.connect("1").subscription] == [2, 1]


def test_longest_waiting():
    """Of several that wait alike, the one that has waited longest goes first."""
    stage = Stage("stream: [{data: a}, {disconnect: drop}, {data: b}]")
    first, second = stage.connect(), stage.connect()
    second.receive()
    stage.now = 1.0
    first.began = 1.0
    first.receive()
    assert [stage.connect().subscription, stage.connect().subscription] == [2, 1]


def test_two_sessions():
    """Subscriptions belong to a session: another one starts from the beginning."""
    one, other = Stage(TWO, session="one"), Stage(TWO, session="other")
    one.connect().receive()
    assert other.connect().receive().data == ["a", "b"]


IDENTITIES = [
    pytest.param("", "/events?tab=1", "/events?tab=1", True, id="target-same"),
    pytest.param("", "/events?tab=1", "/events?tab=2", False, id="target-query"),
    pytest.param("identity: target", "/events", "/events?x=1", False, id="target-said"),
    pytest.param("identity: path", "/events?count=1", "/events?count=2", True, id="path-query"),
    pytest.param("identity: path", "/events", "/events2", False, id="path-other"),
]


@pytest.mark.parametrize(("identity", "first", "second", "same"), IDENTITIES)
def test_identity(identity, first, second, same):
    """The request target tells clients apart, or the path without its query."""
    stage = Stage(TWO + identity)
    stage.connect(target=first).receive()
    assert same == (stage.connect("2", target=second).subscription == 1 == stage_count(stage))


def stage_count(stage):
    """Return how many identities the stage has seen."""
    return len(stage.stories._clients)


NAMED = [
    pytest.param("request.query.client_id", "query", {"client_id": "x"}, id="query"),
    pytest.param("request.cookies.sid", "cookies", {"sid": "x"}, id="cookie"),
    pytest.param("request.headers['x-client']", "headers", {"x-client": "x"}, id="header"),
]


@pytest.mark.parametrize(("expression", "part", "value"), NAMED)
def test_identity_by_name(expression, part, value):
    """Where the API has a name for its clients, an expression finds it."""
    stage = Stage(TWO + f'identity: "{{{{ {expression} }}}}"')
    other = dict.fromkeys(value, "y")
    stage.connect(target="/events?a", **{part: value}).receive()
    stage.connect(target="/events?b", **{part: other}).receive()
    back = stage.connect("2", target="/events?c", **{part: value}).receive()
    assert (back.number, back.data) == (2, ["c"])


def test_two_orders():
    """The streams of two orders are two stories."""
    stage = Stage(f"operation: streamOrder{TWO}")
    stage.connect(target="/orders/1/events", path={"id": "1"}).receive()
    other = stage.connect(target="/orders/2/events", path={"id": "2"}).receive()
    assert other.data == ["a", "b"]


def test_several_operations():
    """A POST opens a story and a GET of the same path resumes it."""
    stage = Stage(f"operation: [openChat, resumeChat]{TWO}")
    stage.connect(method="POST", target="/chat").receive()
    resumed = stage.connect("2", method="GET", target="/chat").receive()
    assert (resumed.subscription, resumed.number, resumed.data) == (1, 2, ["c"])


def test_several_paths():
    """The operations of one story may have different paths."""
    stage = Stage(f"operation: [openJob, followJob]{TWO}")
    stage.connect(method="POST", target="/jobs").receive()
    resumed = stage.connect("2", target="/jobs/events").receive()
    assert (resumed.subscription, resumed.number, resumed.data) == (1, 2, ["c"])


# --- patience ----------------------------------------------------------------------------------

PATIENCE = [
    pytest.param("", "", 60.0, True, id="a-minute"),
    pytest.param("", "", 60.001, False, id="over-a-minute"),
    pytest.param("patience: 2s", "", 2.0, True, id="said"),
    pytest.param("patience: 2s", "", 2.001, False, id="over-said"),
    pytest.param("patience: 2s", "- retry: 3s", 5.0, True, id="beyond-the-reconnection-time"),
    pytest.param("patience: 2s", "- retry: 3s", 5.001, False, id="over-both"),
    pytest.param("patience: 2s", "- retry: 9s\n- retry: 3s", 5.001, False, id="last-sent"),
    pytest.param("patience: 1100ms", "- retry: 200ms", 1.3, True, id="tenths-of-a-second"),
    pytest.param("patience: forever", "", 1e9, True, id="for-ever"),
]


@pytest.mark.parametrize(("patience", "retry", "away", "waits"), PATIENCE)
def test_patience(patience, retry, away, waits):
    """A subscription waits for its client for a while on the session's clock."""
    stage = Stage(f"{patience}\nstream:\n- data: a\n{retry}\n- disconnect: drop\n- data: b\n")
    stage.now = 7.0
    stage.connect().receive()
    stage.now += away
    assert (["b"] if waits else ["a"]) == stage.connect().receive().data


def test_patience_with_those_who_left():
    """A client that went away is waited for no longer; its id is looked up in the story then."""
    stage = Stage(OPEN + "patience: 2s")
    stage.connect().receive(1.0).leave()
    stage.now += 3.0
    back = stage.connect("1").receive(1.0)
    assert (back.subscription, back.data) == (2, ["b"])


def test_patience_with_open_connections():
    """Patience is with those who are away: an open connection may last for ever."""
    stage = Stage("patience: 1s\nstream: [{delay: 1h, data: a}, {disconnect: end}, {data: b}]")
    stage.connect().receive()
    assert stage.connect().receive().data == ["b"]


# --- after the story ---------------------------------------------------------------------------


def test_last_connection_ends():
    """The last connection ends with `end` unless it says otherwise."""
    assert [visit.ended for visit in Stage(TWO).told()[:-1]] == ["drop", "end"]
    assert Stage("stream: [{data: a}, {disconnect: reset}]").connect().receive().ended == "reset"


STOPPED = [
    pytest.param("3", 204, id="last-id"),
    pytest.param("1", 204, id="an-earlier-id"),
    pytest.param(None, 200, id="none"),
    pytest.param("", 200, id="empty"),
    pytest.param("9", 200, id="unknown"),
]


@pytest.mark.parametrize(("last_event_id", "status"), STOPPED)
def test_stop(last_event_id, status):
    """A told story answers 204 to ids that it has sent, and begins anew for everybody else."""
    stage = Stage(TWO)
    stage.connect().receive()
    stage.connect("2").receive()
    after = stage.connect(last_event_id)
    assert status == after.status
    assert (["a", "b"] if status == 200 else []) == after.receive().data


def test_stop_is_for_good():
    """A client that asks again and again is told to stay away each time."""
    stage = Stage(TWO)
    stage.told()
    assert [stage.connect("3").status for _ in range(5)] == [204] * 5


def test_stop_on_a_fresh_server():
    """The last id of the story gets 204 from a server that was just started as well."""
    assert Stage(TWO).connect("3").status == 204


def test_repeat():
    """With `repeat` the last connection is played again, for ever."""
    stage = Stage(TWO + "afterwards: repeat")
    played = [stage.connect().receive().data for _ in range(5)]
    assert played == [["a", "b"], ["c"], ["c"], ["c"], ["c"]]


def test_repeat_with_ids():
    """With `repeat` a client that brings its last id gets the last connection again, once."""
    stage = Stage(TWO + "afterwards: repeat")
    played = [stage.connect(i).receive().data for i in (None, "2", "3", "3", "3")]
    assert played == [["a", "b"], ["c"], ["c"], ["c"], ["c"]]


def test_restart():
    """With `restart` the story begins again at connection 1, in the same subscription."""
    stage = Stage(TWO + "afterwards: restart")
    visits = [stage.connect().receive() for _ in range(5)]
    assert [v.data for v in visits] == [["a", "b"], ["c"], ["a", "b"], ["c"], ["a", "b"]]
    assert [(1, n) for n in range(1, 6)] == [(v.subscription, v.number) for v in visits]


def test_restart_with_ids():
    """A client that brings its ids through `restart` gets every event of every round once."""
    stage = Stage(TWO + "afterwards: restart")
    played = [stage.connect(i).receive().data for i in (None, "2", "3", "2", "3")]
    assert played == [["a", "b"], ["c"], ["a", "b"], ["c"], ["a", "b"]]


LOST = [
    pytest.param("repeat", "3", ["d", "c", "d"], id="repeat"),
    pytest.param("restart", "1", ["b", "c", "d"], id="restart"),
    pytest.param("restart", "3", ["d", "a", "b", "c", "d"], id="restart-of-another-connection"),
]


@pytest.mark.parametrize(("afterwards", "last_event_id", "played"), LOST)
def test_lost_in_a_later_round(afterwards, last_event_id, played):
    """What was lost in a later round is sent again from there, not from the first round."""
    stage = Stage(f"""
    afterwards: {afterwards}
    stream:
    - {{id: 1, data: a}}
    - {{id: 2, data: b}}
    - disconnect: drop
    - {{id: 3, data: c}}
    - {{id: 4, data: d}}
    """)
    rounds = 4 if last_event_id == "3" and afterwards == "repeat" else 3
    for _ in range(rounds):
        stage.connect().receive()
    again = [stage.connect(last_event_id).receive()]
    while len(again[-1].data) and sum(len(v.data) for v in again) < len(played):
        again.append(stage.connect(last_id(again)).receive())
    assert played == [item for visit in again for item in visit.data]


@pytest.mark.parametrize("nested", [False, True], ids=["plain", "nested"])
def test_afterwards_response(nested):
    """A response afterwards is what every further request of the subscription gets."""
    response = "{status: 410, body: gone}"
    stage = Stage(TWO + f"afterwards: {f'{{response: {response}}}' if nested else response}")
    stage.connect().receive()
    stage.connect("2").receive()
    after = [stage.connect("3") for _ in range(3)]
    assert [(410, b"gone", n) for n in (3, 4, 5)] == [(v.status, v.body, v.number) for v in after]


# --- connections -------------------------------------------------------------------------------


def test_times():
    """`times: N` makes so many connections alike."""
    stage = Stage("""
    connections:
    - {times: 3, response: {status: 503}}
    - {times: 2, steps: [{data: "{{ connection }}"}]}
    - steps: [{data: last}]
    """)
    visits = [stage.connect().receive() for _ in range(6)]
    assert [visit.status for visit in visits] == [503, 503, 503, 200, 200, 200]
    assert [visit.data for visit in visits[3:]] == [["4"], ["5"], ["last"]]


@pytest.mark.parametrize("form", ["connections", "steps", "stream"])
def test_lone_end(form):
    """A lone `end` is a response properly finished, with nothing in it."""
    rows = {
        "connections": "connections: [{disconnect: end}, {steps: [{data: a}]}]",
        "steps": "connections: [{steps: [{disconnect: end}]}, {steps: [{data: a}]}]",
        "stream": "stream: [{disconnect: end}, {data: a}]",
    }
    stage = Stage(rows[form])
    empty, served = stage.connect().receive(), stage.connect().receive()
    assert (empty.status, empty.data, empty.ended) == (200, [], "end")
    assert (served.data, served.number) == (["a"], 2)


@pytest.mark.parametrize("kind", ["drop", "reset"])
@pytest.mark.parametrize("form", ["connections", "steps", "stream"])
def test_lone_disconnect(kind, form):
    """A lone disconnect breaks the connection before the first byte of an answer."""
    rows = {
        "connections": f"connections: [{{disconnect: {kind}}}, {{steps: [{{data: a}}]}}]",
        "steps": f"connections: [{{steps: [{{disconnect: {kind}}}]}}, {{steps: [{{data: a}}]}}]",
        "stream": f"stream: [{{disconnect: {kind}}}, {{data: a}}]",
    }
    stage = Stage(rows[form])
    broken, served = stage.connect(), stage.connect().receive()
    assert (None, kind, 1) == (broken.head, broken.ended, broken.number)
    assert (served.data, served.number) == (["a"], 2)


def test_lone_disconnect_waits():
    """A delay before a lone disconnect leaves the client waiting for a head."""
    stage = Stage("connections: [{delay: 2s, disconnect: reset}, {steps: [{data: a}]}]")
    assert ((broken := stage.connect()).turn.delay(), broken.head) == (2.0, None)


def test_disconnect_behind_a_response():
    """A disconnect behind a response of its own breaks the stream after its head."""
    stage = Stage("""
    connections:
    - response: {headers: {X-Try: "1"}}
      steps: [{disconnect: drop}]
    """)
    visit = stage.connect().receive()
    assert (visit.status, visit.ended, visit.bytes) == (200, "drop", b"")


def test_response_without_steps():
    """A connection with a response of status 200 and no steps is an empty stream."""
    visit = Stage("connections: [{response: {headers: {X-A: b}}}]").connect().receive()
    assert (
        visit.status, visit.bytes, visit.ended, visit.head.headers[-1],
    ) == (200, b"", "end", ("X-A", "b"))  # fmt: skip


def test_response_for_all():
    """A response beside the connections is the head of each that has none of its own."""
    stage = Stage("""
    response: {headers: {X-A: all}}
    connections:
    - steps: [{data: a}]
    - {response: {headers: {X-A: own}}, steps: [{data: b}]}
    - response: {status: 500}
    """)
    visits = [stage.connect().receive() for _ in range(3)]
    assert [dict(v.head.headers).get("X-A") for v in visits] == ["all", "own", None]


def test_lone_response():
    """A response alone answers every request alike."""
    stage = Stage("response: {status: 404, body: {title: gone}}")
    visits = [stage.connect() for _ in range(4)]
    assert [(v.status, v.body) for v in visits] == [(404, b'{"title":"gone"}')] * 4


def test_head_before_the_story():
    """Templates of a head are rendered as of the connection's beginning."""
    stage = Stage("""
    response: {headers: {X-Head: "{{ connection }} {{ now() }}"}}
    stream:
    - repeat: {times: 1, steps: [{delay: 2s, id: 1, data: a}]}
    - disconnect: reset
    - repeat: {times: 1, steps: [{delay: 3s, id: 2, data: b}]}
    """)
    heads = [visit.head.headers[-1][1] for visit in stage.told()[:-1]]
    assert heads == ["1 2026-01-01T00:00:00Z", "2 2026-01-01T00:00:02Z"]


# --- bounds ------------------------------------------------------------------------------------


def subscriptions(stage):
    """Return all subscriptions that the stage keeps."""
    clients = stage.stories._clients.values()
    shelves = [shelf for client in clients for shelf in (client._ended, client._gone)]
    return [s for shelf in shelves for s in shelf]


REFUSED = [
    pytest.param("", "3", 204, id="told"),
    pytest.param("resume: {unknown: 400}", "9", 400, id="unknown"),
]


@pytest.mark.parametrize(("resume", "last_event_id", "status"), REFUSED)
def test_nothing_is_kept_of_a_refusal(resume, last_event_id, status):
    """A request that gets no connection of a story leaves nothing behind."""
    stage = Stage(TWO + resume)
    assert {status} == {stage.connect(last_event_id).status for _ in range(10)}
    assert subscriptions(stage) == []
    assert sum(client.connected for client in stage.stories._clients.values()) == 0


def test_idle_subscriptions_are_bounded(monkeypatch):
    """Of the clients that are away, those longest away make room; open ones stay."""
    monkeypatch.setattr(shelf, "REMEMBERED", 3)
    stage = Stage(OPEN)
    kept_open = stage.connect()
    for _ in range(10):
        stage.connect().receive(1.0).leave()
    assert sorted(s.address.subscription for s in subscriptions(stage)) == [9, 10, 11]
    assert kept_open.receive(1.0).data == ["a", "b"]


def test_identities_are_bounded(monkeypatch):
    """Of the identities without an open connection, the one not seen for longest makes room."""
    monkeypatch.setattr(story_module, "CLIENTS", 2)
    stage = Stage(TWO)
    stage.connect(target="/events?open")
    for number in range(5):
        stage.connect(target=f"/events?{number}").receive()
    known = [target for _, target, _ in stage.stories._clients]
    assert known == ["GET /events?open", "GET /events?4"]


def test_expired_before_one_that_waits():
    """One whose patience is over does not stand before another that still waits."""
    stage = Stage("""
    patience: 1s
    stream:
    - {retry: "{{ 60000 if subscription == 2 else 0 }}", id: "{{ request.query.id }}", data: a}
    - disconnect: drop
    - data: b
    """)
    tabs = [stage.connect(query={"id": "same"}) for _ in range(2)]
    for tab in tabs:
        tab.receive()
    stage.now += 5
    back = stage.connect("same", query={"id": "same"}).receive()
    assert (back.subscription, back.data) == (2, ["b"])


def test_one_that_waits_long_before_an_expired_one():
    """Who waits long does not keep others from being forgotten."""
    stage = Stage("""
    patience: 1s
    stream:
    - {retry: "{{ 60000 if subscription == 1 else 0 }}", id: "{{ subscription }}", data: a}
    - disconnect: drop
    - data: b
    """)
    tabs = [stage.connect() for _ in range(2)]
    for tab in tabs:
        tab.receive()
    stage.now += 5
    assert [stage.connect("2").subscription, stage.connect("2").subscription] == [1, 3]


def test_left_in_one_way_waiting_in_another():
    """A client that left is found by an id that it has sent, though others wait."""
    stage = Stage("""
    stream:
    - {id: "{{ subscription }}-1", data: a}
    - {id: "{{ subscription }}-2", data: b}
    - chance: {of: "{{ 100 if subscription == 2 else 0 }}", steps: [{disconnect: drop}]}
    - hold: 10s
    - {id: "{{ subscription }}-3", data: c}
    """)
    first, second = stage.connect(), stage.connect()
    first.receive(1.0).leave()
    second.receive()
    back = stage.connect("1-2").receive()
    assert (back.subscription, back.data) == (1, ["c"])


def test_reset():
    """After a reset nothing waits any more, and subscriptions are counted from 1 again."""
    stage = Stage(TWO)
    stage.connect().receive()
    stage.stories.reset()
    first = stage.connect().receive()
    assert (first.subscription, first.data) == (1, ["a", "b"])


def test_edited_scenario():
    """A story of a file that was edited since is not taken up again."""
    stage = Stage(TWO)
    stage.connect().receive()
    stage.program = Stage(TWO).program
    again = stage.connect("2").receive()
    assert (again.number, again.data) == (1, ["c"])


def test_edited_scenario_goes_on():
    """A story that was begun after an edit goes on, whatever still waits from before."""
    stage = Stage(TWO)
    stage.connect().receive()
    stage.program = Stage(TWO).program
    stage.connect().receive()
    again = stage.connect("2").receive()
    assert (again.number, again.data) == (2, ["c"])

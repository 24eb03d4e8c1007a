"""Requests to others: when they leave, where they go, what is in them (`call`, section 3)."""

import pytest
from stage import END_OF_TIME, Stage

from mockserver.play.cues import Call, Send
from mockserver.play.timeline import timeline, usual_request
from mockserver.scenario.units import FOREVER

HOOK = "http://127.0.0.1:9000/hook"
TOLD = "operation: openChat\n"
SAYS = {"method": "POST", "target": "/chat", "body": {"url": HOOK}}


def calls(visit):
    """Return the calls of a visit."""
    return [cue for cue in visit.receive().cues if isinstance(cue, Call)]


def one(text, **request):
    """Return the only call of the first connection of `text`."""
    (call,) = calls(Stage(TOLD + text).connect(**{**SAYS, **request}))
    return call


# --- what is in it -------------------------------------------------------------------------------


def test_a_call_is_what_the_document_declares():
    """Where the request says, as the document does, with the example that stands there."""
    call = one("stream: [{call: {callback: told}}]")

    assert (call.what, call.method, call.url) == ("callback told", "POST", HOOK)
    assert call.headers == (("User-Agent", "sse-mockserver"), ("Content-Type", "application/json"))
    assert (call.body, call.wait, call.code, call.fault) == (b'{"n": 1}', False, "", "")


BODIES = {
    "a mapping": ("{b: 1, a: [é, null, true]}", '{"b":1,"a":["é",null,true]}'),
    "null": ("null", "null"),
    "a number": ("7", "7"),
    "a text": ("'[1'", "[1"),
    "an empty text": ("''", ""),
    "templates": ('{at: "{{ now() }}", url: "{{ request.body.url }}"}',
                  f'{{"at":"2026-01-01T00:00:02Z","url":"{HOOK}"}}'),
    "a template alone": ('"{{ [connection, vars.x] }}"', "[1,5]"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "sent"), BODIES.values(), ids=BODIES)
def test_the_body_of_the_scenario(body, sent):
    """A text as it is, all else as compact JSON; templates leaf by leaf."""
    call = one(f"vars: {{x: 5}}\nstream: [{{delay: 2s, call: {{callback: told, body: {body}}}}}]")

    assert (call.at, call.body.decode()) == (2.0, sent)
    assert ("Content-Type", "application/json") in call.headers


KINDS = {
    "undeclared text": ("hi", "text/plain; charset=utf-8"),
    "undeclared JSON": ("[1]", "application/json"),
}


@pytest.mark.parametrize(("body", "media_type"), KINDS.values(), ids=KINDS)
def test_a_body_that_the_document_does_not_declare(body, media_type):
    """Has the media type of what it is."""
    call = one(f"stream: [{{call: {{callback: bare, to: {HOOK}, body: {body}}}}}]")

    assert dict(call.headers)["Content-Type"] == media_type


def test_without_a_body_there_is_no_media_type():
    """Neither the document nor the scenario has one."""
    call = one(f"stream: [{{call: {{callback: bare, to: {HOOK}}}}}]")

    assert (call.body, call.headers) == (b"", (("User-Agent", "sse-mockserver"),))


def test_headers_are_those_of_the_scenario():
    """In place of the usual ones, several times, or left out."""
    call = one(
        """
        stream:
        - call:
            callback: told
            headers:
              X-Id: "{{ subscription }}"
              content-type: [text/plain, text/html]
              User-Agent: null
        """.replace("\n        ", "\n")
    )

    assert call.headers == (
        ("X-Id", "1"), ("content-type", "text/plain"), ("content-type", "text/html")
    )  # fmt: skip


def test_a_body_made_of_a_schema_has_an_address():
    """The same in every server, another in every call, round and subscription."""
    text = "operation: openChat\nstream: [{repeat: {times: 2, steps: [{call: {callback: sampled}}]}}, {call: {callback: sampled}}]"
    asked = {"method": "POST", "target": "/chat", "query": {"to": "http://127.0.0.1:9000"}}

    first, again = Stage(text), Stage(text)
    bodies = [call.body for call in calls(first.connect(**asked))]

    assert bodies == [call.body for call in calls(again.connect(**asked))]
    assert len({*bodies, *(call.body for call in calls(first.connect(**asked)))}) > 2
    assert all(isinstance(int(body), int) for body in bodies)


# --- where it goes -------------------------------------------------------------------------------

PLACES = {
    "a body": ("told", {"body": {"url": "https://127.0.0.1/a?b=c"}}, "https://127.0.0.1/a?b=c"),
    "a part of a text": ("sampled", {"query": {"to": "http://127.0.0.1:1"}}, "http://127.0.0.1:1/hook"),
    "a header": ("bare", {"headers": {"x-hook": HOOK}}, HOOK),
}  # fmt: skip


@pytest.mark.parametrize(("name", "request_", "url"), PLACES.values(), ids=PLACES)
def test_the_request_says_where_a_callback_goes(name, request_, url):
    """By the runtime expression that is its key in the document."""
    assert one(f"stream: [{{call: {{callback: {name}}}}}]", **request_).url == url


def test_the_step_may_say_where():
    """With templates, and in place of what the request says."""
    call = one('stream: [{call: {callback: told, to: "{{ request.body.url }}/{{ 1 + 1 }}"}}]')

    assert call.url == f"{HOOK}/2"


UNSENT = {
    "nobody has said": (
        {"body": {}}, "", "call-without-url",
        "no request to openChat in this story has said where it goes: {$request.body#/url}",
    ),
    "no URL": (
        {"body": {"url": "hook"}}, "hook", "bad-url",
        "'hook' is no URL that begins with http:// or https:// and a host",
    ),
    "no text": (
        {"body": {"url": [1]}}, "[1]", "bad-url",
        "'[1]' is no URL that begins with http:// or https:// and a host",
    ),
    "a line end": (
        {"body": {"url": "http://127.0.0.1/\r\nX: y"}}, "http://127.0.0.1/\r\nX: y", "bad-url",
        "'http://127.0.0.1/\\r\\nX: y' is no URL: it has a space, or what cannot be printed",
    ),
    "broken brackets": (
        {"body": {"url": "http://[::1/"}}, "http://[::1/", "bad-url",
        "'http://[::1/' is no URL: its host or port is none",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "url", "code", "fault"), UNSENT.values(), ids=UNSENT)
def test_a_call_that_cannot_be_sent_says_why(request_, url, code, fault):
    """And the story goes on: a server does not stop for it either."""
    visit = Stage(TOLD + "stream: [{call: {callback: told, wait: true}}, {data: x}]").connect(
        **{**SAYS, **request_}
    )
    (call,) = calls(visit)

    assert (call.url, call.code, call.fault, call.wait) == (url, code, fault, False)
    assert (visit.data, visit.ended, visit.fault) == (["x"], "end", "")


def test_a_url_of_any_length_is_not_kept():
    """What is longer than a URL can be is one fault, and 8,001 characters."""
    call = one("stream: [{call: {callback: told}}]", body={"url": HOOK + "x" * 100_000})

    assert (len(call.url), call.fault) == (8_001, "a URL of more than 8,000 characters")


@pytest.mark.parametrize(
    "part", ["body: '{{ request.body.nobody }}'", "headers: {X-A: '{{ \"\\r\" }}'}"]
)
def test_a_template_without_a_value_ends_the_story(part):
    """As it does in an event."""
    visit = Stage(TOLD + f"stream: [{{data: x}}, {{call: {{callback: told, {part}}}}}]").connect(
        **SAYS
    )
    visit.receive()

    assert (visit.data, visit.ended, bool(visit.fault)) == (["x"], "drop", True)


STORY = """
operation: [openChat, resumeChat]
connections:
- steps: [{id: 1, data: a}, {disconnect: drop}]
- steps: [{call: {callback: told}}, {data: b}]
"""


def test_in_a_story_of_several_operations_the_one_that_declares_it_says_where():
    """Its last request that has said so, whichever connection the call is made on."""
    stage = Stage(STORY)
    stage.connect(**SAYS).receive()
    visit = stage.connect("1", target="/chat", operation="resumeChat", body={"url": "http://x"})

    assert [call.url for call in calls(visit)] == [HOOK]


def test_a_request_that_says_nothing_takes_nothing_back():
    """A client may come back with less than it came with first."""
    stage = Stage(STORY)
    stage.connect(**SAYS).receive()
    visit = stage.connect("1", **{**SAYS, "body": None})

    assert [call.url for call in calls(visit)] == [HOOK]


def test_a_later_request_may_say_otherwise():
    """The last word counts."""
    stage = Stage(STORY)
    stage.connect(**SAYS).receive()
    visit = stage.connect("1", **{**SAYS, "body": {"url": "http://127.0.0.1/b"}})

    assert [call.url for call in calls(visit)] == ["http://127.0.0.1/b"]


# --- when it leaves ------------------------------------------------------------------------------

TIMED = [
    pytest.param("{delay: 250ms, call: {callback: told}}", [0.25], id="delay"),
    pytest.param("{data: x}, {delay: 1s}, {at: 3s, call: {callback: told}}", [3.0], id="at"),
    pytest.param("{repeat: {times: 3, every: 1s, steps: [{call: {callback: told}}]}}",
                 [0.0, 1.0, 2.0], id="in-a-loop"),
    pytest.param("{chance: {of: 100%, steps: [{delay: 1s, call: {callback: told}}]}}", [1.0],
                 id="in-a-chance"),
    pytest.param("{hold: 2s}, {call: {callback: told}}", [2.0], id="after-a-hold"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "at"), TIMED)
def test_a_call_leaves_when_the_script_says(steps, at):
    """Like any other step."""
    assert at == [call.at for call in calls(Stage(TOLD + f"stream: [{steps}]").connect(**SAYS))]


def test_nothing_of_it_goes_to_the_client():
    """No byte, and no block."""
    visit = Stage(
        TOLD + "stream: [{data: a}, {data: b}, {call: {callback: told}}, {data: c}]"
    ).connect(**SAYS)
    visit.receive()

    sent = [(cue.data.decode(), cue.blocks) for cue in visit.cues if isinstance(cue, Send)]
    assert sent == [("data: a\n\ndata: b\n\n", 2), ("data: c\n\n", 1)]


def test_a_connection_played_again_makes_the_same_calls():
    """Byte for byte, though the subscription has heard otherwise since."""
    stage = Stage(TOLD + "stream: [{call: {callback: sampled}}, {call: {callback: told}}]")
    visit = stage.connect(**SAYS, query={"to": "http://127.0.0.1:1"})
    visit.turn.subscription.urls = {}
    made = calls(visit)

    assert made == [cue for cue in visit.turn.replay().due(END_OF_TIME) if isinstance(cue, Call)]


# --- resuming ------------------------------------------------------------------------------------

ROW = """
operation: openChat
stream:
- call: {callback: told, body: one}
- {id: 1, data: a}
- call: {callback: told, body: two}
- {id: 2, data: b}
- call: {callback: told, body: three}
- disconnect: drop
- call: {callback: told, body: four}
- {id: 3, data: c}
"""
FRESH = [
    pytest.param(None, ["one", "two", "three"], ["a", "b"], id="from-the-beginning"),
    pytest.param("1", ["two", "three"], ["b"], id="after-the-first"),
    pytest.param("2", ["three"], [], id="after-the-last-of-a-connection"),
    pytest.param("3", [], [], id="after-the-last"),
    pytest.param("x", ["one", "two", "three"], ["a", "b"], id="unknown"),
]


def bodies(visit):
    """Return the bodies of the calls of a visit."""
    return [call.body.decode() for call in calls(visit)]


@pytest.mark.parametrize(("last_event_id", "made", "data"), FRESH)
def test_calls_before_the_last_event_have_happened(last_event_id, made, data):
    """On a server that was just started, too."""
    visit = Stage(ROW).connect(last_event_id, **SAYS)

    assert (bodies(visit), visit.data) == (made, data)


def test_what_has_happened_does_not_happen_again():
    """The lost event is sent once more, the calls behind it are not."""
    stage = Stage(ROW)
    stage.connect(**SAYS).receive()
    visit = stage.connect("1", **SAYS)

    assert (bodies(visit), visit.data) == (["four"], ["b", "c"])


LEFT = [
    pytest.param(1.5, ["b"], id="before-the-call"),
    pytest.param(2.5, [], id="after-the-call"),
]


@pytest.mark.parametrize(("until", "made"), LEFT)
def test_a_client_that_left_sets_off_no_call_twice(until, made):
    """Whether the call had been made when it went away decides, not what it had seen."""
    steps = "{id: 1, data: a}, {delay: 2s, call: {callback: told, body: b}}, {delay: 2s, id: 2, data: b}"
    stage = Stage(TOLD + f"stream: [{steps}]")
    stage.connect(**SAYS).receive(until=until).leave()
    visit = stage.connect("1", **SAYS)

    assert (bodies(visit), visit.data) == (made, ["b"])


def test_an_id_that_comes_after_a_call_has_not_been_sent():
    """A client cannot have the event that the script would have sent next."""
    stage = Stage(
        TOLD + "stream: [{id: 1, data: a}, {call: {callback: told}}, {delay: 1s, id: 2, data: b}]"
    )
    stage.connect(**SAYS).receive(until=0.5).leave()

    assert stage.connect("2", **SAYS).subscription == 2


POLICIES = [
    pytest.param("replay", ["two", "three"], ["a", "b"], id="replay"),
    pytest.param("{skip: 1}", ["three"], [], id="skip"),
    pytest.param("ignore", ["one", "two", "three"], ["a", "b"], id="ignore"),
]


@pytest.mark.parametrize(("policy", "made", "data"), POLICIES)
def test_every_way_to_resume(policy, made, data):
    """A gap swallows the calls in it."""
    visit = Stage(ROW + f"resume: {policy}\n").connect("1", **SAYS)

    assert (bodies(visit), visit.data) == (made, data)


def test_a_cut_before_a_call_is_still_the_last_that_was_sent():
    """A call sends the client nothing, so the block is lost, and comes whole again."""
    stage = Stage(
        TOLD + "stream: [{id: 1, data: a}, {id: 2, data: b, cut: 3}, {call: {callback: told}},"
        " {disconnect: reset}, {id: 3, data: c}]"
    )
    first = stage.connect(**SAYS).receive()
    second = stage.connect("1", **SAYS).receive()

    assert first.bytes.endswith(b"id:")
    assert (second.data, second.calls) == (["b", "c"], [])


def test_calls_without_end_are_searched_within_bounds():
    """Rounds that only call and wait have no id in them, however many there are."""
    stage = Stage(
        TOLD
        + "stream: [{id: 1, data: a}, {repeat: {times: forever, every: 1s, steps: [{call: {callback: told}}]}}]"
    )

    assert "unknown-last-event-id" in stage.connect("2", **SAYS).notes
    assert stage.connect("1", **SAYS).receive(until=2.5).calls == [
        (0.0, "callback told"), (1.0, "callback told"), (2.0, "callback told")
    ]  # fmt: skip


def test_calls_without_time_between_them_are_stuck():
    """A billion calls at one moment are none that anybody wants."""
    visit = Stage(
        TOLD + "stream: [{repeat: {times: 1000000000, steps: [{call: {callback: told, body: x}}]}}]"
    )
    visit = visit.connect(**SAYS).receive()

    assert (visit.ended, visit.fault) == ("drop", "100,000 rounds without an event or a wait")


# --- what explain shows --------------------------------------------------------------------------

USUAL = {
    "callback": ("{callback: told}", "http://127.0.0.1:9000/url"),
    "part of a text": ("{callback: sampled}", "to/hook"),
    "header": ("{callback: bare}", "http://127.0.0.1:9000/x-hook"),
    "template of a query": ('{callback: bare, to: "{{ request.query.to }}"}', "http://127.0.0.1:9000/to"),
    "template of a body": ('{callback: bare, to: "{{ request.body.to }}"}', "http://127.0.0.1:9000/to"),
    "template in a text": ('{callback: bare, to: "http://{{ request.headers.host }}/x"}', "http://host/x"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "url"), USUAL.values(), ids=USUAL)
def test_a_usual_request_says_where_calls_go(call, url):
    """So that explain, check and the golden timelines have something to show."""
    stage = Stage(TOLD + f"stream: [{{call: {call}}}]")
    opening = usual_request(stage.program, stage.operation)
    ((planned, _),) = [lane.cues for lane in timeline(stage.program, stage.operation, opening)]

    assert (planned.what, planned.call.url) == ("call", url)


def test_a_usual_request_keeps_to_the_conditions():
    """What has to be present becomes a URL; what has to be equal stays."""
    when = "{body: {url: true, a: 1}, query: {to: other}}"
    stage = Stage(
        TOLD
        + f"when: {when}\nstream: [{{call: {{callback: told}}}}, {{call: {{callback: sampled}}}}]"
    )
    opening = usual_request(stage.program, stage.operation)

    assert opening.body == {"url": "http://127.0.0.1:9000/url", "a": 1}
    assert opening.query == {"to": "other"}


# --- waiting for the answer ----------------------------------------------------------------------


def waiting(steps, **keys):
    """Return a visit of a story that waits for an answer, which takes five seconds."""
    head = "".join(f"{key}: {value}\n" for key, value in keys.items())
    visit = Stage(f"{TOLD}{head}stream: [{steps}]").connect(**SAYS)
    visit.answer_takes = 5.0
    return visit


WAITS = [
    pytest.param("{delay: 1s, data: x}", [(6.0, "x")], id="delay-after-it"),
    pytest.param("{data: x}", [(5.0, "x")], id="at-once"),
    pytest.param("{at: 9s, data: x}", [(9.0, "x")], id="a-moment-stays"),
    pytest.param("{at: 2s, data: x}", [(5.0, "x")], id="a-moment-that-has-passed"),
    pytest.param('{delay: 1s, data: "{{ now() }}"}', [(6.0, "2026-01-01T00:00:01Z")], id="no-scripted-time"),
    pytest.param("{call: {callback: told, wait: true}}, {data: x}", [(10.0, "x")], id="twice"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "timed"), WAITS)
def test_the_time_of_an_answer_is_no_scripted_time(steps, timed):
    """What follows a delay comes so much later; `at` means a moment."""
    visit = waiting(f"{{call: {{callback: told, wait: true}}}}, {steps}").receive()

    assert visit.timed == timed


def test_only_heartbeats_come_before_the_answer():
    """As long as it takes; and afterwards they keep their time."""
    text = "heartbeat: 2s\nstream: [{data: a}, {call: {callback: told, wait: true}}, {delay: 1s, data: b}]"
    player = Stage(TOLD + text).connect(**SAYS).turn.player

    before = [(cue.at, getattr(cue, "data", None)) for cue in player.due(0.0)]
    assert before[0] == (0.0, b"data: a\n\n")
    assert (len(before), player.awaiting, player.next_at) == (2, True, 2.0)
    assert [(cue.at, cue.data) for cue in player.due(5.0)] == [
        (2.0, b": heartbeat\n\n"), (4.0, b": heartbeat\n\n")
    ]  # fmt: skip
    player.answered(5.5)
    assert (player.awaiting, player.next_at) == (False, 6.0)
    assert [(cue.at, getattr(cue, "data", None)) for cue in player.due(END_OF_TIME)] == [
        (6.0, b": heartbeat\n\n"), (6.5, b"data: b\n\n"), (6.5, None)
    ]  # fmt: skip


def test_without_heartbeats_nothing_is_due_before_the_answer():
    """Until somebody says that it came."""
    player = (
        Stage(TOLD + "stream: [{call: {callback: told, wait: true}}]").connect(**SAYS).turn.player
    )

    assert [cue.what for cue in player.due(END_OF_TIME)] == ["callback told"]
    assert (player.awaiting, player.next_at) == (True, FOREVER)
    assert player.take(FOREVER) is None
    player.answered()
    assert [cue.kind for cue in player.due(0.0)] == ["end"]


def test_a_heartbeat_in_pieces_is_finished_before_the_story_goes_on():
    """The answer comes when half of it has left."""
    text = "heartbeat: 2s\nwire: {split: {bytes: 7, every: 1s}}\nstream: [{call: {callback: told, wait: true}}, {raw: x}]"
    player = Stage(TOLD + text).connect(**SAYS).turn.player

    assert [getattr(cue, "data", None) for cue in player.due(2.0)] == [None, b": heart"]
    player.answered(2.5)
    rest = [(cue.at, getattr(cue, "data", None)) for cue in player.due(END_OF_TIME)]
    assert rest == [(3.0, b"beat\n\n"), (3.0, b"x"), (3.0, None)]


def test_a_stall_before_a_call_keeps_its_silence():
    """The next heartbeat after it is the next on the connection's clock."""
    text = "heartbeat: 2s\nstream: [{stall: 5s}, {call: {callback: told, wait: true}}]"
    player = Stage(TOLD + text).connect(**SAYS).turn.player

    assert [type(cue).__name__ for cue in player.due(5.0)] == ["Held", "Call"]
    assert player.next_at == 6.0

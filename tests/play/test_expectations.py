"""What is made of what clients did: every kind of entry, passed, failed and not yet certain."""

import json
import random
from xml.etree import ElementTree as ET

import pytest
from watched import Watched

from mockserver.play.verdict import as_json, as_junit, as_text
from mockserver.play.witness import Witness

TWICE = """
stream:
- {id: 1, data: one}
- {delay: 1s, disconnect: drop}
- {event: done, id: 2, data: two}
- {delay: 5s, comment: bye}
- hold: forever
expect: [%s]
"""


def twice(entry, **options):
    """Return the stage of a story of two connections that expects one thing."""
    return Watched(TWICE % entry, **options)


def right(stage, *, leaves_at=1.0, **request):
    """Be a client that does all right: it comes back after 3 s, and closes on `done`."""
    stage.connect(**request).receive()
    stage.now += 3
    stage.connect("1", **request).receive(leaves_at).leave()


LIKE = {
    "a header": ("headers: {Accept: text/*}", {"headers": {"accept": "text/event-stream"}}, None),
    "another header": (
        "headers: {Accept: text/*}", {"headers": {"accept": "*/*"}}, '"*/*"',
    ),
    "no header": ("headers: {Accept: text/*}", {}, "none was sent"),
    "an empty header": ("headers: {X: true}", {"headers": {"x": ""}}, None),
    "a header too many": ("headers: {X: false}", {"headers": {"x": "y"}}, '"y"'),
    "a pattern": ("query: {q: /^a+$/}", {"query": {"q": "aa"}}, None),
    "no match": ("query: {q: /^a+$/}", {"query": {"q": "ab"}}, '"ab"'),
    "a cookie": ("cookies: {c: 1}", {"cookies": {"c": "1"}}, None),
    "another cookie": ("cookies: {c: 1}", {"cookies": {"d": "1"}}, "none was sent"),
    "a body": ("body: {a: {b: 1}}", {"body": {"a": {"b": 1, "c": 2}}}, None),
    "a leaf of a body": ("body: {a: {b: 1, c: 2}}", {"body": {"a": {"b": 1, "c": 3}}}, "3"),
    "a body of another kind": ("body: {a: 1}", {"body": "text"}, '"text"'),
    "no body": ("body: {a: 1}", {}, "none"),
    "an id": ("last_event_id: 7", {"last_event_id": "7"}, None),
    "an id with spaces around": ("last_event_id: ' 7'", {"last_event_id": "7 "}, None),
    "another id": ("last_event_id: 7", {"last_event_id": "8"}, '"8"'),
    "no id": ("last_event_id: 7", {}, "none was sent"),
    "any id": ("last_event_id: true", {"last_event_id": "8"}, None),
    "any id, and an empty one": ("last_event_id: true", {"last_event_id": ""}, '""'),
    "an id too many": ("last_event_id: false", {"last_event_id": ""}, '""'),
    "none, as is right": ("last_event_id: false", {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("asks", "request_", "got"), LIKE.values(), ids=LIKE)
def test_what_a_request_is_like(asks, request_, got):
    """It is certain as soon as the request is there."""
    stage = twice(f"{{connection: 1, {asks}}}")
    assert stage.statuses() == []
    stage.connect(**request_)
    assert stage.statuses() == ["passed" if got is None else "failed"]
    assert stage.evidence(final=False) == ([] if got is None else [got])


AFTER = {
    "in between": ("1s..4s", "passed"),
    "on the edge": ("3s..4s", "passed"),
    "too soon": ("3001ms..4s", "failed"),
    "too late": ("1s..2s", "failed"),
    "open above": ("3s..", "passed"),
    "open below": ("..3s", "passed"),
    "over what is open below": ("..2999ms", "failed"),
    "alone": ("3s", "passed"),
    "alone and too soon": ("4s", "failed"),
}


@pytest.mark.parametrize(("after", "status"), AFTER.values(), ids=AFTER)
def test_the_time_between_two_connections(after, status):
    """From the end of the one to the request of the other."""
    stage = twice(f"{{connection: 2, after: {after}}}")
    stage.now = 100.0
    stage.connect().receive()
    assert stage.statuses() == ["pending"]
    stage.now += 3
    stage.connect("1")
    assert stage.statuses() == [status]
    assert stage.evidence() == ([] if status == "passed" else ["3s after connection 1 ended"])


COUNTS = {
    # of connections: entry, statuses after 1, 2, 3 of them, and in the end
    "exactly": ("2", ["pending", "pending", "failed"], "failed"),
    "at least": ("2..", ["pending", "passed", "passed"], "passed"),
    "at most": ("..2", ["pending", "pending", "failed"], "failed"),
    "between": ("2..3", ["pending", "pending", "pending"], "passed"),
    "more than come": ("4..5", ["pending", "pending", "pending"], "failed"),
}


@pytest.mark.parametrize(("count", "statuses", "final"), COUNTS.values(), ids=COUNTS)
def test_the_number_of_connections(count, statuses, final):
    """The 204 that tells a client to stay away is one."""
    text = "stream: [{id: 1, data: x}, {disconnect: end}, {id: 2, data: y}]\n"
    stage = Watched(f"{text}expect: [{{connections: {count}}}]\n")
    found = []
    for last_id in (None, "1", "2"):
        stage.connect(last_id).receive()
        found += stage.statuses()
    assert (found, stage.statuses(final=True)) == (statuses, [final])


def test_no_further_one_for_so_long():
    """It passes when that time is over; what comes later is another matter."""
    stage = twice("{connections: 2, within: 10s}")
    right(stage)
    stage.now += 9.9
    assert stage.statuses() == ["pending"]
    (evidence,) = stage.verdict(final=True).scenarios[0].expectations[0].judged[0].evidence
    assert (evidence.status, evidence.got) == ("passed", "2; the 10s were not over yet")
    stage.now += 0.1
    assert stage.statuses() == ["passed"]
    stage.connect("2")
    assert stage.statuses() == ["passed"]


def test_a_further_one_too_soon():
    """It fails when it comes."""
    stage = twice("{connections: 2, within: 10s}")
    right(stage)
    stage.now += 4
    stage.connect("2")
    assert stage.statuses() == ["failed"]
    assert stage.evidence() == ["3: connection 3 came 4s after 2 ended"]


CLOSINGS = {
    "by whom": ("closed_by: client", "passed", None),
    "by another": ("closed_by: script", "failed", "client, 1s after event done"),
    "after which event": ("closed_by: client, after_event: done", "passed", None),
    "after another": ("closed_by: client, after_event: message", "failed", "event done"),
    "soon enough": ("closed_by: client, after_event: done, within: 1s", "passed", None),
    "too late": ("closed_by: client, after_event: done, within: 999ms", "failed", "1s"),
    "one before": ("closed_by: script, connection: 1", "passed", None),
    "one before by another": (
        "closed_by: client, connection: 1", "failed", "script, 1s after event message",
    ),
    "one that never was": (
        "closed_by: client, connection: 3", "failed",
        "the client never came back after connection 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "status", "got"), CLOSINGS.values(), ids=CLOSINGS)
def test_who_closed_a_connection(entry, status, got):
    """Of the last one nothing is certain before the end."""
    stage = twice(f"{{{entry}}}")
    right(stage)
    certain = "connection: 1" in entry
    assert stage.statuses() == [status if certain else "pending"]
    assert stage.statuses(final=True) == [status]
    assert stage.evidence() == ([] if got is None else [got])


def test_a_connection_that_is_still_open():
    """It is not closed by anybody."""
    stage = twice("{closed_by: client, connection: 1}")
    stage.connect().receive(0.0)
    assert (stage.statuses(), stage.statuses(final=True)) == (["pending"], ["failed"])
    assert stage.evidence() == ["still open"]


def test_a_server_that_stops():
    """Neither the client nor the script did that."""
    stage = twice("{closed_by: server, connection: 1}")
    stage.connect(target="/events?a").receive(0.0).leave("server")
    stage.connect(target="/events?t").receive(0.0).leave("test")  # from outside
    stage.connect(target="/events?b").receive(0.0).leave("client")
    assert stage.statuses() == ["pending"]  # who left may begin anew
    assert stage.evidence() == ["client, 0s after event message"]


def test_no_event_before_the_end():
    """A comment is none."""
    stage = Watched(
        "stream: [{comment: hi}, {hold: forever}]\n"
        "expect: [{closed_by: client, after_event: message, connection: 1}]\n"
    )
    stage.connect().receive(1.0).leave()
    assert stage.evidence() == ["no event had been dispatched"]


def test_an_event_that_was_cut_off_is_none():
    """What counts is what a conforming client has dispatched."""
    stage = Watched(
        "stream: [{data: x}, {event: done, data: y, cut: 12}, {disconnect: reset}]\n"
        "expect: [{closed_by: script, after_event: done, connection: 1}]\n"
    )
    stage.connect().receive()
    assert stage.evidence() == ["event message"]


def test_the_204_closes_nothing():
    """The last connection is the last of the story."""
    stage = Watched("stream: [{event: done, id: 1, data: x}]\n"
                    "expect: [{closed_by: script, after_event: done}]\n")  # fmt: skip
    stage.connect().receive()
    assert stage.connect("1").status == 204
    assert stage.statuses(final=True) == ["passed"]


REQUESTS = {
    "exactly": ("1", ["pending", "failed"], "failed"),
    "at least": ("2..", ["pending", "passed"], "passed"),
    "at most": ("..1", ["pending", "failed"], "failed"),
    "enough": ("..2", ["pending", "pending"], "passed"),
    "none": ("0", ["failed", "failed"], "failed"),
    "more": ("3", ["pending", "pending"], "failed"),
}


@pytest.mark.parametrize(("times", "statuses", "final"), REQUESTS.values(), ids=REQUESTS)
def test_the_requests_of_a_session(times, statuses, final):
    """They are counted over all subscriptions, and judged once."""
    stage = twice(f"requests: {{streamEvents: {times}}}")
    found = []
    for target in ("/events?a", "/events?b"):
        stage.connect(target=target).receive()
        found += stage.statuses()
    assert (found, stage.statuses(final=True)) == (statuses, [final])
    (expectation,) = stage.verdict().scenarios[0].expectations
    assert len(expectation.judged) == 1


def test_every_subscription_is_judged():
    """One that fails fails the entry; the other has passed."""
    stage = twice("{connection: 2, last_event_id: '1'}")
    right(stage, target="/events?a")
    stage.connect(target="/events?b").receive()
    assert stage.statuses() == ["pending"]
    stage.connect("7", target="/events?b").receive(0.0)
    assert stage.statuses() == ["failed"]
    (expectation,) = stage.verdict().scenarios[0].expectations
    assert [(j.target, j.status) for j in expectation.judged] == [
        ("GET /events?a", "passed"),
        ("GET /events?b", "failed"),
    ]


ANY = """
stream:
- retry: 1s
- {id: 1, data: one}
- {delay: 1s, disconnect: drop}
- {event: done, id: 2, data: two}
- {delay: 2s, comment: bye}
- disconnect: end
- {delay: 1s, id: 3, data: three}
expect:
- {connection: 1, headers: {Accept: x}}
- {connection: 2, last_event_id: '1', after: 1s..10s}
- {connection: 3, last_event_id: '2'}
- {connection: 4, after: ..20s}
- {connections: 2.., within: 5s}
- {connections: ..5}
- {connections: 2..4}
- {closed_by: client}
- {closed_by: script, connection: 1, after_event: message}
- {closed_by: client, connection: 2, after_event: done, within: 1s}
- {requests: {streamEvents: 2..6}}
"""


def act(stage, visits, chance):
    """Let some client do something, or time pass."""
    doing = chance.choice(["connect", "connect", "receive", "leave", "wait", "refuse"])
    open_ = [visit for visit in visits if visit.told.ended is None]
    if doing == "connect":
        last_id = chance.choice([None, None, "1", "2", "3", "9"])
        target = chance.choice(["/events", "/events", "/events?b"])
        accept = {"accept": chance.choice("xxy")}
        visits.append(stage.connect(last_id, target=target, headers=accept))
    elif doing == "wait":
        stage.now += chance.choice([0.5, 1.0, 4.0, 12.0, 70.0])
    elif doing == "refuse":
        stage.refuse(f"GET /{chance.choice('ab')}")
    elif open_:
        visit = chance.choice(open_)
        visit.began = stage.now  # or the stage's time would run backwards
        visit.receive() if doing == "receive" else visit.receive(0.1).leave()


def certain_of(verdict):
    """Return what is certain, by entry and subscription."""
    return {
        (str(expectation.where), judged.target, judged.subscription): judged.status
        for scenario in verdict.scenarios
        for expectation in scenario.expectations
        for judged in expectation.judged
        if judged.status != "pending"
    }


@pytest.mark.parametrize("seed", range(60))
def test_whatever_clients_do(seed):
    """What is certain stays so, the end leaves nothing pending, and every form can be written."""
    chance = random.Random(seed)
    stage, visits, before = Watched(ANY), [], {}
    for _ in range(chance.randint(1, 25)):
        act(stage, visits, chance)
        soon, final = stage.verdict(), stage.verdict(final=True)
        certain = certain_of(soon)
        assert {key: certain.get(key) for key in before} == before
        before = certain
        assert final.count("pending") == 0
        json.dumps(as_json(final))
        ET.fromstring(as_junit([soon, final]))
        assert as_text(final).startswith(f"session test: {final.status}")


def test_two_tabs_do_right():
    """Each has a story of its own, and each is judged to the end."""
    stage = twice("{connection: 2, last_event_id: '1'}, {connections: 2}")
    tabs = [stage.connect().receive(0.0), stage.connect().receive(0.0)]
    for tab in tabs:
        tab.receive()
    for _ in tabs:
        stage.connect("1").receive(0.0).leave()
    assert stage.statuses(final=True) == ["passed", "passed"]
    assert stage.verdict(final=True).abandoned == ()


ENTRIES = (
    "{connection: 2, last_event_id: '1'}, {connections: 2}, {closed_by: client, after_event: done},"
    " {connection: 1, headers: {Accept: x}}"
)
ACCEPTS = {"headers": {"accept": "x"}}


@pytest.mark.parametrize("order", ["closes first", "connects first"])
def test_strict_mode_connects_twice(order):
    """React connects, closes and connects; the server may see it in any order."""
    stage = twice(ENTRIES)
    first = stage.connect(**ACCEPTS).receive(0.0)
    if order == "closes first":
        first.leave()
    second = stage.connect(**ACCEPTS)
    if order == "connects first":
        first.leave()
    second.receive()
    stage.now += 3
    stage.connect("1", **ACCEPTS).receive(1.0).leave()
    verdict = stage.verdict(final=True)
    assert verdict.status == "passed"
    assert verdict.abandoned == ("story, subscription 1 (GET /events)",)


def test_a_page_that_is_loaded_again():
    """What it did wrong before is judged nevertheless."""
    stage = twice(ENTRIES)
    stage.connect().receive(0.0).leave()
    right(stage, **ACCEPTS)
    assert stage.statuses(final=True) == ["passed", "passed", "passed", "failed"]
    assert stage.evidence() == ["none was sent"]


def test_who_only_ever_begins_anew_fails():
    """The last one is judged to the end."""
    stage = twice(ENTRIES)
    for _ in range(3):
        stage.connect(**ACCEPTS).receive(0.0).leave()
    assert stage.statuses(final=True) == ["failed", "failed", "failed", "passed"]


def test_who_leaves_and_does_not_begin_anew_fails():
    """Another client of another target is no successor."""
    stage = twice("connection: 2")
    stage.connect().receive(0.0).leave()
    right(stage, target="/events?b")
    assert stage.statuses(final=True) == ["failed"]


def test_who_is_cut_off_and_begins_anew_without_its_id_is_the_same_client():
    """The story goes on with it, and the id is missing."""
    stage = twice("{connection: 2, last_event_id: '1'}")
    stage.connect().receive()
    stage.connect().receive(0.0)
    assert stage.evidence() == ["none was sent"]


def test_patience():
    """A client that is away for longer never comes back to this story."""
    stage = twice("connection: 2")
    stage.connect().receive()
    stage.now += 60
    assert stage.statuses() == ["pending"]
    stage.now += 0.1
    assert stage.statuses() == ["failed"]


def test_on_a_clock_that_stands_still():
    """Nothing is said of time: neither that enough passed, nor that too much did."""
    stage = twice(
        "{connection: 2, after: 1s..2s}, {connections: 2, within: 1s},"
        " {closed_by: client, after_event: done, within: 1ms}",
        passes=False,
    )
    stage.connect().receive()
    stage.connect("1").receive(0.0).leave()
    assert stage.statuses() == ["passed", "pending", "pending"]
    assert stage.statuses(final=True) == ["passed", "passed", "passed"]
    assert as_text(stage.verdict()).count("none passes") == 2


def test_a_pinned_scenario_that_nobody_asks():
    """It waits for its client, in the end in vain."""
    stage = twice("{connections: ..2}, {requests: {streamEvents: 0}}", pinned=("story", "nobody"))
    assert stage.statuses() == ["pending", "pending"]
    assert stage.statuses(final=True) == ["failed", "failed"]
    stage.connect()
    assert stage.statuses(final=True) == ["passed", "failed"]


def test_answers_of_an_ordinary_operation_are_connections():
    """Requests to one target belong to one subscription."""
    stage = Watched(
        "operation: getThing\nresponse: {status: 503}\n"
        "expect: [{connections: 2}, {connection: 2, after: 1s..}]\n"
    )
    stage.connect(target="/things")
    stage.now += 1
    stage.connect(target="/things")
    assert stage.statuses(final=True) == ["passed", "passed"]


def test_the_bounds_of_what_is_watched():
    """Those that are beyond are counted, and not judged."""
    stage = twice("connections: 1")
    stage.session.witness = Witness(limit=2)
    for n in range(4):
        stage.connect(target=f"/events?{n}").receive(0.0)
    verdict = stage.verdict(final=True)
    assert len(verdict.scenarios[0].expectations[0].judged) == 2
    assert verdict.unwatched == 2
    assert "not judged: 2 subscriptions beyond the bounds" in as_text(verdict)


def test_the_bound_of_findings():
    """Each is listed once, and those beyond the bound are counted: they fail all the same."""
    stage = twice("connections: 1")
    stage.session.witness.findings.limit = 2
    for n in (1, 1, 2, 3, 4, 3):
        stage.refuse(f"GET /{n}")
    verdict = stage.verdict()
    assert [(each.target, each.count) for each in verdict.findings] == [
        ("GET /1", 2),
        ("GET /2", 1),
    ]
    assert verdict.unlisted == (("unexpected-request", 3),)
    assert stage.verdict(allow=["unexpected-request"]).status == "passed"


def test_it_is_forgotten_with_the_session():
    """A reset begins anew."""
    stage = twice("{connections: 1}, {requests: {streamEvents: 1}}")
    stage.connect()
    stage.refuse("GET /x")
    stage.session.reset()
    verdict = stage.verdict(final=True)
    assert (verdict.status, verdict.scenarios, verdict.findings) == ("passed", (), ())


def test_a_report_to_read():
    """Where, expected, got, nearest; file, line and column first."""
    stage = twice("{connection: 1, headers: {X-Token: a}}, {connection: 2}")
    stage.connect(headers={"x-tokens": "b\x00\ud800"})
    stage.now = 2.5
    stage.refuse("GET /odd\x1b")
    assert (
        as_text(stage.verdict())
        == """\
session test: failed (1 failed, 1 pending, 1 finding)

story.yaml:9:10: failed: connection 1 [story]
  subscription 1, GET /events
  header x-token
    expected: "a"
    got:      none was sent (at 0 s)
    nearest:  header x-tokens: "b\\u0000\\ud800"
story.yaml:9:50: pending: connection 2 [story]
  subscription 1, GET /events
  connection 2
    expected: a request
    got:      connection 1 is still open
GET /odd\x1b: no [unexpected-request]"""
    )


def test_junit():
    """A suite a scenario, a case an entry and subscription; valid XML whatever strangers send."""
    stage = twice("{connection: 1, headers: {X: <&>}}, {connection: 2}, {connection: 1}")
    stage.connect(target="/events?\x01]]>\ud800", headers={"x": '\x0b\ufffe"<&\r\n\t'})
    stage.refuse("GET /odd\x1b<b>")
    root = ET.fromstring(as_junit(stage.verdict()))
    suites = [
        (s.get("name"), s.get("tests"), s.get("failures"), s.get("skipped"))
        for s in root.iter("testsuite")
    ]
    assert suites == [("test: story", "3", "1", "1"), ("test: findings", "1", "1", "0")]
    assert [(c.get("file"), c.get("line")) for c in root.iter("testcase")] == [
        *3 * [("story.yaml", "9")],
        (None, None),
    ]
    failure, finding = root.iter("failure")
    assert 'expected: "<&>"' in failure.text
    assert '\\ufffe\\"<&' in failure.text
    assert finding.text.startswith("GET /odd\\u001b<b>: no")
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == "pending: connection 1 is still open"


def test_as_json_it_is_plain_data():
    """All of it can be written, and says all that the report does."""
    stage = twice("{connection: 1, last_event_id: '1'}")
    stage.connect()
    found = json.loads(json.dumps(as_json(stage.verdict(final=True))))
    assert found == {
        "session": "test",
        "status": "failed",
        "final": True,
        "counts": {"passed": 0, "failed": 1, "pending": 0, "findings": 0},
        "scenarios": [
            {
                "scenario": "story",
                "status": "failed",
                "expectations": [
                    {
                        "where": "story.yaml:9:10",
                        "expectation": "connection 1",
                        "status": "failed",
                        "judged": [
                            {
                                "subscription": 1,
                                "target": "GET /events",
                                "connection": 1,
                                "status": "failed",
                                "evidence": [
                                    {
                                        "of": "connection 1",
                                        "status": "passed",
                                        "expected": "a request",
                                        "got": "GET /events",
                                        "at": 0.0,
                                    },
                                    {
                                        "of": "last_event_id",
                                        "status": "failed",
                                        "expected": '"1"',
                                        "got": "none was sent",
                                        "at": 0.0,
                                    },
                                ],
                            }
                        ],
                    }
                ],
            }
        ],
        "findings": [],
        "unlisted_findings": {},
        "allowed": [],
        "notes": [],
        "abandoned": [],
        "unwatched_subscriptions": 0,
    }

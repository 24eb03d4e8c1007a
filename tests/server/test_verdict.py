"""What the server says of its clients: what scenarios expect of them, and what is found besides."""

import json
from xml.etree import ElementTree as ET

import httpx
import pytest
from clients import STATUS, RawClient, fetch, serving

from mockserver import MockServer
from mockserver.clock import turn_of_others
from mockserver.errors import ControlError, ExpectationError
from mockserver.play.verdict import as_text

STORY = """
operation: streamOrderStatus
stream:
- retry: 1500
- {id: 1, data: one}
- disconnect: reset
- {event: complete, id: 2, data: two}
- hold: forever
expect:
- connection: 1
  headers: {Accept: text/event-stream}
  last_event_id: false
- connection: 2
  last_event_id: "1"
  after: 1400ms..2500ms
- connections: 2
  within: 10s
- closed_by: client
  after_event: complete
  within: 1s
- requests: {streamOrderStatus: 2}
"""
ACCEPT = "Accept: text/event-stream"


async def gone(server):
    """Wait until nobody is being served."""
    while server.busy:
        await turn_of_others()


async def live(server, *, waits="1.5s", last_id="1", leaves="0s"):
    """Be a client of STORY that does all right, but for what is given."""
    session = server.session()
    await fetch(server, STATUS, ACCEPT)
    await gone(server)
    session.advance(waits)
    client = await RawClient.connect(server)
    await client.send(STATUS, ACCEPT, *([f"Last-Event-ID: {last_id}"] if last_id else []))
    await client.until(b"data: two\n\n")
    session.advance(leaves)
    await client.leave()
    await gone(server)


def statuses(verdict):
    """Return the status of every entry."""
    return [e["status"] for s in verdict["scenarios"] for e in s["expectations"]]


async def test_a_client_that_does_right_passes(tmp_path):
    """Some of it is certain only when time has passed, or the test is over."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        await live(server)
        session = server.session()
        soon = session.verdict()
        session.advance("10s")
        later = session.verdict()
        session.verify()
    assert statuses(soon) == ["passed", "passed", "pending", "pending", "pending"]
    assert statuses(later) == ["passed", "passed", "passed", "pending", "pending"]
    assert (soon["status"], later["status"]) == ("pending", "pending")


WRONG = {
    "comes back too soon": ({"waits": "412ms"}, 1, "412ms after connection 1 ended"),
    "comes back too late": ({"waits": "3s"}, 1, "3s after connection 1 ended"),
    "forgets the id": ({"last_id": ""}, 1, "got:      none was sent"),
    "makes an id up": ({"last_id": "7"}, 1, 'got:      "7"'),
    "stays too long": ({"leaves": "2s"}, 3, "expected: at most 1s after it\n    got:      2s"),
}


@pytest.mark.parametrize(("does", "entry", "told"), WRONG.values(), ids=WRONG)
async def test_a_client_that_does_wrong_fails(tmp_path, does, entry, told):
    """One entry fails, the others do not, and the report says what came instead."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        await live(server, **does)
        with pytest.raises(ExpectationError) as caught:
            server.session().verify()
    found = statuses(caught.value.verdict)
    assert found == ["failed" if n == entry else "passed" for n in range(5)]
    assert told in str(caught.value)


async def test_a_client_that_never_comes_back_fails_in_the_end(tmp_path):
    """While it may still come, nothing is said."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        await fetch(server, STATUS, ACCEPT)
        await gone(server)
        before = server.session().verdict()
        with pytest.raises(AssertionError, match="the client never came back after connection 1"):
            server.session().verify()
    assert statuses(before) == ["passed", "pending", "pending", "pending", "pending"]


async def test_a_client_that_stays_away_longer_than_patience_has_failed(tmp_path):
    """What comes later would be another subscription."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        await fetch(server, STATUS, ACCEPT)
        await gone(server)
        server.session().advance("62s")
        verdict = server.session().verdict()
    assert statuses(verdict) == ["passed", "failed", "failed", "failed", "pending"]


def test_the_verdict_from_another_thread():
    """Synchronous tests ask the server in its thread."""
    with MockServer(clock="manual", pinned=["reconnect/drop-and-resume"]) as server:
        session = server.session("a-test")
        with httpx.Client(timeout=60, base_url=session.url) as client:
            client.get("/v1/nowhere")
            client.get("/favicon.ico")
        verdict = session.verdict()
        with pytest.raises(ExpectationError, match="no operation fits GET /v1/nowhere"):
            session.verify()
        assert [each["target"] for each in verdict["findings"]] == ["GET /v1/nowhere"]
        assert session.verdict(allow=["unexpected-request"])["status"] != "failed"
        with pytest.raises(ControlError, match="unknown-finding"):
            session.verdict(allow=["unexpected"])


CLOSES = """
operation: streamOrderStatus
stream: [{event: complete, data: x}, {hold: forever}]
expect: [{closed_by: client, after_event: complete}]
"""


@pytest.mark.parametrize("asked_by", ["python", "http"])
def test_a_client_that_has_just_closed_is_seen_to_be_gone(tmp_path, asked_by):
    """Whoever asks right behind it need not wait."""
    with (
        serving(tmp_path, CLOSES) as server,
        httpx.Client(timeout=60, base_url=server.url) as client,
    ):
        with client.stream("GET", STATUS) as response:
            next(line for line in response.iter_lines() if line.startswith("data"))
        if asked_by == "python":
            server.session().verify()
        else:
            verdict = client.get("/_mock/sessions/default/verdict?final=true").json()
            assert statuses(verdict) == ["passed"]


async def test_nothing_is_kept_for_scenarios_that_expect_nothing(tmp_path):
    """Neither a subscription nor a count."""
    story = "operation: streamOrderStatus\nstream: [{data: one}]\n"
    async with serving(tmp_path, story) as server:
        await fetch(server, STATUS)
        witness = server._live.sessions.get("default").witness
        assert (list(witness), witness.requests) == ([], {})
        server.session().verify()
        assert as_text(server.judged("default", final=True)) == (
            "session default: passed (nothing was expected)"
        )


async def asked(server, path, *headers):
    """Return what the control API answers."""
    return await fetch(server, f"/_mock{path}", *headers)


async def test_the_verdict_over_http(tmp_path):
    """Of one session and of all; `final` judges what is pending."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        await fetch(server, STATUS, ACCEPT)
        soon = await asked(server, "/sessions/default/verdict")
        final = await asked(server, "/sessions/default/verdict?final=true")
        both = await asked(server, "/verdict?final=true")
        unknown = await asked(server, "/sessions/nobody/verdict")
    assert json.loads(soon.content)["status"] == "pending"
    assert statuses(json.loads(final.content)) == ["passed"] + ["failed"] * 4
    assert json.loads(both.content) == {
        "status": "failed",
        "sessions": [json.loads(final.content)],
    }
    assert (unknown.status, json.loads(unknown.content)["code"]) == (404, "unknown-session")


FORMS = {
    "junit": ("?format=junit", (), "application/xml; charset=utf-8", "<?xml"),
    "text": ("?format=text", (), "text/plain; charset=utf-8", "session default"),
    "xml accepted": ("", ["Accept: application/xml"], "application/xml; charset=utf-8", "<?xml"),
    "a browser": (
        "",
        ["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
        "application/xml; charset=utf-8",
        "<?xml",
    ),
    "text accepted": ("", ["Accept: text/plain"], "text/plain; charset=utf-8", "session default"),
    "anything": ("", ["Accept: */*"], "application/json", "{"),
}


@pytest.mark.parametrize(("query", "headers", "kind", "begins"), FORMS.values(), ids=FORMS)
async def test_the_forms_of_a_verdict(tmp_path, query, headers, kind, begins):
    """What the query says, else what is accepted best."""
    async with serving(tmp_path, STORY) as server:
        received = await asked(server, f"/sessions/default/verdict{query}", *headers)
    assert received.header("Content-Type") == kind
    assert received.body.decode().startswith(begins)


async def test_strangers_bytes_make_valid_xml_and_json(tmp_path):
    """Control characters, bytes that are no UTF-8, markup: in targets, headers and bodies."""
    story = """
operation: streamOrderStatus
stream: [{data: one}]
expect: [{connection: 1, headers: {X-Odd: right}, query: {q: right}}]
"""
    async with serving(tmp_path, story, requests="off") as server:
        client = await RawClient.connect(server)
        client.writer.write(
            f"GET {STATUS}?q=%00%1b%FF]]>%22<&a HTTP/1.1\r\nHost: t\r\nX-Odd: ".encode()
            + b'\t\xff\xfe<&>"\xc2\x80]]>\r\nConnection: close\r\n\r\n'
        )
        await client.rest()
        await fetch(server, "/nowhere/%00%EF%BF%BE<b>&\x7f")
        junit = await asked(server, "/sessions/default/verdict?format=junit&final=true")
        found = await asked(server, "/sessions/default/verdict?final=true")
    root = ET.fromstring(junit.body)
    failures = [case.find("failure").get("message") for case in root.iter("testcase")]
    assert len(failures) == 2
    assert '<&>\\"' in failures[0]
    verdict = json.loads(found.body)
    assert [e["status"] for e in verdict["scenarios"][0]["expectations"][0]["judged"]] == ["failed"]
    assert [each["code"] for each in verdict["findings"]] == ["unexpected-request"]


FOUND = {
    "no operation": ("GET /nowhere", (), ["unexpected-request"]),
    "no method": ("DELETE /v1/news/stream", (), ["unexpected-request"]),
    "no such scenario": (f"GET {STATUS}", ["Prefer: scenario=x"], ["unexpected-request"]),
    "a breach": ("GET /v1/pets?limit=nonsense", (), ["request-breaks-contract"]),
    "a breach that was asked for": (
        "GET /v1/pets?limit=nonsense", ["Prefer: code=400"], [],
    ),
    "an id nobody knows": (f"GET {STATUS}", ["Last-Event-ID: 99"], ["unknown-last-event-id"]),
    "a favicon": ("GET /favicon.ico", (), []),
    "a touch icon": ("GET /apple-touch-icon-120x120.png", (), []),
    "developer tools": ("GET /.well-known/appspecific/com.chrome.devtools.json", (), []),
    "a preflight": (
        "OPTIONS /nowhere",
        ["Origin: http://a", "Access-Control-Request-Method: GET"],
        [],
    ),
    "what is right": (f"GET {STATUS}", (), []),
}  # fmt: skip


@pytest.mark.parametrize(("line", "headers", "codes"), FOUND.values(), ids=FOUND)
async def test_what_is_found_besides(tmp_path, line, headers, codes):
    """Each fails the verdict at once; twice is one finding that counts two."""
    method, _, target = line.partition(" ")
    story = "operation: streamOrderStatus\nstream: [{data: one}]\n"
    async with serving(tmp_path, story) as server:
        for _ in range(2):
            await fetch(server, target, *headers, method=method)
        verdict = server.session().verdict()
        allowed = server.session().verdict(allow=codes)
    found = [(each["code"], each["target"], each["count"]) for each in verdict["findings"]]
    assert found == [(code, line, 2) for code in codes]
    assert verdict["status"] == ("failed" if codes else "passed")
    assert (allowed["status"], len(allowed["allowed"])) == ("passed", len(codes))


async def test_findings_outlive_the_journal(tmp_path):
    """The journal drops what is old; nothing of it is forgotten here."""
    story = "operation: streamOrderStatus\nstream: [{data: one}]\n"
    async with serving(tmp_path, story) as server:
        await fetch(server, "/nowhere")
        server._live.sessions.get("default").journal.clear()
        await fetch(server, "/nowhere")
        (finding,) = server.session().verdict()["findings"]
        server.session().reset()
        assert server.session().verdict()["findings"] == []
    assert finding["count"] == 2


FORESEEN = {
    "it is expected": "expect: [{connection: 1, last_event_id: stale}]",
    "it is refused": "resume: {unknown: 400}",
}


@pytest.mark.parametrize("key", FORESEEN.values(), ids=FORESEEN)
async def test_an_id_that_the_scenario_is_meant_for_is_no_finding(tmp_path, key):
    """It is there to see what a client does with an id of another story."""
    story = f"operation: streamOrderStatus\n{key}\nstream: [{{id: 1, data: one}}]\n"
    async with serving(tmp_path, story) as server:
        await fetch(server, STATUS, "Last-Event-ID: stale")
        await fetch(server, f"{STATUS}?n=2", "Last-Event-ID: staler")
        findings = server.session().verdict()["findings"]
    told = ["the story has no event with the id 'staler'"] if "expect" in key else []
    assert told == [each["what"] for each in findings]


async def test_faults_of_scripts_fail_no_client(tmp_path):
    """They are noted."""
    story = """
operation: streamOrderStatus
stream: [{event: status, data: {status: 7}}, {event: status, data: "{{ 1 / (n | default(0)) }}"}]
"""
    async with serving(tmp_path, story, events="warn") as server:
        await fetch(server, STATUS)
        verdict = server.session().verdict(final=True)
    assert (verdict["status"], verdict["findings"]) == ("passed", [])
    assert [note["code"] for note in verdict["notes"]] == ["contract-event", "template-error"]


async def test_a_pinned_scenario_that_nobody_asks_for(tmp_path):
    """It is pending, and fails in the end; one that is not pinned is not spoken of."""
    async with serving(tmp_path, STORY) as server:
        assert server.session().verdict(final=True)["scenarios"] == []
    async with serving(tmp_path, STORY, pinned=["story"]) as server:
        soon = server.session().verdict()
        with pytest.raises(ExpectationError, match="no request has been answered by this scenario"):
            server.session().verify()
    assert statuses(soon) == ["pending"] * 5


async def test_a_session_that_is_gone_is_not_judged(tmp_path):
    """It was deleted, or has made room: that its client did right nobody can say."""
    async with serving(tmp_path, STORY, clock="manual", sessions=1) as server:
        deleted = server.create_session("a")
        await server.delete_session("a")
        crowded = server.create_session("b")
        server.create_session("c").verify()
        for session in (deleted, crowded):
            for judge in (session.verify, session.verdict):
                with pytest.raises(ControlError, match="unknown-session"):
                    judge()


async def test_of_all_sessions_one_is_enough_for_what_the_server_pins(tmp_path):
    """The first says it where none has asked; what a session has pinned itself is its own."""
    async with (
        serving(tmp_path, STORY, pinned=["story"]) as server,
        httpx.AsyncClient(timeout=60) as client,
    ):
        server.create_session("a")
        server.create_session("b")
        server.create_session("own", scenarios=["story"])

        async def listed():
            answer = (await client.get(f"{server.url}/_mock/verdict?final=true")).json()
            return {
                each["session"]: [scenario["status"] for scenario in each["scenarios"]]
                for each in answer["sessions"]
            }

        nobody = await listed()
        await fetch(server, f"/@b{STATUS}", ACCEPT)
        somebody = await listed()

    assert nobody == {"a": ["failed"], "b": [], "own": ["failed"]}
    assert somebody == {"a": [], "own": ["failed"], "b": ["failed"]}


async def test_on_a_clock_that_stands_still_nothing_is_said_of_time(tmp_path):
    """The rest is judged, and the evidence says what is not."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS, ACCEPT)
        client = await RawClient.connect(server)
        await client.send(STATUS, ACCEPT, "Last-Event-ID: 1")
        await client.until(b"data: two\n\n")
        await client.leave()
        await gone(server)
        verdict = server.session().verdict(final=True)
    assert statuses(verdict) == ["passed"] * 5
    assert json.dumps(verdict).count("nothing can be said of time") == 3


MOVED = """
operation: streamOrderStatus
stream: [{id: 1, data: a}, {delay: 2s}, {event: fin, data: b}, {delay: 100ms}, %s]
expect: [{closed_by: %s, after_event: fin, within: 1s}]
"""


@pytest.mark.parametrize("moves", [["2s", "100ms"], ["10s"], ["1s", "9s"]], ids=str)
@pytest.mark.parametrize(
    ("last", "closer"), [("{disconnect: end}", "script"), ("{hold: forever}", "client")]
)
async def test_how_far_a_test_moves_the_clock_is_nobodys_fault(tmp_path, last, closer, moves):
    """What was due in between left when the clock was there, and so did the end."""
    async with serving(tmp_path, MOVED % (last, closer), clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: close")
        await client.until(b"\n\n")
        for move in moves:
            server.session().advance(move)
            await turn_of_others()
        await client.until(b"data: b\n\n")
        await (client.leave() if closer == "client" else client.rest())
        await gone(server)
        verdict = server.session().verdict(final=True)
    assert verdict["status"] == "passed", verdict


@pytest.mark.parametrize(("pause", "status"), [("1s", "failed"), ("0s", "passed")])
async def test_a_tab_that_was_open_before_excuses_nobody(tmp_path, pause, status):
    """Only who comes when the other goes, or just before, has begun anew."""
    text = """
operation: streamOrderStatus
stream: [{id: 1, data: a}, {delay: 5s}, {disconnect: drop}, {id: 2, event: fin, data: b}]
expect: [{connection: 2, last_event_id: "1"}]
"""
    async with serving(tmp_path, text, clock="manual") as server:
        first, second = await RawClient.connect(server), await RawClient.connect(server)
        await first.send(STATUS)
        await first.until(b"\n\n")
        await second.send(STATUS, "Connection: close")
        await second.until(b"\n\n")
        server.session().advance(pause)
        await first.leave()
        while len([e for e in server.session().journal if e.__class__.__name__ == "Closed"]) < 1:
            await turn_of_others()
        server.session().advance("5s")
        await second.rest()
        received = await fetch(server, STATUS, "Last-Event-ID: 1")
        verdict = server.session().verdict(final=True)
    assert b"event: fin" in received.raw
    assert verdict["status"] == status, verdict


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
@pytest.mark.parametrize("by", ["script", "test"])
async def test_an_end_long_after_the_last_event_is_that_long_after_it(tmp_path, kind, by):
    """An event that left in time did not leave with the end, whoever ended the connection."""
    text = """
    operation: streamOrderStatus
    stream: [{event: fin, data: b}, %s]
    expect: [{closed_by: %s, after_event: fin, within: 1s}]
    """
    last = "{hold: forever}" if by == "test" else f"{{delay: 5s}}, {{disconnect: {kind}}}"
    closer = "server" if by == "test" else "script"
    async with serving(tmp_path, text % (last, closer), clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS, "Connection: close")
        await client.until(b"data: b\n\n")
        server.session().advance("5s")
        if by == "test":
            server.session().disconnect(kind)
        await gone(server)
        await client.leave()
        verdict = server.session().verdict(final=True)
    assert verdict["status"] == "failed", verdict
    assert '"got": "5s"' in json.dumps(verdict)

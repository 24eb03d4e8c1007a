"""The control API's frame: its document, who may use it, sessions, clocks, scenarios, reload."""

import json

import pytest
from clients import STATUS, RawClient, fetch, serving

from mockserver.contract import answer_violations
from mockserver.play.session import Session
from mockserver.play.sessions import Sessions
from mockserver.server.control.frame import HANDLERS
from mockserver.workspace.shipped import control_contract, petstore
from mockserver.workspace.workspace import Workspace

STORY = """
operation: streamOrderStatus
description: One event, another a second later.
stream: [{id: 1, data: "{{ uuid() }} {{ now() }}"}, {delay: 1s}, {id: 2, data: b}]
"""
PROBLEM = "application/problem+json"


async def ask(server, path, body=None, *headers, method=None):
    """Return status and JSON of what the control API answers; the answer fits its document."""
    raw = b"" if body is None else json.dumps(body).encode()
    method = method or ("GET" if body is None else "POST")
    received = await fetch(server, f"/_mock{path}", *headers, method=method, body=raw)
    return received.status, json.loads(received.content) if received.content else None


def test_every_operation_of_the_document_has_its_function():
    """And every function its operation."""
    assert set(control_contract().operations) == set(HANDLERS) | {
        "getHealth",
        "getReady",
        "getVersion",
        "getCertificateAuthority",
    }


def test_the_document_of_the_control_api_is_sound():
    """By the same check that everybody else's document gets."""
    workspace = Workspace(petstore().spec.parent / "control.openapi.yaml")
    assert workspace.document_warnings(control_contract()) == []


READ = {
    "getHealth": "/health",
    "getReady": "/ready",
    "getVersion": "/version",
    "getControlDocument": "/openapi.json",
    "getControlDocs": "/docs",
    "getTimeline": "/",
    "getPageFile": "/pages/style.css",
    "getScenariosPage": "/pages/scenarios",
    "listSessions": "/sessions",
    "getSession": "/sessions/default",
    "getClock": "/sessions/default/clock",
    "getDispatched": "/sessions/default/dispatched?events=3",
    "getSessionCoverage": "/sessions/default/coverage",
    "getCoverage": "/coverage?minimum=80",
    "getSessionVerdict": "/sessions/default/verdict?final=true&allow=unexpected-request",
    "getVerdict": "/verdict",
    "listSignals": "/sessions/default/signals",
    "getRequest": "/sessions/default/requests/1",
    "listScenarios": "/scenarios",
    "listStreams": "/streams",
    "getScenario": "/scenarios/story",
    "getScenarioSource": "/scenarios/story/source",
    "explainScenario": "/scenarios/story/explain?dispatched=true",
}


@pytest.mark.parametrize(("operation", "path"), READ.items(), ids=READ)
async def test_what_is_read_fits_the_document(tmp_path, operation, path):
    """Status, media type, headers and body, by the same code that holds everybody else's."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        received = await fetch(server, f"/_mock{path}")
    contract = control_contract()
    assert received.status == 200
    fits(contract, operation, received)


@pytest.mark.parametrize("path", ["/_mock", "/_mock/"])
async def test_the_index_is_the_timeline(tmp_path, path):
    """With and without the slash."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        received = await fetch(server, path)
    assert (received.status, b'<h1 class="unseen">Timeline</h1>' in received.content) == (200, True)


async def test_people_are_shown_every_operation(tmp_path):
    """With a line of curl for each that begins with the server's own address."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        page = (await fetch(server, "/_mock/docs")).content.decode()
    for operation in control_contract().operations.values():
        assert f'id="{operation.id}"' in page
    assert page.count("<pre>curl -s ") == len(control_contract().operations)
    assert "http://localhost/_mock/sessions/default/clock" in page


@pytest.mark.parametrize("tls", [None, "self-signed"])
async def test_lines_of_the_page_trust_a_certificate_that_was_made(tmp_path, tls):
    """Nobody else does; one that somebody has signed is to be checked."""
    async with serving(tmp_path, STORY, tls=tls) as server:
        page = (await fetch(server, "/_mock/docs")).content.decode()
    assert page.count("<pre>curl -s -k ") == (page.count("<pre>curl -s ") if tls else 0)


def fits(contract, operation, received):
    """Assert that an answer is as the document says."""
    found = answer_violations(
        contract.operations[operation],
        received.status,
        received.headers,
        received.content,
        empty=not received.content,
    )
    assert found == []


async def test_a_session_with_settings_of_its_own(tmp_path):
    """Seed, clock, epoch and pinned scenarios; the server's for what is not said."""
    wish = {"name": "a", "seed": "7", "clock": "manual", "epoch": "2030-05-06T07:08:09+02:00"}
    async with serving(tmp_path, STORY) as server:
        status, made = await ask(server, "/sessions", wish | {"scenarios": ["story"]})
        _, plain = await ask(server, "/sessions", {})
        read = await ask(server, "/sessions/a")
        listed = await ask(server, "/sessions")
        client = await RawClient.connect(server)
        await client.send(f"/@a{STATUS}")
        raw = await client.until(b"\n\n")
        await client.leave()
    assert (status, made) == (
        201,
        {
            "name": "a",
            "url": "http://localhost/@a",
            "seed": "7",
            "clock": "manual",
            "now": 0.0,
            "epoch": "2030-05-06T05:08:09Z",
            "scenarios": ["story"],
            "open_connections": 0,
            "entries": 0,
        },
    )
    assert (plain["name"], plain["seed"], plain["clock"], plain["scenarios"]) == (
        "session-1", "0", "real", [],
    )  # fmt: skip
    assert read == (200, made)
    assert [session["name"] for session in listed[1]["sessions"]] == ["session-1", "a"]
    assert b" 2030-05-06T05:08:09Z" in raw


async def test_no_chance_is_drawn_from_a_name_that_was_made_up(tmp_path):
    """Two such sessions get the same bytes; two that were named do not."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        made_up = [server.create_session() for _ in range(2)]
        named = [server.create_session("a"), server.create_session("b")]
        bodies = [
            (await fetch(server, f"/@{session.name}{STATUS}")).body for session in made_up + named
        ]
    assert [bodies[0] == body for body in bodies] == [True, True, False, False]
    assert bodies[2] != bodies[3]


WRONG = {
    "a clock there is none of": ("/sessions", {"clock": "sundial"}, 400, "bad-clock"),
    "no name for a session": ("/sessions", {"name": "a b"}, 400, "bad-session-name"),
    "a tilde first": ("/sessions", {"name": "~a"}, 400, "bad-session-name"),
    "an epoch that is none": ("/sessions", {"epoch": "tomorrow"}, 400, "bad-epoch"),
    "an epoch before all time": (
        "/sessions", {"epoch": "0001-01-01T00:00:00+14:00"}, 400, "bad-epoch",
    ),
    "an epoch at the end of time": (
        "/sessions", {"epoch": "9999-12-31T23:59:59-14:00"}, 400, "bad-epoch",
    ),
    "more time than there is": (
        "/sessions/m/clock", {"advance": "99999999999h"}, 400, "bad-duration",
    ),
    "an epoch without a zone": ("/sessions", {"epoch": "2026-01-01T00:00:00"}, 400, "bad-epoch"),
    "a scenario there is none of": ("/sessions", {"scenarios": ["stori"]}, 400, "unknown-scenario"),
    "a key there is none of": ("/sessions", {"sed": "7"}, 400, "bad-control"),
    "a seed that is no text": ("/sessions", {"seed": 7}, 400, "bad-control"),
    "a seed as long as a book": ("/sessions", {"seed": "7" * 1001}, 400, "bad-control"),
    "more scenarios than can be pinned": (
        "/sessions", {"scenarios": ["story"] * 1001}, 400, "bad-control",
    ),
    "a name that is taken": ("/sessions", {"name": "default"}, 409, "session-exists"),
    "a session there is none of": ("/sessions/b/reset", {}, 404, "unknown-session"),
    "a part there is none of": ("/sessions/default/reset", {"clear": ["x"]}, 400, "bad-control"),
    "a clock that is not manual": ("/sessions/default/clock", {"advance": "1s"}, 409, "not-manual"),
    "a signal that is no name": ("/sessions/default/signals/a%20b", {}, 400, "bad-signal"),
    "a signal to nobody": ("/sessions/b/signals/paid", {}, 404, "unknown-session"),
    "nothing to do": ("/sessions/default/clock", {}, 400, "bad-control"),
    "two things to do": (
        "/sessions/default/clock", {"advance": "1s", "set": "1s"}, 400, "bad-control",
    ),
    "time without a unit": ("/sessions/m/clock", {"advance": "10"}, 400, "bad-duration"),
    "time that is none": ("/sessions/m/clock", {"advance": "soon"}, 400, "bad-duration"),
    "a range of time": ("/sessions/m/clock", {"advance": "1s..2s"}, 400, "bad-duration"),
    "time that runs backwards": (
        "/sessions/m/clock", {"set": "2025-12-31T00:00:00Z"}, 409, "bad-duration",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "code"), WRONG.values(), ids=WRONG)
async def test_what_cannot_be_done_is_said_with_a_mend(tmp_path, path, body, status, code):
    """A problem document that fits the API's own document."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)  # which makes the default session
        server.create_session("m", clock="manual")
        received = await fetch(
            server, f"/_mock{path}", method="POST", body=json.dumps(body).encode()
        )
    problem = json.loads(received.content)
    assert (received.status, problem["code"], received.header("Content-Type")) == (
        status, code, PROBLEM,
    )  # fmt: skip
    assert problem["mend"]
    fits(control_contract(), "createSession", received)


UNKNOWN = {
    "a slip of the pen": ("/journal?sinse=5", "sinse", "did you mean 'since'?"),
    "nothing like it": ("/verdict?x=1", "x", "known here: allow, final, format"),
    "where there are none": ("/sessions?since=5", "since", "listSessions has none at all"),
    "coded": ("/journal?%73inse=5", "sinse", "did you mean 'since'?"),
    "without a value": ("/journal?since=0&form", "form", "did you mean 'format'?"),
}


@pytest.mark.parametrize(("path", "name", "mend"), UNKNOWN.values(), ids=UNKNOWN)
async def test_a_query_parameter_that_there_is_none_of_is_said(tmp_path, path, name, mend):
    """It would be lost silently, and the answer would be to another question."""
    async with serving(tmp_path, STORY) as server:
        status, problem = await ask(server, path)
    assert (status, problem["code"], problem["mend"]) == (400, "bad-control", mend)
    assert problem["errors"] == [
        {
            "in": "query",
            "name": name,
            "detail": "there is no such parameter",
            "schema": problem["errors"][0]["schema"],
            "code": "unknown-parameter",
            "mend": mend,
        }
    ]


async def test_unknown_query_parameters_are_said_before_anything_is_done(tmp_path):
    """All of them at once; a session is not reset by a call that asked for something else."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        status, problem = await ask(server, "/sessions/default/reset?celar=a&x=1", {})
        _, kept = await ask(server, "/sessions/default")
    assert (status, [fault["name"] for fault in problem["errors"]]) == (400, ["celar", "x"])
    assert kept["entries"] > 0


FREE = ["/", "/docs", "/pages/scenarios", "/pages/style.css", "/health", "/ready", "/version"]


@pytest.mark.parametrize("path", FREE)
async def test_pages_and_probes_may_have_any_query(tmp_path, path):
    """A link to a page is not a call, and probes write what they like behind an address."""
    async with serving(tmp_path, STORY) as server:
        received = await fetch(server, f"/_mock{path}?v=1")
    assert received.status == 200


async def test_a_pushed_event_that_breaks_the_contract_is_said_with_all_faults(tmp_path):
    """Each with its part, as the API's own document says."""
    text = "operation: streamOrderStatus\nstream: [{comment: hi}, {hold: forever}]"
    async with serving(tmp_path, text, events="enforce") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b": hi")
        target = "/_mock/sessions/default/events"
        received = await fetch(server, target, method="POST", body=b'{"data": {"no": 1}}')
        await client.leave()
    fits(control_contract(), "pushEvent", received)
    problem = json.loads(received.content)
    assert (problem["status"], problem["code"]) == (422, "contract-event")
    assert {each["part"] for each in problem["errors"]} == {"event"}


@pytest.mark.parametrize("path", ["/health", "/ready", "/version", "/sessions"])
async def test_a_slash_at_the_end_changes_nothing(tmp_path, path):
    """Neither for what everybody may ask."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        assert await ask(server, f"{path}/") == await ask(server, path)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/sessions", "GET, HEAD, POST, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
        ("/nothing", None),
    ],
)
async def test_options_are_the_methods_that_a_path_has(tmp_path, path, allowed):
    """As for the operations that are mocked; 404 where there is nothing."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        received = await fetch(server, f"/_mock{path}", method="OPTIONS")
    assert (received.status, received.header("Allow")) == (204 if allowed else 404, allowed)


UNKNOWN = {
    "nothing of the kind": ("GET", "/nothing", 404, None),
    "a slip of the pen": ("GET", "/sesions", 404, "GET /_mock/sessions: "),
    "another method": ("PUT", "/sessions", 405, None),
}


@pytest.mark.parametrize(("method", "path", "status", "near"), UNKNOWN.values(), ids=UNKNOWN)
async def test_what_there_is_not(tmp_path, method, path, status, near):
    """404 with the nearest operations, 405 with the methods there are."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        received = await fetch(server, f"/_mock{path}", method=method)
    problem = json.loads(received.content)
    assert (received.status, problem["code"]) == (status, "unknown-control")
    assert status == 404 or received.header("Allow") == "GET, HEAD, POST, OPTIONS"
    assert near is None or problem["nearest"][0].startswith(near)


async def test_reset_forgets_what_it_names(tmp_path):
    """None of it; the journal alone; then everything, and stories begin anew."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        first = (await fetch(server, STATUS)).body
        await ask(server, "/sessions/default/reset", {"clear": []})
        assert len(server.session().journal) > 0
        await ask(server, "/sessions/default/reset", {"clear": ["journal"]})
        kept = len(server.session().journal), len(server.session().dispatched())
        second = (await fetch(server, STATUS)).body
        await ask(server, "/sessions/default/reset", {})
        gone = len(server.session().journal), server.session().dispatched()
        third = (await fetch(server, STATUS)).body
    assert (kept, gone) == ((0, 1), (0, []))
    assert first == third != second


async def test_delete_ends_what_is_open(tmp_path):
    """Streams end properly, the session is unknown, and its next use begins anew."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(f"/@a{STATUS}", "Connection: close")
        await client.until(b"\n\n")
        deleted = await ask(server, "/sessions/a", method="DELETE")
        received = await client.rest()
        again = await ask(server, "/sessions/a", method="DELETE")
    assert (deleted, again[0]) == ((204, None), 404)
    assert received.finished


async def test_the_clock_is_set_and_what_is_due_is_sent(tmp_path):
    """By an offset and by a point in time; the answer comes when all is on its way."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"\n\n")
        first = await ask(server, "/sessions/default/clock", {"set": "999ms"})
        before = len(server.session().journal)
        then = await ask(server, "/sessions/default/clock", {"set": "2026-01-01T00:00:01Z"})
        after = len(server.session().journal)
        await client.leave()
    assert (first[1]["now"], then[1]["now"]) == (0.999, 1.0)
    assert (before, after) == (2, 4)


async def test_sessions_that_nobody_uses_are_let_go():
    """After the time that is said; the default one stays, and so does one with a connection."""
    now, gone = [0.0], []
    kept = Sessions(lambda name, _: Session(name, "0", None), idle=10, seconds=lambda: now[0])
    kept.on_gone = lambda session: gone.append(session.name)
    for name in ("default", "a", "busy", "b"):
        kept.get(name)
    kept.use("busy").open = 1
    now[0] = 6.0
    kept.use("b")
    now[0] = 11.0
    assert kept.use("a") is None, "it was asked for too late"
    assert (gone, [session.name for session in kept]) == (["a"], ["b", "default", "busy"])
    now[0] = 17.0
    assert [session.name for session in kept] == ["default", "busy"]
    kept.use("busy").open = 0
    now[0] = 30.0
    assert [session.name for session in kept] == ["default"]
    assert gone == ["a", "b", "busy"]


async def test_reload(tmp_path):
    """For connections to come; a broken file keeps what was there, and is told with its place."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        before = (await fetch(server, STATUS)).body
        file = next(tmp_path.rglob("story.yaml"))
        file.write_text("operation: streamOrderStatus\nstream: [{dta: x}]")
        status, problem = await ask(server, "/reload", {})
        gone, _ = await ask(server, "/scenarios/story/source")
        kept = (await fetch(server, f"/@default{STATUS}")).status
        file.write_text("operation: streamOrderStatus\nstream: [{data: new}]")
        reloaded = await ask(server, "/reload", {})
        after = (await fetch(server, STATUS)).body
    assert (status, problem["code"]) == (422, "files-with-problems")
    assert [(p["code"], p["where"].rpartition("/")[2]) for p in problem["problems"]] == [
        ("unknown-key", "story.yaml:2:11")
    ]
    assert (gone, kept, reloaded[0], reloaded[1]["scenarios"]) == (409, 200, 200, 1)
    assert b"data: new" in after
    assert b"data: new" not in before


async def test_the_source_of_one_scenario_of_several(tmp_path):
    """As it is written, without the others of its file."""
    one = "scenario: one\n# a comment\noperation: streamNews\nstream: [{data: a}]\n"
    two = "scenario: a/two\noperation: streamLogs\nstream: [{data: a}]\n"
    async with serving(tmp_path, f"{one}---\n{two}") as server:
        found = [
            (await fetch(server, f"/_mock/scenarios/{name}/source")).content.decode()
            for name in ("one", "a%2Ftwo")
        ]
        _, listed = await ask(server, "/scenarios?operation=streamLogs")
    assert found == [one, two]
    assert [scenario["name"] for scenario in listed["scenarios"]] == ["a/two"]


async def test_a_scenario_is_explained_as_the_command_does(tmp_path):
    """As text and as data; what the story does not have is said."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        path = "/_mock/scenarios/story/explain?format=text&last_event_id=1"
        text = (await fetch(server, path)).content.decode()
        _, data = await ask(server, "/scenarios/story/explain?connection=1")
        refused = await ask(server, "/scenarios/story/explain?connection=9")
    assert text.splitlines()[3] == "connection 1, Last-Event-ID: 1"
    assert text.endswith("data: b\n        1s  end\n\nafterwards: stop\n")
    assert [cue["offset"] for cue in data["connections"][0]["cues"]] == [0, 1.0, 1.0]
    assert (refused[0], refused[1]["code"]) == (400, "no-connection")


async def test_an_explanation_tells_what_is_expected_and_what_comes_afterwards(tmp_path):
    """Beside the connections; a story that is not shown to its end has no afterwards."""
    text = STORY + 'expect: [{connection: 2, last_event_id: "2"}, {connections: ..2}]'
    async with serving(tmp_path, text) as server:
        _, whole = await ask(server, "/scenarios/story/explain")
        _, part = await ask(server, "/scenarios/story/explain?limit=1")
        said = (await fetch(server, "/_mock/scenarios/story/explain?format=text")).content
    assert [(entry["of"], entry["asks"]) for entry in whole["expect"]] == [
        ("connection 2", [{"of": "last_event_id", "expected": '"2"'}]),
        ("connections ..2", []),
    ]
    assert whole["expect"][0]["where"].endswith("story.yaml:5:10")
    assert (whole["afterwards"], part["afterwards"]) == ("stop", None)
    assert said.endswith(b'\nexpect: connection 2: last_event_id "2"\nexpect: connections ..2\n')


async def test_an_explanation_can_be_kept_short(tmp_path):
    """`bytes` cuts blocks between characters, and says how large they are."""
    text = "operation: streamLogs\nstream: [{data: a€€}, {raw: {hex: 'ffff ffff 0a0a'}}, {data: b}]"
    async with serving(tmp_path, text) as server:
        _, short = await ask(server, "/scenarios/story/explain?bytes=8")
        _, whole = await ask(server, "/scenarios/story/explain?bytes=12")
    shown = [
        [(cue.get("text", cue.get("base64")), cue.get("size")) for cue in told["connections"][0]["cues"][:3]]
        for told in (short, whole)
    ]  # fmt: skip
    raw, last = ("/////woK", None), ("data: b\n\n", None)
    assert shown == [
        [("data: a", 15), raw, ("data: b\n", 9)],
        [("data: a€", 15), raw, last],
    ]


async def test_pinned_scenarios_that_nobody_came_for_are_in_the_verdict_of_all(tmp_path):
    """Before anybody has used the server, too."""
    text = STORY + "expect: [{connections: 1..}]"
    async with serving(tmp_path, text, pinned=["story"]) as server:
        _, pending = await ask(server, "/verdict")
        _, final = await ask(server, "/verdict?final=true")
    assert (pending["status"], final["status"]) == ("pending", "failed")


async def test_a_reload_that_takes_a_preferred_scenario_away_is_not_silent(tmp_path):
    """It warns, and what the session asks for is refused; a folder that is gone keeps all."""
    async with serving(tmp_path, STORY, clock="instant", pinned=["story"]) as server:
        before = (await fetch(server, STATUS)).status
        file = next(tmp_path.rglob("story.yaml"))
        file.rename(file.with_name("other.yaml"))
        _, reloaded = await ask(server, "/reload", {})
        refused = await fetch(server, STATUS)
        verdict = server.session().verdict(final=True)
        tmp_path.rename(tmp_path.with_name("elsewhere"))
        gone = await ask(server, "/reload", {})
    assert before == 200
    assert [problem["code"] for problem in reloaded["problems"]] == ["unknown-scenario"]
    assert (refused.status, json.loads(refused.content)["code"]) == (400, "unknown-scenario")
    assert verdict["status"] == "failed"
    assert (gone[0], gone[1]["code"]) == (422, "no-folder")


@pytest.mark.parametrize("body", ['{"name": "x", "name": "y"}', '{"a": 1, "b": {"c": 1, "c": 2}}'])
async def test_a_member_that_stands_twice_is_an_error(tmp_path, body):
    """One of the two would be lost."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        received = await fetch(server, "/_mock/sessions", method="POST", body=body.encode())
    assert (received.status, b"twice" in received.content) == (400, True)

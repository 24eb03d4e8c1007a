"""What the server says of its clients: what scenarios expect of them, and what is found besides."""

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
        with httpx.Client(base_url=session.url) as client:
            client.get("/v1/nowhere")
            client.get("/favicon.ico")
        verdict = session.verdict()
        with pytest.raises(ExpectationError, match="no operation fits GET /v1/nowhere"):
            session.verify()
        assert [each["target"] for each in verdict["findings"]] == ["GET /v1/nowhere"]
        assert session.verdict(allow=["unexpected-request"])["status"] != "failed"
        with pytest.raises(ControlError, match="unknown-finding"):
            session.verdict(allow=["unexpected"])


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

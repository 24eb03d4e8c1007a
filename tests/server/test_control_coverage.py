"""What the server says of coverage: of a session, and of all that it has sent."""

import json

import pytest
from clients import STATUS, RawClient, fetch, serving

from mockserver.clock import turn_of_others

STORY = """\
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- delay: 1s
- {event: complete, id: 2, data: {status: shipped, trackingNumber: "1Z"}}
"""


async def ask(server, path="/_mock/coverage"):
    """Return what a page of the control API says."""
    received = await fetch(server, path)
    assert received.status == 200
    return json.loads(received.content)


def exercised(found, name="streamOrderStatus"):
    """Return the responses and events of an operation that a client was sent."""
    (part,) = [part for part in found["operations"] if part["operation"] == name]
    return (
        [one["status"] for one in part["responses"] if one["exercised"]],
        [one["event"] for one in part["events"] if one["exercised"]],
    )


async def test_what_was_sent_counts_as_it_is_sent(tmp_path):
    """An event when it has left, a session by itself, the server with all that its sessions got."""
    async with serving(tmp_path, STORY, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send(f"/@a{STATUS}", "Connection: close")
        await client.until(b"payment_processing")
        before = exercised(await ask(server))
        server.session("a").advance("1s")
        await client.rest()
        client = await RawClient.connect(server)
        await client.send(f"/@b{STATUS}", "Last-Event-ID: 1", "Connection: close")
        await client.until(b"200 OK")
        server.session("b").advance("1s")
        await client.rest()
        await fetch(server, f"/@b{STATUS}", "Last-Event-ID: 2")
        of_a = exercised(await ask(server, "/_mock/sessions/a/coverage"))
        of_b = exercised(await ask(server, "/_mock/sessions/b/coverage"))
        of_all = await ask(server)
        server.create_session("c")
        of_none = exercised(await ask(server, "/_mock/sessions/c/coverage"))

    assert before == (["200"], ["message"])
    assert of_a == (["200"], ["message", "complete"])
    assert of_b == (["200", "204"], ["complete"])
    assert exercised(of_all) == (["200", "204"], ["message", "complete"])
    assert of_none == ([], [])
    assert of_all["summary"]["operations"]["scenarios"] == 1


async def test_answers_without_a_scenario_count_too(tmp_path):
    """And the answer that never came does not; nor does what the server refuses by itself."""
    never = "operation: getOrder\nresponse: {status: 404, delay: forever}\n"
    async with serving(tmp_path, never, clock="manual", requests="off") as server:
        await fetch(server, "/v1/pets")
        await fetch(server, "/v1/nowhere")
        client = await RawClient.connect(server)
        await client.send("/v1/orders/7")
        while not any(entry.target == "GET /v1/orders/7" for entry in server.session().journal):
            await turn_of_others()
        found = server.coverage()
        await client.leave()

    assert exercised(found, "listPets") == (["200"], [])
    assert exercised(found, "getOrder") == ([], [])
    assert found["summary"]["responses"]["exercised"] == 1


async def test_a_reset_begins_anew_for_its_session_alone(tmp_path):
    """The run as a whole has been what it was, and is known after the server's end."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        session = server.session()
        before = exercised(session.coverage())
        session.reset()
        after = exercised(session.coverage())

    assert before == (["200"], ["message", "complete"])
    assert after == ([], [])
    assert exercised(server.coverage()) == before


TABLES = {
    "by its format": ("?format=text", ()),
    "by the Accept": ("", ("Accept: text/plain, */*;q=0.1",)),
}


@pytest.mark.parametrize(("query", "headers"), TABLES.values(), ids=TABLES)
async def test_coverage_is_a_table_for_those_who_read_it(tmp_path, query, headers):
    """JSON is the default, and the format goes before the Accept."""
    async with serving(tmp_path, STORY) as server:
        table = await fetch(server, f"/_mock/coverage{query}", *headers)
        data = await fetch(server, "/_mock/coverage?format=json", "Accept: text/plain")

    assert table.header("Content-Type").startswith("text/plain")
    assert table.content.startswith(b"scenarios reach operations 1 of ")
    assert data.header("Content-Type").startswith("application/json")


async def test_coverage_says_whether_it_is_enough(tmp_path):
    """For a client that asks with a minimum."""
    async with serving(tmp_path, STORY, clock="instant") as server:
        await fetch(server, STATUS)
        little = await ask(server, "/_mock/coverage?minimum=operations=80")
        enough = await ask(server, "/_mock/sessions/default/coverage?minimum=operations=3,events=5")

    assert (little["minimum"], little["enough"]) == ({"operations": 80.0}, False)
    assert enough["enough"] is True


REFUSED = {
    "a minimum that is none": (
        "?minimum=most",
        "'most' is no percentage: write 80, or operations=100,events=80",
        "write ?minimum=80, or ?minimum=operations=100,events=80",
    ),
    "a format that is none": (
        "?format=xml",
        'query format: \'xml\' is not one of ["json", "text"]',
        "see getCoverage in /_mock/docs",
    ),
}


@pytest.mark.parametrize(("query", "what", "mend"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_be_asked_is_refused(tmp_path, query, what, mend):
    """Status 400, and how to ask."""
    async with serving(tmp_path, STORY) as server:
        received = await fetch(server, f"/_mock/coverage{query}")
    problem = json.loads(received.content)

    assert (received.status, problem["code"]) == (400, "bad-control")
    assert (problem["detail"], problem["mend"]) == (what, mend)


async def test_coverage_of_blocks_that_differ_in_a_counter(tmp_path):
    """A client that was sent a `repeat` without time between is counted, whoever asks."""
    lines = '{id: "{{ n }}", data: {n: "{{ n }}"}}'
    story = f"operation: streamLogs\nstream: [{{repeat: {{times: 3, steps: [{lines}]}}}}]\n"
    async with serving(tmp_path, story, events="off") as server:
        await fetch(server, "/v1/logs/stream")
        found = await ask(server)
        covered = server.covered()
    assert exercised(found, "streamLogs")[0] == ["200"]
    assert [
        item.exercised
        for part in covered.parts
        if part.item.name == "streamLogs"
        for item in part.events
    ] == [True]

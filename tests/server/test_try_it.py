"""The line of curl that pages show for a scenario: pasted, it is answered by that scenario."""

import json
import shlex
from urllib.parse import urlsplit

import httpx
import pytest
import shipped
from clients import RawClient, fetch, serving

from mockserver import MockServer
from mockserver.play.explained import Asked, explain
from mockserver.play.journal import Opened
from mockserver.verify.curl import curl_line

SHIPPED, _ = shipped.catalog()
FLAGS = {"-X": "method", "-H": "headers", "-b": "cookies", "-u": "user", "--data-raw": "body"}


def parsed(line):
    """Read a line as curl would: method, target, headers, body."""
    words = iter(shlex.split(line))
    assert next(words) == "curl"
    found = {name: [] for name in FLAGS.values()}
    target = ""
    for word in words:
        if word in FLAGS:
            found[FLAGS[word]].append(next(words))
        elif word != "-N":
            parts = urlsplit(word)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
    return found, target


async def status_of(server, line):
    """Send what a line says; returns the status, None where the connection breaks before it."""
    found, target = parsed(line)
    body = "".join(found["body"]).encode()
    client = await RawClient.connect(server)
    method = (found["method"] or ["GET"])[0]
    await client.send(target, *found["headers"], method=method, body=body)
    try:
        head = await client.until(b"\r\n")
    except (EOFError, OSError):
        return None
    finally:
        await client.leave()
    return int(head.split(b" ")[1]) if head.startswith(b"HTTP/") else None


async def test_every_scenario_that_ships_can_be_tried():
    """With the status that its explanation begins with, and by the scenario that is meant."""
    wrong = {}
    async with MockServer(clock="instant") as server:
        for name, program in SHIPPED.programs.items():
            operation = SHIPPED.operations(program)[0]
            session = "".join(c if c.isalnum() else "-" for c in name)
            line = curl_line(program, operation, f"{server.url}/@{session}")
            lane = explain(SHIPPED, program, Asked()).lanes[0]
            if lane.head is None or lane.delay == float("inf") or lane.head.raw:
                continue
            status = await status_of(server, line)
            [opened] = [e for e in server.session(session).journal if isinstance(e, Opened)]
            if (status, opened.scenario) != (lane.head.status, name):
                wrong[name] = (status, opened.scenario, line)
    assert wrong == {}


STORIES = {
    "by name": ("stream: [{data: a}]", "curl -N -H 'Prefer: scenario=story' URL/v1/logs/stream"),
    "by default": ("default: true\nstream: [{data: a}]", "curl -N URL/v1/logs/stream"),
    "a name with spaces": (
        "scenario: a b\nstream: [{data: a}]",
        """curl -N -H 'Prefer: scenario="a b"' URL/v1/logs/stream""",
    ),
    "what it asks of the request": (
        'default: true\nwhen: {query: {level: "it\'s"}, headers: {X-A: b}}\nstream: [{data: a}]',
        "curl -N -H 'x-a: b' 'URL/v1/logs/stream?level=it%27s'",
    ),
}


@pytest.mark.parametrize(("story", "line"), STORIES.values(), ids=STORIES)
async def test_the_line_says_what_it_has_to(tmp_path, story, line):
    """The address as the page has reached it, and the scenario where another would answer."""
    async with serving(tmp_path, f"operation: streamLogs\n{story}") as server:
        [name] = server.catalog.programs
        path = f"/_mock/scenarios/{name.replace(' ', '%20')}/explain"
        told = json.loads((await fetch(server, path)).content)
    assert told["curl"] == line.replace("URL", "http://localhost")


async def test_a_name_with_quotes_is_quoted_as_the_server_reads_it(tmp_path):
    """RFC 9110 § 5.6.4: a quote and a backslash stand behind a backslash."""
    story = "operation: streamLogs\nscenario: 'a\\ \"b\"'\nstream: [{data: a}]"
    async with serving(tmp_path, story, clock="instant") as server:
        [program] = server.catalog.programs.values()
        operation = server.catalog.operations(program)[0]
        line = curl_line(program, operation, server.url)
        status = await status_of(server, line)
        [opened] = [e for e in server.session().journal if isinstance(e, Opened)]
    assert (status, opened.scenario) == (200, 'a\\ "b"')
    assert """'Prefer: scenario="a\\\\ \\"b\\""'""" in line


async def test_no_line_where_no_request_is_known_to_fit(tmp_path):
    """What is shown would not be answered by the scenario."""
    story = "operation: streamLogs\nwhen: {query: {a: /b^a/}}\nstream: [{data: a}]"
    async with serving(tmp_path, story) as server:
        told = json.loads((await fetch(server, "/_mock/scenarios/story/explain")).content)
    assert told["curl"] is None


async def test_a_certificate_that_was_made_for_the_run_is_taken_as_it_is(tmp_path):
    """Nobody has told curl of the authority."""
    story = "operation: streamLogs\ndefault: true\nstream: [{data: a}]"
    server = serving(tmp_path, story, tls="self-signed")
    async with server, httpx.AsyncClient(verify=False, timeout=60) as client:
        told = await client.get(f"{server.url}/_mock/scenarios/story/explain")
    assert told.json()["curl"] == f"curl -N -k {server.url}/v1/logs/stream"

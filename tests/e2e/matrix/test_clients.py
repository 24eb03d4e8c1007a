"""Real clients agree with the server's oracle on every conformance scenario, or it is listed why not.

The list is ``deviations.yaml``; what comes of it for readers is ``docs/clients.md``, written by
``python -m pytest tests/e2e/matrix --update-clients``.
"""

import asyncio
import json
import os

import aiohttp
import pytest
from cases import FOLDER, SPEC, conformance
from drivers import play_all, serve
from lineup import CLIENTS, Client
from page import PAGE, deviations, listed, render, versions_in
from verdicts import Event, Known, Verdict

SHOWN = 6
"""Lines of a client's record that a failure shows."""

if not FOLDER.is_dir():
    pytest.skip("there are no conformance scenarios", allow_module_level=True)

SCENARIOS = conformance()
DEVIATIONS = deviations()


def known(answer: dict) -> Known:
    """Read what the control API says that a conforming client has dispatched."""
    subscriptions = answer["subscriptions"]
    if not subscriptions:
        return Known()
    events = [
        [Event(event["type"], event["data"], event["lastEventId"]) for event in each["events"]]
        for each in subscriptions
    ]
    return Known(events, subscriptions[0]["state"])


async def run(client: Client, url: str) -> dict[str, Verdict]:
    """Run one client over everything that it takes."""
    scenarios = [scenario for scenario in SCENARIOS if not client.takes(scenario)]
    async with aiohttp.ClientSession() as control:

        async def ask(session: str) -> Known:
            async with control.get(f"{url}/_mock/sessions/{session}/dispatched") as response:
                return known(await response.json())

        return await play_all(client.slug, client.command, scenarios, url, ask, view=client.view)


@pytest.fixture(scope="module")
def verdicts():
    """Give what came of every client that the machine can run, by its name."""

    async def run_all() -> dict[str, dict[str, Verdict]]:
        present = [client for client in CLIENTS if not client.missing]
        async with serve("--spec", str(SPEC), "--scenarios", str(FOLDER)) as url:
            found = await asyncio.gather(*(run(client, url) for client in present))
        return {client.name: each for client, each in zip(present, found, strict=True)}

    return asyncio.run(run_all())


def told(client: Client, scenario: str, verdict: Verdict) -> str:
    """Describe one verdict for whoever has to find out whose fault it is."""
    lines = [f"{client.name}, {scenario}: {verdict.instead or 'agrees'}"]
    lines += [f"    oracle: {event}" for event in verdict.known.first[:SHOWN]]
    lines += [f"    oracle: {verdict.known.state}"]
    lines += [f"    client: {json.dumps(line)[:200]}" for line in verdict.record.lines[:SHOWN]]
    return "\n".join(lines)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.slug)
def test_agrees_with_the_oracle_or_is_listed(client, verdicts):
    """Every deviation is one of the list, and every one of the list shows."""
    if client.missing and os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {client.missing}")
    if client.missing:
        pytest.skip(client.missing)
    wrong = []
    for name, verdict in verdicts[client.name].items():
        entries = listed(DEVIATIONS, client.name, name)
        expected = {entry.instead for entry in entries}
        if not entries or all(entry.sometimes for entry in entries):
            expected.add("")
        if verdict.instead not in expected:
            wrong.append(f"listed {sorted(expected)}; {told(client, name, verdict)}")

    assert not wrong, "\n" + "\n".join(wrong)


def test_the_list_names_clients_and_scenarios_that_there_are():
    """Every entry is about runs that take place, each run in one entry unless it is a race."""
    taken = {(c.name, s.name) for c in CLIENTS for s in SCENARIOS if not c.takes(s)}
    named = [(c, s) for entry in DEVIATIONS for c in entry.clients for s in entry.scenarios]

    assert set(named) - taken == set()
    certain = [pair for pair in named if not all(e.sometimes for e in listed(DEVIATIONS, *pair))]
    assert len(certain) == len(set(certain))


def test_the_page_tells_what_the_lists_say(request):
    """``docs/clients.md`` is what the lists make of it, whatever versions it was made with."""
    if request.config.getoption("--update-clients", default=False):
        for client in CLIENTS:
            assert not client.missing, f"{client.name}: {client.missing}"
        versions = {client.name: client.version for client in CLIENTS}
        PAGE.write_text(render(CLIENTS, SCENARIOS, DEVIATIONS, versions), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")

    assert render(CLIENTS, SCENARIOS, DEVIATIONS, versions_in(page)) == page

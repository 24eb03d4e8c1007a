"""Real clients agree with the server's oracle on every conformance scenario, or it is listed why not.

The list is ``deviations.yaml``; what comes of it for readers is ``docs/clients.md``, written by
``python -m pytest tests/e2e/matrix --update-clients``.
"""

import asyncio
import json
import operator
import os

import aiohttp
import pytest
from cases import FOLDER, SPEC, conformance
from drivers import PARALLEL, play_all, serve
from lineup import CLIENTS, Client, versions
from page import PAGE, deviations, listed, render, versions_in
from verdicts import Event, Known, Verdict, shorten

ATTEMPTS = 3
"""How often a scenario is run before its difference counts: one that does not show again, with
nothing else going on, was the machine's and not the client's."""
SHOWN = 6
"""Lines of a client's record that a failure shows."""

REDIRECTS = {301, 302, 303, 307, 308}
by_time = operator.itemgetter("at")

SCENARIOS = conformance()
DEVIATIONS = deviations()


def known(answer: dict) -> Known:
    """Read what the control API says that a conforming client has dispatched.

    A redirect leads from one subscription to another; a second one of the same scenario and target
    hears a story that has been told.
    """
    told: dict[tuple[str, str], dict] = {}
    for each in answer["subscriptions"]:
        told.setdefault((each["scenario"], each["target"]), each)
    connections = sorted((c for each in told.values() for c in each["connections"]), key=by_time)
    streams = [connection for connection in connections if connection["status"] == 200]
    ended = (streams[-1]["ended"] or {}).get("kind") if streams else None
    final = [c for c in connections if c["status"] not in REDIRECTS or c["state"] == "closed"]
    return Known(
        heard=[[_event(event) for event in connection["events"]] for connection in final],
        state=connections[-1]["state"] if connections else "connecting",
        # A chain of redirects that never ends is given up after 4 requests, or 21.
        attempts=len(final) or len(connections) // 4,
        sent=sum(connection["bytes"] for connection in connections),
        again=len(told) < len(answer["subscriptions"]),
        refused=bool(connections) and not streams,
        cut=ended in {"drop", "reset"},
    )


def _event(event: dict) -> Event:
    return Event(event["type"], shorten(event["data"]), event["lastEventId"])


async def run(client: Client, port: str, quiet: asyncio.Lock) -> dict[str, Verdict]:
    """Run one client over everything that it takes."""
    scenarios = [scenario for scenario in SCENARIOS if not client.why_not(scenario)]
    async with aiohttp.ClientSession() as control:

        async def ask(session: str) -> Known:
            url = f"http://127.0.0.1:{port}/_mock/sessions/{session}/dispatched"
            async with control.get(url) as response:
                if response.status == 404:  # the client has not come to its first request yet
                    return Known()
                return known(await response.json())

        found: dict[str, Verdict] = {}
        for attempt in range(1, ATTEMPTS + 1):
            found |= await play_all(
                f"{client.slug}-{attempt}",
                client.command,
                scenarios,
                port,
                ask,
                quiet=quiet,
                view=client.view,
                parallel=PARALLEL if attempt == 1 else 1,
            )
            scenarios = [each for each in scenarios if not expected(client.name, each.name, found)]
            if not scenarios:
                break
        return found


def expected(client: str, name: str, found: dict[str, Verdict]) -> bool:
    """Tell whether what came of a scenario is what the list says."""
    entries = listed(DEVIATIONS, client, name)
    wanted = {entry.instead for entry in entries}
    if all(entry.sometimes for entry in entries):
        wanted.add("")
    return found[name].instead in wanted


async def run_all(clients: list[Client]) -> dict[str, dict[str, Verdict]]:
    """Run all clients side by side; return what came of each, by its name."""
    quiet = asyncio.Lock()
    async with serve("--spec", str(SPEC), "--scenarios", str(FOLDER)) as port:
        found = await asyncio.gather(*(run(client, port, quiet) for client in clients))
    return {client.name: each for client, each in zip(clients, found, strict=True)}


def told(client: str, scenario: str, verdict: Verdict) -> str:
    """Describe one verdict for whoever has to find out whose fault it is."""
    lines = [f"{client}, {scenario}: {verdict.instead or 'agrees'}"]
    lines += [f"    oracle: {event}" for event in verdict.known.events[:SHOWN]]
    lines += [f"    oracle: {verdict.known.state}"]
    lines += [f"    client: {json.dumps(line)[:200]}" for line in verdict.record.lines[:SHOWN]]
    return "\n".join(lines)


def _other_versions(clients: list[Client]) -> list[str]:
    """Name the clients whose version is not the one that the list was made with."""
    page = versions_in(PAGE.read_text(encoding="utf-8"))
    here = versions(clients)
    return [
        f"{name} is {here[name]} here, was {page[name]}"
        for name in here
        if name in page
        if here[name] != page[name]
    ]


def test_every_client_agrees_with_the_oracle_or_is_listed():
    """Every deviation is one of the list, and every one of the list shows.

    One test for all: where tests are spread over processes, the clients still run once.
    """
    present = [client for client in CLIENTS if not client.missing]
    lacking = sorted({client.missing for client in CLIENTS if client.missing})
    if lacking and os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {'; '.join(lacking)}")
    wrong = []
    for client, verdicts in asyncio.run(run_all(present)).items():
        for name, verdict in verdicts.items():
            if not expected(client, name, verdicts):
                entries = {entry.instead for entry in listed(DEVIATIONS, client, name)}
                wrong.append(f"listed {sorted(entries)}; {told(client, name, verdict)}")

    assert not wrong, "\n".join(["", *_other_versions(present), *wrong])
    if lacking:
        pytest.skip(f"{len(present)} of {len(CLIENTS)} clients agreed; {'; '.join(lacking)}")


def test_the_list_names_clients_and_scenarios_that_there_are():
    """Every entry is about runs that take place, each run in one entry unless it is a race."""
    taken = {(c.name, s.name) for c in CLIENTS for s in SCENARIOS if not c.why_not(s)}
    named = [(c, s) for entry in DEVIATIONS for c in entry.clients for s in entry.scenarios]

    assert set(named) - taken == set()
    certain = [pair for pair in named if not all(e.sometimes for e in listed(DEVIATIONS, *pair))]
    assert len(certain) == len(set(certain))


def test_every_scenario_has_a_client_that_agrees():
    """A scenario on which all clients deviate would rather be the server's fault."""
    for scenario in SCENARIOS:
        takers = [client for client in CLIENTS if not client.why_not(scenario)]
        agree = [c for c in takers if not listed(DEVIATIONS, c.name, scenario.name)]
        assert agree, scenario.name


def test_the_page_tells_what_the_lists_say(request):
    """``docs/clients.md`` is what the lists make of it, whatever versions it was made with."""
    if request.config.getoption("--update-clients", default=False):
        for client in CLIENTS:
            assert not client.missing, f"{client.name}: {client.missing}"
        made = render(CLIENTS, SCENARIOS, DEVIATIONS, versions(CLIENTS))
        PAGE.write_text(made, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")

    assert render(CLIENTS, SCENARIOS, DEVIATIONS, versions_in(page)) == page

"""Writes ``docs/clients.md`` from the lists: the clients, the scenarios and the deviations."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases import ROOT
from drivers import Scenario
from lineup import BIG, TOO_BIG, Client

from mockserver.scenario.plaindata import plain_data

PAGE = ROOT / "docs" / "clients.md"
LIST = Path(__file__).parent / "deviations.yaml"
VERSION = re.compile(r"^\| ([^|]+?) \| `([^`]+)` \| ([^|]+?) \|", re.MULTILINE)
RUNTIME = re.compile(r"(Python|Node\.js) ([0-9.]*[0-9])")

HEAD = """\
# What clients make of it

Real clients, each with every scenario of [scenarios/conformance](../scenarios/conformance) that says
what comes of it, each run in a session of its own. What a client showed (events with type, data and lastEventId; whether
it came back, gave up or stayed) is compared with what the server knows that a client conforming to
the WHATWG standard makes of exactly the bytes that it sent, and of what the scenario's author says of
it. Where they differ, the reason is given here. That it is the client's reason and not the server's
is seen by the clients that agree, of which every scenario has one, and by
[tests/conformance](../tests/conformance), which reads the scenarios from raw sockets.

This page is made by `python -m pytest tests/e2e/matrix --update-clients` from the lists in
[tests/e2e/matrix](../tests/e2e/matrix), and every run of the tests holds the clients to it: a
deviation that is not listed fails, and so does one that no longer shows.
"""


@dataclass(frozen=True)
class Deviation:
    """One entry of the list; `number` is its place."""

    number: int
    clients: Sequence[str]
    instead: str
    reason: str
    scenarios: Sequence[str]
    sometimes: str = ""

    def covers(self, client: str, scenario: str) -> bool:
        """Whether it is about this run."""
        return client in self.clients and scenario in self.scenarios


def deviations() -> list[Deviation]:
    """Read the list."""
    entries = plain_data(LIST.name, LIST.read_bytes())
    return [Deviation(number, **entry) for number, entry in enumerate(entries, 1)]


def listed(found: Sequence[Deviation], client: str, scenario: str) -> list[Deviation]:
    """Return the entries about this run; more than one only where it is a race."""
    return [deviation for deviation in found if deviation.covers(client, scenario)]


def versions_in(page: str) -> dict[str, str]:
    """Return the version of each client that the page tells."""
    found = {name: version for name, _, version in VERSION.findall(page)}
    return found | dict(RUNTIME.findall(page))


def render(
    clients: Sequence[Client],
    scenarios: Sequence[Scenario],
    found: Sequence[Deviation],
    versions: Mapping[str, str],
) -> str:
    """Return the whole page."""
    streams = [client for client in clients if not client.chat]
    lines = [
        HEAD,
        *_summary(clients, scenarios, found, versions),
        *_reasons(clients, found),
        *_table("Every scenario", streams, [s for s in scenarios if s.method == "GET"], found),
        *_table("Chat completions", clients, [s for s in scenarios if s.method != "GET"], found),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _summary(
    clients: Sequence[Client],
    scenarios: Sequence[Scenario],
    found: Sequence[Deviation],
    versions: Mapping[str, str],
) -> Iterator[str]:
    yield "## The clients\n"
    yield "| client | package | version | agrees on | how it is used |"
    yield "|---|---|---|---|---|"
    for client in clients:
        run = [scenario for scenario in scenarios if not client.why_not(scenario)]
        entries = [listed(found, client.name, scenario.name) for scenario in run]
        agreed = sum(not entry for entry in entries)
        sometimes = sum(bool(entry) and all(e.sometimes for e in entry) for entry in entries)
        count = f"{agreed} of {len(run)}" + (f", sometimes {sometimes} more" if sometimes else "")
        version = versions.get(client.name, "?")
        yield f"| {client.name} | `{client.made_of}` | {version} | {count} | {client.about} |"
    yield f"\nRun with Python {versions.get('Python', '?')} and Node.js {versions.get('Node.js', '?')}.\n"
    yield "What is not run with a client, and why:\n"
    for why in dict.fromkeys(client.takes(s) for client in clients for s in scenarios):
        names = [c.name for c in clients if any(c.takes(s) == why for s in scenarios)]
        if why:
            yield f"- {', '.join(names)}: {why}."
    for name, few in BIG.items():
        names = [client.name for client in clients if client.name in few]
        yield f"- {name} is run with {', '.join(names)} only: {TOO_BIG}."
    yield ""


def _reasons(clients: Sequence[Client], found: Sequence[Deviation]) -> Iterator[str]:
    yield "## Deviations\n"
    for client in clients:
        own = [deviation for deviation in found if client.name in deviation.clients]
        yield f"### {client.name}\n"
        if not own:
            yield "None.\n"
            continue
        for deviation in own:
            rows = ", ".join(deviation.scenarios)
            yield f"- **{deviation.number}** {deviation.reason.strip()} *{deviation.instead}*: {rows}."
            if deviation.sometimes:
                yield f"  Not in every run: {deviation.sometimes.strip()}"
        yield ""


def _table(
    title: str,
    clients: Sequence[Client],
    scenarios: Sequence[Scenario],
    found: Sequence[Deviation],
) -> Iterator[str]:
    yield f"## {title}\n"
    yield "✓ agrees; a number: deviates, see above; ~ sometimes; – not run.\n"
    yield f"| scenario | {' | '.join(client.name for client in clients)} | what it does |"
    yield f"|---|{'---|' * (len(clients) + 1)}"
    for scenario in scenarios:
        cells = [_cell(client, scenario, found) for client in clients]
        about = scenario.about.replace("|", "\\|")
        yield f"| {scenario.name} | {' | '.join(cells)} | {about} |"
    yield ""


def _cell(client: Client, scenario: Scenario, found: Sequence[Deviation]) -> str:
    if client.why_not(scenario):
        return "–"  # the sign for nothing, not a minus
    entries = listed(found, client.name, scenario.name)
    return ", ".join(f"{'~' if e.sometimes else ''}{e.number}" for e in entries) or "✓"

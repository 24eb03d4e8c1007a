"""Two hundred sessions side by side are told what each would be told alone."""

import asyncio
import re
from itertools import product

import pytest
from clients import STATUS, RawClient, write

from mockserver import MockServer

DROPPED = """
operation: streamOrderStatus
patience: forever
when: {headers: {x-scenario: dropped}}
heartbeat: 700ms
stream:
- retry: 3000
- {id: "{{ uuid() }}", data: {at: "{{ now() }}", luck: "{{ random_int(1, 1000000) }}"}}
- delay: 100ms..900ms
- {id: "2", data: "{{ session }} {{ subscription }} {{ connection }} {{ request.path.id }}"}
- disconnect: drop
- delay: 1s
- {id: "3", data: "{{ pick(['a', 'b', 'c']) }} {{ now() }}"}
- disconnect: reset
- {event: complete, id: "4", data: "{{ random_string(20) }}"}
expect:
- {connection: 2, last_event_id: "2"}
- {connections: 3}
"""
BY_CHANCE = """
operation: streamOrderStatus
patience: forever
when: {headers: {x-scenario: by-chance}}
wire: {newline: mixed}
stream:
- repeat:
    times: 20
    every: 50ms
    steps:
    - chance: {of: 40%, steps: [{id: "{{ n }}", data: "{{ hex(8) }}"}], otherwise: [{comment: "{{ n }}"}]}
- disconnect: end
- {event: complete, id: last, data: "{{ shuffle([1, 2, 3, 4, 5]) | join(',') }}"}
"""
REFUSING = """
operation: streamOrderStatus
patience: forever
when: {headers: {x-scenario: refusing}}
connections:
- response: {status: 503, headers: {Retry-After: "1"}, body: "{{ uuid() }}"}
- steps: [{id: 1, data: "{{ uuid() }}"}, {disconnect: reset}]
- steps: [{event: complete, id: 2, data: "{{ now() }}"}]
expect:
- {connection: 2, last_event_id: false}
- {connection: 3, last_event_id: "1"}
"""
SCENARIOS = {"dropped": DROPPED, "by-chance": BY_CHANCE, "refusing": REFUSING}
CLOCKS = ("manual", "instant", "100x", "30x")
SESSIONS = 200


def settings():
    """Return names and settings: every scenario on every clock, each with a seed of its own."""
    kinds = list(product(SCENARIOS, CLOCKS))
    for number in range(SESSIONS):
        scenario, clock = kinds[number % len(kinds)]
        yield f"s{number}", {"scenarios": [scenario], "clock": clock, "seed": f"seed {number}"}


async def behave(server, name, clock):
    """Live through the story as an EventSource would; return all that arrived.

    Every seventh client forgets its last event ID.
    """
    session = server.session(name)
    forgetful = int(name[1:]) % 7 == 0
    told, last_id = [], None
    while not told or b"complete" not in told[-1][0]:
        client = await RawClient.connect(server)
        headers = [f"Last-Event-ID: {last_id}"] if last_id and not forgetful else []
        await client.send(f"/@{name}{STATUS}", "Connection: close", *headers)
        reading = asyncio.ensure_future(client.rest())
        while clock == "manual" and not reading.done():
            session.advance("10s")
            await asyncio.wait([reading], timeout=0.001)
        received = await reading
        told.append((received.raw, received.end))
        ids = re.findall(rb"^id: ?([^\r\n]*)(?=[\r\n])", received.body, re.MULTILINE)
        last_id = ids[-1].decode() if ids else last_id
        assert len(told) < 10, told
    return told


async def lived(folder, together):
    """Return what every client was told, all at once or one after the other."""
    folder.mkdir()
    for name, text in SCENARIOS.items():
        write(folder, **{name: text})
    async with MockServer(scenarios=folder, events="off") as server:
        clocks = {}
        for name, wish in settings():
            server.create_session(name, **wish)
            clocks[name] = wish["clock"]
        if together:
            clients = (behave(server, name, clock) for name, clock in clocks.items())
            told = await asyncio.gather(*clients)
        else:
            told = [await behave(server, name, clock) for name, clock in clocks.items()]
        heard = [without_times(server.session(name).dispatched()) for name in clocks]
        verdicts = [judged(server.session(name).verdict(final=True)) for name in clocks]
    return dict(zip(clocks, told, strict=True)), heard, verdicts


def without_times(subscriptions):
    """Return what was dispatched, without when: on a real clock that is the machine's affair."""
    return [
        [(event["type"], event["data"], event["lastEventId"]) for event in found["events"]]
        for found in subscriptions
    ]


def judged(verdict):
    """Return what a verdict says, without when."""
    entries = [
        (scenario["scenario"], entry["where"].rpartition("/")[2], entry["status"])
        for scenario in verdict["scenarios"]
        for entry in scenario["expectations"]
    ]
    return verdict["status"], entries


@pytest.fixture
async def alone_and_together(tmp_path):
    """Both ways of living."""
    return await lived(tmp_path / "alone", False), await lived(tmp_path / "together", True)  # noqa: FBT003


async def test_two_hundred_sessions_do_not_touch_each_other(alone_and_together):
    """Bytes, ends, what conforming clients made of them, and what was expected of ours."""
    (alone, *judged_alone), (together, *judged_together) = alone_and_together
    assert together == alone
    assert judged_together == judged_alone
    assert {status for status, _ in judged_alone[1]} == {"passed", "failed"}
    assert len({str(told) for told in alone.values()}) == SESSIONS, "each has its own story"

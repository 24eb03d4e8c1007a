"""The Petstore's scenarios say what a good client does: one that does it passes, others fail."""

import json

import pytest
import shipped
from event_source import EventSource

from mockserver import MockServer

ORDER = "/v1/orders/019b4132/status/stream"
STOCK, NEWS, STATUS = "/v1/inventory/stream", "/v1/news/stream", "/v1/status/stream"
CHAT = {
    "model": "petstore-rate-limit",
    "stream": True,
    "messages": [{"role": "user", "content": "?"}],
}
ASK = {
    "target": "/v1/chat/completions",
    "method": "POST",
    "body": json.dumps(CHAT).encode(),
    "headers": ("Content-Type: application/json", "Authorization: Bearer t"),
    "waits_for": {429: 2.0},
    "most": 2,
}
GOOD = {
    "reconnect/drop-and-resume": {"target": ORDER},
    "reconnect/duplicate": {"target": STOCK},
    "reconnect/endless": {"target": "/v1/prices/stream?symbol=PETS"},
    "reconnect/gap": {"target": STOCK},
    "reconnect/reset-mid-event": {"target": ORDER},
    "reconnect/retry-hint": {"target": STATUS},
    "reconnect/unknown-last-event-id": {"target": NEWS},
    "http/204-stop": {"target": "/v1/tasks/019b4132/progress/stream"},
    "http/301-moved": {"target": NEWS},
    "http/307-elsewhere": {"target": NEWS},
    "http/401-token-expired": {"target": ORDER, "waits_for": {401: 0.0}},
    "http/429-rate-limit": ASK,
    "http/503-then-recovery": {
        "target": "/v1/pets/recommendations/stream?userId=456",
        "waits_for": {503: 1.0},
    },
    "http/wrong-content-type": {"target": STATUS},
    "orders/status": {"target": ORDER},
}
HASTY, FORGETFUL, GONE, DEAF, FIXED = (
    {"haste": 0.1}, {"forgets_id": True}, {"returns": False}, {"heeds_stop": False},
    {"follows": False, "heeds_stop": False},
)  # fmt: skip
SOON, NO_ID, NEVER, TOO_OFTEN = (
    "after connection 1 ended", "none was sent", "the client never came back", "came",
)  # fmt: skip
WRONG = [
    ("reconnect/drop-and-resume", HASTY, SOON),
    ("reconnect/drop-and-resume", FORGETFUL, NO_ID),
    ("reconnect/drop-and-resume", GONE, NEVER),
    ("reconnect/drop-and-resume", DEAF, TOO_OFTEN),
    ("reconnect/duplicate", HASTY, SOON),
    ("reconnect/endless", HASTY, SOON),
    ("reconnect/gap", FORGETFUL, NO_ID),
    ("reconnect/reset-mid-event", FORGETFUL, NO_ID),
    ("reconnect/retry-hint", HASTY, SOON),
    ("reconnect/unknown-last-event-id", {"says": "77", "heeds_stop": False}, "no request"),
    ("http/204-stop", DEAF, TOO_OFTEN),
    ("http/301-moved", FIXED, "node"),
    ("http/307-elsewhere", FORGETFUL, NO_ID),
    ("http/401-token-expired", {"waits_for": {}}, NEVER),
    ("http/429-rate-limit", HASTY, SOON),
    ("http/503-then-recovery", HASTY, SOON),
    ("http/503-then-recovery", {"waits_for": {}}, NEVER),
    ("http/wrong-content-type", DEAF, TOO_OFTEN),
    ("orders/status", DEAF, TOO_OFTEN),
]


async def judged(name, does):
    """Return the verdict on a client of a scenario."""
    async with MockServer(clock="manual", pinned=[name]) as server:
        session = server.session("a-test")
        target = f"/@a-test{does['target']}"
        await EventSource(server, session, **{**does, "target": target}).live()
        return session.verdict(final=True)


def said(verdict):
    """Return what failed, as text."""
    return [
        f"{evidence['of']}: {evidence['got']}"
        for scenario in verdict["scenarios"]
        for expectation in scenario["expectations"]
        for each in expectation["judged"]
        for evidence in each["evidence"]
        if evidence["status"] == "failed"
    ]


def test_all_scenarios_that_expect_something_are_here():
    """Whoever adds one says what a good client of it does."""
    catalog, _ = shipped.catalog()
    expecting = [name for name, program in catalog.programs.items() if program.scenario.expect]
    assert sorted(expecting) == sorted(GOOD)


@pytest.mark.parametrize("name", GOOD)
async def test_a_good_client_passes(name):
    """It waits as it is told, brings its last id, and stays away when it is told to."""
    verdict = await judged(name, GOOD[name])
    assert said(verdict) == []
    assert (verdict["status"], verdict["findings"]) == ("passed", [])
    assert [scenario["scenario"] for scenario in verdict["scenarios"]] == [name]


@pytest.mark.parametrize(("name", "does", "told"), WRONG)
async def test_another_fails(name, does, told):
    """And the evidence says at what."""
    verdict = await judged(name, GOOD[name] | does)
    assert verdict["status"] == "failed"
    assert told in " ".join(said(verdict))

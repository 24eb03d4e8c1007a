"""The mock server itself as the backend: it keeps what its own scenarios promise."""

import pytest
import shipped
from backends import verified

from mockserver import MockServer
from mockserver.verify.options import Options
from mockserver.verify.plan import Plan, plan_of

OPTIONS = {"headers": (("authorization", "Bearer any"),), "prefer": True, "timeout": 60.0}
FOLDERS = ("bytes", "chat", "deliveries", "http", "inventory", "leaderboard", "orders", "pets")
FOLDERS += ("prices", "reconnect", "status", "tasks", "timing")
CATALOG, _ = shipped.catalog()
PLANS = {
    name: found
    for name, program in CATALOG.programs.items()
    if name.startswith(FOLDERS)
    if isinstance(found := plan_of(CATALOG, program, Options(**OPTIONS), named=True), Plan)
}


def test_every_stream_that_is_served_usually_can_be_verified():
    """As far as it is not drawn by chance: one normal one a stream ships."""
    usual = {"orders/status", "inventory/changes", "pets/recommendations", "chat/reply"}
    usual |= {"tasks/progress", "status/incident", "prices/ticker", "reconnect/drop-and-resume"}

    assert usual <= PLANS.keys()


@pytest.fixture(scope="module")
def fast():
    """The Petstore, a hundred times as fast."""
    with MockServer(clock="100x") as running:
        yield running.url


@pytest.fixture(scope="module")
def timeless():
    """The Petstore, for clients that come back: it forgets none of them, however late they are."""
    with MockServer(clock="instant") as running:
        yield running.url


@pytest.fixture(scope="module")
def patient():
    """The Petstore, for clients that have to do something before a timeout."""
    with MockServer() as running:
        yield running.url


@pytest.mark.parametrize("name", PLANS)
async def test_the_mock_server_passes_what_it_serves(request, name):
    """Named by the Prefer header, so that each is served its own way."""
    plan = PLANS[name]
    served = "patient" if plan.awaited else "timeless" if len(plan.legs) > 1 else "fast"

    found = await verified(plan, request.getfixturevalue(served), **OPTIONS)

    assert found.differences == ()
    assert found.status == "passed"


STORY = """\
operation: streamOrderStatus
default: true
patience: 1h
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
"""


async def test_no_verification_is_taken_for_the_one_before(plan, tmp_path):
    """It leaves no story behind that waits for its client."""
    (tmp_path / "story.yaml").write_text(STORY)
    with MockServer(scenarios=tmp_path) as server:
        found = [await verified(plan(STORY), server.url) for _ in range(3)]

    assert [each.differences for each in found] == [(), (), ()]

"""The mock server itself as the backend: it keeps what its own scenarios promise."""

import pytest
from backends import verified

from mockserver import MockServer
from mockserver.verify.options import Options
from mockserver.verify.plan import Plan, plan_of
from mockserver.workspace.shipped import workspace

OPTIONS = {"headers": (("authorization", "Bearer any"),), "prefer": True, "timeout": 60.0}
FOLDERS = ("bytes", "chat", "deliveries", "http", "inventory", "leaderboard", "orders", "pets")
FOLDERS += ("prices", "reconnect", "status", "tasks", "timing")
CATALOG, _ = workspace(None, None, None).load()
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
def server():
    """The Petstore, a hundred times as fast."""
    with MockServer(clock="100x") as running:
        yield running


@pytest.mark.parametrize("name", PLANS)
async def test_the_mock_server_passes_what_it_serves(server, name):
    """Named by the Prefer header, so that each is served its own way."""
    found = await verified(PLANS[name], server.url, **OPTIONS)

    assert found.differences == ()
    assert found.status == "passed"

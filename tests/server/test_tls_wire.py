"""All that test_wire.py, test_ends.py and test_heads.py see on a raw socket, seen through TLS."""

import clients
import pytest
from test_ends import *  # noqa: F403
from test_heads import *  # noqa: F403
from test_wire import *  # noqa: F403


@pytest.fixture(autouse=True)
def _by_tls(monkeypatch, pair):
    """Every server of `serving` has the same certificate."""
    monkeypatch.setitem(clients.USUAL, "tls", pair)

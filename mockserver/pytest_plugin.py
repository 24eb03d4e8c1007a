"""A server for a test: the fixture `mockserver`, settings by the marker of the same name.

@pytest.mark.mockserver(scenarios="scenarios", clock="manual")
def test_resumes(mockserver):
    client = connect(mockserver.url)
    mockserver.advance("2s")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.runner import SessionHandle


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "mockserver(**settings): settings of the `mockserver` fixture, as MockServer takes them",
    )


@pytest.fixture
def mockserver(request: pytest.FixtureRequest) -> Iterator[SessionHandle]:
    """Run a server in a thread of its own, for this test alone; yields its default session.

    Works in synchronous and in asynchronous tests. Raises LoadError and StartError as
    MockServer does.
    """
    from mockserver.runner import MockServer  # noqa: PLC0415  (only tests that use it pay for it)

    settings: dict[str, object] = {}
    for marker in reversed(list(request.node.iter_markers("mockserver"))):
        settings |= marker.kwargs
    with MockServer(**settings) as server:  # type: ignore[arg-type]
        yield server.session()

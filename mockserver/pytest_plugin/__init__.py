"""A session for a test: the fixture `mockserver`, settings by the marker of the same name.

@pytest.mark.mockserver(scenario="orders/status", clock="manual")
def test_resumes(mockserver):
    client = connect(mockserver.url)
    mockserver.advance("2s")

At the end of the test its client is judged, and fails the test if it did not do what the scenarios
expect. The rest of this folder, and the server, are imported by the first test that asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mockserver.pytest_plugin.judged import JudgedSession
    from mockserver.pytest_plugin.servers import Servers as SharedServers

_PATHS = {
    "spec": "the OpenAPI document of tests whose marker names none",
    "scenarios": "folder or file of scenarios of tests whose marker names no document",
    "settings": "what that document leaves open about its streams",
}
_SERVERS: pytest.StashKey[SharedServers] = pytest.StashKey()
_SESSION: pytest.StashKey[JudgedSession] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer defaults for the whole project, in the ini file and on the command line."""
    group = parser.getgroup("mockserver", "mock server for event streams")
    for name, said in _PATHS.items():
        group.addoption(f"--mockserver-{name}", metavar="PATH", action="append", help=said)
        parser.addini(f"mockserver_{name}", said, type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "mockserver(**settings): what the fixture `mockserver` gives: scenario, clock, seed, "
        "epoch; verdict=False, allow=[codes]; and what MockServer takes: spec, scenarios, ...",
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers."""
    if (servers := config.stash.get(_SERVERS, None)) is not None:
        servers.stop()
        del config.stash[_SERVERS]


@pytest.fixture
def mockserver(request: pytest.FixtureRequest) -> Iterator[JudgedSession]:
    """Yield a session of its own for this test, of a server that tests share.

    Works in synchronous and in asynchronous tests. Fails the test's setup where the marker asks
    for what there is not, and where the server cannot start.
    """
    # Only tests that use it pay for it.
    from mockserver.errors import MockServerError  # noqa: PLC0415
    from mockserver.pytest_plugin.judged import open_session  # noqa: PLC0415
    from mockserver.pytest_plugin.servers import Servers  # noqa: PLC0415

    item, config = request.node, request.config
    servers = config.stash.setdefault(_SERVERS, Servers())
    marks = list(item.iter_markers("mockserver"))[::-1]
    fault = ""
    try:
        session = open_session(servers, item.nodeid, marks, defaults(config))
    except MockServerError as error:
        fault = str(error)
    if fault:  # not where it is caught: a report would show it twice
        pytest.fail(f"the fixture mockserver cannot be had: {fault}", pytrace=False)
    item.stash[_SESSION] = session
    yield session
    del item.stash[_SESSION]
    session.close()


def defaults(config: pytest.Config) -> dict[str, object]:
    """Return what the project says, as MockServer takes it; the command line wins.

    Paths of the command line begin where pytest was started, those of the ini file beside it.
    """
    found: dict[str, object] = {}
    for name in _PATHS:
        typed = config.getoption(f"--mockserver-{name}") or ()
        here = config.invocation_params.dir
        paths = [here / path for path in typed] or config.getini(f"mockserver_{name}")
        if paths:
            found[name] = tuple(paths) if name == "scenarios" else paths[-1]
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Judge the client when the test has passed: what it finds fails the test itself."""
    result = yield
    session = item.stash.get(_SESSION, None)
    if session is not None and (fault := session.fault()):
        pytest.fail(fault, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what happened in the session of a test that has failed, and how its client did."""
    report = yield
    session = item.stash.get(_SESSION, None)
    if session is not None and report.failed and call.when == "call":
        report.sections += session.sections(str(call.excinfo.value) if call.excinfo else "")
    return report

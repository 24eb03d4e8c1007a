"""What a test costs that uses the fixture `mockserver`: all its phases, by pytest's own clock."""

import json
import os
import subprocess
import sys
from pathlib import Path

STORY = """\
operation: streamOrderStatus
stream:
- retry: 3s
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 2, data: {status: shipped, trackingNumber: "1Z"}}
expect:
- {connection: 2, last_event_id: "1", after: 3s..4s}
"""
CONFTEST = """\
import json, pathlib
spent = {}

def pytest_runtest_logreport(report):
    assert report.passed, report.longrepr
    spent[report.nodeid] = spent.get(report.nodeid, 0.0) + report.duration

def pytest_sessionfinish():
    pathlib.Path("spent.json").write_text(json.dumps(list(spent.values())))
"""
TESTS = """\
import http.client, urllib.request, pytest

def read(url, headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        try:
            return answer.read()
        except http.client.IncompleteRead as error:
            return error.partial

@pytest.mark.mockserver(scenarios="scenarios", clock="manual")
@pytest.mark.parametrize("n", range(TESTS))
def test_comes_back(mockserver, n):
    url = f"{mockserver.url}/v1/orders/{n}/status/stream"
    assert b"retry: 3000" in read(url, {})
    mockserver.advance("3s")
    assert b"event: complete" in read(url, {"Last-Event-ID": "1"})
"""


def spent(folder: Path, tests: int) -> list[float]:
    """Run tests of a client that is dropped and comes back; return the seconds of each."""
    (folder / "scenarios").mkdir(parents=True)
    (folder / "scenarios" / "drop.yaml").write_text(STORY)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TESTS.replace("TESTS", str(tests)))
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "mockserver.pytest_plugin"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=alone)
    found: list[float] = json.loads((folder / "spent.json").read_text())
    return found

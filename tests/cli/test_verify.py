"""`verify` as a user types it: what it prints, what it writes, its exit codes."""

import json
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from commands import run

from mockserver import MockServer
from mockserver.upstream.drive import Backend
from mockserver.verify.options import Options
from mockserver.verify.request import Ask

GAP = """\
operation: streamOrderStatus
when: {query: {gap: true}}
resume: {skip: 1}
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
"""
WRONG = """\
operation: streamOrderStatus
patience: forever
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- disconnect: end
- {id: 3, data: {status: preparing_shipment, timestamp: "{{ now() }}"}}
"""


@pytest.fixture(scope="module")
def right():
    """A server that does what `story` wants, a hundred times as fast."""
    text = (
        "operation: streamOrderStatus\ndefault: true\npatience: forever\nstream:\n"
        '- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}\n'
        '- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}\n'
        "- disconnect: drop\n"
        '- {event: complete, id: 3, data: {status: shipped, trackingNumber: "1Z"}}\n'
    )
    yield from _served(text)


@pytest.fixture(scope="module")
def astray():
    """A server that never comes to the terminal event."""
    yield from _served(WRONG)


def _served(text):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "story.yaml").write_text(text)
        with MockServer(scenarios=folder, clock="100x") as server:
            yield server


@pytest.fixture
def backend(right):
    """Where the server is that does; it forgets what a test has left in the middle of its story."""
    yield right.url
    right.session().reset()


@pytest.fixture
def wrong(astray):
    """Where the server is that does not, likewise."""
    yield astray.url
    astray.session().reset()


def test_a_backend_that_keeps_the_scenarios_passes(folder, backend, capsys):
    """A line for each scenario, those that cannot be with the reason, and how many in the end."""
    (folder / "scenarios" / "gap.yaml").write_text(GAP)

    code, out, err = run(capsys, "verify", "--scenarios", "scenarios", "--base-url", backend)

    assert (code, err) == (0, "")
    assert out == (
        "skipped  gap: its server does not resume as it should (resume: skip: 1) "
        "(scenarios/gap.yaml:1:1)\n"
        "passed   story: GET /v1/orders/019b4140/status/stream (2 connections, 3 events)\n"
        "\n"
        "verify: 1 passed, 1 skipped\n"
    )


def test_a_difference_is_told_with_its_line_and_written_down(folder, wrong, capsys):
    """Exit code 1; expected, got and evidence, as text, as JUnit and as JSON."""
    code, out, _ = run(
        capsys,
        "verify", "--scenarios", "scenarios", "--base-url", wrong,
        "--junit", "out/report.xml", "--json", "out/report.json", "--param", "id=7",
    )  # fmt: skip

    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("FAILED   story: GET /v1/orders/7/status/stream (")
    assert "[terminal-missing]" in out
    assert "    expected: complete" in lines
    assert lines[-1] == "verify: 1 failed"
    suite = ET.parse(folder / "out" / "report.xml").getroot()[0]
    assert suite.attrib["failures"] == "1"
    assert (suite[0].attrib["file"], suite[0].attrib["line"]) == ("scenarios/story.yaml", "1")
    assert "terminal" in suite[0][0].text
    told = json.loads((folder / "out" / "report.json").read_text())
    assert told["status"] == "failed"
    assert "terminal-missing" in [each["code"] for each in told["scenarios"][0]["differences"]]


NOWHERE = "http://127.0.0.1:9"
REFUSED = {
    "no base URL": (["--base-url", "localhost:8000"], "[bad-base-url]"),
    "a query": (["--base-url", f"{NOWHERE}?x=1"], "[bad-base-url]"),
    "credentials in it": (["--base-url", "http://me:you@127.0.0.1:9"], "[bad-base-url]"),
    "no such scenario": (["--base-url", NOWHERE, "stroy"], "did you mean 'story'?"),
    "one that cannot be": (["--base-url", NOWHERE, "gap"], "[not-verifiable]"),
    "nothing left": (["--base-url", NOWHERE, "--skip", "story"], "[nothing-to-verify]"),
    "no variable": (["--base-url", NOWHERE, "-H", "X: ${NO_SUCH_THING}"], "[no-variable]"),
    "a second header in a value": (["--base-url", NOWHERE, "-H", "X: a\r\nY: b"], "the header x cannot be sent: it has '\\r' (at 2 of its 7 characters)"),
    "no name of a header": (["--base-url", NOWHERE, "-H", "X Y: b"], "[unsendable-header]"),
    "the length of a body": (["--base-url", NOWHERE, "-H", "Content-Length: 5"], "the header content-length cannot be given"),
    "a report that cannot be": (["--base-url", NOWHERE, "--junit", "/dev/null/x"], "[unwritable-report]"),
}  # fmt: skip


@pytest.mark.parametrize(("argv", "told"), REFUSED.values(), ids=REFUSED)
def test_what_the_operator_can_mend_is_told_before_anything_is_sent(folder, argv, told, capsys):
    """Exit code 3, and the mend."""
    (folder / "scenarios" / "gap.yaml").write_text(GAP)

    code, out, err = run(capsys, "verify", "--scenarios", "scenarios", *argv)

    assert (code, out) == (3, "")
    assert told in err
    assert "me:you" not in err


def test_files_with_problems_are_told_before_anything_is_sent(folder, capsys):
    """Exit code 2."""
    (folder / "scenarios" / "typo.yaml").write_text("operation: streamOrderStatus\nsteram: []\n")

    code, _, err = run(capsys, "verify", "--scenarios", "scenarios", "--base-url", NOWHERE)

    assert code == 2
    assert "did you mean 'stream'?" in err


def test_a_backend_that_is_away_is_told_once(folder, capsys):
    """The other scenarios would only say the same."""
    (folder / "scenarios" / "zz.yaml").write_text(
        WRONG.replace("stream:", "when: {query: {x: y}}\nstream:")
    )

    code, out, _ = run(capsys, "verify", "--scenarios", "scenarios", "--base-url", NOWHERE)

    assert code == 1
    assert out.count("[unreachable]") == 1
    assert "skipped  zz: the backend cannot be reached" in out


def test_a_credential_comes_from_the_environment_and_is_never_shown(folder, monkeypatch, capsys):
    """Neither in the report nor in an error."""
    monkeypatch.setenv("BACKEND_TOKEN", "s3cret")

    code, out, err = run(
        capsys,
        "verify", "--scenarios", "scenarios", "--base-url", NOWHERE, "-H",
        "Authorization: Bearer ${BACKEND_TOKEN}",
    )  # fmt: skip

    assert code == 1
    assert "s3cret" not in out + err


def test_the_line_end_of_a_variable_is_no_part_of_a_header(folder, backend, monkeypatch, capsys):
    """Tokens are read from files; what stands in their middle is refused unseen."""
    argv = ["verify", "--scenarios", "scenarios", "--base-url", backend, "-H", "X: ${TOKEN}"]
    monkeypatch.setenv("TOKEN", "s3cret \r\n")
    code, out, _ = run(capsys, *argv)
    assert (code, out.splitlines()[-1]) == (0, "verify: 1 passed")

    monkeypatch.setenv("TOKEN", "s3cret\r\nY: b")
    code, out, err = run(capsys, *argv)
    assert (code, out) == (3, "")
    assert "[unsendable-header]" in err
    assert "s3cret" not in err


def test_the_list_and_the_sum_agree_where_the_time_was_over(folder, wrong, capsys):
    """What could not be tried any more has failed, in every report."""
    other = WRONG.replace("stream:", "when: {query: {x: y}}\nstream:")
    (folder / "scenarios" / "zz.yaml").write_text(other)

    code, out, _ = run(
        capsys, "verify", "--scenarios", "scenarios", "--base-url", wrong, "--total", "1ms",
        "--junit", "report.xml",
    )  # fmt: skip

    assert code == 1
    assert "\nFAILED   zz: the time for all of them was over (--total) (" in out
    assert out.splitlines()[-1] == "verify: 2 failed"
    suite = ET.parse(folder / "report.xml").getroot()[0]
    assert suite.attrib["failures"] == str(len(suite.findall("*/failure"))) == "2"
    assert suite.attrib["skipped"] == str(len(suite.findall("*/skipped"))) == "0"


PLACES = {
    "without a path": ("", "GET /v1/orders/7/status/stream "),
    "a slash": ("/", "GET /orders/7/status/stream "),
    "a path": ("/api/v2/", "GET /api/v2/orders/7/status/stream "),
}


@pytest.mark.parametrize(("path", "line"), PLACES.values(), ids=PLACES)
def test_a_path_of_the_base_url_stands_in_place_of_the_documents(path, line):
    """And without any the document's own is added."""
    ask = Ask("GET", "/orders/7/status/stream", "", (), None, None, "/v1")

    url = Backend(f"http://127.0.0.1:9{path}", Options(), seconds=1.0).url_of(ask)

    assert f"GET {url.raw_path_qs} " == line

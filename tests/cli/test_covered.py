"""Coverage on the command line: what is shown of it, and the minimum that fails a command."""

import json
import signal
import urllib.request

import pytest
from commands import FEED, run
from test_serve import serving

from mockserver.cli import main

DOCUMENT = (
    FEED
    + """\
            text/event-stream:
              itemSchema:
                oneOf:
                - properties: {event: {const: a}, data: {type: string}}
                - properties: {event: {const: b}, data: {type: string}}
  /things:
    get:
      operationId: things
      responses:
        "200": {description: all of them}
        "404": {description: none}
"""
)
STORY = "operation: feed\nstream: [{event: a, data: x}, {hold: forever}]\n"
SUMMARY = (
    "scenarios reach operations 1 of 2 (50 %), responses 1 of 3 (33.3 %), events 1 of 2 (50 %)"
)


@pytest.fixture
def argv(tmp_path, monkeypatch):
    """Check a document of two operations with a scenario for one of them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api.yaml").write_text(DOCUMENT)
    (tmp_path / "story.yaml").write_text(STORY)
    return ["check", "--spec", "api.yaml", "--scenarios", "story.yaml"]


def test_check_says_what_the_scenarios_reach(argv, capsys):
    """In a line, before what is wrong is counted."""
    code, out, _ = run(capsys, *argv)
    assert (code, out.splitlines()[-3:]) == (0, [SUMMARY, "", "0 errors, 0 warnings"])


@pytest.mark.parametrize("option", ["--coverage", "--coverage=table"])
def test_check_shows_coverage_as_a_table(argv, capsys, option):
    """After the table of what answers what."""
    code, out, _ = run(capsys, *argv, option)
    _, _, table = out.partition(f"\n\n{SUMMARY}\n\n")
    assert (code, table.splitlines()) == (
        0,
        [
            "feed    story",
            "  200   story",
            "  a     story",
            "  b     -",
            "things  -",
            "  200   -",
            "  404   -",
            "",
            "0 errors, 0 warnings",
        ],
    )


def test_check_prints_coverage_for_machines(argv, capsys):
    """Nothing but JSON on standard output; what else there is to say goes to the other."""
    code, out, err = run(capsys, *argv, "--coverage=json", "--min-coverage", "events=51")
    assert (code, json.loads(out)["summary"]["events"]["scenarios"]) == (1, 1)
    assert "less than 51 % [too-little-coverage]" in err
    assert err.endswith("0 errors, 0 warnings\n")


def test_check_fails_on_too_little_coverage(argv, capsys):
    """Exit 1, for nothing is wrong with the files; each kind that falls short is told."""
    assert run(capsys, *argv, "--min-coverage", "operations=50,responses=33,events=50")[0] == 0
    code, out, _ = run(capsys, *argv, "--min-coverage", "operations=50,responses=34,events=51")
    assert (code, out[out.index(SUMMARY) :]) == (
        1,
        f"{SUMMARY}\n\n"
        "api.yaml: scenarios reach responses 1 of 3 (33.3 %), less than 34 % [too-little-coverage]\n"
        "  mend: write scenarios that reach: things 200, things 404\n\n"
        "api.yaml: scenarios reach events 1 of 2 (50 %), less than 51 % [too-little-coverage]\n"
        "  mend: write scenarios that reach: feed b\n\n"
        "0 errors, 0 warnings\n",
    )


def test_files_that_are_wrong_go_before_too_little_coverage(argv, tmp_path, capsys):
    """Exit 2 whatever is covered; both are annotations of a workflow run."""
    (tmp_path / "story.yaml").write_text(
        f"{STORY}---\noperation: nope\nscenario: x\nresponse: {{}}\n"
    )
    code, out, _ = run(capsys, *argv, "--min-coverage", "80", "--format", "github")
    assert code == 2
    assert out.count("title=unknown-operation::") == 1
    assert out.count("::error file=api.yaml,title=too-little-coverage::scenarios reach ") == 3


def test_a_wrong_minimum_is_the_operators_affair(capsys):
    """Exit 3, and what can be written."""
    with pytest.raises(SystemExit) as error:
        main(["check", "--min-coverage", "most"])
    assert error.value.code == 3
    assert "'most' is no percentage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("minimum", "code"), [("operations=50", 0), ("operations=50,events=51", 1)]
)
def test_a_run_fails_when_its_clients_were_sent_too_little(argv, tmp_path, minimum, code):
    """When the server is told to stop, it says what was missed, and exits 1."""
    api = ["--spec", str(tmp_path / "api.yaml"), "--min-coverage", minimum]
    with serving(tmp_path / "story.yaml", *api) as (process, url):
        with urllib.request.urlopen(f"{url}/feed") as response:
            response.readline()
            process.send_signal(signal.SIGTERM)
            response.read()
        assert process.wait(60) == code
        said = process.stderr.read()
    assert (
        "clients were sent operations 1 of 2 (50 %), responses 1 of 3 (33.3 %), "
        "events 1 of 2 (50 %)\n" in said
    )
    missed = "less than 51 % [too-little-coverage]\n  mend: let clients ask for: feed b\n" in said
    assert missed is bool(code)

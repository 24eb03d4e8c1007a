"""`mockserver new`: a scenario to begin with, printed or written."""

import json

import pytest
from commands import FEED, run

DOCUMENT = (
    FEED
    + """\
            text/event-stream: {}
  /things:
    get:
      operationId: things
      responses:
        "200": {description: "", content: {application/json: {schema: {type: string}}}}
"""
)


@pytest.fixture
def argv(tmp_path, monkeypatch):
    """The beginning of a command, in a folder with a document and an empty folder of scenarios."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api.yaml").write_text(DOCUMENT)
    (tmp_path / "scenarios").mkdir()
    return ["new", "--spec", "api.yaml", "--scenarios", "scenarios"]


def test_new_prints_a_scenario(argv, capsys, tmp_path):
    """Which can be put into any file, and writes none."""
    code, out, err = run(capsys, *argv, "feed")
    assert (code, err) == (0, "")
    assert out.startswith(
        "# yaml-language-server: $schema=scenario.schema.json\n"
        "# GET /feed, as api.yaml describes it.\n"
        "scenario: feed\n"
        "operation: feed\n"
    )
    assert list((tmp_path / "scenarios").iterdir()) == []


def test_new_writes_a_file_and_the_schema_for_editors(argv, capsys, tmp_path):
    """The schema once for a folder of scenarios; both fit what is served."""
    code, out, _ = run(capsys, *argv, "feed", "-o", "scenarios/live/feed.yaml")
    assert (code, out) == (
        0,
        "wrote scenarios/live/feed.yaml\nwrote scenarios/scenario.schema.json\n",
    )
    first, *_ = (tmp_path / "scenarios" / "live" / "feed.yaml").read_text().splitlines()
    assert first == "# yaml-language-server: $schema=../scenario.schema.json"
    schema = json.loads((tmp_path / "scenarios" / "scenario.schema.json").read_text())
    assert schema["title"] == "Scenario of sse-mockserver"
    code, out, _ = run(capsys, *argv, "things", "--output", "scenarios/things.yaml")
    assert out == "wrote scenarios/things.yaml\n"
    assert run(capsys, "check", "--strict", *argv[1:], "--min-coverage", "100")[0] == 0


def test_new_writes_beside_a_file_that_belongs_to_no_folder(argv, capsys):
    """With a schema of its own."""
    code, out, _ = run(capsys, "new", "--spec", "api.yaml", "feed", "-o", "elsewhere/feed.yaml")
    assert (code, out) == (0, "wrote elsewhere/feed.yaml\nwrote elsewhere/scenario.schema.json\n")


def test_new_takes_a_name_and_a_seed(argv, capsys):
    """The name is the scenario's, the seed decides over all values."""
    outs = [run(capsys, *argv, "things", "--seed", seed)[1] for seed in "001"]
    assert outs[0] == outs[1] != outs[2]
    assert "\nscenario: mine\n" in run(capsys, *argv, "GET /things", "--name", "mine")[1]


def test_new_writes_over_a_file_only_by_force(argv, capsys, tmp_path):
    """What stood in it is gone, so that its name is free."""
    write = [*argv, "feed", "-o", "scenarios/feed.yaml"]
    run(capsys, *write)
    before = (tmp_path / "scenarios" / "feed.yaml").read_text()
    (tmp_path / "scenarios" / "feed.yaml").write_text(before + "# mine\n")
    assert run(capsys, *write) == (
        3,
        "",
        "scenarios/feed.yaml is there already [file-exists]\n"
        "  mend: name another with --output, or write over it with --force\n",
    )
    assert run(capsys, *write, "--force")[0] == 0
    assert (tmp_path / "scenarios" / "feed.yaml").read_text() == before


def test_new_makes_room_for_what_is_there(argv, capsys):
    """A second one for an operation has another name, and takes no requests from the first."""
    run(capsys, *argv, "feed", "-o", "scenarios/a.yaml")
    run(capsys, *argv, "feed", "-o", "scenarios/b.yaml")
    code, out, _ = run(capsys, "check", "--strict", *argv[1:])
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()[:2]] == ["feed", "feed-2"]


def test_new_lists_what_has_no_scenario(argv, capsys):
    """One operation a line, for the next command."""
    assert run(capsys, *argv) == (0, "feed\nthings\n", "")
    run(capsys, *argv, "feed", "-o", "scenarios/feed.yaml")
    assert run(capsys, *argv) == (0, "things\n", "")


def test_new_names_the_operations_there_are(argv, capsys):
    """An unknown one gets the nearest known."""
    assert run(capsys, *argv, "thigs") == (
        3,
        "",
        "the document has no operation 'thigs' [unknown-operation]\n"
        "  mend: did you mean 'things'?\n",
    )


def test_a_file_that_cannot_be_written_is_the_operators_affair(argv, capsys, tmp_path):
    """Exit 3, with what the system says."""
    (tmp_path / "file").write_text("")
    code, out, err = run(capsys, *argv, "feed", "-o", "file/feed.yaml")
    assert (code, out) == (3, "")
    assert err.startswith("file/feed.yaml cannot be written: ")
    assert err.endswith("[cannot-write]\n  mend: name another file with --output\n")

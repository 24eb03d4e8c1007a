"""`mockserver record` and `mockserver import`, as a user types them."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import run

from mockserver import MockServer
from mockserver.cli import main
from mockserver.errors import StartError
from mockserver.upstream.recorder import Recorder

SPEC = Path(__file__).resolve().parent.parent.parent / "specs" / "petstore.openapi.yaml"
STORY = """
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "2026-01-01T00:00:00Z"}}
- {id: 2, data: {status: payment_confirmed, timestamp: "2026-01-01T00:00:00Z"}}
- disconnect: end
"""
STATUS = "/v1/orders/019b4132/status/stream"
CURL = f"> GET {STATUS} HTTP/1.1\n> \n< HTTP/1.1 200 OK\n< Content-Type: text/event-stream\n< \ndata: x\n\n"


@contextmanager
def recording(folder, upstream, *options, end=signal.SIGINT):
    """A recording in a process of its own; yields its URL, then what it said, ended by a signal."""
    command = [sys.executable, "-m", "mockserver", "record", "--upstream", upstream, "--port", "0"]
    process = subprocess.Popen(
        [*command, "--output", "rec", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    said = {}
    try:
        said["url"] = process.stdout.readline().split()[-1]
        yield said
        process.send_signal(end)
        said["out"], said["err"] = process.communicate(timeout=60)
        said["code"] = process.returncode
    finally:
        process.kill()
        process.communicate()


def get(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def upstream(tmp_path):
    """A server to be recorded."""
    (tmp_path / "story.yaml").write_text(STORY)
    with MockServer(spec=SPEC, scenarios=tmp_path / "story.yaml") as server:
        yield server


def test_a_recording_is_written_and_can_be_served(tmp_path, upstream):
    """What it prints is the command that serves it; secrets are masked, and it says so."""
    with recording(tmp_path, upstream.url) as said:
        first = get(said["url"] + STATUS, Authorization="Bearer very-secret")
        assert get(said["url"] + "/_mock/health")[0] == 200
    assert (said["code"], first[0]) == (0, 200)
    assert "2 exchanges, 1 stream with 2 events: 2 scenarios" in said["out"]
    assert f"GET {STATUS} 200, " in said["err"]
    command = re.search(r"  (mockserver serve --spec (\S+) --scenarios (\S+))\n", said["out"])
    written = [path.read_text() for path in tmp_path.glob("rec/**/*.yaml")]
    assert not [text for text in written if "very-secret" in text]
    assert not (tmp_path / "rec" / "recording.jsonl").exists()
    with MockServer(spec=tmp_path / command[2], scenarios=tmp_path / command[3]) as server:
        assert get(server.url + STATUS, Authorization="Bearer other") == first


def test_a_recording_for_a_document_has_its_operations(tmp_path, upstream):
    """The scenarios name them, behind a prefix as well; SIGTERM ends it like Ctrl-C."""
    options = ("--spec", str(SPEC), "--exact")
    with recording(tmp_path, upstream.url + "/v1", *options, end=signal.SIGTERM) as said:
        get(said["url"] + STATUS.removeprefix("/v1"))
    assert f"mockserver serve --spec {SPEC} --scenarios rec" in said["out"]
    (path,) = tmp_path.glob("rec/**/*.yaml")
    assert path.read_text().startswith("operation: streamOrderStatus\n")


def test_an_upstream_that_is_down_is_said(tmp_path, upstream):
    """The client gets 502, and the end of the recording tells of it; there is nothing to serve."""
    upstream_url = upstream.url
    upstream._home.run(upstream.stop())
    with recording(tmp_path, upstream_url) as said:
        status, body = get(said["url"] + STATUS + "?token=very-secret")
    assert (status, json.loads(body)["code"]) == (502, "upstream-unreachable")
    assert f"note: GET {STATUS}: {upstream_url} cannot be reached" in said["out"]
    assert "0 exchanges" in said["out"]
    assert "mockserver serve" not in said["out"]
    assert "very-secret" not in said["out"] + said["err"]


def test_a_recording_that_was_killed_can_be_imported(tmp_path, upstream, capsys, monkeypatch):
    """What had passed is in a file that only its owner can read; a new recording points there."""
    monkeypatch.chdir(tmp_path)
    with recording(tmp_path, upstream.url, end=signal.SIGKILL) as said:
        get(said["url"] + STATUS)
        while b'"end"' not in (tmp_path / "rec" / "recording.jsonl").read_bytes():
            pass
    assert (tmp_path / "rec" / "recording.jsonl").stat().st_mode & 0o777 == 0o600
    code, _, err = run(capsys, "record", "--upstream", upstream.url, "--output", "rec")
    assert code == 3
    assert "mockserver import rec/recording.jsonl keeps it" in err
    code, out, _ = run(capsys, "import", "rec/recording.jsonl", "--output", "rec")
    assert code == 0
    assert "1 exchange, 1 stream with 2 events: 1 scenario" in out
    assert "note: rec/recording.jsonl still has all that passed, secrets too: delete it" in out


@pytest.mark.parametrize("command", ["record", "import"])
def test_what_is_there_is_not_written_over(tmp_path, capsys, monkeypatch, command):
    """Unless that is asked for; then other files stay."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "mine.txt").write_text("mine")
    (tmp_path / "a.txt").write_text(CURL)
    given = ["a.txt"] if command == "import" else ["--upstream", "http://127.0.0.1:9"]
    code, _, err = run(capsys, command, *given, "--output", "rec")
    assert (code, "[output-exists]" in err) == (3, True)
    if command == "import":
        code, _, _ = run(capsys, command, *given, "--output", "rec", "--force")
        assert code == 0
        assert (tmp_path / "rec" / "mine.txt").read_text() == "mine"


def test_a_transcript_is_imported_for_a_document(tmp_path, capsys, monkeypatch):
    """The scenario is of the document's operation, and what it prints serves it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text(CURL)
    code, out, _ = run(capsys, "import", "a.txt", "--spec", str(SPEC), "--output", "rec")
    assert code == 0
    assert f"mockserver serve --spec {SPEC} --scenarios rec\n" in out
    assert "note: the file does not tell when each event came" not in out


def test_a_stream_alone_is_imported_for_the_request_that_is_named(tmp_path, capsys, monkeypatch):
    """Without a document one is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("data: 1\n\ndata: 2\n\n")
    options = ("--request", "POST /v1/chat", "--output", "rec")
    code, out, _ = run(capsys, "import", "a.txt", *options)
    assert code == 0
    assert "note: the file does not tell when each event came" in out
    assert "post:" in (tmp_path / "rec" / "openapi.yaml").read_text()


def test_a_scenario_that_is_called_like_a_document_is_none(tmp_path, capsys, monkeypatch):
    """What serves the recording is said once."""
    monkeypatch.chdir(tmp_path)
    asked = [
        CURL.replace(STATUS, f"/s?x={x}").replace("data: x", f"data: {x}") for x in ("a", "openapi")
    ]
    (tmp_path / "a.txt").write_text("".join(asked))
    _, out, _ = run(capsys, "import", "a.txt", "--output", "rec")
    assert (tmp_path / "rec" / "getS" / "openapi.yaml").exists()
    assert "2 exchanges, 2 streams with 2 events: 2 scenarios" in out
    assert re.findall("mockserver serve .*", out) == [
        "mockserver serve --spec rec/openapi.yaml --scenarios rec"
    ]


def test_a_port_that_is_in_use_leaves_nothing_behind(tmp_path, upstream, capsys, monkeypatch):
    """The next attempt is not told of a recording that broke off."""
    monkeypatch.chdir(tmp_path)
    words = ("record", "--upstream", upstream.url, "--port", str(upstream.port), "--output", "rec")
    code, _, err = run(capsys, *words)
    assert (code, "[port-in-use]" in err) == (3, True)
    assert not (tmp_path / "rec").exists()


WRONG = {
    "no file": (("import", "none.har", "--output", "rec"), 2, "unreadable-file"),
    "junk": (("import", "junk.bin", "--output", "rec"), 2, "unknown-format"),
    "no request": (("import", "junk.bin", "--request", "x", "--output", "rec"), 3, "is no request"),
    "no upstream": (("record", "--upstream", "ftp://a", "--output", "rec"), 3, "bad-upstream"),
    "no document": (
        ("record", "--upstream", "http://a", "--spec", "none.yaml", "--output", "rec"), 2, "unreadable-file",
    ),
    "no folder": (("import", "a.txt", "--output", "a.txt"), 3, "cannot-write"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "code", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_code(tmp_path, capsys, monkeypatch, words, code, said):
    """Before anything is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "junk.bin").write_bytes(b"\0\1")
    (tmp_path / "a.txt").write_text(CURL)
    try:
        found, _, err = run(capsys, *words)
    except SystemExit as error:
        found, err = error.code, capsys.readouterr().err
    assert (found, said in err) == (code, True)
    assert not (tmp_path / "rec").exists()


@pytest.mark.parametrize(
    ("error", "expected"),
    [(KeyboardInterrupt(), 130), (StartError("no space left", code="cannot-write"), 3)],
    ids=["a second interrupt", "a full disk"],
)
def test_what_was_recorded_is_not_lost(tmp_path, monkeypatch, capsys, error, expected):
    """Where scenarios could not be written it is still there, and how to write it is said."""

    async def record(args, address, keep):
        keep(b'{"recorded":1,"upstream":"http://127.0.0.1:1"}\n')
        return Recorder("http://127.0.0.1:1", keep)

    def finish(*args):
        raise error

    monkeypatch.setattr("mockserver.cli.record._record", record)
    monkeypatch.setattr("mockserver.cli.recorded.finish", finish)
    folder = tmp_path / "rec"

    code = main(["record", "--upstream", "http://127.0.0.1:1", "--output", str(folder)])

    assert code == expected
    assert f"mockserver import {folder / 'recording.jsonl'} writes it" in capsys.readouterr().err
    assert (folder / "recording.jsonl").read_bytes().startswith(b'{"recorded"')


def test_an_interrupt_before_it_listens_leaves_nothing(tmp_path, monkeypatch, capsys):
    """No traceback, no folder."""

    async def record(args, address, keep):
        raise KeyboardInterrupt

    monkeypatch.setattr("mockserver.cli.record._record", record)
    folder = tmp_path / "rec"

    assert main(["record", "--upstream", "http://127.0.0.1:1", "--output", str(folder)]) == 130
    assert capsys.readouterr().err == ""
    assert not folder.exists()

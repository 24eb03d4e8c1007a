"""`serve` as a process: ready line, signals, log."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

STORY = "operation: streamOrderStatus\nstream: [{data: '{{ uuid() }} {{ request.path.id }}'}, {hold: forever}]\n"


@contextmanager
def serving(folder, *argv, **env):
    """Run `mockserver serve` on any port; yields the process and its URL."""
    command = [
        sys.executable,
        "-m",
        "mockserver",
        "serve",
        "--port",
        "0",
        "--scenarios",
        str(folder),
        "--events",
        "off",
        *argv,
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Listening on http://127.0.0.1:"), process.stderr.read()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def folder(tmp_path):
    """A folder with one scenario that never ends."""
    (tmp_path / "story.yaml").write_text(STORY)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_open_streams_properly(folder, number):
    """The open stream gets its last chunk, the process exits 0."""
    with serving(folder) as (process, url):
        with urllib.request.urlopen(f"{url}/v1/orders/7/status/stream") as response:
            assert response.readline().endswith(b" 7\n")
            process.send_signal(number)
            assert response.read() == b"\n"  # a chunked body without its last chunk would raise
        assert process.wait(60) == 0


def test_two_processes_send_the_same_bytes(folder):
    """Nothing depends on the process: not on its hash seed, not on when it runs."""
    first_lines = []
    for hash_seed in ("1", "2"):
        with (
            serving(folder, PYTHONHASHSEED=hash_seed) as (_, url),
            urllib.request.urlopen(f"{url}/v1/orders/7/status/stream") as response,
        ):
            first_lines.append((sorted(response.headers.items()), response.readline()))
    assert first_lines[0] == first_lines[1]


def test_the_health_check_answers(folder):
    """`/_mock/health` is what a container is asked."""
    with serving(folder) as (_, url), urllib.request.urlopen(f"{url}/_mock/health") as response:
        assert json.load(response)["status"] == "ok"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("json", '{"entry": "opened", "session": "default"'),
        ("text", "opened session=default"),
    ],
)
def test_every_connection_is_logged(folder, form, expected):
    """A line to standard error when a connection opens, another when it ends."""
    with serving(folder, "--log-format", form) as (process, url):
        urllib.request.urlopen(f"{url}/v1/orders/7/status/stream").close()
        opened, closed = process.stderr.readline(), process.stderr.readline()
    assert opened.startswith(expected)
    assert ("story" in opened, "client" in closed) == (True, True)


def test_keep_going_serves_what_is_left(folder):
    """Broken scenarios are told of and left out."""
    (folder / "bad.yaml").write_text("operation: getOrder\n")
    with serving(folder, "--keep-going") as (process, url):
        urllib.request.urlopen(f"{url}/v1/orders/7/status/stream").close()
        process.terminate()
        _, errors = process.communicate()
    assert "bad.yaml:1:1: the scenario says nothing [no-story]" in errors


def test_stateful_keeps_what_is_created(folder):
    """What a POST has made is read by GET."""
    with serving(folder, "--stateful") as (_, url):
        head = {"Authorization": "Bearer x", "Content-Type": "application/json"}
        made = urllib.request.Request(f"{url}/v1/pets", b'{"name": "Tom"}', head)
        with urllib.request.urlopen(made) as response:
            location, pet = response.headers["Location"], json.load(response)
        with urllib.request.urlopen(urllib.request.Request(url + location, headers=head)) as got:
            assert json.load(got) == pet


@pytest.mark.parametrize(("mode", "logged"), [("warn", "violated "), ("enforce", "ERROR 500 ")])
def test_what_breaks_the_contract_is_logged(folder, mode, logged):
    """`--events` says whether it is sent; either way the log has the event and its fault."""
    with serving(folder, "--events", mode) as (process, url):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{url}/v1/orders/7/status/stream").close()
        lines = [process.stderr.readline() for _ in range(2)]
    (line,) = [line for line in lines if line.startswith(logged)]
    assert "data: not JSON: " in line


@pytest.mark.parametrize("form", ["text", "json"])
def test_every_look_at_edited_files_is_logged(folder, form):
    """A broken edit with its problem, and its mend."""
    story = folder / "story.yaml"
    with serving(folder, "--reload", "--log-format", form) as (process, _):
        story.write_text("operation: streamOrderStatus\nstream: [{dta: x}]\n")
        broken = [process.stderr.readline() for _ in range(1 if form == "json" else 5)]
        story.write_text(STORY)
        mended = process.stderr.readline()
    if form == "json":
        (problem,) = json.loads(broken[0])["problems"]
        assert (problem["code"], problem["mend"]) == ("unknown-key", "did you mean 'data'?")
        assert json.loads(mended) == {
            "entry": "files",
            "version": 2,
            "stale": False,
            "problems": [],
        }
    else:
        assert broken[0] == "files version=1 stale=true problems=1\n"
        assert "unknown key 'dta' in a step [unknown-key]" in broken[1]
        assert mended == "files version=2 stale=false problems=0\n"


def test_without_a_terminal_nothing_is_reloaded(folder):
    """A file that is edited waits for `POST /_mock/reload`, or for `--reload`."""
    with serving(folder) as (process, url):
        (folder / "story.yaml").write_text("broken: [")
        urllib.request.urlopen(f"{url}/v1/orders/7/status/stream").close()
        assert process.stderr.readline().startswith("opened ")

"""Backends written with other people's servers, held to scenarios: one right and one wrong each."""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FOLDER = HERE / "backends"
DEADLINE = 60.0

BACKENDS = {
    "sse-starlette": ("use_sse_starlette.py", ("sse_starlette", "uvicorn")),
    "flask": ("use_flask.py", ("flask",)),
    "express": ("use_express.mjs", ("express",)),
    "better-sse": ("use_better_sse.mjs", ("better-sse",)),
}
FOUND = {
    "sse-starlette": {"order": ["event-schema", "event-schema"], "status": []},
    "flask": {"order": ["media-type"], "status": ["media-type"]},
    "express": {"order": ["id-missing"], "status": ["heartbeat"]},
    "better-sse": {"order": ["no-resume"], "status": []},
}


@pytest.fixture
def backend(lacks):
    """Give a function that starts a backend as a process and returns its URL."""
    started = []

    def start(name, kind):
        file, needs = BACKENDS[name]
        if file.endswith(".mjs"):
            program = shutil.which("node")
            if program is None:
                lacks("node is not installed")
            if not all((HERE / "node_modules" / need).is_dir() for need in needs):
                lacks("the servers are not installed: npm ci --prefix tests/e2e")
        else:
            program = sys.executable
            missing = [need for need in needs if find_spec(need) is None]
            if missing:
                lacks(f"{missing[0]} is not installed: it is in the group 'test'")
        process = subprocess.Popen(
            [program, FOLDER / file, kind],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process.stdout.readline().removeprefix("Listening on ").strip()

    yield start
    for process in started:
        process.terminate()
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def verify(url, report):
    """Verify a backend as a user does; returns the exit code and what was found, by scenario."""
    argv = ["verify", "--base-url", url, "--scenarios", FOLDER / "scenarios", "--json", report]
    done = subprocess.run(
        [sys.executable, "-m", "mockserver", *argv, "--tolerance", "1000"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    told = json.loads(report.read_text(encoding="utf-8"))["scenarios"]
    found = {each["scenario"]: [one["code"] for one in each["differences"]] for each in told}
    return done.returncode, found, done.stdout


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_that_is_right_passes(backend, tmp_path, name):
    """Whatever it was written with: it resumes, beats, and comes to its end."""
    code, found, text = verify(backend(name, "right"), tmp_path / "report.json")

    assert (code, found) == (0, {"order": [], "status": []}), text


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_that_is_wrong_is_told_what_it_does(backend, tmp_path, name):
    """Each makes a mistake that people make with it."""
    code, found, text = verify(backend(name, "wrong"), tmp_path / "report.json")

    assert (code, found) == (1, FOUND[name]), text

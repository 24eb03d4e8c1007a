"""What users install, build and run besides Python code: Makefile, container, CI and lock files.

No container engine is needed: the Dockerfile is read for the properties that its users rely on.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mockserver import MockServer

ROOT = Path(__file__).resolve().parent.parent


def instructions():
    """Read the Dockerfile as (instruction, arguments) in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def last_stage():
    """Read the instructions of the image that is run."""
    everything = instructions()
    start = max(n for n, (name, _) in enumerate(everything) if name == "FROM")
    return everything[start:]


def only(name):
    """Read the arguments of the one instruction of that name in the last stage."""
    [arguments] = [arguments for found, arguments in last_stage() if found == name]
    return arguments


def option(arguments, name):
    """Read the value that follows an option in a list of arguments."""
    return arguments[arguments.index(name) + 1]


def test_the_image_is_built_in_two_stages_from_the_same_base():
    """A virtual environment can move between images only if the Python is the same one."""
    bases = [arguments.split()[0] for name, arguments in instructions() if name == "FROM"]

    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert bases[0].endswith("-slim")


def test_everything_that_the_image_copies_exists_and_reaches_the_builder():
    """COPY of a file that .dockerignore holds back fails only at build time."""
    ignored, *kept = [
        line
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "**"))
    ]
    assert ignored == "*"

    for name, arguments in instructions():
        if name != "COPY" or "--from=" in arguments:
            continue
        for source in shlex.split(arguments)[:-1]:
            assert (ROOT / source).exists(), source
            assert "!" + source.split("/")[0] in kept, source


def test_the_image_has_what_the_build_needs():
    """Every path that pyproject.toml names for the wheel is copied into the first stage."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], project["project"]["readme"]}

    copied = {
        source
        for name, arguments in instructions()
        if name == "COPY"
        for source in shlex.split(arguments)[:-1]
    }

    assert {path.split("/")[0] for path in needed} <= {path.split("/")[0] for path in copied}


def test_the_image_does_not_run_as_root():
    """The user is a number, so that Kubernetes can see that it is not root."""
    user, group = only("USER").split(":")

    assert int(user) > 0
    assert int(group) > 0


def test_the_image_listens_on_the_port_it_exposes_and_on_every_address():
    """A server on 127.0.0.1 cannot be reached from outside its container."""
    command = json.loads(only("CMD"))

    assert json.loads(only("ENTRYPOINT")) == ["mockserver"]
    assert command[0] == "serve"
    assert option(command, "--host") == "0.0.0.0"
    assert option(command, "--port") == only("EXPOSE")


def test_spec_and_scenarios_can_be_mounted():
    """What the command serves are the copies under /data, which a mount replaces."""
    command = json.loads(only("CMD"))
    targets = [arguments.split()[-1] for name, arguments in last_stage() if name == "COPY"]

    assert option(command, "--spec") == "/data/spec/openapi.yaml"
    assert option(command, "--scenarios") == "/data/scenarios"
    assert {"/data/spec/openapi.yaml", "/data/scenarios"} <= set(targets)


def test_the_image_stops_on_sigterm():
    """The server is process 1 itself (exec form), and is sent the signal that it handles."""
    assert only("STOPSIGNAL") == "SIGTERM"
    assert isinstance(json.loads(only("ENTRYPOINT")), list)


def test_the_health_check_needs_nothing_but_python_and_the_port():
    """The slim image has no curl; the check is Python that compiles and asks our own port."""
    _, _, command = only("HEALTHCHECK").partition(" CMD ")
    program, flag, code = json.loads(command)

    assert (program, flag) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert f"http://127.0.0.1:{only('EXPOSE')}/_mock/health" in code


@pytest.mark.parametrize("tls", [None, "self-signed"])
def test_the_health_check_finds_a_server_with_tls_and_without(tls):
    """And fails where there is none."""
    _, _, command = only("HEALTHCHECK").partition(" CMD ")
    code = json.loads(command)[2]
    with MockServer(tls=tls) as server:
        here = code.replace(only("EXPOSE"), str(server.port))
        assert subprocess.run([sys.executable, "-c", here], check=False, timeout=60).returncode == 0
    gone = subprocess.run(
        [sys.executable, "-c", here], check=False, timeout=60, capture_output=True
    )
    assert gone.returncode == 1


@pytest.mark.parametrize("folder", ["e2e", "corpus"])
def test_the_npm_lock_file_pins_hashes_and_no_addresses(folder):
    """Where packages are downloaded from is each machine's business."""
    path = ROOT / "tests" / folder / "package-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    packages = {path: entry for path, entry in lock["packages"].items() if path}

    assert packages
    for path, entry in packages.items():
        assert "resolved" not in entry, path
        assert entry["integrity"].startswith("sha512-"), path


@pytest.mark.parametrize("script", [".ci/run", ".ci/smoke", ".ci/make-venv"])
def test_scripts_parse_and_can_be_executed(script):
    """A script that was committed without its mode, or with a slip of syntax, fails here."""
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def make(*arguments):
    """Run make and return what it printed."""
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_make_lists_every_target_that_it_has():
    """Each target that is meant for people has a line in `make help`, the default target."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)[1].split()

    listed = re.findall(r"^  make (\S+)", make(), flags=re.MULTILINE)

    assert sorted(listed) == sorted(targets)


def test_make_serve_replaces_its_shell_by_the_server_on_the_port_asked_for():
    """With no shell in between, a signal reaches the server itself."""
    last = make("--dry-run", "serve", "PORT=9123").splitlines()[-1]

    assert last.startswith("exec ")
    assert "--port 9123" in last
    assert "--spec specs/petstore.openapi.yaml --scenarios scenarios" in last


def test_make_names_what_is_missing_where_no_environment_can_be_made(tmp_path):
    """A machine without python3-venv gets the command that mends it, and no half environment."""
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*|*virtualenv*) exit 1;; esac\n')
    python.chmod(0o755)

    finished = subprocess.run(
        [ROOT / ".ci/make-venv", python, tmp_path / "venv"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 1
    assert "apt-get install python3-venv" in finished.stderr
    assert not (tmp_path / "venv").exists()


def test_dependency_groups_are_read_without_a_new_pip():
    """Every group prints its requirements as pip reads them."""
    script = ROOT / ".ci/requirements.py"
    for group in ("build", "test", "lint"):
        lines = subprocess.run(
            [sys.executable, script, group], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        assert lines
        assert all(re.match(r"[A-Za-z0-9]", line) for line in lines)

"""Every block of the README, and of pages like it, does what it says."""

import os
import re
import shlex
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import pytest
import warm

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PAGES = (
    "README.md",
    "docs/control.md",
    "docs/page.md",
    "docs/pytest.md",
    "docs/record.md",
    "docs/serve.md",
    "docs/verify.md",
    "docs/websocket.md",
)
"""Pages all of whose blocks are executed; more are welcome."""
KINDS = {"yaml", "text", "console", "python", "sh"}


def read(page):
    """Return the blocks of a page, each with its kind."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


BLOCKS = {page: read(page) for page in PAGES}


def blocks(kind):
    """Return the blocks of one kind with their pages, and a short name each."""
    found = [(page, text) for page in PAGES for name, text in BLOCKS[page] if name == kind]
    assert found, f"there is no {kind} block"
    return [
        pytest.param(page, text, id=f"{page}: {text.splitlines()[0][:50]}") for page, text in found
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_is_tested(page):
    """No block escapes the tests of this file."""
    kinds = {name for name, _ in BLOCKS[page]}
    assert kinds
    assert kinds <= KINDS


@pytest.fixture
def folder(tmp_path, page):
    """A folder with the files that the page shows, under the names it gives them."""
    for kind, text in BLOCKS[page]:
        named = re.match(r"# (\S+\.(?:yaml|txt))", text)
        if kind in {"yaml", "text"}:
            assert named, f"a block without a file name: {text!r}"
            path = tmp_path / named[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(text if kind == "yaml" else text.partition("\n")[2])
    return tmp_path


def environment():
    """The commands of this environment come first."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def without_typo(folder):
    """Take out the file that is shown for what is wrong with it."""
    (folder / "scenarios" / "typo.yaml").unlink(missing_ok=True)


@pytest.mark.parametrize(("page", "text"), blocks("console"))
def test_a_console_block_prints_what_it_shows(folder, page, text):
    """Commands run in order, servers in the background; `...` stands for any more lines."""
    if "typo" not in text:
        without_typo(folder)
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
    assert steps
    servers = []
    try:
        for command, expected in steps:
            if command.startswith(("mockserver serve", "mockserver record")):
                servers.append(start(replaced(command, servers), folder))
                assert expected == f"Listening on {servers[-1].shown}\n"
                continue
            if job := re.fullmatch(r"kill -INT %(\d)", command):
                assert expected == ended(servers[int(job[1]) - 1])
                continue
            done = carried_out(shlex.split(replaced(command, servers)), folder)
            shown, more, _ = expected.partition("...\n")
            printed = done.stdout
            for server in servers:
                printed = printed.replace(server.url, server.shown)
            assert (printed[: len(shown)] if more else printed) == shown, done.stderr
    finally:
        for server in servers:
            server.process.terminate()
            server.process.communicate()


def carried_out(words, folder):
    """Run a command to its end."""
    if words[0] == "mockserver":
        # At a terminal the report of `run` stands behind what the command has written.
        merged = words[1] == "run"
        return warm.run(*words[1:], cwd=folder, env=environment(), merged=merged)
    return subprocess.run(
        words, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )


class Server(NamedTuple):
    """A server in the background, as the page shows it and as it is."""

    process: subprocess.Popen
    shown: str
    url: str


def replaced(command, servers):
    """Return a command with the URLs of the servers as they are."""
    for server in servers:
        command = command.replace(server.shown, server.url)
    return command


def ended(server):
    """Press Ctrl-C, and return what is printed then."""
    server.process.send_signal(signal.SIGINT)
    return server.process.communicate(timeout=60)[0]


def start(command, folder):
    """Start a server on a port of its own."""
    command, port = re.sub(r"--port \d+", "--port 0", command), re.search(r"--port (\d+)", command)
    argv = shlex.split(command)
    server = subprocess.Popen(
        [sys.executable, "-m", *argv],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    line = server.stdout.readline()
    assert line.startswith("Listening on ")
    return Server(server, f"http://127.0.0.1:{port[1]}", line.split()[-1])


PRELUDE = "import asyncio\nimport httpx\nimport pytest\nfrom mockserver import MockServer\n\n"
PATIENT = """
import httpx

for call in (httpx.get, httpx.Client.__init__, httpx.AsyncClient.__init__):
    call.__kwdefaults__["timeout"] = 60
"""
"""On a machine with much to do httpx's five seconds pass while a server begins."""
CLIENT = """
TOKEN = {"Authorization": "Bearer anything"}


async def use(url):
    task = asyncio.create_task(asyncio.to_thread(httpx.get, f"{url}/v1/pets", headers=TOKEN))
    assert (await task).status_code == 200


async def test_embedded():
"""


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_a_python_block_runs(folder, page, text):
    """A test passes under pytest; other code runs inside of an async test."""
    without_typo(folder)
    if "def test_" not in text:
        text = CLIENT + "".join(f"    {line}\n" for line in text.splitlines())
    (folder / "test_it.py").write_text(PRELUDE + text)
    (folder / "conftest.py").write_text(PATIENT)
    plugins = ["-p", "mockserver.pytest_plugin"] if not installed() else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", *plugins, "test_it.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def installed():
    """Whether the package's own pytest plugin is registered."""
    return bool(list(entry_points(group="pytest11", name="mockserver")))


@pytest.mark.parametrize(("page", "text"), blocks("sh"))
def test_a_shell_block_can_be_typed(folder, page, text):
    """`make` targets exist (dry run); `check` finds nothing, `serve` takes its options."""
    without_typo(folder)
    (folder / "openapi.yaml").write_text((ROOT / "specs" / "petstore.openapi.yaml").read_text())
    for line in text.splitlines():
        argv = shlex.split(line, comments=True)
        if argv[0] == "make":
            done = subprocess.run(
                ["make", "-n", *argv[1:]], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        elif argv[1] == "serve":
            process = start(shlex.join([*argv, "--port", "0"]), folder).process
            process.terminate()
            process.communicate()
            assert process.returncode == 0
        else:
            done = carried_out(argv, folder)
            assert done.returncode == 0, done.stdout

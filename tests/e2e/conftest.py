"""What the end-to-end tests share: servers in processes of their own or here, and clients that others wrote."""

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import webdriver

from mockserver import MockServer

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PETSTORE = ROOT / "specs" / "petstore.openapi.yaml"
DEADLINE = 30.0

REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"


def missing(reason: str) -> None:
    """Skip for the named reason, or fail where the machine was told to have everything."""
    if REQUIRED:
        pytest.fail(f"REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture
def lacks() -> Callable[[str], None]:
    """Give the function that says why a test cannot be run here."""
    return missing


class Server:
    """``mockserver serve`` in a process of its own, or another command; `url` is what it printed."""

    def __init__(self, *arguments: str, command: str = "serve") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mockserver", command, "--port", "0", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self.log: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self.wait_for("Listening on ").split("Listening on ")[1].split()[0]
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def _read(self) -> None:
        for line in self.process.stdout:
            self.log.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, text: str) -> str:
        """Return the next line of the server's output that holds `text`."""
        while (line := self._lines.get(timeout=DEADLINE)) is not None:
            if text in line:
                return line
        pytest.fail(f"the server ended without printing {text!r}:\n{''.join(self.log)}")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Signal the server, and return its exit code once it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        try:
            code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        self.process.stdout.close()
        return code


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Give a function that writes scenario files, by name, and serves them on the Petstore."""
    servers: list[Server] = []

    def start(*arguments: str, **scenarios: str) -> Server:
        folder = tmp_path / f"scenarios-{len(servers)}"
        folder.mkdir()
        for name, text in scenarios.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        servers.append(Server("--spec", str(PETSTORE), "--scenarios", str(folder), *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


class Played:
    """A server in a thread of this process, which starts in a tenth of the time; `url` is its own.

    For what is seen of a server; what the command does is shown by `Server`.
    """

    def __init__(self, folder: Path, spec: Path = PETSTORE, **settings: Any) -> None:
        self._stack = contextlib.ExitStack()
        server = MockServer(spec=spec, scenarios=folder, **settings)
        self.url = self._stack.enter_context(server).url

    def stop(self) -> None:
        """End its streams, and free the port; a second time is one too many, and does nothing."""
        self._stack.close()


Play = Callable[..., Played]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Give a function that writes scenario files, by name, and plays them on the Petstore.

    One text is the file `story`. The folders are `scenarios-0` and so on; settings are those of
    `MockServer`.
    """
    servers: list[Played] = []

    def start(scenarios: dict[str, str] | str, **settings: Any) -> Played:
        folder = tmp_path / f"scenarios-{len(servers)}"
        folder.mkdir()
        named = {"story": scenarios} if isinstance(scenarios, str) else scenarios
        for name, text in named.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        servers.append(Played(folder, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def petstore() -> Iterator[Server]:
    """Give a server of all that ships."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Give a function that records an upstream into the folder `recorded`."""
    proxies: list[Server] = []

    def start(upstream: str) -> Server:
        options = ("--upstream", upstream, "--output", str(tmp_path / "recorded"))
        proxies.append(Server(*options, command="record"))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.stop()


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Callable[[Server], Played]]:
    """Give a function that ends a recording, and serves what has come of it."""
    servers: list[Played] = []

    def start(proxy: Server) -> Played:
        assert proxy.stop(signal.SIGINT) == 0, "".join(proxy.log)
        folder = tmp_path / "recorded"
        servers.append(Played(folder, folder / "openapi.yaml"))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(params=["eventsource", "undici"])
def node(request: pytest.FixtureRequest) -> Callable[..., list[dict]]:
    """Give a function that runs ``client.mjs URL …`` and returns the lines it printed.

    Every test that asks for it runs once for each of the two implementations.
    """
    program = shutil.which("node")
    if program is None:
        missing("node is not installed")
    if not (HERE / "node_modules" / request.param).is_dir():
        missing("the clients are not installed: npm ci --prefix tests/e2e")

    def run(url: str, *arguments: str) -> list[dict]:
        finished = subprocess.run(
            [
                program,
                "--no-warnings",
                HERE / "client.mjs",
                url,
                "--client",
                request.param,
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=2 * DEADLINE,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return [json.loads(line) for line in finished.stdout.splitlines()]

    return run


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Browser]:
    """Give a headless Chromium with an empty profile."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        missing("Chromium is not installed: apt-get install chromium chromium-driver")
    with webdriver.Browser(driver, chromium, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


AXE = """
const root = document.querySelector(given[0])
const {violations} = await axe.run(root, {resultTypes: ['violations']})
return violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.target} ${node.html}`))
"""


@pytest.fixture
def barriers(browser: webdriver.Browser) -> Callable[[str], list[str]]:
    """Give a function that returns what keeps people out of the page that is open (axe-core)."""
    script = HERE / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        missing("axe-core is not installed: npm ci --prefix tests/e2e")

    def found(selector: str = "html") -> list[str]:
        browser.run(f"{script.read_text(encoding='utf-8')}\nwindow.axe = axe")
        return browser.run(AXE, selector)

    return found


@pytest.fixture
def picture() -> Callable[[str, bytes], None]:
    """Give a function that keeps a screenshot for the documentation, where SCREENSHOTS=1 asks."""

    def keep(name: str, png: bytes) -> None:
        path = ROOT / "docs" / "images" / name
        if os.environ.get("SCREENSHOTS") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(png)
        assert path.is_file(), f"make it: SCREENSHOTS=1 python -m pytest {HERE.relative_to(ROOT)}"

    return keep

"""Chromium by the WebDriver protocol (W3C), the four commands that these tests need of it."""

import http.client
import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # /dev/shm has 64 MB in many containers, and a page of Chromium then dies of SIGBUS.
    "--disable-dev-shm-usage",
)
SCRIPT_TIMEOUT = 30_000
READY = " was started successfully on port "


class WebDriverError(Exception):
    """The driver answered a command with an error; the text is the driver's own."""


class Browser:
    """One chromedriver with one session; a context manager that ends both."""

    def __init__(self, driver: str, chromium: str, profile: Path) -> None:
        self._driver = subprocess.Popen(
            [driver, "--port=0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._session = ""
        try:
            self._port = self._wait_for_port()
            self._open(chromium, profile)
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call("DELETE", "")
        self._stop()

    def open(self, url: str) -> None:
        """Load a page and wait until it has loaded."""
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of an async function in the page; return what it returns."""
        wrapped = f"""
            const done = arguments[arguments.length - 1]
            const body = async (...given) => {{ {script} }}
            body(...Array.prototype.slice.call(arguments, 0, -1))
              .then((value) => done({{value}}), (error) => done({{error: String(error)}}))
        """
        answer = self._call("POST", "/execute/async", {"script": wrapped, "args": list(arguments)})
        if "error" in answer:
            raise WebDriverError(answer["error"])
        return answer["value"]

    def _wait_for_port(self) -> int:
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            if READY in line:
                return int(line.split(READY)[1].rstrip(".\n"))
        raise WebDriverError("chromedriver ended before it had a port")

    def _open(self, chromium: str, profile: Path) -> None:
        options = {"binary": chromium, "args": [*FLAGS, f"--user-data-dir={profile}"]}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "timeouts": {"script": SCRIPT_TIMEOUT},
        }
        created = self._call("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/{created['sessionId']}"

    def _call(self, method: str, path: str, body: dict | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=90)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/session{self._session}{path}", text)
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(answer, dict) and {"error", "stacktrace"} <= answer.keys():
            raise WebDriverError(f"{answer['error']}: {answer['message']}")
        return answer

    def _stop(self) -> None:
        self._driver.terminate()
        try:
            self._driver.wait(10)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait(10)
        if self._driver.stdout is not None:
            self._driver.stdout.close()

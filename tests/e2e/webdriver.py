"""Chromium by the WebDriver protocol (W3C), the few commands that these tests need of it."""

import base64
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
SCRIPT_TIMEOUT = 80_000
KEYS = {
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Escape": "\ue00c",
    "Space": "\ue00d",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}
"""Keys that write nothing, by their names in the DOM (WebDriver § 17.4.2)."""
UNTIL = """
const started = performance.now()
const wanted = async () => { %s }
for (;;) {
  let value, error = 'the condition never held'
  try { value = await wanted() } catch (thrown) { error = String(thrown) }
  if (value) return value
  if (performance.now() - started > 15000) throw new Error(error + ': ' + wanted)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
"""
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

    @property
    def tab(self) -> str:
        """The tab that commands go to."""
        return self._call("GET", "/window")

    def to(self, tab: str) -> None:
        """Let commands go to a tab."""
        self._call("POST", "/window", {"handle": tab})

    def new_tab(self) -> str:
        """Open a tab, and let commands go there."""
        tab = self._call("POST", "/window/new", {"type": "tab"})["handle"]
        self.to(tab)
        return tab

    def close_tab(self) -> None:
        """Close the tab that commands go to; the next command has to be `to` another."""
        self._call("DELETE", "/window")

    def until(self, script: str, *arguments: Any) -> Any:
        """Run the body of an async function until it returns something true; return that."""
        return self.run(UNTIL % script, *arguments)

    def press(self, *keys: str) -> None:
        """Press and let go keys one after the other: names of KEYS, or texts to be typed.

        `Shift+Tab` holds the first while the second is pressed.
        """
        actions = []
        for key in keys:
            *held, last = key.split("+") if "+" in key and len(key) > 1 else [key]
            typed = [KEYS[last]] if last in KEYS else list(last)
            actions += [{"type": "keyDown", "value": KEYS[name]} for name in held]
            for value in typed:
                actions += [{"type": kind, "value": value} for kind in ("keyDown", "keyUp")]
            actions += [{"type": "keyUp", "value": KEYS[name]} for name in reversed(held)]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self._call("POST", "/actions", {"actions": [keyboard]})

    def click(self, selector: str) -> None:
        """Click the middle of the first element that a CSS selector finds, as a mouse does."""
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        self._call("POST", f"/element/{next(iter(found.values()))}/click", {})

    def view(self, width: int, height: int, *, scheme: str = "light") -> None:
        """Set the size of what is seen, in CSS pixels, and the colour scheme that is preferred."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._devtools("Emulation.setEmulatedMedia", {"features": [feature]})

    def screenshot(self) -> bytes:
        """Return what is seen as PNG."""
        return base64.b64decode(self._call("GET", "/screenshot"))

    def _devtools(self, command: str, parameters: dict) -> None:
        self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

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
            "acceptInsecureCerts": True,
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

"""The clients that take part: how each is started, what it can ask for, where its version stands."""

import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers import CHAT, Scenario, View
from verdicts import completion

PACKAGES = Path(__file__).parent.parent / "node_modules"
PYTHON = (sys.executable, "-W", "ignore")
NODE = ("node", "--no-warnings")

GET_ONLY = "an EventSource can only send a GET request without headers of its own"
ANY_STREAM = "it knows chat completions only"
TOO_BIG = "dozens of megabytes, so a few clients stand for all"
BIG = {
    "VL-07": {"Chromium, window", "undici", "httpx-sse"},
    "LM-25": {"httpx-sse", "aiohttp-sse-client2"},
}
"""Scenarios of dozens of megabytes, and the clients that they are run with."""


@dataclass(frozen=True)
class Client:
    """One column of the table."""

    name: str
    command: Sequence[str]
    made_of: str
    """The package, or `chromium`; its version is looked up by this."""
    about: str
    """How it is used here, for the page."""
    takes: Callable[[Scenario], str]
    """Why a scenario is not for it; empty if it is."""
    view: View | None = None
    """What it makes of a stream, where it is no EventSource."""

    def why_not(self, scenario: Scenario) -> str:
        """Return why a scenario is not run with it; empty if it is."""
        if self.name not in BIG.get(scenario.name, {self.name}):
            return TOO_BIG
        return self.takes(scenario)

    @property
    def chat(self) -> bool:
        """Whether it is made for chat completions and nothing else."""
        return self.takes is _chat

    @property
    def slug(self) -> str:
        """Its name, as a part of the names of sessions."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def missing(self) -> str:
        """What the machine lacks to run it; empty if nothing."""
        if self.made_of == "chromium":
            if _chromium() is None or shutil.which("chromedriver") is None:
                return "Chromium is not installed: apt-get install chromium chromium-driver"
        elif self.command[0] == "node":
            if shutil.which("node") is None:
                return "node is not installed"
            if not (PACKAGES / self.made_of).is_dir():
                return "the clients are not installed: npm ci --prefix tests/e2e"
        elif not _installed(self.made_of):
            return f"{self.made_of} is not installed: make test"
        return ""

    @property
    def version(self) -> str:
        """The version that is installed."""
        if self.made_of == "chromium":
            asked = [_chromium() or "chromium", "--version", "--no-sandbox"]
            said = subprocess.run(asked, capture_output=True, text=True, check=True)
            return said.stdout.split()[1]
        if self.command[0] == "node":
            about = (PACKAGES / self.made_of / "package.json").read_text(encoding="utf-8")
            return json.loads(about)["version"]
        return importlib.metadata.version(self.made_of)


def versions(clients: Sequence[Client]) -> dict[str, str]:
    """Return the version of each client, and of what runs them."""
    found = {client.name: client.version for client in clients}
    found["Python"] = platform.python_version()
    if any(client.command[0] == "node" for client in clients):
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        found["Node.js"] = said.stdout.strip().removeprefix("v")
    return found


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _get(scenario: Scenario) -> str:
    return GET_ONLY if scenario.method != "GET" or scenario.headers else ""


def _any(scenario: Scenario) -> str:
    return ""


def _chat(scenario: Scenario) -> str:
    return "" if CHAT in scenario.path else ANY_STREAM


CLIENTS = (
    Client(
        "Chromium, window",
        (*PYTHON, "use_chromium.py", "window"),
        "chromium",
        "`EventSource` of a page, headless.",
        _get,
    ),
    Client(
        "Chromium, worker",
        (*PYTHON, "use_chromium.py", "worker"),
        "chromium",
        "`EventSource` of a dedicated worker, headless.",
        _get,
    ),
    Client(
        "undici",
        (*NODE, "event_source.mjs", "undici"),
        "undici",
        "Its `EventSource`, as it is.",
        _get,
    ),
    Client(
        "eventsource",
        (*NODE, "event_source.mjs", "eventsource"),
        "eventsource",
        "Its `EventSource`, as it is, over the fetch of Node.js.",
        _get,
    ),
    Client(
        "eventsource-parser",
        (*NODE, "eventsource_parser.mjs"),
        "eventsource-parser",
        "A parser. The loop around it is ours and as short as can be: fetch, `TextDecoderStream`, "
        "its `EventSourceParserStream`; after the end of a body or a network error it waits for what "
        "`retry` said (before that, one second) and comes back with the last ID; any answer but a "
        "200 with an event stream ends it.",
        _any,
    ),
    Client(
        "fetch-event-source",
        (*NODE, "fetch_event_source.mjs"),
        "@microsoft/fetch-event-source",
        "With the handlers of its README: statuses 400 to 499 but 429 are fatal, the end of the body "
        "and everything else is tried again. Messages without data are left out, for it gives one out "
        "for every blank line. It shows the ID of each message and not the last event ID, so IDs are "
        "not compared; with which one it comes back is.",
        _any,
    ),
    Client(
        "httpx-sse",
        (*PYTHON, "use_httpx_sse.py"),
        "httpx-sse",
        "A parser for httpx. The loop around it is ours, after the one in its README, which comes "
        "back after a read error only: this one comes back after the end of the body and any fault "
        "of the transport; any answer but a 200 with an event stream ends it. Events without data are "
        "left out, for it gives out blocks of a mere `id`, `event` or `retry` as well.",
        _any,
    ),
    Client(
        "aiohttp-sse-client2",
        (*PYTHON, "use_aiohttp_sse_client2.py"),
        "aiohttp-sse-client2",
        "Its `EventSource`, with half a second of reconnection time in place of five, so that the run "
        "does not take all day.",
        _any,
    ),
    Client(
        "launchdarkly-eventsource",
        (*PYTHON, "use_launchdarkly.py"),
        "launchdarkly-eventsource",
        "Its `SSEClient`, told to come back after every fault but an answer that is no event stream, "
        "as LaunchDarkly's own SDK does; a tenth of a second between connections in place of one that "
        "doubles. What `retry` says it does not heed.",
        lambda scenario: "its HTTP is GET only" if scenario.method != "GET" else "",
    ),
    Client(
        "openai (Python)",
        (*PYTHON, "use_openai.py"),
        "openai",
        "`AsyncOpenAI`, `chat.completions.create(stream=True)`, with its own retries.",
        _chat,
        completion,
    ),
    Client(
        "openai (Node.js)",
        (*NODE, "openai.mjs"),
        "openai",
        "`OpenAI`, `chat.completions.create({stream: true})`, with its own retries.",
        _chat,
        completion,
    ),
)

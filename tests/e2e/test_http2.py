"""The proxies of docs/https.md, and what those are for: seven tabs, which HTTP/1.1 does not allow."""

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

ROOT = Path(__file__).parent.parent.parent
PATH = "/v1/leaderboard/stream"
SCENARIO = ("--scenario", "timing/six-tabs")
OPENED = "return await (window.source ??= new EventSource(given[0])).readyState === 1"
START = "window.source = new EventSource(given[0])"
STATE = "return window.source.readyState"


@pytest.fixture
def leaderboard(serve):
    """The server that is opened in seven tabs."""
    scenario = (ROOT / "scenarios" / "timing" / "six-tabs.yaml").read_text(encoding="utf-8")
    return serve(sixtabs=scenario)


@pytest.fixture
def tabs(browser):
    """Give a function that loads a page in so many tabs; they are closed in the end."""
    first, opened = browser.tab, []

    def load(url, count):
        for _ in range(count):
            opened.append(browser.new_tab())
            browser.open(url)
        return opened

    yield load
    for tab in opened:
        browser.to(tab)
        browser.close_tab()
    browser.to(first)


def live(server):
    """Return how many streams the server has open, past any proxy."""
    at = urlsplit(server.url)
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
    connection.request("GET", "/_mock/sessions/default/connections")
    found = json.loads(connection.getresponse().read())
    connection.close()
    return len(found["connections"])


def test_over_http_1_1_the_seventh_tab_waits_for_one_of_six(leaderboard, browser, tabs):
    """The server has six connections and never heard of the seventh, until a tab lets one go."""
    page = f"{leaderboard.url}/_mock/health"
    *six, seventh = tabs(page, 7)
    for tab in six:
        browser.to(tab)
        browser.until(OPENED, PATH)
    assert live(leaderboard) == 6

    browser.to(seventh)
    browser.run(START, PATH)
    # To another host, and so not behind the six: when it is answered, the seventh would be as well.
    browser.run("await fetch(given[0])", f"{page.replace('127.0.0.1', 'localhost')}")
    assert browser.run(STATE) == 0
    assert live(leaderboard) == 6

    browser.to(six[0])
    browser.run("window.source.close()")
    browser.to(seventh)
    browser.until(OPENED, PATH)
    assert live(leaderboard) == 6


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request, leaderboard, tmp_path, lacks):
    """A proxy as the page configures it, before the server; gives its URL."""
    program = shutil.which(request.param)
    if program is None:
        lacks(f"{request.param} is not installed: apt-get install {request.param}")
    port = free_port()
    file = configured(
        request.param, tmp_path, {"8443": port, "8080": urlsplit(leaderboard.url).port}
    )
    made = trustme.CA().issue_cert("localhost", "127.0.0.1")
    made.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    made.private_key_pem.write_to_path(tmp_path / "key.pem")
    commands = {
        "nginx": [program, "-e", "stderr", "-p", str(tmp_path), "-c", file.name],
        "caddy": [program, "start", "--pidfile", "caddy.pid", "--config", file.name],
    }
    home = {name: str(tmp_path) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with (tmp_path / "log").open("wb") as log:  # no pipe: what stays behind would hold it open
        subprocess.run(
            commands[request.param],
            cwd=tmp_path,
            env={**os.environ, **home},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=60,
            check=True,
        )
    yield f"https://127.0.0.1:{port}"
    os.kill(int((tmp_path / f"{request.param}.pid").read_text()), signal.SIGTERM)


def free_port():
    """Return a port that nobody has, nor is given to who asks for any: neighbours do all the time.

    The system gives ports from 32768 on (ip_local_port_range), to clients as well.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as found:
            found.bind(("127.0.0.1", port))
            return port


def configured(name, folder, ports):
    """Write the configuration of docs/https.md, with other ports; return its file."""
    page = (ROOT / "docs" / "https.md").read_text(encoding="utf-8")
    kind = {"nginx": "nginx", "caddy": "caddyfile"}[name]
    file, text = re.search(
        rf"^```{kind}\n# (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL
    ).groups()
    for port, other in ports.items():
        assert port in text
        text = text.replace(port, str(other))
    (folder / file).write_text(text, encoding="utf-8")
    return folder / file


def test_over_http_2_seven_tabs_have_their_streams_and_more(leaderboard, proxy, browser, tabs):
    """All seven are open at once, and an ordinary request is answered beside them."""
    seven = tabs(f"{proxy}/_mock/health", 7)
    for tab in seven:
        browser.to(tab)
        browser.until(OPENED, PATH)
    assert live(leaderboard) == 7

    protocols = browser.run(
        """
        const answer = await fetch('/_mock/version')
        const {name} = await answer.json()
        const entries = performance.getEntriesByType('resource')
        return [name, ...entries.map((entry) => entry.nextHopProtocol)]
        """
    )
    assert protocols[0] == "sse-mockserver"
    assert set(protocols[1:]) == {"h2"}

    for tab in seven:
        browser.to(tab)
        assert browser.run(STATE) == 1
        browser.run("window.source.close()")


WATCH = """
window.opens = window.rankings = window.errors = 0
window.source = new EventSource(given[0])
source.onopen = () => opens++
source.onerror = () => errors++
source.addEventListener('ranking', () => rankings++)
"""


POST = "return (await fetch(given[0], {method: 'POST', body: JSON.stringify(given[1])})).status"


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_proxy_passes_events_on_at_once_and_cuts_as_errors(
    leaderboard, proxy, browser, tabs, kind
):
    """An event comes while its stream is open; after a cut the browser connects again."""
    tabs(f"{proxy}/_mock/health", 1)
    browser.run(WATCH, PATH)
    browser.until("return rankings === 1 && source.readyState === 1")
    assert live(leaderboard) == 1
    assert browser.run(POST, "/_mock/sessions/default/disconnect", {"kind": kind}) == 200
    browser.until("return errors === 1")
    # nginx has the head wait for the first byte behind it: the story's next one comes much later.
    there = "return (await (await fetch(given[0])).json()).connections.length === 1"
    browser.until(there, "/_mock/sessions/default/connections")
    event = {"event": "ranking", "data": [{"name": "pushed", "score": 1}]}
    assert browser.run(POST, "/_mock/sessions/default/events", event) == 200
    browser.until("return rankings === 2 && opens === 2")
    browser.run("source.close()")


def test_urls_that_the_server_tells_are_those_of_the_proxy(proxy, browser, tabs):
    """Both proxies say by which scheme they were asked, and for which host."""
    tabs(f"{proxy}/_mock/sessions/default", 1)
    assert browser.run("return JSON.parse(document.body.innerText).url") == proxy


def test_vite_passes_events_on_to_its_own_origin(tmp_path, lacks):
    """It trusts the server by its environment, and holds nothing back."""
    node, packages = shutil.which("node"), ROOT / "docs" / "recipes" / "react" / "node_modules"
    if node is None or not (packages / "vite").is_dir():
        lacks("Vite is not installed: npm ci --ignore-scripts --prefix docs/recipes/react")
    page = (ROOT / "docs" / "https.md").read_text(encoding="utf-8")
    name, text = re.search(r"^```js\n// (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL).groups()
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(packages)
    port = free_port()
    vite = [node, str(packages / "vite" / "bin" / "vite.js"), "--port", str(port), "--strictPort"]
    command = [sys.executable, "-m", "mockserver", "run", "--tls", "self-signed", *SCENARIO, "--"]
    process = subprocess.Popen(
        [*command, *vite, "--host", "127.0.0.1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while line := process.stdout.readline():
            if "Local:" in line:
                break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", PATH)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.readline() == b"event: ranking\n"  # of a stream that does not end
        connection.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

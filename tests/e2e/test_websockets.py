"""WebSockets of other people: npm's `ws`, and that of a real browser."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from stories import ORDER

HERE = Path(__file__).parent
STORY = """
operation: streamOrderStatus
stream:
- {id: 1, data: one}
- comment: alive
- {event: update, id: 2, retry: 700, data: {n: 2}}
- {delay: 300ms, disconnect: KIND}
- {delay: 200ms, event: complete, id: 3, data: three}
"""
FIRST = [
    {"id": "1", "data": "one"},
    {"event": "update", "id": "2", "data": '{"n":2}', "retry": 700},
]
LAST = [{"event": "complete", "id": "3", "data": "three"}]
# The delay lets a browser take its frames: a reset overtakes those that it has not handed out.
CODES = {"end": 1000, "drop": 1006, "reset": 1006}
RECORD = """
const connect = (url, last) => new Promise((resolve) => {
  const query = last ? `?lastEventId=${last}` : ''
  const socket = new WebSocket(location.origin.replace('http', 'ws') + url + query, ['a', 'b'])
  const frames = []
  socket.onmessage = ({data}) => frames.push({...JSON.parse(data)})
  socket.onclose = ({code, wasClean}) => resolve({frames, code, wasClean, protocol: socket.protocol})
})
const first = await connect(given[0], '')
const second = await connect(given[0], first.frames.at(-1)?.id)
const third = await connect(given[0], second.frames.at(-1)?.id)
return [first, second, third]
"""
"""Open three WebSockets, each with the last id of the one before; return what they got."""


@pytest.mark.parametrize("kind", CODES)
def test_ws_gets_the_story(play, lacks, kind):
    """Events, pings, close codes, a resumption, and the 204 that refuses the last handshake."""
    node = shutil.which("node")
    if node is None:
        lacks("node is not installed")
    if not (HERE / "node_modules" / "ws").is_dir():
        lacks("the clients are not installed: npm ci --prefix tests/e2e")
    server = play(STORY.replace("KIND", kind), events="off")
    url = server.url.replace("http", "ws") + ORDER
    urls = (url, f"{url}?last-event-id=2", f"{url}?last-event-id=3")

    finished = subprocess.run(
        [node, HERE / "socket.mjs", *urls],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    got = [json.loads(line) for line in finished.stdout.splitlines()]

    opened = {"kind": "open", "protocol": "orders.v1"}
    first, second = ([{"kind": "message", **each} for each in part] for part in (FIRST, LAST))
    assert got == [
        opened,
        first[0],
        {"kind": "ping", "data": "alive"},
        first[1],
        {"kind": "close", "code": CODES[kind]},
        opened,
        *second,
        {"kind": "close", "code": 1000},
        {"kind": "refused", "status": 204},
    ]


@pytest.mark.parametrize("kind", CODES)
def test_a_browser_gets_the_story(browser, play, kind):
    """A page opens one WebSocket after another; cuts and refused handshakes are 1006 to it."""
    server = play(STORY.replace("KIND", kind), events="off")
    browser.open(f"{server.url}/_mock/health")

    first, second, third = browser.run(RECORD, ORDER)

    assert (first["frames"], first["code"]) == (FIRST, CODES[kind])
    assert (first["wasClean"], first["protocol"]) == (kind == "end", "a")
    assert (second["frames"], second["code"], second["wasClean"]) == (LAST, 1000, True)
    assert (third["frames"], third["code"], third["wasClean"]) == ([], 1006, False)


def test_a_browser_is_told_that_the_server_goes_away(browser, serve):
    """1001, cleanly."""
    server = serve(
        "--events",
        "off",
        story="operation: streamOrderStatus\nstream: [{data: x}, {hold: forever}]",
    )
    browser.open(f"{server.url}/_mock/health")
    browser.run(
        """
        window.ended = new Promise((resolve) => {
          const socket = new WebSocket(location.origin.replace('http', 'ws') + given[0])
          socket.onclose = ({code, wasClean}) => resolve([code, wasClean])
          window.begun = new Promise((told) => { socket.onmessage = () => told(true) })
        })
        return await window.begun
        """,
        ORDER,
    )
    assert server.stop() == 0

    assert browser.run("return await window.ended") == [1001, True]

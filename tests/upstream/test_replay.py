"""What was recorded through the proxy replays to the same bytes, ends and order, side by side."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import pytest
from wires import Client, body_of, recording

from mockserver import MockServer
from mockserver.capture import NO_MASKS, Options, written
from mockserver.sse.parse import Parser

ROOT = Path(__file__).resolve().parent.parent.parent
PETSTORE = ROOT / "specs" / "petstore.openapi.yaml"
BODY = b'{"model":"small","messages":[]}'
TIME_LIMIT = 20.0
MOST = 6
HEADERS = ("content-type", "location", "retry-after", "content-encoding")
STORIES = {
    "events of every shape": """
        stream:
        - {comment: hello, retry: 1500}
        - {event: a, id: 1, data: "two\\nlines"}
        - {data: {a: [1, "ü"], b: null}}
        - {id: "", data: ""}
        - {comment: "two\\nlines", data: x}
        - {raw: "data\\ndata:no space\\nunknown: field\\n\\n"}
    """,
    "a drop, a reset, and the rest": """
        stream: [{id: 1, data: a}, {disconnect: drop}, {id: 2, data: b}, {disconnect: reset}, {id: 3, data: c}]
    """,
    "an event that is cut": """
        stream: [{id: 1, data: a}, {id: 2, data: "cut ü here", cut: 13}, {disconnect: drop}, {id: 2, data: b}]
    """,
    "an event that is reset in the middle": """
        stream: [{id: 1, data: a}, {id: 2, data: long, cut: -3}, {disconnect: reset}, {id: 2, data: b}]
    """,
    "nothing but a disconnect": """
        connections: [{disconnect: reset}, {disconnect: drop}, {steps: [{id: 1, data: a}]}]
    """,
    "errors before": """
        connections:
        - response: {status: 503, headers: {Retry-After: "1"}, body: {error: busy}}
        - response: {status: 500}
        - steps: [{id: 1, data: a}]
    """,
    "until the connection closes": "{wire: {transfer: close}, stream: [{data: a}, {data: b}]}",
    "a length": "{wire: {transfer: {length: 18}}, stream: [{data: a}, {data: b}]}",
    "a length that is too long": "{wire: {transfer: {length: 99}}, stream: [{data: a}]}",
    "CRLF": "{wire: {newline: crlf}, stream: [{id: 1, data: a}, {comment: x}]}",
    "CR": "{wire: {newline: cr}, stream: [{id: 1, data: a}]}",
    "mixed line ends": "{wire: {newline: mixed}, stream: [{id: 1, event: x, data: a}, {id: 2, data: b}]}",
    "a byte order mark": "{wire: {bom: true, space: false}, stream: [{id: 1, data: a}]}",
    "gzip": "{wire: {encoding: gzip}, stream: [{id: 1, data: a}, {id: 2, data: b}]}",
    "single bytes": "{wire: {split: 1}, stream: [{id: 1, data: a}, {id: 2, data: b}]}",
    "many": "stream: [{repeat: {times: 400, as: n, steps: [{id: '{{ n }}', data: x}]}}]",
    "a duplicate": "{resume: replay, stream: [{id: 1, data: a}, {disconnect: drop}, {id: 2, data: b}]}",
    "no stream": "response: {status: 200, headers: {Content-Type: text/html}, body: <p>}",
}  # fmt: skip
OURS = (
    "http/wrong-content-type", "http/429-rate-limit", "http/301-moved",
    "http/204-stop", "http/401-token-expired", "chat/error-mid-stream",
    "chat/reply", "chat/cut-off", "inventory/export-cut-off", "inventory/export", "tasks/progress",
    "timing/slow-trickle", "reconnect/retry-hint", "reconnect/reset-mid-event",
    "reconnect/unknown-last-event-id", "reconnect/gap", "reconnect/drop-and-resume",
    "reconnect/duplicate", "bytes/crlf", "bytes/missing-blank-line", "bytes/nul-in-id", "bytes/cr",
    "bytes/bom", "bytes/split-utf8", "bytes/gzip", "pets/photo", "pets/recommendations",
)  # fmt: skip


@dataclass
class Visitor:
    """A client that comes back with its last event ID, until it is told to stay away."""

    method: str
    target: str
    finds_out: bool = False
    """Whether it leaves where nothing more comes; then others leave where it did."""
    leaves: dict[int, int] = field(default_factory=dict)
    """After how many bytes it leaves which connection, because nothing more would come."""
    parser: Parser = field(default_factory=Parser)

    async def visit(self, port):
        """Return of each connection: status, headers that matter, body, whether whole, end."""
        seen, target = [], self.target
        for number in range(MOST):
            raw, end = await self._ask(port, target, number)
            if not raw:
                seen.append((0, (), b"", False, end))
                continue
            head, body, whole = body_of(raw)
            status = int(head.split(b" ")[1])
            headers = dict(
                line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line
            )
            told = {name.lower(): value for name, value in headers.items()}
            seen.append((status, tuple(told.get(name) for name in HEADERS), body, whole, end))
            target = self.target
            if status in (301, 302, 307, 308):
                target = urljoin(self.target, told["location"])
            elif status in (204, 401) or not told.get("content-type", "").startswith(
                "text/event-stream"
            ):
                if status < 500 and status != 429:
                    break
            elif told.get("content-encoding") is None:
                self.parser.restart()
                self.parser.feed(body)
            if end == "left":
                break
        return seen

    async def _ask(self, port, target, number):
        client = await Client.to(port)
        lines = [
            f"{self.method} {target} HTTP/1.1",
            "Host: a",
            "Connection: close",
            "Accept-Encoding: gzip",
        ]
        lines.append("Accept: text/event-stream, application/jsonl;q=0.9, */*;q=0.8")
        lines.append("Authorization: Bearer token")
        if self.parser.last_event_id:
            lines.append(f"Last-Event-ID: {self.parser.last_event_id}")
        if self.method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {len(BODY)}"]
        body = BODY if self.method == "POST" else b""
        await client.send("\r\n".join([*lines, "", ""]).encode() + body)
        if number in self.leaves:
            await asyncio.wait_for(client.until_size(self.leaves[number]), TIME_LIMIT)
            client.writer.close()
            return client.raw, "left"
        if not self.finds_out:
            return await asyncio.wait_for(client.rest(), TIME_LIMIT)
        if end := await client.rest_or_silence():
            return client.raw, end
        self.leaves[number] = len(body_of(client.raw)[1])
        return client.raw, "left"


def serving(spec, folder, **given):
    settings = {"events": "off", "requests": "off", "clock": "instant", "cors": False}
    return MockServer(spec=spec, scenarios=folder, **settings, **given)


async def seen_and_recorded(server, method, target):
    """Visit a server directly, then through the proxy; return what was seen there, and recorded."""
    first = Visitor(method, target, finds_out=True)
    direct = await first.visit(server.port)
    server.session().reset()
    async with recording(server.url) as proxy:
        through = await Visitor(method, target, leaves=first.leaves).visit(proxy.port)
        exchanges = await proxy.all_ended()
    assert direct == through
    return through, exchanges, first.leaves


async def replayed(exchanges, contract, folder, visitor):
    """Visit a server that plays what was recorded."""
    found = written(exchanges, contract, Options(masks=NO_MASKS))
    for name, content in found.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    spec = PETSTORE if contract is not None else folder / "openapi.yaml"
    async with serving(spec, folder) as server:
        return await visitor.visit(server.port)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
async def test_a_story_is_recorded_and_replayed(tmp_path, story):
    """Direct, through the proxy, and from the recording, with a document and without one."""
    target = "/v1/orders/019b4132/status/stream"
    scenarios = tmp_path / "scenarios"
    scenarios.mkdir()
    text = "\n".join(line.removeprefix("        ") for line in story.strip("\n").split("\n"))
    if text.startswith("{"):
        text = "{operation: streamOrderStatus, " + text[1:]
    else:
        text = "operation: streamOrderStatus\n" + text
    (scenarios / "story.yaml").write_text(text)
    async with serving(PETSTORE, scenarios) as server:
        seen, exchanges, leaves = await seen_and_recorded(server, "GET", target)
        contract = server.catalog.contract
    for name, known in (("documented", contract), ("alone", None)):
        visitor = Visitor("GET", target, leaves=leaves)
        assert seen == await replayed(exchanges, known, tmp_path / name, visitor)


@pytest.mark.parametrize("name", OURS)
async def test_our_own_scenarios_are_recorded_and_replayed(tmp_path, name):
    """Those that ship with the Petstore, as far as they come to an end."""
    pinned = name.rpartition("/")[2]
    async with serving(PETSTORE, ROOT / "scenarios" / f"{name}.yaml", pinned=[pinned]) as server:
        scenario = server.catalog.programs[pinned].scenario
        operation = server.catalog.contract.find(scenario.operations[0][0])
        target = operation.full_paths[0].replace("{id}", "019b4132")
        seen, exchanges, leaves = await seen_and_recorded(server, operation.method, target)
    visitor = Visitor(operation.method, target, leaves=leaves)
    assert seen == await replayed(exchanges, None, tmp_path, visitor)

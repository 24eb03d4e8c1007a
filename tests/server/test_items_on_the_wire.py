"""JSON lines and JSON text sequences over HTTP."""

import json

import httpx
import pytest
from clients import LAST_CHUNK, RawClient, chunks, fetch, write

from mockserver import MockServer
from mockserver.play.journal import Closed, Opened

LINES, SEQ, SSE = "application/x-ndjson", "application/json-seq", "text/event-stream"
ITEM = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
SPEC = {
    "openapi": "3.2.0",
    "paths": {
        "/lines": {
            "get": {
                "operationId": "lines",
                "responses": {"200": {"content": {LINES: {"itemSchema": ITEM}}}},
            }
        },
        "/all": {
            "get": {
                "operationId": "all",
                "responses": {
                    "200": {
                        "content": {
                            kind: {"examples": {"x": {"dataValue": [{"n": 1}, "two"]}}}
                            for kind in (LINES, SEQ, SSE, "application/json")
                        }
                    }
                },
            }
        },
        "/raw": {
            "get": {
                "responses": {
                    "200": {
                        "content": {
                            SEQ: {"examples": {"x": {"serializedValue": '\x1e{\n"a":1}\n'}}}
                        }
                    }
                }
            }
        },
    },
}


@pytest.fixture
def serving(tmp_path):
    """Return what makes a server of the document with one scenario, or with none."""
    (tmp_path / "api.json").write_text(json.dumps(SPEC))

    def make(story="", **settings):
        folder = tmp_path / "scenarios"
        folder.mkdir(exist_ok=True)
        if story:
            write(folder, story=story)
        return MockServer(spec=tmp_path / "api.json", scenarios=folder, **settings)

    return make


PAUSED = """
operation: lines
heartbeat: 2s
stream:
- data: {n: 1}
- delay: 5s
- data: {n: 2}
- data: {n: 3}
  cut: 4
- disconnect: drop
- data: {n: 4}
"""


async def test_lines_come_when_they_are_due(serving):
    """With blank lines in between, then half an item, and the rest on the next connection."""
    async with serving(PAUSED, clock="manual") as server:
        client = await RawClient.connect(server)
        await client.send("/lines")
        await client.until(b'{"n":1}\n')
        assert b"Content-Type: application/x-ndjson\r\n" in client.raw
        server.session().advance("2s")
        await client.until(b"\r\n\n\r\n")
        server.session().advance("3s")
        received = await client.rest()
        assert received.body == b'{"n":1}\n\n\n{"n":2}\n{"n"'
        assert not received.finished
        again = await fetch(server, "/lines")
        assert again.body == b'{"n":4}\n'
        assert again.finished
        opened = [entry for entry in server.session().journal if isinstance(entry, Opened)]
        closed = [entry for entry in server.session().journal if isinstance(entry, Closed)]
        assert [(entry.subscription, entry.connection) for entry in opened] == [(1, 1), (1, 2)]
        assert [entry.kind for entry in closed] == ["drop", "end"]


async def test_an_ordinary_client_reads_items_line_by_line(serving):
    """As httpx does."""
    story = "operation: lines\nstream: [{repeat: {times: 9, steps: [{data: {n: '{{ n }}'}}]}}]\n"
    async with (
        serving(story) as server,
        httpx.AsyncClient(timeout=60, base_url=server.url) as client,
        client.stream("GET", "/lines") as response,
    ):
        items = [json.loads(line) async for line in response.aiter_lines()]
    assert items == [{"n": n} for n in range(1, 10)]


async def test_pieces_fall_where_the_script_says(serving):
    """The chunks are those of `split`, wherever items end."""
    story = "operation: lines\nstream: [{data: {n: 10}, split: 4}, {data: {n: 2}}]\n"
    async with serving(story) as server:
        received = await fetch(server, "/lines")
    assert chunks(received.content) == [b'{"n"', b":10}", b"\n", b'{"n":2}\n']
    assert received.content.endswith(LAST_CHUNK)


FRAMED = {
    LINES: b'{"n":1}\n"two"\n',
    SEQ: b'\x1e{"n":1}\n\x1e"two"\n',
    SSE: b'data: {"n":1}\n\ndata: two\n\n',
    "application/json": b'[{"n":1},"two"]',
    "*/*": b'[{"n":1},"two"]',
}


@pytest.mark.parametrize(("accept", "expected"), FRAMED.items())
async def test_examples_go_out_in_the_framing_that_is_asked_for(serving, accept, expected):
    """As items, as events, or as one JSON text where no stream is asked for."""
    async with serving() as server:
        received = await fetch(server, "/all", f"Accept: {accept}")
        assert "".join(received.body.decode().split()) == "".join(expected.decode().split())
        assert received.header("Content-Type") == accept.replace("*/*", "application/json")
        named = await fetch(server, "/all?__example=x", f"Accept: {accept}")
        assert named.status == 200


async def test_a_serialized_example_goes_out_as_it_is(serving):
    """Byte for byte, under the media type that it is of."""
    async with serving() as server:
        received = await fetch(server, "/raw")
    assert received.body == b'\x1e{\n"a":1}\n'
    assert received.header("Content-Type") == SEQ


async def test_items_are_made_where_none_are_shown(serving):
    """From the schema of an item."""
    async with serving() as server:
        received = await fetch(server, "/lines")
        (item,) = map(json.loads, received.body.splitlines())
        assert type(item["n"]) is int
        assert (await fetch(server, "/lines", method="HEAD")).header("Content-Type") == LINES


async def test_an_event_source_would_take_nothing_of_it(serving):
    """The oracle hears that this is no event stream."""
    async with serving("operation: lines\nstream: [{data: {n: 1}}]\n") as server:
        await fetch(server, "/lines")
        (told,) = server.session().dispatched()
    assert told["events"] == []
    assert told["state"] == "closed"


async def test_items_that_were_sent_count_as_covered():
    """Whole ones, in rows that are encoded before and in rows that are cut."""
    headers = ("Authorization: Bearer t",)
    for scenario in ("inventory/export", "inventory/export-cut-off"):
        async with MockServer(clock="instant") as server:
            await fetch(server, f"/v1/inventory/export?__scenario={scenario}", *headers)
            operations = {one["operation"]: one for one in server.coverage()["operations"]}
        (event,) = operations["exportInventory"]["events"]
        assert (event["event"], event["exercised"]) == ("InventoryItem", True)

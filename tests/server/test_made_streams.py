"""Streams that no scenario answers, over HTTP: made from what the document says of them."""

import json

import pytest
from clients import fetch

from mockserver import MockServer
from mockserver.play.journal import Opened, Refused

NEVER = {"type": "integer", "not": {"type": "integer"}}
ITEM = {
    "oneOf": [
        {
            "properties": {"event": {"const": "tick"}, "data": {"type": "object"}, "id": {}},
            "required": ["event", "data"],
        },
        {"properties": {"event": {"const": "never"}, "data": NEVER}},
        {"const": "[DONE]"},
    ]
}


@pytest.fixture
def spec(tmp_path):
    """Return a document of which one stream can be made, one in part, and one not at all."""
    items = {
        "/made": {"oneOf": [ITEM["oneOf"][0], ITEM["oneOf"][2]]},
        "/part": ITEM,
        "/never": NEVER,
    }
    paths = {
        path: {
            "get": {"responses": {"200": {"content": {"text/event-stream": {"itemSchema": item}}}}}
        }
        for path, item in items.items()
    }
    path = tmp_path / "api.json"
    path.write_text(json.dumps({"openapi": "3.2.0", "paths": paths}))
    return path


async def test_a_stream_is_made_from_its_schema(spec):
    """One event of each type and the sentinel; a client that has the last id is sent away."""
    async with MockServer(spec=spec) as server:
        received = await fetch(server, "/made")
        blocks = received.body.decode().split("\n\n")
        assert received.status == 200
        assert blocks[0].startswith("event: tick\nid: 1\ndata: {")
        assert blocks[1:] == ["data: [DONE]", ""]
        assert (await fetch(server, "/made")).body == received.body
        assert (await fetch(server, "/made", "Last-Event-ID: 1")).status == 204


async def test_what_cannot_be_made_is_left_out_and_noted(spec):
    """The rest of the stream is there, and the journal says that it is not all."""
    async with MockServer(spec=spec) as server:
        received = await fetch(server, "/part")
        assert received.body.count(b"\n\n") == 2
        (opened,) = [entry for entry in server.session().journal if isinstance(entry, Opened)]
        assert opened.notes == ("unsatisfiable-schema",)


async def test_a_stream_of_which_nothing_can_be_made_is_refused(spec):
    """501 with the reason, and an entry in the journal."""
    async with MockServer(spec=spec) as server:
        received = await fetch(server, "/never")
        assert received.status == 501
        assert json.loads(received.body)["code"] == "unsatisfiable-schema"
        (entry,) = server.session().journal
        assert isinstance(entry, Refused)
        assert entry.code == "unsatisfiable-schema"


async def test_two_servers_of_one_seed_make_the_same_stream(spec):
    """And one of another seed makes another."""
    bodies = []
    for seed in ("a", "a", "b"):
        async with MockServer(spec=spec, seed=seed) as server:
            bodies.append((await fetch(server, "/made")).body)
    assert bodies[0] == bodies[1]

"""Three ends are three things on the wire, seen by a raw socket."""

import asyncio

import pytest
from clients import LAST_CHUNK, STATUS, RawClient, fetch, serving

from mockserver.play.journal import Closed

STORY = """
operation: streamOrderStatus
stream:
- {{id: 1, data: one}}
- disconnect: {kind}
- {{id: 2, data: two}}
"""
FIRST = b"id: 1\ndata: one\n\n"


@pytest.mark.parametrize(
    ("kind", "end", "finished"),
    [("end", "fin", True), ("drop", "fin", False), ("reset", "reset", False)],
)
async def test_a_disconnect_ends_the_connection_in_its_own_way(tmp_path, kind, end, finished):
    """`end` sends the last chunk and FIN, `drop` FIN alone, `reset` RST; all bytes come first."""
    async with serving(tmp_path, STORY.format(kind=kind)) as server:
        received = await fetch(server, STATUS)
    assert (received.end, received.finished, received.body) == (end, finished, FIRST)


async def test_an_ended_stream_leaves_the_connection_open_for_the_next_request(tmp_path):
    """After `end` a kept-alive connection takes the next request, as HTTP/1.1 has it."""
    async with serving(tmp_path, STORY.format(kind="end")) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(LAST_CHUNK)
        client.raw = b""
        await client.send(STATUS, "Last-Event-ID: 1")
        assert b"data: two" in await client.until(LAST_CHUNK)
        await client.leave()


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_a_lone_disconnect_comes_before_the_first_byte(tmp_path, kind):
    """A connection that is nothing but a disconnect gets no status line."""
    story = f"operation: streamOrderStatus\nconnections: [{{disconnect: {kind}}}, {{steps: [{{data: x}}]}}]"
    async with serving(tmp_path, story) as server:
        first = await fetch(server, STATUS)
        second = await fetch(server, STATUS)
    assert (first.raw, first.end) == (b"", "reset" if kind == "reset" else "fin")
    assert second.body == b"data: x\n\n"


async def test_a_large_burst_arrives_whole_before_a_reset(tmp_path):
    """What was written before a reset is not thrown away by it."""
    story = """
operation: streamOrderStatus
stream:
- repeat: {times: 5000, steps: [{data: "0123456789012345678901234567890123456789"}]}
- disconnect: reset
"""
    async with serving(tmp_path, story) as server:
        received = await fetch(server, STATUS)
    assert (received.end, received.body.count(b"data: ")) == ("reset", 5000)


@pytest.mark.parametrize("leave", ["close", "abort"])
async def test_a_client_that_leaves_is_noticed_at_once(tmp_path, leave):
    """The stream's task ends, and the journal says that the client closed the connection."""
    story = "operation: streamOrderStatus\nstream: [{id: 1, data: one}, {hold: forever}]"
    async with serving(tmp_path, story) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: one\n\n")
        if leave == "close":
            await client.leave()
        else:
            client.writer.transport.abort()
        await _closed(server)
        closed = [entry for entry in server.session().journal if isinstance(entry, Closed)]
        assert [(entry.by, entry.blocks) for entry in closed] == [("client", 1)]
        assert not server._live.serving


async def _closed(server):
    """Wait until nobody is being served."""
    while tasks := list(server._live.serving):
        await asyncio.wait(tasks)


async def test_stopping_the_server_ends_open_streams_properly(tmp_path):
    """Stop sends the last chunk to every open stream, and does not wait for its story."""
    story = "operation: streamOrderStatus\nstream: [{id: 1, data: one}, {hold: forever}]"
    async with serving(tmp_path, story) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: one\n\n")
        await server.stop()
        received = await client.rest()
    assert (received.end, received.finished) == ("fin", True)


async def test_stopping_ends_a_burst_that_has_no_end(tmp_path):
    """A stream that is always due stops between two writes, with its last chunk."""
    story = "operation: streamOrderStatus\nstream: [{repeat: {times: forever, steps: [{data: x}]}}]"
    async with serving(tmp_path, story) as server:
        client = await RawClient.connect(server)
        await client.send(STATUS)
        await client.until(b"data: x\n\n")
        stopping = asyncio.create_task(server.stop())
        received = await client.rest()
        await stopping
        closed = server.session().journal[-1]
    assert (received.end, received.finished, closed.by) == ("fin", True, "server")

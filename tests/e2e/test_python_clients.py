"""httpx-sse, a client that is not an EventSource: it can POST, and it does not reconnect by itself."""

import json

import httpx
import httpx_sse
from stories import CHAT, CONFIRMED, OPEN_END, ORDER, PREPARING, PROCESSING, RESUME, SHIPPED

CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1767225600,
    "model": "mock-1",
    "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}],
}
CHAT_STORY = f"""
operation: POST /v1/chat/completions
description: One token, then the sentinel.
stream:
- data: {json.dumps(CHUNK)}
- data: "[DONE]"
"""
TOKEN = {"Authorization": "Bearer test"}


def test_reads_a_post_stream_up_to_its_sentinel(serve):
    """A completion streams to a client that POSTs."""
    server = serve(story=CHAT_STORY)
    body = {"model": "mock-1", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}

    with (
        httpx.Client(timeout=60, base_url=server.url, headers=TOKEN) as client,
        httpx_sse.connect_sse(client, "POST", CHAT, json=body) as stream,
    ):
        stream.response.raise_for_status()
        received = [event.data for event in stream.iter_sse()]

    assert [json.loads(received[0]), *received[1:]] == [CHUNK, "[DONE]"]


def test_comes_back_by_hand_with_the_last_event_id(serve):
    """What follows event 2 is sent to the client that says it has event 2."""
    server = serve(story=RESUME.replace("KIND", "end"))

    def connect(**headers: str) -> list[str]:
        with (
            httpx.Client(timeout=60, base_url=server.url, headers=headers) as client,
            httpx_sse.connect_sse(client, "GET", ORDER) as stream,
        ):
            return [event.data for event in stream.iter_sse() if event.data]

    assert connect() == [PROCESSING, CONFIRMED]
    assert connect(**{"Last-Event-ID": "2"}) == [PREPARING, SHIPPED]


def test_ends_with_exit_code_0_when_told_to(serve):
    """SIGTERM ends the server while a stream is open, and the reader sees the connection close."""
    server = serve(story=OPEN_END)

    with (
        httpx.Client(timeout=60, base_url=server.url) as client,
        httpx_sse.connect_sse(client, "GET", ORDER) as stream,
    ):
        next(stream.iter_sse())
        assert server.stop() == 0

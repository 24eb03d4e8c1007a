"""What real clients see of a server, they see through `record`, and of the recording."""

import json
import urllib.request

import httpx
import httpx_sse
import pytest
from stories import CHAT, ORDER, RESUME, RESUMED
from test_backends import BACKENDS, backend  # noqa: F401  (a fixture)
from test_browser import RECORD, events, kinds
from test_python_clients import CHAT_STORY, CHUNK, TOKEN

PARTS = ["open", "event", "event", "error0"] * 2 + ["error2"]


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
def test_an_event_source_for_node_sees_the_same_three_times(play, record, replay, node, kind):
    """It is dropped, comes back, and gives up when it is told to."""
    server = play(RESUME.replace("KIND", kind))
    proxy = record(server.url)

    through = node(proxy.url + ORDER, "--types", "complete")
    again = node(replay(proxy).url + ORDER, "--types", "complete")

    for lines in (through, again):
        told = [line for line in lines if line["kind"] == "event"]
        assert [(line["type"], line["lastEventId"], line["data"]) for line in told] == RESUMED
        assert [line["kind"] + str(line.get("readyState", "")) for line in lines] == PARTS


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
def test_a_browser_sees_the_same_three_times(play, record, replay, browser, kind):
    """On a page that the upstream has, whose paths are not shadowed by the proxy."""
    proxy = record(play(RESUME.replace("KIND", kind)).url)

    browser.open(f"{proxy.url}/_mock/health")
    through = browser.run(RECORD, ORDER, ["complete"], None)
    browser.open(f"{replay(proxy).url}/_mock/health")
    again = browser.run(RECORD, ORDER, ["complete"], None)

    for told in (through, again):
        assert (events(told), kinds(told)) == (RESUMED, PARTS)


def test_a_client_that_posts_sees_the_same(play, record, replay):
    """Its body selects the scenario, and its token is in no file."""
    body = {"model": "mock-1", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}

    def ask(url):
        with (
            httpx.Client(timeout=60, base_url=url, headers=TOKEN) as client,
            httpx_sse.connect_sse(client, "POST", CHAT, json=body) as stream,
        ):
            stream.response.raise_for_status()
            received = [event.data for event in stream.iter_sse()]
        return [json.loads(received[0]), *received[1:]]

    proxy = record(play(CHAT_STORY).url)
    assert ask(proxy.url) == [CHUNK, "[DONE]"]
    assert ask(replay(proxy).url) == [CHUNK, "[DONE]"]


def read(url, **headers):
    """Return status, media type and body."""
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read()


@pytest.mark.parametrize("name", BACKENDS)
def test_a_server_of_another_stack_is_recorded(backend, record, replay, name):  # noqa: F811
    """Its first connection, and the one that comes back."""
    url = backend(name, "right")
    proxy = record(url)
    asked = [{}, {"Last-Event-ID": "1"}]

    direct = [read(url + ORDER, **headers) for headers in asked]
    assert direct == [read(proxy.url + ORDER, **headers) for headers in asked]
    server = replay(proxy)
    assert direct == [read(server.url + ORDER, **headers) for headers in asked]

"""HAR files of browsers, of others and of our own, sound and malformed."""

import gzip
import json
from base64 import b64encode
from contextlib import suppress

import pytest
from aiohttp import ClientError, ClientSession

from mockserver import MockServer
from mockserver.capture import Chunk
from mockserver.errors import LoadError
from mockserver.imports.har import Wanted
from mockserver.imports.read import read

STREAM = "id: 1\ndata: one\n\n: still here\n\nid: 2\ndata: two\n\n"
MOMENT = 1767225600.0
"""2026-01-01T00:00:00Z"""


def entry(url="https://api.test/v1/x?q=1", text=STREAM, **given):
    """An entry as Chrome writes it; `given` are members of it, `answer` of its response."""
    answer = given.pop("answer", {})
    content = {"mimeType": "text/event-stream", "size": len(text or "")}
    if text is not None:
        content["text"] = text
    return {
        "startedDateTime": "2026-01-01T00:00:00.000Z",
        "time": 5000,
        "request": {
            "method": "GET",
            "url": url,
            "headers": [{"name": ":method", "value": "GET"}, {"name": "Accept", "value": "*/*"}],
        },
        "response": {
            "status": 200,
            "statusText": "",
            "httpVersion": "h2",
            "headers": [{"name": "content-type", "value": "text/event-stream"}],
            "content": content,
            **answer,
        },
        "timings": {"blocked": 1, "dns": -1, "send": 1, "wait": 98, "receive": 4900},
        **given,
    }


def har(*entries, **log):
    return json.dumps({"log": {"version": "1.2", "entries": list(entries), **log}}).encode()


def told(time, **event):
    return {
        "time": time and MOMENT + time,
        "eventName": "message",
        "eventId": "",
        "data": "",
        **event,
    }


def test_a_stream_of_a_browser_is_read():
    """Target, headers without HTTP/2's own, times since the first request; the body at its head's."""
    found = read(har(entry()), "a.har")
    (exchange,) = found.exchanges
    assert (exchange.method, exchange.target) == ("GET", "/v1/x?q=1")
    assert exchange.request_headers == (("Accept", "*/*"),)
    assert (exchange.at, exchange.answered, exchange.ended) == (0.0, 0.1, 5.0)
    assert exchange.chunks == (Chunk(0.1, STREAM.encode()),)
    assert (exchange.end, exchange.transfer) == ("end", "chunked")
    assert "does not tell when" in found.notes[0]


def test_events_with_their_times_put_the_text_in_time():
    """A comment comes with the event before it."""
    messages = [told(0.5, eventId="1", data="one"), told(2.25, eventId="2", data="two")]
    found = read(har(entry(_eventSourceMessages=messages)), "a.har")
    assert [(chunk.at, chunk.data) for chunk in found.exchanges[0].chunks] == [
        (0.5, b"id: 1\ndata: one\n\n"),
        (0.5, b": still here\n\n"),
        (2.25, b"id: 2\ndata: two\n\n"),
    ]
    assert found.notes == []


def test_without_the_time_of_its_beginning_a_stream_begins_with_its_first_event():
    """What lies between its events is known all the same, and other entries keep their times."""
    messages = [told(0.5, eventId="1", data="one"), told(2.25, eventId="2", data="two")]
    undated = entry(text=None, _eventSourceMessages=messages, startedDateTime="")
    found = read(har(undated), "a.har")
    assert [chunk.at for chunk in found.exchanges[0].chunks] == [0.1, 1.85]

    found = read(har(undated, entry(_eventSourceMessages=messages)), "a.har")
    assert [exchange.at for exchange in found.exchanges] == [0.0, 0.0]


def test_events_alone_make_a_stream():
    """An id that stays the same is written once; names and ids that break lines are left out."""
    messages = [
        told(0.5, eventId="1", data="a\nb"),
        told(0.6, eventId="1", eventName="x"),
        told(None, eventId="1\n", eventName="a\nb", data=7),
        told(0.1, eventId="2"),
    ]
    found = read(har(entry(text=None, _eventSourceMessages=messages)), "a.har")
    assert [(chunk.at, chunk.data) for chunk in found.exchanges[0].chunks] == [
        (0.5, b"id: 1\ndata: a\ndata: b\n\n"),
        (0.6, b"event: x\ndata: \n\n"),
        (0.6, b"data: \n\n"),
        (0.6, b"id: 2\ndata: \n\n"),
    ]


BODIES = {
    "text": ({"text": "ü"}, "ü".encode()),
    "base64": ({"text": b64encode(b"\xff\x00").decode(), "encoding": "base64"}, b"\xff\x00"),
    "base64 that is none": ({"text": "a", "encoding": "base64"}, b"a"),
    "base64 without any": ({"text": "###", "encoding": "base64"}, b"###"),
    "base64 in lines": ({"text": "/w\nA=\n", "encoding": "base64"}, b"\xff\x00"),
    "empty": ({"text": "", "size": 0}, b""),
}


@pytest.mark.parametrize(("content", "body"), BODIES.values(), ids=BODIES)
def test_a_body_is_as_the_file_codes_it(content, body):
    """As text or base64."""
    (exchange,) = read(har(entry(answer={"content": content})), "a.har").exchanges
    assert b"".join(chunk.data for chunk in exchange.chunks) == body


def test_base64_that_is_none_is_told_with_its_place():
    """The text stays."""
    content = {"text": "###", "encoding": "base64"}
    (problem,) = read(har(entry(answer={"content": content})), "a.har").problems
    assert problem.where.pointer == "/log/entries/0/response/content/text"
    assert problem.code == "unreadable-part"


def test_a_media_type_stands_in_for_a_header_that_is_not_there():
    """HAR has it beside the headers."""
    (exchange,) = read(har(entry(answer={"headers": []})), "a.har").exchanges
    assert exchange.headers == (("Content-Type", "text/event-stream"),)


def test_a_coding_that_was_undone_is_put_on_again():
    """gzip is; what cannot be is said, and the lengths of other bytes go."""
    kind = ("content-type", "text/event-stream")
    zipped = [kind, ("content-encoding", "gzip"), ("content-length", "9"), ("x", "1")]
    other = [kind, ("content-encoding", "br"), ("content-length", "9")]
    given = [
        entry(
            url=f"https://api.test/{n}",
            answer={"headers": [{"name": k, "value": v} for k, v in pairs]},
        )
        for n, pairs in enumerate((zipped, other))
    ]
    found = read(har(*given), "a.har")
    first, second = found.exchanges
    assert gzip.decompress(first.chunks[0].data) == STREAM.encode()
    assert first.headers == (kind, ("content-encoding", "gzip"), ("x", "1"))
    assert (second.headers, second.chunks[0].data) == ((kind,), STREAM.encode())
    assert any("br" in note for note in found.notes)


ENDS = {
    "cut": ("net::ERR_INCOMPLETE_CHUNKED_ENCODING", 200, "cut"),
    "reset": ("net::ERR_CONNECTION_RESET", 200, "reset"),
    "left": ("net::ERR_ABORTED", 200, "client"),
    "no answer": ("net::ERR_EMPTY_RESPONSE", 0, "cut"),
}


@pytest.mark.parametrize(("error", "status", "end"), ENDS.values(), ids=ENDS)
def test_an_error_of_a_browser_tells_the_end(error, status, end):
    """Also where there was no answer at all."""
    answer = {"status": status, "_error": error}
    (exchange,) = read(har(entry(text="" if not status else STREAM, answer=answer)), "a").exchanges
    assert (exchange.status, exchange.end, exchange.fault) == (status, end, error)


LEFT_OUT = {
    "no body": entry(
        url="https://api.test/2", answer={"content": {"size": 120, "mimeType": "a/b"}}
    ),
    "no size": entry(url="https://api.test/2", answer={"content": {"size": -1}}),
    "not answered": entry(
        url="https://api.test/2", answer={"status": 0, "_error": "net::ERR_FAILED"}
    ),
    "a WebSocket": entry(url="wss://api.test/2"),
    "upgraded": entry(url="https://api.test/2", answer={"status": 101}),
    "data": entry(url="data:text/plain,x"),
    "another server": entry(url="https://cdn.test/2", answer={"headers": []}, text="x") | {},
    "a style": entry(
        url="https://api.test/2",
        answer={"headers": [{"name": "Content-Type", "value": "text/css"}]},
    ),
}
LEFT_OUT["another server"]["response"]["content"]["mimeType"] = "application/json"


@pytest.mark.parametrize("left_out", LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_not_meant_is_left_out_and_said(left_out):
    """The rest is kept."""
    timed = {"_eventSourceMessages": [told(1, data="1"), told(1, data="2")]}
    found = read(har(entry(**timed), left_out), "a.har")
    assert [exchange.target for exchange in found.exchanges] == ["/v1/x?q=1"]
    assert len(found.notes) == 1
    assert "left out" in found.notes[0]


def test_a_server_can_be_named():
    """Then it need not stream, and scripts can be had as well."""
    script = entry(
        url="https://cdn.test/a.js",
        answer={"headers": [], "content": {"mimeType": "text/javascript", "text": "x"}},
    )
    found = read(har(entry(), script), "a.har", wanted=Wanted("https://cdn.test", pages=True))
    assert [exchange.target for exchange in found.exchanges] == ["/a.js"]


def test_a_request_has_its_body():
    """As text, or as the parameters of a form."""
    posts = [
        {"text": "{}"},
        {"params": [{"name": "a", "value": "ü&"}]},
        {"params": None},
        None,
        {"params": [{"name": "\ud800", "value": ""}]},
        {"text": "\ud800"},
    ]
    given = [entry() for _ in posts]
    for one, posted in zip(given, posts, strict=True):
        one["request"]["postData"] = posted
    found = read(har(*given), "a.har")
    assert [exchange.request_body for exchange in found.exchanges] == [
        b"{}",
        b"a=%C3%BC%26",
        b"",
        b"",
        b"%3F=",
        b"?",
    ]


BROKEN = {
    "no JSON": (b'{"log": {\n  "entries": [}', "a.har:2:15: no JSON", "bad-recording"),
    "no log": (b"{}", "a.har#/log/entries", "bad-recording"),
    "entries that are none": (b'{"log": {"entries": {}}}', "a.har#/log/entries", "bad-recording"),
    "no entries": (har(), "a.har: no request", "nothing-recorded"),
    "only broken ones": (
        har(None, 1, {}, {"request": []}),
        "a.har#/log/entries/0",
        "unreadable-part",
    ),
    "without bodies": (har(entry(text=None)), "does not have the body", "nothing-recorded"),
}


@pytest.mark.parametrize(("data", "said", "code"), BROKEN.values(), ids=BROKEN)
def test_a_file_with_nothing_in_it_says_why(data, said, code):
    """With the place and the code."""
    with pytest.raises(LoadError) as error:
        read(data, "a.har")
    assert said in str(error.value)
    assert f"[{code}]" in str(error.value)


def test_what_can_be_read_is_kept():
    """Entries that are no entries are told, each with its place."""
    odd = entry(url="https://api.test/2", startedDateTime=None, timings=[], time="x")
    odd["request"]["headers"] = [None, {"name": 1}, {"name": "A"}]
    found = read(har(None, entry(), odd, {"request": {"url": "http://x"}}), "a.har")
    assert [exchange.target for exchange in found.exchanges] == ["/2", "/v1/x?q=1"]
    assert [str(problem.where) for problem in found.problems] == [
        "a.har#/log/entries/0",
        "a.har#/log/entries/2",
        "a.har#/log/entries/3",
    ]
    assert {problem.severity for problem in found.problems} == {"warning"}


STORY = """
operation: streamOrderStatus
stream:
- {id: 1, data: one}
- {comment: "ü"}
- disconnect: drop
- {id: 2, data: two}
- disconnect: reset
- {event: complete, id: 3, data: three}
"""


async def test_our_own_journal_comes_back(tmp_path):
    """What a session tells as HAR is read as the exchanges that it was told of."""
    (tmp_path / "story.yaml").write_text(STORY)
    async with (
        MockServer(scenarios=tmp_path, events="off", clock="instant") as server,
        ClientSession(server.url) as client,
    ):
        for number in range(4):
            headers = {"Last-Event-ID": str(number)} if number else {}
            with suppress(ClientError):
                async with client.get("/v1/orders/7/status/stream", headers=headers) as answer:
                    await answer.read()
        async with client.get("/_mock/sessions/default/journal?format=har") as answer:
            exported = await answer.read()
    found = read(exported, "journal.har")
    told = [(one.status, b"".join(c.data for c in one.chunks), one.end) for one in found.exchanges]
    assert told == [
        (200, b"id: 1\ndata: one\n\n: \xc3\xbc\n\n", "cut"),
        (200, b": \xc3\xbc\n\nid: 2\ndata: two\n\n", "reset"),
        (200, b"event: complete\nid: 3\ndata: three\n\n", "end"),
        (204, b"", "end"),
    ]
    assert {one.target for one in found.exchanges} == {"/v1/orders/7/status/stream"}
    assert found.problems == []

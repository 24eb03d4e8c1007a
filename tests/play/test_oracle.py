"""A conforming EventSource, told what a server does to it: states, events, what it keeps."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.play.oracle import Changed, ConformingClient, Received

STREAM = [("Content-Type", "text/event-stream")]
HOST = "shop.example"


def client_of(*acts):
    """Tell a client one act a second: a method's name and its arguments."""
    client = ConformingClient()
    for at, (act, *told) in enumerate(acts):
        named = told.pop() if told and isinstance(told[-1], dict) else {}
        getattr(client, act)(float(at), *told, **named)
    return client


def story(client):
    """Return the states with their reasons, as text."""
    return [f"{changed.state}: {changed.why}" for changed in client.states]


def heard(client):
    """Return the data of all events."""
    return [event.data for event in client.events]


def pieces(data, size):
    """Cut bytes into pieces of `size`."""
    return [data[at : at + size] for at in range(0, len(data), size)]


OPEN = [("request",), ("respond", 200, STREAM)]
REQUEST = "connecting: request 1"
OPENED = "open: status 200"
LOST = "connecting: network error"
ENDED = "connecting: the body ended"

STORIES = {
    # EOS: the end of the stream.
    "a request": ([("request",)], [REQUEST], []),
    "an open stream": (
        [*OPEN, ("receive", b"data: 1\n\n")],
        [REQUEST, OPENED],
        ["1"],
    ),
    "an end after a block": (
        [*OPEN, ("receive", b"data: 1\n\n"), ("finish", "end")],
        [REQUEST, OPENED, ENDED],
        ["1"],
    ),
    "an end inside a block": (
        [*OPEN, ("receive", b"data: 1\n\ndata: 2\n"), ("finish", "end")],
        [REQUEST, OPENED, ENDED],
        ["1"],
    ),
    "an end inside a line": (
        [*OPEN, ("receive", b"data: 1\n\ndata: 2"), ("finish", "end")],
        [REQUEST, OPENED, ENDED],
        ["1"],
    ),
    "an end inside a character": (
        [*OPEN, ("receive", b"data: \xe2\x82"), ("finish", "end")],
        [REQUEST, OPENED, ENDED],
        [],
    ),
    "an empty body": ([*OPEN, ("finish", "end")], [REQUEST, OPENED, ENDED], []),
    "half a block is not put together over connections": (
        [*OPEN, ("receive", b"data: 1\n"), ("finish", "end"), *OPEN, ("receive", b"\ndata: 2\n\n")],
        [REQUEST, OPENED, ENDED, "connecting: request 2", OPENED],
        ["2"],
    ),
    "a byte order mark on every connection": (
        [
            *OPEN, ("receive", b"data: 1\n\n"), ("finish", "end"),
            *OPEN, ("receive", b"\xef\xbb\xbfdata: 2\n\n"),
        ],
        [REQUEST, OPENED, ENDED, "connecting: request 2", OPENED],
        ["1", "2"],
    ),
    # CX: connections that go wrong.
    "a reset before the head": ([("request",), ("finish", "reset")], [REQUEST, LOST], []),
    "a FIN before the head": ([("request",), ("finish", "drop")], [REQUEST, LOST], []),
    "an end before the head": ([("request",), ("finish", "end")], [REQUEST, LOST], []),
    "a drop": (
        [*OPEN, ("receive", b"data: 1\n\n"), ("finish", "drop")],
        [REQUEST, OPENED, LOST],
        ["1"],
    ),
    "a reset": (
        [*OPEN, ("receive", b"data: 1\n\ndata: 2\n"), ("finish", "reset")],
        [REQUEST, OPENED, LOST],
        ["1"],
    ),
    "the client's leaving": (
        [*OPEN, ("receive", b"data: 1\n\n"), ("finish", "client")],
        [REQUEST, OPENED],
        ["1"],
    ),
    "the client's leaving before the head": (
        [("request",), ("finish", "client"), ("respond", 200, STREAM)],
        [REQUEST],
        [],
    ),
    "nothing after the end": (
        [*OPEN, ("finish", "end"), ("receive", b"data: 1\n\n"), ("finish", "reset")],
        [REQUEST, OPENED, ENDED],
        [],
    ),
    "nothing before the head": (
        [("request",), ("receive", b"data: 1\n\n"), ("respond", 200, STREAM)],
        [REQUEST, OPENED],
        [],
    ),
    "nothing before the request": (
        [("respond", 200, STREAM), ("receive", b"data: 1\n\n"), ("finish", "end")],
        [],
        [],
    ),
    "three connections": (
        [
            ("request",), ("finish", "reset"),
            *OPEN, ("receive", b"data: 1\n\n"), ("finish", "drop"),
            *OPEN, ("receive", b"data: 2\n\n"),
        ],
        [REQUEST, LOST, "connecting: request 2", OPENED, LOST, "connecting: request 3", OPENED],
        ["1", "2"],
    ),
    # ST: statuses.
    "204 at first": (
        [("request",), ("respond", 204, []), ("finish", "end")],
        [REQUEST, "closed: 204: stay away"],
        [],
    ),
    "204 with bytes": (
        [("request",), ("respond", 204, STREAM), ("receive", b"data: 1\n\n"), ("finish", "end")],
        [REQUEST, "closed: 204: stay away"],
        [],
    ),
    "204 after a good connection": (
        [*OPEN, ("finish", "end"), ("request",), ("respond", 204, [])],
        [REQUEST, OPENED, ENDED, "connecting: request 2", "closed: 204: stay away"],
        [],
    ),
    "503, then 200": (
        [("request",), ("respond", 503, []), ("finish", "end"), *OPEN, ("receive", b"data\n\n")],
        [
            REQUEST, "closed: status 503 is not 200",
            "connecting: request 2 after closed", OPENED,
        ],
        [""],
    ),
    "a reset of what is closed": (
        [("request",), ("respond", 404, STREAM), ("finish", "reset")],
        [REQUEST, "closed: status 404 is not 200"],
        [],
    ),
    # RD: redirects.
    "a redirect, followed": (
        [
            ("request",), ("respond", 307, [("Location", "/b")]), ("finish", "end"),
            ("request", {"followed": True}), ("respond", 200, STREAM), ("receive", b"data\n\n"),
        ],
        [REQUEST, "connecting: redirected to /b", OPENED],
        [""],
    ),
    "a redirect with a stream": (
        [
            ("request",), ("respond", 301, [*STREAM, ("location", "http://b.example/c")]),
            ("receive", b"data\n\n"),
        ],
        [REQUEST, "connecting: redirected to http://b.example/c"],
        [],
    ),
    "a redirect to 204": (
        [
            ("request",), ("respond", 301, [("Location", "/b")]),
            ("request", {"followed": True}), ("respond", 204, []),
        ],
        [REQUEST, "connecting: redirected to /b", "closed: 204: stay away"],
        [],
    ),
    "a redirect without Location": (
        [("request",), ("respond", 301, [])],
        [REQUEST, "closed: status 301 is not 200"],
        [],
    ),
    "a redirect with an empty Location": (
        [("request",), ("respond", 302, [("Location", "")])],
        [REQUEST, "connecting: redirected to itself"],
        [],
    ),
    "a redirect out of HTTP": (
        [("request",), ("respond", 302, [("Location", "ftp://b.example/c")])],
        [REQUEST, LOST],
        [],
    ),
    "a redirect to what is no URL": (
        [("request",), ("respond", 302, [("Location", "http://[b/c")])],
        [REQUEST, LOST],
        [],
    ),
    "300 and 304 are none": (
        [
            ("request",), ("respond", 300, [("Location", "/b")]),
            ("request",), ("respond", 304, [("Location", "/b")]),
        ],
        [
            REQUEST, "closed: status 300 is not 200",
            "connecting: request 2 after closed", "closed: status 304 is not 200",
        ],
        [],
    ),
    "each reconnection is redirected again": (
        2 * [
            ("request",), ("respond", 307, [("Location", "/b")]),
            ("request", {"followed": True}), ("respond", 200, STREAM), ("finish", "end"),
        ],
        [
            REQUEST, "connecting: redirected to /b", OPENED, ENDED,
            "connecting: request 2", "connecting: redirected to /b", OPENED, ENDED,
        ],
        [],
    ),
    "a redirect into a reset": (
        [
            ("request",), ("respond", 307, [("Location", "/b")]),
            ("request", {"followed": True}), ("finish", "reset"),
        ],
        [REQUEST, "connecting: redirected to /b", LOST],
        [],
    ),
    "nothing to be followed": (
        [("request", {"followed": True}), ("respond", 200, STREAM)],
        [REQUEST, OPENED],
        [],
    ),
    # TF: Content-Length.
    "a complete body": (
        [
            ("request",), ("respond", 200, [*STREAM, ("Content-Length", "9")]),
            ("receive", b"data: 1\n"), ("receive", b"\ndata: 2\n\n"), ("finish", "reset"),
        ],
        [REQUEST, OPENED, ENDED],
        ["1"],
    ),
    "a body too short": (
        [
            ("request",), ("respond", 200, [*STREAM, ("Content-Length", "999")]),
            ("receive", b"data: 1\n\n"), ("finish", "end"),
        ],
        [REQUEST, OPENED, LOST],
        ["1"],
    ),
    "no body at all": (
        [("request",), ("respond", 200, [*STREAM, ("Content-Length", "0")]), ("finish", "end")],
        [REQUEST, OPENED, ENDED],
        [],
    ),
    "two equal lengths": (
        [
            ("request",), ("respond", 200, [*STREAM, ("Content-Length", "9"), ("content-length", "9")]),
            ("receive", b"data: 1\n\n"),
        ],
        [REQUEST, OPENED, ENDED],
        ["1"],
    ),
    "two lengths": (
        [("request",), ("respond", 200, [*STREAM, ("Content-Length", "9, 10")])],
        [REQUEST, LOST],
        [],
    ),
    "a length that is none": (
        [("request",), ("respond", 200, [*STREAM, ("Content-Length", "-1")])],
        [REQUEST, LOST],
        [],
    ),
    "a length beside a transfer coding": (
        [
            ("request",),
            ("respond", 200, [*STREAM, ("Content-Length", "9"), ("Transfer-Encoding", "chunked")]),
            ("receive", b"data: 1\n\ndata: 2\n\n"), ("finish", "end"),
        ],
        [REQUEST, OPENED, ENDED],
        ["1", "2"],
    ),
    "another response's length": (
        [
            ("request",), ("respond", 302, [("Location", "/b"), ("Content-Length", "2")]),
            ("request", {"followed": True}), ("respond", 200, STREAM),
            ("receive", b"data: 1\n\n"), ("finish", "end"),
        ],
        [REQUEST, "connecting: redirected to /b", OPENED, ENDED],
        ["1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("acts", "states", "data"), STORIES.values(), ids=STORIES)
def test_a_client_is_in_the_state_that_the_standard_says(acts, states, data):
    """What a server does brings it there, and these events arrive on the way."""
    client = client_of(*acts)

    assert (states, data) == (story(client), heard(client))
    assert client.state == (client.states[-1].state if client.states else "connecting")


STATUSES = [
    201,
    202,
    203,
    205,
    206,
    210,
    299,
    400,
    401,
    403,
    404,
    405,
    406,
    409,
    410,
    429,
    500,
    502,
    503,
    504,
]


@pytest.mark.parametrize("status", STATUSES)
def test_only_200_opens(status):
    """Every other status closes for good, and its body is not read."""
    client = client_of(("request",), ("respond", status, STREAM), ("receive", b"data\n\n"))

    assert [REQUEST, f"closed: status {status} is not 200"] == story(client)
    assert heard(client) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_20_times(status):
    """The 21st in a row is a network error, and with a new request all begins again."""
    redirected = ("respond", status, [("Location", "/b")])
    followed = ("request", {"followed": True})
    client = client_of(("request",), *[redirected, followed] * 20, redirected)

    elsewhere = "connecting: redirected to /b"
    assert [REQUEST, *[elsewhere] * 20, "connecting: too many redirects"] == story(client)
    client.request(50.0)
    client.respond(51.0, status, [("Location", "/b")])
    assert ["connecting: request 2", elsewhere] == story(client)[-2:]
    assert client.connection == 2


# What stands behind "closed: ", or nothing where the stream opens.
MEDIA_TYPES = {
    "as it is": (["text/event-stream"], ""),
    "a charset": (["text/event-stream; charset=utf-8"], ""),
    "a charset in quotes": (['text/event-stream; charset="UTF-8"'], ""),
    "no space": (["text/event-stream;charset=utf-8"], ""),
    "a space before the semicolon": (["text/event-stream ; charset=utf-8"], ""),
    "a trailing semicolon": (["text/event-stream;"], ""),
    "another charset": (["text/event-stream; charset=windows-1251"], ""),
    "parameters that are none": (["text/event-stream; x y; =; ;"], ""),
    "other letters": (["Text/Event-Stream"], ""),
    "spaces around": (["\t text/event-stream  "], ""),
    "the last of a list": (["application/json, text/event-stream; charset=utf-8"], ""),
    "the last of two headers": (["text/html", "text/event-stream"], ""),
    "before one that is none": (["text/event-stream, bogus"], ""),
    "before any": (["text/event-stream, */*"], ""),
    "before nothing": (["text/event-stream,", ""], ""),
    "a comma in quotes": (['text/event-stream; a="b, text/html"'], ""),
    "a quote that is not closed": (['text/event-stream; a="b, text/html'], ""),
    "an escaped quote": (['text/event-stream; a="\\", text/html"'], ""),
    "a quote that ends with a backslash": (['text/event-stream; a="\\'], ""),
    "not the last": (["text/event-stream, text/html"], "text/html is no event stream"),
    "behind quotes": (['text/event-stream; a="b", text/html'], "text/html is no event stream"),
    "not the last header": (["text/event-stream", "text/html"], "text/html is no event stream"),
    "a similar type": (
        ["text/event-stream-foobar;"],
        "text/event-stream-foobar is no event stream",
    ),
    "another type": (["text/x-bogus"], "text/x-bogus is no event stream"),
    "JSON": (["application/json; charset=utf-8"], "application/json is no event stream"),
    "two words": (["x bogus"], "x bogus is no event stream"),
    "one word": (["stop"], "stop is no event stream"),
    "a word behind": (["text/event-stream x"], "text/event-stream x is no event stream"),
    "a space inside": (["text/ event-stream"], "text/ event-stream is no event stream"),
    "quoted": (['"text/event-stream"'], '"text/event-stream" is no event stream'),
    "a line separator behind": (["text/event-stream\u2028"], "text/event-stream\u2028 is no event stream"),
    "any": (["*/*"], "*/* is no event stream"),
    "empty": ([""], "no Content-Type"),
    "missing": ([], "no Content-Type"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "why"), MEDIA_TYPES.values(), ids=MEDIA_TYPES)
def test_only_an_event_stream_opens(values, why):
    """The last value counts that is a media type."""
    headers = [("CONTENT-type", value) for value in values]
    client = client_of(("request",), ("respond", 200, headers), ("receive", b"data: 1\n\n"))

    assert [REQUEST, f"closed: {why}" if why else OPENED] == story(client)
    assert ([] if why else ["1"]) == heard(client)


PAGE = "http://page.example"
ORIGINS = {
    "same origin": (f"http://{HOST}", [], True),
    "same origin over TLS": (f"https://{HOST}", [], True),
    "no Origin": (None, [], True),
    "its own": (PAGE, [PAGE], True),
    "any": (PAGE, ["*"], True),
    "spaces": (PAGE, [f" {PAGE} "], True),
    "none": (PAGE, [], False),
    "empty": (PAGE, [""], False),
    "another": (PAGE, ["http://example.org"], False),
    "another port": (PAGE, [f"{PAGE}:8080"], False),
    "a path": (PAGE, [f"{PAGE}/"], False),
    "other letters": (PAGE, [PAGE.upper()], False),
    "twice": (PAGE, [PAGE, PAGE], False),
    "a list": (PAGE, [f"{PAGE}, *"], False),
    "the server's port": (f"http://{HOST}:8080", [], False),
    "a file's page": ("null", ["null"], True),
    "a file's page, not let in": ("null", [PAGE], False),
}


@pytest.mark.parametrize(("origin", "allowed", "opens"), ORIGINS.values(), ids=ORIGINS)
def test_a_page_of_another_origin_has_to_be_let_in(origin, allowed, opens):
    """Access-Control-Allow-Origin names its origin exactly, or all."""
    headers = [*STREAM, *(("Access-Control-Allow-Origin", value) for value in allowed)]
    client = client_of(
        ("request", {"host": HOST.title(), "origin": origin}),
        ("respond", 200, headers),
        ("receive", b"data: 1\n\n"),
    )

    closed = "closed: the answer is for another origin"
    assert [REQUEST, OPENED if opens else closed] == story(client)
    assert (["1"] if opens else []) == heard(client)


@pytest.mark.parametrize(
    ("status", "why"), [(302, "connecting: redirected to /b"), (204, "closed: 204: stay away")]
)
def test_a_page_of_another_origin_has_to_be_let_into_every_answer(status, why):
    """A redirect is not followed before that, and a status is not looked at."""
    closed = "closed: the answer is for another origin"
    for allowed, expected in (([], closed), ([("Access-Control-Allow-Origin", "*")], why)):
        client = client_of(
            ("request", {"host": HOST, "origin": PAGE}),
            ("respond", status, [("Location", "/b"), *allowed]),
        )
        assert [REQUEST, expected] == story(client)


def test_an_event_says_where_it_comes_from():
    """Its origin is the last URL's, its number the connection's, its time that of its last byte."""
    client = ConformingClient()
    client.request(1.0, host="A.example:80")
    client.respond(1.1, 302, [("Location", "http://b.example/")])
    client.request(1.2, host="b.example", followed=True)
    client.respond(1.3, 200, STREAM)
    first = client.receive(1.4, b"id: 7\nevent: sold\ndata: 1\n")
    second = client.receive(1.5, b"\ndata: 2\n\n")
    client.finish(2.0, "end")
    client.request(3.0, host="c.example")
    client.respond(3.1, 200, STREAM)
    third = client.receive(3.2, b"data: 3\n\n")

    assert (first, second, third) == (
        [],
        [
            Received(1, 1.5, "sold", "1", "7", "http://b.example"),
            Received(1, 1.5, "message", "2", "7", "http://b.example"),
        ],
        [Received(2, 3.2, "message", "3", "7", "http://c.example")],
    )
    assert first + second + third == client.events
    assert client.states[:3] == [
        Changed(1.0, "connecting", "request 1"),
        Changed(1.1, "connecting", "redirected to http://b.example/"),
        Changed(1.3, "open", "status 200"),
    ]


KEPT = {
    "at first": ([], "", None),
    "an id and a time": ([b"id: 1\nretry: 500\n\n"], "1", 500),
    "an id of a block without data": ([b"id: 1\n\n"], "1", None),
    "not an incomplete block's id": ([b"id: abc\n\nid: def\ndata: x\n"], "abc", None),
    "a time at its line": ([b"retry: 2\n"], "", 2),
    "over connections": ([b"id: 1\nretry: 500\n\n", b"data: 2\n\n", b""], "1", 500),
    "replaced on another": ([b"id: 1\nretry: 500\n\n", b"id: 2\nretry: 1\n\n"], "2", 1),
    "taken back on another": ([b"id: 1\n\n", b"id\n\n"], "", None),
    "an id that came with a redirect in between": ([b"id: 1\n\n", None, b"data\n\n"], "1", None),
}


@pytest.mark.parametrize(("bodies", "last_event_id", "time"), KEPT.values(), ids=KEPT)
def test_what_is_kept_between_connections(bodies, last_event_id, time):
    """The last event ID string and the reconnection time are the event source's."""
    client = ConformingClient()
    for body in bodies:
        client.request(0.0, followed=bool(client.states and "redirected" in client.states[-1].why))
        if body is None:
            client.respond(0.0, 302, [("Location", "/b")])
            continue
        client.respond(0.0, 200, STREAM)
        client.receive(0.0, body)
        client.finish(0.0, "drop")

    assert (last_event_id, time) == (client.last_event_id, client.reconnection_time)


def test_a_new_event_source_knows_nothing():
    """After "closed" only a new one can come."""
    client = client_of(
        *OPEN, ("receive", b"id: 1\nretry: 5\n\n"), ("finish", "end"),
        ("request",), ("respond", 404, []),
    )  # fmt: skip
    assert (client.last_event_id, client.reconnection_time) == ("1", 5)

    client.request(9.0)

    assert (client.last_event_id, client.reconnection_time) == ("", None)
    assert story(client)[-1] == "connecting: request 3 after closed"


def zlib_deflated(data, bits):
    """Compress in one of zlib's formats, ended properly."""
    stream = zlib.compressobj(wbits=bits)
    return stream.compress(data) + stream.flush()


def flushed(*events, bits=31):
    """Compress as servers of streams do: flushed after every event, and not ended."""
    stream = zlib.compressobj(wbits=bits)
    return b"".join(stream.compress(event) + stream.flush(zlib.Z_SYNC_FLUSH) for event in events)


ONE, TWO = b"data: 1\n\n", b"data: 2\n\n"
BROKEN = bytearray(gzip.compress(ONE, mtime=0))
BROKEN[-6] ^= 0xFF  # in the checksum
CODINGS = {
    "none": ([], ONE + TWO, ["1", "2"], ENDED),
    "identity": (["identity"], ONE, ["1"], ENDED),
    "empty": ([""], ONE, ["1"], ENDED),
    "gzip": (["gzip"], gzip.compress(ONE + TWO), ["1", "2"], ENDED),
    "gzip, flushed": (["gzip"], flushed(ONE, TWO), ["1", "2"], ENDED),
    "gzip in other letters": (["GZip"], flushed(ONE), ["1"], ENDED),
    "x-gzip": (["x-gzip"], flushed(ONE), ["1"], ENDED),
    "gzip of two members": (["gzip"], gzip.compress(ONE) + gzip.compress(TWO), ["1", "2"], ENDED),
    "bytes behind gzip": (["gzip"], gzip.compress(ONE) + b"\0" + TWO, ["1"], ENDED),
    "deflate": (["deflate"], zlib.compress(ONE + TWO), ["1", "2"], ENDED),
    "deflate, flushed": (["deflate"], flushed(ONE, TWO, bits=15), ["1", "2"], ENDED),
    "deflate, raw": (["deflate"], zlib_deflated(ONE + TWO, -15), ["1", "2"], ENDED),
    "deflate, raw and flushed": (["deflate"], flushed(ONE, TWO, bits=-15), ["1", "2"], ENDED),
    "bytes behind deflate": (["deflate"], zlib.compress(ONE) + TWO, ["1"], ENDED),
    "two codings": (["deflate, gzip"], gzip.compress(zlib.compress(ONE)), ["1"], ENDED),
    "two codings in two headers": (
        ["gzip", "deflate"],
        zlib.compress(gzip.compress(ONE)),
        ["1"],
        ENDED,
    ),
    "gzip and identity": (["gzip, identity"], gzip.compress(ONE), ["1"], ENDED),
    "no body": (["gzip"], b"", [], ENDED),
    "plain bytes for gzip": (["gzip"], ONE + TWO, [], LOST),
    "plain bytes for deflate": (["deflate"], ONE + TWO, [], LOST),
    "deflate for gzip": (["gzip"], zlib.compress(ONE), [], LOST),
    "gzip for deflate": (["deflate"], gzip.compress(ONE), [], LOST),
    "a wrong checksum": (["gzip"], bytes(BROKEN), ["1"], LOST),
    "a break after an event": (["gzip"], flushed(ONE) + b"\xff" * 9, ["1"], LOST),
    "plain bytes as br": (["br"], ONE, [], LOST),
    "br under gzip": (["br, gzip"], gzip.compress(ONE), [], LOST),
    "a coding that nobody supports": (["foo"], ONE, ["1"], ENDED),
    "one of two that nobody supports": (["foo, gzip"], gzip.compress(ONE), [], ENDED),
}


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize(("names", "body", "data", "last"), CODINGS.values(), ids=CODINGS)
def test_content_codings_are_taken_off(names, body, data, last, size):
    """Events arrive as soon as they are flushed; what cannot be decoded is a network error."""
    headers = [*STREAM, *(("Content-Encoding", name) for name in names)]
    acts = [("receive", piece) for piece in pieces(body, size)]
    client = client_of(("request",), ("respond", 200, headers), *acts, ("finish", "end"))

    assert (data, [REQUEST, OPENED, last]) == (heard(client), story(client))


def test_a_flushed_event_does_not_wait():
    """It arrives with the bytes of its flush."""
    client = client_of(("request",), ("respond", 200, [*STREAM, ("Content-Encoding", "gzip")]))
    stream = zlib.compressobj(wbits=31)

    for number in (b"1", b"2"):
        block = stream.compress(b"data: " + number + b"\n\n") + stream.flush(zlib.Z_SYNC_FLUSH)
        assert [number.decode()] == [event.data for event in client.receive(3.0, block)]


def test_a_coded_body_is_as_long_as_its_coded_bytes():
    """Content-Length counts what is sent."""
    body = gzip.compress(ONE + TWO)
    headers = [*STREAM, ("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))]
    client = client_of(("request",), ("respond", 200, headers), ("receive", body + ONE))

    assert (heard(client), story(client)[-1]) == (["1", "2"], ENDED)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
# The bytes, how the connection is over (None: not yet), the events, the states after the request.
RAW = {
    "an end with the connection": (HEAD + b"\r\n" + ONE, "end", ["1"], [OPENED, ENDED]),
    "a FIN is the end": (HEAD + b"\r\n" + ONE, "drop", ["1"], [OPENED, ENDED]),
    "a reset is none": (HEAD + b"\r\n" + ONE, "reset", ["1"], [OPENED, LOST]),
    "the client's leaving": (HEAD + b"\r\n" + ONE, "client", ["1"], [OPENED]),
    "still open": (HEAD + b"\r\n" + ONE, None, ["1"], [OPENED]),
    "no body": (HEAD + b"\r\n", "end", [], [OPENED, ENDED]),
    "HTTP/1.0": (HEAD.replace(b"1.1", b"1.0") + b"\r\n" + ONE, "end", ["1"], [OPENED, ENDED]),
    "no reason": (HEAD.replace(b" OK", b"") + b"\r\n" + ONE, None, ["1"], [OPENED]),
    "another reason": (HEAD.replace(b"OK", b"HAHAHAHA") + b"\r\n" + ONE, None, ["1"], [OPENED]),
    "odd letters": (
        b"HTTP/1.1 200 OK\r\ncontent-TYPE:text/event-stream\r\n\r\n" + ONE,
        None,
        ["1"],
        [OPENED],
    ),
    "LF in the head": (HEAD.replace(b"\r", b"") + b"\n" + ONE, None, ["1"], [OPENED]),
    "103 before": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + HEAD + b"\r\n" + ONE, None, ["1"], [OPENED]),
    "100 twice before": (b"HTTP/1.1 100 Continue\r\n\r\n" * 2 + HEAD + b"\r\n" + ONE, None, ["1"], [OPENED]),
    "101": (b"HTTP/1.1 101 Switching\r\n\r\n" + HEAD + b"\r\n" + ONE, "end", [], [LOST]),
    "103 and no more": (b"HTTP/1.1 103 Early Hints\r\n\r\n", "end", [], [LOST]),
    "Content-Length": (HEAD + b"Content-Length: 9\r\n\r\n" + ONE, None, ["1"], [OPENED, ENDED]),
    "bytes behind the length": (HEAD + b"Content-Length: 9\r\n\r\n" + ONE + TWO, "reset", ["1"], [OPENED, ENDED]),
    "short of the length": (HEAD + b"Content-Length: 999\r\n\r\n" + ONE, "end", ["1"], [OPENED, LOST]),
    "two lengths": (HEAD + b"Content-Length: 9\r\nContent-Length: 8\r\n\r\n" + ONE, "end", [], [LOST]),
    "chunks": (CHUNKED + b"9\r\n" + ONE + b"\r\n9\r\n" + TWO + b"\r\n", None, ["1", "2"], [OPENED]),
    "chunks through an event": (CHUNKED + b"3\r\ndat\r\n6\r\na: 1\n\n\r\n", None, ["1"], [OPENED]),
    "the last chunk": (CHUNKED + b"9\r\n" + ONE + b"\r\n0\r\n\r\n", None, ["1"], [OPENED, ENDED]),
    "bytes behind the last chunk": (CHUNKED + b"9\r\n" + ONE + b"\r\n0\r\n\r\n" + TWO, "reset", ["1"], [OPENED, ENDED]),
    "an extension and a trailer": (CHUNKED + b"9;ext=1\r\n" + ONE + b"\r\n0\r\nX-T: 1\r\n\r\n", None, ["1"], [OPENED, ENDED]),
    "no last chunk": (CHUNKED + b"9\r\n" + ONE + b"\r\n", "end", ["1"], [OPENED, LOST]),
    "half a chunk": (CHUNKED + b"99\r\n" + ONE, "drop", ["1"], [OPENED, LOST]),
    "no chunk": (CHUNKED + ONE, "end", [], [OPENED, LOST]),
    "a chunk too long": (CHUNKED + b"8\r\n" + ONE + b"\r\n" + TWO, "end", [], [OPENED, LOST]),
    "another transfer coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n" + ONE, "end", [], [LOST]),
    "a content coding": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + flushed(ONE), None, ["1"], [OPENED]),
    "a wrong content coding": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + ONE + TWO, "end", [], [OPENED, LOST]),
    "a long head": (HEAD + b"X: " + b"x" * 60_000 + b"\r\n\r\n" + ONE, None, ["1"], [OPENED]),
    "204 with bytes behind": (
        b"HTTP/1.1 204 NO CONTENT\r\nContent-Length: 14\r\n\r\ndata: closed\n\n",
        "end",
        [],
        ["closed: 204: stay away"],
    ),
    "404 with a stream": (HEAD.replace(b"200", b"404") + b"\r\n" + ONE, "end", [], ["closed: status 404 is not 200"]),
    "a redirect": (
        b"HTTP/1.1 307 x\r\nLocation: /b\r\nContent-Length: 9\r\n\r\n" + ONE,
        "end",
        [],
        ["connecting: redirected to /b"],
    ),
    "another media type": (HEAD.replace(b"event-stream", b"html") + b"\r\n" + ONE, "end", [], ["closed: text/html is no event stream"]),
    "half a head": (HEAD, "end", [], [LOST]),
    "half a head, still": (HEAD, None, [], []),
    "garbage": (b"\x00\x01garbage", "end", [], [LOST]),
    "garbage with a line end": (b"\x00\x01garbage\r\n\r\n", None, [], [LOST]),
    "a header that is none": (HEAD + b"Bad Name: x\r\n\r\n" + ONE, None, [], [LOST]),
    "nothing": (b"", "end", [], [LOST]),
    "nothing, reset": (b"", "reset", [], [LOST]),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 100_000])
@pytest.mark.parametrize(("response", "kind", "data", "states"), RAW.values(), ids=RAW)
def test_a_raw_response_is_read_by_its_framing(response, kind, data, states, size):
    """Head and body are found in the bytes, whatever the pieces."""
    client = client_of(("request",), *(("receive_raw", piece) for piece in pieces(response, size)))
    if kind is not None:
        client.finish(9e9, kind)

    assert (data, [REQUEST, *states]) == (heard(client), story(client))


def test_raw_and_other_responses_take_turns():
    """Each connection is read from its own beginning."""
    raw = ("receive_raw", CHUNKED + b"9\r\n" + ONE + b"\r\n")
    client = client_of(
        ("request",), raw, ("finish", "drop"),
        *OPEN, ("receive", TWO), ("finish", "end"),
        ("request",), raw,
    )  # fmt: skip

    assert heard(client) == ["1", "2", "1"]
    assert [event.connection for event in client.events] == [1, 2, 3]


def test_a_raw_response_returns_its_events():
    """As they are completed, and `receive` gives none of such a connection."""
    client = client_of(("request",))

    assert client.receive_raw(1.0, HEAD + b"\r\nid: 5\ndata: 1\n") == []
    assert [Received(1, 2.0, "message", "1", "5", "http://")] == client.receive_raw(2.0, b"\n")
    assert client.receive_raw(3.0, b"") == []
    client.finish(4.0, "end")
    assert client.receive_raw(5.0, ONE) == []


_PARTS = [
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200\r\n", b"HTTP/1.1 103 x\r\n", b"HTTP/1.1 307 x\r\n",
    b"Content-Type: text/event-stream\r\n", b"Location: /\r\n", b"Content-Length: 9\r\n",
    b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: deflate\r\n", b"\r\n", b"\n", b"\r", b"9\r\n", b"0\r\n\r\n", ONE, TWO,
    b"\xff", b"\0", b":", b" ", b"4\r\ndata\r\n", gzip.compress(ONE), zlib.compress(ONE)[:-1],
]  # fmt: skip


@settings(deadline=None)
@given(
    head=st.sampled_from([b"", HEAD, HEAD + b"\r\n", CHUNKED]),
    parts=st.lists(st.sampled_from(_PARTS), max_size=12),
    kind=st.sampled_from(["end", "drop", "reset", "client"]),
)
def test_whatever_is_sent_raw_is_read_alike_in_any_pieces(head, parts, kind):
    """Nothing breaks the client itself, and chunks make no difference to what it does."""
    response = head + b"".join(parts)
    read = []
    for size in (1, 2, 1000):
        acts = [("receive_raw", piece) for piece in pieces(response, size)]
        client = client_of(("request",), *acts, ("finish", kind))
        read.append((heard(client), story(client)))

    assert read[0] == read[1] == read[2]

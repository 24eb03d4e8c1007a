"""What curl prints, with -i, -v or both, is read as the exchange that it was."""

import pytest

from mockserver.errors import LoadError
from mockserver.imports.found import Asked
from mockserver.imports.read import format_of, read

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-A: 1\r\nX-A: 2\r\n\r\n"
BODY = b"id: 1\r\ndata: HTTP/1.1 is old\r\n\r\n: x\n\n"
VERBOSE = b"""\
*   Trying 127.0.0.1:8080...
* Connected to localhost (127.0.0.1) port 8080 (#0)
> GET /v1/x?q=1 HTTP/1.1\r
> Host: localhost:8080\r
> Accept: text/event-stream\r
>\x20\r
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0
< HTTP/1.1 200 OK\r
< Content-Type: text/event-stream\r
<\x20\r
{ [12 bytes data]
data: one

data: two

* transfer closed with outstanding read data remaining
* Closing connection 0
curl: (18) transfer closed with outstanding read data remaining
"""
EVENTS = b"data: one\n\ndata: two\n\n"
NAMES = b"""\
  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
"""
METER = b"\r100    21    0    21    0     0     16      0 --:--:--  0:00:01 --:--:--    16"
WIDE_NAMES = b"""\
  % Total    % Received % Xferd  Average Speed  Time    Time    Time   Current
                                 Dload  Upload  Total   Spent   Left   Speed
"""
WIDE = b"\r 29 15.02M  29  4.41M   0      0  4.41M      0   00:03           00:03  4.41M"
PLANE = b"#=#=#".ljust(78) + b"\r" + b"##=#=#".ljust(78) + b"\r"
BAR = b"\r" + b"#" * 72 + b" 100.0%"
ASKED = b"> GET /a HTTP/1.1\r\n> Authorization: Bearer abc\r\n> \r\n"
TOLD = b"".join(b"< " + line for line in HEAD.splitlines(keepends=True)) + b"{ [27 bytes data]\n"
REDIRECTED = (
    b"< HTTP/1.1 302 Found\r\n< Content-Length: 0\r\n< \r\n"
    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
)
JSON = TOLD.replace(b"text/event-stream", b"application/json")
TOO_LATE = b"curl: (28) Operation timed out after 3000 milliseconds with 21 bytes received\n"
LEFT = b"* Connection #0 to host 127.0.0.1 left intact\n"


def metered(head, names=NAMES, meter=METER, left=LEFT):
    """Return a transcript in which the meter stands before, in and behind two events."""
    parts = (names, meter, head, b"data: one\n\n", meter * 2, b"data: t", meter, b"wo\n\n", meter)
    return b"".join((*parts, b"\n", left))


TRYING = b"*   Trying 127.0.0.1:8080...\n"
AT = b"12:00:00.000001 "

FILES = {
    # the file: for each exchange its request, status, body and end
    "-i": (HEAD + BODY, [("GET /stream", 200, BODY, "end")]),
    "-i with LF": (HEAD.replace(b"\r", b"") + BODY, [("GET /stream", 200, BODY, "end")]),
    "-i without a body": (HEAD, [("GET /stream", 200, b"", "end")]),
    "-i that breaks off": (HEAD + b"data: x\n", [("GET /stream", 200, b"data: x\n", "open")]),
    "HTTP/2": (
        b"HTTP/2 200 \r\ncontent-type: text/event-stream\r\n\r\n" + EVENTS,
        [("GET /stream", 200, EVENTS, "end")],
    ),
    "continue": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + EVENTS,
        [("GET /stream", 200, EVENTS, "end")],
    ),
    "a redirect": (
        b"HTTP/1.1 307 X\r\nLocation: ../y?z\r\nContent-Length: 0\r\n\r\n" + HEAD + EVENTS,
        [("GET /stream", 307, b"", "end"), ("GET /y?z", 200, EVENTS, "end")],
    ),
    "two that follow": (
        b"HTTP/1.1 503 X\r\nContent-Length: 4\r\n\r\nbusy" + HEAD + EVENTS + HEAD + EVENTS,
        [
            ("GET /stream", 503, b"busy", "end"),
            ("GET /stream", 200, EVENTS, "end"),
            ("GET /stream", 200, EVENTS, "end"),
        ],
    ),
    "a length over a line like a head": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nHTTP/1.1 200 OK\r\nabc",
        [("GET /stream", 200, b"HTTP/1.1 200 OK\r\nabc", "end")],
    ),
    "-v": (VERBOSE, [("GET /v1/x?q=1", 200, EVENTS, "cut")]),
    "-v with times": (
        b"\n".join(
            b"12:00:00.000001 " + line if line.startswith((b"*", b"<", b">", b"{")) else line
            for line in VERBOSE.split(b"\n")
        ),
        [("GET /v1/x?q=1", 200, EVENTS, "cut")],
    ),
    "-i and -v": (
        b"> GET /a HTTP/1.1\r\n> Host: x\r\n> \r\n< HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n"
        b"< A: 1\r\nA: 1\r\n< \r\n\r\n" + EVENTS,
        [("GET /a", 200, EVENTS, "end")],
    ),
    "-i and -v into a file": (
        ASKED + TOLD + HEAD + EVENTS + LEFT,
        [("GET /a", 200, EVENTS, "end")],
    ),
    "-i and -v into a file, with a redirect": (
        ASKED + REDIRECTED + ASKED + TOLD + HEAD + EVENTS + LEFT,
        [("GET /a", 302, b"", "end"), ("GET /a", 200, EVENTS, "end")],
    ),
    "-v and a body that begins with a blank line": (
        ASKED + TOLD.partition(b"{")[0] + b"\n" + EVENTS + LEFT,
        [("GET /a", 200, b"\n" + EVENTS, "end")],
    ),
    "-v twice": (
        VERBOSE + VERBOSE.replace(b"(18)", b"(56) Recv failure: Connection reset by peer"),
        [("GET /v1/x?q=1", 200, EVENTS, "cut"), ("GET /v1/x?q=1", 200, EVENTS, "reset")],
    ),
    "with its command": (
        b"$ curl -N -i -X POST -H 'A: 1' -d '{}' http://localhost:1/v1/y?a=b\n" + HEAD + EVENTS,
        [("POST /v1/y?a=b", 200, EVENTS, "end")],
    ),
    **{
        f"-v with {name}": (data, [("GET /a", 200, EVENTS, "end")])
        for name, data in {
            "the meter": metered(TRYING + ASKED + TOLD),
            "the meter before the request": metered(ASKED + TOLD),
            "the meter of later versions": metered(ASKED + TOLD, WIDE_NAMES, WIDE),
            "the meter and times": metered(
                AT + (TRYING + ASKED + TOLD).replace(b"\n", b"\n" + AT).removesuffix(AT),
                left=AT + LEFT,
            ),
            "a sign that flies": metered(ASKED + TOLD, b"", PLANE).replace(b"\n" + LEFT, LEFT)
            + b"\n",
            "a bar": metered(ASKED + TOLD, b"", BAR),
        }.items()
    },
    "-i with the meter": (metered(HEAD, left=b""), [("GET /stream", 200, EVENTS, "end")]),
    "-i with the meter of later versions": (
        metered(HEAD, WIDE_NAMES, WIDE, left=b""),
        [("GET /stream", 200, EVENTS, "end")],
    ),
    "the meter behind a body without a last line": (
        ASKED + JSON + b"{}" + METER + b"\n" + LEFT + NAMES + METER + ASKED + JSON + b"{}" + LEFT,
        [("GET /a", 200, b"{}", "end")] * 2,
    ),
    "a time limit": (
        HEAD + EVENTS + TOO_LATE,
        [("GET /stream", 200, EVENTS, "client")],
    ),
    "a time limit within a line": (
        HEAD + b"data: one\n\ndata: tw" + TOO_LATE,
        [("GET /stream", 200, b"data: one\n\ndata: tw", "client")],
    ),
}


@pytest.mark.parametrize(("data", "exchanges"), FILES.values(), ids=FILES)
def test_a_transcript_is_read(data, exchanges):
    """Each request with its answer, in order."""
    assert format_of(data) == "curl"
    found = read(data, "a.txt")
    assert exchanges == [
        (
            f"{one.method} {one.target}",
            one.status,
            b"".join(chunk.data for chunk in one.chunks),
            one.end,
        )
        for one in found.exchanges
    ]
    assert found.problems == []


def test_the_meter_hides_no_headers_of_the_request():
    """They are the request's, and no part of a body, where masks would not find them."""
    data = NAMES + METER + ASKED + TOLD + EVENTS + METER + b"\n" + LEFT
    for exchange in read(data * 2, "a").exchanges:
        assert exchange.request_headers == (("Authorization", "Bearer abc"),)


def test_heads_are_kept():
    """Headers of both sides, in order and as often as they came."""
    (exchange,) = read(HEAD, "a").exchanges
    assert exchange.headers == (("Content-Type", "text/event-stream"), ("X-A", "1"), ("X-A", "2"))
    (exchange,) = read(VERBOSE, "a").exchanges
    assert exchange.request_headers == (("Host", "localhost:8080"), ("Accept", "text/event-stream"))


def test_a_command_tells_the_request():
    """Its headers and its body too."""
    (exchange,) = read(FILES["with its command"][0], "a").exchanges
    assert (exchange.request_headers, exchange.request_body) == ((("A", "1"),), b"{}")


def test_what_is_no_header_is_told_with_its_line():
    """The rest is kept."""
    found = read(b"HTTP/1.1 200 OK\nA: 1\nwhat is this\nB: 2\n\ndata: x\n\n", "a.txt")
    assert [str(problem) for problem in found.problems] == [
        "a.txt:3:1: warning: this is no header [unreadable-part]\n  what is this\n"
        "  ^^^^^^^^^^^^\n  mend: take the line out"
    ]
    assert [exchange.headers for exchange in found.exchanges] == [(("A", "1"), ("B", "2"))]


def test_a_plain_stream_is_the_answer_to_the_request_that_is_named():
    """Its bytes are kept, whatever is in them."""
    data = b"\xef\xbb\xbfretry: 5\rdata: x\r\r\xff"
    found = read(data, "a.txt", asked=Asked("POST", "/v1/chat"))
    (exchange,) = found.exchanges
    assert (exchange.method, exchange.target, exchange.end) == ("POST", "/v1/chat", "open")
    assert exchange.chunks[0].data == data


def test_the_meter_is_no_part_of_a_plain_stream():
    """It is taken out where the stream and the errors went into one file."""
    (exchange,) = read(metered(b"", left=b""), "a.txt").exchanges
    assert exchange.chunks[0].data == EVENTS


FAULTS = {
    "a time limit": (EVENTS, TOO_LATE, "client"),
    "behind the meter": (metered(b"", left=b""), TOO_LATE, "client"),
    "within a line": (EVENTS + b"data: thr", b"curl: (18) transfer closed", "cut"),
    "a reset": (EVENTS, b"curl: (56) Recv failure: Connection reset by peer\r\n", "reset"),
    "of curl's own": (EVENTS, b"curl: (23) Failure writing output to destination\n", "end"),
}


@pytest.mark.parametrize(("body", "said", "end"), FAULTS.values(), ids=FAULTS)
def test_what_curl_says_last_is_no_part_of_a_plain_stream(body, said, end):
    """It tells how the stream ended."""
    (exchange,) = read(body + said, "a.txt").exchanges
    assert exchange.chunks[0].data == EVENTS + body.partition(EVENTS)[2]
    assert (exchange.end, exchange.fault) == (end, said.decode().strip())


TRACES = {
    "--trace-ascii": b"== Info: Connected\n=> Send header, 83 bytes (0x53)\n0000: GET /x HTTP/1.1\n"
    b"<= Recv header, 17 bytes (0x11)\n0000: HTTP/1.1 200 OK\n" + HEAD + b"data: x\n\n",
    "with times": b"12:00:00.000001 <= Recv data, 20 bytes (0x14)\n0000: data: x\n" + HEAD,
}


@pytest.mark.parametrize("form", [None, "curl", "text"])
@pytest.mark.parametrize("data", TRACES.values(), ids=TRACES)
def test_a_trace_is_refused(data, form):
    """It says what to record instead."""
    with pytest.raises(LoadError) as error:
        read(data, "a.txt", form)
    assert "[unknown-format]" in str(error.value)
    assert "curl -sN -i" in str(error.value)


UNKNOWN = {"nothing": b"", "words": b"hello\nworld\n", "binary": b"\0data: x"}


@pytest.mark.parametrize("data", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_nothing_known_is_refused(data):
    """It says what it could be."""
    with pytest.raises(LoadError) as error:
        read(data, "a.txt")
    assert "[unknown-format]" in str(error.value)


def test_junk_said_to_be_a_transcript_is_refused():
    """There is nothing in it."""
    with pytest.raises(LoadError) as error:
        read(b"> x\n< y\n< HTTP/1.1 100 Continue\n", "a.txt", "curl")
    assert "[nothing-recorded]" in str(error.value)

"""Backends that are wrong, each in one way, and told so by exactly its difference."""

import asyncio
import gc
import gzip
import re
import socket
import ssl

import pytest
from backends import CONFIRMED, ONE, SHIPPED, STATUS, THREE, TWO, Raw, event, head, verified

from mockserver.verify.report import as_text

STORY = """\
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
"""
RESUMED = """\
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- {id: 2, data: {status: payment_confirmed, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
"""
DROPPED = """\
operation: streamOrderStatus
stream:
- retry: 500ms
- disconnect: drop
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
"""
NAMELESS = """\
operation: streamOrderStatus
stream:
- {data: {status: payment_processing, timestamp: "{{ now() }}"}}
- disconnect: drop
- {event: complete, id: 3, data: {status: shipped, trackingNumber: 1Z}}
"""
TWO_LINES = """\
operation: streamOrderStatus
stream: [{event: complete, data: "{\\"status\\":\\r\\n\\"shipped\\",\\r\\"trackingNumber\\":\\"1Z\\"}"}]
"""
HELD = """\
operation: streamOrderStatus
heartbeat: 200ms
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- hold: forever
"""
ENDLESS = """\
operation: streamInventory
stream:
- repeat:
    times: forever
    steps:
    - {event: stock-change, id: "{{ 2 * n }}", data: {petId: a, oldStock: 1, newStock: 2}}
    - {event: price-change, id: "{{ 2 * n + 1 }}", data: {petId: a, oldPrice: 1, newPrice: 2}}
"""
PAID = """\
operation: streamOrderStatus
stream:
- {id: 1, data: {status: payment_processing, timestamp: "{{ now() }}"}}
- await: {request: payOrder, when: {path: {id: "{{ request.path.id }}"}}}
- {event: complete, id: 2, data: {status: shipped, trackingNumber: 1Z}}
"""
LISTED = """\
operation: getOrder
response: {status: 200, headers: {X-Request-Id: "7"}}
"""
STOCK = '{"petId":"a","oldStock":1,"newStock":2}'
PRICE = '{"petId":"a","oldPrice":1,"newPrice":2}'
SSE = "text/event-stream"


def whole(*pieces):
    """Say the same to every connection."""
    return lambda number, request: [*pieces]


def resuming(first, later):
    """Say one thing to who brings no id, and another to who does."""
    return lambda number, request: list(later if "Last-Event-ID" in request else first)


def told(*connections):
    """Say another thing to each connection."""
    return lambda number, request: list(connections[number - 1])


def chunked(*blocks, last=True):
    """Return a head and chunks; without the last one the body is cut off."""
    lines = f"HTTP/1.1 200 OK\r\nContent-Type: {SSE}\r\nCache-Control: no-store\r\n"
    lines += "Transfer-Encoding: chunked\r\n\r\n"
    sizes = b"".join(b"%x\r\n%b\r\n" % (len(block), block) for block in blocks)
    return lines.encode() + sizes + (b"0\r\n\r\n" if last else b"")


ALL = (ONE, TWO, THREE)
FOUR = event(4, SHIPPED, "complete")
LATER = [event(n, CONFIRMED) for n in range(3, 9)]
PAGE = b"<!doctype html><title>Bad gateway</title>"
PROBLEM = b'{"title": "no such order", "token": "s3cret-token"}'

RIGHT = {
    "as the scenario": (STORY, whole(head(), *ALL), {}),
    "chunked": (STORY, whole(chunked(*ALL)), {}),
    "all at once, and byte by byte": (STORY, whole(head(), *(bytes([b]) for b in b"".join(ALL))), {}),
    "other values": (STORY, whole(head(), ONE, TWO, event(3, '{"status":"shipped","trackingNumber":"2"}', "complete")), {}),
    "more events of a kind": (STORY, whole(head(), ONE, TWO, event(21, CONFIRMED), event(22, CONFIRMED), THREE), {}),
    "other ids": (STORY, whole(head(), event("a", STATUS), event("b", CONFIRMED), event("c", SHIPPED, "complete")), {}),
    "one by one": (STORY, whole(head(), *ALL), {"order": "exact"}),
    "one by one, by a key": (STORY, whole(head(), *ALL), {"order": "exact", "key": "/status"}),
    "to the letter": (STORY, whole(head(), *ALL), {"match": "exact"}),
    "any order": (STORY, whole(head(), THREE, ONE, TWO), {"order": "set"}),
    "line ends and comments": (STORY, whole(head(), b": hi\r\n\r\n", *(e.replace(b"\n", b"\r\n") for e in ALL)), {}),
    "a byte order mark": (STORY, whole(head(), b"\xef\xbb", b"\xbf" + ONE, TWO, THREE), {}),
    "dropped before any event": (DROPPED, resuming([head(), ONE, THREE], [head(), THREE]), {}),
    "dropped before any id": (NAMELESS, whole(head(), event(None, STATUS), THREE), {}),
    "dropped before any id, one by one": (NAMELESS, whole(head(), event(None, STATUS), THREE), {"order": "exact"}),
    "dropped before any id by who goes on, one by one": (NAMELESS, told([head(), event(None, STATUS), "open"], [head(), THREE]), {"order": "exact"}),
    "lines, to the letter": (TWO_LINES, whole(head(), b'event: complete\ndata: {"status":\ndata: "shipped",\ndata: "trackingNumber":"1Z"}\n\n'), {"match": "exact"}),
    "resumes": (RESUMED, resuming([head(), ONE, TWO, THREE, "open"], [head(), THREE]), {}),
    "resumes, and goes on sending where the scenario drops": (RESUMED, resuming([head(), ONE, TWO, THREE], [head(), THREE]), {}),
    "breaks off by itself": (RESUMED, resuming([chunked(ONE, TWO, last=False)], [head(), THREE]), {}),
    "resumes a feed that goes on otherwise": (RESUMED, told([head(), ONE, TWO, "open"], [head(), THREE], [head(), ONE, TWO, event(30, SHIPPED, "complete"), "open"]), {}),
    "resumes a feed whose events are other ones each time": (RESUMED, told([head(), event("a", STATUS), event("b", CONFIRMED), "open"], [head(), event("c", SHIPPED, "complete")], [head(), event("d", STATUS), event("e", CONFIRMED), event("f", SHIPPED, "complete"), "open"]), {}),
    "heartbeats": (HELD, whole(head(), ONE, 0.05, b":\n\n", "open"), {"tolerance": 100.0}),
    "another loop": (ENDLESS, whole(head(), *[event(n, STOCK, "stock-change") for n in range(12)], event(99, PRICE, "price-change"), "open"), {}),
    "an answer": (LISTED, whole(head("200 OK", "application/json", "X-Request-Id: 9"), b'{"id":"019b4140","petId":"019b4132","quantity":1,"status":"shipped","createdAt":"2026-01-01T00:00:00Z"}'), {}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says", "options"), RIGHT.values(), ids=RIGHT)
async def test_a_backend_that_does_as_the_scenario_passes(plan, text, says, options):
    """Values, line ends and pieces are free; what the scenario promises is there."""
    async with Raw(says) as backend:
        found = await verified(plan(text, **options), backend.url, clock=backend.clock, **options)

    assert found.differences == ()
    assert found.status == "passed"


WRONG = {
    "another status": (STORY, whole(head("404 Not Found", "application/json"), PROBLEM), {}, "status"),
    "a redirect": (STORY, whole(head("302 Found", "", "Location: https://login.example/")), {}, "redirect"),
    "a page": (STORY, whole(head("200 OK", "text/html"), PAGE), {}, "media-type"),
    "a page that never ends": (
        STORY,
        whole(head("200 OK", "text/html"), PAGE, "open"),
        {},
        "media-type",
    ),
    "no media type": (STORY, whole(head("200 OK", ""), *ALL), {}, "media-type"),
    "an event breaks its schema": (STORY, whole(head(), ONE, event(2, '{"status":"lost","timestamp":"2026-01-01T00:00:00Z"}'), THREE), {}, "event-schema"),
    "data that are no JSON": (STORY, whole(head(), ONE, event(2, "done"), THREE), {}, "event-schema"),
    "a type that is not declared": (STORY, whole(head(), ONE, TWO, event(9, "{}", "surprise"), THREE), {}, "event-schema"),
    "another order": (STORY, whole(head(), THREE, ONE, TWO), {}, "event-order"),
    "another order by a key": (STORY, whole(head(), TWO, ONE, THREE), {"key": "/status"}, "event-order"),
    "more events, one by one": (STORY, whole(head(), ONE, TWO, event(22, CONFIRMED), THREE), {"order": "exact"}, "event-count"),
    "more events, one by one, behind a beginning anew": (NAMELESS, told([head(), event(None, STATUS), "open"], [head(), *[event(None, STATUS)] * 2, THREE]), {"order": "exact"}, "event-count"),
    "another value, to the letter": (STORY, whole(head(), ONE, TWO, event(3, '{"status":"shipped","trackingNumber":"2"}', "complete")), {"match": "exact"}, "event-data"),
    "no terminal event": (STORY, whole(head(), ONE, TWO), {}, "terminal-missing"),
    "no event of a kind": (STORY, whole(head(), ONE, THREE), {"key": "/status"}, "event-missing"),
    "nothing": (STORY, whole(head()), {}, "event-missing"),
    "cut off before the terminal event": (STORY, whole(chunked(ONE, TWO, last=False)), {}, "cut-off"),
    "reset": (STORY, whole(chunked(ONE, last=False), 0.05, "reset"), {}, "cut-off"),
    "cut off behind the last event": (STORY, whole(chunked(*ALL, last=False)), {}, "cut-off"),
    "no blank line behind the last event": (STORY, whole(head(), ONE, TWO, THREE, event(4, STATUS)[:-1]), {}, "unfinished-event"),
    "never an answer": (STORY, whole("open"), {}, "no-answer"),
    "never an event": (STORY, whole(head(), "open"), {}, "silent"),
    "no more events": (STORY, whole(head(), ONE, "open"), {}, "timeout"),
    "slow bytes": (STORY, whole(head(), ONE, *(part for b in TWO for part in (bytes([b]), 1.0)), "open"), {}, "timeout"),
    "never an end": (STORY, whole(head(), *ALL, "open"), {}, "not-ended"),
    "hangs up before an answer": (STORY, whole(), {}, "hung-up"),
    "no HTTP": (STORY, whole(b"SSH-2.0-OpenSSH_9.2\r\n"), {}, "not-http"),
    "a coding that nobody asked for": (STORY, whole(head("200 OK", SSE, "Content-Encoding: br"), b"x"), {}, "coding"),
    "no coding where one is said": (STORY, whole(head("200 OK", SSE, "Content-Encoding: gzip"), *ALL), {}, "coding"),
    "no ids": (STORY, whole(head(), event(None, STATUS), event(None, CONFIRMED), event(None, SHIPPED, "complete")), {}, "id-missing"),
    "one id for all": (STORY, whole(head(), event(1, STATUS), event(1, CONFIRMED), event(1, SHIPPED, "complete")), {}, "id-repeated"),
    "no ids to resume from": (RESUMED, whole(head(), event(None, STATUS), event(None, CONFIRMED), "open"), {}, "id-missing"),
    "sends everything again": (RESUMED, whole(head(), ONE, TWO, THREE), {}, "no-resume"),
    "sends everything again with other ids": (RESUMED, lambda number, request: [head(), event(f"{number}a", STATUS), event(f"{number}b", CONFIRMED), event(f"{number}c", SHIPPED, "complete")], {}, "no-resume"),
    "sends the last event again": (RESUMED, resuming([head(), ONE, TWO, THREE, "open"], [head(), TWO, THREE]), {}, "resume-repeats"),
    "loses an event": (RESUMED, resuming([head(), ONE, TWO, 0.05, event(21, CONFIRMED), THREE, "open"], [head(), THREE]), {}, "resume-loses"),
    "loses what stands behind the id": (RESUMED, resuming([head(), ONE, TWO, THREE, FOUR], [head(), FOUR]), {}, "resume-loses"),
    "loses what stands behind the id, more of it than the scenario has": (
        RESUMED,
        resuming([head(), ONE, TWO, *LATER, *(event(n, SHIPPED, "complete") for n in range(9, 20)), "open"], [head(), event(19, SHIPPED, "complete")]),
        {},
        "resume-loses",
    ),
    "nothing behind the id": (RESUMED, resuming([head(), ONE, TWO, THREE, "open"], [head()]), {}, "terminal-missing"),
    "refuses to resume": (RESUMED, resuming([head(), ONE, TWO, THREE, "open"], [head("410 Gone", "text/plain"), b"gone"]), {}, "status"),
    "no heartbeats": (HELD, whole(head(), ONE, "open"), {"timeout": 5.0}, "heartbeat"),
    "ends what stays open": (HELD, whole(head(), ONE), {"timeout": 5.0}, "ended-early"),
    "a kind of the loop never comes": (ENDLESS, whole(head(), *[event(n, STOCK, "stock-change") for n in range(12)], "open"), {}, "timeout"),
    "another answer": (LISTED, whole(head("404 Not Found", "application/problem+json"), PROBLEM), {}, "status"),
    "a body that breaks its schema": (LISTED, whole(head("200 OK", "application/json", "X-Request-Id: 9"), b"[]"), {}, "answer-schema"),
    "a header is missing": (LISTED, whole(head("200 OK", "application/json"), b'{"id":"019b4140","petId":"019b4132","quantity":1,"status":"shipped","createdAt":"2026-01-01T00:00:00Z"}'), {}, "header"),
    "a body that breaks off": (LISTED, whole(head("200 OK", "application/json", "X-Request-Id: 9", "Content-Length: 900"), b"{"), {}, "cut-off"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says", "options", "code"), WRONG.values(), ids=WRONG)
async def test_a_backend_that_is_wrong_fails_with_exactly_its_difference(
    plan, text, says, options, code
):
    """One thing is wrong, and one thing is told, with a line of the scenario."""
    async with Raw(says) as backend:
        found = await verified(plan(text, **options), backend.url, clock=backend.clock, **options)

    assert [each.code for each in found.differences] == [code]
    assert found.status == "failed"
    assert found.differences[0].where.line


async def test_a_body_that_a_request_did_not_ask_for_is_shown_without_its_secrets(plan):
    """What the operator gave as a header stands in no report, though the backend sends it back."""
    options = {"headers": (("authorization", "s3cret-token"),)}
    async with Raw(whole(head("403 Forbidden", "application/json"), PROBLEM)) as backend:
        found = await verified(plan(STORY, **options), backend.url, clock=backend.clock, **options)
        asked = backend.requests[0]

    assert "authorization: s3cret-token" in asked
    assert "no such order" in found.differences[0].evidence
    assert "s3cret" not in repr(found)


async def test_the_host_that_the_operator_gives_is_the_only_one(plan):
    """Whoever gets two refuses the request (RFC 9112 § 3.2)."""
    async with Raw(whole(chunked(*ALL))) as backend:
        given = (("host", "api.test"),)
        await verified(plan(STORY, headers=given), backend.url, clock=backend.clock)
        lines = backend.requests[0].splitlines()

    assert [line for line in lines if line.lower().startswith("host:")] == ["host: api.test"]


async def test_who_is_not_let_in_is_told_how_to_bring_credentials(plan):
    """A 401 is mended on the command line, not in the scenario."""
    async with Raw(whole(head("401 Unauthorized", "application/json"), PROBLEM)) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)

    assert [each.code for each in found.differences] == ["status"]
    assert (
        found.differences[0].got == "401 Unauthorized; give credentials with -H 'Authorization: …'"
    )


async def test_a_dropped_connection_comes_back_with_the_id_it_has(plan):
    """Where the scenario drops, the client does; the first request has no id, the next one has."""
    says = resuming([head(), ONE, TWO, THREE, "open"], [head(), THREE])
    async with Raw(says) as backend:
        await verified(plan(RESUMED), backend.url, clock=backend.clock)
        ids = [("Last-Event-ID: 2" in each) for each in backend.requests]

    assert ids == [False, True, False]  # the last one is the run without interruption


def waits(*pieces):
    """Say this again and again, with a breath between."""
    return lambda number, request: [
        head(),
        *(part for _ in range(40) for part in (*pieces, 0.02)),
        "open",
    ]


TWO_AND_A_HALF = b"%x\r\n%b\r\n5\r\ndata:" % (len(TWO), TWO)
BAD = b"zz\r\nfoo\r\n"
SAID = {
    "comments": (STORY, waits(b": hi\n\n"), "silent", r"\d+ comments and no event until the time was over"),
    "a comment": (STORY, whole(head(), b": hi\n\n", "open"), "silent", "1 comment and no event until the time was over"),
    "comments behind an event": (STORY, whole(head(), b": hi\n\n", ONE, b":\n\n:\n\n", "open"), "timeout", r"2 comments and no more event until the time was over, after event 1 .*"),
    "a line without an end": (STORY, whole(head(), *[b"x" * 100_000] * 20, "open"), "silent", "an unfinished event of 2,000,000 bytes until the time was over"),
    "a reconnection time": (STORY, whole(head(), b"retry: 5\n\n", "open"), "silent", "10 bytes and no event until the time was over"),
    "nothing": (STORY, whole(head(), "open"), "silent", "nothing until the time was over"),
    "half a head": (STORY, whole(b"HTTP/1.1 200 OK\r\nContent-T", "open"), "no-answer", "the head was not complete when the time was over"),
    "not a byte": (STORY, whole("open"), "no-answer", "not a byte until the time was over"),
    "a bad chunk with the head": (STORY, whole(chunked(ONE, last=False) + BAD, "open"), "cut-off", r"it broke off after event 1 \(.*\): the body cannot be read: b'zz\\r\\n' stands where the size of a chunk should"),
    "a bad chunk": (STORY, whole(chunked(ONE, last=False), 0.1, BAD, "open"), "cut-off", r"it broke off after event 1 \(.*\): the body cannot be read: b'zz\\r\\n' stands where the size of a chunk should"),
    "a bad end of a chunk": (STORY, whole(chunked(last=False), 0.1, b"5\r\ndata: x\n\n", "open"), "cut-off", "it broke off without any event: the body cannot be read: .* stands where a chunk should end"),
    "a bad chunk of an answer": (LISTED, whole(chunked(last=False).replace(SSE.encode(), b"application/json\r\nX-Request-Id: 9"), 0.1, BAD, "open"), "cut-off", "it breaks off: the body cannot be read: .* stands where the size of a chunk should"),
}  # fmt: skip


async def test_what_came_before_a_reset_has_come(plan):
    """And why nothing more comes is told."""
    async with Raw(whole(chunked(ONE, last=False), 0.1, TWO_AND_A_HALF, "reset")) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)

    assert re.fullmatch(
        r"it broke off after event 2 \(.*\): the connection was reset", found.differences[0].got
    )


async def test_half_a_head_is_shown_where_the_server_hangs_up(plan):
    """It is all that there is of an answer."""
    async with Raw(whole(b"HTTP/1.1 200 OK\r\nContent-T")) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)

    assert [each.code for each in found.differences] == ["hung-up"]
    assert found.differences[0].evidence.startswith("the answer begins: HTTP/1.1 200 OK")


@pytest.mark.parametrize(("text", "says", "code", "got"), SAID.values(), ids=SAID)
async def test_what_came_instead_is_said(plan, text, says, code, got):
    """Bytes that are no events are not called nothing, and bad framing is not called no HTTP."""
    async with Raw(says) as backend:
        found = await verified(plan(text), backend.url, clock=backend.clock)

    assert [each.code for each in found.differences] == [code]
    assert re.fullmatch(got, found.differences[0].got)


LENGTH = f"Content-Length: {len(b''.join(ALL))}"
NOTES = {
    "none": (whole(chunked(*ALL)), []),
    "no Cache-Control": (whole(head("200 OK", SSE, "Cache-Control: max-age=9", LENGTH), *ALL), ["cache-control", "content-length"]),
    "compressed": (whole(head("200 OK", SSE, "Content-Encoding: gzip"), gzip.compress(b"".join(ALL))), ["coding", "framing"]),
    "HTTP/1.0": (whole(head(version="1.0"), *ALL), ["framing"]),
}  # fmt: skip


@pytest.mark.parametrize(("says", "codes"), NOTES.values(), ids=NOTES)
async def test_what_fails_nobody_is_noted(plan, says, codes):
    """How the stream comes through what is between is for the operator to know."""
    async with Raw(says) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)

    assert found.status == "passed"
    assert [note.code for note in found.notes] == codes


async def test_of_a_reset_nothing_is_left_that_nobody_has_asked_for(plan):
    """Asyncio would write it between the lines of the report, whenever it is collected."""
    left = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: left.append(told))
    async with Raw(whole(chunked(ONE, last=False), 0.05, "reset")) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)
    gc.collect()

    assert [each.code for each in found.differences] == ["cut-off"]
    assert left == []


@pytest.fixture
def port():
    """A port that nobody listens on, kept so that nobody else can."""
    with socket.socket() as sock:
        sock.bind(("", 0))
        yield sock.getsockname()[1]


async def test_nobody_at_home_is_told(plan, port):
    """A port that nobody listens on."""
    found = await verified(plan(STORY), f"http://127.0.0.1:{port}")

    assert [each.code for each in found.differences] == ["unreachable"]
    assert "Connection refused" in found.differences[0].got


async def test_a_name_of_which_no_address_answers_is_told_once(plan, monkeypatch, port):
    """`localhost` has two on most machines; of asyncio's words on both nothing is to be seen."""
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
        for host in ("127.0.0.1", "127.0.0.2")
    ]

    async def resolved(*_, **__):
        return both

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    found = await verified(plan(STORY), f"http://localhost:{port}")

    assert found.differences[0].got == f"no connection to localhost:{port}: Connection refused"


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ("HTTP/2 200 OK", "illegal status line: b'HTTP/2 200 OK'"),
        ("HTTP/1.1 101 OK", "it goes on as something else (101 Switching Protocols)"),
        (f"HTTP/1.1 200 {'O' * 900_000}", "its head is longer than 256 KiB"),
    ],
    ids=["another version", "a switch", "too long"],
)
async def test_a_head_that_cannot_be_read_is_shown_from_its_beginning(plan, first, why):
    """Not what comes behind it."""
    async with Raw(whole(f"{first}\r\n\r\n".encode(), ONE, "open")) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)

    assert [each.code for each in found.differences] == ["not-http"]
    assert found.differences[0].got == f"the answer is no HTTP: {why}"
    assert found.differences[0].evidence.startswith(f"the answer begins: {first[:60]}")


async def test_the_time_for_all_is_over(plan):
    """However long each connection might take."""
    async with Raw(whole(head(), "open")) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock, seconds=0.2)

    assert [each.code for each in found.differences] == ["silent"]


async def test_a_certificate_that_nobody_vouches_for_is_told_unless_any_will_do(plan):
    """`insecure` is for a backend on one's own machine."""
    trustme = pytest.importorskip("trustme")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with Raw(whole(chunked(*ALL)), context) as backend:
        refused = await verified(plan(STORY), backend.url, clock=backend.clock)
        taken = await verified(plan(STORY), backend.url, clock=backend.clock, insecure=True)

    assert [each.code for each in refused.differences] == ["tls"]
    assert "--insecure" in refused.differences[0].got
    assert taken.status == "passed"


@pytest.mark.parametrize(
    ("status", "codes"), {"202 Accepted": [], "402 Payment Required": ["awaited"]}.items()
)
async def test_a_request_that_the_story_waits_for_is_sent(plan, status, codes):
    """As the scenario says, once the events before it have come; who refuses it is told."""
    paid = asyncio.Event()

    def says(number, request):
        if request.startswith("POST"):
            paid.set()
            return [head(status, "application/json"), b"{}"]
        return [head(), ONE, paid, event(2, SHIPPED, "complete")]

    async with Raw(says) as backend:
        found = await verified(plan(PAID, parameters={"id": "7"}), backend.url, clock=backend.clock)

    assert [each.code for each in found.differences] == codes
    assert backend.requests[1].startswith("POST /v1/orders/7/payment HTTP/1.1")


async def test_what_a_backend_says_does_not_steer_a_terminal(plan):
    """It stands as an escape, wherever it came from."""
    told = event(2, '{"status":"\x1b[31mlost","timestamp":"2026-01-01T00:00:00Z"}', "\x1b]0;x\x07")
    async with Raw(whole(head(), ONE, told, TWO, THREE)) as backend:
        found = await verified(plan(STORY), backend.url, clock=backend.clock)

    assert found.status == "failed"
    assert "\x1b" not in as_text(found)
    assert "\\u001b[31mlost" in as_text(found)

"""Scenarios as they are written: what people read, what tells requests apart, what is said."""

import copy
import json
import re
import zlib

import pytest
from told import loaded, replayed, same

from mockserver.capture import NO_MASKS, Chunk, Exchange, Options, written
from mockserver.contract import read

SSE = (("Content-Type", "text/event-stream"),)
JSON = (("Content-Type", "application/json"),)


def stream(*parts, at=1.0, target="/orders/1/stream", ended=None, **said):
    """Return an exchange whose body came in parts, each with its offset."""
    chunks = tuple(Chunk(at + offset, data.encode()) for offset, data in parts)
    last = chunks[-1].at if chunks else at
    return Exchange(
        at=at, target=target, answered=at, headers=said.pop("headers", SSE), chunks=chunks,
        ended=last if ended is None else at + ended, **said,
    )  # fmt: skip


def answer(body, at=1.0, target="/orders/1", **said):
    """Return an exchange with a whole answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    return Exchange(
        at=at, target=target, answered=at, ended=at, headers=said.pop("headers", JSON),
        chunks=(Chunk(at, raw),) if raw else (), transfer="length", **said,
    )  # fmt: skip


def asked(text, last_id=None):
    """Return headers of a request."""
    found = (("Authorization", text),) if text else ()
    return (*found, ("Last-Event-ID", last_id)) if last_id else found


E1, E2, E3 = ("id: 1\ndata: one\n\n", "id: 2\ndata: two\n\n", "id: 3\ndata: three\n\n")
PINGS = [(15.0 * n + 0.01, ": ping\n\n") for n in range(1, 4)]
TOLD = {
    "events with delays": (
        [stream((0.02, E1), (2.03, 'event: paid\nid: 2\ndata: {"a":1}\n\n'), ended=2.04)],
        """
stream:
- {delay: 20ms, id: 1, data: one}
- delay: 2s
- {event: paid, id: 2, data: {a: 1}}
""",
    ),
    "the fields in another order": (
        [stream((0, "id: 1\nevent: a\ndata: x\n\n"))],
        """wire: {order: [id, event, data]}

stream:
- {id: 1, event: a, data: x}
""",
    ),
    "line ends, spaces and a mark": (
        [stream((0, "\ufeffid:1\r\ndata:x\r\n\r\n"))],
        """wire: {newline: crlf, space: false, bom: true}

stream:
- {id: 1, data: x}
""",
    ),
    "JSON that is written with spaces stays a text": (
        [stream((0, 'data: {"a": 1}\n\n'))],
        """
stream:
- data: '{"a": 1}'
""",
    ),
    "what a template would be": (
        [stream((0, "data: {{ x }}\n\n"))],
        """
stream:
- data: "{{ '{{' }} x }}"
""",
    ),
    "what no event says": (
        [stream((0, "data: a\nfoo: b\n\n"), (0, ":\n\n"), (0, "data: half"), end="cut")],
        """
stream:
- raw: "data: a\\nfoo: b\\n\\n"
- raw: ":\\n\\n"
- raw: "data: half"
- disconnect: drop
""",
    ),
    "a reconnection": (
        [
            stream((0, E1), ended=1.0, end="reset"),
            stream((0, E2), at=4.0, request_headers=asked("", "1")),
        ],
        """
stream:
- {id: 1, data: one}
- delay: 1s
- disconnect: reset
- {id: 2, data: two}
""",
    ),
    "what a client has lost is sent again by the recording": (
        [
            stream((0, E1), (0, E2), end="reset"),
            stream((0, E2), (0, E3), at=4.0, request_headers=asked("", "1")),
        ],
        """resume: ignore

stream:
- {id: 1, data: one}
- {id: 2, data: two}
- disconnect: reset
- {id: 2, data: two}
- {id: 3, data: three}
""",
    ),
    "heartbeats": (
        [stream((0, E1), PINGS[0], (20, E2), *PINGS[1:], ended=50, end="client")],
        """heartbeat: {every: 15s, comment: ping}

stream:
- {id: 1, data: one}
- delay: 20s
- {id: 2, data: two}
- hold: forever
""",
    ),
    "events at one rhythm": (
        [stream(*((n * 0.5 + n % 3 * 0.01, f"data: {n}\n\n") for n in range(5)))],
        """pace: 500ms

stream:
- {delay: 0s, data: 0}
- data: 1
- data: 2
- data: 3
- data: 4
""",
    ),
    "the same event many times": (
        [stream(*((n * 0.1, "data: x\n\n") for n in range(20)))],
        """pace: 100ms

stream:
""",
    ),
    "bytes that trickle": (
        [stream(*((n * 0.2, c) for n, c in enumerate("data: x\n\n")))],
        """
stream:
- {data: x, split: {bytes: 1, every: 200ms}}
""",
    ),
    "an error first": (
        [
            answer({"title": "busy"}, status=503, target="/orders/1/stream"),
            stream((0, E1), at=3.0),
        ],
        """
connections:
- response: {status: 503, body: {title: busy}}
- steps:
  - {id: 1, data: one}
""",
    ),
    "no answer first": (
        [stream(status=0, end="cut", headers=()), stream((0, E1), at=3.0)],
        """
connections:
- disconnect: drop
- steps:
  - {id: 1, data: one}
""",
    ),
    "a recording that was cut off": (
        [stream((0, E1), end="open")],
        """
stream:
- {id: 1, data: one}
- hold: forever
""",
    ),
    "an answer": (
        [answer({"id": 1}, headers=(*JSON, ("ETag", '"a"'), ("Date", "now"), ("Server", "x")))],
        """response: {status: 200, headers: {ETag: '"a"'}, body: {id: 1}}
""",
    ),
    "an answer that takes long": (
        [Exchange(at=1, answered=3.04, ended=3.04, headers=JSON, chunks=(Chunk(3.04, b"[]"),))],
        """response: {status: 200, body: [], delay: 2s}
""",
    ),
    "answers that change": (
        [answer({"a": 1}), answer({"a": 1}, at=2), answer({"a": 2}, at=3)],
        """patience: forever

connections:
- response: {status: 200, body: {a: 1}}
  times: 2
- response: {status: 200, body: {a: 2}}
afterwards: repeat
""",
    ),
    "an answer without a body": (
        [answer(b"", status=204, headers=())],
        "response: {status: 204}\n",
    ),
    "an answer that is text": (
        [answer(b"hello {{ you }}", headers=(("Content-Type", "text/plain"),))],
        """response: {status: 200, body: "hello {{ '{{' }} you }}"}
""",
    ),
    "a redirect to itself": (
        [answer(b"", status=302, headers=(("Location", "https://api.example.test/v1/new"),))],
        """response: {status: 302, headers: {Content-Type: null, Location: /new}, body: ""}
""",
    ),
    "a content length that is too large": (
        [stream((0, E1), headers=(*SSE, ("Content-Length", "99")), transfer="length", end="cut")],
        """wire: {transfer: {length: 99}}

stream:
- {id: 1, data: one}
- disconnect: drop
""",
    ),
    "no framing": (
        [stream((0, E1), transfer="close")],
        """wire: {transfer: close}

stream:
- {id: 1, data: one}
""",
    ),
    "a head of its own": (
        [stream((0, E1), headers=(("content-type", "text/event-stream;charset=utf-8"), ("X-Id", "1")))],
        """response: {headers: {content-type: "text/event-stream;charset=utf-8", X-Id: "1"}}

stream:
- {id: 1, data: one}
""",
    ),
}  # fmt: skip


def story(recording):
    """Return the only scenario of a recording, without what says whose it is."""
    ((path, content),) = [
        (path, content) for path, content in recording.files.items() if path != "openapi.yaml"
    ]
    _, *lines = content.decode().splitlines(keepends=True)
    while lines[0].startswith(("description:", "  ", "when:")):
        lines.pop(0)
    return path, "".join(lines)


@pytest.mark.parametrize(("found", "expected"), TOLD.values(), ids=TOLD)
def test_a_story_is_written_as_a_person_would(found, expected):
    """In the words of the language, with nothing that goes without saying; and it replays."""
    recording = written(found, None, Options(source="https://api.example.test/v1"))
    _, text = story(recording)
    assert text.startswith(expected) if expected.endswith("stream:\n") else text == expected
    for played, exchange in zip(replayed(loaded(recording), found), found, strict=True):
        same(played, exchange)


def scenarios(found, **options):
    """Return the scenarios of a recording by their names, with what they ask of requests."""
    recording = written(found, None, Options(**options))
    catalog = loaded(recording)
    texts = {name: recording.files[f"{name}.yaml"].decode() for name in catalog.programs}
    return recording, {
        name: next((line for line in text.splitlines() if line.startswith("when:")), "")
        for name, text in texts.items()
    }


CHAT = {"method": "POST", "target": "/chat", "request_headers": JSON}


def chat(text, at, **more):
    """Return a request to a model, and what it says."""
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": text}]} | more
    return stream((0, f"data: {text}\n\n"), at=at, **CHAT, request_body=json.dumps(body).encode())


APART = {
    "paths": (
        [answer({"a": 1}), answer({"a": 2}, target="/orders/2")],
        {
            "getOrder/1": 'when: {path: {orderId: "1"}}',
            "getOrder/2": 'when: {path: {orderId: "2"}}',
        },
    ),
    "queries": (
        [answer([1], target="/pets?page=1&n=5"), answer([2], target="/pets?page=2&n=5"),
         answer([3], target="/pets?n=5")],
        {
            "getPets/1": 'when: {query: {page: "1"}}',
            "getPets/2": 'when: {query: {page: "2"}}',
            "getPets/no-page": "when: {query: {page: false}}",
        },
    ),
    "bodies": (
        [chat("hi", 1), chat("bye", 2)],
        {
            "postChat/user-hi": "when: {body: {messages: [{role: user, content: hi}]}}",
            "postChat/user-bye": "when: {body: {messages: [{role: user, content: bye}]}}",
        },
    ),
    "what looks like a pattern": (
        [answer([1], target="/pets?q=a*"), answer([2], target="/pets?q=%2Fa%2F")],
        {
            "getPets/a": 'when: {query: {q: "/^a\\\\*$/"}}',
            "getPets/a-2": 'when: {query: {q: "/^\\\\/a\\\\/$/"}}',
        },
    ),
    "with a token and without": (
        [answer({"a": 1}, request_headers=asked("Bearer a")), answer({"a": 2}, at=2.0, status=401)],
        {
            "getOrder/authorization": "when: {headers: {authorization: true}}",
            "getOrder/no-authorization": "when: {headers: {authorization: false}}",
        },
    ),
    "alike": ([answer([1]), answer([1], at=2)], {"getOrder": ""}),
    "clients side by side that see the same": (
        [stream((0, E1), (9, E2)), stream((0, E1), at=2.0, end="client")], {"getOrderStream": ""}
    ),
    "clients side by side that see something else": (
        [stream((0, E1), (9, E2)), stream((0, E3), at=2.0)],
        {"getOrderStream/recorded": "", "getOrderStream/recorded-2": ""},
    ),
    "clients with other tokens": (
        [stream((0, E1), request_headers=asked("Bearer a")),
         stream((0, E3), at=9.0, request_headers=asked("Bearer b"))],
        {"getOrderStream/recorded": "", "getOrderStream/recorded-2": ""},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("found", "expected"), APART.values(), ids=APART)
def test_requests_are_told_apart_by_what_they_say(found, expected):
    """By as few conditions as it takes; what none can tell apart is asked for by name."""
    recording, told = scenarios(found)
    assert told == expected
    assert [n for n in recording.notes if "by name" in n] == [
        f"GET /orders/1/stream: another client got something else; ask for scenario '{name}' by name"
        for name in told
        if name.endswith("recorded-2")
    ]


def test_clients_can_be_told_apart_by_their_tokens_where_these_are_kept():
    """A masked token is none that a client would send."""
    found = [
        stream((0, E1), request_headers=asked("Bearer a")),
        stream((0, E3), at=9.0, request_headers=asked("Bearer b")),
    ]
    _, told = scenarios(found, masks=NO_MASKS)
    assert list(told.values()) == [
        "when: {headers: {authorization: Bearer a}}",
        "when: {headers: {authorization: Bearer b}}",
    ]


def elsewhere(node, at, last_id=None):
    """Return a redirect to another node."""
    return Exchange(
        at=at, answered=at, ended=at, target="/s", status=307, transfer="length",
        request_headers=asked("", last_id), headers=(("Location", f"s?node={node}"),),
    )  # fmt: skip


def test_a_client_that_is_led_to_another_query_each_time_is_answered_under_each():
    """Its story goes on where it has an id that it was given before."""
    found = [
        elsewhere("a", 1),
        stream((0, E1), at=2, target="/s?node=a", end="cut"),
        elsewhere("b*", 4, "1"),
        stream((0, E2), at=5, target="/s?node=b*", request_headers=asked("", "1")),
    ]
    recording = written(found, None)
    whens = {line for text in recording.files.values() for line in text.decode().split("\n")}
    assert {line for line in whens if line.startswith("when:")} == {
        "when: {query: {node: false}}", r'when: {query: {node: "/^(?:a|b\\*)$/"}}'
    }  # fmt: skip
    for got, one in zip(replayed(loaded(recording), found), found, strict=True):
        same(got, one)


@pytest.mark.parametrize("window", [31, 15, -15], ids=["gzip", "deflate", "raw deflate"])
def test_a_coded_stream_is_read_and_coded_anew(window):
    """Its events come to light at the moments at which they could be read."""
    coder = zlib.compressobj(wbits=window)
    coded = [
        Chunk(at, coder.compress(data.encode()) + coder.flush(zlib.Z_SYNC_FLUSH))
        for at, data in ((1.0, E1), (3.0, E2))
    ]
    name = "gzip" if window == 31 else "deflate"
    one = Exchange(
        at=1, answered=1, ended=3, headers=(*SSE, ("Content-Encoding", name)), chunks=tuple(coded)
    )
    recording = written([one], None)
    expected = f"wire: {{encoding: {name}}}\n\nstream:\n- {{id: 1, data: one}}\n- delay: 2s\n"
    assert story(recording)[1] == f"{expected}- {{id: 2, data: two}}\n"
    assert recording.notes == [
        f"GET /: coded with {name}: the same events are coded anew, in other bytes"
    ]


def test_a_stream_in_an_unknown_coding_is_kept_byte_by_byte():
    """Nobody could tell its events; it is played as it was, and that is said."""
    one = Exchange(
        headers=(*SSE, ("Content-Encoding", "br")), chunks=(Chunk(0, b"\x0b\x02\x80hi\x03"),)
    )
    recording = written([one], None)
    assert recording.files["bodies/getRoot.bin"] == b"\x0b\x02\x80hi\x03"
    assert "cannot be read: kept as the bytes that they are" in recording.notes[-1]
    same(*replayed(loaded(recording), [one]), one)


def test_bytes_that_are_no_text_have_a_file_of_their_own():
    """Under a name that says what they are."""
    one = answer(b"\x89PNG\xff", target="/logo", headers=(("Content-Type", "image/png"),))
    recording = written([one], None)
    assert recording.files["bodies/getLogo.png"] == b"\x89PNG\xff"
    same(*replayed(loaded(recording), [one]), one)


def test_lines_and_records_of_json_are_items():
    """JSON lines and JSON text sequences have nothing but data."""
    for kind, parts in {
        "application/x-ndjson": ('{"a":1}\n', '"b"\n'),
        "application/json-seq": ('\x1e{"a":1}\n', '\x1e"b"\n'),
    }.items():
        one = stream(*((0, part) for part in parts), headers=(("Content-Type", kind),))
        recording = written([one], None)
        assert story(recording)[1] == "\nstream:\n- data: {a: 1}\n- data: b\n"
        same(*replayed(loaded(recording), [one]), one)


def test_what_is_said_of_what_could_not_be_kept():
    """One sentence each, with the request."""
    found = [
        stream((0, E1), end="client"),
        stream((0, E1), at=5, target="/b", end="open"),
        Exchange(at=7, target="/c", status=0, end="cut", fault="the upstream refused it"),
        Exchange(at=8, method="HEAD", target="/d"),
        Exchange(at=8, target="/ws", status=101),
    ]
    assert written(found, None).notes == [
        "HEAD /d: left out: a HEAD gets what its GET gets, without the body",
        "GET /ws: left out: it went on as something else than HTTP",
        "GET /orders/1/stream: left by the client after 17 bytes; the scenario holds the connection open",
        "GET /b: the recording was stopped after 17 bytes; the scenario holds the connection open",
        "GET /c: the upstream refused it",
    ]


def test_nothing_becomes_nothing():
    """A recording without exchanges has no files."""
    recording = written([], None)
    assert (recording.files, recording.notes) == ({}, [])


def test_the_same_exchanges_give_the_same_files():
    """Every byte of them, and the notes."""
    found = [chat("hi", 1), chat("bye", 2), stream((0, E1), end="client"), answer({"a": 1})]
    assert written(found, None) == written(found, None)


DOCUMENTED = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders/{id}/stream": {
            "get": {
                "operationId": "watch",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
                "responses": {"200": {"description": "", "content": {"text/event-stream": {}}}},
            }
        }
    },
}


def test_with_a_document_its_operations_are_named_and_the_rest_lies_apart():
    """What no operation fits has a folder of its own, which is not loaded with the others."""
    found = [stream((0, E1)), answer({"a": 1}, target="/health")]
    contract = read(DOCUMENTED, "api.yaml")
    recording = written(found, contract)
    assert list(recording.files) == [
        "watch.yaml", ".undocumented/openapi.yaml", ".undocumented/getHealth.yaml",
    ]  # fmt: skip
    assert recording.notes == [
        "GET /health: no operation of api.yaml fits; written into the folder .undocumented with a"
        " document of its own"
    ]
    same(*replayed(loaded(recording, contract), found[:1]), found[0])


def test_names_are_safe_on_every_file_system():
    """No two differ in capitals alone, none is a device, none is the document's."""
    paths = ["/con", "/CON", "/a%2Fb", "/ö", "/openapi", "/" + "x" * 300]
    found = [answer({"n": n}, target=path, at=n) for n, path in enumerate(paths)]
    files = list(written(found, None).files)
    assert len({name.lower() for name in files}) == len(files) == 7
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]{1,100}", name) for name in files)


def test_what_breaks_the_document_is_said(tmp_path):
    """A backend that does not keep to its own document is worth a sentence."""
    tree = copy.deepcopy(DOCUMENTED)
    content = tree["paths"]["/orders/{id}/stream"]["get"]["responses"]["200"]["content"]
    content["text/event-stream"] = {
        "itemSchema": {
            "type": "object",
            "required": ["data"],
            "properties": {
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"type": "object", "required": ["n"]},
                }
            },
        }
    }
    found = [stream((0, 'data: {"n":1}\n\n'), (0, 'data: {"m":1}\n\n'))]
    (note,) = written(found, read(tree, "api.yaml")).notes
    assert note.startswith("watch.yaml:6: this event breaks the contract: ")


def test_a_long_stream_is_laid_into_several_files():
    """Each below the bound of a file; what they say together is one stream again."""
    events = [f'id: {n}\ndata: {{"n":{n},"text":"{"x" * 2000}"}}\n\n' for n in range(1, 601)]
    one = stream(*((n * 0.02, event) for n, event in enumerate(events)))
    recording = written([one], None)
    assert recording.notes == []
    assert len(recording.files) > 2
    assert max(map(len, recording.files.values())) < 1_000_000
    same(*replayed(loaded(recording), [one]), one)


SK = "sk-live-abcdefghijklmnop12"
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
TEXT = (("Content-Type", "text/plain"),)


def posted(body, gives, at, headers=JSON):
    """Return a POST of data, or of bytes, with what it gives."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer(
        {"got": gives}, at=at, method="POST", target="/q", request_headers=headers, request_body=raw
    )


BODIES = {
    "a secret deep inside is not asked for": (
        [({"auth": {"password": "hunter2222", "user": u}}, JSON) for u in ("a", "b")],
        ["{body: {auth: {user: a}}}", "{body: {auth: {user: b}}}"],
    ),
    "a member of the same name elsewhere is": (
        [({"auth": {"pin": "4711"}, "map": {"pin": {"x": x}}}, JSON) for x in ("a", "b")],
        ["{body: {map: {pin: {x: a}}}}", "{body: {map: {pin: {x: b}}}}"],
    ),
    "a secret by its looks is not": (
        [({"q": f"key {SK}", "at": 1}, JSON), ({"q": "plain", "at": 2}, JSON)],
        ["{body: {at: 1}}", "{body: {at: 2}}"],
    ),
    "calls by their method, batches as lists": (
        [
            ({"jsonrpc": "2.0", "id": 1, "method": "start"}, JSON),
            ({"jsonrpc": "2.0", "id": 2, "method": "tools"}, JSON),
            ([{"jsonrpc": "2.0", "id": 3, "method": "a"}], JSON),
            ([{"jsonrpc": "2.0", "id": 4, "method": "b"}], JSON),
            (b"", ()),
        ],
        [
            "{body: {method: start}}", "{body: {method: tools}}", "{body: [{method: a}]}",
            "{body: [{method: b}]}", "{body: false}",
        ],
    ),
    "a form beside a text": (
        [(b"grant=x", FORM), (b"hello", TEXT)], ["{body: {grant: x}}", "{body: hello}"],
    ),
    "an object where another has none": (
        [({"a": {"b": "x"}}, JSON), ({"a": "z"}, JSON), ({"c": 1}, JSON)],
        ["{body: {a: {b: x}}}", "{body: {a: z}}", "{body: {a: false}}"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("bodies", "expected"), BODIES.values(), ids=BODIES)
def test_bodies_are_told_apart_by_what_is_in_them(bodies, expected):
    """Each request gets its own again, and none with a body is said to have none."""
    found = [posted(body, n, n + 1.0, head) for n, (body, head) in enumerate(bodies)]
    recording = written(found, None)
    catalog = loaded(recording)
    for got, one in zip(replayed(catalog, found), found, strict=True):
        same(got, one)
    whens = re.findall(r"^when: (.*)$", "".join(map(bytes.decode, texts(recording))), re.MULTILINE)
    assert sorted(whens) == sorted(expected)


def texts(recording):
    """Return the texts of scenarios."""
    return [text for path, text in recording.files.items() if path != "openapi.yaml"]


def test_requests_that_differ_in_a_secret_alone_are_said():
    """Nobody can ask for what is masked; neither a name nor a condition has it."""
    found = [posted({"q": q}, n, n + 1.0) for n, q in enumerate((f"key {SK}", "plain"))]
    recording = written(found, None)
    loaded(recording)
    assert sorted(recording.files) == [
        "openapi.yaml",
        "postQ/recorded-2.yaml",
        "postQ/recorded.yaml",
    ]
    assert b"when" not in b"".join(texts(recording))
    assert [note for note in recording.notes if "another client" in note] == [
        "POST /q: another client got something else; ask for scenario 'postQ/recorded-2' by name"
    ]


@pytest.mark.parametrize("status", [99, 600, 999])
def test_an_answer_with_a_status_that_no_document_has_is_left_out(status):
    """The rest is served."""
    recording = written([answer({}, status=status), answer({"a": 1}, target="/b")], None)
    loaded(recording)
    assert sorted(recording.files) == ["getB.yaml", "openapi.yaml"]
    assert recording.notes == [f"GET /orders/1: left out: HTTP has no status {status}"]


@pytest.mark.parametrize("end", ["open", "client"])
def test_a_request_without_an_answer_gets_none(end):
    """Its connection is held, as the notes say."""
    recording = written([stream(status=0, end=end, headers=(), ended=3.0)], None)
    loaded(recording)
    (text,) = texts(recording)
    assert text.decode().endswith("response: {delay: forever}\n")
    assert [note for note in recording.notes if "replay" in note] == []
    assert "the scenario holds the connection open" in recording.notes[0]

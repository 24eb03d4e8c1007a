"""Every operation of documents that nobody here wrote answers, and answers by its own schema.

The server is the real one, on loopback; what is asked is made of the document's request schemas, and
not held to them here. An independent judge (judge.py) says whether a body fits. Where it does not, the
document contradicts itself, and `check` has to say so at the place.
"""

import json

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from asking import request_for
from corpus import ASKED, ENTRIES, document, every, judge, some

from mockserver import MockServer
from mockserver.contract import answer_problems, event_violations, stream_problems
from mockserver.contract.media import essence, framing, is_json
from mockserver.sse.items import reader

MOST = 40
"""Operations of one document that are asked, unless all are asked for."""
MALFORMED = "faults/malformed"
"""Its schemas are none that a judge could read."""
CANNOT = {
    "faults/malformed": 1,  # its responses have no statuses
    "faults/unsatisfiable": 10,
    "readme-3.0/circular-request-bodies": 1,  # every parent requires a parent
    "readme-3.0/http-status-codes": 1,  # nothing but 101
    "shipengine": 18,  # `additionalProperties: false` beside an `allOf` that has the properties
}
"""How many operations of a document cannot answer, which is what the answer says."""


@pytest.fixture
async def serving(entry):
    """Return what asks a server of the document for an operation."""
    async with (
        MockServer(spec=entry.path(), clock="instant", keep_going=True, requests="off") as server,
        ClientSession(connector=TCPConnector(limit=1), timeout=ClientTimeout(30)) as session,
    ):

        async def ask(request):
            async with session.request(
                request.method,
                server.url + request.target,
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
            ) as response:
                return response.status, response.headers, await response.read()

        yield ask


@every(list(ENTRIES))
async def test_every_operation_answers_by_its_own_schema(entry, serving):
    """The usual answer comes with a body that fits its schema, or the document's fault is told."""
    contract = document(entry)
    told, cannot = None, []
    for operation in some(list(contract.operations.values()), MOST):
        status, headers, body = await serving(request_for(operation))
        if status == 501 and (operation.response(None) or (0,))[0] != 501:
            assert json.loads(body)["code"] in {"unsatisfiable-schema", "unknown-response"}
            cannot.append(operation.id)
            continue
        holder, faults = judged(entry, operation, status, headers, body)
        if faults:
            told = told or {p.where.pointer for p in answer_problems(contract)}
            assert any(pointer.startswith(holder) for pointer in told), (operation.id, faults)
    assert ASKED or len(cannot) == CANNOT.get(entry.name, 0), cannot


def judged(entry, operation, status, headers, body):
    """Return the pointer to the media type object of an answer, and what does not fit its schema."""
    usual = operation.response(None)
    assert usual is not None
    assert status == usual[0], (operation.id, status, body[:300])
    content = dict(operation.content(usual[1]))
    kind = headers.get("Content-Type", "")
    declared = [key for key in content if essence(key) == essence(kind)]
    if not declared:
        assert not body or any("*" in key or "/" not in key for key in content) or not content
        return "", []
    place = operation.document.follow(content[declared[0]])
    schema = place.get("schema")
    if framing(kind) or operation.method == "HEAD" or not is_json(kind):
        return place.pointer, []
    if not isinstance(schema.value, dict | bool):
        return place.pointer, []
    found = json.loads(body)
    if entry.name == MALFORMED:
        return place.pointer, []
    return place.pointer, judge(entry).faults(schema.pointer, found)


def says_of_streams(text):
    """Whether a document may have any, which is much cheaper to know than to have read it."""
    words = (b"event-stream", b"x-fern-str", b"x-supports-str", b"ndjson", b"jsonl", b"json-seq")
    return any(word in text for word in words)


STREAMING = [
    name for name, entry in ENTRIES.items()
    if not entry.file.is_file() or says_of_streams(entry.file.read_bytes().lower())
]  # fmt: skip


@every(STREAMING)
async def test_every_stream_gives_events_of_its_own_kind(entry, serving):
    """A stream without a scenario gives events, and each fits what the document says of it."""
    contract = document(entry)
    streaming = [o for o in contract.operations.values() if o.stream is not None]
    if not streaming:
        pytest.skip("it has no streams")
    told = []
    for operation in streaming:
        request = request_for(operation, stream=True)
        request.headers["Accept"] = essence(operation.stream.media_type)
        status, headers, body = await serving(request)
        if status == 501:
            assert json.loads(body)["code"] in {"no-example", "unsatisfiable-schema"}
            continue
        assert status == operation.stream.status, (operation.id, body)
        assert framing(headers["Content-Type"]) == operation.stream.framing, operation.id
        events = reader(operation.stream.framing).feed(body)
        assert events, operation.id
        for event in events:
            found = event_violations(operation.stream, event.type, event.data, None)
            if found and operation.stream.examples():
                told = told or [problem.where.pointer for problem in stream_problems(contract)]
                found = [] if any(at.startswith(operation.stream.pointer) for at in told) else found
            assert not found, (operation.id, event, found)

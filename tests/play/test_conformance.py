"""What scenarios send, held against the document before anybody asks."""

import pytest
from stage import DOCUMENT, linked

from mockserver.errors import Location
from mockserver.play.conformance import contract_problems

NUMBERED = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def found(text):
    """Return the codes and lines of the problems that a scenario's events have."""
    document = {**DOCUMENT, "openapi": "3.2.0"}
    content = {"text/event-stream": {"itemSchema": {
        "type": "object", "properties": {"data": {
            "type": "string", "contentMediaType": "application/json", "contentSchema": NUMBERED,
        }},
    }}}  # fmt: skip
    response = {"200": {"description": "", "content": content}}
    document["paths"] = {"/events": {"get": {"operationId": "streamEvents", "responses": response}}}
    catalog, problems = linked(text, document=document)
    assert problems == []
    return [(p.code, p.where.line, p.severity) for p in contract_problems(catalog, "warning")]


CHECKED = [
    pytest.param("- data: {n: 1}", [], id="fits"),
    pytest.param("- data: {n: x}", [("contract-event", 3, "warning")], id="does-not"),
    pytest.param('- data: {n: "{{ 1 + 1 }}"}', [], id="template-fits"),
    pytest.param('- data: {n: "a{{ 1 }}"}', [("contract-event", 3, "warning")], id="template-not"),
    pytest.param("- repeat: {times: 2, steps: [{data: {n: '{{ n }}'}}]}", [], id="in-a-loop"),
    pytest.param("- each: {in: [1], as: it, steps: [{data: {n: '{{ it }}'}}]}", [], id="in-an-each"),
    pytest.param("- {await: {signal: x}, timeout: 1s, otherwise: [{data: {n: 1}}]}", [],
                 id="in-an-otherwise"),
    pytest.param("- await: {signal: x}\n  timeout: 1s\n  otherwise:\n  - data: {n: x}",
                 [("contract-event", 6, "warning")], id="in-an-otherwise-not"),
    pytest.param("- comment: x", [], id="comment"),
    pytest.param("- {data: {n: x}, violates: a text}", [], id="on-purpose"),
    pytest.param("- {data: {n: 1}, violates: nothing}", [("no-violation", 3, "error")],
                 id="on-purpose-and-fits"),
    pytest.param("- data: {n: x}\nviolates: a text", [], id="all-on-purpose"),
    pytest.param("- data: {n: 1}\nviolates: nothing", [("no-violation", 1, "error")],
                 id="all-on-purpose-and-fits"),
    pytest.param('- {raw: "data: {n\\n\\n", violates: no JSON}', [], id="raw-on-purpose"),
    pytest.param('- {raw: "data: {\\"n\\": 1}\\n\\n", violates: nothing}',
                 [("no-violation", 3, "error")], id="raw-that-fits"),
    pytest.param("- {raw: 'data: {n', violates: half an event}", [], id="half-a-raw-event"),
    pytest.param('- raw: "data: 1\\n\\n"\nviolates: bytes', [], id="all-raw-on-purpose"),
    pytest.param('- raw: "data: {\\"n\\": 1}\\n\\n"\nviolates: nothing',
                 [("no-violation", 1, "error")], id="all-raw-that-fits"),
    pytest.param("- {data: {n: 1}, cut: 3, violates: a half}", [], id="cut-on-purpose"),
    pytest.param("- {data: {n: x}, cut: 3}", [("contract-event", 3, "warning")], id="cut-and-unfit"),
    pytest.param("- {data: {n: 1}}\nviolates: head\nresponse: {raw_head: x}", [], id="raw-head"),
    pytest.param("- {data: {n: 1}}\nviolates: length\nwire: {transfer: {length: 1}}", [], id="length"),
    pytest.param("- data: {n: 1}\nviolates: head\nresponse: {headers: {Content-Type: text/html}}",
                 [], id="head-on-purpose"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "problems"), CHECKED)
def test_events_against_the_contract(steps, problems):
    """Every event is held against its stream's schema, once, unless it breaks it on purpose."""
    assert problems == found(f"stream:\n{steps}\n")


# --- answers -----------------------------------------------------------------------------------

THING = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
PROBLEM = {"type": "object", "required": ["title"]}


def answering(*codes, **more):
    """Return responses for these statuses: things for 200 and 201, problems for errors."""

    def one(code):
        json, schema = "application/json", THING
        if not code.startswith("2"):
            json, schema = "application/problem+json", PROBLEM
        return {"description": "", "content": {json: {"schema": schema}}, **more}

    return {code: one(code) for code in codes}


def shop(text, *, files=(), **responses):
    """Return the problems of a scenario of a shop: an order is placed by POST, followed by GET."""
    placed = answering(
        "201", headers={"Location": {"required": True, "schema": {"type": "string"}}}
    )
    content = {"text/event-stream": {"itemSchema": {
        "properties": {"event": {"const": "status"}, "data": {
            "contentMediaType": "application/json", "contentSchema": NUMBERED,
        }}, "required": ["event"],
    }}}  # fmt: skip
    streamed = {"200": {"description": "", "content": content}, "204": {"description": ""}}
    paths = {
        "/things": {"get": {"operationId": "getThings", "responses": answering("200", "4XX")}},
        "/orders": {"post": {"operationId": "createOrder", "responses": placed}},
        "/orders/{id}/events": {"get": {
            "operationId": "followOrder", "responses": streamed | responses,
            "parameters": [{"name": "id", "in": "path", "required": True}],
        }},
    }  # fmt: skip
    catalog, problems = linked(
        text, document={**DOCUMENT, "openapi": "3.2.0", "paths": paths}, files=files
    )
    assert problems == []
    return [(p.code, p.where.line, p.what) for p in contract_problems(catalog, "error")]


def codes(problems):
    """Return codes and lines."""
    return [(code, line) for code, line, _ in problems]


ANSWERS = [
    pytest.param("{body: {name: x}}", [], id="fits"),
    pytest.param("{status: 404}", [], id="the-documents-own-body"),
    pytest.param("{status: 404, body: {title: x}}", [], id="fits-4XX"),
    pytest.param("{status: 500}", ["undeclared-status"], id="status"),
    pytest.param("{headers: {Content-Type: text/html}, body: x}", ["undeclared-media-type"],
                 id="media-type"),
    pytest.param("{headers: {Content-Type: null}, body: x}", ["undeclared-media-type"],
                 id="no-media-type"),
    pytest.param("{body: {}}", ["contract-answer"], id="body"),
    pytest.param("{body: hello}", ["contract-answer"], id="text-for-JSON"),
    pytest.param('{body: "[1"}', ["contract-answer"], id="broken-JSON"),
    pytest.param('{body: \'{"name": "x"}\'}', [], id="JSON-written-out"),
    pytest.param("{body: {file: good.json}}", [], id="file"),
    pytest.param("{body: {file: bad.json}}", ["contract-answer"], id="bad-file"),
    pytest.param('{body: {name: "{{ request.query.name }}"}}', [], id="template"),
    pytest.param('{body: {name: "{{ 1 }}"}}', ["contract-answer"], id="template-that-is-wrong"),
    pytest.param('{status: "{{ 200 + 300 }}"}', ["undeclared-status"], id="template-for-status"),
    pytest.param('{body: {name: "{{ request.body.a.b }}"}}', [], id="template-that-needs-a-request"),
    pytest.param('{raw_head: "HTTP/1.1 999 Hm"}', [], id="head-by-hand"),
    pytest.param("{delay: forever}", [], id="never"),
]  # fmt: skip
FILES = [("good.json", b'{"name": "x"}'), ("bad.json", b'{"name": 1}')]


@pytest.mark.parametrize(("response", "expected"), ANSWERS)
def test_answers_against_the_contract(response, expected):
    """Status, media type and body of a whole answer are held against what is declared."""
    text = f"operation: getThings\nresponse: {response}\n"
    assert codes(shop(text, files=FILES)) == [(code, 2) for code in expected]
    rows = f"operation: getThings\nconnections:\n- response: {response}\n"
    if "raw_head" not in response:
        assert codes(shop(rows, files=FILES)) == [(code, 3) for code in expected]
    after = f"operation: followOrder\nstream: [{{comment: x}}]\nafterwards: {response}\n"
    found = shop(after, files=FILES, **answering("200", "4XX"))
    assert codes(found) == [(code, 3) for code in expected]


@pytest.mark.parametrize(("response", "expected"), ANSWERS)
def test_answers_that_break_it_on_purpose(response, expected):
    """`violates` is taken at its word where nothing can be told, else it has to be true."""
    text = f"operation: getThings\nviolates: on purpose\nresponse: {response}\n"
    unsure = "request.body" in response or "raw_head" in response
    wanted = [] if expected or unsure else [("no-violation", 1)]
    assert codes(shop(text, files=FILES)) == wanted


def test_several_faults_of_an_answer():
    """Media type and headers are told at once; a status that is unknown is told alone."""
    text = "operation: createOrder\nresponse: {headers: {Content-Type: a/b, Location: null}, body: x}\n"
    assert codes(shop(text)) == [("undeclared-media-type", 2), ("contract-answer", 2)]
    text = "operation: createOrder\nresponse: {status: 500, headers: {Content-Type: a/b}}\n"
    assert codes(shop(text)) == [("undeclared-status", 2)]


HEADS = [
    pytest.param("{headers: {X-Own: a}}", [], id="own-header"),
    pytest.param("{headers: {Content-Type: text/event-stream; charset=utf-8}}", [], id="charset"),
    pytest.param(
        "{headers: {Content-Type: text/plain}}", ["undeclared-media-type"], id="media-type"
    ),
    pytest.param("{headers: {Content-Type: null}}", ["undeclared-media-type"], id="no-media-type"),
    pytest.param("{status: 299}", ["undeclared-status"], id="status"),
    pytest.param('{headers: {Content-Type: "{{ request.body.a.b }}"}}', [], id="unknown"),
]


@pytest.mark.parametrize(("response", "expected"), HEADS)
def test_heads_of_streams_against_the_contract(response, expected):
    """The head of a stream is held against the document as that of any answer is."""
    text = f"operation: followOrder\nresponse: {response}\nstream: [{{event: status, data: {{n: 1}}}}]\n"
    assert codes(shop(text)) == [(code, 2) for code in expected]


# --- several operations --------------------------------------------------------------------------

BOTH = "operation: [createOrder, followOrder]\n"
PLACED = "- response: {status: 201, headers: {Location: /orders/1}, body: {name: x}}\n"
FOLLOWED = "- steps: [{event: status, data: {n: 1}}]\n"
SEVERAL = [
    pytest.param(PLACED + FOLLOWED, [], id="each-fits-one"),
    pytest.param(FOLLOWED + PLACED, [], id="in-any-order"),
    pytest.param(PLACED + "- steps: [{event: status, data: {n: x}}]\n", [("contract-event", 4)],
                 id="event"),
    pytest.param(PLACED + "- steps: [{event: other, data: {n: 1}}]\n", [("contract-event", 4)],
                 id="event-type"),
    pytest.param("- response: {status: 201, body: {}, headers: {Location: x}}\n" + FOLLOWED,
                 [("contract-answer", 3)], id="body"),
    pytest.param("- response: {status: 204}\n", [], id="status-of-the-other"),
    pytest.param("- response: {status: 409}\n", [("undeclared-status", 3)], id="status-of-none"),
    pytest.param("- {response: {status: 201}, steps: [{event: status, data: {n: 1}}]}\n",
                 [("undeclared-status", 3)], id="head-of-one-and-events-of-the-other"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), SEVERAL)
def test_a_connection_belongs_to_one_of_several_operations(rows, expected):
    """A row has to fit one operation as a whole; else it is told what the nearest one asks for."""
    assert codes(shop(f"{BOTH}connections:\n{rows}")) == expected


def test_none_of_several_operations_streams():
    """A stream that no operation declares is told, whoever sends it."""
    found = shop("operation: [createOrder, getThings]\nstream: [{data: x}]\n")
    assert codes(found) == [("contract-answer", 2)]
    assert "createOrder declares no event stream" in found[0][2]


# --- sentences -----------------------------------------------------------------------------------


def test_a_problem_tells_all_faults_of_an_event():
    """Each has its field, what is wrong with it, the event type and what asks for something else."""
    at = "spec.yaml#/paths/~1orders~1{id}~1events/get/responses/200/content/text~1event-stream/itemSchema"
    schema = f"{at}/properties/data/contentSchema"
    text = "operation: followOrder\nstream: [{event: status, data: [1]}, {event: x, data: 1}]\n"
    first, second = shop(text)
    assert first[2] == (
        "this event breaks the contract: data: [1] is not of type 'object' "
        f"(event status, by {schema}/type)"
    )
    assert second[2] == (
        "this event breaks the contract: event: the document declares no event of type 'x' here "
        f"(event x, by {at.removesuffix('/itemSchema')})"
    )


def test_a_place_is_found_for_every_fault():
    """`placed` gives lines of the document, `member` the line of the member that is wrong."""
    text = "operation: followOrder\nstream: [{event: status, data: {n: x}}]\n"
    document = {**DOCUMENT, "openapi": "3.2.0"}
    schema = {"properties": {"n": {"type": "integer"}}}
    content = {"text/event-stream": {"schema": {"type": "object", **schema}}}
    document["paths"] = {
        "/e": {"get": {"operationId": "followOrder", "responses": {"200": {"content": content}}}}
    }
    catalog, _ = linked(text, document=document)
    (problem,) = contract_problems(
        catalog,
        "error",
        lambda pointer: Location("api.yaml", 7, 3, pointer),
        lambda where, field: Location(f"{where} {field}"),
    )
    assert str(problem.where) == "story.yaml:2:10 data.n"
    assert "(event status, by api.yaml:7 /paths/~1e/get/" in problem.what


def test_heartbeats_and_includes_are_held_to_it():
    """What is sent is judged, wherever it is written; each place is told once."""
    heartbeat = "operation: followOrder\nheartbeat: {every: 1s, event: ping, data: x}\nstream: [{hold: 2s}]\n"
    assert codes(shop(heartbeat)) == [("contract-event", 2)]
    both = (
        "scenario: a\noperation: followOrder\nstream: [{event: status, data: {n: x}}]\n---\n"
        "scenario: b\noperation: followOrder\nwhen: {query: {b: true}}\nstream: [{include: a}]\n"
    )
    assert codes(shop(both)) == [("contract-event", 3)]

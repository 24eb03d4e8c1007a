"""What a server does about events and answers that break the contract."""

import json

import pytest
from clients import RawClient, fetch, write

from mockserver import MockServer
from mockserver.errors import StartError
from mockserver.play.journal import Closed, Violated

SPEC = """\
openapi: 3.2.0
info: {title: Shop, version: "1"}
paths:
  /prices:
    get:
      operationId: prices
      responses:
        "200":
          description: prices, then the end
          content:
            text/event-stream:
              itemSchema:
                oneOf:
                - required: [event, data]
                  properties:
                    event: {const: price}
                    data: {contentMediaType: application/json, contentSchema: {$ref: "#/components/schemas/Price"}}
                - properties:
                    data: {const: "[DONE]"}
  /things:
    get:
      operationId: things
      responses:
        "200":
          description: things
          headers:
            X-Count: {schema: {type: integer}}
          content:
            application/json:
              schema: {type: object, required: [name], properties: {name: {enum: [a, b]}}}
  /free:
    get:
      operationId: free
      responses:
        "200": {description: anything, content: {text/event-stream: {}}}
components:
  schemas:
    Price:
      type: object
      required: [price]
      properties:
        price: {type: number, minimum: 1}
"""


@pytest.fixture
def shop(tmp_path):
    """Give a server of the shop with these scenarios, its clock moved by hand."""
    (tmp_path / "api.yaml").write_text(SPEC)

    def make(text, **settings):
        folder = write(tmp_path / "scenarios", story=text)
        settings = {"clock": "manual", **settings}
        return MockServer(spec=tmp_path / "api.yaml", scenarios=folder, **settings)

    return make


def noted(server):
    """Return the violations in the journal: what of which connection, where and which faults."""
    return [
        (e.part, e.connection, e.where.rpartition("/")[2], *e.faults)
        for e in server.session().journal
        if isinstance(e, Violated)
    ]


def told(server, *kinds):
    """Return the names of the entries of the journal, in order."""
    return [type(entry).__name__ for entry in server.session().journal]


PRICED = """\
operation: prices
stream:
- {event: price, data: {price: "{{ request.query.price | int }}"}}
- {data: "[DONE]"}
"""
LOW = "data.price: 0 is less than the minimum of 1 (event price, by api.yaml:42 "
"""The beginning of a fault, the document's folder left out."""


def short(fault):
    """Leave out the folder of the document."""
    head, _, tail = fault.partition("by ")
    return f"{head}by {tail[tail.index('api.yaml') :]}" if tail else fault


@pytest.mark.parametrize("mode", ["off", "warn", "enforce"])
async def test_an_event_that_fits_is_sent(shop, mode):
    """What the document allows is sent in every mode, and nothing is noted."""
    async with shop(PRICED, events=mode) as server:
        answer = await fetch(server, "/prices?price=7")
        assert answer.body == b'event: price\ndata: {"price":7}\n\ndata: [DONE]\n\n'
        assert noted(server) == []


async def test_off_says_nothing(shop):
    """With `off` an event that does not fit is sent, and nothing is noted."""
    async with shop(PRICED, events="off") as server:
        answer = await fetch(server, "/prices?price=0")
        assert (b'{"price":0}' in answer.body, noted(server)) == (True, [])


async def test_warn_notes_what_does_not_fit(shop):
    """With `warn`, the default, it is sent, and the journal names fault, scenario and document."""
    async with shop(PRICED) as server:
        answer = await fetch(server, "/prices?price=0")
        assert b'{"price":0}' in answer.body
        assert told(server) == ["Opened", "Violated", "Sent", "Closed"]
        (violated,) = [e for e in server.session().journal if isinstance(e, Violated)]
        assert (violated.by, violated.operation, violated.target, violated.scenario) == (
            "script", "prices", "GET /prices?price=0", "story",
        )  # fmt: skip
        (fault,) = violated.faults
        assert violated.where.endswith("story.yaml:3:3")
        assert short(fault) == f"{LOW}/components/schemas/Price/properties/price/minimum)"


async def test_enforce_answers_500_before_the_head(shop):
    """Where nothing has left yet, the fault is a problem document in place of the stream."""
    async with shop(PRICED, events="enforce") as server:
        answer = await fetch(server, "/prices?price=0")
        problem = json.loads(answer.content)
        assert (answer.status, problem["code"]) == (500, "contract-event")
        assert "data.price: 0 is less than the minimum of 1" in problem["detail"]
        assert [error["part"] for error in problem["errors"]] == ["event"]
        assert told(server) == ["Violated", "Refused"]
        assert (await fetch(server, "/prices?price=1")).status == 200


LATER = """\
operation: prices
stream:
- {event: price, data: {price: 5}}
- {delay: 1s, event: price, data: {price: "{{ request.query.price | int }}"}}
- {event: price, data: {price: 6}}
"""


async def test_enforce_drops_a_stream_that_goes_on(shop):
    """Once the head is gone, the connection is cut in place of the event, and says why."""
    async with shop(LATER, events="enforce") as server:
        client = await RawClient.connect(server)
        await client.send("/prices?price=0")
        await client.until(b'{"price":5}')
        server.session().advance("1s")
        answer = await client.rest()
        assert answer.body == b'event: price\ndata: {"price":5}\n\n'
        assert not answer.finished
        *_, violated, closed = server.session().journal
        assert (violated.part, violated.connection) == ("event", 1)
        assert isinstance(closed, Closed)
        assert (closed.kind, closed.by, closed.blocks) == ("drop", "script", 1)
        assert closed.fault.startswith(violated.where + ": data.price: 0 is less than the minimum")
        assert closed.fault.endswith(" [contract-event]")


async def test_what_conforming_clients_dispatched_ends_with_the_cut(shop):
    """The oracle hears as much as was sent, and no event that was held back."""
    async with shop(LATER, events="enforce", clock="instant") as server:
        await fetch(server, "/prices?price=0")
        (heard,) = server.session().dispatched()
        assert [event["data"] for event in heard["events"]] == ['{"price":5}']


STATIC = """\
operation: prices
stream:
- {event: price, data: {price: 0}}
- {delay: 1s, event: prise, data: {price: 1}}
- repeat: {times: 3, steps: [{event: price, data: {price: x}}]}
"""


async def test_enforce_tells_all_that_needs_no_request_at_once(shop):
    """A scenario that breaks the contract whoever asks is refused, with all its faults."""
    async with shop(STATIC, events="enforce") as server:
        problem = json.loads((await fetch(server, "/prices")).content)
        details = [
            (e["where"].rpartition("/")[2], e["detail"].partition(" (")[0])
            for e in problem["errors"]
        ]
        assert details == [
            ("story.yaml:3:3", "data.price: 0 is less than the minimum of 1"),
            ("story.yaml:4:3", "event: the document declares no event of type 'prise' here"),
            ("story.yaml:5:30", "data.price: 'x' is not of type 'number'"),
        ]
        assert problem["detail"].endswith(" (and 2 more)")
        assert told(server) == ["Violated", "Violated", "Violated", "Refused"]


async def test_warn_notes_each_step_once_a_connection(shop):
    """Events that are known are noted when they are sent; three of one step are one entry."""
    async with shop(STATIC, clock="instant") as server:
        for _ in range(2):
            await fetch(server, "/prices")
        places = [(connection, where) for _, connection, where, _ in noted(server)]
        assert places == [(1, f"story.yaml:{at}") for at in ("3:3", "4:3", "5:30")] * 2


async def test_what_was_never_sent_is_not_noted(shop):
    """A client that leaves has seen no more than it has seen."""
    async with shop(STATIC) as server:
        client = await RawClient.connect(server)
        await client.send("/prices")
        await client.until(b'{"price":0}')
        await client.leave()
        assert [where for _, _, where, _ in noted(server)] == ["story.yaml:3:3"]


PURPOSE = """\
operation: prices
stream:
- {event: price, data: {price: "{{ request.query.price | int }}"}, violates: too low}
"""
IDLE = "this says that it violates the contract, and does not [no-violation]"


@pytest.mark.parametrize("mode", ["warn", "enforce"])
async def test_a_violation_on_purpose_is_sent_and_verified(shop, mode):
    """`violates` lets an event pass; one that fits after all is noted, and sent."""
    async with shop(PURPOSE, events=mode) as server:
        assert b'{"price":0}' in (await fetch(server, "/prices?price=0")).body
        assert noted(server) == []
        assert b'{"price":1}' in (await fetch(server, "/prices?price=1")).body
        assert noted(server) == [("event", 1, "story.yaml:3:3", IDLE)]


async def test_a_scenario_on_purpose_is_left_alone(shop):
    """`violates` of the scenario holds for all that it sends."""
    text = f"violates: prices below 1\n{PRICED}"
    async with shop(text, events="enforce") as server:
        assert b'{"price":0}' in (await fetch(server, "/prices?price=0")).body
        assert noted(server) == []


ANSWER = """\
operation: things
response:
  headers: {X-Count: "{{ request.query.count | default(1) }}"}
  body: {name: "{{ request.query.name }}"}
"""


async def test_answers_are_held_to_it_too(shop):
    """A whole answer that does not fit is noted, or a 500 in its place."""
    async with shop(ANSWER) as server:
        assert json.loads((await fetch(server, "/things?name=c&count=x")).content) == {"name": "c"}
        (entry,) = noted(server)
        assert (entry[:3], [fault.partition(" (")[0] for fault in entry[3:]]) == (
            ("answer", 1, "story.yaml:3:3"),
            [
                'body.name: \'c\' is not one of ["a", "b"]',
                "headers.X-Count: 'x' is not of type 'integer'",
            ],
        )
        assert told(server) == ["Opened", "Violated", "Closed"]
    async with shop(ANSWER, events="enforce") as server:
        answer = await fetch(server, "/things?name=c")
        assert (answer.status, json.loads(answer.content)["code"]) == (500, "contract-answer")
        assert (await fetch(server, "/things?name=a")).status == 200


async def test_an_answer_on_purpose_is_verified(shop):
    """A scenario that is one answer and says that it violates the contract has to."""
    async with shop(f"violates: no such name\n{ANSWER}", events="enforce") as server:
        assert (await fetch(server, "/things?name=c")).status == 200
        assert noted(server) == []
        assert (await fetch(server, "/things?name=a")).status == 200
        assert noted(server) == [("answer", 1, "story.yaml:4:3", IDLE)]


async def test_a_head_of_a_stream_is_held_to_it(shop):
    """Status and media type of a stream are those that the document declares."""
    text = """\
operation: prices
response: {headers: {Content-Type: "{{ request.query.type }}"}}
stream: [{event: price, data: {price: 1}}]
"""
    async with shop(text, events="enforce") as server:
        assert (await fetch(server, "/prices?type=text/event-stream")).status == 200
        problem = json.loads((await fetch(server, "/prices?type=text/html")).content)
        assert problem["code"] == "contract-answer"
        assert "prices declares no 'text/html' here" in problem["detail"]


async def test_streams_without_a_schema_are_free(shop):
    """Where the document says nothing of the events, any may be sent."""
    text = "operation: free\nstream: [{event: '{{ request.query.a }}', data: x}]\n"
    async with shop(text, events="enforce") as server:
        assert (await fetch(server, "/free?a=b")).body == b"event: b\ndata: x\n\n"


COUNTED = """\
operation: prices
stream:
- repeat: {times: 5, steps: [{id: "{{ n }}", event: price, data: {price: "{{ n }}"}}]}
"""


async def test_a_counter_is_judged_event_by_event(shop, tmp_path):
    """Events that differ in a counter only are each held to the schema; the bytes are the same."""
    async with shop(COUNTED, events="off") as server:
        expected = (await fetch(server, "/prices")).body
    async with shop(COUNTED, events="enforce") as server:
        assert (await fetch(server, "/prices")).body == expected
    (tmp_path / "api.yaml").write_text(SPEC.replace("minimum: 1", "maximum: 3"))
    async with shop(COUNTED, events="enforce") as server:
        answer = await fetch(server, "/prices")
        assert answer.body == expected[: expected.index(b"event: price\nid: 4")]
        assert not answer.finished
    async with shop(COUNTED) as server:
        answer = await fetch(server, "/prices")
        assert (answer.body, answer.finished) == (expected, True)
        assert len(noted(server)) == 1
        resumed = await fetch(server, "/@other/prices", "Last-Event-ID: 2")
        assert resumed.body == expected[expected.index(b"event: price\nid: 3") :]


BEATING = """\
operation: prices
heartbeat: {every: 1s, event: price, data: {price: "{{ request.query.price | int }}"}}
stream: [{hold: 3s}]
"""


async def test_heartbeats_are_held_to_it(shop):
    """A heartbeat that must not be sent cuts the connection when it is due, not later."""
    async with shop(BEATING, events="enforce", clock="instant") as server:
        assert (await fetch(server, "/prices?price=3")).body.count(b"data: ") == 2
        answer = await fetch(server, "/prices?price=0")
        assert (answer.body, answer.finished) == (b"", False)
    async with shop(BEATING) as server:
        client = await RawClient.connect(server)
        await client.send("/prices?price=0")
        await client.until(b"\r\n\r\n")
        server.session().advance("1s")
        await client.until(b'{"price":0}')
        assert [entry[:3] for entry in noted(server)] == [("event", 1, "story.yaml:2:12")]
        await client.leave()


WIRED = """\
operation: prices
wire: {split: 4, encoding: gzip}
stream:
- {comment: x}
- {event: price, data: {price: "{{ request.query.price | int }}"}, split: 2}
- {event: price, data: {price: 0}, cut: -1}
"""


async def test_events_in_pieces_are_noted_once(shop):
    """Pieces, cuts and codings change nothing about what an event is."""
    async with shop(WIRED, clock="instant") as server:
        await fetch(server, "/prices?price=0", "Accept-Encoding: gzip")
        assert [where for _, _, where, _ in noted(server)] == ["story.yaml:5:3", "story.yaml:6:3"]


SEVERAL = """\
operation: [things, prices]
identity: "one"
connections:
- response: {body: {name: a}}
- steps: [{event: price, data: {price: "{{ request.query.price | int }}"}}]
"""


async def test_each_request_is_held_to_its_own_operation(shop):
    """What fits one operation of a scenario does not fit the other, if that is asked instead."""
    text = SEVERAL.replace('identity: "one"', 'identity: "{{ session }}"')
    async with shop(text, events="enforce") as server:
        assert (await fetch(server, "/things")).status == 200
        assert (await fetch(server, "/prices?price=2")).status == 200
        problem = json.loads((await fetch(server, "/prices?price=2")).content)
        assert problem["code"] == "contract-answer"
        assert "prices declares no 'application/json' here" in problem["detail"]


async def test_the_same_verdicts_in_the_same_order(shop):
    """Two servers note the same, and send the same bytes."""
    seen = []
    for _ in range(2):
        async with shop(STATIC + LATER.partition("stream:\n")[2], clock="instant") as server:
            answer = await fetch(server, "/prices?price=0")
            seen.append((answer.raw, server.session().journal))
    assert seen[0] == seen[1]


async def test_the_petstore_is_enforced_by_itself(tmp_path):
    """Our own document is complete, so that nothing that breaks it is sent unless asked for."""
    folder = write(tmp_path, story="operation: streamOrderStatus\nstream: [{data: x}]\n")
    stream = "/v1/orders/019b4140/status/stream"
    async with MockServer(scenarios=folder) as server:
        assert (await fetch(server, stream)).status == 500
    async with MockServer(scenarios=folder, events="warn") as server:
        assert (await fetch(server, stream)).status == 200


async def test_the_documents_own_stream_is_not_judged(shop, tmp_path):
    """What the document itself shows is nobody's script."""
    wrong = SPEC.replace(
        "              itemSchema:", "              example: [{data: x}]\n              itemSchema:"
    )
    (tmp_path / "api.yaml").write_text(wrong)
    text = "operation: things\nresponse: {body: {name: a}}\n"
    (tmp_path / "api.yaml").write_text(wrong)
    async with shop(text, events="enforce") as server:
        assert (await fetch(server, "/prices")).body == b"data: x\n\n"
        assert noted(server) == []


async def test_a_large_document_is_not_read_for_lines(shop, tmp_path, monkeypatch):
    """Where looking for the line would take long, the pointer has to do."""
    monkeypatch.setattr("mockserver.loading.PLACED_BYTES", 100)
    async with shop(PRICED) as server:
        await fetch(server, "/prices?price=0")
        assert short(noted(server)[0][3]).endswith(
            "by api.yaml#/components/schemas/Price/properties/price/minimum)"
        )


ITEMS = """\
openapi: 3.2.0
info: {title: Lines, version: "1"}
paths:
  /lines:
    get:
      operationId: lines
      responses:
        "200":
          description: numbers
          content:
            application/jsonl:
              itemSchema: {type: object, properties: {n: {type: integer, maximum: 3}}}
            text/event-stream:
              itemSchema: {properties: {event: {const: n}, data: {type: string}}}
"""
LINES = """\
operation: lines
stream:
- {event: n, data: {n: 1}}
- {event: n, data: {n: "{{ request.query.n | int }}"}}
"""


async def test_items_of_other_framings_are_held_to_their_own_schema(shop, tmp_path):
    """The same steps are events for one client and lines for another; each has its schema."""
    (tmp_path / "api.yaml").write_text(ITEMS)
    async with shop(LINES, events="enforce", clock="instant") as server:
        lines = "Accept: application/jsonl"
        assert (await fetch(server, "/lines?n=2", lines)).body == b'{"n":1}\n{"n":2}\n'
        assert (await fetch(server, "/lines?n=4", lines)).body == b'{"n":1}\n'
        assert (await fetch(server, "/lines?n=4")).finished
        (entry,) = noted(server)
        assert entry[3].startswith("data.n: 4 is greater than the maximum of 3")


async def test_head_is_refused_as_get_is(shop):
    """HEAD says what GET would say: 500 for a scenario that must not be sent."""
    async with shop(STATIC, events="enforce") as server:
        assert (await fetch(server, "/prices", method="HEAD")).status == 500
    async with shop(PRICED, events="enforce") as server:
        assert (await fetch(server, "/prices?price=1", method="HEAD")).status == 200


async def test_an_unknown_mode_is_refused(shop):
    """The server does not start with a word that it does not know."""
    with pytest.raises(StartError, match="'warm' is no way"):
        await shop(PRICED, events="warm").start()

"""The programs of streams that no scenario answers, and the settings for them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mockserver.contract import read
from mockserver.errors import LoadError
from mockserver.play.opening import Opening
from mockserver.play.timeline import timeline
from mockserver.scenario.catalog import SHOWN, Catalog
from mockserver.scenario.settings import read_settings
from mockserver.scenario.shown import MOST_MADE
from mockserver.workspace.shipped import petstore

CHUNK = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}
ID = {"type": "string"}


def event(name, **more):
    """Return the schema of an event of that type with a number in its data and an id."""
    properties = {"event": {"const": name}, "data": CHUNK, "id": ID}
    return {"type": "object", "properties": properties, "required": ["event", "data"], **more}


TWO = {"schema": {"oneOf": [event("a"), event("b")]}}
ENDING = {
    "schema": {
        "oneOf": [
            event("a"),
            event("end", **{"x-ms-sse-terminal-event": True}),
            {"const": "[DONE]"},
        ]
    }
}


def lanes(media_type, settings="", *, limit=50, **asked):
    """Return what a client of `GET /it` with these settings gets."""
    content = {"text/event-stream": media_type}
    operation = {"operationId": "it", "responses": {"200": {"content": content}}}
    tree = {"openapi": "3.2.0", "paths": {"/it": {"get": operation}}}
    found, problems = read_settings("s.yaml", settings.encode()) if settings else ({}, [])
    assert problems == []
    contract = read(tree, "api.yaml", found)
    catalog = Catalog(contract, {}, {})
    program = catalog.examples(contract.operations["it"], "0")
    assert catalog.examples(contract.operations["it"], "0") is program
    opening = Opening(target="/it", **asked)
    return timeline(program, contract.operations["it"], opening, limit=limit)


def told(lane):
    """Return when each event came, its type and its id."""
    return [(round(e.at, 3), e.type, e.last_event_id) for e in lane.dispatched]


@pytest.mark.parametrize(
    ("media_type", "settings", "expected"),
    [
        pytest.param(TWO, "", [(0, "a", "1"), (0, "b", "2")], id="one of each"),
        pytest.param(TWO, "streams: {it: {pace: 2s}}", [(2, "a", "1"), (4, "b", "2")], id="pace"),
        pytest.param(
            TWO,
            "streams: {it: {count: 3}}",
            [(0, "a", "1"), (0, "b", "2"), (0, "a", "3")],
            id="count",
        ),
        pytest.param(
            {"schema": {"properties": {"x": {"const": 1}}, "required": ["x"]}},
            "streams: {it: {count: 2}}",
            [(0, "message", ""), (0, "message", "")],
            id="count of constants",
        ),
        pytest.param(TWO, "streams: {it: {count: 1}}", [(0, "a", "1")], id="count below the types"),
        pytest.param(
            ENDING,
            "streams: {it: {count: 2}}",
            [(0, "a", "1"), (0, "a", "2"), (0, "end", "3"), (0, "message", "3")],
            id="the end is not counted",
        ),
        pytest.param(
            ENDING,
            "streams: {it: {count: 0}}",
            [(0, "end", "1"), (0, "message", "1")],
            id="nothing but the end",
        ),
        pytest.param(
            ENDING,
            'streams: {"*": {count: forever}}',
            [(0, "a", "1"), (0, "end", "2"), (0, "message", "2")],
            id="what ends cannot go on forever",
        ),
        pytest.param(
            TWO,
            'streams: {"*": {pace: 1s, count: 7}, it: {count: 1}}',
            [(1, "a", "1")],
            id="an own word before that for all",
        ),
        pytest.param(
            {"example": "data: 1\n\n: hi\n\nevent: b\ndata: 2\n\n"},
            "streams: {it: {pace: 1s}}",
            [(1, "message", ""), (3, "b", "")],
            id="pace of a raw example",
        ),
        pytest.param(
            {"schema": TWO["schema"], "example": [{"event": "b", "data": "{}", "id": "9"}]},
            "streams: {it: {pace: 1s, count: 5}}",
            [(1, "b", "9")],
            id="pace of examples, which are not counted",
        ),
    ],
)
def test_what_a_stream_without_a_scenario_plays(media_type, settings, expected):
    """Its examples in order, else events made from its schema, as the settings want them."""
    lane, *_ = lanes(media_type, settings)
    assert told(lane) == expected


def test_a_long_row_is_made_once_and_numbered_on():
    """Beyond what is made at first the same data come again, with ids of their own."""
    count = 2 * MOST_MADE + 5
    (lane,) = lanes(ENDING, f"streams: {{it: {{count: {count}}}}}", limit=count + 10)
    ids = [event.last_event_id for event in lane.dispatched]
    assert ids == [*map(str, range(1, count + 2)), str(count + 1)]
    data = [event.data for event in lane.dispatched]
    assert data[:MOST_MADE] == data[MOST_MADE : 2 * MOST_MADE]
    assert data[:5] == data[2 * MOST_MADE : count]


def test_an_endless_row_comes_a_second_apart():
    """It needs no pace of its own, and a client can resume anywhere in it."""
    lane, *_ = lanes(TWO, "streams: {it: {count: forever}}", limit=250)
    assert told(lane)[:3] == [(1, "a", "1"), (2, "b", "2"), (3, "a", "3")]
    assert lane.goes_on
    lane, *_ = lanes(TWO, "streams: {it: {count: forever}}", last_event_id="1001")
    assert told(lane)[0] == (1, "b", "1002")


def test_a_client_resumes_in_a_made_stream():
    """After the event whose id it has seen last."""
    (lane,) = lanes(TWO, last_event_id="1")
    assert told(lane) == [(0, "b", "2")]


WRONG = {
    "no operation": (
        "streams:\n  its: {count: 3}",
        "s.yaml:2:8: stream settings name an operation 'its' that the document does not have",
        "unknown-operation",
    ),
    "no component": (
        "streams:\n  it: {item: Nope}",
        "s.yaml:2:7: the stream settings of 'it': the document has no 'Nope'",
        "broken-ref",
    ),
    "an end": (
        "streams:\n  it: {count: forever}",
        "s.yaml:2:7: it cannot go on forever: '[DONE]' ends it",
        "endless-count",
    ),
}


@pytest.mark.parametrize(("settings", "text", "code"), WRONG.values(), ids=WRONG)
def test_settings_that_the_document_contradicts_have_a_place(settings, text, code):
    """File, line and column of the stream's settings."""
    with pytest.raises(LoadError) as failure:
        lanes(ENDING, settings)
    (problem,) = failure.value.problems
    assert str(problem).startswith(text)
    assert problem.code == code


def test_the_settings_on_the_page_are_good_for_the_petstore(tmp_path):
    """docs/contract.md shows settings that name its operations."""
    page = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```yaml\n(# settings\.yaml\n.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "settings.yaml").write_text(shown)
    found = replace(petstore(), settings=tmp_path / "settings.yaml").read_document()
    assert found.operations["createChatCompletion"].settings.pace == (0.02, 0.08)
    assert found.operations["streamStockTicker"].settings.pace == (0.25, 0.25)


UNREAD = {
    "a negative count": ("streams: {it: {count: -1}}", "out-of-range"),
    "a word": ("streams: {it: {count: many}}", "wrong-type"),
    "no unit": ("streams: {it: {pace: 5}}", "bad-duration"),
    "no end of a pace": ("streams: {it: {pace: forever}}", "bad-duration"),
    "an unknown key": ("streams: {it: {paces: 5s}}", "unknown-key"),
}


@pytest.mark.parametrize(("settings", "code"), UNREAD.values(), ids=UNREAD)
def test_settings_that_cannot_be_read(settings, code):
    """They are refused with their place, like everything else in a file."""
    _, (problem,) = read_settings("s.yaml", settings.encode())
    assert problem.code == code
    assert problem.where.line == 1


def test_a_part_that_cannot_be_made_is_noted():
    """The journal says so with every connection to the stream."""
    union = {"oneOf": [event("a"), {"type": "integer", "not": {"type": "integer"}}]}
    (lane,) = lanes({"schema": union})
    assert told(lane) == [(0, "a", "1")]
    assert lane.notes == ("unsatisfiable-schema",)


def test_examples_are_found_by_name():
    """A name that the stream does not have is nothing, whatever could be made."""
    content = {"text/event-stream": {**TWO, "examples": {"x": {"value": [1]}, "y": {"value": [2]}}}}
    tree = {
        "openapi": "3.2.0",
        "paths": {"/it": {"get": {"responses": {"200": {"content": content}}}}},
    }
    contract = read(tree, "api.yaml")
    (operation,) = contract.operations.values()
    catalog = Catalog(contract, {}, {})
    assert catalog.examples(operation, "0", "y") is not catalog.examples(operation, "0", "x")
    assert catalog.examples(operation, "0", "z") is None


def test_programs_without_a_scenario_are_kept_within_a_bound():
    """Of more seeds than that the oldest is made again."""
    tree = {
        "openapi": "3.2.0",
        "paths": {"/it": {"get": {"responses": {"200": {"content": {"text/event-stream": {}}}}}}},
    }
    contract = read(tree, "api.yaml")
    (operation,) = contract.operations.values()
    catalog = Catalog(contract, {}, {})
    first = catalog.examples(operation, "0")
    for seed in range(1, SHOWN + 1):
        catalog.examples(operation, str(seed))
    assert catalog.examples(operation, "0") is not first

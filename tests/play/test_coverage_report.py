"""Coverage as shares, as plain data, as a table, and against a minimum."""

import json

import pytest
from shop import shop

from mockserver.contract import Branch
from mockserver.play.coverage import (
    KINDS,
    Share,
    coverage_at_once,
    event_names,
    read_minimum,
)
from mockserver.play.coverage_report import LISTED, as_json, as_text, shortfalls, summary_line
from mockserver.play.reach import Reach
from mockserver.play.tally import Tally

SHARES = {
    "all": (3, 3, 100.0, False),
    "none of any": (0, 3, 0.0, True),
    "nothing to cover": (0, 0, None, False),
    "rounded down: 100 says that nothing is missing": (9999, 10000, 99.9, False),
    "exactly as much": (4, 5, 80.0, False),
    "a little less": (7999, 10000, 79.9, True),
}


@pytest.mark.parametrize(("part", "total", "percent", "below"), SHARES.values(), ids=SHARES)
def test_a_share(part, total, percent, below):
    """In tenths of a percent, and against 80 %."""
    share = Share(part, total)
    assert (share.percent, share.is_below(80)) == (percent, below)


MINIMA = {
    "one for all": ("80", dict.fromkeys(KINDS, 80.0)),
    "with its sign": (" 80 % ", dict.fromkeys(KINDS, 80.0)),
    "by kind": ("operations=100, events=12.5", {"operations": 100.0, "events": 12.5}),
}


@pytest.mark.parametrize(("text", "minimum"), MINIMA.values(), ids=MINIMA)
def test_a_minimum_is_read(text, minimum):
    """For each kind, or kind by kind."""
    assert read_minimum(text) == minimum


NO_MINIMA = {
    "no number": ("all", "'all' is no percentage: write 80, or operations=100,events=80"),
    "not a number": ("nan", "'nan' is no percentage: write 80, or operations=100,events=80"),
    "too much": ("101", "'101' is no percentage: write 80, or operations=100,events=80"),
    "no kind": ("event=80", "'event' is none of operations, responses, events"),
}


@pytest.mark.parametrize(("text", "what"), NO_MINIMA.values(), ids=NO_MINIMA)
def test_what_is_no_minimum_is_refused(text, what):
    """With what would be one."""
    with pytest.raises(ValueError, match="^" + what) as error:
        read_minimum(text)
    assert str(error.value) == what


def branch(event=None, *, declared=False, name=None, sentinel=None, pointer="/x", title=None):
    """Return a kind of event as a document might have it."""
    schema = {"title": title} if title else True
    return Branch(event, "json", schema, pointer, declared=declared, name=name, sentinel=sentinel)


NAMES = {
    "declared": ([branch("a", declared=True), branch(declared=True)], ["a", "message"]),
    "by type": ([branch(name="delta"), branch(sentinel="[DONE]")], ["delta", "[DONE]"]),
    "by component, by title": (
        [branch(pointer="/components/schemas/A"), branch(title="B")],
        ["A", "B"],
    ),
    "not by what a component holds": (
        [branch(pointer="/components/schemas/A/oneOf/0")],
        ["message"],
    ),
    "two of a type": (
        [branch("a", declared=True, name="x"), branch("a", declared=True, pointer="/p")],
        ["a (x)", "a (/p)"],
    ),
    "two alike": ([branch(name="a"), branch(name="a")], ["a (a)", "a (a) #2"]),
}


@pytest.mark.parametrize(("branches", "names"), NAMES.values(), ids=NAMES)
def test_kinds_of_events_have_names(branches, names):
    """No two of a stream are called the same."""
    assert event_names(branches) == names


TEXTS = (
    "scenario: a\noperation: orders\ndefault: true\nstream: [{event: update, data: {}}]",
    "scenario: b\noperation: orders\nstream: [{event: update, data: {}}]",
    "scenario: c\noperation: things\nresponse: {status: 404}",
)


def covered(*, ran=True):
    """Return the coverage of the shop after a client was told that there is no thing."""
    tally = Tally() if ran else None
    if tally:
        tally.answered("things", 404)
        tally.answered("chat", 429)
        tally.answered("addThing", 418)
    return coverage_at_once(Reach(shop(*TEXTS)), tally)


def test_coverage_as_a_table():
    """A line an item, with the first scenario that reaches it, marked where a client got it."""
    assert (
        as_text(covered())
        == """\
scenarios reach operations 2 of 5 (40 %), responses 2 of 9 (22.2 %), events 1 of 7 (14.2 %)
clients were sent operations 3 of 5 (60 %), responses 2 of 9 (22.2 %), events 0 of 7 (0 %)

orders     -  a and 1 more
  200      -  a and 1 more
  204      -  -
  update   -  a and 1 more
  done     -  -
chat       x  -
  200      -  -
  4XX      x  -
  default  -  -
  start    -  -
  delta    -  -
  [DONE]   -  -
values     -  -
  200      -  -
  Number   -  -
  Text     -  -
things     x  c
  200      -  -
  404      x  c
addThing   x  -
  201      -  -

x: a client was sent it
"""
    )


def test_without_clients_the_table_is_about_scenarios():
    """As `check` shows it."""
    lines = as_text(covered(ran=False)).splitlines()
    assert lines[:4] == [
        "scenarios reach operations 2 of 5 (40 %), responses 2 of 9 (22.2 %), events 1 of 7 (14.2 %)",
        "",
        "orders     a and 1 more",
        "  200      a and 1 more",
    ]
    assert lines[-1] == "  201      -"


def test_coverage_as_data():
    """Everything by name and by pointer into the document, and JSON can hold it."""
    found = json.loads(json.dumps(as_json(covered())))

    assert found["summary"]["events"] == {
        "total": 7,
        "scenarios": 1,
        "scenarios_percent": 14.2,
        "exercised": 0,
        "exercised_percent": 0.0,
    }
    assert found["operations"][0]["events"][0] == {
        "event": "update",
        "pointer": "/paths/~1orders/get/responses/200/content/text~1event-stream"
        "/itemSchema/oneOf/0/properties/data/contentSchema",
        "scenarios": ["a", "b"],
        "scenario_count": 2,
        "exercised": False,
    }
    assert found["operations"][3] == {
        "operation": "things",
        "method": "GET",
        "path": "/things",
        "pointer": "/paths/~1things/get",
        "scenarios": ["c"],
        "scenario_count": 1,
        "exercised": True,
        "responses": [
            {
                "status": "200",
                "pointer": "/paths/~1things/get/responses/200",
                "scenarios": [],
                "scenario_count": 0,
                "exercised": False,
            },
            {
                "status": "404",
                "pointer": "/paths/~1things/get/responses/404",
                "scenarios": ["c"],
                "scenario_count": 1,
                "exercised": True,
            },
        ],
        "events": [],
    }
    assert "enough" not in found


def test_of_many_scenarios_the_first_are_listed():
    """The rest is counted."""
    texts = [f"scenario: s{n}\noperation: things\nwhen: {{query: {{n: {n}}}}}\nresponse: {{}}"
             for n in range(LISTED + 5)]  # fmt: skip
    found = as_json(coverage_at_once(Reach(shop(*texts))))["operations"][3]

    assert (len(found["scenarios"]), found["scenario_count"]) == (LISTED, LISTED + 5)
    assert "exercised" not in found


ENOUGH = {
    "of what clients were sent": (True, {"operations": 60.0}, True),
    "not of it": (True, {"operations": 61.0}, False),
    "of what scenarios reach": (False, {"operations": 40.0}, True),
    "not of that": (False, {"operations": 41.0}, False),
    "one kind is too little": (True, {"operations": 60.0, "events": 1.0}, False),
}


@pytest.mark.parametrize(("ran", "minimum", "enough"), ENOUGH.values(), ids=ENOUGH)
def test_coverage_is_enough_or_not(ran, minimum, enough):
    """Where clients could be served, what they were sent counts, else what scenarios reach."""
    found = as_json(covered(ran=ran), minimum)
    assert (found["minimum"], found["enough"]) == (minimum, enough)


def test_too_little_coverage_is_a_problem_that_names_what_is_missing():
    """One a kind, in words for who can mend it."""
    minimum = {"operations": 80.0, "responses": 20.0, "events": 20.0}
    assert [str(problem) for problem in shortfalls(covered(), minimum, "scenarios")] == [
        "spec.yaml: scenarios reach operations 2 of 5 (40 %), less than 80 % [too-little-coverage]\n"
        "  mend: write scenarios that reach: chat, values, addThing",
        "spec.yaml: scenarios reach events 1 of 7 (14.2 %), less than 20 % [too-little-coverage]\n"
        "  mend: write scenarios that reach: orders done, chat start, chat delta, chat [DONE], "
        "values Number, values Text",
    ]
    assert [
        str(problem) for problem in shortfalls(covered(), {"operations": 80.0}, "exercised")
    ] == [
        "spec.yaml: clients were sent operations 3 of 5 (60 %), less than 80 % "
        "[too-little-coverage]\n"
        "  mend: let clients ask for: orders, values"
    ]


def test_a_document_without_streams_has_no_events_to_cover():
    """Which no minimum asks for."""
    catalog = shop()
    operations = catalog.contract.operations
    reach = Reach(catalog)
    found = coverage_at_once(reach)
    only = type(found)(
        "x", [p for p in found.parts if not operations[p.item.name].stream], ran=False
    )

    assert summary_line(only, "scenarios").endswith("no events")
    assert only.missed({"events": 100}, "scenarios") == {}

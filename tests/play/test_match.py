"""Which scenario answers a request (section 6 of the language)."""

import pytest
from stage import catalog_of, linked

from mockserver.errors import ControlError
from mockserver.play.match import choose
from mockserver.play.opening import Opening


def written(name, rest):
    """Return a scenario of that name."""
    return f"operation: streamEvents\nscenario: {name}\nstream: [{{data: {name}}}]\n{rest}\n"


# Some of these could tie, on requests that are not made here.
CATALOG, _ = linked(
    written("plain", ""),
    written("one", "when: {query: {a: x}}"),
    written("two", "when: {query: {a: x, b: y}}"),
    written("glob", "when: {query: {a: 'z*'}}"),
    written("pattern", "when: {headers: {X-Kind: '/^b+$/'}}"),
    written("present", "when: {cookies: {sid: true}, query: {a: false}}"),
    written("body", "when: {body: {stream: true, model: m, nested: {deep: 1}}}"),
)
PROGRAMS = CATALOG.by_operation["streamEvents"]

REQUESTS = [
    pytest.param({}, "plain", id="no-conditions"),
    pytest.param({"query": {"a": "x"}}, "one", id="one-condition"),
    pytest.param({"query": {"a": "x", "b": "y"}}, "two", id="most-conditions"),
    pytest.param({"query": {"a": "x", "b": "n"}}, "one", id="not-all-hold"),
    pytest.param({"query": {"a": "zebra"}}, "glob", id="glob"),
    pytest.param({"headers": {"x-kind": "bbb"}}, "pattern", id="pattern"),
    pytest.param({"headers": {"x-kind": "abb"}}, "plain", id="pattern-fails"),
    pytest.param({"cookies": {"sid": ""}}, "present", id="present-and-absent"),
    pytest.param({"cookies": {"sid": "1"}, "query": {"a": "q"}}, "plain", id="absent-fails"),
    pytest.param({"body": {"stream": True, "model": "m", "nested": {"deep": 1, "x": 2}, "y": 3}},
                 "body", id="contained"),
    pytest.param({"body": {"stream": True, "model": "m"}}, "plain", id="not-contained"),
    pytest.param({"body": "text"}, "plain", id="another-body"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "name"), REQUESTS)
def test_conditions(request_, name):
    """Of those whose conditions hold, the one with the most answers."""
    assert name == choose(PROGRAMS, Opening(**request_), None, ()).name


def test_nothing_fits():
    """Where no scenario fits, the document itself answers."""
    programs = [program for program in PROGRAMS if program.scenario.when]
    assert choose(programs, Opening(), None, ()) is None
    assert choose([], Opening(), None, ()) is None


def test_named():
    """A name in the request decides, whatever the conditions say."""
    assert choose(PROGRAMS, Opening(), "two", ("one",)).name == "two"


def test_unknown_name():
    """An unknown name is a 400 that lists the names there are."""
    with pytest.raises(ControlError) as caught:
        choose(PROGRAMS, Opening(), "plane", ())
    assert (caught.value.status, caught.value.code) == (400, "unknown-scenario")
    assert sorted(p.name for p in PROGRAMS) == caught.value.extra["scenarios"]
    assert "plain" in caught.value.mend


def test_pinned():
    """What the session prefers goes before conditions; names of other operations are passed by."""
    opening = Opening(query={"a": "x"})
    assert choose(PROGRAMS, opening, None, ("elsewhere", "glob", "two")).name == "glob"


def test_default():
    """Of several that nothing tells apart, the default answers."""
    catalog = catalog_of(written("a", ""), written("b", "default: true"))
    assert choose(catalog.by_operation["streamEvents"], Opening(), None, ()).name == "b"


TIES = [
    pytest.param("", "", id="two-without-conditions"),
    pytest.param("default: true", "default: true", id="two-defaults"),
    pytest.param("when: {query: {a: x}}", "when: {query: {b: y}}", id="conditions-elsewhere"),
]


@pytest.mark.parametrize(("first", "second"), TIES)
def test_ties(first, second):
    """Two that could tie are a load error."""
    _, problems = linked(written("a", first), written("b", second))
    assert [problem.code for problem in problems] == ["scenario-tie"]

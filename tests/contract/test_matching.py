"""Patterns of schemas are searched for as ECMA-262 means them, and never for long."""

import re

import pytest
from contract_documents import contract

from mockserver.contract.matching import searcher
from mockserver.contract.place import Place
from mockserver.contract.values import value_violations

LONG = "a" * 100_000 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        pytest.param("^a+$", "aaa", True, id="found"),
        pytest.param("a", "bab", True, id="anywhere"),
        pytest.param("^a$", "b", False, id="not found"),
        pytest.param("^a$", "a\n", False, id="the end is the end"),
        pytest.param("^\\d+$", "\u0663", False, id="digits are ASCII"),
        pytest.param("^.$", "\u00e9", True, id="a character, not a byte"),
        pytest.param("^.$", "\ud83d", True, id="half a pair is a character"),
        pytest.param("^(?P<year>\\d{4})$", "2026", True, id="a named group"),
        pytest.param("^(?=.*\\d)[a-z\\d]+$", "a1", True, id="RE2 knows no lookahead"),
        pytest.param("^(.)\\1$", "aa", True, id="nor references back"),
        pytest.param("^[a-z]{2,5000}$", "ab", True, id="nor large counts"),
        pytest.param("^(a+)+$", LONG, False, id="nested repeats"),
        pytest.param("^(a|aa)+$", LONG, False, id="alternatives that overlap"),
        pytest.param("^(.*a){20}$", LONG, False, id="many ways to the same"),
    ],
)
def test_a_pattern_is_found_or_not(pattern, text, found):
    """The answer comes at once, where backtracking would take longer than anybody waits."""
    assert searcher(pattern)(text) is found


def test_what_is_no_pattern_is_said():
    """What neither of the two reads raises what `re` raises."""
    with pytest.raises(re.error):
        searcher("(")


@pytest.mark.parametrize(
    ("schema", "value", "faults"),
    [
        ({"pattern": "^(a+)+$"}, LONG, 1),
        ({"patternProperties": {"^(a+)+$": False}}, {LONG: 1, "aa": 1}, 1),
        ({"patternProperties": {"^(a+)+$": True}, "additionalProperties": False}, {LONG: 1, "a": 1}, 1),
        ({"patternProperties": {"^a": {"type": "string"}}, "additionalProperties": {"type": "null"}}, {"ab": "x", "b": None}, 0),
        ({"patternProperties": {"^a": {"type": "string"}}, "additionalProperties": {"type": "null"}}, {"ab": 1, "b": 1}, 2),
        ({"patternProperties": {"^a": True}, "properties": {"b": True}, "additionalProperties": False}, {"a": 1, "b": 1, "c": 1}, 1),
    ],
    ids=["text", "name", "other names", "fitting", "both wrong", "one too many"],
)  # fmt: skip
def test_schemas_search_in_this_way(schema, value, faults):
    """A text or a name that a client sends cannot hold up who judges it."""
    found = value_violations(contract({}).document, Place(schema, ""), value, "body")
    assert len(found) == faults, found

"""A few seconds of the comparison in tests/sse/fuzz.py; there is more of it where that came from."""

import random

import pytest
from fuzz import by_httpx_sse, by_the_letter, compare, difference

from mockserver.sse.parse import Dispatched


def test_three_readers_agree():
    """The parser, the standard's letter and httpx-sse make the same of whatever comes."""
    seed = random.SystemRandom().randrange(2**32)
    tally = compare(seed, 0, 20_000)

    assert tally.differences[:3] == []
    assert tally.strings >= 20_000
    assert tally.events > tally.strings / 4


def test_a_seed_makes_the_same_strings():
    """A difference can be looked at again."""
    assert compare(1, 2, 50) == compare(1, 2, 50)
    assert compare(1, 2, 50) != compare(1, 3, 50)


@pytest.mark.parametrize("name", ["parsed", "by_the_letter", "by_httpx_sse"])
def test_a_reader_that_errs_is_found(name, monkeypatch):
    """Each of the three can be the one that differs."""
    wrong = [("message", "wrong", "")] if name == "by_httpx_sse" else ([], "wrong", None)
    monkeypatch.setattr(f"fuzz.{name}", lambda _connections: wrong)

    assert "wrong" in difference([[b"data: a\n\n"]])[0]


def test_the_readers_read():
    """They do not agree for want of events."""
    connections = [[b"id: 1\nevent: a\ndata: b\n", b"\n"], [b"data\r\r"]]

    events = [("a", "b", "1"), ("message", "", "1")]
    assert ([Dispatched(*event) for event in events], "1", None) == by_the_letter(connections)
    assert events == by_httpx_sse(connections)

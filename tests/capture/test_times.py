"""Delays are rounded as a person would, and never lead far away from what was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.capture.times import delays, rounded, told
from mockserver.scenario.units import FOREVER, span

ROUNDED = {
    "tiny": (0.004, 0),
    "milliseconds": (0.023, 0.025),
    "tenths": (0.34, 0.35),
    "seconds": (2.031, 2.0),
    "many seconds": (12.3, 12.5),
    "a minute": (61.4, 61),
}


@pytest.mark.parametrize(("seconds", "expected"), ROUNDED.values(), ids=ROUNDED)
def test_a_delay_is_rounded_the_more_the_longer_it_is(seconds, expected):
    """Nobody would write 2.031s."""
    assert rounded(seconds) == expected


DELAYS = {
    "one rhythm with jitter": ([0.0, 1.02, 1.98, 3.01, 4.0], [0, 1, 1, 1, 1]),
    "a burst": ([0.001, 0.002, 0.003], [0, 0, 0]),
    "tokens of a model": ([0.021, 0.045, 0.064, 0.086], [0.02, 0.02, 0.02, 0.02]),
    "a pause among them": ([0.5, 1.0, 1.5, 7.5], [0.5, 0.5, 0.5, 6.0]),
}


@pytest.mark.parametrize(("moments", "expected"), DELAYS.values(), ids=DELAYS)
def test_delays_have_the_rhythm_of_what_was_seen(moments, expected):
    """Gaps that are alike become the same delay."""
    assert delays(moments) == expected


@given(st.lists(st.floats(0, 5), max_size=60))
def test_many_small_errors_do_not_add_up(gaps):
    """The end of a story is where it was, to a tenth of its time."""
    moments = [round(sum(gaps[: index + 1]), 6) for index in range(len(gaps))]
    now = 0.0
    for delay, moment in zip(delays(moments), moments, strict=True):
        now += delay
        assert abs(now - moment) <= 0.11 + 0.1 * moment + 0.5


@given(st.lists(st.integers(0, 10**8), max_size=30))
def test_exact_delays_lead_to_every_moment(micros):
    """With `keep` nothing is rounded."""
    moments = sorted(micro / 1e6 for micro in micros)
    now = 0.0
    for delay, moment in zip(delays(moments, keep=True), moments, strict=True):
        now = round(now + delay, 6)
        assert now == moment


@given(st.integers(0, 10**10))
def test_a_duration_is_written_so_that_it_is_read_back(micros):
    """To the microsecond, in a unit that fits."""
    assert span(told(micros / 1e6)).shortest == micros / 1e6


WRITTEN = {0.25: "250ms", 1.5: "1.5s", 120.0: "2m", 0.0: "0s", 90.0: "90s", FOREVER: "forever"}


@pytest.mark.parametrize(("seconds", "text"), WRITTEN.items())
def test_a_duration_has_the_unit_that_people_use(seconds, text):
    """Milliseconds below a second, minutes where they are whole."""
    assert told(seconds) == text

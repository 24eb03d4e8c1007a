"""Durations and percentages as authors write them."""

import pytest

from mockserver.scenario.units import FOREVER, Span, UnitError, duration_text, percentage, span

SPANS = {
    "milliseconds": ("250ms", 0.25, 0.25),
    "seconds": ("2s", 2, 2),
    "a fraction": ("1.5s", 1.5, 1.5),
    "minutes": ("2m", 120, 120),
    "hours": ("1h", 3600, 3600),
    "a space before the unit": ("2 s", 2, 2),
    "nothing": ("0", 0, 0),
    "nothing with a unit": ("0s", 0, 0),
    "a range": ("100ms..300ms", 0.1, 0.3),
    "a range of two units": ("500ms..1m", 0.5, 60),
    "a range of one point": ("1s..1s", 1, 1),
    "a range from nothing": ("0..1s", 0, 1),
    "for ever": ("forever", FOREVER, FOREVER),
    "no crumbs of binary fractions": ("300ms", 0.3, 0.3),
}


@pytest.mark.parametrize(("text", "shortest", "longest"), SPANS.values(), ids=SPANS)
def test_a_duration_is_seconds(text, shortest, longest):
    """A range has two ends, everything else one."""
    assert span(text) == Span(shortest, longest)
    assert span(text).fixed is (shortest == longest)


NO_SPANS = {
    "no unit": ("500", "'500' has no unit", "write 500ms or 500s"),
    "no unit in a range": ("1..2s", "'1..2s' has no unit", "write 1ms or 1s"),
    "negative": ("-5", "a duration cannot be negative: '-5'", "leave the minus out"),
    "backwards": ("3s..1s", "the range '3s..1s' runs backwards", "1s..3s"),
    "words": ("soon", "'soon' is no duration", "write 250ms, 2s, 1.5s, 2m or 100ms..300ms"),
    "empty": ("", "'' is no duration", "write 250ms, 2s, 1.5s, 2m or 100ms..300ms"),
    "base 60": ("1:30", "'1:30' is no duration", "write 250ms, 2s, 1.5s, 2m or 100ms..300ms"),
    "an open range": ("1s..", "'1s..' is no duration", "write 250ms, 2s, 1.5s, 2m or 100ms..300ms"),
    "other digits": ("٢s", "'٢s' is no duration", "write 250ms, 2s, 1.5s, 2m or 100ms..300ms"),
    "for ever in a range": (
        "1s..forever",
        "'1s..forever' is no duration",
        "write 250ms, 2s, 1.5s, 2m or 100ms..300ms",
    ),
}


@pytest.mark.parametrize(("text", "what", "mend"), NO_SPANS.values(), ids=NO_SPANS)
def test_what_is_no_duration_says_what_one_looks_like(text, what, mend):
    """A bare number asks for its unit."""
    with pytest.raises(UnitError) as caught:
        span(text)

    assert (caught.value.what, caught.value.mend) == (what, mend)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.25, "250ms"),
        (0.0005, "0.5ms"),
        (1.5, "1.5s"),
        (60, "60s"),
        (0, "0s"),
        (FOREVER, "forever"),
        (10, "10s"),
    ],
)
def test_a_duration_is_shown_as_it_could_be_written(seconds, text):
    """The shown text reads as the same duration again."""
    assert duration_text(seconds) == text
    assert span(text) == Span(seconds, seconds)


@pytest.mark.parametrize("text", ["250ms..1s", "forever", "2s"])
def test_a_span_is_shown_as_it_was_written(text):
    """For messages."""
    assert str(span(text)) == text


@pytest.mark.parametrize(
    ("text", "value"), [("5%", 0.05), ("0.5 %", 0.005), ("0%", 0), ("100%", 1)]
)
def test_a_percentage_is_a_fraction(text, value):
    """From nothing to always."""
    assert percentage(text) == value


@pytest.mark.parametrize("text", ["5", "-5%", "101%", "%", "0.05", "٥%"])
def test_what_is_no_percentage_is_refused(text):
    """A bare number could be a fraction or a percentage, so it is neither."""
    with pytest.raises(UnitError):
        percentage(text)

"""Points in scripted time as text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mockserver.scenario.moments import EPOCH, formatted, moment, offset_seconds

FORMS = {
    "iso": (EPOCH, "iso", "2026-01-01T00:00:00Z"),
    "iso with milliseconds": (moment(EPOCH, 0.25), "iso", "2026-01-01T00:00:00.250Z"),
    "unix": (EPOCH, "unix", 1767225600),
    "unix without a fraction": (moment(EPOCH, 0.9), "unix", 1767225600),
    "unix_ms": (moment(EPOCH, 0.25), "unix_ms", 1767225600250),
    "http": (EPOCH, "http", "Thu, 01 Jan 2026 00:00:00 GMT"),
    "http in December": (datetime(2026, 12, 6, 5, 4, 3, tzinfo=UTC), "http", "Sun, 06 Dec 2026 05:04:03 GMT"),
    "codes": (EPOCH, "%Y/%m/%d %H:%M", "2026/01/01 00:00"),
    "a percent sign": (EPOCH, "100%%s", "100%s"),
    "another zone": (datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "iso", "2026-01-01T00:00:00Z"),
    "no zone is UTC": ("2026-01-01 12:00", "iso", "2026-01-01T12:00:00Z"),
    "text": ("2026-01-01T01:00:00+01:00", "iso", "2026-01-01T00:00:00Z"),
    "seconds": (0, "iso", "1970-01-01T00:00:00Z"),
    "seconds with a fraction": (0.5, "iso", "1970-01-01T00:00:00.500Z"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "form", "text"), FORMS.values(), ids=FORMS)
def test_a_moment_has_several_forms(value, form, text):
    """UTC always, English always."""
    assert formatted(value, form) == text


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (True, "iso"),
        (None, "iso"),
        ("tomorrow", "iso"),
        (EPOCH, "%Y" * 101),
        (EPOCH, "%s"),
        (1e300, "iso"),
    ],
    ids=["a boolean", "nothing", "words", "a long form", "the machine's zone", "far away"],
)
def test_what_is_no_moment_is_refused(value, form):
    """Forms are short, and none depends on the machine."""
    with pytest.raises((ValueError, OverflowError)):
        formatted(value, form)


OFFSETS = {
    "a duration": ("5m", 300.0),
    "back": ("-1h", -3600.0),
    "plus": ("+2s", 2.0),
    "seconds": (1.5, 1.5),
    "seconds back": (-2, -2.0),
    "nothing": ("0", 0.0),
}


@pytest.mark.parametrize(("offset", "seconds"), OFFSETS.values(), ids=OFFSETS)
def test_an_offset_is_a_duration_with_a_sign(offset, seconds):
    """Numbers are seconds."""
    assert offset_seconds(offset) == seconds


@pytest.mark.parametrize("offset", [True, None, "soon", "--1h", "1s..2s", "forever", [], "5"])
def test_what_is_no_offset_is_refused(offset):
    """One fixed duration, with its unit."""
    with pytest.raises(ValueError, match=r"duration|unit"):
        offset_seconds(offset)

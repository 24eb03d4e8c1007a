"""Media types and the Accept header (RFC 9110 § 12.5.1)."""

import pytest

from mockserver.contract.media import concrete, essence, framing, is_json, preferred, quality

JSON, SSE, TEXT = "application/json", "text/event-stream", "text/plain"

PREFERRED = {
    "anything": ("*/*", [JSON, TEXT], [JSON, TEXT]),
    "empty": ("", [JSON, TEXT], [JSON, TEXT]),
    "one": ("text/plain", [JSON, TEXT], [TEXT]),
    "weights": ("application/json;q=0.5, text/plain", [JSON, TEXT], [TEXT, JSON]),
    "declared order wins ties": ("text/plain, application/json", [JSON, TEXT], [JSON, TEXT]),
    "range of a type": ("text/*", [JSON, TEXT], [TEXT]),
    "the specific range counts": ("*/*;q=0.9, text/plain;q=0.1", [TEXT, JSON], [JSON, TEXT]),
    "q=0 excludes": ("*/*, application/json;q=0", [JSON, TEXT], [TEXT]),
    "none acceptable": ("image/png", [JSON, TEXT], [JSON, TEXT]),
    "parameters and case": ("APPLICATION/JSON; q=1", ["Application/JSON; charset=utf-8"], ["Application/JSON; charset=utf-8"]),
    "a bad weight is 1": ("application/json;q=x, text/plain;q=0.9", [TEXT, JSON], [JSON, TEXT]),
    "a declared range": ("image/png", ["image/*", JSON], ["image/*"]),
}  # fmt: skip


FRAMINGS = {
    "text/event-stream": "sse",
    "Text/Event-Stream; charset=utf-8": "sse",
    "application/x-ndjson": "lines",
    "application/jsonl; charset=utf-8": "lines",
    "application/json-lines": "lines",
    "application/x-jsonlines": "lines",
    "application/stream+json": "lines",
    "application/json-seq": "seq",
    "application/geo+json-seq": "seq",
    "application/json": None,
    "application/geo+json": None,
    "text/plain": None,
    "*/*": None,
}


@pytest.mark.parametrize(("media_type", "expected"), FRAMINGS.items())
def test_which_media_types_stream(media_type, expected):
    """OAS 3.2 § Sequential Media Types, and the names that JSON lines have in the wild."""
    assert framing(media_type) == expected


@pytest.mark.parametrize(("accept", "declared", "order"), PREFERRED.values(), ids=PREFERRED)
def test_media_types_are_ordered_as_accept_wants_them(accept, declared, order):
    """Weights decide, the most specific range counts, the first declared wins ties."""
    assert preferred(declared, accept) == order


CONCRETE = {
    "is one": (TEXT, "*/*", True, TEXT),
    "asked for": ("*/*", "image/png, text/html;q=0.5", False, "image/png"),
    "JSON": ("*/*", "*/*", False, JSON),
    "text": ("*/*", "*/*", True, TEXT),
    "within the range": ("application/*", "text/html", False, JSON),
    "text within the range": ("text/*", "application/json", True, TEXT),
}


@pytest.mark.parametrize(("declared", "accept", "text", "sent"), CONCRETE.values(), ids=CONCRETE)
def test_a_declared_range_becomes_a_media_type(declared, accept, text, sent):
    """What goes out is never a range."""
    assert concrete(declared, accept, text=text) == sent


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        (JSON, True),
        ("Application/Problem+JSON; charset=utf-8", True),
        ("application/jsonl", False),
        (TEXT, False),
    ],
)
def test_json_is_known_by_name_and_by_suffix(media_type, expected):
    """Every `+json` is JSON (RFC 6839 § 3.1)."""
    assert is_json(media_type) is expected


def test_a_media_type_has_no_parameters_and_no_case():
    """The essence of a media type compares."""
    assert essence(" Text/Event-Stream ;charset=utf-8") == SSE
    assert quality(SSE, "text/html, text/event-stream;q=0.3") == 0.3

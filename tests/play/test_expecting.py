"""What a scenario expects, told in words before any client has come."""

import pytest
from stage import Stage

from mockserver.play.expecting import expect_json, expect_text

ENTRIES = {
    "a connection": ("{connection: 2}", "connection 2"),
    "what it comes with": (
        '{connection: 2, last_event_id: "7", after: 1s..2s}',
        'connection 2: last_event_id "7", after 1s..2s',
    ),
    "none": ("{connection: 1, last_event_id: false}", "connection 1: last_event_id none"),
    "any": ("{connection: 1, last_event_id: true}", "connection 1: last_event_id any"),
    "conditions": (
        "{connection: 1, headers: {X-A: /b+/, Cookie: false}, query: {page: 2}}",
        'connection 1: query page "2", headers x-a /b+/, headers cookie none',
    ),
    "a body": ("{connection: 1, body: {a: {b: 1}}}", "connection 1: body a/b 1"),
    "a number": ("{connections: ..3}", "connections ..3"),
    "and no more": ("{connections: 2, within: 5s}", "connections 2: within 5s"),
    "a closing": ("{closed_by: client}", "the last connection: closed_by client"),
    "which, and when": (
        "{closed_by: client, connection: 2, after_event: complete, within: 500ms}",
        "connection 2: closed_by client, after_event complete, within 500ms",
    ),
    "requests": (
        "{requests: {streamEvents: 2, getThing: 1..}}",
        "requests: streamEvents 2, getThing 1..",
    ),
}


def expected(text):
    """Read one entry of `expect`."""
    story = f"operation: streamEvents\nstream: [{{data: a}}]\nexpect: [{text}]"
    [entry] = Stage(story).program.scenario.expect
    return entry


@pytest.mark.parametrize(("written", "told"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_a_line(written, told):
    """In the order in which the entry's verdict would judge it."""
    assert told == expect_text(expected(written))


def test_an_entry_as_data_has_its_place():
    """With what it is about, and each thing that it asks for."""
    entry = expected("{closed_by: client, after_event: done, within: 2s}")
    assert expect_json([entry]) == [
        {
            "where": str(entry.where),
            "of": "the last connection",
            "asks": [
                {"of": "closed_by", "expected": "client"},
                {"of": "after_event", "expected": "done"},
                {"of": "within", "expected": "2s"},
            ],
        }
    ]

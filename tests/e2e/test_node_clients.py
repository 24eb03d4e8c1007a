"""Two EventSource implementations for Node.js, neither of them ours, against the server in a process.

Each test runs with both; see ``client.mjs`` for what they print.
"""

import pytest
from stories import (
    CHAT,
    INVENTORY,
    MULTILINE,
    MULTILINE_DATA,
    OPEN_END,
    ORDER,
    RESUME,
    RESUMED,
    RETRY,
    SHOUTING,
)


def events(lines):
    """Reduce a client's record to (type, last event ID, data) of its events."""
    return [
        (line["type"], line["lastEventId"], line["data"])
        for line in lines
        if line["kind"] == "event"
    ]


def kinds(lines):
    """Reduce a client's record to the kinds of its lines, errors with their readyState."""
    return [line["kind"] + str(line.get("readyState", "")) for line in lines]


@pytest.mark.parametrize("kind", ["end", "drop", "reset"])
def test_resumes_after_every_kind_of_disconnect(play, node, kind):
    """The client gets every event once, and gives up at the 204 that follows the story."""
    server = play(RESUME.replace("KIND", kind))

    lines = node(server.url + ORDER, "--types", "complete")

    assert events(lines) == RESUMED
    first, second = ["open", "event", "event", "error0"], ["open", "event", "event", "error0"]
    assert [*first, *second, "error2"] == kinds(lines)


def test_three_clients_at_once_each_get_a_story_of_their_own(play, node):
    """Three tabs on one order do not eat each other's connections."""
    server = play(RESUME.replace("KIND", "drop"))

    lines = node(server.url + ORDER + "?tab=1", "--types", "complete", "--connections", "3")

    for client in (1, 2, 3):
        assert events([line for line in lines if line["client"] == client]) == RESUMED


def test_multi_line_data_arrives_with_its_line_ends(play, node):
    """Four data lines are one event whose data has three line feeds."""
    server = play(MULTILINE)

    lines = node(server.url + ORDER)

    assert events(lines) == [("message", "1", MULTILINE_DATA)]


def test_event_types_reach_their_own_listeners(play, node):
    """Types that nobody listens for, and comments, are not seen."""
    server = play(SHOUTING)

    only_prices = node(server.url + INVENTORY, "--types", "price-change")
    both = node(server.url + INVENTORY, "--types", "price-change,stock-change")

    assert [kind for kind, _, _ in events(only_prices)] == ["price-change"]
    assert [kind for kind, _, _ in events(both)] == ["stock-change", "price-change"]


def test_waits_for_the_reconnection_time_that_it_was_told(play, node):
    """The server sees the second connection 700 ms after the first one, as its hint said."""
    server = play(RETRY)

    lines = node(server.url + ORDER, "--types", "complete", "--until", "type=complete")

    assert [last_event_id for _, last_event_id, _ in events(lines)] == ["1", "2"]
    gap = lines[kinds(lines).index("open", 1)]["at"] - lines[kinds(lines).index("error0")]["at"]
    assert 650 <= gap <= 5000


def test_post_operations_are_not_for_an_event_source(play, node):
    """An EventSource can only GET; the answer to that makes it give up at once."""
    server = play(OPEN_END)

    assert kinds(node(server.url + CHAT)) == ["error2"]

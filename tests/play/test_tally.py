"""What clients were sent, as far as it tells events and statuses apart."""

from dataclasses import replace
from itertools import islice

import pytest
from shop import shop

from mockserver.play.answer import Head, stream_head
from mockserver.play.coverage import event_names
from mockserver.play.cues import Send
from mockserver.play.session import Session
from mockserver.play.sessions import Sessions
from mockserver.play.story import Stories
from mockserver.play.tally import UNSURE, Tally
from mockserver.play.timeline import usual_request

FOREVER = float("inf")


def tell(catalog, tally, *, writes=1000, last_id=None):
    """Tell the one scenario's first connection to a client that takes so many writes."""
    (program,) = catalog.programs.values()
    operation = catalog.contract.find(program.scenario.operations[0][0])
    opening = replace(usual_request(program, operation), last_event_id=last_id)
    turn = Stories("0", "default").turn(program, opening, 0.0, catalog.example)
    seen = tally.watch(operation, stream_head(turn.row, turn.scope), turn.stream_of(operation))
    sends = (cue for cue in turn.player.due(FOREVER) if isinstance(cue, Send))
    for cue in islice(sends, writes):
        if seen is not None and cue.shown is not None:
            seen.note(cue.shown)
    return operation


def kinds(tally, operation):
    """Return the names of the events that were sent, in document order."""
    for _ in tally.settle():
        pass
    branches = operation.stream.branches
    sent = [one.known_by for one in tally.branches(operation.id)]
    named = zip(event_names(branches), branches, strict=True)
    return [name for name, branch in named if branch.known_by in sent]


TOLD = {
    "blocks that were encoded before": (
        "operation: orders\nstream: [{event: update, data: {}}, {event: done, data: {}}]",
        {},
        ["update", "done"],
    ),
    "as far as they were sent": (
        "operation: orders\nstream: [{event: update, data: {}}, {delay: 1s}, {event: done, data: {}}]",
        {"writes": 1},
        ["update"],
    ),
    "a client that resumes is sent the rest": (
        "operation: orders\nstream: [{event: update, id: 1, data: {}}, {event: done, data: {}}]",
        {"last_id": "1"},
        ["done"],
    ),
    "a counter": (
        "operation: orders\n"
        "stream: [{repeat: {times: 9, steps: [{event: update, id: '{{ n }}', data: {}}]}}]",
        {"last_id": "5"},
        ["update"],
    ),
    "a counter in the data": (
        "operation: orders\n"
        "stream: [{repeat: {times: 9, steps: [{event: update, data: {at: '{{ n }}'}}]}}]",
        {},
        ["update"],
    ),
    "a counter in a text": (
        "operation: orders\n"
        "stream: [{repeat: {times: 9, steps: [{event: done, id: '{{ n }}', data: 'at {{ n }}'}]}}]",
        {"last_id": "5"},
        ["done"],
    ),
    "a counter in an event without data": (
        "operation: orders\nstream: [{repeat: {times: 9, steps: [{event: done, id: '{{ n }}'}]}}]",
        {},
        [],
    ),
    "a counter that makes the kind": (
        "operation: values\nstream: [{repeat: {times: 9, steps: [{data: {v: '{{ n }}'}}]}}]",
        {},
        ["Number"],
    ),
    "a counter in what breaks the contract on purpose": (
        "operation: orders\nstream: [{repeat: {times: 9, steps: "
        "[{event: done, data: ['{{ n }}'], violates: a list}]}}]",
        {},
        [],
    ),
    "rounds that are joined": (
        "operation: orders\nstream: [{repeat: {times: 3, steps: "
        "[{event: update, id: 1, data: {}}, {event: done, data: {}}]}}]",
        {},
        ["update", "done"],
    ),
    "the rest of rounds that are joined": (
        "operation: orders\nstream: [{repeat: {times: 3, steps: "
        "[{event: update, id: 1, data: {}}, {event: done, data: {}}]}}]",
        {"last_id": "1"},  # on a server that has sent none of them, it is behind the first
        ["update", "done"],
    ),
    "a type that changes from round to round": (
        "operation: orders\nstream: [{each: {in: [other, done], as: x, steps: "
        "[{event: '{{ x }}', data: {}}]}}]",
        {},
        ["done"],
    ),
    "data that change from round to round": (
        "operation: chat\nstream: [{each: {in: [start, delta], as: x, steps: "
        "[{data: {type: '{{ x }}'}}]}}]",
        {},
        ["start", "delta"],
    ),
    "data that may be the sentinel": (
        "operation: chat\nstream: [{each: {in: ['{\"type\": \"start\"}', '[DONE]'], as: x, steps: "
        "[{data: '{{ x }}'}]}}]",
        {},
        ["start", "[DONE]"],
    ),
    "data that only a schema can tell": (
        "operation: values\nstream: [{each: {in: [1, a], as: x, steps: [{data: {v: '{{ x }}'}}]}}]",
        {},
        ["Number", "Text"],
    ),
    "bytes written by hand": (
        'operation: orders\nstream: [{raw: "event: done\\nda"}, {raw: "ta: {}\\n\\n"}, {data: {}}]',
        {},
        ["done"],
    ),
    "the first half of them": (
        'operation: orders\nstream: [{raw: "event: done\\nda"}, {raw: "ta: {}\\n\\n"}, {data: {}}]',
        {"writes": 1},
        [],
    ),
    "in pieces: the last one counts": (
        "operation: orders\nwire: {split: 10}\nstream: [{event: done, data: {}}]",
        {"writes": 2},
        [],
    ),
    "in pieces": (
        "operation: orders\nwire: {split: 10}\nstream: [{event: done, data: {}}]",
        {"writes": 3},
        ["done"],
    ),
    "coded": (
        "operation: orders\nwire: {encoding: gzip}\nstream: [{event: done, data: {}}]",
        {},
        ["done"],
    ),
    "a cut event": (
        "operation: orders\nstream: [{event: done, data: {}, cut: -1}]",
        {},
        [],
    ),
    "a heartbeat": (
        "operation: orders\nheartbeat: {every: 1s, event: update, data: {}}\nstream: [{hold: 5s}]",
        {"writes": 1},
        ["update"],
    ),
    "what breaks the contract on purpose": (
        "operation: orders\nstream: [{event: done, data: [], violates: a list},"
        "{event: update, data: ['{{ 1 }}'], violates: another},"
        '{raw: "event: done\\ndata: []\\n\\n", violates: a third}]',
        {},
        [],
    ),
    "an event without data": (
        "operation: orders\nstream: [{event: done, id: 1}, {event: update, id: '{{ 2 }}'}]",
        {},
        [],
    ),
    "under another status": (
        "operation: orders\nresponse: {status: 500}\nstream: [{event: done, data: {}}]",
        {},
        [],
    ),
}


@pytest.mark.parametrize(("text", "how", "expected"), TOLD.values(), ids=TOLD)
def test_the_tally_knows_what_was_sent(text, how, expected):
    """Told once or twice, to one session or to all of them, it is the same."""
    whole = Tally()
    tally = Tally(whole)
    catalog = shop(text)
    tell(catalog, tally, **how)
    operation = tell(catalog, tally, **how)

    assert kinds(tally, operation) == expected
    assert kinds(whole, operation) == expected
    tell(catalog, tally, **how)
    assert kinds(tally, operation) == expected


@pytest.mark.parametrize("asked", [True, False], ids=["asked between", "not asked"])
def test_what_an_earlier_reading_of_the_files_has_sent_counts(asked):
    """A connection that goes on behind the next reading is still one of the same stream."""
    whole = Tally()
    tally = Tally(whole)
    before, after = (shop(f"operation: orders\nstream: [{{data: {{}}, event: {name}}}]")
                     for name in ("update", "other"))  # fmt: skip
    operation = tell(before, tally)
    open_still = tally.watch(operation, Head(200, "OK", ()), operation.stream)
    if asked:
        assert kinds(tally, operation) == ["update"]
    operation = tell(after, tally)
    assert kinds(tally, operation) == kinds(whole, operation) == ["update"]

    open_still.pushed([("done", "{}", None)])
    assert kinds(tally, operation) == kinds(whole, operation) == ["update", "done"]


def test_what_is_kept_does_not_grow_without_end():
    """Of events that only a schema can tell, one of a form is kept, and not too many."""
    items = ", ".join(f"{{a{n}: 1}}, {{a{n}: 2}}" for n in range(2 * UNSURE))
    catalog = shop(
        f"operation: values\nstream: [{{each: {{in: [{items}], as: x, steps: "
        "[{data: '{{ x }}'}]}}]"
    )
    tally = Tally()
    operation = tell(catalog, tally)

    assert len(list(tally.settle())) == UNSURE
    assert list(tally.settle()) == []
    assert kinds(tally, operation) == ["Number"]


def test_statuses_are_counted_once_each():
    """A connection that broke before its head is none."""
    whole = Tally()
    tally = Tally(whole)
    for status in (200, 404, 0, 200):
        tally.answered("orders", status)

    assert tally.statuses("orders") == {200, 404}
    assert whole.statuses("orders") == {200, 404}
    assert tally.statuses("things") == set()


def test_a_reset_forgets_what_a_session_was_sent_and_not_what_all_were():
    """An open connection that goes on counts again."""
    catalog = shop("operation: orders\nstream: [{event: done, data: {}}]")
    sessions = Sessions(lambda name, _: Session(name, "0", None))
    session = sessions.get("a")
    operation = tell(catalog, session.tally)
    session.tally.answered("orders", 200)
    seen = session.tally.watch(operation, Head(200, "OK", ()), operation.stream)
    session.reset()

    assert (kinds(session.tally, operation), session.tally.statuses("orders")) == ([], set())
    assert session.tally.watch(operation, Head(200, "OK", ()), operation.stream) is seen
    tell(catalog, session.tally)
    assert kinds(session.tally, operation) == ["done"]
    assert kinds(sessions.tally, operation) == ["done"]
    assert kinds(sessions.get("b").tally, operation) == []


def test_a_session_that_made_room_is_still_counted():
    """Whatever became of the sessions, the server knows what it has sent."""
    catalog = shop("operation: orders\nstream: [{event: done, data: {}}]")
    sessions = Sessions(lambda name, _: Session(name, "0", None), limit=1)
    operation = tell(catalog, sessions.get("a").tally)
    sessions.get("b")

    assert [session.name for session in sessions] == ["b"]
    assert kinds(sessions.tally, operation) == ["done"]

"""The journal: its numbers and bound, entries as JSON, what can be asked of it, and followed."""

import json
from typing import get_args

import pytest

from mockserver.play.counts import Count, Counts
from mockserver.play.journal import (
    Called,
    Closed,
    Entry,
    Journal,
    Journals,
    Noted,
    Opened,
    Refused,
    Sent,
    Violated,
)
from mockserver.play.journal_follow import Dropped, Follower, told_json
from mockserver.play.journal_query import EVERYTHING, Page, Query, of_all, of_one
from mockserver.play.journal_report import KINDS, as_json

OPENED = Opened(
    1.23456789, "watch", "GET /a", "story", 1, 2, 200, "7", 2.5, 3.0, ("unknown-last-event-id",), 4
)
SENT = Sent("story", 1, 2, 3, 5, 0.1234567, 4, 2.5)
CLOSED = Closed(2.0, "story", 1, 2, "drop", "script", 5, "why", "watch", 70, 4)
REFUSED = Refused(3.0, "GET /b", 404, "no-operation", "no such thing")
VIOLATED = Violated(4.0, "client", "request", "watch", "GET /a", faults=("one", "two"))
CALLED = Called(5.0, "story", 1, 2, "webhook x", "POST", "http://a/", 200, 0.5, headers=("A: b",))

OBJECTS = {
    "opened": (
        OPENED,
        {
            "kind": "opened", "number": 9, "session": "a", "at": 1.234568, "operation": "watch",
            "target": "GET /a", "scenario": "story", "subscription": 1, "connection": 2,
            "status": 200, "last_event_id": "7", "after": 2.5, "reconnection_time": 3.0,
            "notes": ["unknown-last-event-id"], "serial": 4,
            "transport": "http",
        },
    ),
    "sent": (
        SENT,
        {
            "kind": "sent", "number": 9, "session": "a", "scenario": "story", "subscription": 1,
            "connection": 2, "first": 3, "last": 5, "offset": 0.123457, "serial": 4,
            "at": 2.5,
        },
    ),
    "closed": (
        CLOSED,
        {
            "kind": "closed", "number": 9, "session": "a", "at": 2.0, "scenario": "story",
            "subscription": 1, "connection": 2, "ending": "drop", "by": "script", "blocks": 5,
            "fault": "why", "operation": "watch", "bytes": 70, "serial": 4,
            "close_code": None, "received": None,
        },
    ),
    "refused": (
        REFUSED,
        {
            "kind": "refused", "number": 9, "session": "a", "at": 3.0, "target": "GET /b",
            "status": 404, "code": "no-operation", "what": "no such thing",
        },
    ),
    "called": (
        CALLED,
        {
            "kind": "called", "number": 9, "session": "a", "at": 5.0, "scenario": "story",
            "subscription": 1, "connection": 2, "name": "webhook x", "method": "POST",
            "url": "http://a/", "status": 200, "after": 0.5, "code": "", "fault": "",
            "headers": ["A: b"], "body": "", "answer_headers": [], "answer_body": "",
            "serial": 0,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "expected"), OBJECTS.values(), ids=OBJECTS)
def test_entries_as_objects(entry, expected):
    """All fields by their names, seconds to the microsecond."""
    assert as_json(Noted(20, "a", 9, entry)) == expected


def test_violations_as_objects():
    """Whose it is, what it is about, and the faults."""
    found = as_json(Noted(20, "a", 9, VIOLATED))
    assert {name: found[name] for name in ("kind", "by", "part", "operation", "faults")} == {
        "kind": "violated", "by": "client", "part": "request", "operation": "watch",
        "faults": ["one", "two"],
    }  # fmt: skip


def test_every_type_of_entry_has_its_kind():
    """One that is added to the journal is added to the table."""
    assert set(get_args(Entry)) == set(KINDS)


STRANGE = ["caf\udce9", "\ud800", "\x00\x1b[31m", "</script>\u2028", "é…"]


@pytest.mark.parametrize("text", STRANGE)
def test_what_strangers_sent_is_valid_json_and_utf_8(text):
    """Lone surrogates stand as escapes; the rest as it was."""
    found = as_json(Noted(1, "a", 1, Refused(0.0, text, 400, "x", text)))
    written = json.dumps(found, ensure_ascii=False).encode("utf-8")
    assert json.loads(written) == found
    assert found["target"].replace("\\udce9", "\udce9").replace("\\ud800", "\ud800") == text


def test_seconds_without_end_are_null():
    """JSON has no infinity."""
    found = as_json(Noted(1, "a", 1, Sent("s", 1, 1, 1, 1, float("inf"))))
    assert found["offset"] is None


def filled(entries=0, limit=5, session="a", journals=None):
    journal = (journals or Journals(limit)).of(session)
    for number in range(1, entries + 1):
        journal.record(Sent("s", 1, 1, number, number, 0.0))
    return journal


def read(page):
    for _ in page.read():
        pass
    return page


def numbers(entries):
    return [noted.number for noted in entries]


PAGES = {
    # entries recorded of 5 kept, since, limit → numbers, next, more, dropped
    "all": (3, 0, 10, [1, 2, 3], 3, False, 0),
    "since": (3, 2, 10, [3], 3, False, 0),
    "the last": (3, 3, 10, [], 3, False, 0),
    "of the future": (3, 50, 10, [], 3, False, 0),
    "limited": (3, 0, 2, [1, 2], 2, True, 0),
    "just enough": (3, 0, 3, [1, 2, 3], 3, False, 0),
    "none wanted": (3, 1, 0, [], 1, True, 0),
    "dropped": (8, 0, 10, [4, 5, 6, 7, 8], 8, False, 3),
    "some dropped": (8, 2, 2, [4, 5], 5, True, 1),
    "dropped before": (8, 3, 10, [4, 5, 6, 7, 8], 8, False, 0),
    "empty": (0, 0, 10, [], 0, False, 0),
}


@pytest.mark.parametrize(
    ("entries", "since", "limit", "found", "goes_on", "more", "dropped"), PAGES.values(), ids=PAGES
)
def test_pages(entries, since, limit, found, goes_on, more, dropped):
    """What is held after a number, which number to go on with, and how many are gone."""
    page = read(Page(of_one(filled(entries)), since=since, limit=limit))
    assert numbers(page.entries) == found
    assert (page.next, page.more, page.dropped) == (goes_on, more, dropped)


QUERIES = {
    "a kind": (Query(kinds=frozenset({"sent"})), [2]),
    "two kinds": (Query(kinds=frozenset({"sent", "refused"})), [2, 4]),
    "an operation": (Query(operation="watch"), [1, 2, 3, 5, 6]),
    "another operation": (Query(operation="other"), []),
    "a scenario": (Query(scenario="story"), [1, 2, 3, 6]),
    "a connection": (Query(scenario="story", subscription=1, connection=2), [1, 2, 3, 6]),
    "another connection": (Query(scenario="story", subscription=1, connection=1), []),
    "a serial": (Query(serial=4), [1, 2, 3]),
    "both": (Query(kinds=frozenset({"closed"}), operation="watch"), [3]),
}


@pytest.mark.parametrize(("query", "found"), QUERIES.values(), ids=QUERIES)
def test_queries(query, found):
    """By kind, operation and connection."""
    journal = Journal()
    for entry in (OPENED, SENT, CLOSED, REFUSED, VIOLATED, CALLED):
        journal.record(entry)
    assert numbers(read(Page(of_one(journal), query)).entries) == found


def test_an_operation_is_known_of_entries_whose_opening_was_not_asked_for():
    """The middle of a connection does not say what it is to."""
    journal = Journal()
    journal.record(OPENED)
    journal.record(SENT)
    page = read(Page(of_one(journal), Query(operation="watch"), since=1))
    assert numbers(page.entries) == [2]


def test_two_connections_of_the_same_place_are_told_apart_by_their_serials():
    """Each identity has its own first subscription."""
    journal = Journal()
    journal.record(Opened(0.0, "a", "GET /a", "s", 1, 1, 200, serial=1))
    journal.record(Opened(0.0, "b", "GET /b", "s", 1, 1, 200, serial=2))
    journal.record(Sent("s", 1, 1, 1, 1, 0.0, 1))
    journal.record(Sent("s", 1, 1, 1, 1, 0.0, 2))
    assert numbers(read(Page(of_one(journal), Query(operation="a"))).entries) == [1, 3]


def test_more_entries_than_are_looked_at_at_a_time():
    """Others have their turn between, and nothing is told twice or left out."""
    journals = Journals(10_000)
    sessions = [filled(3_500, session=name, journals=journals) for name in ("a", "b")]
    page = Page(of_all(journals, lambda: sessions), since=10)
    turns = sum(1 for _ in page.read())
    assert turns >= 6
    assert [noted.running for noted in page.entries] == list(range(11, 7_001))
    assert (page.next, page.dropped) == (7_000, 0)


def test_all_sessions_in_the_order_of_what_happened():
    """With what became of sessions, and how much is gone."""
    journals = Journals(2)
    a, b = journals.of("a"), journals.of("b")
    for journal in (a, b, a, a, b):
        journal.record(SENT)
    b.clear()
    page = read(Page(of_all(journals, lambda: (a, b))))
    assert [(n.running, n.session, as_json(n)["kind"]) for n in page.entries] == [
        (3, "a", "sent"), (4, "a", "sent"), (6, "b", "reset"),
    ]  # fmt: skip
    assert (page.next, page.dropped) == (6, 3)


def test_a_journal_that_keeps_nothing_counts():
    """And costs no running number."""
    journal = filled(7, limit=0)
    assert (len(journal), journal.recorded, journal.dropped) == (0, 7, 7)
    assert (journal.journals.last, journal.journals.dropped) == (0, 7)
    assert read(Page(of_one(journal))).dropped == 7


def test_a_cleared_journal_begins_with_one():
    """Like a session that was never used."""
    journal = filled(7)
    assert journal.new_serial() == 1
    journal.clear()
    assert (journal.recorded, journal.dropped, journal.new_serial()) == (0, 0, 1)
    journal.record(SENT)
    assert numbers(journal.since(0)) == [1]


# --- following -----------------------------------------------------------------------------------


def told(follower, *journals):
    """Return what a follower takes, as (kind, running, number or count)."""
    found = []
    for one in follower.take(journals):
        kind, about = told_json(one)
        number = about.get("number", about.get("count", about.get("entries")))
        found.append((kind, about["running"], number))
    return found


def test_a_follower_sees_what_comes():
    """From now on, in order, over all sessions, each entry once."""
    journals = Journals()
    a, b = filled(3, session="a", journals=journals), journals.of("b")
    follower = Follower(journals, EVERYTHING)
    assert not follower.behind
    a.record(SENT)
    b.record(SENT)
    assert follower.behind
    assert told(follower, a, b) == [("sent", 4, 4), ("sent", 5, 1)]
    assert told(follower, a, b) == []
    assert not follower.behind


def test_a_follower_goes_on_where_it_was():
    """By the running number of what it was told last."""
    a = filled(3)
    follower = Follower(a.journals, EVERYTHING, after=1)
    assert told(follower, a) == [("sent", 2, 2), ("sent", 3, 3)]


@pytest.mark.parametrize("after", [4, 10**30, -1])
def test_a_number_of_another_run(after):
    """Is said to be unknown, and all that is held is told."""
    a = filled(3)
    follower = Follower(a.journals, EVERYTHING, after=after)
    assert follower.behind
    assert told(follower, a) == [
        ("dropped", 0, None),
        ("sent", 1, 1),
        ("sent", 2, 2),
        ("sent", 3, 3),
    ]


def test_a_slow_follower_is_told_what_it_missed():
    """How many entries of all sessions, or of its own."""
    journals = Journals(3)
    a, b = journals.of("a"), journals.of("b")
    everybody = Follower(journals, EVERYTHING)
    of_a = Follower(journals, EVERYTHING, session="a")
    told(of_a, a, b)
    b.record(SENT)
    for _ in range(5):
        a.record(SENT)
    assert told(everybody, a, b) == [
        ("sent", 1, 1), ("dropped", 3, 2), ("sent", 4, 3), ("sent", 5, 4), ("sent", 6, 5),
    ]  # fmt: skip
    assert told(of_a, a, b) == [("dropped", 3, 2), ("sent", 4, 3), ("sent", 5, 4), ("sent", 6, 5)]


def test_what_is_lost_counts_whatever_is_asked_for():
    """A follower of one kind learns that there may have been some of it."""
    a = filled(8)
    follower = Follower(a.journals, Query(kinds=frozenset({"closed"})), after=1)
    assert told(follower, a) == [("dropped", 3, 2)]


def test_how_much_was_lost_before_a_session_was_followed_is_not_known():
    """Only that there was something."""
    journals = Journals(2)
    a, b = journals.of("a"), journals.of("b")
    for journal in (a, b, a, a, a):
        journal.record(SENT)
    follower = Follower(journals, EVERYTHING, after=2, session="a")
    assert told(follower, a, b) == [("dropped", 3, None), ("sent", 4, 3), ("sent", 5, 4)]


def test_nothing_of_others_is_told():
    """Neither their entries nor what became of them."""
    journals = Journals()
    a, b = journals.of("a"), journals.of("b")
    follower = Follower(journals, EVERYTHING, session="a")
    for _ in range(2_000):
        b.clear()
    b.record(SENT)
    a.record(SENT)
    found = []
    while follower.behind:
        found += told(follower, a, b)
    assert found == [("sent", 2_002, 1)]


@pytest.mark.parametrize("session", [None, "a"])
def test_resets_and_deletions_are_told(session):
    """With how many entries are gone, and the numbers begin anew."""
    journals = Journals()
    a = filled(2, journals=journals)
    follower = Follower(journals, Query(kinds=frozenset({"sent"})), session=session)
    a.clear()
    a.record(SENT)
    assert told(follower, a) == [("reset", 3, 2), ("sent", 4, 1)]
    a.end()
    assert told(follower) == [("deleted", 5, 1)]
    a = journals.of("a")
    a.record(SENT)
    assert told(follower, a) == [("sent", 6, 1)]


def test_a_session_that_is_not_there_yet_can_be_followed():
    """Its first entry is told when it comes."""
    journals = Journals()
    follower = Follower(journals, EVERYTHING, session="a")
    assert told(follower) == []
    assert told(follower, filled(1, journals=journals)) == [("sent", 1, 1)]


def test_many_entries_come_in_batches():
    """Each once."""
    a = filled(1_234, limit=2_000)
    follower = Follower(a.journals, EVERYTHING, after=0)
    taken = []
    while follower.behind:
        taken.append([number for _, _, number in told(follower, a)])
    assert [len(batch) for batch in taken] == [500, 500, 234]
    assert [number for batch in taken for number in batch] == list(range(1, 1_235))


def test_whoever_waits_is_woken_once():
    """By the next entry of any session."""
    journals, rung = Journals(), []
    journals.bells.append(lambda: rung.append(1))
    filled(3, journals=journals)
    assert rung == [1]


def test_dropped_as_an_object():
    """Why, and how many."""
    assert told_json(Dropped(7, 3, "forgotten")) == (
        "dropped",
        {"kind": "dropped", "running": 7, "count": 3, "why": "forgotten"},
    )


# --- counting ------------------------------------------------------------------------------------


def test_counts_by_labels():
    """What entries say, in plain numbers."""
    counts = Counts()
    for entry in (OPENED, OPENED, SENT, CLOSED, REFUSED, VIOLATED, CALLED):
        counts.count(entry)
    counts.count(Called(0.0, "s", 1, 1, "x", "POST", "u", code="call-timeout"))
    assert {name: dict(count) for name, count in vars(counts).items()} == {
        "opened": {("watch",): 2},
        "open": {("watch",): 1},
        "ended": {("watch", "drop", "script"): 1},
        "blocks": {("watch",): 5},
        "bytes": {("watch",): 70},
        "requests": {("watch", "200"): 2},
        "refused": {("no-operation",): 1},
        "violated": {("request", "client"): 1},
        "called": {("2xx",): 1, ("call-timeout",): 1},
    }


def test_labels_are_bounded():
    """What is beyond is counted together."""
    count = Count("a", "b", limit=2)
    for label in ("1", "2", "3", "4", "1"):
        count.add(label, "x")
    assert dict(count) == {("1", "x"): 2, ("2", "x"): 1, ("other", "other"): 2}

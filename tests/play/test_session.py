"""Sessions and their journals."""

from mockserver.play.journal import Closed, Journal, Opened, Sent
from mockserver.play.session import Session
from mockserver.play.sessions import Sessions


def sessions(limit=3):
    """Return sessions of which `limit` are kept."""
    return Sessions(lambda name, _: Session(name, "0", clock=None), limit)


def test_made_by_first_use():
    """A session is made by its first use and is the same from then on."""
    kept = sessions()
    first = kept.get("a")
    assert first is kept.get("a")
    assert first is kept.use("a")
    assert None is kept.use("b")
    assert (first.name, first.pinned, len(first.journal)) == ("a", (), 0)


def test_bounded():
    """The session unused for longest makes room, unless it has a connection."""
    kept = sessions()
    kept.get("busy").open = 1
    for name in ("a", "b", "a", "c", "d"):
        kept.get(name)
    assert [session.name for session in kept] == ["busy", "c", "d"]


def test_all_busy():
    """Sessions with connections are all kept, whatever the limit says."""
    kept = sessions(limit=1)
    for name in "abc":
        kept.get(name).open = 1
    assert [session.name for session in kept] == ["a", "b", "c"]


ENTRIES = [
    Opened(0.0, "streamEvents", "GET /events", "story", 1, 1, 200),
    Sent("story", 1, 1, 1, 3, 0.0),
    Closed(1.0, "story", 1, 1, "drop", "script", 3),
]


def test_journal():
    """A journal keeps what it is told, oldest first."""
    journal = Journal()
    for entry in ENTRIES:
        journal.record(entry)
    assert (list(journal), len(journal), journal.dropped) == (ENTRIES, 3, 0)
    journal.clear()
    assert (list(journal), len(journal)) == ([], 0)


def test_journal_is_bounded():
    """A full journal drops the oldest entries and says how many."""
    journal = Journal(limit=2)
    for entry in ENTRIES * 2:
        journal.record(entry)
    assert (ENTRIES[1:], 4) == (list(journal), journal.dropped)
    journal.clear()
    assert journal.dropped == 0


def test_journal_while_it_grows():
    """Whoever reads a journal sees it as it was when they began."""
    journal = Journal()
    for entry in ENTRIES:
        journal.record(entry)
    seen = [entry for entry in journal if journal.record(entry) is None]
    assert (len(seen), len(journal)) == (3, 6)

"""What happens goes into the session's journal, and to whoever wants to know of it at once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mockserver.play.journal import Opened

if TYPE_CHECKING:
    from mockserver.clock import Clock
    from mockserver.play.journal import Entry
    from mockserver.play.session import Session

log = logging.getLogger("mockserver")


def record(session: Session[Clock], entry: Entry) -> None:
    """Put an entry into the journal, and hand it to the session's listener."""
    journal = session.journal
    journal.record(entry)
    journal.journals.counts.count(entry)
    session.witness.findings.take(entry)
    if type(entry) is Opened and not entry.connection:
        # A connection of a story may wait before its head, and counts when that has left.
        session.tally.answered(entry.operation, entry.status)
    if session.listener is not None:
        session.listener(session.name, entry)

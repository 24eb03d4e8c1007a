"""What happens goes into the session's journal, and into the log that the operator reads."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.clock import Clock
    from mockserver.play.journal import Entry
    from mockserver.play.session import Session

log = logging.getLogger("mockserver")


def record(session: Session[Clock], entry: Entry) -> None:
    """Put an entry into the journal and into the log."""
    session.journal.record(entry)
    if log.isEnabledFor(logging.INFO):
        word = type(entry).__name__.lower()
        log.info(word, extra={"session": session.name, "entry": entry})

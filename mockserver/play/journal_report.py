"""A journal's entries as JSON objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from mockserver.play.journal import (
    Awaited,
    Called,
    Cleared,
    Closed,
    Opened,
    Paused,
    Pushed,
    Refused,
    Sent,
    Violated,
)

if TYPE_CHECKING:
    from mockserver.play.journal import Entry, Noted

_DIGITS: Final = 6
"""Of seconds: microseconds."""

KINDS: Final[dict[type, str]] = {
    Opened: "opened",
    Sent: "sent",
    Closed: "closed",
    Refused: "refused",
    Violated: "violated",
    Called: "called",
    Awaited: "awaited",
    Pushed: "pushed",
    Paused: "paused",
}
"""What each type of entry is called; its fields are told by their own names."""

_RENAMED: Final[dict[tuple[type, str], str]] = {(Closed, "kind"): "ending"}
"""`kind` is what kind of entry it is."""


def as_json(noted: Noted, *, running: bool = False) -> dict[str, Any]:
    """Return an entry as an object: its kind, number and session, and all of its fields.

    Seconds are rounded to microseconds, None where they are without end. With `running` it has its
    running number too, which is not the same every time.
    """
    entry = noted.entry
    told: dict[str, Any] = {"kind": kind_of(entry)}
    if running:
        told["running"] = noted.running
    if isinstance(entry, Cleared):
        return told | {"session": noted.session, "entries": entry.entries}
    told |= {"number": noted.number, "session": noted.session}
    for name in entry.__dataclass_fields__:
        told[_RENAMED.get((type(entry), name), name)] = _plain(getattr(entry, name))
    return told


def kind_of(entry: Entry | Cleared) -> str:
    """Name what kind of entry this is."""
    return entry.kind if isinstance(entry, Cleared) else KINDS[type(entry)]


def _plain(value: Any) -> Any:
    """Return a field as JSON has it; bytes that are no UTF-8 stand as escapes."""
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value

"""What left in blocks that are told live: every connection is played along, as far as is bearable.

Entries that come too thick are told without, and whoever wants to know asks for them by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.play.expanded import Connection
from mockserver.play.journal import Closed, Sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.play.journal import Noted
    from mockserver.play.told import Told

PLACES: Final = 256
"""Connections that are played along at a time; the one without news for longest makes room."""
BLOCKS: Final = 250
"""Blocks that may be played at once."""
CHARACTERS: Final = 500
"""Characters of data that are told live; an event with more of them is `shortened`."""


class Unfolding:
    """Plays connections along with their entries; `find` gives what a session's request was told.

    Where there is too much to catch up with, an entry is told without.
    """

    def __init__(self, find: Callable[[str, int], Told | None]) -> None:
        self._find = find
        self._places: dict[tuple[str, int], Connection] = {}
        self.left = BLOCKS
        """How many blocks may be played yet; whoever knows the time adds to it."""

    def events(self, noted: Noted) -> list[dict[str, Any]] | None:
        """Return what left in the blocks of an entry, None where that is not told."""
        entry = noted.entry
        if isinstance(entry, Closed):
            self._places.pop((noted.session, entry.serial), None)
        if not isinstance(entry, Sent):
            return None
        key = (noted.session, entry.serial)
        place = self._places.get(key)
        blocks = entry.last - (place.last if place is not None else 0)
        if blocks > self.left:
            return None
        if place is None:
            told = self._find(*key)
            if told is None:
                return None
            place = Connection(told, along=True)
        # What has news is at the end; a place that has fallen behind is kept, to catch up.
        self._places.pop(key, None)
        self._places[key] = place
        if len(self._places) > PLACES:
            del self._places[next(iter(self._places))]
        self.left -= blocks
        return _events(place, entry)


def _events(place: Connection, entry: Sent) -> list[dict[str, Any]]:
    parts = filter(None, place.play(entry.last))
    return [_shortened(raw, place) for first, raws in parts if first >= entry.first for raw in raws]


def _shortened(raw: bytes, place: Connection) -> dict[str, Any]:
    """Return a block as it was written, with its size, and of long texts the beginning."""
    found: dict[str, Any] = {"bytes": len(raw)}
    for name, value in place.units.shown(raw).items():
        if isinstance(value, str) and len(value) > CHARACTERS:
            found[name], found["shortened"] = value[:CHARACTERS], True
        else:
            found[name] = value
    return found

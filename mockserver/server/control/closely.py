"""What a live stream of journals tells whoever looks closely: the run, blocks, heartbeats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import mockserver
from mockserver.clock import RealClock
from mockserver.play.journal import Noted
from mockserver.play.journal_follow import told_json
from mockserver.play.unfolded import BLOCKS, Unfolding
from mockserver.sse.encode import Event, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.play.journal_follow import Told
    from mockserver.play.told import Told as Request
    from mockserver.server.live import Live


A_SECOND: Final = 2_500
"""Blocks that one reader may have played in a second: it must not keep the streams waiting."""


class Plainly:
    """Tells the entries as they are."""

    behind = False
    """Whether there is something to tell beside the entries."""

    def begin(self) -> bytes:
        """Return what comes first."""
        return b""

    def end(self) -> None:
        """Want to know of nothing any more."""

    def blocks(self, entries: Sequence[Told]) -> Iterator[bytes]:
        """Yield a block for each entry."""
        for told in entries:
            yield _block(*told_json(told))


class Closely(Plainly):
    """Tells the entries with what left in their blocks, and heartbeats, which are no entries."""

    def __init__(self, live: Live, session: str | None) -> None:
        self._live = live
        self._session = session
        self._beats = live.journals.beats
        self._beaten = self._beats.count
        self._unfolding = Unfolding(self._find)
        self._clock = RealClock()
        self._filled = 0.0

    @property
    def behind(self) -> bool:  # type: ignore[override]
        """Whether there are heartbeats to tell."""
        return self._beaten < self._beats.count

    def begin(self) -> bytes:
        """Return an event that names this run of the server: running numbers are of one run."""
        self._beats.watchers += 1
        told = {"kind": "server", "run": self._live.run, "version": mockserver.__version__}
        return encode(Event(event="server", data=json.dumps(told)))

    def end(self) -> None:
        """Want to know of nothing any more."""
        self._beats.watchers -= 1

    def blocks(self, entries: Sequence[Told]) -> Iterator[bytes]:
        """Yield a block for each entry, and for each heartbeat since."""
        now = self._clock.now()
        unfolding = self._unfolding
        unfolding.left = min(BLOCKS, unfolding.left + round((now - self._filled) * A_SECOND))
        self._filled = now
        for told in entries:
            kind, found = told_json(told)
            yield _block(kind, found | self._events(told))
        beats, self._beaten = self._beats.after(self._beaten), self._beats.count
        for beat in beats:
            if self._session in (None, beat.session):
                data = json.dumps({"kind": "beat", **beat._asdict()}, ensure_ascii=False)
                yield encode(Event(event="beat", data=data))

    def _events(self, told: Told) -> dict[str, Any]:
        events = self._unfolding.events(told) if isinstance(told, Noted) else None
        return {} if events is None else {"events": events}

    def _find(self, session: str, serial: int) -> Request | None:
        # Without using the session: it is to be let go as if nobody looked on.
        found = (each for each in self._live.sessions if each.name == session)
        return next((each.told.find(serial) for each in found), None)


def _block(kind: str, told: dict[str, Any]) -> bytes:
    text = json.dumps(told, ensure_ascii=False)
    return encode(Event(event=kind, id=str(told["running"]), data=text))

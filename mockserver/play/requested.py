"""One request in full: what it was told, block by block, judged; and what comes next."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import event_violations
from mockserver.errors import Location
from mockserver.play.cues import Await, Call, Disconnect, Held, Send
from mockserver.play.expanded import Body, Units
from mockserver.play.replay import Replay
from mockserver.play.verdicts import Verdict
from mockserver.play.verdicts import told as sentences
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract import EventStream
    from mockserver.play.cues import Cue
    from mockserver.play.told import Told
    from mockserver.play.verdicts import Placer

LIMIT: Final = 100
"""Blocks that are shown unless more are asked for."""
MOST: Final = 1_000
AHEAD: Final = 50
"""Cues that are still to come, likewise."""
BYTES: Final = 4 * 1024 * 1024
"""Bytes of blocks in one answer."""
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Wish:
    """Which blocks are wanted: from the `first` on, `limit` of them, and so many cues `ahead`."""

    first: int = 1
    limit: int = LIMIT
    ahead: int = AHEAD


class Requested:
    """What one request was told; `stream` is what the document says of it, `placed` where.

    `began`, `at`: seconds of the session's clock; `at_byte` is the place in the body, decoded.
    """

    def __init__(self, told: Told, wish: Wish, stream: EventStream | None, placed: Placer) -> None:
        self._told = told
        self._wish = wish
        self._stream = stream if stream is not None and stream.branches else None
        self._placed = placed
        self._bytes = BYTES
        self._body = Body(told)
        self._units = Units.of(told)
        self._number = self._at_byte = 0
        self.blocks: list[dict[str, Any]] = []
        self.more = False
        """Whether there are more blocks than were asked for."""
        self.ahead: list[dict[str, Any]] = []
        self.goes_on = False
        """Whether more is to come than was asked for."""
        self.waits = ""
        """What the story waits for now."""

    def read(self) -> Iterator[None]:
        """Play the connection; yields where others may have their turn."""
        told = self._told
        if told.replay is None:
            return
        replay = Replay(told)
        try:
            yield from self._read(replay)
            if told.ended is None and told.known is None:
                self._look_ahead(replay)
        finally:
            replay.close()

    def _read(self, replay: Replay) -> Iterator[None]:
        told = self._told
        data, at = b"", 0.0
        for cue in replay.sent(told.sent if told.known is None else told.known):
            yield
            written, at = self._body.decoded(cue.data), cue.at
            if cue.foreign:
                self._take(cue, written)
                continue
            data += written
            if cue.blocks or cue.shown is not None:
                self._take(cue, self._body.begun(data))
                data = b""
        if rest := self._body.begun(data):
            about = {"block": None, "at": round(told.began + at, _DIGITS), "origin": "script"}
            self._add(about, rest, None)  # pieces of what has not left as a whole

    def _take(self, cue: Send, data: bytes) -> None:
        """Show the blocks of a cue, each with the step that it was written as."""
        wheres = _wheres(cue)
        for index, raw in enumerate(self._units.split(data)):
            if self._wanted(cue, index):
                at = round(self._told.began + cue.at, _DIGITS)
                number = self._number + index + 1 if cue.blocks else None
                about = {"block": number, "at": at, "origin": _origin(cue)}
                self._add(about, raw, wheres[min(index, len(wheres) - 1)])
            self._at_byte += len(raw)
        self._number += cue.blocks

    def _wanted(self, cue: Send, index: int) -> bool:
        """Whether a block is asked for: what is none of the story's comes with the one behind."""
        number = self._number + 1 + (index if cue.blocks else 0)
        return number >= self._wish.first

    def _add(self, about: dict[str, Any], raw: bytes, where: Location | None) -> None:
        if len(self.blocks) >= self._wish.limit or self._bytes < len(raw):
            self.more = True
            return
        self._bytes -= len(raw)
        told = self._units.shown(raw)
        about |= {
            "at_byte": self._at_byte,
            "bytes": len(raw),
            **_written(self._units.content(raw)),
            "fields": told,
        }
        about["where"] = None if where is None else str(where)
        about["check"] = self._checked(told, where)
        self.blocks.append(about)

    def _checked(self, told: dict[str, Any], where: Location | None) -> dict[str, Any]:
        """Return what the document says of a block."""
        if "raw" in told or told.get("incomplete"):
            return {"status": "unread", "faults": []}
        if "data" not in told:
            return {"status": "no-event", "faults": []}
        if self._stream is None:
            return {"status": "no-schema", "faults": []}
        found = event_violations(self._stream, told.get("type"), told["data"], told.get("id"))
        place = where or Location("")
        faults = sentences(Verdict("event", place, tuple(found), told.get("type")), self._placed)
        return {"status": "breaks" if faults else "fits", "faults": list(faults)}

    def _look_ahead(self, replay: Replay) -> None:
        began, shift = self._told.began, replay.shift
        for cue in islice(replay.ahead(), self._wish.ahead):
            if cue.at == FOREVER:
                break
            at = round(began + shift + cue.at, _DIGITS)
            self.ahead += self._planned(cue, at)
        else:
            self.goes_on = len(self.ahead) >= self._wish.ahead > 0
        waits = replay.waits
        self.waits = "" if waits is None else _name(waits)

    def _planned(self, cue: Cue, at: float) -> Iterator[dict[str, Any]]:
        match cue:
            case Send():
                wheres = _wheres(cue)
                for index, raw in enumerate(self._units.split(self._body.decoded(cue.data))):
                    where = wheres[min(index, len(wheres) - 1)]
                    yield {
                        "cue": "send", "at": at, "origin": _origin(cue),
                        "fields": _short(self._units.shown(raw)), "where": where and str(where),
                    }  # fmt: skip
            case Held():
                until = None if math.isinf(cue.until) else round(at + cue.until - cue.at, _DIGITS)
                yield {"cue": "stall" if cue.silent else "hold", "at": at, "until": until}
            case Await() | Call():
                yield {"cue": "await" if isinstance(cue, Await) else "call", "at": at,
                       "name": _name(cue)}  # fmt: skip
            case Disconnect():
                yield {"cue": cue.kind, "at": at}


def _origin(cue: Send) -> str:
    """Say whose bytes these are."""
    return "test" if cue.foreign else "script" if cue.blocks else "heartbeat"


def _name(cue: Await | Call) -> str:
    return cue.wanted.name if isinstance(cue, Await) else cue.what


def _wheres(cue: Send) -> Sequence[Location | None]:
    """Return the place of the step that each block of a cue was written as."""
    if cue.shown is None:
        return (None,)
    steps = cue.shown.steps
    if isinstance(steps, tuple):
        return [step.where for step in steps[cue.shown.first :]] or (None,)
    return (steps.where,)


def _written(raw: bytes) -> dict[str, str]:
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}


def _short(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value[:200] if isinstance(value, str) else value for name, value in fields.items()
    }

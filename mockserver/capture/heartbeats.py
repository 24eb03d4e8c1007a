"""Blocks that come again and again at one rhythm, whatever else is sent: heartbeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.capture.blocks import readable
from mockserver.capture.times import exact, told
from mockserver.scenario.yamltext import without_templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.capture.steps import Item, Script
    from mockserver.sse.encode import Event

_LEEWAY: Final = (0.05, 0.1)
"""How far a heartbeat may come from its moment: seconds, or a part of the rhythm."""
_SHORTEST: Final = 0.2
_EASY: Final = (60.0, 5.0, 1.0, 0.5, 0.1, 0.05)
"""A rhythm is a multiple of one of these, of the first that is near enough."""
_AFTER: Final = 0.01
"""Seconds behind a heartbeat at which what followed it comes at the earliest."""


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat: its bytes, and from one to the next, counted from the stream's beginning."""

    data: bytes
    event: Event
    every: float
    keep: bool = False

    def number_of(self, item: Item) -> int | None:
        """Return which heartbeat an item is, from 1; None where it is none."""
        number = round(item.at / self.every)
        if item.data != self.data or item.split is not None or number < 1:
            return None
        off = abs(item.at - number * self.every)
        return number if off <= self.leeway else None

    @property
    def leeway(self) -> float:
        """Seconds that one may come early or late."""
        return 0.0000005 if self.keep else max(_LEEWAY[0], _LEEWAY[1] * self.every)

    def fits(self, found: Script) -> bool:
        """Whether a connection has every heartbeat, and none twice, up to its end."""
        numbers = [n for n in map(self.number_of, found.items) if n is not None]
        expected = int((found.ended - self.leeway) / self.every)
        surplus = len(numbers) - expected
        return numbers == list(range(1, len(numbers) + 1)) and surplus in (0, 1)

    def kept_between(self, waits: Sequence[float], beats: Sequence[int]) -> list[float]:
        """Return the waits such that as many heartbeats come before each moment as there were."""
        found, now = [], 0.0
        for wait, count in zip(waits, beats, strict=True):
            earliest = count * self.every + _AFTER if count else 0.0
            moment = min(max(now + wait, earliest), (count + 1) * self.every)
            moment = max(now, moment)
            found.append(exact(moment - now))
            now = moment
        return found

    def said(self) -> Any:
        """Return what a scenario's `heartbeat` says."""
        event, every = self.event, told(self.every)
        if event.comment == "heartbeat" and event.event is None and event.data is None:
            return every
        found: dict[str, Any] = {"every": every}
        if event.comment is not None:
            found["comment"] = without_templates(event.comment)
        if event.event is not None:
            found["event"] = without_templates(event.event)
        if event.data is not None:
            json = readable(event.data)
            found["data"] = without_templates(event.data if json is None else json[0])
        return found


def beat_of(scripts: Sequence[Script], *, keep: bool = False) -> Beat | None:
    """Return the heartbeat that all connections of a story have, None where there is none."""
    for item in _candidates(scripts[0]):
        moments = [i.at for i in scripts[0].items if i.data == item.data and i.at >= _SHORTEST]
        every = _rhythm(moments, keep=keep)
        if every is None or item.event is None:
            continue
        beat = Beat(item.data, item.event, every, keep)
        if all(beat.fits(script) for script in scripts):
            return beat
    return None


def _candidates(script: Script) -> list[Item]:
    """Return blocks of a connection that come twice and could be heartbeats."""
    count: dict[bytes, int] = {}
    found: dict[bytes, Item] = {}
    for item in script.items:
        event = item.event
        if event is None or event.id is not None or event.retry is not None:
            continue
        both = event.comment is not None and event.data is not None
        plain = event.data is not None and event.event is None and script.framing == "sse"
        if both or plain or (event.event is not None and event.data is None):
            continue
        found[item.data] = item
        count[item.data] = count.get(item.data, 0) + 1
    return [item for data, item in found.items() if count[data] >= 2]


def _rhythm(moments: Sequence[float], *, keep: bool) -> float | None:
    """Return the seconds between heartbeats at these moments, the first of which is one too."""
    if len(moments) < 2:
        return None
    mean = moments[-1] / len(moments)
    if keep:
        return exact(moments[0])
    for step in _EASY:
        every = round(round(mean / step) * step, 3)
        if every >= _SHORTEST and abs(every - mean) <= 0.03 * mean:
            return every
    return None


def beats_before(found: Script, beat: Beat) -> tuple[list[Item], list[int]]:
    """Return what is no heartbeat, and how many of these came before each, and before the end."""
    items, counts, count = [], [], 0
    for item in found.items:
        if beat.number_of(item) is not None:
            count += 1
        else:
            items.append(item)
            counts.append(count)
    return items, [*counts, count]

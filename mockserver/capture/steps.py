"""The steps of one connection: what was sent, with the waits between, as a scenario says it."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final

from mockserver.capture.blocks import form_of, pieces, readable
from mockserver.capture.exchange import DISCONNECTS
from mockserver.capture.heartbeats import beats_before
from mockserver.capture.times import delays, exact, told
from mockserver.play.layout import BOM
from mockserver.scenario.yamltext import Verbatim, without_templates
from mockserver.sse.encode import FIELDS, Form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.capture.blocks import Piece
    from mockserver.capture.exchange import Chunk, End
    from mockserver.capture.heartbeats import Beat
    from mockserver.capture.seen import Seen
    from mockserver.contract.media import Framing
    from mockserver.sse.encode import Event

_APART: Final = 0.1
"""Seconds within a block from which on it was sent in parts, and not merely late."""
_REPEATED: Final = 8
"""How many blocks have to be alike, one after another, to be written as a loop."""
_EVENT: Final = 250_000
"""Bytes of an event from which on no file could hold it in one piece."""
_PROMPT: Final = 0.15
"""Seconds within which an end belongs to what came before it."""
_LARGEST: Final = 100_000
"""Bytes of one raw step."""
_WHOLE: Final = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_PLAIN: Final = Form()


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is sent at an offset: a block, or bytes; `pace` belongs to events alone."""

    at: float
    data: bytes
    event: Event | None = None
    split: tuple[int, float] | None = None
    """How many bytes a write, and how many seconds from one to the next."""

    @property
    def lasts(self) -> float:
        """The seconds that its writes take."""
        if self.split is None:
            return 0.0
        size, every = self.split
        return (len(self.data) - 1) // size * every

    @property
    def paced(self) -> bool:
        """Whether it is an event, before which a scenario's `pace` comes."""
        event = self.event
        return event is not None and (event.event, event.id, event.data) != (None, None, None)


@dataclass(slots=True)
class Script:
    """What one connection sent and how it ended, in offsets from the beginning of its body."""

    items: list[Item]
    form: Form
    end: End
    ended: float
    mark: bool = False
    """Whether a byte order mark went before it all."""
    framing: Framing = "sse"

    @property
    def wire(self) -> dict[str, Any]:
        """What `wire` has to say of how its blocks are written."""
        words = {"\r\n": "crlf", "\r": "cr"}
        said: dict[str, Any] = {}
        if self.form.newline in words and any(item.event for item in self.items):
            said["newline"] = words[self.form.newline]
        if self.framing == "sse" and any(item.event for item in self.items):
            said |= {"order": list(self.form.order)} if self.form.order else {}
            said |= {} if self.form.space else {"space": False}
        return said | ({"bom": True} if self.mark else {})


def script(one: Seen, *, keep: bool = False, raw: bool = False) -> Script:
    """Return what was sent on a connection: with `raw` as bytes alone, with `keep` every wait."""
    exchange, data, clock = one.exchange, one.body.data, one.body.clock()
    framing = one.framing or "sse"
    form = _PLAIN if one.framing is None else form_of(data, framing)
    start, items, mark = exchange.answered, list[Item](), False
    if raw or one.framing is None:
        items = [Item(chunk.at - start, chunk.data) for chunk in clock.portions(data, 0, len(data))]
    else:
        skipped = len(BOM) if framing == "sse" and data.startswith(BOM) else 0
        # What `wire` marks a body with, it sends at its very beginning.
        mark = skipped > 0 and (not keep or clock.at(skipped - 1) <= start)
        if skipped and not mark:
            items += [Item(c.at - start, c.data) for c in clock.portions(data, 0, skipped)]
        for piece in pieces(data, clock, form, skipped):
            items += _items(piece, start, keep=keep)
    if not keep and (raw or one.framing is None):
        items = list(_together(items))
    ended = max(exchange.ended - start, items[-1].at if items else 0.0)
    return Script(items, form, exchange.end, ended, mark, framing)


def _together(items: Sequence[Item]) -> Iterator[Item]:
    """Yield bytes that came with hardly any time between as one."""
    group: list[Item] = []
    for item in items:
        if group and item.at - group[-1].at >= _APART:
            yield Item(group[0].at, b"".join(one.data for one in group))
            group = []
        group.append(item)
    if group:
        yield Item(group[0].at, b"".join(one.data for one in group))


def _items(piece: Piece, start: float, *, keep: bool) -> Iterator[Item]:
    """Yield a piece whole, as one that is split, or in parts, as it came."""
    apart = 0.0 if keep else _APART
    if piece.done - piece.begun <= apart and (piece.done == piece.begun or not keep):
        yield Item(piece.done - start, piece.data, piece.event)
        return
    if piece.event is not None and (split := _split(piece.parts, keep=keep)):
        yield Item(piece.begun - start, piece.data, piece.event, split)
        return
    part, at = b"", piece.begun
    for chunk in piece.parts:
        if part and chunk.at - at > apart:
            yield Item(at - start, part)
            part = b""
        part, at = part + chunk.data, chunk.at
    whole = part == piece.data
    yield Item(at - start, part, piece.event if whole else None)


def _split(parts: Sequence[Chunk], *, keep: bool) -> tuple[int, float] | None:
    """Return in which portions and at which rhythm a block came, None where there was none."""
    sizes = {len(part.data) for part in parts[:-1]}
    gaps = [exact(b.at - a.at) for a, b in pairwise(parts)]
    if len(parts) < 3 or len(sizes) != 1 or len(parts[-1].data) > len(parts[0].data):
        return None
    every = gaps[0] if keep else delays([sum(gaps) / len(gaps)])[0]
    alike = all(abs(gap - every) <= (0.0 if keep else max(0.005, every / 3)) for gap in gaps)
    return (sizes.pop(), every) if alike and every > 0 else None


# --- as a scenario says it -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Telling:
    """How a story is told: the pace and the heartbeat of all its connections, and how exactly."""

    keep: bool = False
    pace: float = 0.0
    beat: Beat | None = None
    loops: bool = True


def timed(found: Script, telling: Telling) -> tuple[list[tuple[Item, float]], float]:
    """Return what is no heartbeat, each with the delay before it, and the delay before the end."""
    items, beats = found.items, [0] * (len(found.items) + 1)
    if telling.beat is not None:
        items, beats = beats_before(found, telling.beat)
    moments, late = [], 0.0
    for item in items:
        moments.append(max(0.0, item.at - late))
        late += item.lasts
    moments.append(max(0.0, found.ended - late))
    waits = delays(moments, keep=telling.keep)
    if telling.beat is not None and not telling.keep:
        waits = telling.beat.kept_between(waits, beats)
    return list(zip(items, waits[:-1], strict=True)), waits[-1]


def steps(found: Script, telling: Telling, *, last: bool) -> list[dict[str, Any]]:
    """Return the steps of a connection, with its end unless it is the `last` one's usual end."""
    items, rest = timed(found, telling)
    written: list[dict[str, Any]] = []
    for alike in _runs(items, loops=telling.loops and telling.pace == 0):
        written += _loop(alike, found) if len(alike) >= _REPEATED else _plain(alike, found, telling)
    if found.end not in DISCONNECTS:
        return [*written, {"hold": Verbatim("forever")}]
    ending = {"disconnect": DISCONNECTS[found.end]}
    if rest and (telling.keep or rest >= _PROMPT):
        return [*written, {"delay": told(rest)}, ending]
    return written if last and found.end == "end" and written else [*written, ending]


def _runs(
    items: Sequence[tuple[Item, float]], *, loops: bool
) -> Iterator[list[tuple[Item, float]]]:
    """Yield items, those that are alike and come at one rhythm together."""
    run: list[tuple[Item, float]] = []
    for item, wait in items:
        alike = run and loops and item.data == run[0][0].data and item.split is None
        if alike and run[0][0].split is None and (len(run) == 1 or wait == run[1][1]):
            run.append((item, wait))
            continue
        if run:
            yield run
        run = [(item, wait)]
    if run:
        yield run


def _loop(alike: Sequence[tuple[Item, float]], found: Script) -> list[dict[str, Any]]:
    """Return the same block again and again, as the loop that it is."""
    (item, wait), every = alike[0], alike[1][1]
    inner = list(_step(item, found))
    loop = {"times": len(alike)} | ({"every": told(every)} if every else {}) | {"steps": inner}
    return [*([{"delay": told(wait)}] if wait else []), {"repeat": loop}]


def _plain(
    items: Sequence[tuple[Item, float]], found: Script, telling: Telling
) -> Iterator[dict[str, Any]]:
    """Yield steps one after another, each with the wait before it."""
    for item, wait in items:
        first, *others = _step(item, found)
        if item.paced and wait == telling.pace:
            yield first
        elif item.paced and telling.pace:
            yield {"delay": told(wait)} | first
        elif wait >= 1:
            yield {"delay": told(wait)}
            yield first
        else:
            yield ({"delay": told(wait)} if wait else {}) | first
        yield from others


def _step(item: Item, found: Script) -> Iterator[dict[str, Any]]:
    if item.event is None or len(item.data) > _EVENT:
        yield from raw_steps(item.data)
        return
    event, said = item.event, dict[str, Any]()
    for name in [*found.form.order, *(f for f in FIELDS if f not in found.form.order)]:
        value = getattr(event, name)
        if value is None:
            continue
        if name == "data":
            json = readable(value, any_kind=found.framing != "sse")
            value = value if json is None else json[0]
        elif name == "id" and _WHOLE.fullmatch(value):
            value = int(value)
        said[name] = without_templates(value)
    if item.split is not None:
        size, every = item.split
        said["split"] = {"bytes": size, "every": told(every)}
    yield said


def raw_steps(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield steps that send exactly these bytes: as text where they are one."""
    start = 0
    while start < len(data):
        end = _boundary(data, start + _LARGEST)
        part, start = data[start:end], end
        try:
            text = part.decode()
        except UnicodeDecodeError:
            yield {"raw": _coded(part)}
        else:
            yield {"raw": without_templates(text)}


def _boundary(data: bytes, end: int) -> int:
    """Return where to part bytes such that no character is (RFC 3629 § 3: 10xxxxxx goes on)."""
    for back in range(min(4, max(0, len(data) - end))):
        if data[end - back] & 0xC0 != 0x80:
            return end - back
    return min(end, len(data))


def _coded(data: bytes) -> dict[str, str]:
    if len(data) <= 16:
        return {"hex": data.hex(" ")}
    return {"base64": b64encode(data).decode()}


def paces(found: Sequence[tuple[Item, float]]) -> dict[float, int]:
    """Return how often events have which wait before them."""
    waits = sorted(wait for item, wait in found if item.paced)
    return {wait: sum(1 for _ in group) for wait, group in groupby(waits)}

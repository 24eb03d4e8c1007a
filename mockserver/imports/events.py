"""When each event of a stream came, for files that tell it beside the stream's text or instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.capture import Chunk
from mockserver.imports.found import NO_TIMES
from mockserver.sse.encode import Event, breaks_line, encode
from mockserver.sse.parse import Parser, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.imports.found import Found


def chunks_of(
    body: bytes,
    told: Sequence[dict[str, Any]],
    first: float | None,
    answered: float,
    found: Found,
) -> tuple[Chunk, ...]:
    """Return a body as it came.

    `told` are events as browsers' tools tell them: `time` in seconds since 1970, `eventName`,
    `eventId`, `data`. Without a body it is made of them. `first` is when the recording began; where
    nothing tells that, the first event comes with the head.
    """
    if not told:
        if len(list(blocks(body[:4096]))) > 1:
            found.say(NO_TIMES)
        return (Chunk(round(answered, 6), body),) if body else ()
    times = _times(told, first, answered)
    if not body:
        found.say("streams were made of what the file tells of events: without comments and retry")
        return tuple(map(Chunk, times, _made(told)))
    parts = list(blocks(body))
    parser = Parser()
    heard = [len(parser.feed(part)) for part in parts]
    if sum(heard) != len(times):
        found.say("a stream's text and what is told of its events differ: the text counts")
        found.say(NO_TIMES)
        return (Chunk(round(answered, 6), body),)
    return _timed(parts, heard, times, answered)


def _times(told: Sequence[dict[str, Any]], first: float | None, answered: float) -> list[float]:
    """Return when each event came, none before the one that it follows."""
    found, last = [], answered
    for one in told:
        time = one.get("time")
        if isinstance(time, (int, float)) and not isinstance(time, bool):
            first = time - answered if first is None else first
            last = max(last, time - first)
        found.append(round(last, 6))
    return found


def _made(told: Sequence[dict[str, Any]]) -> list[bytes]:
    """Return a block for each event; its id where that differs from the one before."""
    found, last = [], ""
    for one in told:
        name, number, data = (_field(one.get(key)) for key in ("eventName", "eventId", "data"))
        event = name if name and name != "message" and not breaks_line(name) else None
        known = number is not None and not breaks_line(number)
        new = number if known and number != last else None
        found.append(encode(Event(event=event, id=new, data=data or "")))
        last = new if new is not None else last
    return found


def _field(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _timed(
    parts: Sequence[bytes], heard: Sequence[int], times: Sequence[float], answered: float
) -> tuple[Chunk, ...]:
    """Return the blocks, each at the time of its event, or of the one before where it is none."""
    found, rest, now = [], iter(times), round(answered, 6)
    for part, events in zip(parts, heard, strict=True):
        for _ in range(events):
            now = next(rest)
        found.append(Chunk(now, part))
    return tuple(found)

"""Events over a WebSocket: what a frame says, and the frames of bytes that were written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mockserver.sse.encode import Event, frames_of
from mockserver.sse.frames import PING, TEXT, frames

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.sse.parse import Dispatched


def framed(
    heard: Sequence[Dispatched],
    before: tuple[str, int | None],
    after: tuple[str, int | None],
) -> bytes:
    """Return the frames of what a conforming client has heard in bytes written by hand.

    `before` and `after` are its last event ID and its reconnection time, before those bytes and
    behind them. What comes without an event, an id or a time to wait, has a frame of its own.
    """
    (id_, waits), (last_id, told) = before, after
    retry = told if told != waits else None
    found = []
    for each in heard:
        named = each.type if each.type != "message" else None
        new = each.last_event_id if each.last_event_id != id_ else None
        found.append(frames_of(Event(event=named, id=new, retry=retry, data=each.data)))
        id_, retry = each.last_event_id, None
    new = last_id if last_id != id_ else None
    if new is not None or retry is not None:
        found.append(frames_of(Event(id=new, retry=retry)))
    return b"".join(found)


def told(data: bytes) -> Iterator[dict[str, Any]]:
    """Yield what each frame says: the members of an event, or a `comment`; the last if it is whole.

    What a frame says that is none of ours, such as the end of a connection, is left out.
    """
    for each in frames(data):
        text = each.data.decode("utf-8", "replace")
        if each.whole and each.opcode == TEXT:
            said = json.loads(text)
            yield said
        elif each.whole and each.opcode == PING:
            yield {"comment": text}


def shown(data: bytes) -> str:
    """Return what frames say as text, a line each: what a journal shows of them."""
    return "\n".join(each.data.decode("utf-8", "replace") for each in frames(data))

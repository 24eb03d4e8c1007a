"""Plays scenarios to the requests that were recorded, without sockets and clocks.

It is what holds a recording against what was recorded: the same bytes, the same ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mockserver.capture.exchange import DISCONNECTS
from mockserver.play.answer import stream_head
from mockserver.play.cues import Await, Call, Disconnect, Held, Send
from mockserver.play.session import DEFAULT
from mockserver.play.story import Stories
from mockserver.play.timeline import answer_of
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.capture.seen import Seen
    from mockserver.play.turn import Turn
    from mockserver.scenario.program import Program


@dataclass(frozen=True, slots=True)
class Played:
    """What a request gets: `writes` with their offsets from the beginning of the body.

    `end` is None where the connection stays open, `ended` is the offset of its end.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    writes: tuple[tuple[float, bytes], ...]
    end: str | None
    ended: float = 0.0
    delay: float = 0.0

    @property
    def data(self) -> bytes:
        """The whole body."""
        return b"".join(data for _, data in self.writes)


def played(program: Program, seen: list[Seen]) -> Iterator[Played]:
    """Yield what a story gives to each of the requests of one client. Raises RenderError."""
    stories = Stories("0", DEFAULT)
    for one in seen:
        # Whether a coding is accepted changes the bytes on the wire and not the body.
        headers = {k: v for k, v in one.opening.headers.items() if k != "accept-encoding"}
        opening = replace(one.opening, headers=headers)
        turn = stories.turn(program, opening, one.exchange.at, operation=one.operation.id)
        yield _played(turn, one, len(one.body.data))


def _played(turn: Turn, one: Seen, size: int) -> Played:
    if turn.row is None:
        return Played(turn.refused or 204, (), (), "end")
    delay = turn.delay()
    if turn.player is not None:
        stream = turn.stream_of(one.operation)
        head = stream_head(turn.row, turn.scope, stream, turn.coding)
        found = _told(turn, one, size)
        return replace(found, status=head.status, headers=head.headers, delay=delay)
    now = one.exchange.ended
    if delay == FOREVER:
        turn.close_answer("client", now)
        return Played(0, (), (), None)
    turn.close_answer("script", now)
    if turn.row.broken:
        return Played(0, (), (), turn.row.end, delay)
    answer = answer_of(turn, one.operation, one.opening)
    writes = ((0.0, answer.body),) if answer.body else ()
    return Played(answer.head.status, answer.head.headers, writes, "end", 0.0, delay)


def _told(turn: Turn, one: Seen, size: int) -> Played:
    """Play a stream to its end, or as far as its client stayed."""
    assert turn.player is not None
    left = one.exchange.unended
    writes: list[tuple[float, bytes]] = []
    sent, now = 0, one.exchange.ended
    for cue in turn.player.due(FOREVER):
        if left and sent >= size and not (isinstance(cue, Disconnect) and cue.fault):
            break
        match cue:
            case Send():
                turn.subscription.record(cue)
                writes.append((cue.at, cue.data))
                sent += len(cue.data)
            case Disconnect():
                turn.subscription.close("script", now, cue)
                return Played(200, (), tuple(writes), cue.fault or cue.kind, cue.at)
            case Held():
                if cue.until == FOREVER and not turn.program.scenario.heartbeat:
                    break
            case Call() | Await():
                turn.player.answered()
    turn.subscription.close("client", now, None)
    return Played(200, (), tuple(writes), None, now)


def difference(found: Played, one: Seen) -> str:
    """Return in a few words where what is played differs from what was recorded, or nothing."""
    if found.status != one.exchange.status:
        return f"status {found.status} in place of {one.exchange.status}"
    left = one.exchange.unended
    data, wanted = found.data, one.body.data
    if data != wanted and not (left and data.startswith(wanted)):
        same = next((i for i, (a, b) in enumerate(zip(data, wanted, strict=False)) if a != b), None)
        at = min(len(data), len(wanted)) if same is None else same
        return f"another byte at {at:,} of {len(wanted):,}"
    if not left and found.end != DISCONNECTS[one.exchange.end]:
        return f"the end {found.end!r} in place of {one.exchange.end!r}"
    return ""

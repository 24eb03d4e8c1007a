"""Programs as they are told over a WebSocket: the same operations, with frames for their blocks.

Steps, places and addresses of chance are those of the event stream, and so are moments and ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockserver.scenario.block import Block, static_event
from mockserver.scenario.compile import blocks_of
from mockserver.scenario.model import EventStep, Wire
from mockserver.scenario.program import (
    Awaiting,
    Chance,
    Each,
    Loop,
    Series,
    Stretch,
    is_laid,
)
from mockserver.sse.encode import Form, encode
from mockserver.sse.framed import framed
from mockserver.sse.items import reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.scenario.program import Op, Program, Row

WIRELESS: Final = "no-wire-in-websocket"
"""What the journal notes where a scenario lays its bytes on the wire in some way of its own."""


def as_frames(program: Program) -> Program:
    """Return a program with frames for the blocks of all its streams."""
    form = Form(framing=program.framing, frames=True)
    notes = program.notes
    if any(_is_wired(row) for row in program.rows if _streams(row)):
        notes = (*notes, WIRELESS)
    rows = tuple(_row(row, form) for row in program.rows)
    return replace(program, rows=rows, notes=notes, frames=True)


def _streams(row: Row) -> bool:
    return not (row.answer or row.broken)


def _is_wired(row: Row) -> bool:
    """Whether anything is said of the bytes of a row but a rate, which frames have as well."""
    others = replace(row.wire, where=None, rate=None)
    in_pieces = any(block.step.split is not None for block in blocks_of(row.ops))
    return in_pieces or others != Wire()


def _row(row: Row, form: Form) -> Row:
    """Return a row with a rate alone; answers stay as they are, and so do cuts before any head.

    Where bytes were written by hand, its blocks stay those of the event stream: what a conforming
    client makes of them is known only when they are read.
    """
    if not _streams(row):
        return row
    ops = row.ops if row.reads else _ops(row.ops, form)
    wire = Wire(rate=row.wire.rate)
    return replace(row, ops=ops, form=form, wire=wire, laid=is_laid(wire))


def _ops(ops: Sequence[Op], form: Form) -> tuple[Op, ...]:
    return tuple(_op(op, form) for op in ops)


def _op(op: Op, form: Form) -> Op:
    match op:
        case Stretch():
            return _stretch(op, form)
        case Block():
            return replace(op, form=form)
        case Series():
            # A frame tells its length, and a counter takes more digits as it grows.
            return _op(op.loop, form)
        case Loop() | Each():
            return replace(op, body=_ops(op.body, form))
        case Chance():
            return replace(op, body=_ops(op.body, form), otherwise=_ops(op.otherwise, form))
        case Awaiting():
            return replace(op, otherwise=_ops(op.otherwise, form))
    return op


def _stretch(op: Stretch, form: Form) -> Stretch:
    """Return a stretch whose blocks are frames, as many of them as there were."""
    parts = []
    for step in op.steps:
        if isinstance(step, EventStep):
            parts.append(encode(static_event(step, form), form))
        else:  # a stream that the document shows as a text, in one piece
            parser = reader(form.framing)
            heard = parser.feed(op.data)
            after = (parser.last_event_id, parser.reconnection_time)
            parts.append(framed(heard, ("", None), after))
    blocks = [parts[n % len(parts)] for n in range(len(op.ends))]
    ends, end = [], 0
    for block in blocks:
        end += len(block)
        ends.append(end)
    return replace(op, data=b"".join(blocks), ends=tuple(ends))

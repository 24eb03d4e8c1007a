"""What a client makes of bytes that were written by hand: known only to who reads along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from mockserver.scenario.block import echoed, static_event
from mockserver.scenario.model import EventStep
from mockserver.sse.encode import Form, encode
from mockserver.sse.framed import framed, told
from mockserver.sse.items import reader
from mockserver.sse.parse import Parser, blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.scenario.model import BlockStep
    from mockserver.scenario.program import Row
    from mockserver.sse.encode import Event, Framing
    from mockserver.sse.parse import Dispatched

_UNSAID: Final = "\0"
"""The last event ID while nothing has been said of it: no id has a NUL (WHATWG § 9.2.6).

A client may have brought one, so that to say none is to take it back.
"""


class Read(NamedTuple):
    """The bytes that leave, and what a client takes of them: an id, a time to wait, the events.

    The id is None where none is said, the time where it has had it before. `within` is how many of
    the bytes that were read have passed with the id, 0 where none is left behind it.
    """

    data: bytes
    id: str | None
    retry: int | None
    heard: Sequence[Dispatched]
    within: int = 0


class Reading:
    """Reads a body along: the bytes leave as they were written."""

    def __init__(self, framing: Framing) -> None:
        self._has_ids = framing == "sse"
        self._parser = Parser(_UNSAID) if framing == "sse" else reader(framing)

    def wanted(self, row: Row) -> bool:  # noqa: ARG002  (what follows needs what came before)
        """Whether the blocks of this row have to be read."""
        return True

    def whole(self, step: BlockStep) -> Event | None:  # noqa: ARG002
        """Return what a step without templates says by itself, where that has to be known."""
        return None

    def read(self, data: bytes, begun: int = 0, event: Event | None = None) -> Read:
        """Return what leaves of `data`, of which the client has got the first `begun` bytes.

        `event` is what the bytes say by themselves, where that is a whole one.
        """
        del event  # the bytes say it
        return _told(self._heard(data)._replace(data=data[begun:]))

    def unframed(self, event: Event, data: bytes) -> bytes:  # noqa: ARG002
        """Return a heartbeat, which leaves as `data`, as it is read."""
        return data

    def pass_over(self, id_: str | None, retry: int | None) -> None:
        """Take what a client learns of a block that is not `wanted`."""

    def push(self, data: bytes) -> None:
        """Read bytes from outside."""
        self._parser.feed(data)

    def _heard(self, data: bytes) -> Read:
        parser, retry, last_id = self._parser, self._parser.reconnection_time, None
        heard: list[Dispatched] = []
        passed = within = 0
        for block in blocks(data) if self._has_ids else (data,):
            before = parser.identified
            heard += parser.feed(block)
            passed += len(block)
            if before != parser.identified:
                last_id, within = echoed(parser.last_event_id), passed
        waits = parser.reconnection_time if parser.reconnection_time != retry else None
        return Read(data, last_id, waits, heard, within if within < len(data) else 0)

    @property
    def _known(self) -> tuple[str, int | None]:
        return self._parser.last_event_id, self._parser.reconnection_time


class FramedReading(Reading):
    """Reads the bytes of an event stream, and frames what a client would have heard of it.

    Rows in which nothing was written by hand are frames already.
    """

    def __init__(self, form: Form) -> None:
        super().__init__(form.framing)
        self._form = form

    def wanted(self, row: Row) -> bool:
        """Whether the blocks of this row have to be read."""
        return row.reads

    def whole(self, step: BlockStep) -> Event | None:
        """Return the event of a step that has no templates and is no raw one."""
        return static_event(step, self._form) if isinstance(step, EventStep) else None

    def read(self, data: bytes, begun: int = 0, event: Event | None = None) -> Read:
        """Return the frames for `data`, as `Reading.read` does."""
        before, between = self._known, self._parser.between
        read = self._heard(data[begun:])
        if read.within:
            read = read._replace(within=begun + read.within)
        if event is not None and between:
            return _told(read._replace(data=encode(event, self._form)))
        return _told(read._replace(data=framed(read.heard, before, self._known)))

    def unframed(self, event: Event, data: bytes) -> bytes:  # noqa: ARG002
        """Return a heartbeat as an event stream has it."""
        return encode(event, Form(framing=self._form.framing))

    def pass_over(self, id_: str | None, retry: int | None) -> None:
        """Take what a client learns of a block that is not `wanted`."""
        if id_ is not None:
            self._parser.feed(b"id: %b\n\n" % id_.encode())
        if retry is not None:
            self._parser.feed(b"retry: %d\n\n" % retry)

    def push(self, data: bytes) -> None:
        """Learn from what a test sends, which is frames, and no part of a block by hand."""
        for said in told(data) if self._parser.between else ():
            self.pass_over(said.get("id"), said.get("retry"))


def _told(read: Read) -> Read:
    """Return what was read as a client tells it that has brought no id."""
    if all(each.last_event_id != _UNSAID for each in read.heard):
        return read
    heard = [
        replace(each, last_event_id="") if each.last_event_id == _UNSAID else each
        for each in read.heard
    ]
    return read._replace(heard=heard)

"""Reads an event stream as a conforming client does (WHATWG HTML § 9.2.5, § 9.2.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BOM: Final = b"\xef\xbb\xbf"
_LINE_ENDS: Final = b"\r\n"
# Possessive, or the CR and the LF of one line end could be taken for two.
_BLANK_LINE: Final = re.compile(rb"(?:\r\n?+|\n)(?:\r\n?+|\n)")
_BLANK_LINE_OF_LF: Final = re.compile(rb"\n\n")
"""The same where there is no CR: a text to look for, which takes a tenth of the time and less."""
_DIGITS: Final = 300
"""Longer numbers count as 10 to this: nobody waits for them, and a float can still hold it."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """An event as a listener gets it (§ 9.2.6, "dispatch the event")."""

    type: str
    data: str
    last_event_id: str


class Parser:
    """An event stream that is read as it arrives, and what an event source keeps between streams.

    `last_event_id` is the event source's last event ID string, set by blank lines alone;
    `identified` counts the blocks that have set it, if only to what it was.
    `reconnection_time` is in milliseconds, None until a stream told it.
    """

    def __init__(self, last_event_id: str = "", reconnection_time: int | None = None) -> None:
        self.last_event_id = last_event_id
        self.identified = 0
        self.reconnection_time = reconnection_time
        self.restart()

    def restart(self) -> None:
        """Begin a new stream: "any pending data must be discarded", an incomplete id with it."""
        self._line = bytearray()
        self._at_start = True
        self._after_cr = False
        self._data: list[str] = []
        self._type = ""
        # "a last event ID buffer must be associated with it": to the letter an empty one, which
        # would forget the ID at the first blank line after a reconnection. All browsers begin with
        # the event source's string, as the note on the ID in "dispatch the event" (it "remains set
        # to this value until the next time it is set by the server") wants it.
        self._id = self.last_event_id
        self._named = False

    @property
    def between(self) -> bool:
        """Whether nothing has begun that the next bytes could go on with."""
        return not (self._line or self._data or self._type or self._named)

    def feed(self, data: bytes) -> list[Dispatched]:
        """Return the events which `data`, the next bytes of the stream, completes."""
        if self._after_cr and data:
            # A CR ended its line when it came: who could say whether a LF will follow? If one
            # does, the two are the one line end CRLF.
            self._after_cr = False
            data = data.removeprefix(b"\n")
        if not data:
            return []
        # bytes.splitlines knows the three line ends of the standard and no other; str.splitlines
        # has eight more. Lines may be found before they are decoded: in UTF-8 a byte below 0x80 is
        # never part of a longer sequence, and ends one that is incomplete.
        lines = data.splitlines()
        self._after_cr = data.endswith(b"\r")
        rest = b"" if data[-1] in _LINE_ENDS else lines.pop()
        if not lines:
            self._line += rest
            return []
        if self._line:
            self._line += lines[0]
            lines[0] = bytes(self._line)
            self._line.clear()
        if self._at_start:
            # "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any":
            # one, and only here.
            self._at_start = False
            lines[0] = lines[0].removeprefix(BOM)
        self._line += rest
        return self._interpret(lines)

    def _interpret(self, lines: list[bytes]) -> list[Dispatched]:
        """Process whole lines, in order (§ 9.2.6)."""
        events: list[Dispatched] = []
        for line in lines:
            if line:
                # "Collect the characters on the line before the first U+003A COLON character (:)".
                # Without a colon the whole line is the name; in a comment the name is empty.
                name, _, value = line.partition(b":")
                # "If value starts with a U+0020 SPACE character, remove it from value."
                self._process(name, value.removeprefix(b" "))
                continue
            # "Set the last event ID string of the event source to the value of the last event ID
            # buffer", whether there is an event to dispatch or not.
            if self._named:
                self.last_event_id, self._named = self._id, False
                self.identified += 1
            # Every data line appends a LF to the standard's buffer, of which the last is taken
            # off: "an empty string" is no line at all, and one empty line is an event.
            if self._data:
                data = "\n".join(self._data)
                events.append(Dispatched(self._type or "message", data, self._id))
                self._data.clear()
            self._type = ""
        return events

    def _process(self, name: bytes, value: bytes) -> None:
        """Process a field: "Field names must be compared literally, with no case folding"."""
        if name == b"data":
            self._data.append(_decoded(value))
        elif name == b"event":
            self._type = _decoded(value)
        elif name == b"id":
            # "If the field value does not contain U+0000 NULL"
            if b"\0" not in value:
                self._id, self._named = _decoded(value), True
        elif name == b"retry" and value.isdigit():
            # "If the field value consists of only ASCII digits": what bytes.isdigit says, which
            # also says no to an empty value, like all browsers. It holds from here on, for it is
            # the stream's reconnection time and not the event's.
            digits = value.lstrip(b"0")
            self.reconnection_time = 10**_DIGITS if len(digits) > _DIGITS else int(digits or b"0")


def _decoded(value: bytes) -> str:
    """Decode like the standard's UTF-8 decoder: U+FFFD for each maximal part of a sequence.

    Python does the same, and in its incremental decoder too (tests/sse/test_parse.py compares both
    with the algorithm of Encoding § 8.1.1); whole values have no need of that one.
    """
    return value.decode("utf-8", "replace")


def blocks(data: bytes) -> Iterator[bytes]:
    """Split whole blocks from one another, each with its blank line; what is left comes last."""
    start = 0
    blank_line = _BLANK_LINE if b"\r" in data else _BLANK_LINE_OF_LF
    for found in blank_line.finditer(data):
        yield data[start : found.end()]
        start = found.end()
    if start < len(data):
        yield data[start:]

"""Turns an event into the bytes of an event stream (WHATWG HTML § 9.2.5), of an item, of frames.

Items are JSON texts: a line each, or RFC 7464's between a record separator and a line feed. Over a
WebSocket an event is a text frame with a JSON object.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mockserver.sse.frames import TEXT, frame, ping

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Framing: TypeAlias = Literal["sse", "lines", "seq"]
RECORD_SEPARATOR: Final = "\x1e"
_SURROGATE = re.compile("[\ud800-\udfff]")
# § 9.2.5: end-of-line = ( cr lf / cr / lf ). U+2028 and its kin are none.
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Event:
    """One block of the stream; `None` writes nothing, an empty text writes an empty field.

    `retry` is the reconnection time in milliseconds.
    """

    comment: str | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How blocks are written: the line end (None: drawn line by line), a space after the colon.

    The fields of `order` go first, then the others in the usual order. In another framing than
    `sse` the data of a block are a JSON text. With `frames`, a block is what a WebSocket has in its
    place, whatever else is said.
    """

    newline: str | None = "\n"
    space: bool = True
    framing: Framing = "sse"
    order: tuple[str, ...] = ()
    frames: bool = False


PLAIN: Final = Form()
FIELDS: Final = ("comment", "event", "id", "retry", "data")
"""In the order in which they are written."""
_ENDS: Final = ("\n", "\r\n", "\r")


def encode(
    event: Event, form: Form = PLAIN, choose: Callable[[Sequence[str]], str] | None = None
) -> bytes:
    """Return the block with its blank line: comment, event, id, retry, data, or as `form` says.

    `choose` draws the line ends of a form that leaves them open.
    """
    if form.frames:
        return frames_of(event)
    if form.framing != "sse":
        return _item(event, form)
    colon = ": " if form.space else ":"
    lines: list[str] = []
    if event.comment is not None:
        lines += [f"{colon}{line}" for line in split_lines(event.comment)]
    if event.event is not None:
        lines.append(f"event{colon}{event.event}")
    if event.id is not None:
        lines.append(f"id{colon}{event.id}")
    if event.retry is not None:
        lines.append(f"retry{colon}{event.retry}")
    if event.data is not None:
        lines += [f"data{colon}{line}" for line in split_lines(event.data)]
    if form.order:
        lines = _ordered(lines, form.order)
    if form.newline is not None:
        lines.append(form.newline)
        return utf8(form.newline.join(lines))
    assert choose is not None
    ends = [choose(_ENDS) for _ in lines]
    # A LF right after a CR would belong to it, and the blank line would be none.
    ends.append(choose(_ENDS[1:] if ends[-1] == "\r" else _ENDS))
    return utf8("".join(line + end for line, end in zip([*lines, ""], ends, strict=True)))


def _ordered(lines: list[str], order: Sequence[str]) -> list[str]:
    """Return lines of fields in another order, those of one field as they stand."""
    rank = {"" if name == "comment" else name: index for index, name in enumerate(order)}
    return sorted(lines, key=lambda line: rank.get(line.partition(":")[0], len(rank)))


def _item(event: Event, form: Form) -> bytes:
    """Return an item; of what has no data a blank line, which readers of JSON lines pass over.

    RFC 7464 § 2.2: a text sequence is `*(RS JSON-text LF)`, and there is nothing between items.
    """
    if form.framing == "seq":
        return b"" if event.data is None else utf8(f"{RECORD_SEPARATOR}{event.data}\n")
    return utf8(f"{event.data or ''}{form.newline}")


def frames_of(event: Event) -> bytes:
    """Return an event as a text frame with the members event, id, data and retry, in this order.

    What it does not say is left out. A comment, which nobody listens to, is a ping where it stands
    alone, and nothing beside an event.
    """
    # Line ends are those that an event source dispatches (WHATWG § 9.2.6): each a LF.
    data = None if event.data is None else "\n".join(split_lines(event.data))
    members = {"event": event.event, "id": event.id, "data": data, "retry": event.retry}
    said = {name: value for name, value in members.items() if value is not None}
    if said:
        return frame(TEXT, utf8(json_text(said)))
    return b"" if event.comment is None else ping(utf8(event.comment))


def utf8(text: str) -> bytes:
    """Return `text` in UTF-8; a lone surrogate, which has none, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


def split_lines(text: str) -> list[str]:
    """Split `text` where a parser of event streams would; a final line end gives an empty line."""
    return _LINE_END.split(text)


def breaks_line(text: str) -> bool:
    """Whether `text` would end the line of a field that has only one."""
    return "\n" in text or "\r" in text


def json_text(value: object) -> str:
    """Return `value` as compact JSON: keys as they stand, non-ASCII left as it is.

    Raises ValueError for numbers that JSON does not have, TypeError for what is no JSON value.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

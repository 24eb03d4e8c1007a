"""Turns an event into the bytes of an event stream (WHATWG HTML § 9.2.5)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

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


def encode(event: Event) -> bytes:
    """Return the block with its blank line: comment, event, id, retry, data, in this order."""
    lines: list[str] = []
    if event.comment is not None:
        lines += [f": {line}" for line in split_lines(event.comment)]
    if event.event is not None:
        lines.append(f"event: {event.event}")
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {event.retry}")
    if event.data is not None:
        lines += [f"data: {line}" for line in split_lines(event.data)]
    lines.append("\n")
    text = "\n".join(lines)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8; U+FFFD is what the standard puts in its place.
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

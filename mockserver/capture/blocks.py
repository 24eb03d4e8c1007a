"""Cuts the body of a stream into the blocks that a step can send, and reads each back into a step.

A block is an event only where its step would be encoded to the very same bytes; everything else
stays bytes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario.yamltext import is_deep
from mockserver.sse.encode import FIELDS, Event, Form, encode, json_text
from mockserver.sse.items import units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.capture.body import Clock
    from mockserver.capture.exchange import Chunk
    from mockserver.contract.media import Framing

_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_FIELD: Final = re.compile(rb"(?:^|[\r\n])(data|event|id|retry):( ?)")
_LEADING: Final = re.compile(rb"(?:\r\n|\r|\n)+")
_RETRY: Final = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_SAMPLE: Final = 200_000
"""Bytes of a body that are looked at for how it is written."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a body that belong together, with the portions in which they came.

    `event` is what would be encoded to them, None where nothing would.
    """

    data: bytes
    parts: tuple[Chunk, ...]
    event: Event | None = None

    @property
    def begun(self) -> float:
        """When its first byte was there."""
        return self.parts[0].at

    @property
    def done(self) -> float:
        """When its last byte was there."""
        return self.parts[-1].at


def form_of(data: bytes, framing: Framing) -> Form:
    """Return how the blocks of a body are written, as most of them are."""
    data = data[:_SAMPLE]
    ends = [found[0] for found in _LINE_END.finditer(data)]
    newline = max(("\n", "\r\n", "\r"), key=lambda end: ends.count(end.encode()))
    if framing != "sse":
        return Form("\n" if newline == "\r" or framing == "seq" else newline, framing=framing)
    spaces = [found[2] for found in _FIELD.finditer(data)]
    return Form(newline, spaces.count(b" ") * 2 >= len(spaces), order=_order(data))


def _order(data: bytes) -> tuple[str, ...]:
    """Return the fields in the order that most blocks have, nothing where that is the usual one."""
    orders: dict[tuple[str, ...], int] = {}
    for block in units(data, "sse"):
        names = [line.partition(b":")[0].decode("latin-1") for line in block.splitlines() if line]
        written = tuple(dict.fromkeys(name or "comment" for name in names))
        if len(written) > 1 and all(name in FIELDS for name in written):
            orders[written] = orders.get(written, 0) + 1
    found: list[str] = []
    for written, _ in sorted(orders.items(), key=lambda item: -item[1]):
        found = _merged(found, written)
    usual = [name for name in FIELDS if name in found]
    return () if found == usual else tuple(found)


def _merged(found: list[str], more: tuple[str, ...]) -> list[str]:
    """Return an order with the names of another one in it, each behind the one before it there."""
    merged, place = list(found), 0
    for name in more:
        if name in merged:
            place = merged.index(name) + 1
        else:
            merged.insert(place, name)
            place += 1
    return merged


def pieces(data: bytes, clock: Clock, form: Form, start: int = 0) -> Iterator[Piece]:
    """Yield the pieces of a body from `start` on, each as far as its bytes belong together."""
    position = start
    for unit in units(data[start:], form.framing):
        for part in _without_blank_lines(unit) if form.framing == "sse" else (unit,):
            end = position + len(part)
            yield Piece(part, tuple(clock.portions(data, position, end)), event_of(part, form))
            position = end


def _without_blank_lines(block: bytes) -> Iterator[bytes]:
    """Yield a block, the line ends before it apart: they would keep it from being an event."""
    leading = _LEADING.match(block)
    if leading and leading.end() < len(block):
        yield leading[0]
        yield block[leading.end() :]
    else:
        yield block


def event_of(block: bytes, form: Form) -> Event | None:
    """Return the event that is encoded to these bytes, or None."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    event = _fields(text, form) if form.framing == "sse" else _item(text)
    if event is None or encode(event, form) != block:
        return None
    return event


def _fields(text: str, form: Form) -> Event | None:
    assert form.newline is not None
    ending = 2 * form.newline
    if not text.endswith(ending):
        return None
    found: dict[str, list[str]] = {}
    for line in text.removesuffix(ending).split(form.newline):
        name, colon, value = line.partition(":")
        if not colon or (name or "comment") not in FIELDS:
            return None
        value = value.removeprefix(" ") if form.space else value
        found.setdefault(name or "comment", []).append(value)
    if any(len(found.get(name, ())) > 1 for name in ("event", "id", "retry")):
        return None
    if "\0" in found.get("id", [""])[0]:
        return None
    retry = next(iter(found.get("retry", ())), None)
    if retry is not None and not _RETRY.fullmatch(retry):
        return None
    return Event(
        comment=_text(found, "comment"),
        event=_text(found, "event"),
        id=_text(found, "id"),
        retry=None if retry is None else int(retry),
        data=_text(found, "data"),
    )


def _text(found: dict[str, list[str]], name: str) -> str | None:
    return "\n".join(found[name]) if name in found else None


def _item(text: str) -> Event | None:
    item = text.strip("\x1e\r\n")
    return Event(data=item) if readable(item, any_kind=True) is not None else None


def readable(text: str, *, any_kind: bool = False) -> tuple[Any] | None:
    """Return the JSON value that is written as this very text, or None.

    Of a text in quotes the quotes would be lost, but not where `any_kind` of value is an item.
    """
    if not any_kind and text[:1] == '"':
        return None
    try:
        value = json.loads(text)
        same = json_text(value) == text
    except (ValueError, RecursionError):
        return None
    return (value,) if same and not is_deep(value) else None

"""What tells one event from another: its type, being the sentinel, and a key in its data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.streams import DEFAULT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.contract import EventStream

_WIDTH: Final = 60
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """An event's type; its data where they are the stream's sentinel; the text of its key."""

    type: str
    sentinel: str = ""
    key: str = ""

    def __str__(self) -> str:
        if self.sentinel:
            return short(self.sentinel)
        return f"{self.type} {short(self.key)}" if self.key else self.type


def kind_of(stream: EventStream | None, type_: str, data: str, id_: str | None, key: str) -> Kind:
    """Return the kind of an event; `key` is `id`, a JSON pointer, or nothing."""
    type_ = type_ or DEFAULT_TYPE
    if stream is not None and data in _sentinels(stream):
        return Kind(type_, sentinel=data)
    if not key:
        return Kind(type_)
    return Kind(type_, key=(id_ or "") if key == "id" else _at(data, key))


def _sentinels(stream: EventStream) -> set[str]:
    ends = {branch.sentinel for branch in stream.branches} | {stream.sentinel}
    return {end for end in ends if end}


def _at(data: str, pointer: str) -> str:
    """Return what a JSON pointer (RFC 6901) leads to, as text; nothing where it leads nowhere."""
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        match value:
            case dict() if name in value:
                value = value[name]
            case list() if name.isascii() and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            case _:
                return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def folded(kinds: Iterable[Kind]) -> list[Kind]:
    """Return kinds in order, of which repeats in a row count once."""
    found: list[Kind] = []
    for kind in kinds:
        if not found or found[-1] != kind:
            found.append(kind)
    return found


def listed(kinds: Sequence[Kind]) -> str:
    """Return kinds for a report."""
    if not kinds:
        return "no event"
    more = f", … ({len(kinds):,} in all)" if len(kinds) > _LISTED else ""
    return ", ".join(map(str, kinds[:_LISTED])) + more


def short(text: str, width: int = _WIDTH) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1]}…"

"""Paths as a document has them, from those that were asked for; and names for their operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_ID: Final = re.compile(
    r"\d+"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # UUID
    r"|[0-7][0-9A-HJKMNP-TV-Z]{25}"  # ULID
    r"|(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{7,}"
    r"|(?=[^_-]*[_-][A-Za-z0-9]*\d)[A-Za-z]{2,12}[_-][A-Za-z0-9]{6,}"  # ord_1a2b3c
    r"|(?=[^.]*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{20,}"
    r"|\d{4}-\d\d-\d\d"
    r"|(?:\S{1,20}-)?masked-(?:jwt-)?\d+"
)
"""What looks like the name of one thing among many."""
_VERSION: Final = re.compile(r"v\d+(?:\.\d+)?|api", re.IGNORECASE)
_IRREGULAR: Final = {"people": "person", "children": "child", "data": "data", "status": "status",
                     "news": "news", "series": "series", "address": "address"}  # fmt: skip


def template(path: str) -> str:
    """Return a path with names in place of what looks like ids: `/orders/{orderId}/status`."""
    segments: list[str] = []
    taken: set[str] = set()
    before = ""
    for segment in path.split("/")[1:]:
        if _ID.fullmatch(unquote(segment)):
            segments.append(f"{{{_parameter(before, taken)}}}")
            before = ""
        else:
            segments.append(segment.replace("{", "%7B").replace("}", "%7D"))
            before = segment
    return "/" + "/".join(segments)


def _parameter(before: str, taken: set[str]) -> str:
    words = _words(singular(before)) if before and not _VERSION.fullmatch(before) else []
    base = _camel([*words, "id"]) if words else "id"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}{number}", number + 1
    taken.add(name)
    return name


def singular(word: str) -> str:
    """Return one of what an English plural stands for, as far as its end tells."""
    lower = word.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if lower.endswith("s") and not lower.endswith(("ss", "us", "is")) else word


def operation_id(method: str, path: str, taken: Collection[str]) -> str:
    """Return an id that is not taken yet: `getOrderStatusStream`."""
    segments = [s for s in path.split("/")[1:] if s]
    words = [method.lower()]
    for index, segment in enumerate(segments):
        if segment.startswith("{") or _VERSION.fullmatch(segment):
            continue
        one = index + 1 < len(segments) and segments[index + 1].startswith("{")
        words += _words(singular(segment) if one else segment)
    if len(words) == 1:
        words.append("root" if not segments else "one")
    base = _camel(words)
    name, number = base, 2
    while name in taken:
        name, number = f"{base}{number}", number + 1
    return name


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z][a-z0-9]*|\d+", unquote(text))


def _camel(words: Iterable[str]) -> str:
    first, *others = words
    return first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in others)

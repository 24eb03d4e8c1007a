"""A scenario as the text of a file, as a person would have written it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario.yamltext import entry, lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ROOM: Final = 96
_MANY: Final = 20
"""Steps from which on a line each is easier to read than a short line."""
_WIDE: Final = 200


def text(keys: Mapping[str, Any]) -> str:
    """Return a scenario file; an empty line comes before its story."""
    found: list[str] = []
    for key, value in keys.items():
        if key in ("stream", "connections"):
            found += ["", f"{key}:"]
            found += _steps(value) if key == "stream" else _rows(value)
        elif key == "description":
            found += _prose(key, value)
        else:
            found += entry(key, value)
    return "\n".join([*found, ""])


def _prose(key: str, value: str) -> Iterator[str]:
    """Yield a sentence or two, over several lines where they are long (YAML 1.2.2 § 8.1.3)."""
    if len(value) <= _ROOM - len(key):
        yield from entry(key, value)
        return
    folded = wrap(value, _ROOM, break_long_words=False, break_on_hyphens=False)
    if " ".join(folded) != value:
        yield from entry(key, value)
        return
    yield f"{key}: >-"
    yield from (f"  {line}" for line in folded)


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        begin = "- "
        for key, value in row.items():
            for line in _member(key, value):
                yield f"{begin}{line}"
                begin = "  "


def _member(key: str, value: Any) -> Iterator[str]:
    if key == "steps" and value:
        yield f"{key}:"
        yield from _steps(value)
    else:
        yield from entry(key, value)


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    room = _ROOM if len(steps) < _MANY else _WIDE
    for step in steps:
        yield from _step(step, room)


def _step(step: Mapping[str, Any], room: int) -> Iterator[str]:
    """Yield the lines of a step, in one line where it fits."""
    if len(step) > 1:
        yield from lines([step], room)
        return
    begin = "- "
    for key, value in step.items():
        for line in entry(key, value, room):
            yield f"{begin}{line}"
            begin = "  "

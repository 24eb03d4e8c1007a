"""Plain data as YAML that our own reader, and every other, reads back as the same data.

Source: YAML 1.2.2, § 5.7 (escapes), § 7.3.1 (double quotes), § 8.1.2 (literal texts). A text stands
without quotes only where no schema of YAML, old or new, could take it for anything else.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEEPEST: Final = 40
"""Levels of data that are written; what is deeper is best left as the JSON text that it is."""
WIDTH: Final = 100
"""Columns that a mapping or list may take where it is written in one line."""
_LONG_KEY: Final = 500
"""From this length on a key needs a question mark before it (§ 7.4.2 asks for 1,024)."""
_ASIDE: Final = re.compile(r"[^ !#-\[\]-~]")
"""Characters that may not stand as they are in double quotes."""
_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
"""What YAML 1.1 or 1.2 reads as something else than text, in any case."""


class Verbatim(str):
    """A text that stands as it is, since whoever writes it knows that YAML reads it so: `1.5s`."""

    __slots__ = ()


def scalar(value: str | float | bool | None) -> str:  # noqa: FBT001
    """Return a value that is no collection in one line."""
    if not isinstance(value, str):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, Verbatim):
        return str(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _quoted(value)


def _quoted(text: str) -> str:
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"  # § 7.3.2: nothing in it has to be escaped
    return f'"{_ASIDE.sub(_character, text)}"'


def _character(found: re.Match[str]) -> str:
    """Return a character as it stands in double quotes; one that nobody would see as an escape."""
    char = found[0]
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        return "?"  # half of a surrogate pair: neither UTF-8 nor YAML can say it
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}.get(char)
    return short or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def braced(text: str) -> str:
    """Return a text such that a template makes it of what stands there."""
    return text.replace("{{", "{{ '{{' }}")


def without_templates(value: Any) -> Any:
    """Return JSON data in which all texts mean what they say, and all keys are texts."""
    match value:
        case str():
            return braced(value)
        case dict():
            return {
                key if isinstance(key, str) else json.dumps(key): without_templates(item)
                for key, item in value.items()
            }
        case list():
            return [without_templates(item) for item in value]
    return value


def is_deep(value: Any) -> bool:
    """Tell whether data has more levels of lists and mappings than are written."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return depth > DEEPEST


def lines(value: Mapping[str, Any] | Sequence[Any], room: int = WIDTH) -> Iterator[str]:
    """Yield the lines of a collection, which is not empty, in block style."""
    if isinstance(value, list):
        for item in value:
            first, *rest = _node(item, room - 2)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        assert isinstance(value, dict)
        for key, item in value.items():
            yield from entry(key, item, room)


def entry(key: str, value: Any, room: int = WIDTH) -> Iterator[str]:
    """Yield the lines of one member of a mapping."""
    written = scalar(key)
    head = f"{written}:"
    if len(written) > _LONG_KEY:
        yield f"? {written}"
        head = ":"
    found = list(_node(value, room - 2, after=len(head) - 1))
    if _is_block(value, found):
        yield head
        # The items of a list need not stand further in than its key.
        indent = "" if isinstance(value, list) and head != ":" else "  "
        yield from (f"{indent}{line}" for line in found)
    else:
        yield f"{head} {found[0]}"
        yield from (f"  {line}" for line in found[1:])


def _is_block(value: Any, found: Sequence[str]) -> bool:
    return isinstance(value, (dict, list)) and bool(value) and found[0][:1] not in "{["


def _node(value: Any, room: int, after: int = 0) -> Iterator[str]:
    """Yield the lines of a value: in one line where it fits, `after` so many characters."""
    if isinstance(value, str) and _is_literal(value):
        yield "|" if value.endswith("\n") else "|-"
        yield from value.removesuffix("\n").split("\n")
        return
    flow = _flow(value)
    short = not value or not isinstance(value, (dict, list))
    if flow is not None and (short or len(flow) + after <= room):
        yield flow
    else:
        yield from lines(value, room)


def _flow(value: Any) -> str | None:
    """Return a value in one line; None for what would be hard to read there."""
    match value:
        case dict() if any(len(key) > _LONG_KEY for key in value):
            return None
        case dict():
            found = [(scalar(key), _flow(item)) for key, item in value.items()]
            texts = [f"{key}: {item}" for key, item in found if item is not None]
            return f"{{{', '.join(texts)}}}" if len(texts) == len(value) else None
        case [str() as only] if not _is_literal(only):
            # Without quotes, [DONE] could be meant as a text (`unquoted-sentinel`).
            return f"[{_quoted(only)}]"
        case list():
            items = [text for item in value if (text := _flow(item)) is not None]
            return f"[{', '.join(items)}]" if len(items) == len(value) else None
        case str() if _is_literal(value):
            return None
    return scalar(value)


def _is_literal(text: str) -> bool:
    """Whether a text of several lines can stand as it is."""
    body = text.removesuffix("\n")
    return (
        "\n" in body
        and "{{" not in text
        and not text.startswith((" ", "\n"))
        and all(line.isprintable() and line == line.rstrip() for line in body.split("\n"))
        and not body.endswith("\n")
    )

"""Problems and verdicts in colour; without any they are what they always were, to the letter."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from mockserver.errors import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.cli.terminal import Style, Terminal
    from mockserver.errors import Problem, StartError


def problem(found: Problem, to: Terminal) -> str:
    """Return a problem: where, what, the line that is meant, the mend."""
    text = found.told(lambda text: to.written(escaped(text)))
    if not to.colored:
        return text
    tone: Style = "red" if found.severity == "error" else "yellow"
    first, *others = text.split("\n")
    return "\n".join([_headline(first, found, to, tone), *_others(others, to, tone)])


def _headline(line: str, found: Problem, to: Terminal, tone: Style) -> str:
    where, code = to.written(str(found.where)), f" [{found.code}]"
    what = line.removeprefix(where).removesuffix(code)
    return f"{to.paint(where, 'bold')}{to.paint(what, tone)}{to.paint(code, 'dim')}"


def _others(lines: list[str], to: Terminal, tone: Style) -> Iterator[str]:
    for line in lines:
        if line.startswith("  mend: "):
            yield to.paint("  mend: ", "green") + line.removeprefix("  mend: ")
        elif line.strip(" ^"):
            yield line
        else:
            yield to.paint(line, tone)


def error(found: StartError, to: Terminal) -> str:
    """Return what the operator has to mend."""
    first, *others = str(found).split("\n")
    return "\n".join([to.paint(first, "red"), *_others(others, to, "red")])


_TONES: Final[tuple[tuple[str, Style], ...]] = (
    (r"^session .*: failed\b.*|: failed: ", "red"),
    (r"^session .*: passed\b.*|: passed: ", "green"),
    (r"^session .*: pending\b.*|: pending: ", "yellow"),
    (r"^FAILED\b", "red"),
    (r"^passed\b", "green"),
    (r"^skipped\b.*|^ +note: .*", "dim"),
    (r"^ +expected: ", "green"),
    (r"^ +got: +", "red"),
    (r" \[[\w/-]+\]$", "dim"),
)


def report(text: str, to: Terminal) -> str:
    """Return the report of a verdict, or of what a backend was held to."""
    if not to.colored:
        return text
    for pattern, tone in _TONES:
        painted = partial(_painted, to, tone)
        text = re.sub(pattern, painted, text, flags=re.MULTILINE)
    return text


def _painted(to: Terminal, tone: Style, match: re.Match[str]) -> str:
    return to.paint(match[0], tone)


def count(number: int, word: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"

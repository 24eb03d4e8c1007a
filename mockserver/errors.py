"""What can be wrong, where it is, and who has to act.

MockServerError
├── LoadError      the author of a scenario or an OpenAPI document   exit code 2
├── StartError     the operator: a port, a folder, an option         exit code 3
├── ControlError   the caller of the control API                     an HTTP status
└── ExpectationError   the author of the client under test           exit code 1

A fault of this program is none of these and shows a traceback.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Severity = Literal["error", "warning"]
Mode = Literal["off", "warn", "enforce"]
"""What a server does about what breaks the contract: nothing, note it, or refuse it."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file, as an editor understands it.

    `line` and `column` count from 1; 0 means that the place is known by `pointer`
    (RFC 6901, into the document) or is the file as a whole.
    """

    file: str
    line: int = 0
    column: int = 0
    pointer: str = ""
    source: str = ""
    """The text of the line, for the reader's eye."""
    width: int = 1
    """How many characters of `source` are meant, from `column` on."""

    def __str__(self) -> str:
        file = harmless(self.file)
        if self.line:
            return f"{file}:{self.line}:{self.column}"
        return f"{file}#{harmless(self.pointer)}" if self.pointer else file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, a stable code, and the smallest mend."""

    where: Location
    what: str
    code: str
    mend: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        return self.told()

    def told(self, shown: Callable[[str], str] | None = None) -> str:
        """Return it as lines; `shown` says what becomes of a text where it is written."""
        shown = shown or escaped
        mark = "" if self.severity == "error" else "warning: "
        place = f"{where}: " if (where := str(self.where)) else ""
        lines = [f"{place}{mark}{self.what} [{self.code}]"]
        if self.where.source:
            text = self.where.source.rstrip()
            at = max(self.where.column - 1, 0)
            indent = len(text) - len(text.lstrip())
            # What lies behind the line's end is blank.
            before = text[indent:at].ljust(at - indent)
            meant = text[at : at + self.where.width].ljust(self.where.width)
            lines.append(f"  {text[indent:]}")
            lines.append(f"  {_blank(shown(before))}{'^' * max(columns(shown(meant)), 1)}")
        if self.mend:
            lines.append(f"  mend: {self.mend}")
        return shown("\n".join(lines))

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by place, then by code."""
        return (
            self.where.file,
            self.where.line,
            self.where.column,
            self.where.pointer,
            self.code,
        )


class MockServerError(Exception):
    """Base of all errors that somebody outside this program has to mend."""


class LoadError(MockServerError):
    """Files could not be loaded; holds every problem of every file, sorted by place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class StartError(MockServerError):
    """The server cannot start as it was told to; `mend` says what would help."""

    def __init__(self, what: str, *, code: str, mend: str = "") -> None:
        self.what = what
        self.code = code
        self.mend = mend
        super().__init__(what, code, mend)

    def __str__(self) -> str:
        text = f"{self.what} [{self.code}]"
        return escaped(f"{text}\n  mend: {self.mend}" if self.mend else text)


class ControlError(MockServerError):
    """A request to the server that it will not carry out; becomes a problem document.

    Source: RFC 9457. `status` is the HTTP status, `extra` the extension members, `headers` go
    with the answer.
    """

    def __init__(
        self,
        status: int,
        what: str,
        *,
        code: str,
        mend: str = "",
        headers: Iterable[tuple[str, str]] = (),
        **extra: object,
    ) -> None:
        self.status = status
        self.what = what
        self.code = code
        self.mend = mend
        self.headers = tuple(headers)
        self.extra = extra
        super().__init__(status, what, code, mend)

    def __str__(self) -> str:
        return f"{self.status} {self.what} [{self.code}]"


class ExpectationError(MockServerError, AssertionError):
    """A client did not do what was expected of it; `verdict` is all that is known, as JSON."""

    def __init__(self, text: str, verdict: dict[str, Any]) -> None:
        self.text = text
        self.verdict = verdict
        super().__init__(text, verdict)

    def __str__(self) -> str:
        return self.text


def harmless(text: str) -> str:
    """Return a text that cannot steer a terminal: as JSON, where not all of it can be printed."""
    return text if text.isprintable() else json.dumps(text)


def escaped(text: str) -> str:
    """Return lines that cannot steer a terminal: what cannot be printed stands as an escape."""
    if all(map(str.isprintable, text.split("\n"))):
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t" else f"\\u{ord(char):04x}" for char in text
    )


def value_text(value: object) -> str:
    """Return a value as a message shows it: as JSON, and a text in quotes like every other name.

    Whoever wrote `null` and `true` must not read of Python's None and True.
    """
    if isinstance(value, str):
        return repr(value)
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (
        ValueError,
        RecursionError,
        TypeError,
    ):  # contains itself, or has keys that are no texts
        return repr(value)
    return text if text.isprintable() else json.dumps(value, default=str)


def columns(text: str) -> int:
    """Return how many columns a text takes: wide characters two, combining ones none (UAX #11)."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # noqa: PLC0415

    return sum(
        0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


def _blank(text: str) -> str:
    """Return as much of nothing as a text takes; a tab goes as far as it does."""
    return "".join("\t" if char == "\t" else " " * columns(char) for char in text)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a mend naming the nearest of `known`, or listing all of a short list."""
    from difflib import get_close_matches  # noqa: PLC0415  (only on the way to an error)

    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return ""
    listed = ", ".join(names[:30])
    more = f" and {len(names) - 30} more" if len(names) > 30 else ""
    return f"known here: {listed}{more}"

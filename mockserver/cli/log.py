"""How what happens looks on standard error: a line for a person, or an object for a machine."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

from mockserver.cli.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.cli.terminal import Wish
    from mockserver.play.journal import Entry
    from mockserver.runner import MockServer


def configure(form: str | None, color: Wish = "auto") -> EntryLog:
    """Send the server's errors to standard error, and return what takes its entries there.

    Without a `form` it is lines for people at a terminal, else text.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonErrors() if form == "json" else logging.Formatter(_ERRORS))
    logger = logging.getLogger("mockserver")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    if form == "json":
        return EntryLog(_json_line, _json_look)
    to = Terminal(sys.stderr, color)
    if form is None and to.interactive:
        from mockserver.cli.lines import Lines, look  # noqa: PLC0415

        lines = Lines(to)
        return EntryLog(lines.line, lambda server: look(server, lines, to))
    return EntryLog(_text_line, _text_look)


_ERRORS = "%(levelname)s %(message)s"


class EntryLog:
    """Writes a line for every connection that opens or ends, and for every refused request.

    Entries of one turn of the event loop are written together: a line costs some microseconds,
    and ten thousand clients that come at once do not wait for the log.
    """

    def __init__(
        self, line: Callable[[str, Entry], str], look: Callable[[MockServer], str]
    ) -> None:
        self._line = line
        self._look = look
        self._lines: list[str] = []

    def __call__(self, session: str, entry: Entry) -> None:
        """Take an entry."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        self._lines.append(self._line(session, entry))

    def flush(self) -> None:
        """Write what has been taken."""
        if self._lines:
            sys.stderr.write("".join(self._lines))
            sys.stderr.flush()
            self._lines.clear()

    def looked(self, server: MockServer) -> None:
        """Write that files were read anew, and what is wrong with them."""
        self.flush()
        sys.stderr.write(self._look(server))
        sys.stderr.flush()


def _text_look(server: MockServer) -> str:
    stale = "true" if server.stale else "false"
    told = f"version={server.version} stale={stale} problems={len(server.problems)}"
    return "".join(f"{line}\n" for line in (f"files {told}", *server.problems))


def _json_look(server: MockServer) -> str:
    problems = [
        {"where": str(p.where), "what": p.what, "code": p.code, "mend": p.mend,
         "severity": p.severity}
        for p in server.problems
    ]  # fmt: skip
    told = {"version": server.version, "stale": server.stale, "problems": problems}
    return json.dumps({"entry": "files", **told}, ensure_ascii=False) + "\n"


_LONG = frozenset({"headers", "body", "answer_headers", "answer_body"})
"""What of an entry is for the journal alone."""


def _told(session: str, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"session": session}
    for name in entry.__dataclass_fields__:
        value = getattr(entry, name)
        if value is not None and value not in ("", ()) and name not in _LONG:
            told[name] = value
    return told


def _text_line(session: str, entry: Entry) -> str:
    told = " ".join([f"{name}={_word(value)}" for name, value in _told(session, entry).items()])
    return f"{type(entry).__name__.lower()} {told}\n"


def _word(value: Any) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, tuple):
        value = ",".join(value)
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
    return json.dumps(text)  # what clients send must not steer a terminal


def _json_line(session: str, entry: Entry) -> str:
    told = {"entry": type(entry).__name__.lower(), **_told(session, entry)}
    return json.dumps(told, ensure_ascii=False) + "\n"


class _JsonErrors(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {"level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)

"""What happens, for somebody at a terminal: the start, and a line for each end of a connection."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from mockserver.cli import painted
from mockserver.cli.painted import count
from mockserver.errors import columns, harmless
from mockserver.play.journal import (
    Awaited,
    Called,
    Closed,
    Opened,
    Paused,
    Pushed,
    Refused,
    Sent,
    Violated,
)
from mockserver.play.session import DEFAULT

if TYPE_CHECKING:
    from mockserver.cli.terminal import Style, Terminal
    from mockserver.play.journal import Entry
    from mockserver.runner import MockServer
    from mockserver.workspace.workspace import Workspace

_OPEN: Final = 10_000
"""Connections whose beginning is remembered until they end."""
_ENDED: Final = {"end": "ended", "drop": "dropped", "reset": "reset"}
_BY: Final = {"script": "the script", "client": "the client", "server": "us", "test": "a test"}


class Lines:
    """Makes a line of an entry; knows of connections what their beginnings have said."""

    def __init__(self, terminal: Terminal) -> None:
        self._to = terminal
        self._open: dict[tuple[str, int], Opened] = {}

    def line(self, session: str, entry: Entry) -> str:
        """Return a line, or nothing where the entry is not worth one."""
        sign, tone, text, more = self._told(session, entry)
        if not text:
            return ""
        whose = "" if session == DEFAULT else f"{harmless(session)} "
        return self.made(sign, tone, f"{whose}{text}", more)

    def made(self, sign: str, tone: Style, text: str, more: str = "") -> str:
        """Return a line with the time of day, as wide as the terminal at most."""
        to, now = self._to, time.strftime("%H:%M:%S")
        left = max(to.width - len(now) - 4, 0)
        if not left:
            return f"{now} {sign} {text}{'  ' if more else ''}{more}\n"
        text, more = to.written(text), to.written(more)
        # What follows matters more than all of a target; but how it begins is seen of each.
        text = to.fit(text, max(left - columns(more) - 2, left // 3) if more else left)
        room = left - columns(text) - 2
        more = to.fit(more, room) if room > 3 else ""
        gap = "  " if more else ""
        return f"{to.paint(now, 'dim')} {to.paint(sign, tone)} {text}{gap}{to.paint(more, tone)}\n"

    def _told(self, session: str, entry: Entry) -> tuple[str, Style, str, str]:
        sign = self._to.sign
        match entry:
            case Opened():
                return self._opened(session, entry)
            case Closed():
                return self._closed(session, entry)
            case Refused():
                what = f"{entry.status} {harmless(entry.what)} [{entry.code}]"
                return sign("✗", "x"), "red", harmless(entry.target), what
            case Violated():
                whose = {"client": "the client's", "script": "the script's", "test": "a test's"}
                text = f"{whose[entry.by]} {entry.part} breaks the contract of {entry.operation}"
                faults = ", ".join(filter(None, (entry.where, *entry.faults)))
                return "!", "yellow", text, harmless(faults)
            case Called():
                tone: Style = "red" if entry.fault else "cyan"
                text = f"{entry.method} {harmless(entry.url)}"
                return sign("↗", "^"), tone, text, harmless(entry.fault) or f"{entry.status}"
            case Awaited():
                said = "has come" if entry.met else "has not come"
                more = f"after {entry.after:g} s, {harmless(entry.scenario)}"
                return sign("…", "."), "cyan", f"{harmless(entry.name)} {said}", more
            case Pushed():
                pushed = f"a test has pushed {count(entry.size, 'byte')}"
                return "+", "cyan", pushed, harmless(entry.scenario)
            case Paused():
                text = "a test holds the script" if entry.held is None else "the script goes on"
                return "=", "cyan", text, harmless(entry.scenario)
            case Sent():
                return "", "dim", "", ""

    def _opened(self, session: str, entry: Opened) -> tuple[str, Style, str, str]:
        if not entry.connection:
            tone: Style = "green" if entry.status < 400 else "yellow"
            return " ", tone, harmless(entry.target), str(entry.status)
        self._open[session, entry.serial] = entry
        if len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]
        told = [harmless(entry.scenario)]
        if entry.status != 200:
            told.insert(0, str(entry.status))
        if entry.connection > 1:
            told.append(f"connection {entry.connection}")
        if entry.last_event_id is not None:
            told.append(f"after {harmless(entry.last_event_id)!r}")
        told += entry.notes
        tone = "green" if entry.status < 400 else "yellow"
        return self._to.sign("→", ">"), tone, harmless(entry.target), ", ".join(told)

    def _closed(self, session: str, entry: Closed) -> tuple[str, Style, str, str]:
        opened = self._open.pop((session, entry.serial), None)
        text = opened.target if opened else f"{entry.operation} {entry.scenario}"
        how = f"{_ENDED.get(entry.kind, entry.kind)} by {_BY[entry.by]}"
        told = [how, count(entry.blocks, "block"), count(entry.bytes, "byte")]
        if opened:
            told.append(f"{entry.at - opened.at:.1f} s")
        tone: Style = "dim"
        if entry.fault:
            told, tone = [harmless(entry.fault), *told], "red"
        return self._to.sign("←", "<"), tone, harmless(text), ", ".join(told)


def start(server: MockServer, workspace: Workspace, to: Terminal) -> str:
    """Return what is said once the server listens."""
    from mockserver.workspace.positions import shown  # noqa: PLC0415

    catalog = server.catalog
    operations = catalog.contract.operations.values()
    streams = sum(operation.stream is not None for operation in operations)
    folders = ", ".join(harmless(shown(path)) for path in workspace.scenarios)
    among = f" in {folders}" if folders else ""
    wrong = sum(problem.severity == "error" for problem in server.problems)
    doubts = len(server.problems) - wrong
    told = [count(n, word) for n, word in ((wrong, "error"), (doubts, "warning")) if n]
    rows = {
        "page": f"{server.reachable_url}/_mock/",
        "document": f"{harmless(shown(workspace.spec))}: {count(len(operations), 'operation')}, "
        f"{count(streams, 'stream')}",
        "scenarios": f"{len(catalog.programs):,}{among}",
        "problems": to.paint(", ".join(told), "red" if wrong else "yellow") or "none",
        "edits": "take effect for the next connection" if server.reloads else "need a new start",
    }
    lines = [f"  {to.paint(f'{name:9}', 'dim')}  {text}" for name, text in rows.items()]
    return "\n".join([*lines, to.paint("  Ctrl-C ends it", "dim"), ""])


def look(server: MockServer, lines: Lines, to: Terminal) -> str:
    """Return what is said of edited files that were read anew."""
    found = [f"{painted.problem(problem, to)}\n" for problem in server.problems]
    many = count(len(found), "problem")
    if server.stale:
        sign, more = to.sign("✗", "x"), "what was loaded before goes on"
        return "".join([lines.made(sign, "red", f"edited files have {many}", more), *found])
    programs = count(len(server.catalog.programs), "scenario")
    more = f"{programs}, {many}" if found else programs
    tone: Style = "yellow" if found else "green"
    return "".join([lines.made(to.sign("↻", "@"), tone, "files read anew", more), *found])

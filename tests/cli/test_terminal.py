"""What a terminal shows: colours, lines that fit, progress, and a server that somebody watches."""

import io
import os
import re
import select
import signal
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest
from commands import STORY as GOOD

from mockserver.cli import terminal
from mockserver.cli.lines import Lines
from mockserver.cli.painted import problem as painted_problem
from mockserver.cli.painted import report
from mockserver.cli.terminal import Progress, Terminal, never_break
from mockserver.errors import Location, Problem, columns
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

pty = pytest.importorskip("pty", reason="pseudo-terminals are POSIX's")
fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")

STORY = "operation: streamOrderStatus\nstream: [{data: one}, {await: {signal: go}}]\n"
STATUS = "/v1/orders/7/status/stream"
SERVE = ("serve", "--port", "0", "--events", "off", "--scenarios")
COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR")


class Screen(io.StringIO):
    """A stream that says it is a terminal, and tells when something is written."""

    encoding = "utf-8"

    def __init__(self):
        super().__init__()
        self.written = threading.Event()

    def isatty(self):
        return True

    def write(self, text):
        count = super().write(text)
        self.written.set()
        return count

    def shown(self):
        """Return what is left on the line: what was erased is gone."""
        return re.split(r"\r\x1b\[2K", self.getvalue())[-1]


# --- colours -------------------------------------------------------------------------------------

WANTED = {
    "at a terminal": ({}, True, "auto", True),
    "not elsewhere": ({}, False, "auto", False),
    "always": ({"NO_COLOR": "1"}, False, "always", True),
    "never": ({"FORCE_COLOR": "1"}, True, "never", False),
    "NO_COLOR": ({"NO_COLOR": "1"}, True, "auto", False),
    "NO_COLOR that is empty": ({"NO_COLOR": ""}, True, "auto", True),
    "NO_COLOR goes first": ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, "auto", False),
    "FORCE_COLOR": ({"FORCE_COLOR": "1"}, False, "auto", True),
    "FORCE_COLOR=0": ({"FORCE_COLOR": "0"}, True, "auto", False),
    "CLICOLOR_FORCE": ({"CLICOLOR_FORCE": "1"}, False, "auto", True),
    "CLICOLOR_FORCE=0": ({"CLICOLOR_FORCE": "0"}, False, "auto", False),
    "CLICOLOR=0": ({"CLICOLOR": "0"}, True, "auto", False),
    "a dumb terminal": ({"TERM": "dumb"}, True, "auto", False),
    "forced on a dumb one": ({"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True, "auto", True),
}


@pytest.mark.parametrize(("said", "at_terminal", "wish", "colored"), WANTED.values(), ids=WANTED)
def test_where_colours_are_wanted(monkeypatch, said, at_terminal, wish, colored):
    """The option goes first, then NO_COLOR, then what forces them, then what kind of stream it is."""
    for name in COLOURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    found = Terminal(Screen() if at_terminal else io.StringIO(), wish)
    assert colored == found.colored
    assert ("\x1b[31mx\x1b[0m" if colored else "x") == found.paint("x", "red")


PROBLEM = Problem(
    Location("a.yaml", 2, 5, source="  - dealy: 1s", width=5), "no", "c", "did you mean"
)


def plain(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.mark.parametrize("color", ["always", "never"])
def test_colours_change_no_letter_of_a_problem(color):
    """Where, what, the line, the mend."""
    shown = painted_problem(PROBLEM, Terminal(io.StringIO(), color))
    assert str(PROBLEM) == plain(shown)
    assert (shown != plain(shown)) == (color == "always")


def test_colours_change_no_letter_of_a_report():
    """What failed is red, what was expected green."""
    text = (
        "session a: failed (1 failed)\n\na.yaml:1:1: failed: connections: 1 [story]\n"
        "  how often it comes\n    expected: 1\n    got:      2 (at 1 s)"
    )
    shown = report(text, Terminal(io.StringIO(), "always"))
    assert text == plain(shown)
    assert "\x1b[31msession a: failed (1 failed)\x1b[0m" in shown
    assert "\x1b[32m    expected: \x1b[0m1" in shown


# --- width and letters ---------------------------------------------------------------------------

FITS = {
    "it fits": ("abcdef", 6, "abcdef"),
    "it does not": ("abcdefg", 6, "abcde…"),
    "no width is known": ("abcdefg", 0, "abcdefg"),
    "wide characters": ("注文注文", 7, "注文注…"),
    "a wide one at the edge": ("注文注文", 6, "注文…"),
    "combining ones": ("a\u0301e\u0301i\u0301", 3, "a\u0301e\u0301i\u0301"),
}


@pytest.mark.parametrize(("text", "width", "expected"), FITS.values(), ids=FITS)
def test_a_line_fits(text, width, expected):
    """By what characters take of it."""
    found = Terminal(Screen()).fit(text, width)
    assert expected == found
    assert not width or columns(found) <= width


SIZES = {"as it is": (100, 100), "nobody has set one": (0, 80), "a narrow one": (5, 20)}


@pytest.mark.parametrize(("told", "width"), SIZES.values(), ids=SIZES)
def test_a_terminal_says_how_wide_it_is(told, width):
    """One that says 0 is as wide as they usually are, and none narrower than 20."""
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, told, 0, 0))
        with open(slave, "w", closefd=False) as stream:
            assert Terminal(stream).width == width
    finally:
        os.close(master)
        os.close(slave)


def test_what_an_encoding_does_not_have_is_written_as_an_escape():
    """And signs have a plain form."""
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="ascii")
    never_break(stream, io.StringIO())
    to = Terminal(stream)
    to.write(f"{to.sign('→', '>')} 注文 é {to.fit('abc', 2)}")
    assert written.getvalue() == b"> \\u6ce8\\u6587 \\xe9 a~"


def test_a_place_is_marked_behind_what_an_encoding_does_not_have():
    """In a line of a file, and its name is written once."""
    place = Location("é.yaml", 1, 6, source="a: é b", width=1)
    written = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    for color in ("always", "never"):
        shown = painted_problem(Problem(place, "no", "c"), Terminal(written, color))
        assert plain(shown) == "\\xe9.yaml:1:6: no [c]\n  a: \\xe9 b\n          ^"


# --- progress ------------------------------------------------------------------------------------


@pytest.fixture
def xterm(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("xterm")
def test_progress_leaves_nothing_behind(monkeypatch):
    """It says what is being done, and is gone when that is over."""
    monkeypatch.setattr(terminal, "SOON", 0.0)
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: 0.0))
    screen = Screen()
    with Progress(Terminal(screen, "never"), "reading") as progress:
        assert screen.written.wait(10)
        screen.written.clear()
        first = screen.shown()
        progress.at("checking")
        assert screen.written.wait(10)
        second = screen.shown()
    assert (first, second, screen.shown()) == ("reading … 0 s", "checking … 0 s", "")


@pytest.mark.usefixtures("xterm")
def test_progress_in_a_narrow_terminal_keeps_the_time(monkeypatch):
    """What is being done is cut, and how long it has taken stands behind it."""
    monkeypatch.setattr(terminal, "SOON", 0.0)
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: 0.0))
    monkeypatch.setattr(Terminal, "width", 21)
    screen = Screen()
    with Progress(Terminal(screen, "never"), "reading the files"):
        assert screen.written.wait(10)
        assert screen.shown() == "reading the f… … 0 s"


@pytest.mark.usefixtures("xterm")
def test_what_is_quick_shows_no_progress(monkeypatch):
    """Nor is anything erased."""
    monkeypatch.setattr(terminal, "SOON", 1_000.0)
    screen = Screen()
    with Progress(Terminal(screen), "reading"):
        pass
    assert screen.getvalue() == ""


@pytest.mark.parametrize("stream", [Screen, io.StringIO], ids=["dumb", "no terminal"])
def test_where_nothing_can_be_taken_away_there_is_no_progress(monkeypatch, stream):
    """No thread is begun."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(terminal, "SOON", 0.0)
    with Progress(Terminal(stream()), "reading"):
        assert not [thread for thread in threading.enumerate() if thread.name == "progress"]


def no_terminal():
    """Return a stream that is no terminal, and has all letters."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")


# --- lines ---------------------------------------------------------------------------------------

OPENED = Opened(1.0, "op", "GET /a", "story", 1, 1, 200, serial=1)
ENTRIES = {
    "a connection": ([OPENED], "→ GET /a  story"),
    "a later one": (
        [Opened(1.0, "op", "GET /a", "story", 1, 2, 200, last_event_id="3", notes=("n",))],
        "→ GET /a  story, connection 2, after '3', n",
    ),
    "of another status": (
        [Opened(1.0, "op", "GET /a", "story", 1, 1, 503)], "→ GET /a  503, story",
    ),
    "an answer": ([Opened(1.0, "op", "GET /a", "", 0, 0, 404)], "  GET /a  404"),
    "its end": (
        [OPENED, Closed(3.5, "story", 1, 1, "drop", "script", 1, operation="op", bytes=7, serial=1)],
        "← GET /a  dropped by the script, 1 block, 7 bytes, 2.5 s",
    ),
    "an end whose beginning is forgotten": (
        [Closed(3.5, "story", 1, 1, "end", "client", 2, operation="op", bytes=1, serial=1)],
        "← op story  ended by the client, 2 blocks, 1 byte",
    ),
    "an end by a fault": (
        [OPENED, Closed(1.0, "story", 1, 1, "drop", "server", 0, "it broke", serial=1)],
        "← GET /a  it broke, dropped by us, 0 blocks, 0 bytes, 0.0 s",
    ),
    "refused": (
        [Refused(0.0, "GET /x", 404, "no-operation", "no operation fits")],
        "✗ GET /x  404 no operation fits [no-operation]",
    ),
    "violated": (
        [Violated(0.0, "script", "event", "op", "GET /a", where="a:1:2", faults=("no", "nor"))],
        "! the script's event breaks the contract of op  a:1:2, no, nor",
    ),
    "called": (
        [Called(0.0, "s", 1, 1, "callback x", "POST", "http://h/", 204)], "↗ POST http://h/  204",
    ),
    "not called": (
        [Called(0.0, "s", 1, 1, "callback x", "POST", "http://h/", fault="refused")],
        "↗ POST http://h/  refused",
    ),
    "awaited": (
        [Awaited(0.0, "s", 1, 1, "signal paid", met=True, after=1.5)],
        "… signal paid has come  after 1.5 s, s",
    ),
    "pushed": (
        [Pushed(0.0, "s", 1, 1, 1, 0, None, None, "data: x", 9)], "+ a test has pushed 9 bytes  s",
    ),
    "held": ([Paused(0.0, "s", 1, 1, 1)], "= a test holds the script  s"),
    "released": ([Paused(0.0, "s", 1, 1, 1, 2.0)], "= the script goes on  s"),
    "what only left": ([Sent("s", 1, 1, 1, 1, 0.0)], ""),
    "what would steer a terminal": (
        [Refused(0.0, "GET /\x1b[2J", 400, "c", "a\nb")],
        '✗ "GET /\\u001b[2J"  400 "a\\nb" [c]',
    ),
    "a name of a file that would": (
        [Opened(1.0, "op", "GET /a", "\x1b[2J", 1, 1, 200)], '→ GET /a  "\\u001b[2J"',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("entries", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_a_line(entries, expected):
    """With the time of day before it."""
    lines = Lines(Terminal(no_terminal(), "never"))
    *_, found = [lines.line("default", entry) for entry in entries]
    if expected:
        time, _, found = found.partition(" ")
        assert re.fullmatch(r"\d\d:\d\d:\d\d", time)
    assert expected == found.rstrip("\n")


def test_another_session_is_named():
    """The default one is not."""
    lines = Lines(Terminal(no_terminal(), "never"))
    assert lines.line("shop", OPENED).endswith("→ shop GET /a  story\n")


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_line_is_no_wider_than_the_terminal(monkeypatch, width):
    """Not with the longest of targets, in any letters, and not with colours."""
    monkeypatch.setattr(Terminal, "width", width)
    lines = Lines(Terminal(Screen(), "always"))
    for target in ("GET /" + "a" * 200, "GET /" + "注" * 100, "GET /a"):
        entry = Opened(1.0, "op", target, "story/" + "é" * 100, 1, 2, 200, last_event_id="9")
        assert columns(plain(lines.line("default", entry)).rstrip("\n")) <= width


def test_a_long_target_leaves_room_for_what_follows(monkeypatch):
    """It is cut itself, and the scenario, the end and its numbers stand behind it."""
    monkeypatch.setattr(Terminal, "width", 100)
    lines = Lines(Terminal(Screen(), "never"))
    target = "GET /s/drop?q=" + "y" * 300
    closed = Closed(1.0, "drop", 1, 1, "drop", "script", 1, operation="s", bytes=9, serial=1)
    opened = lines.line("default", Opened(1.0, "s", target, "drop", 1, 1, 503, serial=1))
    ended = lines.line("default", closed)
    refused = lines.line("default", Refused(0.0, target, 404, "no-operation", "no" * 100))
    assert opened.endswith("yyy…  503, drop\n")
    assert ended.endswith("yyy…  dropped by the script, 1 block, 9 bytes, 0.0 s\n")
    assert " ✗ GET /s/drop?q=yyy" in refused
    assert "yyy…  404 nono" in refused
    assert all(columns(line.rstrip("\n")) <= 100 for line in (opened, ended, refused))


def test_a_line_is_cut_as_it_is_written(monkeypatch):
    """Where the encoding has not its letters, their escapes are counted."""
    monkeypatch.setattr(Terminal, "width", 60)
    screen = Screen()
    screen.encoding = "ascii"
    entry = Opened(1.0, "s", "GET /" + "注" * 40, "story", 1, 1, 200)
    line = Lines(Terminal(screen, "never")).line("default", entry)
    assert line.isascii()
    assert "GET /\\u6ce8\\u6ce8" in line
    assert line.endswith("~  story\n")
    assert len(line.rstrip("\n")) <= 60


# --- commands at a terminal ----------------------------------------------------------------------


class AtTerminal:
    """A command whose three streams are a terminal of so many columns."""

    def __init__(self, *argv, columns=100, **env):
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in COLOURS}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mockserver", *map(str, argv)],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env={**kept, "TERM": "xterm", **env},
        )  # fmt: skip
        os.close(theirs)
        self.raw = b""

    def until(self, pattern):
        """Read until this has been shown; returns all that has."""
        while not re.search(pattern, self.text):
            part = self._read()
            assert part, self.text
        return self.text

    def rest(self):
        """Read to the end; returns all that was shown, and the exit code."""
        while self._read():
            pass
        return self.text, self.process.wait(30)

    def _read(self):
        part = b""
        assert select.select([self._ours], [], [], 60)[0], self.text
        with suppress(OSError):  # Linux: the other end is closed
            part = os.read(self._ours, 65536)
        self.raw += part
        return part

    @property
    def text(self):
        """What has been shown, with what was erased: as lines."""
        return self.raw.decode().replace("\r\n", "\n")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@contextmanager
def at_terminal(*argv, **options):
    command = AtTerminal(*argv, **options)
    try:
        yield command
    finally:
        command.close()


@pytest.fixture
def folder(tmp_path):
    """A folder with one scenario that waits for a signal."""
    (tmp_path / "story.yaml").write_text(STORY)
    return tmp_path


def stays(text):
    """Return what is left of what was shown: progress is erased, colours are not seen."""
    return re.sub(r"\r\x1b\[2K[^\r\n]*(?=\r)|\r\x1b\[2K", "", plain(text))


def fetch(url):
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(url) as response:
        response.readline()


def test_a_server_that_somebody_watches(folder):
    """It says where it is and what it plays, then each connection and its end, then edits."""
    with at_terminal(*SERVE, folder) as command:
        command.until(r"Ctrl-C ends it.*\n")
        (url,) = re.findall(r"(?m)^Listening on (http://127\.0\.0\.1:\d+)$", stays(command.text))
        fetch(url + STATUS)
        command.until(r"←.*\n")
        fetch(url + "/nope")
        command.until(r"✗.*\n")
        (folder / "story.yaml").write_text("operation: streamOrderStatus\nstraem: []\n")
        command.until(r"mend:.*\n")
        (folder / "story.yaml").write_text(STORY)
        command.until(r"↻.*\n")
        command.process.send_signal(signal.SIGINT)
        text, code = command.rest()
    assert code == 0
    assert "\x1b[32m→\x1b[0m" in text
    shown = re.sub(r"(?m)^\d\d:\d\d:\d\d", "TIME", stays(text))
    shown = re.sub(r"\d+ bytes, \d+\.\d s", "B, S", shown).replace(url, "URL")
    assert shown.splitlines() == [
        "Listening on URL",
        "  page       URL/_mock/",
        "  document   specs/petstore.openapi.yaml: 33 operations, 15 streams",
        f"  scenarios  1 in {folder}",
        "  problems   none",
        "  edits      take effect for the next connection",
        "  Ctrl-C ends it",
        f"TIME → GET {STATUS}  story",
        f"TIME ← GET {STATUS}  ended by the client, 1 block, B, S",
        "TIME ✗ GET /nope  404 no operation fits GET /nope [no-operation]",
        "TIME ✗ edited files have 1 problem  what was loaded before goes on",
        f"{folder}/story.yaml:2:1: unknown key 'straem' in a scenario [unknown-key]",
        "  straem: []",
        "  ^^^^^^",
        "  mend: did you mean 'stream'?",
        "TIME ↻ files read anew  1 scenario",
    ]


PLAIN = {
    "without colours": ({"NO_COLOR": "1"}, "→"),
    "a dumb terminal": ({"TERM": "dumb"}, "→"),
    "ASCII": ({"NO_COLOR": "1", "PYTHONIOENCODING": "ascii"}, ">"),
}


@pytest.mark.parametrize(("env", "sign"), PLAIN.values(), ids=PLAIN)
def test_a_terminal_that_can_do_less(folder, env, sign):
    """Gets the same lines, without a sequence, in letters that it has, and none too long."""
    (folder / "story.yaml").write_text("scenario: 注文\n" + STORY)
    serve = [*SERVE, folder]
    with at_terminal(*serve, columns=40, **env) as command:
        command.until(r"Ctrl-C ends it\n")
        url = re.search(r"Listening on (\S+)", command.text)[1]
        fetch(url + STATUS)
        command.until(r"(?s)\n\d\d:.*\n\d\d:.*\n")
        command.process.send_signal(signal.SIGINT)
        text, code = command.rest()
    lines = [line for line in text.splitlines() if re.match(r"\d\d:", line)]
    assert code == 0
    assert "\x1b" not in text.replace("\x1b[2K", "")
    assert lines[0][9] == sign
    assert {columns(line) <= 40 for line in lines} == {True}


def test_the_log_can_be_asked_for_at_a_terminal(folder):
    """As it is everywhere else."""
    serve = [*SERVE, folder, "--log-format", "text"]
    with at_terminal(*serve) as command:
        command.until(r"Ctrl-C ends it.*\n")
        fetch(re.search(r"Listening on (\S+)", plain(command.text))[1] + STATUS)
        command.until("closed session=default .*\n")


def test_a_check_at_a_terminal(folder):
    """Has colours, and stands in as many columns as there are."""
    (folder / "story.yaml").write_text(GOOD)
    (folder / "typo.yaml").write_text("operation: streamOrderStatus\nstraem: []\n")
    with at_terminal("check", "--scenarios", folder, columns=70) as command:
        text, code = command.rest()
    assert code == 2
    assert "\x1b[31m: unknown key 'straem' in a scenario\x1b[0m" in text
    assert "\x1b[31m1 error, 0 warnings\x1b[0m" in text
    lines = stays(text).splitlines()
    row = lines.index("streamOrderStatus  GET /orders/{id}/status/stream  stream")
    assert lines[row + 1] == "    story"


def test_colours_can_be_had_elsewhere(folder):
    """`--color always`, where a pager shows them; without it there is not one."""
    (folder / "story.yaml").write_text(GOOD)
    check = [sys.executable, "-m", "mockserver", "check", "--scenarios", str(folder)]
    shown = [
        subprocess.run([*check, *more], capture_output=True, text=True, check=True).stdout
        for more in ([], ["--color", "always"])
    ]
    assert "\x1b" not in shown[0]
    assert shown[1] != plain(shown[1]) == shown[0]


def test_a_run_at_a_terminal(folder):
    """Says in colour that all is well; the command has the terminal to itself."""
    command = [sys.executable, "-c", "print('mine')"]
    with at_terminal("run", "--scenarios", folder, "--", *command) as run:
        text, code = run.rest()
    assert code == 0
    assert stays(text).splitlines() == [
        "mine",
        "mockserver: passed; nobody has asked the server for anything (it was at MOCKSERVER_URL)",
    ]
    assert "mockserver: \x1b[33mpassed" in text


def test_a_start_that_fails_says_so_in_colour(folder):
    """Its last words are the mend."""
    with at_terminal("serve", "--clock", "never", "--scenarios", folder) as command:
        text, code = command.rest()
    assert code == 3
    assert "\x1b[31mthere is no clock 'never' [bad-clock]\x1b[0m" in text

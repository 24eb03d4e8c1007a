"""What a terminal can show: colour where it is wanted, lines that fit, progress without a trace."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Final, Literal, Self, TextIO

from mockserver.errors import columns

if TYPE_CHECKING:
    import argparse
    from types import TracebackType

Wish = Literal["auto", "always", "never"]
Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: Final[dict[Style, str]] = {
    "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36",
}  # fmt: skip
"""Parameters of SGR (ECMA-48 § 8.3.117)."""
_NARROWEST: Final = 20
_USUAL: Final = 80
SOON: Final = 1.0
"""Seconds that something takes before it is said how far it is."""
_EVERY: Final = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --color."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="colours; auto: at a terminal, unless NO_COLOR is set (default: auto)",
    )


class Terminal:
    """A stream that may be a terminal."""

    def __init__(self, stream: TextIO, color: Wish = "auto") -> None:
        self.stream = stream
        self.interactive = stream.isatty()
        self.can_move = self.interactive and os.environ.get("TERM") != "dumb"
        """Whether what is written can be taken away again."""
        if self.can_move and sys.platform == "win32":
            self.can_move = _obeys_sequences(stream)
        self.colored = color == "always" or (color == "auto" and self._wants_color())

    def _wants_color(self) -> bool:
        """Tell what the environment says (no-color.org; bixense.com/clicolors)."""
        said = os.environ.get
        if said("NO_COLOR"):
            return False
        if any(said(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
            return True
        return self.can_move and "0" not in (said("CLICOLOR"), said("FORCE_COLOR"))

    @property
    def width(self) -> int:
        """How many columns it has; of what is no terminal, none are known: 0."""
        if not self.interactive:
            return 0
        with contextlib.suppress(OSError, ValueError, AttributeError):
            # One whose size nobody has set says 0: those of containers and of scripts.
            told = os.get_terminal_size(self.stream.fileno()).columns
            return max(told, _NARROWEST) if told else _USUAL
        return _USUAL

    def paint(self, text: str, *styles: Style) -> str:
        """Return text in colour, where colours are wanted."""
        if not self.colored or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def sign(self, sign: str, plain: str) -> str:
        """Return a sign, or a plain one where the encoding does not have it."""
        try:
            sign.encode(self.stream.encoding or "ascii")
        except (UnicodeError, LookupError):
            return plain
        return sign

    def written(self, text: str) -> str:
        """Return a text as the stream writes it: with escapes for what its encoding has not."""
        try:
            encoding = self.stream.encoding or "ascii"
            return text.encode(encoding, "backslashreplace").decode(encoding)
        except LookupError:
            return text

    def fit(self, text: str, width: int) -> str:
        """Return as much of a text as fits into so many columns; all of it for 0."""
        if not width or columns(text) <= width:
            return text
        mark = self.sign("…", "~")
        while text and columns(text) > width - 1:
            text = text[: -max(1, (columns(text) - width) // 2)]
        return text + mark

    def write(self, text: str) -> None:
        """Write text, and see that it is there."""
        self.stream.write(text)
        self.stream.flush()


def never_missing() -> None:
    """Put the null device where we were started without a standard stream (`2>&-`, pythonw).

    What is opened next would take its place otherwise, and be written to in its stead.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # `open` gives the lowest number that is free: this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))


def never_break(*streams: TextIO) -> None:
    """See that what an encoding does not have is written as an escape, instead of an error."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")


class Progress:
    """Says how far something is once it takes longer than a second; leaves nothing behind.

    Nothing else may be written to the terminal between beginning and `over`.
    """

    def __init__(self, terminal: Terminal, doing: str) -> None:
        self._terminal = terminal
        self._doing = doing
        self._began = time.monotonic()
        self._over = threading.Event()
        self._shown = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._terminal.can_move:
            self._thread = threading.Thread(target=self._show, name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over()

    def at(self, doing: str) -> None:
        """Say what is being done now."""
        self._doing = doing

    def over(self) -> None:
        """Take away what was shown, and show nothing more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._shown:
            self._shown = False
            self._terminal.write("\r\x1b[2K")

    def _show(self) -> None:
        wait, shown = SOON, ""
        while not self._over.wait(wait):
            wait = _EVERY
            took = time.monotonic() - self._began
            rest = f" {self._terminal.sign('…', '...')} {took:.0f} s"
            room = self._terminal.width - 1 - columns(rest)
            text = self._terminal.fit(self._doing, max(room, 1)) + rest
            if text != shown:
                self._shown, shown = True, text
                self._terminal.write(f"\r\x1b[2K{self._terminal.paint(text, 'dim')}")


def _obeys_sequences(stream: TextIO) -> bool:
    """Have a console of Windows obey escape sequences; whether it does (since Windows 10)."""
    if sys.platform != "win32":
        return True
    try:
        import ctypes  # noqa: PLC0415
        import msvcrt  # noqa: PLC0415

        kernel, mode = ctypes.windll.kernel32, ctypes.c_ulong()
        console = msvcrt.get_osfhandle(stream.fileno())
        if not kernel.GetConsoleMode(console, ctypes.byref(mode)):
            return False
        # ENABLE_VIRTUAL_TERMINAL_PROCESSING
        return bool(kernel.SetConsoleMode(console, mode.value | 0x4))
    except (OSError, AttributeError, ValueError, ImportError):
        return False

"""One command as a process of its own, with our terminal and our signals, until it has ended.

At a terminal it shares our process group, as under a shell: Ctrl-C and Ctrl-Z reach it by
themselves, and it may read from the terminal. Elsewhere it gets a group of its own, so that what it
has started can be signalled with it, and nothing stays behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any, Final

from mockserver.clock import pause
from mockserver.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NOT_FOUND: Final = 127
"""Exit code of shells for a command that there is not (POSIX.1-2024, Shell § 2.8.2)."""
NOT_EXECUTABLE: Final = 126
"""Exit code of shells for a command that cannot be executed."""
GRACE: Final = 5.0
"""Seconds that a command has to end once it has been told to; then it is killed."""

_ENDING: Final = ("SIGTERM", "SIGHUP")
_BY_KEYBOARD: Final = ("SIGINT", "SIGQUIT")
_OTHER: Final = ("SIGUSR1", "SIGUSR2")


class CannotRunError(StartError):
    """The command could not be started; `status` is the exit code that a shell would give."""

    def __init__(self, what: str, *, code: str, mend: str, status: int) -> None:
        self.status = status
        super().__init__(what, code=code, mend=mend)


class Command:
    """A command that is started once, is sent what signals we get, and is waited for."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._argv = argv
        self._environment = environment
        self._shares = at_terminal()
        self._process: asyncio.subprocess.Process | None = None
        self._early: list[int] = []
        """Signals that came before there was a process to send them to."""
        self._reaper: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Start the command and wait for its end; returns its exit code, 128 + n for a signal.

        Raises CannotRunError.
        """
        with self._forwarding():
            self._process = await self._started()
            for number in self._early:
                self._forward(number)
            try:
                code = await self._process.wait()
            except asyncio.CancelledError:  # Windows: Ctrl-C has reached the command as well
                code = await self._process.wait()
            if self._reaper is not None:
                await self._nothing_left()
        return code if code >= 0 else 128 - code

    async def _started(self) -> asyncio.subprocess.Process:
        options: dict[str, Any] = {"env": self._environment}
        if not self._shares and hasattr(os, "killpg"):
            options["process_group"] = 0
        try:
            return await asyncio.create_subprocess_exec(*self._argv, **options)
        except OSError as error:
            raise _cannot_run(self._argv[0], error) from None

    @contextlib.contextmanager
    def _forwarding(self) -> Iterator[None]:
        """Take signals for the command; those that we were told to ignore stay ignored."""
        loop = asyncio.get_running_loop()
        taken = []
        for name in (*_ENDING, *_BY_KEYBOARD, *_OTHER):
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) is signal.SIG_IGN:
                continue
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, self._forward, number)
                taken.append(number)
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)

    def _forward(self, number: int) -> None:
        if self._process is None:
            self._early.append(number)
            return
        name = signal.Signals(number).name
        if not (self._shares and name in _BY_KEYBOARD):  # the terminal has told it already
            self._send(number)
        if name in _ENDING and self._reaper is None:
            self._reaper = asyncio.get_running_loop().create_task(self._reap())

    async def _reap(self) -> None:
        """Kill the command where it does not end in time."""
        await pause(GRACE)
        self._send(signal.SIGKILL)

    async def _nothing_left(self) -> None:
        """See that what the command had started ends with it: we were told to go, all of us."""
        assert self._reaper is not None
        if not self._shares:
            for _ in range(20):
                if not self._send(0):
                    break
                await pause(0.05)
            else:
                self._send(signal.SIGKILL)
        self._reaper.cancel()

    def _send(self, number: int) -> bool:
        """Send a signal, to the whole group where it is the command's own; whether any is there."""
        assert self._process is not None
        try:
            if not self._shares and hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            elif self._process.returncode is None:
                os.kill(self._process.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # it runs as somebody else by now; macOS: nobody but zombies
            return False
        return True


def at_terminal() -> bool:
    """Tell whether we are in the foreground of a terminal, so that its keys reach us."""
    if not hasattr(os, "tcgetpgrp"):
        return True  # Windows: consoles send Ctrl-C to all that are attached
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _cannot_run(name: str, error: OSError) -> CannotRunError:
    reason = (error.strerror or str(error)).lower()
    # A variable that is not set: what the folders of PATH are asked for is the folders themselves.
    if name and not isinstance(error, FileNotFoundError):
        return CannotRunError(
            f"cannot run {name!r}: {reason}",
            code="command-not-executable",
            mend="make it executable (chmod +x), and begin a script with a line such as #!/bin/sh",
            status=NOT_EXECUTABLE,
        )
    if name and shutil.which(name) is not None:
        what = f"cannot run {name!r}: the program that its first line names is not there"
        mend = "mend the line that begins with #!"
    else:
        what = f"there is no command {name!r}"
        mend = "write the command and its arguments as words of their own, or: sh -c '…'"
    return CannotRunError(what, code="command-not-found", mend=mend, status=NOT_FOUND)

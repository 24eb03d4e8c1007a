"""The command line: one file a command; the only place that prints.

Commands are imported when one is run, which takes a while: so Ctrl-C meanwhile is no traceback.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from mockserver import __version__
from mockserver.cli import terminal
from mockserver.errors import LoadError, StartError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

EXIT_LOAD = 2
EXIT_START = 3
EXIT_INTERRUPTED: Final = 130
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""How the system says that there is no room for what is written."""


class _Parser(argparse.ArgumentParser):
    """Leaves exit code 2 to files: a wrong option is the operator's affair."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_START, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 well, 1 not, 2 files, 3 operator."""
    try:
        terminal.never_missing()
        return _run(argv)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has gone, and wants no more of it.
        _say_no_more()
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        print(f"mockserver: cannot write: {error.strerror}", file=sys.stderr)
        _say_no_more()
        return EXIT_START


def _run(argv: Sequence[str] | None) -> int:
    from mockserver.cli import painted  # noqa: PLC0415

    args = _parser().parse_args(argv)
    terminal.never_break(sys.stdout, sys.stderr)
    to = terminal.Terminal(sys.stderr, args.color)
    try:
        code: int = args.run(args)
    except LoadError as error:
        for problem in error.problems:
            print(painted.problem(problem, to), file=sys.stderr)
        print(f"\n{painted.count(len(error.problems), 'problem')}", file=sys.stderr)
        return EXIT_LOAD
    except StartError as error:
        print(painted.error(error, to), file=sys.stderr)
        return EXIT_START
    sys.stdout.flush()
    return code


def _parser() -> _Parser:
    parser = _Parser(
        prog="mockserver",
        description="A mock server for event streams: OpenAPI and scenarios in, "
        "deterministic Server-Sent Events out.",
    )
    parser.add_argument("--version", action="version", version=f"mockserver {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _commands().items():
        doc = (command.__doc__ or "").partition("\n")[0]
        sub = commands.add_parser(name, help=doc, description=doc)
        command.add_arguments(sub)
        terminal.add_arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def _commands() -> dict[str, ModuleType]:
    """Return the modules of the commands, by their names, in the order of the help."""
    from mockserver.cli import (  # noqa: PLC0415
        check,
        explain,
        imported,
        new,
        record,
        run,
        schema,
        serve,
        verify,
    )

    return {
        "serve": serve,
        "run": run,
        "verify": verify,
        "record": record,
        # No module can be called import.
        "import": imported,
        "check": check,
        "explain": explain,
        "new": new,
        "schema": schema,
    }


def _say_no_more() -> None:
    """Let what is still to be written go nowhere: at the end of the process it would fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError):
            continue  # no file of the system's, but a test's

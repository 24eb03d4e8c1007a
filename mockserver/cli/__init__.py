"""The command line: one file a command; the only place that prints."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, NoReturn

from mockserver import __version__
from mockserver.cli import (
    check,
    explain,
    imported,
    new,
    painted,
    record,
    run,
    schema,
    serve,
    terminal,
    verify,
)
from mockserver.errors import LoadError, StartError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = {imported: "import"}
"""Commands that no module can have the name of."""
EXIT_LOAD = 2
EXIT_START = 3


class _Parser(argparse.ArgumentParser):
    """Leaves exit code 2 to files: a wrong option is the operator's affair."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_START, f"{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 well, 1 not, 2 files, 3 operator."""
    terminal.never_missing()
    parser = _Parser(
        prog="mockserver",
        description="A mock server for event streams: OpenAPI and scenarios in, "
        "deterministic Server-Sent Events out.",
    )
    parser.add_argument("--version", action="version", version=f"mockserver {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (serve, run, verify, record, imported, check, explain, new, schema):
        name = _NAMES.get(command, command.__name__.rpartition(".")[2])
        doc = (command.__doc__ or "").partition("\n")[0]
        sub = commands.add_parser(name, help=doc, description=doc)
        command.add_arguments(sub)
        terminal.add_arguments(sub)
        sub.set_defaults(run=command.run)
    args = parser.parse_args(argv)
    terminal.never_break(sys.stdout, sys.stderr)
    to = terminal.Terminal(sys.stderr, args.color)
    try:
        code: int = args.run(args)
    except KeyboardInterrupt:
        return verify.EXIT_INTERRUPTED
    except LoadError as error:
        for problem in error.problems:
            print(painted.problem(problem, to), file=sys.stderr)
        print(f"\n{painted.count(len(error.problems), 'problem')}", file=sys.stderr)
        return EXIT_LOAD
    except StartError as error:
        print(painted.error(error, to), file=sys.stderr)
        return EXIT_START
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has gone, and wants no more of it
        return 0
    return code

"""Run a command under a server, and tell whether the client behaved."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.cli import painted, serve, tls
from mockserver.cli.terminal import Terminal
from mockserver.errors import ControlError, StartError, escaped
from mockserver.play.session import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.cli.terminal import Progress
    from mockserver.clock import Clock
    from mockserver.play.session import Session
    from mockserver.play.verdict import SessionVerdict
    from mockserver.runner import MockServer

EXIT_FAILED: Final = 1
"""The exit code where the command went well and the verdict did not."""
GONE: Final = 1_000
"""Verdicts on sessions there are no more that are kept; of those beyond, the first that failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a server, and those of the verdict, and the command."""
    serve.add_arguments(parser)
    # A suite is judged by what it began with.
    parser.set_defaults(port=0, reload=False)
    parser.usage = "mockserver run [options] -- COMMAND [ARGUMENT ...]"
    parser.epilog = (
        "The command finds the server in MOCKSERVER_URL, and its control API in "
        "MOCKSERVER_CONTROL_URL. The exit code is the command's unless that is 0; then 1 where the "
        "verdict failed; 127 and 126 for a command that cannot be run, 2 and 3 as for serve."
    )
    parser.add_argument(
        "--junit", metavar="FILE", type=Path, help="write the verdict as JUnit XML, too"
    )
    parser.add_argument(
        "--allow",
        metavar="CODE",
        action="append",
        default=[],
        help="a finding that does not fail the verdict; several times for several",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show every connection on standard error, among what the command writes",
    )
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")


def run(args: argparse.Namespace) -> int:
    """Run the command, judge all sessions it has used, and return the exit code.

    Raises LoadError, StartError, both before the command is started.
    """
    gc.disable()  # as in serve: nothing that is made while starting is garbage
    from mockserver.cli.log import configure  # noqa: PLC0415

    argv = args.argv[1:] if args.argv[:1] == ["--"] else args.argv
    if not argv:
        raise StartError(
            "there is no command to run",
            code="no-command",
            mend="write it behind two dashes: mockserver run --scenario NAME -- pytest -q",
        )
    _check_codes(args.allow)
    if args.junit is not None:
        write_report(args.junit, "")
    log = configure(args.log_format, args.color)
    server = serve.server_of(args, log if args.verbose else None)
    if args.verbose or args.reload:
        server.on_look = partial(log.looked, server)
    try:
        with serve.loading(args) as progress:
            return asyncio.run(_run(server, argv, args, progress))
    except KeyboardInterrupt:  # before there was a command to leave it to
        return 130
    finally:
        log.flush()


async def _run(
    server: MockServer, argv: list[str], args: argparse.Namespace, progress: Progress
) -> int:
    from mockserver.cli.process import CannotRunError, Command  # noqa: PLC0415

    async with server:
        progress.over()
        serve.print_problems(server, args.color)
        tls.tell(server, args)
        serve.calm_collector()
        tidying = asyncio.create_task(serve.tidy(server))
        bench = Bench(server, args.allow)
        try:
            code = await Command(argv, environment(server)).run()
        except CannotRunError as error:
            print(error, file=sys.stderr)
            return error.status
        finally:
            tidying.cancel()
        await server.left()
        asked = bench.asked  # judging the default session makes it
        to = Terminal(sys.stderr, args.color)
        well = report(bench.all(), args.junit, asked=asked, to=to)
    if args.min_coverage and serve.hold_coverage(server, args.min_coverage):
        well = False
    return code or (0 if well else EXIT_FAILED)


class Bench:
    """Judges every session: one that is deleted or makes room when it goes, the rest in the end."""

    def __init__(self, server: MockServer, allow: list[str]) -> None:
        self._server = server
        self._allow = allow
        self._gone: list[SessionVerdict] = []
        self._asked: set[str] = set()
        """Scenarios that sessions which are gone have asked for, those not kept included."""
        server.on_gone = self._let_go

    @property
    def asked(self) -> bool:
        """Whether there has been any session."""
        return bool(self._gone or self._server.session_names())

    def _let_go(self, session: Session[Clock]) -> None:
        from mockserver.play.verdict import verdict_of  # noqa: PLC0415

        if len(self._gone) >= GONE:  # what failed is not let go for what passed
            passed = [each for each in self._gone if each.status == "passed"]
            self._gone.remove((passed or self._gone)[0])
        catalog = self._server.catalog
        verdict = verdict_of(session, catalog, final=True, allow=self._allow)
        self._gone.append(verdict)
        self._asked |= verdict.asked

    def all(self) -> list[SessionVerdict]:
        """Return all verdicts; without any session that of the default one, which nobody asked."""
        from mockserver.play.verdict import together  # noqa: PLC0415

        names = self._server.session_names() if self.asked else [DEFAULT]
        verdicts = [self._server.judged(n, final=True, allow=self._allow) for n in names]
        return together(self._gone + verdicts, self._asked)


def environment(server: MockServer) -> Mapping[str, str]:
    """Return what the command finds in its environment: ours, and where the server is."""
    url = server.reachable_url
    own = {"MOCKSERVER_URL": url, "MOCKSERVER_CONTROL_URL": f"{url}/_mock"}
    return {**os.environ, **own, **tls.environment(server)}


def report(
    verdicts: list[SessionVerdict], junit: Path | None, *, asked: bool, to: Terminal
) -> bool:
    """Tell what is to be said of the clients, and return whether all of it is well.

    `asked` is whether anybody has asked the server for anything.
    """
    from mockserver.play.verdict import as_junit, as_text  # noqa: PLC0415

    failed = [verdict for verdict in verdicts if verdict.status != "passed"]
    for verdict in failed:
        text = painted.report(escaped(as_text(verdict, failed_only=True)), to)
        print(f"\n{text}", file=sys.stderr)
    if not failed:
        said = to.paint(_summary(verdicts), "green") if asked else to.paint(_NOBODY, "yellow")
        print(f"mockserver: {said}", file=sys.stderr)
    if junit is not None:
        try:
            write_report(junit, as_junit(verdicts))
        except StartError as error:  # it could be written when the command began
            print(error, file=sys.stderr)
            return False
    return not failed


_NOBODY: Final = "passed; nobody has asked the server for anything (it was at MOCKSERVER_URL)"


def _summary(verdicts: list[SessionVerdict]) -> str:
    """Return on one line that all is well, and how much that is."""
    expected = sum(verdict.count("passed") for verdict in verdicts)
    whose = f" in {len(verdicts)} sessions" if len(verdicts) > 1 else ""
    if not expected:
        return f"passed{whose}; nothing was expected"
    return f"passed{whose}, {expected} expectation{'' if expected == 1 else 's'} met"


def _check_codes(codes: list[str]) -> None:
    from mockserver.play.verdict import allowed_codes  # noqa: PLC0415

    try:
        allowed_codes(codes)
    except ControlError as error:
        raise StartError(error.what, code=error.code, mend=error.mend) from None


def write_report(path: Path, text: str) -> None:
    """Write the report, empty before there is one: an old one would be taken for this run's.

    Raises StartError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(
            f"the report cannot be written to {path}: {error.strerror or error}",
            code="unwritable-report",
            mend="name a file that can be written with --junit",
        ) from None

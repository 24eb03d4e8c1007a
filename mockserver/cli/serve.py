"""Serve an OpenAPI document and its scenarios."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from mockserver.cli import covered, files, painted, tls
from mockserver.cli.numbers import whole
from mockserver.cli.terminal import Progress, Terminal
from mockserver.clock import pause

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.cli.terminal import Wish
    from mockserver.play.coverage import Kind
    from mockserver.play.journal import Entry
    from mockserver.runner import MockServer

_PILE: Final = 3_000_000
"""Objects that may be made, less those freed, before garbage is collected while streams go on.
What asyncio leaves behind of a connection is seven objects in a circle, 1.7 KB."""
_TIDY_EVERY: Final = 30.0
"""Seconds between looks at whether garbage can be collected."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a server."""
    files.add_arguments(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--port", type=whole(0, 65_535), default=8080, help="port to listen on; 0 takes any"
    )
    parser.add_argument("--seed", default="0", help="what all chance is drawn from (default: 0)")
    parser.add_argument("--clock", default="real", help="real, 10x (any factor), instant or manual")
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        action="append",
        default=[],
        help="prefer this scenario for its operation; several times for several",
    )
    parser.add_argument(
        "--requests",
        choices=("off", "warn", "enforce"),
        default="enforce",
        help="what becomes of requests that break the document (default: enforce)",
    )
    parser.add_argument("--no-cors", action="store_true", help="leave CORS headers out")
    parser.add_argument(
        "--keep-going", action="store_true", help="leave out what has problems, and serve the rest"
    )
    parser.add_argument(
        "--stateful",
        action="store_true",
        help="keep what clients create by POST, for them to read, list, change and delete",
    )
    parser.add_argument(
        "--events",
        choices=("off", "warn", "enforce"),
        help="what becomes of events and answers that break the contract: nothing, a line in the "
        "log, or they are not sent (default: enforce for the Petstore, warn for all others)",
    )
    parser.add_argument(
        "--allow-calls-to",
        metavar="HOST",
        action="append",
        default=[],
        help="a host besides this machine that calls of scenarios may go to, as example.test or "
        "example.test:8443, or * for any; several times for several",
    )
    parser.add_argument(
        "--control-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a host name by which the control API may be reached from other machines, or * for "
        "any; several times for several (default: from this machine only)",
    )
    parser.add_argument(
        "--control-token",
        metavar="TOKEN",
        help="nobody uses the control API but who sends 'Authorization: Bearer TOKEN'",
    )
    parser.add_argument(
        "--sessions",
        metavar="N",
        type=whole(1),
        help="sessions kept at a time; the one unused for longest makes room (default: 1000)",
    )
    parser.add_argument(
        "--session-idle",
        metavar="TIME",
        type=_time,
        help="how long a session is kept that nobody uses, as 30m (default: 1h)",
    )
    parser.add_argument(
        "--journal",
        metavar="N",
        type=whole(0),
        default=20_000,
        help="entries that the journal of a session keeps; 0 keeps none (default: 20000)",
    )
    parser.add_argument(
        "--reload",
        action=argparse.BooleanOptionalAction,
        help="read files anew when they are edited, for connections to come "
        "(default: where standard output or standard error is a terminal)",
    )
    tls.add_arguments(parser)
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        help="what standard error gets of every connection (default: lines for people at a "
        "terminal, else text)",
    )
    covered.add_minimum(parser, "clients were sent")


def _time(text: str) -> float:
    from mockserver.scenario.units import UnitError, lasting  # noqa: PLC0415

    try:
        return lasting(text)
    except UnitError as error:
        raise argparse.ArgumentTypeError(f"{error.what}: {error.mend}") from None


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; 1 where clients were sent too little of the document.

    Raises LoadError, StartError.
    """
    # Nothing that is made while starting is garbage: a tenth of the start would go into looking.
    gc.disable()
    from mockserver.cli.log import configure  # noqa: PLC0415

    log = configure(args.log_format, args.color)
    if args.reload is None:
        args.reload = sys.stdout.isatty() or sys.stderr.isatty()
    server = server_of(args, log)
    server.on_look = partial(log.looked, server)
    raise_file_limit()
    with contextlib.suppress(KeyboardInterrupt), loading(args) as progress:
        asyncio.run(_serve(server, args, progress))
    log.flush()
    return hold_coverage(server, args.min_coverage) if args.min_coverage else 0


def server_of(
    args: argparse.Namespace, on_entry: Callable[[str, Entry], None] | None
) -> MockServer:
    """Return the server that the options of `add_arguments` describe, not yet started."""
    from mockserver.runner import MockServer  # noqa: PLC0415

    return MockServer(
        spec=args.spec,
        scenarios=args.scenarios,
        settings=args.settings,
        host=args.host,
        port=args.port,
        seed=args.seed,
        clock=args.clock,
        pinned=args.scenario,
        requests=args.requests,
        cors=not args.no_cors,
        keep_going=args.keep_going,
        stateful=args.stateful,
        events=args.events,
        allow_calls_to=args.allow_calls_to,
        control_hosts=args.control_host,
        control_token=args.control_token,
        sessions=args.sessions,
        session_idle=args.session_idle,
        journal=args.journal,
        reload=args.reload,
        tls=tls.setting(args),
        on_entry=on_entry,
    )


def hold_coverage(server: MockServer, minimum: dict[Kind, float]) -> int:
    """Tell what of the document clients were sent, and hold it against the minimum."""
    found = server.covered()
    missing = covered.missing(found, minimum, "exercised")
    print(covered.summary(found, "exercised"), *missing, sep="\n", file=sys.stderr)
    return covered.EXIT_MISSED if missing else 0


def loading(args: argparse.Namespace) -> Progress:
    """Return what says that files are being read, where that takes its time."""
    return Progress(Terminal(sys.stderr, args.color), "reading the document and its scenarios")


def print_problems(server: MockServer, color: Wish) -> None:
    """Tell what is wrong with what is served all the same."""
    to = Terminal(sys.stderr, color)
    for problem in server.problems:
        print(painted.problem(problem, to), file=sys.stderr)


def _print_start(server: MockServer, args: argparse.Namespace) -> None:
    """Say that the server listens, in a line for machines, and the rest for a person."""
    print(f"Listening on {server.url}", flush=True)
    here = next((stream for stream in (sys.stdout, sys.stderr) if stream.isatty()), None)
    if here is not None:
        from mockserver.cli.lines import start  # noqa: PLC0415

        to = Terminal(here, args.color)
        to.write(start(server, files.workspace_of(args), to))


async def _serve(server: MockServer, args: argparse.Namespace, progress: Progress) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises instead
            loop.add_signal_handler(number, stop.set)
    async with server:
        progress.over()
        print_problems(server, args.color)
        tls.tell(server, args)
        calm_collector()
        _print_start(server, args)
        tidying = asyncio.create_task(tidy(server))
        await stop.wait()
        tidying.cancel()


class _Busy(Protocol):
    @property
    def busy(self) -> bool:
        """Whether anybody is being served now."""


async def tidy(server: _Busy) -> None:
    """Collect garbage where it is in nobody's way."""
    while True:
        await pause(_TIDY_EVERY)
        if not server.busy or gc.get_count()[0] > _PILE:
            gc.collect()


def calm_collector() -> None:
    """Leave garbage to `tidy`, and what was loaded out of it.

    With ten thousand streams the collector's own pauses were the tail of the lateness, 20 to
    250 ms by its thresholds. This process is ours alone; an embedded server leaves its host's
    collector as it is.
    """
    gc.collect()
    gc.freeze()


def raise_file_limit() -> None:
    """Allow as many open connections as the system lets us."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

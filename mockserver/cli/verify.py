"""Hold a real backend to the scenarios: play their requests against it, and say what differs."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.cli import EXIT_INTERRUPTED, files, painted
from mockserver.cli.explain import add_header
from mockserver.cli.numbers import whole
from mockserver.cli.run import write_report
from mockserver.cli.terminal import Progress, Terminal
from mockserver.errors import LoadError, StartError, did_you_mean
from mockserver.scenario.units import FOREVER, UnitError, span
from mockserver.verify.options import COUNT, MATCHES, ORDERS, TIMEOUT, TOLERANCE, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockserver.scenario.catalog import Catalog
    from mockserver.upstream.drive import Backend
    from mockserver.verify.words import Verified

EXIT_FAILED: Final = 1
WHOLE: Final = "10m"
_AWAY: Final = "the backend cannot be reached"
# RFC 9110 § 5.5 and § 5.6.2: a value has no control characters but tabs, a name is a token.
_NO_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING: Final = frozenset(("content-length", "transfer-encoding"))
"""What a body has by itself; with another length, a request has no end (RFC 9112 § 6.3)."""
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a verification."""
    parser.epilog = (
        "Without a SCENARIO it is every one that its own request leads to. The exit code is 0 "
        "where nothing differs, 1 where something does, 2 and 3 as for serve."
    )
    parser.add_argument(
        "scenario", metavar="SCENARIO", nargs="*", help="a scenario's name, or a glob of names"
    )
    parser.add_argument(
        "--base-url",
        metavar="URL",
        required=True,
        help="where the backend is: with a path it stands in place of the document's server",
    )
    files.add_arguments(parser)
    _add_request_arguments(parser)
    parser.add_argument(
        "--events",
        choices=ORDERS,
        default="types",
        help="how events are compared with the scenario's: their types in order, repeats counted "
        "once (types); one by one (exact); in any order (set) (default: types)",
    )
    parser.add_argument(
        "--key",
        metavar="KEY",
        default="",
        type=_key,
        help="what tells events of one type apart: 'id', or a JSON pointer into the data: /status",
    )
    parser.add_argument(
        "--match",
        choices=MATCHES,
        default="shape",
        help="values: by the document's schemas alone (shape), or also those that the scenario "
        "writes literally (exact) (default: shape)",
    )
    _add_time_arguments(parser)
    parser.add_argument(
        "--junit", metavar="FILE", type=Path, help="write the report as JUnit XML, too"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the report as JSON, too")


def _add_request_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--skip",
        metavar="SCENARIO",
        action="append",
        default=[],
        help="a name, or a glob of names, to leave out; several times for several",
    )
    parser.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_parameter,
        help="the value of a parameter, or as OPERATION.NAME=VALUE of one operation alone",
    )
    add_header(
        parser,
        "a header of all requests, as 'Authorization: Bearer ${TOKEN}': ${…} is taken from the "
        "environment; never shown",
    )
    parser.add_argument(
        "--prefer",
        action="store_true",
        help="name the scenario in the header Prefer, for a backend that is a mock server",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="accept any certificate of the backend"
    )
    parser.add_argument("--seed", default="0", help="what is made is made from this (default: 0)")


def _add_time_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        metavar="D",
        default=TIMEOUT,
        type=_duration,
        help="how much longer than its script a connection may take (default: 30s)",
    )
    parser.add_argument(
        "--total", metavar="D", default=WHOLE, type=_duration, help="and all together (default: "
        f"{WHOLE})",
    )  # fmt: skip
    parser.add_argument(
        "--tolerance",
        metavar="PERCENT",
        default=round(TOLERANCE * 100),
        type=whole(0, 1000),
        help="by how much of its interval a heartbeat may be late (default: 50)",
    )
    parser.add_argument(
        "--count",
        metavar="N",
        default=COUNT,
        type=whole(1, 10_000),
        help="events that are read of a stream without an end (default: 10)",
    )


def _key(text: str) -> str:
    if text and text != "id" and not text.startswith("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 'id' nor a JSON pointer: /status")
    return text


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no parameter: write NAME=VALUE")
    return name.strip(), value


def _duration(text: str) -> float:
    try:
        found = span(text)
    except UnitError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    if not found.fixed or not 0 < found.shortest < FOREVER:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 500ms, 30s, 2m")
    return found.shortest


def run(args: argparse.Namespace) -> int:
    """Verify, report, and return the exit code. Raises LoadError, StartError."""
    from mockserver.upstream.drive import Backend  # noqa: PLC0415  (brings aiohttp)

    options = _options(args)
    backend = Backend(args.base_url, options, seconds=args.total, insecure=args.insecure)
    with Progress(Terminal(sys.stderr, args.color), "reading the files"):
        catalog, problems = files.workspace_of(args).load()
    if any(problem.severity == "error" for problem in problems):
        raise LoadError(problems)
    for path in (args.junit, args.json):
        if path is not None:
            write_report(path, "")
    named = _named(catalog, args.scenario)
    wanted = [
        name
        for name in named or catalog.programs
        if not any(fnmatchcase(name, glob) for glob in args.skip)
    ]
    try:
        found = asyncio.run(_verify(backend, catalog, wanted, options, args))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return _report(found, args)


def _options(args: argparse.Namespace) -> Options:
    headers = tuple(
        (name, _sendable(name, _filled(f"header {name}", value))) for name, value in args.header
    )
    parameters = {name: _filled(f"parameter {name}", value) for name, value in args.param}
    return Options(
        parameters=parameters,
        headers=headers,
        order=args.events,
        key=args.key,
        match=args.match,
        seed=args.seed,
        timeout=args.timeout,
        tolerance=args.tolerance / 100,
        count=args.count,
        prefer=args.prefer,
    )


def _sendable(name: str, value: str) -> str:
    """Return the value of a header that can be sent. Raises StartError, without the value."""
    if not _NAME.fullmatch(name):
        raise StartError(
            f"{name!r} is no name of a header",
            code="unsendable-header",
            mend="write -H 'Name: value'; a name has letters, digits and hyphens",
        )
    if name in _FRAMING:
        raise StartError(
            f"the header {name} cannot be given: it says where the body ends, which it has already",
            code="unsendable-header",
            mend="leave it out: verify says how long a body is",
        )
    if found := _NO_VALUE.search(value):
        character = f"{found[0]!r} (at {found.start() + 1} of its {len(value)} characters)"
        raise StartError(
            f"the header {name} cannot be sent: it has {character} in it",
            code="unsendable-header",
            mend="give a value of one line without control characters, and -H once for each header",
        )
    return value


def _filled(name: str, value: str) -> str:
    """Return a value with what it takes from the environment. Raises StartError."""

    def variable(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise StartError(
                f"the {name} wants the variable {found[1]}, which is not set",
                code="no-variable",
                mend=f"export {found[1]}=…",
            )
        # What is read from a file, or was written on Windows, has a line end behind it.
        return os.environ[found[1]].rstrip(" \t\r\n")

    return _VARIABLE.sub(variable, value)


def _named(catalog: Catalog, asked: Sequence[str]) -> list[str]:
    """Return the scenarios that are asked for, globs filled in. Raises StartError."""
    found: dict[str, None] = {}
    for name in asked:
        matching = [known for known in catalog.programs if fnmatchcase(known, name)]
        if not matching:
            raise StartError(
                f"there is no scenario {name!r}",
                code="unknown-scenario",
                mend=did_you_mean(name, catalog.programs),
            )
        found |= dict.fromkeys(matching)
    return list(found)


async def _verify(
    backend: Backend,
    catalog: Catalog,
    wanted: Sequence[str],
    options: Options,
    args: argparse.Namespace,
) -> list[Verified]:
    """Verify one scenario after the other, and say so as it goes. Raises StartError."""
    from mockserver.verify.plan import plan_of  # noqa: PLC0415
    from mockserver.verify.report import as_text  # noqa: PLC0415
    from mockserver.verify.words import Skip, Verified  # noqa: PLC0415

    asked = args.scenario
    to, aside = Terminal(sys.stdout, args.color), Terminal(sys.stderr, args.color)
    plans = []
    for name in wanted:
        program = catalog.programs[name]
        plan = plan_of(catalog, program, options, named=_is_named(name, asked))
        if isinstance(plan, Skip) and name in asked:
            raise StartError(
                f"{name!r} cannot be verified: {plan.reason} ({plan.where})",
                code="not-verifiable",
                mend="leave it out: it is for the mock server alone",
            )
        plans.append((name, program, plan))
    if all(isinstance(plan, Skip) for _, _, plan in plans):
        reasons = "; ".join(f"{n}: {p.reason}" for n, _, p in plans[:3] if isinstance(p, Skip))
        raise StartError(
            f"there is nothing to verify{': ' if reasons else ''}{reasons}",
            code="nothing-to-verify",
            mend="name scenarios of streams or answers that a backend can be asked for",
        )
    found: list[Verified] = []
    async with backend:
        for name, program, plan in plans:
            where = program.scenario.where
            if isinstance(plan, Skip):
                told = Verified(name, where, "skipped", skip=plan)
            elif _is_away(found):
                told = Verified(name, where, "skipped", skip=Skip(_AWAY, where))
            elif backend.left <= 0:
                reason = Skip("the time for all of them was over (--total)", where)
                told = Verified(name, where, "failed", plan.ask.shown, skip=reason)
            else:
                with Progress(aside, f"verifying {name}"):
                    told = await backend.verify(plan)
            found.append(told)
            print(painted.report(as_text(told), to), flush=True)
    return found


def _is_away(found: Sequence[Verified]) -> bool:
    """Whether nothing but that the backend cannot be reached has been found out."""
    tried = [each for each in found if each.status != "skipped"]
    first = [each.differences[0].code for each in tried if each.differences]
    return bool(tried) and len(first) == len(tried) and {*first} <= {"unreachable", "tls"}


def _is_named(name: str, asked: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in asked)


def _report(found: list[Verified], args: argparse.Namespace) -> int:
    from mockserver.verify.junit import as_junit  # noqa: PLC0415
    from mockserver.verify.report import as_json, summary  # noqa: PLC0415

    failed = any(each.status == "failed" for each in found)
    print(f"\nverify: {summary(found)}")
    written: list[tuple[Path | None, Callable[[], str]]] = [
        (args.junit, lambda: as_junit(found, args.base_url)),
        (args.json, lambda: json.dumps(as_json(found), ensure_ascii=False, indent=2) + "\n"),
    ]
    for path, text in written:
        if path is not None:
            try:
                write_report(path, text())
            except StartError as error:  # it could be written when this began
                print(error, file=sys.stderr)
                failed = True
    return EXIT_FAILED if failed else 0

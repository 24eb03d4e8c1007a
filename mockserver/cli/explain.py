"""Show what each connection of a scenario will get, and when."""

from __future__ import annotations

import argparse
import json

from mockserver.cli import files
from mockserver.cli.numbers import whole
from mockserver.errors import ControlError, LoadError, StartError, did_you_mean, escaped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of an explanation."""
    parser.add_argument("scenario", metavar="SCENARIO", help="the scenario's name")
    files.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--dispatched", action="store_true", help="and what a conforming client makes of it"
    )
    parser.add_argument("--connection", type=int, metavar="N", help="only the Nth connection")
    parser.add_argument(
        "--last-event-id", metavar="ID", help="what a first request with this Last-Event-ID gets"
    )
    parser.add_argument(
        "--request",
        metavar="REQUEST",
        help="the request, as 'GET /v1/orders/7/status/stream?x=1' or 'POST /path {\"a\": 1}'",
    )
    add_header(
        parser,
        "a header of the request, as 'Accept-Encoding: gzip'; several times for several",
    )
    parser.add_argument("--seed", default="0", help="what all chance is drawn from (default: 0)")
    parser.add_argument(
        "--timeouts", action="store_true", help="what is awaited does not come: timeouts run out"
    )
    parser.add_argument(
        "--limit", type=whole(1), default=50, help="cues of a connection (default: 50)"
    )


def add_header(parser: argparse.ArgumentParser, said: str) -> None:
    """Add --header, which may be given several times; `said` is its help."""
    parser.add_argument(
        "--header", "-H", action="append", default=[], metavar="HEADER", type=_header, help=said
    )


def _header(text: str) -> tuple[str, str]:
    """Read `Name: value`, the name in lower case, as argparse wants it."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no header: write 'Name: value'")
    return name.strip().lower(), value.strip()


def run(args: argparse.Namespace) -> int:
    """Print the timeline. Raises LoadError, StartError."""
    from mockserver.play.explained import Asked, as_json, as_text, explain  # noqa: PLC0415

    catalog, problems = files.workspace_of(args).load()
    program = catalog.programs.get(args.scenario)
    if program is None:
        if any(problem.severity == "error" for problem in problems):
            raise LoadError(problems)
        raise StartError(
            f"there is no scenario {args.scenario!r}",
            code="unknown-scenario",
            mend=did_you_mean(args.scenario, catalog.programs),
        )
    asked = Asked(
        request=args.request or "",
        headers=dict(args.header),
        last_event_id=args.last_event_id,
        connection=args.connection,
        seed=args.seed,
        limit=args.limit,
        timeouts=args.timeouts,
    )
    try:
        explained = explain(catalog, program, asked)
    except ControlError as error:
        raise StartError(error.what, code=error.code, mend=error.mend) from None
    if args.json:
        found = [as_json(lane, dispatched=args.dispatched) for lane in explained.lanes]
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        print(escaped("\n".join(as_text(explained, dispatched=args.dispatched))))
    return 0

"""Write scenarios of what others have recorded: HAR, what curl prints, an event stream's text."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.cli import painted, recorded
from mockserver.cli.terminal import Terminal
from mockserver.errors import LoadError, Location, Problem

if TYPE_CHECKING:
    from mockserver.imports.found import Asked

MOST: Final = 256 * 1024 * 1024
"""Bytes of a file that is read."""
_REQUEST: Final = re.compile(r"(?:([A-Z]+) +)?(/[!-~]*)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of an import."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a HAR file, what 'curl -sN -i' or 'curl -sN -v' has printed, an event stream's text, "
        "or the recording.jsonl of a recording that broke off; - reads standard input",
    )
    parser.add_argument(
        "--format",
        choices=("har", "curl", "text", "recording"),
        help="what FILE is (default: what it looks like)",
    )
    parser.add_argument(
        "--request",
        metavar="'GET /path'",
        type=_request,
        help="the request, where FILE does not tell it (default: 'GET /stream')",
    )
    parser.add_argument(
        "--from",
        dest="origin",
        metavar="URL",
        default="",
        help="of a HAR file, only requests whose URLs begin so (default: to servers that stream)",
    )
    parser.add_argument(
        "--pages",
        action="store_true",
        help="of a HAR file, styles, scripts and images as well",
    )
    recorded.add_arguments(parser)


def _request(text: str) -> Asked:
    from mockserver.imports.found import Asked  # noqa: PLC0415

    found = _REQUEST.fullmatch(text)
    if found is None:
        what = f"{text!r} is no request such as 'GET /v1/stream?limit=3'"
        raise argparse.ArgumentTypeError(what)
    return Asked(found[1] or "GET", found[2])


def run(args: argparse.Namespace) -> int:
    """Read the file and write scenarios. Raises LoadError, StartError."""
    from mockserver.imports.har import Wanted  # noqa: PLC0415
    from mockserver.imports.read import read  # noqa: PLC0415

    contract = recorded.contract_of(args)
    folder = recorded.Folder(Path(args.output), args.force, (Path(args.file),))
    found = read(
        _bytes(args.file),
        args.file,
        args.format,
        asked=args.request,
        wanted=Wanted(args.origin, args.pages),
    )
    to = Terminal(sys.stderr, args.color)
    for problem in sorted(found.problems, key=lambda problem: problem.order):
        print(painted.problem(problem, to), file=sys.stderr)
    source = "standard input" if args.file == "-" else Path(args.file).name
    recorded.finish(args, folder, found.exchanges, contract, source, found.notes)
    return 0


def _bytes(file: str) -> bytes:
    """Return what is in a file. Raises LoadError."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(MOST + 1)
        else:
            with Path(file).open("rb") as opened:
                data = opened.read(MOST + 1)
    except OSError as error:
        what = f"it cannot be read: {error.strerror}"
        problem = Problem(Location(file), what, "unreadable-file", "name a file that can be read")
        raise LoadError([problem]) from None
    if len(data) > MOST:
        what = f"it is larger than {MOST // (1024 * 1024)} MB"
        mend = "export only the requests that matter"
        raise LoadError([Problem(Location(file), what, "file-too-large", mend)])
    return data

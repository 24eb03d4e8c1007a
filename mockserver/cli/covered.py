"""Coverage on the command line: what is shown of it, and the minimum that fails a command."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from mockserver.errors import escaped

if TYPE_CHECKING:
    from mockserver.errors import Problem
    from mockserver.play.coverage import By, Coverage, Kind
    from mockserver.scenario.catalog import Catalog

EXIT_MISSED = 1
"""The exit code where less is covered than was asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a check."""
    parser.add_argument(
        "--coverage",
        nargs="?",
        choices=("table", "json"),
        const="table",
        help="show what of the document the scenarios reach; json: that alone, problems aside",
    )
    add_minimum(parser, "scenarios reach")


def add_minimum(parser: argparse.ArgumentParser, whose: str) -> None:
    """Add --min-coverage; `whose` says what has to cover so much."""
    parser.add_argument(
        "--min-coverage",
        type=_minimum,
        default={},
        metavar="PERCENT",
        help=f"exit with 1 unless {whose} so much: 80, or operations=100,responses=50,events=80",
    )


def _minimum(text: str) -> dict[Kind, float]:
    from mockserver.play.coverage import read_minimum  # noqa: PLC0415

    try:
        return read_minimum(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def reached(catalog: Catalog) -> Coverage:
    """Return what the scenarios reach."""
    from mockserver.play.coverage import coverage_at_once  # noqa: PLC0415
    from mockserver.play.reach import Reach  # noqa: PLC0415

    return coverage_at_once(Reach(catalog))


def shown(found: Coverage, form: str | None) -> str:
    """Return what a check prints: `json`, `table`, or a line."""
    from mockserver.play import coverage_report as report  # noqa: PLC0415

    if form == "json":
        return json.dumps(report.as_json(found), ensure_ascii=False, indent=2)
    if form == "table":
        return "\n" + escaped(report.as_text(found)).rstrip()
    return "\n" + report.summary_line(found, "scenarios")


def summary(found: Coverage, by: By) -> str:
    """Return the coverage as one line."""
    from mockserver.play.coverage_report import summary_line  # noqa: PLC0415

    return summary_line(found, by)


def missing(found: Coverage, minimum: dict[Kind, float], by: By) -> list[Problem]:
    """Return a problem for every kind of which less is covered than it should be."""
    from mockserver.play.coverage_report import shortfalls  # noqa: PLC0415

    return shortfalls(found, minimum, by)

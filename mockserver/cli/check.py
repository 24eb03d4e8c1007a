"""Check every file, and show which scenarios answer which operation."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from mockserver.cli import covered, files, painted
from mockserver.cli.terminal import Progress, Terminal
from mockserver.errors import LoadError, columns, escaped, harmless

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from mockserver.cli.terminal import Style
    from mockserver.errors import Problem, Severity
    from mockserver.scenario.catalog import Catalog
    from mockserver.workspace.workspace import Workspace

_FOLDED: Final = 8
"""Scenarios of one folder for one operation that are listed by name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a check."""
    files.add_arguments(parser)
    parser.add_argument(
        "--format",
        choices=("text", "github"),
        default="text",
        help="github: problems as annotations of a workflow run",
    )
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    covered.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print all problems, then the tables.

    Returns 0 where nothing is wrong, 2 where something is, 1 where only coverage is missing.
    """
    workspace = files.workspace_of(args)
    catalog: Catalog | None = None
    with Progress(Terminal(sys.stderr, args.color), "reading the files") as progress:
        try:
            catalog, problems = workspace.load()
        except LoadError as error:
            problems = list(error.problems)
        if catalog is not None:
            problems += _doubts(workspace, catalog, progress)
    problems.sort(key=lambda problem: problem.order)
    if args.strict:
        problems = [replace(problem, severity="error") for problem in problems]
    aside = Terminal(sys.stderr if args.coverage == "json" else sys.stdout, args.color)
    _print_problems(problems, args.format, aside)
    errors = [problem for problem in problems if problem.severity == "error"]
    missing: list[Problem] = []
    if catalog is not None:
        if args.coverage != "json":
            _print_table(catalog, aside)
        found = covered.reached(catalog)
        print(covered.shown(found, args.coverage))
        missing = covered.missing(found, args.min_coverage, "scenarios")
        if missing:
            print(file=aside.stream)
        _print_problems(missing, args.format, aside)
    warnings = len(problems) - len(errors)
    gap = "" if missing else "\n"
    tone: Style = "red" if errors else "yellow" if warnings else "green"
    said = f"{painted.count(len(errors), 'error')}, {painted.count(warnings, 'warning')}"
    print(f"{gap}{aside.paint(said, tone)}", file=aside.stream)
    return 2 if errors else covered.EXIT_MISSED if missing else 0


def _doubts(workspace: Workspace, catalog: Catalog, progress: Progress) -> list[Problem]:
    from mockserver.play.call_bodies import call_problems  # noqa: PLC0415
    from mockserver.play.conformance import contract_problems  # noqa: PLC0415
    from mockserver.play.outcome import outcome_problems  # noqa: PLC0415
    from mockserver.scenario.catalog import warnings  # noqa: PLC0415
    from mockserver.workspace.positions import finder, placer  # noqa: PLC0415
    from mockserver.workspace.shipped import is_own  # noqa: PLC0415

    severity: Severity = "error" if is_own(workspace) else "warning"
    placed, member = placer(workspace.spec), finder()
    progress.at(f"holding {painted.count(len(catalog.programs), 'scenario')} to the document")
    problems = contract_problems(catalog, severity, placed, member)
    problems += call_problems(catalog, severity, placed, member)
    progress.at("playing scenarios that say their outcome")
    problems += outcome_problems(catalog)
    progress.at("holding the document to its standard")
    return [*problems, *warnings(catalog), *workspace.document_warnings(catalog.contract)]


def _print_problems(problems: Iterable[Problem], form: str, to: Terminal) -> None:
    for problem in problems:
        if form == "github":
            print(_annotation(problem), file=to.stream)
        else:
            print(painted.problem(problem, to), end="\n\n", file=to.stream)


def _annotation(problem: Problem) -> str:
    """Return a workflow command; its own specials are percent-encoded."""
    where = problem.where
    file = harmless(where.file)
    place = {"file": file, "line": where.line, "col": where.column, "title": problem.code}
    said = ",".join(f"{name}={_property(str(value))}" for name, value in place.items() if value)
    text = f"{problem.what}\nmend: {problem.mend}" if problem.mend else problem.what
    return f"::{problem.severity} {said}::{_percent(escaped(text))}"


def _percent(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _percent(text).replace(":", "%3A").replace(",", "%2C")


def _print_table(catalog: Catalog, to: Terminal) -> None:
    rows = []
    for operation in catalog.contract.operations.values():
        programs = catalog.by_operation.get(operation.id, ())
        names = [f"{harmless(p.name)}{'*' if p.scenario.default else ''}" for p in programs]
        kind = "stream" if operation.stream else ""
        line = f"{operation.method} {operation.path}"
        rows.append(((escaped(operation.id), escaped(line), kind), names))
    wide = [max((columns(row[column]) for row, _ in rows), default=0) for column in range(3)]
    longest = max((columns(name) for _, names in rows for name in _folded(names)), default=1)
    # Where it would not fit side by side, scenarios stand below their operation.
    below = bool(to.width) and sum(wide) + 6 + longest > to.width
    for row, names in rows:
        cells = row if below else map(_padded, row, wide)
        name, path, kind = cells
        left = f"{to.paint(name, 'bold')}  {path}  {to.paint(kind, 'cyan')}"
        indent = "  " if below else " " * (sum(wide) + 4)
        if below:
            print(left.rstrip())
        for index, scenario in enumerate(list(_folded(names)) or ["-"]):
            before = indent if below or index else left
            print(f"{before}  {scenario}".rstrip())
    if any(program.scenario.default for program in catalog.programs.values()):
        print("\n* the default among several")
    sys.stdout.flush()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - columns(text))


def _folded(names: list[str]) -> Iterator[str]:
    """Yield names as they are, but a long folder as one line."""
    for folder, found in groupby(names, key=lambda name: name.rpartition("/")[0]):
        inside = list(found)
        if folder and len(inside) > _FOLDED:
            yield f"{folder}/… ({len(inside)} scenarios)"
        else:
            yield from inside

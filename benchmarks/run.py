"""Measure the server against bare aiohttp in one run: absolute figures move, ratios hold.

    python benchmarks/run.py                     everything, about ten minutes
    python benchmarks/run.py --only start,check  some of it
    python benchmarks/run.py --json out.json     the figures for a machine to read

benchmarks/README.md says what each measure is. Traffic goes to 127.0.0.1 only.
"""

import argparse
import json
import resource
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import in_pytest
import recording
import reloading
import watching
from rows import Bench, Row
from starts import measure_check, measure_load, measure_start
from streams import (
    measure_burst,
    measure_journal,
    measure_pieces,
    measure_short,
    measure_timed,
)
from verdicts import measure_requests


def measure_pytest(bench: Bench) -> list[Row]:
    """Run tests of reconnection under pytest: dropped, three manual seconds, resumed, judged."""
    first, *others = in_pytest.spent(bench.folder / "in_pytest", 50)
    typical, worst = statistics.median(others) * 1000, max(others) * 1000
    return [
        Row("pytest: a test of reconnection", "ms", typical, None, "< 50 ms", typical < 50),
        Row("pytest: the slowest of 49", "ms", worst, None, ""),
        Row("pytest: the first, which starts the server", "ms", first * 1000, None, ""),
    ]


def measure_reload(bench: Bench) -> list[Row]:
    """Edit a scenario of the Petstore, and ask until the answer is what it says now."""
    found = reloading.seconds(bench.folder / "reload", 20)
    typical, worst = statistics.median(found) * 1000, max(found) * 1000
    return [
        Row("reload: from an edit to its effect", "ms", typical, None, "< 1 s", typical < 1000),
        Row("reload: the slowest of 20", "ms", worst, None, ""),
    ]


def measure_record(bench: Bench) -> list[Row]:
    """What `record` adds to the way of an event: 50 streams direct and 50 through it at once."""
    runs = [recording.ways(bench.folder / f"rec{n}", 50, 10.0) for n in range(bench.rounds)]
    rows = []
    for of in (50, 99):
        direct, through = (
            statistics.median(recording.quantile(run[which], of) for run in runs)
            for which in (0, 1)
        )
        target, met = ("< bare + 5", through - direct < 5) if of == 99 else ("", None)
        rows.append(Row(f"record: an event's way, p{of}", "ms", through, direct, target, met))
    return rows


def measure_timeline(bench: Bench) -> list[Row]:
    """From an event on the wire to its mark on the page: 100 streams of ten events a second."""
    found = watching.ways(bench.folder / "timeline", 100, 15.0)
    typical, worst = recording.quantile(found, 50), recording.quantile(found, 99)
    return [
        Row("timeline: wire to page, p50", "ms", typical, None, ""),
        Row("timeline: wire to page, p99", "ms", worst, None, "< 200 ms", worst < 200),
        Row("timeline: marks that were seen", "", len(found), None, ""),
    ]


MEASURES: dict[str, Callable[[Bench], list[Row]]] = {
    "start": measure_start,
    "check": measure_check,
    "load": measure_load,
    "burst": measure_burst,
    "short": measure_short,
    "requests": measure_requests,
    "journal": measure_journal,
    "pieces": measure_pieces,
    "pytest": measure_pytest,
    "reload": measure_reload,
    "record": measure_record,
    "timeline": measure_timeline,
    "timed": lambda bench: measure_timed(bench, 1_000),
    "timed10k": lambda bench: measure_timed(bench, 10_000),
}


def figure(value: float | None) -> str:
    """Write a figure with three digits that count."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def show(row: Row) -> None:
    """Print one line of the table."""
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    figures = "".join(f"{figure(value):>12}" for value in (row.ours, row.bare, row.ratio))
    print(f"{row.measure:34}{figures}  {row.unit:10}{row.target:>8}  {verdict}", flush=True)


def main() -> None:
    """Run the measures that were asked for, print a table, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(MEASURES), help="names, joined by commas")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs a measure")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    if unknown := set(chosen) - set(MEASURES):
        parser.error(f"{', '.join(unknown)}: not among {', '.join(MEASURES)}")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    rows = []
    print(f"{'':34}{'ours':>12}{'bare':>12}{'ratio':>12}  {'':10}{'target':>8}")
    for name in chosen:
        with tempfile.TemporaryDirectory() as folder:
            for row in MEASURES[name](Bench(Path(folder), arguments.rounds)):
                show(row)
                rows.append({**asdict(row), "ratio": row.ratio})
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How long it takes until there is something: a start, a large document, a check of many files."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import documents
import files
from processes import BARE, MOCKSERVER, ROOT, Running, first_bytes, serve
from rows import SPEC, Bench, Row, alternating, compared

PETSTORE = ROOT / "specs" / "petstore.openapi.yaml"


def start_time(command: list[str], path: str) -> float:
    """Measure from the start of the process to the first byte of a stream, in seconds."""
    begun = time.perf_counter()
    with Running(command) as server:
        answer = first_bytes(server.port, path)
        taken = time.perf_counter() - begun
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"{path} was answered with {answer[:200]!r}")
    return taken


def measure_start(bench: Bench) -> list[Row]:
    """Process start to the first byte of a stream: one scenario, and the Petstore as it ships."""
    rows = []
    petstore = serve(PETSTORE, ROOT / "scenarios")
    recommendations = "/v1/pets/recommendations/stream?userId=user-456"
    for name, command, path in (
        ("start, five scenarios", bench.ours(), "/short"),
        ("start, the Petstore", petstore, recommendations),
    ):
        medians = alternating(
            max(9, bench.rounds),
            lambda command=command, path=path: start_time(command, path),
            lambda: start_time(BARE, "/short"),
        )
        rows.append(compared(name, "s", *medians, most=2.0))
    return rows


def loaded(spec: Path, folder: Path) -> tuple[float, float]:
    """Start a server of a document; return the seconds until it listens, and its MiB of memory."""
    begun = time.perf_counter()
    with Running(serve(spec, folder)) as server:
        return time.perf_counter() - begun, server.memory() / 1024


def parse_time(spec: Path) -> float:
    """Measure the parsing of a document alone, in a process of its own, in seconds."""
    code = (
        "import json, sys, time, yaml; raw = open(sys.argv[1], 'rb').read();"
        "begun = time.perf_counter();"
        "yaml.load(raw, yaml.CSafeLoader) if sys.argv[1].endswith('yaml') else json.loads(raw);"
        "print(time.perf_counter() - begun)"
    )
    command = [sys.executable, "-c", code, str(spec)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure_load(bench: Bench) -> list[Row]:
    """What a large document adds to the start, against its parsing by the library alone."""
    as_json, as_yaml = documents.write_documents(bench.folder / "large", 12)
    specs = {"12 MB of JSON": as_json, "the same in YAML": as_yaml}
    if documents.GITHUB.is_file():
        specs["GitHub's, 13 MB of JSON"] = documents.GITHUB
    empty = bench.folder / "empty"
    empty.mkdir()
    rows = []
    for name, spec in specs.items():
        runs = [(loaded(SPEC, empty), loaded(spec, empty), parse_time(spec)) for _ in range(5)]
        # The least of each: whatever else the machine does only ever adds to it.
        small, large = (min(run[which][0] for run in runs) for which in (0, 1))
        taken, parsing = large - small, min(parsing for _, _, parsing in runs)
        memory = statistics.median(large[1] - small[1] for small, large, _ in runs)
        met = taken - parsing < 0.5
        rows.append(Row(f"load, {name}", "s", taken, parsing, "< bare + 0.5", met))
        rows.append(Row(f"load, {name}: memory", "MiB", memory, None, ""))
    return rows


def measure_check(bench: Bench) -> list[Row]:
    """`mockserver check` on 1,000 scenario files of 70 lines, best of three."""
    folder = files.write_desks(bench.folder / "desks", 1000)
    command = [*MOCKSERVER, "check", "--spec", str(SPEC), "--scenarios", str(folder)]
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        taken.append(time.perf_counter() - begun)
        if done.returncode:
            raise SystemExit(f"check failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    best = min(taken)
    return [Row("check, 1,000 files of 70 lines", "s", best, None, "< 5 s", best < 5)]

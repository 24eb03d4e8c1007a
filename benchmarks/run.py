"""Measure the server against bare aiohttp in one run: absolute figures move, ratios hold.

    python benchmarks/run.py                     everything, about ten minutes
    python benchmarks/run.py --only start,check  some of it
    python benchmarks/run.py --json out.json     the figures for a machine to read

benchmarks/README.md says what each measure is. Traffic goes to 127.0.0.1 only.
"""

import argparse
import importlib
import json
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import documents
import files
import in_pytest
import recording
import reloading
import watching
from processes import BARE, HERE, MOCKSERVER, ROOT, Client, Running, first_bytes, serve

SPEC = HERE / "bench.openapi.yaml"
PETSTORE = ROOT / "specs" / "petstore.openapi.yaml"
HELD = "/held/desk-7?limit=10&kind=bid&kind=ask"
EVENT_BYTES = 120
TICKS = 21
SETTLED = 10.0


@dataclass(frozen=True)
class Row:
    """One line of the table; `ratio` is ours to bare's."""

    measure: str
    unit: str
    ours: float
    bare: float | None
    target: str
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.bare if self.bare else None


@dataclass(frozen=True)
class Bench:
    """What every measure needs: a folder to write in, and how often to repeat."""

    folder: Path
    rounds: int

    def client(self) -> Client:
        return Client.compile(self.folder)

    def ours(self) -> list[str]:
        return serve(SPEC, files.write_stories(self.folder / "stories", TICKS))


def compared(
    name: str, unit: str, ours: float, bare: float, least: float = 0, most: float = 0
) -> Row:
    """Make a row whose ratio has to be at least `least`, or at most `most`."""
    ratio = ours / bare
    met = ratio >= least if least else ratio <= most
    return Row(name, unit, ours, bare, f"≥ {least:g} x" if least else f"≤ {most:g} x", met)


def alternating(
    rounds: int, ours: Callable[[], float], bare: Callable[[], float]
) -> tuple[float, float]:
    """Measure both in turn, after one round that does not count; return the medians."""
    pairs = [(ours(), bare()) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


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


def burst_rate(client: Client, port: int, path: str, clients: int, events: int) -> float:
    """Read streams to their end; return events a second of all clients together."""
    measured = client.run("drain", port, path, clients)
    wanted = clients * events
    # Ids of fewer than six digits make some events a little shorter.
    if (
        not wanted * EVENT_BYTES * 0.98
        <= measured["bytes"]
        <= wanted * EVENT_BYTES * 1.2 + 1000 * clients
    ):
        raise SystemExit(f"{path}: {measured['bytes']} bytes are not {wanted} events")
    return wanted / measured["seconds"]


def measure_burst(bench: Bench) -> list[Row]:
    """Untimed events, against aiohttp with a write for each: W1, W1 with ids, W2."""
    client = bench.client()
    rows = []
    with Running(bench.ours()) as ours, Running(BARE) as bare:
        for name, path, bare_path, clients, events, least in (
            ("W1 200,000 events", "/static", "static", 1, files.BURST, 30),
            ("W1 with ids", "/numbered", "numbered", 1, files.BURST, 5),
            ("W2 100 x 2,000 events", "/many", "static", 100, files.MANY, 30),
        ):
            query = f"/{bare_path}?events={events}"
            medians = alternating(
                bench.rounds,
                lambda p=path, c=clients, e=events: burst_rate(client, ours.port, p, c, e),
                lambda q=query, c=clients, e=events: burst_rate(client, bare.port, q, c, e),
            )
            rows.append(compared(name, "events/s", *medians, least=least))
    return rows


def measure_short(bench: Bench) -> list[Row]:
    """Connect, ten events, close: streams a second (W5)."""
    client = bench.client()
    total = 5000

    def rate(port: int) -> float:
        measured = client.run("short", port, "/short", 32, total)
        if measured["bytes"] < total * files.SHORT * EVENT_BYTES:
            raise SystemExit(f"{measured['bytes']} bytes are too few for {total} streams")
        return total / measured["seconds"]

    with Running(bench.ours()) as ours, Running(BARE) as bare:
        medians = alternating(bench.rounds, lambda: rate(ours.port), lambda: rate(bare.port))
    return [compared("W5 short streams", "streams/s", *medians, least=0.6)]


def measure_requests(bench: Bench) -> list[Row]:
    """Streams a second with requests held to the document, against none held; what one costs."""
    client = bench.client()
    total = 5000

    def rate(port: int) -> float:
        measured = client.run("short", port, HELD, 32, total)
        if measured["bytes"] < total * files.SHORT * EVENT_BYTES:
            raise SystemExit(f"{measured['bytes']} bytes are too few for {total} streams")
        return total / measured["seconds"]

    with Running(bench.ours()) as held, Running([*bench.ours(), "--requests", "off"]) as off:
        medians = alternating(bench.rounds, lambda: rate(held.port), lambda: rate(off.port))
    return [
        compared("W6 requests held to the document", "streams/s", *medians, least=0.6),
        *judged(),
    ]


def judged() -> list[Row]:
    """Measure a verdict: the first of an operation, the first of a request, one that is known."""
    from mockserver.contract.requests.verdicts import Asked, Verdicts  # noqa: PLC0415
    from mockserver.workspace.workspace import Workspace  # noqa: PLC0415

    begun = time.perf_counter()
    importlib.import_module("mockserver.contract.requests.library")
    rows = [Row("openapi-core is imported", "ms", (time.perf_counter() - begun) * 1e3, None, "")]
    path, _, query = HELD.partition("?")
    headers = [("Host", "127.0.0.1:8080"), ("Accept", "*/*"), ("User-Agent", "bench")]

    def taken(verdicts: Verdicts, operation: Any, asked: Asked, times: int) -> float:
        begun = time.perf_counter()
        for _ in range(times):
            if verdicts.of(operation, asked).faults:
                raise SystemExit("a request that fits was not taken")
        return (time.perf_counter() - begun) / times

    asked = Asked("GET", path, {"desk": "desk-7"}, query, headers)
    first, new, known = [], [], []
    for n in range(20):
        operation = Workspace(SPEC).read_document().operations["held"]
        verdicts = Verdicts()
        first.append(taken(verdicts, operation, asked, 1) * 1e3)
        other = replace(asked, query=f"limit={n + 1}")
        new.append(taken(verdicts, operation, other, 1) * 1e3)
        known.append(taken(verdicts, operation, asked, 1000) * 1e6)
    rows.append(Row("verdict, the operation's first", "ms", statistics.median(first), None, ""))
    rows.append(Row("verdict, another request", "ms", statistics.median(new), None, ""))
    rows.append(Row("verdict, one that is known", "us", statistics.median(known), None, ""))
    return rows


def tick(client: Client, command: list[str], path: str, clients: int) -> dict[str, float]:
    """Run timed streams; return lateness in ms, CPU share of a core, KiB a client."""
    with Running(command) as server:
        first_bytes(server.port, path)
        memory = server.memory()
        ramp = max(1.0, clients / 2000)
        load = client.start("timed", server.port, path, clients, TICKS, 1, ramp)
        if load.stdout.readline().strip() != "ready":
            raise SystemExit("the timed client failed")
        cpu, begun = server.cpu(), time.perf_counter()
        time.sleep(SETTLED)  # noqa: TID251  (real time is what is measured)
        share = (server.cpu() - cpu) / (time.perf_counter() - begun)
        grown = (server.memory() - memory) / clients
        output, _ = load.communicate()
    measured = json.loads(output)
    if load.returncode or measured["failed"] or measured["missing"]:
        raise SystemExit(f"timed streams of {command[-1]} were not complete: {measured}")
    return {**measured, "cpu": share, "memory": grown}


def measure_timed(bench: Bench, clients: int) -> list[Row]:
    """Serve an event a second to each client: lateness, CPU, memory (W3).

    Two equal servers can differ fivefold in a single run of 10,000 clients, so each figure is the
    median of several runs, taken in turn.
    """
    client = bench.client()
    ours, bare, plain = [], [], []
    for _ in range(min(3, bench.rounds)):
        ours.append(tick(client, bench.ours(), "/ticks", clients))
        bare.append(tick(client, [*BARE, "--calm-collector"], f"/ticks?events={TICKS}", clients))
        plain.append(tick(client, BARE, f"/ticks?events={TICKS}", clients))
    p99 = [statistics.median(run["p99"] for run in runs) for runs in (ours, plain)]
    title = f"W3 {clients:,} clients: p99, its collector left alone"
    left_alone = compared(title, "ms", *p99, most=1.5)

    def row(name: str, unit: str, key: str, most: float | None = None) -> Row:
        medians = [statistics.median(run[key] for run in runs) for runs in (ours, bare)]
        title = f"W3 {clients:,} clients: {name}"
        return (
            compared(title, unit, *medians, most=most) if most else Row(title, unit, *medians, "")
        )

    return [
        left_alone,
        row("lateness p99", "ms", "p99", most=1.5),
        row("lateness p50", "ms", "p50"),
        row("lateness max", "ms", "max"),
        row("CPU of a core", "", "cpu", most=1.3),
        row("memory each", "KiB", "memory", most=1.4),
    ]


def rest_of(port: int, path: str, upto: float) -> float:
    """Read a stream for `upto` seconds, or to its end; return the seconds that it took."""
    begun = time.perf_counter()
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=upto) as connection:
        connection.sendall(head.encode())
        while connection.recv(1 << 20) and time.perf_counter() - begun < upto:
            pass
    return time.perf_counter() - begun


def measure_pieces(bench: Bench) -> list[Row]:
    """Send 1 MB in writes of one byte: what other streams notice of it, and what it weighs."""
    client = bench.client()
    idle, busy, grown = [], [], []
    with Running(bench.ours()) as server:
        for _ in range(bench.rounds):
            for lateness, pieces in ((idle, False), (busy, True)):
                load = client.start("timed", server.port, "/ticks", 100, TICKS, 1, 1.0)
                if load.stdout.readline().strip() != "ready":
                    raise SystemExit("the timed client failed")
                memory, most = server.memory(), 0
                reader = Thread(target=rest_of, args=(server.port, "/pieces", TICKS))
                if pieces:
                    reader.start()
                while load.poll() is None:
                    time.sleep(0.2)  # noqa: TID251  (real time is what is measured)
                    most = max(most, server.memory())
                lateness.append(json.loads(load.communicate()[0])["p99"])
                if pieces:
                    grown.append((most - memory) * 1024 / files.PIECES)
                    reader.join()
        before = server.memory()
        with socket.create_connection(("127.0.0.1", server.port)) as stuck:
            stuck.sendall(b"GET /static HTTP/1.1\r\nHost: stuck\r\n\r\n")
            time.sleep(3)  # noqa: TID251  (it has had time to be stuck)
            held = server.memory() - before
        alone = rest_of(server.port, "/pieces", 120.0)
    p99 = [statistics.median(runs) for runs in (busy, idle)]
    size = statistics.median(grown)
    return [
        compared("pieces: p99 of 100 others (idle)", "ms", *p99, most=2.0),
        Row("pieces: memory, events' size", "x", size, None, "< 8 x", size < 8),
        Row("pieces: 1 MB by single bytes", "s", alone, None, ""),
        Row("a reader that is stuck", "KiB", held, None, "< 1,024", held < 1024),
    ]


def measure_journal(bench: Bench) -> list[Row]:
    """Untimed events a second with the journal on, against the same server with it off."""
    client = bench.client()
    rows = []
    with Running(bench.ours()) as on, Running([*bench.ours(), "--journal", "0"]) as off:
        for name, path, clients, events in (
            ("200,000 events", "/static", 1, files.BURST),
            ("with ids", "/numbered", 1, files.BURST),
            ("100 x 2,000 events", "/many", 100, files.MANY),
        ):
            medians = alternating(
                bench.rounds,
                lambda p=path, c=clients, e=events: burst_rate(client, on.port, p, c, e),
                lambda p=path, c=clients, e=events: burst_rate(client, off.port, p, c, e),
            )
            rows.append(compared(f"journal: {name}", "events/s", *medians, least=0.9))
    return rows


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

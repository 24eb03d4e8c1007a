"""Streams under load: events without delays and with, short ones, ones in pieces."""

import json
import socket
import statistics
import time
from threading import Thread

import files
from processes import BARE, Client, Running, first_bytes
from rows import TICKS, Bench, Row, alternating, compared

EVENT_BYTES = 120
SETTLED = 10.0
"""Seconds in which CPU and memory are taken, while all clients are connected."""


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


def short_rate(client: Client, port: int, path: str) -> float:
    """Connect, read ten events to the end, 5,000 times and 32 at once; return streams a second."""
    total = 5000
    measured = client.run("short", port, path, 32, total)
    if measured["bytes"] < total * files.SHORT * EVENT_BYTES:
        raise SystemExit(f"{measured['bytes']} bytes are too few for {total} streams")
    return total / measured["seconds"]


def measure_short(bench: Bench) -> list[Row]:
    """Connect, ten events, close: streams a second (W5)."""
    client = bench.client()
    with Running(bench.ours()) as ours, Running(BARE) as bare:
        medians = alternating(
            bench.rounds,
            lambda: short_rate(client, ours.port, "/short"),
            lambda: short_rate(client, bare.port, "/short"),
        )
    return [compared("W5 short streams", "streams/s", *medians, least=0.6)]


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

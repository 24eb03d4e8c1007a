"""How long events are on their way, direct and through `record`, at the same time."""

import re
import selectors
import socket
import statistics
import sys
import time
from pathlib import Path

from processes import HERE, MOCKSERVER, Running

UPSTREAM = [sys.executable, str(HERE / "servers" / "stamped.py")]
_STAMP = re.compile(rb"data: (\d+) ")
_WARM = 2.0


def ways(folder: Path, streams: int, seconds: float) -> tuple[list[float], list[float]]:
    """Read `streams` streams direct and as many through the proxy; return all ways, in ms."""
    with Running(UPSTREAM) as upstream:
        url = f"http://127.0.0.1:{upstream.port}"
        options = ["--upstream", url, "--output", str(folder), "--port", "0"]
        with Running([*MOCKSERVER, "record", *options]) as proxy:
            # In turn, so that both have the same neighbours in the upstream's round.
            ports = [upstream.port, proxy.port] * streams
            found = read(ports, seconds)
    return found[upstream.port], found[proxy.port]


def read(ports: list[int], seconds: float) -> dict[int, list[float]]:
    """Read a stream from each port; return how long its events were on their way, in ms."""
    selector = selectors.DefaultSelector()
    for port in ports:
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(b"GET /stamped HTTP/1.1\r\nHost: bench\r\n\r\n")
        connection.settimeout(0)
        selector.register(connection, selectors.EVENT_READ, port)
    found: dict[int, list[float]] = {port: [] for port in ports}
    counted = time.monotonic() + _WARM
    end = counted + seconds
    while (now := time.monotonic()) < end:
        for key, _ in selector.select(end - now):
            data, arrived = key.fileobj.recv(65536), time.monotonic_ns()
            if not data:
                raise SystemExit("a stream has ended")
            if now > counted:
                stamps = _STAMP.findall(data)
                found[key.data] += [(arrived - int(stamp)) / 1e6 for stamp in stamps]
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    return found


def quantile(values: list[float], of: int) -> float:
    """Return the value that `of` of a hundred are below."""
    return statistics.quantiles(values, n=100)[of - 1]

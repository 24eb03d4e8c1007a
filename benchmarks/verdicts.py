"""What it costs to hold requests against the document."""

import importlib
import statistics
import time
from dataclasses import replace
from typing import Any

from processes import Running
from rows import SPEC, Bench, Row, alternating, compared
from streams import short_rate

HELD = "/held/desk-7?limit=10&kind=bid&kind=ask"


def measure_requests(bench: Bench) -> list[Row]:
    """Streams a second with requests held to the document, against none held; what one costs."""
    client = bench.client()
    with Running(bench.ours()) as held, Running([*bench.ours(), "--requests", "off"]) as off:
        medians = alternating(
            bench.rounds,
            lambda: short_rate(client, held.port, HELD),
            lambda: short_rate(client, off.port, HELD),
        )
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

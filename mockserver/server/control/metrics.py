"""What the server has done, in numbers for Prometheus; read when somebody asks.

prometheus_client takes 50 ms to import, and is imported by the first who asks.
"""

from __future__ import annotations

import asyncio
import platform
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

import mockserver
from mockserver.contract.media import quality
from mockserver.late import late
from mockserver.server.control.ask import FRESH, Ask, Handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from mockserver.play.counts import Count
    from mockserver.server.live import Live

_BLOCKS: Final = "Blocks of event streams that were sent, and pushes; heartbeats left out."
_COUNTED: Final = (
    ("opened", "connections", "Connections of scenarios that have begun."),
    ("ended", "connections_ended", "Connections that have ended: how, and by whom."),
    ("blocks", "events_sent", _BLOCKS),
    ("bytes", "body_bytes_sent", "Bytes of bodies that scenarios sent, before transfer coding."),
    ("requests", "requests", "Requests answered, by status; none: the connection broke."),
    (
        "refused",
        "requests_refused",
        "Requests answered with an error of the server's own.",
    ),
    ("violated", "violations", "What broke the contract: which part, and whose it was."),
    ("called", "calls", "Requests that scenarios sent: the answer, or why there is none."),
)
"""Attributes of `Counts`, the names of their metrics, and what they are."""
_CLOSING: Final = " Counted when the connection ends."


async def metrics(ask: Ask) -> web.Response:
    """Return the numbers as Prometheus text, or as OpenMetrics where that is accepted."""
    await asyncio.to_thread(late, "prometheus_client")
    from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest  # noqa: PLC0415
    from prometheus_client.openmetrics import exposition as openmetrics  # noqa: PLC0415
    from prometheus_client.registry import CollectorRegistry  # noqa: PLC0415

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(ask.live))
    accept = ask.request.headers.get("Accept", "*/*")
    if quality("application/openmetrics-text", accept) > quality("text/plain", accept):
        kind = openmetrics.CONTENT_TYPE_LATEST
        body = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
    else:
        body, kind = generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
    return web.Response(body=body, headers={**FRESH, "Content-Type": kind})


class _Collector:
    """Reads what a server has counted."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def describe(self) -> list[Metric]:
        """Leave it to the registry to do without: there is one collector."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the server's metrics, and those of its process where the system tells them."""
        from prometheus_client.metrics_core import (  # noqa: PLC0415
            CounterMetricFamily,
            GaugeMetricFamily,
            InfoMetricFamily,
        )
        from prometheus_client.process_collector import ProcessCollector  # noqa: PLC0415

        live, journals = self._live, self._live.journals
        about = {"version": mockserver.__version__, "python": platform.python_version()}
        yield InfoMetricFamily("mockserver_build", "The program.", value=about)
        what = "Connections of scenarios that are open."
        yield _filled(GaugeMetricFamily, "connections_open", what, journals.counts.open)
        for name, metric, text in _COUNTED:
            count: Count = getattr(journals.counts, name)
            closing = _CLOSING if name in ("blocks", "bytes") else ""
            yield _filled(CounterMetricFamily, metric, text + closing, count)
        gauges = (
            ("sessions", "Sessions that there are.", sum(1 for _ in live.sessions)),
            ("journal_followers", "Live streams of journals that are open.", live.followers),
            ("scenarios", "Scenarios that can be played.", len(live.catalog.programs)),
        )
        for name, text, value in gauges:
            yield GaugeMetricFamily(f"mockserver_{name}", text, value=value)
        what = "Entries of journals that had to go to keep within the limit."
        yield CounterMetricFamily("mockserver_journal_dropped", what, value=journals.dropped)
        yield from ProcessCollector(registry=None).collect()


def _filled(family: Any, name: str, text: str, count: Count) -> Metric:
    found: Metric = family(f"mockserver_{name}", text, labels=count.names)
    for labels, number in count:
        found.add_metric(labels, number)  # type: ignore[attr-defined]
    return found


HANDLERS: Final[dict[str, Handler]] = {"getMetrics": metrics}

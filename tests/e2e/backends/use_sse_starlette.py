"""A backend as people write it with sse-starlette, under uvicorn: `python FILE right|wrong`.

Wrong is what comes of a dict as data: Python's text of it, which is no JSON.
"""

import asyncio
import json
import socket
import sys

import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.routing import Route

WRONG = sys.argv[1] == "wrong"
EVENTS = [
    (1, "message", {"status": "payment_processing", "timestamp": "2026-01-01T00:00:00Z"}),
    (2, "message", {"status": "payment_confirmed", "timestamp": "2026-01-01T00:00:02Z"}),
    (3, "complete", {"status": "shipped", "trackingNumber": "1Z999AA10123456784"}),
]
REPORT = {"component": "payments", "state": "operational", "since": "2026-01-01T00:00:00Z"}


def data(value):
    """Return what stands behind `data:`."""
    return str(value) if WRONG else json.dumps(value)


async def order(request):
    """The events behind the one that the client has."""
    after = int(request.headers.get("last-event-id") or 0)

    async def events():
        for id_, name, value in EVENTS[after:]:
            yield {"id": str(id_), "event": name, "data": data(value)}

    return EventSourceResponse(events())


async def status(request):
    """One event, then pings."""

    async def events():
        yield {"id": "1", "data": json.dumps(REPORT)}
        await asyncio.Event().wait()

    return EventSourceResponse(events(), ping=1)


app = Starlette(
    routes=[
        Route("/v1/orders/{id}/status/stream", order),
        Route("/v1/status/stream", status),
    ]
)

if __name__ == "__main__":
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    print(f"Listening on http://127.0.0.1:{bound.getsockname()[1]}", flush=True)  # noqa: T201
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[bound])

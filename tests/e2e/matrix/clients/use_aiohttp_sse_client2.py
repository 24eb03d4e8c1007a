"""aiohttp-sse-client2, an EventSource for asyncio; all of it is the package's own."""

from datetime import timedelta

from aiohttp_sse_client2 import client
from drive import Run, drive

RECONNECTION_TIME = timedelta(seconds=0.5)
"""Where its own default is five seconds; it doubles this before the first wait."""


async def read(run: Run) -> str:
    """Iterate over the source until it ends or raises."""
    source: client.EventSource

    def error() -> None:
        if source.ready_state == client.READY_STATE_CONNECTING:
            run.lost("on_error")

    source = client.EventSource(
        run.url,
        option={"method": run.method},
        reconnection_time=RECONNECTION_TIME,
        on_open=run.opened,
        on_error=error,
        headers=dict(run.headers),
        data=run.body,
    )
    async with source:
        async for event in source:
            run.event(event.type or "message", event.data, event.last_event_id)
    return "the source has ended"


drive(read)

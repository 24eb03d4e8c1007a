"""httpx-sse, a parser for httpx. The loop around it is ours, after the one in its README.

That one comes back after a ReadError only; this one after the end of the body and any other fault
of the transport as well, and gives up when the answer is no event stream. It leaves out what has no
data: the parser gives out a block of a mere `id`, `event` or `retry` as well.
"""

import asyncio

import httpx
import httpx_sse
from drive import Run, drive

CLIENT = httpx.AsyncClient(
    timeout=None,  # a stream may be silent for as long as it likes
    follow_redirects=True,
    limits=httpx.Limits(max_connections=None),
)


async def read(run: Run) -> str:
    """Read the stream, connection after connection, and say why no further one is tried."""
    last_event_id, delay = "", 1.0
    while True:
        headers = dict(run.headers)
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        try:
            async with httpx_sse.aconnect_sse(
                CLIENT, run.method, run.url, headers=headers, content=run.body
            ) as source:
                if source.response.status_code != 200:
                    return f"status {source.response.status_code}"
                source._check_content_type()  # before `open`, and not only at the first event
                run.opened()
                async for event in source.aiter_sse():
                    last_event_id = event.id
                    if event.retry is not None:
                        delay = event.retry / 1000
                    if event.data:
                        run.event(event.event, event.data, event.id)
            run.lost("the body has ended")
        except httpx_sse.SSEError as error:
            return str(error)
        except httpx.RequestError as error:
            run.lost(error)
        await asyncio.sleep(delay)  # noqa: TID251  # the client's own reconnection time


drive(read)

"""launchdarkly-eventsource, as LaunchDarkly's own SDK uses it.

Everything is tried again but an answer that is no event stream, by the error strategy that its
documentation names for that purpose. Each client blocks a thread.
"""

import asyncio
import threading

from drive import Run, drive
from ld_eventsource import SSEClient
from ld_eventsource.actions import Event, Fault, Start
from ld_eventsource.config import ConnectStrategy, ErrorStrategy, RetryDelayStrategy
from ld_eventsource.errors import HTTPContentTypeError, HTTPStatusError

RETRY_DELAY = 0.1
"""Seconds, each time; by default it is one second that doubles, and jitter."""
REFUSED = (HTTPStatusError, HTTPContentTypeError)


def read(run: Run, client: SSEClient) -> object:
    """Read everything the client reports until it is refused; return why."""
    for action in client.all:
        if run.over:
            # `close` from another thread ends the connection; the iteration would make another one.
            return "stopped"
        match action:
            case Start():
                run.opened()
            case Event():
                run.event(action.event, action.data, action.last_event_id or "")
            case Fault() if isinstance(action.error, REFUSED):
                return action.error
            case Fault():
                run.lost(action.error)
    return "the client has ended"


async def in_a_thread(run: Run) -> object:
    """Let a thread of its own read, which no end of the program waits for."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[object] = loop.create_future()
    client = SSEClient(
        ConnectStrategy.http(run.url, headers=run.headers),
        initial_retry_delay=RETRY_DELAY,
        retry_delay_strategy=RetryDelayStrategy.default(RETRY_DELAY, 1, 0),
        error_strategy=ErrorStrategy.always_continue(),
    )

    def tell(result: object) -> None:
        if not over.done():
            over.set_result(result)

    def work() -> None:
        try:
            result = read(run, client)
        except Exception as error:  # noqa: BLE001  # whatever it raises, it has given up
            result = error
        loop.call_soon_threadsafe(tell, result)

    threading.Thread(target=work, daemon=True).start()
    try:
        return await over
    finally:
        client.close()


drive(in_a_thread)

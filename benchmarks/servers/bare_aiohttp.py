"""What a careful person writes by hand with aiohttp, and nothing else: the yardstick.

Every path is one handler; events are the bytes that the scenarios of ``run.py`` send.
"""

import argparse
import asyncio
import gc
import socket

from aiohttp import web

HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


def event(number: int | None = None) -> bytes:
    head = b"" if number is None else b"id: %d\n" % number
    start = head + b'data: {"symbol":"ACME","price":101.25,"note":"'
    return start + b"x" * (120 - len(start) - 4) + b'"}\n\n'


async def opened(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    return response


async def static(request: web.Request) -> web.StreamResponse:
    """Write the same event again and again, one write each."""
    response = await opened(request)
    text = event()
    for _ in range(int(request.query["events"])):
        await response.write(text)
    await response.write_eof()
    return response


async def numbered(request: web.Request) -> web.StreamResponse:
    """Write events with ids of their own, one write each."""
    response = await opened(request)
    for number in range(1, int(request.query["events"]) + 1):
        await response.write(event(number))
    await response.write_eof()
    return response


async def short(request: web.Request) -> web.StreamResponse:
    """Write ten events and the end as one."""
    response = await opened(request)
    await response.write_eof(event() * 10)
    return response


async def until(loop: asyncio.AbstractEventLoop, deadline: float) -> None:
    future = loop.create_future()
    timer = loop.call_at(deadline, future.set_result, None)
    try:
        await future
    finally:
        timer.cancel()


async def ticks(request: web.Request) -> web.StreamResponse:
    """Write an event a second, each due at a whole second after the first."""
    response = await opened(request)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    text = event()
    await response.write(text)
    for second in range(1, int(request.query["events"])):
        await until(loop, begun + second)
        await response.write(text)
    await response.write_eof()
    return response


async def serve(port: int) -> None:
    app = web.Application()
    for handler in (static, numbered, short, ticks):
        app.router.add_get(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", port), backlog=4096)
    await web.SockSite(runner, listening, backlog=4096).start()
    print(f"Listening on http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--calm-collector", action="store_true")
    arguments = parser.parse_args()
    if arguments.calm_collector:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 50)
    asyncio.run(serve(arguments.port))


if __name__ == "__main__":
    main()

"""An upstream whose every event says when it was written, by the clock that all processes share.

Plain asyncio, chunked, an event every tenth of a second to each client, each in a phase of its own.
"""

import asyncio
import time
from itertools import count

EVERY = 0.1
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def chunk() -> bytes:
    """Give an event of 120 bytes as a chunk."""
    text = b"data: %d " % time.monotonic_ns()
    text += b"x" * (118 - len(text)) + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(text), text)


NUMBERS = count()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        phase = next(NUMBERS) * 0.618 % 1  # spread, whatever their number
        await asyncio.sleep(phase * EVERY)  # noqa: TID251  (real time is what is measured)
        while not writer.is_closing():
            writer.write(chunk())
            await writer.drain()
            await asyncio.sleep(EVERY)  # noqa: TID251  (real time is what is measured)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=4096)
    port = server.sockets[0].getsockname()[1]
    print(f"Listening on http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

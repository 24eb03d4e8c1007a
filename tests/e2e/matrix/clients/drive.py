"""What the programs in Python share; the lines they read and print are those of ``drive.mjs``."""

import asyncio
import contextlib
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent.parent))

from verdicts import shorten

BUFFER = 1 << 26
"""Bytes that one line of input may have."""

PRINTING = threading.Lock()


@dataclass
class Run:
    """One run of one scenario: what was asked for, and where to report."""

    name: str
    url: str
    types: list[str] = field(default_factory=list)
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    over: bool = False

    def emit(self, kind: str, **fields: Any) -> None:
        """Print a line, unless the run is over."""
        if self.over:
            return
        self.over = kind in {"closed", "stopped"}
        at = round(time.monotonic() * 1000)
        line = json.dumps({"name": self.name, "at": at, "kind": kind, **fields})
        with PRINTING:
            print(line, flush=True)  # noqa: T201

    def opened(self) -> None:
        """Say that a connection has been accepted as an event stream."""
        self.emit("open")

    def event(self, kind: str, data: str, last_event_id: str | None) -> None:
        """Say that the client gave out an event."""
        self.emit("event", type=kind, data=shorten(data), lastEventId=last_event_id)

    def lost(self, reason: object) -> None:
        """Say that the connection is lost and that the client will come back."""
        self.emit("error", readyState=0, message=repr(reason))

    def closed(self, reason: object, *, raised: bool = False) -> None:
        """Say that the client has given up, by an exception or in peace."""
        self.emit("closed", raised=raised, message=repr(reason))


Client = Callable[[Run], Awaitable[Any]]


def drive(client: Client) -> None:
    """Read runs from standard input; `client` returns or raises when it gives one up."""
    asyncio.run(_drive(client))


async def _drive(client: Client) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=BUFFER)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print('{"kind": "ready"}', flush=True)  # noqa: T201
    running: dict[str, tuple[Run, asyncio.Task[None]]] = {}
    while line := await reader.readline():
        order = json.loads(line)
        if "stop" in order:
            run, task = running.pop(order["stop"])
            run.emit("stopped")
            task.cancel()
        else:
            run = Run(**order)
            running[run.name] = run, asyncio.create_task(_perform(client, run))
    for _, task in running.values():
        task.cancel()


async def _perform(client: Client, run: Run) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        try:
            run.closed(await client(run))
        except Exception as error:  # noqa: BLE001  # whatever a client raises, it has given up
            run.closed(error, raised=True)

"""An event source by hand, on a session's manual clock: it does right, or wrong where it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from clients import RawClient, Received

from mockserver.clock import turn_of_others
from mockserver.sse.parse import Parser

_STEP = 0.25
_PATIENCE = 80
"""Steps of the clock that a connection may stay open before the client closes it."""
_TURNS = 8


@dataclass
class EventSource:
    """One client of one stream; the fields say what it does otherwise than it should."""

    server: object
    session: object
    target: str
    method: str = "GET"
    body: bytes = b""
    headers: tuple[str, ...] = ()
    haste: float = 1.0
    """The part of the time it was told to wait that it does wait."""
    forgets_id: bool = False
    says: str | None = None
    """The Last-Event-ID that it brings as long as it has got no other."""
    returns: bool = True
    heeds_stop: bool = True
    """Whether 204, and what is no stream, is the end for it."""
    follows: bool = True
    waits_for: dict[int, float] = field(default_factory=dict)
    """Statuses after which it tries again, in so many seconds."""
    most: int = 8
    parser: Parser = field(default_factory=Parser)

    async def live(self) -> None:
        """Connect, and come back until it is told to stay away."""
        target = self.target
        # Else the first request waits for openapi-core, while this one moves the clock on and on.
        await self.server._live.requests._imported.wait()
        for number in range(self.most):
            received = await self._connect(target, first=number == 0)
            status = received.status if received.raw else 0
            target = self.target
            if status in (301, 302, 307) and self.follows:
                target = self.target.rpartition("/")[0] + "/" + received.header("Location")
                continue
            retry = self._pause(status, received)
            if retry is None or not self.returns:
                return
            if received.end == "left":
                return
            self.session.advance(retry * self.haste)

    def _pause(self, status: int, received: Received) -> float | None:
        if status in self.waits_for:
            return self.waits_for[status]
        kind = (received.header("Content-Type") or "") if received.raw else ""
        if self.heeds_stop and not (status == 200 and kind.startswith("text/event-stream")):
            return None
        return (self.parser.reconnection_time or 3000) / 1000

    async def _connect(self, target: str, *, first: bool) -> Received:
        client = await RawClient.connect(self.server)
        headers = ["Accept: text/event-stream", "Connection: close", *self.headers]
        last_id = self.parser.last_event_id or self.says
        if last_id and not (self.forgets_id and not first):
            headers.append(f"Last-Event-ID: {last_id}")
        await client.send(target, *headers, method=self.method, body=self.body)
        reading = asyncio.ensure_future(client.rest())
        for _ in range(_PATIENCE):
            for _ in range(_TURNS):
                await turn_of_others()
            if reading.done():
                break
            self.session.advance(_STEP)
        else:
            reading.cancel()
            client.writer.close()
            await _quiet(self.server)
            self._hear(Received(client.raw, "left"))
            return Received(client.raw, "left")
        received = await reading
        await _quiet(self.server)
        self._hear(received)
        return received

    def _hear(self, received: Received) -> None:
        self.parser.restart()
        if received.raw and received.status == 200:
            self.parser.feed(received.body)


async def _quiet(server: object) -> None:
    while server.busy:
        await turn_of_others()

"""What conforming clients have dispatched of what a session's connections were told: the oracle.

Nothing was written down while they were told: every connection is played once more, up to the
bytes that had left, to a client that has no faults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mockserver.play.oracle import ConformingClient
from mockserver.play.replay import replayed
from mockserver.play.socket_client import SocketClient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.play.oracle import Received
    from mockserver.play.story import Subscription
    from mockserver.play.told import Told

EVENTS: Final = 10_000
"""Events of a subscription that are listed unless more are asked for; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One connection as the client heard it: the state it was left in, and which events."""

    told: Told
    connection: int
    state: str
    events: range
    bytes: int
    """Those of the body that it has heard."""


@dataclass(slots=True)
class Listener:
    """A conforming client in the place of the one that holds a subscription."""

    subscription: Subscription
    limit: int = EVENTS
    client: ConformingClient | SocketClient = field(init=False)
    heard: list[Heard] = field(default_factory=list)
    unlisted: int = 0
    """Events beyond the limit."""
    last: Received | None = None
    """The last event of all."""

    def __post_init__(self) -> None:
        frames = self.subscription.program.frames
        self.client = SocketClient() if frames else ConformingClient()

    def listen(self, told: Told) -> Iterator[None]:
        """Hear one connection; yields where others may have their turn."""
        client = self.client
        followed = bool(self.heard) and self.heard[-1].told.leads_to(told)
        client.request(
            told.at, host=told.host, scheme=told.scheme, origin=told.origin, followed=followed
        )
        head, first, sent = told.head, len(client.events), told.sent
        if head is not None:
            if not head.raw:
                client.respond(told.began, head.status, told.headers)
            if told.replay is not None:
                yield from self._replay(told)
            elif told.body:
                client.receive(told.began, told.body)
        if told.ended is not None:
            at, kind = told.ended
            client.finish(at, kind)
        self._forget()
        events = range(first, len(client.events))
        heard = Heard(told, client.connection, client.state, events, sent)
        self.heard.append(heard)
        yield

    def _forget(self) -> None:
        """Count what is beyond the limit instead of keeping it."""
        if self.client.events:
            self.last = self.client.events[-1]
        self.unlisted += max(0, len(self.client.events) - self.limit)
        del self.client.events[self.limit :]

    def _replay(self, told: Told) -> Iterator[None]:
        assert told.head is not None
        hear = self.client.receive_raw if told.head.raw else self.client.receive
        for cue in replayed(told):
            hear(round(told.began + cue.at, 9), cue.data)
            self._forget()
            yield


class Audience:
    """A conforming client for every subscription of a session, in the order in which they began."""

    def __init__(self, limit: int = EVENTS) -> None:
        self._limit = limit
        self._listeners: dict[int, Listener] = {}

    @property
    def listeners(self) -> list[Listener]:
        """What was heard so far, one a subscription."""
        return list(self._listeners.values())

    def hear(self, memory: Iterable[Told]) -> Iterator[None]:
        """Hear all that was told; yields where others may have their turn, for it may be long."""
        for told in memory:
            fresh = Listener(told.subscription, self._limit)
            listener = self._listeners.setdefault(id(told.subscription), fresh)
            yield from listener.listen(told)


def as_json(listener: Listener) -> dict[str, Any]:
    """Return what one subscription's client has dispatched and lived through, times in seconds."""
    client, subscription = listener.client, listener.subscription
    first = listener.heard[0].told
    events = [event_json(event) for event in client.events]
    return {
        "scenario": subscription.program.name,
        "subscription": subscription.address.subscription,
        "operation": first.operation,
        "target": first.target,
        "state": client.state,
        "states": [
            {"at": round(changed.at, 6), "state": changed.state, "why": changed.why}
            for changed in client.states
        ],
        "last_event_id": client.last_event_id,
        "reconnection_time": client.reconnection_time,
        "events": events,
        "unlisted_events": listener.unlisted,
        "connections": [_connection_json(heard, events) for heard in listener.heard],
    }


def event_json(event: Received) -> dict[str, Any]:
    """Return an event with the names that the DOM's MessageEvent has."""
    return {
        "type": event.type,
        "data": event.data,
        "lastEventId": event.last_event_id,
        "origin": event.origin,
        "connection": event.connection,
        "at": round(event.at, 6),
    }


def _connection_json(heard: Heard, events: list[dict[str, Any]]) -> dict[str, Any]:
    told = heard.told
    return {
        "connection": heard.connection,
        "at": round(told.at, 6),
        "target": told.target,
        "last_event_id": told.last_event_id,
        "status": told.head.status if told.head else None,
        "bytes": heard.bytes,
        "ended": told.ended and {"at": round(told.ended[0], 6), "kind": told.ended[1]},
        "state": heard.state,
        "events": events[heard.events.start : heard.events.stop],
    }

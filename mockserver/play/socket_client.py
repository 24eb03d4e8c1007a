"""What a WebSocket's client makes of a server's answers (WHATWG WebSockets § 3.1; RFC 6455 § 7).

It stands beside the event source of `oracle`, and is told the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mockserver.play.oracle import Changed, Received
from mockserver.sse.framed import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.play.oracle import State

SWITCHING: int = 101
"""The status by which a handshake succeeds (RFC 6455 § 4.2.2)."""
_LOST = {"drop": "the connection was cut", "reset": "the connection was reset"}


class SocketClient:
    """A client that opens one WebSocket after another, and remembers the last id it was told.

    A WebSocket does not connect again by itself: each is closed for good, whoever ended it.
    """

    def __init__(self) -> None:
        self.events: list[Received] = []
        self.states: list[Changed] = []
        self.state: State = "connecting"
        self.connection = 0
        self.last_event_id = ""
        self.reconnection_time: int | None = None
        self._origin = ""

    def request(
        self,
        at: float,
        *,
        host: str = "",
        scheme: str = "http",
        origin: str | None = None,  # noqa: ARG002  (whose page it is makes no difference)
        followed: bool = False,  # noqa: ARG002  (nothing is: a redirect fails the handshake)
    ) -> None:
        """Tell that a handshake arrived, with this Host header; over TLS `scheme` is https."""
        self.connection += 1
        self._origin = f"{'wss' if scheme == 'https' else 'ws'}://{host.lower()}"
        self._change(at, "connecting", f"request {self.connection}")

    def respond(self, at: float, status: int, headers: Sequence[tuple[str, str]]) -> None:  # noqa: ARG002
        """Tell that the head of the answer was sent."""
        if status == SWITCHING:
            self._change(at, "open", f"status {status}")
        else:
            self._change(at, "closed", f"status {status} refuses the handshake")

    def receive(self, at: float, data: bytes) -> list[Received]:
        """Tell that frames were sent, whole ones but for the last; return the events in them."""
        if self.state != "open":
            return []
        before = len(self.events)
        for said in told(data):
            self.last_event_id = said.get("id", self.last_event_id)
            self.reconnection_time = said.get("retry", self.reconnection_time)
            if "data" in said:
                type_ = said.get("event") or "message"
                self.events.append(
                    Received(
                        self.connection, at, type_, said["data"], self.last_event_id, self._origin
                    )
                )
        return self.events[before:]

    def receive_raw(self, at: float, data: bytes) -> list[Received]:
        """Tell that bytes were sent in place of an answer, which is none that could be accepted."""
        if data and self.state == "connecting":
            self._change(at, "closed", "what was answered is no handshake")
        return []

    def finish(self, at: float, kind: Literal["end", "drop", "reset", "client"]) -> None:
        """Tell that the connection is over."""
        if self.state != "closed":
            ended = "the client left" if kind == "client" else "the server closed it"
            self._change(at, "closed", _LOST.get(kind, ended))

    def _change(self, at: float, state: State, why: str) -> None:
        self.state = state
        self.states.append(Changed(at, state, why))

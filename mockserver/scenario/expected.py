"""What a scenario expects of its client, as typed values; `expect` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from mockserver.errors import Location
    from mockserver.scenario.bounds import Bounds
    from mockserver.scenario.model import When


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionExpected:
    """The client's request `connection` (from 1) is like this.

    `last_event_id`: a text, False for none sent, True for any. `after`: seconds from the end of
    the connection before it.
    """

    where: Location
    connection: int
    like: When
    last_event_id: str | bool | None = None
    after: Bounds | None = None

    def __str__(self) -> str:
        return f"connection {self.connection}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsExpected:
    """So many connections, and no further one for `within` seconds after the last one ended."""

    where: Location
    connections: Bounds
    within: float | None = None

    def __str__(self) -> str:
        return f"connections {self.connections}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingExpected:
    """Who ended a connection (None: the last), and after which event, at most so long."""

    where: Location
    closed_by: Literal["client", "script", "server"]
    connection: int | None = None
    after_event: str | None = None
    within: float | None = None

    def __str__(self) -> str:
        which = f"connection {self.connection}" if self.connection else "the last connection"
        return f"{which} closed by {self.closed_by}"


@dataclass(frozen=True, slots=True)
class Requested:
    """So many requests to an operation; `operation` is its id, once the document is known."""

    name: str
    where: Location
    times: Bounds
    operation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsExpected:
    """So many requests of the whole session."""

    where: Location
    requests: tuple[Requested, ...]

    def __str__(self) -> str:
        return "requests " + ", ".join(f"{each.name}: {each.times}" for each in self.requests)


Expected: TypeAlias = ConnectionExpected | ConnectionsExpected | ClosingExpected | RequestsExpected

"""How much has been recorded, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.capture.body import body_of
from mockserver.contract.media import essence
from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.capture import Exchange


@dataclass(frozen=True, slots=True)
class Counted:
    """Exchanges, those of them that are event streams, and what a client dispatches of these."""

    exchanges: int
    streams: int
    events: int


def counted(exchanges: Iterable[Exchange]) -> Counted:
    """Count what was recorded."""
    known = list(exchanges)
    streams = [exchange for exchange in known if _is_stream(exchange)]
    return Counted(len(known), len(streams), sum(map(_events, streams)))


def _is_stream(exchange: Exchange) -> bool:
    """Tell whether an answer is an event stream (WHATWG § 9.2.5)."""
    return essence(exchange.header("content-type") or "") == "text/event-stream"


def _events(exchange: Exchange) -> int:
    """Return how many events a client that stays to the end dispatches, as far as can be read."""
    body, parser = body_of(exchange), Parser()
    return 0 if body.sealed else sum(len(parser.feed(chunk.data)) for chunk in body.chunks)

"""An exchange with all that is known of it: its operation, its request as plain data, its body."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Literal

from mockserver.contract import Route
from mockserver.contract.media import framing
from mockserver.play.opening import Opening, body_of, parameters

if TYPE_CHECKING:
    from mockserver.capture.body import Body
    from mockserver.capture.exchange import Exchange
    from mockserver.contract import Contract, Operation
    from mockserver.contract.media import Framing


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One exchange on an operation."""

    exchange: Exchange
    body: Body
    operation: Operation
    opening: Opening

    @property
    def framing(self) -> Framing | None:
        """How its body is told apart; None where it is a whole answer, or there was none at all."""
        if not 200 <= self.exchange.status < 300 or self.body.sealed:
            return None
        return framing(self.exchange.header("content-type") or "")

    @property
    def kind(self) -> Literal["stream", "answer", "bytes", "broken"]:
        """What it takes to tell it: steps; a response; a response and raw steps; a disconnect."""
        if self.exchange.status == 0:
            return "broken"
        if self.framing is not None:
            return "stream"
        if self.exchange.end != "end":
            return "bytes"
        return "answer"

    @property
    def line(self) -> str:
        """The request as notes name it."""
        return f"{self.exchange.method} {self.exchange.target}"


def seen(exchange: Exchange, body: Body, contract: Contract) -> Seen | None:
    """Return an exchange with its operation, None where no operation of the contract fits."""
    path, _, query = exchange.target.partition("?")
    found = contract.route(exchange.method, path)
    if not isinstance(found, Route):
        return None
    headers: dict[str, str] = {}
    for name, value in exchange.request_headers:
        lower = name.lower()
        headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
    sent = exchange.request_body
    opening = Opening(
        method=exchange.method,
        target=exchange.target,
        path=found.path_parameters,
        query=parameters(query),
        headers=headers,
        cookies=cookies(headers.get("cookie", "")),
        body=body_of(sent, headers.get("content-type", "")) if sent else None,
        last_event_id=headers.get("last-event-id"),
    )
    operation = found.choose(opening.query, opening.body)
    return Seen(exchange, body, operation, opening)


def cookies(header: str) -> dict[str, str]:
    """Return the cookies of a request."""
    jar = SimpleCookie()
    try:
        jar.load(header)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}

"""Leads a request to the function that its operation names, after holding it to the document."""

from __future__ import annotations

import asyncio
import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.contract import NoRoute
from mockserver.contract.requests import styles
from mockserver.contract.requests.faults import RequestFault
from mockserver.contract.requests.terms import terms_of
from mockserver.contract.requests.verdicts import FAULTS, Asked, Verdicts, needs_library
from mockserver.contract.values import short
from mockserver.errors import ControlError, did_you_mean
from mockserver.late import late
from mockserver.server.control import (
    about,
    connections,
    coverage,
    heard,
    journal,
    metrics,
    pages,
    requested,
    scenarios,
    sessions,
    signals,
    streams,
    verdict,
)
from mockserver.server.control.ask import Ask, Handler
from mockserver.server.cors import is_preflight, preflight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockserver.contract import Contract, Operation
    from mockserver.contract.routes import Route
    from mockserver.server.control.guard import Guard
    from mockserver.server.live import Live

PREFIX: Final = "/_mock"

HANDLERS: Final[dict[str, Handler]] = {
    **about.HANDLERS,
    **sessions.HANDLERS,
    **connections.HANDLERS,
    **scenarios.HANDLERS,
    **heard.HANDLERS,
    **coverage.HANDLERS,
    **verdict.HANDLERS,
    **signals.HANDLERS,
    **streams.HANDLERS,
    **journal.HANDLERS,
    **metrics.HANDLERS,
    **pages.HANDLERS,
    **requested.HANDLERS,
}
"""What answers each operation of the document, by its id."""


class Control:
    """The control API of one server; `document` reads its contract when it is first needed."""

    def __init__(self, document: Callable[[], Contract], guard: Guard) -> None:
        self._read = document
        self._guard = guard
        self._contract: Contract | None = None
        self._verdicts = Verdicts()

    @property
    def contract(self) -> Contract:
        """What the control API promises."""
        if self._contract is None:
            self._contract = self._read()
        return self._contract

    async def respond(self, request: web.BaseRequest, path: str, live: Live) -> web.StreamResponse:
        """Answer a request. Raises ControlError."""
        open_to_all = about.OPEN.get(path.removeprefix(PREFIX).rstrip("/"))
        if open_to_all is not None and request.method in ("GET", "HEAD"):
            # Whatever a probe writes behind its address: those who run it often cannot change it.
            return open_to_all(live)
        self._guard.check(request, page=pages.is_page(path))
        if live.cors and is_preflight(request):
            return preflight(request, ())
        if request.method == "OPTIONS":
            return self._allowed(request, path)
        route = self._route(request, path)
        body = await request.read()
        await self._hold(request, path, route, body)
        ask = Ask(request, live, route.path_parameters, _parsed(body) if body else None)
        return await HANDLERS[route.operation.id](ask)

    def _route(self, request: web.BaseRequest, path: str) -> Route:
        route = self._find(request, path)
        if not isinstance(route, NoRoute):
            return route
        if route.allowed:
            raise ControlError(
                405,
                f"{path} of the control API has no {request.method}",
                code="unknown-control",
                mend=f"it has {', '.join(route.allowed)}",
                headers=[("Allow", ", ".join(route.allowed))],
            )
        raise ControlError(
            404,
            f"the control API has no {request.method} {path}",
            code="unknown-control",
            mend=f"look at {PREFIX}/docs; the nearest is {route.nearest[0]}",
            nearest=list(route.nearest),
        )

    def _find(self, request: web.BaseRequest, path: str) -> Route | NoRoute:
        plain = path.rstrip("/")
        return self.contract.route(request.method, f"{PREFIX}/" if plain == PREFIX else plain)

    def _allowed(self, request: web.BaseRequest, path: str) -> web.Response:
        """Say which methods a path has (RFC 9110 § 9.3.7). Raises ControlError."""
        route = self._find(request, path)
        allowed = route.allowed if isinstance(route, NoRoute) else ()
        if not allowed:
            self._route(request, path)
        return web.Response(status=204, headers={"Allow": ", ".join(allowed)})

    async def _hold(self, request: web.BaseRequest, path: str, route: Route, body: bytes) -> None:
        """Hold a request to the document. Raises ControlError with all that is wrong."""
        _hold_query(request, route.operation)
        await _library_for(route.operation)
        headers = [
            (name, value) for name, value in request.headers.items() if name != "Content-Type"
        ]
        if body:
            _parsed(body)
            # `curl -d` says that it sends a form; there is nothing but JSON here.
            headers.append(("Content-Type", "application/json"))
        asked = Asked(
            request.method,
            path,
            route.path_parameters,
            _query(request),
            headers,
            body,
        )
        _refuse(route.operation, self._verdicts.of(route.operation, asked).faults)


def _hold_query(request: web.BaseRequest, operation: Operation) -> None:
    """Refuse query parameters that there are none of. Raises ControlError with all of them.

    A slip of the pen would change what is answered, and nobody would know. What is written behind
    the address of a page is the page's own affair.
    """
    if operation.id not in pages.HANDLERS:
        _refuse(operation, list(islice(_unknown(operation, _query(request)), FAULTS)))


def _query(request: web.BaseRequest) -> str:
    return request.raw_path.partition("?")[2]


def _unknown(operation: Operation, query: str) -> Iterator[RequestFault]:
    """Yield a fault for each query parameter that the document does not declare."""
    known = sorted(name for part, name in terms_of(operation).declared if part == "query")
    for name in dict.fromkeys(name for name, _ in styles.pairs(query)):
        if name not in known:
            yield RequestFault(
                where="query",
                name=short(name, quote=False),
                what="there is no such parameter",
                schema=operation.place.pointer,
                code="unknown-parameter",
                mend=did_you_mean(name, known) or f"{operation.id} has none at all",
            )


def _refuse(operation: Operation, faults: Sequence[RequestFault]) -> None:
    """Raise ControlError with all that is wrong, if anything is."""
    if not faults:
        return
    first, *others = faults
    more = f", and {len(others)} more" if others else ""
    raise ControlError(
        400,
        f"{first.sentence}{more}",
        code="bad-control",
        mend=first.mend or f"see {operation.id} in {PREFIX}/docs",
        errors=[fault.as_json() for fault in faults],
    )


async def _library_for(operation: Operation) -> None:
    """Import openapi-core where it is needed, without keeping streams waiting for it."""
    if needs_library(operation):
        await asyncio.to_thread(late, "mockserver.contract.requests.library")


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        said = f": {error}" if isinstance(error, _TwiceError) else ""
        what = f"the body is no JSON{said}"
        mend = 'send JSON such as {"name": "a"}'
        raise ControlError(400, what, code="bad-control", mend=mend) from None


class _TwiceError(ValueError):
    """An object has two members of one name: one of the two would be lost silently."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"{twice!r} stands in it twice")
    return members

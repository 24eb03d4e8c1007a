"""One request to the control API as plain values, and the usual shapes of answers."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from aiohttp import web

from mockserver.errors import ControlError, did_you_mean
from mockserver.play.session import DEFAULT
from mockserver.server.requests import scheme_of, session_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mockserver.clock import Clock
    from mockserver.play.session import Session
    from mockserver.server.live import Live

FRESH: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that fits the document of the control API.

    `path` has its path parameters, decoded; `body` is what its JSON says, None without one.
    """

    request: web.BaseRequest
    live: Live
    path: Mapping[str, str]
    body: Any = None

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters; `request.query.getall` has those that are given several times."""
        return self.request.query

    @property
    def base_url(self) -> str:
        """The server's own address as this request has reached it."""
        scheme = scheme_of(self.request)
        return f"{scheme}://{self.request.headers.get('Host') or 'localhost'}"

    def number(self, name: str, default: int = 0) -> int:
        """Return a query parameter that the document calls an integer: `7`, and `7.0` as well."""
        return integer(self.query[name]) if name in self.query else default

    @property
    def session(self) -> Session[Clock]:
        """The session that the path names.

        Raises ControlError (404) where there is none: a slip of the pen would make an empty one,
        of whose clients nothing bad can be said. The default session is always there.
        """
        name = session_name(self.path["session"])
        if name == DEFAULT:
            return self.live.sessions.get(name)
        found = self.live.sessions.use(name)
        if found is None:
            raise unknown_session(name, [session.name for session in self.live.sessions])
        return found


Handler: TypeAlias = "Callable[[Ask], Awaitable[web.StreamResponse]]"
"""Answers one operation of the control API. Raises ControlError."""


def integer(text: str) -> int:
    """Read a number that the document calls an integer: `7`, `7.0`, `7e0`. Raises ControlError."""
    try:
        return int(text)
    except ValueError:
        with suppress(ValueError, OverflowError):
            return int(float(text))
    raise ControlError(400, f"{text!r} is no integer", code="bad-control", mend="write 7")


def unknown_session(name: str, known: list[str]) -> ControlError:
    """Return the error for the name of a session that nobody has made or used."""
    near = did_you_mean(name, known) if known else ""
    mend = f'make it with POST /_mock/sessions {{"name": "{name}"}}, or use /@{name}/ first'
    return ControlError(
        404,
        f"there is no session {name!r}",
        code="unknown-session",
        mend=f"{near} Else {mend}" if near.startswith("did you mean") else mend,
    )


def answer(value: Any, status: int = 200, **headers: str) -> web.Response:
    """Return JSON; whoever types curl gets a line of its own."""
    text = json.dumps(value, ensure_ascii=False) + "\n"
    body = text.encode("utf-8", "backslashreplace")
    return web.Response(
        status=status, body=body, content_type="application/json", headers=FRESH | headers
    )

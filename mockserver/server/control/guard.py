"""Who may use the control API: programs on this machine, and whom the operator lets in.

A page of somebody else's that is open in the same browser must not drive it: not by a request
across origins, and not by a name that has been made to lead here (DNS rebinding).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mockserver.addresses import is_address, is_loopback
from mockserver.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiohttp import web

_LOCAL_NAMES: Final = ("localhost", ".localhost")
"""RFC 6761 § 6.3: these names lead to this machine."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What an operator has allowed.

    `hosts` are names or addresses by which others may reach the control API (`--control-host`), `*`
    for any. With a `token` (`--control-token`) every request has to bring it, and it is all that
    is asked; only the pages, which hold no data and where the token is typed in, ask for a name
    instead. `own` is the address that the server listens on.
    """

    hosts: Collection[str] = ()
    token: str | None = None
    own: str = "127.0.0.1"

    def check(self, request: web.BaseRequest, *, page: bool = False) -> None:
        """Let a request through, to a `page` or to all else. Raises ControlError (401, 403)."""
        if self.token is not None and page:
            self._check_name(request)
            _check_origin(request, self.hosts)
            return
        if self.token is not None:
            self._check_token(request, self.token)
            return
        self._check_host(request)
        _check_origin(request, self.hosts)

    def _check_token(self, request: web.BaseRequest, token: str) -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        known = given.strip().encode("utf-8", "surrogateescape")
        if scheme.lower() == "bearer" and hmac.compare_digest(known, token.encode()):
            return
        raise ControlError(
            401,
            "the control API asks for its token",
            code="missing-control-token",
            mend="send 'Authorization: Bearer …' with what --control-token says",
            headers=[("WWW-Authenticate", 'Bearer realm="mockserver control"')],
        )

    def _check_name(self, request: web.BaseRequest) -> None:
        """Refuse a page by a name that somebody else may have made to lead here.

        A token that is typed into it belongs to whoever owns the name. Addresses cannot be made so.
        """
        host = _asked_host(request)
        if not (_named(host, self.hosts) or _is_local(host) or is_address(host) or not host):
            raise _foreign_host(host)

    def _check_host(self, request: web.BaseRequest) -> None:
        host = _asked_host(request)
        if _named(host, self.hosts):
            return
        if not is_loopback(_peer(request)):
            raise ControlError(
                403,
                "the control API is for programs on the server's own machine",
                code="control-from-elsewhere",
                mend="start the server with --control-host NAME, the name that you reach it by, "
                "or with --control-token",
            )
        if not (_is_local(host) or host in (self.own, "")):
            raise _foreign_host(host)


def _asked_host(request: web.BaseRequest) -> str:
    # RFC 9112 § 3.2.2: the host of a target in absolute form goes before `Host`.
    absolute = not request.raw_path.startswith("/")
    return _host_of(request.raw_path if absolute else "//" + request.headers.get("Host", ""))


def _foreign_host(host: str) -> ControlError:
    return ControlError(
        403,
        f"the control API is not reached by the name {host!r}",
        code="foreign-host",
        mend=f"use localhost or 127.0.0.1, or start the server with --control-host {host}",
    )


def _check_origin(request: web.BaseRequest, hosts: Collection[str]) -> None:
    origin = request.headers.get("Origin")
    if origin is None:
        # What carries no Origin may come from a page all the same: an image, a form, a link.
        fetched = request.headers.get("Sec-Fetch-Site") == "cross-site"
        if not fetched or request.headers.get("Sec-Fetch-Mode") == "navigate":
            return
        origin = "another site"
    elif _is_local(host := _host_of(origin)) or _named(host, hosts):
        return
    raise ControlError(
        403,
        f"a page of {origin} must not drive this server",
        code="foreign-origin",
        mend="open the page from localhost, or start the server with --control-host",
    )


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return "\0"  # no name at all, and nobody's


def _named(host: str, hosts: Collection[str]) -> bool:
    return "*" in hosts or host in {name.lower() for name in hosts}


def _is_local(host: str) -> bool:
    return host == _LOCAL_NAMES[0] or host.endswith(_LOCAL_NAMES[1]) or is_loopback(host)


def _peer(request: web.BaseRequest) -> str:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return str(peer[0]) if peer else ""

"""Where calls may go: to this machine, and to hosts that the operator has named.

What counts is the address that is connected to, not what a name looks like: a name that leads
anywhere but to loopback is refused unless it was named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yarl import URL

from mockserver.addresses import is_loopback
from mockserver.errors import StartError

if TYPE_CHECKING:
    from collections.abc import Iterable

ANY = "*"


class NotAllowedError(Exception):
    """A call would go where none may go."""


class Hosts:
    """The hosts that calls may go to besides loopback: `name`, `name:port`, or `*` for all.

    Raises StartError for what is no host.
    """

    def __init__(self, named: Iterable[str] = ()) -> None:
        self._named = frozenset(map(_host, named))

    def check(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Raise NotAllowedError unless a call to `host` may connect to all of `addresses`."""
        if self._named & {(ANY, None), (host, None), (host, port)}:
            return
        strange = [address for address in addresses if not is_loopback(address)]
        if strange:
            where = host if host == strange[0] else f"{host}, which leads to {strange[0]},"
            name = f"[{host}]" if ":" in host else host
            raise NotAllowedError(
                f"{where} is not this machine: start the server with --allow-calls-to {name}"
            )


def _host(text: str) -> tuple[str, int | None]:
    if text == ANY:
        return ANY, None
    try:
        url = URL(f"http://{text}")
        if url.raw_host and not set(text) & set("/?#@*\\ "):
            return url.raw_host, url.explicit_port
    except ValueError:
        pass
    raise StartError(
        f"{text!r} is no host that calls could go to",
        code="bad-host",
        mend="write example.test, example.test:8443, or * for any",
    )

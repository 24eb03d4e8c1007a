"""Where an upstream is, and how targets and Locations read on either side of the proxy."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mockserver.addresses import is_address
from mockserver.errors import StartError

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A server by its URL. `prefix` is the URL's path, without a slash at its end."""

    scheme: str
    host: str
    port: int
    prefix: str = ""

    @property
    def authority(self) -> str:
        """What its Host header says (RFC 9110 § 7.2): the port only where it is not the usual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def numeric(self) -> bool:
        """Whether the host is an IP address, and no name."""
        return is_address(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"

    def target(self, asked: str) -> str:
        """Return what to ask it for where a client asks the proxy for `asked`, byte by byte."""
        path = origin_form(asked)
        return path if path == "*" else self.prefix + path

    def location(self, value: str) -> str:
        """Return a Location so that a client follows it through the proxy, where that can be.

        One that leads to the upstream's own origin, below its prefix, is made relative to the root:
        whoever serves the recording later is meant as well. All others stay as they are.
        """
        try:
            url = urlsplit(value)
            port = url.port or _PORTS.get(url.scheme.lower() or self.scheme)
        except ValueError:
            return value
        if url.netloc:
            own = (url.scheme.lower() or self.scheme, (url.hostname or "").lower(), port)
            if own != (self.scheme, self.host.lower(), self.port):
                return value
            value = value[value.index(url.netloc) + len(url.netloc) :]
            value = value if value.startswith("/") else "/" + value
        if self.prefix and value.startswith("/"):
            rest = value.removeprefix(self.prefix)
            if rest != value and rest[:1] in {"", "/", "?", "#"}:
                return rest if rest.startswith("/") else "/" + rest
            return str(self).removesuffix(self.prefix) + value
        return value


def origin_form(asked: str) -> str:
    """Return path and query of a target; nothing is quoted anew.

    One in absolute form (RFC 9112 § 3.2.2) loses its scheme and authority.
    """
    if asked == "*" or asked.startswith("/"):
        return asked
    after = asked.partition("://")[2]
    cuts = [place for place in map(after.find, "/?") if place >= 0]
    path = after[min(cuts) :] if cuts else ""
    return path if path.startswith("/") else "/" + path


def address_of(url: str) -> Address:
    """Read the URL of an upstream. Raises StartError."""
    given = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError as error:
        raise _no_upstream(url, str(error)) from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise _no_upstream(url, f"{scheme} is neither http nor https")
    if not parts.hostname:
        raise _no_upstream(url, "it names no host")
    if parts.query or parts.fragment:
        raise _no_upstream(url, "it has a query or a fragment, which belong to requests")
    if parts.username is not None:
        why = "its URL has a user's name; clients send that in Authorization"
        raise _no_upstream(parts.hostname, why)
    if not given.isascii() or not given.isprintable() or " " in given:
        raise _no_upstream(url, "it is not percent-encoded")
    return Address(scheme, parts.hostname, port or _PORTS[scheme], parts.path.rstrip("/"))


def _no_upstream(url: str, why: str) -> StartError:
    what = f"{url!r} is no upstream: {why}"
    return StartError(what, code="bad-upstream", mend="write https://api.example.test")


def tls_of(address: Address, *, insecure: bool) -> ssl.SSLContext | None:
    """Return how to speak TLS to it; None for plain HTTP.

    `insecure` takes any certificate, for servers that are being built.
    """
    if address.scheme != "https":
        return None
    found = ssl.create_default_context()
    found.set_alpn_protocols(["http/1.1"])
    if insecure:
        found.check_hostname = False
        found.verify_mode = ssl.CERT_NONE
    return found

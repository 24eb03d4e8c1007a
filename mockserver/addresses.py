"""Addresses of servers: what they are, how they are written, what is said where none can be had."""

from __future__ import annotations

import errno
import ipaddress
from typing import Final

from mockserver.errors import StartError

BACKLOG: Final = 4096
"""Connections that may wait to be accepted; a fast ramp of clients overflows aiohttp's 128."""
_ALL: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
"""What stands for all addresses of this machine, and one of them."""


def url_of(scheme: str, host: str, port: int) -> str:
    """Return a base URL, without a slash at its end."""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def is_address(host: str) -> bool:
    """Tell whether a host is an IP address, with or without a zone, and no name."""
    return _address(host) is not None


def is_loopback(host: str) -> bool:
    """Tell whether a host is an address of this machine alone (RFC 1122 § 3.2.1.3, RFC 4291)."""
    found = _address(host)
    mapped = getattr(found, "ipv4_mapped", None)
    return found is not None and bool((mapped or found).is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def reachable(host: str) -> str:
    """Return the host by which programs on this machine reach a server that listens on `host`."""
    return _ALL.get(host, host)


def cannot_listen(host: str, port: int, error: OSError) -> StartError:
    """Return what to raise where a port could not be had."""
    if error.errno == errno.EADDRINUSE:
        return StartError(
            f"port {port} on {host} is in use",
            code="port-in-use",
            mend="stop what listens there, or choose another with --port (0: any)",
        )
    reason = error.strerror or str(error)
    return StartError(
        f"cannot listen on {host}:{port}: {reason}",
        code="cannot-listen",
        mend="choose another --host or --port",
    )

"""Lets a page on another port talk to the server (Fetch standard § 3.2), credentials included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Collection

# What a page may read anyhow (Fetch standard § 2.2.2), and what is the connection's own affair.
_NOT_EXPOSED: Final = frozenset(
    {
        "cache-control",
        "connection",
        "content-language",
        "content-length",
        "content-type",
        "expires",
        "last-modified",
        "pragma",
        "transfer-encoding",
    }
)
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def is_preflight(request: web.BaseRequest) -> bool:
    """Whether the browser asks for leave, not for the resource."""
    headers = request.headers
    return (
        request.method == "OPTIONS"
        and "Origin" in headers
        and "Access-Control-Request-Method" in headers
    )


def preflight(request: web.BaseRequest, allowed: Collection[str]) -> web.Response:
    """Allow what is asked for."""
    methods = ", ".join(allowed) if allowed else _METHODS
    headers = {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Max-Age": "600",
        "Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    }
    asked = request.headers.get("Access-Control-Request-Headers")
    if asked:
        headers["Access-Control-Allow-Headers"] = asked
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)


def add_headers(
    request: web.BaseRequest, response: web.StreamResponse, own: Collection[str]
) -> None:
    """Allow the request's origin; headers in `own` are the scenario's and stay as they are.

    With credentials a browser takes no `*`: the origin is echoed, and headers are listed.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return
    exposed = sorted({name for name in response.headers if name.lower() not in _NOT_EXPOSED})
    defaults = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
    }
    if exposed:
        defaults["Access-Control-Expose-Headers"] = ", ".join(exposed)
    for name, value in defaults.items():
        if name.lower() not in own and name not in response.headers:
            response.headers[name] = value
    if "vary" not in own and "Origin" not in response.headers.get("Vary", ""):
        response.headers.add("Vary", "Origin")

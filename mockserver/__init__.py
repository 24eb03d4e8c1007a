"""A mock server for event streams: OpenAPI and scenarios in, deterministic events out.

`MockServer` embeds it; `mockserver serve` runs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.errors import ControlError, LoadError, MockServerError, Problem, StartError

if TYPE_CHECKING:
    from mockserver.runner import MockServer, SessionHandle

__version__ = "0.1.0"

__all__ = [
    "ControlError",
    "LoadError",
    "MockServer",
    "MockServerError",
    "Problem",
    "SessionHandle",
    "StartError",
]


def __getattr__(name: str) -> object:
    # Commands that start no server should not wait for what a server needs.
    if name in ("MockServer", "SessionHandle"):
        from mockserver import runner  # noqa: PLC0415

        return getattr(runner, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

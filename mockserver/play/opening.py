"""A request as plain data: all that the story may know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A request; header names in lower case, all texts decoded.

    `target` is the path and query as sent, without the session's prefix. `body` is JSON as
    data, a form as a mapping (a file in it as its filename, content_type and size), other text as
    text, None where there is none. `last_event_id`
    is the Last-Event-ID header read as UTF-8 (WHATWG § 9.2.4), None where it is absent.
    """

    method: str = "GET"
    target: str = "/"
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    last_event_id: str | None = None

    @property
    def accept(self) -> str:
        """The media types asked for (RFC 9110 § 12.5.1: none said is any)."""
        return self.headers.get("accept", "*/*")

    def names(self) -> dict[str, Any]:
        """Return what templates reach under `request`."""
        return {
            "path": dict(self.path),
            "query": dict(self.query),
            "headers": dict(self.headers),
            "cookies": dict(self.cookies),
            "body": self.body,
            "method": self.method,
        }

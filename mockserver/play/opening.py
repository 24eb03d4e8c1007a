"""A request as plain data: all that the story may know of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mockserver.contract.media import FORM, MULTIPART, essence, is_json
from mockserver.contract.requests.multipart import MultipartError, fields, parts

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
    scheme: str = "http"
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


def parameters(query: str) -> dict[str, str]:
    """Return query parameters, decoded; of several with one name the first."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return dict(reversed(pairs))


def body_of(raw: bytes, content_type: str) -> Any:
    """Return a body as `Opening` has it; what is not what its Content-Type says is text."""
    kind = essence(content_type)
    text = raw.decode("utf-8", "replace")
    if kind == FORM:
        return parameters(text)
    if kind == MULTIPART:
        try:
            return fields(parts(raw, content_type))
        except MultipartError:
            return text
    if is_json(kind):
        try:
            return json.loads(raw, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return text
    return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")

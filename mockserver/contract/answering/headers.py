"""The headers that a response declares, with values to send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.examples import named
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import value_violations

if TYPE_CHECKING:
    from mockserver.contract.document import Document
    from mockserver.contract.place import Place

_FRAMING: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""What the server alone can say. OAS 3.2 § Response Object: Content-Type is ignored there too."""

# What a header usually looks like, where its schema asks for no more than text.
_USUAL: Final = {
    "etag": '"5d41402a"',
    "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    "date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "expires": "Thu, 01 Jan 2026 00:00:00 GMT",
    "retry-after": "1",
    "cache-control": "no-cache",
    "www-authenticate": "Bearer",
    "allow": "GET, HEAD, OPTIONS",
    "vary": "Accept",
    "location": "/",
    "content-location": "/",
    "content-disposition": "attachment",
    "content-language": "en",
    "set-cookie": "session=5d41402a; Path=/",
    "access-control-allow-origin": "*",
}


def is_answered(name: str) -> bool:
    """Tell whether a declared header is one that an answer of the document's can carry."""
    return name.lower() not in _FRAMING and name.isascii() and not set(name) & set(" \t:\r\n")


def header_text(document: Document, name: str, holder: Place, seed: str) -> str | None:
    """Return the value of a declared header as text; None where none can be sent.

    The example, else what such a header usually is, else what its schema asks for. A header with
    `content` is text of that media type: JSON for all but text (OAS 3.2 § Header Object).
    """
    shown = named(document, holder, None)
    content = next(document.get(holder, "content").members(), None)
    if shown is None and content is not None:
        return _content_text(document, content[0], document.follow(content[1]), seed)
    if shown is not None:
        return _simple(shown.value)
    if name.lower() == "link":
        return None  # what it would lead to only an example can say
    schema = holder.get("schema")
    usual = _USUAL.get(name.lower())
    if usual is not None and _fits(document, schema, usual):
        return usual
    try:
        value = sample(document, schema, seed, name=name)
    except Unsatisfiable:
        return None
    return _simple(value, explode=holder.object.get("explode") is True)


def _fits(document: Document, schema: Place, usual: str) -> bool:
    """Tell whether the usual text will do: it is shown nothing else, and text is asked for."""
    said = document.follow(schema).object
    if said.keys() & {"example", "examples", "default", "const", "enum"}:
        return False
    value = int(usual) if usual.isdigit() else usual
    return any(not value_violations(document, schema, one, "header") for one in (value, usual))


def _content_text(document: Document, media_type: str, holder: Place, seed: str) -> str | None:
    shown = named(document, holder, None)
    try:
        value = shown.value if shown else sample(document, holder.get("schema"), seed)
    except Unsatisfiable:
        return None
    if isinstance(value, str) and media_type.startswith("text/"):
        return _simple(value)
    return _simple(json.dumps(value, default=str))


def _simple(value: Any, *, explode: bool = False) -> str | None:
    """Write a header's value in style `simple`; None if it cannot be sent.

    OAS 3.2 § Style Values, RFC 6570 § 3.2.2.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        text = str(value)
        return text if text.isprintable() else None
    if isinstance(value, list):
        return _joined([_simple(item) for item in value])
    if isinstance(value, dict):
        pairs = [(str(key), _simple(member)) for key, member in value.items()]
        told = [(key, text) for key, text in pairs if text is not None]
        if explode:
            return _joined([f"{key}={text}" for key, text in told])
        return _joined([part for pair in told for part in pair])
    return None


def _joined(parts: list[str | None]) -> str | None:
    return None if None in parts else ",".join(part for part in parts if part is not None)

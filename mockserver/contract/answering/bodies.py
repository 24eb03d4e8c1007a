"""A value as the body of a media type: JSON, text, forms, XML, and small files of common kinds."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from mockserver.contract.media import FORM, essence, is_json, is_range

if TYPE_CHECKING:
    from mockserver.contract.document import Document
    from mockserver.contract.place import Place

_BOUNDARY: Final = "part-of-the-answer"

# The smallest files that a browser shows: one transparent pixel, and the like.
_FILES: Final = {
    "image/png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    ),
    "image/gif": base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    "image/jpeg": base64.b64decode(
        "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP////////////////////////////////////////////////////////"
        "//////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA="
    ),
    "image/webp": base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="),
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>',
    "application/pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    "application/zip": b"PK\x05\x06" + bytes(18),
}


def file_of(media_type: str) -> bytes | None:
    """Return a small file of a media type whose files are no text that a schema could describe."""
    return _FILES.get(essence(media_type))


def is_xml(media_type: str) -> bool:
    """Tell whether a body of this media type is XML (RFC 7303 § 3, § 4.2)."""
    kind = essence(media_type)
    return kind in {"application/xml", "text/xml"} or kind.endswith("+xml")


def full_type(media_type: str) -> str:
    """Return a media type with the parameter without which its body could not be read."""
    if essence(media_type).startswith("multipart/") and "boundary=" not in media_type.lower():
        return f"{media_type}; boundary={_BOUNDARY}"
    return media_type


def body_of(document: Document, media_type: str, schema: Place, value: Any) -> bytes:
    """Return a value as the body of a media type; what has no form of its own goes out as JSON."""
    kind = essence(media_type)
    if is_json(media_type) or is_range(media_type):
        return _json(value)
    if is_xml(media_type):
        from mockserver.contract.answering.xmltext import xml_text  # noqa: PLC0415  (5 ms)

        return _utf8(value if isinstance(value, str) else xml_text(document, schema, value))
    if isinstance(value, dict) and kind == FORM:
        return urlencode({k: _field(v) for k, v in value.items()}, doseq=True).encode()
    if isinstance(value, dict) and kind.startswith("multipart/"):
        return _multipart(value)
    return _utf8(value) if isinstance(value, str) else _json(value)


def _json(value: Any) -> bytes:
    return _utf8(json.dumps(value, ensure_ascii=False, default=str))


def _utf8(text: str) -> bytes:
    """Encode; half of a surrogate pair, which JSON can write but UTF-8 cannot, becomes `?`."""
    return text.encode("utf-8", "replace")


def _field(value: Any) -> Any:
    """Return a member as a field of a form: a list is repeated, an object is JSON text."""
    if isinstance(value, list):
        return [_text(item) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return json.dumps(value, ensure_ascii=False, default=str)


def _multipart(value: dict[Any, Any]) -> bytes:
    """Write an object's members as parts (RFC 7578)."""
    parts = []
    for name, member in value.items():
        said = str(name).replace("\\", "\\\\").replace('"', '\\"')
        kind = "text/plain; charset=utf-8" if isinstance(member, str) else "application/json"
        head = f'Content-Disposition: form-data; name="{said}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(f"--{_BOUNDARY}\r\n{head}".encode() + _utf8(_text(member)) + b"\r\n")
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()

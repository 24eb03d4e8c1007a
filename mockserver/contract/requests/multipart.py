"""The parts of a body of type `multipart/*` (RFC 2046 § 5.1, RFC 7578)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST: Final = 10_000
"""Parts of one body that are looked at."""

_PARAMETER: Final = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')


class MultipartError(ValueError):
    """A body is not made of parts as its Content-Type says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `media_type` is None where the part does not say, `filename` where it is no file.

    `name` is the field of a form, "" elsewhere.
    """

    name: str
    filename: str | None
    media_type: str | None
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The content as text; bytes that are no UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")


def header_parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header such as Content-Type, names in lower case."""
    found: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value):
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip()
        found.setdefault(name.lower(), text)
    return found


def parts(body: bytes, content_type: str) -> list[Part]:
    """Return the parts of a body. Raises MultipartError for one that is not made of parts."""
    boundary = header_parameters(content_type).get("boundary", "")
    if not boundary:
        raise MultipartError("its Content-Type has no boundary")
    mark = b"--" + boundary.encode("latin-1", "replace")
    # The preamble may be missing, and with it the line end before the first boundary.
    _, *found = (b"\r\n" + body).split(b"\r\n" + mark, MOST + 1)
    if not found:
        raise MultipartError("its boundary is not in it")
    if len(found) > MOST:
        raise MultipartError(f"it has more than {MOST:,} parts")
    made: list[Part] = []
    for raw in found:
        if raw.startswith(b"--"):
            return made
        made.append(_part(raw))
    raise MultipartError("it ends before its last boundary")


def fields(sent: Iterable[Part]) -> dict[str, Any]:
    """Return the fields of a form by name, the first of several; a file as what it is, not has."""
    found: dict[str, Any] = {}
    for part in sent:
        if part.filename is None:
            found.setdefault(part.name, part.text)
        else:
            kind = part.media_type or "application/octet-stream"
            about = {"filename": part.filename, "content_type": kind, "size": len(part.content)}
            found.setdefault(part.name, about)
    return found


def _part(raw: bytes) -> Part:
    """Read one part; `raw` begins with what is left of its boundary's line."""
    _, begun, rest = raw.partition(b"\r\n")
    head, parted, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if not begun or not parted:
        raise MultipartError("a part of it has no end of headers")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    disposition = header_parameters(headers.get("content-disposition", ""))
    filename = disposition.get("filename")
    if "filename*" in disposition:  # RFC 8187, which browsers do not send but some libraries do
        filename = unquote(disposition["filename*"].rpartition("'")[2], errors="replace")
    return Part(
        # WHATWG HTML § 4.10.21.8: browsers write these three percent-encoded in names.
        _unescaped(disposition.get("name", "")),
        None if filename is None else _unescaped(filename),
        headers.get("content-type"),
        headers,
        content,
    )


def _unescaped(name: str) -> str:
    for code, char in (("%22", '"'), ("%0D", "\r"), ("%0A", "\n")):
        name = name.replace(code, char)
    return name

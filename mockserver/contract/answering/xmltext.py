"""A value as XML, by the XML Objects of its schema (OAS 3.2 § XML Object)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape, quoteattr

from mockserver.contract import shapes
from mockserver.contract.place import Place, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document

_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]|^(?=[^A-Za-z_])")
_NO_TEXT: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can say (XML 1.0 § 2.2)."""


def xml_text(document: Document, schema: Place, value: Any) -> str:
    """Return an XML document; its root is called as the schema says, else as its component."""
    writer, name = _Writer(document), _component(schema) or "root"
    if isinstance(value, list):
        pieces = writer.root_list(name, schema, value)
    else:
        pieces = "".join(writer.element(name, [schema], value))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{pieces}'


def _component(schema: Place) -> str | None:
    ref = reference(schema.value)
    return ref.rpartition("/")[2] if ref else None


class _Writer:
    """Writes elements; the value is finite, so that a recursive schema ends with it."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def element(self, name: str, schemas: list[Place], value: Any) -> Iterator[str]:
        """Yield the pieces of an element, or of one element an item of a list not wrapped."""
        said = self._said(schemas)
        name = _name(said, name)
        if isinstance(value, list):
            yield from self._list(name, schemas, value, wrapped=said.get("wrapped") is True)
            return
        attributes, inner = _namespace(said), list[str]()
        members = shapes.properties(self._document, schemas) if isinstance(value, dict) else {}
        for key, member in value.items() if isinstance(value, dict) else ():
            part = members.get(str(key), [])
            about = self._said(part)
            if about.get("attribute") is True or about.get("nodeType") == "attribute":
                attributes += f" {_name(about, str(key))}={quoteattr(_text(member))}"
            else:
                inner += self.element(str(key), part, member)
        if not isinstance(value, dict):
            inner.append(escape(_text(value)))
        yield (
            f"<{name}{attributes}>{''.join(inner)}</{name}>" if inner else f"<{name}{attributes}/>"
        )

    def _list(
        self, name: str, schemas: list[Place], value: list[Any], *, wrapped: bool
    ) -> Iterator[str]:
        items = shapes.find(self._document, schemas, "items")
        inside = [items] if items else []
        pieces = [piece for item in value for piece in self.element(name, inside, item)]
        yield f"<{name}>{''.join(pieces)}</{name}>" if wrapped else "".join(pieces)

    def root_list(self, name: str, schema: Place, value: list[Any]) -> str:
        """Return a list as the one root that a document has, wrapped whether it says so or not."""
        items = shapes.find(self._document, [schema], "items")
        inner = (items and _component(items)) or "item"
        pieces = [p for v in value for p in self.element(inner, [items] if items else [], v)]
        name = _name(self._said([schema]), name)
        return f"<{name}>{''.join(pieces)}</{name}>"

    def _said(self, schemas: list[Place]) -> dict[Any, Any]:
        found = shapes.find(self._document, schemas, "xml")
        return found.object if found else {}


def _name(said: dict[Any, Any], usual: str) -> str:
    name = said.get("name")
    plain = _NO_NAME.sub("_", name if isinstance(name, str) and name else usual or "_")
    prefix = said.get("prefix")
    return f"{_NO_NAME.sub('_', prefix)}:{plain}" if isinstance(prefix, str) and prefix else plain


def _namespace(said: dict[Any, Any]) -> str:
    uri, prefix = said.get("namespace"), said.get("prefix")
    if not isinstance(uri, str):
        return ""
    suffix = f":{_NO_NAME.sub('_', prefix)}" if isinstance(prefix, str) and prefix else ""
    return f" xmlns{suffix}={quoteattr(uri)}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NO_TEXT.sub("\ufffd", str(value))

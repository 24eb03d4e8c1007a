"""The headers of a response or a request, as a scenario writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario.nodes import Node, Scalar
from mockserver.scenario.shapes import Many, Table, Text
from mockserver.sse.encode import breaks_line

if TYPE_CHECKING:
    from mockserver.scenario.shapes import Report

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 § 5.6.2


def _header_fault(text: str) -> str | None:
    return None if _TOKEN.fullmatch(text) else f"{text!r} is no header name"


def _value_fault(text: str) -> str | None:
    broken = breaks_line(text) or "\0" in text
    return "a header value cannot hold CR, LF or NUL (RFC 9110 § 5.5)" if broken else None


_HEADER = Text("text", check=_value_fault, code="bad-header", mend="leave the character out")


@dataclass(frozen=True, slots=True)
class _Values:
    """Header values: a text, several, or null for none."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.value is None and node.plain:
            return None
        return Many(_HEADER, lone=True).read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "null"}, *Many(_HEADER, lone=True).schema()["anyOf"]]}


HEADERS: Final = Table(_Values(), _header_fault)

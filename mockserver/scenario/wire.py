"""The keys that say which bytes go out and in which writes, as tables: raw, cut, split, wire."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from mockserver.scenario import model
from mockserver.scenario.nodes import Mapping, Node, Scalar, Sequence
from mockserver.scenario.records import Key, Record, plain
from mockserver.scenario.shapes import (
    UNFIT,
    Choice,
    Duration,
    Either,
    Flag,
    Integer,
    Report,
    Text,
    wrong_type,
)
from mockserver.scenario.units import UnitError, rate
from mockserver.sse.encode import FIELDS

if TYPE_CHECKING:
    from mockserver.errors import Location

_MOST_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class _Coded:
    """Bytes written in letters and digits."""

    what: str
    mend: str

    def read(self, node: Node, report: Report) -> Any:
        text = Text(self.what, templated=False).read(node, report)
        if text is UNFIT:
            return UNFIT
        try:
            if self.what == "hex":
                return bytes.fromhex(text)
            return base64.b64decode("".join(text.split()), validate=True)
        except (ValueError, binascii.Error):
            return report.wrong(node, f"{text!r} is no {self.what}", "bad-bytes", self.mend)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


_CODED: Final = {
    "hex": Key(_Coded("hex", "write two digits a byte, such as 'ef bb bf'"), "Bytes as hex."),
    "base64": Key(_Coded("base64", "write groups of four, such as '77u/'"), "Bytes as base64."),
}


@dataclass(frozen=True, slots=True)
class _Bytes:
    """A text that goes out as UTF-8, `{hex: …}` or `{base64: …}`."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapping):
            mend = "write a text, {hex: …} or {base64: …}"
            return Text().read(node, report) if isinstance(node, Scalar) else wrong_type(
                node, report, "bytes", mend
            )  # fmt: skip
        if len(node.entries) != 1:
            mend = "write {hex: …} or {base64: …}"
            return report.wrong(node, "bytes are written in one way", "two-kinds", mend)
        found = _ONE_OF.read(node, report)
        return found if found is UNFIT else next(iter(found.values()), UNFIT)

    def schema(self) -> dict[str, Any]:
        return {
            "anyOf": [Text().schema(), {**_ONE_OF.schema(), "minProperties": 1, "maxProperties": 1}]
        }


_ONE_OF = Record("bytes", plain, _CODED)

RAW: Final = Key(_Bytes(), "Exactly these bytes, in a write of their own.", required=True)
CUT: Final = Key(
    Integer(-_MOST_BYTES, _MOST_BYTES, templated=True),
    "Only the first N bytes go out; negative: all but the last N.",
)
_PIECE = Integer(1, _MOST_BYTES, templated=True)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A lone number of bytes."""

    def read(self, node: Node, report: Report) -> Any:
        size = _PIECE.read(node, report)
        return size if size is UNFIT else model.Split(bytes=size)

    def schema(self) -> dict[str, Any]:
        return _PIECE.schema()


def _split(where: Location, **fields: Any) -> model.Split:  # noqa: ARG001
    return model.Split(**fields)


SPLIT: Final = Key(
    Either(
        _Piece(),
        Record(
            "a split",
            _split,
            {
                "bytes": Key(_PIECE, "So many bytes a write.", required=True),
                "every": Key(Duration(), "From one write to the next."),
            },
        ),
    ),
    "N bytes a write, or {bytes: N, every: 5ms}.",
)


@dataclass(frozen=True, slots=True)
class _Rate:
    """Bytes a second."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar):
            return wrong_type(node, report, "a rate such as 512 B/s or 64 KB/s")
        try:
            return rate(node.text)
        except UnitError as error:
            return report.wrong(node, error.what, "bad-rate", error.mend)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d+(\.\d+)?\s*(B|KB|MB|KiB|MiB)/s$"}


def _length(where: Location, length: Any) -> model.Length:  # noqa: ARG001
    return model.Length(length)


@dataclass(frozen=True, slots=True)
class _Transfer:
    """How the end of the body is told."""

    words: ClassVar = Choice(("chunked", "close"), "chunked, close or {length: N}")
    length: ClassVar = Record(
        "a transfer",
        _length,
        {"length": Key(Integer(0, 1 << 53, templated=True), "The Content-Length.", required=True)},
    )

    def read(self, node: Node, report: Report) -> Any:
        return (self.length if isinstance(node, Mapping) else self.words).read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.words.schema(), self.length.schema()]}


@dataclass(frozen=True, slots=True)
class _Order:
    """The names of fields, each once."""

    name: ClassVar = Choice(FIELDS)

    def read(self, node: Node, report: Report) -> Any:
        mend = "write the fields that go first, such as [id, event, data]"
        if not isinstance(node, Sequence):
            return wrong_type(node, report, "a list of fields", mend)
        found = [self.name.read(item, report) for item in node.items]
        if UNFIT in found:
            return UNFIT
        if len(set(found)) < len(found):
            return report.wrong(node, "a field stands in the order twice", "wrong-value", mend)
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.name.schema(), "uniqueItems": True}


WIRE: Final = Key(
    Record(
        "wire",
        model.Wire,
        {
            "newline": Key(Choice(("lf", "crlf", "cr", "mixed")), "The line end; mixed: drawn."),
            "bom": Key(Flag(), "U+FEFF before the first byte of the body."),
            "space": Key(Flag(), "A space after the colon; default true."),
            "order": Key(_Order(), "The fields that go first in a block: [id, event, data]."),
            "split": SPLIT,
            "rate": Key(_Rate(), "So many bytes a second: 512 B/s, 64 KB/s."),
            "encoding": Key(
                Choice(("identity", "gzip", "deflate")),
                "The content coding, where the request accepts it; flushed after every event.",
            ),
            "transfer": Key(
                _Transfer(),
                "chunked; close: the connection's end is the body's; {length: N}: right or wrong.",
            ),
        },
    ),
    "How bytes are laid on the wire.",
)

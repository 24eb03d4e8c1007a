"""Mappings with known keys: what makes a table of keys readable, checkable and a JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mockserver.errors import did_you_mean
from mockserver.scenario.nodes import Mapping, Node, Scalar
from mockserver.scenario.shapes import UNFIT, Report, Shape, wrong_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.errors import Location


def plain(where: Location, **fields: Any) -> dict[str, Any]:  # noqa: ARG001
    """Make nothing of a record but its values."""
    return fields


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a record: its shape, what it means, and the field that takes it."""

    shape: Shape
    doc: str
    into: str = ""
    required: bool = False
    notes: str = ""
    """A field that is set to True when the key is present, for values that may be null."""


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys that makes `make(where=…, **fields)`."""

    what: str
    make: Callable[..., Any]
    keys: dict[str, Key]
    lenient: bool = False
    """Made without a required key, too, so that the rest of it can be checked."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapping):
            return wrong_type(node, report, f"{self.what} as a mapping")
        values: dict[str, Any] = {}
        for name, (key, value) in node.entries.items():
            known = self.keys.get(name)
            if known is None:
                self._unknown(key, report)
                continue
            found = known.shape.read(value, report)
            if found is not UNFIT:
                values[known.into or name] = found
            if known.notes:
                values[known.notes] = True
        required = [name for name, key in self.keys.items() if key.required]
        for name in required:
            if name not in node.entries:
                what = f"{self.what} needs the key {name!r}"
                report.wrong(node, what, "missing-key", f"add '{name}: …'")
        whole = all((self.keys[name].into or name) in values for name in required)
        if not whole and not self.lenient:
            return UNFIT
        return self.make(where=report.file.at(node), **values)

    def _unknown(self, key: Scalar, report: Report) -> None:
        unknown_key(key, report, self.what, self.keys)

    def schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: {**key.shape.schema(), "description": key.doc}
                for name, key in self.keys.items()
            },
        }
        required = [name for name, key in self.keys.items() if key.required]
        return {**schema, "required": required} if required else schema


@dataclass(frozen=True, slots=True)
class Variants:
    """A mapping that is one of two records, by the key that marks it."""

    what: str
    records: dict[str, Record]
    example: str
    """How one is written, for who writes no mapping."""
    add: str
    """What to do about one that has no mark."""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapping):
            return wrong_type(node, report, "a mapping", f"write '{self.example}'")
        marks = [mark for mark in self.records if mark in node.entries]
        if len(marks) == 1:
            return self.records[marks[0]].read(node, report)
        if marks:
            both = " and ".join(f"a {mark}" for mark in marks)
            what = f"this {self.what.split()[-1]} is {both} at once"
            return report.wrong(node, what, "two-kinds", "write two steps")
        known = {name: key for record in self.records.values() for name, key in record.keys.items()}
        strange = [key for name, (key, _) in node.entries.items() if name not in known]
        for key in strange:
            unknown_key(key, report, self.what, known)
        if not strange:
            what = f"{self.what} needs the key {' or '.join(map(repr, self.records))}"
            report.wrong(node, what, "missing-key", self.add)
        return UNFIT

    def schema(self) -> dict[str, Any]:
        return {"oneOf": [record.schema() for record in self.records.values()]}


def unknown_key(key: Scalar, report: Report, what: str, known: dict[str, Any]) -> None:
    """Report a key that is none here."""
    near = did_you_mean(key.text, known)
    report.wrong(key, f"unknown key {key.text!r} in {what}", "unknown-key", near)

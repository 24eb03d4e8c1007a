"""Alternatives that a property tells apart, each made to go by its name.

OAS 3.1 § Discriminator Object: the property has the mapping's name or that of the schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mockserver.contract.place import Place
from mockserver.contract.sampling.choices import Choice, made
from mockserver.contract.schemas import COMPONENTS, Normal, Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.contract.document import Document
    from mockserver.contract.schemas import Normaliser


class Discriminators:
    """The discriminators of one document."""

    def __init__(self, document: Document, normaliser: Normaliser) -> None:
        self._document = document
        self._normaliser = normaliser

    def tagged(self, schema: Normal, choice: Choice) -> Choice:
        """Let every alternative of a union with a discriminator go by its name, if it can."""
        name = _property_of(schema)
        if name is None or choice.key[1] not in {"oneOf", "anyOf"}:
            return choice
        names = self._mapped(schema)
        rows = []
        for (branch,) in choice.rows:
            target = bare(branch)
            known = names.get(target.pointer, []) if isinstance(target, Normal) else []
            known = known or _component(target)
            tagged = [_tag(schema, name, value, branch) for value in known]
            rows.append([*tagged, branch])
        return choice._replace(rows=rows)

    def heir(self, schema: Normal, flat: Sequence[Normal]) -> Choice | None:
        """Return the choice of a name for a schema whose heirs are told apart by a property."""
        name = _property_of(schema)
        if name is None or schema.keys() & {"oneOf", "anyOf"}:
            return None
        names = self._mapped(schema)
        heirs = [part for part in flat if part is not schema and schema in _Line(part)]
        for part in (*(h for h in heirs if h.pointer in names), *heirs):
            known = names.get(part.pointer) or _component(part)
            if known:
                return Choice((id(schema), "heir"), [[_tag(schema, name, known[0]), True]])
        own = [*names.get(schema.pointer, ()), *_component(schema)]
        rows: list[list[Schema]] = [
            [_tag(schema, name, value, self._schema(pointer))]
            for pointer, values in names.items()
            for value in values
        ]
        rows.append([*(_tag(schema, name, value) for value in own[:1]), True])
        return Choice((id(schema), "heir"), rows, rotates=len(rows) > 1)

    def _schema(self, pointer: str) -> Schema:
        place = Place({"$ref": f"#{quote(pointer)}"}, pointer)
        return bare(self._normaliser.schema(place))

    def _mapped(self, schema: Normal) -> dict[str, list[str]]:
        """Return the names of each schema that the mapping of a discriminator leads to."""
        found: dict[str, list[str]] = {}
        mapping = schema.notes["discriminator"].get("mapping")
        for name, value in (mapping if isinstance(mapping, dict) else {}).items():
            target = value if isinstance(value, str) else ""
            ref = target if "#" in target else f"#{COMPONENTS}{target}"
            place = self._document.follow(Place({"$ref": ref}, ""))
            if isinstance(place.value, dict):
                found.setdefault(place.pointer, []).append(str(name))
        return found


class _Line:
    """All schemas that hold wherever one does."""

    def __init__(self, schema: Normal) -> None:
        self._seen: list[Normal] = []
        waiting: list[Schema] = [schema]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Normal) and part not in self:
                self._seen.append(part)
                waiting += part.get("allOf", ())

    def __contains__(self, schema: Normal) -> bool:
        return any(schema is seen for seen in self._seen)


def bare(schema: Schema) -> Schema:
    """Return what a schema refers to, where it says nothing else."""
    for _ in range(100):
        if not isinstance(schema, Normal) or schema.notes or schema.keys() != {"allOf"}:
            break
        if len(schema["allOf"]) != 1:
            break
        schema = schema["allOf"][0]
    return True if schema == {} and isinstance(schema, Normal) and not schema.notes else schema


def _property_of(schema: Normal) -> str | None:
    name = schema.notes.get("discriminator", {}).get("propertyName")
    return name if isinstance(name, str) else None


def _component(schema: Schema) -> list[str]:
    """Return the name of a component schema."""
    pointer = schema.pointer if isinstance(schema, Normal) else ""
    name = pointer.removeprefix(COMPONENTS)
    return [name] if name != pointer and "/" not in name else []


def _tag(schema: Normal, name: str, value: str, *branch: Schema) -> Normal:
    tag = made(
        schema.pointer,
        properties={name: made(schema.pointer, const=value)},
        required=[name],
    )
    return made(schema.pointer, allOf=[*branch, tag])

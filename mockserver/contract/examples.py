"""What the document itself shows as examples: of a media type, a header, a parameter, a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place


class Nothing:
    """The type of `NOTHING`, for there is no example; None is one, it is JSON's null."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = Nothing()


class Example(NamedTuple):
    """One example as the document has it: a value, or the text as it stands on the wire."""

    name: str | None
    value: Any
    serialized: bool = False


def declared(document: Document, holder: Place) -> Iterator[Example]:
    """Yield the examples of a media type, parameter or header, in document order.

    OAS 3.2 § Example Object: `example` is a value, `examples` a map of Example Objects, of which
    the value is in `value` (3.0, 3.1), `dataValue` or `serializedValue` (3.2). `externalValue`
    is ignored: it is another file.
    """
    if "example" in holder.object:
        yield Example(None, holder.object["example"])
    examples = document.follow(holder.get("examples"))
    for name, place in examples.members():
        yield from _of_object(name, document.follow(place))
    for item in examples.items():  # Not OpenAPI, but a list of values is often written.
        yield Example(None, item.value)


def _of_object(name: str, example: Place) -> Iterator[Example]:
    value = example.value
    if not isinstance(value, dict):
        if value is not None:
            yield Example(name, value)
    elif "dataValue" in value:
        yield Example(name, value["dataValue"])
    elif isinstance(value.get("serializedValue"), str):
        yield Example(name, value["serializedValue"], serialized=True)
    elif "value" in value:
        yield Example(name, value["value"])


def named(document: Document, holder: Place, name: str | None) -> Example | None:
    """Return the example of that name, or the first."""
    for example in declared(document, holder):
        if name is None or example.name == name:
            return example
    return None


def of_schema(document: Document, schema: Place) -> Any:
    """Return the value that a schema shows for itself, or NOTHING.

    That is its `example`, the first of its `examples`, its `default` or its `const`; failing
    those, an object or array put together from its parts, if every required part shows a value.
    """
    return _Composer(document).shown(schema)[0]


LARGEST = 1_000
"""How many values an example that is put together may have, before optional parts are left out."""

DEEPEST = 40
"""How many schemas inside each other are looked into."""

_Shown = tuple[Any, int]  # a value or NOTHING, and of how many values it consists


class _Composer:
    """Puts one example together; looks at each schema once, so that cycles and diamonds end."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._seen: dict[str, _Shown] = {}
        self._depth = 0

    def shown(self, schema: Place) -> _Shown:
        """Return what a schema shows, its own word (beside a `$ref`) before that of its parts."""
        own = own_example(schema)
        if own is not NOTHING:
            return own, 1
        target = self._document.follow(schema)
        if target.pointer not in self._seen:
            self._seen[target.pointer] = NOTHING, 0
            own = own_example(target)
            if own is not NOTHING:
                self._seen[target.pointer] = own, 1
            elif self._depth < DEEPEST:
                self._depth += 1
                self._seen[target.pointer] = self._composed(target)
                self._depth -= 1
        return self._seen[target.pointer]

    def _composed(self, schema: Place) -> _Shown:
        value = schema.object
        if isinstance(value.get("allOf"), list) and value["allOf"]:
            return self._merged(schema)
        for key in ("oneOf", "anyOf"):
            for branch in schema.get(key).items():
                found = self.shown(branch)
                if found[0] is not NOTHING:
                    return found
        if isinstance(value.get("properties"), dict):
            return self._complete(schema, *self._members(schema))
        if "items" in value:
            item, size = self.shown(schema.get("items"))
            return (NOTHING, 0) if item is NOTHING else ([item], size + 1)
        return NOTHING, 0

    def _members(self, schema: Place) -> tuple[dict[str, Any], int]:
        required, shown, total = self._required(schema), {}, 1
        for name, place in schema.get("properties").members():
            if self._document.follow(place).object.get("writeOnly") is True:
                continue
            found, size = self.shown(place)
            if found is not NOTHING and (name in required or total + size <= LARGEST):
                shown[name] = found
                total += size
        return shown, total

    def _complete(self, schema: Place, shown: dict[str, Any], size: int) -> _Shown:
        complete = shown and self._required(schema) <= shown.keys()
        return (shown, size) if complete else (NOTHING, 0)

    def _merged(self, schema: Place) -> _Shown:
        """Merge the objects of all parts of an `allOf` and of what stands beside it."""
        shown, total = self._members(schema)
        parts = list(schema.get("allOf").items())
        for part in parts:
            found, size = self.shown(part)
            if found is NOTHING and self._required(self._document.follow(part)) - shown.keys():
                return NOTHING, 0
            if isinstance(found, dict):
                shown = found | shown
                total += size
            elif found is not NOTHING:
                return (found, size) if len(parts) == 1 else (NOTHING, 0)
        return self._complete(schema, shown, total)

    def _required(self, schema: Place) -> set[str]:
        required = schema.object.get("required")
        properties = schema.get("properties")
        return {
            name
            for name in (required if isinstance(required, list) else ())
            if isinstance(name, str)
            and self._document.get(properties, name).object.get("writeOnly") is not True
        }


def own_example(schema: Place) -> Any:
    """Return the example, only value or default of a schema, without its parts, or NOTHING."""
    shown = held_up(schema)
    if shown is not NOTHING:
        return shown
    value = schema.object
    enum = value.get("enum")
    if isinstance(enum, list) and len(enum) == 1:  # How 3.0 writes a const.
        return enum[0]
    for key in ("default", "const"):
        if key in value:
            return value[key]
    return NOTHING


def held_up(schema: Place) -> Any:
    """Return the `example` of a schema or the first of its `examples`, or NOTHING."""
    value = schema.object
    if "example" in value:
        return value["example"]
    examples = value.get("examples")
    return examples[0] if isinstance(examples, list) and examples else NOTHING

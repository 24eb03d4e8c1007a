"""What the verdict on an event depends on, where only some values in it change.

A schema is asked once what it wants to know of the values at the ends of certain paths: whether
they are at least 1, match a pattern, are one of a list. Two events that differ only there, in
values of one type about which all the answers are the same, get the same verdict: to find the
answers takes microseconds, to judge an event a hundred.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from mockserver.contract.formats import checker
from mockserver.contract.matching import draft, searcher
from mockserver.contract.place import Place
from mockserver.contract.values import validator

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from mockserver.contract.streams import EventStream

Path: TypeAlias = tuple[str | int, ...]
"""The members that lead to a value."""

_BESIDE: Final = ("allOf", "anyOf", "oneOf")
_OF_SAME: Final = ("not", "if", "then", "else")
_OF_ANY_MEMBER: Final = ("additionalProperties", "unevaluatedProperties")
_OF_ANY_ITEM: Final = ("items", "unevaluatedItems", "contains")
_OF_WHOLE: Final = frozenset({"const", "enum", "uniqueItems"})
"""Keywords that compare a whole, so that everything in it matters."""
GRADUAL: Final = frozenset(
    ["exclusiveMaximum", "exclusiveMinimum", "maxLength", "maximum", "minLength", "minimum"]
)
"""Keywords whose answer changes once at most while a number, or a text, grows."""
_OF_VALUE: Final = GRADUAL | {"const", "enum", "format", "multipleOf", "pattern"}


class Question(NamedTuple):
    """One thing that a schema wants to know of a value, and how to find the answer."""

    keyword: str
    asked: Any
    answer: Callable[[Any], Hashable]


class _EverythingMatters(Exception):  # noqa: N818  (no fault: an answer)
    """The verdict depends on more than answers about the value itself."""


def questions(stream: EventStream, path: Path) -> tuple[Question, ...] | None:
    """Return what the stream wants to know of the value at a path of the data.

    None where everything about it matters, or where it tells which kind of event is meant.
    """
    if path not in stream.cache:
        stream.cache[path] = _found(_of_data(stream, path)) if path else None
    found: tuple[Question, ...] | None = stream.cache[path]
    return found


def questions_of_id(stream: EventStream) -> tuple[Question, ...] | None:
    """Return what the stream wants to know of an id beside its being there; None: everything."""
    if "id" not in stream.cache:
        schemas = [branch.id_schema for branch in stream.branches if branch.id_schema is not None]
        stream.cache["id"] = _found(_of_schemas(stream, schemas, ()))
    found: tuple[Question, ...] | None = stream.cache["id"]
    return found


def _found(asked: Iterator[Question]) -> tuple[Question, ...] | None:
    try:
        listed = list(asked)
    except (_EverythingMatters, RecursionError, re.error):
        return None
    once = {f"{question.keyword} {question.asked!r}": question for question in listed}
    return tuple(once.values())


def _of_data(stream: EventStream, path: Path) -> Iterator[Question]:
    schemas = []
    for branch in stream.branches:
        if path[0] in branch.constants or _is_json(branch.sentinel):
            raise _EverythingMatters
        if branch.schema is True:
            continue
        schema = Place(branch.schema, branch.pointer)
        if branch.data == "json":
            schemas.append(schema)
        elif branch.data == "text" and _normal(stream, schema).keys() - {"type"}:
            raise _EverythingMatters
    yield from _of_schemas(stream, schemas, path)


def _of_schemas(stream: EventStream, schemas: Sequence[Place], path: Path) -> Iterator[Question]:
    seen: set[tuple[int, int]] = set()
    for schema in schemas:
        yield from _of_schema(_normal(stream, schema), path, seen)


def _is_json(sentinel: str | None) -> bool:
    """Tell whether data could be what ends the stream: `{}` could, and `[DONE]` is no JSON."""
    try:
        return sentinel is not None and isinstance(json.loads(sentinel), dict | list)
    except (ValueError, RecursionError):
        return False


def _normal(stream: EventStream, schema: Place) -> dict[str, Any]:
    normal = validator(stream.document, schema, "response").schema
    return normal if isinstance(normal, dict) else {}


def _of_schema(schema: Any, path: Path, seen: set[tuple[int, int]]) -> Iterator[Question]:
    """Walk a normalised schema, in which references are the schemas that they lead to."""
    key = (id(schema), len(path))
    if not isinstance(schema, dict) or key in seen:
        return
    seen.add(key)
    if not path:
        for keyword in _OF_VALUE & schema.keys():
            yield _question(keyword, schema[keyword])
    elif schema.keys() & _OF_WHOLE:
        raise _EverythingMatters
    for part in _beside(schema):
        yield from _of_schema(part, path, seen)
    for part in _inside(schema, path[0]) if path else ():
        yield from _of_schema(part, path[1:], seen)


def _beside(schema: dict[str, Any]) -> Iterator[Any]:
    """Yield the schemas that are applied to the same value."""
    for keyword in _BESIDE:
        yield from schema.get(keyword, ())
    yield from (schema.get(keyword) for keyword in _OF_SAME)
    yield from schema.get("dependentSchemas", {}).values()


def _inside(schema: dict[str, Any], key: str | int) -> Iterator[Any]:
    """Yield the schemas that may be those of a member or an item."""
    if isinstance(key, str):
        yield schema.get("properties", {}).get(key)
        yield from schema.get("patternProperties", {}).values()  # whether it matches or not
        yield from (schema.get(keyword) for keyword in _OF_ANY_MEMBER)
    else:
        yield from schema.get("prefixItems", ())[key : key + 1]
        yield from (schema.get(keyword) for keyword in _OF_ANY_ITEM)


def _question(keyword: str, asked: Any) -> Question:
    if keyword in {"const", "enum"}:
        values = [asked] if keyword == "const" else asked
        return Question(keyword, asked, lambda value: _index(values, value))
    if keyword == "pattern":
        found = searcher(asked)
        return Question(keyword, asked, lambda value: isinstance(value, str) and found(value))
    if keyword in {"minLength", "maxLength"}:
        bound = asked + 1 if keyword == "maxLength" else asked
        return Question(
            keyword, asked, lambda value: isinstance(value, str) and len(value) >= bound
        )
    if keyword in {"minimum", "exclusiveMaximum"}:
        return Question(keyword, asked, lambda value: _is_number(value) and value >= asked)
    if keyword in {"maximum", "exclusiveMinimum"}:
        return Question(keyword, asked, lambda value: _is_number(value) and value > asked)
    return Question(keyword, asked, _library(keyword, asked))


def _index(values: Sequence[Any], value: Any) -> int:
    """Say which of some values this one equals; with its type, that tells which it is."""
    return next((index for index, one in enumerate(values) if one == value), -1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _library(keyword: str, asked: Any) -> Callable[[Any], Hashable]:
    if keyword == "format":
        formats = checker()
        return lambda value: formats.conforms(value, asked)
    alone: Callable[[Any], bool] = draft()({keyword: asked}).is_valid
    return alone


def answers(value: Any, asked: Sequence[Question]) -> tuple[Hashable, ...] | None:
    """Return the type of a value and the answers about it; None for a list or an object.

    A number without a fraction is an integer to JSON Schema, however it is written.
    """
    if isinstance(value, dict | list):
        return None
    kind = float.is_integer(value) if isinstance(value, float) else type(value).__name__
    return kind, *[question.answer(value) for question in asked]

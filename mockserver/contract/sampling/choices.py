"""What in a schema leaves a choice: unions, conditions and negations, all as rows of alternatives.

A choice taken is one more schema that holds together with the rest. Where that alone does not make
a value fit (another alternative of a `oneOf` may fit as well), the choice is `doubtful`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.contract.schemas import Normal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract.schemas import Schema

TYPES: Final = ("string", "integer", "number", "boolean", "object", "array", "null")


class Choice(NamedTuple):
    """One choice; each row has the variants of an alternative, the best one first."""

    key: tuple[int, str]
    rows: Sequence[Sequence[Schema]]
    doubtful: bool = False
    rotates: bool = False
    alone: bool = False
    """Whether one alternative is to fit and no other."""


def made(pointer: str, **keywords: Any) -> Normal:
    """Return a schema that no document has, which stands for what is asked at a place."""
    schema = Normal(pointer)
    schema.update({key.rstrip("_"): value for key, value in keywords.items()})
    return schema


def choices(schema: Normal) -> Iterator[Choice]:
    """Yield the choices that one schema leaves, without those of its discriminator."""
    for key in ("oneOf", "anyOf"):
        if schema.get(key):
            alone = (key == "oneOf" or "oneOf" in schema.notes) and not _apart(schema[key])
            rows = [[branch] for branch in schema[key]]
            yield Choice(
                (id(schema), key), rows, key == "oneOf" and alone, rotates=True, alone=alone
            )
    if "if" in schema:
        yield Choice((id(schema), "if"), list(_rows_of_if(schema)))
    if "not" in schema:
        missed = list(_rows_of_not(schema))
        if missed:
            yield Choice((id(schema), "not"), missed)
    for key in ("dependentRequired", "dependentSchemas"):
        for name, asked in schema.get(key, {}).items():
            with_ = made(schema.pointer, allOf=[_present(schema, name), _dependent(schema, asked)])
            yield Choice((id(schema), f"{key}/{name}"), [[with_], [_without(schema, name)]])


def _present(schema: Normal, name: str) -> Normal:
    return made(schema.pointer, required=[name])


def _without(schema: Normal, name: str) -> Normal:
    return made(schema.pointer, properties={name: False})


def _dependent(schema: Normal, asked: Any) -> Schema:
    return made(schema.pointer, required=asked) if isinstance(asked, list) else asked


def _rows_of_if(schema: Normal) -> Iterator[Sequence[Schema]]:
    yield [made(schema.pointer, allOf=[schema["if"], schema.get("then", True)])]
    otherwise = made(schema.pointer, not_=schema["if"])
    yield [made(schema.pointer, allOf=[otherwise, schema.get("else", True)])]


def _rows_of_not(schema: Normal) -> Iterator[Sequence[Schema]]:
    """Yield the ways in which an object misses what it must not be (De Morgan)."""
    denied = schema["not"]
    while isinstance(denied, dict) and denied.keys() == {"allOf"} and len(denied["allOf"]) == 1:
        denied = denied["allOf"][0]
    if not isinstance(denied, dict) or denied.get("type", "object") != "object":
        return
    if not denied or denied.keys() - {"type", "required", "properties"}:
        return
    if "type" not in denied and not denied.keys() & {"required", "properties"}:
        return
    for name in denied.get("required", ()):
        missing = made(schema.pointer, type="object", properties={name: False})
        yield [missing]
    for name, asked in denied.get("properties", {}).items():
        other = made(schema.pointer, not_=asked)
        yield [made(schema.pointer, type="object", required=[name], properties={name: other})]
    if "type" in denied:
        yield [made(schema.pointer, type=[t for t in TYPES if t != "object"])]


def also(schema: Normal) -> list[Schema]:
    """Return the schemas that hold wherever this does: `allOf`, and what `not` comes down to."""
    denied = schema.get("not", False)
    if not isinstance(denied, dict):
        return [*schema.get("allOf", ()), *([False] if denied is True else [])]
    found = list(schema.get("allOf", ()))
    if denied.keys() == {"anyOf"}:
        found += [made(schema.pointer, not_=branch) for branch in denied["anyOf"]]
    elif denied.keys() == {"not"}:
        found.append(denied["not"])
    elif denied.keys() == {"type"}:
        types = denied["type"] if isinstance(denied["type"], list) else [denied["type"]]
        kept = [t for t in TYPES if t not in types and (t != "integer" or "number" not in types)]
        found.append(made(schema.pointer, type=kept))
    elif not denied:
        found.append(False)
    return found


def is_doubtful(schema: Normal) -> bool:
    """Tell whether a value made along this schema may yet miss it, so that it has to be judged."""
    if "not" in schema and isinstance(schema["not"], dict):
        return True
    return bool(schema.keys() & {"unevaluatedProperties", "unevaluatedItems", "maxContains"})


def _apart(branches: Sequence[Schema]) -> bool:
    """Tell whether no value fits two of these: they name types that have nothing in common."""
    seen: set[str] = set()
    for branch in branches:
        types = _types(branch)
        if not types or types & seen:
            return False
        seen |= types
    return True


def _types(schema: Schema) -> set[str]:
    while isinstance(schema, dict) and "type" not in schema and len(schema.get("allOf", ())) == 1:
        schema = schema["allOf"][0]
    asked = schema.get("type", []) if isinstance(schema, dict) else []
    types = {asked} if isinstance(asked, str) else set(asked)
    return types | {"integer"} if "number" in types else types

"""What is wrong with a request: one value for each thing, with its place on both sides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from mockserver.contract.place import Place, escape
from mockserver.contract.schemas import COMPONENTS, Normal
from mockserver.contract.values import expected, locate, sentence, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.contract.document import Document

Where = Literal["security", "path", "query", "header", "cookie", "body"]

ORDER: tuple[Where, ...] = ("security", "path", "query", "header", "cookie", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFault:
    """One way in which a request breaks what its operation asks.

    `name` is the parameter's, "" for the body; `pointer` (RFC 6901) leads into its value. `schema`
    is the pointer into the document of what it breaks. `carriers` are the parts of the request
    that it is about, as `when` of a scenario names them: `query/limit`, `body/items/0`. `part` is
    the part of the request that credentials are looked for in.
    """

    where: Where
    part: str = ""
    name: str = ""
    pointer: str = ""
    what: str
    expected: str = ""
    schema: str
    code: str
    mend: str = ""
    carriers: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.sentence} [{self.code}]"

    @property
    def sentence(self) -> str:
        """Where it is, and what is wrong."""
        name = "" if self.where == "security" else self.name
        place = " ".join(part for part in (self.where, name, self.pointer) if part)
        return f"{place}: {self.what}"

    def as_json(self) -> dict[str, str]:
        """Return the entry of a problem document; the words are those of RFC 9457 and OpenAPI."""
        entry = {
            "in": self.part or self.where,
            "name": self.name,
            "pointer": self.pointer,
            "detail": self.what,
            "expected": self.expected,
            "schema": f"#{self.schema}",
            "code": self.code,
            "mend": self.mend,
        }
        whole = {"pointer"} if self.where == "body" else set()  # "" is the body as a whole
        # What a client sent may be no UTF-8, or half of a surrogate pair.
        return {
            key: value.encode("utf-8", "backslashreplace").decode()
            for key, value in entry.items()
            if value or key in whole
        }


def carrier(where: str, name: str, steps: Iterable[str | int] = ()) -> str:
    """Return a part of a request as `when` would name it."""
    root = {"header": "headers", "cookie": "cookies"}.get(where, where)
    own = name.lower() if where == "header" else name
    return "/".join([root, *([own] if own else []), *map(str, steps)])


def of_value(
    document: Document,
    schema: Place,
    errors: Iterable[Any],
    where: Where,
    name: str = "",
    *,
    code: str,
) -> Iterator[RequestFault]:
    """Yield the faults that errors of jsonschema tell of a value, the nearest branch of unions."""
    for error in errors:
        for leaf in nearest(document, error):
            for what, steps in _told(leaf):
                yield RequestFault(
                    where=where,
                    name=name,
                    pointer=pointer_of(steps),
                    what=what,
                    expected=_expected(leaf),
                    schema=locate(document, schema, leaf.absolute_schema_path),
                    code=code,
                    carriers=(carrier(where, name, steps),),
                )


def pointer_of(steps: Iterable[str | int]) -> str:
    """Write the way to a part of a value as a JSON pointer."""
    return "".join(f"/{escape(step)}" for step in steps)


def _told(error: Any) -> Iterator[tuple[str, list[str | int]]]:
    """Yield what an error says and where; each property that is missing or too many by itself."""
    steps = list(error.absolute_path)
    match error.validator:
        case "required":
            name = _missing(error)
            yield (f"{name!r} is missing", [*steps, name]) if name else (_what(error), steps)
        case "additionalProperties" if error.validator_value is False:
            for name in _extras(error):
                yield f"{name!r} is not declared", [*steps, name]
        case _:
            yield _what(error), steps


def _what(error: Any) -> str:
    if error.validator == "const":
        return f"{short(error.instance)} is not {short(error.validator_value)}"
    return short(sentence(error), quote=False)


def _expected(error: Any) -> str:
    if error.validator in {"required", "additionalProperties"}:
        return str(error.validator)
    types = _all_of_kind(error, "type")
    if types:
        return "type: " + " or ".join(dict.fromkeys(map(str, types)))
    return expected(error)


def _missing(error: Any) -> str | None:
    """Return the property that an error of `required` is about: the library tells each alone."""
    found = (
        name
        for name in error.validator_value
        if name not in error.instance and error.message.startswith(repr(name))
    )
    return next(found, None)


def _extras(error: Any) -> list[str]:
    """Return the properties that `additionalProperties: false` forbids."""
    patterns = error.schema.get("patternProperties", {})
    declared = error.schema.get("properties", {})
    return [
        name
        for name in error.instance
        if name not in declared and not any(re.search(p, name) for p in patterns)
    ]


# Unions


def nearest(document: Document, error: Any) -> list[Any]:
    """Return an error, or those of the branch of a union that the value was meant for.

    The branch that a discriminator names, else one whose constants the value does not contradict;
    of several the one with the fewest errors. Where no branch stands out the union itself is what
    is broken.
    """
    if error.validator not in {"oneOf", "anyOf"} or not error.context:
        return [error]
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    depth = len(error.absolute_path)
    best = branches.get(_named(document, error))
    if best is None:
        open_ = [found for found in branches.values() if not _is_other(found, depth)]
        if not open_:
            return _same_constant(branches.values(), depth) or [error]
        best = min(open_, key=len)
    return [leaf for inner in best for leaf in nearest(document, inner)]


def _named(document: Document, error: Any) -> int | None:
    """Return the number of the branch that a discriminator names (OAS § Discriminator Object)."""
    schema = error.schema
    asked = schema.notes.get("discriminator") if isinstance(schema, Normal) else None
    if not asked or not isinstance(error.instance, dict):
        return None
    name, mapping = error.instance.get(asked["propertyName"]), asked.get("mapping")
    if not isinstance(name, str):
        return None
    target = mapping.get(name, name) if isinstance(mapping, dict) else name
    ref = target if "#" in str(target) else f"#{COMPONENTS}{target}"
    pointer = document.follow(Place({"$ref": ref}, "")).pointer
    pointers = [getattr(branch, "pointer", None) for branch in error.validator_value]
    return pointers.index(pointer) if pointer in pointers else None


def _is_other(errors: Sequence[Any], depth: int) -> bool:
    """Tell whether a branch is for another kind of value: of another type, or another constant."""
    return any(
        (error.validator == "type" and len(error.absolute_path) == depth)
        or (error.validator == "const" and len(error.absolute_path) <= depth + 1)
        or (_is_single(error) and len(error.absolute_path) == depth + 1)
        for error in errors
    )


def _is_single(error: Any) -> bool:
    return error.validator == "enum" and len(error.validator_value) == 1


def _same_constant(branches: Iterable[Sequence[Any]], depth: int) -> list[Any]:
    """Return one error about the constant that tells all branches apart, in place of one each."""
    first, known = None, []
    for errors in branches:
        found = [
            error
            for error in errors
            if len(error.absolute_path) == depth + 1
            and (error.validator == "const" or _is_single(error))
        ]
        if len(found) != 1:
            return []
        first = first or found[0]
        if found[0].absolute_path != first.absolute_path:
            return []
        asked = found[0].validator_value
        known.append(asked[0] if found[0].validator == "enum" else asked)
    if first is None:
        return []
    listed = type(first)(
        f"{first.instance!r} is not one of {known!r}",
        validator="enum",
        path=first.path,
        schema_path=first.schema_path,
        instance=first.instance,
        validator_value=known,
        schema=first.schema,
        parent=first.parent,
    )
    return [listed]


def _all_of_kind(error: Any, keyword: str) -> list[Any]:
    """Return what each branch of a union asks by one keyword, where all of them ask only that."""
    if not error.context or any(inner.validator != keyword for inner in error.context):
        return []
    return [inner.validator_value for inner in error.context]

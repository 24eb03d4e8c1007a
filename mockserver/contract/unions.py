"""Which alternative of a union a value was meant to be, so that what is told is about that one.

To say of a value that it fits none of fifty-eight schemas helps nobody. The constants in it, and
its type, mostly tell which one is meant: the others are ruled out.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.errors import did_you_mean, value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_UNIONS: Final = frozenset({"anyOf", "oneOf"})
_CONSTANT: Final = frozenset({"const", "enum"})


class Told(NamedTuple):
    """An error of jsonschema as it is to be told; what is None is told as the error has it."""

    error: Any
    field: tuple[str | int, ...] | None = None
    what: str | None = None
    expected: str | None = None
    mend: str = ""


def told(error: Any) -> Iterator[Told]:
    """Yield what there is to say in place of an error of jsonschema, most of all of a union."""
    if error.validator not in _UNIONS or not error.context:
        yield Told(error)
    else:
        yield from _of_union(error, _alternatives(error))


def _alternatives(error: Any) -> list[list[Any]]:
    """Return the errors of a union by alternative."""

    def number(one: Any) -> int:
        return int(one.relative_schema_path[0])

    return [list(group) for _, group in groupby(sorted(error.context, key=number), key=number)]


def _of_union(error: Any, alternatives: Sequence[list[Any]]) -> Iterator[Told]:
    left = [errors for errors in alternatives if not any(map(_rules_out, errors))]
    if not left:
        yield _strange(error, alternatives)
        return
    fewest = min(map(len, left))
    nearest = [errors for errors in left if len(errors) == fewest]
    if len(nearest) > 1:
        yield Told(error)
        return
    for inner in nearest[0]:
        yield from told(inner)


def _rules_out(error: Any) -> bool:
    """Tell whether an error of an alternative says that quite another one is meant.

    It is of another type, or has another constant: as a whole, or in one of its members.
    """
    depth = len(error.relative_path)
    if error.validator in _UNIONS and error.context and depth == 0:
        return all(any(map(_rules_out, errors)) for errors in _alternatives(error))
    return (error.validator == "type" and depth == 0) or (
        error.validator in _CONSTANT and depth <= 1
    )


def _strange(error: Any, alternatives: Sequence[list[Any]]) -> Told:
    """Say which member tells the alternatives apart, and what it may be."""
    known: dict[str, list[Any]] = {}
    for one in (one for errors in alternatives for one in errors):
        if one.validator in _CONSTANT and len(one.relative_path) == 1:
            asked = one.validator_value
            values = [asked] if one.validator == "const" else asked
            known.setdefault(str(one.relative_path[0]), []).extend(values)
    key = next((k for k in known if len(known[k]) > 1), None)
    if key is None or not isinstance(error.instance, dict):
        return Told(error)
    value, listed = error.instance.get(key), list(dict.fromkeys(map(str, known[key])))
    return Told(
        error,
        (*error.absolute_path, key),
        f"{value_text(value)} is none of the kinds declared here",
        ", ".join(listed),
        did_you_mean(str(value), listed),
    )

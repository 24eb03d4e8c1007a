"""What validators judge by: JSON Schema, with patterns and multiples read in our own way.

Patterns are searched for in a time that grows with the text and no faster.

The patterns are the document's and the texts are a client's: with Python's `re` one request could
hold up the server for ever (`(a+)+$`). RE2 cannot be made to (decision 0003). What RE2 does not
know, lookarounds and references back, is left to `re`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.sampling.numbers import is_multiple
from mockserver.late import late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KEPT: Final = 4_096
"""Patterns that are kept compiled."""


@lru_cache(_KEPT)
def searcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a pattern is found in a text. Raises re.error where it is none.

    Where RE2 searches, digits and letters are ASCII and `$` is the very end, as ECMA-262 has it
    (JSON Schema Core § 6.4) and Python has not.
    """
    import re2  # noqa: PLC0415  (only where a pattern is in use)

    options = re2.Options()
    options.log_errors = False
    try:
        find = re2.compile(pattern, options).search
    except (re2.error, UnicodeEncodeError):
        plain = re.compile(pattern).search
        return lambda text: plain(text) is not None
    # Half of a surrogate pair, which JSON can write but UTF-8 cannot, counts as one character.
    return lambda text: find(text.encode("utf-8", "replace")) is not None


@cache
def draft() -> Any:
    """Return the validators of JSON Schema 2020-12, with these keywords in our way."""
    library = late("jsonschema").validators  # 50 ms
    return library.extend(
        library.Draft202012Validator,
        {
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "additionalProperties": _additional_properties,
            "multipleOf": _multiple_of,
        },
    )


def _multiple_of(validator: Any, step: float, instance: Any, _: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415

    if validator.is_type(instance, "number") and not is_multiple(instance, step):
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def _pattern(validator: Any, pattern: str, instance: Any, _: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415

    if validator.is_type(instance, "string") and not searcher(pattern)(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, properties: dict[str, Any], instance: Any, _: Any
) -> Iterator[Any]:
    for pattern, schema in properties.items() if validator.is_type(instance, "object") else ():
        for name, value in instance.items():
            if searcher(pattern)(name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[Any]:
    """Take out the members that a pattern speaks for, and leave the rest to jsonschema."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    patterns = schema.get("patternProperties")
    if patterns and validator.is_type(instance, "object"):
        instance = {
            name: value
            for name, value in instance.items()
            if not any(searcher(pattern)(name) for pattern in patterns)
        }
        schema = {key: value for key, value in schema.items() if key != "patternProperties"}
    usual = Draft202012Validator.VALIDATORS["additionalProperties"]
    yield from usual(validator, allowed, instance, schema)

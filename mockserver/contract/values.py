"""Whether one value fits one schema of the document, and what is wrong with it.

The library that judges takes 50 ms to import, so that it is imported on use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.formats import checker
from mockserver.contract.matching import draft
from mockserver.contract.place import Place, escape, reference
from mockserver.contract.schemas import Direction, normaliser
from mockserver.contract.unions import Told, told
from mockserver.errors import value_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.contract.document import Document

_LONGEST = 300

MOST: Final = 10_000
"""How many compiled schemas of one document and direction are kept."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value or an event does not fit its schema or stream.

    `field` leads to the value (`event`, `id`, `data.items[0].price`, `body.id`), `pointer` to the
    schema that it does not fit, `expected` is what that schema asks for.
    """

    field: str
    what: str
    expected: str
    pointer: str
    code: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.what} [{self.code}]"


def value_violations(
    document: Document,
    schema: Place,
    value: object,
    field: str,
    direction: Direction = "response",
) -> list[Violation]:
    """Return what is wrong with a value; an empty list where it fits. Never raises.

    `schema` is a place of the document, or a schema made of its parts with the pointer of the
    most particular of them. Where the schema itself cannot be applied, that is the one violation.
    """
    try:
        errors = list(validator(document, schema, direction).iter_errors(value))
        found = [one for error in errors for one in told(error)]
        return [_violation(document, schema, one, field) for one in found]
    except RecursionError:
        what = "the schema refers to itself without end"
    except Exception as error:  # noqa: BLE001  (whatever a library fails by on strange schemas)
        what = short(f"the schema cannot be applied: {type(error).__name__}: {error}", quote=False)
    return [Violation(field, what, "", schema.pointer, _code(field))]


def fits(document: Document, schema: Place, value: object, direction: Direction) -> bool:
    """Tell whether a value fits; False where the schema itself cannot be applied."""
    try:
        fit: bool = validator(document, schema, direction).is_valid(value)
    except Exception:  # noqa: BLE001  (whatever a library fails by on strange schemas)
        return False
    return fit


def validator(document: Document, schema: Place, direction: Direction) -> Any:
    """Return the validator of a schema, compiled once."""
    kept: dict[tuple[str, int], tuple[object, Any]]
    key = (schema.pointer, id(schema.value))
    with document.turn:
        kept = document.cache.setdefault(f"validators of a {direction}", {})
        if key not in kept:
            if len(kept) >= MOST:
                del kept[next(iter(kept))]
            normal = normaliser(document, direction).schema(schema)
            # With the value, so that it lives as long as its id is a key.
            kept[key] = schema.value, draft()(normal, format_checker=checker())
        return kept[key][1]


def _violation(document: Document, schema: Place, one: Told, field: str) -> Violation:
    error = one.error
    return Violation(
        _path(field, one.field or error.absolute_path),
        short(one.what or sentence(error), quote=False),
        short(one.expected or expected(error), quote=False),
        locate(document, schema, error.absolute_schema_path),
        _code(field),
        one.mend,
    )


def sentence(error: Any) -> str:
    """Return what an error of jsonschema says, with values as JSON where it writes Python's.

    The library puts the value and what is asked of it into its sentences by `repr`.
    """
    text, asked = str(error.message), error.validator_value
    if error.validator is None and text.startswith("False schema"):
        return f"the schema false does not allow {value_text(error.instance)}"
    for value in (error.instance, asked):
        python = repr(value)
        if text.startswith(f"{python} "):
            text = value_text(value) + text.removeprefix(python)
            break
    if error.validator == "enum":
        text = text.removesuffix(repr(asked)) + value_text(asked)
    return text


def expected(error: Any) -> str:
    """Return the keyword of a schema that an error of jsonschema is about, in brief."""
    asked = error.validator_value
    return f"{error.validator}: {_json(asked)}" if _is_brief(asked) else str(error.validator)


def _code(field: str) -> str:
    if field in {"event", "id", "retry"}:
        return "event-field"
    return "data" if field == "data" else "value"


def _is_brief(asked: object) -> bool:
    """Tell a plain value from schemas, which may be large or contain themselves."""
    if isinstance(asked, list):
        return len(asked) <= 30 and not any(isinstance(item, dict | list) for item in asked)
    return not isinstance(asked, dict)


def _path(field: str, steps: Iterable[str | int]) -> str:
    for step in steps:
        field += f"[{step}]" if isinstance(step, int) else f".{step}"
    return field


def locate(document: Document, schema: Place, steps: Iterable[str | int]) -> str:
    """Return the pointer into the document of where a normalised schema was left by `steps`."""
    place, rest = schema, list(steps)
    while rest:
        if rest[0] == "allOf" and rest[1:2] == [0] and reference(place.value):
            place, rest = document.lookup(place.value["$ref"]) or place, rest[2:]
            continue
        if rest[0] == "allOf" and len(rest) > 1 and reference(place.value):
            rest[1] = int(rest[1]) - 1
        if (
            rest[:2] == ["anyOf", 0]
            and place.object.get("nullable")
            and "anyOf" not in place.object
        ):
            rest = rest[2:]
            continue
        step = rest.pop(0)
        if step == "anyOf" and "anyOf" not in place.object:
            step = "oneOf"
        nearer = _child(place, step)
        if nearer is None:
            break
        place = nearer
    return place.pointer


def _child(place: Place, step: str | int) -> Place | None:
    if isinstance(place.value, list) and isinstance(step, int) and step < len(place.value):
        return Place(place.value[step], f"{place.pointer}/{step}")
    if isinstance(place.value, dict) and step in place.value:
        return Place(place.value[step], f"{place.pointer}/{escape(step)}")
    return None


def _json(value: object) -> str:
    return short(json.dumps(value, ensure_ascii=False, default=str), quote=False)


def short(value: object, *, quote: bool = True) -> str:
    """Return a value as text that is cut where it gets long."""
    text = value_text(value) if quote else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

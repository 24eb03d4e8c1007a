"""Values as they are written in URLs, headers and forms, made back into JSON values.

OAS 3.2 § Style Values, § Appendix C. What a text means depends on the schema that it is held
against (`5` may be a number or a text), and real clients differ in what they percent-encode. So a
text has several readings, the most literal first, and the first that fits the schema is taken.
Schemas are those of a `Normaliser`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import unquote, unquote_plus

from mockserver.contract.requests.kinds import branches, items, kinds_of, member, members, takes
from mockserver.contract.schemas import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Decode: TypeAlias = Callable[[str], str]
Fits: TypeAlias = Callable[[Schema, Any], bool]
Tree: TypeAlias = Any
"""Text, or lists and mappings of text, before the schema has said what it stands for."""

_NUMBER: Final = re.compile(r"-?\d{1,4000}(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_DEEPEST: Final = 30
_BRACKETS: Final = re.compile(r"\[([^\[\]]*)\]")


class StyleError(ValueError):
    """A text is not written in the style that was declared; says how it is to be written."""


# From text to a value


def typed(tree: Tree, schemas: Sequence[Schema], fits: Fits) -> Any:
    """Return the value that a tree of texts stands for where these schemas speak of it."""
    match tree:
        case dict():
            return {name: typed(part, member(schemas, name), fits) for name, part in tree.items()}
        case list():
            inner = items(schemas)
            return [typed(part, inner, fits) for part in tree]
    readings = _scalars(tree, kinds_of(schemas))
    return chosen(readings, schemas, fits)


def chosen(readings: Sequence[Any], schemas: Sequence[Schema], fits: Fits) -> Any:
    """Return the first reading that one of the schemas takes, else the first."""
    if len(readings) == 1:
        return readings[0]
    fitting = (r for r in readings if any(fits(schema, r) for schema in schemas))
    return next(fitting, readings[0])


def _scalars(text: str, wanted: frozenset[str] | None) -> list[Any]:
    """Return what a text can stand for: a number before the text itself, if both are taken."""
    if wanted is None:
        return [text]
    readings: list[Any] = []
    if "number" in wanted and _NUMBER.fullmatch(text):
        readings.append(_number(text))
    if "boolean" in wanted and text in {"true", "false"}:
        readings.append(text == "true")
    if "null" in wanted and text in {"", "null"}:
        readings.append(None)
    if "string" in wanted or not readings:
        readings.append(text)
    return readings


def _number(text: str) -> int | float:
    digits = text.lstrip("-").lstrip("0") or "0"
    if digits.isdigit():
        return int(text)
    return float(text)


# From a part of a request to trees


def percent(text: str) -> str:
    """Decode a part of a path or a cookie; bytes that are no UTF-8 are replaced."""
    return unquote(text, errors="replace") if "%" in text else text


def plus(text: str) -> str:
    """Decode a part of a query or a form, where `+` is a space."""
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text


def verbatim(text: str) -> str:
    """Leave a header's text as it is."""
    return text


def pairs(query: str) -> list[tuple[str, str]]:
    """Split a query or a form; names are decoded, values are still as they were sent."""
    found = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((plus(name), value))
    return found


def simple(raw: str, wanted: frozenset[str] | None, decode: Decode, *, explode: bool) -> list[Tree]:
    """Read a value of a path or a header; `a,b`, or `R=1,G=2` exploded and `R,1,G,2` not."""
    found: list[Tree] = []
    for text in _uncoded(raw, decode, ","):
        parts = [decode(part.strip()) if text is raw else part.strip() for part in text.split(",")]
        found += _structures(parts, wanted, explode=explode)
    return _or_scalar(found, decode(raw), wanted)


def label(raw: str, wanted: frozenset[str] | None, decode: Decode, *, explode: bool) -> list[Tree]:
    """Read `.a,b`, or `.a.b` exploded (as OAS 3.0 showed it for both). Raises StyleError."""
    if not raw.startswith("."):
        raise StyleError("it is of style 'label' and begins with a dot")
    found: list[Tree] = []
    for mark in "." if explode else ",.":
        parts = [decode(part) for part in raw[1:].split(mark)]
        found += _structures(parts, wanted, explode=explode)
    return _or_scalar(found, decode(raw[1:]), wanted)


def matrix(
    raw: str, name: str, wanted: frozenset[str] | None, decode: Decode, *, explode: bool
) -> list[Tree]:
    """Read `;name=a,b`, or `;name=a;name=b` and `;R=1;G=2` exploded. Raises StyleError."""
    if not raw.startswith(";"):
        raise StyleError("it is of style 'matrix' and begins with a semicolon")
    sent = [part.partition("=") for part in raw[1:].split(";")]
    own = [value for key, _, value in sent if decode(key) == name]
    found: list[Tree] = []
    if explode and takes("object", wanted):
        found.append({decode(key): decode(value) for key, _, value in sent})
    if explode and takes("array", wanted):
        found.append([decode(value) for value in own])
    if not own and not found:
        raise StyleError(f"it is of style 'matrix' and reads ;{name}=…")
    if own and not explode:
        found += _structures([decode(part) for part in own[0].split(",")], wanted, explode=False)
    return _or_scalar(found, decode(own[0]), wanted) if own else found


def _structures(
    parts: list[str], wanted: frozenset[str] | None, *, explode: bool
) -> Iterator[Tree]:
    """Yield the array and the object that a list of texts may be."""
    if takes("array", wanted):
        yield parts
    if not takes("object", wanted):
        return
    if explode:
        yield {name: value for name, _, value in (part.partition("=") for part in parts)}
    elif len(parts) % 2 == 0:
        yield dict(zip(parts[::2], parts[1::2], strict=True))


def _or_scalar(found: list[Tree], text: str, wanted: frozenset[str] | None) -> list[Tree]:
    """Add the text as a whole where it can be meant, or nothing else is."""
    scalar = wanted is None or bool(wanted - {"array", "object"})
    return [*found, text] if scalar or not found else found


def _uncoded(raw: str, decode: Decode, delimiter: str) -> list[str]:
    """Return the text as sent, and decoded: many clients percent-encode what separates items."""
    decoded = decode(raw)
    if decoded == raw:
        return [raw]
    return [raw, decoded] if delimiter in raw else [decoded, raw]


_DELIMITERS: Final = {"form": ",", "cookie": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def named(
    fields: Sequence[tuple[str, str]],
    name: str,
    schemas: Sequence[Schema],
    style: str,
    decode: Decode,
    *,
    explode: bool,
    spread: bool = True,
) -> list[Tree]:
    """Read a value of a query, a form or the cookies; an empty list where it is absent.

    `fields` are pairs of a decoded name and a value as sent. With `spread` the properties of an
    exploded object are fields of their own.
    """
    wanted = kinds_of(schemas)
    if style == "deepObject":
        return bracketed(fields, name, decode)
    values = [value for key, value in fields if key == name]
    found: list[Tree] = []
    if explode:
        if spread and takes("object", wanted):
            whole = _spread(fields, schemas, decode)
            found += [whole] if whole else []
        if values and (takes("array", wanted) or len(values) > 1):
            found.append([decode(value) for value in values])
        if values == [""] and takes("array", wanted):
            found.append([])
    elif values:
        found += _delimited(values, wanted, decode, _DELIMITERS[style])
    if len(values) != 1:
        return found
    return _or_scalar(found, decode(values[0]), wanted)


def _delimited(
    values: list[str], wanted: frozenset[str] | None, decode: Decode, delimiter: str
) -> list[Tree]:
    if len(values) > 1:
        return [[decode(value) for value in values]]
    found: list[Tree] = []
    for text in _uncoded(values[0], decode, delimiter):
        parts = [decode(part) if text is values[0] else part for part in text.split(delimiter)]
        found += _structures(parts, wanted, explode=False)
    if not values[0] and takes("array", wanted):
        found.append([])
    return found


def _spread(
    fields: Sequence[tuple[str, str]], schemas: Sequence[Schema], decode: Decode
) -> dict[str, Tree]:
    """Return the object whose properties are fields of their own (style `form`, exploded)."""
    declared = members(schemas)
    # Without properties of its own, or with a schema for all others, every field is one.
    free = not declared or any(
        isinstance(schema.get("additionalProperties"), dict) for schema in branches(schemas)
    )
    names = dict.fromkeys(name for name, _ in fields if free or name in declared)
    found: dict[str, Tree] = {}
    for name in names:
        values = [decode(value) for key, value in fields if key == name]
        several = takes("array", kinds_of(member(schemas, name)))
        found[name] = values if several or len(values) > 1 else values[0]
    return found


def bracketed(fields: Sequence[tuple[str, str]], name: str, decode: Decode) -> list[Tree]:
    """Read `name[a]=1&name[b][c]=2&name[]=3`: what clients make of style `deepObject`."""
    root: dict[str, Tree] = {}
    for key, value in fields:
        if key.startswith(f"{name}["):
            steps = _BRACKETS.findall(key[len(name) :])
            if f"{name}{''.join(f'[{step}]' for step in steps)}" == key and len(steps) < _DEEPEST:
                _put(root, steps, decode(value))
    return [_listed(root)] if root else []


def _put(node: dict[str, Tree], steps: Sequence[str], value: str) -> None:
    *way, last = steps
    for step in way:
        below = node.setdefault(step, {})
        if not isinstance(below, dict):
            return  # Two fields contradict each other; the first one is read.
        node = below
    if last in node:
        known = node[last]
        if isinstance(known, list):
            known.append(value)
        elif isinstance(known, str):
            node[last] = [known, value]
        return
    node[last] = [value] if last == "" else value


def _listed(node: Tree) -> Tree:
    """Make lists of mappings whose keys are `""` or count from 0."""
    if not isinstance(node, dict):
        return node
    if list(node) == [""]:
        return node[""] if isinstance(node[""], list) else [_listed(node[""])]
    below = {key: _listed(part) for key, part in node.items()}
    return list(below.values()) if list(below) == [str(n) for n in range(len(below))] else below


def written_as_json(text: str) -> list[Any]:
    """Return the value of a JSON text in a list, which is empty where it is none."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return []

"""Makes an answer speak of what was asked for: `GET /pets/7` answers the pet 7."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mockserver.contract import shapes
from mockserver.contract.values import value_violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place


class Asked(NamedTuple):
    """A path parameter of the request, and the properties of a body that may mean it."""

    name: str
    text: str
    properties: tuple[str, ...]


def asked(path: str, parameters: Mapping[str, str]) -> list[Asked]:
    """Return what a request asks for, the thing itself (the last segment) first.

    A parameter means the property of its own name; the last one of a path also means `id`, if it
    is called like an id: `petId`, `pet_id`, `id`.
    """
    last = re.search(r"\{([^{}/]+)\}[^{}/]*$", path)
    found = []
    for name, text in reversed(list(parameters.items())):
        names = [name]
        if last and last[1] == name and re.search(r"(^|[a-z_-])(id|Id|ID)$", name):
            names.append("id")
        found.append(Asked(name, text, tuple(dict.fromkeys(names))))
    return found


def echoed(
    document: Document, schema: Place, value: Any, wanted: list[Asked]
) -> tuple[Any, dict[str, str]]:
    """Return the value with what was asked for in it, and which text became which.

    That is a property of the object, of the object in an envelope of one, or of each item of a
    list (there only by the parameter's own name). A property that could not be so stays as it is.
    Texts that are paths of the old thing become paths of the new: links lead where they say.
    """
    became: dict[str, str] = {}
    for one in wanted:
        for holder, places, whole in _holders(document, schema, value):
            names = one.properties if whole else (one.name,)
            name = next((name for name in names if name in holder), None)
            if name is not None:
                old = holder[name]
                new = _fitting(document, places.get(name, []), old, one.text)
                if new is not None and new != old:
                    holder[name] = new
                    if whole:
                        became.setdefault(str(old), one.text)
    return (_relinked(value, became) if became else value), became


def relinked(text: str, became: Mapping[str, str]) -> str:
    """Return a path or URL with the segments that have become others."""
    if "/" not in text:
        return text
    parts = re.split(r"([/?#])", text)
    return "".join(
        became.get(part, part) if index and parts[index - 1] == "/" else part
        for index, part in enumerate(parts)
    )


def _holders(
    document: Document, schema: Place, value: Any
) -> Iterator[tuple[dict[str, Any], dict[str, list[Place]], bool]]:
    """Yield the objects that may hold what was asked for, their schemas, and if they are it."""
    if isinstance(value, list):
        items = shapes.find(document, [schema], "items")
        for item in value:
            if isinstance(item, dict):
                yield item, shapes.properties(document, [items] if items else []), False
        return
    if not isinstance(value, dict):
        return
    members = shapes.properties(document, [schema])
    yield value, members, True
    for name, member in value.items():
        inner = members.get(name, [])
        if isinstance(member, dict) and name in {"data", "result", "item"}:
            yield member, shapes.properties(document, inner), True
        elif isinstance(member, list):
            items = shapes.find(document, inner, "items")
            for item in member:
                if isinstance(item, dict):
                    yield item, shapes.properties(document, [items] if items else []), False


def _fitting(document: Document, schemas: list[Place], old: Any, text: str) -> Any:
    """Return the text as a value of the property's kind; None where it cannot be one."""
    new: Any = text
    if isinstance(old, bool) or not isinstance(old, int | str):
        return None
    if isinstance(old, int):
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
            return None
        new = int(text)
    wrong = any(value_violations(document, schema, new, "id") for schema in schemas)
    return None if wrong else new


def _relinked(value: Any, became: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return relinked(value, became)
    if isinstance(value, list):
        return [_relinked(item, became) for item in value]
    if isinstance(value, dict):
        return {key: _relinked(item, became) for key, item in value.items()}
    return value

"""What tells the requests of one operation apart, as conditions of `when`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockserver.sse.encode import json_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mockserver.play.opening import Opening

Place = tuple[str, ...]
"""Where in a request: `("path", "id")`, `("body", "user", "name")`."""
_ABSENT: Final = object()
_ORDER: Final = ("path", "query", "body", "headers", "cookies")
_SPECIAL: Final = re.compile(r"([^A-Za-z0-9_ ])")
_LONGEST: Final = 2_000
"""Characters of a condition; what is longer tells nobody anything."""


def apart(
    openings: Sequence[Opening], ignored: Collection[Place] = (), *, clients: bool = False
) -> list[dict[str, Any] | None]:
    """Return a `when` for each request, of the same few places; None where nothing is needed.

    Two that differ in nothing else than what is `ignored` get the same. That a request has
    credentials may tell it from one without; with `clients`, what they are does, and cookies.
    """
    found = [dict(_leaves(opening, clients=clients)) for opening in openings]
    places = _telling(found, {_key(place) for place in ignored})
    return [_when({place: one.get(place, _ABSENT) for place in places}) for one in found]


def _key(place: Place) -> Place:
    return tuple(name.lower() for name in place)


def _leaves(opening: Opening, *, clients: bool) -> Iterator[tuple[Place, Any]]:
    for name, value in opening.path.items():
        yield ("path", name), value
    for name, value in opening.query.items():
        yield ("query", name), value
    if opening.body is not None:
        yield from _body_leaves(("body",), opening.body)
    if "authorization" in opening.headers:
        yield ("headers", "authorization"), opening.headers["authorization"] if clients else True
    if clients:
        for name, value in opening.cookies.items():
            yield ("cookies", name), value


def _body_leaves(place: Place, value: Any) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _body_leaves((*place, name), inner)
    else:
        yield place, value


def _telling(found: Sequence[dict[Place, Any]], ignored: Collection[Place]) -> list[Place]:
    """Return the few places by which all these can be told apart, as far as they can."""
    places = list(dict.fromkeys(place for one in found for place in one))
    candidates = [p for p in places if _key(p) not in ignored and _differs(found, p)]
    candidates.sort(key=lambda place: (_ORDER.index(place[0]), -_kinds(found, [place]), len(place)))
    chosen: list[Place] = []
    for place in candidates:
        if _kinds(found, [*chosen, place]) > _kinds(found, chosen):
            chosen.append(place)
    return chosen


def _differs(found: Sequence[dict[Place, Any]], place: Place) -> bool:
    sizes = [len(_word(one[place])) for one in found if place in one]
    return max(sizes) <= _LONGEST and _kinds(found, [place]) > 1


def _kinds(found: Sequence[dict[Place, Any]], places: Sequence[Place]) -> int:
    return len({tuple(_word(one.get(place, _ABSENT)) for place in places) for one in found})


def _word(value: Any) -> str:
    try:
        return "" if value is _ABSENT else json_text(value)
    except (TypeError, ValueError):
        return repr(value)


def _when(tests: dict[Place, Any]) -> dict[str, Any] | None:
    when: dict[str, Any] = {}
    for place, value in tests.items():
        test = False if value is _ABSENT else _test(value)
        if place == ("body",):
            when["body"] = test
            continue
        inner = when
        for name in place[:-1]:
            held = inner.setdefault(name, {})
            if not isinstance(held, dict):
                break
            inner = held
        else:
            inner.setdefault(place[-1], test)
    return when or None


def _test(value: Any) -> Any:
    """Return what asks for this value, and for nothing that looks like it."""
    match value:
        case str():
            return _text(value)
        case list():
            return [_test(item) for item in value]
        case dict():
            return {name: _test(item) for name, item in value.items()}
    return value


def _text(value: str) -> str:
    pattern = len(value) > 2 and value.startswith("/") and value.endswith("/")
    if "*" in value or "{{" in value or pattern:
        escaped = _SPECIAL.sub(lambda found: _escape(found[1]), value)
        return f"/^{escaped}$/"
    return value


def _escape(char: str) -> str:
    """Return a character as RE2 takes it for itself."""
    if ord(char) < 0x20:
        return f"\\x{ord(char):02x}"
    return f"\\{char}" if ord(char) < 0x80 else char

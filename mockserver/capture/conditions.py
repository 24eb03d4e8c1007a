"""What tells the requests of one operation apart, as conditions of `when`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockserver.sse.encode import json_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from mockserver.play.opening import Opening

Place = tuple[str, ...]
"""Where in a request: `("path", "id")`, `("body", "user", "name")`."""
_ORDER: Final = ("path", "query", "body", "headers", "cookies")
_SPECIAL: Final = re.compile(r"([^A-Za-z0-9_ ])")
_LONGEST: Final = 2_000
"""Characters of a condition; what is longer tells nobody anything."""


def apart(
    openings: Sequence[Sequence[Opening]], ignored: Collection[Place] = (), *, clients: bool = False
) -> list[dict[str, Any] | None]:
    """Return a `when` for each request, of the same few places; None where nothing is needed.

    With each stand the others of its stories, which it holds for as well: a client may resume under
    another query. Two that differ in nothing else than what is `ignored` get the same. That a
    request has credentials may tell it from one without; with `clients`, what they are does, and
    cookies.
    """
    full = [[dict(_leaves(opening, clients=clients)) for opening in each] for each in openings]
    found = [[{p: _lean(value) for p, value in one.items()} for one in each] for each in full]
    first, lean = [one for one, *_ in full], [one for one, *_ in found]
    every = list(dict.fromkeys(place for one in first for place in one))
    if _kinds(lean, every) < _kinds(first, every):
        found, lean = full, first
    places = _telling(lean, {_key(place) for place in ignored})
    return [_when(each, places, ignored) for each in found]


def changed(opening: Opening, other: Opening) -> set[Place]:
    """Return the places where two requests are not the same."""
    one, two = (dict(_leaves(each, clients=False)) for each in (opening, other))
    return {p for p in one.keys() | two.keys() if _word_at(one, p) != _word_at(two, p)}


def _lean(value: Any) -> Any:
    """Return a batch of JSON-RPC without its ids, which are but counted."""
    if not isinstance(value, list) or not all(map(_is_call, value)):
        return value
    return [{k: v for k, v in call.items() if k not in ("id", "jsonrpc")} for call in value]


def _is_call(value: Any) -> bool:
    return isinstance(value, dict) and "jsonrpc" in value and "method" in value


def _key(place: Place) -> Place:
    """Return a place such that names of headers are the same in any case."""
    return tuple(name.lower() for name in place) if place[0] == "headers" else place


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
    counted = ("body", "id") if ("body", "jsonrpc") in places else None
    candidates.sort(
        key=lambda place: (
            place == counted, _ORDER.index(place[0]), -_kinds(found, [place]), len(place)
        )
    )  # fmt: skip
    chosen: list[Place] = []
    for place in candidates:
        if _kinds(found, [*chosen, place]) > _kinds(found, chosen):
            chosen.append(place)
    return chosen


def _differs(found: Sequence[dict[Place, Any]], place: Place) -> bool:
    sizes = [len(_word(one[place])) for one in found if place in one]
    return max(sizes) <= _LONGEST and _kinds(found, [place]) > 1


def _kinds(found: Sequence[dict[Place, Any]], places: Sequence[Place]) -> int:
    return len({tuple(_word_at(one, place) for place in places) for one in found})


def _word_at(one: dict[Place, Any], place: Place) -> str:
    """Return what tells a request from others at a place; that it has an object there does, too."""
    if place in one:
        return f"={_word(one[place])}"
    if place[0] != "body":
        return ""
    return "{" if any(other[: len(place)] == place for other in one) else ""


def _word(value: Any) -> str:
    try:
        return json_text(value)
    except (TypeError, ValueError):
        return repr(value)


def _when(
    found: Sequence[dict[Place, Any]], places: Sequence[Place], ignored: Collection[Place]
) -> dict[str, Any] | None:
    """Return what asks for each of these requests at these places, as far as one test can."""
    first, *others = (_tests(one, places, ignored) for one in found)
    when: dict[str, Any] = {}
    for place, told in first.items():
        test = told
        if any(place not in other or other[place] != told for other in others):
            values = [one.get(place) for one in found]
            texts = [value for value in values if isinstance(value, str)]
            if len(texts) < len(values):
                continue
            test = _any_of(texts)
        inner = when
        for name in place[:-1]:
            inner = inner.setdefault(name, {})
        inner[place[-1]] = test
    return when or None


def _any_of(texts: Iterable[str]) -> str | bool:
    """Return what asks for one of several texts, or for any where they are too many."""
    pattern = f"/^(?:{'|'.join(map(_escaped, dict.fromkeys(texts)))})$/"
    return pattern if len(pattern) <= _LONGEST else True


def _tests(
    one: dict[Place, Any], places: Sequence[Place], ignored: Collection[Place]
) -> dict[Place, Any]:
    """Return what asks for a request at these places, nothing where it has a body of another kind.

    A request with a body is never said to have none.
    """
    tests: dict[Place, Any] = {}
    for place in places:
        if place in one:
            tests[place] = _test(one[place])
        elif (missing := _missing(one, place)) is not None:
            tests[missing] = False
    if not any(place[0] == "body" for place in tests):
        tests |= _instead(one, [place for place in places if place[0] == "body"], ignored)
    return tests


def _missing(one: dict[Place, Any], place: Place) -> Place | None:
    """Return the outermost place that is absent on the way to one, None where there is none."""
    if place[0] != "body":
        return place
    for size in range(1, len(place) + 1):
        outer = place[:size]
        if outer in one:
            empty = one[outer] == {} and size < len(place)
            return place[: size + 1] if empty else None
        if not any(other[:size] == outer for other in one):
            return outer
    return None


def _instead(
    one: dict[Place, Any], places: Sequence[Place], ignored: Collection[Place]
) -> dict[Place, Any]:
    """Return a test for what has no such place: of what stands on the way there, or beneath."""
    known = {_key(place) for place in ignored}
    for place in places:
        for other, value in one.items():
            size = min(len(other), len(place))
            near = other[:size] == place[:size] and other not in known
            if near and len(_word(value)) <= _LONGEST:
                return {other: _test(value)}
    return {}


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
        return f"/^{_escaped(value)}$/"
    return value


def _escaped(text: str) -> str:
    """Return a pattern that is this very text."""
    return _SPECIAL.sub(lambda found: _escape(found[1]), text)


def _escape(char: str) -> str:
    """Return a character as RE2 takes it for itself."""
    if ord(char) < 0x20:
        return f"\\x{ord(char):02x}"
    return f"\\{char}" if ord(char) < 0x80 else char

"""Conditions on requests: whether they hold, and which scenarios could quarrel over one request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.errors import Problem
from mockserver.scenario.model import Exact, Pattern, Scenario, When
from mockserver.scenario.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_PARTS = ("path", "query", "headers", "cookies")
_WORD: Final = re.compile(r"\^(?:[\w ]|\\[^\w\s])*\$", re.ASCII)
"""A pattern that one text alone fits."""


class Request(Protocol):
    """What conditions look at; header names in lower case."""

    @property
    def path(self) -> Mapping[str, str]: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def cookies(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> Any: ...


def rank(scenario: Scenario) -> tuple[int, bool]:
    """Return what decides between scenarios that fit: more conditions, then `default`."""
    return (len(list(conditions(scenario.when))), scenario.default)


def fits(when: When | None, request: Request) -> bool:
    """Whether all conditions hold of the request."""
    if when is None:
        return True
    for part in _PARTS:
        values = getattr(request, part)
        for name, test in getattr(when, part).items():
            if not holds(test, values.get(name)):
                return False
    return not when.has_body or holds_body(when.body, request.body)


def rendered(when: When | None, render: Callable[[Any], Any]) -> When | None:
    """Return conditions with each template as what `render` makes of it. Raises as that does."""
    if when is None:
        return None
    parts = {
        part: {name: _rendered(test, render) for name, test in getattr(when, part).items()}
        for part in _PARTS
    }
    return When(**parts, body=_rendered(when.body, render), has_body=when.has_body)


def _rendered(test: Any, render: Callable[[Any], Any]) -> Any:
    match test:
        case Template():
            return Exact(render(test))
        case dict():
            return {name: _rendered(inner, render) for name, inner in test.items()}
        case list():
            return [_rendered(inner, render) for inner in test]
    return test


def conditions(when: When | None) -> Iterator[tuple[str, Any]]:
    """Yield every single condition as its place in the request and the test."""
    if when is None:
        return
    for part in _PARTS:
        for name, test in getattr(when, part).items():
            yield f"{part}/{name}", test
    if when.has_body:
        yield from _leaves("body", when.body)


def _leaves(place: str, test: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(test, dict) and test:
        for name, inner in test.items():
            yield from _leaves(f"{place}/{name}", inner)
    else:
        yield place, test


def speaks_of(when: When | None, carriers: Sequence[str]) -> bool:
    """Whether a condition is on one of these parts of the request, or on what holds it.

    Carriers are named as `conditions` names places: `headers/authorization`, `body/items/0`.
    """
    places = [place for place, _ in conditions(when)]
    return any(
        carrier == place or carrier.startswith(f"{place}/") or place.startswith(f"{carrier}[")
        for carrier in carriers
        for place in places
    )


def holds(test: Any, value: str | None) -> bool:
    """Whether a test of `when` holds of one value; None where it is absent."""
    match test:
        case bool():
            return (value is not None) is test
        case _ if value is None:
            return False
        case Exact():
            return _as_written(test.value) == value
        case Pattern():
            return bool(_matcher(test.source)(value))
        case str() if "*" in test:
            return fnmatchcase(value, _glob(test))
    return value == test


def holds_body(test: Any, value: Any) -> bool:
    """Hold a body: a mapping is contained; true is there and not false, false the opposite."""
    match test:
        case dict():
            if not isinstance(value, dict):
                return False
            return all(holds_body(inner, value.get(name)) for name, inner in test.items())
        case True:
            return value is not None and value is not False
        case False:
            return value is None or value is False
        case Exact():
            return _holds_exactly(test.value, value)
        case str() | Pattern():
            if value is None or isinstance(value, (dict, list)):
                return False
            return holds(test, value if isinstance(value, str) else _as_written(value))
        case list():
            if not isinstance(value, list) or len(value) != len(test):
                return False
            return all(map(holds_body, test, value))
    return type(value) is not bool and bool(value == test)


def _holds_exactly(wanted: Any, value: Any) -> bool:
    """Whether a body has a value that a template has yielded: a text also as it is written."""
    if isinstance(wanted, str) and isinstance(value, (bool, int, float)):
        return wanted == _as_written(value)
    return isinstance(wanted, bool) is isinstance(value, bool) and bool(wanted == value)


def _as_written(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _glob(test: str) -> str:
    # Only * is special here; fnmatch has more.
    return "".join(f"[{char}]" if char in "?[" else char for char in test)


@lru_cache(maxsize=256)
def _matcher(source: str) -> Any:
    import re2  # noqa: PLC0415  (only where a pattern is in use)

    pattern = re2.compile(source)
    return lambda text: pattern.search(text) is not None


@dataclass(frozen=True, slots=True)
class _Rival:
    """A scenario with its conditions laid out once, for many comparisons."""

    scenario: Scenario
    rank: tuple[int, bool]
    tests: dict[str, Any]


def ties(scenarios: Mapping[str, Sequence[Scenario]]) -> list[Problem]:
    """Return a problem for every scenario that fits what one before it fits, named with that one.

    Of a hundred that are alike, every one but the first has a problem, not every two of them.
    """
    problems: dict[str, Problem] = {}
    for operation, found in scenarios.items():
        rivals = [_Rival(s, rank(s), dict(conditions(s.when))) for s in found]
        defaults = [rival for rival in rivals if rival.rank[1]]
        for one, other in _close_pairs(rivals):
            name = other.scenario.name
            if name not in problems and not _settled(one, other, defaults):
                problems[name] = _tie(operation, other.scenario, one.scenario)
    return list(problems.values())


def _close_pairs(rivals: Sequence[_Rival]) -> Iterator[tuple[_Rival, _Rival]]:
    """Yield the pairs that one request could fit alike, without comparing all with all."""
    ranked: dict[Any, list[_Rival]] = {}
    for rival in rivals:
        ranked.setdefault(rival.rank, []).append(rival)
    for group in ranked.values():
        alike: dict[str, list[_Rival]] = {}
        for rival in group:
            alike.setdefault(repr(rival.tests), []).append(rival)
        yield from ((first, other) for first, *others in alike.values() for other in others)
        firsts = [first for first, *_ in alike.values()]
        yield from _pairs_within(firsts, sorted({place for r in firsts for place in r.tests}))


def _pairs_within(
    group: Sequence[_Rival], places: Sequence[str]
) -> Iterator[tuple[_Rival, _Rival]]:
    """Yield close pairs; those that ask for different words of one place cannot meet."""
    for index, place in enumerate(places):
        if all(_is_word(rival.tests.get(place)) for rival in group):
            by_word: dict[str, list[_Rival]] = {}
            for rival in group:
                by_word.setdefault(rival.tests[place], []).append(rival)
            for same in by_word.values():
                yield from _pairs_within(same, places[index + 1 :])
            return
    for one, other in combinations(group, 2):
        excluded = any(
            place in one.tests and _exclude(one.tests[place], test)
            for place, test in other.tests.items()
        )
        if not (excluded or _unlike(one.tests, other.tests) or _unlike(other.tests, one.tests)):
            yield one, other


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether one asks for an object where the other asks for what is none."""
    for place in one:
        outer, mark, _ = place.rpartition("/")
        while mark:
            test = other.get(outer, True)
            if outer.startswith("body") and not (test is True or isinstance(test, (dict, Exact))):
                return True
            outer, mark, _ = outer.rpartition("/")
    return False


def _is_word(test: Any) -> bool:
    return isinstance(test, str) and "*" not in test


def _settled(one: _Rival, other: _Rival, defaults: Sequence[_Rival]) -> bool:
    """Whether a default fits wherever these two do, and so is taken in their place."""
    met = [*one.tests.items(), *other.tests.items()]
    return not one.rank[1] and any(
        rival.rank[0] == one.rank[0] and all(item in met for item in rival.tests.items())
        for rival in defaults
    )


def _exclude(one: Any, other: Any) -> bool:
    """Whether no value can pass both tests, as far as that is plain to see."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) != len(other) or any(map(_exclude, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return any(_exclude(one[name], other[name]) for name in one.keys() & other.keys())
    flags = [test for test in (one, other) if isinstance(test, bool)]
    if flags:
        # Present goes with any value; absent with none.
        return one is not other if len(flags) == 2 else not flags[0]
    if isinstance(one, Pattern) and isinstance(other, Pattern):
        words = {_WORD.fullmatch(pattern.source) and pattern.source for pattern in (one, other)}
        return len(words) == 2 and None not in words
    for test, rival in ((one, other), (other, one)):
        if _is_literal(test):
            text = test if isinstance(test, str) else _as_written(test)
            return not holds(rival, text) if isinstance(rival, (str, Pattern)) else test != rival
    return False


def _is_literal(test: Any) -> bool:
    return isinstance(test, (int, float)) or _is_word(test)


def _tie(operation: str, scenario: Scenario, other: Scenario) -> Problem:
    first, second = sorted((scenario.name, other.name))
    if scenario.default and other.default:
        what = f"{first!r} and {second!r} are both default for {operation}"
        mend = "take 'default: true' from one of them"
    else:
        fit = "the same requests" if scenario.when is None else "one request alike"
        what = f"{first!r} and {second!r} both fit {fit} to {operation}"
        mend = "give one of them 'default: true', or conditions that exclude the other's"
    return Problem(scenario.where, what, "scenario-tie", mend)

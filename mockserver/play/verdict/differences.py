"""What a request has in place of what an entry asks for, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import did_you_mean
from mockserver.play.journal import kept
from mockserver.play.verdict.judged import Evidence
from mockserver.scenario.conditions import holds, holds_body
from mockserver.scenario.model import Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.play.opening import Opening
    from mockserver.scenario.model import When

SHOWN: Final = 300
"""Characters of a value that evidence shows."""

_PARTS: Final = {"headers": "header", "query": "query", "cookies": "cookie"}


def differences(like: When, opening: Opening, at: float) -> Iterator[Evidence]:
    """Yield evidence for each condition on a request, those that hold included."""
    for part, word in _PARTS.items():
        values: Mapping[str, str] = getattr(opening, part)
        for name, test in getattr(like, part).items():
            yield _of_value(f"{word} {name}", name, test, values, at)
    if like.has_body:
        for path, test, value in _leaves("body", like.body, opening.body):
            status, got = holds_body(test, value), "none" if value is None else shown(value)
            yield Evidence("passed" if status else "failed", path, asked(test), got, at)


def _of_value(of: str, name: str, test: Any, values: Mapping[str, str], at: float) -> Evidence:
    value = values.get(name)
    got = "none was sent" if value is None else shown(value)
    if holds(test, value):
        return Evidence("passed", of, asked(test), got, at)
    near = did_you_mean(name, values) if value is None else ""
    nearest = ""
    if near.startswith("did you mean"):
        other = near.partition("'")[2].rpartition("'")[0]
        nearest = f"{of.partition(' ')[0]} {other}: {shown(values[other])}"
    return Evidence("failed", of, asked(test), got, at, nearest)


def _leaves(path: str, test: Any, value: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield each condition on a body with the value that it meets, None where there is none."""
    if isinstance(test, dict) and isinstance(value, dict) and test:
        for name, inner in test.items():
            yield from _leaves(f"{path}.{name}", inner, value.get(name))
    else:
        yield path, test, value


def asked(test: Any) -> str:
    """Return a condition as a scenario writes it."""
    match test:
        case True:
            return "any"
        case False:
            return "none"
        case Pattern(source):
            return f"/{source}/"
    return shown(_plain(test))


def _plain(test: Any) -> Any:
    match test:
        case Pattern(source):
            return f"/{source}/"
        case dict():
            return {name: _plain(inner) for name, inner in test.items()}
        case list():
            return [_plain(inner) for inner in test]
    return test


def shown(value: Any) -> str:
    """Return a value as JSON, so that spaces and control characters are seen; not too long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return kept(text, SHOWN)

"""What a scenario expects of its client, in words, before any client has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from mockserver.play.verdict.differences import asked
from mockserver.scenario.conditions import conditions
from mockserver.scenario.expected import (
    ClosingExpected,
    ConnectionExpected,
    ConnectionsExpected,
    RequestsExpected,
)
from mockserver.scenario.units import duration_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.scenario.expected import Expected


def expect_json(entries: Iterable[Expected]) -> list[dict[str, Any]]:
    """Return entries of `expect` as data: where they stand, and what each asks for."""
    return [
        {
            "where": str(entry.where),
            "of": _of(entry),
            "asks": [{"of": of, "expected": expected} for of, expected in _asks(entry)],
        }
        for entry in entries
    ]


def expect_text(entry: Expected) -> str:
    """Return an entry of `expect` as a line: `connection 2: last_event_id "2", after 1s..`."""
    asks = ", ".join(f"{of} {expected}" for of, expected in _asks(entry))
    return f"{_of(entry)}: {asks}" if asks else _of(entry)


def _of(entry: Expected) -> str:
    match entry:
        case RequestsExpected():
            return "requests"
        case ClosingExpected():
            return f"connection {entry.connection}" if entry.connection else "the last connection"
        case ConnectionsExpected() | ConnectionExpected():
            return str(entry)
        case _:
            assert_never(entry)


def _asks(entry: Expected) -> Iterator[tuple[str, str]]:
    match entry:
        case ConnectionExpected():
            yield from _of_connection(entry)
        case ConnectionsExpected():
            if entry.within is not None:
                yield "within", duration_text(entry.within)
        case ClosingExpected():
            yield "closed_by", entry.closed_by
            if entry.after_event is not None:
                yield "after_event", entry.after_event
            if entry.within is not None:
                yield "within", duration_text(entry.within)
        case RequestsExpected():
            for each in entry.requests:
                yield each.name, str(each.times)
        case _:
            assert_never(entry)


def _of_connection(entry: ConnectionExpected) -> Iterator[tuple[str, str]]:
    for place, test in conditions(entry.like):
        yield place.replace("/", " ", 1), asked(test)
    if entry.last_event_id is not None:
        yield "last_event_id", asked(entry.last_event_id)
    if entry.after is not None:
        yield "after", str(entry.after)

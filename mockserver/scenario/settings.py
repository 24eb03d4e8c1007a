"""The settings file: what the user says about streams where the document is silent or wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.contract import StreamSettings
from mockserver.scenario.records import Key, Record
from mockserver.scenario.shapes import (
    UNFIT,
    Duration,
    Either,
    Integer,
    Json,
    Report,
    Table,
    Text,
)
from mockserver.scenario.yamltree import parse

if TYPE_CHECKING:
    from mockserver.errors import Location, Problem
    from mockserver.scenario.units import Span

_WORDS = Text("text", templated=False)


def _stream(where: Location, pace: Span | None = None, **fields: Any) -> StreamSettings:
    bounds = (pace.shortest, pace.longest) if pace else None
    return StreamSettings(where=where, pace=bounds, **fields)


def _streams(where: Location, streams: dict[str, StreamSettings]) -> dict[str, StreamSettings]:  # noqa: ARG001
    return {name: found for name, found in streams.items() if found is not UNFIT}


SETTINGS = Record(
    "the settings",
    _streams,
    {
        "streams": Key(
            Table(
                Record(
                    "a stream's settings",
                    _stream,
                    {
                        "item": Key(
                            Either(_WORDS, Json()),
                            "The schema of one event: a $ref, a component's name, or a schema.",
                        ),
                        "event_from": Key(_WORDS, "The property that names the event type."),
                        "sentinel": Key(_WORDS, "The text that ends the stream."),
                        "count": Key(
                            Integer(0, 1_000_000, words=(("forever", "forever"),)),
                            "How many events are made where the document shows none; default: one "
                            "of each type. What ends the stream follows them.",
                        ),
                        "pace": Key(
                            Duration(templated=False),
                            "The delay before each event where no scenario answers; default: 0, "
                            "or 1s where count is forever.",
                        ),
                    },
                )
            ),
            "By operationId, or METHOD /path; * for all.",
            required=True,
        ),
    },
)


def read_settings(name: str, raw: bytes) -> tuple[dict[str, StreamSettings], list[Problem]]:
    """Read a settings file; returns the settings of each stream, and what is wrong with them."""
    parsed = parse(name, raw)
    report = Report(parsed.file, parsed.problems)
    settings: dict[str, StreamSettings] = {}
    for document in parsed.documents:
        found = SETTINGS.read(document, report)
        if found is not UNFIT:
            settings |= found
    return settings, report.problems

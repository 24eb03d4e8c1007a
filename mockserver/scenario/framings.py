"""Scenarios in other framings than that of event streams: what has a place there, and what not.

The same steps are told as JSON lines or as a JSON text sequence (RFC 7464): `data` as items, and
everything about time and connections as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockserver.errors import Problem
from mockserver.scenario.model import (
    AwaitStep,
    ChanceStep,
    EachStep,
    EventStep,
    Heartbeat,
    RepeatStep,
    Resume,
    Scenario,
    Step,
    WaitStep,
)
from mockserver.scenario.story_rules import steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.errors import Location
    from mockserver.scenario.model import Wire
    from mockserver.sse.encode import Framing

FRAMINGS: Final[tuple[Framing, ...]] = ("sse", "lines", "seq")
_FIELDS: Final = ("comment", "event", "id", "retry")
_NAMES: Final[dict[Framing, str]] = {"lines": "JSON lines", "seq": "a JSON text sequence"}


def framed(scenario: Scenario, framing: Framing) -> Scenario:
    """Return a scenario as it is told in a framing: with nothing but data in its items.

    Every step keeps its place, so that chance is the same in every framing.
    """
    if framing == "sse":
        return scenario
    rows = scenario.connections and tuple(
        replace(row, wire=_wire(row.wire), steps=None if row.steps is None else _items(row.steps))
        for row in scenario.connections
    )
    return replace(
        scenario,
        wire=_wire(scenario.wire),
        stream=None if scenario.stream is None else _items(scenario.stream),
        connections=rows,
        heartbeat=_beat(scenario.heartbeat, framing),
        resume=Resume(policy="ignore"),
    )


def _items(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(map(_item, steps))


def _item(step: Step) -> Step:
    match step:
        case EventStep(has_data=True):
            return replace(step, comment=None, event=None, id=None, retry=None)
        case EventStep():
            return WaitStep(where=step.where, delay=step.delay, at=step.at)
        case RepeatStep() | EachStep():
            return replace(step, steps=_items(step.steps))
        case ChanceStep():
            return replace(step, steps=_items(step.steps), otherwise=_items(step.otherwise))
        case AwaitStep():
            return replace(step, otherwise=_items(step.otherwise))
    return step


def _wire(wire: Wire | None) -> Wire | None:
    """Return a wire without a byte order mark, which no JSON text may have (RFC 8259 § 8.1)."""
    return wire and replace(wire, bom=None)


def _beat(beat: Heartbeat | None, framing: Framing) -> Heartbeat | None:
    """Return the heartbeat: an item, else a blank line, for which only JSON lines have room."""
    if beat is None or (framing == "seq" and not beat.block.has_data):
        return None
    block = replace(beat.block, event=None, comment=None if beat.block.has_data else "")
    return replace(beat, block=block)


def framing_problems(scenario: Scenario, framing: Framing) -> list[Problem]:
    """Return what a scenario says that has no place in the one framing that it is told in."""
    found = list(_misplaced(scenario, framing)) if framing != "sse" else []
    return [
        Problem(
            where,
            f"{' and '.join(names)} {'has' if len(names) == 1 else 'have'} no place in"
            f" {_NAMES[framing]}, which {'is' if framing == 'seq' else 'are'} all that this"
            " operation streams",
            "no-place-in-framing",
            mend,
        )
        for where, names, mend in found
    ]


def _misplaced(scenario: Scenario, framing: Framing) -> Iterator[tuple[Location, list[str], str]]:
    for step in steps_of(scenario):
        if isinstance(step, EventStep):
            names = [name for name in _FIELDS if getattr(step, name) is not None]
            if names:
                yield step.where, names, "leave it out, or say it in data"
    beat = scenario.heartbeat
    if beat is not None:
        if beat.block.event is not None:
            yield beat.where, ["the event of a heartbeat"], "leave it out, or say it in data"
        elif framing == "seq" and not beat.block.has_data:
            yield beat.where, ["a comment as heartbeat"], "give the heartbeat data, or leave it out"
    if scenario.resume != Resume():
        yield scenario.where, ["resume"], "leave it out: nobody sends a Last-Event-ID here"
    for wire in (scenario.wire, *(row.wire for row in scenario.connections or ())):
        if wire is not None and (names := _wire_names(wire, framing)):
            yield wire.where or scenario.where, names, "leave it out, or write the bytes with raw"


def _wire_names(wire: Wire, framing: Framing) -> list[str]:
    names = []
    if wire.newline not in ({None, "lf", "crlf"} if framing == "lines" else {None, "lf"}):
        names.append(f"newline: {wire.newline}")
    if wire.bom:
        names.append("bom")
    names += [name for name in ("space", "order") if getattr(wire, name) is not None]
    return names

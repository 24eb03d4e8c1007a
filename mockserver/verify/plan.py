"""What is to come of a scenario: the events of each connection, with the lines that say so."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mockserver.play.match import choose
from mockserver.play.timeline import timeline
from mockserver.scenario.model import AwaitStep, EventStep, RepeatStep, Wire
from mockserver.scenario.program import form_of
from mockserver.scenario.story_rules import all_steps, steps_of
from mockserver.scenario.template import RenderError
from mockserver.sse.items import reader
from mockserver.verify.kinds import Kind, kind_of
from mockserver.verify.possible import impossible
from mockserver.verify.request import NoRequestError, ask_of, awaited_ask
from mockserver.verify.words import Skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract import EventStream, Operation
    from mockserver.errors import Location
    from mockserver.play.answer import Head
    from mockserver.play.timeline import Lane
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.program import Program
    from mockserver.sse.encode import Framing
    from mockserver.verify.options import Options
    from mockserver.verify.request import Ask

CUES: Final = 20_000
"""Cues of a connection that are looked at."""
ENDLESS: Final = 100
"""Cues of a stream without an end that are looked at."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An event that the scenario sends; `looped`: in a loop without an end."""

    kind: Kind
    data: str
    step: EventStep
    looped: bool = False

    @property
    def where(self) -> Location:
        """The line of the scenario that says so."""
        return self.step.where

    @property
    def has_id(self) -> bool:
        """Whether it brings an id of its own."""
        return self.step.id is not None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A request that the story waits for behind `after` of its events, and where it says so."""

    after: int
    ask: Ask
    where: Location


@dataclass(frozen=True, slots=True)
class Leg:
    """One connection of the story: its events, how it ends, how long its script takes.

    `end` is `open` where the script never ends it.
    """

    events: tuple[Planned, ...]
    end: str
    seconds: float
    where: Location


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to come: an answer, or the legs of a stream.

    `beat` is the interval of its heartbeats, None without any; `beat_kind` is that of a heartbeat
    which is an event. `endless`: the story's last events are repeated for ever.
    """

    program: Program
    operation: Operation
    ask: Ask
    head: Head
    legs: tuple[Leg, ...]
    stream: EventStream | None
    framing: Framing
    beat: float | None = None
    beat_kind: Kind | None = None
    endless: bool = False
    retry: bool = False
    awaited: tuple[Awaited, ...] = ()

    @property
    def scenario(self) -> Scenario:
        """What the author wrote."""
        return self.program.scenario

    @property
    def events(self) -> list[Planned]:
        """The events of all connections, in order."""
        return [event for leg in self.legs for event in leg.events]


def plan_of(
    catalog: Catalog, program: Program, options: Options, *, named: bool = False
) -> Plan | Skip:
    """Return what a scenario asks and what is to come, or why it is not verified.

    One that is `named` is asked for by name: it need not be the one that its request leads to.
    """
    skip = impossible(program)
    if skip is not None:
        return skip
    scenario = program.scenario
    operation = catalog.operations(program)[0]
    try:
        ask = ask_of(program, operation, options)
        program = catalog.framed(program, operation, ask.opening.accept)
        rivals = catalog.by_operation.get(operation.id, ())
        taken = choose(rivals, ask.opening, None, ())
        if not named and taken is not None and taken.name != program.name:
            reason = f"its request leads to {taken.name!r}: it is verified only by its name"
            return Skip(reason, scenario.where)
        return _plan(catalog, program, operation, ask, options)
    except NoRequestError as error:
        return Skip(str(error), scenario.where)
    except RenderError as error:
        return Skip(f"its request lacks something, so give --param: {error}", scenario.where)


def _plan(
    catalog: Catalog, program: Program, operation: Operation, ask: Ask, options: Options
) -> Plan | Skip:
    unwired = _unwired(program)
    looped = _looped(program.scenario)
    limit = ENDLESS if looped else CUES
    lanes = timeline(
        unwired, operation, ask.opening, seed=options.seed, limit=limit, example=catalog.example
    )
    first, scenario = lanes[0], program.scenario
    fault = next((lane.fault for lane in lanes if lane.fault), "")
    if fault:
        return Skip(f"its request lacks something, so give --param: {fault}", scenario.where)
    if first.body is not None and not program.rows[0].answer:
        return Skip("its request brings an id that its story does not know", scenario.where)
    assert first.head is not None  # what breaks off before its head is impossible
    stream = operation.stream_for(ask.opening.accept, program.framing)
    heart = scenario.heartbeat
    return Plan(
        program,
        operation,
        ask,
        first.head,
        ()
        if first.body is not None
        else tuple(_leg(unwired, lane, stream, options, looped) for lane in lanes),
        stream,
        program.framing,
        beat=None if heart is None else heart.every.shortest,
        beat_kind=_beat_kind(scenario, stream),
        endless=lanes[-1].goes_on and not lanes[-1].held,
        awaited=tuple(_awaited(catalog, program, lanes, options)),
        retry=any(isinstance(s, EventStep) and s.retry is not None for s in steps_of(scenario)),
    )


def _unwired(program: Program) -> Program:
    """Return the program without what its bytes are put through on their way."""
    plain = Wire()
    rows = tuple(
        replace(row, wire=plain, form=form_of(plain, program.framing), laid=False)
        for row in program.rows
    )
    return replace(program, rows=rows)


def _beat_kind(scenario: Scenario, stream: EventStream | None) -> Kind | None:
    heart = scenario.heartbeat
    if heart is None or not heart.block.has_data:
        return None
    event = heart.block.event
    return kind_of(stream, event if isinstance(event, str) else "message", "", None, "")


def _awaited(
    catalog: Catalog, program: Program, lanes: list[Lane], options: Options
) -> Iterator[Awaited]:
    """Yield the requests that the story waits for. Raises NoRequestError."""
    places = {
        operation.id: step.where
        for step in steps_of(program.scenario)
        if isinstance(step, AwaitStep) and step.request
        if (operation := catalog.contract.find(step.request[0])) is not None
    }
    reading, seen = reader(program.framing), 0
    for lane in lanes:
        for cue in lane.cues:
            seen += len(reading.feed(cue.data)) if cue.what == "send" else 0
            if cue.awaits is not None:
                wanted = cue.awaits.wanted
                operation = catalog.contract.operations[wanted.operation]
                ask = awaited_ask(operation, wanted.when, options)
                yield Awaited(seen, ask, places[wanted.operation])


def _looped(scenario: Scenario) -> set[int]:
    """Return the steps in loops without an end, by their identity."""
    return {
        id(step)
        for loop in steps_of(scenario)
        if isinstance(loop, RepeatStep) and loop.times is None
        for step in all_steps(loop.steps)
    }


def _leg(
    program: Program,
    lane: Lane,
    stream: EventStream | None,
    options: Options,
    looped: set[int],
) -> Leg:
    heart = program.scenario.heartbeat
    reading = reader(program.framing)
    events, end, where = [], "open", program.scenario.where
    seconds = 0.0
    for cue in lane.cues:
        if cue.what in ("end", "drop", "reset"):
            end, seconds = cue.what, cue.at
        if cue.what != "send":
            continue
        heard = reading.feed(cue.data)
        step = cue.step
        if not isinstance(step, EventStep) or (heart is not None and step is heart.block):
            continue
        where, seconds = step.where, cue.at
        for event in heard:
            id_ = event.last_event_id if step.id is not None else None
            kind = kind_of(stream, event.type, event.data, id_, options.key)
            events.append(Planned(kind, event.data, step, id(step) in looped))
    return Leg(tuple(events), end, lane.delay + seconds, where)

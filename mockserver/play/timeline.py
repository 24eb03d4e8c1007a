"""Plays a story through without waiting, as a conforming client would live it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import Wish
from mockserver.play.answer import (
    Answer,
    Head,
    on_wire,
    reason_of,
    stream_head,
    whole_answer,
)
from mockserver.play.calls import placed, urls_asked
from mockserver.play.cues import Await, Call, Disconnect, Held, Send
from mockserver.play.opening import Opening
from mockserver.play.oracle import ConformingClient
from mockserver.play.session import DEFAULT
from mockserver.play.story import Stories
from mockserver.scenario.block import echoed
from mockserver.scenario.conditions import conditions
from mockserver.scenario.story_rules import templates
from mockserver.scenario.units import FOREVER
from mockserver.sse.items import units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockserver.contract import Operation
    from mockserver.play.oracle import Changed, Received
    from mockserver.play.turn import Turn
    from mockserver.scenario.model import BlockStep
    from mockserver.scenario.program import Program

LIMIT: Final = 50
"""Cues of a connection that are shown unless more are asked for."""


_HOST: Final = "localhost"
_BEATS_SHOWN: Final = 2
"""Heartbeats of an endless hold that are shown."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A cue: at the offset `at` in seconds, `what` happens; `data` are the bytes of a block.

    `what` is `send`, `hold`, `stall`, `call`, `await`, `end`, `drop` or `reset`; a hold or stall
    lasts until `until`, and so does an await that is not `met`.
    """

    at: float
    what: str
    data: bytes = b""
    until: float = 0.0
    call: Call | None = None
    awaits: Await | None = None
    met: bool = True
    step: BlockStep | None = None
    """What a block was written as, where it is a whole one."""


@dataclass(slots=True)
class Lane:
    """What one connection gets. `head` is None where it breaks before the first byte."""

    number: int
    last_event_id: str | None
    head: Head | None
    delay: float = 0.0
    """Seconds before the head."""
    body: bytes | None = None
    cues: list[Planned] = field(default_factory=list)
    goes_on: bool = False
    """Whether there is more than the limit has let through."""
    held: bool = False
    """Whether it is held open for ever in the end."""
    notes: tuple[str, ...] = ()
    fault: str = ""
    dispatched: list[Received] = field(default_factory=list)
    """What a conforming client has made of it."""
    states: list[Changed] = field(default_factory=list)
    """The states that such a client went through."""


def timeline(
    program: Program,
    operation: Operation,
    opening: Opening,
    *,
    seed: str = "0",
    limit: int = LIMIT,
    connections: int | None = None,
    example: Callable[[str], Any] | None = None,
    listener: ConformingClient | None = None,
    timeouts: bool = False,
) -> list[Lane]:
    """Return what the connections of one subscription get, in order.

    Every connection is opened as `opening`, the later ones with the Last-Event-ID that a
    client would send by then. A `listener` hears it, and once it has been told to stay away it
    opens no more. What the story awaits has come by then, or with `timeouts` never comes, where the
    story does not wait for ever. Raises RenderError.
    """
    stories = Stories(seed, DEFAULT)
    client = listener or ConformingClient()
    lanes: list[Lane] = []
    for _ in range(connections or min(program.connections, LIMIT)):
        turn = stories.turn(program, opening, 0.0, example, operation=operation.id)
        heard, changed = len(client.events), len(client.states)
        client.request(0.0, host=_HOST, origin=opening.headers.get("origin"))
        lane = _lane(turn, operation, opening, limit, client, timeouts=timeouts)
        lane.dispatched, lane.states = client.events[heard:], client.states[changed:]
        lanes.append(lane)
        last_id = echoed(client.last_event_id)
        stays_away = listener is not None and listener.state == "closed"
        if (
            stays_away
            or lane.fault
            or turn.row is None
            or (lane.goes_on and not (lane.held and last_id))
        ):
            break
        if lane.held:
            # The client has heard enough and comes back for the rest.
            client.finish(FOREVER, "client")
            turn.subscription.close("client", 0.0, None)
        opening = replace(opening, last_event_id=last_id or None)
    return lanes


def _lane(
    turn: Turn,
    operation: Operation,
    opening: Opening,
    limit: int,
    client: ConformingClient,
    *,
    timeouts: bool,
) -> Lane:
    last_id = opening.last_event_id
    if turn.row is None:
        status = turn.refused or 204
        head = Head(status, reason_of(status), ())
        lane = Lane(turn.number, last_id, head, body=b"", notes=turn.notes)
        return _answered(lane, client)
    delay = turn.delay()
    if turn.player is not None:
        head = stream_head(turn.row, turn.scope, turn.stream_of(operation), turn.coding)
        lane = Lane(turn.number, last_id, head, delay, notes=turn.notes)
        if delay != FOREVER:
            _play(turn, lane, limit, client, timeouts=timeouts)
        return lane
    turn.close_answer("script", 0.0)
    if turn.row.broken:
        lane = Lane(turn.number, last_id, None, delay, notes=turn.notes)
        lane.cues.append(Planned(0.0, turn.row.end))
        client.finish(0.0, turn.row.end)
        return lane
    answer = answer_of(turn, operation, opening)
    lane = Lane(turn.number, last_id, answer.head, delay, answer.body, notes=turn.notes)
    return lane if delay == FOREVER else _answered(lane, client)


def _answered(lane: Lane, client: ConformingClient) -> Lane:
    """Let `client` hear a whole answer."""
    assert lane.head is not None
    client.respond(lane.delay, lane.head.status, lane.head.headers)
    client.receive(lane.delay, lane.body or b"")
    client.finish(lane.delay, "end")
    return lane


def answer_of(turn: Turn, operation: Operation, opening: Opening) -> Answer:
    """Return the whole answer of a turn without a stream, its head as the wire has it.

    Raises RenderError.
    """
    assert turn.row is not None
    assert turn.row.response is not None
    address = turn.subscription.address
    wish = wish_of(opening, address.session, address.seed)
    answer = whole_answer(turn.row.response, turn.scope, operation, turn.program.files, wish)
    head = on_wire(answer.head, turn.row.wire, turn.scope, turn.coding)
    return replace(answer, head=head)


def wish_of(opening: Opening, session: str, seed: str) -> Wish:
    """Return what a request has to say about its answer, but for what it asks for by name."""
    return Wish(
        accept=opening.headers.get("accept", "*/*"),
        path=tuple(opening.path.items()),
        prefix="" if session == DEFAULT else f"/@{session}",
        seed=seed,
    )


def _play(turn: Turn, lane: Lane, limit: int, client: ConformingClient, *, timeouts: bool) -> None:
    assert turn.player is not None
    assert lane.head is not None
    hear = client.receive_raw if lane.head.raw else client.receive
    if not lane.head.raw:
        client.respond(0.0, lane.head.status, lane.head.headers)
    for count, cue in enumerate(turn.player.due(FOREVER)):
        at = cue.at
        if at == FOREVER or max(count, len(lane.cues)) >= limit:
            lane.goes_on = True
            return
        match cue:
            case Send():
                if not _send(turn, lane, cue, limit, hear):
                    return
            case Held():
                limit = _hold(lane, cue, limit)
            case Call():
                _call(turn, lane, cue)
            case Await():
                _await(turn, lane, cue, met=cue.timeout is None or not timeouts)
            case Disconnect():
                lane.fault = cue.fault
                lane.cues.append(Planned(at, cue.kind))
                client.finish(at, cue.kind)
                turn.subscription.close("script", 0.0, cue)


def _send(
    turn: Turn, lane: Lane, cue: Send, limit: int, hear: Callable[[float, bytes], object]
) -> bool:
    """Take note of blocks, as far as the limit goes; returns whether all were shown."""
    turn.subscription.record(cue)
    shown = units(cue.data, turn.program.framing)
    sent = [
        Planned(cue.at, "send", block, step=_step_of(cue, number))
        for number, block in enumerate(islice(shown, limit - len(lane.cues)))
    ]
    lane.cues += sent
    hear(cue.at, b"".join(block.data for block in sent))
    lane.goes_on = next(shown, None) is not None
    return not lane.goes_on


def _step_of(cue: Send, number: int) -> BlockStep | None:
    """Return what the block of that number, from 0, was written as."""
    if cue.shown is None:
        return None
    steps = cue.shown.steps
    if not isinstance(steps, tuple):
        return steps
    # The last block is of the last step; those of loops are of the same steps again and again.
    return steps[(number - cue.blocks) % len(steps)]


def _hold(lane: Lane, cue: Held, limit: int) -> int:
    """Take note of a hold; returns how many cues are shown by then."""
    if cue.until > cue.at:
        lane.cues.append(Planned(cue.at, "stall" if cue.silent else "hold", until=cue.until))
    if cue.until != FOREVER:
        return limit
    lane.held = True
    return min(limit, len(lane.cues) + _BEATS_SHOWN)


def _call(turn: Turn, lane: Lane, cue: Call) -> None:
    """Take note of a request to somebody else, whose answer comes at once."""
    assert turn.player is not None
    turn.subscription.record(cue)
    lane.cues.append(Planned(cue.at, "call", call=cue))
    if cue.wait:
        turn.player.answered()


def _await(turn: Turn, lane: Lane, cue: Await, *, met: bool) -> None:
    """Take note of a wait for others, which is over at once, or when its time has run out."""
    assert turn.player is not None
    turn.subscription.settle(cue, met=met)
    until = cue.at if met else round(cue.at + (cue.timeout or 0.0), 9)
    lane.cues.append(Planned(cue.at, "await", until=until, awaits=cue, met=met))
    turn.player.answered(met=met)


def usual_request(program: Program, operation: Operation) -> Opening:
    """Return a request that fits the scenario: its plain conditions met, the rest by name.

    What its templates read of the request is there as well, and is called what they call it.
    """
    wanted: dict[str, dict[str, str]] = {"path": {}, "query": {}, "headers": {}, "cookies": {}}
    when = program.scenario.when
    for place, test in conditions(when):
        part, _, name = place.partition("/")
        if part in wanted and not isinstance(test, bool):
            wanted[part][name] = str(getattr(test, "source", test)).replace("*", "")
        elif part in wanted and test:
            wanted[part][name] = "1"
    body = when.body if when and when.has_body else None
    for part, name, url in urls_asked(program, operation.id):
        if part == "body":
            body = placed(body, name, url)
        elif wanted[part].get(name, "1") == "1":
            wanted[part][name] = url
    for part, name in read_of_request(program):
        if part in wanted:
            wanted[part].setdefault(name, name)
        elif part == "body" and (body is None or isinstance(body, dict)):
            body = {name: name} | (body or {})
    path = {name: name for name in operation.path_parameters} | wanted["path"]
    target = re.sub(
        r"\{([^}]*)\}", lambda found: path.get(found[1], found[1]), operation.full_paths[0]
    )
    query = "&".join(f"{name}={value}" for name, value in wanted["query"].items())
    return Opening(
        last_event_id=wanted["headers"].get("last-event-id"),
        method=operation.method,
        target=f"{target}?{query}" if query else target,
        path=path,
        query=wanted["query"],
        headers=wanted["headers"],
        cookies=wanted["cookies"],
        body=body,
    )


def read_of_request(program: Program) -> Iterator[tuple[str, str]]:
    """Yield the parts of the request that templates cannot do without."""
    for template in templates(program.scenario):
        for expression in template.expressions:
            for reference in expression.references:
                if reference[0] == "request" and len(reference) > 2:
                    yield reference[1], reference[2]

"""A scenario explained: what each connection will get and when, as text and as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from mockserver.contract import NoRoute
from mockserver.errors import ControlError
from mockserver.play.dispatched import event_json
from mockserver.play.expecting import expect_json, expect_text
from mockserver.play.opening import Opening
from mockserver.play.timeline import timeline, usual_request
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import duration_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract import Operation
    from mockserver.play.cues import Await, Call
    from mockserver.play.timeline import Lane, Planned
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program

_WIDTH: Final = 160
CUES: Final = 50
"""Cues of a connection that are shown unless more are asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants explained: a request, and which of the connections it leads to.

    `request` is `METHOD TARGET [BODY]`, the scenario's usual one without it; `headers` come with
    it, names in lower case. `timeouts`: every `await` that has one runs out.
    """

    request: str = ""
    headers: Mapping[str, str] | None = None
    last_event_id: str | None = None
    connection: int | None = None
    seed: str = "0"
    limit: int = CUES
    timeouts: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """The lanes of a scenario, and the request that they answer."""

    program: Program
    operation: Operation
    opening: Opening
    lanes: list[Lane]


def explain(catalog: Catalog, program: Program, asked: Asked) -> Explained:
    """Play a story through without waiting.

    Raises ControlError for a request that the scenario does not answer or whose templates have no
    value, and for a connection that the story does not have.
    """
    try:
        explained = _explained(catalog, program, asked)
    except RenderError as error:
        mend = "give the request it needs"
        raise ControlError(400, str(error), code="template-error", mend=mend) from None
    number = asked.connection
    if number is None:
        return explained
    lanes = [lane for lane in explained.lanes if lane.number == number]
    if not lanes:
        raise ControlError(
            400,
            f"the story has no connection {number}",
            code="no-connection",
            mend=f"it has {program.connections} before what comes afterwards",
        )
    return replace(explained, lanes=lanes)


def _explained(catalog: Catalog, program: Program, asked: Asked) -> Explained:
    operation = catalog.contract.find(program.scenario.operations[0][0])
    assert operation is not None
    opening = usual_request(program, operation)
    if asked.request:
        operation, opening = _request(asked.request, catalog)
        if program not in catalog.by_operation.get(operation.id, ()):
            raise ControlError(
                400,
                f"{program.name!r} does not answer {operation.id}",
                code="unknown-scenario",
                mend=f"ask for {program.scenario.operations[0][0]}",
            )
    connections = asked.connection
    if asked.headers:
        headers = {**opening.headers, **asked.headers}
        last_id = headers.get("last-event-id", opening.last_event_id)
        opening = replace(opening, headers=headers, last_event_id=last_id)
    if asked.last_event_id is not None:
        opening = replace(opening, last_event_id=asked.last_event_id)
        connections = asked.connection or 1
    lanes = timeline(
        catalog.framed(program, operation, opening.accept),
        operation,
        opening,
        seed=asked.seed,
        limit=asked.limit,
        connections=connections,
        example=catalog.example,
        timeouts=asked.timeouts,
    )
    return Explained(program, operation, opening, lanes)


def _request(text: str, catalog: Catalog) -> tuple[Operation, Opening]:
    """Read `METHOD TARGET [BODY]`; GET may be left out. Raises ControlError."""
    method, _, rest = text.partition(" ")
    if method.startswith("/"):
        method, rest = "GET", text
    target, _, body = rest.strip().partition(" ")
    path, _, query = target.partition("?")
    route = catalog.contract.route(method.upper(), path)
    if isinstance(route, NoRoute):
        raise ControlError(
            400,
            f"no operation fits {method} {path}",
            code="no-operation",
            mend="; ".join(route.nearest),
        )
    pairs = dict(reversed(parse_qsl(query, keep_blank_values=True)))
    opening = Opening(
        method=method.upper(),
        target=target,
        path=route.path_parameters,
        query=pairs,
        body=_body(body.strip()),
    )
    return route.choose(pairs, opening.body), opening


def _body(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def story_json(
    explained: Explained, *, dispatched: bool = False, most: int | None = None
) -> dict[str, Any]:
    """Return a whole story as JSON; `afterwards` is None where it does not come to its end."""
    scenario, lanes = explained.program.scenario, explained.lanes
    afterwards = scenario.afterwards if isinstance(scenario.afterwards, str) else "response"
    return {
        "scenario": explained.program.name,
        "request": f"{explained.opening.method} {explained.opening.target}",
        "connections": [as_json(lane, dispatched=dispatched, most=most) for lane in lanes],
        "afterwards": None if not lanes or lanes[-1].goes_on else afterwards,
        "expect": expect_json(scenario.expect),
    }


def as_json(lane: Lane, *, dispatched: bool = False, most: int | None = None) -> dict[str, Any]:
    """Return a connection as JSON; `offset` in seconds, `at_byte` in the body.

    Of blocks and bodies `most` bytes are shown; what is cut says its `size`.
    """
    head = lane.head
    at_byte = 0
    cues = []
    for cue in lane.cues:
        entry: dict[str, Any] = {"offset": cue.at, "cue": cue.what}
        if cue.what == "send":
            entry |= {"at_byte": at_byte, **_bytes(cue.data, most)}
            if cue.step is not None and cue.step.where.line:
                entry["where"] = str(cue.step.where)
            at_byte += len(cue.data)
        elif cue.what in ("hold", "stall"):
            entry["until"] = None if cue.until == float("inf") else cue.until
        elif cue.call is not None:
            entry |= _call_json(cue.call)
        elif cue.awaits is not None:
            entry |= {
                "name": cue.awaits.wanted.name,
                "timeout": cue.awaits.timeout,
                "met": cue.met,
                "until": cue.until,
            }
        cues.append(entry)
    heard: dict[str, Any] = {}
    if dispatched:
        heard["dispatched"] = [event_json(event) for event in lane.dispatched]
        heard["states"] = [
            {"at": _at(changed.at), "state": changed.state, "why": changed.why}
            for changed in lane.states
        ]
    return {
        "connection": lane.number,
        "last_event_id": lane.last_event_id,
        "delay": None if lane.delay == float("inf") else lane.delay,
        "head": head and {"status": head.status, "reason": head.reason, "headers": head.headers},
        "body": None if lane.body is None else _bytes(lane.body, most),
        "cues": cues,
        "goes_on": lane.goes_on,
        "notes": lane.notes,
        **heard,
    }


def _call_json(call: Call) -> dict[str, Any]:
    told = {"name": call.what, "method": call.method, "url": call.url, "wait": call.wait}
    if call.fault:
        return {**told, "code": call.code, "fault": call.fault}
    return {**told, "headers": call.headers, "body": _bytes(call.body)}


def _at(seconds: float) -> float | None:
    """Return a time that JSON can hold; null for one that never comes."""
    return None if seconds == float("inf") else seconds


def _bytes(data: bytes, most: int | None = None) -> dict[str, Any]:
    if most is not None and len(data) > most:
        return {**_bytes(_head_of(data, most)), "size": len(data)}
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _head_of(data: bytes, most: int) -> bytes:
    """Return the beginning of bytes, without a part of a character at its end."""
    for size in range(most, max(most - 4, 0), -1):
        with suppress(UnicodeDecodeError):
            data[:size].decode()
            return data[:size]
    return data[:most]


def as_text(explained: Explained, *, dispatched: bool = False) -> Iterator[str]:
    """Yield the lines of a timeline."""
    program, operation = explained.program, explained.operation
    opening, lanes = explained.opening, explained.lanes
    yield f"scenario {program.name}"
    yield f"{operation.id}: {opening.method} {opening.target}"
    for lane in lanes:
        yield ""
        came = f", Last-Event-ID: {lane.last_event_id}" if lane.last_event_id else ""
        notes = f" [{', '.join(lane.notes)}]" if lane.notes else ""
        yield f"connection {lane.number}{came}{notes}"
        yield from _lane_text(lane)
        if dispatched:
            yield from _heard_text(lane)
    if lanes and not lanes[-1].goes_on:
        afterwards = program.scenario.afterwards
        yield ""
        yield f"afterwards: {afterwards if isinstance(afterwards, str) else 'response'}"
    if program.scenario.expect:
        yield ""
    for entry in program.scenario.expect:
        yield f"expect: {_short(expect_text(entry))}"


def _lane_text(lane: Lane) -> Iterator[str]:
    if lane.delay:
        yield f"{'':>10}  (the answer waits {duration_text(lane.delay)})"
    if lane.head is not None:
        yield f"{'':>10}  {lane.head.status} {lane.head.reason}".rstrip()
        for name, value in lane.head.headers:
            yield f"{'':>10}  {name}: {value}"
    if lane.body is not None:
        yield from _indented("", lane.body)
    for cue in lane.cues:
        yield from _cue_text(cue)
    if lane.goes_on:
        yield f"{'':>10}  … goes on"
    if lane.fault:
        yield f"{'':>10}  fault: {lane.fault}"


def _cue_text(cue: Planned) -> Iterator[str]:
    offset = duration_text(cue.at)
    if cue.what == "send":
        yield from _indented(offset, cue.data)
    elif cue.what in ("hold", "stall"):
        until = cue.until - cue.at
        yield f"{offset:>10}  {cue.what} {duration_text(until)}"
    elif cue.call is not None:
        yield from _call_text(offset, cue.call)
    elif cue.awaits is not None:
        yield f"{offset:>10}  {_short(_await_text(cue, cue.awaits))}"
    else:
        yield f"{offset:>10}  {cue.what}"


def _call_text(offset: str, call: Call) -> Iterator[str]:
    """Yield what is sent to somebody else, and where."""
    waits = ", waits for the answer" if call.wait else ""
    where = call.url or "nowhere"
    yield f"{offset:>10}  {_short(f'call {call.method} {where} ({call.what}{waits})')}"
    if call.fault:
        yield f"{'':>10}  not sent: {_short(call.fault)} [{call.code}]"
    elif call.body:
        yield from _indented("", call.body)


def _await_text(cue: Planned, awaits: Await) -> str:
    """Return what is waited for, and for how long."""
    text = f"await {awaits.wanted.name}"
    if awaits.timeout is None:
        return text
    return f"{text} {'for' if cue.met else 'in vain for'} {duration_text(awaits.timeout)}"


def _heard_text(lane: Lane) -> Iterator[str]:
    """Yield what a conforming client makes of a connection."""
    for event in lane.dispatched:
        id_ = f" (id {event.last_event_id})" if event.last_event_id else ""
        yield f"{'':>10}  → {_short(f'{event.type}{id_}: {event.data}')}"
    if not lane.dispatched:
        yield f"{'':>10}  → no event"
    for changed in lane.states:
        yield f"{'':>10}  → {changed.state} ({changed.why})"


def _indented(offset: str, data: bytes) -> Iterator[str]:
    for index, line in enumerate(data.decode("utf-8", "backslashreplace").rstrip("\n").split("\n")):
        yield f"{offset if index == 0 else '':>10}  {_short(line)}".rstrip()


def _short(line: str) -> str:
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    if len(line) <= _WIDTH:
        return line
    digest = hashlib.sha256(line.encode()).hexdigest()[:12]
    return f"{line[: _WIDTH - 40]}… ({len(line):,} characters, sha256 {digest})"

"""What a scenario has to have, and what cannot stand beside what: parts, heads, framings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.scenario.model import Connection, DisconnectStep, Response, Scenario, Wire

if TYPE_CHECKING:
    from mockserver.scenario.shapes import Report


def check_parts(scenario: Scenario, report: Report) -> None:
    """Report parts that are missing, empty, too many, or have nothing to work on."""
    said = [name for name in ("stream", "connections") if getattr(scenario, name) is not None]
    if len(said) > 1:
        what = "stream and connections exclude one another"
        report.wrong(scenario.where, what, "two-stories", "keep one of the two")
    if not said and scenario.response is None:
        mend = "add stream, connections or response"
        report.wrong(scenario.where, "the scenario says nothing", "no-story", mend)
    if scenario.connections == ():
        report.wrong(scenario.where, "connections is empty", "no-story", "add a connection")
    if not scenario.operations:
        report.wrong(scenario.where, "operation is an empty list", "no-story", "name an operation")
    if not said:
        _check_lonely_answer(scenario, report)
    _check_bodies(scenario, report)
    _check_idle_wires(scenario, report)


def _check_bodies(scenario: Scenario, report: Report) -> None:
    """Report bodies that would never be sent, because steps follow the head."""
    heads = [c.response for c in scenario.connections or () if c.steps is not None]
    if scenario.stream is not None:
        heads.append(scenario.response)
    for head in heads:
        if head is not None and (head.has_body or head.file is not None):
            what = "a body has no place beside steps: they are the body"
            report.wrong(head.where, what, "nothing-to-do", "leave the body out, or the steps")


def _check_lonely_answer(scenario: Scenario, report: Report) -> None:
    if scenario.response is not None and scenario.response.raw_head is not None:
        return
    for name, value in (("heartbeat", scenario.heartbeat), ("pace", scenario.pace)):
        if value is not None:
            what = f"{name} has no stream to work on: the response is the whole answer"
            mend = f"add stream, or leave {name} out"
            report.wrong(scenario.where, what, "nothing-to-do", mend)


def _check_idle_wires(scenario: Scenario, report: Report) -> None:
    for connection in scenario.connections or ():
        if connection.wire and (connection.disconnect or _broken(connection)):
            what = "wire has nothing to work on: this connection ends before any byte"
            report.wrong(connection.where, what, "nothing-to-do", "leave wire out")


def check_heads(scenario: Scenario, report: Report) -> None:
    """Report heads that say a thing twice, and framings that HTTP does not have."""
    heads = [(scenario.response, scenario.wire)]
    for connection in scenario.connections or ():
        wire = connection.wire.over(scenario.wire) if connection.wire else scenario.wire
        if connection.response or connection.wire:
            heads.append((connection.response or scenario.response, wire))
    if isinstance(scenario.afterwards, Response):
        heads.append((scenario.afterwards, scenario.wire))
    for head, wire in heads:
        if head is not None and head.raw_head is not None:
            _check_raw_head(head, wire, report)
        elif head is not None:
            _check_framing(head, wire or Wire(), report)


def _broken(connection: Connection) -> bool:
    steps = connection.steps
    lone = steps[0] if steps and len(steps) == 1 else None
    return connection.response is None and isinstance(lone, DisconnectStep)


def _check_raw_head(head: Response, wire: Wire | None, report: Report) -> None:
    said = ("status", "reason", "headers", "file", "example")
    beside = [name for name in said if getattr(head, name) not in (None, ())]
    beside += ["body"] if head.has_body else []
    for name in beside:
        what = f"{name} beside raw_head, which is the whole head"
        mend = f"write {name} into raw_head, or leave raw_head out"
        if name in ("file", "body"):
            mend = "send the body as raw steps"
        report.wrong(head.where, what, "two-heads", mend)
    for name in ("transfer", "encoding", "bom"):
        if wire is not None and getattr(wire, name) not in (None, False, "identity"):
            what = f"wire.{name} beside raw_head, after which nothing is framed"
            mend = f"write the bytes as raw steps, or keep {name} out of this connection's wire"
            report.wrong(head.where, what, "two-heads", mend)


def _check_framing(head: Response, wire: Wire, report: Report) -> None:
    """Report a head that contradicts the framing (RFC 9112 § 6.3)."""
    own = {name.lower(): values for name, values in head.headers if values}
    if "transfer-encoding" in own:
        what = "Transfer-Encoding is told by the server, by how it sends the body"
        mend = "use wire.transfer, or raw_head for a head that is wrong"
        report.wrong(head.where, what, "bad-framing", mend)
    if wire.transfer is None:
        return
    connection = ",".join(str(value) for value in own.get("connection", ())).lower()
    if wire.transfer == "close" and "keep-alive" in connection:
        what = "transfer: close on a connection that is kept alive: its end is the body's end"
        report.wrong(head.where, what, "bad-framing", "leave the Connection header out")
    if "content-length" in own:
        word = wire.transfer if isinstance(wire.transfer, str) else "length"
        what = f"transfer: {word} beside a Content-Length header"
        report.wrong(head.where, what, "bad-framing", "keep one of the two")

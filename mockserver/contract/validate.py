"""What is wrong with one event against its stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mockserver.contract.place import Place
from mockserver.contract.streams import DEFAULT_TYPE
from mockserver.contract.values import Violation, short, value_violations
from mockserver.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.contract.document import Document
    from mockserver.contract.streams import Branch, EventStream

_DIGITS = 1_000
"""Longer numbers are no ids, and take long to read."""


def event_violations(
    stream: EventStream,
    event: str | None,
    data: str,
    id: str | None = None,  # noqa: A002
) -> list[Violation]:
    """Return what is wrong with one event that is fully known; an empty list where it fits.

    An item of another framing than `sse` has its JSON text as `data`, and nothing else.

    An itemSchema is never validated literally: the branch is chosen first, by event type and by
    the constants in the data, and what holds for the data is asked of them after parsing.
    """
    if not stream.branches:
        return _untyped(stream, data)
    if data == stream.sentinel and event in {None, "", DEFAULT_TYPE}:
        return []
    candidates = branches_of_type(stream, event)
    if not candidates:
        return [_undeclared(stream, event)]
    if any(data == branch.sentinel for branch in candidates):
        return []
    open_ = [branch for branch in candidates if branch.data != "sentinel"]
    if not open_ and not candidates[0].declared and any(b.declared for b in stream.branches):
        return [_undeclared(stream, event)]
    if not open_:
        listed = ", ".join(repr(branch.sentinel) for branch in candidates)
        what = f"{short(data)} is not what ends the stream here: {listed}"
        return [Violation("data", what, listed, candidates[0].pointer, "data")]
    parsed = _parsed(data)
    verdicts = []
    for branch in _by_data(open_, parsed[0]):
        found = _faults(stream, branch, data, parsed) + _envelope(stream, branch, event, id)
        if not found:
            return []
        verdicts.append(found)
    return min(verdicts, key=len) if verdicts else _strange(open_, parsed[0])


def branches_of(stream: EventStream, event: str | None, data: str) -> list[Branch]:
    """Return the branches that an event may be of, as far as its type and its constants tell."""
    default = event in {None, "", DEFAULT_TYPE}
    ends = (
        stream.branches if default and data == stream.sentinel else branches_of_type(stream, event)
    )
    found = [branch for branch in ends if branch.sentinel == data]
    if found:
        return found[:1]
    open_ = [branch for branch in branches_of_type(stream, event) if branch.data != "sentinel"]
    return open_ if len(open_) < 2 else _by_data(open_, _parsed(data)[0])


def branch_of(
    stream: EventStream,
    event: str | None,
    data: str,
    id: str | None = None,  # noqa: A002
) -> Branch | None:
    """Return the branch that an event is of, or comes nearest to; None where it is of none."""
    near = branches_of(stream, event, data)
    if len(near) < 2:
        return near[0] if near else None

    parsed = _parsed(data)

    def faults(branch: Branch) -> int:
        found = _faults(stream, branch, data, parsed) + _envelope(stream, branch, event, id)
        return len(found)

    return min(near, key=faults)


def _faults(
    stream: EventStream, branch: Branch, data: str, parsed: tuple[object, str]
) -> list[Violation]:
    """Check the data as text, or as what they are once parsed."""
    value, fault = parsed
    if branch.data == "text":
        return _check(stream, branch, data)
    if fault:
        mend = "" if stream.sentinel else "if this ends the stream, declare it as its sentinel"
        what = f"not JSON: {fault}"
        return [Violation("data", what, "JSON", branch.pointer, "not-json", mend)]
    return _check(stream, branch, value)


def _untyped(stream: EventStream, data: str) -> list[Violation]:
    """Say what is wrong with the data of a stream of which the document says nothing."""
    fault = "" if stream.framing == "sse" else _parsed(data)[1]
    what = f"not JSON: {fault}"
    return [Violation("data", what, "JSON", stream.pointer, "not-json")] if fault else []


def branches_of_type(stream: EventStream, event: str | None) -> list[Branch]:
    """Return the branches that an event type may mean: those that declare it, else the silent."""
    type_ = None if event in {None, "", DEFAULT_TYPE} else event
    declared = [b for b in stream.branches if b.declared and b.event == type_]
    silent = [b for b in stream.branches if not b.declared]
    called = [b for b in silent if b.name is not None and b.name == event]
    return declared or called or silent


def _by_data(branches: Sequence[Branch], value: object) -> list[Branch]:
    """Return the branches whose constants the data have, or do not contradict.

    A branch that shares most of its constants with the data is the one that is meant.
    """
    if len(branches) == 1 or not isinstance(value, dict):
        return list(branches)
    scored = []
    for branch in branches:
        held = [key for key in branch.constants if key in value]
        if all(_same(value[key], branch.constants[key]) for key in held):
            scored.append((len(held), branch))
    most = max((score for score, _ in scored), default=0)
    return [branch for score, branch in scored if score == most]


def _same(left: object, right: object) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _undeclared(stream: EventStream, event: str | None) -> Violation:
    names = dict.fromkeys(branch.event or DEFAULT_TYPE for branch in stream.branches)
    listed = ", ".join(names)
    what = f"the document declares no event of type {event or DEFAULT_TYPE!r} here"
    mend = did_you_mean(event or DEFAULT_TYPE, names)
    return Violation("event", what, listed, stream.pointer, "undeclared-event", mend)


def _strange(branches: Sequence[Branch], value: object) -> list[Violation]:
    """Say which constant of the data no branch has."""
    members = value if isinstance(value, dict) else {}
    for key in dict.fromkeys(key for branch in branches for key in branch.constants):
        known = [str(b.constants[key]) for b in branches if key in b.constants]
        if key in members and str(members[key]) not in known:
            return [
                Violation(
                    f"data.{key}",
                    f"{short(members[key])} is none of the kinds of data declared here",
                    short(", ".join(dict.fromkeys(known)), quote=False),
                    branches[0].pointer,
                    "data",
                    did_you_mean(str(members[key]), dict.fromkeys(known)),
                )
            ]
    what = "the constants in it belong to no one kind of data declared here"
    return [Violation("data", what, "", branches[0].pointer, "data")]


def _parsed(data: str) -> tuple[object, str]:
    try:
        return json.loads(data), ""
    except ValueError as error:
        return None, str(error)
    except RecursionError:
        return None, "it is nested too deeply"


def _envelope(
    stream: EventStream, branch: Branch, event: str | None, id_: str | None
) -> list[Violation]:
    """Check what the schema of the whole event asks for beside its data."""
    found = []
    pointer = branch.whole.pointer if branch.whole else branch.pointer
    present = {"event": event, "id": id_}
    for name in sorted(branch.required & present.keys()):
        default = name == "event" and branch.declared and branch.event is None
        if present[name] is None and not default:
            what = f"the event has no {name!r}, which is required"
            found.append(Violation(name, what, name, f"{pointer}/required", "event-field"))
    if id_ is not None and branch.id_schema is not None:
        found += id_violations(stream.document, branch.id_schema, id_)
    return found


def id_violations(document: Document, schema: Place, id_: str) -> list[Violation]:
    """Return what is wrong with an id, which is text on the wire; many documents say `integer`."""
    found = value_violations(document, schema, id_, "id")
    if found and id_.isascii() and id_.isdigit() and len(id_) < _DIGITS:
        return value_violations(document, schema, int(id_), "id") and found
    return found


def _check(stream: EventStream, branch: Branch, value: object) -> list[Violation]:
    if branch.schema is True:
        return []
    schema = Place(branch.schema, branch.pointer)
    return value_violations(stream.document, schema, value, "data")

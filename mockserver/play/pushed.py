"""Events that a test pushes: read by the rules of an event step, and held to the document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import event_violations
from mockserver.errors import ControlError, Location, value_text
from mockserver.play.live import Push
from mockserver.play.verdicts import Verdict, told
from mockserver.scenario.block import data_text, echoed
from mockserver.scenario.steps import RAW_MEND, field_fault, id_fault
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import FOREVER, UnitError, span
from mockserver.sse.encode import PLAIN, Event, Form, encode, json_text
from mockserver.sse.framed import framed
from mockserver.sse.items import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mockserver.contract import EventStream
    from mockserver.play.verdicts import Placer
    from mockserver.sse.encode import Framing

PUSHED: Final = Location("a pushed event")
"""Where an event stands that is in no file."""
_ID_LINE: Final = re.compile(rb"(?:\A|[\r\n])id(?=[:\r\n])")
_FIELDS: Final = ("comment", "event", "id", "retry", "data")


def pushed_event(asked: Mapping[str, Any], form: Form = PLAIN) -> Event:
    """Return the event that `asked` says with the keys of an event step; no templates.

    Raises ControlError (422) with the code that a scenario gets for the same. In JSON lines and
    sequences only `data` has a place, as for steps that are told in several framings.
    """
    if not any(name in asked for name in _FIELDS):
        nothing = "a pushed event needs data, event, id, retry or comment"
        raise _wrong(nothing, "no-kind", 'push {"data": "hello"}')
    texts = {name: _text(name, asked.get(name)) for name in ("comment", "event", "id")}
    for name, fault in (("event", field_fault), ("id", id_fault)):
        found = texts[name]
        if found is not None and (what := fault(found)):
            raise _wrong(f"{name}: {what}", "breaks-framing", f"{RAW_MEND}, or pushed raw")
    retry, data = _retry(asked.get("retry")), None
    if "data" in asked:
        try:
            data = data_text(asked["data"], {}, PUSHED, form)
        except RenderError as error:
            raise _wrong(str(error), "wrong-value", "push a text or a JSON value") from None
    if form.framing == "sse":
        return Event(texts["comment"], texts["event"], texts["id"], retry, data)
    if data is None:
        misplaced = "only data has a place in this stream, whose items are JSON texts"
        raise _wrong(misplaced, "no-place-in-framing", 'push {"data": …}')
    return Event(data=data)


def as_push(
    event: Event,
    form: Form,
    choose: Callable[[Sequence[str]], str],
    violates: str | None = None,
    verdict: Verdict | None = None,
) -> Push:
    """Return the order to push an event, written as `form` says; `choose` draws line ends."""
    events = () if event.data is None else ((event.event, event.data, event.id),)
    data = encode(event, form, choose)
    id_ = echoed(event.id)
    if violates is not None:
        events = ()  # As for a step: what breaks the contract on purpose is no example of it.
    return Push(
        data,
        event=event.event,
        id=id_,
        retry=event.retry,
        events=events,
        violates=violates,
        verdict=verdict,
    )


def raw_push(data: bytes, framing: Framing = "sse", *, frames: bool = False) -> Push:
    """Return the order to push bytes; what a client takes of them by themselves is read here.

    Over a WebSocket that is all that leaves, in `frames`. Raises ControlError (422) where there
    are no bytes.
    """
    if not data:
        raise _wrong("no bytes are pushed", "no-kind", "push at least one byte")
    parser = reader(framing)
    heard = parser.feed(data)
    events = tuple((each.type, each.data, each.last_event_id) for each in heard)
    id_ = echoed(parser.last_event_id) if _ID_LINE.search(data) else None
    if frames:
        data = framed(heard, ("", None), (parser.last_event_id, parser.reconnection_time))
    return Push(data, raw=True, id=id_, retry=parser.reconnection_time, events=events)


def judged(stream: EventStream | None, event: Event, violates: str | None) -> Verdict | None:
    """Return what the document says of a pushed event where that has to be told, or None."""
    if stream is None or not stream.branches or event.data is None:
        return None
    found = event_violations(stream, event.event, event.data, event.id)
    verdict = Verdict("event", PUSHED, tuple(found), event.event, violates is not None)
    return verdict if verdict.wrong else None


def refusal(verdict: Verdict, placed: Placer) -> ControlError:
    """Return the error in place of an event that breaks the contract."""
    faults = told(verdict, placed)
    return ControlError(
        422,
        f"the pushed event breaks the contract: {faults[0]}",
        code="contract-event",
        mend='mend the event, or say "violates": "why", or serve with --events warn',
        errors=[{"part": verdict.part, "detail": fault} for fault in faults],
    )


def _text(name: str, value: Any) -> str | None:
    """Return a field as text: numbers and words as JSON writes them, as in a scenario."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        try:
            return json_text(value)
        except ValueError:
            pass
    mend = 'write "" for an empty text' if name == "id" else f'push {{"{name}": "text"}}'
    raise _wrong(f"{name} is no text: {value_text(value)}", "wrong-type", mend)


def _retry(value: Any) -> int | None:
    """Return a reconnection time in milliseconds: an integer, or a duration."""
    if value is None or (type(value) is int and value >= 0):
        return value
    if isinstance(value, str):
        try:
            found = span(value)
        except UnitError:
            pass
        else:
            if found.fixed and found.shortest != FOREVER:
                return round(found.shortest * 1000)
    mend = "write 1500, 1500ms or 2s; another value on the wire can only be pushed raw"
    raise _wrong(f"{value_text(value)} is no reconnection time", "bad-duration", mend)


def _wrong(what: str, code: str, mend: str) -> ControlError:
    return ControlError(422, what, code=code, mend=mend)

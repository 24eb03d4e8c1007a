"""Compares what a client reported with what the server knows a conforming one has dispatched."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

LONG = 4096
"""UTF-16 units of data that are compared as they are."""


def shorten(data: str) -> str:
    """Return long data as ``listen.js`` does."""
    units = data.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONG:
        return data
    start = units[:80].decode("utf-16-le", "replace")
    return f"{start}… {len(units) // 2} units, CRC-32 {zlib.crc32(units):08x}"


class Event(NamedTuple):
    """An event, as a listener gets it."""

    type: str
    data: str
    last_event_id: str | None


@dataclass(frozen=True)
class Known:
    """What the server knows that a conforming client made of a session, the story told once."""

    heard: Sequence[Sequence[Event]] = ()
    """The events of each connection, redirects not counted."""
    state: str = "connecting"
    attempts: int = 0
    """How many connections there were."""
    sent: int = 0
    """Bytes of all bodies."""
    again: bool = False
    """Whether the client, without an ID, has come to hear the story again."""
    refused: bool = False
    """Whether the first answer was no stream."""
    cut: bool = False
    """Whether a connection ended in another way than properly."""

    @property
    def events(self) -> list[Event]:
        """The events of all connections."""
        return [event for events in self.heard for event in events]

    @property
    def pace(self) -> tuple[int, int, bool]:
        """What changes as long as anything happens."""
        return self.attempts, self.sent, self.again

    def reached(self, events: int, state: str, attempts: int) -> bool:
        """Whether the story has been told, which has so many connections unless it is closed."""
        if self.again or self.attempts > attempts:
            return True
        ripe = state == "closed" or self.attempts >= attempts
        return ripe and len(self.events) >= events and self.state == state


@dataclass
class Record:
    """What a client reported, in order."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    states: list[tuple[int, str]] = field(default_factory=list)
    """Each state with the number of events before it."""
    ends: int = 0
    """How often it lost its connection, or gave up."""
    over: bool = False
    raised: bool = False
    """Whether it gave up by an exception."""

    def add(self, line: dict[str, Any]) -> None:
        """Take note of one line."""
        self.lines.append(line)
        match line["kind"]:
            case "event":
                self.events.append(Event(line["type"], line["data"], line.get("lastEventId")))
            case "open":
                self._enter("open")
            case "error" if line["readyState"] == 0:
                self._enter("connecting")
                self.ends += 1
            case "closed":
                self._enter("closed")
                self.ends += 1
                self.raised = line.get("raised", False)
                self.over = True
            case "stopped":
                self.over = True
            case "died":
                self._enter("died")
                self.over = True

    def _enter(self, state: str) -> None:
        self.states.append((len(self.events), state))

    def up_to(self, attempts: int) -> "Record":
        """Return the record of so many connections; after that a client may hear it all again."""
        part = Record()
        for line in self.lines:
            part.add(line)
            if part.ends == attempts:
                break
        return part

    def in_one_form(self) -> "Record":
        """Return the record of a client for chat completions with its chunks in one form."""
        part = Record()
        for line in self.lines:
            chunk = _chunk(Event("message", line["data"], None)) if "data" in line else None
            part.add(line if chunk is None else {**line, "data": chunk})
        return part

    def states_after(self, events: int) -> list[str]:
        """Return the states since the last of so many events, the one in force at it first."""
        before = [state for count, state in self.states if count < events]
        return [
            *(before[-1:] or ["connecting"]),
            *(s for count, s in self.states if count >= events),
        ]

    def reached(self, events: int, state: str) -> bool:
        """Whether it could be that all has been seen, the end reported by a line of its own."""
        states = self.states_after(events)
        return len(self.events) >= events and state in (states if state == "open" else states[1:])


@dataclass(frozen=True)
class Verdict:
    """How a client's record differs from what the server knows; `instead` is empty if it agrees."""

    instead: str
    record: Record
    known: Known

    @property
    def agrees(self) -> bool:
        """Whether there is no difference."""
        return not self.instead


def judge(record: Record, known: Known, state: str) -> Verdict:
    """Compare the events, and the state that the story ends in.

    The state is an EventSource's, or that of a completion: `ends` or `raises`.
    """
    heard = record.up_to(max(1, known.attempts))
    # Stopped after its last word, it may have come back behind our back.
    if state == "connecting" and heard.ends:
        known = replace(known, heard=known.heard[: heard.ends])
    events = _events(_once(heard.events, known), known.events)
    if state in {"ends", "raises"}:
        ending = _completed(record, state)
    else:
        ending = _ending(heard.states_after(len(known.events)), state)
    if ending == "gives up" and events == "fewer events":
        # How many of them the server had sent by then is a matter of chance.
        events = ""
    return Verdict(", ".join(filter(None, (events, ending))), record, known)


def completion(known: Known) -> tuple[Known, str]:
    """Return what a client for chat completions makes of a stream: its chunks, and how it ends.

    `[DONE]` ends it; an error object, an event of the type `error`, what is no JSON and a broken
    connection raise; the end of the body without `[DONE]` is an end like any other.
    """
    chunks: list[Event] = []
    ending = "raises" if known.cut or known.refused else "ends"
    for event in known.events:
        if event.data == "[DONE]":
            ending = "ends"
            break
        chunk = _chunk(event)
        if chunk is None:
            ending = "raises"
            break
        chunks.append(Event("message", chunk, None))
    return replace(known, heard=[chunks]), ending


def _chunk(event: Event) -> str | None:
    """Return the chunk as JSON in one form, or None where there is none."""
    try:
        value = json.loads(event.data)
    except ValueError:
        return None
    if event.type == "error" or not isinstance(value, dict) or "error" in value:
        return None
    return json.dumps(value, sort_keys=True)


def _completed(record: Record, wanted: str) -> str:
    """Say how the end of a completion differs."""
    if not record.states or record.states[-1][1] != "closed":
        return "does not end"
    if record.raised == (wanted == "raises"):
        return ""
    return "raises" if record.raised else "ends as if all were well"


def _once(got: list[Event], known: Known) -> list[Event]:
    """Leave out the beginning of a second telling.

    It is among the connections of the first where a client has sent a request twice by itself, as
    HTTP lets it do after a kept connection broke without a byte.
    """
    once = len(known.events)
    more = got[once:]
    return got[:once] if known.again and more == known.events[: len(more)] else got


def _events(got: Sequence[Event], wanted: Sequence[Event]) -> str:
    """Say how the events differ."""
    if any(event.last_event_id is None for event in (*got, *wanted)):
        got = [event._replace(last_event_id=None) for event in got]
        wanted = [event._replace(last_event_id=None) for event in wanted]
    if list(got) == list(wanted):
        return ""
    if len(got) < len(wanted):
        return "fewer events" if _within(got, wanted) else "fewer and other events"
    if len(got) > len(wanted):
        return "more events" if _within(wanted, got) else "more and other events"
    if [event[:2] for event in got] == [event[:2] for event in wanted]:
        return "other ids"
    return "other events"


def _within(part: Sequence[Event], whole: Sequence[Event]) -> bool:
    rest = iter(whole)
    return all(event in rest for event in part)


def _ending(states: Sequence[str], wanted: str) -> str:
    """Say how the end differs: `states` are those since the last event, in order."""
    if "died" in states:
        return "crashes"
    last = states[-1]
    match wanted:
        case "connecting" if "connecting" not in states[1:] and states != ["connecting"]:
            return "gives up" if last == "closed" else "does not see the end"
        case "closed" if last != "closed":
            return "does not give up"
        case "open" if last == "closed":
            return "gives up"
        case "open" if states[1:] and "connecting" in states:
            return "loses the connection"
        case "open" if last != "open":
            return "does not open"
    return ""

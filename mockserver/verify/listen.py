"""Listens to one connection: what has come, whether it is enough, how long it may still take.

It knows neither sockets nor clocks: bytes and times are arguments.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mockserver.contract.media import essence
from mockserver.verify.heard import (
    BYTES,
    CODINGS,
    EVENTS,
    EVIDENCE,
    Coding,
    Fault,
    Got,
    Heard,
    Refused,
    Silence,
    block_reader,
)
from mockserver.verify.kinds import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.verify.heard import End
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan
    from mockserver.verify.request import Ask


GLIMPSE: Final = 1.0
"""Seconds for which a body is read that is not the stream that was to come: it shows what it is."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a connection is listened to for: so many events, and these kinds among them.

    `then`: what is done once they have come. `drop`: hang up, and come back. `end`: wait for the
    server to end. `watch`: wait for a heartbeat, if there is one to wait for, then hang up.
    `seconds` is how long all of it may take.
    """

    count: int
    kinds: frozenset[Kind]
    then: Literal["drop", "end", "watch"]
    seconds: float
    beat: float | None = None
    """How long it may be silent, where heartbeats are waited for."""
    like: Likeness | None = None
    """How far it has to come besides, where it is held against another run."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a run has to have of another one: of each of `places` one id, whichever.

    One that does not begin with the ids `begin` is another story, and need not have them. Once it
    has as many events, it is waited for `seconds` more: it may never have such ids.
    """

    begin: tuple[str, ...]
    places: tuple[frozenset[str], ...]
    seconds: float


class Listener:
    """One connection of a plan, while it lasts.

    `before` is how many events there were on others, `asked` which awaited requests were sent.
    """

    def __init__(
        self,
        plan: Plan,
        options: Options,
        aim: Aim,
        heard: Heard,
        *,
        before: int = 0,
        asked: set[int],
    ) -> None:
        self.heard = heard
        self.plan = plan
        self.last_event_id = heard.last_event_id
        self._options = options
        self._aim = aim
        self._before = before
        self._asked = asked
        self._awaited = set(aim.kinds)
        self._begin = list(reversed(aim.like.begin)) if aim.like else []
        self._places = aim.like.places if aim.like else ()
        self._began = 0.0
        self._last = 0.0
        self._first_answer: bool = not plan.legs
        self._reader = block_reader(plan.framing, heard.last_event_id)
        self._coding = Coding("")
        self._counted: float | None = None
        """When as many events and all the kinds had come that the aim asks for."""
        self._reached: float | None = None
        """When all had come that it does."""
        self.enough = False

    @property
    def until(self) -> float:
        """When the time is over, by the clock that `begin` was told."""
        limit = self._began + self._aim.seconds
        other = self.heard.status not in (0, self.plan.head.status)
        if other or (self.heard.status and self.plan.legs and not self.heard.listened):
            return min(limit, self._began + self.heard.head_at + GLIMPSE)
        if self._places and self._counted is not None and self._aim.like is not None:
            return min(limit, self._began + self._counted + self._aim.like.seconds)
        if self._reached is not None and self._aim.then == "watch" and self._aim.beat:
            return min(limit, self._began + self._last + self._aim.beat)
        return limit

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of the request."""
        headers = self.plan.ask.headers
        if not self.last_event_id:
            return list(headers)
        others = [(name, value) for name, value in headers if name.lower() != "last-event-id"]
        return [*others, ("Last-Event-ID", self.last_event_id)]

    def due(self) -> list[tuple[int, Ask]]:
        """Return the requests that the story waits for by now, each once, with its number."""
        if not self.heard.listened:
            return []
        came = self._before + len(self.heard.events)
        found = [
            (number, each.ask)
            for number, each in enumerate(self.plan.awaited)
            if number not in self._asked and each.after <= came
        ]
        self._asked.update(number for number, _ in found)
        return found

    def answered(self, now: float, number: int, got: str, *, well: bool) -> None:
        """Tell what a request got that the story waits for."""
        if not well:
            self.heard.refused.append(Refused(number, got, now - self._began))

    def note(self, data: bytes) -> None:
        """Tell that bytes have come of an answer whose head is not whole yet."""
        heard = self.heard
        heard.begun += data[: max(0, EVIDENCE - len(heard.begun))]

    def begin(self, now: float) -> None:
        """Tell that the request is sent now."""
        self._began = now

    def respond(
        self, now: float, version: str, status: int, reason: str, headers: Sequence[tuple[str, str]]
    ) -> None:
        """Tell that the head of the answer has come."""
        heard = self.heard
        heard.head_at = self._last = now - self._began
        heard.version, heard.status, heard.reason = version, status, reason
        heard.headers = tuple(headers)
        coding = (heard.value("content-encoding") or "").strip().lower()
        if coding not in CODINGS:
            what = f"the body has the coding {coding!r}, which the request did not accept"
            heard.fault = Fault("coding", what)
            self.enough = True
        self._coding = Coding(coding)
        if self.plan.legs and status == self.plan.head.status and self._is_stream():
            heard.listened = True
            self._look(heard.head_at)

    def _is_stream(self) -> bool:
        wanted = essence(self.plan.head.value("content-type") or "")
        return essence(self.heard.value("content-type") or "") == wanted

    def take(self, now: float, data: bytes) -> None:
        """Tell that bytes of the body have come; the transfer coding is off, no other."""
        at, heard = now - self._began, self.heard
        self._note_silence(at)
        self._last = at
        try:
            data = self._coding.decode(data, BYTES)
        except zlib.error as error:
            heard.fault = Fault(
                "coding", f"the body is not what its Content-Encoding says: {error}"
            )
            self.enough = True
            return
        heard.size += len(data)
        if not heard.listened:
            room = BYTES if self._first_answer else EVIDENCE
            heard.body += data[: max(0, room - len(heard.body))]
            self.enough = len(heard.body) >= room
            return
        self._read(at, data)
        if heard.size > BYTES:
            heard.fault = Fault("too-large", f"more than {BYTES:,} bytes came on one connection")
            self.enough = True

    def _read(self, at: float, data: bytes) -> None:
        if self._reached is not None and self._aim.then == "watch":
            self.enough = True  # whatever comes, it is a sign of life in time
        for block in self._reader.feed(data):
            if block.event is None:
                self.heard.beats += 1
                self.heard.signs += 1
                continue
            self._hear(at, *block.event)
            self._look(at)
            if self.enough and self._aim.then == "drop":
                break  # what came with it is lost on the way, for all that the server knows
        self.last_event_id = self._reader.last_event_id
        self.heard.retry = self._reader.retry

    def _hear(self, at: float, type_: str, text: str, own: str | None) -> None:
        heard, plan = self.heard, self.plan
        kind = kind_of(plan.stream, type_, text, own, self._options.key)
        if plan.beat_kind is not None and kind.type == plan.beat_kind.type:
            heard.beats += 1
            heard.signs += 1
        elif len(heard.events) < EVENTS:
            heard.events.append(Got(kind, text, own, at, heard.number))
            heard.signs = 0
            self._awaited.discard(kind)
            if own:
                self._compare(own)
        else:
            heard.unkept += 1

    def _compare(self, own: str) -> None:
        """See how far this run has come in the other one, and whether it is the same at all."""
        if self._begin and self._begin.pop() != own:
            self._places = ()
        self._places = tuple(place for place in self._places if own not in place)

    def _look(self, at: float) -> None:
        """See whether all has come that is listened for."""
        heard, aim = self.heard, self._aim
        if self._reached is not None or self._awaited or len(heard.events) < aim.count:
            return
        if self._counted is None:
            self._counted = at
        if self._places:
            return
        self._reached, heard.reached = at, True
        if aim.then == "drop" or (aim.then == "watch" and not aim.beat):
            self.enough = True

    def _note_silence(self, at: float) -> None:
        seconds = at - self._last
        if seconds > self.heard.silence.seconds:
            self.heard.silence = Silence(seconds, self._last, len(self.heard.events))

    def finish(self, now: float, end: End, fault: Fault | None = None, *, why: str = "") -> None:
        """Tell that the connection is over."""
        heard = self.heard
        heard.ended_at = now - self._began
        heard.end, heard.why = end, why
        heard.fault = heard.fault or fault
        if heard.listened:
            self._note_silence(heard.ended_at)
            rest = self._reader.rest
            heard.rest, heard.unfinished = rest[:EVIDENCE], len(rest.strip()) and len(rest)

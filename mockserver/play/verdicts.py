"""Events and answers of scripts held against the document, and how that is told.

A verdict is on one event or one answer, of which everything is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from mockserver.contract import Violation, answer_violations, event_violations
from mockserver.contract.media import framing
from mockserver.play.journal import FAULTS
from mockserver.sse.items import reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockserver.contract import EventStream, Operation
    from mockserver.errors import Location
    from mockserver.play.answer import Head
    from mockserver.scenario.model import EventStep
    from mockserver.sse.encode import Event

    Placer: TypeAlias = Callable[[str], Location]
    """Gives a JSON pointer into the document its file and, where it is known, its line."""

_ENDS: Final = (b"\n\n", b"\r\r", b"\r\n\r\n")
NOT_A_STREAM: Final = "not-a-stream"
UNDECLARED: Final = frozenset({"undeclared-status", "undeclared-media-type"})
BY_HAND: Final = (Violation("", "bytes that are written by hand", "", "", "by-hand"),)
"""What is said of bytes that need not be read to know that they are no events."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the document says of one event or answer that stands at `where`.

    `violations` is None where it cannot be told without a request. `event` is the event type as
    it is written. `on_purpose`: its own `violates` says that it breaks the contract. One that is
    `believed` is not reported by itself: bytes written by hand break what they like.
    """

    part: Literal["event", "answer"]
    where: Location
    violations: tuple[Violation, ...] | None
    event: str | None = None
    on_purpose: bool = False
    believed: bool = False

    @property
    def broken(self) -> bool:
        """Whether the contract is broken, on purpose or not."""
        return bool(self.violations)

    @property
    def idle(self) -> bool:
        """Whether it says that it breaks the contract, and does not."""
        return self.on_purpose and self.violations == ()

    @property
    def wrong(self) -> bool:
        """Whether it has to be reported, were it not for the scenario's own `violates`."""
        return self.idle or (self.broken and not self.on_purpose and not self.believed)

    @property
    def code(self) -> str:
        """The code of what is wrong."""
        return "no-violation" if self.idle else f"contract-{self.part}"


class BreachError(Exception):
    """Something that breaks the contract was about to be sent, and must not be."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        self.verdict = verdict
        super().__init__(text)


IDLE: Final = "this says that it violates the contract, and does not"


def told(verdict: Verdict, placed: Placer) -> tuple[str, ...]:
    """Return a sentence for each violation: the field, what is wrong, and what asks for it."""
    if verdict.idle:
        return (f"{IDLE} [no-violation]",)
    of = "" if verdict.part == "answer" else f"event {verdict.event or 'message'}, "
    return tuple(_sentence(one, of, placed) for one in (verdict.violations or ())[:FAULTS])


def _sentence(violation: Violation, of: str, placed: Placer) -> str:
    said = f"{violation.field}: {violation.what}" if violation.field else violation.what
    asked = f"by {_written(placed(violation.pointer))}" if violation.pointer else ""
    source = f"{of}{asked}".removesuffix(", ")
    return f"{said} ({source})" if source else said


def _written(place: Location) -> str:
    """Write a place of the document with its line, where that is known, and its pointer."""
    return f"{place.file}:{place.line} {place.pointer}" if place.line else str(place)


def event_verdict(stream: EventStream, step: EventStep, event: Event) -> Verdict:
    """Judge an event as it is sent; one without data is dispatched by nobody, and fits."""
    found: Sequence[Violation] = ()
    if event.data is not None:
        found = event_violations(stream, event.event, event.data, event.id)
    on_purpose = step.violates is not None
    return Verdict("event", step.where, tuple(found), event.event, on_purpose)


def answer_verdict(
    operation: Operation, where: Location, head: Head, body: bytes, *, own: bool
) -> Verdict:
    """Judge a whole answer; `own`: the body is the script's, and not an example's."""
    judged = body if own else None
    found = answer_violations(
        operation, head.status, head.headers, judged, empty=not body
    )  # fmt: skip
    said = head.value("content-type") or ""
    stream = operation.stream_for(said, framing(said)) if framing(said) else None
    if own and not found and stream and head.status == stream.status:
        found = list(received_violations(stream, body))
    return Verdict("answer", where, tuple(found))


def head_verdict(operation: Operation, where: Location, head: Head) -> Verdict:
    """Judge the head of a stream."""
    if operation.stream is None:
        what = f"{operation.id} declares no event stream, and this scenario sends one"
        mend = "declare text/event-stream in the document"
        pointer = f"{operation.pointer}/responses"
        field, asked = "headers.Content-Type", "text/event-stream"
        return Verdict(
            "answer", where, (Violation(field, what, asked, pointer, NOT_A_STREAM, mend),)
        )
    found = answer_violations(operation, head.status, head.headers)
    return Verdict("answer", where, tuple(found))


def received_violations(stream: EventStream, data: bytes) -> Iterator[Violation]:
    """Yield what is wrong with the events, or the items, that a client makes of bytes."""
    for event in reader(stream.framing).feed(data):
        yield from event_violations(stream, event.type, event.data, event.last_event_id)


def is_whole(stream: EventStream, data: bytes) -> bool:
    """Tell whether bytes are events or items from beginning to end."""
    if stream.framing == "sse":
        return data.endswith(_ENDS) and bool(reader("sse").feed(data))
    return data.endswith(b"\n") and (stream.framing == "lines" or data.startswith(b"\x1e"))

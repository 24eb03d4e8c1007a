"""A compiled scenario: what every connection to it will get, as far as no request is needed.

Consecutive blocks that depend on nothing are encoded once into a `Stretch`, which all
connections share; the rest are operations that a walk carries out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mockserver.scenario.block import Block, echoed, is_event
from mockserver.scenario.model import Wire
from mockserver.sse.encode import PLAIN, Event, Form, Framing, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockserver.contract.callbacks import OutgoingRequest
    from mockserver.contract.expressions import Text
    from mockserver.errors import Location
    from mockserver.scenario.model import (
        AwaitStep,
        BlockStep,
        CallStep,
        EventStep,
        Kind,
        Response,
        Scenario,
        Step,
        Time,
    )
    from mockserver.scenario.template import Template

STRETCH_BYTES: Final = 64 * 1024
"""Blocks with no time between them leave together up to this size."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks that are known when the file is loaded, with no time between them."""

    data: bytes
    ends: tuple[int, ...]
    """Where in `data` each block ends."""
    ids: tuple[str | None, ...]
    """The id each block writes, as a client echoes it; None where it writes none."""
    dispatched: tuple[bool, ...]
    """Whether the block is an event, not only a comment or a retry."""
    retry: int | None
    """The last reconnection time in it, in milliseconds."""
    steps: tuple[BlockStep, ...]
    """What its blocks are written as, in order, and again from the first where they are more."""

    def last_id(self, first: int = 0) -> tuple[str | None, int]:
        """Return the last id written from block `first` on, and how many blocks follow it."""
        for after, index in enumerate(range(len(self.ids) - 1, first - 1, -1)):
            if self.ids[index] is not None:
                return self.ids[index], after
        return None, 0

    def from_block(self, first: int) -> bytes:
        """Return the bytes from block `first` on."""
        return self.data[self.ends[first - 1] :] if first else self.data

    def times(self, rounds: int) -> Stretch:
        """Return the stretch `rounds` times over, as one."""
        size = len(self.data)
        return Stretch(
            self.data * rounds,
            tuple(size * n + end for n in range(rounds) for end in self.ends),
            self.ids * rounds,
            self.dispatched * rounds,
            self.retry,
            self.steps,
        )


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait of `time`, or up to the offset `time` of the connection (`until`)."""

    path: str
    time: Time
    until: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """The connection stays open for `time`; a `silent` one lets no heartbeat out."""

    path: str
    time: Time
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """`times` rounds of `body` (None: without end)."""

    path: str
    times: int | Template | None
    every: Time | None
    name: str
    body: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """`times` blocks (None: without end) that differ in a counter only, with no time between.

    `loop` is the same, block by block: for who has to look at each. `form` is the encoded block
    and `id_form` its id, as formats that take the counter `holes` and `id_holes` times.
    """

    loop: Loop
    steps: tuple[EventStep]
    form: bytes
    holes: int
    id_form: str | None
    id_holes: int
    times: int | None

    @property
    def step(self) -> EventStep:
        """What all its blocks are written as."""
        return self.steps[0]

    @property
    def batch(self) -> int:
        """How many blocks make a stretch."""
        return max(1, STRETCH_BYTES // len(self.form))

    def stretch(self, first: int, last: int) -> Stretch:
        """Return the blocks with the counters `first` to `last` as one stretch."""
        count = last - first + 1
        parts = [self.form % ((n,) * self.holes) for n in range(first, last + 1)]
        ids: tuple[str | None, ...] = (None,) * count
        if self.id_form is not None:
            ids = tuple(self.id_form % ((n,) * self.id_holes) for n in range(first, last + 1))
        return Stretch(
            b"".join(parts),
            tuple(accumulate(map(len, parts))),
            ids,
            (is_event(self.step),) * count,
            self.step.retry if isinstance(self.step.retry, int) else None,
            self.steps,
        )


@dataclass(frozen=True, slots=True)
class Each:
    """A round of `body` for every item."""

    path: str
    items: Any
    every: Time | None
    name: str
    body: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Chance:
    """`body` with the probability `of` (0 to 1), else `otherwise`."""

    path: str
    of: float | Template
    body: tuple[Op, ...]
    otherwise: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A wait for a signal, or for a request to `operation` (its id); else `otherwise`."""

    path: str
    step: AwaitStep
    operation: str
    otherwise: tuple[Op, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """A disconnect that stands inside a chance or an await.

    `over`: nothing of its row is left for the next connection, since what was awaited has not come.
    """

    kind: Kind
    where: Location
    over: bool = False


@dataclass(frozen=True, slots=True)
class Calling:
    """A request to somebody else: what the step says, and what the document declares.

    `url` is where the document sends it, None where the step says that itself.
    """

    path: str
    step: CallStep
    request: OutgoingRequest
    url: Text | None = None

    @property
    def asks(self) -> tuple[str, str]:
        """The operation whose request says where it goes, and how: the key of a known URL."""
        return self.request.operation, self.request.url or ""


Op: TypeAlias = (
    Awaiting | Calling | Stretch | Block | Pause | Hold | Loop | Series | Each | Chance | Stop
)


@dataclass(frozen=True, slots=True)
class Row:
    """`times` connections in a row that are alike.

    `answer` is True for a whole answer without a stream; `broken` for a connection that ends
    before the first byte of an answer. `reads`: what a client makes of it is known only to who
    parses it, because bytes were written or cut by hand. `laid`: its bytes are not simply sent.
    """

    where: Location
    ops: tuple[Op, ...]
    end: Kind
    response: Response | None
    times: int = 1
    answer: bool = False
    broken: bool = False
    wire: Wire = Wire()  # noqa: RUF009  (it is frozen)
    form: Form = PLAIN
    reads: bool = False
    laid: bool = False
    loses: bool = False
    """Whether its client may have lost an event that was cut off at the end."""
    steps: tuple[Step, ...] = ()
    """What its operations were compiled from."""


@dataclass(frozen=True, slots=True)
class Program:
    """A scenario that is ready to be played."""

    scenario: Scenario
    rows: tuple[Row, ...]
    goes_on: bool
    """Whether a disconnect inside a chance leaves the rest of its row to the next connection."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The bodies that responses take from files."""
    notes: tuple[str, ...] = ()
    """Codes that the journal notes with every connection."""
    framing: Framing = "sse"
    frames: bool = False
    """Whether its blocks are the frames of a WebSocket."""
    calls: tuple[Calling, ...] = ()
    """Every call in the rows, in the order written."""
    awaited: frozenset[str] = frozenset()
    """The operations to which requests are awaited, by `Operation.id`."""

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def connections(self) -> int:
        """How many connections the story has before `afterwards`."""
        return sum(row.times for row in self.rows)

    def row(self, number: int) -> Row | None:
        """Return the row of the story's connection `number` (from 1), or None past the end."""
        total = self.connections
        if number > total:
            match self.scenario.afterwards:
                case "stop":
                    return None
                case "repeat":
                    number = total
                case "restart":
                    number = (number - 1) % total + 1
                case response:
                    return answer_row(self.scenario, response)
        for row in self.rows:
            if number <= row.times:
                return row
            number -= row.times
        return None


def answer_row(scenario: Scenario, response: Response) -> Row:
    """Return the row of a response that is a whole answer."""
    wire = scenario.wire or Wire()
    answer = response.raw_head is None
    return Row(response.where, (), "end", response, answer=answer, wire=wire, laid=is_laid(wire))


def form_of(wire: Wire, framing: Framing = "sse") -> Form:
    """Return how blocks are written on this wire."""
    if framing != "sse":
        return Form("\r\n" if wire.newline == "crlf" else "\n", framing=framing)
    ends = {None: "\n", "lf": "\n", "crlf": "\r\n", "cr": "\r", "mixed": None}
    return Form(ends[wire.newline], wire.space is not False, order=wire.order or ())


def is_laid(wire: Wire) -> bool:
    """Whether the bytes of a body are not simply sent: marked, coded, in pieces or slowly."""
    coded = wire.encoding not in (None, "identity")
    return bool(wire.bom or coded) or wire.split is not None or wire.rate is not None


def stretch(blocks: Sequence[tuple[EventStep, Event]], form: Form = PLAIN) -> Stretch:
    """Encode blocks without templates into one stretch."""
    parts = [encode(event, form) for _, event in blocks]
    ends, end = [], 0
    for part in parts:
        end += len(part)
        ends.append(end)
    retries = [event.retry for _, event in blocks if event.retry is not None]
    return Stretch(
        b"".join(parts),
        tuple(ends),
        tuple(echoed(event.id) for _, event in blocks),
        tuple(is_event(step) for step, _ in blocks),
        retries[-1] if retries else None,
        tuple(step for step, _ in blocks),
    )

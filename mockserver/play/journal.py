"""What happened, as entries that refer to the story instead of copying it; bounded."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from mockserver.play.beats import Beats
from mockserver.play.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JOURNAL_ENTRIES: Final = 20_000
"""Entries a session keeps; older ones are dropped and counted."""

CLEARED: Final = 1_000
"""Resets and ends of sessions that are remembered for whoever reads the journals of all."""

KEPT: Final = 1_000
"""Characters of what a client sent that an entry keeps."""

Transport = Literal["http", "websocket"]

Closer = Literal["script", "client", "server", "test"]
"""Who ended a connection; a `test` did so through the control API, or from Python."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A request was given a connection of a story, or an answer (`connection` 0).

    `at` is the session's clock in seconds.
    """

    at: float
    operation: str
    target: str
    scenario: str
    subscription: int
    connection: int
    status: int
    last_event_id: str | None = None
    after: float | None = None
    """Seconds since the subscription's connection before this one ended.

    Where a test has moved the clock past that end, since then: no client could come back before.
    """
    reconnection_time: float | None = None
    """Seconds that the client was told to wait between the two, if it was told."""
    notes: tuple[str, ...] = ()
    """Codes of what is worth knowing, such as `unknown-last-event-id`."""
    serial: int = 0
    """Which request of its session that a scenario answers it is, from 1; 0 for other requests."""
    transport: Transport = "http"
    """What it asked for: a handshake that was refused was one, too."""


@dataclass(slots=True)
class Sent:
    """Blocks `first` to `last` (from 1) of a connection left, the first at `offset` seconds.

    `serial` is that of `Opened`. `at` is when they were due by the session's clock: holds and a
    wait before the head are in it, and not in the offset.
    """

    scenario: str
    subscription: int
    connection: int
    first: int
    last: int
    offset: float
    serial: int = 0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Closed:
    """A connection ended; `kind` is how, `by` who ended it, `fault` why it could not go on.

    Where the script has ended it, `at` is when that was due, if a test has moved the clock past it.
    `bytes` are those of its body that were sent, before any transfer coding; of a WebSocket those
    of its frames. `serial` is that of `Opened`.
    """

    at: float
    scenario: str
    subscription: int
    connection: int
    kind: str
    by: Closer
    blocks: int
    fault: str = ""
    operation: str = ""
    bytes: int = 0
    serial: int = 0
    close_code: int | None = None
    """The code by which a WebSocket was closed, 1006 where it was not; None for any other."""
    received: int | None = None
    """How many messages the client of a WebSocket has sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request was answered with an error of ours, and took no turn in anybody's story.

    `target` is its method and target, as far as they could be read; `code` stays the same,
    `what` is the reason in words.
    """

    at: float
    target: str
    status: int
    code: str
    what: str


@dataclass(frozen=True, slots=True)
class Violated:
    """A request, an event or a whole answer does not fit the document.

    `by` says whose it is: the client's request, or what the script sends, or what a test
    has pushed. `scenario`,
    `subscription` and `connection` are those of `Opened`, where there are any. `where` is the
    line of the scenario, `faults` are sentences, at most `FAULTS` of them.
    """

    at: float
    by: Literal["client", "script", "test"]
    part: Literal["request", "event", "answer"]
    operation: str
    target: str
    scenario: str = ""
    subscription: int = 0
    connection: int = 0
    where: str = ""
    faults: tuple[str, ...] = ()
    foreseen: bool = False
    """Whether the answer is meant for such a request: it was asked for, or its `when` says so."""


@dataclass(frozen=True, slots=True)
class Called:
    """The script has sent a request to somebody else, or could not.

    `at` is when, `after` how many seconds later the answer was there, by the session's clock.
    `scenario`, `subscription` and `connection` are those of `Opened`; `name` is the document's:
    `callback x`, `webhook x`. `status` is the answer's; 0 where none came, and then `code` and
    `fault` say why. Headers are lines; of bodies `BODY` characters are kept.
    """

    at: float
    scenario: str
    subscription: int
    connection: int
    name: str
    method: str
    url: str
    status: int = 0
    after: float | None = None
    code: str = ""
    fault: str = ""
    headers: tuple[str, ...] = ()
    body: str = ""
    answer_headers: tuple[str, ...] = ()
    answer_body: str = ""
    serial: int = 0
    """That of `Opened`, as of all entries that have one."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An await is over: `met`, or its timeout has run out, `after` so many seconds.

    `name` is what was awaited: `signal paid`, `request payOrder`. `scenario`, `subscription` and
    `connection` are those of `Opened`.
    """

    at: float
    scenario: str
    subscription: int
    connection: int
    name: str
    met: bool
    after: float
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Pushed:
    """A test has sent something into a stream, behind `blocks` blocks of its story.

    `at` is when; `live` is the connection's number in the session, the others are those of
    `Opened`. `data` is what was written, before any coding, as far as an entry keeps it, and
    `size` its bytes. `event` and `id` are as they were pushed; of `raw` bytes `id` is the last id
    in them. It was not `sent` where the connection ended while it waited for its turn.
    """

    at: float
    scenario: str
    subscription: int
    connection: int
    live: int
    blocks: int
    event: str | None
    id: str | None
    data: str
    size: int
    raw: bool = False
    violates: str | None = None
    operation: str = ""
    sent: bool = True
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Paused:
    """A test holds the script of a stream from `at` on; with `held`, it released it then.

    It had held it for so many seconds.
    """

    at: float
    scenario: str
    subscription: int
    connection: int
    live: int
    held: float | None = None
    serial: int = 0


BODY: Final = 4_096
"""Characters of the body of a call, and of its answer's, that an entry keeps."""

FAULTS: Final = 20
"""Faults of one request, event or answer that an entry lists."""

Entry: TypeAlias = Opened | Sent | Closed | Refused | Violated | Called | Awaited | Pushed | Paused


def kept(text: str, most: int = KEPT) -> str:
    """Return as much of what a client sent as an entry keeps, surrogates as escapes."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


def kept_body(data: bytes) -> str:
    """Return as much of a body as an entry keeps, bytes that are no UTF-8 as escapes."""
    # No character has more than four bytes.
    return kept(data[: 4 * BODY + 4].decode("utf-8", "backslashreplace"), BODY)


@dataclass(frozen=True, slots=True)
class Cleared:
    """A session's entries are gone, all that there were: it was `reset`, or is `deleted`.

    No session's journal has it: it is told to whoever reads the journals of all.
    """

    kind: Literal["reset", "deleted"]
    session: str
    entries: int


class Noted(NamedTuple):
    """An entry with its number in its session, and its running number in the server's run."""

    running: int
    session: str
    number: int
    entry: Entry | Cleared


class Journals:
    """What the journals of one server have in common: their bound, running numbers, and counts.

    It does not hold them: a session that is let go takes its journal along.
    """

    def __init__(self, limit: int = JOURNAL_ENTRIES) -> None:
        if limit < 0:
            raise ValueError(f"a journal cannot keep {limit} entries")
        self.limit = limit
        self.last = 0
        """The running number of the last entry of any session."""
        self.dropped = 0
        """How many entries had to go, of all sessions there were."""
        self.counts = Counts()
        self.bells: list[Callable[[], None]] = []
        """Whom the next entry is to wake, once."""
        self.cleared: deque[Noted] = deque(maxlen=CLEARED)
        self.beats = Beats()

    def of(self, session: str) -> Journal:
        """Return a journal for a session."""
        return Journal(self.limit, self, session)

    def clear(self, kind: Literal["reset", "deleted"], session: str, entries: int) -> None:
        """Take note that a session's entries are gone."""
        self.last += 1
        self.cleared.append(Noted(self.last, session, 0, Cleared(kind, session, entries)))
        self.ring()

    def ring(self) -> None:
        """Wake all who wait for an entry."""
        bells, self.bells = self.bells, []
        for bell in bells:
            bell()

    def forget(self, bell: Callable[[], None]) -> None:
        """Wake somebody no longer."""
        if bell in self.bells:
            self.bells.remove(bell)


class Journal:
    """The entries of one session, oldest first, numbered from 1; `limit` 0 keeps none."""

    def __init__(
        self, limit: int = JOURNAL_ENTRIES, journals: Journals | None = None, session: str = ""
    ) -> None:
        self.limit = limit
        self.session = session
        self.journals = journals or Journals(limit)
        self.recorded = 0
        """How many entries there were, which is the number of the last."""
        self.lost = 0
        """The running number of the last entry that had to go."""
        self._serials = 0
        self._entries: deque[Entry] = deque(maxlen=limit)
        # Apart from the entries: two appends take less than a pair for each entry would.
        self._running: deque[int] = deque(maxlen=limit)

    @property
    def dropped(self) -> int:
        """How many entries had to go to keep within the limit."""
        return self.recorded - len(self._entries)

    def record(self, entry: Entry) -> None:
        """Add an entry."""
        self.recorded += 1
        journals = self.journals
        if len(self._entries) == self.limit:
            journals.dropped += 1
            if not self.limit:
                return
            self.lost = self._running[0]
        journals.last += 1
        self._entries.append(entry)
        self._running.append(journals.last)
        if journals.bells:
            journals.ring()

    def new_serial(self) -> int:
        """Return the number of a request that a scenario answers."""
        self._serials += 1
        return self._serials

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def since(self, number: int) -> Iterator[Noted]:
        """Yield the entries after the one of this number; nobody may record meanwhile."""
        return self._from(max(0, number - self.dropped))

    def after(self, running: int) -> Iterator[Noted]:
        """Yield the entries after this running number; nobody may record meanwhile."""
        return self._from(bisect_right(self._running, running))

    def seen(self, running: int) -> int | None:
        """Return the number of the last entry up to this running number; None if that is lost."""
        held = bisect_right(self._running, running)
        return self.dropped + held if held or self.lost <= running else None

    def held_after(self, running: int) -> int:
        """Return how many entries are held after this running number."""
        return len(self._running) - bisect_right(self._running, running)

    def _from(self, index: int) -> Iterator[Noted]:
        entries, running, first = self._entries, self._running, self.dropped + 1
        for i in range(index, len(entries)):
            yield Noted(running[i], self.session, first + i, entries[i])

    def clear(self) -> None:
        """Forget everything, and number from 1 again."""
        self.journals.clear("reset", self.session, self.recorded)
        self._entries.clear()
        self._running.clear()
        self.recorded = self.lost = self._serials = 0

    def end(self) -> None:
        """Tell whoever reads the journals of all that this one is let go."""
        self.journals.clear("deleted", self.session, self.recorded)

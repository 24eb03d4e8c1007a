"""What happened, as entries that refer to the story instead of copying it; bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

JOURNAL_ENTRIES: Final = 20_000
"""Entries a session keeps; older ones are dropped and counted."""

KEPT: Final = 1_000
"""Characters of what a client sent that an entry keeps."""

Closer = Literal["script", "client", "server"]


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
    """Seconds since the subscription's connection before this one ended."""
    reconnection_time: float | None = None
    """Seconds that the client was told to wait between the two, if it was told."""
    notes: tuple[str, ...] = ()
    """Codes of what is worth knowing, such as `unknown-last-event-id`."""


@dataclass(slots=True)
class Sent:
    """Blocks `first` to `last` (from 1) of a connection left, the first at `offset` seconds."""

    scenario: str
    subscription: int
    connection: int
    first: int
    last: int
    offset: float


@dataclass(frozen=True, slots=True)
class Closed:
    """A connection ended; `kind` is how, `by` who ended it, `fault` why it could not go on."""

    at: float
    scenario: str
    subscription: int
    connection: int
    kind: str
    by: Closer
    blocks: int
    fault: str = ""


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

    `by` says whose it is: the client's request, or what the script sends. `scenario`,
    `subscription` and `connection` are those of `Opened`, where there are any. `where` is the
    line of the scenario, `faults` are sentences, at most `FAULTS` of them.
    """

    at: float
    by: Literal["client", "script"]
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


BODY: Final = 4_096
"""Characters of the body of a call, and of its answer's, that an entry keeps."""

FAULTS: Final = 20
"""Faults of one request, event or answer that an entry lists."""

Entry: TypeAlias = Opened | Sent | Closed | Refused | Violated | Called


def kept(text: str, most: int = KEPT) -> str:
    """Return as much of what a client sent as an entry keeps, surrogates as escapes."""
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


def kept_body(data: bytes) -> str:
    """Return as much of a body as an entry keeps, bytes that are no UTF-8 as escapes."""
    # No character has more than four bytes.
    return kept(data[: 4 * BODY + 4].decode("utf-8", "backslashreplace"), BODY)


class Journal:
    """The entries of one session, oldest first."""

    def __init__(self, limit: int = JOURNAL_ENTRIES) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self.dropped = 0
        """How many entries had to go to keep within the limit."""

    def record(self, entry: Entry) -> None:
        """Add an entry."""
        if len(self._entries) == self._entries.maxlen:
            self.dropped += 1
        self._entries.append(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.dropped = 0

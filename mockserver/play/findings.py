"""What no client should do, whatever a scenario expects; kept apart from the bounded journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mockserver.play.journal import Closed, Opened, Refused, Violated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.journal import Entry

FINDINGS: Final = 1_000
"""Findings of a session that are listed, each once; those beyond are counted."""

CODES: Final = {
    "unknown-last-event-id": "a Last-Event-ID that the story does not know",
    "request-breaks-contract": "a request that breaks the document",
    "unexpected-request": "a request that nothing here was meant for",
}
"""What can be found, and what it is."""

OF_BROWSERS: Final = ("/favicon.ico", "/robots.txt")
"""Paths that browsers and their kind ask for by themselves."""
OF_BROWSERS_BELOW: Final = ("/apple-touch-icon", "/.well-known/")
"""Beginnings of such paths."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, `count` times, for the first time `at`.

    `scenario`, `subscription`, `connection` are those of its first `Opened`, if there was one.
    `faults` are sentences, `reason` the code of the answer where that was a refusal.
    """

    code: str
    what: str
    target: str
    at: float
    operation: str = ""
    scenario: str = ""
    subscription: int = 0
    connection: int = 0
    last_event_id: str | None = None
    reason: str = ""
    where: str = ""
    faults: tuple[str, ...] = ()
    count: int = 1


@dataclass(slots=True)
class _Counted:
    """The first of those that are alike, and how many there are."""

    first: Finding
    count: int = 0


@dataclass(slots=True)
class Findings:
    """The findings of one session, and what its scripts did wrong (`notes`), first ones first."""

    limit: int = FINDINGS
    unlisted: Counter[str] = field(default_factory=Counter)
    """How many of a code are beyond the limit."""
    _found: dict[Finding, _Counted] = field(default_factory=dict)
    _notes: dict[Finding, _Counted] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Look at what has just happened."""
        match entry:
            case Opened():
                if "unknown-last-event-id" in entry.notes:
                    self._find(_unknown_id(entry))
            case Refused():
                if _is_unexpected(entry):
                    what = entry.what
                    found = Finding("unexpected-request", what, entry.target, entry.at)
                    self._find(replace(found, reason=entry.code))
                elif entry.code == "template-error":
                    self._note(Finding("template-error", entry.what, entry.target, entry.at))
            case Violated(by="client"):
                if not entry.foreseen:
                    self._find(_breach("request-breaks-contract", entry))
            case Violated(by="script"):
                self._note(_breach(f"contract-{entry.part}", entry))
            case Closed() if entry.fault:
                told = Finding("template-error", entry.fault, "", entry.at)
                self._note(replace(told, scenario=entry.scenario, connection=entry.connection))

    def __iter__(self) -> Iterator[Finding]:
        return self._listed(self._found)

    @property
    def notes(self) -> Iterator[Finding]:
        """What scripts did wrong, which is not the client's fault."""
        return self._listed(self._notes)

    def _listed(self, found: dict[Finding, _Counted]) -> Iterator[Finding]:
        return (replace(each.first, count=each.count) for each in tuple(found.values()))

    def _find(self, found: Finding) -> None:
        if not self._count(self._found, found):
            self.unlisted[found.code] += 1

    def _note(self, found: Finding) -> None:
        self._count(self._notes, found)

    def _count(self, kept: dict[Finding, _Counted], found: Finding) -> bool:
        """Count one more of those that are alike but for their time and connection.

        False beyond the limit.
        """
        key = replace(found, at=0.0, subscription=0, connection=0)
        counted = kept.get(key)
        if counted is None:
            if len(kept) >= self.limit:
                return False
            counted = kept[key] = _Counted(found)
        counted.count += 1
        return True


def _unknown_id(entry: Opened) -> Finding:
    return Finding(
        "unknown-last-event-id",
        f"the story has no event with the id {entry.last_event_id!r}",
        entry.target,
        entry.at,
        entry.operation,
        entry.scenario,
        entry.subscription,
        entry.connection,
        entry.last_event_id,
    )


def _breach(code: str, entry: Violated) -> Finding:
    more = f" and {len(entry.faults) - 1} more" if len(entry.faults) > 1 else ""
    first = entry.faults[0] if entry.faults else f"the {entry.part} does not fit the document"
    return Finding(
        code,
        f"{first}{more}",
        entry.target,
        entry.at,
        entry.operation,
        entry.scenario,
        entry.subscription,
        entry.connection,
        where=entry.where,
        faults=entry.faults,
    )


def _is_unexpected(entry: Refused) -> bool:
    """Whether a request was refused that its client should not have made.

    What breaks the contract is found by itself. Preflights are the browser's.
    """
    method, _, target = entry.target.partition(" ")
    path = target.partition("?")[0]
    return (
        400 <= entry.status < 500
        and entry.code != "request-breaks-contract"
        and method != "OPTIONS"
        and not (path in OF_BROWSERS or path.startswith(OF_BROWSERS_BELOW))
    )

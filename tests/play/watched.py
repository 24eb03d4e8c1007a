"""A stage with a witness: what the clients of one session do, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass

from stage import Stage, Visit

from mockserver.play.journal import Refused
from mockserver.play.opening import Opening
from mockserver.play.session import Session
from mockserver.play.told import Told
from mockserver.play.verdict import verdict_of


@dataclass
class Time:
    """The session's clock: it shows the stage's time."""

    stage: Stage
    passes: bool

    def now(self):
        """Return the stage's time."""
        return self.stage.now


class Watched(Stage):
    """One session in which one scenario is played and its clients are watched."""

    def __init__(self, text, *, passes=True, pinned=(), **options):
        super().__init__(text, **options)
        self.session = Session("test", "0", Time(self, passes), pinned)
        self.stories = self.session.stories

    def connect(self, last_event_id=None, *, target="/events", **request):
        """Return what a request gets; it is noted as the server notes it."""
        opening = Opening(target=target, last_event_id=last_event_id, **request)
        turn = self.stories.turn(
            self.program, opening, self.now, self.catalog.example, operation=self.operation.id
        )
        told = Told(
            turn.subscription, self.operation.id, f"{opening.method} {target}", self.now, "host",
            None, last_event_id,
        )  # fmt: skip
        self.session.witness.saw(turn, told, opening)
        if self.operation.id in self.catalog.counted:
            self.session.witness.count(self.operation.id)
        return _Visit(self, opening, turn, told=told)

    def refuse(self, target, code="no-operation", status=404):
        """Refuse a request, as the server does."""
        self.session.witness.findings.take(Refused(self.now, target, status, code, "no"))

    def verdict(self, *, final=False, allow=()):
        """Return the verdict."""
        return verdict_of(self.session, self.catalog, final=final, allow=allow)

    def statuses(self, *, final=False):
        """Return the status of every entry."""
        return [e.status for s in self.verdict(final=final).scenarios for e in s.expectations]

    def evidence(self, *, final=True):
        """Return what came in place of what was expected, where that is wrong or missing."""
        return [
            evidence.got
            for scenario in self.verdict(final=final).scenarios
            for expectation in scenario.expectations
            for judged in expectation.judged
            for evidence in judged.evidence
            if evidence.status != "passed"
        ]


@dataclass
class _Visit(Visit):
    """One connection, told as the server tells it."""

    told: Told | None = None

    def __post_init__(self):
        super().__post_init__()
        told = self.told
        told.head, told.began, told.replay = self.head, self.began, self.turn.replay
        told.headers = self.head.headers if self.head else ()
        if self.turn.player is None:
            told.ended, told.by = (self.stage.now, self.ended or "end"), "script"

    def receive(self, *args):
        super().receive(*args)
        self.told.sent = len(self.bytes)
        if self.ended is not None and self.told.ended is None:
            self.told.ended, self.told.by = (self.stage.now, self.ended), "script"
        return self

    def leave(self, by="client"):
        if self.ended is None:
            self.turn.subscription.close(by, self.stage.now, None)
            self.told.ended = (self.stage.now, "client" if by == "client" else "end")
            self.told.by = by
        return self

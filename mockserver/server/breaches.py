"""Notes what a script breaks of the contract, and refuses what must not be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.errors import ControlError
from mockserver.play.journal import FAULTS, Violated, kept
from mockserver.play.verdicts import told
from mockserver.server.log import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.clock import Clock
    from mockserver.contract import Operation
    from mockserver.play.judge import Judge, Watch
    from mockserver.play.opening import Opening
    from mockserver.play.session import Session
    from mockserver.play.story import Subscription
    from mockserver.play.verdicts import Placer, Verdict
    from mockserver.scenario.program import Program

_MEND = "mend the scenario or the document, say 'violates: …', or serve with --events warn"


def watch_over(
    judge: Judge | None,
    session: Session[Clock],
    program: Program,
    operation: Operation,
    opening: Opening,
) -> Watch | None:
    """Return what watches over what this program sends, if anything does.

    Raises ControlError where it breaks the contract whoever asks, and nobody meant it to.
    """
    judged = judge.of(program) if judge else None
    if judge is None or judged is None:
        return None
    if judged.breaches and judge.strict:
        asked = (operation.id, kept(f"{opening.method} {opening.target}"))
        for verdict in judged.breaches:
            note(session, verdict, judge.placed, asked, (program.name, None, 0))
        raise refusal(program.name, judged.breaches, judge.placed)
    return judged.watch(operation)


def note(
    session: Session[Clock],
    verdict: Verdict,
    placed: Placer,
    asked: tuple[str, str],
    whose: tuple[str, Subscription | None, int],
) -> None:
    """Put a verdict into the journal.

    `asked` is the operation and the target, `whose` the scenario, its subscription and which
    connection of it.
    """
    operation, target = asked
    scenario, subscription, connection = whose
    record(
        session,
        Violated(
            session.clock.now(),
            "script",
            verdict.part,
            operation,
            target,
            scenario,
            subscription.address.subscription if subscription else 0,
            connection,
            str(verdict.where),
            told(verdict, placed),
        ),
    )


def refusal(scenario: str, verdicts: Sequence[Verdict], placed: Placer) -> ControlError:
    """Return the error in place of what breaks the contract: all faults at once."""
    faults = [
        {"where": str(verdict.where), "part": verdict.part, "detail": sentence}
        for verdict in verdicts
        for sentence in told(verdict, placed)
    ]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    what = f"the scenario {scenario!r} breaks the contract: {faults[0]['detail']}{more}"
    listed = faults[:FAULTS]
    if any(verdict.part == "event" for verdict in verdicts):
        return ControlError(500, what, code="contract-event", mend=_MEND, errors=listed)
    return ControlError(500, what, code="contract-answer", mend=_MEND, errors=listed)

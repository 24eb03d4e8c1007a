"""What a server knows of its script's breaches of the contract, remembered program by program.

What needs no request is judged when a program has its first turn, the rest when it is rendered;
equal events are judged once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.contract import event_violations
from mockserver.play.rows import RowJudge, nearest, numbered_rows
from mockserver.play.signature import Signature, nth
from mockserver.play.verdicts import BreachError, Verdict, answer_verdict, head_verdict, told

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from mockserver.contract import Operation, Violation
    from mockserver.errors import Mode
    from mockserver.play.answer import Answer, Head
    from mockserver.play.verdicts import Placer
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.model import BlockStep, EventStep
    from mockserver.scenario.program import Program, Row, Series
    from mockserver.sse.encode import Event

KEPT: Final = 4_000
"""Verdicts on events and answers that are remembered, of all scenarios together."""
KEPT_SIZE: Final = 4_096
"""Characters of data, or bytes of a body, up to which the verdict on it is remembered."""


class Judge:
    """Judges the programs of one catalog. `placed` gives places of the document their lines."""

    def __init__(self, catalog: Catalog, mode: Mode, placed: Placer) -> None:
        self.strict = mode == "enforce"
        self.placed = placed
        self.off = mode == "off"
        self._catalog = catalog
        self._judged: dict[tuple[str, str], Judged] = {}
        self._kept: dict[Hashable, tuple[Violation, ...]] = {}

    def of(self, program: Program) -> Judged | None:
        """Return what is known of a program; None where nothing is to be judged.

        Those that play what the document itself shows are nobody's script.
        """
        if self.off or not self._catalog.has(program):
            return None
        key = (program.name, program.framing)
        judged = self._judged.get(key)
        if judged is None or judged.program is not program:
            judged = self._judged[key] = Judged(program, self._catalog.operations(program), self)
        return judged

    def known(self, key: Hashable) -> tuple[Violation, ...] | None:
        """Return what is remembered under a key, or None."""
        return self._kept.get(key)

    def keep(self, key: Hashable, found: tuple[Violation, ...], size: int) -> None:
        """Remember a verdict on what is `size` long; what was remembered first makes room."""
        if size > KEPT_SIZE:
            return
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = found


class Judged:
    """What is known of one program.

    `breaches` are those that need no request, in the order written; a scenario that breaks the
    contract on purpose has none.
    """

    def __init__(self, program: Program, operations: Sequence[Operation], judge: Judge) -> None:
        self.program = program
        rows = list(numbered_rows(program))
        found: dict[str, list[list[Verdict]]] = {}
        for operation in operations:
            one = RowJudge(program, operation, rendered=False)
            found[operation.id] = [list(one.verdicts(*row)) for row in rows]
        self.breaches: tuple[Verdict, ...] = ()
        if program.scenario.violates is None:
            best = [nearest(verdicts) for verdicts in zip(*found.values(), strict=True)]
            wrong = [v for verdicts in best for v in verdicts if v.wrong and v.broken]
            self.breaches = tuple(dict.fromkeys(wrong))
        self._watches = {operation.id: Watch(program, operation, judge) for operation in operations}
        for name, watch in self._watches.items():
            for (_, row), verdicts in zip(rows, found[name], strict=True):
                watch.learn(row, verdicts)

    def watch(self, operation: Operation) -> Watch:
        """Return what watches over connections to one of the program's operations."""
        return self._watches[operation.id]


class Watch:
    """Watches over what the connections of one program to one operation are sent."""

    def __init__(self, program: Program, operation: Operation, judge: Judge) -> None:
        self._strict = judge.strict
        self._operation = operation
        self._stream = operation.stream_for("*/*", program.framing)
        self._on_purpose = program.scenario.violates is not None
        self._alone = len(program.rows) == 1 and program.scenario.afterwards == "repeat"
        self.placed = judge.placed
        self._judge = judge
        self._heads: dict[int, Verdict] = {}
        self._settled: set[int] = set()
        self._wrong: dict[int, Verdict] = {}
        """By the identity of the step's place: of every event that is known without a request."""
        self._signatures: dict[int, Signature] = {}
        self._apart: dict[int, bool] = {}

    def learn(self, row: Row, verdicts: Iterable[Verdict]) -> None:
        """Take what is known of a row without a request."""
        for verdict in verdicts:
            if verdict.part == "answer":
                if not verdict.believed:
                    self._heads[id(row.where)] = verdict
            elif verdict.violations is not None:
                self._settled.add(id(verdict.where))
                if verdict.wrong and not self._on_purpose:
                    self._wrong[id(verdict.where)] = verdict

    @property
    def idle(self) -> bool:
        """Whether no event needs to be looked at: all are known, or meant, and none is wrong."""
        return self._on_purpose or self._stream is None or not self._stream.branches

    # --- events --------------------------------------------------------------------------------

    def of_steps(self, steps: Sequence[BlockStep], blocks: int) -> tuple[Verdict, ...]:
        """Return what is wrong with the last `blocks` events that were written as these steps.

        Raises BreachError.
        """
        if not self._wrong:
            return ()
        sent = (self._wrong.get(id(step.where)) for step in steps[max(0, len(steps) - blocks) :])
        return tuple(self._allowed(verdict) for verdict in sent if verdict is not None)

    def of_event(self, step: EventStep, event: Event) -> tuple[Verdict, ...]:
        """Return what is wrong with an event that is about to be sent. Raises BreachError."""
        key = id(step.where)
        wrong = self._wrong.get(key) if key in self._settled else self._rendered(step, event)
        return () if wrong is None else (self._allowed(wrong),)

    def apart(self, series: Series) -> bool:
        """Tell whether the events of a series have to be judged one by one."""
        key = id(series.step.where)
        if key in self._settled:
            return False
        if key not in self._apart:
            constant = self._signature(series.step).is_constant(series)
            self._apart[key] = not constant
            if constant:
                self._settle(series)
        return self._apart[key]

    def _settle(self, series: Series) -> None:
        """Judge one for all."""
        step = series.step
        wrong = self._rendered(step, nth(series, 1))
        self._settled.add(id(step.where))
        if wrong is not None:
            self._wrong[id(step.where)] = wrong

    def _signature(self, step: EventStep) -> Signature:
        assert self._stream is not None
        found = self._signatures.get(id(step.where))
        if found is None:
            found = self._signatures[id(step.where)] = Signature(self._stream, step)
        return found

    def _rendered(self, step: EventStep, event: Event) -> Verdict | None:
        if event.data is None or self._stream is None:
            return None
        signature = self._signature(step).of(event)
        key = (self._operation.id, id(step.where), signature)
        violations = None if signature is None else self._judge.known(key)
        if violations is None:
            violations = tuple(event_violations(self._stream, event.event, event.data, event.id))
            # What is wrong is told with the value that is, and others are wrong in the same way.
            if not violations and signature is not None:
                self._judge.keep(key, (), len(event.data))
        on_purpose = step.violates is not None
        if bool(violations) == on_purpose:
            return None
        return Verdict("event", step.where, violations, event.event, on_purpose)

    # --- heads and answers -----------------------------------------------------------------------

    def of_head(self, row: Row, head: Head) -> tuple[Verdict, ...]:
        """Return what is wrong with the head of a stream. Raises BreachError."""
        known = self._heads.get(id(row.where))
        if known is not None and known.violations is None:
            known = head_verdict(self._operation, known.where, head)
        return self._of_answer(known)

    def of_answer(self, row: Row, answer: Answer) -> tuple[Verdict, ...]:
        """Return what is wrong with a whole answer. Raises BreachError."""
        known, response = self._heads.get(id(row.where)), row.response
        if known is not None and known.violations is None and response is not None:
            head, body = answer.head, answer.body
            key = (self._operation.id, id(row.where), head.status, head.headers, body)
            found = self._judge.known(key)
            if found is None:
                own = response.has_body or response.file is not None
                verdict = answer_verdict(self._operation, known.where, head, body, own=own)
                found = verdict.violations or ()
                self._judge.keep(key, found, len(body))
            known = Verdict(
                "answer", known.where, found, on_purpose=self._on_purpose and self._alone
            )
        return self._of_answer(known)

    def _of_answer(self, verdict: Verdict | None) -> tuple[Verdict, ...]:
        if verdict is None or not verdict.wrong or (self._on_purpose and not verdict.idle):
            return ()
        return (self._allowed(verdict),)

    def _allowed(self, verdict: Verdict) -> Verdict:
        """Return a verdict that is only noted; raise BreachError where it must not be."""
        if self._strict and verdict.broken:
            text = f"{verdict.where}: {'; '.join(told(verdict, self.placed))} [{verdict.code}]"
            raise BreachError(verdict, text)
        return verdict

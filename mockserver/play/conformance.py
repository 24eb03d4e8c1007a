"""Holds what scenarios send against the document, for `check`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockserver.errors import Location, Problem
from mockserver.play.rows import best_verdicts
from mockserver.play.verdicts import IDLE, NOT_A_STREAM, UNDECLARED, Verdict, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from mockserver.contract import Violation
    from mockserver.errors import Severity
    from mockserver.play.verdicts import Placer
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program

    Finder: TypeAlias = Callable[[Location, str], Location]
    """Gives the place of a member of what stands at a place: `data.items[0].price`."""

_MEND: Final = "leave 'violates' out, or break the contract"


def contract_problems(
    catalog: Catalog,
    severity: Severity,
    placed: Placer | None = None,
    member: Finder | None = None,
) -> list[Problem]:
    """Return a problem for all that scenarios send and the document does not allow.

    Templates are rendered once, as a usual request would see them; what needs more than that is
    left to the server. An event or scenario with `violates` is not reported, unless it fits after
    all. `placed` and `member` lead to lines of the document and of the scenario.
    """
    source = catalog.contract.source
    teller = _Teller(
        severity,
        placed or (lambda pointer: Location(source, pointer=pointer)),
        member or (lambda where, _: where),
    )
    problems: dict[tuple[str, str, int, int], Problem] = {}
    for program in (*catalog.programs.values(), *catalog.variants.values()):
        for problem in teller.problems(program, catalog):
            where = problem.where
            key = (problem.code, where.file, where.line, where.column)
            problems.setdefault(key, problem)
    return list(problems.values())


class _Teller:
    """Makes problems of verdicts."""

    def __init__(self, severity: Severity, placed: Placer, member: Finder) -> None:
        self._severity = severity
        self._placed = placed
        self._member = member

    def problems(self, program: Program, catalog: Catalog) -> Iterator[Problem]:
        scenario = program.scenario
        operations = catalog.operations(program)
        rows = best_verdicts(program, operations, rendered=True, example=catalog.example)
        verdicts = [verdict for row in rows for verdict in row]
        # What has no place in another framing cannot break the contract there.
        other = catalog.programs[program.name] is not program
        for verdict in verdicts:
            if verdict.idle and other:
                continue
            if verdict.idle:
                yield Problem(verdict.where, IDLE, "no-violation", _MEND)
            elif verdict.wrong and scenario.violates is None:
                yield from self._of(verdict, alone=len(operations) == 1)
        unsure = any(v.broken or v.violations is None for v in verdicts)
        if scenario.violates is not None and not unsure and not other:
            yield Problem(scenario.where, IDLE, "no-violation", _MEND)

    def _of(self, verdict: Verdict, *, alone: bool) -> Iterator[Problem]:
        """Tell one verdict; what keeps the rest from being judged has a code of its own."""
        rest = []
        for violation in verdict.violations or ():
            if violation.code in UNDECLARED:
                yield self._problem(verdict, [violation], code=violation.code)
            # `warnings` of the catalog tells it already where there is but one operation.
            elif violation.code != NOT_A_STREAM or not alone:
                rest.append(violation)
        if rest and verdict.part == "event":
            begin = "this event breaks the contract: "
            yield self._problem(verdict, rest, begin, code="contract-event")
        elif rest:
            begin = "this answer breaks the contract: "
            yield self._problem(verdict, rest, begin, code="contract-answer")

    def _problem(
        self, verdict: Verdict, violations: Sequence[Violation], begin: str = "", *, code: str
    ) -> Problem:
        first = violations[0]
        sentences = told(replace(verdict, violations=tuple(violations)), self._placed)
        where = self._member(verdict.where, first.field)
        mend = first.mend or _asked(first)
        what = f"{begin}{'; '.join(sentences)}{_more(violations, sentences)}"
        return Problem(where, what, code, f"{mend}; or say 'violates: …'", self._severity)


def _asked(violation: Violation) -> str:
    if not violation.expected:
        return f"mend it, or the document at {violation.pointer}"
    return f"the document asks for {violation.expected} at {violation.pointer}"


def _more(violations: Sequence[Violation], sentences: Iterable[str]) -> str:
    rest = len(violations) - len(tuple(sentences))
    return f" (and {rest} more)" if rest else ""

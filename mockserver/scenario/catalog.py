"""Brings scenarios and the OpenAPI document together: what can be played on which operation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import NOTHING, Wish, lenient_answer
from mockserver.errors import Location, Problem, did_you_mean
from mockserver.scenario.awaits import awaited_operations
from mockserver.scenario.compile import compile_scenario, cut_problems
from mockserver.scenario.conditions import ties
from mockserver.scenario.expect_doubts import expect_doubts
from mockserver.scenario.expect_rules import counted_operations, expected_requests
from mockserver.scenario.frames import as_frames
from mockserver.scenario.framings import FRAMINGS, framing_problems
from mockserver.scenario.includes import resolve_includes
from mockserver.scenario.model import Response, Scenario
from mockserver.scenario.outgoing import outgoing
from mockserver.scenario.shapes import Report
from mockserver.scenario.shown import shown_program
from mockserver.scenario.story_rules import check_story, steps_of, templates
from mockserver.scenario.template import Template
from mockserver.scenario.yamltree import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from mockserver.contract import Contract, Operation
    from mockserver.scenario.program import Program
    from mockserver.sse.encode import Framing

SHOWN: Final = 1_000
"""Streams without a scenario whose programs are kept at a time."""
FRAMED: Final = 1_000
"""Programs whose frames are kept at a time."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The document, its operations, and the programs that answer them."""

    contract: Contract
    programs: Mapping[str, Program]
    """By the scenario's name."""
    by_operation: Mapping[str, Sequence[Program]]
    """By `Operation.id`, in the order of the scenarios' names."""
    variants: Mapping[tuple[str, Framing], Program] = field(default_factory=dict)
    """Programs in further framings that their operations stream in, by name and framing."""
    counted: frozenset[str] = frozenset()
    """The operations whose requests an `expect` counts, by their ids."""
    awaited: frozenset[str] = frozenset()
    """The operations to which some scenario awaits requests, by `Operation.id`."""
    _shown: dict[tuple[str, str, str, str | None], Program] = field(default_factory=dict)
    _frames: dict[int, tuple[Program, Program]] = field(default_factory=dict)
    """By the identity of the first, which nobody else can have while it is kept here."""

    def operations(self, program: Program) -> list[Operation]:
        """Return the operations that a program is for, each once, in the order written."""
        found = [self.contract.find(name) for name, _ in program.scenario.operations]
        return list(dict.fromkeys(operation for operation in found if operation is not None))

    def example(self, schema: str) -> Any:
        """Return what the schema of that name shows as an example. Raises ValueError."""
        value = self.contract.example(schema)
        if value is NOTHING:
            raise ValueError(f"the document has no schema {schema!r} with an example")
        return value

    def has(self, program: Program) -> bool:
        """Tell whether a program is a scenario's, in any framing, and not the document's own."""
        name = program.name
        return self.variants.get((name, program.framing), self.programs.get(name)) is program

    def framed(self, program: Program, operation: Operation, accept: str) -> Program:
        """Return a program in the framing that an operation and an Accept want."""
        stream = operation.stream_for(accept)
        framing = "sse" if stream is None else stream.framing
        return self.variants.get((program.name, framing), program)

    def websocket(self, program: Program) -> Program:
        """Return a program as it is told over a WebSocket, made when that is first asked."""
        pair = self._frames.pop(id(program), None) or (program, as_frames(program))
        self._frames[id(program)] = pair
        if len(self._frames) > FRAMED:
            del self._frames[next(iter(self._frames))]
        return pair[1]

    def examples(
        self,
        operation: Operation,
        seed: str = "0",
        name: str | None = None,
        accept: str = "*/*",
    ) -> Program | None:
        """Return the program that plays a stream without a scenario, or None.

        The examples of the document, of several the first or the one called `name`; else events
        that are made from its schemas on first use.
        """
        stream = operation.stream_for(accept)
        if stream is None:
            return None
        key = (operation.id, stream.media_type, seed, name)
        program = self._shown.pop(key, None) or shown_program(operation, stream, seed, name)
        if program is not None:
            self._shown[key] = program
            if len(self._shown) > SHOWN:
                del self._shown[next(iter(self._shown))]
        return program


def link(
    contract: Contract,
    scenarios: Sequence[Scenario],
    read_body: Callable[[str], bytes],
    broken: Collection[str] = (),
) -> tuple[Catalog, list[Problem]]:
    """Compile the scenarios for the operations of `contract`, with every problem of all of them.

    `read_body` returns the content of a file that a response names; raises ValueError with what
    is wrong with the name, or OSError. `broken` are the names of scenarios that are not among
    `scenarios` for faults that have been told.
    """
    written = {scenario.name: scenario for scenario in scenarios}
    whole, problems = resolve_includes(written, broken)
    including = [scenario for name, scenario in whole.items() if scenario is not written[name]]
    unsound, wrong = _included_problems(including)
    problems += wrong
    for name in unsound:
        del whole[name]
    programs: dict[str, Program] = {}
    variants: dict[tuple[str, Framing], Program] = {}
    rivals: dict[str, list[Scenario]] = {}
    for name, scenario in sorted(whole.items()):
        operations, wrong = _operations(contract, scenario)
        wrong += _parameter_problems(scenario, operations)
        wrong += _example_problems(scenario, operations)
        requests, uncalled = outgoing(scenario, operations, contract.document)
        # An operation that is not there may be the one that declares the callback.
        wrong += uncalled if len(operations) == len(scenario.operations) else []
        awaited, unknown = awaited_operations(steps_of(scenario), contract)
        wrong += unknown
        files, unread = _files(scenario, read_body)
        expect, unknown = expected_requests(scenario, contract)
        wrong += unknown
        problems += [*wrong, *unread]
        if wrong or unread:
            continue
        named = tuple((_full_name(op), where) for op, (_, where) in
                        zip(operations, scenario.operations, strict=True))  # fmt: skip
        named_so = replace(scenario, operations=named, expect=expect)
        make = partial(compile_scenario, files=files, requests=requests, awaited=awaited)
        found, wrong = _programs(named_so, operations, make)
        problems += wrong
        if wrong:
            continue
        programs[name] = found[0]
        variants |= {(name, program.framing): program for program in found[1:]}
        for operation in dict.fromkeys(operations):
            rivals.setdefault(operation.id, []).append(scenario)
    problems += ties(rivals)
    by_operation = {
        operation: [programs[scenario.name] for scenario in found]
        for operation, found in rivals.items()
    }
    counted = counted_operations(program.scenario for program in programs.values())
    awaits = frozenset[str]().union(*(program.awaited for program in programs.values()))
    return Catalog(contract, programs, by_operation, variants, counted, awaits), problems


def _programs(
    scenario: Scenario,
    operations: Sequence[Operation],
    make: Callable[..., Program],
) -> tuple[list[Program], list[Problem]]:
    """Return what `make` makes of a scenario, one for each framing, that of event streams first."""
    streams = [stream for operation in operations for stream in operation.streams]
    framings: set[Framing] = {stream.framing for stream in streams} or {"sse"}
    if not all(operation.streams for operation in operations):
        framings.add("sse")
    first, *others = sorted(framings, key=FRAMINGS.index)
    wrong = framing_problems(scenario, first)
    if wrong:
        return [], wrong
    found = [make(scenario, framing=framing) for framing in (first, *others)]
    # A cut that goes beyond its block does so in several framings at once.
    cuts = {problem.where: problem for program in found[::-1] for problem in cut_problems(program)}
    return found, list(cuts.values())


def _included_problems(scenarios: Sequence[Scenario]) -> tuple[list[str], list[Problem]]:
    """Return what is wrong with scenarios whose includes are resolved, and was not before.

    The names of those that are, and the problems. What is wrong with one is not told once more
    of each that includes it.
    """
    unsound: list[str] = []
    own: dict[Problem, None] = {}
    others: list[tuple[Problem, str]] = []
    for scenario in scenarios:
        report = Report(SourceFile(scenario.where.file, []))
        check_story(scenario, report)
        unsound += [scenario.name] if report.problems else []
        for problem in report.problems:
            if problem.where.file == scenario.where.file:
                own[problem] = None
            else:
                others.append((problem, scenario.name))
    told = [
        replace(problem, what=f"{problem.what}, as {name!r} includes it")
        for problem, name in others
        if problem not in own
    ]
    return unsound, [*own, *told]


def _full_name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def _operations(contract: Contract, scenario: Scenario) -> tuple[list[Operation], list[Problem]]:
    operations, problems = [], []
    for name, where in scenario.operations:
        operation = contract.find(name)
        if operation is None:
            what = f"the document has no operation {name!r}"
            mend = did_you_mean(name, contract.names())
            problems.append(Problem(where, what, "unknown-operation", mend))
        else:
            operations.append(operation)
    return operations, problems


def _parameter_problems(scenario: Scenario, operations: Sequence[Operation]) -> list[Problem]:
    """Report path parameters in use that none of the operations has."""
    known = {name for operation in operations for name in operation.path_parameters}
    if not operations:
        return []
    problems = []
    shown = " or ".join(operation.path for operation in operations)

    def check(name: str, where: Location) -> None:
        if name not in known:
            what = f"{shown} has no path parameter {name!r}"
            mend = did_you_mean(name, sorted(known)) or "it has none at all"
            problems.append(Problem(where, what, "unknown-parameter", mend))

    for name in scenario.when.path if scenario.when else ():
        check(name, scenario.where)
    for template in templates(scenario) if scenario.templated else ():
        for expression in template.expressions:
            for reference in expression.references:
                if reference[:2] == ("request", "path") and len(reference) > 2:
                    check(reference[2], template.where)
    return problems


def _responses(scenario: Scenario) -> Iterator[Response]:
    candidates: list[Any] = [scenario.response, scenario.afterwards]
    candidates += [connection.response for connection in scenario.connections or ()]
    for response in candidates:
        if isinstance(response, Response):
            yield response


def _example_problems(scenario: Scenario, operations: Sequence[Operation]) -> list[Problem]:
    """Report examples that none of the operations has for the status of their response."""
    rows = [connection.response for connection in scenario.connections or ()]
    problems = []
    for response in (scenario.response, *rows, scenario.afterwards):
        if not isinstance(response, Response) or response.example is None or not operations:
            continue
        if isinstance(response.status, Template):
            continue
        wish = Wish(response.status, response.example)
        if not any(lenient_answer(operation, wish) for operation in operations):
            name = " or ".join(operation.id for operation in operations)
            status = f" for status {response.status}" if response.status else ""
            what = f"{name} has no example {response.example!r}{status} that is a whole answer"
            mend = "name one of the document's examples, or write the body"
            problems.append(Problem(response.where, what, "unknown-example", mend))
    return problems


def _files(
    scenario: Scenario, read_body: Callable[[str], bytes]
) -> tuple[dict[str, bytes], list[Problem]]:
    files: dict[str, bytes] = {}
    problems = []
    for response in _responses(scenario):
        name = response.file
        if name is None or name in files:
            continue
        try:
            files[name] = read_body(name)
        except (ValueError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            what = f"the body file {name!r} cannot be read: {reason}"
            mend = "name a file under the scenario folder"
            problems.append(Problem(response.where, what, "unreadable-file", mend))
    return files, problems


def warnings(catalog: Catalog) -> list[Problem]:
    """Return what is odd about the scenarios but does not keep them from being played."""
    found = [p for program in catalog.programs.values() for p in expect_doubts(program.scenario)]
    for operation_id, programs in catalog.by_operation.items():
        operation = catalog.contract.operations[operation_id]
        if operation.stream is not None:
            continue
        for program in programs:
            scenario = program.scenario
            streams = any(not row.answer and not row.broken for row in program.rows)
            if streams and not scenario.violates and len(scenario.operations) == 1:
                what = f"{operation.id} declares no event stream, and this scenario sends one"
                mend = "declare text/event-stream in the document, or say 'violates: …'"
                problem = Problem(scenario.where, what, "not-a-stream", mend, "warning")
                found.append(problem)
    return found

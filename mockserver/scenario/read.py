"""Reads scenario files into the model, and keeps every problem of every file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mockserver.scenario.language import SCENARIO
from mockserver.scenario.nodes import Mapping, Scalar
from mockserver.scenario.shapes import UNFIT, Report
from mockserver.scenario.story_rules import check_story
from mockserver.scenario.yamltree import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.errors import Problem
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.nodes import Node


File: TypeAlias = tuple[str, str, bytes]
"""A file as it is shown, the name of its scenario where it has none of its own, the content."""


class Said(NamedTuple):
    """What a file has said: its scenarios without a fault, its problems, the names of them all."""

    scenarios: list[Scenario]
    problems: list[Problem]
    names: frozenset[str]


Known: TypeAlias = "dict[File, Said]"
"""What files have said; those that were not read last are forgotten."""


def read_scenarios(
    files: Iterable[File], known: Known | None = None
) -> tuple[list[Scenario], list[Problem]]:
    """Read files; of those that are `known`, the scenarios are the very same objects.

    Returns the scenarios without a fault of their own, and the problems of all the others.
    """
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    before = {} if known is None else dict(known)
    if known is not None:
        known.clear()
    for file in files:
        said = before.get(file) or _read_file(*file)
        if known is not None:
            known[file] = said
        scenarios += said.scenarios
        problems += said.problems
    return _without_twins(scenarios, problems), problems


def broken_names(known: Known) -> frozenset[str]:
    """Return the names of the scenarios that are there and could not be read for their faults."""
    sound = {scenario.name for said in known.values() for scenario in said.scenarios}
    return frozenset[str]().union(*(said.names for said in known.values())) - sound


def _read_file(shown: str, default_name: str, raw: bytes) -> Said:
    parsed = parse(shown, raw)
    report = Report(parsed.file, parsed.problems)
    scenarios = []
    several = len(parsed.documents) > 1
    for document in parsed.documents:
        if isinstance(document, Scalar) and document.value is None:
            continue
        before, templates = len(report.problems), report.templates
        scenario = SCENARIO.read(document, report)
        if scenario is UNFIT:
            continue
        if several and isinstance(document, Mapping) and "scenario" not in document.entries:
            what = "each of several documents in a file needs a name"
            report.wrong(document, what, "missing-key", "add 'scenario: …'")
        scenario = replace(
            scenario,
            name=scenario.name or default_name,
            templated=report.templates > templates,
        )
        check_story(scenario, report, whole=len(report.problems) == before)
        if len(report.problems) == before and not _broken_yaml(parsed.problems[:before]):
            scenarios.append(scenario)
    empty = all(isinstance(d, Scalar) and d.value is None for d in parsed.documents)
    if empty and not report.problems:
        report.wrong(parsed.file.place(1, 1), "the file is empty", "empty-file", "write a scenario")
    names = {_name(document) or default_name for document in parsed.documents}
    return Said(scenarios, report.problems, frozenset(names or {default_name}))


def _name(document: Node) -> str:
    """Return the name that a document gives its scenario, sound or not; "" where it gives none."""
    named = document.get("scenario") if isinstance(document, Mapping) else None
    return named.text if isinstance(named, Scalar) else ""


def _broken_yaml(problems: list[Problem]) -> bool:
    """Whether a fault of the YAML itself leaves the documents of its file in doubt."""
    doubtful = {"duplicate-key", "bad-tag", "merge-key"}
    return any(problem.code in doubtful for problem in problems)


def _without_twins(scenarios: list[Scenario], problems: list[Problem]) -> list[Scenario]:
    from mockserver.errors import Problem  # noqa: PLC0415

    first: dict[str, Scenario] = {}
    for scenario in scenarios:
        earlier = first.setdefault(scenario.name, scenario)
        if earlier is not scenario:
            what = f"the name {scenario.name!r} is taken by {earlier.where}"
            mend = "give one of the two another name with 'scenario: …'"
            problems.append(Problem(scenario.where, what, "name-taken", mend))
    return list(first.values())

"""What has to hold of `expect` as a whole: no entry that no client could ever pass."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mockserver.errors import Problem, did_you_mean
from mockserver.scenario.expected import (
    ClosingExpected,
    ConnectionExpected,
    ConnectionsExpected,
    RequestsExpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockserver.contract import Contract
    from mockserver.scenario.expected import Expected
    from mockserver.scenario.model import Scenario
    from mockserver.scenario.shapes import Report


def check_expect(scenario: Scenario, report: Report) -> None:
    """Report entries that can never be passed, and parts that have nothing to work on.

    A connection beyond the story's last is none of these: a client may leave and come back, and
    one that is told to stay away has asked, too.
    """
    for entry in scenario.expect:
        match entry:
            case ConnectionExpected(connection=1, after=after) if after is not None:
                what = "after counts from the end of the connection before, and 1 is the first"
                report.wrong(entry.where, what, "never-passed", "write connection: 2")
            case ClosingExpected(after_event=None, within=within) if within is not None:
                what = "within counts from an event here, and none is named"
                report.wrong(entry.where, what, "nothing-to-do", "add after_event")
    _check_counts(scenario, report)


def _check_counts(scenario: Scenario, report: Report) -> None:
    """Report numbers of connections that exclude one another."""
    low, high = 0.0, float("inf")
    for entry in scenario.expect:
        # With `within`, a further connection may come when that time is over.
        if isinstance(entry, ConnectionsExpected) and entry.within is None:
            low, high = max(low, entry.connections.low), min(high, entry.connections.high)
            if low > high:
                what = f"{entry} excludes what an entry before it expects"
                report.wrong(entry.where, what, "never-passed", "keep one of the two")
                return
    for entry in scenario.expect:
        number = getattr(entry, "connection", None)
        if isinstance(number, int) and number > high:
            what = f"connection {number} cannot come: another entry expects {int(high)} at most"
            report.wrong(entry.where, what, "never-passed", "mend one of the two")


def expected_requests(
    scenario: Scenario, contract: Contract
) -> tuple[tuple[Expected, ...], list[Problem]]:
    """Return `expect` with the operations of its `requests` found, and those that are none."""
    problems: list[Problem] = []
    entries: list[Expected] = []
    for entry in scenario.expect:
        if not isinstance(entry, RequestsExpected):
            entries.append(entry)
            continue
        found = []
        for each in entry.requests:
            operation = contract.find(each.name)
            if operation is None:
                what = f"the document has no operation {each.name!r}"
                mend = did_you_mean(each.name, contract.names())
                problems.append(Problem(each.where, what, "unknown-operation", mend))
            else:
                found.append(replace(each, operation=operation.id))
        entries.append(replace(entry, requests=tuple(found)))
    return tuple(entries), problems


def counted_operations(scenarios: Iterable[Scenario]) -> frozenset[str]:
    """Return the ids of the operations whose requests are counted by any of the scenarios."""
    return frozenset(
        each.operation
        for scenario in scenarios
        for entry in scenario.expect
        if isinstance(entry, RequestsExpected)
        for each in entry.requests
    )

"""What was found, to be read: a line for each scenario, where it differs, what came instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.errors import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.verify.words import Difference, Status, Verified


def as_text(found: Verified) -> str:
    """Return one scenario as it is reported when it is done."""
    mark = {"passed": "passed ", "failed": "FAILED ", "skipped": "skipped"}[found.status]
    if found.skip is not None:
        return escaped(f"{mark}  {found.name}: {found.skip.reason} ({found.skip.where})")
    told = f"{found.events:,} event{'' if found.events == 1 else 's'}"
    if found.connections > 1:
        told = f"{found.connections} connections, {told}"
    lines = [f"{mark}  {found.name}: {found.request} ({told})"]
    for difference in found.differences:
        lines += difference_text(difference, "  ")
    lines += [f"  note: {note.what} [{note.code}]" for note in found.notes]
    return escaped("\n".join(lines))


def difference_text(difference: Difference, indent: str = "") -> Iterator[str]:
    """Yield the lines of one difference."""
    times = f", {difference.count:,} times" if difference.count > 1 else ""
    yield f"{indent}{difference.where}: {difference.what}{times} [{difference.code}]"
    at = "" if difference.at is None else f" (at {round(difference.at, 3):g} s"
    if at:
        at += f" of connection {difference.connection})" if difference.connection > 1 else ")"
    yield f"{indent}  expected: {difference.expected}"
    yield f"{indent}  got:      {difference.got}{at}"
    if difference.evidence:
        yield f"{indent}  evidence: {difference.evidence}"


def summary(found: Sequence[Verified]) -> str:
    """Return how many there are of each, on one line."""
    words: tuple[Status, ...] = ("failed", "passed", "skipped")
    counts = {word: sum(each.status == word for each in found) for word in words}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing"


def as_json(found: Iterable[Verified]) -> dict[str, Any]:
    """Return everything as data; times in seconds."""
    listed = list(found)
    failed = any(each.status == "failed" for each in listed)
    return {
        "status": "failed" if failed else "passed",
        "scenarios": [_scenario_json(each) for each in listed],
    }


def _scenario_json(found: Verified) -> dict[str, Any]:
    told: dict[str, Any] = {
        "scenario": found.name,
        "where": str(found.where),
        "status": found.status,
    }
    if found.skip is not None:
        return told | {"reason": found.skip.reason, "reason_where": str(found.skip.where)}
    return told | {
        "request": found.request,
        "connections": found.connections,
        "events": found.events,
        "seconds": round(found.took, 6),
        "differences": [_difference_json(each) for each in found.differences],
        "notes": [{"code": note.code, "what": note.what} for note in found.notes],
    }


def _difference_json(difference: Difference) -> dict[str, Any]:
    return {
        "code": difference.code,
        "where": str(difference.where),
        "what": difference.what,
        "expected": difference.expected,
        "got": difference.got,
        "connection": difference.connection,
        "at": None if difference.at is None else round(difference.at, 6),
        "evidence": difference.evidence,
        "count": difference.count,
    }

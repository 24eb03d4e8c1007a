"""A verdict as JSON, and as a report to read: where, expected, got."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.findings import Finding
    from mockserver.play.verdict.judged import (
        Evidence,
        Expectation,
        Judged,
        ScenarioVerdict,
        SessionVerdict,
        Status,
    )


def as_json(verdict: SessionVerdict) -> dict[str, Any]:
    """Return the verdict as data; times in seconds by the session's clock."""
    counts: dict[str, int] = {
        "passed": verdict.count("passed"),
        "failed": verdict.count("failed"),
        "pending": verdict.count("pending"),
        "findings": len(verdict.findings) + sum(count for _, count in verdict.unlisted),
    }
    return {
        "session": verdict.session,
        "status": verdict.status,
        "final": verdict.final,
        "counts": counts,
        "scenarios": [_scenario_json(scenario) for scenario in verdict.scenarios],
        "findings": [_finding_json(finding) for finding in verdict.findings],
        "unlisted_findings": dict(verdict.unlisted),
        "allowed": [_finding_json(finding) for finding in verdict.allowed],
        "notes": [_finding_json(finding) for finding in verdict.notes],
        "abandoned": list(verdict.abandoned),
        "unwatched_subscriptions": verdict.unwatched,
    }


def _scenario_json(scenario: ScenarioVerdict) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "status": scenario.status,
        "expectations": [_expectation_json(each) for each in scenario.expectations],
    }


def _expectation_json(expectation: Expectation) -> dict[str, Any]:
    return {
        "where": str(expectation.where),
        "expectation": expectation.text,
        "status": expectation.status,
        "judged": [_judged_json(each) for each in expectation.judged],
    }


def _judged_json(judged: Judged) -> dict[str, Any]:
    return {
        "subscription": judged.subscription or None,
        "target": judged.target or None,
        "connection": judged.connection or None,
        "status": judged.status,
        "evidence": [_evidence_json(each) for each in judged.evidence],
    }


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    told: dict[str, Any] = {
        "of": evidence.of,
        "status": evidence.status,
        "expected": evidence.expected,
        "got": evidence.got,
        "at": None if evidence.at is None else round(evidence.at, 6),
    }
    return {**told, "nearest": evidence.nearest} if evidence.nearest else told


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "what": finding.what,
        "target": finding.target,
        "at": round(finding.at, 6),
        "count": finding.count,
        "operation": finding.operation or None,
        "scenario": finding.scenario or None,
        "subscription": finding.subscription or None,
        "connection": finding.connection or None,
        "where": finding.where or None,
        "reason": finding.reason or None,
        "faults": list(finding.faults),
    }


def as_text(verdict: SessionVerdict, *, failed_only: bool = False) -> str:
    """Return the verdict as a report; `failed_only` leaves out what is right or not certain yet."""
    lines = [_headline(verdict), ""]
    for scenario in verdict.scenarios:
        for expectation in scenario.expectations:
            if expectation.status == "failed" or not failed_only:
                lines += _expectation_text(scenario, expectation, failed_only=failed_only)
    for finding in verdict.findings:
        lines += [f"{finding_text(finding)} [{finding.code}]", *_faults(finding)]
    lines += [f"and {count} more [{code}]" for code, count in verdict.unlisted]
    if not failed_only:
        lines += [f"allowed: {finding_text(each)} [{each.code}]" for each in verdict.allowed]
        lines += [f"note: {finding_text(each)} [{each.code}]" for each in verdict.notes]
        lines += [f"began anew, not judged to the end: {each}" for each in verdict.abandoned]
    if verdict.unwatched:
        lines.append(f"not judged: {verdict.unwatched} subscriptions beyond the bounds")
    return "\n".join(lines).rstrip("\n")


def _headline(verdict: SessionVerdict) -> str:
    words: tuple[Status, ...] = ("passed", "failed", "pending")
    counts = {word: verdict.count(word) for word in words}
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    findings = len(verdict.findings) + sum(count for _, count in verdict.unlisted)
    if findings:
        parts.append(f"{findings} finding{'' if findings == 1 else 's'}")
    told = ", ".join(parts) or "nothing was expected"
    return f"session {verdict.session}: {verdict.status} ({told})"


def _expectation_text(
    scenario: ScenarioVerdict, expectation: Expectation, *, failed_only: bool
) -> Iterator[str]:
    status = expectation.status
    yield f"{expectation.where}: {status}: {expectation.text} [{scenario.name}]"
    for judged in expectation.judged:
        if judged.status == "passed":
            continue
        if failed_only and judged.status != "failed":
            continue
        if judged.subscription:
            yield f"  subscription {judged.subscription}, {judged.target}"
        for evidence in judged.evidence:
            if evidence.status != "passed":
                yield from evidence_text(evidence, "  ")


def evidence_text(evidence: Evidence, indent: str = "") -> Iterator[str]:
    """Yield the lines of what was expected and what came."""
    yield f"{indent}{evidence.of}"
    yield f"{indent}  expected: {evidence.expected}"
    at = "" if evidence.at is None else f" (at {round(evidence.at, 3):g} s)"
    yield f"{indent}  got:      {evidence.got}{at}"
    if evidence.nearest:
        yield f"{indent}  nearest:  {evidence.nearest}"


def finding_text(finding: Finding) -> str:
    """Return a finding on one line: where, what, how often."""
    where = f"{finding.where}: " if finding.where else ""
    whose = ""
    if finding.scenario:
        whose = f" ({finding.scenario}"
        if finding.connection:
            whose += f", subscription {finding.subscription}, connection {finding.connection}"
        whose += ")"
    times = f", {finding.count} times" if finding.count > 1 else ""
    return f"{where}{finding.target}: {finding.what}{whose}{times}"


def _faults(finding: Finding) -> list[str]:
    return [f"  {fault}" for fault in finding.faults[1:]]

"""A verdict as JUnit XML: a suite for each scenario, a case for each entry and subscription."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mockserver.play.verdict.report import evidence_text, finding_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.play.findings import Finding
    from mockserver.play.verdict.judged import (
        Expectation,
        Judged,
        ScenarioVerdict,
        SessionVerdict,
    )

# XML 1.0 § 2.2: "Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"
_NO_CHAR: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AT: Final = re.compile(r"(?P<file>.+):(?P<line>\d+):\d+", re.DOTALL)
_SPECIAL: Final = {
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;",
    "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
}  # fmt: skip


def as_junit(verdicts: SessionVerdict | Iterable[SessionVerdict]) -> str:
    """Return one verdict, or several, as a document of XML 1.0."""
    from mockserver.play.verdict.judged import SessionVerdict  # noqa: PLC0415

    several = [verdicts] if isinstance(verdicts, SessionVerdict) else list(verdicts)
    return document([one for verdict in several for one in _suites(verdict)])


def _suites(verdict: SessionVerdict) -> Iterator[str]:
    for scenario in verdict.scenarios:
        yield _suite(verdict, scenario.name, list(_cases(scenario)))
    findings = [_finding_case(finding) for finding in verdict.findings]
    for code, count in verdict.unlisted:
        text = f"{count} more are not listed"
        findings.append((_case("findings", code, "", [failure(text, text)]), "failed"))
    yield _suite(verdict, "findings", findings)


def _suite(verdict: SessionVerdict, name: str, cases: list[tuple[str, str]]) -> str:
    return suite(f"{verdict.session}: {name}", cases)


def _cases(scenario: ScenarioVerdict) -> Iterator[tuple[str, str]]:
    for expectation in scenario.expectations:
        for judged in expectation.judged:
            yield _entry_case(scenario.name, expectation, judged), judged.status


def _entry_case(scenario: str, expectation: Expectation, judged: Judged) -> str:
    whose = f" [subscription {judged.subscription}, {judged.target}]" if judged.subscription else ""
    told = [each for each in judged.evidence if each.status == judged.status]
    text = "\n".join(line for each in told for line in evidence_text(each))
    inner: list[str] = []
    if judged.status == "failed":
        first = told[0]
        said = f"{first.of}: expected {first.expected}, got {first.got}"
        inner = [failure(said, f"{expectation.where}: {expectation.text}\n{text}")]
    elif judged.status == "pending":
        inner = [element("skipped", {"message": "pending: " + told[0].got}, [])]
    name = f"{expectation.text}{whose}"
    return _case(scenario, name, str(expectation.where), inner)


def _finding_case(finding: Finding) -> tuple[str, str]:
    text = "\n".join([finding_text(finding), *finding.faults])
    inner = [failure(finding.what, text)]
    return _case("findings", f"{finding.code}: {finding.target}", finding.where, inner), "failed"


def _case(suite: str, name: str, where: str, inner: list[str]) -> str:
    return element(
        "testcase", {"classname": suite, "name": name, "time": "0", **place(where)}, inner
    )


def place(where: str) -> dict[str, str]:
    """Return the attributes that say where a case stands; who shows reports links to them."""
    if not where:
        return {}
    at = _AT.fullmatch(where)
    return {"file": at["file"], "line": at["line"]} if at else {"file": where}


def document(suites: list[str]) -> str:
    """Return suites as a document of XML 1.0."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + element("testsuites", {"name": "mockserver"}, suites) + "\n"


def suite(name: str, cases: Sequence[tuple[str, str]], **more: str) -> str:
    """Return a suite of cases with their statuses; `more` are attributes besides the usual ones.

    What neither passed nor failed counts as skipped.
    """
    statuses = [status for _, status in cases]
    attributes = {
        "name": name,
        "tests": str(len(cases)),
        "failures": str(statuses.count("failed")),
        "errors": "0",
        "skipped": str(sum(status not in ("passed", "failed") for status in statuses)),
    }
    return element("testsuite", attributes | more, [case for case, _ in cases])


def failure(said: str, text: str, kind: str = "expectation") -> str:
    """Return what a case says that has failed: in short, and in full."""
    attributes = " ".join([f'type="{kind}"', f'message="{_escaped(said)}"'])
    body = _escaped(text, keep="\n")
    return f"<failure {attributes}>{body}</failure>"


def element(name: str, attributes: dict[str, str], inner: list[str]) -> str:
    """Return an element with attributes of any text, and what is in it, which is XML already."""
    said = "".join(f' {key}="{_escaped(value)}"' for key, value in attributes.items())
    if not inner:
        return f"<{name}{said}/>"
    body = "".join(f"{each}\n" for each in inner)
    return f"<{name}{said}>\n{body}</{name}>"


def _escaped(text: str, keep: str = "") -> str:
    """Return text that XML can hold: what is no character of it stands as an escape."""
    whole = _NO_CHAR.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return "".join(char if char in keep else _SPECIAL.get(char, char) for char in whole)

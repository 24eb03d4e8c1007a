"""What was found as JUnit XML: a suite, and in it a case for each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.play.verdict.junit import element, failure
from mockserver.verify.report import difference_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.verify.words import Verified


def as_junit(found: Sequence[Verified], backend: str) -> str:
    """Return a document of XML 1.0; `backend` is the base URL, which names the suite."""
    statuses = [each.status for each in found]
    attributes = {
        "name": f"verify {backend}",
        "tests": str(len(found)),
        "failures": str(statuses.count("failed")),
        "errors": "0",
        "skipped": str(statuses.count("skipped")),
        "time": f"{sum(each.took for each in found):.3f}",
    }
    suite = element("testsuite", attributes, [_case(each) for each in found])
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + element(
        "testsuites", {"name": "mockserver"}, [suite]
    )


def _case(found: Verified) -> str:
    attributes = {
        "classname": "verify",
        "name": found.name,
        "time": f"{found.took:.3f}",
        "file": str(found.where),
    }
    inner: list[str] = []
    if found.skip is not None and found.status == "failed":
        inner = [failure(found.skip.reason, f"{found.request}\n{found.skip.reason}", "time")]
    elif found.skip is not None:
        inner = [element("skipped", {"message": found.skip.reason}, [])]
    elif found.differences:
        first = found.differences[0]
        said = f"{first.what}: expected {first.expected}, got {first.got}"
        lines = [line for each in found.differences for line in difference_text(each)]
        inner = [failure(said, "\n".join([found.request, *lines]), "difference")]
    return element("testcase", attributes, inner)

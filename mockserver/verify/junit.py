"""What was found as JUnit XML: a suite, and in it a case for each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.play.verdict.junit import document, element, failure, place, suite
from mockserver.verify.report import difference_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.verify.words import Verified


def as_junit(found: Sequence[Verified], backend: str) -> str:
    """Return a document of XML 1.0; `backend` is the base URL, which names the suite."""
    cases = [(_case(each), each.status) for each in found]
    took = f"{sum(each.took for each in found):.3f}"
    return document([suite(f"verify {backend}", cases, time=took)])


def _case(found: Verified) -> str:
    attributes = {
        "classname": "verify",
        "name": found.name,
        "time": f"{found.took:.3f}",
        **place(str(found.where)),
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

"""Values that a scenario writes literally, held against those that came; templates hold for any."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import answer_violations
from mockserver.scenario.template import Template
from mockserver.verify.kinds import short
from mockserver.verify.words import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.verify.heard import Heard
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan

Found = tuple[str, str, str]
"""A field, what was expected there, and what came."""
_ABSENT: Final = "nothing"


def data_difference(written: Any, came: str) -> Found | None:
    """Return where the data of an event are others than the scenario writes, or None."""
    if isinstance(written, Template):
        return None
    if isinstance(written, str):
        return None if written == came else ("data", short(written), short(came))
    try:
        value = json.loads(came)
    except (ValueError, RecursionError):
        return "data", _json(written), short(came)
    return value_difference(written, value, "data")


def value_difference(written: Any, came: Any, field: str) -> Found | None:
    """Return the first place where a value is another than what is written, or None.

    Members that the scenario does not name are free, as they are in a body's conditions.
    """
    match written:
        case Template():
            return None
        case dict() if isinstance(came, dict):
            for name, inner in written.items():
                if name not in came:
                    return f"{field}.{name}", _json(inner), _ABSENT
                found = value_difference(inner, came[name], f"{field}.{name}")
                if found is not None:
                    return found
            return None
        case list() if isinstance(came, list) and len(came) == len(written):
            for number, (inner, item) in enumerate(zip(written, came, strict=True)):
                found = value_difference(inner, item, f"{field}[{number}]")
                if found is not None:
                    return found
            return None
    same = written == came and isinstance(written, bool) == isinstance(came, bool)
    return None if same else (field, _json(written), _json(came))


def _json(value: Any) -> str:
    if isinstance(value, Template):
        return "any value"
    return short(json.dumps(value, ensure_ascii=False, default=lambda _: "…"), 160)


def body_differences(plan: Plan, heard: Heard, options: Options) -> Iterator[Difference]:
    """Yield what is wrong with the body of an ordinary answer."""
    response = plan.program.rows[0].response
    assert response is not None
    where = response.where

    def differs(code: str, what: str, expected: str, got: str, evidence: str = "") -> Difference:
        return Difference(code, what, expected, got, where, 1, heard.ended_at, evidence)

    if heard.end != "end":
        broken = f"it breaks off: {heard.why}" if heard.why else "it breaks off"
        got = broken if heard.end == "cut" else "the time for it was over"
        code = "cut-off" if heard.end == "cut" else "timeout"
        yield differs(code, "the body does not come to its end", "a whole body", got)
        return
    seen: set[str] = set()
    text = short(heard.body.decode("utf-8", "replace"), 160)
    for violation in answer_violations(
        plan.operation, heard.status, heard.headers, heard.body, empty=not heard.body
    ):
        if violation.field.startswith("headers") or violation.field in seen:
            continue
        seen.add(violation.field)
        what = f"{violation.field}: {violation.what}"
        source = f"{plan.operation.document.source}#{violation.pointer}"
        yield differs("answer-schema", what, short(violation.expected, 160), text, source)
    if options.match == "exact" and response.has_body and not seen:
        found = data_difference(response.body, heard.body.decode("utf-8", "replace"))
        if found is not None:
            field, expected, got = found
            field = "body" + field.removeprefix("data")
            what = f"{field}: another value than the scenario's"
            yield differs("answer-body", what, expected, got)

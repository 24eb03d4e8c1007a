"""What came held against what was to come: every way in which the backend differs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mockserver.contract import answer_violations
from mockserver.contract.media import essence
from mockserver.scenario.units import duration_text
from mockserver.verify.events import event_differences
from mockserver.verify.kinds import short
from mockserver.verify.order import order_differences
from mockserver.verify.resuming import resume_differences
from mockserver.verify.values import body_differences
from mockserver.verify.words import Difference, Note, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.errors import Location
    from mockserver.verify.heard import Heard
    from mockserver.verify.options import Options
    from mockserver.verify.plan import Plan
    from mockserver.verify.tour import Tour

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


def verified(tour: Tour, options: Options) -> Verified:
    """Return what is to be said of a scenario whose connections have been made."""
    plan = tour.plan
    differences = tuple(_shown(each, plan) for each in _differences(tour, options))
    return Verified(
        plan.program.name,
        plan.scenario.where,
        "failed" if differences else "passed",
        plan.ask.shown,
        differences,
        tuple(_notes(tour, options)),
        connections=len(tour.heard),
        events=len(tour.events),
        took=sum(heard.ended_at for heard in tour.heard),
    )


def _shown(difference: Difference, plan: Plan) -> Difference:
    """Return a difference without secrets, which a backend may send back."""
    secrets = sorted(plan.ask.secret - {""}, key=len, reverse=True)

    def shown(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "…")
        return text

    return replace(
        difference,
        what=shown(difference.what),
        got=shown(difference.got),
        evidence=shown(difference.evidence),
    )


def _differences(tour: Tour, options: Options) -> Iterator[Difference]:
    plan = tour.plan
    heads = [found for heard in tour.heard for found in _of_head(plan, heard)]
    yield from heads
    if any(heard.fault or not heard.listened for heard in tour.heard) and plan.legs:
        return
    if heads and not plan.legs and heads[0].code not in ("header", "answer-schema"):
        return
    if not plan.legs:
        yield from body_differences(plan, tour.heard[0], options)
        return
    refused = list(_refused(plan, tour))
    yield from refused
    if refused:
        return
    yield from event_differences(plan, tour, options)
    resuming = list(resume_differences(plan, tour))
    yield from resuming
    if not any(found.code == "id-missing" for found in resuming) or len(plan.legs) == 1:
        yield from order_differences(plan, tour, options)
    yield from _of_silence(plan, tour, options)


def _refused(plan: Plan, tour: Tour) -> Iterator[Difference]:
    """Yield the requests that the story waits for, and that were not taken."""
    for heard in tour.heard:
        for refused in heard.refused:
            awaited = plan.awaited[refused.number]
            yield Difference(
                "awaited",
                f"a request that the story waits for is refused: {awaited.ask.shown}",
                "a status that is no error",
                refused.got,
                awaited.where,
                heard.number,
                refused.at,
            )


# --- heads ----------------------------------------------------------------------------------------


def _begun(heard: Heard) -> str:
    begun = short(heard.begun.decode("latin-1"), 200)
    return f"the answer begins: {begun}" if begun else ""


def _of_head(plan: Plan, heard: Heard) -> Iterator[Difference]:
    """Yield what is wrong with one answer, but for its events: of a kind the first thing only."""
    where = _head_place(plan)
    wanted = plan.head
    shown = _shown_body(heard)
    at = heard.head_at if heard.status else heard.ended_at

    def differs(code: str, what: str, expected: str, got: str, evidence: str = "") -> Difference:
        return Difference(code, what, expected, got, where, heard.number, at, evidence)

    if heard.fault is not None and not heard.status:
        yield differs(
            heard.fault.code, "there is no answer", _wanted(plan), heard.fault.what, _begun(heard)
        )
        return
    if not heard.status:
        came = "the head was not complete when" if heard.begun else "not a byte until"
        got = f"{came} the time was over"
        yield differs("no-answer", "there is no answer", _wanted(plan), got, _begun(heard))
        return
    if heard.status != wanted.status:
        code = "redirect" if heard.status in _REDIRECTS else "status"
        got = f"{heard.status} {heard.reason}".strip()
        location = heard.value("location")
        if code == "redirect" and location:
            got = f"{got}, to {short(location, 200)}; redirects are not followed"
        if heard.status == 401:
            got = f"{got}; give credentials with -H 'Authorization: …'"
        of = f" on connection {heard.number}" if heard.number > 1 else ""
        what = f"the status{of} is another"
        yield differs(code, what, f"{wanted.status} {wanted.reason}".strip(), got, shown)
        return
    said, meant = heard.value("content-type"), wanted.value("content-type")
    if meant is not None and essence(said or "") != essence(meant):
        got = "no Content-Type" if said is None else said
        yield differs("media-type", "the media type is another", essence(meant), got, shown)
        return
    if heard.fault is not None:
        yield differs(
            heard.fault.code, "the body cannot be read", "a body that can", heard.fault.what
        )  # fmt: skip
        return
    if heard.number == 1:
        yield from _of_headers(plan, heard, where)


def _of_headers(plan: Plan, heard: Heard, where: Location) -> Iterator[Difference]:
    """Yield headers that break the document, or that the scenario sets and the answer lacks."""
    for violation in answer_violations(plan.operation, heard.status, heard.headers):
        yield Difference(
            "header", violation.what, violation.expected, heard.value(violation.field[8:].lower())
            or "no such header", where, heard.number, heard.head_at,
            f"{plan.operation.document.source}#{violation.pointer}",
        )  # fmt: skip
    ignored = {"content-type", "content-length", "cache-control", "connection", "vary"}
    for name, value in plan.head.headers:
        mine = name.lower() in plan.head.own and name.lower() not in ignored
        if mine and heard.value(name.lower()) is None:
            what = f"the header {name} is missing, which the scenario sets"
            yield Difference(
                "header", what, f"{name}: {value}", "no such header", where, heard.number,
                heard.head_at,
            )  # fmt: skip


def _head_place(plan: Plan) -> Location:
    response = plan.program.rows[0].response
    if response is not None and not plan.legs:
        return response.where
    return plan.scenario.operations[0][1]


def _wanted(plan: Plan) -> str:
    return f"{plan.head.status} {plan.head.reason}, {plan.head.value('content-type') or 'no body'}"


def _shown_body(heard: Heard) -> str:
    text = short(heard.body.decode("utf-8", "replace"), 200)
    return f"the body begins: {text}" if text else ""


# --- silence, and what is only noted --------------------------------------------------------------


def _of_silence(plan: Plan, tour: Tour, options: Options) -> Iterator[Difference]:
    """Yield the longest silence, where it is longer than a heartbeat may be late."""
    heart = plan.scenario.heartbeat
    if plan.beat is None or heart is None:
        return
    late = plan.beat * (1 + options.tolerance)
    worst = max(tour.heard, key=lambda heard: heard.silence.seconds)
    # One that has run out of time has its own difference, unless it was waited for a heartbeat.
    if worst.silence.seconds < late or (worst.end == "timeout" and not worst.reached):
        return
    if worst.end == "timeout" and plan.legs[-1].end == "end":
        return
    silence = worst.silence
    every = duration_text(plan.beat)
    yield Difference(
        "heartbeat",
        "no heartbeat came in its time",
        f"a comment or an event at least every {every} (up to {late:.3g} s)",
        f"{silence.seconds:.3g} s without a byte, after event {silence.events}",
        heart.where,
        worst.number,
        silence.at,
    )


def _notes(tour: Tour, options: Options) -> Iterator[Note]:
    plan, first = tour.plan, tour.heard[0]
    if not first.listened or first.fault is not None:
        return
    caching = (first.value("cache-control") or "").lower()
    if plan.framing == "sse" and "no-cache" not in caching and "no-store" not in caching:
        said = f"Cache-Control: {caching}" if caching else "no Cache-Control"
        yield Note("cache-control", f"{said}: what is between may keep the stream; say no-cache")
    coding = (first.value("content-encoding") or "").lower()
    if coding not in ("", "identity"):
        yield Note("coding", f"the stream is compressed ({coding}): it has to be flushed by event")
    chunked = first.value("transfer-encoding") is not None
    if not chunked and first.value("content-length") is None:
        old = "HTTP/1.0: " if first.version == "1.0" else ""
        what = f"{old}the body has neither chunks nor a length: who breaks off seems to end"
        yield Note("framing", what)
    if first.value("content-length") is not None:
        yield Note("content-length", "the stream has a Content-Length, so it was made beforehand")
    if plan.retry and len(plan.legs) == 1 and first.retry is None:
        yield Note("retry", "the scenario tells a reconnection time (retry), the backend none")
    late = (plan.beat or 0.0) * (1 + options.tolerance)
    if plan.beat and plan.legs[-1].end == "open" and not plan.endless and late > options.timeout:
        every = duration_text(plan.beat)
        what = f"its heartbeat of {every} was not waited for: give --timeout {duration_text(late)}"
        yield Note("heartbeat", what)
    unkept = sum(heard.unkept for heard in tour.heard)
    if unkept:
        yield Note("events", f"{unkept:,} events more came than are kept, and are not judged")

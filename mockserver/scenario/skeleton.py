"""A scenario to begin with, written from what the document says of one operation.

It sends every kind of event with data made from the schemas, or every declared response, and fits
the document: what is left to do is to edit it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import Wish, answer_violations, lenient_answer, made_events
from mockserver.contract.answering.headers import header_text, is_answered
from mockserver.contract.media import EVENT_STREAM, is_json
from mockserver.scenario.yamltext import entry, is_deep, scalar, without_templates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from mockserver.contract import Answer, EventStream, ExampleEvent, Operation, Violation
    from mockserver.scenario.model import Scenario

SCHEMA: Final = "scenario.schema.json"
"""Where editors find the JSON Schema of the language, unless it is said."""
_LARGEST: Final = 100_000
"""Characters of one event or body that are written out."""
_STREAM_HEADERS: Final = (
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Accel-Buffering", "no"),
)
_USUAL: Final = (500, 400, 404, 200, 302, 503)
"""Statuses that stand for a range or for `default`, unless they are declared by themselves."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a skeleton is made with: the seed, where its schema is, and who is there already."""

    seed: str = "0"
    schema: str = SCHEMA
    taken: Collection[str] = ()
    """Names of scenarios."""
    rivals: Sequence[Scenario] = ()
    """The scenarios of the operation."""


def default_name(operation: Operation) -> str:
    """Return the operation's id as the name of a scenario."""
    return re.sub(r"[^A-Za-z0-9._~]+", "-", operation.id).strip("-") or "scenario"


def skeleton(operation: Operation, origin: Origin, name: str = "") -> str:
    """Return a file of scenarios for an operation, under that name or the operation's own."""
    writer = _Writer(operation, origin, name or default_name(operation))
    stream = operation.stream
    body = writer.answers() if stream is None else writer.stream(stream)
    return "\n".join([*writer.heading(), *body, ""])


class _Writer:
    """Writes the file of one operation, line by line."""

    def __init__(self, operation: Operation, origin: Origin, name: str) -> None:
        self._operation = operation
        self._origin = origin
        self._name = name
        self._taken = set(origin.taken)
        unconditional = [rival for rival in origin.rivals if rival.when is None]
        self._led = any(rival.default for rival in unconditional)
        self._crowded = len(unconditional) == 1 and not self._led
        """Whether one more for all requests would be one too many."""

    def heading(self) -> Iterator[str]:
        operation = self._operation
        yield f"# yaml-language-server: $schema={self._origin.schema}"
        what = f"{operation.method} {operation.path}"
        yield f"# {_words(what)}, as {_words(operation.document.source)} describes it."

    def _scenario(self, suffix: str = "", *, several: bool = False) -> Iterator[str]:
        """Yield what says whose scenario this is, and which requests it answers."""
        name = self._free(f"{self._name}{suffix}")
        yield from entry("scenario", name)
        yield from entry("operation", self._operation.id)
        summary = self._operation.place.text("summary")
        if summary and not suffix:
            yield from entry("description", _words(summary))
        if self._crowded:
            yield "# Another scenario answers the rest."
            yield f"when: {{query: {{scenario: {scalar(name)}}}}}"
        elif several and not suffix and not self._led:
            yield "default: true  # the ones below answer who asks for them: Prefer: scenario=NAME"
        elif not suffix:
            yield f"# when: {self._condition()}  # without it, every request"

    def _free(self, name: str) -> str:
        """Return the name, or with a number behind it where it is taken."""
        number, free = 2, name
        while free in self._taken:
            number, free = number + 1, f"{name}-{number}"
        self._taken.add(free)
        return free

    def _condition(self) -> str:
        stream, parameters = self._operation.stream, self._operation.path_parameters
        if stream is not None and stream.request_field:
            return f"{{body: {{{scalar(stream.request_field)}: true}}}}"
        if parameters:
            return f'{{path: {{{scalar(parameters[0])}: "7"}}}}'
        return "{headers: {X-Test: one}}"

    # --- streams -------------------------------------------------------------------------------

    def stream(self, stream: EventStream) -> Iterator[str]:
        """Yield the lines of a story with one event of each kind."""
        yield from self._scenario()
        headers = dict(self._needed_headers(stream.status))
        if headers:
            yield from entry("response", {"headers": headers})
        kind = EVENT_STREAM if stream.framing == "sse" else stream.media_type
        sent = [("Content-Type", kind), *_STREAM_HEADERS, *headers.items()]
        yield from self._violates(answer_violations(self._operation, stream.status, sent))
        others = [name for name, _ in self._operation.responses() if name != str(stream.status)]
        if others:
            listed = ", ".join(map(_words, others))
            yield f"# In place of the stream the document has {listed}, as here:"
            yield f"# response: {{status: {self._status(others[0])}}}"
        yield "pace: 500ms  # the delay before every event without a delay of its own"
        if stream.framing == "sse":
            yield "# heartbeat: 15s  # a comment again and again, whatever the story does"
            yield "# resume: ignore  # without it, the story goes on behind the Last-Event-ID"
        yield ""
        yield "stream:"
        if stream.framing == "sse":
            yield "- retry: 3s  # how long a client waits before it comes back"
        events = list(self._events(stream))
        yield from events
        if stream.framing != "sse" and not any(line.startswith("- ") for line in events):
            yield "- delay: 1s"
        yield "# - hold: forever  # the connection stays open"
        yield "# afterwards: restart  # without it, 204 for who comes back with the last id"

    def _needed_headers(self, status: int) -> Iterator[tuple[str, str]]:
        """Yield the headers that a response has to have and that no stream has by itself."""
        document, found = self._operation.document, self._operation.response(status)
        usual = {name.lower() for name, _ in _STREAM_HEADERS}
        headers = document.get(found[1], "headers").members() if found else ()
        for name, place in headers:
            holder = document.follow(place)
            needed = holder.object.get("required") is True and is_answered(name)
            if needed and name.lower() not in usual:
                text = header_text(document, name, holder, self._origin.seed)
                if text is not None:
                    yield name, text

    def _events(self, stream: EventStream) -> Iterator[str]:
        made = made_events(stream, self._origin.seed)
        resumable = self._operation.method == "GET"
        for number, event in enumerate([*made.events, *made.ends], 1):
            if number == 2:
                yield "# - delay: 2s"
                yield "# - disconnect: reset  # or end, drop; then comes what the next one gets"
            if stream.framing != "sse":
                yield from _item(stream, event)
                continue
            numbered = resumable and event.data != stream.sentinel
            yield from _event(stream, event, str(number) if numbered else None)
        for kind in made.unmade:
            yield f"# No event {_words(kind.name)} can be made: {_words(kind.why)}"

    # --- whole answers -------------------------------------------------------------------------

    def answers(self) -> Iterator[str]:
        """Yield the lines of a scenario for each declared response, the usual one first."""
        found = self._operation.response(None)
        usual = found[0] if found is not None and 200 <= found[0] <= 599 else 200
        statuses = [self._status(name) for name, _ in self._operation.responses()]
        others = [status for status in statuses if status is not None and status != usual]
        for status in dict.fromkeys([usual, *others]):
            if status != usual:
                yield "---"
            suffix = "" if status == usual else f"-{status}"
            yield from self._scenario(suffix, several=bool(others))
            yield from self._response(status, first=status == usual)

    def _status(self, name: str) -> int | None:
        """Return a status that the response of that name is declared for, or None."""
        names = {key for key, _ in self._operation.responses()}

        def goes_first(status: int) -> bool:
            fits = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
            return next((key for key in fits if key in names), None) == name

        return next(filter(goes_first, (*_USUAL, *range(200, 600))), None)

    def _response(self, status: int, *, first: bool) -> Iterator[str]:
        found = lenient_answer(self._operation, Wish(status=status, seed=self._origin.seed))
        body = _body(found) if found is not None else None
        wrong = self._wrong(status, found, body is not None)
        if wrong and body is not None:
            body, rest = None, self._wrong(status, found, own=False)
            if not rest:
                yield f"# The document's own example does not fit: {_fault(wrong[0])}"
            wrong = rest
        yield from self._violates(wrong)
        yield "response:"
        yield f"  status: {status}"
        if first:
            yield "  # headers: {X-Trace: abc}"
            yield "  # delay: 2s  # the wait before the status line"
        if body is not None:
            yield from (f"  {line}" for line in entry("body", body))
        elif found is not None and found.body:
            kind = _words(found.media_type or "")
            yield f"  # The body ({kind}) is the document's own. Write body here for another."

    def _wrong(self, status: int, found: Answer | None, own: bool) -> list[Violation]:  # noqa: FBT001
        headers = list(found.headers.items()) if found else []
        if found is not None and found.media_type:
            headers.append(("Content-Type", found.media_type))
        body = found.body if found else b""
        return answer_violations(
            self._operation, status, headers, body if own else None, empty=not body
        )

    def _violates(self, wrong: Sequence[Violation]) -> Iterator[str]:
        """Say so where the document asks for what it does not let anybody send."""
        if wrong:
            yield from entry("violates", f"The document contradicts itself: {_fault(wrong[0])}")


def _item(stream: EventStream, event: ExampleEvent) -> Iterator[str]:
    """Yield the step of an item, which has nothing but its data."""
    if len(stream.text(event)) > _LARGEST or is_deep(event.data):
        yield "# An item that is too large for a scenario is left out."
    else:
        yield from _step({"data": event.data})


def _event(stream: EventStream, event: ExampleEvent, usual_id: str | None) -> Iterator[str]:
    fields: dict[str, Any] = {}
    if event.event is not None:
        fields["event"] = event.event
    id_ = usual_id if event.id is None else event.id
    if id_ is not None:
        fields["id"] = int(id_) if re.fullmatch(r"0|[1-9]\d{0,8}", id_) else id_
    if event.retry is not None:
        fields["retry"] = event.retry
    if event.comment is not None:
        fields["comment"] = event.comment
    if event.data is not None or event.null:
        text = stream.text(event)
        if len(text) > _LARGEST:
            name = _words(event.event or "message")
            yield f"# An event {name} of {len(text):,} characters is left out."
            return
        fields["data"] = text if is_deep(event.data) else event.data
    yield from _step(fields)


def _step(fields: dict[str, Any]) -> Iterator[str]:
    begin = "- "
    for key, value in without_templates(fields).items():
        for line in entry(key, value):
            yield f"{begin}{line}"
            begin = "  "


def _body(found: Answer) -> Any:
    """Return the body as a scenario has it, or None where it is better left to the document."""
    try:
        text = found.body.decode()
    except UnicodeDecodeError:
        return None
    if not text or len(text) > _LARGEST or not all(c.isprintable() or c in "\t\r\n" for c in text):
        return None
    value: Any = text
    if found.media_type is not None and is_json(found.media_type):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
    # A text would be sent without its quotes, `{file: …}` as that file.
    as_text = isinstance(value, str) or is_deep(value) or value is None
    is_file = isinstance(value, dict) and list(value) == ["file"]
    return without_templates(text if as_text or is_file else value)


def _fault(violation: Violation) -> str:
    return _words(f"{violation.field}: {violation.what}")


def _words(text: str) -> str:
    """Return a text from the document in one line that is not too long, for a comment."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = line.encode("utf-8", "replace").decode().replace("{{", "{ {")
    return line if len(line) <= 160 else f"{line[:159]}…"

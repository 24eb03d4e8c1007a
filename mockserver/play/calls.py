"""Makes the requests that a story sends: where they go, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.expressions import MissingError
from mockserver.contract.media import is_json
from mockserver.contract.place import escape, unescape
from mockserver.contract.sampling.sample import Unsatisfiable
from mockserver.play.cues import Call
from mockserver.scenario.block import filled, filled_text
from mockserver.scenario.calls import LONGEST_URL, url_fault
from mockserver.scenario.model import CallStep
from mockserver.scenario.story_rules import steps_of
from mockserver.scenario.template import RenderError, Template
from mockserver.sse.encode import json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.play.cues import Place
    from mockserver.play.opening import Opening
    from mockserver.play.scope import StoryScope
    from mockserver.scenario.program import Calling, Program

USER_AGENT: Final = "sse-mockserver"
_USUAL: Final = "http://127.0.0.1:9000"
_PARTS: Final = {"header": "headers", "query": "query", "body": "body"}

Urls = dict[tuple[str, str], str]
"""Where callbacks go, by the operation that declares them and the text that says it there."""


def urls_said(program: Program, operation: str, opening: Opening) -> Urls:
    """Return where callbacks of `operation` go by what a request to it says."""
    said: Urls = {}
    for call in program.calls:
        if call.request.operation != operation or call.url is None:
            continue
        try:
            # A URL that is too long to be one is known by its beginning.
            said[call.asks] = call.url.filled(opening)[: LONGEST_URL + 1]
        except MissingError:
            continue
    return said


def urls_asked(program: Program, operation: str) -> Iterator[tuple[str, str, str]]:
    """Yield where calls look in a request for a URL, and one that would do.

    That is a part of an `Opening` with a name in it, for a body a JSON pointer.
    """
    urls = [call.url for call in program.calls if call.request.operation == operation]
    for url in filter(None, urls):
        for asked in url.expressions:
            if asked.part in _PARTS:
                said = asked.name.rpartition("/")[2]
                whole = f"{_USUAL}/{said}" if len(url.parts) == 1 else said
                yield _PARTS[asked.part], asked.name, whole
    for step in steps_of(program.scenario):
        if isinstance(step, CallStep) and isinstance(step.to, Template):
            found = step.to.expressions[0].dotted
            known = len(found) == 3 and found[0] == "request" and found[1] in _PARTS.values()
            if known and len(step.to.parts) == 1:
                name = f"/{escape(found[2])}" if found[1] == "body" else found[2]
                yield found[1], name, f"{_USUAL}/{found[2]}"


def placed(body: Any, pointer: str, value: str) -> Any:
    """Return `body` with `value` where a JSON pointer leads in it, unless something is there."""
    if not pointer:
        return value if body is None or body is True else body
    whole = body if isinstance(body, dict) else {}
    token, slash, rest = pointer[1:].partition("/")
    name = unescape(token)
    inner = whole.get(name)
    return {**whole, name: placed(inner, slash + rest, value)}


def call_of(op: Calling, scope: StoryScope, at: float, place: Place) -> Call:
    """Return the cue of a call. Raises RenderError."""
    step, request = op.step, op.request
    what = f"{request.kind} {request.name}"
    try:
        url = _url(op, scope)
    except _UnsentError as unsent:
        code, fault = unsent.code, unsent.what
        return Call(at, place, what, request.method, unsent.url, code=code, fault=fault)
    body = _body(op, scope)
    headers = tuple(_headers(op, scope, body[0] if body else None))
    sent = body[1] if body else b""
    return Call(at, place, what, request.method, url, headers, sent, step.wait)


class _UnsentError(Exception):
    """A call cannot be sent, and why; the story goes on without it."""

    def __init__(self, url: str, what: str, *, code: str) -> None:
        self.url, self.what, self.code = url, what, code


def _url(op: Calling, scope: StoryScope) -> str:
    """Return where a call goes. Raises _UnsentError, RenderError."""
    if op.step.to is not None:
        url = filled_text(op.step.to, scope.at(op.path, "to"))
    elif op.asks in scope.urls:
        url = scope.urls[op.asks]
    else:
        operation, source = op.asks
        what = f"no request to {operation} in this story has said where it goes: {source}"
        raise _UnsentError("", what, code="call-without-url")
    wrong = url_fault(url)
    if wrong:
        raise _UnsentError(url, wrong, code="bad-url")
    return url


def _body(op: Calling, scope: StoryScope) -> tuple[str, bytes] | None:
    """Return the media type and the bytes of the body, or None."""
    step = op.step
    try:
        if not step.has_body:
            return op.request.body(scope.seed(op.path, "body"))
        value = filled(step.body, scope.at(op.path, "body"))
        kind, data = op.request.written(value, as_text=isinstance(value, str))
        if is_json(kind) and not isinstance(value, str):
            data = json_text(value).encode("utf-8", "replace")
    except Unsatisfiable as error:
        what = f"{op.request.kind} {op.request.name} has no body: {error}"
        raise RenderError(step.where, what) from None
    except (ValueError, TypeError) as error:
        raise RenderError(step.where, f"the body is no JSON value: {error}") from None
    return kind, data


def _headers(op: Calling, scope: StoryScope, media_type: str | None) -> Iterator[tuple[str, str]]:
    """Yield what the document asks for and the step leaves open, then the step's own headers."""
    step, names = op.step, scope.at(op.path, "headers")
    own = {name.lower() for name, _ in step.headers}
    usual = [("User-Agent", USER_AGENT)]
    usual += [("Content-Type", media_type)] if media_type else []
    usual += op.request.needed_headers(scope.seed(op.path, "headers"))
    yield from ((name, value) for name, value in usual if name.lower() not in own)
    for name, values in step.headers:
        for value in values or ():
            text = filled_text(value, names)
            if any(char in text for char in "\r\n\0"):
                raise RenderError(step.where, f"header {name} has a line end: {text!r}")
            yield name, text

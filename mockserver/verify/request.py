"""The request that a scenario implies: of its conditions, the document's examples, or made.

A value that the operator gives goes before what `when` says, that before the document's example,
and that before one made from the schema; each is taken only if it meets the condition.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from mockserver.contract import NOTHING
from mockserver.contract.answering.bodies import body_of, full_type
from mockserver.contract.examples import declared, of_schema
from mockserver.contract.media import essence, is_json, is_range
from mockserver.contract.place import Place
from mockserver.contract.requests.credentials import requirements
from mockserver.contract.requests.terms import parameters_of, terms_of
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.play.opening import Opening
from mockserver.play.timeline import read_of_request
from mockserver.scenario.conditions import fits, holds, holds_body
from mockserver.scenario.model import Exact, Pattern, When

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mockserver.contract import Operation
    from mockserver.contract.requests.terms import Content, Parameter
    from mockserver.scenario.program import Program
    from mockserver.verify.options import Options

_PARTS: Final = {"path": "path", "query": "query", "header": "headers", "cookie": "cookies"}
_ANY: Final = "1"


class NoRequestError(Exception):
    """No request could be made that the scenario answers; the text says why, and what helps."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it is sent, and as scenarios see it.

    `path` is behind the server's own path, and percent-encoded; `query` is encoded, too.
    `secret` are the values that no report may show: of headers that the operator has given, and of
    credentials.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    opening: Opening
    server_path: str = ""
    """What the document puts before `path`."""
    secret: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """The request line for a report: neither headers nor a body, which may hold secrets."""
        query = f"?{self.query}" if self.query else ""
        for value in self.secret:
            query = query.replace(f"={quote(value, safe='')}", "=…") if value else query
        return f"{self.method} {self.server_path}{self.path}{query}"


def ask_of(program: Program, operation: Operation, options: Options) -> Ask:
    """Return the request of a scenario. Raises NoRequestError."""
    headers = [("Accept", _accept(program, operation))]
    if operation.stream is not None and operation.method == "GET":
        headers.append(("Cache-Control", "no-cache"))  # as an EventSource does (§ 9.2.2)
    if options.prefer:
        headers.append(("Prefer", f"scenario={program.name}"))
    when = program.scenario.when or When()
    return _ask(operation, when, options, headers, list(read_of_request(program)))


def awaited_ask(operation: Operation, when: When | None, options: Options) -> Ask:
    """Return a request that a story waits for. Raises NoRequestError."""
    accept = [("Accept", "application/json, */*;q=0.8")]
    return _ask(operation, when or When(), options, accept, [])


def _ask(
    operation: Operation,
    when: When,
    options: Options,
    usual: list[tuple[str, str]],
    read: Iterable[tuple[str, str]],
) -> Ask:
    """Return a request that meets `when`; `read` are parts that are sent where a value is given."""
    values = _values(operation, when, options, read)
    body, media_type = _body(operation, when, options.seed)
    headers = _headers(usual, options, when, media_type)
    headers |= {name.lower(): (name, value) for name, value in values["headers"].items()}
    if values["cookies"]:
        listed = "; ".join(f"{name}={value}" for name, value in values["cookies"].items())
        headers.setdefault("cookie", ("Cookie", listed))
    lacking = [name for name in operation.path_parameters if name not in values["path"]]
    if lacking:
        raise NoRequestError(f"nothing says what {{{lacking[0]}}} is: give --param {lacking[0]}=…")
    path = operation.path
    for name, value in values["path"].items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    server_path = operation.full_paths[0].removesuffix(operation.path)
    query = urlencode(list(values["query"].items()), quote_via=quote)
    opening = Opening(
        method=operation.method,
        target=f"{server_path}{path}{f'?{query}' if query else ''}",
        path=values["path"],
        query=values["query"],
        headers={name: value for name, (_, value) in headers.items()},
        cookies=values["cookies"],
        body=body,
        last_event_id=headers.get("last-event-id", ("", None))[1],
    )
    if not fits(when, opening):
        raise NoRequestError("no request was found that meets its 'when': give values by --param")
    sent = _sent(operation, media_type, body)
    keys = {values[part].get(name, "") for part, name in _keys(operation, options)} - {""}
    secret = frozenset(value for _, value in options.headers) | keys
    return Ask(
        operation.method, path, query, tuple(headers.values()), sent, opening, server_path, secret
    )  # fmt: skip


# --- parameters -----------------------------------------------------------------------------------


def _values(
    operation: Operation, when: When, options: Options, read: Iterable[tuple[str, str]]
) -> dict[str, dict[str, str]]:
    """Return the values of path, query, headers and cookies that the request has to have."""
    found: dict[str, dict[str, str]] = {part: {} for part in _PARTS.values()}
    known = {(_PARTS.get(p.part, ""), p.folded): p for p in parameters_of(operation)}
    asked = {(part, name): test for part in found for name, test in getattr(when, part).items()}
    for name in operation.path_parameters:
        asked.setdefault(("path", name), True)
    for (part, name), parameter in known.items():
        given = options.parameter(operation.id, name) is not None
        if part in found and (parameter.required or given):
            asked.setdefault((part, name), True)
    for part, name in _keys(operation, options):
        asked.setdefault((part, name), True)
    for part, name in read:
        if part in found and options.parameter(operation.id, name) is not None:
            asked.setdefault((part, name), True)
    for (part, name), test in asked.items():
        value = _value(operation, known.get((part, name)), name, test, options)
        if value is not None and test is not False:
            found[part][name] = value
    # A header that is to be there may be among those that the operator gives.
    ours = {name.lower() for name, _ in options.headers}
    found["headers"] = {n: v for n, v in found["headers"].items() if n not in ours}
    return found


def _keys(operation: Operation, options: Options) -> Iterator[tuple[str, str]]:
    """Yield the credentials outside headers that the document asks for and the operator gives."""
    for scheme in (scheme for schemes in requirements(operation) for scheme in schemes):
        part = _PARTS[scheme.source]
        if part != "headers" and options.parameter(operation.id, scheme.name) is not None:
            yield part, scheme.name


def _value(
    operation: Operation, parameter: Parameter | None, name: str, test: Any, options: Options
) -> str | None:
    """Return the first value that meets a condition."""
    candidates = _candidates(operation, parameter, name, test, options)
    return next((text for text in candidates if text and holds(test, text)), None)


def _candidates(
    operation: Operation, parameter: Parameter | None, name: str, test: Any, options: Options
) -> Iterator[str]:
    given = options.parameter(operation.id, name)
    if given is not None:
        yield given
    if isinstance(test, Exact):
        yield _text(test.value)
    if isinstance(test, str | int | float) and not isinstance(test, bool) and not _is_glob(test):
        yield str(test)
    if parameter is not None:
        yield from _of_document(operation, parameter, options.seed)
    yield from _of_test(operation, test, options.seed)
    yield _ANY


def _of_document(operation: Operation, parameter: Parameter, seed: str) -> Iterator[str]:
    document = operation.document
    for example in declared(document, parameter.holder):
        yield _text(example.value)
    if parameter.schema is None:
        return
    shown = of_schema(document, parameter.schema)
    if shown is not NOTHING:
        yield _text(shown)
    with suppress(Unsatisfiable):
        made = sample(
            document, parameter.schema, seed, name=parameter.name, direction="request"
        )  # fmt: skip
        yield _text(made)


def _of_test(operation: Operation, test: Any, seed: str) -> Iterator[str]:
    """Yield texts made of a glob or a pattern."""
    if _is_glob(test):
        yield from (test.replace("*", filling) for filling in ("1", ""))
    if isinstance(test, Pattern):
        schema = Place({"type": "string", "pattern": test.source}, operation.pointer)
        with suppress(Unsatisfiable):
            yield str(sample(operation.document, schema, seed))


def _is_glob(test: Any) -> bool:
    return isinstance(test, str) and "*" in test


def _text(value: Any) -> str:
    """Write a value as a parameter of the usual styles: a list with commas, an object as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return json.dumps(value, ensure_ascii=False, default=str)


# --- headers --------------------------------------------------------------------------------------


def _headers(
    usual: list[tuple[str, str]], options: Options, when: When, media_type: str
) -> dict[str, tuple[str, str]]:
    """Return the headers by their names in lower case: ours, then the operator's."""
    headers = [*usual, ("Content-Type", media_type)] if media_type else usual
    absent = {name for name, test in when.headers.items() if test is False}
    return {
        name.lower(): (name, value)
        for name, value in [*headers, *options.headers]
        if name.lower() not in absent
    }


def _accept(program: Program, operation: Operation) -> str:
    if all(row.answer for row in program.rows):
        return "application/json, */*;q=0.8"
    stream = operation.stream_for("*/*", program.framing)
    return "text/event-stream" if stream is None else essence(stream.media_type)


# --- bodies ---------------------------------------------------------------------------------------


def _body(operation: Operation, when: When, seed: str) -> tuple[Any, str]:
    """Return the body as a value, and its media type; None and nothing for no body."""
    body = terms_of(operation).body
    if body is None:
        return (_filled(None, when.body), "application/json") if when.has_body else (None, "")
    if not body.required and not when.has_body:
        return None, ""
    contents = sorted(body.contents.values(), key=lambda content: not is_json(content.written))
    content = contents[0]
    kind = content.written if not is_range(essence(content.written)) else "application/json"
    value = _usual_body(operation, content, seed)
    if when.has_body:
        value = _filled(value, when.body)
    return value, full_type(kind)


def _usual_body(operation: Operation, content: Content, seed: str) -> Any:
    document = operation.document
    for example in declared(document, content.place):
        return example.value
    if content.schema is None:
        return None
    shown = of_schema(document, content.schema)
    if shown is not NOTHING:
        return shown
    try:
        return sample(document, content.schema, seed, direction="request")
    except Unsatisfiable as error:
        raise NoRequestError(f"no body could be made for it: {error}") from None


def _filled(value: Any, test: Any) -> Any:
    """Return a body that meets the test, as near to `value` as may be."""
    if isinstance(test, dict):
        members: Mapping[str, Any] = value if isinstance(value, dict) else {}
        kept = {name: item for name, item in members.items() if test.get(name) is not False}
        wanted = {name: inner for name, inner in test.items() if inner is not False}
        return kept | {name: _filled(members.get(name), inner) for name, inner in wanted.items()}
    if value is not None and holds_body(test, value):
        return value
    match test:
        case Exact():
            return test.value
        case list():
            return [_filled(None, inner) for inner in test]
        case str():
            return test.replace("*", _ANY)
        case Pattern():
            return test.source
    return test


def _sent(operation: Operation, media_type: str, body: Any) -> bytes | None:
    if not media_type:
        return None
    place = Place({}, operation.pointer)
    return body_of(operation.document, media_type, place, body)

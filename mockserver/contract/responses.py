"""What is wrong with an answer: its status, media type, headers and body against what is declared.

An operation that declares no responses at all asks nothing, and neither does a response without
`content` of its body: most documents that leave it out have said all that they wanted to say.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import shapes
from mockserver.contract.media import essence, framing, is_json, is_range, quality
from mockserver.contract.values import Violation, short, value_violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mockserver.contract.document import Document
    from mockserver.contract.operations import Operation
    from mockserver.contract.place import Place

Header = tuple[str, str]

_OURS: Final = frozenset(
    ["connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"]
)
"""Headers that no script writes as a rule, and that the server adds behind it."""
_CROSS_ORIGIN: Final = "access-control-"


def answer_violations(
    operation: Operation,
    status: int,
    headers: Sequence[Header],
    body: bytes | None = None,
    *,
    empty: bool = False,
) -> list[Violation]:
    """Return all that is wrong with an answer; an empty list where it fits. Never raises.

    `body` is None where it is not to be judged: of a stream, and of the document's own examples.
    `empty`: there is no body. A status or media type that is not declared is the one violation of
    its kind, since nothing else can be asked then of what it would have led to.
    """
    if next(operation.responses(), None) is None:
        return []
    found = operation.response(status)
    if found is None:
        return [_undeclared_status(operation, status)]
    response = found[1]
    violations = _header_violations(operation.document, response, headers)
    said = _value(headers, "content-type")
    content = dict(operation.content(response))
    if not content or (said is None and empty):
        return violations
    name = None if said is None else declared_name(content, said)
    if name is None:
        if said is not None and _is_stream_of(operation, status, said):
            return violations
        return [_undeclared_media_type(operation, said, content, response), *violations]
    if body is not None and said is not None:
        violations = [*_body_violations(operation.document, said, content[name], body), *violations]
    return violations


def _undeclared_status(operation: Operation, status: int) -> Violation:
    listed = ", ".join(name for name, _ in operation.responses())
    what = f"{operation.id} declares no response {status}"
    mend = f"declare it, or send one of {listed}"
    pointer = f"{operation.pointer}/responses"
    return Violation("status", what, listed, pointer, code="undeclared-status", mend=mend)


def _undeclared_media_type(
    operation: Operation, said: str | None, content: Mapping[str, Place], response: Place
) -> Violation:
    listed = ", ".join(content)
    if said is None:
        what = "the answer has no Content-Type, and the document declares one"
    else:
        what = f"{operation.id} declares no {short(essence(said))} here"
    mend = f"declare it, or send {listed}"
    field, pointer = "headers.Content-Type", f"{response.pointer}/content"
    return Violation(field, what, listed, pointer, code="undeclared-media-type", mend=mend)


def _is_stream_of(operation: Operation, status: int, said: str) -> bool:
    """Tell whether an extension calls this a stream, where its media type is not declared."""
    stream = operation.stream
    return stream is not None and status == stream.status and framing(said) == "sse"


def declared_name(content: Iterable[str], said: str) -> str | None:
    """Return the key of `content` that a Content-Type falls under: the most particular one.

    OAS 3.2 § Response Object: "the most specific key applies". Parameters tell keys apart only
    where the keys have them.
    """
    names = list(content)
    plain = [name for name in names if _squeezed(name) == _squeezed(said)]
    same = [name for name in names if essence(name) == essence(said)]
    ranges = [name for name in names if is_range(name) and quality(essence(said), name) > 0]
    ranges.sort(key=lambda name: essence(name).startswith("*"))
    return next(iter([*plain, *same, *ranges]), None)


def _squeezed(media_type: str) -> str:
    return "".join(media_type.split()).lower()


# --- bodies ---------------------------------------------------------------------------------------


def _body_violations(
    document: Document, media_type: str, holder: Place, body: bytes
) -> list[Violation]:
    schema = holder.get("schema")
    kind = essence(media_type)
    if framing(kind) is not None:  # What streams is judged event by event.
        return []
    if is_json(kind):
        try:
            value = json.loads(body.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            what = f"not JSON: {short(reason, quote=False)}"
            return [Violation("body", what, "JSON", holder.pointer, "not-json")]
        return _value_violations(document, schema, value, "body")
    if kind.startswith("text/"):
        return _text_violations(document, schema, body.decode("utf-8", "replace"), "body")
    return []


def _value_violations(
    document: Document, schema: Place, value: object, field: str
) -> list[Violation]:
    if schema.value is None:
        return []
    return value_violations(document, schema, value, field)


def _text_violations(document: Document, schema: Place, text: str, field: str) -> list[Violation]:
    """Judge text that may stand for a number, a boolean or a list, as its schema has it."""
    if schema.value is None:
        return []
    types = shapes.types(document, [schema])
    if "object" in types and "string" not in types:
        return []  # how its members are written is for the style to say
    readings = _readings(document, schema, text, types)
    verdicts = [value_violations(document, schema, value, field) for value in readings]
    return [] if [] in verdicts else verdicts[-1]


def _readings(document: Document, schema: Place, text: str, types: set[str]) -> list[Any]:
    """Return what a text may mean, the most likely meaning last."""
    scalar = _scalar(text)
    items = [part.strip() for part in text.split(",")] if text.strip() else []
    parts = [_read(document, document.get(schema, "items"), part) for part in items]
    if "array" in types:
        return [scalar, text, parts]
    likely = types & {"integer", "number", "boolean", "null"} and not isinstance(scalar, str)
    return [parts, text, scalar] if likely else [parts, scalar, text]


def _read(document: Document, schema: Place, text: str) -> Any:
    types = shapes.types(document, [schema])
    return text if "string" in types or not types else _scalar(text)


def _scalar(text: str) -> Any:
    """Read a number, a boolean or null; anything else is the text itself."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(value, str | list | dict) else value


# --- headers --------------------------------------------------------------------------------------


def _header_violations(
    document: Document, response: Place, headers: Sequence[Header]
) -> list[Violation]:
    """Hold the headers against their schemas; those that nobody declares are free.

    OAS 3.2 § Response Object: "If a response header is defined with the name "Content-Type", it
    SHALL be ignored."
    """
    found = []
    for name, place in document.get(response, "headers").members():
        if name.lower() == "content-type":
            continue
        holder = document.follow(place)
        value = _value(headers, name.lower())
        if value is None:
            if holder.object.get("required") is True and not _is_ours(name):
                what = f"the answer has no header {name!r}, which is required"
                pointer = f"{holder.pointer}/required"
                found.append(Violation(f"headers.{name}", what, name, pointer, "header"))
        else:
            found += _header_value(document, holder, value, f"headers.{name}")
    return found


def _is_ours(name: str) -> bool:
    return name.lower() in _OURS or name.lower().startswith(_CROSS_ORIGIN)


def _header_value(document: Document, holder: Place, text: str, field: str) -> list[Violation]:
    media_type, content = next(document.get(holder, "content").members(), (None, None))
    if media_type is None or content is None:
        return _text_violations(document, holder.get("schema"), text, field)
    found = _body_violations(document, media_type, document.follow(content), text.encode())
    return [
        Violation(field + v.field.removeprefix("body"), v.what, v.expected, v.pointer, v.code)
        for v in found
    ]


def _value(headers: Sequence[Header], name: str) -> str | None:
    """Return the values of a header as one, as RFC 9110 § 5.3 joins them; `name` in lower case."""
    values = [value for key, value in headers if key.lower() == name]
    if name == "content-type":
        return values[-1] if values else None
    return ", ".join(values) if values else None

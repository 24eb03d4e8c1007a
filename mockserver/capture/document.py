"""A small OpenAPI document of what was seen, where there was none (OAS 3.2).

It is written such that this server, and `check --strict`, read it as what it was made of.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mockserver.capture.inferred import inferred
from mockserver.capture.paths import operation_id, template
from mockserver.contract import templates
from mockserver.contract.media import essence, framing, is_json
from mockserver.play.answer import reason_of
from mockserver.play.opening import parameters
from mockserver.scenario.yamltext import Verbatim, entry
from mockserver.sse.items import ItemReader
from mockserver.sse.parse import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mockserver.capture.body import Body
    from mockserver.capture.exchange import Exchange
    from mockserver.contract.media import Framing

    Pair = tuple[Exchange, Body]

_EXAMPLE: Final = 10_000
"""Bytes of a body that is shown as an example."""
_EVENTS: Final = 2_000
"""Events of one operation that schemas are made of."""
_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "QUERY"})


def described(found: Iterable[Pair], title: str, source: str) -> dict[str, Any]:
    """Return the document as plain data."""
    operations: dict[tuple[str, str], list[Pair]] = {}
    for exchange, body in found:
        if exchange.method in _METHODS:
            path = template(exchange.target.partition("?")[0] or "/")
            operations.setdefault((path, exchange.method), []).append((exchange, body))
    paths: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for (path, method), pairs in sorted(operations.items()):
        id_ = operation_id(method, path, taken)
        taken.add(id_)
        paths.setdefault(path, {})[method.lower()] = _operation(id_, path, pairs)
    where = f" from {source}" if source else ""
    info = {
        "title": title,
        "description": f"Made of what was recorded{where}. It says no more than that shows.",
        "version": Verbatim("0.0.0"),
    }
    return {"openapi": Verbatim("3.2.0"), "info": info, "paths": paths}


def document_text(tree: dict[str, Any]) -> str:
    """Return the document as YAML."""
    found: list[str] = []
    for key, value in tree.items():
        found += entry(key, value)
    return "\n".join([*found, ""])


def _operation(id_: str, path: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    said: dict[str, Any] = {"operationId": id_}
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in templates.parameters(path)
    ]
    queries = [parameters(exchange.target.partition("?")[2]) for exchange, _ in pairs]
    found += [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in sorted({name for query in queries for name in query})
    ]
    if found:
        said["parameters"] = found
    if (request := _request(pairs)) is not None:
        said["requestBody"] = request
    responses: dict[str, list[Pair]] = {}
    for exchange, body in pairs:
        if exchange.status:
            responses.setdefault(str(exchange.status), []).append((exchange, body))
    said["responses"] = {
        status: _response(int(status), alike) for status, alike in sorted(responses.items())
    } or {"default": {"description": "None was recorded."}}
    return said


def _request(pairs: Sequence[Pair]) -> dict[str, Any] | None:
    content: dict[str, Any] = {}
    for exchange, _ in pairs:
        kind = essence(exchange.request_header("content-type") or "")
        if exchange.request_body and kind and kind not in content:
            content[kind] = _example(exchange.request_body, kind)
    return {"content": content} if content else None


def _response(status: int, pairs: Sequence[Pair]) -> dict[str, Any]:
    said: dict[str, Any] = {"description": reason_of(status) or f"Status {status}"}
    by_kind: dict[str, list[Pair]] = {}
    for exchange, body in pairs:
        kind = essence(exchange.header("content-type") or "")
        if kind and "/" in kind:
            by_kind.setdefault(kind, []).append((exchange, body))
    if by_kind:
        said["content"] = {kind: _content(status, kind, alike) for kind, alike in by_kind.items()}
    return said


def _content(status: int, kind: str, pairs: Sequence[Pair]) -> dict[str, Any]:
    found = framing(kind) if 200 <= status < 300 else None
    bodies = [body for _, body in pairs if not body.sealed]
    if found is not None:
        return _stream(found, bodies)
    whole = [body for exchange, body in pairs if exchange.end == "end" and not body.sealed]
    values = [] if not is_json(kind) else [_json(body.data) for body in whole]
    if values and all(value is not None for value in values):
        shown = _example(whole[0].data, kind)
        return {"schema": inferred([value[0] for value in values if value])} | shown
    return {"schema": {"type": "string"}} if kind.startswith("text/") else {}


def _example(data: bytes, kind: str) -> dict[str, Any]:
    """Return the example that a small body is."""
    value = _json(data) if is_json(kind) and len(data) <= _EXAMPLE else None
    return {} if value is None else {"example": value[0]}


def _json(data: bytes) -> tuple[Any] | None:
    try:
        return (json.loads(data, parse_constant=_none),)
    except (ValueError, RecursionError):
        return None


def _none(name: str) -> Any:
    raise ValueError(name)


# --- streams -----------------------------------------------------------------------------------


def _stream(kind: Framing, bodies: Sequence[Body]) -> dict[str, Any]:
    if kind != "sse":
        reader = [event for body in bodies for event in ItemReader(kind).feed(_ended(body, kind))]
        items = [_json(event.data.encode()) for event in reader[:_EVENTS]]
        if items and all(item is not None for item in items):
            return {"itemSchema": inferred([item[0] for item in items if item])}
        return {"itemSchema": {}}
    types: dict[str, list[str]] = {}
    for event in [event for body in bodies for event in Parser().feed(body.data)][:_EVENTS]:
        types.setdefault(event.type, []).append(event.data)
    branches = [branch for name, datas in types.items() for branch in _branches(name, datas)]
    if not branches:
        return {}
    return {"itemSchema": branches[0] if len(branches) == 1 else {"oneOf": branches}}


def _ended(body: Body, kind: Framing) -> bytes:
    """Return items of which the last one has its end, where it was whole."""
    return body.data + (b"\x1e" if kind == "seq" else b"")


def _branches(name: str, datas: Sequence[str]) -> list[dict[str, Any]]:
    """Return what events of one type are: JSON, and words that end a stream of JSON; or text."""
    values = [_json(data.encode()) for data in datas]
    read = [value[0] for value in values if value is not None]
    words = list(dict.fromkeys(d for d, v in zip(datas, values, strict=True) if v is None))
    if not read or len(words) > 1 or not all(isinstance(v, (dict, list)) for v in read):
        return [_event(name, {"type": "string"})]
    coded = {"contentMediaType": "application/json", "contentSchema": inferred(read)}
    found = [_event(name, {"type": "string"} | coded)]
    return [*found, *(_event(name, {"type": "string", "const": word}) for word in words)]


def _event(name: str, data: dict[str, Any]) -> dict[str, Any]:
    required = ["data"] if name == "message" else ["event", "data"]
    members = {"event": {"const": name}, "data": data, "id": {"type": "string"}}
    return {"type": "object", "required": required, "properties": members}

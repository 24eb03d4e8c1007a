"""Requests that a document allows, made of its own schemas."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from mockserver.contract.sampling.sample import Unsatisfiable, sample

if TYPE_CHECKING:
    from mockserver.contract import Operation
    from mockserver.contract.place import Place


@dataclass
class Request:
    """One request for an operation; `target` is the path with its query."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


def request_for(operation: Operation, **asked: Any) -> Request:
    """Return a request with everything that is required; `asked` are members of a JSON body."""
    parameters = list(_parameters(operation))
    path, _, own_query = operation.full_paths[0].partition("#")[0].partition("?")
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name in operation.path_parameters:
        found = next((p for p in parameters if p[:2] == ("path", name)), None)
        text = _segment(_text(operation, found[2], name) if found else name)
        path = path.replace(f"{{{name}}}", text)
    for where, name, place in parameters:
        if place.object.get("required") is not True:
            continue
        if where == "query":
            query.append((name, _text(operation, place, name)))
        elif where == "header" and name.lower() not in {"accept", "content-type", "authorization"}:
            headers[name] = _text(operation, place, name)
        elif where == "cookie":
            cookies.append(f"{name}={quote(_text(operation, place, name))}")
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    _authorise(operation, headers, query, cookies)
    body = _body(operation, headers, asked)
    asked_for = "&".join(part for part in (own_query, urlencode(query)) if part)
    return Request(operation.method, f"{path}?{asked_for}" if asked_for else path, headers, body)


def _parameters(operation: Operation) -> list[tuple[str, str, Place]]:
    document = operation.document
    item = document.at(operation.pointer.rpartition("/")[0])
    found = {}
    for holder in (item, operation.place):
        for written in holder.get("parameters").items() if holder else ():
            place = document.follow(written)
            where, name = place.object.get("in"), place.object.get("name")
            if isinstance(where, str) and isinstance(name, str):
                found[where, name] = place
    return [(where, name, place) for (where, name), place in found.items()]


def _text(operation: Operation, place: Place, name: str) -> str:
    """Return a value for a parameter as text."""
    if "example" in place.object:
        value = place.object["example"]
    else:
        schema = place.get("schema")
        if not schema.object:
            content = next(place.get("content").members(), None)
            schema = content[1].get("schema") if content else schema
        try:
            value = sample(operation.document, schema, "0", name=name, direction="request")
        except Unsatisfiable:
            value = name
    while isinstance(value, list):
        value = value[0] if value else "a"
    return value if isinstance(value, str) else json.dumps(value)


def _segment(text: str) -> str:
    return quote(text, safe="") if text not in {"", ".", ".."} else "a"


def _authorise(operation: Operation, headers: dict, query: list, cookies: list) -> None:
    headers.setdefault("Authorization", "Bearer token")


def _body(operation: Operation, headers: dict[str, str], asked: dict[str, Any]) -> bytes | None:
    document = operation.document
    content = dict(document.get(operation.place, "requestBody", "content").members())
    for media_type, place in content.items():
        kind = media_type.partition(";")[0].strip().lower()
        if not kind.endswith("json"):
            continue
        schema = document.follow(place).get("schema")
        try:
            value = sample(document, schema, "0", direction="request")
        except Unsatisfiable:
            value = {}
        if isinstance(value, dict):
            value |= asked
        headers["Content-Type"] = "application/json" if "*" in kind else media_type
        return json.dumps(value, default=str).encode("utf-8", "replace")
    return None

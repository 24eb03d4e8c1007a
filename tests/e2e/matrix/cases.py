"""The conformance scenarios, as the files tell them: what to ask for, and what is to come of it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from drivers import CHAT, Scenario
from verdicts import Event, shorten

from mockserver.scenario.nodes import plain
from mockserver.scenario.plaindata import plain_data
from mockserver.scenario.yamltree import parse

ROOT = Path(__file__).parent.parent.parent.parent
SPEC = ROOT / "specs" / "petstore.openapi.yaml"
FOLDER = ROOT / "scenarios" / "conformance"
EVENT_STREAM = "text/event-stream"
PREFIX = "conformance/"
HELLO = {"hello": "world"}
QUERIES = {"RD-11": {"status": "301/"}}
"""What is asked with where `when` does not say it."""
QUESTION = {
    "model": "petstore-1",
    "stream": True,
    "messages": [{"role": "user", "content": "Who is in today?"}],
}


def conformance() -> list[Scenario]:
    """Return every conformance scenario that says what comes of it, in the order of the rows."""
    operations = _operations()
    found = []
    for path in sorted(FOLDER.rglob("*.yaml")):
        parsed = parse(path.name, path.read_bytes())
        for document in map(plain, parsed.documents):
            name = document.get("scenario") or path.relative_to(FOLDER.parent).with_suffix("")
            if "outcome" in document:
                found.append(_scenario(str(name), document, operations))
    return sorted(found, key=lambda scenario: _order(scenario.name))


def _order(name: str) -> list[tuple[int, str]]:
    """Sort LE-2 before LE-10, and LE-10 before LE-10a."""
    return [(int(number or 0), text) for number, text in re.findall(r"(\d+)|(\D+)", name)]


def _operations() -> dict[str, tuple[str, str]]:
    """Return method and path of each operation of the document, by its id and by both."""
    document = plain_data(SPEC.name, SPEC.read_bytes())
    base = document["servers"][0]["url"].rstrip("/")
    base = "/" + base.split("//", 1)[1].partition("/")[2] if "//" in base else base
    return dict(_named(document["paths"], base))


def _named(paths: Mapping[str, Any], base: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for path, item in paths.items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                reached = method.upper(), base + path
                yield operation.get("operationId", ""), reached
                yield f"{method.upper()} {path}", reached
                yield f"{method.upper()} {base}{path}", reached


def _outcome(outcome: Mapping[str, Any]) -> list[Event] | None:
    """Return the events as the scenario's author tells them, unless it takes templates."""
    if "events" not in outcome or "{{" in str(outcome["events"]):
        return None
    return [
        Event(str(each.get("type", "message")), shorten(str(each["data"])), str(each.get("id", "")))
        if isinstance(each, dict)
        else Event("message", shorten(str(each)), "")
        for each in outcome["events"] or []
    ]


def _attempts(document: Mapping[str, Any]) -> int:
    """Count the connections of the story, redirects not among them."""
    if "connections" in document:
        final = [each for each in document["connections"] if not _leads_on(each)]
        return max(1, sum(int(each.get("times", 1)) for each in final))
    steps = document.get("stream") or [{}]
    ends = ["disconnect" in step for step in steps]
    return sum(ends) + (not ends[-1])


def _leads_on(connection: Mapping[str, Any]) -> bool:
    response = connection.get("response", {})
    status = str(response.get("status", 200))
    return "Location" in response.get("headers", {}) and (status[0] == "3" or "{{" in status)


def _types(tree: Any) -> Iterator[str]:
    """Find every type that an event could be given by anyone who misreads it."""
    match tree:
        case dict():
            if isinstance(tree.get("event"), str):
                yield tree["event"]
            for value in tree.values():
                yield from _types(value)
        case list():
            for value in tree:
                yield from _types(value)
        case str():
            for value in re.findall(r"event: ?([^\r\n]+)", tree):
                yield from (value, value.strip())


def _scenario(
    name: str, document: Mapping[str, Any], operations: Mapping[str, tuple[str, str]]
) -> Scenario:
    operation = document["operation"]
    method, path = operations[operation if isinstance(operation, str) else operation[0]]
    when = document.get("when", {})
    for key, value in when.get("path", {}).items():
        path = path.replace(f"{{{key}}}", quote(str(value)))
    query = when.get("query") or QUERIES.get(name.removeprefix(PREFIX))
    if query:
        path += "?" + urlencode(query)
    body = QUESTION if CHAT in path else HELLO
    if isinstance(when.get("body"), dict):
        body = body | when["body"]
    headers = {key: str(value) for key, value in when.get("headers", {}).items()}
    if headers.get("Accept") == EVENT_STREAM:
        del headers["Accept"]  # they all say so by themselves
    if CHAT in path:
        headers.setdefault("Authorization", "Bearer test")
    outcome = document["outcome"]
    events = outcome.get("events") or []
    types = {str(event.get("type", "message")) for event in events if isinstance(event, dict)}
    types |= set(_types(document))
    return Scenario(
        name=name.removeprefix(PREFIX),
        path=path,
        events=len(events),
        state=outcome.get("state", "connecting"),
        endless="events" not in outcome and outcome.get("state") == "open",
        outcome=_outcome(outcome),
        attempts=_attempts(document),
        types=tuple(sorted(types | {"message"})),
        method=method,
        headers=headers | ({"Content-Type": "application/json"} if method == "POST" else {}),
        body=json.dumps(body) if method == "POST" else None,
        about=" ".join(str(document.get("description", "")).split()),
    )

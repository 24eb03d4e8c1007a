"""The document of the control API, as its page shows it to people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from mockserver.contract import Contract, Operation


def shown(contract: Contract, base_url: str, *, trusting: bool = False) -> dict[str, Any]:
    """Return what the page shows; `base_url` is the server's, as its reader has reached it.

    `trusting`: lines for a shell take whatever certificate the server has.
    """
    info, tags = (contract.document.root.get(name) for name in ("info", "tags"))
    command = ["curl", "-s", *(["-k"] if trusting else [])]
    operations = [_row(operation, base_url, command) for operation in contract.operations.values()]
    groups = [
        (tag.value, [row for row in operations if row["tag"] == tag.value["name"]])
        for tag in tags.items()
    ]
    paragraphs = (info.text("description") or "").split("\n\n")
    return {"heading": contract.title, "paragraphs": paragraphs, "groups": groups}


def _row(operation: Operation, base_url: str, command: list[str]) -> dict[str, Any]:
    """Return what the page says of one operation."""
    document, place = operation.document, operation.place
    path_item = document.root.get("paths").get(operation.path)
    parameters = [
        document.follow(parameter).object
        for owner in (path_item, place)
        for parameter in owner.get("parameters").items()
    ]
    body = place.get("requestBody").get("content").get("application/json").object
    return {
        "id": operation.id,
        "tag": next((tag.value for tag in place.get("tags").items()), ""),
        "method": operation.method,
        "path": operation.full_paths[0],
        "summary": place.text("summary") or "",
        "description": place.text("description") or "",
        "parameters": [
            {"name": parameter["name"], "said": _said(parameter)} for parameter in parameters
        ],
        "example": body.get("example"),
        "curl": _curl(operation, parameters, body.get("example"), base_url, command),
        "link": operation.method == "GET" and "{" not in operation.path,
    }


def _said(parameter: dict[str, Any]) -> str:
    """Return what the document says of a parameter: in words, or what it may be."""
    schema = parameter.get("schema", {})
    items = schema.get("items", schema)
    words = parameter.get("description") or " or ".join(map(str, items.get("enum", ())))
    default = f" (default: {schema['default']})" if "default" in schema else ""
    return f"{words}{default}"


def _curl(
    operation: Operation,
    parameters: list[dict[str, Any]],
    body: Any,
    base_url: str,
    command: list[str],
) -> str:
    """Return a line that asks for the operation, to be pasted into a shell."""
    path = operation.full_paths[0]
    for parameter in parameters:
        if parameter["in"] == "path":
            example = str(parameter.get("example", "1"))
            path = path.replace(f"{{{parameter['name']}}}", quote(example, safe=""))
    words = [*command]
    if operation.method != "GET":
        words += ["-X", operation.method]
    words.append(f"{base_url}{path}")
    if body is not None:
        words += ["-d", f"'{json.dumps(body)}'"]
    return " ".join(words)

"""What can be connected to: the streams of the document, each with a target to try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mockserver.contract.collection import parameters
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.server.control.ask import Ask, Handler, answer

if TYPE_CHECKING:
    from aiohttp import web

    from mockserver.contract import Operation
    from mockserver.contract.place import Place

STREAMS: Final = 200
"""Streams that are listed."""


async def list_streams(ask: Ask) -> web.Response:
    """Return the operations that stream; first those that a GET without credentials reaches."""
    catalog = ask.live.catalog
    found = [one for one in catalog.contract.operations.values() if one.stream is not None]
    found.sort(key=lambda operation: (operation.method != "GET", _asks_who(operation)))
    told = [
        _stream(operation) | {"scenarios": len(catalog.by_operation.get(operation.id, ()))}
        for operation in found[:STREAMS]
    ]
    return answer({"streams": told})


def _asks_who(operation: Operation) -> bool:
    """Whether it wants credentials (OAS 3.2 § Security Requirement Object)."""
    own = operation.place.get("security")
    asked = own if "security" in operation.place.object else operation.document.root.get("security")
    needs = asked.value if isinstance(asked.value, list) else []
    return bool(needs) and {} not in needs


def _stream(operation: Operation) -> dict[str, Any]:
    stream = operation.stream
    assert stream is not None
    return {
        "operation": operation.id,
        "method": operation.method,
        "target": _target(operation),
        "media_type": stream.media_type,
    }


def _target(operation: Operation) -> str:
    """Return a target that reaches the operation, with values that fit its path parameters."""
    schemas = parameters(operation, "path")
    path = operation.full_paths[0]
    for name in operation.path_parameters:
        value = quote(str(_value(operation, name, schemas.get(name))), safe="")
        path = path.replace(f"{{{name}}}", value)
    return path


def _value(operation: Operation, name: str, schema: Place | None) -> Any:
    try:
        return name if not schema else sample(operation.document, schema, name, name=name)
    except Unsatisfiable:
        return name


HANDLERS: Final[dict[str, Handler]] = {"listStreams": list_streams}
"""What answers each of its operations, by its id."""

"""Where a thing is that an operation has made or answered: the path that asks for it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockserver.contract.operations import Operation


def location(operation: Operation, parameters: Mapping[str, str], body: bytes) -> str:
    """Return the path of the thing in a JSON body, the server's base path before it.

    `POST /pets` answers a pet, and the document has `/pets/{petId}`: `/pets/` and the pet's
    `petId` or `id`. Where no such path is declared, or the body has no name for the thing, that
    is where the request went.
    """
    path = re.sub(
        r"\{([^{}/]+)\}",
        lambda found: quote(parameters.get(found[1], found[0]), safe="{}"),
        operation.full_paths[0].rstrip("/"),
    )
    item = _item_parameter(operation)
    try:
        thing = json.loads(body) if item else None
    except ValueError:
        return path
    members = thing if isinstance(thing, dict) else {}
    for name in (item, "id"):
        if isinstance(members.get(name), str | int):
            return f"{path}/{quote(str(members[name]), safe='')}"
    return path


def _item_parameter(operation: Operation) -> str | None:
    """Return the parameter of the path one segment below the operation's, if there is one."""
    below = re.compile(re.escape(operation.path.rstrip("/")) + r"/\{([^{}/]+)\}")
    for path, _ in operation.document.root.get("paths").members():
        found = below.fullmatch(path)
        if found:
            return found[1]
    return None

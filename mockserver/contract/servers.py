"""The base paths that an operation is served under, from its Server Objects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockserver.contract.document import Document
    from mockserver.contract.place import Place

_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")


def base_paths(document: Document, *holders: Place) -> tuple[str, ...]:
    """Return the base paths by the first holder that declares servers; ("",) where none does.

    OAS 3.2 § Server Object: the servers of an operation override those of its path item, and these
    those of the document.
    """
    for holder in holders:
        paths = [_base_path(document.follow(server)) for server in holder.get("servers").items()]
        known = [path for path in paths if path is not None]
        if known:
            return tuple(dict.fromkeys(known))
    return ("",)


def _base_path(server: Place) -> str | None:
    url = server.text("url")
    if url is None:
        return None
    variables = server.get("variables")

    def value(match: re.Match[str]) -> str:
        variable = variables.get(match[1]).object
        listed = variable.get("enum")
        first = listed[0] if isinstance(listed, list) and listed else match[0]
        return str(variable.get("default", first))

    url = re.sub(r"\{([^{}]*)\}", value, url)
    path = _AUTHORITY.sub("", url, count=1) if _AUTHORITY.match(url) else url
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    segments = [segment for segment in path.split("/") if segment not in {"", ".", ".."}]
    return "".join(f"/{segment}" for segment in segments)

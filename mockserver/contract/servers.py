"""The base paths that an operation is served under, from its Server Objects."""

from __future__ import annotations

import re
from itertools import islice, product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place

MOST: Final = 50
"""How many base paths one server may have by its variables."""

_VARIABLE: Final = re.compile(r"\{([^{}]*)\}")
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")


def base_paths(document: Document, *holders: Place) -> tuple[str, ...]:
    """Return the base paths by the first holder that declares servers; ("",) where none does.

    OAS 3.2 § Server Object: the servers of an operation override those of its path item, and these
    those of the document.
    """
    for holder in holders:
        servers = [document.follow(server) for server in holder.get("servers").items()]
        known = [path for server in servers for path in _base_paths(server)]
        if known:
            return tuple(dict.fromkeys(known))
    return ("",)


def _base_paths(server: Place) -> Iterator[str]:
    """Yield the paths of one server: with its variables' defaults, then with their other values.

    OAS 3.2 § Server Variable Object: `enum` lists the values that there are.
    """
    url = server.text("url")
    if url is None:
        return
    variables = server.get("variables")
    names = list(dict.fromkeys(_VARIABLE.findall(url)))
    choices = [_values(name, variables.get(name)) for name in names]
    for values in islice(product(*choices), MOST):
        chosen = dict(zip(names, values, strict=True))
        parts = enumerate(_VARIABLE.split(url))  # texts, and names between them
        yield _path("".join(chosen[part] if index % 2 else part for index, part in parts))


def _values(name: str, variable: Place) -> list[str]:
    default = variable.object.get("default")
    listed = [item.value for item in variable.get("enum").items()]
    values = [str(value) for value in ([] if default is None else [default]) + listed]
    return list(dict.fromkeys(values)) or [f"{{{name}}}"]


def _path(url: str) -> str:
    path = _AUTHORITY.sub("", url, count=1) if _AUTHORITY.match(url) else url
    path = re.split(r"[?#]", path, maxsplit=1)[0]
    segments = [segment for segment in path.split("/") if segment not in {"", ".", ".."}]
    return "".join(f"/{segment}" for segment in segments)

"""The tree of a YAML text: nodes that know where they stand, and what they are as plain data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

_INDEX: Final = re.compile(r"\[(\d+)\]")


@dataclass(slots=True, eq=False)
class Node:
    """A place in the tree; `line` and `column` count from 1, `width` is what an editor marks."""

    line: int
    column: int
    width: int
    size: int
    """How many nodes stand here once every alias is written out."""
    height: int
    """How many levels stand below, aliases written out."""


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """`text` as written, and the `value` that the core schema gives it."""

    text: str
    value: str | int | float | bool | None
    plain: bool


@dataclass(slots=True, eq=False)
class Sequence(Node):
    """A list; `flow` where it is written in brackets."""

    items: list[Node]
    flow: bool


@dataclass(slots=True, eq=False)
class Mapping(Node):
    """Keys in the order written, each once."""

    entries: dict[str, tuple[Scalar, Node]]

    def get(self, key: str) -> Node | None:
        """Return the value under `key`, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None


def plain(node: Node) -> Any:
    """Return the tree below `node` as Python data, mappings keyed by text."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(value) for key, (_, value) in node.entries.items()}
    raise AssertionError(node)


def at_pointer(root: Node, pointer: str) -> Node:
    """Return the node that the JSON pointer (RFC 6901) leads to, or the last one on the way."""
    node = root
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found: Node | None = None
        if isinstance(node, Mapping):
            found = node.get(key)
        elif isinstance(node, Sequence) and key.isdigit() and int(key) < len(node.items):
            found = node.items[int(key)]
        if found is None:
            return node
        node = found
    return node


def mapping_at(root: Node, line: int, column: int) -> Mapping | None:
    """Return the outermost mapping that begins at a place, or None."""
    match root:
        case Mapping() if (root.line, root.column) == (line, column):
            return root
        case Mapping():
            inner = [value for _, value in root.entries.values()]
        case Sequence():
            inner = root.items
        case _:
            return None
    return next(filter(None, (mapping_at(node, line, column) for node in inner)), None)


def at_field(node: Node, field: str) -> Node:
    """Return the node that `data.items[0].price` leads to, or the last one on the way.

    Keys may have dots and brackets in them themselves, so that what is there decides.
    """
    index = _INDEX.match(field)
    if isinstance(node, Sequence) and index and int(index[1]) < len(node.items):
        return at_field(node.items[int(index[1])], field[index.end() :])
    if isinstance(node, Mapping):
        path = field.removeprefix(".")
        keys = sorted(node.entries, key=len, reverse=True)
        for key in keys:
            rest = path[len(key) :]
            if path[: len(key)].lower() == key.lower() and rest[:1] in {"", ".", "["}:
                return at_field(node.entries[key][1], rest)
    return node

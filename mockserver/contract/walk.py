"""The walk over a whole document, past what is data of the user and past extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract.place import Place, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

# Values under these keys are data of the user, in which `$ref` means nothing.
_DATA = frozenset({"example", "default", "const", "enum", "value", "dataValue"})
# Under these keys stand names of the author's choice, so that none of the above is meant.
_NAMED = frozenset(
    {
        "properties",
        "patternProperties",
        "$defs",
        "definitions",
        "dependentSchemas",
        "schemas",
        "responses",
        "parameters",
        "requestBodies",
        "headers",
        "paths",
        "pathItems",
        "webhooks",
        "content",
        "callbacks",
        "variables",
        "links",
        "securitySchemes",
        "encoding",
        "mediaTypes",
        "additionalOperations",
    }
)


def distinct_refs(tree: object) -> dict[str, None]:
    """Return every text of a `$ref` outside of data and extensions, each once, in order.

    This is the one pass over a whole document that `read` makes, so it carries no pointers.
    """
    refs: dict[str, None] = {}
    stack: list[tuple[object, bool]] = [(tree, False)]
    while stack:
        node, named = stack.pop()
        if isinstance(node, list):
            stack.extend((item, False) for item in node if isinstance(item, (dict, list)))
            continue
        if not isinstance(node, dict):
            continue
        for key, value in node.items():
            if isinstance(value, (dict, list)):
                if named:
                    stack.append((value, False))
                elif key == "examples":
                    stack.extend(_examples(value))
                elif key not in _DATA and not str(key).startswith("x-"):
                    stack.append((value, key in _NAMED))
            elif key == "$ref" and not named and isinstance(value, str):
                refs[value] = None
    return refs


def _examples(value: object) -> Iterator[tuple[object, bool]]:
    """Yield the Reference Objects among Example Objects; a schema's `examples` are data."""
    if isinstance(value, dict):
        yield from (({"$ref": ref}, False) for v in value.values() if (ref := reference(v)))


def objects(root: Place) -> Iterator[Place]:
    """Yield the places of all mappings that `distinct_refs` looks at."""
    stack: list[tuple[Place, bool]] = [(root, False)]
    while stack:
        place, named = stack.pop()
        if not named and isinstance(place.value, dict):
            yield place
        children: list[tuple[str | None, Place]] = [(None, item) for item in place.items()]
        children = children or [*place.members()]
        for key, child in reversed(children):
            if named or key is None:
                stack.append((child, False))
            elif key == "examples":
                stack.extend((c, False) for _, c in child.members() if reference(c.value))
            elif key not in _DATA and not key.startswith("x-"):
                stack.append((child, key in _NAMED))

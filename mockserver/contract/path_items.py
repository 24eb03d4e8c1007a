"""Path items: what their references lead to, and which operations and parameters they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.contract.operations import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place


def path_item(document: Document, written: Place) -> Place:
    """Return a path item; what stands beside its `$ref` goes before what the reference leads to."""
    target = document.follow(written)
    beside = {key: value for key, value in written.object.items() if key != "$ref"}
    if target is written or not beside:
        return target
    return target._replace(value={**target.object, **beside})


def methods_of(document: Document, item: Place) -> Iterator[tuple[str, Place]]:
    """Yield the operations of a path item; its other keys are none (OAS 3.2 § Path Item Object)."""
    for key, place in item.members():
        if key in METHODS and isinstance(place.value, dict):
            yield key.upper(), place
    # The methods that OAS 3.2 has no key for, in the case in which they are sent.
    for method, place in document.get(item, "additionalOperations").members():
        if isinstance(place.value, dict) and not method.startswith("x-"):
            yield method, place


def parameter_objects(document: Document, item: Place, operation: Place) -> Iterator[Place]:
    """Yield the parameters of an operation, then those of its path item.

    OAS 3.2 § Path Item Object: the operation's go before those of the same name and location.
    """
    for owner in (operation, item):
        for written in document.follow(owner.get("parameters")).items():
            yield document.follow(written)

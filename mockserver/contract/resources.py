"""Which operations of a document belong together as a collection of things that can be kept.

`/pets`, where POST makes a pet and GET lists them, and `/pets/{petId}`, where one is read, changed
and removed. Nothing in a document says so: it is inferred from paths, methods and schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.contract import templates
from mockserver.contract.collection import Collection, Deed, responses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.collection import Role, Template
    from mockserver.contract.contract import Contract
    from mockserver.contract.document import Document
    from mockserver.contract.operations import Operation
    from mockserver.contract.place import Place

_COLLECTION: Final[Mapping[str, Role]] = {
    "POST": "create",
    "GET": "list",
    "PUT": "replace",
    "DELETE": "clear",
}
_ITEM: Final[Mapping[str, Role]] = {
    "GET": "read",
    "PUT": "replace",
    "PATCH": "merge",
    "POST": "merge",
    "DELETE": "delete",
}


class Resources:
    """The collections of one document, and what each operation does to one."""

    def __init__(self, contract: Contract) -> None:
        self._document = contract.document
        self._by_template = _collections(contract)
        self._gets = {
            template_of(operation.path): operation
            for operation in contract.operations.values()
            if operation.method == "GET"
        }
        self._deeds: dict[str, Deed | None] = {
            deed.operation.id: deed
            for collection in self._by_template.values()
            for deed in collection.deeds
        }

    def deed(self, operation: Operation) -> Deed | None:
        """Return what an operation does to a collection; None where it does nothing to one.

        A search such as `/pets/findByStatus` lists as well, and is found when it is asked for. So
        is a HEAD, which does what GET does there (RFC 9110 § 9.3.2).
        """
        if operation.method == "HEAD":
            return self._head(operation)
        if operation.id not in self._deeds and operation.method == "GET":
            above = template_of(operation.path)
            collection = self._by_template.get(above[:-1])
            if collection and above[-1] is not None:
                deed = Deed(operation, "list", named=False, collection=collection)
                self._deeds[operation.id] = deed if _searches(deed) else None
        found = self._deeds.get(operation.id)
        return found if found is not None and found.collection.kept else None

    def _head(self, operation: Operation) -> Deed | None:
        template = template_of(operation.path)
        twin = self._gets.get(template)
        if twin is not None:
            return self.deed(twin)
        collection = self._by_template.get(template[:-1])
        if collection is None or template[-1] is not None or not collection.kept:
            return None
        return Deed(operation, "read", named=True, collection=collection)

    def __iter__(self) -> Iterator[Collection]:
        return (found for found in self._by_template.values() if found.kept)


def template_of(path: str) -> Template:
    """Return a path without the names of its parameters, and without a slash at its end."""
    segments = templates.plain(path).rstrip("/").split("/")[1:]
    return tuple(None if templates.is_parameter(text) else text for text in segments)


def _collections(contract: Contract) -> dict[Template, Collection]:
    """Return what may be a collection: a path that ends in a word, with a way to make things."""
    paths: dict[Template, dict[str, Operation]] = {}
    for operation in contract.operations.values():
        methods = paths.setdefault(template_of(operation.path), {})
        methods.setdefault(operation.method, operation)
    found = {}
    uppers = (template[:-1] for template in paths if template[-1:] == (None,))
    for template in dict.fromkeys([*paths, *uppers]):
        methods, below = paths.get(template, {}), paths.get((*template, None), {})
        if template and template[-1] is not None and ("POST" in methods or "PUT" in below):
            found[template] = _collection(contract.document, template, methods, below)
    for template, collection in found.items():
        for length in range(2, len(template)):
            upper = found.get(template[: length - 1])
            if upper is not None and template[length - 1] is None and upper.parameter is not None:
                collection.above.append(upper)
                upper.below.append(collection)
    return found


def _collection(
    document: Document,
    template: Template,
    methods: Mapping[str, Operation],
    below: Mapping[str, Operation],
) -> Collection:
    parameter = next((operation.path_parameters[-1] for operation in below.values()), None)
    paths = [templates.plain(operation.path).rstrip("/") for operation in methods.values()]
    paths += [_upper(templates.plain(operation.path)) for operation in below.values()]
    count = len(templates.parameters(paths[0]))
    collection = Collection(document, paths[0], template, parameter, count)
    for roles, operations, named in ((_COLLECTION, methods, False), (_ITEM, below, True)):
        for method, role in roles.items():
            taken = method == "POST" and named and "PATCH" in operations
            if method in operations and not taken:
                deed = Deed(operations[method], role, named, collection)
                collection.deeds.append(deed)
    return collection


def _upper(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0]


def _searches(deed: Deed) -> bool:
    """Tell whether an operation lists the things of a collection by one of their members."""
    collection = deed.collection
    by_member = collection.names.keys() & deed.query.keys()
    return bool(by_member) and any(
        body.kind == "list" and _same(collection.document, body.item, collection.item)
        for holder in responses(deed.operation)
        for body in [deed.answered(holder)]
    )


def _same(document: Document, one: Place, other: Place) -> bool:
    return document.follow(one).pointer == document.follow(other).pointer

"""Which operations of a document belong together as a collection of things that can be kept.

`/pets`, where POST makes a pet and GET lists them, and `/pets/{petId}`, where one is read, changed
and removed. Nothing in a document says so: it is inferred from paths, methods and schemas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mockserver.contract import templates
from mockserver.contract.answering.bodies import is_xml
from mockserver.contract.items import (
    DEEPEST,
    Body,
    Members,
    Reader,
    first,
    is_list,
    item_schema,
    joined,
    members,
    parts,
    same_schema,
    shown,
    unwrapped,
)
from mockserver.contract.media import essence, is_json, is_range
from mockserver.contract.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.contract import Contract
    from mockserver.contract.document import Document
    from mockserver.contract.operations import Operation

Role = Literal["create", "list", "read", "replace", "merge", "delete", "clear"]

_ROLES: Final[tuple[Role, ...]] = ("create", "list", "read", "replace", "merge", "delete")

Template: TypeAlias = tuple[str | None, ...]
"""The segments of a path, None for a parameter: `/pets/{id}` and `/pets/{petId}` are the same."""

_FORM: Final = "application/x-www-form-urlencoded"
_UPLOAD: Final = "multipart/form-data"

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


@dataclass(frozen=True, eq=False)
class Deed:
    """What an operation does to a collection; `named`: its path names the item."""

    operation: Operation
    role: Role
    named: bool
    collection: Collection = field(repr=False)

    def answered(self, holder: Place) -> Body:
        """Return what a body of this media type object, of one of its responses, is."""
        return self.collection.body(holder)

    @cached_property
    def taken(self) -> list[Body]:
        """What the bodies are that the operation takes."""
        return [self.collection.body(holder) for holder in _requests(self.operation)]

    @cached_property
    def query(self) -> dict[str, Place]:
        """The query parameters of the operation, with their schemas."""
        return parameters(self.operation, "query")


@dataclass(eq=False)
class Collection:
    """Things of one kind under one path; `template` is that of the path.

    `parameter` is the path parameter that names one of them, `count` how many stand before it.
    """

    document: Document
    path: str
    template: Template
    parameter: str | None
    count: int
    deeds: list[Deed] = field(default_factory=list)
    above: list[Collection] = field(default_factory=list)
    """The collections of whose things these are parts, the outermost first."""
    below: list[Collection] = field(default_factory=list)
    """The collections of parts of these things."""
    _bodies: dict[str, Body] = field(default_factory=dict, repr=False)

    @property
    def item_path(self) -> str:
        """The path of one item as written; the collection's own where no path names one."""
        named = (templates.plain(deed.operation.path) for deed in self.deeds if deed.named)
        return next(named, self.path)

    def deed(self, role: Role) -> Deed | None:
        """Return who plays that role; a path that names the item goes first."""
        found = [deed for deed in self.deeds if deed.role == role]
        return min(found, key=lambda deed: not deed.named, default=None)

    def body(self, holder: Place) -> Body:
        """Return what a body of a media type object is to this collection."""
        found = self._bodies.get(holder.pointer)
        if found is None:
            found = self._reader.body(holder.get("schema"), shown(self.document, holder))
            self._bodies[holder.pointer] = found
        return found

    @cached_property
    def item(self) -> Place:
        """The schema of one item, as its own operations answer it; of None where nothing does."""
        return self._found[0]

    @cached_property
    def key(self) -> str | None:
        """The member of an item that its path names; None where items do not show it."""
        return self._found[1]

    @cached_property
    def names(self) -> Members:
        """The members of an item."""
        return members(self.document, self.item)

    @cached_property
    def key_schema(self) -> Place:
        """The schema of the key: that of the member, else that of the path parameter."""
        if self.key is not None and self.key in self.names:
            return joined(self.document, self.names[self.key])
        return self.key_parameter

    @cached_property
    def key_parameter(self) -> Place:
        """The schema of the path parameter that names an item."""
        for deed in self.deeds:
            if deed.named and self.parameter is not None:
                schema = parameters(deed.operation, "path").get(self.parameter)
                if schema is not None:
                    return schema
        return Place(None, "")

    @cached_property
    def requested(self) -> Members:
        """The members that a client may send of an item."""
        found: Members = {}
        for deed in self.deeds:
            uploads = [self.body(holder) for holder in _requests(deed.operation, _UPLOAD)]
            for body in [*deed.taken, *uploads] if deed.role != "clear" else ():
                for name, places in members(self.document, body.item).items():
                    found.setdefault(name, places)
        return found

    def places(self, name: str) -> Place:
        """Return the schema of a member, as requests declare it, else as answers do."""
        return joined(self.document, self.requested.get(name) or self.names.get(name) or [])

    @cached_property
    def kept(self) -> bool:
        """Whether these are things that a client can make, and then find again."""
        create, upsert = self.deed("create"), self.deed("replace")
        made = create is not None and self._makes(create)
        if not made and not (upsert and upsert.named and _declares(upsert.operation, "201")):
            return False
        return self.key is not None or self.deed("read") is not None or self._is_listed()

    def _makes(self, create: Deed) -> bool:
        """Tell a POST that makes one item from a login, a search or an upload."""
        answers = self._kinds([self.body(holder) for holder in responses(create.operation)])
        kinds = self._kinds(create.taken)
        if "list" in kinds | answers and "item" not in kinds:
            return False
        if self.parameter is None and not self._is_listed():
            return False
        nothing_said = not kinds and not answers
        return nothing_said or "item" in kinds or not {"item", "key"}.isdisjoint(answers)

    def _kinds(self, bodies: list[Body]) -> set[str]:
        """Return what bodies are; one of which nothing is declared may be anything."""
        return {
            body.kind
            for body in bodies
            if body.kind != "other" or members(self.document, body.item)
        }

    def _is_listed(self) -> bool:
        listing = self.deed("list")
        return listing is not None and any(
            self.body(holder).kind == "list" for holder in responses(listing.operation)
        )

    @cached_property
    def _reader(self) -> Reader:
        keys = frozenset(name for name in (self.key, self.parameter) if name is not None)
        return Reader(self.document, self.item, self.names or self._found[2], keys, self._things)

    @property
    def _things(self) -> str:
        return self.template[-1] or ""

    @cached_property
    def _found(self) -> tuple[Place, str | None, Members]:
        """The item's schema, its key and its members, from the first body that shows a key."""
        first: tuple[Place, str | None, Members] | None = None
        for schema, example in self._shows_item():
            asked = self.parameter or "id"
            found = unwrapped(self.document, schema, example, asked, self._things)
            key = found.key or same_schema(self.document, self.key_parameter, found.names)
            if key is not None:
                return found.schema, key, found.names
            if found.names:
                first = first or (found.schema, None, found.names)
        return first or (Place(None, ""), None, {})

    def _shows_item(self) -> Iterator[tuple[Place, Any]]:
        """Yield what may be an item, with what its example shows, the likeliest first."""
        by_role = {role: [d for d in self.deeds if d.role == role] for role in _ROLES}
        for role in ("read", "replace", "merge", "create"):
            for deed in by_role[role]:
                for holder in responses(deed.operation):
                    yield holder.get("schema"), shown(self.document, holder)
        for deed in by_role["list"]:
            for holder in responses(deed.operation):
                yield from _listed(self.document, holder)
        for deed in by_role["create"]:
            for holder in _requests(deed.operation):
                yield holder.get("schema"), shown(self.document, holder)


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


def _declares(operation: Operation, status: str) -> bool:
    return any(name == status for name, _ in operation.responses())


def responses(operation: Operation) -> list[Place]:
    """Return the media type objects of the usual answer that are JSON or XML."""
    found = operation.response(None)
    content = operation.content(found[1]) if found else ()
    return [holder for media_type, holder in content if is_structured(media_type)]


def _requests(operation: Operation, form: str = _FORM) -> list[Place]:
    """Return the media type objects of bodies that are JSON, XML or a form of that type."""
    content = operation.document.get(operation.place, "requestBody", "content")
    return [
        operation.document.follow(holder)
        for media_type, holder in content.members()
        if is_structured(media_type) or essence(media_type) == form
    ]


def is_structured(media_type: str) -> bool:
    """Tell whether bodies of a media type have members: JSON and XML."""
    return is_json(media_type) or is_xml(media_type) or is_range(media_type)


def parameters(operation: Operation, where: str) -> dict[str, Place]:
    """Return the parameters of an operation in `where`, its own before those of its path item."""
    document, found = operation.document, dict[str, Place]()
    item = document.at(operation.place.pointer.rpartition("/")[0])
    for holder in (operation.place, item):
        for written in holder.get("parameters").items() if holder else ():
            parameter = document.follow(written)
            name = parameter.text("name")
            if name is not None and parameter.object.get("in") == where:
                found.setdefault(name, parameter.get("schema"))
    return found


def _listed(document: Document, holder: Place) -> Iterator[tuple[Place, Any]]:
    """Yield the schemas of the items of every list in a body, with what its example shows."""
    level = [(holder.get("schema"), shown(document, holder))]
    for _ in range(DEEPEST + 1):
        inner = []
        for schema, example in level:
            if is_list(document, schema) or isinstance(example, list):
                yield item_schema(document, schema), first(example)
            else:
                inner += [(part, value) for _, part, value in parts(document, schema, example)]
        level = inner

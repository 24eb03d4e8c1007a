"""A collection of things that can be kept, and what the document says of one of its items.

Which schema an item has, which member is its key, what clients may send of it: read off the bodies
of the operations on it, each when it is first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from mockserver.contract.media import FORM, MULTIPART, essence, is_json, is_range
from mockserver.contract.path_items import parameter_objects, path_item
from mockserver.contract.place import Place
from mockserver.shared import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.operations import Operation

Role = Literal["create", "list", "read", "replace", "merge", "delete", "clear"]

_ROLES: Final[tuple[Role, ...]] = ("create", "list", "read", "replace", "merge", "delete")

Template: TypeAlias = tuple[str | None, ...]
"""The segments of a path, None for a parameter: `/pets/{id}` and `/pets/{petId}` are the same."""


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

    @once
    def taken(self) -> list[Body]:
        """What the bodies are that the operation takes."""
        return [self.collection.body(holder) for holder in _requests(self.operation)]

    @once
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

    @once
    def item(self) -> Place:
        """The schema of one item, as its own operations answer it; of None where nothing does."""
        return self._found[0]

    @once
    def key(self) -> str | None:
        """The member of an item that its path names; None where items do not show it."""
        return self._found[1]

    @once
    def names(self) -> Members:
        """The members of an item."""
        return members(self.document, self.item)

    @once
    def key_schema(self) -> Place:
        """The schema of the key: that of the member, else that of the path parameter."""
        if self.key is not None and self.key in self.names:
            return joined(self.document, self.names[self.key])
        return self.key_parameter

    @once
    def key_parameter(self) -> Place:
        """The schema of the path parameter that names an item."""
        for deed in self.deeds:
            if deed.named and self.parameter is not None:
                schema = parameters(deed.operation, "path").get(self.parameter)
                if schema is not None:
                    return schema
        return Place(None, "")

    @once
    def requested(self) -> Members:
        """The members that a client may send of an item."""
        found: Members = {}
        for deed in self.deeds:
            uploads = [self.body(holder) for holder in _requests(deed.operation, MULTIPART)]
            for body in [*deed.taken, *uploads] if deed.role != "clear" else ():
                for name, places in members(self.document, body.item).items():
                    found.setdefault(name, places)
        return found

    def places(self, name: str) -> Place:
        """Return the schema of a member, as requests declare it, else as answers do."""
        return joined(self.document, self.requested.get(name) or self.names.get(name) or [])

    @once
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

    @once
    def _reader(self) -> Reader:
        keys = frozenset(name for name in (self.key, self.parameter) if name is not None)
        return Reader(self.document, self.item, self.names or self._found[2], keys, self._things)

    @property
    def _things(self) -> str:
        return self.template[-1] or ""

    @once
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


def _declares(operation: Operation, status: str) -> bool:
    return any(name == status for name, _ in operation.responses())


def responses(operation: Operation) -> list[Place]:
    """Return the media type objects of the usual answer that are JSON or XML."""
    found = operation.response(None)
    content = operation.content(found[1]) if found else ()
    return [holder for media_type, holder in content if is_structured(media_type)]


def _requests(operation: Operation, form: str = FORM) -> list[Place]:
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
    """Return the schemas of an operation's parameters in `where`, by their names."""
    document, found = operation.document, dict[str, Place]()
    item = path_item(document, document.root.get("paths").get(operation.path))
    for parameter in parameter_objects(document, item, operation.place):
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

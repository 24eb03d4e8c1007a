"""The contract of one document: its operations, found by name or by request."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mockserver.contract import templates
from mockserver.contract.branches import item_place
from mockserver.contract.document import open_document
from mockserver.contract.examples import of_schema
from mockserver.contract.operations import Operation
from mockserver.contract.path_items import methods_of, path_item
from mockserver.contract.routes import Table
from mockserver.contract.servers import base_paths
from mockserver.contract.streams import EVERY, StreamSettings
from mockserver.errors import LoadError, Location, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place
    from mockserver.contract.routes import NoRoute, Route
    from mockserver.errors import Severity


def read(
    tree: object,
    source: str,
    settings: Mapping[str, StreamSettings] | None = None,
    unread: Mapping[str, str] | None = None,
    *,
    keep_going: bool = False,
) -> Contract:
    """Return the contract of a parsed document; raise LoadError with every problem in it.

    The document is not validated: what is malformed but not needed is skipped. `settings` are
    the user's words on streams, by `operationId` or any other name that `Contract.find` knows;
    those of `*` hold for every stream that has no word of its own. `unread` is what `bundle` says.
    Of twin operations the first one is served: `Contract.problems` warns of the others. With
    `keep_going` a reference that leads nowhere is one of those problems, and asks nothing.
    """
    document = open_document(tree, source, unread or {})
    contract = Contract(document, settings or {})
    problems = contract.problems()
    errors = [problem for problem in problems if problem.severity == "error"]
    if any(not keep_going or problem.code == "no-paths" for problem in errors):
        raise LoadError(problems)
    return contract


def _missing(document: Document) -> list[Problem]:
    """Return what is to be said of a document without paths."""
    if isinstance(document.tree.get("paths"), dict):
        return []
    what = "the document has no paths, so there is nothing to serve"
    # From 3.1 on there may be none (OAS 3.1 § OpenAPI Object).
    may_lack = document.version >= (3, 1) and document.tree.keys() & {"components", "webhooks"}
    severity: Severity = "warning" if may_lack else "error"
    return [document.problem("", what, "no-paths", severity=severity)]


class Contract:
    """What one OpenAPI document promises: its operations, routes, streams and schemas."""

    def __init__(self, document: Document, settings: Mapping[str, StreamSettings]) -> None:
        self.document = document
        self.source = document.source
        self.version = document.version
        self.title = document.root.get("info").text("title") or ""
        self._unsound = [*document.ref_problems(), *_missing(document)]
        self._duplicates: list[tuple[Operation, Operation]] = []
        self._settings = settings
        operations: dict[str, Operation] = {}
        for operation in _operations(document, settings):
            first = operations.setdefault(operation.id, operation)
            if first is not operation:
                twin = replace(operation, id=f"{operation.method} {operation.path}")
                operations.setdefault(twin.id, twin)
                self._duplicates.append((twin, first))
        self.operations: Mapping[str, Operation] = MappingProxyType(operations)
        self._table = Table(operations.values())
        self._names = self._named()

    def says_the_same(self, other: Contract) -> bool:
        """Tell whether another contract was read from the same document, with the same settings."""
        same = self.source == other.source and self._settings == other._settings
        return same and self.document.tree == other.document.tree

    def _named(self) -> dict[str, Operation]:
        names: dict[str, Operation] = dict(self.operations)
        for operation in self.operations.values():
            for path in (operation.path, *operation.full_paths):
                names.setdefault(f"{operation.method} {path}", operation)
        return names

    def find(self, name: str) -> Operation | None:
        """Return the operation with that operationId, or of that `METHOD /path` as written."""
        found = self._names.get(name)
        if found is None:
            method, _, path = name.strip().partition(" ")
            found = self._names.get(f"{method.upper()} {path.strip()}")
        return found

    def names(self) -> list[str]:
        """Return every name that `find` knows: the ids first, in document order."""
        return list(self._names)

    def route(self, method: str, path: str) -> Route | NoRoute:
        """Return where a request goes; `path` is still percent-encoded, without the query."""
        return self._table.route(method, path)

    def schema(self, name: str) -> dict[str, Any] | None:
        """Return the component schema of that name, references followed."""
        place = self.document.follow(self._schema(name))
        return place.value if isinstance(place.value, dict) else None

    def example(self, name: str) -> Any:
        """Return what the component schema of that name shows as its example, or NOTHING."""
        return of_schema(self.document, self._schema(name))

    def _schema(self, name: str) -> Place:
        return self.document.get(self.document.root, "components", "schemas").get(name)

    def resolve(self, ref: str) -> Any:
        """Return the value behind the text of a `$ref`, or None."""
        return self.document.follow(self.document.root._replace(value={"$ref": ref})).value

    def problems(self) -> list[Problem]:
        """Return bad references, operations not to be told apart, and settings for none of them."""
        problem = self.document.problem
        problems = self._unsound + [
            problem(
                f"{twin.pointer}/operationId",
                f"operationId {first.id!r} is already that of {first.method} {first.path}",
                "duplicate-operation-id",
                "the first one is served; give the other an operationId of its own",
                "warning",
            )
            for twin, first in self._duplicates
        ]
        problems += [
            problem(
                twin.pointer,
                f"{twin.method} {twin.path} is the same route as {first.method} {first.path}",
                "duplicate-route",
                "the first one is served; take the other out",
                "warning",
            )
            for twin, first in self._table.clashes
        ]
        for name, setting in self._settings.items():
            problems += self._setting_problems(name, setting)
        return problems

    def _setting_problems(self, name: str, setting: StreamSettings) -> Iterator[Problem]:
        where = setting.where or Location(self.source)
        operation = self.find(name)
        if operation is None and name != EVERY:
            what = f"stream settings name an operation {name!r} that the document does not have"
            mend = did_you_mean(name, self.names())
            yield Problem(where, what, "unknown-operation", mend)
        elif setting.item is not None and item_place(self.document, setting.item) is None:
            what = f"the stream settings of {name!r}: the document has no {setting.item!r}"
            yield Problem(where, what, "broken-ref")
        elif setting.count == "forever" and operation and operation.stream:
            end = operation.stream.end
            if end is not None:
                what = f"{name} cannot go on forever: {end!r} ends it"
                yield Problem(where, what, "endless-count", "write a number of events")


def _operations(document: Document, settings: Mapping[str, StreamSettings]) -> Iterator[Operation]:
    for path, written in document.root.get("paths").members():
        if path.startswith("/"):
            item = path_item(document, written)
            for method, place in methods_of(document, item):
                bases = base_paths(document, place, item, document.root)
                full_paths = tuple(base + path for base in bases)
                yield _operation(document, (method, path, full_paths), place, settings)


def _operation(
    document: Document,
    line: tuple[str, str, tuple[str, ...]],
    place: Place,
    settings: Mapping[str, StreamSettings],
) -> Operation:
    method, path, full_paths = line
    id_ = place.text("operationId") or f"{method} {path}"
    asked = (id_, f"{method} {path}", *(f"{method} {full}" for full in full_paths))
    setting = next((settings[name] for name in asked if name in settings), StreamSettings())
    setting = setting.over(settings.get(EVERY))
    names = templates.parameters(path)
    return Operation(id_, method, path, full_paths, place.pointer, names, place, document, setting)

"""The parsed document: its version, and what its references point at."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from mockserver.contract.parts import FILES
from mockserver.contract.place import JsonObject, Place, reference, unescape
from mockserver.contract.walk import distinct_refs, objects
from mockserver.errors import LoadError, Location, Problem, did_you_mean, value_text
from mockserver.shared import turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mockserver.errors import Severity

_ALL_READ: Final = MappingProxyType[str, str]({})
BUNDLE = "put the parts into one file first, for example `npx @redocly/cli bundle`"


class Document:
    """The tree of one OpenAPI document: its version and its references."""

    __slots__ = ("_ids", "_targets", "_unread", "cache", "source", "tree", "turn", "version")

    def __init__(
        self,
        tree: JsonObject,
        source: str,
        version: tuple[int, int],
        unread: Mapping[str, str] = _ALL_READ,
    ) -> None:
        self.tree = tree
        self._unread = unread
        self.source = source
        self.version = version
        self.cache: dict[str, Any] = {}
        """What readers of this document remember, by a name of their own."""
        self.turn = turns()
        """Held by who adds to what is remembered: others may be reading it in other threads."""
        self._targets: dict[str, Place | None] = {}
        self._ids: dict[str, Place] | None = None

    @property
    def root(self) -> Place:
        """The whole document."""
        return Place(self.tree, "")

    def at(self, pointer: str) -> Place | None:
        """Return what a JSON pointer leads to, or None."""
        value: Any = self.tree
        for token in pointer.split("/")[1:]:
            value = _step(value, unescape(token))
            if value is _NOTHING:
                return None
        return Place(value, pointer)

    def lookup(self, ref: str) -> Place | None:
        """Return what the text of a `$ref` means, one hop; None where it resolves nowhere."""
        if ref not in self._targets:
            self._targets[ref] = self._lookup(ref)
        return self._targets[ref]

    def _lookup(self, ref: str) -> Place | None:
        base, _, fragment = ref.partition("#")
        fragment = unquote(fragment)
        start: Place | None = self.root
        if base and not self._is_self(base):
            start = self._identified().get(base)
        if start is None:
            return None
        if not fragment:
            return start
        if fragment.startswith("/"):
            return self.at(start.pointer + fragment)
        return self._identified().get(f"#{fragment}")

    def _is_self(self, base: str) -> bool:
        name = self.source.replace("\\", "/").rpartition("/")[2]
        # OAS 3.2 § OpenAPI Object: `$self` is the URI of the document.
        return base.removeprefix("./") == name or base == self.tree.get("$self")

    def is_external(self, ref: str) -> bool:
        """Tell whether a `$ref` leads to another file or URL."""
        base = ref.partition("#")[0]
        return bool(base) and not self._is_self(base) and base not in self._identified()

    def _identified(self) -> dict[str, Place]:
        """Map every `$id`, and `#` with every `$anchor`, to its schema."""
        if self._ids is None:
            found: dict[str, Place] = {}
            for place in self._objects():
                for key in ("$id", "$anchor", "$dynamicAnchor"):
                    name = place.text(key)
                    if name:
                        found.setdefault(name if key == "$id" else f"#{name}", place)
            self._ids = found
        return self._ids

    def follow(self, place: Place) -> Place:
        """Return the place behind any chain of `$ref`; of None where it is broken or cyclic."""
        seen: set[str] = set()
        while (ref := reference(place.value)) is not None:
            target = self.lookup(ref)
            if target is None or target.pointer in seen:
                return Place(None, place.pointer)
            seen.add(target.pointer)
            place = target
        return place

    def get(self, place: Place, *keys: object) -> Place:
        """Return a member of a member …, with references followed before and after each."""
        place = self.follow(place)
        for key in keys:
            place = self.follow(place.get(key))
        return place

    def _objects(self) -> Iterator[Place]:
        """Yield the places of all mappings, those of the other files that are bundled as well."""
        yield from objects(self.root)
        for _, part in self.root.get(FILES).members():
            yield from objects(part)

    def problem(
        self, pointer: str, what: str, code: str, mend: str = "", severity: Severity = "error"
    ) -> Problem:
        """Return a problem at a pointer into this document."""
        return Problem(Location(self.source, pointer=pointer), what, code, mend, severity)

    def ref_problems(self) -> list[Problem]:
        """Return a problem for every `$ref` that is broken, external or leads back to itself.

        The quick walk gathers the distinct references; only where one of them is bad does a
        second walk, which carries pointers, say where.
        """
        bad: dict[str, Problem] = {}
        refs = distinct_refs(self.tree)
        for part in self.root.get(FILES).object.values():
            refs |= distinct_refs(part)
        for ref in refs:
            problem = self._ref_problem(ref)
            if problem:
                bad[ref] = problem
        if not bad:
            return []
        places = [(place.pointer, reference(place.value)) for place in self._objects()]
        return [
            self.problem(f"{pointer}/$ref", bad[ref].what, bad[ref].code, bad[ref].mend)
            for pointer, ref in places
            if ref in bad
        ]

    def _ref_problem(self, ref: str) -> Problem | None:
        target = self.lookup(ref)
        if target is not None:
            cyclic = self.follow(Place({"$ref": ref}, "")).value is None and target.value
            if not cyclic or not self._returns(ref):
                return None
            return self.problem("", f"$ref {ref!r} leads back to itself", "cyclic-ref")
        if ref in self._unread:
            mend = "put the file where the reference says"
            return self.problem("", f"$ref {ref!r}: {self._unread[ref]}", "external-ref", mend)
        if self.is_external(ref):
            what = f"$ref {ref!r} leads out of the document, which is not supported"
            return self.problem("", what, "external-ref", BUNDLE)
        what = f"$ref {ref!r} resolves to nothing"
        return self.problem("", what, "broken-ref", self._near(ref))

    def _returns(self, ref: str | None) -> bool:
        seen = set()
        while ref is not None and (target := self.lookup(ref)) is not None:
            if target.pointer in seen:
                return True
            seen.add(target.pointer)
            ref = reference(target.value)
        return False

    def _near(self, ref: str) -> str:
        parent, _, name = ref.partition("#")[2].rpartition("/")
        place = self.at(unquote(parent)) if parent else None
        mend = did_you_mean(unescape(unquote(name)), map(str, place.object)) if place else ""
        return mend if len(mend) <= 400 else ""


def open_document(tree: object, source: str, unread: Mapping[str, str] = _ALL_READ) -> Document:
    """Return the document of a tree that is one of OpenAPI 3; raise LoadError otherwise."""

    def refuse(what: str, mend: str = "") -> LoadError:
        return LoadError([Problem(Location(source), what, "not-openapi", mend)])

    if not isinstance(tree, dict):
        raise refuse("this is not an OpenAPI document: it is not a mapping")
    if "swagger" in tree and "openapi" not in tree:
        raise refuse(
            f"this is a Swagger {tree['swagger']} document, but OpenAPI 3.0, 3.1 or 3.2 is needed",
            "convert it, for example with `npx swagger2openapi`",
        )
    if "openapi" not in tree:
        raise refuse("this is not an OpenAPI document: it has no key 'openapi'")
    version = re.match(r"(\d+)\.(\d+)", str(tree["openapi"]), re.ASCII)
    if version is None or version[1] != "3":
        raise refuse(
            f"OpenAPI {value_text(tree['openapi'])} is not understood: 3.0, 3.1 and 3.2 are",
            "write, for example, openapi: 3.1.0",
        )
    return Document(tree, source, (int(version[1]), int(version[2])), unread)


_NOTHING = object()


def _step(value: object, token: str) -> object:
    if isinstance(value, dict):
        if token in value:
            return value[token]
        # YAML reads `200:` as a number; the pointer can only say text.
        return value.get(int(token), _NOTHING) if _is_index(token) else _NOTHING
    if isinstance(value, list) and _is_index(token) and int(token) < len(value):
        return value[int(token)]
    return _NOTHING


def _is_index(token: str) -> bool:
    return token.isascii() and token.isdigit() and len(token) < 10

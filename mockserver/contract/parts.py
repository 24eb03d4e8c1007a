"""A document in several files, made one: what its references lead to is put beside it.

Other files of OpenAPI are of any kind: a schema, a path item, a map of either. Each is read once,
goes under one key of the root, and every reference into it becomes a JSON pointer.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from mockserver.contract.place import Place, escape, reference, unescape
from mockserver.contract.walk import objects

if TYPE_CHECKING:
    from collections.abc import Callable

FILES: Final = "x-mockserver-files"
"""The key of the root under which the other files stand, by their path from the root's folder."""

MOST: Final = 1_000
"""How many files one document may have."""

_SUFFIXES: Final = (".json", ".yaml", ".yml")


def bundle(tree: object, name: str, read: Callable[[str], object]) -> dict[str, str]:
    """Put all files that `tree`, the content of the file `name`, refers to into it.

    `read` returns the content of a file, by its path from the folder of `name`; raises OSError.
    Returns why references could not be followed, by their text as it stands then.
    """
    bundler = _Bundler(name, read)
    if isinstance(tree, dict):
        bundler.rewrite(tree, "")
        while bundler.waiting:
            part = bundler.waiting.pop()
            bundler.rewrite(bundler.files[part], part)
        if bundler.files:
            tree[FILES] = bundler.files
    return bundler.unread


def part_of(pointer: str) -> tuple[str | None, str]:
    """Return the file that a pointer into the whole leads to (None: the root), and where there."""
    tokens = pointer.split("/", 3)
    if len(tokens) < 3 or tokens[1] != FILES:
        return None, pointer
    return unescape(tokens[2]), f"/{tokens[3]}" if len(tokens) > 3 else ""


class _Bundler:
    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self._name = name
        self._read = read
        self.files: dict[str, Any] = {}
        self.waiting: list[str] = []
        self.unread: dict[str, str] = {}

    def rewrite(self, tree: object, part: str) -> None:
        """Let the references of one file lead into the whole; `part` is its path, or ""."""
        seen: set[int] = set()  # an alias of YAML is one object, and has one rewriting
        for place in objects(Place(tree, "")):
            if id(place.value) in seen:
                continue
            seen.add(id(place.value))
            ref = reference(place.value)
            if ref is not None:
                place.value["$ref"] = self._rewritten(ref, part)
            mapping = place.get("discriminator").get("mapping").object
            if mapping and id(mapping) not in seen:
                seen.add(id(mapping))
                for name, target in mapping.items():
                    # What is no file's name here is the name of a component.
                    if isinstance(target, str) and (target[:1] == "#" or _names_file(target)):
                        mapping[name] = self._rewritten(target, part)

    def _rewritten(self, ref: str, part: str) -> str:
        base, mark, fragment = ref.partition("#")
        if not base:
            return f"#{_prefix(part)}{fragment}" if part and fragment[:1] in {"", "/"} else ref
        if not _names_file(ref):
            return ref  # a URL, the `$id` of a schema, or a `$self`
        file = posixpath.normpath(posixpath.join(posixpath.dirname(part), unquote(base)))
        if file == self._name:
            return f"#{fragment}"
        fault = self._open(file)
        if fault:
            whole = f"{file}{mark}{fragment}"
            self.unread[whole] = fault
            return whole
        return f"#{_prefix(file)}{fragment}"

    def _open(self, file: str) -> str:
        """Read a file that is not read yet; return why it cannot be."""
        if file in self.files:
            return ""
        if len(self.files) >= MOST:
            return f"the document has more than {MOST:,} files"
        try:
            self.files[file] = self._read(file)
        except OSError as error:
            return f"the file cannot be read: {error.strerror}"
        self.waiting.append(file)
        return ""


def _names_file(ref: str) -> bool:
    """Tell whether a reference leads to a file beside the document, and not to a URL."""
    url = urlsplit(ref)
    return not url.scheme and not url.netloc and url.path.lower().endswith(_SUFFIXES)


def _prefix(part: str) -> str:
    return f"/{FILES}/{escape(part)}"

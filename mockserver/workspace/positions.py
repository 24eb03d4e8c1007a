"""Where in the files something stands: a scenario, a member of one, a place of the document.

A file is read anew for it, when somebody asks: it may be another than the one that was loaded.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver import contract
from mockserver.errors import Location
from mockserver.scenario.nodes import at_field, at_pointer, mapping_at
from mockserver.scenario.yamltree import SourceFile, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockserver.scenario.yamltree import Parsed


def shown(path: Path) -> str:
    """Return `path` as a person would write it from here; places in files name it so."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def source(where: Location) -> str | None:
    """Return the text of the scenario that begins at `where`, or None where it does not.

    Of a file with several, `---` between them, it is one.
    """
    path = Path(where.file)
    with contextlib.suppress(OSError):
        parsed = parse(where.file, path.read_bytes())
        starts = [parsed.file.at(root).line for root in parsed.documents]
        if where.line in starts:
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines(keepends=True)
            after = starts[starts.index(where.line) + 1 :]
            end = _marker(lines, after[0]) if after else len(lines)
            first = _marker(lines, where.line) if len(starts) > 1 else 0
            return "".join(lines[first:end]).removeprefix("---\n")
    return None


def _marker(lines: Sequence[str], line: int) -> int:
    """Return the index of the `---` before a line (from 1), or 0."""
    above = (index for index in range(line - 1, -1, -1) if lines[index].startswith("---"))
    return next(above, 0)


def placer(spec: Path, limit: int | None = None) -> Callable[[str], Location]:
    """Return what gives a JSON pointer into a document its line; reads it when first asked.

    A document of more than `limit` bytes is not read for it: it takes half a second a megabyte.
    """
    name = shown(spec)

    @cache
    def tree(path: Path) -> tuple[Any, SourceFile] | None:
        try:
            raw = path.read_bytes()
        except OSError:  # it has gone since it was loaded
            return None
        parsed = None if limit and len(raw) > limit else parse(shown(path), raw, limited=False)
        return (parsed.documents[0], parsed.file) if parsed and parsed.documents else None

    def placed(pointer: str) -> Location:
        part, inner = contract.part_of(pointer)
        found = tree(spec if part is None else spec.parent / part)
        if found is None:
            return Location(name, pointer=pointer)
        return replace(found[1].at(at_pointer(found[0], inner)), pointer=inner)

    return placed


def finder() -> Callable[[Location, str], Location]:
    """Return what leads from a place in a scenario file to a member: `data.items[0].price`."""

    @cache
    def tree(name: str) -> Parsed | None:
        with contextlib.suppress(OSError):
            return parse(name, Path(name).read_bytes())
        return None

    def member(where: Location, field: str) -> Location:
        parsed = tree(where.file)
        for root in parsed.documents if parsed and where.line else ():
            mapping = mapping_at(root, where.line, where.column)
            if mapping is not None and parsed is not None:
                return parsed.file.at(at_field(mapping, field))
        return where

    return member

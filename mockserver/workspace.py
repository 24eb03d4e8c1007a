"""Finds and opens the OpenAPI document and the scenario files; the only place that reads files."""

from __future__ import annotations

import contextlib
import importlib.resources
import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockserver import contract
from mockserver.errors import LoadError, Location, Problem, StartError
from mockserver.scenario.catalog import Catalog, link
from mockserver.scenario.nodes import at_field, at_pointer, mapping_at
from mockserver.scenario.plaindata import plain_data
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.settings import read_settings
from mockserver.scenario.yamltree import SourceFile, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from mockserver.scenario.read import Known
    from mockserver.scenario.yamltree import Parsed

SUFFIXES: Final = (".yaml", ".yml")

Stamp = tuple[int, int, int, int]
"""When a file was changed, its data and all of it, in nanoseconds; which it is; its size."""


@dataclass(slots=True)
class Seen:
    """How files were when they were loaded last: those that were read, or looked for in vain."""

    loaded: Mapping[Path, Stamp | None] = field(default_factory=dict)
    loading: dict[Path, Stamp | None] = field(default_factory=dict)
    """The same of a load that goes on."""
    scenarios: Known = field(default_factory=dict)
    """What was read of them: most files are as they were when one of them is edited."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the files are: the document, the folders or files of scenarios, the settings."""

    spec: Path
    scenarios: tuple[Path, ...] = ()
    settings: Path | None = None
    shipped: frozenset[Path] = frozenset()
    """Which of these came with the package because nobody has named another."""
    _seen: Seen = field(default_factory=Seen, repr=False, compare=False)

    def load(self) -> tuple[Catalog, list[Problem]]:
        """Read everything; returns what can be played, and the problems of all the rest.

        Raises LoadError when the document itself cannot be read, StartError for a folder that
        cannot.
        """
        try:
            return self._load()
        finally:
            # Even of a load that failed: the next one is for what has been edited since.
            self._seen.loaded, self._seen.loading = self._seen.loading, {}

    def _load(self) -> tuple[Catalog, list[Problem]]:
        files, problems, missing = self._scenario_files()
        try:
            document = self.read_document(keep_going=True)
        except LoadError as error:
            _, wrong = read_scenarios(files, self._seen.scenarios)
            raise missing or LoadError([*error.problems, *problems, *wrong]) from None
        if missing:
            raise missing
        scenarios, wrong = read_scenarios(files, self._seen.scenarios)
        catalog, unlinked = link(document, scenarios, self._body)
        doubts = self._placed(document.problems())
        return catalog, sorted(
            [*problems, *wrong, *unlinked, *doubts], key=lambda problem: problem.order
        )

    def outdated(self) -> bool:
        """Tell whether any file that was read or missed has changed, or a scenario has come."""
        stamps = self._seen.loaded
        if any(path not in stamps for path in self._found()):
            return True
        return any(_stamp(path) != stamp for path, stamp in stamps.items())

    def unfinished(self) -> bool:
        """Tell whether a file that was read is gone, perhaps until an editor puts another there."""
        return any(stamp and _stamp(path) is None for path, stamp in self._seen.loaded.items())

    def _found(self) -> Iterator[Path]:
        """Yield the files of scenarios that there are now; a folder that is not there has none."""
        for root in self.scenarios:
            with contextlib.suppress(StartError):
                yield from self._below(root)

    def _below(self, root: Path) -> list[Path]:
        """Return the scenario files below `root`. Raises StartError.

        A recording has its document beside its scenarios.
        """
        spec, paths = self.spec, _found(root)
        return [p for p in paths if p.name != spec.name or p.resolve() != spec.resolve()]

    def watched(self) -> tuple[list[Path], list[Path]]:
        """Return which files edits are looked for in, missing ones too, and which roots they have.

        Nothing of what ships with the package, unless somebody has named it.
        """
        named = [self.spec, *self.scenarios, *([self.settings] if self.settings else [])]
        files = dict.fromkeys([*named, *self._seen.loaded])
        mine = [path for path in files if not any(map(path.is_relative_to, self.shipped))]
        return mine, [root for root in self.scenarios if root in mine]

    def _read(self, path: Path) -> bytes:
        """Return what is in a file, and remember how it was. Raises OSError."""
        # First: an edit while it is being read makes another.
        self._seen.loading[path] = _stamp(path)
        return path.read_bytes()

    def read_document(self, *, keep_going: bool = False) -> contract.Contract:
        """Read the OpenAPI document. Raises LoadError with the places of all its faults.

        With `keep_going` only those of a document of which nothing could be played.
        """
        name = shown(self.spec)
        try:
            raw = self._read(self.spec)
        except OSError as error:
            mend = "name an OpenAPI document with --spec"
            what = f"the OpenAPI document cannot be read: {error.strerror}"
            raise LoadError([Problem(Location(name), what, "unreadable-file", mend)]) from None
        try:
            tree = plain_data(name, raw)
        except ValueError as error:
            raise LoadError([error.args[0]]) from None
        settings, unread = self._stream_settings(), None
        try:
            return contract.read(tree, name, settings)
        except LoadError as error:
            wrong = error.problems
        try:
            if any(problem.code == "external-ref" for problem in wrong):
                unread = contract.bundle(tree, self.spec.name, self._part)
            return contract.read(tree, name, settings, unread, keep_going=keep_going)
        except LoadError as error:
            wrong = error.problems
        raise LoadError(self._placed(wrong))

    def _part(self, name: str) -> Any:
        """Read a file that the document refers to. Raises OSError, and LoadError for its faults."""
        path = self.spec.parent / name
        try:
            return plain_data(shown(path), self._read(path))
        except ValueError as error:
            raise LoadError([error.args[0]]) from None

    def _stream_settings(self) -> dict[str, contract.StreamSettings]:
        if self.settings is None:
            return {}
        name = shown(self.settings)
        try:
            raw = self._read(self.settings)
        except OSError as error:
            what = f"the settings file cannot be read: {error.strerror}"
            mend = "name a file with --settings"
            raise LoadError([Problem(Location(name), what, "unreadable-file", mend)]) from None
        settings, problems = read_settings(name, raw)
        if problems:
            raise LoadError(problems)
        return settings

    def source(self, where: Location) -> str | None:
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

    def placer(self, limit: int | None = None) -> Callable[[str], Location]:
        """Return what gives a JSON pointer into the document its line; reads it when first asked.

        A document of more than `limit` bytes is not read for it: it takes half a second a megabyte.
        """
        name = shown(self.spec)

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
            found = tree(self.spec if part is None else self.spec.parent / part)
            if found is None:
                return Location(name, pointer=pointer)
            return replace(found[1].at(at_pointer(found[0], inner)), pointer=inner)

        return placed

    def finder(self) -> Callable[[Location, str], Location]:
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

    def _placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """Give problems that name a JSON pointer into the document their line and column."""
        name, placed = shown(self.spec), self.placer()
        return [
            replace(problem, where=placed(problem.where.pointer))
            if problem.where.file == name and problem.where.pointer and not problem.where.line
            else problem
            for problem in problems
        ]

    def document_warnings(self, document: contract.Contract) -> list[Problem]:
        """Validate the whole document, and try its streams; slow, and for most not empty."""
        parsed = parse(shown(self.spec), self.spec.read_bytes(), limited=False)
        twice = [
            replace(problem, severity="warning", mend="keep one of the two; the last one is read")
            for problem in parsed.problems
            if problem.code == "duplicate-key"
        ]
        found = [
            *contract.document_problems(document),
            *contract.answer_problems(document),
            *contract.stream_problems(document),
        ]
        return [*twice, *self._placed(found)]

    def _scenario_files(
        self,
    ) -> tuple[list[tuple[str, str, bytes]], list[Problem], StartError | None]:
        """Read the files of scenarios; returns them, the problems, and what keeps all from it."""
        files, problems, missing = [], [], None
        for root in self.scenarios:
            try:
                found = self._below(root)
            except StartError as error:
                self._seen.loading[root] = _stamp(root)
                missing = missing or error
                continue
            for path in found:
                name = shown(path)
                try:
                    raw = self._read(path)
                except OSError as error:
                    what = f"the file cannot be read: {error.strerror}"
                    mend = "make it readable, or move it out of the folder"
                    problem = Problem(Location(name), what, "unreadable-file", mend)
                    if path.is_symlink() and not path.exists():
                        mend = "make the link lead to a file, or take it away"
                        problem = replace(problem, severity="warning", mend=mend)
                    problems.append(problem)
                    continue
                inner = path.relative_to(root) if path != root else Path(path.name)
                files.append((name, inner.with_suffix("").as_posix(), raw))
        return files, problems, missing

    def _body(self, name: str) -> bytes:
        """Return the content of a file that a response names, under one of the folders."""
        for root in self.scenarios:
            folder = root if root.is_dir() else root.parent
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.resolve()):
                raise ValueError("it lies outside the scenario folder")
            if path.is_file():
                return self._read(path)
            self._seen.loading[path] = None
        raise ValueError("there is no such file")


def _found(root: Path) -> Sequence[Path]:
    """Return the scenario files below `root`, or the file `root` itself. Raises StartError."""
    if root.is_file():
        return [root]
    if not root.is_dir():
        raise StartError(
            f"the scenario folder {shown(root)} does not exist",
            code="no-folder",
            mend="name a folder or file with --scenarios",
        )
    try:
        list(root.iterdir())
    except OSError as error:
        raise StartError(
            f"the scenario folder {shown(root)} cannot be read: {error.strerror}",
            code="no-folder",
            mend="make it readable",
        ) from None
    return sorted(path for path in _below(root) if path.suffix.lower() in SUFFIXES)


def _below(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield the files below a folder, as far as it stays there while we look, and links to nothing.

    A link to a folder that it lies in itself is passed over. Hidden files and folders are an
    editor's or a version control's own.
    """
    with contextlib.suppress(OSError):
        real = folder.resolve()
        with os.scandir(folder) as scanned:
            entries = [] if real in above else [e for e in scanned if not e.name.startswith(".")]
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir():
                yield from _below(path, (*above, real))
            elif entry.is_file() or (entry.is_symlink() and not path.exists()):
                yield path


def _stamp(path: Path) -> Stamp | None:
    """Return what every edit of a file changes, None where there is none to be read."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size


def shown(path: Path) -> str:
    """Return `path` as a person would write it from here."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _marker(lines: Sequence[str], line: int) -> int:
    """Return the index of the `---` before a line (from 1), or 0."""
    above = (index for index in range(line - 1, -1, -1) if lines[index].startswith("---"))
    return next(above, 0)


@cache
def control_contract() -> contract.Contract:
    """Return the document of the control API, which ships beside the Petstore's.

    Read once: a suite may start a server for every test.
    """
    return Workspace(petstore().spec.parent / "control.openapi.yaml").read_document()


def workspace(
    spec: str | Path | None,
    scenarios: str | Path | Sequence[str | Path] | None,
    settings: str | Path | None = None,
) -> Workspace:
    """Return where the files are; what is not given comes from the Petstore that ships.

    Scenarios of the Petstore go with the Petstore only.
    """
    shipped = petstore()
    unnamed: set[Path] = set()
    if scenarios is None:
        folders = shipped.scenarios if spec is None else ()
        unnamed.update(folders)
    elif isinstance(scenarios, (str, Path)):
        folders = (Path(scenarios),)
    else:
        folders = tuple(map(Path, scenarios))
    if spec is None:
        unnamed.add(shipped.spec)
    return Workspace(
        Path(spec) if spec is not None else shipped.spec,
        folders,
        Path(settings) if settings is not None else None,
        # Beside the sources somebody may well be editing it.
        frozenset(unnamed) if is_packaged(shipped) else frozenset(),
    )


def is_own(workspace: Workspace) -> bool:
    """Tell whether the document is the Petstore that ships, which is complete.

    The streams of large vendors do not fit their own documents.
    """
    return workspace.spec.resolve() == petstore().spec.resolve()


def is_packaged(workspace: Workspace) -> bool:
    """Tell whether the document is inside the installed package."""
    return workspace.spec.is_relative_to(Path(__file__).parent)


def petstore() -> Workspace:
    """Return the Petstore that ships: beside the sources, or inside the installed package."""
    sources = Path(__file__).parent.parent
    if (sources / "specs" / "petstore.openapi.yaml").is_file():
        return Workspace(sources / "specs" / "petstore.openapi.yaml", (sources / "scenarios",))
    packaged = Path(str(importlib.resources.files("mockserver"))) / "petstore"
    return Workspace(packaged / "petstore.openapi.yaml", (packaged / "scenarios",))

"""Reads the OpenAPI document, the scenario files and the settings, and knows when they changed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver import contract
from mockserver.errors import LoadError, Location, Problem, StartError
from mockserver.scenario.catalog import Catalog, link
from mockserver.scenario.plaindata import plain_data
from mockserver.scenario.read import broken_names, read_scenarios
from mockserver.scenario.settings import read_settings
from mockserver.scenario.yamltree import parse
from mockserver.workspace.folders import scenario_files, stamp_of
from mockserver.workspace.positions import placer, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mockserver.scenario.read import Known
    from mockserver.workspace.folders import Stamp


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
        catalog, unlinked = link(
            document, scenarios, self._body, broken_names(self._seen.scenarios)
        )
        doubts = self._placed(document.problems())
        return catalog, sorted(
            [*problems, *wrong, *unlinked, *doubts], key=lambda problem: problem.order
        )

    def outdated(self) -> bool:
        """Tell whether any file that was read or missed has changed, or a scenario has come."""
        stamps = self._seen.loaded
        if any(path not in stamps for path in self._found()):
            return True
        return any(stamp_of(path) != stamp for path, stamp in stamps.items())

    def unfinished(self) -> bool:
        """Tell whether a file that was read is gone, perhaps until an editor puts another there."""
        return any(stamp and stamp_of(path) is None for path, stamp in self._seen.loaded.items())

    def _found(self) -> Iterator[Path]:
        """Yield the files of scenarios that there are now; a folder that is not there has none."""
        for root in self.scenarios:
            with contextlib.suppress(StartError):
                yield from self._below(root)

    def _below(self, root: Path) -> list[Path]:
        """Return the scenario files below `root`. Raises StartError.

        A recording has its document beside its scenarios.
        """
        spec, paths = self.spec, scenario_files(root)
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
        self._seen.loading[path] = stamp_of(path)
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

    def _placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """Give problems that name a JSON pointer into the document their line and column."""
        name, placed = shown(self.spec), placer(self.spec)
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
                self._seen.loading[root] = stamp_of(root)
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

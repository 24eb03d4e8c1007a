"""Makes what a server plays of the files that it was given, once and whenever they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockserver.errors import LoadError
from mockserver.play.judge import Judge
from mockserver.scenario.unchanged import unchanged
from mockserver.workspace import positions

if TYPE_CHECKING:
    from mockserver.errors import Location, Mode, Problem
    from mockserver.scenario.catalog import Catalog
    from mockserver.server.live import Loaded
    from mockserver.workspace.workspace import Workspace

PLACED_BYTES: Final = 1_000_000
"""Size of a document up to which a running server looks for the lines of what is broken."""


class Files:
    """The files of one server, and what it makes of them."""

    def __init__(
        self,
        workspace: Workspace,
        seed: str,
        events: Mode,
        *,
        keep_going: bool = False,
        stateful: bool = False,
    ) -> None:
        self._workspace = workspace
        self._seed = seed
        self._events = events
        self._keep_going = keep_going
        self._stateful = stateful
        self._catalog: Catalog | None = None

    def load(self) -> tuple[Loaded, list[Problem]]:
        """Read everything anew. Raises LoadError."""
        from mockserver.server.live import Loaded  # noqa: PLC0415

        catalog, problems = self._workspace.load()
        if not self._keep_going and any(problem.severity == "error" for problem in problems):
            raise LoadError(problems)
        if self._catalog is not None:
            catalog = unchanged(catalog, self._catalog)
        self._catalog = catalog
        judge = Judge(catalog, self._events, positions.placer(self._workspace.spec, PLACED_BYTES))
        keeper = None
        if self._stateful:
            from mockserver.play.kept.keeper import Keeper  # noqa: PLC0415

            keeper = Keeper(catalog.contract, self._seed)
        return Loaded(catalog, judge, keeper), problems

    def source(self, where: Location) -> str | None:
        """Return the text of the scenario that begins there, None where it is there no more."""
        return positions.source(where)

    def outdated(self) -> bool:
        """Tell whether files that were read, or found missing, are others by now."""
        return self._workspace.outdated()

"""Which files are meant: those that somebody has named, or those of the Petstore that ships."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver import contract

_PACKAGE: Final = Path(__file__).parent.parent


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
    return workspace.spec.is_relative_to(_PACKAGE)


def petstore() -> Workspace:
    """Return the Petstore that ships: beside the sources, or inside the installed package."""
    sources = _PACKAGE.parent
    if (sources / "specs" / "petstore.openapi.yaml").is_file():
        return Workspace(sources / "specs" / "petstore.openapi.yaml", (sources / "scenarios",))
    packaged = _PACKAGE / "petstore"
    return Workspace(packaged / "petstore.openapi.yaml", (packaged / "scenarios",))

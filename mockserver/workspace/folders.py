"""The scenario files below a folder, and how a file was when it was looked at."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

from mockserver.errors import StartError
from mockserver.workspace.positions import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SUFFIXES: Final = (".yaml", ".yml")

Stamp = tuple[int, int, int, int]
"""When a file was changed, its data and all of it, in nanoseconds; which it is; its size."""


def scenario_files(root: Path) -> Sequence[Path]:
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


def stamp_of(path: Path) -> Stamp | None:
    """Return what every edit of a file changes, None where there is none to be read."""
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_size

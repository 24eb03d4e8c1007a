"""Watches the files that a server plays, and has them read anew once they have been edited.

The system tells that something has happened somewhere; whether that is an edit is for the stamps of
the files themselves to say. So an event too many does no harm, and whatever an editor does in which
order comes to the same: in place, by another file under the name, by a link that leads elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.clock import pause, turn_of_others
from mockserver.errors import LoadError, StartError
from mockserver.late import late

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

STEP: Final = 50
"""Milliseconds without a further event after which it is looked what has changed."""
LONGEST: Final = 1_000
"""Milliseconds after which it is looked in any case."""
AWAY: Final = 0.3
"""Seconds that a file may be away while an editor puts another in its place."""
IDLE: Final = 2.0
"""Seconds after which it is looked though nothing was told, as on drives of other machines."""
POLL: Final = 0.5
"""The same where the system does not watch at all."""
SHARE: Final = 20
"""A look may take one part in so many of the time between looks."""
_LINKS: Final = 40
"""Links that are followed from one to the next, as Linux does (path_resolution(7))."""

log = logging.getLogger("mockserver")


class Watched(Protocol):
    """The files, as whoever reads them knows them."""

    def outdated(self) -> bool:
        """Tell whether they have been edited since they were read last."""

    def unfinished(self) -> bool:
        """Tell whether any of them is gone, perhaps for a moment only."""

    def watched(self) -> tuple[list[Path], list[Path]]:
        """Return the files, missing ones included, and the folders or files they come from."""


async def watch(files: Watched, reload: Callable[[], Awaitable[object]]) -> None:
    """Have files read anew by `reload` whenever they have been edited, until cancelled."""
    if not any(files.watched()):
        return
    # 80 ms of import, while the server answers already.
    await asyncio.to_thread(late, "watchfiles")
    while True:
        places = await asyncio.to_thread(places_of, *files.watched())
        async with _changes(places) as changes:
            await _until_moved(files, reload, places, changes)


async def _until_moved(
    files: Watched, reload: Callable[[], Awaitable[object]], places: Places, changes: _Changes
) -> None:
    """Go on until there are other places to watch, or the same ones anew."""
    now = asyncio.get_running_loop().time
    while True:
        began = now()
        # First of all: something may have happened before these places were watched.
        if await asyncio.to_thread(files.outdated):
            await _settled(files, changes)
            await _reload(reload)
        if changes.moved or await asyncio.to_thread(places_of, *files.watched()) != places:
            return
        await changes.within(max(changes.pace, SHARE * (now() - began)))


async def _reload(reload: Callable[[], Awaitable[object]]) -> None:
    try:
        await reload()
    except (LoadError, StartError):
        pass  # the server has kept what is wrong, and what it had before
    except Exception:  # a fault of ours with these files is not the end of watching them
        log.exception("the files could not be read anew")


async def _settled(files: Watched, changes: _Changes) -> None:
    """Wait while files are away, and come back."""
    while await asyncio.to_thread(files.unfinished) and await changes.within(AWAY):
        pass


# --- where to look -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """Which folders to watch, by name and inode: one that comes back is another one."""

    trees: frozenset[tuple[str, int]]
    """With all that is below them."""
    folders: frozenset[tuple[str, int]]
    names: frozenset[str]
    """Files that matter in `folders`, and all folders on the way to them."""


def places_of(files: Sequence[Path], roots: Iterable[Path]) -> Places:
    """Return where edits of these files show, and files that come below the roots.

    A folder is watched from outside as well: it may go, and come back.
    """
    trees = {_absolute(root) for root in roots if root.is_dir()}
    known = [link for path in files for link in _links(_absolute(path))]
    around = {_existing(path.parent) for path in known}
    around |= {_existing(folder.parent) for folder in around}
    folders = {path for path in around if not any(map(path.is_relative_to, trees))}
    names = {str(name) for path in known for name in (path, *path.parents)}
    return Places(
        frozenset(map(_identified, trees)), frozenset(map(_identified, folders)), frozenset(names)
    )


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  (links have to stay: they may be led elsewhere)


def _links(path: Path) -> Iterator[Path]:
    """Yield a path, what it links to, and so on; in the end without any link in it."""
    yield path
    real = Path(os.path.realpath(path))
    for _ in range(_LINKS):
        if not path.is_symlink():
            break
        path = _absolute(path.parent / path.readlink())
        yield path
    yield real


def _existing(path: Path) -> Path:
    """Return a folder, or the nearest above that is there."""
    return next((folder for folder in (path, *path.parents) if folder.is_dir()), path)


def _identified(path: Path) -> tuple[str, int]:
    try:
        return str(path), path.stat().st_ino
    except OSError:
        return str(path), 0


# --- what the system tells -----------------------------------------------------------------------


class _Changes:
    """Says that something has happened in the places."""

    def __init__(self, places: Places) -> None:
        self._trees = [name for name, _ in places.trees]
        self._watched = frozenset(name for name, _ in (*places.trees, *places.folders))
        self._names = places.names
        self._bell = asyncio.Event()
        self.moved = False
        """Whether a folder that is watched has come or gone: nothing more is told of it."""
        self.pace = IDLE
        """Seconds after which to look whether something has happened or not."""

    async def within(self, seconds: float) -> bool:
        """Tell whether something happens in so many seconds of real time, as soon as it does."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._bell.wait(), seconds)
        told = self._bell.is_set()
        self._bell.clear()
        return told

    def ring(self) -> None:
        """Say that something may have happened."""
        self._bell.set()

    def matters(self, _: Any, path: str) -> bool:
        """Tell whether something that has happened to `path` can be an edit."""
        if path in self._watched:
            self.moved = True
            return True
        if path in self._names:
            return True
        below = (os.path.relpath(path, tree) for tree in self._trees if _is_below(path, tree))
        return any(not any(part.startswith(".") for part in Path(name).parts) for name in below)


def _is_below(path: str, tree: str) -> bool:
    return path.startswith(tree.rstrip(os.sep) + os.sep)


@contextlib.asynccontextmanager
async def _changes(places: Places) -> AsyncIterator[_Changes]:
    changes = _Changes(places)
    kinds = [(places.trees, True), (places.folders, False)]
    if _polls():
        changes.pace, kinds = POLL, []
    listening = [
        asyncio.create_task(_listen([name for name, _ in found], changes, recursive=recursive))
        for found, recursive in kinds
        if found
    ]
    try:
        await turn_of_others()  # each has begun to watch when it waits for the first time
        yield changes
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)


def _polls() -> bool:
    """Tell whether the user wants files to be looked at, by watchfiles' own variable.

    Its polling compares whole seconds: of two edits in one it would miss the second.
    """
    wanted = os.environ.get("WATCHFILES_FORCE_POLLING", "").lower()
    return wanted not in ("", "false", "disable", "disabled")


async def _listen(paths: list[str], changes: _Changes, *, recursive: bool) -> None:
    from watchfiles import awatch  # noqa: PLC0415

    try:
        async for _ in awatch(
            *paths,
            watch_filter=changes.matters,
            debounce=LONGEST,
            step=STEP,
            recursive=recursive,
            ignore_permission_denied=True,
        ):
            changes.ring()
    except FileNotFoundError:  # a folder has gone since
        await pause(AWAY)
        changes.moved = True
    except (OSError, RuntimeError) as error:
        log.warning("files cannot be watched, but are looked at all the same: %s", error)
        changes.pace = POLL
    changes.ring()

"""What `record` and `import` share: options, the folder that is written to, and what is said."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.cli.painted import count
from mockserver.cli.terminal import Progress, Terminal
from mockserver.errors import StartError, escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from mockserver.capture import Exchange, Options
    from mockserver.contract import Contract

    Keep = Callable[[bytes], object]

KEPT: Final = "recording.jsonl"
"""What `record` writes while it records; gone once there are scenarios."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is written."""
    parser.add_argument(
        "--output", "-o", metavar="DIR", required=True, help="the folder to write scenarios to"
    )
    parser.add_argument(
        "--spec",
        metavar="FILE",
        help="the OpenAPI document that the scenarios are for (default: one is written, too)",
    )
    parser.add_argument(
        "--force", action="store_true", help="write into a folder that has files, and over them"
    )
    parser.add_argument(
        "--exact", action="store_true", help="keep delays to the microsecond (default: rounded)"
    )
    parser.add_argument(
        "--mask",
        metavar="NAME",
        action="append",
        default=[],
        help="a header, parameter or member that holds a secret besides the usual ones; * stands "
        "for any characters; several times for several",
    )
    parser.add_argument(
        "--no-masks", action="store_true", help="write secrets down as they are, as in a test"
    )


def options_of(args: argparse.Namespace, source: str) -> Options:
    """Return how the options want exchanges to become scenarios."""
    from mockserver.capture import NO_MASKS, Masks, Options  # noqa: PLC0415

    masks = NO_MASKS if args.no_masks else Masks(names=tuple(args.mask))
    return Options(exact=args.exact, masks=masks, source=source)


def contract_of(args: argparse.Namespace) -> Contract | None:
    """Read the document that was named, if any. Raises LoadError, StartError."""
    if args.spec is None:
        return None
    from mockserver.workspace.workspace import Workspace  # noqa: PLC0415

    return Workspace(Path(args.spec)).read_document()


@dataclass(slots=True)
class Folder:
    """The folder of a recording. Raises StartError where it has files and is not to be forced."""

    path: Path
    force: bool = False
    own: Sequence[Path] = field(default=())
    """Files that do not count: what is read may stand in the folder that is written to."""

    def __post_init__(self) -> None:
        own = {path.resolve() for path in self.own}
        try:
            there = [path for path in self.path.iterdir() if path.resolve() not in own]
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._cannot_write(self.path, error) from None
        if there and not self.force:
            mend = "name another with --output, or write over what is there with --force"
            if KEPT in {path.name for path in there}:
                kept = shlex.quote(str(self.path / KEPT))
                mend = f"a recording broke off there: mockserver import {kept} keeps it; or {mend}"
            raise StartError(f"{self.path} has files already", code="output-exists", mend=mend)

    def put(self, name: str, content: bytes) -> Path:
        """Write a file whole or not at all. Raises StartError."""
        path = self.path / name
        beside = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            raise self._cannot_write(path, error) from None
        return path

    def opened(self, name: str) -> int:
        """Make a file that only its owner can read; return its descriptor. Raises StartError."""
        path = self.path / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, 0o600)
        except OSError as error:
            raise self._cannot_write(path, error) from None

    def forget(self, name: str) -> None:
        """Take a file away, and the folder if nothing else is in it."""
        with suppress(OSError):
            (self.path / name).unlink()
            self.path.rmdir()

    @staticmethod
    def _cannot_write(path: Path, error: OSError) -> StartError:
        what = f"{path} cannot be written: {error.strerror or error}"
        return StartError(what, code="cannot-write", mend="name another folder with --output")


def fitted(
    exchanges: Sequence[Exchange], contract: Contract | None, prefix: str
) -> Sequence[Exchange]:
    """Return the exchanges with the upstream's path before theirs, where the document has it so."""
    if contract is None or not prefix:
        return exchanges
    return [_fitted(exchange, contract, prefix) for exchange in exchanges]


def _fitted(exchange: Exchange, contract: Contract, prefix: str) -> Exchange:
    from mockserver.contract import NoRoute  # noqa: PLC0415

    def fits(target: str) -> bool:
        path = target.partition("?")[0]
        return not isinstance(contract.route(exchange.method, path), NoRoute)

    whole = prefix + exchange.target
    if fits(whole) and not fits(exchange.target):
        return replace(exchange, target=whole)
    return exchange


def finish(  # noqa: PLR0917  (what was recorded, and where it goes)
    args: argparse.Namespace,
    folder: Folder,
    exchanges: Sequence[Exchange],
    contract: Contract | None,
    source: str,
    said: Sequence[str] = (),
) -> None:
    """Write scenarios of the exchanges, and say what has become of them. Raises StartError."""
    from mockserver.capture import written  # noqa: PLC0415
    from mockserver.imports.counted import counted  # noqa: PLC0415

    with Progress(Terminal(sys.stderr, args.color), "writing scenarios"):
        recording = written(exchanges, contract, options_of(args, source))
    for name, content in recording.files.items():
        print(f"wrote {folder.put(name, content)}")
    notes = [*said, *recording.notes]
    if notes:
        print()
    mark = Terminal(sys.stdout, args.color).paint("note:", "yellow")
    for note in notes:
        print(f"{mark} {escaped(note)}")
    written_down = sum(name.endswith(".yaml") for name in recording.files)
    scenarios = written_down - len(recording.documents)
    told = counted(exchanges)
    print(
        f"\n{count(told.exchanges, 'exchange')}, {count(told.streams, 'stream')} with "
        f"{count(told.events, 'event')}: {count(scenarios, 'scenario')}"
    )
    if scenarios:
        print("\nServe it with")
    if scenarios and args.spec is not None:
        print(f"  {serve_line(args.spec, folder.path)}")
    for name in recording.documents if scenarios else ():
        print(f"  {serve_line(folder.path / name, (folder.path / name).parent)}")


def serve_line(spec: str | Path, scenarios: Path) -> str:
    """Return the command that plays a recording."""
    words = ("mockserver", "serve", "--spec", str(spec), "--scenarios", str(scenarios))
    return shlex.join(words)

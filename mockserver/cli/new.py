"""Write a scenario to begin with from what the document says of an operation."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.cli import files
from mockserver.errors import StartError, did_you_mean

if TYPE_CHECKING:
    import argparse

    from mockserver.contract import Operation
    from mockserver.scenario.catalog import Catalog
    from mockserver.workspace.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a skeleton."""
    parser.add_argument(
        "operation",
        metavar="OPERATION",
        nargs="?",
        help="an operationId, or 'METHOD /path'; without it, those without a scenario are listed",
    )
    files.add_arguments(parser)
    parser.add_argument(
        "--output",
        "-o",
        metavar="FILE",
        default="-",
        help="where to write it, with the language's schema for editors beside (default: -, here)",
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is there")
    parser.add_argument("--name", default="", help="the scenario's name (default: the operation's)")
    parser.add_argument("--seed", default="0", help="what all values are drawn from (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Print or write the skeleton. Raises LoadError, StartError."""
    workspace = files.workspace_of(args)
    catalog, _ = workspace.load()
    if args.operation is None:
        _list(catalog)
        return 0
    operation = catalog.contract.find(args.operation)
    if operation is None:
        raise StartError(
            f"the document has no operation {args.operation!r}",
            code="unknown-operation",
            mend=did_you_mean(args.operation, catalog.contract.names()),
        )
    if args.output == "-":
        print(_text(args, catalog, operation, "", None), end="")
    else:
        _write(args, workspace, catalog, operation)
    return 0


def _list(catalog: Catalog) -> None:
    for operation in catalog.contract.operations.values():
        if operation.id not in catalog.by_operation:
            print(operation.id)


def _text(
    args: argparse.Namespace, catalog: Catalog, operation: Operation, schema: str, file: str | None
) -> str:
    """Return the skeleton; scenarios that stand in `file` will be gone."""
    from mockserver.scenario.skeleton import SCHEMA, Origin, skeleton  # noqa: PLC0415

    others = [p.scenario for p in catalog.programs.values() if p.scenario.where.file != file]
    own = {program.name for program in catalog.by_operation.get(operation.id, ())}
    origin = Origin(
        seed=args.seed,
        schema=schema or SCHEMA,
        taken=[scenario.name for scenario in others],
        rivals=[scenario for scenario in others if scenario.name in own],
    )
    return skeleton(operation, origin, args.name)


def _write(
    args: argparse.Namespace, workspace: Workspace, catalog: Catalog, operation: Operation
) -> None:
    """Write the skeleton, and the schema where there is none yet; says which files it wrote."""
    from mockserver.scenario.language import json_schema  # noqa: PLC0415
    from mockserver.scenario.skeleton import SCHEMA  # noqa: PLC0415
    from mockserver.workspace.positions import shown  # noqa: PLC0415

    path = Path(args.output)
    if path.exists() and not args.force:
        raise StartError(
            f"{shown(path)} is there already",
            code="file-exists",
            mend="name another with --output, or write over it with --force",
        )
    schema = _root(workspace, path) / SCHEMA
    beside = Path(os.path.relpath(schema, path.parent)).as_posix()
    wrote = {path: _text(args, catalog, operation, beside, shown(path))}
    if not schema.exists():
        wrote[schema] = json.dumps(json_schema(), indent=2) + "\n"
    for file, text in wrote.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        except OSError as error:
            raise StartError(
                f"{shown(file)} cannot be written: {error.strerror}",
                code="cannot-write",
                mend="name another file with --output",
            ) from None
        print(f"wrote {shown(file)}")


def _root(workspace: Workspace, path: Path) -> Path:
    """Return the scenario folder that a file belongs to, or else its own."""
    for root in workspace.scenarios:
        if root.is_dir() and path.resolve().is_relative_to(root.resolve()):
            return root
    return path.parent

"""The options that say where the document and the scenarios are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from mockserver.workspace.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --spec, --scenarios and --settings."""
    parser.add_argument(
        "--spec", metavar="FILE", help="the OpenAPI document (default: the Petstore that ships)"
    )
    parser.add_argument(
        "--scenarios",
        metavar="DIR",
        action="append",
        help="a folder or file of scenarios, several times for several "
        "(default: the Petstore's, with the Petstore)",
    )
    parser.add_argument(
        "--settings", metavar="FILE", help="what the document leaves open about its streams"
    )


def workspace_of(args: argparse.Namespace) -> Workspace:
    """Return the workspace that the options name."""
    from mockserver.workspace.shipped import workspace  # noqa: PLC0415

    return workspace(args.spec, args.scenarios, args.settings)

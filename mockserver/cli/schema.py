"""Print the JSON Schema of the scenario language, for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command has no options."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    del args
    from mockserver.scenario.language import json_schema  # noqa: PLC0415

    print(json.dumps(json_schema(), indent=2))
    return 0

# ruff: noqa: INP001 (a script, not a package)
"""Print the requirements that pyproject.toml records under a name, one a line.

pip reads dependency groups by itself only since 25.1; Debian's pip is older, and replacing pip
on every machine is a download that nobody asked for.
"""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def requirements(name: str) -> Iterator[str]:
    """Yield the requirements of a dependency group, or of the build system for ``build``."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    if name == "build":
        # An editable install by hatchling asks for `editables` besides.
        yield from (*project["build-system"]["requires"], "editables~=0.3")
        return
    for entry in project["dependency-groups"][name]:
        if isinstance(entry, dict):
            yield from requirements(entry["include-group"])
        else:
            yield entry


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in requirements(sys.argv[1]))

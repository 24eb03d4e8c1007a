"""docs/scenarios.md: what ships, all of it and nothing else."""

import re
from pathlib import Path

from mockserver import MockServer

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "scenarios"


def test_the_page_lists_what_ships():
    """Every scenario of the Petstore has its row; those of `conformance/` are in docs/coverage.md."""
    page = (ROOT / "docs/scenarios.md").read_text(encoding="utf-8")
    files = (path.relative_to(SHIPPED).with_suffix("") for path in SHIPPED.rglob("*.yaml"))
    shipped = {file.as_posix() for file in files if file.parts[0] != "conformance"}

    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == shipped


def test_the_readme_counts_what_ships():
    """Files of several scenarios count each."""
    with MockServer() as server:
        count = len(server.catalog.programs)

    assert f"{count} scenarios" in (ROOT / "README.md").read_text(encoding="utf-8")

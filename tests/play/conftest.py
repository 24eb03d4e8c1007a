"""The option that makes golden timelines anew, and the way to the stage."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def pytest_addoption(parser):
    """Add --update-golden."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden timelines as they are now; the tests are skipped, not passed",
    )

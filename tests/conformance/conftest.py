"""Tests here find the modules beside them, and the raw client of the server's tests."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parent.parent / "server"):
    sys.path.insert(0, str(folder))

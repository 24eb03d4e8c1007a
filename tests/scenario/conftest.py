"""The way to the texts that the tests of the language share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

"""The model of the timeline page, by Node's own test runner: it knows neither page nor network."""

import shutil
import subprocess
from pathlib import Path

import pytest


def test_the_model_of_the_timeline():
    """Entries become lanes, marks and arrows; places are found; everything is bounded."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    script = Path(__file__).with_name("timeline_model.test.mjs")
    finished = subprocess.run(
        [program, "--test", str(script)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-6000:] + finished.stderr[-2000:]

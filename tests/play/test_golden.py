"""What ships is told as it was told before: a golden timeline for every scenario.

`python -m pytest tests/play/test_golden.py --update-golden` writes them anew; look at the
difference before you commit it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import shipped
import timelines

GOLDEN = Path(__file__).parent.parent / "golden"
SHIPPED, PROBLEMS = shipped.catalog()
# What the conformance scenarios are for is said by themselves, as their outcome.
NAMES = sorted(name for name in SHIPPED.programs if not name.startswith("conformance/"))


def golden(name):
    """Return the file of a scenario's timeline."""
    return GOLDEN / f"{name}.timeline"


def test_all_scenarios_can_be_played():
    """No scenario that ships has a problem."""
    assert [str(problem) for problem in PROBLEMS] == []


@pytest.mark.parametrize("name", NAMES)
def test_timeline(name, request):
    """A scenario's timeline is the golden one."""
    text = timelines.text_of(name, SHIPPED)
    if request.config.getoption("--update-golden", default=False):
        golden(name).parent.mkdir(parents=True, exist_ok=True)
        golden(name).write_text(text, encoding="utf-8")
        pytest.skip("written, not compared")
    assert "fault:" not in text
    assert golden(name).is_file(), "no golden timeline: --update-golden makes one"
    assert golden(name).read_text(encoding="utf-8") == text


def test_no_timeline_without_a_scenario():
    """Every golden timeline has its scenario."""
    found = {p.relative_to(GOLDEN).with_suffix("").as_posix() for p in GOLDEN.rglob("*.timeline")}
    assert sorted(found - set(NAMES)) == []


def test_in_another_process():
    """The timelines are the same in processes with other seeds for hash()."""
    root = Path(__file__).parents[2]
    asked = [
        subprocess.Popen(
            [sys.executable, timelines.__file__],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
        )
        for hash_seed in ("1", "4242")
    ]
    one, other = (json.loads(process.communicate()[0]) for process in asked)
    assert one == other
    assert set(one) == set(SHIPPED.programs)
    assert {name: one[name] for name in NAMES} == {name: golden(name).read_text() for name in NAMES}

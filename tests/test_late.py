"""Imports in several threads at a time."""

import sys
import threading

import pytest

from mockserver.late import late

PACKAGE = """\
from gate import entered
entered.wait(0.3)
from doors.inner import THERE
"""
INNER = """\
from gate import entered
entered.set()
import doors
THERE = True
"""


@pytest.fixture
def doors(tmp_path, monkeypatch):
    """A package that waits in its middle until somebody comes into it by another module."""
    (tmp_path / "gate.py").write_text(
        "import threading\nentered, begun = threading.Event(), threading.Event()\n"
    )
    (tmp_path / "doors").mkdir()
    (tmp_path / "doors" / "__init__.py").write_text(f"import gate\ngate.begun.set()\n{PACKAGE}")
    (tmp_path / "doors" / "inner.py").write_text(INNER)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("gate", "doors", "doors.inner"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("doors")
def test_two_threads_come_into_a_package_by_two_modules():
    """Python would show one of them a module without its names."""
    found = []

    def come(name):
        try:
            found.append(late(name).__name__)
        except (ImportError, KeyError) as error:
            found.append(str(error))

    gate = late("gate")
    first = threading.Thread(target=come, args=("doors",))
    first.start()
    gate.begun.wait(10)
    come("doors.inner")
    first.join(10)

    assert sorted(found) == ["doors", "doors.inner"]


def test_what_is_missing_is_asked_for_again():
    """It may have been installed meanwhile."""
    for _ in range(2):
        with pytest.raises(ImportError):
            late("nobody_has_this")

"""A folder with a scenario, for the tests of commands."""

import pytest
from commands import STORY


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current directory, with one scenario in `scenarios/`."""
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "story.yaml").write_text(STORY)
    monkeypatch.chdir(tmp_path)
    return tmp_path

"""Everything that ships is played, recorded, written anew, and played again: to the same bytes."""

from pathlib import Path

import pytest
from told import exchanges

from mockserver.capture import NO_MASKS, Options, written
from mockserver.workspace import petstore

LARGE = {"conformance/LM-25", "conformance/VL-01a", "conformance/VL-01b", "conformance/VL-03"}
LARGE |= {"conformance/VL-04", "conformance/VL-07", "volume/giant-event"}


@pytest.fixture(scope="module")
def catalog():
    """Return the Petstore with all its scenarios."""
    found, problems = petstore().load()
    assert problems == []
    return found


FILES = sorted(
    path.relative_to(root).with_suffix("").as_posix()
    for root in petstore().scenarios
    for path in Path(root).rglob("*.yaml")
)


@pytest.mark.parametrize("file", FILES)
def test_what_ships_is_recorded_and_replayed(file, catalog):
    """What was written gives the bytes and the ends that were recorded, connection by connection."""
    for name, program in catalog.programs.items():
        if Path(program.scenario.where.file).with_suffix("").as_posix().endswith(f"/{file}"):
            found = exchanges(program, catalog.operations(program))
            if found is None or name in LARGE:
                continue
            recording = written(found, catalog.contract, Options(masks=NO_MASKS))
            assert [note for note in recording.notes if "replay" in note] == []
            assert len(recording.files) >= 1

"""Everything that ships is played, recorded, written anew, and played again: to the same bytes."""

from pathlib import Path

import pytest
import shipped
from told import exchanges, loaded, replayed, same

from mockserver.capture import NO_MASKS, Options, written
from mockserver.workspace.shipped import petstore

TOO_LARGE = {"conformance/LM-25", "conformance/VL-01b", "conformance/VL-03", "conformance/VL-04"}
TOO_LARGE |= {"conformance/VL-07"}
"""Of 10 to 64 MB: they are replayed as well, and take a minute."""
FILES = sorted(
    path.relative_to(root).with_suffix("").as_posix()
    for root in petstore().scenarios
    for path in Path(root).rglob("*.yaml")
)


@pytest.fixture(scope="module")
def catalog():
    """Return the Petstore with all its scenarios."""
    found, problems = shipped.catalog()
    assert problems == []
    return found


def programs(catalog, file):
    """Return the programs of a file."""
    return {
        name: program
        for name, program in catalog.programs.items()
        if Path(program.scenario.where.file).with_suffix("").as_posix().endswith(f"/{file}")
    }


@pytest.mark.parametrize("exact", [False, True], ids=["rounded", "exact"])
@pytest.mark.parametrize("file", FILES)
def test_what_ships_is_recorded_and_replayed(file, exact, catalog):
    """What was written gives the bytes and ends that were recorded; exactly, at their moments."""
    for name, program in programs(catalog, file).items():
        found = exchanges(program, catalog.operations(program))
        if found is None or name in TOO_LARGE:
            continue
        recording = written(found, catalog.contract, Options(exact=exact, masks=NO_MASKS))
        again = loaded(recording, catalog.contract)
        for answer, exchange in zip(replayed(again, found), found, strict=True):
            same(answer, exchange, times=exact)


def test_only_what_is_no_http_is_not_replayed(catalog):
    """The exceptions are heads that are written by hand, and answers that never come."""
    left_out = {
        name
        for name, program in catalog.programs.items()
        if name not in TOO_LARGE
        and exchanges(program, catalog.operations(program), limit=1) is None
    }
    for name in left_out:
        first = catalog.programs[name].rows[0].response
        assert first.raw_head is not None or str(first.delay) == "forever"

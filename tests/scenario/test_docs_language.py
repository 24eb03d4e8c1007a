"""The page of the language: every block of it loads, and its tables are whole."""

import re
from pathlib import Path

import pytest
from test_json_schema import faults

from mockserver.play.conformance import contract_problems
from mockserver.scenario import language
from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.sandbox import TEXT_LIMIT, environment
from mockserver.scenario.steps import STEP_KINDS
from mockserver.scenario.template import FUNCTIONS, NAMES
from mockserver.workspace.shipped import petstore

PAGE = (Path(__file__).parent.parent.parent / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n([\s\S]*?)^```$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def document():
    """Return the Petstore, whose operations the page uses."""
    return petstore().read_document()


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_can_be_loaded(document, block):
    """A list of steps is the stream of some scenario; everything else is a whole one."""
    text = f"operation: streamNews\nstream:\n{block}" if block.startswith("- ") else block

    scenarios, problems = read_scenarios([("language.md", "example", text.encode())])
    catalog, unlinked = link(document, scenarios, {}.__getitem__)
    assert [str(problem) for problem in [*problems, *unlinked]] == []
    assert list(catalog.programs) == ["example"]
    assert faults(text) == []


@pytest.mark.parametrize("block", [b for b in BLOCKS if not b.startswith("- ")])
def test_every_whole_example_fits_the_petstore(document, block):
    """Whoever copies a scenario from the page gets what it says, and no problem document."""
    scenarios, _ = read_scenarios([("language.md", "example", block.encode())])
    catalog, _ = link(document, scenarios, {}.__getitem__)
    assert [str(problem) for problem in contract_problems(catalog, "error")] == []


def test_all_blocks_are_found():
    """A fence that is written otherwise would not be tested."""
    assert len(BLOCKS) == PAGE.count("```yaml") == PAGE.count("```") // 2


def test_the_table_of_keys_is_that_of_the_language():
    """In the order of the code's own table."""
    section = PAGE.partition("## Keys of a scenario")[2].partition("\n## ")[0]

    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(language.SCENARIO.keys)


def test_the_keys_of_steps_responses_and_requests_are_all_named():
    """Every one stands somewhere on the page in its own type."""
    keys = {key for kind in STEP_KINDS for key in kind.record.keys}
    keys |= {*language.RESPONSE.keys, *language.CONNECTION.keys, *language.WHEN.keys}

    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", PAGE)] == []


def test_names_functions_and_filters_are_listed():
    """All that are in reach, and of the filters no others."""
    section = PAGE.partition("## Templates")[2]
    filters = re.findall(r"`(\w+)`", section.partition("Filters: ")[2].partition(".\n")[0])

    assert [name for name in sorted(NAMES | FUNCTIONS) if f"`{name}" not in section] == []
    assert filters == sorted(environment().filters)
    assert f"{TEXT_LIMIT:,} characters" in section

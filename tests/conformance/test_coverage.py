"""The catalogue is whole, and the page about it is true."""

import pytest
from coverage_page import NAME, PAGE, categories, page, scenarios

COUNTS = {
    "LE": 19, "U8": 21, "FP": 37, "EOS": 11, "ST": 20, "RD": 11, "CT": 16, "CO": 14, "RC": 18,
    "LI": 15, "TM": 15, "CX": 15, "TF": 11, "RQ": 13, "LM": 26, "MC": 7, "VL": 8, "OB": 7,
}  # fmt: skip
CATALOGUE = categories()
ROWS = {row.id: row for category in CATALOGUE for row in category.rows}
SCENARIOS = scenarios()
SHOWN = {found[1] for found in map(NAME.fullmatch, SCENARIOS) if found}


def test_no_row_is_missing():
    """The catalogue has 284 rows, numbered from 1 in each category."""
    assert {category.id: len(category.rows) for category in CATALOGUE} == COUNTS
    assert sum(COUNTS.values()) == 284
    for category in CATALOGUE:
        numbers = [f"{category.id}-{number:02}" for number in range(1, len(category.rows) + 1)]
        assert [row.id for row in category.rows] == numbers


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_row_is_shown_or_says_why_not(row):
    """A row has a scenario or a reason, and not both."""
    assert row.behaviour
    assert (row.id in SHOWN) != bool(row.reason)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_names_a_row(name):
    """Every conformance scenario belongs to a row, and stands in a file with its category only."""
    found = NAME.fullmatch(name)
    assert found
    assert found[1] in ROWS
    others = {
        NAME.fullmatch(other)[2] for other in SCENARIOS if SCENARIOS[other] == SCENARIOS[name]
    }
    assert others == {found[2]}


def test_scenarios_of_a_row_are_lettered_or_one():
    """A row has one scenario with its own name, or several with letters from a."""
    letters = {}
    for name in SCENARIOS:
        found = NAME.fullmatch(name)
        if not (found[3] or "").startswith("-"):
            letters.setdefault(found[1], []).append(found[3] or "")
    for row, found in letters.items():
        assert found == [""] or found == [chr(97 + i) for i in range(len(found))], row


def test_the_page_is_what_the_tables_say():
    """Run tests/conformance/coverage_page.py if not."""
    assert PAGE.read_text(encoding="utf-8") == page()

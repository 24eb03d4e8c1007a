"""What makes plans, for tests that hold backends to scenarios."""

from functools import cache

import pytest

from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.verify.options import Options
from mockserver.verify.plan import plan_of
from mockserver.workspace.shipped import workspace


@cache
def petstore():
    """Return the Petstore's contract, read once."""
    return workspace(None, None, None).read_document()


@pytest.fixture
def catalog():
    """Give what links scenarios, each the text of a file, with the Petstore."""

    def load(**texts):
        files = [(f"{name}.yaml", name, text.encode()) for name, text in texts.items()]
        scenarios, problems = read_scenarios(files)
        found, unlinked = link(petstore(), scenarios, lambda name: name.encode())
        assert not [each for each in [*problems, *unlinked] if each.severity == "error"]
        return found

    return load


@pytest.fixture
def plan(catalog):
    """Give what makes the plan of one scenario."""

    def make(text, *, named=False, **options):
        found = catalog(story=text)
        return plan_of(found, found.programs["story"], Options(**options), named=named)

    return make

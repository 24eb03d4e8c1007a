"""What the tests of skeletons share: a document's operations as files, checked as `check` does."""

import re

from mockserver.play.conformance import contract_problems
from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.skeleton import Origin, skeleton

_NAME = re.compile(r'^scenario: "?([^"\n]*)"?$', re.MULTILINE)


def written(document, operations):
    """Return a skeleton for each operation, all of other names, as in one folder."""
    texts, taken = [], []
    for operation in operations:
        texts.append(skeleton(operation, Origin(taken=tuple(taken))))
        taken += _NAME.findall(texts[-1])
    return texts


def problems(document, *texts):
    """Return all that `check --strict` has to say of scenarios, and the catalog of them."""
    files = [(f"{n}.yaml", f"file-{n}", text.encode()) for n, text in enumerate(texts)]
    scenarios, wrong = read_scenarios(files)
    catalog, unlinked = link(document, scenarios, lambda name: name.encode())
    found = [*wrong, *unlinked, *contract_problems(catalog, "error")]
    return [str(problem) for problem in found], catalog

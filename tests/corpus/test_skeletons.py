"""`mockserver new` writes a scenario for every operation, and every one of them passes `check`."""

from corpus import ENTRIES, document, every, some

from mockserver.play.conformance import contract_problems
from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.skeleton import Origin, skeleton

MOST = 10
"""Operations of a document, unless all are asked for."""


@every(list(ENTRIES))
def test_every_operation_has_a_skeleton_that_passes_check(entry):
    """Whatever the document looks like, and by the strict check as well."""
    made = document(entry)
    operations = some(list(made.operations.values()), MOST)
    files = []
    for number, operation in enumerate(operations):
        text = skeleton(operation, Origin(), name=f"s{number}")
        files.append((f"{number}.yaml", f"s{number}", text.encode()))
    scenarios, wrong = read_scenarios(files)
    catalog, unlinked = link(made, scenarios, lambda name: name.encode())
    problems = [*wrong, *unlinked, *contract_problems(catalog, "error")]

    assert [str(problem) for problem in problems] == []
    assert set(catalog.by_operation) == {operation.id for operation in operations}

"""`mockserver verify` makes a request for every operation, and the document finds it right."""

from corpus import ENTRIES, document, every, some

from mockserver.scenario.catalog import link
from mockserver.scenario.read import read_scenarios
from mockserver.verify.options import Options
from mockserver.verify.plan import Plan, plan_of

MOST = 8
"""Operations of a document, unless all are asked for."""


@every(list(ENTRIES))
def test_every_operation_can_be_asked(entry):
    """Whatever the document looks like: a request is made, or it is said why there is none."""
    made = document(entry)
    operations = some(list(made.operations.values()), MOST)
    files = [
        (f"{n}.yaml", f"s{n}", f'operation: "{each.method} {each.path}"\nresponse: {{}}\n'.encode())
        for n, each in enumerate(operations)
    ]
    scenarios, wrong = read_scenarios(files)
    catalog, unlinked = link(made, scenarios, lambda name: name.encode())
    assert [*wrong, *unlinked] == []

    plans = [plan_of(catalog, each, Options(), named=True) for each in catalog.programs.values()]

    strange = [plan.reason for plan in plans if not isinstance(plan, Plan)]
    assert [reason for reason in strange if not reason.startswith("no body could be made")] == []

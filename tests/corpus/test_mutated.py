"""Whatever takes the place of a value in a document, reading and answering end properly."""

import contextlib
import copy
import json
import os

from corpus import OWN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.contract import (
    Wish,
    answer,
    answer_problems,
    document_problems,
    event_violations,
    read,
    stream_problems,
)
from mockserver.contract.made import made_events
from mockserver.contract.requests.verdicts import Asked, Verdicts
from mockserver.contract.responses import answer_violations
from mockserver.errors import ControlError, LoadError
from mockserver.scenario.plaindata import plain_data

MANY = int(os.environ.get("MUTATIONS", "60"))
TREES = {
    path.stem: plain_data(path.name, path.read_bytes())
    for path in sorted(OWN.glob("*/*"))
    if path.suffix in {".yaml", ".json"} and path.stat().st_size < 20_000
}


def nodes(value, path=()):
    """Yield the paths to all values of a tree."""
    yield path
    children = value.items() if isinstance(value, dict) else ()
    for key, child in enumerate(value) if isinstance(value, list) else children:
        yield from nodes(child, (*path, key))


PATHS = {name: list(nodes(tree))[1:] for name, tree in TREES.items()}
JUNK = st.sampled_from(
    [
        None, True, False, 0, -1, 1.5, 10**30, float("inf"), "", "text", "#", "#/paths", "[", "{a",
        "null", "é\x00\ud800", [], [None], ["text"], [{}], [[]], {}, {"$ref": "#"},
        {"$ref": "#/components/schemas"}, {"$ref": "#/no/where"}, {"$ref": 1}, {"type": None},
        {"type": "array"}, {"allOf": [None]}, {"oneOf": []}, {"": {"": ""}}, {1: 2}, {"x": None},
    ]
)  # fmt: skip
CHANGES = st.sampled_from(sorted(TREES)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.lists(st.tuples(st.sampled_from(PATHS[name]), JUNK), min_size=1, max_size=3),
    )
)


BODIES = (
    ("application/json", b'{"a": [1, null], "stream": true}'),
    ("application/x-www-form-urlencoded", b"a=1&b=%ff&topic=x"),
    ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'),
)  # fmt: skip


def mutated(name, changes):
    """Return a document with values replaced; a change inside what another replaced is left out."""
    tree = copy.deepcopy(TREES[name])
    for path, junk in changes:
        parent = tree
        try:
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue
    return tree


@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES)
def test_a_document_with_junk_in_it_is_refused_or_answers(change):
    """Nothing but a LoadError or a ControlError comes out of anything that is asked of it."""
    try:
        made = read(mutated(*change), "api.yaml", keep_going=True)
    except LoadError:
        return
    answer_problems(made)
    stream_problems(made)
    verdicts = Verdicts()
    for operation in made.operations.values():
        for wish in (
            Wish(),
            Wish(status=404),
            Wish(path=(("id", "7"),), accept="application/json"),
        ):
            with contextlib.suppress(ControlError):
                answer(operation, wish)
        if operation.stream is not None:
            operation.stream.examples()
            for event in made_events(operation.stream, "0", 2).events:
                data = event.data if isinstance(event.data, str) else json.dumps(event.data)
                event_violations(operation.stream, event.event, data, event.id)
        answer_violations(operation, 200, [("Content-Type", "application/json")], b"[1]")
        made.route(operation.method, operation.full_paths[0])
        for kind, body in BODIES:
            headers = [("Content-Type", kind), ("Cookie", "a=1; b"), ("Authorization", "Bearer x")]
            named = dict.fromkeys(operation.path_parameters, "7")
            query = "limit=1&limit=x&a[b]=c&%zz"
            verdicts.of(operation, Asked(operation.method, "/", named, query, headers, body))


@settings(max_examples=MANY // 10, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES)
def test_a_document_with_junk_in_it_is_validated_to_its_end(change):
    """The validator of whole documents may fail; what it fails by is a warning."""
    try:
        made = read(mutated(*change), "api.yaml", keep_going=True)
    except LoadError:
        return
    assert all(problem.severity == "warning" for problem in document_problems(made))

"""Documents that nobody here wrote load, and what is wrong with them is said with its place."""

import pytest
from corpus import ASKED, ENTRIES, EVERYTHING, document, every

from mockserver.contract import document_problems

KNOWN = {
    "copied/drf-extend-schema": {"broken-ref"},
    "faults/malformed": {"duplicate-operation-id", "duplicate-route"},
    "github-webhooks": {"no-paths"},
    "readme-3.1/webhooks": {"no-paths"},
}
"""What is said of a document when it is read."""

SLOW = 200_000
"""Validating a document of more bytes than this takes seconds; done where all is asked for."""


@every(list(ENTRIES))
def test_a_document_is_read_and_its_faults_have_places(entry):
    """What stands against a document has a pointer; what it declares can be found by its name."""
    made = document(entry)
    problems = made.problems()
    assert all(problem.where.pointer or problem.code == "no-paths" for problem in problems)
    if not ASKED:
        assert {problem.code for problem in problems} == KNOWN.get(entry.name, set())
    for operation in made.operations.values():
        assert made.find(operation.id) is operation
        assert all(path.startswith("/") for path in operation.full_paths)


@every(list(ENTRIES))
def test_a_document_is_validated_to_its_end(entry):
    """What a validator of whole documents finds are warnings with their places, never a crash."""
    if entry.path().stat().st_size > SLOW and not EVERYTHING:
        pytest.skip("takes seconds: CORPUS=all")
    for problem in document_problems(document(entry)):
        assert problem.severity == "warning"
        assert document(entry).document.at(problem.where.pointer) is not None

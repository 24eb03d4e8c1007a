"""Requests to documents that nobody here wrote are held to them, and nothing in these defeats that."""

import json

from corpus import ENTRIES, document, every, some

from mockserver.contract.requests.terms import terms_of
from mockserver.contract.requests.verdicts import Asked, Verdicts
from mockserver.contract.sampling.sample import Unsatisfiable, sample

MOST = 30
"""Operations of one document that are tried, unless all are asked for."""
JSON = ("Content-Type", "application/json")


@every(list(ENTRIES))
def test_a_body_made_of_its_schema_is_taken(entry):
    """Two values of each JSON body, where there are any that fit."""
    verdicts = Verdicts()
    for operation in some(list(document(entry).operations.values()), MOST):
        body = terms_of(operation).body
        content = body and body.contents.get("application/json")
        if not content or content.schema is None:
            continue
        for number in range(2):
            try:
                value = sample(operation.document, content.schema, "0", number, direction="request")
            except Unsatisfiable:
                break
            text = json.dumps(value, default=str).encode("utf-8", "replace")
            verdict = verdicts.of(operation, Asked(operation.method, headers=[JSON], body=text))
            found = [str(fault) for fault in verdict.faults if fault.where == "body"]
            assert (operation.id, found, verdict.unvalidated) == (operation.id, [], "")


JUNK = [
    Asked(query="a=%ff&&=;[x]=1&a[b]=2&a[b][c]=3", headers=[("Cookie", "=;a;b="), JSON], body=b"["),
    Asked(
        query="%", headers=[("Cookie", '"'), ("Content-Type", ";")], body=b'{"a": [null, 1e999]}'
    ),
    Asked("POST", "//%2F", {"id": "\udcff"}, headers=[JSON], body=b'{"\\ud800": {}}'),
    Asked(
        headers=[("Content-Type", "multipart/form-data; boundary=b")], body=b"--b\r\n\r\n\r\n--b--"
    ),
    Asked(headers=[("Content-Type", "application/x-www-form-urlencoded")], body=b"a[]=1&a[x]=\xff"),
]


@every(list(ENTRIES))
def test_junk_is_judged_like_anything_else(entry):
    """No request raises, and none is left unvalidated."""
    verdicts = Verdicts()
    for operation in some(list(document(entry).operations.values()), MOST):
        for asked in JUNK:
            verdict = verdicts.of(operation, asked)
            assert (operation.id, verdict.unvalidated) == (operation.id, "")
            assert json.dumps([fault.as_json() for fault in verdict.faults]).encode()

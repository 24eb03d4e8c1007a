"""What is taken for a collection in documents that nobody here wrote keeps what clients create.

The server is the real one with `stateful`; what is created is made of the document's request schemas.
"""

import json

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from asking import request_for
from corpus import ENTRIES, document, every, judge, some

from mockserver import MockServer
from mockserver.contract import answer_problems
from mockserver.contract.media import essence, is_json
from mockserver.contract.resources import Resources

MOST = 12
"""Collections of one document that are tried, unless all are asked for."""
FOUND = {
    "anthropic": 13,
    "cohere": 5,
    "galaxy": 1,
    "github": 102,
    "openai": 39,
    "readme-3.0/petstore": 3,
    "readme-3.1/train-travel": 1,
    "shipengine": 6,
}
"""How many there are in some documents that anybody can look at."""


@every([name for name in FOUND if name in ENTRIES])
def test_collections_of_real_documents_are_found(entry):
    """As many as a reader would find."""
    assert len(list(Resources(document(entry)))) == FOUND[entry.name]


def outermost(contract):
    """Return the collections that can be filled without anything else being made first."""
    return [
        found
        for found in Resources(contract)
        if not any(upper.kept for upper in found.above)
        and found.deed("create")
        and found.deed("create").operation.response(None)[0] < 400
    ]


@pytest.fixture
async def asking(entry):
    """Return what asks a stateful server of the document for an operation, and judges the answer."""
    contract = document(entry)
    if not outermost(contract):
        pytest.skip("it has no collections")
    async with (
        MockServer(spec=entry.path(), keep_going=True, stateful=True, requests="off") as server,
        ClientSession(connector=TCPConnector(limit=1), timeout=ClientTimeout(30)) as session,
    ):

        async def ask(operation, path=None):
            request = request_for(operation)
            target = request.target
            if path is not None:
                target = "?".join([path, *target.split("?")[1:]])
            async with session.request(
                request.method, server.url + target, headers=request.headers, data=request.body
            ) as response:
                body = await response.read()
                faults = judged(entry, operation, response, body)
                return response.status, response.headers.get("Location"), body, faults

        yield ask


def judged(entry, operation, response, body):
    """Return what in the answer of a success does not fit its schema."""
    found = operation.response(response.status) if response.status < 300 else None
    kind = response.headers.get("Content-Type", "")
    for media_type, holder in operation.content(found[1]) if found else ():
        schema = holder.get("schema")
        if essence(media_type) == essence(kind) and is_json(kind) and schema.object:
            return judge(entry).faults(schema.pointer, json.loads(body))
    return []


@every(list(ENTRIES))
async def test_what_is_created_is_found_until_it_is_removed(entry, asking):
    """Where its Location says; every answer fits its schema, or an example at fault is told."""
    faulty = []
    for found in some(outermost(document(entry)), MOST):
        status, location, _, faults = await asking(found.deed("create").operation)
        if status == 501 and entry.name == "shipengine":  # Nothing fits its schemas.
            continue
        assert status < 300, (found.path, status)
        faulty += [(found, fault) for fault in faults]
        deeds = {deed.role: deed.operation for deed in found.deeds if deed.named}
        roles = [role for role in ROLES if role in deeds and location is not None]
        for at, role in enumerate(roles):
            status, _, body, faults = await asking(deeds[role], location)
            expected = 404 if "delete" in roles[:at] else status if status < 300 else 200
            assert status == expected, (found.path, role, body[:300])
            faulty += [(found, fault) for fault in faults]
    told = {p.where.pointer for p in answer_problems(document(entry))} if faulty else set()
    for found, fault in faulty:
        own = tuple(deed.operation.pointer for deed in found.deeds)
        assert any(pointer.startswith(own) for pointer in told), (found.path, fault)


ROLES = ("read", "replace", "merge", "read", "delete", "read")

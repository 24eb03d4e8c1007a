"""Values made of the schemas of documents that nobody here wrote fit those schemas."""

import json

from corpus import ASKED, ENTRIES, document, every, judge, some

from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import value_violations

MOST = 80
"""Schemas of one document of which a value is made, unless all are asked for."""
NOTHING_FITS = {
    "faults/unsatisfiable": 8,
    "openai-azure-preview": 2,  # a member is required, not declared, and no other is allowed
    "readme-3.0/circular-request-bodies": 2,  # every parent requires a parent
    "readme-3.0/readme-legacy": 4,  # `oneOf` of two that are the same but for a default
    "readme-3.0/schema-types": 2,  # a text that is a number as well
    "readme-3.1/schema-types": 2,
    "shipengine": 7,  # `additionalProperties: false` beside an `allOf` that has the properties
}
"""How many of the schemas of a document nothing fits."""


def schemas(contract):
    """Yield the direction and place of every schema of a body, each place once."""
    found = {}
    for operation in contract.operations.values():
        doc = operation.document
        for _, holder in doc.get(operation.place, "requestBody", "content").members():
            found["request", doc.follow(holder).get("schema").pointer] = doc.follow(holder)
        for _, response in operation.responses():
            for _, holder in operation.content(response):
                found["response", holder.get("schema").pointer] = holder
    for (direction, _), holder in found.items():
        if isinstance(holder.get("schema").value, dict):
            yield direction, holder.get("schema")


@every(list(ENTRIES))
def test_what_is_made_of_a_schema_fits_it(entry):
    """An independent judge finds nothing wrong with what is made of any schema that can be met."""
    contract, nothing = document(entry), []
    for direction, place in some(list(schemas(contract)), MOST):
        try:
            value = sample(contract.document, place, "corpus", direction=direction)
        except Unsatisfiable as error:
            assert place.pointer
            nothing.append(f"{place.pointer}: {error}")
            continue
        json.dumps(value)  # as it will be sent
        if direction == "response" and entry.name != "faults/malformed":
            assert not judge(entry).faults(place.pointer, value), place.pointer
        assert not value_violations(contract.document, place, value, "value", direction)
        assert value == sample(contract.document, place, "corpus", direction=direction)
    assert ASKED or len(nothing) == NOTHING_FITS.get(entry.name, 0), nothing

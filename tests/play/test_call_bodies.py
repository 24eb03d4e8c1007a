"""What scenarios send to others, held against the document before anybody asks."""

import pytest
from stage import DOCUMENT, linked

from mockserver.errors import Location
from mockserver.play.call_bodies import call_problems

NUMBERED = {
    "type": "object",
    "required": ["n"],
    "properties": {"n": {"type": "integer"}, "id": {"type": "string", "readOnly": True}},
    "additionalProperties": False,
}


def _takes(**content):
    body = {"requestBody": {"content": content}} if content else {}
    return {"post": {"responses": {}, **body}}


HOOKS = {
    "numbered": _takes(**{"application/json": {"schema": NUMBERED}}),
    "free": _takes(**{"application/json": {}}),
    "text": _takes(**{"text/plain": {"schema": {"type": "string", "maxLength": 1}}}),
    "bare": _takes(),
}
CHECKED = [
    pytest.param("numbered", "{n: 1}", [], id="fits"),
    pytest.param("numbered", "{n: x}", ["contract-call"], id="does-not"),
    pytest.param("numbered", "{}", ["contract-call"], id="lacks-a-member"),
    pytest.param("numbered", '{n: "{{ 1 + 1 }}"}', [], id="template-fits"),
    pytest.param("numbered", '{n: "a{{ 1 }}"}', ["contract-call"], id="template-does-not"),
    pytest.param("numbered", '"{{ {\'n\': n} }}"', [], id="loop-name"),
    pytest.param("numbered", '{n: "{{ request.query.nobody }}"}', ["contract-call"],
                 id="of-a-usual-request"),
    pytest.param("numbered", '{n: "{{ 1 / 0 }}"}', [], id="cannot-be-rendered"),
    pytest.param("numbered", "'{\"n\": 1}'", [], id="text-of-JSON"),
    pytest.param("numbered", "'{n'", ["contract-call"], id="text-that-is-no-JSON"),
    pytest.param("free", "[anything]", [], id="no-schema"),
    pytest.param("text", "any text", [], id="no-JSON"),
    pytest.param("bare", "x", ["contract-call"], id="no-body-declared"),
]  # fmt: skip


def found(text):
    """Return the problems of the calls in `text`."""
    catalog, problems = linked(text, document={**DOCUMENT, "webhooks": HOOKS})
    assert problems == []
    return call_problems(
        catalog, "warning", lambda pointer: Location("spec.yaml", pointer=pointer),
        lambda where, field: Location(where.file, where.line, pointer=field),
    )  # fmt: skip


@pytest.mark.parametrize(("hook", "body", "codes"), CHECKED)
def test_bodies_against_the_document(hook, body, codes):
    """Once, as a usual request would have them, in the first round of their loop."""
    call = f'call: {{webhook: {hook}, to: "http://127.0.0.1/", body: {body}}}'
    text = f"stream: [{{repeat: {{times: 2, steps: [{{{call}}}]}}}}]"

    assert [(p.code, p.severity) for p in found(text)] == [(code, "warning") for code in codes]


def test_a_problem_says_where_and_what():
    """The member of the scenario, the line of the document, and the way out."""
    (problem,) = found(
        'stream:\n- call: {webhook: numbered, to: "http://127.0.0.1/", body: {n: x, id: a}}'
    )

    assert (problem.where.line, problem.where.pointer) == (3, "call.body.n")
    assert problem.what == (
        "this call breaks the contract: body.n: 'x' is not of type 'integer'"
        " (by spec.yaml#/webhooks/numbered/post/requestBody/content/application~1json"
        "/schema/properties/n/type)"
    )
    assert problem.mend == "send what the document asks for; or say 'violates: …'"


PURPOSE = [
    pytest.param("{n: x}", [], id="breaks-it"),
    pytest.param("{n: 1}", ["no-violation"], id="fits-after-all"),
    pytest.param('{n: "{{ 1 / 0 }}"}', [], id="nobody-knows"),
]


@pytest.mark.parametrize(("body", "codes"), PURPOSE)
def test_what_breaks_the_contract_on_purpose(body, codes):
    """Has to do so."""
    call = f'call: {{webhook: numbered, to: "http://127.0.0.1/", body: {body}}}'

    assert [p.code for p in found(f"stream: [{{{call}, violates: on purpose}}]")] == codes


def test_bodies_of_the_document_are_its_own_affair():
    """Only what a scenario says is looked at."""
    assert found('stream: [{call: {webhook: numbered, to: "http://127.0.0.1/"}}]') == []

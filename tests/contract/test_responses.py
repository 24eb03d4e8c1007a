"""Answers against what an operation declares: status, media type, headers, body."""

import json

import pytest
from contract_documents import operation

from mockserver.contract import answer_violations
from mockserver.contract.responses import declared_name

PET = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "integer"}},
    },
}
RESPONSES = {
    "200": {
        "description": "",
        "headers": {
            "X-Count": {"required": True, "schema": {"type": "integer", "minimum": 1}},
            "X-Names": {"schema": {"type": "array", "items": {"type": "string", "maxLength": 3}}},
            "X-Flag": {"schema": {"type": "boolean"}},
            "X-Json": {"content": {"application/json": {"schema": PET}}},
            "X-Old": {"$ref": "#/components/headers/Old"},
            "X-Pair": {"schema": {"type": "object", "required": ["x"]}},
            "Content-Type": {"required": True, "schema": {"const": "nothing"}},
            "Content-Length": {"required": True},
            "Access-Control-Allow-Origin": {"required": True},
        },
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Pet"}},
            "text/plain": {"schema": {"type": "string", "maxLength": 5}},
            "text/csv": {},
            "image/*": {"schema": {"type": "string"}},
        },
    },
    "4XX": {"description": "", "content": {"application/problem+json": {"schema": PET}}},
    "204": {"description": ""},
    "503": {"description": "no content, no word on the body"},
}
MORE = {"components": {"schemas": {"Pet": PET}, "headers": {"Old": {"schema": {"enum": ["a", 1]}}}}}
AT = "/paths/~1it/get/responses"


def found(status=200, body=None, headers=(), kind="application/json", count="1", **more):
    """Return what is wrong with an answer: fields, faults, schemas."""
    declared = operation({"responses": RESPONSES, "operationId": "getIt"}, **MORE)
    sent = [("Content-Type", kind)] if kind is not None else []
    sent += [("X-Count", count)] if count is not None else []
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    violations = answer_violations(declared, status, [*sent, *headers], body, **more)
    return [(v.field, v.what, v.pointer, v.code) for v in violations]


FITS = {
    "body": {"body": {"id": "a", "tags": [1]}},
    "a body that is not to be judged": {},
    "text": {"body": b"short", "kind": "text/plain; charset=utf-8"},
    "any case": {"body": b"short", "kind": "Text/PLAIN"},
    "text without a schema": {"body": b"a,b", "kind": "text/csv"},
    "a range": {"body": b"\x89PNG", "kind": "image/png"},
    "a wild card of statuses": {"status": 418, "body": {"id": "a"}, "kind": "application/problem+json"},
    "nothing, where nothing is declared": {"status": 204, "kind": None, "empty": True},
    "anything, where no content is declared": {"status": 503, "body": b"<h1>", "kind": "text/html"},
    "no content at all": {"kind": None, "empty": True},
    "a list": {"headers": [("X-Names", "abc, de")]},
    "a list in two lines": {"headers": [("x-names", "abc"), ("X-NAMES", "de")]},
    "a boolean": {"headers": [("X-Flag", "true")]},
    "JSON": {"headers": [("X-Json", '{"id": "a"}')]},
    "text or number, by reference": {"headers": [("X-Old", "1")]},
    "an object, whatever its style": {"headers": [("X-Pair", "y,1")]},
    "undeclared": {"headers": [("X-Own", "anything")]},
}  # fmt: skip


@pytest.mark.parametrize("answer", FITS.values(), ids=FITS)
def test_an_answer_that_fits_has_no_violation(answer):
    """What the document declares is fine, and so is what it says nothing of."""
    assert found(**answer) == []


OK = f"{AT}/200"
WRONG = {
    "status": (
        {"status": 302},
        ("status", "getIt declares no response 302", AT, "undeclared-status"),
    ),
    "media type": (
        {"kind": "text/html", "body": b"<p>"},
        ("headers.Content-Type", "getIt declares no 'text/html' here", f"{OK}/content",
         "undeclared-media-type"),
    ),
    "no media type": (
        {"kind": None, "body": b"x"},
        ("headers.Content-Type", "the answer has no Content-Type, and the document declares one",
         f"{OK}/content", "undeclared-media-type"),
    ),
    "not JSON": (
        {"body": b"hello"},
        ("body", "not JSON: Expecting value: line 1 column 1 (char 0)",
         f"{OK}/content/application~1json", "not-json"),
    ),
    "not UTF-8": (
        {"body": b'"\xff"'},
        ("body", "not JSON: 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
         f"{OK}/content/application~1json", "not-json"),
    ),
    "a member": (
        {"body": {"id": 5}},
        ("body.id", "5 is not of type 'string'", "/components/schemas/Pet/properties/id/type", "value"),
    ),
    "text": (
        {"body": b"too long", "kind": "text/plain"},
        ("body", "'too long' is too long", f"{OK}/content/text~1plain/schema/maxLength", "value"),
    ),
    "an error": (
        {"status": 404, "body": {}, "kind": "application/problem+json"},
        ("body", "'id' is a required property",
         f"{AT}/4XX/content/application~1problem+json/schema/required", "value"),
    ),
    "a number": (
        {"count": "0"},
        ("headers.X-Count", "0 is less than the minimum of 1",
         f"{OK}/headers/X-Count/schema/minimum", "value"),
    ),
    "no number": (
        {"count": "many"},
        ("headers.X-Count", "'many' is not of type 'integer'",
         f"{OK}/headers/X-Count/schema/type", "value"),
    ),
    "an item of a list": (
        {"headers": [("X-Names", "abc,defg")]},
        ("headers.X-Names[1]", "'defg' is too long",
         f"{OK}/headers/X-Names/schema/items/maxLength", "value"),
    ),
    "JSON in a header": (
        {"headers": [("X-Json", '{"id": 1}')]},
        ("headers.X-Json.id", "1 is not of type 'string'",
         f"{OK}/headers/X-Json/content/application~1json/schema/properties/id/type", "value"),
    ),
    "a header that is missing": (
        {"count": None},
        ("headers.X-Count", "the answer has no header 'X-Count', which is required",
         f"{OK}/headers/X-Count/required", "header"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "violation"), WRONG.values(), ids=WRONG)
def test_a_violation_names_field_fault_and_schema(answer, violation):
    """One fault is one violation, with the place in the document that asks for something else."""
    assert found(**answer) == [violation]


def test_all_violations_of_an_answer_are_found():
    """Body and headers are told together."""
    fields = [field for field, *_ in found(body={"tags": ["a", "b"]}, count=None)]
    assert fields == ["body", "body.tags[0]", "body.tags[1]", "headers.X-Count"]


def test_what_is_declared_is_named():
    """An undeclared status or media type comes with those that there are."""
    declared = operation({"responses": RESPONSES, "operationId": "getIt"}, **MORE)
    (violation,) = answer_violations(declared, 302, [])
    assert violation.mend == "declare it, or send one of 200, 4XX, 204, 503"
    (violation, *_) = answer_violations(declared, 200, [("Content-Type", "a/b")])
    assert violation.mend == "declare it, or send application/json, text/plain, text/csv, image/*"


def test_an_operation_without_responses_asks_nothing():
    """Half-written documents are not held against their readers."""
    for responses in ({}, None, [], {"x-note": {}}):
        assert answer_violations(operation({"responses": responses}), 599, []) == []


MALFORMED = [None, "text", 5, [], {"content": None}, {"content": {"application/json": None}},
             {"headers": []}, {"headers": {"X": None}}, {"headers": {"X": {"content": {"a/b": 1}}}},
             {"headers": {"X": {"schema": 5, "required": "yes"}}}]  # fmt: skip


@pytest.mark.parametrize("response", MALFORMED, ids=str)
def test_malformed_responses_ask_nothing(response):
    """Null, text and lists where mappings belong are as good as absent."""
    declared = operation({"responses": {"200": response}})
    headers = [("Content-Type", "application/json"), ("X", "1")]
    assert answer_violations(declared, 200, headers, b"[]") == []


def test_a_stream_by_extension_may_be_sent():
    """Where an extension calls an answer a stream, `text/event-stream` is as good as declared."""
    content = {"application/json": {"schema": {"type": "object"}}}
    responses = {"200": {"description": "", "content": content}}
    declared = operation({"responses": responses, "x-supports-streaming": True})
    assert answer_violations(declared, 200, [("Content-Type", "text/event-stream")]) == []


NAMES = {
    "itself": (["a/b", "c/d"], "c/d", "c/d"),
    "with its parameters": (["a/b; v=1", "a/b; v=2"], "a/b;v=2", "a/b; v=2"),
    "without": (["a/b; v=1"], "a/b", "a/b; v=1"),
    "itself before a range": (["a/*", "a/b"], "a/b", "a/b"),
    "the narrower range": (["*/*", "a/*"], "a/b", "a/*"),
    "the widest range": (["*/*"], "a/b", "*/*"),
    "none": (["a/b"], "a/c", None),
}


@pytest.mark.parametrize(("declared", "said", "name"), NAMES.values(), ids=NAMES)
def test_the_most_particular_media_type_applies(declared, said, name):
    """OAS 3.2 § Response Object: the most specific key is the one that counts."""
    assert declared_name(declared, said) == name

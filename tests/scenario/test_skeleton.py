"""Scenarios to begin with: what is written of an operation, and that it passes every check."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from skeletons import problems, written

from mockserver import contract
from mockserver.play.reach import Reach
from mockserver.scenario.language import json_schema
from mockserver.scenario.nodes import plain
from mockserver.scenario.plaindata import plain_data
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.skeleton import Origin, default_name, skeleton
from mockserver.scenario.yamltree import parse

ROOT = Path(__file__).parent.parent.parent
SPECS = [
    ROOT / "specs" / "petstore.openapi.yaml",
    *sorted((ROOT / "tests" / "fixtures" / "specs").glob("*.yaml")),
]


@pytest.fixture(scope="module", params=SPECS, ids=lambda path: path.stem)
def document(request):
    """The Petstore in every version."""
    path = request.param
    return contract.read(plain_data(path.name, path.read_bytes()), path.name)


@pytest.fixture(scope="module")
def texts(document):
    """A skeleton for every operation of it."""
    return written(document, document.operations.values())


def test_every_skeleton_passes_check(document, texts):
    """Also the strict one: all together, as in one folder."""
    found, catalog = problems(document, *texts)
    assert found == []
    assert sorted(catalog.by_operation) == sorted(document.operations)


def test_skeletons_reach_the_whole_document(document, texts):
    """All events of all streams, and all responses of operations that do not stream."""
    reach = Reach(problems(document, *texts)[1])
    for _ in reach.find():
        pass
    for one in reach.operations:
        assert all(names for _, names in one.events)
        assert one.operation.stream or all(one.responses.values())


def test_skeletons_fit_the_schema_for_editors(texts):
    """Which they name in their first line."""
    validator = Draft202012Validator(json_schema())
    for text in texts:
        assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
        for found in parse("x.yaml", text.encode()).documents:
            assert [error.message for error in validator.iter_errors(plain(found))] == []


OFFERED = re.compile(
    r"^( *)# (?=- |when:|pace:|heartbeat:|resume:|afterwards:|headers:|delay:)", re.MULTILINE
)


def test_what_is_offered_in_comments_can_be_taken(texts):
    """Without its comment sign every line of it is a line of the language."""
    for text in texts:
        taken = OFFERED.sub(r"\1", text)
        _, wrong = read_scenarios([("x.yaml", "x", taken.encode())])
        assert (taken != text, [str(problem) for problem in wrong]) == (True, [])


def test_a_skeleton_is_the_same_in_every_process(document, texts):
    """The seed decides, and nothing else."""
    script = (
        "import sys; from pathlib import Path; from mockserver import contract\n"
        "from mockserver.scenario.plaindata import plain_data\n"
        "from mockserver.scenario.skeleton import Origin, skeleton\n"
        "path = Path(sys.argv[1])\n"
        "found = contract.read(plain_data(path.name, path.read_bytes()), path.name)\n"
        "print(skeleton(found.operations['streamNews'], Origin()), end='')"
    )
    path = next(path for path in SPECS if path.name == document.source)
    argv = [sys.executable, "-c", script, str(path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout in texts
    assert skeleton(document.operations["streamNews"], Origin(seed="1")) not in texts


# --- small documents ---------------------------------------------------------------------------


def answering(media_type=None, *, headers=None, **schema):
    """Return a response with that content."""
    content = {media_type: schema} if media_type else {}
    return {"description": "", "content": content, "headers": headers or {}}


def one(responses, method="get", path="/it", **more):
    """Return the contract of a document with one operation."""
    fields = {"operationId": "it", "responses": responses, **more}
    return contract.read(
        {
            "openapi": "3.2.0",
            "info": {"title": "", "version": ""},
            "paths": {path: {method: fields}},
        },
        "api.yaml",
    )


def of(document, **origin):
    """Return the skeleton of its one operation."""
    (operation,) = document.operations.values()
    return skeleton(operation, Origin(**origin))


def kind(name, **data):
    """Return the schema of an event."""
    return {"properties": {"event": {"const": name}, "data": data}, "required": ["event"]}


HEAD = (
    "# yaml-language-server: $schema=scenario.schema.json\n# GET /it, as api.yaml describes it.\n"
)
STREAM = {
    "itemSchema": {
        "oneOf": [
            kind("a", contentMediaType="application/json", contentSchema={"const": {"size": 1}}),
            kind("b", const="{{ x }}"),
            {"properties": {"data": {"const": "[DONE]"}}},
        ]
    }
}


def test_a_stream_is_written_kind_by_kind():
    """With ids for a GET, the sentinel in quotes, and what else there could be in comments."""
    found = one({"200": answering("text/event-stream", **STREAM), "404": answering()}, summary="S")
    assert (
        of(found)
        == HEAD
        + """\
scenario: it
operation: it
description: S
# when: {headers: {X-Test: one}}  # without it, every request
# In place of the stream the document has 404, as here:
# response: {status: 404}
pace: 500ms  # the delay before every event without a delay of its own
# heartbeat: 15s  # a comment again and again, whatever the story does
# resume: ignore  # without it, the story goes on behind the Last-Event-ID

stream:
- retry: 3s  # how long a client waits before it comes back
- event: a
  id: 1
  data: {size: 1}
# - delay: 2s
# - disconnect: reset  # or end, drop; then comes what the next one gets
- event: b
  id: 2
  data: "{{ '{{' }} x }}"
- data: "[DONE]"
# - hold: forever  # the connection stays open
# afterwards: restart  # without it, 204 for who comes back with the last id
"""
    )


def test_items_have_nothing_but_their_data():
    """In JSON lines and their like; what is too deep for a scenario is left out."""
    schema = {"oneOf": [{"const": "{{ x }}"}, {"const": None}, {"const": nested(60)}]}
    found = one({"200": answering("application/x-ndjson", itemSchema=schema)})
    text = of(found)

    assert (
        text.split("stream:\n")[1]
        == """\
- data: "{{ '{{' }} x }}"
# - delay: 2s
# - disconnect: reset  # or end, drop; then comes what the next one gets
- data: null
# An item that is too large for a scenario is left out.
# - hold: forever  # the connection stays open
# afterwards: restart  # without it, 204 for who comes back with the last id
"""
    )
    assert problems(found, text)[0] == []


def test_a_stream_of_which_nothing_can_be_made_is_a_stream_all_the_same():
    """Without any item."""
    found = one({"200": answering("application/x-ndjson", itemSchema={"enum": []})})
    assert of(found).count("\n# No event ") == 1
    assert "\n- delay: 1s\n" in of(found)
    assert problems(found, of(found))[0] == []


def test_answers_are_written_status_by_status():
    """The usual one answers, the others who asks for them by name."""
    found = one({"404": answering(), "201": answering("application/json", example={"id": "007"})})
    assert (
        of(found)
        == HEAD
        + """\
scenario: it
operation: it
default: true  # the ones below answer who asks for them: Prefer: scenario=NAME
response:
  status: 201
  # headers: {X-Trace: abc}
  # delay: 2s  # the wait before the status line
  body: {id: "007"}
---
scenario: it-404
operation: it
response:
  status: 404
"""
    )


BODIES = {
    "a number": ("application/json", {"example": 1.50}, "  body: 1.5\n"),
    "a list": ("application/json", {"example": [1, "on"]}, '  body: [1, "on"]\n'),
    "null": ("application/json", {"schema": {"const": None}}, '  body: "null"\n'),
    "text in JSON keeps its quotes": ("application/json", {"example": "x"}, "  body: '\"x\"'\n"),
    "what would mean a file": (
        "application/json",
        {"example": {"file": "a"}},
        '  body: \'{"file": "a"}\'\n',
    ),
    "braces": (
        "application/json",
        {"example": {"a": "{{ x }}"}},
        "  body: {a: \"{{ '{{' }} x }}\"}\n",
    ),
    "plain text": ("text/plain", {"example": "on\n"}, '  body: "on\\n"\n'),
    "lines of text": ("text/plain", {"example": "a\n b"}, "  body: |-\n    a\n     b\n"),
    "too long for a file of one's own": (
        "text/plain",
        {"example": "x" * 200_000},
        "  # The body (text/plain) is the document's own. Write body here for another.\n",
    ),
    "bytes": (
        "image/png",
        {},
        "  # The body (image/png) is the document's own. Write body here for another.\n",
    ),
    "an example that does not fit": (
        "application/json",
        {"schema": {"type": "string"}, "example": 1},
        "# The document's own example does not fit: body: 1 is not of type 'string'\n",
    ),
    "nothing that fits": (
        "application/json",
        {"schema": {"type": "string", "minLength": 2, "maxLength": 1}},
        "response:\n  status: 200\n",
    ),
}


@pytest.mark.parametrize(("media_type", "content", "line"), BODIES.values(), ids=BODIES)
def test_a_body_is_sent_as_the_document_has_it(media_type, content, line):
    """Written out where it can be edited, else left to the document."""
    found = one({"200": answering(media_type, **content)})
    text = of(found)

    assert line in text
    assert problems(found, text)[0] == []


def nested(levels):
    """Return lists in lists."""
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("responses", [
    {"200": answering("application/json", example=nested(60))},
    {"200": answering("text/event-stream", itemSchema=kind(
        "a", contentMediaType="application/json", contentSchema={"const": nested(60)}
    ))},
], ids=["answer", "event"])  # fmt: skip
def test_what_is_too_deep_for_yaml_is_written_as_json(responses):
    """A scenario may have 64 levels."""
    found = one(responses)
    assert problems(found, of(found))[0] == []
    assert json.dumps(nested(60), separators=(",", ":")) in of(found).replace(" ", "")


STATUSES = {
    "ranges and the default": (["200", "4XX", "404", "default"], [200, 400, 404, 500]),
    "a range whose usual status is declared": (["200", "400", "4XX"], [200, 400, 404]),
    "a default beside all errors": (["200", "4XX", "5xx", "default"], [200, 400, 500, 302]),
    "no success": (["404", "500"], [404, 500]),
    "none at all": ([], [200]),
    "what cannot be sent as an answer": (["101", "200"], [200]),
}


@pytest.mark.parametrize(("names", "statuses"), STATUSES.values(), ids=STATUSES)
def test_every_declared_response_has_its_status(names, statuses):
    """A range and the default have one that nothing else is declared for."""
    found = one({name: answering() for name in names})
    text = of(found)

    assert [
        int(status) for status in re.findall(r"^  status: (\d+)", text, re.MULTILINE)
    ] == statuses
    assert problems(found, text)[0] == []


CONTRADICTIONS = {
    "no status that could be sent": {"101": answering()},
    "a header that nothing fits": {
        "200": answering(
            headers={
                "X-A": {
                    "required": True,
                    "schema": {"type": "string", "minLength": 9, "maxLength": 1},
                }
            }
        )
    },
    "of a stream": {
        "200": answering(
            "text/event-stream",
            headers={"X-A": {"required": True, "schema": {"enum": []}}},
        )
    },
}


@pytest.mark.parametrize("responses", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_the_document_does_not_let_anybody_send_violates_it(responses):
    """And says so, so that it passes all the same."""
    found = one(responses)
    text = of(found)

    assert '\nviolates: "The document contradicts itself: ' in text
    assert problems(found, text)[0] == []


def test_a_stream_sends_the_headers_it_has_to_have():
    """Its own are there already."""
    headers = {"X-Rate": {"required": True, "schema": {"const": 7}}, "X-Free": {"schema": {}},
               "Cache-Control": {"required": True, "schema": {}}}  # fmt: skip
    found = one({"200": answering("text/event-stream", headers=headers)})

    assert '\nresponse: {headers: {X-Rate: "7"}}\n' in of(found)
    assert problems(found, of(found))[0] == []


RIVALS = {
    "one for all requests": (["response: {}"], "when: {query: {scenario: it}}"),
    "a default": (["default: true\nresponse: {}"], None),
    "one with conditions": (["when: {query: {a: b}}\nresponse: {}"], "default: true  # "),
    "two with a default": (["response: {}", "default: true\nresponse: {}"], None),
}


@pytest.mark.parametrize(("others", "line"), RIVALS.values(), ids=RIVALS)
def test_a_skeleton_gets_along_with_the_scenarios_that_are_there(others, line):
    """It takes no request from them that they have answered."""
    found = one({"200": answering(), "404": answering()})
    there = [f"scenario: other-{n}\noperation: it\n{text}\n" for n, text in enumerate(others)]
    rivals, _ = read_scenarios([("x.yaml", "x", "---\n".join(there).encode())])
    text = of(found, rivals=rivals)

    assert (line is None) or f"\n{line}" in text
    assert ("default: true" in text) is (line is not None and line.startswith("default"))
    assert problems(found, "---\n".join(there), text)[0] == []


def test_names_that_are_taken_get_a_number():
    """Of every scenario in the file."""
    found = one({"200": answering(), "404": answering()})
    text = of(found, taken=("it", "it-2", "it-404"))
    assert re.findall(r"^scenario: (.*)$", text, re.MULTILINE) == ["it-3", "it-404-2"]


@pytest.mark.parametrize(
    ("id_", "name"),
    [("getOrder", "getOrder"), ("GET /a/{b}", "GET-a-b"), ("{}", "scenario"), ("é", "scenario")],
)
def test_the_name_comes_from_the_operation(id_, name):
    """As far as it can stand in a URL."""
    (operation,) = one({}, operationId=id_).operations.values()
    assert default_name(operation) == name


def test_words_of_the_document_stay_in_their_comment():
    """Line ends in a path or a summary are none in the file."""
    found = one({"200": answering()}, path="/a\nscenario: x", summary="a\n---\nb {{ c }}")
    text = of(found)

    assert 'description: "a --- b { { c }}"\n' in text
    assert problems(found, text)[0] == []


def test_an_event_that_is_too_large_is_left_out():
    """A file of scenarios may have a megabyte."""
    item = kind("a", contentMediaType="application/json", contentSchema={"const": ["x" * 200_000]})
    found = one({"200": answering("text/event-stream", itemSchema=item)})

    assert "# An event a of 200,0" in of(found)
    assert problems(found, of(found))[0] == []


def test_an_event_that_cannot_be_made_is_told_of():
    """With the reason, in a comment."""
    item = kind("a", contentMediaType="application/json", contentSchema={"enum": []})
    found = one({"200": answering("text/event-stream", itemSchema=item)})

    assert "# No event 'a' can be made: " in of(found)
    assert problems(found, of(found))[0] == []

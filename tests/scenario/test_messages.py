"""Every message about scenario files: one table, to the letter, and no code without a row."""

import ast
import re
from pathlib import Path

import pytest
from messages import MESSAGES
from scenario_texts import DOCUMENT, catalog, read

import mockserver.scenario
from mockserver import contract
from mockserver.scenario.catalog import link, warnings
from mockserver.scenario.yamltree import MAX_BYTES, parse


def _file(text):
    return text if isinstance(text, bytes) else text.removeprefix("\n")


@pytest.mark.parametrize(("files", "told"), MESSAGES.values(), ids=MESSAGES)
def test_a_fault_is_told_with_place_line_code_and_mend(files, told):
    """The text is what an author reads in the terminal."""
    _, problems = catalog(*map(_file, files))

    assert told.removeprefix("\n") == "".join(f"{problem}\n" for problem in problems)


def test_a_file_over_a_megabyte_is_refused_unread():
    """The bound is told with the way to long streams."""
    (problem,) = parse("a.yaml", b"#" * (MAX_BYTES + 1)).problems

    assert str(problem) == (
        "a.yaml: the file has 1,000,001 bytes, more than the 1,000,000 a scenario may have"
        " [file-too-large]\n  mend: make long streams with repeat or each"
    )


def test_a_stream_of_an_operation_without_one_is_a_warning():
    """It can be played, so it is a doubt and no fault; `violates` says that it is meant."""
    found, problems = catalog(
        "operation: getThing\nstream: [{data: x}]\n",
        "operation: getThing\nwhen: {query: {a: '1'}}\nviolates: it streams\nstream: [{data: x}]\n",
    )

    assert problems == []
    (problem,) = warnings(found)
    assert str(problem) == (
        "a.yaml:1:1: warning: getThing declares no event stream, and this scenario sends one"
        " [not-a-stream]\n  operation: getThing\n  ^\n"
        "  mend: declare text/event-stream in the document, or say 'violates: …'"
    )


def test_what_is_expected_and_never_sent_is_a_warning():
    """A test may push it, so it is a doubt; where anything could be sent there is none."""
    story = """operation: streamEvents
stream: [{data: x, id: 1}, {event: done, data: y, id: 2}]
expect:
- {closed_by: client, after_event: doen}
- {connection: 1, last_event_id: 9}
- {connection: 2, last_event_id: 3}
- {closed_by: client, after_event: message}
"""
    found, problems = catalog(story)
    assert problems == []
    assert [str(problem) for problem in warnings(found)] == [
        "a.yaml:4:3: warning: no event of the story has the type 'doen' [never-sent]\n"
        "  - {closed_by: client, after_event: doen}\n    ^\n  mend: did you mean 'done'?",
        "a.yaml:6:3: warning: no event of the story has the id '3' [never-sent]\n"
        "  - {connection: 2, last_event_id: 3}\n    ^\n  mend: known here: 1, 2",
    ]


UNKNOWABLE = {
    "raw": "stream: [{data: x}, {raw: y}]",
    "a template": "stream: [{event: '{{ n }}', id: '{{ n }}', data: x}]",
    "an answer": "response: {body: x}",
}


@pytest.mark.parametrize("story", UNKNOWABLE.values(), ids=UNKNOWABLE)
def test_what_could_be_anything_is_not_doubted(story):
    """Raw bytes, templates, whole answers."""
    expect = "expect: [{closed_by: client, after_event: a}, {connection: 2, last_event_id: b}]"
    found, problems = catalog(f"operation: streamEvents\nvars: {{n: 1}}\n{story}\n{expect}\n")
    assert [problem.code for problem in problems] == []
    assert warnings(found) == []


def test_a_body_file_that_cannot_be_opened_says_what_the_system_said():
    """The name stands where the response does."""

    def body(_name):
        raise PermissionError(13, "Permission denied")

    scenarios, _ = read("operation: getThing\nresponse: {body: {file: secret.json}}\n")
    _, (problem,) = link(contract.read(DOCUMENT, "api.yaml"), scenarios, body)

    assert str(problem).splitlines()[0] == (
        "a.yaml:2:11: the body file 'secret.json' cannot be read: Permission denied [unreadable-file]"
    )


def test_all_problems_of_all_files_are_told_at_once():
    """Faults of the YAML, of keys, of the story and of the document do not hide each other."""
    _, problems = catalog(
        """
        operation: streamOrders
        stream:
        - dealy: 1s
        - {hold: forever}
        - data: "{{ nobody }}"
        """,
        "operation: streamEvents\nstream: [{data: x}]\nstream: [{data: y}]\n",
        "stream:\n- disconnect: rest\n- data: '{{ nobody }}'\n",
        "operation: streamOrders\nresponse: {}\n",
        b"\xff",
        "operation: streamEvents\nwire: {transfer: close, rate: 5}\n"
        "response: {headers: {Connection: keep-alive}}\nstream: [{data: x, split: 0}]\n",
    )

    assert [(p.where.file, p.where.line, p.code) for p in problems] == [
        ("a.yaml", 4, "unknown-key"),
        ("a.yaml", 6, "unreachable"),
        ("a.yaml", 6, "unknown-name"),
        ("b.yaml", 3, "duplicate-key"),
        ("c.yaml", 1, "missing-key"),
        ("c.yaml", 2, "wrong-value"),
        ("c.yaml", 3, "unknown-name"),
        ("d.yaml", 1, "unknown-operation"),
        ("e.yaml", 1, "not-utf8"),
        ("f.yaml", 2, "bad-rate"),
        ("f.yaml", 3, "bad-framing"),
        ("f.yaml", 4, "out-of-range"),
    ]


def test_every_code_of_the_package_stands_in_the_table():
    """A message without a row would not be pinned."""
    told = "\n".join(message for _, message in MESSAGES.values())
    pinned = set(re.findall(r"^\S+: .* \[([a-z0-9-]+)\]$", told, re.MULTILINE))
    elsewhere = {"file-too-large", "not-a-stream", "never-sent"}  # pinned above
    made = set()
    for path in Path(mockserver.scenario.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = [k.value for k in node.keywords if k.arg == "code"]
                given += node.args[2:3] if name in {"Problem", "wrong", "_fail"} else []
                made |= {value.value for value in given if isinstance(value, ast.Constant)}

    assert made - elsewhere == pinned


def test_the_page_of_errors_shows_messages_as_they_are():
    """What its examples say of scenario files is to the letter what the loader says."""
    page = Path(__file__).parent.parent.parent / "docs" / "errors.md"
    told = "\n".join(message for _, message in MESSAGES.values())
    examples = re.findall(
        r"^```\n([ab]\.yaml:\d[\s\S]*?)\n```$", page.read_text("utf-8"), re.MULTILINE
    )

    assert len(examples) > 40
    assert [example for example in examples if example not in told] == []

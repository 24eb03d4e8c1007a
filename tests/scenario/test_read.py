"""Scenario files as the model: names, defaults, and what every key becomes."""

import pytest
from scenario_texts import catalog, one, read, stream

from mockserver.scenario.model import Resume
from mockserver.scenario.template import Template
from mockserver.scenario.units import FOREVER, Span


def test_the_first_scenario_of_the_page_is_read():
    """The example that the language begins with, but for what is refused for now."""
    scenario = one(
        """
        operation: streamOrder
        description: The connection drops after two updates.

        stream:
        - retry: 1500
        - id: 1
          data: {status: payment_processing, timestamp: "{{ now() }}"}
        - delay: 2s
        - id: 2
          data: {status: payment_confirmed, timestamp: "{{ now() }}"}
        - disconnect: reset
        - delay: 3s
        - id: 3
          data: {status: preparing_shipment, timestamp: "{{ now() }}"}
        - event: complete
          id: 4
          data: {status: shipped, trackingNumber: 1Z999AA10123456784}
        """
    )

    assert [type(step).__name__ for step in scenario.stream] == [
        "EventStep", "EventStep", "WaitStep", "EventStep", "DisconnectStep", "WaitStep",
        "EventStep", "EventStep",
    ]  # fmt: skip
    assert [step.id for step in scenario.stream if hasattr(step, "id")] == [
        None,
        "1",
        "2",
        "3",
        "4",
    ]


def test_a_stream_and_its_connections_written_out_are_one_story():
    """Every disconnect of the short form ends a connection of the long one."""
    short, _ = catalog(
        stream("- {retry: 1500}\n- {id: 1}\n- {disconnect: reset}\n- {delay: 3s, id: 3}\n")
    )
    long, _ = catalog(
        """
        operation: streamEvents
        connections:
        - steps: [{retry: 1500}, {id: 1}, {disconnect: reset}]
        - steps: [{delay: 3s, id: 3}]
        """
    )
    told = [
        [
            [(getattr(op, "data", None), str(getattr(op, "time", ""))) for op in row.ops]
            + [row.end]
            for row in found.programs["a"].rows
        ]
        for found in (short, long)
    ]

    assert told[0] == told[1]


NAMES = {
    "the file's": ("operation: a\nresponse: {}\n", ["a"]),
    "its own": ("scenario: x/y\noperation: a\nresponse: {}\n", ["x/y"]),
    "a number": ("scenario: 007\noperation: a\nresponse: {}\n", ["007"]),
    "several": (
        "scenario: x\noperation: a\nresponse: {}\n---\nscenario: y\noperation: a\nresponse: {}\n",
        ["x", "y"],
    ),
    "one of several is empty": ("---\nscenario: x\noperation: a\nresponse: {}\n---\n", ["x"]),
}


@pytest.mark.parametrize(("text", "names"), NAMES.values(), ids=NAMES)
def test_a_scenario_has_a_name(text, names):
    """Its own, else its file's."""
    scenarios, problems = read(text)

    assert (problems, [scenario.name for scenario in scenarios]) == ([], names)


def test_of_two_with_one_name_the_first_is_kept():
    """The second is told, and nothing else depends on it."""
    scenarios, problems = read(
        "scenario: x\noperation: a\nresponse: {}\n", "scenario: x\noperation: b\nresponse: {}\n"
    )

    assert [scenario.operations[0][0] for scenario in scenarios] == ["a"]
    assert [problem.code for problem in problems] == ["name-taken"]


KEYS = {
    "operation": ("operation: [a, GET /b]", lambda s: [name for name, _ in s.operations], ["a", "GET /b"]),
    "description": ("description: x", lambda s: s.description, "x"),
    "default": ("default: true", lambda s: s.default, True),
    "no default": ("", lambda s: s.default, False),
    "seed": ("seed: 0042", lambda s: s.seed, "0042"),
    "no seed": ("", lambda s: s.seed, None),
    "vars": ("vars: {a: 0x10, b: [yes]}", lambda s: s.vars, {"a": 16, "b": ["yes"]}),
    "afterwards": ("afterwards: restart", lambda s: s.afterwards, "restart"),
    "no afterwards": ("", lambda s: s.afterwards, "stop"),
    "resume": ("resume: replay", lambda s: s.resume, Resume(policy="replay")),
    "resume with a gap": ("resume: {skip: 2}", lambda s: s.resume, Resume(skip=2)),
    "resume of the unknown": ("resume: {unknown: 400}", lambda s: s.resume, Resume(unknown=400)),
    "no resume": ("", lambda s: s.resume, Resume(policy="after_id")),
    "identity": ("identity: path", lambda s: s.identity, "path"),
    "an identity of its own": ('identity: "{{ request.query.c }}"', lambda s: type(s.identity), Template),
    "patience": ("patience: 5m", lambda s: s.patience, Span(300, 300)),
    "patience for ever": ("patience: forever", lambda s: s.patience, Span(FOREVER, FOREVER)),
    "pace": ("pace: 10ms..20ms", lambda s: s.pace, Span(0.01, 0.02)),
    "a pace of a template": ('pace: "{{ 1 }}s"', lambda s: type(s.pace), Template),
    "heartbeat": ("heartbeat: 15s", lambda s: s.heartbeat.block.comment, "heartbeat"),
    "a heartbeat with a comment": ("heartbeat: {every: 1s, comment: x}", lambda s: s.heartbeat.block.comment, "x"),
    "an event as heartbeat": (
        "heartbeat: {every: 1s, event: ping, data: }",
        lambda s: (s.heartbeat.block.event, s.heartbeat.block.has_data, s.heartbeat.block.comment),
        ("ping", True, None),
    ),
    "a heartbeat of nothing more": ("heartbeat: {every: 1s}", lambda s: s.heartbeat.block.comment, "heartbeat"),
    "violates": ("violates: it does", lambda s: s.violates, "it does"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "part", "expected"), KEYS.values(), ids=KEYS)
def test_every_key_of_a_scenario_is_read(text, part, expected):
    """With its default where it is absent."""
    operation = "" if text.startswith("operation") else "operation: a\n"

    assert part(one(f"{operation}{text}\nstream: [{{data: x}}]\n")) == expected


RESPONSES = {
    "status": ("{status: 503}", lambda r: r.status, 503),
    "a status of a template": ('{status: "{{ 503 }}"}', lambda r: type(r.status), Template),
    "reason": ("{reason: Nope}", lambda r: r.reason, "Nope"),
    "a header": ("{headers: {X: 1}}", lambda r: r.headers, (("X", ("1",)),)),
    "a header twice": ("{headers: {X: [1, b]}}", lambda r: r.headers, (("X", ("1", "b")),)),
    "a header left out": ("{headers: {X: }}", lambda r: r.headers, (("X", None),)),
    "an empty header": ("{headers: {X: ''}}", lambda r: r.headers, (("X", ("",)),)),
    "a body": ("{body: {a: [1]}}", lambda r: (r.body, r.has_body), ({"a": [1]}, True)),
    "a body of text": ("{body: hi}", lambda r: (r.body, r.has_body), ("hi", True)),
    "a body of null": ("{body: null}", lambda r: (r.body, r.has_body), (None, True)),
    "no body": ("{}", lambda r: (r.body, r.has_body), (None, False)),
    "a file": ("{body: {file: a/b.json}}", lambda r: (r.file, r.body), ("a/b.json", None)),
    "a body with a key file": ("{body: {file: a, b: 1}}", lambda r: r.body, {"file": "a", "b": 1}),
    "delay": ("{delay: 1s..2s}", lambda r: r.delay, Span(1, 2)),
    "no answer ever": ("{delay: forever}", lambda r: r.delay.shortest, FOREVER),
    "example": ("{example: shipped}", lambda r: r.example, "shipped"),
}


@pytest.mark.parametrize(("text", "part", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_every_key_of_a_response_is_read(text, part, expected):
    """Absent is not empty, and null is not absent."""
    assert part(one(f"operation: a\nresponse: {text}\n").response) == expected


STEPS = {
    "an event": ("{event: a}", "EventStep"),
    "a comment": ("{comment: a}", "EventStep"),
    "a wait": ("{delay: 1s}", "WaitStep"),
    "a wait up to": ("{at: 1s}", "WaitStep"),
    "a disconnect": ("{delay: 1s, disconnect: end}", "DisconnectStep"),
    "a hold": ("{hold: forever}", "HoldStep"),
    "a repeat": ("{repeat: {times: forever, every: 1s, steps: [{data: x}]}}", "RepeatStep"),
    "an each": ('{each: {in: "{{ pick([[1], [2]]) }}", steps: [{data: x}]}}', "EachStep"),
    "a chance": ('{chance: {of: "{{ 5 }}", steps: [{data: x}]}}', "ChanceStep"),
    "an include": ("{include: b}", "IncludeStep"),
}


@pytest.mark.parametrize(("text", "kind"), STEPS.values(), ids=STEPS)
def test_the_keys_of_a_step_say_its_kind(text, kind):
    """One of the eight."""
    (step,) = one(stream(f"- {text}\n")).stream

    assert type(step).__name__ == kind
    assert (step.where.line, step.where.column) == (3, 3)


TEMPLATES = {
    "a delay": "{delay: '{{ 1 }}s'}",
    "an offset": "{at: '{{ 1 }}s', data: x}",
    "an event type": "{event: '{{ n }}'}",
    "an id": "{id: '{{ n }}'}",
    "retry": "{retry: '{{ n }}'}",
    "a comment": "{comment: '{{ n }}'}",
    "data": "{data: [{a: '{{ n }}'}]}",
    "a hold": "{hold: '{{ n }}s'}",
    "rounds": "{repeat: {times: '{{ n }}', steps: [{data: x}]}}",
    "a rhythm": "{repeat: {times: 1, every: '{{ n }}s', steps: [{data: x}]}}",
    "a list": "{each: {in: '{{ [n] }}', steps: [{data: x}]}}",
    "an item of a list": "{each: {in: ['{{ n }}'], steps: [{data: x}]}}",
    "a chance": "{chance: {of: '{{ n }}', steps: [{data: x}]}}",
    "inside a chance": "{chance: {of: 5%, steps: [], otherwise: [{data: '{{ n }}'}]}}",
}


@pytest.mark.parametrize("step", TEMPLATES.values(), ids=TEMPLATES)
def test_names_are_checked_wherever_a_template_may_stand(step):
    """`n` means nothing outside of a loop, and something inside."""
    step = step if "n }}" in step or "[n]" in step else step.replace("1 }}", "n }}")
    outside, inside = (
        read(stream(f"- {step}\n")),
        read(stream(f"- repeat: {{times: 1, as: n, steps: [{step}]}}\n")),
    )

    assert [problem.code for problem in outside[1]] == ["unknown-name"]
    assert inside[1] == []


HEADS = {
    "a header": "response: {headers: {X: '{{ who }}'}}\nstream: [{data: x}]",
    "a body": "response: {body: {a: '{{ who }}'}}",
    "a reason": "response: {reason: '{{ who }}'}",
    "a status": "response: {status: '{{ who }}'}",
    "the delay of a response": "response: {delay: '{{ who }}'}",
    "a pace": "pace: '{{ who }}'\nstream: [{data: x}]",
    "a heartbeat": "heartbeat: {every: 1s, data: '{{ who }}'}\nstream: [{data: x}]",
    "an identity": "identity: '{{ who }}'\nstream: [{data: x}]",
    "afterwards": "afterwards: {body: '{{ who }}'}\nstream: [{data: x}]",
    "a connection": "connections: [{response: {body: '{{ who }}'}}]",
    "the delay of a connection": "connections: [{disconnect: end, delay: '{{ who }}'}]",
    "a variable": "vars: {a: '{{ who }}'}\nstream: [{data: x}]",
    "a variable before its own": "vars: {a: '{{ b }}', b: 1}\nstream: [{data: x}]",
}


@pytest.mark.parametrize("text", HEADS.values(), ids=HEADS)
def test_names_are_checked_outside_of_steps_too(text):
    """Nothing waits for the first client."""
    _, problems = read(f"operation: streamEvents\n{text}\n")

    assert [problem.code for problem in problems] == ["unknown-name"]


def test_variables_are_names_of_their_own_and_of_later_variables():
    """`vars.a` and `a` are one."""
    _, problems = read(
        "operation: a\nvars: {a: 1, b: '{{ a + vars.a }}'}\nstream: [{data: '{{ [a, b, vars.b] }}'}]\n"
    )

    assert problems == []


def test_inside_a_list_there_are_a_counter_and_an_item():
    """`n` counts, `item` or the name given is what stands in the list."""
    _, problems = read(
        stream(
            '- each: {in: [1], steps: [{data: "{{ [n, item] }}"}]}\n'
            '- each: {in: [1], as: it, steps: [{data: "{{ [n, it] }}"}]}\n'
        )
    )

    assert problems == []


def test_one_story_may_have_several_operations():
    """Path parameters of any of them are known."""
    found, problems = catalog(
        'operation: [streamOrder, GET /events]\nstream: [{data: "{{ request.path.id }}"}]\n'
    )

    assert problems == []
    assert sorted(found.by_operation) == ["streamEvents", "streamOrder"]
    assert [name for name, _ in found.programs["a"].scenario.operations] == [
        "GET /orders/{id}/events",
        "GET /events",
    ]


def test_the_body_of_a_file_is_read_when_it_is_loaded():
    """Once, under the name that the response gives."""
    found, problems = catalog(
        "operation: getThing\nresponse: {body: {file: a.json}}\nafterwards: {body: {file: b.txt}}\n",
        files={"a.json": b"{}", "b.txt": b"hi"},
    )

    assert problems == []
    assert found.programs["a"].files == {"a.json": b"{}", "b.txt": b"hi"}

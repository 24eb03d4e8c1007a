"""Conditions on requests: whether they hold, and which scenarios could tie."""

import pytest
from scenario_texts import catalog, one

from mockserver.play.opening import Opening
from mockserver.scenario.conditions import fits, rank, rendered, speaks_of

REQUEST = Opening(
    path={"id": "7"},
    query={"page": "2", "empty": ""},
    headers={"accept": "text/event-stream", "x-mode": "Fast"},
    cookies={"sid": "abc"},
    body={"n": 5, "f": 5.0, "t": "text", "yes": True, "no": False, "nil": None,
          "in": {"a": 1, "b": 2}, "list": ["a", 1]},
)  # fmt: skip

HOLD = {
    "nothing": ("{}", True),
    "equal": ("{path: {id: 7}}", True),
    "equal as written": ("{path: {id: 07}}", False),
    "another": ("{path: {id: 8}}", False),
    "absent": ("{query: {none: x}}", False),
    "a glob": ("{headers: {accept: text/*}}", True),
    "a glob of nothing": ("{query: {empty: '*'}}", True),
    "a glob does not fit what is absent": ("{query: {none: '*'}}", False),
    "a glob in the middle": ("{headers: {accept: 't*-*m'}}", True),
    "a question mark is itself": ("{path: {id: '?'}}", False),
    "brackets are themselves": ("{path: {id: '[7]*'}}", False),
    "a pattern": ("{path: {id: '/^[0-9]$/'}}", True),
    "a pattern is searched": ("{headers: {accept: /stream/}}", True),
    "a pattern that is not there": ("{headers: {accept: /^stream/}}", False),
    "one slash is a text": ("{path: {id: /}}", False),
    "two slashes are a text": ("{path: {id: //}}", False),
    "present": ("{query: {page: true}}", True),
    "present and empty": ("{query: {empty: true}}", True),
    "not present": ("{query: {none: true}}", False),
    "absent, as asked": ("{query: {none: false}}", True),
    "there, though it should not be": ("{query: {page: false}}", False),
    "a quoted true is a text": ("{query: {page: 'true'}}", False),
    "empty": ("{query: {empty: ''}}", True),
    "header names in any case": ("{headers: {X-MODE: Fast}}", True),
    "header values as they are": ("{headers: {x-mode: fast}}", False),
    "a cookie": ("{cookies: {sid: abc}}", True),
    "all have to hold": ("{path: {id: 7}, query: {page: 3}}", False),
    "a body contains": ("{body: {n: 5}}", True),
    "a number is one number": ("{body: {n: 5.0}}", True),
    "a number as a text": ("{body: {n: '5'}}", True),
    "a number's glob": ("{body: {n: '*'}}", True),
    "true is no number": ("{body: {yes: 1}}", False),
    "a text is no number": ("{body: {t: 5}}", False),
    "text in a body": ("{body: {t: te*}}", True),
    "a pattern in a body": ("{body: {t: /x/}}", True),
    "true is there and not false": ("{body: {yes: true, t: true, n: true}}", True),
    "true is not false": ("{body: {no: true}}", False),
    "false is false": ("{body: {no: false}}", True),
    "false is absent": ("{body: {none: false}}", True),
    "false is null": ("{body: {nil: false}}", True),
    "false is not a text": ("{body: {t: false}}", False),
    "null is null": ("{body: {nil: null}}", True),
    "null is absent": ("{body: {none: null}}", True),
    "null is not a text": ("{body: {t: null}}", False),
    "a mapping in a body": ("{body: {in: {a: 1}}}", True),
    "an empty mapping": ("{body: {in: {}}}", True),
    "a mapping that is none": ("{body: {t: {}}}", False),
    "a list is equal": ("{body: {list: [a, 1]}}", True),
    "a list's patterns": ("{body: {list: [/A|a/, '*']}}", True),
    "a part of a list": ("{body: {list: [a]}}", False),
    "a text for a mapping": ("{body: {in: '*'}}", False),
}


@pytest.mark.parametrize(("when", "held"), HOLD.values(), ids=HOLD)
def test_a_condition_holds_or_does_not(when, held):
    """Equal, a glob, a pattern, present or absent, contained."""
    scenario = one(f"operation: streamEvents\nwhen: {when}\nresponse: {{}}\n")

    assert fits(scenario.when, REQUEST) is held


@pytest.mark.parametrize(
    ("body", "held"), [("hello", True), ({"hello": 1}, False), (None, False), (["hello"], False)]
)
def test_a_condition_may_ask_for_the_whole_body(body, held):
    """A text body is tested like any other text."""
    scenario = one("operation: streamEvents\nwhen: {body: hel*}\nresponse: {}\n")

    assert fits(scenario.when, Opening(body=body)) is held


def test_a_pattern_takes_bounded_time():
    """A pattern that makes a backtracking engine work for years is searched at once."""
    scenario = one("operation: streamEvents\nwhen: {query: {q: '/^(a+)+$/'}}\nresponse: {}\n")

    assert fits(scenario.when, Opening(query={"q": "a" * 100_000 + "b"})) is False


def test_more_conditions_come_before_default():
    """Every leaf of a body counts as one."""
    texts = [
        "operation: streamEvents\ndefault: true\nresponse: {}\n",
        "operation: streamEvents\nwhen: {query: {a: 1}}\nresponse: {}\n",
        "operation: streamEvents\nwhen: {body: {a: {b: 1, c: 2}, d: {}}}\nresponse: {}\n",
    ]

    assert [rank(one(text)) for text in texts] == [(0, True), (1, False), (3, False)]


TIES = {
    "none without when": ([""], 0),
    "two without when": (["", ""], 1),
    "three without when": (["", "", ""], 2),
    "all with the same condition": (["when: {query: {a: x*}}"] * 8, 7),
    "all with globs of their own": ([f"when: {{query: {{a: '*{n}*'}}}}" for n in range(8)], 7),
    "a default among them": (["", "", "default: true"], 0),
    "two defaults": (["default: true", "default: true"], 1),
    "one with a condition": (["", "when: {query: {a: x}}"], 0),
    "the same condition": (["when: {query: {a: x}}", "when: {query: {a: x}}"], 1),
    "other values": (["when: {query: {a: x}}", "when: {query: {a: y}}"], 0),
    "an object and a list": (["when: {body: {a: x}}", "when: {body: [{a: x}]}"], 0),
    "an object and a text inside": (["when: {body: {a: {b: x}}}", "when: {body: {a: x}}"], 0),
    "an object and anything": (["when: {body: {a: x}}", "when: {body: true}"], 1),
    "other places": (["when: {query: {a: x}}", "when: {query: {b: x}}"], 1),
    "a different number": (["when: {query: {a: x}}", "when: {query: {a: x, b: y}}"], 0),
    "a glob that takes it": (["when: {query: {a: x*}}", "when: {query: {a: xy}}"], 1),
    "a glob that does not": (["when: {query: {a: x*}}", "when: {query: {a: yx}}"], 0),
    "two globs": (["when: {query: {a: x*}}", "when: {query: {a: '*y'}}"], 1),
    "a pattern that does not": (["when: {query: {a: /^x/}}", "when: {query: {a: y}}"], 0),
    "patterns of one text each": (["when: {query: {a: '/^x\\*$/'}}", "when: {query: {a: '/^y$/'}}"], 0),
    "a pattern of more than one": (["when: {query: {a: '/^x*$/'}}", "when: {query: {a: '/^y$/'}}"], 1),
    "present and absent": (["when: {query: {a: true}}", "when: {query: {a: false}}"], 0),
    "absent and a value": (["when: {query: {a: false}}", "when: {query: {a: x}}"], 0),
    "present and a value": (["when: {query: {a: true}}", "when: {query: {a: x}}"], 1),
    "numbers in bodies": (["when: {body: {a: 1}}", "when: {body: {a: 2}}"], 0),
    "a number and its text": (["when: {body: {a: 1}}", "when: {body: {a: '1'}}"], 1),
    "lists of other items": (["when: {body: {a: [{b: x}]}}", "when: {body: {a: [{b: y}]}}"], 0),
    "lists of other lengths": (["when: {body: {a: [x]}}", "when: {body: {a: [x, y]}}"], 0),
    "lists that one body fits": (["when: {body: {a: [{b: x}]}}", "when: {body: {a: [{c: y}]}}"], 1),
    "header names in two cases": (["when: {headers: {X: a}}", "when: {headers: {x: b}}"], 0),
    "a default with the same condition": (
        ["when: {query: {a: x}}", "when: {query: {b: x}}", "default: true\nwhen: {query: {a: x}}"],
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("heads", "count"), TIES.values(), ids=TIES)
def test_two_that_could_tie_are_an_error(heads, count):
    """What can be seen to exclude each other cannot tie; each but the first is told of once."""
    _, problems = catalog(*(f"operation: streamEvents\n{head}\nresponse: {{}}\n" for head in heads))

    assert [problem.code for problem in problems] == ["scenario-tie"] * count


def test_scenarios_of_other_operations_do_not_tie():
    """Each operation has its own."""
    _, problems = catalog(
        "operation: streamEvents\nresponse: {}\n",
        "operation: getThing\nresponse: {}\n",
        "operation: [streamOrder, POST /none]\nresponse: {}\n",
    )

    assert [problem.code for problem in problems] == ["unknown-operation"]


RENDERED = {
    "a text": ("query: {page: '{{ 2 }}'}", True),
    "another text": ("query: {page: '{{ 3 }}'}", False),
    "a text around it": ("headers: {accept: 'text/{{ \"event\" }}-stream'}", True),
    "a glob is itself": ("path: {id: '{{ \"*\" }}'}", False),
    "a pattern is itself": ("path: {id: '{{ \"/7/\" }}'}", False),
    "a glob beside it": ("query: {page: '{{ 2 }}', empty: '*'}", True),
    "true is its text": ("query: {page: '{{ true }}'}", False),
    "what is absent": ("query: {none: '{{ \"\" }}'}", False),
    "a number in the body": ("body: {n: '{{ 2 + 3 }}'}", True),
    "a number as a text": ("body: {n: 'x{{ 5 }}'}", False),
    "a text for a number": ("body: {n: '{{ \"5\" }}'}", True),
    "a text in the body": ('body: {t: \'{{ "te" ~ "xt" }}\'}', True),
    "a glob in the body": ("body: {t: '{{ \"te*\" }}'}", False),
    "true in the body": ("body: {yes: '{{ true }}'}", True),
    "true is not one": ("body: {n: '{{ n == 0 }}'}", False),
    "false in the body": ("body: {no: '{{ false }}'}", True),
    "null in the body": ("body: {nil: '{{ none }}'}", True),
    "a list in the body": ("body: {list: '{{ [\"a\", 1] }}'}", True),
    "in a list": ("body: {list: [a, '{{ 1 }}']}", True),
    "a part of a mapping": ("body: {in: {a: '{{ 1 }}'}}", True),
    "the whole body": ("body: '{{ 1 }}'", False),
}


@pytest.mark.parametrize(("when", "fit"), RENDERED.values(), ids=RENDERED)
def test_what_a_template_yields_is_compared_as_it_is(when, fit):
    """Whatever it looks like; what is not a template means what it means in any condition."""
    steps = (
        f"stream:\n- repeat: {{times: 1, steps: [{{await: {{request: it, when: {{{when}}}}}}}]}}"
    )
    (loop,) = one(f"operation: it\n{steps}\n").stream
    (step,) = loop.steps

    assert fits(rendered(step.when, lambda test: test.value({"n": 1})), REQUEST) is fit


SPOKEN = {
    "the header": ("headers: {Authorization: false}", ["headers/authorization"], True),
    "another header": ("headers: {X-A: false}", ["headers/authorization"], False),
    "one of several places": ("query: {key: false}", ["headers/x-key", "query/key"], True),
    "a field of a deep object": ("query: {'f[a]': x}", ["query/f"], True),
    "a name that only begins alike": ("query: {limits: x}", ["query/limit"], False),
    "the member": ("body: {pet: {name: false}}", ["body/pet/name"], True),
    "what holds the member": ("body: {tags: true}", ["body/tags/0/name"], True),
    "a member of what is wrong": ("body: {pet: {name: false}}", ["body/pet"], False),
    "the whole body": ("body: false", ["body"], True),
    "nothing": ("path: {id: '1'}", ["body"], False),
}


@pytest.mark.parametrize(("when", "carriers", "spoken"), SPOKEN.values(), ids=SPOKEN)
def test_a_condition_speaks_of_a_part_and_of_what_is_in_it(when, carriers, spoken):
    """It foresees what is wrong there, and nowhere else."""
    scenario = one(f"operation: it\nwhen: {{{when}}}\nresponse: {{}}\n")
    assert speaks_of(scenario.when, carriers) is spoken

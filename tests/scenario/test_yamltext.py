"""Plain data as YAML: read back by our own reader, by others, and by people."""

import json
from textwrap import dedent

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.scenario.block import static_event
from mockserver.scenario.nodes import plain
from mockserver.scenario.read import read_scenarios
from mockserver.scenario.template import Template
from mockserver.scenario.yamltext import entry, lines, scalar, without_templates
from mockserver.scenario.yamltree import parse

PLAIN = {
    "a word": ("shipped", "shipped"),
    "several": ("a parcel", "a parcel"),
    "a path": ("/orders/status-1.yaml", "/orders/status-1.yaml"),
    "nothing": ("", '""'),
    "spaces around it": (" a ", '" a "'),
    "a number": ("0123", '"0123"'),
    "a time": ("12:30:45", '"12:30:45"'),
    "a date": ("2026-01-01", '"2026-01-01"'),
    "a boolean of YAML 1.1": ("on", '"on"'),
    "a boolean in capitals": ("YES", '"YES"'),
    "null": ("null", '"null"'),
    "a tilde": ("~", '"~"'),
    "a sentinel": ("[DONE]", '"[DONE]"'),
    "a template": ("{{ x }}", '"{{ x }}"'),
    "a colon": ("a: b", '"a: b"'),
    "a comment": ("a #b", '"a #b"'),
    "quotes": ('say "hi" \\ bye', "'say \"hi\" \\ bye'"),
    "both quotes": ('it\'s "so" \\', '"it\'s \\"so\\" \\\\"'),
    "quotes and a line end": ('"a"\n', '"\\"a\\"\\n"'),
    "not ASCII": ("ěščřž 🐕", '"ěščřž 🐕"'),
    "line ends": ("a\nb\r\n\x85\u2028", '"a\\nb\\r\\n\\u0085\\u2028"'),
    "what nobody sees": (
        "\0\t\x1b\xa0\ufeff\U000e0001",
        '"\\0\\t\\u001b\\u00a0\\ufeff\\U000e0001"',
    ),
    "half a character": ("\ud83d", '"?"'),
    "an integer": (-7, "-7"),
    "a float": (1e22, "1e+22"),
    "true": (True, "true"),
    "none": (None, "null"),
}


@pytest.mark.parametrize(("value", "text"), PLAIN.values(), ids=PLAIN)
def test_a_value_is_written_so_that_nobody_mistakes_it(value, text):
    """Without quotes only where every YAML there is reads the same text."""
    assert scalar(value) == text


WRITTEN = {
    "short ones in a line": (
        {"data": {"petId": "019b", "score": 0.97}, "tags": []},
        """\
        data: {petId: "019b", score: 0.97}
        tags: []
        """,
    ),
    "long ones in lines of their own": (
        {"data": {"text": "x" * 60, "more": "y" * 60}, "items": ["z" * 60, {"a": "z" * 99}]},
        f"""\
        data:
          text: {"x" * 60}
          more: {"y" * 60}
        items:
        - {"z" * 60}
        - a: {"z" * 99}
        """,
    ),
    "a text of several lines": (
        {"data": "first\n  second: #2\nthird", "log": ["a\nb\n"]},
        """\
        data: |-
          first
            second: #2
          third
        log:
        - |
          a
          b
        """,
    ),
    "lists in lists": (
        [["x" * 60, "y" * 60], [[1]]],
        f"""\
        - - {"x" * 60}
          - {"y" * 60}
        - [[1]]
        """,
    ),
}


@pytest.mark.parametrize(("value", "text"), WRITTEN.values(), ids=WRITTEN)
def test_data_are_written_for_people(value, text):
    """Block style for what is long, one line for what is short."""
    assert "\n".join(lines(value)) + "\n" == dedent(text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    [name for name, value in PLAIN.items()] + [v for v, _ in PLAIN.values() if type(v) is str]
).filter(lambda text: "\ud83d" not in text)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@example({"<<": {"a": 1}, "? a": 1, "k" * 2000: ["x" * 99, [{"k" * 2000: {"b": "x" * 99}}]]})
@example({"k" * 99: [], "l" * 99: {}, "m" * 99: [[[{}]]]})
@example({"k" * 600: ["a\nb", {"c": "d\ne\n"}]})
@example(
    {"a": "x\n\ny", "b": "\nx\ny", "c": "x\n\n", "d": "x \ny", "e": " x\ny", "f": "x\n#y\n- z"}
)
def test_what_is_written_is_read_back(value):
    """By our own reader as by another, the same to the last digit and in the same order."""
    text = "\n".join([*entry("data", value), ""])
    parsed = parse("x.yaml", text.encode())

    assert parsed.problems == []
    assert json.dumps(plain(parsed.documents[0])) == json.dumps({"data": value})


@given(st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS), max_size=4))
def test_texts_mean_the_same_to_readers_of_yaml_1_1(value):
    """Editors and other tools read them with the rules of 1.1."""
    text = "\n".join([*entry("data", value), ""])
    loader = yaml.SafeLoader(text)
    assert loader.get_single_data() == {"data": value}


@given(VALUES)
@example(["DONE"])
@example({"a": "{{", "b": ["{{{", "{{ x }}", "}}{{{{", "{{ '"]})
def test_no_text_becomes_a_template_by_accident(value):
    """A scenario with these data sends them as they are."""
    text = "\n".join(
        [
            "operation: x",
            "stream:",
            "- event: a",
            *_indented(entry("data", without_templates(value))),
        ]
    )
    (scenario,), problems = read_scenarios([("x.yaml", "x", text.encode())])
    (step,) = scenario.stream

    assert problems == []
    assert json.dumps(_rendered(step.data)) == json.dumps(value)
    assert static_event(step).event == "a"


def _indented(found):
    return (f"  {line}" for line in found)


def _rendered(value):
    match value:
        case Template():
            return value.value({})
        case dict():
            return {key: _rendered(item) for key, item in value.items()}
        case list():
            return [_rendered(item) for item in value]
    return value


def test_keys_that_are_no_texts_become_what_json_makes_of_them():
    """A document in YAML may have numbers as keys."""
    assert without_templates({200: {True: "{{"}}) == {"200": {"true": "{{ '{{' }}"}}

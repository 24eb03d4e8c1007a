"""YAML 1.2 as nodes with places, within bounds."""

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import Problem
from mockserver.scenario.nodes import Mapping, Scalar, Sequence, at_pointer, plain
from mockserver.scenario.plaindata import plain_data
from mockserver.scenario.yamltree import MAX_DEPTH, MAX_NODES, core_value, parse


def walk(node):
    """Yield `node` and all below it."""
    yield node
    if isinstance(node, Sequence):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, Mapping):
        for _, value in node.entries.values():
            yield from walk(value)


def tree(text):
    """Return the only document of `text`, which has no fault."""
    raw = text if isinstance(text, bytes) else text.encode()
    parsed = parse("a.yaml", raw)
    assert parsed.problems == []
    (document,) = parsed.documents
    return document


CORE = {
    "a leading zero is no octal": ("0123", 123),
    "0o is octal": ("0o17", 15),
    "0x is hexadecimal": ("0xFf", 255),
    "0b is text": ("0b1", "0b1"),
    "yes is text": ("yes", "yes"),
    "NO is text": ("NO", "NO"),
    "on is text": ("on", "on"),
    "y is text": ("y", "y"),
    "true": ("true", True),
    "True": ("True", True),
    "tRUE is text": ("tRUE", "tRUE"),
    "FALSE": ("FALSE", False),
    "base 60 is text": ("12:30:45", "12:30:45"),
    "a date is text": ("2020-01-01", "2020-01-01"),
    "a point in time is text": ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    "an exponent without a point": ("1e3", 1000.0),
    "a point alone in front": (".5", 0.5),
    "a point alone behind": ("5.", 5.0),
    "a sign": ("-7", -7),
    "a plus": ("+7", 7),
    "underscores are text": ("1_000", "1_000"),
    "a comma is text": ("1,5", "1,5"),
    "a tilde is nothing": ("~", None),
    "null": ("null", None),
    "Null": ("Null", None),
    "nothing is nothing": ("", None),
    "none is text": ("none", "none"),
    "infinity": (".inf", math.inf),
    "minus infinity": ("-.INF", -math.inf),
    "inf without a point is text": ("inf", "inf"),
    "a point alone is text": (".", "."),
    "a sign alone is text": ("-", "-"),
    "a version is text": ("1.2.3", "1.2.3"),
    "4,000 digits are a number": ("1" * 4000, int("1" * 4000)),
    "more digits are text": ("1" * 4001, "1" * 4001),
    "digits of other scripts are text": ("١٢", "١٢"),
    "a number with a line end is text": ("1\n", "1\n"),
    "= is text": ("=", "="),
    "<< is text": ("<<", "<<"),
}


@pytest.mark.parametrize(("text", "value"), CORE.values(), ids=CORE)
def test_a_plain_scalar_means_what_the_core_schema_says(text, value):
    """YAML 1.2.2 § 10.3.2, and none of what YAML 1.1 had besides."""
    found = core_value(text)

    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_number():
    """`.nan` is a float that is not equal to itself."""
    assert math.isnan(core_value(".NaN"))


@pytest.mark.parametrize(
    "text", [text for text, _ in CORE.values() if text not in {"", "1\n", "-", "<<"}]
)
def test_both_readers_agree_on_plain_scalars(text):
    """Scenarios and OpenAPI documents are read by the same rules."""
    assert plain_data("a.yaml", f"- {text}\n".encode()) == plain(tree(f"- {text}\n"))


WRITTEN = {
    "a leading zero": ("id: 0123", "0123"),
    "a number": ("id: 7", "7"),
    "the same in quotes": ('id: "7"', "7"),
    "an exponent": ("id: 1e3", "1e3"),
    "a date": ("id: 2020-01-01", "2020-01-01"),
    "a word": ("id: yes", "yes"),
    "a boolean": ("id: True", "True"),
    "hexadecimal": ("id: 0x1F", "0x1F"),
    "a long number": ("id: 123456789012345678901234567890", "123456789012345678901234567890"),
    "trailing zeros": ("id: 1.50", "1.50"),
}


@pytest.mark.parametrize(("text", "written"), WRITTEN.values(), ids=WRITTEN)
def test_a_scalar_keeps_how_it_was_written(text, written):
    """So that ids are what the author wrote, whatever the core schema makes of them."""
    assert tree(text).get("id").text == written


STYLES = {
    "single quotes": ("a: '1'", "1"),
    "double quotes": ('a: "true"', "true"),
    "literal": ("a: |\n  1\n", "1\n"),
    "folded": ("a: >-\n  1\n  2\n", "1 2"),
    "tagged as text": ("a: !!str 1", "1"),
    "the tag !": ("a: ! 1", "1"),
    "tagged as a number": ('a: !!int "1"', 1),
    "tagged as a float": ("a: !!float 1", 1.0),
    "tagged as nothing": ('a: !!null ""', None),
    "tagged as a mapping": ("a: !!map {b: 1}", {"b": 1}),
    "an escape": ('a: "\\u2028\\L"', "\u2028\u2028"),
}


@pytest.mark.parametrize(("text", "value"), STYLES.values(), ids=STYLES)
def test_quotes_and_tags_decide_the_type(text, value):
    """A quoted scalar is text, but for a tag of the core that says otherwise."""
    found = plain(tree(text))["a"]

    assert found == value
    assert type(found) is type(value)


SEPARATORS = {
    "plain": ("data: a\u2028b\nid: 1\n", "a\u2028b"),
    "quoted": ('data: "a \u2028 b"\nid: 1\n', "a \u2028 b"),
    "literal": ("data: |-\n  a\u2029b\nid: 1\n", "a\u2029b"),
    "next line": ("data: 'a\x85b'\nid: 1\n", "a\x85b"),
    "beside a private character": ("data: a\u2028\ue000\nid: 1\n", "a\u2028\ue000"),
}


@pytest.mark.parametrize(("text", "value"), SEPARATORS.values(), ids=SEPARATORS)
def test_only_cr_and_lf_end_a_line(text, value):
    """NEL, U+2028 and U+2029 are characters like others (YAML 1.2.2 § 5.4)."""
    document = tree(text)

    assert document.get("data").value == value
    assert document.get("id").line == text.count("\n")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_files_of_every_system_read_alike(end):
    """Line ends count lines, and are LF in texts of several lines."""
    document = tree(f"a: |{end}  x{end}  y{end}b: 1{end}")

    assert plain(document) == {"a": "x\ny\n", "b": 1}
    assert document.get("b").line == 4


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    """Editors on Windows write one."""
    assert plain(tree(b"\xef\xbb\xbfa: 1\n")) == {"a": 1}


def test_every_node_knows_where_it_stands():
    """Lines and columns count from 1, in characters; the width is what an editor marks."""
    document = tree('stream:\n- data: "žlu"\n  id: 12\n- {event: x, data: [1, {b: c}]}\n')
    places = [(type(n).__name__, n.line, n.column, n.width) for n in walk(document)]

    assert places == [
        ("Mapping", 1, 1, 1),
        ("Sequence", 2, 1, 1),
        ("Mapping", 2, 3, 1),
        ("Scalar", 2, 9, 5),
        ("Scalar", 3, 7, 2),
        ("Mapping", 4, 3, 1),
        ("Scalar", 4, 11, 1),
        ("Sequence", 4, 20, 1),
        ("Scalar", 4, 21, 1),
        ("Mapping", 4, 24, 1),
        ("Scalar", 4, 28, 1),
    ]


def test_keys_know_where_they_stand():
    """A fault of a key is told at the key."""
    key, value = tree("a: 1\nlong: x\n").entries["long"]

    assert (key.line, key.column, key.width) == (2, 1, 4)
    assert (value.line, value.column, value.width) == (2, 7, 1)


def test_a_place_shows_its_line():
    """Also the last line of a file that does not end in a line end."""
    parsed = parse("a.yaml", b"a: 1\nb: 2")

    where = parsed.file.at(parsed.documents[0].get("b"))
    assert (str(where), where.source) == ("a.yaml:2:4", "b: 2")


def test_several_documents_are_several_trees():
    """An anchor of one is unknown to the next."""
    parsed = parse("a.yaml", b"a: &x 1\n---\nb: 2\n---\nc: *x\n")

    assert [plain(document) for document in parsed.documents] == [{"a": 1}, {"b": 2}]
    assert [problem.code for problem in parsed.problems] == ["unknown-alias"]


def test_an_alias_is_the_node_it_names():
    """Also as a key, and after the anchor has been given anew."""
    text = "a: &x 1\nb: *x\nc: &x [2]\nd: *x\n? *x\n: never\n"

    parsed = parse("a.yaml", text.encode())
    assert [problem.code for problem in parsed.problems] == ["bad-key"]
    assert plain(tree("a: &x k\nb: [*x, *x]\n*x : v\n")) == {"a": "k", "b": ["k", "k"], "k": "v"}


def test_keys_are_text():
    """`1` and `"1"` are one key."""
    assert [p.code for p in parse("a.yaml", b'1: a\n"1": b\n').problems] == ["duplicate-key"]
    assert plain(tree("1: a\ntrue: b\n~: c\n")) == {"1": "a", "true": "b", "~": "c"}


def _nested(levels):
    return "[" * levels + "]" * levels


BOUNDS = {
    "64 levels": (_nested(MAX_DEPTH), []),
    "65 levels": (_nested(MAX_DEPTH + 1), ["too-deep"]),
    "levels behind an alias": (f"- &a {_nested(40)}\n- {'[' * 40}*a{']' * 40}\n", ["too-deep"]),
    "a chain of aliases": (
        "x0: &x0 [1]\n"
        + "".join(f"x{n}: &x{n} {'[' * 20}*x{n - 1}{']' * 20}\n" for n in range(1, 5)),
        ["too-deep"],
    ),
    "all nodes there may be": (f"[{'1,' * (MAX_NODES - 1)}]", []),
    "a node too many": (f"[{'1,' * MAX_NODES}]", ["too-many-nodes"]),
    "an alias in itself": ("&a {b: *a}", ["cyclic-alias"]),
}


@pytest.mark.parametrize(("text", "codes"), BOUNDS.values(), ids=BOUNDS)
def test_a_file_is_bounded_in_depth_and_size(text, codes):
    """Aliases count as what they stand for."""
    assert [problem.code for problem in parse("a.yaml", text.encode()).problems] == codes


def test_a_bomb_of_aliases_goes_off_early():
    """Nine rounds of nine aliases name 387 million nodes, and cost nothing."""
    names = "abcdefghi"
    lines = [f"a: &a [{', '.join('x' * 9)}]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in itertools.pairwise(names)
    ]
    parsed = parse("a.yaml", "\n".join(lines).encode())

    assert [problem.code for problem in parsed.problems] == ["too-many-nodes"]


def test_what_stands_before_a_fault_is_kept():
    """One file's second document does not take the first one with it."""
    parsed = parse("a.yaml", b"a: 1\n---\nb: [\n")

    assert [plain(document) for document in parsed.documents] == [{"a": 1}]
    assert [problem.code for problem in parsed.problems] == ["yaml-syntax"]


POINTERS = {
    "the root": ("", 1),
    "a key": ("/paths", 2),
    "an escaped key": ("/paths/~1a~0b", 3),
    "an item": ("/paths/~1a~0b/1", 4),
    "past the end": ("/paths/~1a~0b/7", 3),
    "no such key": ("/paths/none/deeper", 2),
    "no number": ("/paths/~1a~0b/x", 3),
}


@pytest.mark.parametrize(("pointer", "line"), POINTERS.values(), ids=POINTERS)
def test_a_pointer_leads_as_far_as_it_can(pointer, line):
    """RFC 6901; the last node on the way is near enough for a message."""
    document = tree("root: x\npaths:\n  /a~b:\n  - 1\n  - 2\n")
    starts = {1: document, 2: document.get("paths")}
    starts[3] = starts[2].get("/a~b")
    starts[4] = starts[3].items[1]

    assert at_pointer(document, pointer) is starts[line]


DATA = {
    "YAML": (b"a: [1, yes, 0123, ~]\n", {"a": [1, "yes", 123, None]}),
    "JSON": (b' {"a": [1, null]}', {"a": [1, None]}),
    "JSON with a mark": (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    "flow style that is no JSON": (b"{a: 1}", {"a": 1}),
    "a merge key": (b"a: &a {x: 1}\nb: {<<: *a, y: 2}\n", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
    "numbers as keys": (b"200: ok\n", {200: "ok"}),
    "dates and booleans": (b"[2020-01-01, on, True]", ["2020-01-01", "on", True]),
    "floats": (b"[1e3, .5, 0x10, 0o10]", [1000.0, 0.5, 16, 8]),
}


@pytest.mark.parametrize(("raw", "value"), DATA.values(), ids=DATA)
def test_plain_data_is_read_by_the_same_rules(raw, value):
    """JSON and YAML; merge keys stay allowed, since documents of others have them."""
    assert plain_data("api.yaml", raw) == value


AGAIN = {
    "a text": b"a: {b: [1, x]}\n",
    "aliases": b"a: &x {b: [1]}\nc: *x\n",
    "deeper than can be kept": b"a: " + b"[" * 900 + b"]" * 900,
    "longer than is kept": b"a: " + b"x" * 1_000_001,
}


@pytest.mark.parametrize("raw", AGAIN.values(), ids=AGAIN)
def test_a_document_that_is_read_again_is_another(raw):
    """What a reader does to the one is not seen in the other, though it was parsed once."""
    first = plain_data("api.yaml", raw)
    first["a"] = "changed"
    second, third = plain_data("api.yaml", raw), plain_data("api.yaml", raw)

    assert second == third != first
    assert second is not third


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (b"a: b: c\n", "yaml-syntax", 1),
        (b'{"a": 1,\n "b" 2}', "yaml-syntax", 2),
        (b"a: \xff\n", "not-utf8", 1),
        (b"a: 1\n---\nb: 2\n", "yaml-syntax", 3),
        (b"a: *b\n", "unknown-alias", 1),
        (b"[" * 100_000, "too-deep", 1),
        (b"- " * 100_000 + b"x", "too-deep", 1),
        (b"[[]," * 100_000, "too-deep", 1),
    ],
)
def test_what_is_neither_json_nor_yaml_says_where(raw, code, line):
    """The problem is the ValueError's only argument."""
    with pytest.raises(ValueError, match=code) as caught:
        plain_data("api.yaml", raw)

    (problem,) = caught.value.args
    assert isinstance(problem, Problem)
    assert (problem.code, problem.where.line) == (code, line)


_TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs"], exclude_characters="\ufeff"))
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_json_is_yaml(value):
    """A JSON text of printable characters reads as its value (YAML 1.2.2 § 1.2)."""
    text = json.dumps(value, ensure_ascii=False)

    parsed = parse("a.yaml", text.encode())
    assert [plain(document) for document in parsed.documents] == [value]


@given(st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,?\n\t \\\0\ufeff\u2028é😀0123.eE+~", max_size=60))
def test_no_text_breaks_the_reader(text):
    """Whatever stands in a file is a tree or a problem with a place."""
    parsed = parse("a.yaml", text.encode())

    for problem in parsed.problems:
        assert problem.where.line >= 1
        assert problem.where.column >= 1
    for document in parsed.documents:
        assert all(isinstance(node, (Scalar, Sequence, Mapping)) for node in walk(document))

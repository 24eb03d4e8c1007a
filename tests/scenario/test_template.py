"""Templates: what is literal, what an expression means, and that none does harm."""

import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import Location
from mockserver.play.opening import Opening
from mockserver.play.scope import Address, StoryScope
from mockserver.scenario import sandbox
from mockserver.scenario.model import Scenario
from mockserver.scenario.sandbox import TEXT_LIMIT
from mockserver.scenario.template import RenderError, Template, TemplateError, has_template

HERE = Location("a.yaml", 1, 1)
OPENING = Opening(
    method="POST",
    path={"id": "7"},
    query={"page": "2"},
    headers={"accept": "text/event-stream", "x-two": "a"},
    cookies={"sid": "c"},
    body={"items": [3, 1, 2], "name": "žlu", "flag": True, "nothing": None, "deep": {"a": [{"b": 1}]}},
    last_event_id="41",
)  # fmt: skip


def scope(**names):
    """Return the names in reach of one field on connection 1, and `names`."""
    story = StoryScope(Scenario(where=HERE, name="s"), Address("0", "s"), OPENING)
    story.enter(1)
    return {**story.at("0", "data"), **names}


def value(expression, **names):
    """Return the value of `{{ expression }}`."""
    return Template(f"{{{{ {expression} }}}}", HERE).value(scope(**names))


LITERAL = {
    "no template": ("a { b } c", "a { b } c"),
    "statements are text": ("{% if x %} {{ 1 }} {% endif %}", "{% if x %} 1 {% endif %}"),
    "comments are text": ("{# no #}{{ 1 }}{# yes #}", "{# no #}1{# yes #}"),
    "line ends of every kind": ("a\r\n{{ 1 }}\rb\n", "a\r\n1\rb\n"),
    "white space around": ("  {{ 1 }}  ", "  1  "),
    "minus signs trim nothing": ("a {{ -1 }} b", "a -1 b"),
    "closing braces in a string": ("{{ '}}' }}", "}}"),
    "opening braces in a string": ("{{ '{{' }}", "{{"),
    "a quote in a string": ("{{ 'it\\'s }}' }}", "it's }}"),
    "double quotes": ('{{ "}}" }}{{ "\\"" }}', '}}"'),
    "a mapping inside": ('{{ {"a": {"b": 1}}["a"]["b"] }}', "1"),
    "a mapping at the end": ('{{ {"a": {"b": 1}}}}', '{"a":{"b":1}}'),
    "two side by side": ("{{ 1 }}{{ 2 }}", "12"),
    "closing braces alone": ("a }} b", "a }} b"),
    "over several lines": ("{{ 1\n + 1 }}", "2"),
    "U+2028": ("\u2028{{ '\u2028' }}", "\u2028\u2028"),
    "markup is not escaped": ("{{ '<&>' }}", "<&>"),
}


@pytest.mark.parametrize(("source", "text"), LITERAL.values(), ids=LITERAL)
def test_what_stands_outside_the_braces_is_literal(source, text):
    """To the character."""
    assert Template(source, HERE).text(scope()) == text


@given(st.text().filter(lambda text: "{{" not in text and not text.endswith("{")))
def test_any_text_around_a_template_stays_as_it_is(text):
    """Nothing but the expression is touched."""
    assert Template(f"{text}{{{{ 1 }}}}{text}", HERE).text({}) == f"{text}1{text}"


@given(st.text())
def test_any_value_is_shown_as_it_is(text):
    """A value is never read as a template again."""
    assert Template("<{{ x }}>", HERE).text({"x": text}) == f"<{text}>"


@pytest.mark.parametrize(
    ("text", "there"), [("{{ x }}", True), ("{ { x } }", False), ("{% x %}", False)]
)
def test_two_braces_make_a_template(text, there):
    """And nothing else does."""
    assert has_template(text) is there


TYPES = {
    "a number stays a number": ("1 + 1", 2),
    "a float": ("1 / 4", 0.25),
    "a text": ("'1'", "1"),
    "a text of digits and e": ("'123e4567'", "123e4567"),
    "a boolean": ("not false", True),
    "nothing": ("none", None),
    "a list": ("[1, 'a', none]", [1, "a", None]),
    "a mapping": ("{'a': [1]}", {"a": [1]}),
    "a tuple becomes a list": ("(1, 2)", [1, 2]),
    "what is lazy becomes a list": ("['a'] | map('upper')", ["A"]),
    "a part of the request": ("request.body", OPENING.body),
    "deep inside": ("request.body.deep.a[0].b", 1),
    "by key": ("request.headers['x-two']", "a"),
    "a slice": ("request.body['items'][1:]", [1, 2]),
    "the method": ("request.method", "POST"),
    "path, query, cookie": ("[request.path.id, request.query.page, request.cookies.sid]", ["7", "2", "c"]),
    "the last event ID": ("last_event_id | int + 1", 42),
    "session, subscription, connection": ("[session, subscription, connection]", ["default", 1, 1]),
    "a mapping's own keys, not its methods": ("request.body['items'] | length", 3),
    "an if": ("'a' if connection == 1 else 'b'", "a"),
    "comparisons and logic": ("1 < 2 <= 2 and 'a' in 'abc' or none", True),
    "integer division and rest": ("[7 // 2, 7 % 2, 2 ** 3]", [3, 1, 8]),
    "powers of floats": ("2.0 ** 100", 2.0**100),
    "negative powers": ("2 ** -1", 0.5),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), TYPES.values(), ids=TYPES)
def test_one_expression_keeps_its_type(source, expected):
    """What is exactly one `{{ … }}` is a value, not a text."""
    found = value(source)

    assert found == expected
    assert type(found) is type(expected)


FILTERS = {
    "default": ("request.body.none | default('x')", "x"),
    "default of what is there": ("request.body.name | default('x')", "žlu"),
    "d": ("request.query.none | d(1)", 1),
    "int": ("'12' | int", 12),
    "int of words": ("'x' | int", 0),
    "float": ("'1.5' | float", 1.5),
    "upper": ("'aé' | upper", "AÉ"),
    "lower": ("'AÉ' | lower", "aé"),
    "join": ("[1, true, none, 'a'] | join(',')", "1,true,null,a"),
    "length": ("[1, 2] | length", 2),
    "json": ("{'b': 1, 'a': 'é'} | json", '{"b":1,"a":"é"}'),
    "base64": ("'é' | base64", "w6k="),
    "base64 of a value": ("[1] | base64", "WzFd"),
    "tokens": ("'Hello, wonderful world!' | tokens", ["Hello", ",", " wonder", "ful", " world", "!"]),
    "tokens give the text again": ("'a  b\\n c!?' | tokens | join", "a  b\n c!?"),
    "words": ("' a  b\\n' | words", ["a", "b"]),
    "round": ("2.567 | round(1)", 2.6),
    "round to a whole number": ("2.4 | round", 2),
    "date": ("'2026-01-02T03:04:05Z' | date('%d.%m.')", "02.01."),
    "date of seconds": ("0 | date", "1970-01-01T00:00:00Z"),
    "string is JSON's": ("true | string", "true"),
    "trim": ("' x ' | trim", "x"),
    "trim characters": ("'--x-' | trim('-')", "x"),
    "replace": ("'a-b' | replace('-', '+')", "a+b"),
    "sum": ("[1, 2.5] | sum", 3.5),
    "sum of an attribute": ("[{'a': {'b': 2}}] | sum(attribute='a.b')", 2),
    "sort": ("[3, 1] | sort(reverse=true)", [3, 1]),
    "map an attribute": ("[{'a': 1}] | map(attribute='a') | list", [1]),
    "select": ("[1, 2] | select('even') | list", [2]),
    "defined": ("[request.body.x is defined, request.body.name is defined]", [False, True]),
    "truncate": ("'abcdefghij' | truncate(5, true, '', 0)", "abcde"),
    "urlencode": ("'a b/ž' | urlencode", "a%20b/%C5%BE"),
    "title": ("'ab cd' | title", "Ab Cd"),
    "first, last, min, max": ("[[2, 1] | first, [2, 1] | last, [2, 1] | min, [2, 1] | max]", [2, 1, 1, 2]),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), FILTERS.values(), ids=FILTERS)
def test_filters_do_what_their_names_say(source, expected):
    """Jinja's safe ones, and the project's own."""
    assert value(source) == expected


TEXTS = {
    "true": ("<{{ true }}>", "<true>"),
    "nothing": ("<{{ none }}>", "<null>"),
    "a float": ("<{{ 1.0 }}>", "<1.0>"),
    "a list": ("<{{ [1, 'a'] }}>", '<[1,"a"]>'),
    "joined by ~": ("<{{ 'a' ~ true ~ none ~ [1] }}>", "<atruenull[1]>"),
    "by a filter of texts": ("<{{ none | upper }}>", "<NULL>"),
}


@pytest.mark.parametrize(("source", "text"), TEXTS.values(), ids=TEXTS)
def test_values_inside_texts_look_like_json(source, text):
    """However they get there."""
    assert Template(source, HERE).text(scope()) == text


FUNCTIONS = {
    "now": ("now()", "2026-01-01T00:00:00Z"),
    "now in a form": ("now('unix')", 1767225600),
    "now with an offset": ("now('iso', '-1h')", "2025-12-31T23:00:00Z"),
    "now by name": ("now(offset='1m', format='%H:%M')", "00:01"),
    "timestamp": ("timestamp()", 1767225600),
    "timestamp with an offset": ("timestamp('1m')", 1767225660),
    "a uuid is of version 4": ("uuid()[14]", "4"),
    "a random text": ("random_string(12) | length", 12),
    "hexadecimal digits": ("hex(7) | length", 7),
    "a whole number in bounds": ("1 <= random_int(1, 6) <= 6", True),
    "a fraction in bounds": ("0 <= random_float(0, 0.5) <= 0.5", True),
    "one of a list": ("pick(['a', 'b']) in ['a', 'b']", True),
    "a list in another order": ("shuffle([1, 2, 3]) | sort", [1, 2, 3]),
    "yes or no": ("random_bool() in [true, false]", True),
}


@pytest.mark.parametrize(("source", "expected"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_are_in_reach(source, expected):
    """Those of the page, by position and by name."""
    assert value(source) == expected


def test_chance_is_addressed_by_its_field():
    """The same field draws the same, another one draws something else."""
    source = Template("{{ [uuid(), random_int(0, 10**9), hex(8)] }}", HERE)

    assert source.value(scope()) == source.value(scope())
    story = StoryScope(Scenario(where=HERE, name="s"), Address("0", "s"), OPENING)
    assert source.value(story.at("1", "data")) != source.value(story.at("1", "id"))


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_chance_is_the_same_in_every_process(hash_seed):
    """Nothing depends on the interpreter's own seed."""
    program = (
        "from test_template import value\n"
        "print(value('[uuid(), random_int(0, 10**9), pick(request.body | list), shuffle([1,2,3])]'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    found = value("[uuid(), random_int(0, 10**9), pick(request.body | list), shuffle([1,2,3])]")
    assert done.stdout == f"{found}\n"


UNREADABLE = {
    "empty": ("{{ }}", "{{ }} is empty"),
    "open": ("a {{ b", "{{ without }}"),
    "a quote left open": ("{{ 'a }}", "{{ without }}"),
    "no expression": ("{{ 1 + }}", "'1 +' is no expression: unexpected 'end of template'"),
    "two": ("{{ 1 2 }}", "'1 2' goes on after the expression"),
    "a statement": ("{{ set x = 1 }}", "'set x = 1' goes on after the expression"),
    "an assignment": ("{{ x = 1 }}", "'x = 1' goes on after the expression"),
    "a filter that is none": ("{{ x | attr('y') }}", "unknown filter 'attr'"),
    "Jinja's own dice": ("{{ [1] | random }}", "unknown filter 'random'"),
    "formats of texts": ("{{ 'a' | format(1) }}", "unknown filter 'format'"),
    "widths": ("{{ 'a' | center(9) }}", "unknown filter 'center'"),
    "indentation": ("{{ 'a' | indent(9) }}", "unknown filter 'indent'"),
    "a test that is none": ("{{ 1 is strange }}", "unknown test 'strange'"),
    "an if without else": ("{{ 1 if true }}", "an if without else"),
    "brackets without end": ("{{ " + "(" * 5000 + " }}", "the expression is nested too deep"),
    "terms without end": ("{{ 1" + "+1" * 5000 + " }}", "the expression is nested too deep"),
    "attributes without end": ("{{ a" + ".b" * 5000 + " }}", "the expression is nested too deep"),
}


@pytest.mark.parametrize(("source", "what"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_expression_is_refused_when_it_is_read(source, what):
    """Not first when a client listens."""
    with pytest.raises(TemplateError) as caught:
        Template(source, HERE)

    assert caught.value.what == what


def test_the_deepest_expression_that_is_read_can_be_computed():
    """Python's own compiler has bounds, too; they lie further out."""
    for wrap in ("({} + 1)", "[{}][0]", "({} | int)", "({} if true else 0)", "(not not {})"):
        source = "1"
        while True:
            deeper = wrap.format(source)
            try:
                Template(f"{{{{ {deeper} }}}}", HERE)
            except TemplateError:
                break
            source = deeper
        assert value(source) is not None


OUT_OF_REACH = [
    "''.__class__", "''['__class__']", "request.__class__.__mro__", "[].__class__", "now.__globals__",
    "now.__self__", "uuid['__func__']", "request.body.keys()", "request.body.pop('name')",
    "'x'.upper()", "'{0.__class__}'.format(1)", "[1] | map(attribute='__class__') | list",
    "['x'] | map('attr', '__class__') | list", "[{}] | map(attribute='keys') | list",
    "[['a'], ['b']] | sort(attribute='__class__')", "['a'] | selectattr('__class__') | list",
    "'%s' % now", "'%100000000d' % 1", "now", "[now]", "{'a': now}", "now ~ ''", "now | string",
    "now | upper", "[now] | upper", "[now] | join", "request.body()", "(1)()", "1.real", "true.real",
    "none.x", "(1, 2).count(1)", "('a' | map('upper')).gi_frame", "range(9)", "dict(a=1)", "lipsum()",
    "cycler(1)", "joiner()", "namespace()", "self", "self.x", "loop.index", "caller()", "varargs",
    "_", "__builtins__", "import", "[1] | map('map', 'map') | map('list') | list", "nothing_such",
    "request.body.none", "request.body.none.more", "[request.body.none]", "request.body.none | upper",
    "request.body.none()", "1 / 0", "1 % 0", "(-8) ** 0.5", "1e308 * 10", "[1, 'a'] | sort",
    "{[]: 1}", "pick([])", "random_int(2, 1)", "random_int()", "now(1, 2, 3)", "hex(-1)",
    "hex('a')", "random_string(10 ** 12)", "shuffle(1)", "example('None')", "'x' | round",
    "1.5 | round(99)", "'x' | date", "[[1], [2]] | sum(start=[])", "'a' | trim('b' * 101)",
]  # fmt: skip


@pytest.mark.parametrize("source", OUT_OF_REACH)
def test_nothing_of_python_is_in_reach(source):
    """An error with the expression in it, and never an object, an address or a crash."""
    with pytest.raises((RenderError, TemplateError)) as caught:
        json.dumps(Template(f"<{{{{ {source} }}}}>", HERE).text(scope()))

    assert " at 0x" not in str(caught.value)


WORK = [
    "'a' * 10 ** 9", "'a' * 10 ** 100", "[0] * 10 ** 8", "[[0] * 1000] * 1000000",
    "[[[0] * 1000] * 1000] * 1000", "10 ** 10 ** 8", "2 ** (2 ** 30)", "(2 ** 4000) ** 4000",
    "(2 ** 4000) * (2 ** 4000)", "[2 ** 4000] * 100000", "'😀' * 4000000", "('a' * 4000000) | json | json",
    "('a' * 4000000) | base64 | base64", "(['a'] * 60000) | map('replace', 'a', 'b' * 100000) | list",
    "(['a'] * 30000) | select('in', ['b'] * 30000) | list", "('a' * 1000000) | trim('b' * 999999)",
    "('x' * 1000000) | map('upper') | list", "('x' * 1000000) | sort", "('x' * 1000000) | unique | list",
    "('x' * 1000000) | list", "('a b ' * 1000000) | tokens", "('a b ' * 1000000) | words",
    "('a b ' * 1000000) | title", "('a b ' * 1000000) | wordcount", "('é' * 1000000) | urlencode",
    "([[0] * 2] * 60000) | sum(start=[])", "([[0] * 100] * 1000) | join", "([[0] * 100] * 1000) ~ ''",
    "([[0] * 100] * 1000) | string", "[1, 2] | join('x' * 4000000)", "'a' | replace('', 'b' * 4000000)",
    "('1' * 4000000) | int(0, 2)", "('1' * 4000000) | int(0, 3)", "shuffle('x' * 1000000)",
    "shuffle([0] * 100000)", "random_string(4000000)", "hex(4000000)", "1 | date('%c' * 1000000)",
    "now('%p' * 1000000)", "('a' * 4000000) in ('b' * 4000000)", "[1] * 100000 == [1] * 100000",
    "('a' * 100000) | map('string') | map('upper') | map('lower') | list", "request | string * 100000",
    " ~ ".join(["'a' * 4000000"] * 40), ", ".join(["[0] * 60000"] * 40).join("[]"),
    "('a' * 4000000)[::-1]", "(([1] * 50000) | sort | reverse | list) + [1]", "'%' * 4000000 | urlencode",
]  # fmt: skip


MEASURE = """
import os, resource, sys
from test_template import HERE, WORK, RenderError, Template, TemplateError, scope

names = scope()
Template("{{ 1 + 1 }}", HERE).text(names)
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for number, source in enumerate(WORK):
    if not (child := os.fork()):
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
        before = used()
        try:
            Template("{{ " + source + " }}", HERE).text(names)
        except (RenderError, TemplateError):
            pass
        print(number, (used() - before) / 1024, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_no_expression_works_for_long_or_takes_much_memory():
    """64 MB are more than any may take; one without end is killed by its limit, and tells none."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    megabytes = {int(n): float(used) for n, used in map(str.split, done.stdout.splitlines())}

    found = {source: megabytes.get(number) for number, source in enumerate(WORK)}
    assert {source: used for source, used in found.items() if used is None or used >= 64} == {}


def test_the_text_of_one_template_is_bounded():
    """Also where every single expression of it is small enough."""
    part = "{{ 'a' * 12000000 }}"

    with pytest.raises(RenderError, match="more than 25,165,824 characters"):
        Template(part * 3, HERE).text({})
    assert len(Template(part, HERE).text({})) == 12_000_000 < TEXT_LIMIT


def test_a_large_event_can_be_made():
    """Ten megabytes of data are a thing that people test with."""
    assert len(value("random_string(10485760)")) == 10_485_760


def test_every_evaluation_has_the_whole_measure_of_work():
    """What one took away, the next one has again; threads do not share it."""
    source, texts = Template("{{ 'a' * 3000000 }}", HERE), []

    def render():
        texts.extend(source.text({}) for _ in range(3))

    threads = [threading.Thread(target=render) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(text) for text in texts] == [3_000_000] * 12


def test_the_work_is_measured_anew_where_two_threads_are_the_first(monkeypatch):
    """Each makes an environment; what is compiled in the one that is not kept is counted, too."""
    met, made, usual = threading.Barrier(2), [], sandbox._filters

    def filters(jinja):
        met.wait(10)
        return usual(jinja)

    monkeypatch.setattr(sandbox, "_filters", filters)
    sandbox.environment.cache_clear()
    sources = ["{{ 'a' * 9000001 }}", "{{ 'a' * 9000002 }}"]
    threads = [
        threading.Thread(target=lambda source=source: made.append(Template(source, HERE)))
        for source in sources
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lengths = {len(template.text({})) for template in made for _ in range(3)}

    assert lengths == {9_000_001, 9_000_002}


def test_a_value_that_is_missing_says_what_and_where():
    """The expression is quoted."""
    with pytest.raises(RenderError) as caught:
        Template("{{ request.body.x }}", HERE).text(scope())

    assert str(caught.value) == (
        "a.yaml:1:1: {{ request.body.x }} cannot be rendered: 'dict object' has no attribute 'x'"
    )


REFERENCES = {
    "a chain": ("request.path.id", {("request", "path", "id")}),
    "by key": ("request['path']['id']", {("request", "path", "id")}),
    "behind a filter": ("a.b | upper", {("a", "b")}),
    "in arguments": ("pick([a, b.c])", {("pick",), ("a",), ("b", "c")}),
    "what default provides for": ("a | default(b)", {("b",)}),
    "what a test asks for": ("1 if a is defined else b", {("b",)}),
    "joined": ("a ~ b", {("a",), ("b",)}),
    "a computed key": ("a[b]", {("a",), ("b",)}),
}


@pytest.mark.parametrize(("source", "names"), REFERENCES.values(), ids=REFERENCES)
def test_the_names_in_use_are_known_before_they_are_needed(source, names):
    """So that an unknown one is an error at load."""
    (found,) = Template(f"{{{{ {source} }}}}", HERE).expressions

    assert set(found.references) == names

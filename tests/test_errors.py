"""Problems and exceptions as text, and the page that lists all codes."""

import ast
import re
from pathlib import Path

import pytest

import mockserver
from mockserver.errors import (
    ControlError,
    LoadError,
    Location,
    MockServerError,
    Problem,
    StartError,
    did_you_mean,
)

PLACES = {
    "a line": (Location("a.yaml", 3, 5), "a.yaml:3:5"),
    "a pointer": (Location("api.yaml", pointer="/paths/~1x"), "api.yaml#/paths/~1x"),
    "a line and its pointer": (Location("api.yaml", 3, 5, pointer="/paths"), "api.yaml:3:5"),
    "a file": (Location("a.yaml"), "a.yaml"),
}


@pytest.mark.parametrize(("place", "text"), PLACES.values(), ids=PLACES)
def test_a_place_is_written_as_editors_read_it(place, text):
    """Line and column where they are known, else the pointer, else the file."""
    assert text == str(place)


PROBLEMS = {
    "all of it": (
        Problem(
            Location("a.yaml", 14, 5, source="  - dealy: 500ms", width=5), "no", "c", "mend it"
        ),
        "a.yaml:14:5: no [c]\n  - dealy: 500ms\n    ^^^^^\n  mend: mend it",
    ),
    "a warning": (
        Problem(Location("a.yaml"), "no", "c", severity="warning"),
        "a.yaml: warning: no [c]",
    ),
    "what has no place": (Problem(Location(""), "no", "c", severity="warning"), "warning: no [c]"),
    "a place behind what cannot be printed": (
        Problem(Location("a.yaml", 1, 6, source="a:\xa0\xa0 xy", width=2), "no", "c"),
        "a.yaml:1:6: no [c]\n  a:\\u00a0\\u00a0 xy\n                 ^^",
    ),
    "a place behind wide and combining characters, and a tab": (
        Problem(Location("a.yaml", 1, 8, source="注🎉e\u0301: \t文 x", width=1), "no", "c"),
        "a.yaml:1:8: no [c]\n  注🎉e\u0301: \t文 x\n         \t^^",
    ),
    "a place in the indentation": (
        Problem(Location("a.yaml", 1, 1, source="    x", width=1), "no", "c"),
        "a.yaml:1:1: no [c]\n  x\n  ^",
    ),
}


@pytest.mark.parametrize(("problem", "text"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_shows_its_line_and_its_mend(problem, text):
    """The line is shown without its indentation, and marked."""
    assert text == str(problem)


def test_a_load_error_holds_all_problems_sorted_by_place():
    """By file, line, column, then code."""
    places = [
        ("b", 1, 1, "a"),
        ("a", 2, 1, "a"),
        ("a", 1, 9, "b"),
        ("a", 1, 9, "a"),
        ("a", 1, 2, "z"),
    ]
    error = LoadError(Problem(Location(f, line, col), "no", code) for f, line, col, code in places)

    assert str(error) == "a:1:2: no [z]\na:1:9: no [a]\na:1:9: no [b]\na:2:1: no [a]\nb:1:1: no [a]"


ERRORS = {
    "start": (StartError("port 1 is in use", code="port-in-use"), "port 1 is in use [port-in-use]"),
    "start with a mend": (
        StartError("no", code="no-folder", mend="name one"),
        "no [no-folder]\n  mend: name one",
    ),
    "control": (ControlError(404, "no", code="no-operation", nearest=[]), "404 no [no-operation]"),
}


@pytest.mark.parametrize(("error", "text"), ERRORS.values(), ids=ERRORS)
def test_an_exception_makes_its_prose_of_its_fields(error, text):
    """All of them are of one family, which callers can catch."""
    assert text == str(error)
    assert isinstance(error, MockServerError)


MEANT = {
    "near": ("dealy", ["data", "delay"], "did you mean 'delay'?"),
    "far": ("x", ["data", "delay"], "known here: data, delay"),
    "none known": ("x", [], ""),
    "many": (
        "x",
        [f"name{n}" for n in range(32)],
        "known here: " + ", ".join(f"name{n}" for n in range(30)) + " and 2 more",
    ),
}


@pytest.mark.parametrize(("name", "known", "mend"), MEANT.values(), ids=MEANT)
def test_a_name_is_answered_with_the_nearest_or_the_list(name, known, mend):
    """The nearest one where there is one, else all of a short list."""
    assert mend == did_you_mean(name, known)


PACKAGE = Path(mockserver.__file__).parent
PAGE = PACKAGE.parent / "docs" / "errors.md"
_MAKERS = {"Problem", "wrong", "_fail", "problem", "ProblemResponse"}


def _codes():
    """Return the codes in the source: `code="…"`, and the positional ones of what makes problems."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if getattr(node.func, "attr", getattr(node.func, "id", "")) in _MAKERS:
                given += node.args[2:3]
            yield from (value.value for value in given if isinstance(value, ast.Constant))


def test_the_page_of_errors_has_every_code_once():
    """A heading for each code in the source, in alphabetical order, and none besides."""
    headings = re.findall(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(set(_codes())) == headings


def test_every_code_has_an_example_and_a_mend():
    """Each section shows a message with its own code, and says what to do."""
    page = PAGE.read_text(encoding="utf-8")
    sections = re.split(r"^### `(.+)`$", page, flags=re.MULTILINE)[1:]

    for code, text in zip(sections[::2], sections[1::2], strict=True):
        assert f"[{code}]" in text or f'"code": "{code}"' in text, code
        assert "**Mend.**" in text, code

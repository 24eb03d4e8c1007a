"""Keys for new things: of the shape that the document asks for, and each only once."""

import pytest
from kept import api

from mockserver.contract import read
from mockserver.contract.place import Place
from mockserver.play.kept.keys import Keys, key_text, successor

SUCCESSORS = {
    "a number": ("7", ["8", "9", "17"]),
    "a number that grows": ("user-999", ["user-1000", "user-1001", "user-1009"]),
    "zeros before it": ("007", ["008", "009", "017"]),
    "hex": ("019b4139", ["019b413a", "019b413b", "019b4143"]),
    "hex in capitals": ("00FF0F", ["00FF10", "00FF11", "00FF19"]),
    "hex behind a prefix": ("chatcmpl-019b4160", ["chatcmpl-019b4161", "chatcmpl-019b4162", "chatcmpl-019b416a"]),
    "letters": ("ada", ["adb", "adc", "adk"]),
    "letters and digits": ("01ARZ3NDEKTSV4RRFFQ69G5FAV", ["01ARZ3NDEKTSV4RRFFQ69G5FAW", "01ARZ3NDEKTSV4RRFFQ69G5FAX", "01ARZ3NDEKTSV4RRFFQ69G5FBF"]),
    "round the alphabet": ("b-9z", ["b-0a", "b-0b", "b-0j"]),
    "nothing to count": ("pet_", ["pet_1", "pet_2", "pet_10"]),
    "no ASCII": ("é", ["é1", "é2", "é10"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SUCCESSORS.values(), ids=SUCCESSORS)
def test_a_key_is_followed_by_ones_that_look_like_it(text, expected):
    """The first, the second and the tenth after it."""
    assert expected == [successor(text, n) for n in (1, 2, 10)]


def keys(schema, known=(), seed="0"):
    return Keys(read(api({}, {}), "api.yaml").document, Place(schema, "/key"), seed, known)


def drawn(made, count, taken=()):
    """Draw keys one after the other, each taken from then on."""
    found, n, gone = [], 0, set(taken)
    for _ in range(count):
        key, n = made.draw(n, gone.__contains__)
        found.append(key)
        gone.add(key_text(key))
    return found


DRAWS = {
    "integers": ({"type": "integer"}, [], [1, 2, 3]),
    "integers after those that are shown": ({"type": "integer"}, [3, 10, 7], [11, 12, 13]),
    "integers from a minimum": ({"type": "integer", "minimum": 1000}, [], [1000, 1001, 1002]),
    "integers of a step": ({"type": "integer", "multipleOf": 5}, [], [5, 10, 15]),
    "numbers by example": ({}, [41], [42, 43, 44]),
    "texts by example": ({"type": "string", "examples": ["p-1"]}, [], ["p-2", "p-3", "p-4"]),
    "texts after those that are shown": (
        {"type": "string", "examples": ["p-1"]},
        ["p-7", "p-30", "p-4"],
        ["p-31", "p-32", "p-33"],
    ),
    "texts of a pattern": (
        {"type": "string", "pattern": "^[a-f]{2}$", "example": "ae"},
        [],
        ["af", "ba", "bb"],
    ),
    "of a list": ({"enum": ["a", "b", "c"]}, [], ["a", "b", "c"]),
    "of a list, too many": ({"type": "string", "enum": ["a", "b"]}, [], ["a", "b", None]),
}


@pytest.mark.parametrize(("schema", "known", "expected"), DRAWS.values(), ids=DRAWS)
def test_keys_fit_their_schema_and_go_on(schema, known, expected):
    """Each draw is the next of the row that fits, starting behind what the document shows."""
    assert expected == drawn(keys(schema, known), 3)


# The first half of the SHA-256 of `0/1` and `0/2`, with the bits of version 4 (RFC 9562 § 5.4).
UUIDS = ["a93875fe-509a-42fa-a0e0-939d3ec71c4d", "9dc6366a-2003-4418-ace6-b6c74e29980f"]


def test_uuids_are_the_same_in_every_process():
    """They are drawn from their address: pinned here, different for another seed."""
    uuids = drawn(keys({"type": "string", "format": "uuid"}), 2)
    assert uuids == drawn(keys({"format": "uuid"}), 2)
    assert uuids == UUIDS
    assert uuids != drawn(keys({"format": "uuid"}, seed="1"), 2)


def test_a_key_that_looks_like_a_uuid_is_followed_by_uuids():
    """Where the schema does not say `uuid`, but its example is one."""
    shown = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    made = keys({"type": "string", "example": shown})
    assert drawn(made, 1) == drawn(keys({"format": "uuid"}), 1)


def test_a_taken_key_is_passed_over():
    """A client may have set it itself."""
    assert drawn(keys({"type": "integer"}), 2, taken=["1", "3"]) == [2, 4]


def test_a_key_is_not_drawn_again_after_its_thing_is_gone():
    """The count goes on, whatever is removed."""
    made = keys({"type": "integer"})
    key, n = made.draw(0, lambda _: False)
    assert [key, *made.draw(n, lambda _: False)] == [1, 2, 2]


TEXTS = {
    "text": ("ada", "ada"),
    "a number": (7, "7"),
    "a whole float": (7.0, "7"),
    "zero": (0, "0"),
    "empty": ("", None),
    "null": (None, None),
    "true": (True, None),
    "a list": ([1], None),
}


@pytest.mark.parametrize(("value", "text"), TEXTS.values(), ids=TEXTS)
def test_a_key_stands_in_a_path_as_text(value, text):
    """Text or a number; nothing else names a thing."""
    assert text == key_text(value)

"""Documents in several files: what references lead to is put beside the rest."""

import json

import pytest

from mockserver.contract import Wish, answer, bundle, part_of, read
from mockserver.contract.parts import FILES
from mockserver.errors import LoadError

PET = {"type": "object", "required": ["tag"], "properties": {"tag": {"$ref": "common/tag.yaml"}}}


def responding(ref):
    """Return an operation that answers one schema."""
    return {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": ref}}}}}}


def whole(paths, name="api.yaml", **files):
    """Return the contract of a document in these files, `__` in a name for a slash."""
    named = {key.replace("__", "/") + ".yaml": value for key, value in files.items()}
    opened = []

    def open_file(path):
        opened.append(path)
        if path not in named:
            raise FileNotFoundError(2, "No such file or directory")
        return named[path]

    tree = {"openapi": "3.1.0", "paths": paths}
    unread = bundle(tree, name, open_file)
    assert len(opened) == len(set(opened)), "each file is opened once"
    return read(tree, name, None, unread)


def answered(made, name):
    """Return what an operation answers, as data."""
    return json.loads(answer(made.operations[name], Wish()).body)


def test_references_lead_through_files():
    """From the root to a schema, to its neighbour, to one in a folder, and back into the root."""
    made = whole(
        {
            "/pet": {"get": responding("schemas/pet.yaml")},
            "/tag": {
                "get": responding("./schemas/../schemas/common/tag.yaml#"),
                "description": {"const": 7},
            },
        },
        schemas__pet=PET,
        schemas__common__tag={"$ref": "../../api.yaml#/paths/~1tag/description"},
    )
    assert answered(made, "GET /pet") == {"tag": 7}
    assert answered(made, "GET /tag") == 7


def test_a_file_may_hold_many_things():
    """A fragment leads into it; references within it stay within it."""
    things = {"Pet": {"properties": {"a": {"$ref": "#/A"}}, "required": ["a"]}, "A": {"const": 1}}
    made = whole({"/pet": {"get": responding("things.yaml#/Pet")}}, things=things)
    assert answered(made, "GET /pet") == {"a": 1}


def test_a_path_item_may_be_a_file():
    """Its operations are the document's, its references relative to it."""
    item = {"get": {"operationId": "getPet"} | responding("../schemas/a.yaml")}
    made = whole({"/pet": {"$ref": "paths/pet.yaml"}}, paths__pet=item, schemas__a={"const": 5})
    assert answered(made, "getPet") == 5


def test_files_may_refer_to_each_other_in_circles():
    """And end all the same."""
    a = {"properties": {"b": {"$ref": "b.yaml"}}}
    b = {"properties": {"a": {"$ref": "a.yaml"}, "n": {"const": 1}}, "required": ["n"]}
    made = whole({"/a": {"get": responding("a.yaml")}}, a=a, b=b)
    assert answered(made, "GET /a").get("b", {"n": 1})["n"] == 1


def test_an_alias_is_rewritten_once():
    """One object of YAML at two places has one reference."""
    shared = {"$ref": "#/A"}
    things = {
        "A": {"const": 1},
        "P": {"properties": {"a": shared, "b": shared}, "required": ["a", "b"]},
    }
    made = whole({"/it": {"get": responding("things.yaml#/P")}}, things=things)
    assert answered(made, "GET /it") == {"a": 1, "b": 1}


def test_a_discriminator_may_name_files():
    """Its mapping is rewritten like references; names of components are left alone."""
    union = {
        "oneOf": [{"$ref": "dog.yaml"}, {"$ref": "#/Cat"}],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"dog": "dog.yaml", "cat": "#/Cat", "bird": "Bird"},
        },
    }
    made = whole({"/it": {"get": responding("it.yaml#/It")}}, it={"It": union, "Cat": {}}, dog={})
    mapping = made.document.tree[FILES]["it.yaml"]["It"]["discriminator"]["mapping"]
    assert mapping == {
        "dog": f"#/{FILES}/dog.yaml",
        "cat": f"#/{FILES}/it.yaml/Cat",
        "bird": "Bird",
    }


FAULTS = {
    "a file that is not there": ("nope.yaml#/A", "$ref 'nope.yaml#/A': the file cannot be read: No such file or directory"),
    "a URL": ("https://example.com/a.yaml", "$ref 'https://example.com/a.yaml' leads out of the document, which is not supported"),
    "nothing in the file": ("a.yaml#/Nope", f"$ref '#/{FILES}/a.yaml/Nope' resolves to nothing"),
    "a broken reference in a file": ("a.yaml#/Bad", f"$ref '#/{FILES}/a.yaml/gone' resolves to nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("ref", "what"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_followed_is_said(ref, what):
    """With the reference and the reason."""
    a = {"A": {}, "Bad": {"$ref": "#/gone"}} if "Bad" in ref else {"A": {}}
    with pytest.raises(LoadError) as caught:
        whole({"/it": {"get": responding(ref)}}, a=a)
    assert [problem.what for problem in caught.value.problems] == [what]


def test_a_document_has_a_bounded_number_of_files(monkeypatch):
    """Beyond it, references are not followed."""
    monkeypatch.setattr("mockserver.contract.parts.MOST", 1)
    paths = {"/a": {"get": responding("a.yaml")}, "/b": {"get": responding("b.yaml")}}
    with pytest.raises(LoadError, match="more than 1 files"):
        whole(paths, a={}, b={})


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/paths/~1a", (None, "/paths/~1a")),
        ("", (None, "")),
        (f"/{FILES}/a~1b.yaml/x/y", ("a/b.yaml", "/x/y")),
        (f"/{FILES}/a.yaml", ("a.yaml", "")),
        (f"/{FILES}", (None, f"/{FILES}")),
    ],
)
def test_a_pointer_says_which_file_it_leads_to(pointer, expected):
    """And where in it."""
    assert part_of(pointer) == expected

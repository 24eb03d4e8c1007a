"""Values as XML, by the XML Objects of their schema."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.answering.xmltext import xml_text
from mockserver.contract.document import open_document
from mockserver.contract.place import Place

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def written(schema, value, **schemas):
    """Return the XML of a value, without the declaration before it."""
    tree = {"openapi": "3.1.0", "paths": {}, "components": {"schemas": schemas}}
    text = xml_text(open_document(tree, "api.yaml"), Place(schema, ""), value)
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


LIST = {"type": "array", "items": {"type": "string"}}
CASES = {
    "object": ({}, {"a": 1, "b": None, "c": True}, "<root><a>1</a><b></b><c>true</c></root>"),
    "empty": ({}, {}, "<root/>"),
    "text is escaped": ({}, {"a": "<&>"}, "<root><a>&lt;&amp;&gt;</a></root>"),
    "what XML cannot say": ({}, {"a": "x\0y"}, "<root><a>x\ufffdy</a></root>"),
    "a key that is no name": ({}, {"1 a": 1}, "<root><_1_a>1</_1_a></root>"),
    "list": ({"properties": {"a": LIST}}, {"a": ["x", "y"]}, "<root><a>x</a><a>y</a></root>"),
    "wrapped list": ({"properties": {"a": LIST | {"xml": {"wrapped": True}}}}, {"a": ["x"]}, "<root><a><a>x</a></a></root>"),
    "wrapped list with named items": ({"properties": {"a": {"type": "array", "xml": {"wrapped": True, "name": "as"}, "items": {"xml": {"name": "i"}}}}}, {"a": ["x"]}, "<root><as><i>x</i></as></root>"),
    "attribute": ({"properties": {"a": {"xml": {"attribute": True}}}}, {"a": 'x"', "b": 1}, "<root a='x\"'><b>1</b></root>"),
    "node type of 3.2": ({"properties": {"a": {"xml": {"nodeType": "attribute", "name": "z"}}}}, {"a": 1}, '<root z="1"/>'),
    "prefix and namespace": ({"xml": {"prefix": "p", "namespace": "urn:x", "name": "n"}}, {"a": 1}, '<p:n xmlns:p="urn:x"><a>1</a></p:n>'),
    "named by its component": ({"$ref": "#/components/schemas/Pet"}, {"a": 1}, "<Pet><b>1</b></Pet>"),
    "list at the top": ({"items": {"$ref": "#/components/schemas/Pet"}}, [{"a": 1}, {}], "<root><Pet><b>1</b></Pet><Pet/></root>"),
    "named list at the top": ({"xml": {"name": "as"}, "items": {"xml": {"name": "i"}}}, ["x"], "<as><i>x</i></as>"),
    "text at the top": ({}, "x", "<root>x</root>"),
    "malformed": ({"xml": 5, "properties": {"a": {"xml": {"name": 7, "prefix": [], "namespace": {}}}}}, {"a": 1}, "<root><a>1</a></root>"),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), CASES.values(), ids=CASES)
def test_a_value_as_xml(schema, value, expected):
    """Names, attributes, wrapped lists and namespaces as OAS 3.2 § XML Object has them."""
    pet = {"properties": {"a": {"xml": {"name": "b"}}}}
    assert written(schema, value, Pet=pet) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_any_value_makes_well_formed_xml(value):
    """Whatever the keys and texts are, a parser reads it as one document."""
    assert ET.fromstring(written({}, value)) is not None

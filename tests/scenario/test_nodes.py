"""Ways through the tree of a YAML text."""

import pytest

from mockserver.scenario.nodes import at_field, mapping_at
from mockserver.scenario.yamltree import parse

TEXT = b"""\
stream:
- id: 1
  data: {a.b: [1, {c: x}], a: {b: y}, "d[0]": z}
- {data: text}
"""
(ROOT,) = parse("a.yaml", TEXT).documents

FIELDS = {
    "a member": ("id", (2, 7)),
    "itself": ("", (2, 3)),
    "a key with a dot": ("data.a.b[0]", (3, 16)),
    "in a list": ("data.a.b[1].c", (3, 23)),
    "a key with brackets": ("data.d[0]", (3, 47)),
    "any case": ("DATA.d[0]", (3, 47)),
    "as far as it goes": ("data.a.b[7].c", (3, 15)),
    "no such member": ("event", (2, 3)),
    "below a text": ("id.x[0]", (2, 7)),
}


@pytest.mark.parametrize(("field", "place"), FIELDS.values(), ids=FIELDS)
def test_a_field_leads_to_its_node(field, place):
    """`data.items[0].price` is the node of the price, or the last one on the way."""
    step = mapping_at(ROOT, 2, 3)
    assert step is not None
    node = at_field(step, field)
    assert (node.line, node.column) == place


def test_a_mapping_is_found_where_it_begins():
    """The outermost mapping that begins there; none where none does."""
    assert mapping_at(ROOT, 1, 1) is ROOT
    assert list(mapping_at(ROOT, 4, 3).entries) == ["data"]
    assert mapping_at(ROOT, 4, 4) is None

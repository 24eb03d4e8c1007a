"""Which things a list shows, and what it says of itself."""

import pytest
from kept import Client, api, query, ref

NUMBER = {"type": "integer"}
TEXT = {"type": "string"}
THING = {
    "required": ["id"],
    "properties": {
        "id": NUMBER,
        "name": TEXT,
        "tags": {"type": "array", "items": TEXT},
        "on": {"type": "boolean"},
        "owner": {"properties": {"id": TEXT}},
        "size": NUMBER,
        "price": {"type": "number"},
    },
}
LIST = {"type": "array", "items": ref("Thing")}
MADE = [
    {"name": "a", "tags": ["x", "y"], "on": True, "owner": {"id": "u1"}, "size": 3, "price": 1.5},
    {"name": "b", "tags": ["y"], "on": False, "size": 5},
    {"name": "a", "tags": [], "on": True, "owner": {"id": "u2"}, "size": 3},
    {"name": "c"},
    {"name": "a"},
]


def client(listed=LIST, parameters=None, example=None):
    """Return a client of five things, whose list takes these query parameters."""
    document = api(THING, THING, listed=listed, parameters=query(**(parameters or {})))
    if example is not None:
        content = document["paths"]["/things"]["get"]["responses"]["200"]["content"]
        content["application/json"]["example"] = example
    made = Client(document)
    for body in MADE:
        made.make("/things", body)
    return made


def ids(things):
    return [thing["id"] for thing in things]


LIMIT_PAGE = {"limit": {**NUMBER, "default": 2}, "page": NUMBER}
PAGES = {
    "no parameters declared": ({}, "?limit=2&page=2", [1, 2, 3, 4, 5]),
    "limit": (LIMIT_PAGE, "?limit=3", [1, 2, 3]),
    "the default of limit": (LIMIT_PAGE, "", [1, 2]),
    "page": (LIMIT_PAGE, "?page=2", [3, 4]),
    "the last page": (LIMIT_PAGE, "?page=3", [5]),
    "beyond the last page": (LIMIT_PAGE, "?page=9", []),
    "page 0 of pages from 1": (LIMIT_PAGE, "?page=0", [1, 2]),
    "pages from 0": ({"per_page": NUMBER, "page": {"default": 0}}, "?per_page=2&page=1", [3, 4]),
    "offset": ({"limit": NUMBER, "offset": NUMBER}, "?offset=1&limit=2", [2, 3]),
    "skip and take": ({"skip": NUMBER, "take": NUMBER}, "?skip=4&take=2", [5]),
    "page[size] and page[number]": (
        {"page[size]": NUMBER, "page[number]": NUMBER},
        "?page%5Bsize%5D=2&page%5Bnumber%5D=2",
        [3, 4],
    ),
    "behind a thing": ({"starting_after": TEXT, "limit": NUMBER}, "?starting_after=2&limit=2", [3, 4]),
    "behind none": ({"after": TEXT}, "?after=99", [1, 2, 3, 4, 5]),
    "no number": (LIMIT_PAGE, "?limit=many", [1, 2]),
    "a negative number": ({"limit": NUMBER}, "?limit=-1", [1, 2, 3, 4, 5]),
    "a member called size filters": ({"size": NUMBER}, "?size=3", [1, 3]),
    "a text": ({"name": TEXT}, "?name=a", [1, 3, 5]),
    "two texts": ({"name": TEXT}, "?name=b&name=c", [2, 4]),
    "texts with commas": ({"name": {"type": "array"}}, "?name=b,c", [2, 4]),
    "in a list": ({"tags": TEXT}, "?tags=y", [1, 2]),
    "true": ({"on": {"type": "boolean"}}, "?on=true", [1, 3]),
    "the id of an object": ({"owner": TEXT}, "?owner=u2", [3]),
    "two filters": ({"name": TEXT, "on": TEXT}, "?name=a&on=true", [1, 3]),
    "a whole number with a point": ({"size": NUMBER}, "?size=3.0", [1, 3]),
    "a number with a zero at its end": ({"price": {"type": "number"}}, "?price=1.50", [1]),
    "a number with an exponent": ({"price": {"type": "number"}}, "?price=15e-1", [1]),
    "no such number": ({"size": NUMBER}, "?size=3.01", []),
    "no such thing": ({"name": TEXT}, "?name=z", []),
    "not declared": ({"name": TEXT}, "?size=3", [1, 2, 3, 4, 5]),
    "filter and page": ({**LIMIT_PAGE, "name": TEXT}, "?name=a&page=2", [5]),
}  # fmt: skip


@pytest.mark.parametrize(("parameters", "asked", "expected"), PAGES.values(), ids=PAGES)
def test_a_list_shows_what_is_asked_for(parameters, asked, expected):
    """Only parameters that are declared say anything."""
    assert expected == ids(client(parameters=parameters).listed(f"/things{asked}"))


def envelope(**members):
    return {"properties": {"data": LIST, **members}}


SAYS = {
    "total": ({"total": 99}, "?limit=2", {"total": 5}),
    "count alone": ({"count": 99}, "?limit=2", {"count": 5}),
    "count beside total": ({"count": 99, "total": 99}, "?limit=2", {"count": 2, "total": 5}),
    "called after the things": ({"thingsCount": 0}, "", {"thingsCount": 5}),
    "the page": (
        {"page": 0, "per_page": 0, "total_pages": 0},
        "?limit=2&page=2",
        {"page": 2, "per_page": 2, "total_pages": 3},
    ),
    "in an object beside": ({"meta": {"total": 0, "v": "1"}}, "", {"meta": {"total": 5, "v": "1"}}),
    "more": ({"has_more": False}, "?limit=2", {"has_more": True}),
    "no more": ({"hasNext": True, "hasPrev": False}, "?limit=2&page=3", {"hasNext": False, "hasPrev": True}),
    "first and last": ({"first": False, "last": True}, "?limit=2", {"first": True, "last": False}),
    "what is no number": ({"total": "many", "limit": None}, "?limit=2", {"total": "many", "limit": None}),
    "links": (
        {"links": {"self": "/x", "next": "/x?page=2"}},
        "?limit=2&page=2",
        {"links": {"self": "/things?limit=2&page=2", "next": "/things?limit=2&page=3"}},
    ),
    "no next at the end": ({"next": "/x?page=2", "a": 1}, "?page=1", {"a": 1}),
    "links as objects": (
        {"_links": {"next": {"href": "/x"}, "last": {"href": "/x", "t": 1}}},
        "?limit=2",
        {"_links": {
            "next": {"href": "/things?limit=2&page=2"},
            "last": {"href": "/things?limit=2&page=3", "t": 1},
        }},
    ),
    "a cursor": ({"next_cursor": "abc"}, "?limit=2", {"next_cursor": "2"}),
    "the first and last keys": ({"first_id": "x", "last_id": "y"}, "?limit=2", {"first_id": "1", "last_id": "2"}),
}  # fmt: skip


@pytest.mark.parametrize(("example", "asked", "expected"), SAYS.values(), ids=SAYS)
def test_an_envelope_tells_the_truth(example, asked, expected):
    """Numbers, flags and links of the document's example become those of this page."""
    made = client(envelope(), {"limit": NUMBER, "page": NUMBER}, {"data": [], **example})
    said = made.listed(f"/things{asked}")
    del said["data"]
    assert expected == said


def test_a_link_that_leads_nowhere_is_null_where_the_schema_allows_it():
    """Clients that read `next` find it."""
    said = {"next": {"type": ["string", "null"]}}
    made = client(envelope(**said), {"page": NUMBER}, {"data": [], "next": "/things?page=2"})
    assert made.listed("/things")["next"] is None


def test_links_that_are_declared_are_there_though_no_example_shows_them():
    """`prev` on the second page, where the example shows the first."""
    said = {"links": {"properties": {"prev": TEXT, "next": TEXT}}}
    made = client(envelope(**said), {"limit": NUMBER, "page": NUMBER}, {"data": [], "links": {}})
    assert made.listed("/things?limit=2&page=2")["links"] == {
        "prev": "/things?limit=2&page=1",
        "next": "/things?limit=2&page=3",
    }


def test_following_next_visits_every_thing_once():
    """By page, and by cursor."""
    made = client(envelope(), {"limit": NUMBER, "offset": NUMBER}, {"data": [], "next": "/things"})
    seen, target = [], "/things?limit=2"
    while target:
        page = made.listed(target)
        seen += ids(page["data"])
        target = page.get("next")
    assert seen == [1, 2, 3, 4, 5]

    made = client(envelope(), {"limit": NUMBER, "cursor": TEXT}, {"data": [], "cursor": "a"})
    seen, cursor = [], ""
    while cursor is not None:
        page = made.listed(f"/things?limit=2&cursor={cursor}")
        seen += ids(page["data"])
        cursor = page.get("cursor")
    assert seen == [1, 2, 3, 4, 5]


def test_links_stay_in_the_session():
    """They have the prefix of the session's base URL."""
    made = client(envelope(), {"limit": NUMBER, "page": NUMBER}, {"data": [], "next": "/x"})
    assert made.json("GET", "/things?limit=2", prefix="/@b")[1]["next"] == (
        "/@b/things?limit=2&page=2"
    )


HEADERS = {
    "X-Total-Count": ("?name=a&limit=2", "3"),
    "x-total": ("", "5"),
    "Total-Count": ("?name=z", "0"),
    "X-Rate-Limit": ("", "8"),
}


@pytest.mark.parametrize(("name", "asked", "expected"), [(n, *r) for n, r in HEADERS.items()], ids=HEADERS)  # fmt: skip
def test_a_header_tells_how_many_things_are_found(name, asked, expected):
    """On all pages; what else a header says is the document's."""
    document = api(THING, THING, listed=LIST, parameters=query(name=TEXT, limit=NUMBER))
    answer = document["paths"]["/things"]["get"]["responses"]["200"]
    answer["headers"] = {name: {"schema": NUMBER, "example": 8}}
    made = Client(document)
    for body in MADE:
        made.make("/things", body)
    assert made.ask("GET", f"/things{asked}").headers[name] == expected

"""The pages for people on the wire: what they may load, who gets them, and what is not given out."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from clients import fetch, serving

from mockserver.contract import answer_violations
from mockserver.server.pages import page_file, prose
from mockserver.workspace.shipped import control_contract

STORY = "operation: streamLogs\nstream: [{data: a}]"
FOLDER = Path(__file__).parents[2] / "mockserver" / "server" / "pages"
PAGES = ["/_mock/", "/_mock/docs", "/_mock/pages/scenarios"]
ADDRESSES = [*PAGES, "/_mock", "/_mock/docs/", "/_mock/pages/scenarios/", "/@a_mock/_mock/docs"]
DATA = ["/scenarios", "/openapi.json", "/problems", "/journal"]
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".css", ".js", ".svg"})


@pytest.mark.parametrize("path", ADDRESSES)
async def test_a_page_loads_nothing_from_elsewhere(tmp_path, path):
    """All that it names is given out by this server, and its policy forbids the rest."""
    async with serving(tmp_path, STORY) as server:
        page = await fetch(server, path)
        named = re.findall(r'(?:src|rel="[^"]*"[^>]* href)="([^"]*)"', page.content.decode())
        loaded = [urljoin(path, name) for name in named]
        statuses = {path: (await fetch(server, path)).status for path in loaded}
    assert {name.partition("/_mock/")[2] for name in loaded} >= {
        "pages/style.css",
        "pages/control.js",
    }
    assert statuses == dict.fromkeys(loaded, 200)
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert page.header("Content-Security-Policy").startswith("default-src 'self';")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_has_nothing_inline(tmp_path, path):
    """No script, style or event attribute of its own: the policy would stop them."""
    async with serving(tmp_path, STORY) as server:
        text = (await fetch(server, path)).content.decode()
    assert re.findall(r"<style|<script(?![^>]* src=)|\s(?:style|on\w+)=", text) == []
    assert "http:" not in text.replace("http://localhost/", "")


@pytest.mark.parametrize("path", PAGES)
async def test_the_navigation_marks_the_page_that_is_shown(tmp_path, path):
    """One of the three, for the eye and for screen readers."""
    async with serving(tmp_path, STORY) as server:
        text = (await fetch(server, path)).content.decode()
    [marked] = re.findall(r'<a href="([^"]*)" aria-current="page">', text)
    assert urljoin(path, marked) == path


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_stand_behind_a_path_of_a_proxy(tmp_path, path):
    """No address in it begins with a slash: the browser would ask the proxy's own root."""
    async with serving(tmp_path, STORY) as server:
        text = (await fetch(server, path)).content.decode()
    assert re.findall(r'(?:src|href)="/[^"]*"', text) == []


async def test_a_page_asks_for_no_token_and_all_else_does(tmp_path):
    """The page asks the reader for it, and has to be there for that."""
    async with serving(tmp_path, STORY, control_token="s3cret") as server:
        statuses = {
            path: (await fetch(server, f"/_mock{path}")).status
            for path in ("/", "/docs", "/pages/scenarios", "/pages/control.js", *DATA)
        }
        posted = await fetch(server, "/_mock/docs", method="POST")
    assert statuses == {
        "/": 200, "/docs": 200, "/pages/scenarios": 200, "/pages/control.js": 200,
    } | dict.fromkeys(DATA, 401)  # fmt: skip
    assert posted.status == 405


@pytest.mark.parametrize("name", FILES)
async def test_what_pages_load_fits_the_document(tmp_path, name):
    """Its media type is its own, and it is sent once: until it changes, 304 says that it has not."""
    operation = control_contract().operations["getPageFile"]
    async with serving(tmp_path, STORY) as server:
        first = await fetch(server, f"/_mock/pages/{name}")
        etag = first.header("ETag")
        again = await fetch(server, f"/_mock/pages/{name}", f'If-None-Match: "x", W/{etag}')
        other = await fetch(server, f"/_mock/pages/{name}", 'If-None-Match: "x"')
    assert first.content == (FOLDER / name).read_bytes()
    assert (again.status, again.content, other.status) == (304, b"", 200)
    for received in (first, again):
        assert answer_violations(
            operation, received.status, received.headers, received.content, empty=not received.content
        ) == []  # fmt: skip


OTHERS = ["base.html.jinja", "__init__.py", "..%2Fapp.py", "%2e%2e", "nothing.css", ".css"]


@pytest.mark.parametrize("name", OTHERS)
async def test_nothing_else_is_given_out(tmp_path, name):
    """Neither templates nor code, nor what lies beside the folder."""
    async with serving(tmp_path, STORY) as server:
        assert (await fetch(server, f"/_mock/pages/{name}")).status == 404
    assert page_file("../app.py") is None


def test_code_in_prose_is_marked_and_the_rest_is_escaped():
    """What a document says becomes no tag."""
    assert prose("say `a < b` <b>") == "say <code>a &lt; b</code> &lt;b&gt;"

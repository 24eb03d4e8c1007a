"""The pages for people, and what they load: they hold no data, so nobody has to bring a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.errors import ControlError
from mockserver.server.control.docs import shown
from mockserver.server.pages import page_file, render

if TYPE_CHECKING:
    from mockserver.server.control.ask import Ask, Handler

HEADERS: Final = {
    # Nothing from elsewhere, nothing inline: what is told of a test, however it is written, runs
    # nowhere. The frame of another page would be a way to have buttons pressed.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
OPEN_PATHS: Final = ("/_mock", "/_mock/", "/_mock/docs")
OPEN_FOLDER: Final = "/_mock/pages/"


def is_page(path: str) -> bool:
    """Tell whether a path is that of a page or of what pages load."""
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)


def root_of(path: str) -> str:
    """Return the way from the address of a page to /_mock/, whatever stands before that.

    Behind a proxy the browser may know it by another path than the server.
    """
    below = path.partition("/_mock")[2]
    return "../" * (below.count("/") - 1) or ("./" if below else "_mock/")


def page(ask: Ask, template: str, **values: Any) -> web.Response:
    """Return an answer with a page; `template` and `values` are those of `render`."""
    text = render(template, root=root_of(ask.request.path), **values)
    headers = {**HEADERS, "Cache-Control": "no-cache"}
    return web.Response(text=text, content_type="text/html", headers=headers)


async def timeline(ask: Ask) -> web.StreamResponse:
    """Return the page that shows every connection as it happens."""
    return page(ask, "timeline.html.jinja")


async def docs(ask: Ask) -> web.StreamResponse:
    """Return a page for people to read what the control API can do."""
    live = ask.live
    # Nobody trusts the authority that was made when the server started, but its own clients.
    made = live.certificate is not None and live.certificate.made
    told = shown(live.control.contract, ask.base_url, trusting=made)
    return page(ask, "docs.html.jinja", **told)


async def scenarios(ask: Ask) -> web.StreamResponse:
    """Return the page of what can be played, and of what is wrong with the files."""
    return page(ask, "scenarios.html.jinja")


async def file(ask: Ask) -> web.StreamResponse:
    """Return a style, script or picture of the pages. Raises ControlError (404)."""
    found = page_file(ask.path["file"])
    if found is None:
        what = f"the pages load no {ask.path['file']!r}"
        raise ControlError(404, what, code="unknown-control", mend="open /_mock/")
    etag = f'"{found.etag}"'
    headers = {**HEADERS, "Cache-Control": "no-cache", "ETag": etag}
    known = ask.request.headers.get("If-None-Match", "").split(",")
    if any(one.strip().removeprefix("W/") in (etag, "*") for one in known):
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=found.content, content_type=found.media_type, charset="utf-8", headers=headers
    )


HANDLERS: Final[dict[str, Handler]] = {
    "getTimeline": timeline,
    "getControlDocs": docs,
    "getScenariosPage": scenarios,
    "getPageFile": file,
}

"""The pages for people, under /_mock/: rendered from templates, with styles and scripts beside.

They hold nothing of any test: what they show, their scripts ask of the control API.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

MEDIA_TYPES: Final = {
    ".css": "text/css",
    # RFC 9239 § 6: the other names of JavaScript are obsolete.
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""What of this folder is given out, by suffix."""


_CODE: Final = re.compile(r"`([^`]+)`")


class PageFile(NamedTuple):
    """A style, script or picture of the pages; `etag` changes whenever the content does."""

    content: bytes
    media_type: str
    etag: str


def render(template: str, **values: Any) -> str:
    """Return a page as HTML.

    `template` is a file of this folder that extends `base.html.jinja`, which says what it needs;
    of that `root` is to be given here.
    """
    return _environment().get_template(template).render(**values)


def page_file(name: str) -> PageFile | None:
    """Return what pages load from here, None for anything else."""
    media_type = MEDIA_TYPES.get("." + name.rpartition(".")[2])
    known = {entry.name: entry for entry in files(__name__).iterdir()}
    if media_type is None or name not in known:
        return None
    content = known[name].read_bytes()
    return PageFile(content, media_type, sha256(content).hexdigest()[:16])


def prose(text: str) -> Markup:
    """Return a text of a document as HTML: what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  (is escaped)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("mockserver", "server/pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment

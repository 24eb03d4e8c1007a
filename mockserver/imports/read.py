"""Finds out what a file is, and reads it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from mockserver.errors import LoadError, Location, Problem
from mockserver.imports.curl import is_curl, is_trace, read_curl
from mockserver.imports.found import Asked, Found
from mockserver.imports.har import Wanted, read_har
from mockserver.imports.recorded import exchanges_of, is_recorded
from mockserver.imports.text import is_stream, read_text

Format: TypeAlias = Literal["har", "curl", "text", "recording"]

_BOM: Final = b"\xef\xbb\xbf"
_UNREAD: Final = 20
"""Lines of a recording that are named one by one."""


def read(
    data: bytes,
    file: str,
    form: Format | None = None,
    *,
    asked: Asked | None = None,
    wanted: Wanted | None = None,
) -> Found:
    """Return what a file holds; `form` is what it is, if that is known.

    `asked` is the request where the file tells none. Raises LoadError where there is nothing.
    """
    found, asked = Found(file), asked or Asked()
    form = form or format_of(data)
    if form in (None, "curl", "text") and is_trace(data):
        what = "this is what curl prints with --trace, and that is not read"
        mend = "record it anew with curl -sN -i or curl -sN -v"
        raise LoadError([Problem(Location(file), what, "unknown-format", mend)])
    match form:
        case "har":
            read_har(data, found, wanted or Wanted())
        case "curl":
            read_curl(data, found, asked)
        case "text":
            read_text(data, found, asked)
        case "recording":
            _read_recorded(data, found)
        case None:
            what = "this is neither a HAR file, nor what curl prints, nor an event stream"
            mend = "say what it is with --format har, curl or text"
            raise LoadError([Problem(Location(file), what, "unknown-format", mend)])
    if not found.exchanges:
        raise LoadError([*found.problems, *_nothing(found)])
    return found


def format_of(data: bytes) -> Format | None:
    """Return what a file is, by what is in it; None if it is nothing that is known."""
    if is_recorded(data):
        return "recording"
    if data.removeprefix(_BOM).lstrip()[:1] == b"{":
        return "har"
    if is_curl(data):
        return "curl"
    return "text" if is_stream(data) else None


def _read_recorded(data: bytes, found: Found) -> None:
    found.exchanges, unread = exchanges_of(data)
    for number in unread[:_UNREAD]:
        where = Location(found.file, number, 1)
        found.doubt(where, "this line cannot be read", "nothing: what stands around it is kept")
    if len(unread) > _UNREAD:
        found.say(f"{len(unread) - _UNREAD:,} more lines cannot be read")
    still = sum(exchange.end == "open" for exchange in found.exchanges)
    if still:
        found.say(f"{still:,} of {len(found.exchanges):,} exchanges were open where the file ends")
    if found.exchanges:
        found.say(f"{found.file} still has all that passed, secrets too: delete it when done")


def _nothing(found: Found) -> list[Problem]:
    """Return why there is nothing, unless that has been said."""
    if any(problem.severity == "error" for problem in found.problems):
        return []
    what = "; ".join(["no request with an answer is in it", *found.notes])
    mend = "record it anew, with the bodies of answers"
    return [Problem(Location(found.file), what, "nothing-recorded", mend)]

"""The step `call` as it is written: which request, where it goes, and what is in it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockserver.scenario.headers import HEADERS
from mockserver.scenario.model import CallStep
from mockserver.scenario.records import Key, Record, Variants
from mockserver.scenario.shapes import Flag, Json, Text

if TYPE_CHECKING:
    from mockserver.errors import Location

LONGEST_URL: Final = 8_000
"""Characters of a URL that a request is sent to."""


def url_fault(url: str) -> str | None:
    """Return what keeps `url` from being one that a request can be sent to, or None."""
    if len(url) > LONGEST_URL:
        return f"a URL of more than {LONGEST_URL:,} characters"
    if not url.isprintable() or " " in url:
        return f"{url!r} is no URL: it has a space, or what cannot be printed"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"{url!r} is no URL: its host or port is none"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url!r} is no URL that begins with http:// or https:// and a host"
    # What a resolver would read as an address, whatever it looks like: 127.1, 2130706433.
    if host.replace(".", "").isdigit() and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", host):
        return f"{url!r} has a number for a host"
    return None


_TO = Text(
    "a URL", check=url_fault, code="bad-url", mend="write a URL such as http://127.0.0.1:9000/hook"
)
_NAME = Text("a name", templated=False)
_METHOD = Text("a method such as POST", templated=False)
_PARTS: Final = {
    "method": Key(_METHOD, "Which one, where the document declares several methods."),
    "body": Key(
        Json(), "Mapping: JSON. Text: as it is. Without it, from the document.", notes="has_body"
    ),
    "headers": Key(HEADERS, "Headers; a list sends one several times, null leaves a default out."),
    "wait": Key(Flag(), "true: the story goes on when the answer is there."),
}


def _meant(kind: str, where: Location, **fields: Any) -> dict[str, Any]:  # noqa: ARG001
    headers = tuple(fields.pop("headers", {}).items())
    method = fields.pop("method", None)
    return {"kind": kind, "headers": headers, "method": method and method.upper(), **fields}


_CALLBACK: Final = Record(
    "a call",
    partial(_meant, "callback"),
    {
        "callback": Key(_NAME, "A callback of the operation.", into="name", required=True),
        "to": Key(_TO, "A URL in place of the one that the document says."),
        **_PARTS,
    },
)
_WEBHOOK: Final = Record(
    "a call of a webhook",
    partial(_meant, "webhook"),
    {
        "webhook": Key(_NAME, "A webhook of the document.", into="name", required=True),
        "to": Key(_TO, "The URL that it goes to.", required=True),
        **_PARTS,
    },
)
_CALL: Final = Variants(
    "a call",
    {"callback": _CALLBACK, "webhook": _WEBHOOK},
    "call: {callback: name}",
    "add 'callback: …', or 'webhook: …' with 'to: …'",
)


def _call(where: Location, call: dict[str, Any], **beside: Any) -> CallStep:
    return CallStep(where=where, **call, **beside)


def call_record(beside: dict[str, Key]) -> Record:
    """Return the record of the step, with the keys beside `call`."""
    doc = "A request that the document declares, sent to somebody else."
    return Record("a call", _call, {"call": Key(_CALL, doc, required=True), **beside})

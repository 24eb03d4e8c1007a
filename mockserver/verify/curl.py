"""The request of a scenario as a line for a shell, which asks this server for that scenario."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mockserver.contract.requests.credentials import requirements
from mockserver.verify.options import Options
from mockserver.verify.request import ask_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract import Operation
    from mockserver.contract.requests.credentials import Scheme
    from mockserver.scenario.program import Program
    from mockserver.verify.request import Ask

_FOR_ONE: Final = 2
"""Streams of an operation from which on `Accept` says which one is meant."""


def curl_line(
    program: Program, operation: Operation, base_url: str, *, trusting: bool = False
) -> str:
    """Return a line of curl that shows a stream as it comes. Raises NoRequestError.

    Credentials are made up where the document asks for some. The scenario is asked for by name
    unless it answers by default. `trusting`: whatever certificate the server has will do.
    """
    asked = ask_of(program, operation, Options())
    url = f"{base_url}{asked.server_path}{asked.path}"
    query = [asked.query] if asked.query else []
    words = ["curl", "-N", *(["-k"] if trusting else [])]
    if asked.method != "GET":
        words += ["-X", asked.method]
    for name, value in _headers(program, operation, asked):
        words += ["-H", f"{name}: {value}"]
    for scheme in _lacking(operation, asked):
        match scheme.kind, scheme.source:
            case "apikey", "query":
                query.append(f"{quote(scheme.name, safe='')}=anything")
            case "apikey", "cookie":
                words += ["-b", f"{scheme.name}=anything"]
            case "apikey", _:
                words += ["-H", f"{scheme.name}: anything"]
            case "basic", _:
                words += ["-u", "name:password"]
            case _:
                words += ["-H", f"Authorization: {scheme.kind.capitalize()} anything"]
    words.append(f"{url}?{'&'.join(query)}" if query else url)
    if asked.body is not None:
        words += ["--data-raw", asked.body.decode("utf-8", "backslashreplace")]
    return shlex.join(words)


def _headers(program: Program, operation: Operation, asked: Ask) -> Iterator[tuple[str, str]]:
    """Yield the headers that make a difference."""
    wanted = program.scenario.when.headers if program.scenario.when else {}
    for name, value in asked.headers:
        lower = name.lower()
        if lower == "accept" and len(operation.streams) < _FOR_ONE and lower not in wanted:
            continue
        if lower == "cache-control" and lower not in wanted:
            continue
        yield name, value
    if not program.scenario.default:
        plain = all(c.isascii() and (c.isalnum() or c in "/._-~") for c in program.name)
        yield "Prefer", f"scenario={program.name if plain else _quoted(program.name)}"


def _quoted(text: str) -> str:
    """Return a quoted string of a header (RFC 9110 § 5.6.4)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _lacking(operation: Operation, asked: Ask) -> list[Scheme]:
    """Return the credentials that the operation asks for and the request does not have yet."""
    known = {name.lower() for name, _ in asked.headers}
    alternatives = requirements(operation)
    chosen = min(alternatives, key=len, default=())
    return [s for s in chosen if s.source != "header" or s.name.lower() not in known]

"""Runtime expressions: texts of the document that stand for a part of a request.

OAS 3.2 § Runtime Expressions. They are read when the document is linked and evaluated against a
request later; what only the answer would have (`$response.…`, `$statusCode`) is told as such.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.contract.place import unescape

if TYPE_CHECKING:
    from collections.abc import Mapping

_EMBEDDED: Final = re.compile(r"\{(\$[^{}]*)\}")
_SOURCE: Final = re.compile(r"\$request\.(?:(header|query|path)\.(.+)|body(?:#(.*))?)", re.DOTALL)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 § 5.6.2


class Request(Protocol):
    """What an expression reads of a request; header names in lower case, all texts decoded."""

    @property
    def method(self) -> str:
        """The method, in upper case."""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""

    @property
    def target(self) -> str:
        """Path and query as they were sent."""

    @property
    def path(self) -> Mapping[str, str]:
        """The path parameters."""

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    @property
    def body(self) -> Any:
        """The body as data; None where there is none."""


class ExpressionError(ValueError):
    """The text is no runtime expression, or one of what a request does not have."""


class MissingError(LookupError):
    """The request has nothing where the expression looks."""


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression. `part` is `url`, `method`, `header`, `query`, `path` or `body`.

    `name` is that of a header (in lower case), a parameter, or the JSON pointer (RFC 6901) into a
    body; an empty pointer is the whole of it.
    """

    source: str
    part: str
    name: str = ""

    def value(self, request: Request) -> Any:
        """Return what the request has there. Raises MissingError."""
        match self.part:
            case "url":
                return (
                    f"{request.scheme}://{request.headers.get('host', 'localhost')}{request.target}"
                )
            case "method":
                return request.method
            case "body":
                return self._in_body(request.body)
        found: Mapping[str, str] = getattr(request, _PARTS[self.part])
        if self.name not in found:
            raise MissingError(f"the request has no {_CALLED[self.part]} {self.name!r}")
        return found[self.name]

    def _in_body(self, body: Any) -> Any:
        value = body
        for token in self.name.split("/")[1:]:
            value = _member(value, unescape(token))
        if value is None:
            where = f"'s body has nothing at {self.name!r}" if self.name else " has no body"
            raise MissingError(f"the request{where}")
        return value


_PARTS: Final = {"header": "headers", "query": "query", "path": "path"}
_CALLED: Final = {"header": "header", "query": "query parameter", "path": "path parameter"}


def _member(value: Any, token: str) -> Any:
    """Return one step of a pointer; None where there is nothing."""
    if isinstance(value, dict):
        return value.get(token)
    if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", token):
        index = int(token)
        return value[index] if index < len(value) else None
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """A text with expressions in it: `parts` are literals and expressions in turn."""

    source: str
    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in it, in the order written."""
        return tuple(part for part in self.parts if isinstance(part, Expression))

    def filled(self, request: Request) -> str:
        """Return the text with what the request has in the expressions' places.

        Raises MissingError.
        """
        return "".join(
            part if isinstance(part, str) else _as_text(part.value(request)) for part in self.parts
        )


def read_text(source: str) -> Text:
    """Read a text: an expression alone, or any text with expressions in braces.

    Raises ExpressionError.
    """
    if source.startswith("$"):
        return Text(source, (read_expression(source),))
    pieces = _EMBEDDED.split(source)
    parts = [read_expression(piece) if n % 2 else piece for n, piece in enumerate(pieces)]
    return Text(source, tuple(part for part in parts if part != ""))


def read_expression(source: str) -> Expression:
    """Read one expression. Raises ExpressionError."""
    if source in ("$url", "$method"):
        return Expression(source, source[1:])
    if source == "$statusCode" or source.startswith("$response."):
        raise ExpressionError(f"{source} is a part of the answer, which is not known yet")
    found = _SOURCE.fullmatch(source)
    if found is None:
        raise ExpressionError(f"{source} is no runtime expression")
    part, name, pointer = found.groups()
    if part is None:
        if pointer and not pointer.startswith("/"):
            raise ExpressionError(f"{source}: a JSON pointer begins with '/'")
        return Expression(source, "body", pointer or "")
    if part == "header" and not _TOKEN.fullmatch(name):
        raise ExpressionError(f"{source}: {name!r} is no header name")
    return Expression(source, part, name.lower() if part == "header" else name)


def _as_text(value: Any) -> str:
    """Return a value as it stands in a text: texts as they are, all else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)

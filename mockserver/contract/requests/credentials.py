"""Whether a request carries credentials of the kind that its operation asks for; never whose.

OAS 3.2 § Security Requirement Object: alternatives, in each of which all schemes have to be
satisfied. What nobody could tell from the request (mutual TLS, a scheme that the document does not
define) counts as satisfied.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mockserver.contract.operations import Operation
    from mockserver.contract.place import Place

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110 § 5.6.2."""

Source = Literal["header", "query", "cookie"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A security scheme; `kind` is the scheme of Authorization in lower case, or `apikey`.

    `source` and `name` say where the credentials are, `pointer` where the scheme is defined.
    """

    title: str
    kind: str
    source: Source
    name: str
    pointer: str

    @property
    def expected(self) -> str:
        """What a request has to carry, in a few words."""
        if self.kind == "apikey":
            kind = {"header": "header", "query": "query parameter", "cookie": "cookie"}
            return f"the {kind[self.source]} {self.name}"
        return f"Authorization: {self._word} …"

    @property
    def mend(self) -> str:
        """What would satisfy it, to be pasted behind `curl`."""
        match self.kind, self.source:
            case "apikey", "header":
                return f"-H '{self.name}: anything'"
            case "apikey", "query":
                return f"?{self.name}=anything in the URL"
            case "apikey", _:
                return f"-b '{self.name}=anything'"
            case "basic", _:
                return "-u name:password"
        mend = f"-H 'Authorization: {self._word} anything'"
        # An EventSource sets no headers.
        return f"{mend} or ?access_token=anything" if self.kind == "bearer" else mend

    @property
    def challenge(self) -> str:
        """What `WWW-Authenticate` says of it (RFC 9110 § 11.6.1)."""
        if self.kind == "apikey":
            name = self.name.replace("\\", "\\\\").replace('"', '\\"')
            return f'ApiKey in="{self.source}", name="{name}"'
        return 'Basic realm="mock"' if self.kind == "basic" else self._word

    @property
    def _word(self) -> str:
        return self.kind.capitalize()


def requirements(operation: Operation) -> tuple[tuple[Scheme, ...], ...]:
    """Return the alternatives that an operation asks for; none where it can do without."""
    document = operation.document
    own = operation.place.get("security")
    asked = own if isinstance(own.value, list) else document.root.get("security")
    alternatives = []
    for written in asked.items():
        if not isinstance(written.value, dict):
            continue
        found = [_scheme(operation, name) for name, _ in written.members()]
        alternatives.append(tuple(scheme for scheme in found if scheme))
    return tuple(alternatives) if all(alternatives) else ()


def _scheme(operation: Operation, name: str) -> Scheme | None:
    """Return a scheme, or None where nothing in a request could satisfy or fail it."""
    document = operation.document
    place = document.get(document.root, "components", "securitySchemes").get(name)
    place = document.follow(place)
    match place.text("type"):
        case "apiKey":
            return _api_key(name, place)
        case "http":
            kind = (place.text("scheme") or "").lower()
            if not _TOKEN.fullmatch(kind):
                return None
            return Scheme(name, kind, "header", "Authorization", place.pointer)
        case "oauth2" | "openIdConnect":
            return Scheme(name, "bearer", "header", "Authorization", place.pointer)
    return None


def _api_key(title: str, place: Place) -> Scheme | None:
    name, source = place.text("name"), place.text("in")
    match source:
        case "header" | "query" | "cookie" if name is not None and name.isprintable():
            return Scheme(title, "apikey", source, name, place.pointer)
    return None


def missing(
    alternatives: Sequence[Sequence[Scheme]], find: Callable[[Source, str], str | None]
) -> list[tuple[Scheme, str]]:
    """Return what the alternative that comes nearest is short of, each with what is wrong.

    `find` returns the value of a header, a query parameter or a cookie. Empty: one is satisfied.
    """
    short: list[list[tuple[Scheme, str]]] = []
    for schemes in alternatives:
        found = [(scheme, fault) for scheme in schemes if (fault := _fault(scheme, find))]
        if not found:
            return []
        short.append(found)
    return min(short, key=len, default=[])


def _fault(scheme: Scheme, find: Callable[[Source, str], str | None]) -> str:
    value = find(scheme.source, scheme.name)
    if scheme.kind == "apikey":
        return "" if value else f"{scheme.expected} is missing"
    fault = _authorization_fault(scheme, value)
    # RFC 6750 § 2.3: a client that cannot set headers, such as EventSource, puts it into the query.
    if fault and scheme.kind == "bearer" and find("query", "access_token"):
        return ""
    return fault


def _authorization_fault(scheme: Scheme, value: str | None) -> str:
    """Say what is wrong with the header; what may be a secret is not repeated."""
    if value is None:
        return "the header Authorization is missing"
    kind, _, given = value.strip().partition(" ")
    if kind.lower() != scheme.kind:
        return f"the header Authorization does not begin with '{scheme.kind.capitalize()} '"
    if scheme.kind == "basic":
        return "" if _is_basic(given) else "the credentials are not name:password in base64"
    return "" if given.strip() else "the header Authorization has no credentials in it"


def _is_basic(credentials: str) -> bool:
    """Tell whether this is base64 of a name and a password (RFC 7617 § 2)."""
    try:
        return b":" in base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False


def challenges(alternatives: Iterable[Iterable[Scheme]]) -> tuple[str, ...]:
    """Return the values of `WWW-Authenticate`, each once."""
    listed = (scheme.challenge for schemes in alternatives for scheme in schemes)
    return tuple(dict.fromkeys(listed))

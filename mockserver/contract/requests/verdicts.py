"""Holds a request against its operation, and remembers what came of it. PURE.

Credentials, parameters and the body; all faults at once, in the order of the request. What the
document does not speak of is allowed: query parameters and bodies that are not declared among it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mockserver.contract.place import Place
from mockserver.contract.requests import credentials, styles
from mockserver.contract.requests.faults import ORDER, RequestFault, carrier
from mockserver.contract.requests.forms import Declared, read_fields
from mockserver.contract.requests.terms import Sent, Terms, raw_path_parameters, terms_of
from mockserver.contract.schemas import normaliser
from mockserver.contract.values import short, validator
from mockserver.late import late

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from mockserver.contract.operations import Operation
    from mockserver.contract.requests.library import Library
    from mockserver.contract.requests.terms import Content
    from mockserver.contract.schemas import Schema

VERDICTS: Final = 4_096
"""Verdicts that are remembered; the one unused for longest makes room."""
VERDICT_BYTES: Final = 8 * 1024 * 1024
"""Bytes of requests that verdicts are remembered by."""
FAULTS: Final = 100
"""Faults of one request that are told."""
_FAULT_BYTES: Final = 1_000
_DIGESTED: Final = 512
"""Bytes of a body from which on it is remembered by its digest."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: `path` and `query` still percent-encoded, `headers` in order.

    `parameters` are those of the path as the router decoded them.
    """

    method: str = "GET"
    path: str = "/"
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return a header by its name in lower case; the values of several as one list."""
        values = [value.strip() for key, value in self.headers if key.lower() == name]
        return ", ".join(values) if values else None

    def cookies(self) -> list[tuple[str, str]]:
        """Return the cookies, values as sent but for quotes around them (RFC 6265 § 4.1.1)."""
        found = []
        for value in (value for key, value in self.headers if key.lower() == "cookie"):
            for pair in value.split(";"):
                name, marked, text = pair.strip().partition("=")
                if marked:
                    quoted = len(text) > 1 and text[0] == text[-1] == '"'
                    found.append((name, text[1:-1] if quoted else text))
        return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of holding a request against its operation.

    `unvalidated` says why it could not be done, where the document's schema defeats the validators.
    """

    operation: Operation
    faults: tuple[RequestFault, ...] = ()
    challenges: tuple[str, ...] = ()
    """What `WWW-Authenticate` says where credentials are missing."""
    unvalidated: str = ""

    @property
    def status(self) -> int:
        """The status of an answer that refuses the request; 0 where nothing is wrong.

        401 before 415 before 400; 422 in place of 400 where that is what the document declares.
        """
        codes = {fault.code for fault in self.faults}
        if "missing-credentials" in codes:
            return 401
        if "wrong-content-type" in codes:
            return 415
        if not codes:
            return 0
        declared = {str(status) for status in self.operation.place.get("responses").object}
        return 422 if "422" in declared and "400" not in declared else 400


class Verdicts:
    """Holds requests against the document; equal ones once. Bounded."""

    def __init__(self, limit: int = VERDICTS, most: int = VERDICT_BYTES) -> None:
        self._limit = limit
        self._most = most
        self._kept: dict[Hashable, tuple[Verdict, int]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, operation: Operation, asked: Asked) -> Verdict:
        """Return the verdict on a request. Never raises."""
        terms = terms_of(operation)
        wanting = _wanting(terms, asked)
        verdict = Verdict(operation, unvalidated=terms.fault)
        if terms.of_library:
            verdict = self._judged(terms, asked)
        if not wanting:
            return verdict
        challenges = credentials.challenges(terms.security)
        faults = (*wanting, *verdict.faults)
        return Verdict(operation, faults, challenges, verdict.unvalidated)

    def _judged(self, terms: Terms, asked: Asked) -> Verdict:
        key, weight = _key(terms, asked)
        found = self._kept.pop(key, None)
        if found is None:
            verdict = judge(terms, asked)
            weight += _FAULT_BYTES * len(verdict.faults)
            found = verdict, weight
            self._bytes += weight
        self._kept[key] = found
        while self._bytes > self._most or len(self._kept) > self._limit:
            _, gone = self._kept.pop(next(iter(self._kept)))
            self._bytes -= gone
        return found[0]


def needs_library(operation: Operation) -> bool:
    """Tell whether openapi-core judges requests to an operation: importing it takes time."""
    return terms_of(operation).of_library


def fields_of(operation: Operation, body: bytes, content_type: str) -> dict[str, Any] | None:
    """Return the fields of a form as the schema of its body types them, files left out.

    None where the body is no form that can be read. Never raises.
    """
    terms = terms_of(operation)
    content = terms.body.content(content_type) if terms.body else None
    for known in (content, None):
        try:
            return read_fields(body, content_type, _declared(operation, known))
        except Exception:  # noqa: BLE001, S112  (whatever is wrong with a field, or its schema)
            continue
    return None


def _declared(operation: Operation, content: Content | None) -> Declared:
    """Return what is declared of a form; of one of which nothing is, all fields are texts."""
    document = operation.document
    base = validator(document, Place(True, ""), "request")  # noqa: FBT003

    def fits(schema: Schema, value: Any) -> bool:
        return bool(base.evolve(schema=schema).is_valid(value))

    if content is None or content.schema is None:
        return Declared(document, Place(None, ""), True, fits)  # noqa: FBT003
    return Declared(
        document, content.place, normaliser(document, "request").schema(content.schema), fits
    )


def _key(terms: Terms, asked: Asked) -> tuple[Hashable, int]:
    """Return all that the library's verdict depends on, and its weight in bytes."""
    names = terms.names
    parts: list[str | bytes | None] = [terms.operation.id]
    if names["path"]:
        parts.append(asked.path)
    if "query" in terms.whole:
        parts.append(asked.query)
    elif names["query"] and asked.query:
        parts += _matters(styles.pairs(asked.query), names["query"])
    if names["header"]:
        sent = ((name.lower(), value) for name, value in asked.headers)
        parts += _matters(sent, names["header"])
    if "cookie" in terms.whole:
        parts.append(asked.header("cookie"))
    elif names["cookie"]:
        parts += _matters(asked.cookies(), names["cookie"])
    if terms.body:
        parts += _of_body(asked)
    return tuple(parts), sum(len(part) for part in parts if part)


def _matters(pairs: Iterable[tuple[str, str]], names: Mapping[str, bool]) -> Iterator[str | None]:
    """Yield names and values of what is declared; of some only that it is there."""
    for name, value in pairs:
        if name in names:
            yield name
            yield value if names[name] else None


def _of_body(asked: Asked) -> Iterator[str | bytes | None]:
    yield "HEAD" if asked.method == "HEAD" else ""
    yield asked.header("content-type")
    long = len(asked.body) > _DIGESTED
    yield hashlib.sha256(asked.body).digest() if long else asked.body


def _wanting(terms: Terms, asked: Asked) -> list[RequestFault]:
    """Return what is missing of the credentials that the operation asks for."""
    if not terms.security:
        return []

    def find(source: str, name: str) -> str | None:
        if source == "header":
            return asked.header(name.lower())
        pairs = styles.pairs(asked.query) if source == "query" else asked.cookies()
        return next((value for key, value in pairs if key == name), None)

    expected = " or ".join(
        " and ".join(scheme.expected for scheme in schemes) for schemes in terms.security
    )
    return [
        RequestFault(
            where="security",
            part=scheme.source,
            name=scheme.name,
            what=what,
            expected=expected,
            schema=scheme.pointer,
            code="missing-credentials",
            mend=f"send {scheme.mend}",
            carriers=tuple(
                carrier(scheme.source, scheme.name)
                for schemes in terms.security
                for scheme in schemes
            ),
        )
        for scheme, what in credentials.missing(terms.security, find)
    ]


def judge(terms: Terms, asked: Asked) -> Verdict:
    """Return what openapi-core has to say of the parameters and the body. Never raises."""
    try:
        return Verdict(terms.operation, tuple(_library_faults(terms, asked)))
    except Exception as error:  # noqa: BLE001  (whatever a library fails by on strange schemas)
        reason = short(f"{type(error).__name__}: {error}", quote=False)
        return Verdict(terms.operation, unvalidated=reason)


def _library_faults(terms: Terms, asked: Asked) -> list[RequestFault]:
    late("mockserver.contract.requests.library")  # 0.4 s
    from mockserver.contract.requests.library import Library  # noqa: PLC0415

    raw = raw_path_parameters(terms.operation, asked.path)
    names = terms.names["header"]
    sent = Sent(
        {
            key: raw[key] if key in raw else quote(value, errors="replace")
            for key, value in asked.parameters.items()
        },
        asked.query,
        {name: value for name in names if (value := asked.header(name)) is not None},
        asked.cookies(),
        asked.header("content-type"),
        asked.body,
    )
    with terms.operation.document.turn:  # the servers of one process share the control API's
        library: Library = terms.kept.get("library") or Library(terms)
        terms.kept["library"] = library
        told = library.faults(sent)
        # HEAD stands in for GET here, and has no body of its own.
        told = (fault for fault in told if asked.method != "HEAD" or fault.where != "body")
        found = list(islice(told, FAULTS))
    return sorted(found, key=lambda fault: ORDER.index(fault.where))

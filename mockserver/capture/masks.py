"""Replaces secrets in exchanges before anything is written, and says where there were some.

Each secret has one replacement wherever it stands, so that a token from one answer is still the
one of the next request. Nothing of a secret is left in its replacement: it is a number, counted in
the order in which secrets were met.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_plus

from mockserver.capture.finds import SHAPES, finds, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mockserver.capture.body import Body
    from mockserver.capture.exchange import Exchange, Headers
    from mockserver.capture.finds import Find
    from mockserver.capture.options import Masks

    Span = tuple[int, int, str, str]
    """From where to where, the name beside it, and what stands there now."""

_NAMES: Final = (
    "*password", "*passwd", "*passphrase", "pwd", "*secret", "*token", "*apikey", "*accesskey",
    "*privatekey", "*secretkey", "*signingkey", "*credential", "*credentials", "authorization",
    "*cardnumber", "*creditcard", "pan", "cvc", "cvv", "cvv2", "*securitycode", "ssn", "iban",
    "pin", "otp", "*sessionid", "sid", "*sessionkey", "jwt", "*clientsecret", "signature", "sig",
    "xamzsignature", "xamzcredential", "xamzsecuritytoken", "*hmac",
)  # fmt: skip
"""Names of headers, parameters and members that hold a secret, without case, `-`, `_` and space."""
_HEADERS: Final = (
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "*auth",
    "*authkey",
)
_FREE: Final = (
    "*nextpagetoken", "*pagetoken", "*nexttoken", "*continuationtoken", "*synctoken",
    "*csrftokenname", "*maxtoken",
)  # fmt: skip
"""Names that look like those of secrets and are none."""
_SCHEMES: Final = re.compile(
    r"(Bearer|Basic|Token|Digest|ApiKey|AWS4-HMAC-SHA256)\s+(\S.*)", re.IGNORECASE
)
_PREFIX: Final = re.compile(
    r"sk-ant-|sk-proj-|[a-z]{2}[-_](?:live|test)[-_]|[A-Za-z]{2,10}[-_]|A[KS]IA"
)
_DIGITS: Final = re.compile(r"\d(?:[ -]?\d){2,}")
_EVERYWHERE: Final = 8
"""Characters from which on a secret is looked for in every text."""
_MOST: Final = 2_000
"""Secrets that are looked for in every text; the others are replaced where their name is."""


def _plain(name: str) -> str:
    return re.sub(r"[-_\s.\[\]]", "", name.lower())


@dataclass(slots=True)
class _Rules:
    """Which names hold secrets."""

    more: tuple[str, ...]
    _known: dict[tuple[str, bool], bool] = field(default_factory=dict)

    def names(self, name: str, *, header: bool = False) -> bool:
        """Whether what has this name is a secret."""
        key = name, header
        if key not in self._known:
            self._known[key] = self._judge(_plain(name), header=header)
        return self._known[key]

    def _judge(self, plain: str, *, header: bool) -> bool:
        if any(fnmatchcase(plain, _plain(pattern)) for pattern in self.more):
            return True
        if any(fnmatchcase(plain, pattern) for pattern in _FREE):
            return False
        patterns = (*_NAMES, *_HEADERS) if header else _NAMES
        return any(fnmatchcase(plain, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class _InBodies:
    """The secrets in the bodies of an exchange; a form has its own way of being read."""

    request: list[Find]
    answer: list[Find]


@dataclass(frozen=True, slots=True)
class Masked:
    """Exchanges without secrets, in the same order, and what is said of it."""

    exchanges: list[tuple[Exchange, Body]]
    notes: list[str]


def masked(found: Iterable[tuple[Exchange, Body]], masks: Masks) -> Masked:
    """Return exchanges and their bodies with every secret replaced that the rules know."""
    found = list(found)
    if not masks.on:
        return Masked(found, [])
    masker = _Masker(_Rules(masks.names))
    # Looking for secrets is what takes time, so that bodies are looked through but once.
    known = [masker.learn(exchange, body) for exchange, body in found]
    done = [masker.replaced(*one, in_bodies) for one, in_bodies in zip(found, known, strict=True)]
    return Masked(done, list(masker.notes()))


class _Masker:
    """Knows secrets and their replacements."""

    def __init__(self, rules: _Rules) -> None:
        self._rules = rules
        self._masks: dict[str, str] = {}
        self._where: dict[str, int] = {}
        """What was replaced, by what is said of it, and how often."""
        self._everywhere: re.Pattern[str] | None = None

    def notes(self) -> Iterator[str]:
        """Yield a sentence for each place that secrets were in."""
        for where, count in self._where.items():
            yield f"masked: {where}{f' ({count:,} times)' if count > 1 else ''}"

    # --- what is a secret --------------------------------------------------------------------

    def learn(self, exchange: Exchange, body: Body) -> _InBodies:
        """Take note of every secret of an exchange; return those of its bodies."""
        for name, value in (*exchange.request_headers, *exchange.headers):
            if self._header(name, value) == value:
                self._learned(value)
        self._learned(exchange.target)
        request, _ = _text_of(exchange.request_body)
        if _is_form(exchange):
            for find in pairs(request, self._rules.names):
                self._mask(find.secret)
            request = unquote_plus(request)
        answer, _ = _text_of(body.data)
        return _InBodies(self._learned(request), self._learned(answer))

    def _learned(self, text: str) -> list[Find]:
        """Take note of the secrets of a text, and return them."""
        found = finds(text, self._rules.names)
        for find in found:
            self._mask(find.secret)
        return found

    def _mask(self, secret: str) -> str:
        """Return what stands for a secret; empty texts are none."""
        if not secret:
            return secret
        if secret not in self._masks:
            self._masks[secret] = _replacement(secret, len(self._masks) + 1)
            self._everywhere = None
        return self._masks[secret]

    def _header(self, name: str, value: str) -> str:
        """Return a header's value with its secrets replaced."""
        if not self._rules.names(name, header=True):
            return value
        plain = _plain(name)
        if plain == "cookie":
            return "; ".join(map(self._cookie, value.split(";")))
        if plain == "setcookie":
            pair, mark, rest = value.partition(";")
            return self._cookie(pair) + mark + rest
        if scheme := _SCHEMES.fullmatch(value.strip()):
            return f"{scheme[1]} {self._mask(scheme[2])}"
        return self._mask(value)

    def _cookie(self, pair: str) -> str:
        name, mark, value = pair.strip().partition("=")
        return f"{name}{mark}{self._mask(value)}"

    # --- what is done about it ---------------------------------------------------------------

    def replaced(self, exchange: Exchange, body: Body, known: _InBodies) -> tuple[Exchange, Body]:
        """Return an exchange without its secrets; those of its bodies are `known`."""
        line = f"{exchange.method} {exchange.target.partition('?')[0]}"
        line = self._clean(line)
        path, mark, query = exchange.target.partition("?")
        request, coding = _text_of(exchange.request_body)
        if _is_form(exchange):
            other = self._pairs(request, f"{line}: the request's field")
        else:
            other = _laid(
                request, self._noted(request, known.request, f"{line}: the request's body")
            )
        query = self._pairs(query, f"{line}: the query parameter", path)
        done = replace(
            exchange,
            target=self._clean(path) + mark + query,
            request_headers=self._headers(exchange.request_headers, f"{line}: the request's"),
            headers=self._headers(exchange.headers, f"{line}: the answer's"),
            request_body=other.encode(coding),
        )
        answer, coding = _text_of(body.data)
        found = self._noted(answer, known.answer, f"{line}: the answer's body")
        spans = list(_in_bytes(answer, coding, found))
        if body.sealed and body.data:
            self._said(f"{line}: nothing in the body, which is coded as {body.sealed!r}")
        return done, body.with_text(spans) if spans else body

    def _said(self, where: str) -> None:
        self._where[where] = self._where.get(where, 0) + 1

    def _headers(self, headers: Headers, whose: str) -> Headers:
        found = []
        for name, value in headers:
            other = self._header(name, value)
            if other == value:
                other = self._clean(value)
            if other != value:
                self._said(f"{whose} header {name}")
            found.append((name, other))
        return tuple(found)

    def _pairs(self, query: str, where: str, path: str = "") -> str:
        """Return a query or a form without its secrets; what has none stays to the letter."""
        secrets = {find.start for find in pairs(query, self._rules.names, path=path)}
        parts: list[str] = []
        position = 0
        for part in query.split("&"):
            name, mark, value = part.partition("=")
            text = unquote_plus(value)
            is_secret = position + len(name) + len(mark) in secrets
            position += len(part) + 1
            other = self._mask(text) if is_secret else self._clean(text)
            if other != text:
                self._said(f"{where} {unquote_plus(name)}")
                value = quote(other, safe="")
            parts.append(f"{name}{mark}{value}")
        return "&".join(parts)

    def _noted(self, text: str, known: Iterable[Find], where: str) -> Iterator[Span]:
        """Yield places of secrets in a body, and take note of each."""
        for span in self._found(text, known):
            self._said(f"{where}, {span[2]}" if span[2] else where)
            yield span

    def _found(self, text: str, known: Iterable[Find]) -> Iterator[Span]:
        """Yield places of secrets in a text, in order, with the name and the replacement.

        `known` are those that are found by how they stand in it.
        """
        spans: list[Span] = []
        for find in known:
            if find.secret in self._masks:
                other = find.written(self._masks[find.secret])
                spans.append((find.start, find.end, find.name, other))
        pattern = self._pattern()
        if pattern is not None:
            found = pattern.finditer(text)
            spans += [(one.start(), one.end(), "", self._masks[one[0]]) for one in found]
        last = 0
        for span in sorted(spans, key=lambda span: (span[0], -span[1])):
            if span[0] >= last:
                yield span
                last = span[1]

    def _clean(self, text: str) -> str:
        """Return a text with every secret replaced that is found in it."""
        return _laid(text, self._found(text, finds(text, self._rules.names)))

    def _pattern(self) -> re.Pattern[str] | None:
        """Return what finds every longer secret, wherever it stands."""
        if self._everywhere is None:
            long = [secret for secret in self._masks if _is_telling(secret)][:_MOST]
            if not long:
                return None
            self._everywhere = re.compile(_any_of(long))
        return self._everywhere


def _any_of(words: list[str]) -> str:
    """Return a pattern that finds each of these, where one begins another the longer one.

    They stand together by their first character: else each would be tried wherever none is.
    """
    groups: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        groups.setdefault(word[0], []).append(re.escape(word[1:]))
    return "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items())


def _is_form(exchange: Exchange) -> bool:
    return "urlencoded" in (exchange.request_header("content-type") or "")


def _is_telling(secret: str) -> bool:
    """Whether a text is this secret wherever it stands, and no word that anybody might use."""
    word = secret.isalpha() and secret.islower() and len(secret) < 2 * _EVERYWHERE
    return len(secret) >= _EVERYWHERE and not word


def _text_of(body: bytes) -> tuple[str, str]:
    """Return a body as text and its coding: what is no UTF-8 is read byte by byte."""
    try:
        return body.decode(), "utf-8"
    except UnicodeDecodeError:
        return body.decode("latin-1"), "latin-1"


def _laid(text: str, spans: Iterable[Span]) -> str:
    """Return a text with others in place of what stands from a start to an end, in order."""
    parts, position = [], 0
    for start, end, _, other in spans:
        parts += [text[position:start], other]
        position = end
    return "".join([*parts, text[position:]])


def _in_bytes(text: str, coding: str, spans: Iterable[Span]) -> Iterator[tuple[int, int, bytes]]:
    """Yield where in the bytes of a text something is replaced, and by what."""
    position, offset = 0, 0
    for start, end, _, other in spans:
        offset += len(text[position:start].encode(coding))
        size = len(text[start:end].encode(coding))
        yield offset, offset + size, other.encode()
        position, offset = end, offset + size


def _replacement(secret: str, number: int) -> str:
    """Return what stands for a secret: of digits digits, of a known kind the kind's beginning."""
    if _DIGITS.fullmatch(secret):
        return _numbered(secret, number)
    if secret.startswith("eyJ") and secret.count(".") == 2:
        return f"masked-jwt-{number}"
    prefix = _PREFIX.match(secret) if SHAPES.fullmatch(secret) else None
    return f"{prefix[0] if prefix else ''}masked-{number}"


def _numbered(secret: str, number: int) -> str:
    """Return as many digits as there were, with what stood between them; no zero begins it."""
    count = sum(char.isdigit() for char in secret)
    digits = iter(f"9{number % 10 ** (count - 1):0{count - 1}d}")
    return "".join(next(digits) if char.isdigit() else char for char in secret)

"""Finds what is a secret in a text: by the name beside it, or by how it looks.

Names stand beside values in JSON, also in the strings of other JSON and over several `data:` lines;
in URLs, forms and `name=value`; in `name: value`; in the attributes and elements of XML and HTML;
in the parts of a multipart form.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Names = Callable[[str], bool]

SHAPES: Final = re.compile(
    r"(?P<jwt>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)"
    r"|(?P<key>\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}"
    r"|\bxox[abeprs]-[A-Za-z0-9-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\bhf_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bwhsec_[A-Za-z0-9+/=]{16,})"
    r"|\b[Bb]earer\s+(?P<bearer>[A-Za-z0-9._~+/-]{4,}=*)(?!\w)"
)
"""What is a secret by its looks, wherever it stands."""
_LONG: Final = 16
"""Characters from which on what stands behind `Bearer` is a token, whatever it is made of."""
_GAP: Final = r"(?:\s|(?<=[\r\n])data:)*"
"""Space in JSON, which may go on in the next `data:` line of an event."""
_MEMBER: Final = re.compile(
    rf'"((?:[^"\\]|\\.){{1,100}})"({_GAP}:{_GAP})("(?:[^"\\]|\\.)*"|-?\d[\d.]*(?={_GAP}[,}}\]]))'
    rf'(?!{_GAP},{_GAP}"logprob")'
)
"""A member of JSON whose value is a text or a number; the token of a language model's is none."""
_NAME: Final = re.compile(
    r"(?<![\w$%])(?:(?:api|access|private|secret|client|security|session|auth)[ ])?"
    r"[A-Za-z](?:[\w.\-\[\]]|%[0-9A-Fa-f]{2}){0,60}(?=\\*[\"']?\s{0,20}[:=])",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"\\*[\"']?\s*[:=]\s*(?P<mark>\\*[\"'])([^\"'\\\r\n<>]{1,4096})(?P=mark)"
    r"(?!\s*,\s*\\*[\"']logprob)",
    re.IGNORECASE,
)
"""`token="x"`, `{password: 'x'}`, `{\\"password\\": \\"x\\"}`."""
_PAIR: Final = re.compile(r"=([^\s&\"'<>;,#(){}\[\]\\]+)", re.IGNORECASE)
_QUERY: Final = re.compile(r"[?#&][^\s\"'<>\\(){}]*")
"""The query of a URL, or as much of it as stands here."""
_PARAMETER: Final = re.compile(r"(?:^|(?<=[?#&])|(?<=&amp;))([^=&?#;]{1,200})=([^&#]+)")
_BEFORE: Final = 100
"""Characters before a query that are looked at."""
_LINE: Final = re.compile(
    r"[ \t]*:[ \t]*(?:(?:Bearer|Basic|Token|Digest|ApiKey)[ \t]+)?"
    r"([^\s\"'<>\\&]+)(?=[ \t]*([^\s\"'<\\]?))",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"<[A-Za-z][^<>]{0,1000}>")
_ATTRIBUTE: Final = re.compile(r"([\w:-]+)\s*=\s*(?P<mark>\\*[\"'])([^\"'\\<>]*)(?P=mark)")
_ELEMENT: Final = re.compile(
    r"<(?:[\w.-]+:)?([\w.-]{1,60})(?:\s[^<>]{0,500})?>([^<>]{1,4096})<\\?/"
)
_PART: Final = re.compile(
    r"\bname=\"?([^\"\r\n;]{1,100})\"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n){0,9}\r?\n([^\r\n]+)\r?\n--"
)
_CALLBACK: Final = re.compile(r"callback|/cb\b|oauth|redirect|signin|login", re.IGNORECASE)
_BESIDE: Final = frozenset({"state", "session_state", "grant_type", "code_verifier", "iss"})
"""Parameters beside which a `code` is one of OAuth (RFC 6749 §§ 4.1.2, 4.1.3)."""
_SPOKEN: Final = re.compile(r"(?:password|passwd|passphrase|pwd|secret)$")
"""Names of what people think up, which may be a word."""
_WORDS: Final = frozenset((
    "string", "str", "number", "integer", "int", "boolean", "bool", "object", "array", "null",
    "none", "nil", "true", "false", "undefined", "any", "text", "password", "token", "secret",
    "key", "required", "optional", "missing", "invalid", "expired", "wrong", "incorrect",
    "empty", "unknown", "hidden", "redacted", "yes", "no", "ok", "is", "was", "bearer",
    "basic",
))  # fmt: skip
"""What stands beside such a name and is no secret."""


@dataclass(frozen=True, slots=True)
class Find:
    """A secret in a text: where it is written, the name beside it, and what it is decoded."""

    start: int
    end: int
    name: str
    secret: str
    coding: Literal["json", "url", ""] = ""

    def written(self, other: str) -> str:
        """Return what stands for the secret, as it is written here."""
        if self.coding == "json":
            return json.dumps(other)
        return quote(other, safe="") if self.coding == "url" else other


def finds(text: str, names: Names) -> list[Find]:
    """Return what is a secret in a text, by what `names` says of names, the longer first."""
    return sorted(_finds(text, names), key=lambda find: (find.start, -find.end))


def _finds(text: str, names: Names) -> Iterator[Find]:
    yield from _members(text, names)
    yield from _queries(text, names)
    yield from _assigned(text, names)
    if "<" in text:
        yield from _marked_up(text, names)
    for match in _PART.finditer(text) if "form-data" in text else ():
        if names(match[1]):
            yield Find(*match.span(2), match[1], match[2])
    yield from _shaped(text)


def _shaped(text: str) -> Iterator[Find]:
    for match in SHAPES.finditer(text):
        kind = match.lastgroup or "key"
        if kind != "bearer" or len(match[kind]) >= _LONG or _is_drawn(match[kind]):
            yield Find(*match.span(kind), "", match[kind])


def _members(text: str, names: Names) -> Iterator[Find]:
    for match in _MEMBER.finditer(text):
        name = _read(f'"{match[1]}"') if "\\" in match[1] else match[1]
        if not names(name):
            continue
        written = match[3]
        quoted = written.startswith('"')
        if secret := _read(written) if quoted else written if _is_number(written) else "":
            yield Find(*match.span(3), name, secret, "json" if quoted else "")


def _read(written: str) -> str:
    """Return the text that a JSON string is, nothing for one that cannot be read."""
    try:
        return str(json.loads(written, strict=False))
    except ValueError:
        return ""


def _is_number(written: str) -> bool:
    return len(written) >= 3 and written.isdigit()


def _queries(text: str, names: Names) -> Iterator[Find]:
    """Yield the parameters of URLs, in which every value is one, whatever it looks like."""
    for query in _QUERY.finditer(text):
        before = text[max(0, query.start() - _BEFORE) : query.start()]
        path = (re.split(r"[\s\"'<>(){}]", before) or [""])[-1]
        for find in pairs(query[0], names, query.start(), path=path):
            end = find.start + len(text[find.start : find.end].rstrip(".,;!"))
            yield replace(find, end=end, secret=unquote_plus(text[find.start : end]))


def pairs(query: str, names: Names, start: int = 0, *, path: str = "") -> Iterator[Find]:
    """Yield the secrets of a query or a form; the `code` of a `path` that takes one is a secret."""
    parts = [(unquote_plus(match[1]), match) for match in _PARAMETER.finditer(query)]
    oauth = bool(_CALLBACK.search(path)) or any(name.lower() in _BESIDE for name, _ in parts)
    for name, match in parts:
        if names(name) or (oauth and name.lower() == "code"):
            first, last = match.span(2)
            yield Find(start + first, start + last, name, unquote_plus(match[2]), "url")


def _assigned(text: str, names: Names) -> Iterator[Find]:
    for found in _NAME.finditer(text):
        if names(unquote_plus(found[0])):
            yield from _value(text, found[0], found.end())


def _value(text: str, name: str, end: int) -> Iterator[Find]:
    """Yield the secret that stands behind a name."""
    if match := _QUOTED.match(text, end):
        if match[2].lower() not in _WORDS:
            yield Find(*match.span(2), name, match[2])
    elif match := _PAIR.match(text, end):
        value = match[1].rstrip(".!?")
        rest = text[match.end() : match.end() + 1]
        coded = rest in (";", ",", ")", "}", "]")
        if rest not in ("(", "[") and _is_secret(name, value, coded=coded):
            first = match.start(1)
            yield Find(first, first + len(value), name, unquote_plus(value), "url")
    elif match := _LINE.match(text, end):
        value = match[1].rstrip(".,;!?)}]")
        coded = value != match[1].rstrip(".!?") or bool(match[2])
        if _is_secret(name, value, coded=coded):
            first = match.start(1)
            yield Find(first, first + len(value), name, value)


def _is_secret(name: str, value: str, *, coded: bool) -> bool:
    """Whether a bare value is a secret, and no word of a sentence or of a program (`coded`)."""
    if not value or value.lower() in _WORDS or value.startswith(("=", "/", "$", "%s")):
        return False
    if value.isdigit():
        return len(value) >= 3
    plain = re.sub(r"[^a-z]", "", name.lower())
    if plain == "authorization":
        return _is_drawn(value) or not coded
    return _is_drawn(value) or (not coded and bool(_SPOKEN.search(plain)))


def _is_drawn(value: str) -> bool:
    """Whether a value looks as if it were drawn, and not thought up: no word has digits inside."""
    return any(char.isdigit() for char in value) or re.search(r"[a-z][A-Z]", value) is not None


def _marked_up(text: str, names: Names) -> Iterator[Find]:
    for tag in _TAG.finditer(text):
        found = list(_ATTRIBUTE.finditer(tag[0]))
        name = next((a[3] for a in found if a[1].lower() in _NAMING and names(a[3])), "")
        for one in found if name else ():
            if one[1].lower() in ("value", "content") and one[3]:
                start = tag.start() + one.start(3)
                yield Find(start, start + len(one[3]), name, one[3])
    for match in _ELEMENT.finditer(text):
        secret = match[2].strip()
        if secret and names(match[1]) and not secret.isspace():
            start = match.start(2) + match[2].index(secret)
            yield Find(start, start + len(secret), match[1], secret)


_NAMING: Final = frozenset({"name", "id", "property", "itemprop", "type", "key"})
"""Attributes that say what the value of an element is."""

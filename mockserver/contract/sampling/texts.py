"""Texts that fit their lengths, patterns and formats."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.formats import FORMATS, checker
from mockserver.contract.sampling import hints
from mockserver.contract.sampling.patterns import LONGEST, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.sampling.chance import Chance

TRIES: Final = 4
"""How often a maker of texts is asked before it counts as one that does not fit."""

LONGEST_EMAIL: Final = 254
"""How many characters an address may have (RFC 5321 § 4.5.3.1.3, without its brackets)."""


@dataclass(slots=True)
class Texts:
    """What schemas that hold together ask of a text."""

    least: int = 0
    most: int = LONGEST
    patterns: list[Pattern] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    encoded: bool = False

    def add(self, schema: dict[str, Any], notes: dict[str, Any]) -> None:
        """Let what one more schema asks hold as well. Raises ValueError for an odd pattern."""
        self.least = max(self.least, int(schema.get("minLength", 0)))
        self.most = min(self.most, int(schema.get("maxLength", LONGEST)))
        if "pattern" in schema:
            self.patterns.append(Pattern(schema["pattern"]))
        format_ = schema.get("format", notes.get("format"))
        if format_ is not None and format_ not in self.formats:
            self.formats.append(format_)
        if str(notes.get("contentEncoding", "")).lower() in {"base64", "base64url"}:
            self.encoded = True

    def hold(self, text: str, made_as: str | None = None) -> bool:
        """Tell whether a text fits; that it has the format it is made in goes without saying."""
        return (
            self.least <= len(text) <= self.most
            and all(pattern.matches(text) for pattern in self.patterns)
            and all(_is(text, name) for name in self.formats if name != made_as)
        )

    def texts(self, chance: Chance, name: str) -> Iterator[str]:
        """Yield texts that fit, the ones that look best first."""
        for tried, made_as in self._tried(chance, name):
            if self.hold(tried, made_as):
                yield tried

    def _tried(self, chance: Chance, name: str) -> Iterator[tuple[str, str | None]]:
        """Yield texts, and the format of which they are made."""
        known = [format_ for format_ in self.formats if format_ in hints.FORMATS]
        yield from self._of_formats(chance, name, known)
        hint = None if known or self.encoded else hints.text(name)
        if hint is not None:
            for _ in range(TRIES):
                yield hint(chance, name), None
        for pattern in self.patterns:
            for text in pattern.texts(chance, self.least, self.most):
                yield text, None
        for count in (2, 1, 3, 4):
            yield hints.words(chance, count), None
        yield _filled(chance, self.least, self.most), None

    def _of_formats(
        self, chance: Chance, name: str, known: list[str]
    ) -> Iterator[tuple[str, str | None]]:
        for format_ in known or (["base64"] if self.encoded else []):
            for _ in range(TRIES if not self.patterns else 15 * TRIES):
                yield hints.FORMATS[format_](chance, name), format_
        for format_ in known:
            for write in hints.SPELLINGS.get(format_, ()):
                yield write(chance, name), format_
        if "email" in known and 0 < self.least <= LONGEST_EMAIL:
            yield hints.email_of(chance, self.least), "email"


def encode(text: str) -> str:
    """Return a text in base64."""
    return base64.b64encode(text.encode("utf-8", "replace")).decode()


def _filled(chance: Chance, least: int, most: int) -> str:
    """Return words cut to a length between bounds."""
    length = max(least, min(most, 8))
    if length > LONGEST:
        return ""
    return (hints.words(chance, 4).replace(" ", "-") * (length // 16 + 1))[:length]


def _is(text: str, format_: str) -> bool:
    return format_ not in FORMATS or bool(checker().conforms(text, format_))

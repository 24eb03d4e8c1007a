"""Texts that a regular expression matches, written along its parsed form.

Patterns of schemas are ECMA-262 and judged by RE2 or `re` (`matching`), so that what is written
keeps to what all three mean: digits and letters of ASCII, no line ends. Lookarounds and word
boundaries are not written but left to the final search: texts that miss them are not yielded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from string import ascii_letters, ascii_lowercase, digits
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.contract.matching import searcher
from mockserver.shared import once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockserver.contract.sampling.chance import Chance

LONGEST: Final = 1_000_000
"""How many characters a text may have; what asks for more is given up."""

TRIES: Final = 60

_ODD: Final = "-_.!@#$%&*+/ "
_PLAIN: Final = ascii_lowercase + digits
_RICH: Final = ascii_letters + digits + _ODD
_FAR: Final = "".join(map(chr, (*range(33, 127), *range(0xA1, 0x180), 0x4E00, 0x1F600)))
"""Where to look for a character when a set excludes the usual ones."""

_CLASSES: Final = {
    op.CATEGORY_DIGIT: digits,
    op.CATEGORY_NOT_DIGIT: ascii_letters + _ODD,
    op.CATEGORY_SPACE: " ",
    op.CATEGORY_NOT_SPACE: ascii_letters + digits + _ODD.strip(),
    op.CATEGORY_WORD: ascii_letters + digits + "_",
    op.CATEGORY_NOT_WORD: "-.!@#$%&*+/ ",
}
_TOTAL: Final = {**_CLASSES, op.CATEGORY_SPACE: " \t\n\r\f\v"}
"""What a class takes away where it is excluded."""


class _Pen:
    """What a text is written with: chance, what groups have caught, and how plain it is to be."""

    def __init__(self, chance: Chance, *, rich: bool) -> None:
        self.chance = chance
        self.rich = rich
        self.caught: dict[int, str] = {}

    def between(self, low: int, high: int) -> int:
        return low if low >= high else self.chance.randint(low, high)


class _Node(Protocol):
    """A part of a pattern: how many characters it can take, and one text of about a length."""

    @property
    def least(self) -> int: ...
    @property
    def most(self) -> int: ...
    def write(self, pen: _Pen, length: int) -> str: ...


@dataclass(frozen=True)
class _Char:
    """One character of a set; `plain` are those of it that read best."""

    plain: str
    rich: str
    least: int = 1
    most: int = 1

    def write(self, pen: _Pen, length: int) -> str:  # noqa: ARG002
        return pen.chance.choice(self.rich if pen.rich else self.plain)


@dataclass(frozen=True)
class _Row:
    """Parts one after the other."""

    parts: Sequence[_Node]

    @once
    def least(self) -> int:
        return sum(part.least for part in self.parts)

    @once
    def most(self) -> int:
        return min(sum(part.most for part in self.parts), LONGEST)

    def write(self, pen: _Pen, length: int) -> str:
        shares = _shared(length, [(part.least, part.most) for part in self.parts])
        parts = zip(self.parts, shares, strict=True)
        return "".join([part.write(pen, share) for part, share in parts])


@dataclass(frozen=True)
class _Either:
    """One of several parts."""

    parts: Sequence[_Node]

    @once
    def least(self) -> int:
        return min(part.least for part in self.parts)

    @once
    def most(self) -> int:
        return max(part.most for part in self.parts)

    def write(self, pen: _Pen, length: int) -> str:
        fit = [part for part in self.parts if part.least <= length <= part.most]
        return pen.chance.choice(fit or self.parts).write(pen, length)


@dataclass(frozen=True)
class _Repeat:
    """A part several times."""

    part: _Node
    fewest: int
    highest: int

    @once
    def least(self) -> int:
        return self.part.least * self.fewest

    @once
    def most(self) -> int:
        return min(self.part.most * self.highest, LONGEST)

    def write(self, pen: _Pen, length: int) -> str:
        low = max(self.fewest, -(-length // self.part.most) if self.part.most else 0)
        high = min(self.highest, length // self.part.least if self.part.least else length)
        count = max(self.fewest, min(pen.between(low, high), self.highest))
        shares = _shared(length, [(self.part.least, self.part.most)] * count)
        return "".join([self.part.write(pen, share) for share in shares])


@dataclass(frozen=True)
class _Group:
    """A part whose text is repeated further on."""

    number: int
    part: _Node

    @property
    def least(self) -> int:
        return self.part.least

    @property
    def most(self) -> int:
        return self.part.most

    def write(self, pen: _Pen, length: int) -> str:
        pen.caught[self.number] = self.part.write(pen, length)
        return pen.caught[self.number]


@dataclass(frozen=True)
class _Back:
    """The text of a group once more."""

    number: int
    least: int = 0
    most: int = 0

    def write(self, pen: _Pen, length: int) -> str:  # noqa: ARG002
        return pen.caught.get(self.number, "")


def _shared(length: int, bounds: Sequence[tuple[int, int]]) -> list[int]:
    """Divide a length among parts that take at least and at most so many characters."""
    shares = [least for least, _ in bounds]
    spare = length - sum(shares)
    open_ = [n for n, (least, most) in enumerate(bounds) if most > least]
    while spare > 0 and open_:
        each = max(1, spare // len(open_))
        for n in open_:
            given = min(each, spare, bounds[n][1] - shares[n])
            shares[n] += given
            spare -= given
        open_ = [n for n in open_ if bounds[n][1] > shares[n]]
    return shares


class Pattern:
    """A pattern that texts can be written from. Raises ValueError where it cannot be read."""

    def __init__(self, pattern: str) -> None:
        try:
            self._found = searcher(pattern)
            self._node = _row(parser.parse(pattern))
        except (re.error, OverflowError, RecursionError, KeyError) as error:
            raise ValueError(f"the pattern {pattern!r} cannot be written from: {error}") from None
        if self._node.least > LONGEST:
            raise ValueError(f"the pattern {pattern!r} asks for more than {LONGEST} characters")

    def matches(self, text: str) -> bool:
        """Tell whether the pattern is found in a text, as `pattern` of JSON Schema means it."""
        return self._found(text)

    def texts(self, chance: Chance, least: int = 0, most: int = LONGEST) -> Iterator[str]:
        """Yield texts of at least and at most so many characters, plain ones first."""
        node = self._node
        low, high = max(least, node.least), min(most, node.most)
        for attempt in range(TRIES):
            pen = _Pen(chance, rich=attempt >= 5)
            # Some characters more than need be: how many grows with the attempts.
            spare = high - low
            length = low + pen.between(min(4, spare), min(8 + attempt, spare))
            text = node.write(pen, max(length, node.least))
            for whole in self._filled(text, least):
                if least <= len(whole) <= most and self.matches(whole):
                    yield whole
                    break

    def _filled(self, text: str, least: int) -> Iterator[str]:
        """Yield a text, then texts around it where it is too short: few patterns are anchored."""
        yield text
        if len(text) < least:
            filler = (ascii_lowercase * (least // 26 + 1))[: least - len(text)]
            yield text + filler
            yield filler + text


def _row(parsed: Any) -> _Node:
    parts = [part for code, about in parsed for part in _parts(code, about)]
    return parts[0] if len(parts) == 1 else _Row(parts)


def _parts(code: Any, about: Any) -> Iterator[_Node]:
    """Yield what one code of the parser writes; lookarounds and anchors write nothing."""
    match code:
        case op.LITERAL:
            yield _Char(chr(about), chr(about))
        case op.NOT_LITERAL | op.IN | op.ANY:
            yield _set(code, about)
        case op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
            fewest, highest, part = about
            yield _Repeat(_row(part), int(fewest), min(int(highest), LONGEST))
        case op.SUBPATTERN:
            number, _, _, part = about
            yield _row(part) if number is None else _Group(number, _row(part))
        case op.ATOMIC_GROUP:
            yield _row(about)
        case op.BRANCH:
            yield _Either([_row(part) for part in about[1]])
        case op.GROUPREF:
            yield _Back(about)
        case op.GROUPREF_EXISTS:
            yield _row(about[1])
        case op.AT | op.ASSERT | op.ASSERT_NOT:
            pass
        case _:
            raise KeyError(str(code))


def _set(code: Any, about: Any) -> _Char:
    if code is op.ANY:
        return _Char(_PLAIN, _RICH)
    members = [(op.NEGATE, None), (op.LITERAL, about)] if code is op.NOT_LITERAL else about
    if members[0][0] is op.NEGATE:
        plain = "".join(c for c in _RICH if not _among(c, members[1:]))
        return _char(plain or "".join(c for c in _FAR if not _among(c, members[1:])))
    return _char("".join(_characters(*member) for member in members))


def _among(character: str, members: Any) -> bool:
    for code, about in members:
        if code is op.RANGE:
            if about[0] <= ord(character) <= about[1]:
                return True
        elif character in (chr(about) if code is op.LITERAL else _TOTAL[about]):
            return True
    return False


def _char(every: str) -> _Char:
    if not every:
        raise KeyError("a set without characters")
    plain = "".join(c for c in every if c in _PLAIN) or "".join(c for c in every if c.isalnum())
    return _Char(plain or every, every)


def _characters(code: Any, about: Any) -> str:
    if code is op.LITERAL:
        return chr(about)
    if code is op.RANGE:
        low, high = about
        # Of a large range the first characters are as good as any: no lone surrogates.
        return "".join(chr(n) for n in range(low, min(high, low + 255) + 1) if n >> 11 != 27)
    found: str = _CLASSES[about]
    return found

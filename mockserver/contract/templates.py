"""Path templates: their segments, and which raw segment of a request fits which.

OAS 3.2 § Paths Object: a template expression stands for at least one character and for no slash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXPRESSION = re.compile(r"\{([^{}/]+)\}")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a path template that has an expression in it: texts around names."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        """How much text is given: of two templates the one with more goes first."""
        return sum(map(len, self.texts))

    def match(self, segment: str) -> tuple[str, ...] | None:
        """Return what the expressions stand for, the shortest from the left; None if none fits.

        One search a text, from left to right, so that no request can make it search for long.
        """
        head, *inner, tail = self.texts
        stop = len(segment) - len(tail)
        if not segment.startswith(head) or not segment.endswith(tail):
            return None
        values, start = [], len(head)
        for text in inner:
            found = segment.find(text, start + 1, stop)
            if found < 0:
                return None
            values.append(segment[start:found])
            start = found + len(text)
        if stop <= start:
            return None
        return (*values, segment[start:stop])


def parse_segment(text: str) -> Segment | str:
    """Return a segment of a path as written, already percent-decoded: text if it has no name."""
    parts = _EXPRESSION.split(text)
    if len(parts) == 1:
        return text
    return Segment(tuple(parts[::2]), tuple(parts[1::2]))


def parameters(path: str) -> tuple[str, ...]:
    """Return the names in a path template, each once, in order."""
    return tuple(dict.fromkeys(_EXPRESSION.findall(plain(path))))


def is_parameter(segment: str) -> bool:
    """Tell whether a segment of a path is a template expression and nothing else."""
    return _EXPRESSION.fullmatch(segment) is not None


def plain(path: str) -> str:
    """Return a path key without the `#fragment` or `?query` that some documents put there."""
    return re.split(r"[?#]", path, maxsplit=1)[0]

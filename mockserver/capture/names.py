"""Names of scenarios and their files: unique, and safe on every file system."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_RESERVED: Final = re.compile(r"(?i:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
"""What Windows takes for devices, whatever the suffix."""
_LONGEST: Final = 60


def part(text: str) -> str:
    """Return a text as part of a path, nothing where no character of it can stand there."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:_LONGEST].strip("-._")
    return f"{plain}_" if _RESERVED.fullmatch(plain) else plain


class Names:
    """Gives names, none twice, not even in other capitals."""

    def __init__(self, *taken: str) -> None:
        self._taken = {name.lower() for name in taken}

    def free(self, name: str) -> str:
        """Return the name, or with a number behind it where it is taken."""
        found, number = name, 2
        while found.lower() in self._taken:
            found, number = f"{name}-{number}", number + 1
        self._taken.add(found.lower())
        return found


def of_conditions(when: dict[str, Any] | None) -> str:
    """Return what a request says that is told apart by these conditions: `1`, `prague-5`."""
    words = [part(str(test)) for test in _tests(when or {})]
    return part("-".join(word for word in words if word)[:_LONGEST])


def _tests(when: Any) -> Iterator[Any]:
    match when:
        case dict():
            for name, test in when.items():
                if isinstance(test, bool):
                    yield name if test else f"no-{name}"
                else:
                    yield from _tests(test)
        case list():
            for test in when[-1:]:
                yield from _tests(test)
        case None:
            return
        case _:
            yield when

"""What a name says of a value: how large a number is, whether it is true, whether it is an id."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")

START: Final = datetime(2026, 1, 1, 9, tzinfo=UTC)
"""The earliest moment that is made up."""


class Stretch(NamedTuple):
    """Where a number usually lies, and how many decimals it has."""

    low: float
    high: float
    digits: int = 0


_SECONDS: Final = int(START.timestamp())
_MONEY: Final = Stretch(1, 200, 2)
_MOMENT: Final = Stretch(_SECONDS, _SECONDS + 28 * 86_400)
_USUAL: Final = Stretch(1, 100, 2)

_NUMBERS: Final[Mapping[str, Stretch]] = {
    "age": Stretch(18, 80),
    "amount": _MONEY,
    "at": _MOMENT,
    "balance": _MONEY,
    "code": Stretch(100, 999),
    "cost": _MONEY,
    "count": Stretch(1, 20),
    "created": _MOMENT,
    "day": Stretch(1, 28),
    "fee": _MONEY,
    "height": Stretch(200, 1200),
    "hour": Stretch(0, 23),
    "id": Stretch(1, 99_999),
    "index": Stretch(0, 9),
    "lat": Stretch(-60, 60, 4),
    "latitude": Stretch(-60, 60, 4),
    "limit": Stretch(10, 50),
    "lng": Stretch(-180, 180, 4),
    "lon": Stretch(-180, 180, 4),
    "longitude": Stretch(-180, 180, 4),
    "minute": Stretch(0, 59),
    "month": Stretch(1, 12),
    "number": Stretch(1, 999),
    "page": Stretch(1, 3),
    "percent": Stretch(0, 100),
    "port": Stretch(1024, 9999),
    "price": _MONEY,
    "probability": Stretch(0, 1, 2),
    "quantity": Stretch(1, 10),
    "rating": Stretch(1, 5, 1),
    "ratio": Stretch(0, 1, 2),
    "score": Stretch(0, 1, 2),
    "second": Stretch(0, 59),
    "size": Stretch(1, 4096),
    "status": Stretch(200, 200),
    "temperature": Stretch(-10, 35, 1),
    "time": _MOMENT,
    "timestamp": _MOMENT,
    "total": _MONEY,
    "updated": _MOMENT,
    "version": Stretch(1, 9),
    "weight": Stretch(1, 90, 1),
    "width": Stretch(320, 1920),
    "year": Stretch(2024, 2026),
}

_TRUE: Final = frozenset({"active", "available", "enabled", "ok", "success", "valid", "verified"})


@lru_cache(maxsize=4096)
def _names(name: str) -> tuple[str, ...]:
    """Return the words of a name in camel or snake case: its last two, and its last one."""
    found = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    return (" ".join(found[-2:]), *found[-1:])


def found(table: Mapping[str, Value], name: str) -> Value | None:
    """Return what a table has for the last two words of a name, or else for its last one."""
    return next((table[form] for form in _names(name) if form in table), None)


def number(name: str) -> Stretch:
    """Return where a number of this name usually lies."""
    return found(_NUMBERS, name) or _USUAL


def truth(name: str) -> bool | None:
    """Return the truth value that one expects of a name, or None."""
    return True if _names(name)[-1:] and _names(name)[-1] in _TRUE else None


def is_number(name: str) -> bool:
    """Tell whether numbers are often called by a name."""
    return found(_NUMBERS, name) is not None


def is_id(name: str) -> bool:
    """Tell whether a name is that of something which no two things share."""
    return _names(name)[-1:] in {("id",), ("uuid",), ("guid",), ("key",), ("sku",), ("number",)}


def successor(value: Any, n: int) -> Any:
    """Return the nth value after an example: its number, or the last one in its text, goes up."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value + n
    found = re.search(r"\d+(?=\D*$)", value, re.ASCII) if isinstance(value, str) else None
    if not found or len(found[0]) > 18:
        return value
    number = (int(found[0]) + n) % 10 ** len(found[0])
    return f"{value[: found.start()]}{number:0{len(found[0])}d}{value[found.end() :]}"

"""Points in scripted time as text; pure arithmetic on seconds, nobody asks a clock here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from mockserver.errors import value_text
from mockserver.scenario.units import FOREVER, span

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When a session's time begins unless it is told otherwise."""
_FORM: Final = 200


def moment(epoch: datetime, seconds: float) -> datetime:
    """Return the point `seconds` after `epoch`, to the millisecond."""
    return epoch + timedelta(milliseconds=round(seconds * 1000))


def formatted(value: object, form: str = "iso") -> str | int:
    """Return a point in time as `iso`, `unix`, `unix_ms`, `http`, or by strftime codes.

    `value` is a datetime, an ISO 8601 text, or seconds since 1970. Raises ValueError.
    """
    if len(form) > _FORM:
        raise ValueError(f"a format has up to {_FORM} characters")
    if "%s" in form.replace("%%", ""):
        raise ValueError("%s depends on the machine's time zone: use 'unix'")
    point = _point(value)
    match form:
        case "iso":
            precision = "milliseconds" if point.microsecond else "seconds"
            return point.isoformat(timespec=precision).replace("+00:00", "Z")
        case "unix":
            return int(point.timestamp())
        case "unix_ms":
            return round(point.timestamp() * 1000)
        case "http":  # RFC 9110 § 5.6.7; day and month names are English in every locale
            day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[point.weekday()]
            month = "JanFebMarAprMayJunJulAugSepOctNovDec"[point.month * 3 - 3 : point.month * 3]
            return f"{day}, {point:%d} {month} {point:%Y %H:%M:%S} GMT"
    return point.strftime(form)


def _point(value: object) -> datetime:
    match value:
        case datetime():
            point = value
        case bool():
            raise ValueError("true and false are no point in time")
        case int() | float():
            point = datetime.fromtimestamp(value, UTC)
        case str():
            point = datetime.fromisoformat(value)
        case _:
            raise ValueError(f"{value_text(value)} is no point in time")
    return point.astimezone(UTC) if point.tzinfo else point.replace(tzinfo=UTC)


def offset_seconds(offset: object) -> float:
    """Return `"5m"`, `"-1h"` or a number of seconds as seconds. Raises ValueError."""
    match offset:
        case bool():
            raise ValueError("an offset is a duration such as 5m or -1h")
        case int() | float():
            return float(offset)
        case str():
            sign = -1 if offset.startswith("-") else 1
            found = span(offset[1:] if offset[:1] in ("+", "-") else offset)
            if not found.fixed or found.shortest == FOREVER:
                raise ValueError("an offset is one duration such as 5m or -1h")
            return sign * found.shortest
    raise ValueError("an offset is a duration such as 5m or -1h")

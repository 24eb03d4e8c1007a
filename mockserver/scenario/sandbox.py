"""What templates may compute with: Jinja's sandbox, with less in reach than the sandbox gives.

No attribute of any Python object, no statements, and no operation whose work is not bounded by
the length of the expression times `TEXT_LIMIT`.
"""

from __future__ import annotations

import base64
import operator
import re
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Final

from mockserver.scenario import moments
from mockserver.sse.encode import json_text

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_LIMIT: Final = 16 * 1024 * 1024
"""Characters, or items of a list, that one operation may make."""
NUMBER_BITS: Final = 4096

_FILTERS: Final = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items",
    "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse",
    "select", "selectattr", "sort", "string", "sum", "title", "trim", "truncate", "unique",
    "upper", "urlencode", "wordcount",
)  # fmt: skip
_PIECE = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")


def as_text(value: object) -> str:
    """Return what a value looks like inside a text: itself, or its JSON."""
    return value if isinstance(value, str) else json_text(value)


@lru_cache(maxsize=1)
def environment() -> Any:
    """Return the environment that all expressions are compiled in."""
    # Imported here: a set of scenarios without templates starts without Jinja.
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.exceptions import SecurityError  # noqa: PLC0415
    from jinja2.filters import FILTERS  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"**", "*", "%", "+", "-", "//", "/"})

        def call_binop(self, _context: Any, symbol: str, left: Any, right: Any) -> Any:
            return _operate(symbol, left, right)

        def is_safe_attribute(self, *_: Any) -> bool:
            return False

        # `a.b` and `a['b']` reach into mappings and lists, and nothing else of any object.
        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, (dict, list, tuple, str)):
                try:
                    return obj[argument]
                except (LookupError, TypeError, AttributeError):
                    return self.undefined(obj=obj, name=argument)
            if isinstance(obj, self.undefined):
                return obj[argument]
            raise SecurityError(f"a {type(obj).__name__} has no parts to reach for")

    sandbox = Sandbox(undefined=StrictUndefined, autoescape=False)
    sandbox.globals.clear()
    sandbox.filters.clear()
    sandbox.filters.update({name: _bounded(FILTERS[name]) for name in _FILTERS})
    sandbox.filters.update(
        {
            "json": json_text,
            "base64": _base64,
            "tokens": _PIECE.findall,
            "words": str.split,
            "round": _round,
            "date": moments.formatted,
            "join": _join,
            "replace": _replace,
        }
    )
    return sandbox


def _operate(symbol: str, left: Any, right: Any) -> Any:
    """Carry out an operator whose work or result could be without bound."""
    sized = (str, list, tuple)
    if symbol == "%" and isinstance(left, str):
        raise ValueError("% does not format texts here")
    if symbol == "*":
        for text, times in ((left, right), (right, left)):
            if (
                isinstance(text, sized)
                and isinstance(times, int)
                and len(text) * times > TEXT_LIMIT
            ):
                raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    if symbol == "**" and _bits(left) * abs(right) > NUMBER_BITS:
        raise ValueError("the number grows too large")
    return _checked(_OPERATORS[symbol](left, right))


_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "**": operator.pow,
    "*": operator.mul,
    "%": operator.mod,
    "+": operator.add,
    "-": operator.sub,
    "//": operator.floordiv,
    "/": operator.truediv,
}


def _bits(number: Any) -> int:
    return number.bit_length() if isinstance(number, int) else 64


def _checked(value: Any) -> Any:
    if isinstance(value, (str, list, tuple, dict)) and len(value) > TEXT_LIMIT:
        raise ValueError(f"more than {TEXT_LIMIT:,} characters or items")
    if isinstance(value, int) and value.bit_length() > NUMBER_BITS:
        raise ValueError("the number grows too large")
    return value


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        return _checked(function(*args, **kwargs))

    return filtered


def _base64(value: object) -> str:
    return base64.b64encode(as_text(value).encode()).decode()


def _round(value: float, digits: int = 0) -> int | float:
    if not -20 <= digits <= 20:
        raise ValueError("round takes up to 20 digits")
    return round(value) if digits == 0 else round(value, digits)


def _join(values: Any, separator: str = "") -> str:
    texts = [as_text(value) for value in values]
    if sum(map(len, texts)) + len(texts) * len(separator) > TEXT_LIMIT:
        raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    text = as_text(text)
    if len(text) + text.count(old) * len(new) > TEXT_LIMIT:
        raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    return text.replace(old, new)

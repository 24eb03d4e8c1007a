"""What templates may compute with: Jinja's sandbox, with less in reach than the sandbox gives.

No attribute of any Python object, no statements, and no work without bound: a `Meter` counts
what every operator, filter, test and call of one evaluation takes in and gives out.
"""

from __future__ import annotations

import base64
import operator
import re
import threading
from functools import lru_cache, wraps
from inspect import isroutine
from typing import TYPE_CHECKING, Any, Final

from mockserver.late import late
from mockserver.scenario import moments
from mockserver.sse.encode import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TEXT_LIMIT: Final = 12 * 1024 * 1024
"""What one value may weigh: a character 1, an item of a list or mapping 32 and what it holds."""
WORK_LIMIT: Final = 2 * TEXT_LIMIT
"""What all operations of one evaluation may weigh together, each at least `_CALL`."""
NUMBER_BITS: Final = 4096
_ITEM: Final = 32
_CALL: Final = 256
_TRIMMED: Final = 100

_FILTERS: Final = (
    "abs", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last",
    "length", "list", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "sum", "unique",
)  # fmt: skip
_TEXT_FILTERS: Final = (
    "capitalize", "lower", "title", "truncate", "upper", "urlencode", "wordcount",
)  # fmt: skip
_DEAR: Final = {
    **dict.fromkeys(("tokens", "words", "wordcount", "title", "urlencode"), 16),
    **dict.fromkeys(("list", "map", "max", "min", "reject", "rejectattr", "select"), 64),
    **dict.fromkeys(("selectattr", "shuffle", "sort", "sum", "unique", "pick"), 64),
}
"""How many times as much as a character copied a character given to these takes."""
_PIECE = re.compile(r"\s*\w{1,6}|\s*[^\w\s]|\s+")


def as_text(value: object) -> str:
    """Return what a value looks like inside a text: itself, or its JSON."""
    if isinstance(value, str):
        return value
    try:
        return json_text(value)
    except TypeError:
        str(value)  # an undefined one raises with its name
        raise


class Meter(threading.local):
    """Counts the work of one evaluation; every thread has its own count."""

    left = WORK_LIMIT

    def start(self) -> None:
        """Begin an evaluation."""
        self.left = WORK_LIMIT

    def charge(self, weight: int) -> None:
        """Count work. Raises ValueError when it is too much."""
        self.left -= weight
        if self.left < 0:
            raise ValueError("the expression is too much work")

    def take_in(self, name: str, values: Iterable[Any]) -> None:
        """Count what the filter, test or function `name` is given. Raises ValueError."""
        dear = _DEAR.get(name, 1)
        self.charge(_CALL)
        for value in values:
            if isroutine(value):
                raise TypeError("a function has to be called: write it with ()")
            self.charge(len(value) * dear if isinstance(value, str) else weight(value))

    def give_out(self, value: Any) -> Any:
        """Return `value`, counted. Raises ValueError when it is too large."""
        size = weight(value)
        self.charge(size)
        return checked(value, size)


_METER: Final = Meter()
"""The one that is started: two threads may make an environment each, when it is first needed."""


@lru_cache(maxsize=1)
def environment() -> Any:
    """Return the environment that all expressions are compiled in."""
    # Imported here: a set of scenarios without templates starts without Jinja.
    late("jinja2")
    from jinja2 import StrictUndefined  # noqa: PLC0415
    from jinja2.filters import FILTERS  # noqa: PLC0415

    sandbox = _sandbox()(undefined=StrictUndefined, autoescape=False)
    sandbox.globals.clear()
    sandbox.filters.clear()
    for name, function in _filters(FILTERS).items():
        sandbox.filters[name] = _metered(name, function, sandbox.meter)
    for name, test in dict[str, Any](sandbox.tests).items():
        sandbox.tests[name] = _metered(name, test, sandbox.meter)
    return sandbox


def _sandbox() -> Any:
    from jinja2.exceptions import SecurityError  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"**", "*", "%", "+", "-", "//", "/"})
        meter = _METER

        def call_binop(self, _context: Any, symbol: str, left: Any, right: Any) -> Any:
            return self.meter.give_out(_operate(symbol, left, right))

        def call(self, _context: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
            if not isroutine(function):
                raise SecurityError(f"{as_text(function)} is no function")
            name = function.__name__.lstrip("_")
            self.meter.take_in(name, (*args, *kwargs.values()))
            return self.meter.give_out(function(*args, **kwargs))

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

    return Sandbox


def _filters(jinja: dict[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Return the filters there are, of Jinja's own and ours."""
    return {
        **{name: jinja[name] for name in _FILTERS},
        **{name: _of_text(jinja[name]) for name in _TEXT_FILTERS},
        "base64": _base64,
        "date": moments.formatted,
        "join": _join,
        "json": json_text,
        "replace": _replace,
        "round": _round,
        "string": as_text,
        "sum": _adding(jinja["sum"]),
        "tokens": lambda text: _PIECE.findall(as_text(text)),
        "trim": _trim,
        "words": lambda text: as_text(text).split(),
    }


def weight(value: Any) -> int:
    """Return what `value` weighs, deep; stops counting soon after TEXT_LIMIT."""
    total, waiting = 0, [value]
    while waiting and total <= TEXT_LIMIT:
        one = waiting.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, int):
            total += one.bit_length() // 3
        elif isinstance(one, (list, tuple, dict)):
            total += _ITEM * len(one)
            if total <= TEXT_LIMIT:
                waiting += one
                if isinstance(one, dict):
                    waiting += one.values()
    return total


def checked(value: Any, size: int | None = None) -> Any:
    """Return `value`, which weighs `size`. Raises ValueError when that is too much."""
    if (weight(value) if size is None else size) > TEXT_LIMIT:
        raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    if isinstance(value, int) and value.bit_length() > NUMBER_BITS:
        raise ValueError("the number grows too large")
    return value


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
                and weight(text) * times > TEXT_LIMIT
            ):
                raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    whole = isinstance(left, int) and isinstance(right, int)
    if symbol == "**" and whole and left.bit_length() * right > NUMBER_BITS:
        raise ValueError("the number grows too large")
    return _OPERATORS[symbol](left, right)


_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "**": operator.pow,
    "*": operator.mul,
    "%": operator.mod,
    "+": operator.add,
    "-": operator.sub,
    "//": operator.floordiv,
    "/": operator.truediv,
}


def _metered(name: str, function: Callable[..., Any], meter: Meter) -> Callable[..., Any]:
    place = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def counted(*args: Any, **kwargs: Any) -> Any:
        meter.take_in(name, (*args[place:], *kwargs.values()))
        return meter.give_out(function(*args, **kwargs))

    return counted


def _of_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a filter of texts what other values look like inside a text."""
    place = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        return function(*args[:place], as_text(args[place]), *args[place + 1 :], **kwargs)

    return filtered


def _adding(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let `sum` add numbers only: lists would be copied again for each of them."""

    @wraps(function)
    def added(
        environment: Any, values: Any, attribute: str | int | None = None, start: Any = 0
    ) -> Any:
        if not isinstance(start, (int, float)):
            raise TypeError("sum adds numbers")
        return function(environment, values, attribute, start)

    return added


def _trim(value: object, chars: str | None = None) -> str:
    if chars is not None and len(chars) > _TRIMMED:
        raise ValueError(f"trim takes up to {_TRIMMED} characters to leave out")
    return as_text(value).strip(chars)


def _base64(value: object) -> str:
    return base64.b64encode(as_text(value).encode()).decode()


def _round(value: float, digits: int = 0) -> int | float:
    if not -20 <= digits <= 20:
        raise ValueError("round takes up to 20 digits")
    return round(value) if digits == 0 else round(value, digits)


def _join(values: Any, separator: str = "") -> str:
    texts, size = [], 0
    for value in values:
        texts.append(as_text(value))
        size += len(texts[-1]) + len(separator)
        if size - len(separator) > TEXT_LIMIT:
            raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    text = as_text(text)
    if len(text) + text.count(old) * len(new) > TEXT_LIMIT:
        raise ValueError(f"more than {TEXT_LIMIT:,} characters")
    return text.replace(old, new)

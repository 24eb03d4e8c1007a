"""Keys for new things: the same ones in every process, of the shape that the document asks for."""

from __future__ import annotations

import hashlib
import re
import uuid
from itertools import count, islice
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract import shapes
from mockserver.contract.examples import of_schema
from mockserver.contract.sampling.sample import Unsatisfiable, sample
from mockserver.contract.values import fits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place

_TRIES: Final = 10_100
"""Keys of one kind that are tried: a session keeps 10,000 things at most."""
_UNFIT: Final = 100
"""Keys that do not fit before another kind is tried."""
_SAMPLES: Final = 50

_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX: Final = re.compile(r"(?=.*\d)(?:[0-9a-f]{6,}|[0-9A-F]{6,})")
_RADIX: Final = {"0": 10, "a": 26, "A": 26}


def key_text(value: Any) -> str | None:
    """Return a key as it stands in a path; None for a value that is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    return str(value) or None


class Keys:
    """Makes the keys of one collection.

    `address` is what chance is drawn from, `known` are the keys that the document shows.
    """

    def __init__(
        self, document: Document, schema: Place, address: str, known: Iterable[Any]
    ) -> None:
        self._document = document
        self._schema = schema
        self._address = address
        self._known = [value for value in known if key_text(value) is not None]

    def draw(self, drawn: int, taken: Callable[[str], bool]) -> tuple[Any, int]:
        """Return a key that fits its schema and is not taken, and how many are drawn with it.

        `drawn` counts the keys drawn before, so that none comes twice. The key is None where none
        was found.
        """
        for row in self._rows(drawn):
            unfit = 0
            for n, value in enumerate(islice(row, _TRIES), start=drawn + 1):
                text = key_text(value)
                if text is None or not fits(self._document, self._schema, value, "response"):
                    unfit += 1
                    if unfit > _UNFIT:
                        break
                elif not taken(text):
                    return value, n
        return None, drawn

    def _rows(self, drawn: int) -> Iterator[Iterable[Any]]:
        """Yield rows of keys, the likeliest row first, each from the first that is not drawn."""
        types = shapes.types(self._document, [self._schema])
        numbers = [value for value in self._known if not isinstance(value, str)]
        if types & {"integer", "number"} or (numbers and not types):
            yield count(self._lowest(numbers) + drawn)
        else:
            form = shapes.find(self._document, [self._schema], "format")
            model = self._model()
            if (form and form.value == "uuid") or (model and _UUID.fullmatch(model)):
                yield (_uuid(f"{self._address}/{n}") for n in count(drawn + 1))
            elif model is not None:
                yield (successor(model, n) for n in count(drawn + 1))
        yield self._samples(drawn)
        yield map(str, count(drawn + 1))

    def _model(self) -> str | None:
        """Return the last of the texts that the document shows as keys."""
        texts = [value for value in self._known if isinstance(value, str)]
        own = of_schema(self._document, self._schema)
        if not texts and isinstance(own, str) and own:
            return own
        return max(texts, key=lambda text: (len(text), text), default=None)

    def _lowest(self, numbers: Iterable[int | float]) -> int:
        """Return the number after those that the document shows, not below what it allows."""
        least = shapes.find(self._document, [self._schema], "minimum")
        allowed = [1, *(int(number) + 1 for number in numbers)]
        if least is not None and isinstance(least.value, int | float) and isfinite(least.value):
            allowed.append(ceil(least.value))
        return max(allowed)

    def _samples(self, drawn: int) -> Iterator[Any]:
        for n in range(drawn, drawn + _SAMPLES):
            try:
                yield sample(self._document, self._schema, self._address, n, name="id")
            except Unsatisfiable:
                return


def _uuid(address: str) -> str:
    digest = hashlib.sha256(address.encode("utf-8", "replace")).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def successor(text: str, n: int) -> str:
    """Return the nth text after one that looks like it: `user-456` → `user-457`, `019b` → `019c`.

    Counted is what stands behind the last sign that is no letter and no digit: as a number, as a
    number in hex where it is long and looks like one, else each letter within its alphabet.
    """
    head, token = re.fullmatch(r"(.*?)([0-9A-Za-z]*)", text, re.DOTALL | re.ASCII).groups()  # type: ignore[union-attr]
    if token.isdigit():
        return f"{head}{int(token) + n:0{len(token)}d}"
    if _HEX.fullmatch(token):
        counted = f"{int(token, 16) + n:0{len(token)}x}"
        return head + (counted if token == token.lower() else counted.upper())
    return head + _counted(token, n) if token else f"{text}{n}"


def _counted(token: str, n: int) -> str:
    signs = list(token)
    for at in range(len(signs) - 1, -1, -1):
        zero = "0" if signs[at].isdigit() else "a" if signs[at].islower() else "A"
        n, rest = divmod(ord(signs[at]) - ord(zero) + n, _RADIX[zero])
        signs[at] = chr(ord(zero) + rest)
    return "".join(signs)

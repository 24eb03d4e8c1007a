"""What templates see, and where chance comes from.

Every draw has an address, and no draw shifts another.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from itertools import repeat
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import value_text
from mockserver.scenario.block import filled
from mockserver.scenario.moments import EPOCH, formatted, moment, offset_seconds
from mockserver.scenario.sandbox import TEXT_LIMIT
from mockserver.scenario.template import RenderError, Template
from mockserver.scenario.units import Span, UnitError, percentage, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mockserver.play.opening import Opening
    from mockserver.scenario.model import Scenario, Time

_LETTERS: Final = string.ascii_letters + string.digits
_VARIANT: Final = "89ab"


@dataclass(frozen=True, slots=True)
class Address:
    """Whose chance it is: seed, scenario, session, subscription."""

    seed: str
    scenario: str
    session: str = "default"
    subscription: int = 1
    anonymous: bool = False
    """Whether the session's name was made up, and says nothing."""

    def random(self, connection: int, step: str, field: str) -> Random:
        """Return the generator of one field of one step of one connection of the story."""
        return Random(self.text(connection, step, field))  # noqa: S311  (no secret is made)

    def text(self, connection: int, step: str, field: str) -> str:
        """Return what that chance is drawn from."""
        session = "" if self.anonymous else self.session
        place = f"{self.seed}/{self.scenario}/{session}/{self.subscription}"
        return f"{place}/{connection}/{step}/{field}"


class StoryScope:
    """The names of one subscription's request, for the steps of the story's connections."""

    def __init__(
        self,
        scenario: Scenario,
        address: Address,
        opening: Opening,
        epoch: datetime = EPOCH,
        example: Callable[[str], Any] | None = None,
    ) -> None:
        self.story = 0.0
        """Scripted seconds since the story began: what now() adds to the epoch."""
        self.connection = 0
        self.rounds: list[int] = []
        """The counters of the loops around the step, which are part of its address."""
        self.urls: Mapping[tuple[str, str], str] = {}
        """Where callbacks go, as requests of the story have said; see `calls.urls_said`."""
        self._scenario = scenario
        self._address = address
        self._epoch = epoch
        self._step = ("vars", "")
        self._random: Random | None = None
        self._opening = opening
        self._example = example or _no_example
        self.names: dict[str, Any] = {}
        """What templates see, filled when the first of them asks: most streams have none."""
        self._filled = False
        if scenario.vars:
            self._fill(scenario.vars)

    def again(self) -> Callable[[], StoryScope]:
        """Return what makes a scope like this one as it is now, without holding on to this one.

        What is made raises RenderError where the variables do.
        """
        given = (self._scenario, self._address, self._opening, self._epoch, self._example)
        connection, story, urls = self.connection, self.story, self.urls

        def make() -> StoryScope:
            scope = StoryScope(*given)
            scope.enter(connection)
            scope.story, scope.urls = story, urls
            return scope

        return make

    def enter(self, connection: int) -> None:
        """Go to the story's connection `connection`."""
        self.connection = self.names["connection"] = connection
        self.rounds.clear()

    def at(self, path: str, field: str) -> Mapping[str, Any]:
        """Return the names in reach of one field; draws made with them have its address."""
        self._step = (path, field)
        self._random = None
        if not self._filled:
            self._fill({})
        return self.names

    def _fill(self, variables: Mapping[str, Any]) -> None:
        self._filled = True
        values: dict[str, Any] = {}
        self.names |= {
            "request": self._opening.names(),
            "last_event_id": self._opening.last_event_id or "",
            "session": self._address.session,
            "subscription": self._address.subscription,
            "connection": self.connection,
            "vars": values,
            "now": self._now,
            "timestamp": self._timestamp,
            "uuid": self._uuid,
            "random_int": self._random_int,
            "random_float": self._random_float,
            "random_bool": self._random_bool,
            "pick": self._pick,
            "shuffle": self._shuffle,
            "random_string": self._random_string,
            "hex": self._hex,
            "example": self._example,
        }
        # Drawn once for the whole story, so that an id made here is the same on connection 2.
        for name, value in variables.items():
            values[name] = self.names[name] = filled(value, self.at("vars", name))

    def draw(self, path: str, field: str) -> Random:
        """Return the generator of one field."""
        return self._address.random(self.connection, self._in_round(path), field)

    def seed(self, path: str, field: str) -> str:
        """Return the text that one field's values are made from."""
        return self._address.text(self.connection, self._in_round(path), field)

    def _in_round(self, path: str) -> str:
        return path + "".join(f"#{n}" for n in self.rounds)

    def seconds(self, time: Time, path: str, field: str) -> float:
        """Return a duration, rendered and drawn where it has to be. Raises RenderError."""
        if isinstance(time, Template):
            time = self._as_span(time, path, field)
        return time.shortest if time.fixed else next(self.many_seconds(time, path, field))

    def many_seconds(self, time: Time, path: str, field: str) -> Iterator[float]:
        """Yield a duration again and again; one from a range is drawn every time."""
        if isinstance(time, Template):
            time = self._as_span(time, path, field)
        if time.fixed:
            yield from repeat(time.shortest)
        chance = self.draw(path, field)
        while True:
            yield round(chance.uniform(time.shortest, time.longest), 6)

    def chooser(self, path: str, field: str) -> Callable[[Sequence[str]], str]:
        """Return what draws one of several texts for one field."""
        return self.draw(path, field).choice

    def _as_span(self, time: Template, path: str, field: str) -> Span:
        value = time.value(self.at(path, f"{field} template"))
        try:
            return span(str(value))
        except UnitError as error:
            raise RenderError(time.where, f"{error.what}; {error.mend}") from None

    def count(self, number: Template, path: str) -> int:
        """Return the rounds that a template yields. Raises RenderError."""
        value = number.value(self.at(path, "times"))
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if type(value) is not int or value < 0:
            raise RenderError(number.where, f"times is no number of rounds: {value_text(value)}")
        return value

    def items(self, items: Any, path: str) -> list[Any]:
        """Return the list that `each` goes through. Raises RenderError."""
        found = filled(items, self.at(path, "in"))
        if isinstance(found, str):
            found = list(found)
        if not isinstance(found, list):
            assert isinstance(items, Template)
            raise RenderError(items.where, f"in is no list: {value_text(found)}")
        return found

    def happens(self, of: float | Template, path: str) -> bool:
        """Draw whether a chance happens. Raises RenderError."""
        if isinstance(of, Template):
            value = of.value(self.at(path, "of"))
            try:
                of = float(value) / 100 if isinstance(value, (int, float)) else percentage(value)
            except (UnitError, TypeError):
                what = f"of is no percentage: {value_text(value)}"
                raise RenderError(of.where, what) from None  # type: ignore[union-attr]
        return self.draw(path, "chance").random() < of

    # --- what templates call -----------------------------------------------------------------

    @property
    def _chance(self) -> Random:
        if self._random is None:
            self._random = self.draw(*self._step)
        return self._random

    def _now(self, format: str = "iso", offset: object = 0) -> str | int:  # noqa: A002
        return formatted(moment(self._epoch, self.story + offset_seconds(offset)), format)

    def _timestamp(self, offset: object = 0) -> str | int:
        return self._now("unix", offset)

    def _uuid(self) -> str:
        digits = f"{self._chance.getrandbits(128):032x}"
        variant = _VARIANT[int(digits[16], 16) % 4]  # RFC 9562 § 5.4: version 4
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def _random_int(self, low: int, high: int) -> int:
        return self._chance.randint(low, high)

    def _random_float(self, low: float, high: float) -> float:
        return round(self._chance.uniform(low, high), 6)

    def _random_bool(self) -> bool:
        return self._chance.random() < 0.5

    def _pick(self, values: Any) -> Any:
        return self._chance.choice(list(values))

    def _shuffle(self, values: Any) -> list[Any]:
        shuffled = list(values)
        self._chance.shuffle(shuffled)
        return shuffled

    def _random_string(self, length: int) -> str:
        _check_length(length)
        # 64 values a byte pair would be fairer; 62 of 256 leaves a bias nobody can see in tests.
        table = bytes(ord(_LETTERS[value % len(_LETTERS)]) for value in range(256))
        return self._chance.randbytes(length).translate(table).decode()

    def _hex(self, length: int) -> str:
        _check_length(length)
        return self._chance.randbytes((length + 1) // 2).hex()[:length]


def _check_length(length: int) -> None:
    if not 0 <= length <= TEXT_LIMIT:
        raise ValueError(f"a length from 0 to {TEXT_LIMIT:,}, not {length}")


def _no_example(name: str) -> Any:
    raise ValueError(f"the document has no schema {name!r} with an example")

"""The search for one value: alternatives in turn, what leaves doubt judged, work bounded."""

from __future__ import annotations

import json
import math
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.sampling import hints, names
from mockserver.contract.sampling.chance import chance
from mockserver.contract.sampling.composed import DEEPEST, LARGEST, made_array, made_object
from mockserver.contract.sampling.nearby import Taken, apart, fitting, odd
from mockserver.contract.sampling.plans import Impossible, Plan
from mockserver.contract.sampling.texts import encode
from mockserver.contract.values import sentence, short
from mockserver.late import late

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.schemas import Schema

DRAWS: Final = 20
"""How many values are made of a schema that leaves doubt, before none counts as found."""

WORK: Final = 30_000
"""How many values are made for one sample in all, with those that did not fit."""


class TooMuch(Exception):  # noqa: N818  (it is not the schema's fault alone)
    """So much has been tried that the search ends."""


class Draw:
    """Makes one value; holds how far it has come."""

    def __init__(self, address: str, n: int) -> None:
        self.chance = chance(address)
        self.n = n
        """Which of the values that a schema shows is taken."""
        self._turn = n
        """Which alternative of a choice is the first to be tried."""
        self.left = LARGEST
        """How many values may be made yet."""
        self.floor = 0
        """How many of these are for others than what is being made."""
        self._work = WORK
        self._open: dict[int, int] = {}
        """The schemas that a value is being made of, and how often."""
        self.depth = 0
        self.least = False
        """Whether only what is required is made, by the shortest way."""
        self._doubtful = False
        """Whether what is being made has to be judged."""
        self.own = False
        """Whether examples are passed over."""
        self._unions: list[Taken] = []
        """The unions of which one alternative alone is to fit what is being made."""

    def value(self, plan: Plan, name: str) -> Any:
        """Return a value that fits; raise Impossible."""
        self._work -= 1
        self.left -= 1
        if self._work < 0:
            raise TooMuch
        if plan.why:
            raise Impossible(plan.pointer, plan.why)
        if (found := self._listed(plan, name)) is not None:
            return found[0]
        shallow = self.least or plan.is_plain
        if shallow or not (self.is_open(plan.parts) or self.is_full()):
            return self._inside(plan, name)
        if plan.height == math.inf:
            raise Impossible(plan.pointer, "every value of it holds another without end")
        self.least = True
        try:
            return self._inside(plan, name)
        finally:
            self.least = False

    def _listed(self, plan: Plan, name: str) -> tuple[Any] | None:
        """Return one of the values that the schema lists or shows, if it does."""
        if plan.values is not None:
            if not plan.values:
                raise Impossible(plan.pointer, "none of the values that it lists fits the rest")
            return (_copy(plan.values[self.n % len(plan.values)]),)
        if not plan.shown or self.own:
            return None
        shown = plan.shown[self.n % len(plan.shown)]
        if self.n and len(plan.shown) == 1 and names.is_id(name):
            following = names.successor(shown, self.n)
            shown = following if plan.fits(following) else shown
        return (_copy(shown),)

    def is_open(self, parts: tuple[Schema, ...]) -> bool:
        """Tell whether these schemas are being followed already: they contain themselves."""
        return bool(parts) and all(id(part) in self._open for part in parts)

    def is_full(self) -> bool:
        """Tell whether what is optional is left out, since there is enough."""
        return self.left <= self.floor or self.depth > DEEPEST

    def share(self, outer: int, among: int) -> None:
        """Let the next of `among` that are to come use its share, so that the last one has some.

        `outer` values are for others than these.
        """
        self.floor = self.left - max(1, (self.left - outer) // among)

    def _inside(self, plan: Plan, name: str) -> Any:
        self.depth += 1
        self._follow(plan.parts)
        try:
            return self._judged(plan, name)
        finally:
            self.depth -= 1
            self._leave(plan.parts)

    def _follow(self, parts: tuple[Schema, ...]) -> None:
        for part in parts:
            self._open[id(part)] = self._open.get(id(part), 0) + 1

    def _leave(self, parts: tuple[Schema, ...]) -> None:
        for part in parts:
            self._open[id(part)] -= 1
            if not self._open[id(part)]:
                del self._open[id(part)]

    # What leaves doubt is judged, and made anew

    def _judged(self, plan: Plan, name: str) -> Any:
        before = self._doubtful, self.n, self.own, self._turn, self._unions
        self._turn = self.n
        draws = DRAWS if plan.choice is None else max(DRAWS, 2 * len(plan.choice.rows))
        if plan.choice is not None and plan.choice.alone:
            draws = 2 * len(plan.choice.rows)
        made: list[tuple[Any, list[Taken]]] = []
        try:
            for attempt in range(draws):
                self._doubtful, self._unions = False, []
                self.n = self._turn + attempt
                self.own = before[2] or attempt > 2
                try:
                    value = self._once(plan, name, attempt)
                except Impossible:
                    if not attempt:
                        raise
                    continue
                if self._is_good(plan, value):
                    return value
                made.append((value, self._unions))
                self._work -= DRAWS
            return self._mended(plan, made)
        finally:
            self._doubtful, self.n, self.own, self._turn, self._unions = before

    def _is_good(self, plan: Plan, value: Any) -> bool:
        """Tell whether a value fits, and of every `oneOf` one alternative alone."""
        if self._doubtful and not plan.fits(value):
            return False
        return all(fitting(union, value) == 1 for union in self._unions)

    def _mended(self, plan: Plan, made: list[tuple[Any, list[Taken]]]) -> Any:
        """Return a value that fits with a strange member, or of a strange type."""
        first, self._unions = made[0]
        for other in chain(apart(self._unions, first), odd(plan, first)):
            self._work -= 1
            if self._is_good(plan, other):
                return _copy(other)
        # Alternatives that a discriminator tells apart may be all the same.
        for value, _ in made:
            if plan.fits(value):
                return value
        why = f"{len(made)} values were made, and none is valid: {_fault(plan, first)}"
        raise Impossible(plan.pointer, why)

    def _once(self, plan: Plan, name: str, attempt: int) -> Any:
        """Return a value made with one alternative of each choice."""
        self._doubtful = self._doubtful or plan.doubtful
        choice = plan.choice
        if choice is None:
            return self._typed(plan, name, attempt)
        self._doubtful = self._doubtful or choice.doubtful
        fault = None
        rows = len(choice.rows)
        unions = self._unions
        for branch in self._branches(plan, attempt % rows):
            if choice.alone:
                self._unions = [*unions, Taken(plan.plans, choice, branch.via)]
            try:
                if (found := self._listed(branch, name)) is not None:
                    return found[0]
                self._follow((branch.via,))
                try:
                    return self._once(branch, name, attempt // rows)
                finally:
                    self._leave((branch.via,))
            except Impossible as error:
                fault = fault or error
        raise fault or Impossible(plan.pointer, "none of its alternatives is possible")

    def _branches(self, plan: Plan, attempt: int) -> Iterator[Plan]:
        """Yield the alternatives of a choice in turn; those that end or contain themselves last."""
        assert plan.choice is not None
        rows = list(enumerate(plan.choice.rows))
        start = (attempt + (self._turn if plan.choice.rotates else 0)) % len(rows)
        last = []
        for row, variants in rows[start:] + rows[:start]:
            for variant in range(len(variants)):
                branch = plan.branch(row, variant)
                if self.least or branch.types == ["null"] or self.is_open((branch.via,)):
                    last.append(branch)
                elif not branch.why:
                    yield branch
        if self.least:
            last = [branch for branch in last if branch.height < math.inf]
            last.sort(key=lambda branch: branch.height)
        yield from (branch for branch in last if not branch.why)

    # By type

    def _typed(self, plan: Plan, name: str, attempt: int) -> Any:
        types = plan.types
        if plan.is_open and names.is_number(name) and hints.text(name) is None:
            types = ["number", *types]
        if self.least:
            types = [type_ for type_ in types if plan.height_of(type_) < math.inf]
            types = sorted(types, key=plan.height_of)
        fault = None
        for type_ in types:
            try:
                return self._of_type(type_, plan, name, attempt)
            except Impossible as error:
                fault = fault or error
        raise fault or Impossible(plan.pointer, plan.why)

    def _of_type(self, type_: str, plan: Plan, name: str, attempt: int) -> Any:
        match type_:
            case "object":
                return made_object(self, plan, attempt)
            case "array":
                return made_array(self, plan, name, attempt)
            case "string":
                return self._text(plan, name)
            case "integer" | "number":
                return self._number(plan, name, type_)
            case "boolean":
                expected = names.truth(name) if not attempt else None
                return self.chance.random() < 0.5 if expected is None else expected
            case _:
                return None

    def _number(self, plan: Plan, name: str, type_: str) -> float:
        low, high, digits = names.number(name)
        if type_ == "integer":
            found: Iterator[float] = plan.bounds.integers(self.chance, math.ceil(low), int(high))
        else:
            found = plan.bounds.numbers(self.chance, low, high, digits)
        for number in found:
            return number
        raise Impossible(plan.pointer, f"no {type_} is within its bounds")

    def _text(self, plan: Plan, name: str) -> str:
        if plan.texts is None:
            raise Impossible(plan.pointer, "its pattern cannot be written from")
        if plan.content is not None:
            text = json.dumps(self.value(plan.content, name), ensure_ascii=False)
            text = encode(text) if plan.texts.encoded else text
            if plan.texts.hold(text):
                return text
        for text in plan.texts.texts(self.chance, name):
            return text
        raise Impossible(plan.pointer, "no text was found that has its length, pattern and format")


def _fault(plan: Plan, value: Any) -> str:
    try:
        error = late("jsonschema").exceptions.best_match(plan.validator.iter_errors(value))
    except Exception as broken:  # noqa: BLE001  (whatever a library fails by on strange schemas)
        return f"the schema cannot be applied: {type(broken).__name__}"
    return short(sentence(error), quote=False) if error else "it contradicts itself"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value

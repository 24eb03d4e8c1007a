"""Values made from schemas: what a schema shows for itself, else what fits it.

The same text as seed gives the same value in every process; a value that is returned is valid.
"""

from __future__ import annotations

import json
import math
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.sampling import hints, names
from mockserver.contract.sampling.alike import same
from mockserver.contract.sampling.chance import chance
from mockserver.contract.sampling.nearby import Taken, apart, fitting, odd
from mockserver.contract.sampling.plans import Impossible, Plan, Plans
from mockserver.contract.sampling.texts import encode
from mockserver.contract.values import fits, short, validator, value_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockserver.contract.document import Document
    from mockserver.contract.place import Place
    from mockserver.contract.schemas import Direction, Schema

DRAWS: Final = 20
"""How many values are made of a schema that leaves doubt, before none counts as found."""

LARGEST: Final = 1_000
"""How many values a sample may consist of, before what is optional is left out."""

DEEPEST: Final = 6
"""How many objects and arrays stand in each other, before what is optional is left out."""

WORK: Final = 30_000
"""How many values are made for one sample in all, with those that did not fit."""


class Unsatisfiable(ValueError):  # noqa: N818  (it says what the schema is)
    """No value was found that fits a schema; the text says which, and what stands against it."""


class _TooMuch(Exception):  # noqa: N818  (it is not the schema's fault alone)
    """So much has been tried that the search ends."""


def sample(
    document: Document,
    schema: Place,
    seed: str,
    n: int = 0,
    *,
    name: str = "",
    direction: Direction = "response",
) -> Any:
    """Return a value that fits a schema, the nth of a row; raise Unsatisfiable where none is found.

    `name` is what the value is called where it stands: a property or a parameter. In a response
    properties are left out that are `writeOnly`, in a request those that are `readOnly`.
    """
    where = f"no value fits the schema at {schema.pointer or 'the root'}"
    try:
        plan = _plan(document, schema, direction)
        value = _Draw(f"{seed}/{schema.pointer}/{n}", n).value(plan, name)
    except Impossible as error:
        at = f" at {error.pointer}" if error.pointer != schema.pointer else ""
        raise Unsatisfiable(f"{where}: {error.why}{at}") from None
    except _TooMuch:
        raise Unsatisfiable(f"{where}: {WORK} values were tried for it and its parts") from None
    except RecursionError:
        raise Unsatisfiable(f"{where}: it is nested too deeply") from None
    except (ArithmeticError, ValueError) as error:  # Bounds of sizes that no value can have.
        raise Unsatisfiable(f"{where}: {short(error, quote=False)}") from None
    if not fits(document, schema, value, direction):
        found = value_violations(document, schema, value, name or "value", direction)
        raise Unsatisfiable(f"{where}: {found[0].what if found else 'it contradicts itself'}")
    return value


def _plan(document: Document, schema: Place, direction: Direction) -> Plan:
    key = f"plans of a {direction}"
    if key not in document.cache:
        document.cache[key] = Plans(document, direction)
    plans: Plans = document.cache[key]
    return plans.plan([validator(document, schema, direction).schema])


class _Draw:
    """Makes one value; holds how far it has come."""

    def __init__(self, address: str, n: int) -> None:
        self._chance = chance(address)
        self._n = n
        self._turn = n
        """Which alternative of a choice is the first to be tried."""
        self._left = LARGEST
        self._floor = 0
        self._work = WORK
        self._open: dict[int, int] = {}
        """The schemas that a value is being made of, and how often."""
        self._depth = 0
        self._least = False
        """Whether only what is required is made, by the shortest way."""
        self._doubtful = False
        """Whether what is being made has to be judged."""
        self._own = False
        """Whether examples are passed over."""
        self._unions: list[Taken] = []
        """The unions of which one alternative alone is to fit what is being made."""

    def value(self, plan: Plan, name: str) -> Any:
        """Return a value that fits; raise Impossible."""
        self._work -= 1
        self._left -= 1
        if self._work < 0:
            raise _TooMuch
        if plan.why:
            raise Impossible(plan.pointer, plan.why)
        if (found := self._listed(plan, name)) is not None:
            return found[0]
        shallow = self._least or plan.is_plain
        if shallow or not (self._is_open(plan.parts) or self._is_full()):
            return self._inside(plan, name)
        if plan.height == math.inf:
            raise Impossible(plan.pointer, "every value of it holds another without end")
        self._least = True
        try:
            return self._inside(plan, name)
        finally:
            self._least = False

    def _listed(self, plan: Plan, name: str) -> tuple[Any] | None:
        """Return one of the values that the schema lists or shows, if it does."""
        if plan.values is not None:
            if not plan.values:
                raise Impossible(plan.pointer, "none of the values that it lists fits the rest")
            return (_copy(plan.values[self._n % len(plan.values)]),)
        if not plan.shown or self._own:
            return None
        shown = plan.shown[self._n % len(plan.shown)]
        if self._n and len(plan.shown) == 1 and names.is_id(name):
            following = names.successor(shown, self._n)
            shown = following if plan.fits(following) else shown
        return (_copy(shown),)

    def _is_open(self, parts: tuple[Schema, ...]) -> bool:
        """Tell whether these schemas are being followed already: they contain themselves."""
        return bool(parts) and all(id(part) in self._open for part in parts)

    def _is_full(self) -> bool:
        return self._left <= self._floor or self._depth > DEEPEST

    def _inside(self, plan: Plan, name: str) -> Any:
        self._depth += 1
        self._follow(plan.parts)
        try:
            return self._judged(plan, name)
        finally:
            self._depth -= 1
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
        before = self._doubtful, self._n, self._own, self._turn, self._unions
        self._turn = self._n
        draws = DRAWS if plan.choice is None else max(DRAWS, 2 * len(plan.choice.rows))
        if plan.choice is not None and plan.choice.alone:
            draws = 2 * len(plan.choice.rows)
        made: list[tuple[Any, list[Taken]]] = []
        try:
            for attempt in range(draws):
                self._doubtful, self._unions = False, []
                self._n = self._turn + attempt
                self._own = before[2] or attempt > 2
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
            self._doubtful, self._n, self._own, self._turn, self._unions = before

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
                if self._least or branch.types == ["null"] or self._is_open((branch.via,)):
                    last.append(branch)
                elif not branch.why:
                    yield branch
        if self._least:
            last = [branch for branch in last if branch.height < math.inf]
            last.sort(key=lambda branch: branch.height)
        yield from (branch for branch in last if not branch.why)

    # By type

    def _typed(self, plan: Plan, name: str, attempt: int) -> Any:
        types = plan.types
        if plan.is_open and names.is_number(name) and hints.text(name) is None:
            types = ["number", *types]
        if self._least:
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
                return self._object(plan, attempt)
            case "array":
                return self._array(plan, name, attempt)
            case "string":
                return self._text(plan, name)
            case "integer" | "number":
                return self._number(plan, name, type_)
            case "boolean":
                expected = names.truth(name) if not attempt else None
                return self._chance.random() < 0.5 if expected is None else expected
            case _:
                return None

    def _number(self, plan: Plan, name: str, type_: str) -> float:
        low, high, digits = names.number(name)
        if type_ == "integer":
            found: Iterator[float] = plan.bounds.integers(self._chance, math.ceil(low), int(high))
        else:
            found = plan.bounds.numbers(self._chance, low, high, digits)
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
        for text in plan.texts.texts(self._chance, name):
            return text
        raise Impossible(plan.pointer, "no text was found that has its length, pattern and format")

    def _object(self, plan: Plan, attempt: int) -> dict[str, Any]:
        asked, made = plan.members, dict[str, Any]()
        if asked.least > LARGEST * 10:
            raise Impossible(plan.pointer, f"{asked.least} members are more than are made")
        needed = sum(required for _, _, required in asked.known)
        rest = []
        outer = self._floor
        for index, (name, member, required) in enumerate(asked.known):
            # Every member may use its share of what is left, so that the last one has some.
            self._floor = self._left - max(1, (self._left - outer) // (len(asked.known) - index))
            room = len(made) + needed < asked.most
            if not required and not (room and self._is_wanted(member, attempt)):
                rest.append((name, member))
                continue
            try:
                made[name] = self.value(member, name)
            except Impossible as error:
                if required:
                    self._floor = outer
                    raise _required(plan, name, error) from None
            needed -= required
        self._floor = outer
        self._fill(plan, made, rest, attempt)
        return made

    def _is_wanted(self, member: Plan, attempt: int) -> bool:
        """Tell whether an optional member is made: all, none and some of them in turn."""
        if self._least or attempt % 3 == 1 or (attempt % 3 == 2 and self._chance.random() < 0.5):
            return False
        if self._left <= 0 or self._is_open(member.parts):
            return False
        return self._depth <= DEEPEST or not {"object", "array"} & set(member.types)

    def _fill(
        self, plan: Plan, made: dict[str, Any], rest: list[tuple[str, Plan]], attempt: int
    ) -> None:
        """Add members until there are enough."""
        asked = plan.members
        enough = asked.least
        if asked.mapped and not made and not self._least and attempt % 3 != 1 and asked.most >= 1:
            enough = max(enough, 1)
        for name, member in chain(rest, self._extra(plan, made)) if len(made) < enough else ():
            try:
                made[name] = self.value(member, name)
            except Impossible:
                continue
            if len(made) >= enough:
                return
        if len(made) < asked.least:
            raise Impossible(plan.pointer, f"it cannot have {asked.least} members")

    def _extra(self, plan: Plan, made: dict[str, Any]) -> Iterator[tuple[str, Plan]]:
        """Yield members with names of our own choice."""
        for tried in range(2 * plan.members.least + 20):
            name = self._free_name(plan, tried)
            if name is not None and name not in made:
                member = plan.member(name)
                if not (member.why or member.is_absent or self._is_open(member.parts)):
                    yield name, member

    def _free_name(self, plan: Plan, tried: int) -> str | None:
        named = plan.members.named
        shapes = plan.members.shapes
        parts = [*named, *(shapes[tried % len(shapes) :][:1] if shapes else [])]
        if not parts:
            return f"key{tried + 1}"
        self._n += tried
        try:
            name = self.value(plan.plans.plan(parts), "")
        except Impossible:
            return None
        finally:
            self._n -= tried
        return name if isinstance(name, str) else None

    def _array(self, plan: Plan, name: str, attempt: int) -> list[Any]:
        asked, made = plan.items, list[Any]()
        size = self._size(plan, attempt)
        if size > LARGEST * 10:
            raise Impossible(plan.pointer, f"{size} items are more than are made")
        outer = self._floor
        for index in range(size):
            self._floor = self._left - max(1, (self._left - outer) // (size - index))
            try:
                made.append(self._item(plan, _singular(name), index, made))
            except Impossible:
                if index < asked.least or index < len(asked.wanted):
                    raise
                break
            finally:
                self._floor = outer
        return made

    def _size(self, plan: Plan, attempt: int) -> int:
        asked = plan.items
        least = max(asked.least, len(asked.wanted))
        if self._least or attempt % 3 == 1 or self._is_full():
            return least
        item = plan.item(asked.first)
        if self._is_open(item.parts):
            return max(least, int(min(asked.first, asked.most)))
        usual = 2 if self._depth <= 3 else 1
        return max(least, int(min(max(usual, asked.first), asked.most)))

    def _item(self, plan: Plan, name: str, index: int, made: list[Any]) -> Any:
        """Return one item; of an array without doubles, one that is not among them yet."""
        asked = plan.items
        first = asked.first if asked.most >= asked.first + len(asked.wanted) else 0
        wanted = asked.wanted[index - first : index - first + 1] if index >= first else []
        item = plan.item(index, *wanted)
        n, own = self._n, self._own
        try:
            for tried in range(DRAWS):
                self._n = n + index + tried
                self._own = own or tried > 2
                value = self.value(item, name)
                if not asked.unique or not any(same(value, other) for other in made):
                    return value
        finally:
            self._n, self._own = n, own
        if (number := _unused(item, made)) is not None:
            return number
        raise Impossible(plan.pointer, f"{index + 1} items that differ were not found")


def _unused(item: Plan, made: list[Any]) -> int | None:
    """Return the first integer in order that fits and is not among some items."""
    if item.why or not {"integer", "number"} & set(item.types):
        return None
    tried = islice(item.bounds.in_order(), len(made) + 1)
    return next((n for n in tried if n not in made and item.fits(n)), None)


def _required(plan: Plan, name: str, error: Impossible) -> Impossible:
    if error.pointer:
        return error
    return Impossible(plan.pointer, f"{name!r} is required, and yet nothing is allowed there")


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _fault(plan: Plan, value: Any) -> str:
    from jsonschema.exceptions import best_match  # noqa: PLC0415  (50 ms)

    try:
        error = best_match(plan.validator.iter_errors(value))
    except Exception as broken:  # noqa: BLE001  (whatever a library fails by on strange schemas)
        return f"the schema cannot be applied: {type(broken).__name__}"
    return short(error.message, quote=False) if error else "it contradicts itself"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value

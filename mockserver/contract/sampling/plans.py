"""What schemas that hold together ask of a value, worked out once for all values made of them."""

from __future__ import annotations

import math
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mockserver.contract.formats import checker
from mockserver.contract.matching import draft
from mockserver.contract.sampling.alike import among, both, distinct, types_of
from mockserver.contract.sampling.choices import TYPES, Choice, also, choices, is_doubtful, made
from mockserver.contract.sampling.discriminators import Discriminators, bare
from mockserver.contract.sampling.numbers import Bounds
from mockserver.contract.sampling.texts import Texts
from mockserver.contract.schemas import (
    ABSENT,
    Direction,
    Normal,
    Schema,
    normaliser,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mockserver.contract.document import Document

MOST: Final = 30_000
"""How many plans of one document and direction are kept."""

_OF_TYPE: Final = {
    "object": {
        "properties", "required", "additionalProperties", "patternProperties", "propertyNames",
        "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
        "unevaluatedProperties",
    },
    "array": {
        "items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems",
        "unevaluatedItems",
    },
    "string": {"pattern", "minLength", "maxLength", "format", "contentSchema", "contentMediaType"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
}  # fmt: skip
_NUMERIC: Final = {"int32": "integer", "int64": "integer", "float": "number", "double": "number"}


class Impossible(Exception):  # noqa: N818  (it says what a value is, not what went wrong)
    """No value fits the schema at a pointer."""

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(pointer, why)
        self.pointer = pointer
        self.why = why


class Plans:
    """The plans of one document and direction, each worked out once."""

    def __init__(self, document: Document, direction: Direction) -> None:
        self.absent = ABSENT[direction]
        self._discriminators = Discriminators(document, normaliser(document, direction))
        self._plans: dict[tuple[int, ...], Plan] = {}
        self._also: dict[int, tuple[Normal, list[Schema]]] = {}
        self._choices: dict[int, tuple[Normal, list[Choice]]] = {}

    def plan(self, schemas: Iterable[Schema]) -> Plan:
        """Return the plan of schemas that hold together."""
        parts = {id(s): s for s in map(bare, schemas) if s is not True}
        key = tuple(parts)
        if key not in self._plans:
            if len(self._plans) >= MOST:
                self._plans, self._also, self._choices = {}, {}, {}
            self._plans[key] = Plan(self, tuple(parts.values()), frozenset())
        return self._plans[key]

    def also(self, schema: Normal) -> list[Schema]:
        """Return what holds wherever a schema does; the same objects every time."""
        if id(schema) not in self._also:
            self._also[id(schema)] = schema, also(schema)
        return self._also[id(schema)][1]

    def choices(self, schema: Normal) -> list[Choice]:
        """Return the choices of a schema; the same objects every time."""
        if id(schema) not in self._choices:
            self._choices[id(schema)] = (
                schema,
                [self._discriminators.tagged(schema, choice) for choice in choices(schema)],
            )
        return self._choices[id(schema)][1]

    def heir(self, schema: Normal, flat: Sequence[Normal]) -> Choice | None:
        """Return the choice of a name for a schema whose heirs are told apart by a property."""
        return self._discriminators.heir(schema, flat)


class Members(NamedTuple):
    """What is asked of an object."""

    known: list[tuple[str, Plan, bool]]
    """Name, plan and whether it is required; without what cannot be or is for the other side."""
    least: int
    most: float
    shapes: list[Schema]
    """What names fit that have a schema of their own."""
    named: list[Schema]
    """What names themselves have to fit."""
    mapped: bool
    """Whether names of one's own choice are what the object is for."""


class Items(NamedTuple):
    """What is asked of an array."""

    least: int
    most: float
    first: int
    """How many items have schemas of their own."""
    unique: bool
    wanted: list[Schema]
    """A schema for each item that has to be among them."""


class Plan:
    """What schemas that hold together ask, with some of their choices taken.

    `why` says what makes every value impossible, where that shows without trying.
    """

    def __init__(self, plans: Plans, parts: tuple[Schema, ...], taken: frozenset[Any]) -> None:
        self.plans = plans
        self.parts = parts
        self._taken = taken
        self._branches: dict[tuple[int, int], Plan] = {}
        self._members: dict[str, Plan] = {}
        self.via: Schema = True
        """The alternative that was taken last."""
        self.why = ""
        self.flat: list[Normal] = []
        self._own_last: list[Normal] = []
        seen: set[int] = set()
        for part in parts:
            self._flatten(part, seen)
        self.pointer = next((s.pointer for s in self.flat), "")
        self.types = self._types()
        if not self.types and not self.why:
            self.why = "its types have nothing in common"
        self.doubtful = any(is_doubtful(schema) for schema in self.flat)

    def _flatten(self, part: Schema, seen: set[int]) -> None:
        if part is False:
            self.why = "nothing is allowed here"
        if not isinstance(part, Normal) or id(part) in seen:
            return
        seen.add(id(part))
        self.flat.append(part)
        for more in self.plans.also(part):
            self._flatten(more, seen)
        self._own_last.append(part)

    def _types(self) -> list[str]:
        types: list[str] | None = None
        for schema in self.flat:
            if "type" in schema:
                asked = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
                types = asked if types is None else both(types, asked)
        if types is None:
            return self._guessed()
        return sorted(types, key="null".__eq__)

    def _guessed(self) -> list[str]:
        """Return all types, first those which the keywords are for."""
        keys = {key for schema in self.flat for key in (*schema, *schema.notes)}
        found = [type_ for type_, own in _OF_TYPE.items() if own & keys]
        formats = [schema.notes.get("format", "") for schema in self.flat]
        found = [_NUMERIC[name] for name in formats if name in _NUMERIC] + found
        return list(dict.fromkeys([*found, *TYPES]))

    @property
    def is_open(self) -> bool:
        """Whether anything goes, so that a name may say what is meant."""
        return not any(schema for schema in self.flat)

    @cached_property
    def is_absent(self) -> bool:
        """Whether this is only for the other direction."""
        return any(self.plans.absent in schema.notes for schema in self.flat)

    @cached_property
    def choice(self) -> Choice | None:
        """The first choice that is left to take."""
        for schema in self.flat:
            for choice in self.plans.choices(schema):
                if choice.key not in self._taken:
                    return choice
        for schema in self.flat:
            if (id(schema), "heir") not in self._taken and "discriminator" in schema.notes:
                return self.plans.heir(schema, self.flat)
        return None

    def branch(self, row: int, variant: int = 0) -> Plan:
        """Return the plan with an alternative of its choice taken."""
        assert self.choice is not None
        if (row, variant) not in self._branches:
            schema = bare(self.choice.rows[row][variant])
            parts = self.parts if schema is True else (*self.parts, schema)
            taken = self._taken | {self.choice.key}
            self._branches[row, variant] = Plan(self.plans, parts, taken)
            self._branches[row, variant].via = bare(self.choice.rows[row][-1])
        return self._branches[row, variant]

    # What the schema shows

    @cached_property
    def values(self) -> list[Any] | None:
        """All values that fit, where the schema lists them: those it shows go first."""
        lists = [[s["const"]] if "const" in s else s["enum"] for s in self.flat if _lists(s)]
        if not lists:
            return None
        every = [*(value for value in self._shown() if among(value, lists)), *lists[0]]
        return distinct(value for value in every if self.fits(value))

    @cached_property
    def shown(self) -> list[Any]:
        """The examples that fit, else the default if it does."""
        return distinct(self._shown())

    def _shown(self) -> Iterator[Any]:
        held = [*self._noted("example"), *(v for vs in self._noted("examples") for v in vs)]
        found = False
        for group in (held, self._noted("default")):
            for written in group:
                for value in self._mended(written):
                    if self.fits(value):
                        found = True
                        yield value
                        break
            if found:
                return

    def _noted(self, key: str) -> list[Any]:
        return [schema.notes[key] for schema in self.flat if key in schema.notes]

    def _mended(self, value: Any) -> Iterator[Any]:
        """Yield an example without what the direction leaves out; then with its type mended."""
        yield self.stripped(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)
        elif isinstance(value, str) and not {"string"} & set(self.types):
            try:
                number = float(value)
            except ValueError:
                return
            if math.isfinite(number):
                yield int(number) if number == int(number) else number

    def stripped(self, value: Any) -> Any:
        """Return a value without the members that are for the other direction."""
        if isinstance(value, dict) and value:
            plan = self.settled
            return {
                key: plan.member(key).stripped(item)
                for key, item in value.items()
                if not isinstance(key, str) or not plan.member(key).is_absent
            }
        if isinstance(value, list) and value:
            plan = self.settled
            return [plan.item(n).stripped(item) for n, item in enumerate(value)]
        return value

    @cached_property
    def settled(self) -> Plan:
        """The plan with the first alternative of every choice taken."""
        plan = self
        while plan.choice is not None:
            plan = plan.branch(0)
        return plan

    # Judging

    def fits(self, value: Any) -> bool:
        """Tell whether a value fits the schemas; plain values are judged without the library."""
        scalar = not isinstance(value, dict | list)
        if scalar and not self.doubtful and self.choice is None:
            return self._holds(value)
        try:
            return bool(self.validator.is_valid(value))
        except Exception:  # noqa: BLE001  (whatever a library fails by on strange schemas)
            return False

    @cached_property
    def validator(self) -> Any:
        """What judges values by the parts; of a choice taken by the alternative as well."""
        schema = self.parts[0] if len(self.parts) == 1 else {"allOf": list(self.parts)}
        return draft()(schema, format_checker=checker())

    def _holds(self, value: Any) -> bool:
        lists = [[s["const"]] if "const" in s else s["enum"] for s in self.flat if _lists(s)]
        if not set(types_of(value)) & set(self.types) or (lists and not among(value, lists)):
            return False
        if isinstance(value, str):
            return self.texts is not None and self.texts.hold(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.bounds.hold(value)
        return True

    # By type

    @cached_property
    def bounds(self) -> Bounds:
        """What is asked of a number."""
        bounds = Bounds()
        for schema in self.flat:
            bounds.add(schema)
        return bounds

    @cached_property
    def texts(self) -> Texts | None:
        """What is asked of a text; None where a pattern is beyond us."""
        texts = Texts()
        try:
            for schema in self.flat:
                texts.add(schema, schema.notes)
        except ValueError:
            return None
        return texts

    @cached_property
    def content(self) -> Plan | None:
        """What is asked of the JSON that a text holds, where it does."""
        media = [str(m) for m in self._noted("contentMediaType")]
        schemas = self._noted("contentSchema")
        if not schemas and not any(m.partition(";")[0].endswith("json") for m in media):
            return None
        return self.plans.plan(schemas)

    @cached_property
    def members(self) -> Members:
        """What is asked of an object."""
        required = dict.fromkeys(n for s in self.flat for n in s.get("required", ()))
        names = dict.fromkeys(n for s in self._own_last for n in s.get("properties", {}))
        known = []
        for name in names | required:
            plan = self.member(name)
            if name in required or not (plan.why or plan.is_absent or not self._may_be(name)):
                known.append((name, plan, name in required))
        extra = [s["additionalProperties"] for s in self.flat if "additionalProperties" in s]
        shapes: list[Schema] = [
            made(s.pointer, type="string", pattern=p)
            for s in self.flat
            for p in s.get("patternProperties", {})
        ]
        return Members(
            known,
            max((int(s.get("minProperties", 0)) for s in self.flat), default=0),
            min((s.get("maxProperties", math.inf) for s in self.flat), default=math.inf),
            shapes,
            self._named,
            not names and (bool(shapes) or any(isinstance(s, dict) for s in extra)),
        )

    @cached_property
    def _named(self) -> list[Schema]:
        return [s["propertyNames"] for s in self.flat if "propertyNames" in s]

    def _may_be(self, name: str) -> bool:
        return not self._named or self.plans.plan(self._named).fits(name)

    def member(self, name: str) -> Plan:
        """Return the plan of one member of an object."""
        if name not in self._members:
            parts: list[Schema] = []
            apart: list[Schema] = []
            for schema in self.flat:
                found = list(_of_member(schema, name))
                if not found and "additionalProperties" in schema:
                    found = [schema["additionalProperties"]]
                if not found and "unevaluatedProperties" in schema:
                    apart.append(schema["unevaluatedProperties"])
                parts += found
            plan = self.plans.plan(parts or apart)
            if len(self._members) > 10_000:
                return plan
            self._members[name] = plan
        return self._members[name]

    @cached_property
    def items(self) -> Items:
        """What is asked of an array."""
        wanted = [
            s["contains"]
            for s in self.flat
            if "contains" in s
            for _ in range(min(int(s.get("minContains", 1)), 1000))
        ]
        first = max((len(s.get("prefixItems", ())) for s in self.flat), default=0)
        return Items(
            max((int(s.get("minItems", 0)) for s in self.flat), default=0),
            min((s.get("maxItems", math.inf) for s in self.flat), default=math.inf),
            first,
            any(s.get("uniqueItems") is True for s in self.flat),
            wanted,
        )

    def item(self, index: int, *more: Schema) -> Plan:
        """Return the plan of one item of an array."""
        parts: list[Schema] = list(more)
        for schema in self.flat:
            first = schema.get("prefixItems", ())
            if index < len(first):
                parts.append(first[index])
            elif "items" in schema:
                parts.append(schema["items"])
            elif "unevaluatedItems" in schema:
                parts.append(schema["unevaluatedItems"])
        parts += self._too_many(index) if not more else ()
        return self.plans.plan(parts)

    def _too_many(self, index: int) -> Iterator[Schema]:
        """Yield what an item may not be, after as many of a kind as there may be."""
        for schema in self.flat:
            if "contains" in schema and "maxContains" in schema:
                kind = schema["contains"]
                if index >= self.items.first + len(self.items.wanted):
                    denied = self._denied.setdefault(
                        id(kind), made(schema.pointer, **{"not": kind})
                    )
                    yield denied

    @cached_property
    def _denied(self) -> dict[int, Normal]:
        """The schemas that items may not fit, each made once: plans are known by their parts."""
        return {}

    # Depth

    @cached_property
    def height(self) -> float:
        """How many objects and arrays the flattest value has inside each other, at the most.

        Infinite where every value holds another of the same kind. The least fixed point over all
        plans that such a value needs, so that it depends on nothing but the schemas.
        """
        needs: dict[int, tuple[Plan, list[list[Plan]]]] = {}
        waiting = [self]
        while waiting:
            plan = waiting.pop()
            if id(plan) not in needs:
                needs[id(plan)] = plan, plan.needs()
                waiting += [p for way in needs[id(plan)][1] for p in way]
        heights = dict.fromkeys(needs, math.inf)
        changed = True
        while changed:
            changed = False
            for key, (_, ways) in needs.items():
                of_ways = (max((heights[id(p)] + 1 for p in way), default=0.0) for way in ways)
                height = min(of_ways, default=math.inf)
                if height < heights[key]:
                    heights[key] = height
                    changed = True
        for key, (plan, _) in needs.items():
            plan.__dict__["height"] = heights[key]
        return heights[id(self)]

    def height_of(self, type_: str) -> float:
        """How many objects and arrays the flattest value of one type has inside each other."""
        return max((plan.height + 1 for plan in self._needs_of(type_)), default=0.0)

    def needs(self) -> list[list[Plan]]:
        """Return the ways to a value: each is what such a value must hold."""
        if self.why or self.values == []:
            return []
        if self.is_plain or self.values or self.shown:
            return [[]]
        if self.choice is not None:
            rows = enumerate(self.choice.rows)
            return [[self.branch(n, variant)] for n, row in rows for variant in range(len(row))]
        return [self._needs_of(type_) for type_ in self.types]

    def _needs_of(self, type_: str) -> list[Plan]:
        if type_ == "object":
            return [plan for _, plan, required in self.members.known if required]
        if type_ == "array":
            least = max(self.items.least, len(self.items.wanted))
            return [self.item(n) for n in range(min(least, self.items.first + 1))]
        return []

    @cached_property
    def is_plain(self) -> bool:
        """Whether values are neither objects nor arrays, and leave no choice."""
        return self.choice is None and not {"object", "array"} & set(self.types)


def _of_member(schema: Normal, name: str) -> Iterator[Schema]:
    properties = schema.get("properties", {})
    if name in properties:
        yield properties[name]
    for pattern, asked in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            yield asked


def _lists(schema: Normal) -> bool:
    return "const" in schema or "enum" in schema

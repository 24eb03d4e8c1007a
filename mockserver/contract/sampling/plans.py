"""What schemas that hold together ask of a value, worked out once for all values made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.formats import checker
from mockserver.contract.matching import draft
from mockserver.contract.sampling.alike import among, both, types_of
from mockserver.contract.sampling.choices import TYPES, Choice, also, choices, is_doubtful
from mockserver.contract.sampling.discriminators import Discriminators, bare
from mockserver.contract.sampling.heights import height, height_of
from mockserver.contract.sampling.members import (
    Items,
    Members,
    items_of,
    members_of,
    schemas_at,
    schemas_of,
)
from mockserver.contract.sampling.numbers import Bounds
from mockserver.contract.sampling.shown import listed, shown
from mockserver.contract.sampling.texts import Texts
from mockserver.contract.schemas import (
    ABSENT,
    Direction,
    Normal,
    Schema,
    normaliser,
)
from mockserver.shared import once

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
        self.own_last: list[Normal] = []
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
        self.own_last.append(part)

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

    @once
    def is_absent(self) -> bool:
        """Whether this is only for the other direction."""
        return any(self.plans.absent in schema.notes for schema in self.flat)

    @once
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

    @once
    def lists(self) -> list[list[Any]]:
        """The lists of values of which a value has to be in each."""
        return [
            [schema["const"]] if "const" in schema else schema["enum"]
            for schema in self.flat
            if "const" in schema or "enum" in schema
        ]

    @once
    def values(self) -> list[Any] | None:
        """All values that fit, where the schema lists them: those it shows go first."""
        return listed(self)

    @once
    def shown(self) -> list[Any]:
        """The examples that fit, else the default if it does."""
        return shown(self)

    def noted(self, key: str) -> list[Any]:
        """Return what the schemas note by a key that asks nothing of a value."""
        return [schema.notes[key] for schema in self.flat if key in schema.notes]

    @once
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

    @once
    def validator(self) -> Any:
        """What judges values by the parts; of a choice taken by the alternative as well."""
        schema = self.parts[0] if len(self.parts) == 1 else {"allOf": list(self.parts)}
        return draft()(schema, format_checker=checker())

    def _holds(self, value: Any) -> bool:
        if not set(types_of(value)) & set(self.types) or not among(value, self.lists):
            return False
        if isinstance(value, str):
            return self.texts is not None and self.texts.hold(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.bounds.hold(value)
        return True

    # By type

    @once
    def bounds(self) -> Bounds:
        """What is asked of a number."""
        bounds = Bounds()
        for schema in self.flat:
            bounds.add(schema)
        return bounds

    @once
    def texts(self) -> Texts | None:
        """What is asked of a text; None where a pattern is beyond us."""
        texts = Texts()
        try:
            for schema in self.flat:
                texts.add(schema, schema.notes)
        except ValueError:
            return None
        return texts

    @once
    def content(self) -> Plan | None:
        """What is asked of the JSON that a text holds, where it does."""
        media = [str(m) for m in self.noted("contentMediaType")]
        schemas = self.noted("contentSchema")
        if not schemas and not any(m.partition(";")[0].endswith("json") for m in media):
            return None
        return self.plans.plan(schemas)

    @once
    def members(self) -> Members:
        """What is asked of an object."""
        return members_of(self)

    def member(self, name: str) -> Plan:
        """Return the plan of one member of an object."""
        if name not in self._members:
            plan = self.plans.plan(schemas_of(self.flat, name))
            if len(self._members) > 10_000:
                return plan
            self._members[name] = plan
        return self._members[name]

    @once
    def items(self) -> Items:
        """What is asked of an array."""
        return items_of(self)

    def item(self, index: int, *more: Schema) -> Plan:
        """Return the plan of one item of an array."""
        parts = [*more, *schemas_at(self.flat, index)]
        if not more and index >= self.items.first + len(self.items.wanted):
            parts += self.items.denied
        return self.plans.plan(parts)

    # Depth

    @once
    def height(self) -> float:
        """How many objects and arrays the flattest value has inside each other, at the most."""
        return height(self)

    def height_of(self, type_: str) -> float:
        """Return the same of the values of one type."""
        return height_of(self, type_)

    @once
    def is_plain(self) -> bool:
        """Whether values are neither objects nor arrays, and leave no choice."""
        return self.choice is None and not {"object", "array"} & set(self.types)

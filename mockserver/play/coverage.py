"""How much of a document scenarios reach, and how much of it clients have really been sent.

What counts are its operations, the responses it declares for them, and the kinds of events of
their streams. A client has exercised what it was sent whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from math import floor
from typing import TYPE_CHECKING, Final, Literal, get_args

from mockserver.contract.streams import DEFAULT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockserver.contract import Branch
    from mockserver.play.reach import Reach, Reached
    from mockserver.play.tally import Tally

Kind = Literal["operations", "responses", "events"]
By = Literal["scenarios", "exercised"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
_COMPONENT: Final = "/components/schemas/"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the document promises: who reaches it, and whether a client got it."""

    name: str
    pointer: str
    scenarios: Sequence[str]
    exercised: bool = False

    def by(self, by: By) -> bool:
        """Whether it is covered in that sense."""
        return self.exercised if by == "exercised" else bool(self.scenarios)


@dataclass(frozen=True, slots=True)
class Part:
    """One operation with what belongs to it."""

    item: Item
    method: str
    path: str
    responses: Sequence[Item]
    events: Sequence[Item]

    def items(self, kind: Kind) -> Sequence[Item]:
        """Return its items of one kind."""
        match kind:
            case "operations":
                return (self.item,)
            case "responses":
                return self.responses
            case "events":
                return self.events


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    total: int

    @property
    def percent(self) -> float | None:
        """The percentage, rounded down to a tenth: 100 says that nothing is missing."""
        return floor(1000 * self.part / self.total) / 10 if self.total else None

    def is_below(self, minimum: float) -> bool:
        """Whether it is less than a percentage; nothing is never too little of nothing."""
        return 100 * self.part < minimum * self.total


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one document; `ran`: with what clients were sent."""

    document: str
    parts: Sequence[Part]
    ran: bool

    def items(self, kind: Kind) -> Iterator[Item]:
        """Yield all items of one kind, in document order."""
        for part in self.parts:
            yield from part.items(kind)

    def share(self, kind: Kind, by: By) -> Share:
        """Return how many items of a kind are covered in that sense."""
        covered = [item.by(by) for item in self.items(kind)]
        return Share(sum(covered), len(covered))

    def missed(self, minimum: Mapping[Kind, float], by: By) -> dict[Kind, list[str]]:
        """Return what is not covered, by name, of the kinds of which too little is."""
        return {
            kind: [
                part.item.name if kind == "operations" else f"{part.item.name} {item.name}"
                for part in self.parts
                for item in part.items(kind)
                if not item.by(by)
            ]
            for kind in KINDS
            if self.share(kind, by).is_below(minimum.get(kind, 0))
        }


def coverage(reach: Reach, tally: Tally | None = None) -> Coverage:
    """Return the coverage, as far as `reach` and `tally` have found it out.

    Without a tally there are no clients.
    """
    parts = [_part(reached, tally) for reached in reach.operations]
    return Coverage(reach.document, parts, tally is not None)


def coverage_at_once(reach: Reach, tally: Tally | None = None) -> Coverage:
    """Return the coverage, all of which is found out before."""
    for _ in chain(reach.find(), tally.settle() if tally else ()):
        pass
    return coverage(reach, tally)


def _part(reached: Reached, tally: Tally | None) -> Part:
    operation = reached.operation
    sent = tally.statuses(operation.id) if tally else set()
    branches = tally.branches(operation.id) if tally else ()
    answered = {reached.declared(status) for status in sent}
    exercised = {branch.known_by for branch in branches}
    names = event_names([branch for branch, _ in reached.events])
    pointer = operation.pointer
    return Part(
        Item(operation.id, pointer, reached.scenarios, bool(sent or branches)),
        operation.method,
        operation.path,
        [
            Item(name, f"{pointer}/responses/{name}", scenarios, name in answered)
            for name, scenarios in reached.responses.items()
        ],
        [
            Item(name, branch.pointer, scenarios, branch.known_by in exercised)
            for name, (branch, scenarios) in zip(names, reached.events, strict=True)
        ],
    )


# --- names of events ---------------------------------------------------------------------------


def event_names(branches: Sequence[Branch]) -> list[str]:
    """Return a name for every kind of event of a stream, no two alike."""
    names = [_name(branch) for branch in branches]
    alike = {name for name, count in Counter(names).items() if count > 1}
    names = [
        f"{name} ({_detail(branch)})" if name in alike else name
        for name, branch in zip(names, branches, strict=True)
    ]
    counts: Counter[str] = Counter()
    found = []
    for name in names:
        counts[name] += 1
        found.append(name if counts[name] == 1 else f"{name} #{counts[name]}")
    return found


def _name(branch: Branch) -> str:
    if branch.declared:
        return branch.event or branch.sentinel or DEFAULT_TYPE
    return branch.sentinel or branch.name or _schema_name(branch) or DEFAULT_TYPE


def _detail(branch: Branch) -> str:
    return branch.sentinel or branch.name or _schema_name(branch) or branch.pointer


def _schema_name(branch: Branch) -> str:
    _, component, name = branch.pointer.rpartition(_COMPONENT)
    title = branch.schema.get("title") if isinstance(branch.schema, dict) else None
    if component and "/" not in name:
        return name
    return title if isinstance(title, str) else ""


# --- minimum -----------------------------------------------------------------------------------


def read_minimum(text: str) -> dict[Kind, float]:
    """Read `80`, for each kind, or `operations=100,events=80`. Raises ValueError with the mend."""
    if "=" not in text:
        return dict.fromkeys(KINDS, _percentage(text))
    minimum: dict[Kind, float] = {}
    for pair in text.split(","):
        name, _, value = pair.partition("=")
        kind = next((kind for kind in KINDS if kind == name.strip()), None)
        if kind is None:
            raise ValueError(f"{name.strip()!r} is none of {', '.join(KINDS)}")
        minimum[kind] = _percentage(value)
    return minimum


def _percentage(text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise ValueError(
            f"{text.strip()!r} is no percentage: write 80, or operations=100,events=80"
        )
    return value

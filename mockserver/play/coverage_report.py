"""How the coverage of a document is shown: as plain data, as a table, and as what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import Location, Problem
from mockserver.play.coverage import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mockserver.play.coverage import By, Coverage, Item, Kind, Part

LISTED: Final = 10
"""Scenarios that are listed of one item; the rest is counted."""
MISSED: Final = 30
"""Items that a line about what is missing names; the rest is counted."""
_WHOSE: Final[Mapping[By, str]] = {"scenarios": "scenarios reach", "exercised": "clients were sent"}
_MENDS: Final[Mapping[By, str]] = {
    "scenarios": "write scenarios that reach",
    "exercised": "let clients ask for",
}


def shortfalls(found: Coverage, minimum: Mapping[Kind, float], by: By) -> list[Problem]:
    """Return a problem for every kind of which too little is covered; it names what is missing."""
    return [
        Problem(
            Location(found.document),
            f"{_WHOSE[by]} {_share(found, kind, by)}, less than {minimum[kind]:g} %",
            "too-little-coverage",
            f"{_MENDS[by]}: {_listed(names)}",
        )
        for kind, names in found.missed(minimum, by).items()
    ]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MISSED} more" if len(names) > MISSED else ""
    return ", ".join(names[:MISSED]) + more


def as_json(found: Coverage, minimum: Mapping[Kind, float] | None = None) -> dict[str, Any]:
    """Return the coverage as plain data; `enough` where there is a minimum.

    The minimum is held against what clients were sent, where it is known.
    """
    enough: dict[str, Any] = {}
    if minimum is not None:
        by: By = "exercised" if found.ran else "scenarios"
        enough = {"minimum": dict(minimum), "enough": not found.missed(minimum, by)}
    return {
        "document": found.document,
        **enough,
        "summary": {kind: _summary(found, kind) for kind in KINDS},
        "operations": [_part_json(part, ran=found.ran) for part in found.parts],
    }


def _summary(found: Coverage, kind: Kind) -> dict[str, Any]:
    reached = found.share(kind, "scenarios")
    told = {
        "total": reached.total,
        "scenarios": reached.part,
        "scenarios_percent": reached.percent,
    }
    if found.ran:
        sent = found.share(kind, "exercised")
        told |= {"exercised": sent.part, "exercised_percent": sent.percent}
    return told


def _part_json(part: Part, *, ran: bool) -> dict[str, Any]:
    return {
        "operation": part.item.name,
        "method": part.method,
        "path": part.path,
        **_item_json(part.item, ran=ran),
        "responses": [{"status": r.name, **_item_json(r, ran=ran)} for r in part.responses],
        "events": [{"event": e.name, **_item_json(e, ran=ran)} for e in part.events],
    }


def _item_json(item: Item, *, ran: bool) -> dict[str, Any]:
    told = {
        "pointer": item.pointer,
        "scenarios": list(item.scenarios[:LISTED]),
        "scenario_count": len(item.scenarios),
    }
    return told | ({"exercised": item.exercised} if ran else {})


def summary_line(found: Coverage, by: By) -> str:
    """Return the shares of all kinds in one line."""
    return f"{_WHOSE[by]} {', '.join(_share(found, kind, by) for kind in KINDS)}"


def _share(found: Coverage, kind: Kind, by: By) -> str:
    share = found.share(kind, by)
    if share.percent is None:
        return f"no {kind}"
    return f"{kind} {share.part} of {share.total} ({share.percent:g} %)"


def as_text(found: Coverage) -> str:
    """Return the coverage as a table: a line an item, who reaches it, and whether it was sent."""
    lines = [summary_line(found, "scenarios")]
    if found.ran:
        lines.append(summary_line(found, "exercised"))
    lines.append("")
    rows = [row for part in found.parts for row in _rows(part)]
    wide = max((len(name) for name, _ in rows), default=0)
    for name, item in rows:
        mark = ("x  " if item.exercised else "-  ") if found.ran else ""
        lines.append(f"{name:{wide}}  {mark}{_who(item.scenarios)}")
    if found.ran:
        lines += ["", "x: a client was sent it"]
    return "\n".join(lines) + "\n"


def _rows(part: Part) -> Iterator[tuple[str, Item]]:
    yield part.item.name, part.item
    yield from ((f"  {item.name}", item) for item in (*part.responses, *part.events))


def _who(scenarios: Sequence[str]) -> str:
    if not scenarios:
        return "-"
    more = len(scenarios) - 1
    return f"{scenarios[0]} and {more} more" if more else scenarios[0]

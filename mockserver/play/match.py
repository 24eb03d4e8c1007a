"""Says which scenario answers a request (section 6 of the language)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.errors import ControlError, did_you_mean
from mockserver.scenario.conditions import fits, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockserver.play.opening import Opening
    from mockserver.scenario.program import Program


def choose(
    programs: Sequence[Program], opening: Opening, named: str | None, pinned: Sequence[str]
) -> Program | None:
    """Return the program that answers `opening`, of those for its operation.

    `named` is what the request itself asks for, `pinned` what its session prefers. None: the
    document's own examples answer. Raises ControlError (400) for a name that is none here.
    """
    by_name = {program.name: program for program in programs}
    if named is not None:
        if named not in by_name:
            raise ControlError(
                400,
                f"this operation has no scenario {named!r}",
                code="unknown-scenario",
                mend=did_you_mean(named, by_name),
                scenarios=sorted(by_name),
            )
        return by_name[named]
    for name in pinned:
        if name in by_name:
            return by_name[name]
    fitting = [p for p in programs if fits(p.scenario.when, opening)]
    return max(fitting, key=lambda p: rank(p.scenario), default=None)

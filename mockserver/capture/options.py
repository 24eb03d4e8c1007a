"""What whoever writes a recording may choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Masks:
    """Which secrets are replaced: `names` are more headers, parameters and members that hold one.

    Names are compared without case and without `-`, `_` and space; `*` stands for anything.
    """

    names: tuple[str, ...] = ()
    on: bool = True


DEFAULT_MASKS: Final = Masks()
NO_MASKS: Final = Masks(on=False)


@dataclass(frozen=True, slots=True)
class Options:
    """How exchanges become scenarios.

    `exact` keeps every delay to the microsecond. `source` says where they come from, for
    descriptions: the URL of the upstream, or the name of a file.
    """

    exact: bool = False
    masks: Masks = DEFAULT_MASKS
    source: str = ""

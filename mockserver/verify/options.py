"""How a backend is verified: what is sent, how exactly it is compared, how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Order = Literal["exact", "types", "set"]
"""How events are compared with the scenario's: one by one; by their types in order, of which
repeats count once; or by their types in any order."""
ORDERS: Final[tuple[Order, ...]] = ("types", "exact", "set")

Match = Literal["shape", "exact"]
"""Whether values are held to the document alone, or to what the scenario writes literally, too."""
MATCHES: Final[tuple[Match, ...]] = ("shape", "exact")

TIMEOUT: Final = 30.0
TOLERANCE: Final = 0.5
COUNT: Final = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator asks for.

    `parameters` are values by `NAME`, or by `OPERATION.NAME` for one operation alone. `headers`
    go with every request; their values are credentials as far as we know, and are never shown.
    `key` is `id` or a JSON pointer into the data, by which events are told apart beside their type.
    `timeout` is how many seconds longer than its script a connection may take, `tolerance` by
    which part of its interval a heartbeat may be late, `count` how many events of a stream without
    an end are read. With `prefer` requests name their scenario, as mock servers want it.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    order: Order = "types"
    key: str = ""
    match: Match = "shape"
    seed: str = "0"
    timeout: float = TIMEOUT
    tolerance: float = TOLERANCE
    count: int = COUNT
    prefer: bool = False

    def parameter(self, operation: str, name: str) -> str | None:
        """Return the value given for a parameter of an operation, or None."""
        return self.parameters.get(f"{operation}.{name}", self.parameters.get(name))

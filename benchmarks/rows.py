"""What is measured: one line of the table, and how it is compared with a yardstick."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import files
from processes import HERE, Client, serve

SPEC = HERE / "bench.openapi.yaml"
TICKS = 21
"""Events of a timed stream, one a second."""


@dataclass(frozen=True)
class Row:
    """One line of the table; `ratio` is ours to bare's."""

    measure: str
    unit: str
    ours: float
    bare: float | None
    target: str
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.bare if self.bare else None


@dataclass(frozen=True)
class Bench:
    """What every measure needs: a folder to write in, and how often to repeat."""

    folder: Path
    rounds: int

    def client(self) -> Client:
        return Client.compile(self.folder)

    def ours(self) -> list[str]:
        return serve(SPEC, files.write_stories(self.folder / "stories", TICKS))


def compared(
    name: str, unit: str, ours: float, bare: float, least: float = 0, most: float = 0
) -> Row:
    """Make a row whose ratio has to be at least `least`, or at most `most`."""
    ratio = ours / bare
    met = ratio >= least if least else ratio <= most
    return Row(name, unit, ours, bare, f"≥ {least:g} x" if least else f"≤ {most:g} x", met)


def alternating(
    rounds: int, ours: Callable[[], float], bare: Callable[[], float]
) -> tuple[float, float]:
    """Measure both in turn, after one round that does not count; return the medians."""
    pairs = [(ours(), bare()) for _ in range(rounds + 1)][1:]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)

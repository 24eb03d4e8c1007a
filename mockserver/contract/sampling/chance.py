"""Where the chance of samples comes from: a text, so that the same text draws the same anywhere."""

from __future__ import annotations

from random import Random

Chance = Random


def chance(address: str) -> Chance:
    """Return what draws by this address; of equal addresses, the same."""
    return Random(address)  # noqa: S311  (nothing is kept secret by it)

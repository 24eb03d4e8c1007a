"""Heartbeats that leave, told to whoever follows the journals closely; no journal has them."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

BEATS: Final = 1_000
"""Heartbeats that are held for those who follow."""


class Beat(NamedTuple):
    """A heartbeat left at `at`, by the session's clock; the rest are those of `Opened`."""

    session: str
    at: float
    scenario: str
    subscription: int
    connection: int
    serial: int


class Beats:
    """The last heartbeats of all sessions, while anybody wants to be told of them."""

    def __init__(self) -> None:
        self.watchers = 0
        """Who wants to be told."""
        self.count = 0
        """How many there were to be told."""
        self._held: deque[Beat] = deque(maxlen=BEATS)

    def add(self, beat: Beat) -> None:
        """Hold a heartbeat."""
        self.count += 1
        self._held.append(beat)

    def after(self, count: int) -> list[Beat]:
        """Return those after the first `count`, as far as they are held."""
        wanted = min(self.count - count, len(self._held))
        return list(self._held)[len(self._held) - wanted :]

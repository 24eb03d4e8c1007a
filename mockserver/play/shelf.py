"""Subscriptions that wait for their client, found without looking at all of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockserver.play.story import Subscription

    _Fits: TypeAlias = Callable[[Subscription], bool]

REMEMBERED: Final = 10_000
"""Subscriptions without a client that are kept for one scenario and identity."""
SCANNED: Final = 100
"""Of those whose client left, how many are asked whether they have sent an id."""


class Shelf:
    """Subscriptions in the order in which they began to wait, and by the last id they sent."""

    def __init__(self) -> None:
        self._all: dict[int, Subscription] = {}
        self._by_id: dict[str, dict[int, Subscription]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Subscription]:
        return islice(self._all.values(), SCANNED)

    def put(self, subscription: Subscription) -> None:
        """Add one that begins to wait now; the longest waiting makes room for it."""
        number = subscription.address.subscription
        self._all[number] = subscription
        self._by_id.setdefault(subscription.last_id or "", {})[number] = subscription
        if len(self._all) > REMEMBERED:
            self.take(next(iter(self._all.values())))

    def take(self, subscription: Subscription) -> None:
        """Take one off the shelf, if it is there."""
        number = subscription.address.subscription
        if self._all.pop(number, None) is None:
            return
        same = self._by_id[subscription.last_id or ""]
        del same[number]
        if not same:
            del self._by_id[subscription.last_id or ""]

    def first(self, fits: _Fits) -> Subscription | None:
        """Return the one that has waited longest; those that do not fit any more are dropped."""
        return self._living(lambda: self._all, fits)

    def with_last_id(self, last_id: str, fits: _Fits) -> Subscription | None:
        """Return the one of those that sent this id last that has waited longest, likewise."""
        return self._living(lambda: self._by_id.get(last_id, {}), fits)

    def _living(
        self, shelf: Callable[[], dict[int, Subscription]], fits: _Fits
    ) -> Subscription | None:
        while (found := next(iter(shelf().values()), None)) and not fits(found):
            self.take(found)
        return found

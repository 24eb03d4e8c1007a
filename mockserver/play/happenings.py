"""What happens outside a story that stories wait for: signals of a session, requests of clients.

Every subscription sees each of them once, in order, and one that came too early is not lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mockserver.errors import ControlError
from mockserver.scenario.awaits import SIGNAL_MEND, signal_fault
from mockserver.scenario.conditions import fits
from mockserver.scenario.units import FOREVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.play.awaits import Wanted
    from mockserver.play.opening import Opening

SIGNALS: Final = 1_000
"""Names of signals that a session knows."""
TIMES: Final = 100
"""Sendings of one signal whose times are kept; of those before it is known that they were."""
REQUESTS: Final = 1_000
"""Requests of a session that are kept for awaits; older ones are forgotten and counted."""
REQUEST_BYTES: Final = 2 * 1024 * 1024
"""Bytes of their targets, headers and bodies all together, unless a single one has more."""


@dataclass(slots=True)
class Heard:
    """What one subscription has consumed.

    `since` is how many requests the session had seen when it began, its own first one included.
    """

    since: int = 0
    signals: dict[str, int] = field(default_factory=dict)
    requests: set[int] = field(default_factory=set)
    reset: int = 0
    """How often the session had been reset by then."""


@dataclass(slots=True, eq=False)
class Waiter:
    """One subscription that waits now; `wake` is called when it may have come."""

    wanted: Wanted
    wake: Callable[[], None]


@dataclass(slots=True)
class Signalled:
    """One signal: how often it was sent, and when; times by the session's clock."""

    name: str
    times: int = 0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=TIMES))

    def when(self, number: int) -> float:
        """Return when sending `number` (from 1) was; long ago if that is not known any more."""
        index = number - 1 - (self.times - len(self.recent))
        return self.recent[index] if index >= 0 else -FOREVER


@dataclass(frozen=True, slots=True)
class _Request:
    number: int
    at: float
    opening: Opening
    weight: int


class Happenings:
    """The signals and requests of one session, and who waits for them."""

    def __init__(self) -> None:
        self._signals: dict[str, Signalled] = {}
        self._requests: dict[str, deque[_Request]] = {}
        self._order: deque[str] = deque()
        """The operations of the requests that are kept, oldest first."""
        self._weight = 0
        self._resets = 0
        self._waiting: dict[str, dict[Waiter, None]] = {}
        self.requests = 0
        """How many requests there were that some scenario awaits."""
        self.forgotten = 0
        """How many of them had to go to keep within the bounds."""

    @property
    def signals(self) -> list[Signalled]:
        """The signals that were sent, in the order of their first sending."""
        return list(self._signals.values())

    def signal(self, name: str, now: float) -> int:
        """Take note of a signal; returns how many subscriptions were waiting for it.

        Raises ControlError for what is no name of a signal, and for too many of them.
        """
        fault = signal_fault(name)
        if fault:
            raise ControlError(400, fault, code="bad-signal", mend=SIGNAL_MEND)
        sent = self._signals.get(name)
        if sent is None:
            if len(self._signals) >= SIGNALS:
                what = f"this session knows {SIGNALS:,} signals already"
                raise ControlError(409, what, code="too-many-signals", mend="reset the session")
            sent = self._signals[name] = Signalled(name)
        sent.times += 1
        sent.recent.append(now)
        waiting = tuple(self._waiting.get(f"signal {name}", ()))
        for waiter in waiting:
            waiter.wake()
        return len(waiting)

    def request(self, operation: str, opening: Opening, now: float, weight: int) -> None:
        """Take note of a request to an operation that is awaited; `weight` is its size in bytes."""
        self.requests += 1
        kept = _Request(self.requests, now, opening, weight)
        self._requests.setdefault(operation, deque()).append(kept)
        self._order.append(operation)
        self._weight += weight
        while len(self._order) > REQUESTS or (
            self._weight > REQUEST_BYTES and len(self._order) > 1
        ):
            self._weight -= self._requests[self._order.popleft()].popleft().weight
            self.forgotten += 1
        for waiter in tuple(self._waiting.get(f"request {operation}", ())):
            if fits(waiter.wanted.when, opening):
                waiter.wake()

    def begin(self) -> Heard:
        """Return what a subscription that begins now has consumed: nothing."""
        return Heard(self.requests, reset=self._resets)

    def take(self, wanted: Wanted, heard: Heard, by: float) -> float | None:
        """Consume what is wanted if it has come `by` then; returns when that was, else None."""
        if heard.reset != self._resets:
            heard.signals.clear()
            heard.reset = self._resets
        if wanted.signal:
            return self._take_signal(wanted.signal, heard, by)
        return self._take_request(wanted, heard, by)

    def _take_signal(self, name: str, heard: Heard, by: float) -> float | None:
        sent, number = self._signals.get(name), heard.signals.get(name, 0) + 1
        if sent is None or sent.times < number or (at := sent.when(number)) > by:
            return None
        heard.signals[name] = number
        return at

    def _take_request(self, wanted: Wanted, heard: Heard, by: float) -> float | None:
        requests = self._requests.get(wanted.operation) or ()
        for request in requests:
            new = request.number > heard.since and request.number not in heard.requests
            if new and request.at <= by and fits(wanted.when, request.opening):
                heard.requests.add(request.number)
                self._prune(heard)
                return request.at
        return None

    def _prune(self, heard: Heard) -> None:
        """Forget what was consumed of requests that are forgotten."""
        if len(heard.requests) > 2 * REQUESTS:
            heard.requests = {n for n in heard.requests if n > self.requests - REQUESTS}

    def wait(self, wanted: Wanted, wake: Callable[[], None]) -> Waiter:
        """Call `wake` whenever what is wanted may have come, until `leave`."""
        waiter = Waiter(wanted, wake)
        self._waiting.setdefault(wanted.name, {})[waiter] = None
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Wait no longer."""
        name = waiter.wanted.name
        waiting = self._waiting.get(name, {})
        waiting.pop(waiter, None)
        if not waiting:
            self._waiting.pop(name, None)

    def clear(self) -> None:
        """Forget everything that has happened; who waits goes on waiting."""
        self._signals.clear()
        self._requests.clear()
        self._order.clear()
        self._weight = self.forgotten = 0
        self._resets += 1

"""What a running server has: what it can play, its sessions, and who is being served."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, Protocol

from mockserver.clock import ManualClock, pause, turn_of_others
from mockserver.errors import ControlError, LoadError, Location, Problem, StartError
from mockserver.play.journal import Journals
from mockserver.play.reach import Reach
from mockserver.play.sessions import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mockserver.certificates import Certificate
    from mockserver.clock import Clock
    from mockserver.play.judge import Judge
    from mockserver.play.kept.keeper import Keeper
    from mockserver.play.session import Session
    from mockserver.play.sessions import State
    from mockserver.scenario.catalog import Catalog
    from mockserver.server.calls import Calls
    from mockserver.server.control import Control
    from mockserver.server.enforce import Enforcement
    from mockserver.server.waiting import Waiting

_GRACE: Final = 0.5
"""Seconds that connections have to end properly when the server stops."""
_TURNS: Final = 1_000
"""Turns of the event loop that streams have to do what is due."""

HALF: Final = 0.25
"""Seconds of real time in which a file that was written by half is written further."""
_HALVES: Final = 20
"""How many such waits a look has at most."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What files have become."""

    catalog: Catalog
    judge: Judge | None = None
    """Holds what scripts send against the document, unless nobody wants it to."""
    keeper: Keeper | None = None
    """Keeps what clients make by POST, if that is wanted."""


class Files(Protocol):
    """The document and the scenarios, as whoever reads files keeps them."""

    def load(self) -> tuple[Loaded, list[Problem]]:
        """Read everything anew. Raises LoadError."""

    def source(self, where: Location) -> str | None:
        """Return the text of the scenario that begins there, None where it is there no more."""

    def outdated(self) -> bool:
        """Tell whether they have been edited since."""


@dataclass(slots=True)
class Live:
    """One running server."""

    loaded: Loaded
    sessions: State[Clock]
    requests: Enforcement
    calls: Calls
    control: Control
    files: Files
    cors: bool = True
    certificate: Certificate | None = None
    """What it shows to clients by TLS; without one it speaks plain HTTP."""
    stopping: bool = False
    serving: dict[asyncio.Task[Any], Waiting] = field(default_factory=dict)
    journals: Journals = field(default_factory=Journals)
    """What the journals of its sessions have in common."""
    followers: int = 0
    """Live streams of journals that are open."""
    faults: list[Problem] = field(default_factory=list)
    """What was found wrong with the files when they were read last, warnings included."""
    stale: bool = False
    """Whether they could not be loaded then, so that what was loaded before goes on."""
    version: int = 1
    """How many times they were loaded."""
    looks: int = 1
    """How many times they were read, whether they could be loaded or not."""
    run: str = field(default_factory=lambda: token_hex(8))
    """Tells this run of the server from every other, for whoever comes back to it."""
    on_look: Callable[[], None] = lambda: None
    """Is told of every look at the files."""
    reach: Reach = field(init=False)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _next_look: asyncio.Task[list[Problem]] | None = None
    _tasks: set[asyncio.Task[list[Problem]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.reach = Reach(self.catalog)

    @property
    def catalog(self) -> Catalog:
        """What can be played."""
        return self.loaded.catalog

    async def stop(self) -> None:
        """End all connections: streams properly, and by a cut what does not end by itself."""
        self.stopping = True
        for session in self.sessions:
            session.live.stop()
        await _end(dict(self.serving))
        looks = set(self._tasks)
        for look in looks:
            look.cancel()
        if looks:
            await asyncio.wait(looks)
        await self.calls.stop()

    def gone(self, session: Session[Clock]) -> None:
        """Let go of what belongs to a session that is there no more."""
        self.calls.forget(session)
        session.journal.end()

    async def end(self, session: Session[Clock]) -> None:
        """End the connections of one session, as a stop of the server would."""
        await _end({task: w for task, w in self.serving.items() if w.session == session.name})

    async def delete(self, session: Session[Clock]) -> None:
        """End the connections of a session, and forget it."""
        await self.end(session)
        self.sessions.delete(session.name)

    def reset(self, session: Session[Clock], parts: Sequence[str] | None = None) -> None:
        """Forget these parts of what a session knows; with None all of it, its calls included."""
        if parts is None or "subscriptions" in parts:
            self.calls.forget(session)
        session.reset(parts)

    def move(self, session: Session[Clock], seconds: float) -> float:
        """Let time pass where the clock is manual; returns the new time. Raises ControlError."""
        clock = session.clock
        if not isinstance(clock, ManualClock):
            raise ControlError(
                409,
                f"only a manual clock can be advanced; that of {session.name!r} is {clock.name}",
                code="not-manual",
                mend='make the server, or the session, with the clock "manual"',
            )
        if clock.now() + seconds > LONGEST:
            what, mend = f"a session has {LONGEST:,.0f} s at most", "make another session"
            raise ControlError(400, what, code="bad-duration", mend=mend)
        return clock.advance(seconds)

    async def advance(self, session: Session[Clock], seconds: float) -> float:
        """Let time pass, and all that comes due be done. Raises ControlError."""
        now = self.move(session, seconds)
        await self.settle(session)
        return now

    async def settle(self, session: Session[Clock]) -> None:
        """Wait until the session's streams have done what is due, and wait for time themselves.

        One whose client does not read never comes to that: it is not waited for without end.
        """
        for _ in range(_TURNS):
            await turn_of_others()
            own = (w for w in self.serving.values() if w.session == session.name)
            if all(waiting.idle for waiting in own):
                return

    async def reload(self, *, patient: bool = False) -> list[Problem]:
        """Read the files anew, for connections to come. Raises LoadError, StartError: all stays.

        One look at a time. Who asks during one gets the next, which sees every edit up to now;
        all who have asked by its beginning share it. The `patient` wait a moment before they
        believe in an error: the file may have been written by half.
        """
        if self._next_look is None:
            self._next_look = asyncio.create_task(self._look(patient=patient))
            self._tasks.add(self._next_look)
            self._next_look.add_done_callback(self._tasks.discard)
        # Who leaves does not take the others' look along.
        return await asyncio.shield(self._next_look)

    async def _look(self, *, patient: bool) -> list[Problem]:
        async with self._reading:
            self._next_look = None  # an edit from here on may come too late for this one
            try:
                self.loaded, problems = await self._load(_HALVES if patient else 0)
            except (LoadError, StartError) as error:
                self._looked(problems_of(error), stale=True)
                raise
            self.reach = Reach(self.catalog)
            self.requests.forget()
            self.version += 1
            self._looked([*problems, *self._lost()], stale=False)
            return self.faults

    async def _load(self, again: int) -> tuple[Loaded, list[Problem]]:
        """Load, and load `again` so many times where a file that was broken is edited further."""
        while True:
            # In a thread of its own: open streams go on.
            work = asyncio.to_thread(self.files.load)
            (found,) = await asyncio.gather(work, return_exceptions=True)
            again -= 1
            if again < 0 or not await self._edited_further(found):
                if isinstance(found, BaseException):
                    raise found
                return found

    async def _edited_further(self, found: tuple[Loaded, list[Problem]] | BaseException) -> bool:
        """Tell whether files that have turned out broken are others a moment later."""
        if isinstance(found, (LoadError, StartError)):
            problems = problems_of(found)
        elif isinstance(found, BaseException):
            return False
        else:
            problems = found[1]
        if not any(problem.severity == "error" for problem in problems):
            return False
        await pause(HALF)
        return await asyncio.to_thread(self.files.outdated)

    def _looked(self, faults: list[Problem], *, stale: bool) -> None:
        self.faults, self.stale = faults, stale
        self.looks += 1
        self.journals.ring()
        self.on_look()

    def _lost(self) -> Iterator[Problem]:
        """Yield a warning for each scenario that a session prefers and that is there no more."""
        pinned = {name: session.name for session in self.sessions for name in session.pinned}
        for name, session in pinned.items():
            if name not in self.catalog.programs:
                what = f"the session {session!r} prefers the scenario {name!r}, which is gone"
                mend = "its requests are refused: put the scenario back, or make the session anew"
                yield Problem(Location(""), what, "unknown-scenario", mend, "warning")


def problems_of(error: LoadError | StartError) -> list[Problem]:
    """Return what has to be mended before the files can be loaded."""
    if isinstance(error, LoadError):
        return list(error.problems)
    return [Problem(Location(""), error.what, error.code, error.mend)]


async def _end(serving: dict[asyncio.Task[Any], Waiting]) -> None:
    for waiting in serving.values():
        waiting.stop()
    late: set[asyncio.Task[Any]] = set()
    if serving:
        _, late = await asyncio.wait(serving, timeout=_GRACE)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=_GRACE)

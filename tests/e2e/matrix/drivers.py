"""Runs the programs in ``clients/``: one process a client, several scenarios at a time in it."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from verdicts import Event, Known, Record, Verdict, judge

HERE = Path(__file__).parent
CHAT = "/chat/completions"
LINE = 1 << 28
"""Bytes that one line of a program's output may have; the biggest event comes in one."""
ALONE = frozenset({"CX-12", "ST-04"})
"""Scenarios that leave bytes on a connection that is kept alive: the next request on it may break."""
HEAVY = frozenset({"VL-01a", "VL-01b", "VL-03", "VL-04", "VL-07", "LM-25"})
"""Scenarios of megabytes: one of them at a time is enough for a machine."""
PARALLEL = 8
STARTING = 60.0
"""Seconds until a program says that it is ready; a browser has to start, beside all the others."""
LONGEST = 60.0
"""Seconds after which a run ends whatever its state."""
IDLE = 12.0
"""Seconds in which nothing may have happened between client and server, as long as more is due."""
BEHIND = 2.0
"""Seconds that a client may be behind a server which has nothing more to say to it."""
GLANCE = 3.0
"""Seconds between two looks at what the server knows, unless the client shows all that is due."""
PAUSE = 4
"""How many times as long as it took to ask the server it is left alone."""
ENOUGH = 5
"""Events of an endless stream that will do."""
SETTLING = 3
"""How often the server is asked again whether the story has been told."""
QUIET = 0.15
"""Seconds without a further line after which an open connection is taken to have said it all."""


@contextlib.asynccontextmanager
async def serve(*arguments: str) -> AsyncIterator[str]:
    """Run ``mockserver serve`` in a process of its own; give its port."""
    options = ["--port", "0"]
    command = [sys.executable, "-m", "mockserver", "serve", *options, *arguments]
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            async with asyncio.timeout(STARTING):
                line = (await process.stdout.readline()).decode()
            log.seek(0)
            assert line.startswith("Listening on "), line + log.read().decode()
            drained = asyncio.create_task(process.stdout.read())
            yield line.split()[2].rpartition(":")[2]
        finally:
            process.terminate()
            await process.wait()
        await drained


@dataclass(frozen=True)
class Scenario:
    """What a client is given, and what is to come of it by the scenario's own `outcome`."""

    name: str
    path: str
    events: int
    state: str
    outcome: list[Event] | None = None
    """The events, where they can be told without playing the scenario."""
    attempts: int = 1
    types: tuple[str, ...] = ()
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    about: str = ""
    endless: bool = False
    """Whether events come as long as the client stays."""

    @property
    def most(self) -> int:
        """How many connections a client may lose before it has shown what it does."""
        return self.attempts if self.state == "connecting" else self.attempts + 2

    def told(self, known: Known) -> bool:
        """Whether the server has no more to say."""
        return known.reached(self.events, self.state, self.attempts)

    def judge(self, record: Record, known: Known) -> Verdict:
        """Compare what the client reported with what the server knows."""
        if self.endless and len(record.events) >= ENOUGH:
            known = replace(known, heard=[known.events[: len(record.events)]])
        verdict = judge(record, known, self.state)
        if not verdict.agrees:
            return verdict
        # Of what it was told it made the right thing; but it is told what its requests ask for.
        outcome = self.outcome or []
        if known.attempts >= self.attempts and known.events[: len(outcome)] != outcome:
            return replace(verdict, instead="asks for something else")
        if not self.told(known):
            return replace(verdict, instead="does not come back")
        return verdict


View = Callable[[Known], tuple[Known, str]]
"""What a client that is no EventSource makes of it, and the state that it ends in."""

Ask = Callable[[str], Awaitable[Known]]
"""Tells what the server knows of the session of that name: the oracle."""


@dataclass
class _Run:
    """One scenario with one client, while it lasts."""

    record: Record = field(default_factory=Record)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, line: dict[str, Any]) -> None:
        self.record.add(line)
        self.news.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for a line; tells whether one came."""
        try:
            async with asyncio.timeout(seconds):
                await self.news.wait()
        except TimeoutError:
            return False
        self.news.clear()
        return True


class Program:
    """A client's process; a context manager that ends it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._runs: dict[str, _Run] = {}
        self._ready = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed in __aexit__
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=HERE / "clients",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._errors,
            limit=LINE,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.close()
            await self._process.stdin.wait_closed()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader
        self._errors.close()

    async def play(
        self, scenario: Scenario, url: str, ask: Callable[[], Awaitable[Known]]
    ) -> tuple[Record, Known]:
        """Run one scenario until nothing more can come of it; return what was known then."""
        run = self._runs[scenario.name] = _Run()
        order = {
            "name": scenario.name,
            "url": url + scenario.path,
            "types": scenario.types,
            "method": scenario.method,
            "headers": dict(scenario.headers),
        }
        await self._send(order if scenario.body is None else {**order, "body": scenario.body})
        async with asyncio.timeout(STARTING):
            await self._ready.wait()
        await self._watch(run, scenario, ask)
        if not run.record.over:
            await self._send({"stop": scenario.name})
            while not run.record.over and await run.wait(10):
                pass
        return run.record, await _settled(scenario, ask)

    async def _watch(
        self, run: _Run, scenario: Scenario, ask: Callable[[], Awaitable[Known]]
    ) -> None:
        """Return when the client has shown all that can come of it, or when nothing moves any more.

        The server is asked now and then only, and where the client is to stay: to play all its
        connections again for an answer costs it time.
        """
        began = moved = time.monotonic()
        again, glance, last = began, began + GLANCE, Known()
        while not run.record.over and run.record.ends < scenario.most:
            await run.wait(glance - time.monotonic())
            now = time.monotonic()
            done = scenario.state == "open" and run.record.reached(scenario.events, "open")
            if run.record.over or now < (again if done else glance):
                continue
            known = await ask()
            looked = time.monotonic()
            again = looked + PAUSE * (looked - now)
            glance = max(again, looked + GLANCE, moved + (looked - moved) * 1.5)
            if known.pace != last.pace:
                last, moved = known, looked
            if done and scenario.judge(run.record, known).agrees:
                if scenario.endless or not await run.wait(QUIET):
                    return
            elif (scenario.told(known) and looked > moved + BEHIND) or looked > min(
                moved + IDLE, began + LONGEST
            ):
                return

    async def _send(self, order: dict[str, Any]) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            await self._process.stdin.drain()

    async def _read(self) -> None:
        while line := await self._process.stdout.readline():
            entry = json.loads(line)
            if entry["kind"] == "ready":
                self._ready.set()
                continue
            self._runs[entry["name"]].add(entry)
        self._ready.set()
        self._errors.seek(0)
        reason = self._errors.read().decode(errors="replace")[-2000:]
        for name, run in self._runs.items():
            if not run.record.over:
                run.add({"name": name, "kind": "died", "message": reason})


async def _settled(scenario: Scenario, ask: Callable[[], Awaitable[Known]]) -> Known:
    """Return what is known; the server may notice an end a moment after the client."""
    known = await ask()
    for _ in range(SETTLING):
        if scenario.told(known):
            break
        await asyncio.sleep(QUIET)  # noqa: TID251  # between two looks at the server's state
        known = await ask()
    return known


async def play_all(
    client: str,
    command: Sequence[str],
    scenarios: Sequence[Scenario],
    port: str,
    ask: Ask,
    *,
    quiet: asyncio.Lock,
    view: View | None = None,
    parallel: int = PARALLEL,
) -> dict[str, Verdict]:
    """Run every scenario with one client, each in a session of its own, and judge each run.

    Those that must be alone come last, the heavy ones under the lock `quiet`, which all clients
    share; behind them those that spoil a connection that is kept alive for whoever gets it next.
    """
    places = asyncio.Semaphore(parallel)

    async def one(program: Program, scenario: Scenario) -> Verdict:
        url = f"http://127.0.0.1:{port}"
        session = f"{client}-{scenario.name.replace('/', '-')}"
        async with places:
            record, known = await program.play(scenario, f"{url}/@{session}", lambda: ask(session))
        if view is None:
            return scenario.judge(record, known)
        known, state = view(known)
        return judge(record.in_one_form(), known, state)

    async with Program(command) as program:
        alone = [scenario for scenario in scenarios if scenario.name in ALONE | HEAVY]
        alone.sort(key=lambda scenario: scenario.name in ALONE)
        scenarios = [scenario for scenario in scenarios if scenario not in alone]
        verdicts = await asyncio.gather(*(one(program, scenario) for scenario in scenarios))
        for scenario in alone:
            async with quiet if scenario.name in HEAVY else contextlib.nullcontext():
                verdicts.append(await one(program, scenario))
        scenarios += alone
    return {scenario.name: verdict for scenario, verdict in zip(scenarios, verdicts, strict=True)}

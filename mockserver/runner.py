"""Starts and stops a mock server: for the command line, for pytest, and for your own code."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from mockserver.addresses import BACKLOG, cannot_listen, reachable, url_of
from mockserver.asked import check, idle_seconds, names_of
from mockserver.certificates import Certificate, Tls, certificate_of
from mockserver.handle import SessionHandle as SessionHandle  # noqa: PLC0414  (users find it here)
from mockserver.home import Home
from mockserver.loading import Files
from mockserver.making import Making, check_pinned
from mockserver.play.journal import JOURNAL_ENTRIES, Journals
from mockserver.play.session import DEFAULT, Session
from mockserver.play.sessions import IDLE, SESSIONS, Sessions, Settings, epoch_of
from mockserver.watching import watch
from mockserver.workspace.shipped import control_contract, is_own, workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from aiohttp import web

    from mockserver.clock import Clock
    from mockserver.errors import Problem
    from mockserver.play.coverage import Coverage
    from mockserver.play.journal import Entry
    from mockserver.play.verdict import SessionVerdict
    from mockserver.scenario.catalog import Catalog
    from mockserver.server.live import Live

LEAVING: Final = 0.5
"""Seconds that a client's leaving may take to be known, before the client is judged."""


class MockServer:
    """A server that plays scenarios on a port of its own.

    `spec` is an OpenAPI document (default: the Petstore that ships), `scenarios` a folder or
    file, or several, `settings` a file that says about streams what the document leaves open.
    `port` 0 takes any free one. `clock` is `real`, `10x`, `instant` or
    `manual`; `pinned` names scenarios to prefer. `requests` says what becomes of those that break
    the document: `enforce` refuses them, `warn` only notes them, `off` does not look. `events`
    says the same of events and answers of scenarios: `enforce` does not send them; by default it
    is `enforce` for the Petstore and `warn` for all others. With `keep_going`, scenarios with
    problems and references that lead nowhere are left out instead of refusing to start. With
    `stateful`, what a client makes by POST can be read, listed, changed and deleted, in each
    session apart. Calls of scenarios go to loopback, and to the hosts in `allow_calls_to`:
    `name`, `name:port`, or `*` for any. The control API answers programs on this machine; others
    by the names in `control_hosts` (`*`: any), or if they bring the `control_token`, which then
    everybody has to. So many `sessions` are kept (1,000), and let go when unused for
    `session_idle` (`"1h"`, or seconds); the `journal` of each has at most so many entries, none
    with 0. With `reload`, files that are edited are read anew, for the connections to come.
    With `tls` it speaks HTTPS: `"self-signed"` makes a certificate for localhost, `host`
    and the `control_hosts`, which clients trust by `ca_file`; `(certificate, key)`, two files,
    or one file with both, is one of your own. `on_entry` is called with the session's name and the
    entry for every connection that opens or ends, and for every call.

        async with MockServer(scenarios="scenarios") as server:
            ... server.url ...

        with MockServer(clock="manual") as server:   # in a thread, for synchronous tests
            server.session("a test").advance("2s")

    Raises LoadError with all problems of all files, StartError for what the operator can mend.
    """

    def __init__(
        self,
        *,
        spec: str | Path | None = None,
        scenarios: str | Path | Sequence[str | Path] | None = None,
        settings: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: str = "0",
        clock: str = "real",
        pinned: Sequence[str] = (),
        requests: str = "enforce",
        cors: bool = True,
        keep_going: bool = False,
        stateful: bool = False,
        events: str | None = None,
        allow_calls_to: Sequence[str] = (),
        control_hosts: Sequence[str] = (),
        control_token: str | None = None,
        sessions: int | None = None,
        session_idle: str | float | None = None,
        journal: int = JOURNAL_ENTRIES,
        reload: bool = False,
        tls: Tls | None = None,
        on_entry: Callable[[str, Entry], None] | None = None,
    ) -> None:
        check(locals())
        self.host = host
        self.seed = str(seed)
        self._workspace = workspace(spec, scenarios, settings)
        self._port = port
        self._making = Making(self.seed, clock, names_of(pinned), Journals(journal), on_entry)
        self._requests = requests
        self._cors = cors
        self._keep_going = keep_going
        self._stateful = stateful
        self._events = events
        self._allow_calls_to = names_of(allow_calls_to)
        self._control_hosts = names_of(control_hosts)
        self._token = control_token
        self._most_sessions = SESSIONS if sessions is None else sessions
        self._idle = IDLE if session_idle is None else idle_seconds(session_idle)
        self._tls = tls
        self._certificate: Certificate | None = None
        self.reloads = reload
        """Whether files that are edited are read anew."""
        self._watching: asyncio.Task[None] | None = None
        self.on_look: Callable[[], None] = lambda: None
        """Is told of every look at files that were edited, whether they could be loaded or not."""
        self.on_gone: Callable[[Session[Clock]], None] = lambda _: None
        """Is told of every session that is deleted or makes room, while all of it is there."""
        self._runner: web.ServerRunner | None = None
        self._live: Live | None = None
        self._home = Home()

    # --- start and stop ------------------------------------------------------------------------

    async def start(self) -> Self:
        """Load everything and listen. Raises LoadError, StartError, and nothing is left of it."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def _start(self) -> None:
        # Imported here, as is all of aiohttp: `check` and `explain` do without.
        from aiohttp import web  # noqa: PLC0415

        from mockserver.server.app import make_server  # noqa: PLC0415
        from mockserver.server.calls import Calls  # noqa: PLC0415
        from mockserver.server.control import Control, Guard  # noqa: PLC0415
        from mockserver.server.enforce import Enforcement, mode  # noqa: PLC0415
        from mockserver.server.live import Live  # noqa: PLC0415

        requests = Enforcement(mode(self._requests))
        if self._tls is not None:
            self._certificate = certificate_of(self._tls, self.host, self._control_hosts)
        calls = Calls(self._allow_calls_to, self._certificate)
        usual = "enforce" if is_own(self._workspace) else "warn"
        files = Files(
            self._workspace,
            self.seed,
            mode(self._events or usual),
            keep_going=self._keep_going,
            stateful=self._stateful,
        )
        loaded, problems = files.load()
        check_pinned(loaded.catalog, self._making.pinned)
        self._home.settle()
        seconds = asyncio.get_running_loop().time
        sessions = Sessions(self._making.make, self._most_sessions, self._idle, seconds=seconds)
        control = Control(control_contract, Guard(self._control_hosts, self._token, self.host))
        self._live = Live(loaded, sessions, requests, calls, control, files, cors=self._cors)
        self._live.journals = self._making.journals
        self._live.faults = problems
        self._live.on_look = self._looked
        self._live.certificate = self._certificate
        sessions.on_gone = self._let_go
        self._runner = web.ServerRunner(make_server(self._live), shutdown_timeout=0.5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.host, self._port, backlog=BACKLOG).start()
        except OSError as error:
            raise cannot_listen(self.host, self._port, error) from None
        self._port = self._runner.addresses[0][1]
        requests.warm_up()
        if self.reloads:
            reload = partial(self._live.reload, patient=True)
            self._watching = asyncio.create_task(watch(self._workspace, reload))

    async def stop(self) -> None:
        """End open streams properly and free the port."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        if self._live is not None:
            await self._live.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._certificate is not None:
            self._certificate.remove()
        self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        self._home.begin(self.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._home.end(self.stop())

    # --- what tests ask ------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port the server listens on."""
        return self._port

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; paths are the document's own."""
        return url_of(self._scheme, self.host, self._port)

    @property
    def _scheme(self) -> str:
        return "http" if self._tls is None else "https"

    @property
    def ca_file(self) -> Path | None:
        """The file with the authority that clients have to trust, as PEM, while the server runs.

        None where the server speaks plain HTTP or has a certificate of your own.
        """
        made = self._certificate is not None and self._certificate.made
        return self._certificate.file if self._certificate is not None and made else None

    @property
    def certificate(self) -> Certificate | None:
        """What clients see by TLS, None where the server speaks plain HTTP."""
        return self._certificate

    @property
    def reachable_url(self) -> str:
        """The base URL for a program on this machine, where the host stands for all addresses."""
        return url_of(self._scheme, reachable(self.host), self._port)

    @property
    def busy(self) -> bool:
        """Whether anybody is being served now."""
        return self._live is not None and bool(self._live.serving)

    @property
    def problems(self) -> list[Problem]:
        """What was wrong with the files when they were read last, warnings included."""
        return [] if self._live is None else self._live.faults

    @property
    def stale(self) -> bool:
        """Whether they could not be loaded then: what was loaded before goes on."""
        return self._live is not None and self._live.stale

    @property
    def version(self) -> int:
        """How many times the files were loaded."""
        return self._running.version

    def outdated(self) -> bool:
        """Whether files that it has loaded, or has found missing, are others by now."""
        return self._workspace.outdated()

    @property
    def catalog(self) -> Catalog:
        """What is being played."""
        return self._running.catalog

    @property
    def _running(self) -> Live:
        """What there is since the start, and after the stop as well."""
        assert self._live is not None, "the server has not been started"
        return self._live

    def coverage(self) -> dict[str, Any]:
        """Return how much of the document scenarios reach, and all clients so far were sent.

        As `GET /_mock/coverage` shows it; after the server has stopped, too.
        """
        from mockserver.play.coverage_report import as_json  # noqa: PLC0415

        return as_json(self.covered())

    def covered(self, session: str | None = None) -> Coverage:
        """Return the coverage by the clients of one session, or of all there were."""
        from mockserver.play.coverage import coverage_at_once  # noqa: PLC0415

        def find() -> Coverage:
            sessions = self._running.sessions
            tally = sessions.tally if session is None else sessions.get(session).tally
            return coverage_at_once(self._running.reach, tally)

        found: Coverage = self._home.call(find)
        return found

    def judged(self, session: str, *, final: bool, allow: Sequence[str] = ()) -> SessionVerdict:
        """Return the verdict on the clients of one session."""
        from mockserver.play.verdict import verdict_of  # noqa: PLC0415

        if self._home.apart:
            from mockserver.server.settled import heard  # noqa: PLC0415

            self._home.run(heard(self._home.call(lambda: self._session(session))))

        def find() -> SessionVerdict:
            catalog = self.catalog
            return verdict_of(self._session(session), catalog, final=final, allow=allow)

        found: SessionVerdict = self._home.call(find)
        return found

    def session(self, name: str = DEFAULT) -> SessionHandle:
        """Return the session of that name, which its first use makes."""
        return SessionHandle(self, name)

    def create_session(
        self,
        name: str | None = None,
        *,
        seed: str | None = None,
        clock: str | None = None,
        epoch: datetime | str | None = None,
        scenarios: Sequence[str] | None = None,
        anonymous: bool = False,
    ) -> SessionHandle:
        """Make a session with settings of its own; what is None is the server's.

        Without a `name` one is made up. No chance is drawn from such a name, nor from that of a
        session that is to be `anonymous`. An `epoch` without a zone is in UTC; a text has one.
        Raises ControlError where the name is taken or is none, and where the epoch is none,
        StartError where there is no such clock or scenario.
        """
        from mockserver.server.requests import session_name  # noqa: PLC0415

        self._must_run()
        asked = {"seed": seed, "clock": clock, "scenarios": scenarios}
        said = {setting: value for setting, value in asked.items() if value is not None}
        check(said, scenarios="pinned")
        settings = Settings(
            None if name is None else session_name(name),
            None if seed is None else str(seed),
            clock,
            None if epoch is None else epoch_of(epoch),
            None if scenarios is None else names_of(scenarios),
            anonymous=anonymous,
        )

        def create() -> Session[Clock]:
            check_pinned(self._running.catalog, settings.pinned or ())
            return self._running.sessions.create(settings)

        return SessionHandle(self, self._home.call(create).name, made=True)

    def _session(self, name: str) -> Session[Clock]:
        if self._live is None:
            self._must_run()
        assert self._live is not None
        return self._live.sessions.get(name)

    def _must_run(self) -> asyncio.AbstractEventLoop:
        """Return the loop that the server runs in. Raises RuntimeError where it does not run."""
        if self._runner is None or self._home.loop is None:
            raise RuntimeError("the server is not running")
        return self._home.loop

    def session_names(self) -> list[str]:
        """Return the names of the sessions there are, the one unused for longest first."""

        def find() -> list[str]:
            return [session.name for session in self._running.sessions]

        found: list[str] = self._home.call(find)
        return found

    async def left(self, session: str | None = None, seconds: float = LEAVING) -> bool:
        """Wait until no client is being served, or none of a session; whether that is so.

        Of a client that has ended we know when its connection's end has come; `seconds` of real
        time are waited for that at most.
        """
        from mockserver.server.leaving import all_gone  # noqa: PLC0415

        return await all_gone(self._running, seconds, session)

    async def delete_session(self, name: str) -> None:
        """End the connections of a session, and forget it."""
        session = self._running.sessions.use(name)
        if session is not None:
            await self._running.delete(session)

    def _let_go(self, session: Session[Clock]) -> None:
        self.on_gone(session)
        self._running.gone(session)

    def _looked(self) -> None:
        self.on_look()

    def _reset(self, name: str) -> None:
        self._running.reset(self._session(name))

    def _move(self, name: str, seconds: float) -> float:
        return self._running.move(self._session(name), seconds)

    async def _advance(self, name: str, seconds: float) -> float:
        return await self._running.advance(self._session(name), seconds)

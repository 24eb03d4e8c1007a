"""One session as a test in Python sees it: its journal, clock, verdict, and open connections."""

# What is asked of the server here is the server's own affair: a handle is its other half.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import ControlError, ExpectationError
from mockserver.play.session import DEFAULT, Session
from mockserver.play.sessions import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockserver.clock import Clock
    from mockserver.play.journal import Entry
    from mockserver.play.live import LiveConnection
    from mockserver.runner import MockServer
    from mockserver.server.orders import Orders

_NOTHING: Final[Any] = ...


class Steered:
    """A session's connections: listed, pushed to, held, released, ended.

    `to` is the number of a connection; None means all open streams of the session, of which there
    must be one. Every method returns the numbers of the connections that it was done to, and
    raises ControlError where it cannot be done to all of them.

    With a server in a thread of its own, what was asked has been done when a method returns: the
    bytes are on the socket, the script stands still, the connection is over. Only a push behind a
    block that leaves in pieces still waits for the block's end. In the event loop of the server,
    where nothing here can wait, it is done in the order in which it was asked, `advance()`
    included, as soon as the caller next waits for anything.
    """

    name: str
    _server: MockServer

    @property
    def connections(self) -> list[LiveConnection]:
        """The streams that are open, and the answers that wait, oldest first."""
        server = self._server
        found: list[LiveConnection] = server._home.call(
            lambda: server._session(self.name).live.listed()  # noqa: PLW0108
        )
        return found

    def push(
        self,
        data: Any = _NOTHING,
        *,
        event: str | None = None,
        id: str | int | None = None,  # noqa: A002  (the field's name)
        retry: int | str | None = None,
        comment: str | None = None,
        violates: str | None = None,
        to: int | None = None,
    ) -> list[int]:
        """Send an event now, whatever the script waits for.

        `data` is a text, or a value that goes out as JSON (None: `null`). `violates` says how it
        breaks the contract on purpose; without it, one that does is refused where events are held
        to the document (`events="enforce"`), and noted elsewhere.
        """
        from mockserver.server import orders  # noqa: PLC0415

        fields = {"event": event, "id": id, "retry": retry, "comment": comment}
        asked = {name: value for name, value in fields.items() if value is not None}
        if data is not _NOTHING:
            asked["data"] = data
        return self._order(lambda session: orders.push(session, asked, violates=violates, to=to))

    def push_raw(self, data: bytes | str, to: int | None = None) -> list[int]:
        """Send exactly these bytes now; a text goes out as UTF-8."""
        from mockserver.server import orders  # noqa: PLC0415

        if not isinstance(data, (str, bytes, bytearray, memoryview)):
            raise TypeError(f"push_raw takes bytes or a text, not {type(data).__name__}")
        raw = data.encode() if isinstance(data, str) else bytes(data)
        return self._order(lambda session: orders.push_raw(session, raw, to=to))

    def hold(self, to: int | None = None) -> list[int]:
        """Let the script stand still; everything later comes later by as much."""
        from mockserver.server import orders  # noqa: PLC0415

        return self._order(lambda session: orders.hold(session, to=to))

    def release(self, to: int | None = None) -> list[int]:
        """Let the script go on where it was."""
        from mockserver.server import orders  # noqa: PLC0415

        return self._order(lambda session: orders.release(session, to=to))

    def disconnect(self, kind: str = "drop", to: int | None = None) -> list[int]:
        """End the connection now: `end`, `drop` or `reset`, as the script would.

        The next connection of its client goes on with what is left of the story.
        """
        from mockserver.server import orders  # noqa: PLC0415

        return self._order(lambda session: orders.disconnect(session, kind, to=to))

    def wait_for_connection(
        self, count: int = 1, timeout: str | float = 5.0
    ) -> list[LiveConnection]:
        """Wait until so many streams are open, for `timeout` of real time: `"5s"`, or seconds.

        For tests whose server has a thread of its own; in its event loop `connected` waits, and in
        an event loop of the caller's own, too: this one keeps all of that loop waiting. Raises
        ControlError: 408 when they did not come, 503 when the server stops.
        """
        server, within = self._server, seconds_of(timeout)
        server._must_run()
        if server._home.is_here:
            raise RuntimeError("the server runs in this event loop: await session.connected()")
        found: list[LiveConnection] = server._home.run(self._connected(count, within))
        return found

    async def connected(
        self,
        count: int = 1,
        timeout: str | float = 5.0,  # noqa: ASYNC109
    ) -> list[LiveConnection]:
        """Wait until so many streams are open, likewise, in whatever event loop."""
        server, within = self._server, seconds_of(timeout)
        loop = server._must_run()
        waits = self._connected(count, within)
        if loop is asyncio.get_running_loop():
            return await waits
        found: list[LiveConnection] = await server._home.run_for(waits)
        return found

    async def _connected(self, count: int, within: float) -> list[LiveConnection]:
        """Wait in the server's event loop."""
        from mockserver.server import orders  # noqa: PLC0415

        return await orders.connected(self._server._session(self.name), count, within)

    def _order(self, make: Callable[[Session[Clock]], Orders]) -> list[int]:
        server = self._server
        server._must_run()
        if not server._home.apart:
            return make(server._session(self.name)).give()

        async def carry_out() -> list[int]:
            return await make(server._session(self.name)).carry_out()

        done: list[int] = server._home.run(carry_out())
        return done


class SessionHandle(Steered):
    """One session, as tests see it: a base URL, the journal, and the clock."""

    def __init__(self, server: MockServer, name: str, *, made: bool = False) -> None:
        self._server = server
        self.name = name
        self._made = made
        """Whether it was there; then what bears its name later has not seen its clients."""

    @property
    def url(self) -> str:
        """The base URL that makes a client's requests belong to this session."""
        return self._server.url if self.name == DEFAULT else f"{self._server.url}/@{self.name}"

    @property
    def _session(self) -> Session[Clock]:
        found: Session[Clock] = self._server._home.call(lambda: self._server._session(self.name))
        return found

    @property
    def journal(self) -> list[Entry]:
        """What has happened in this session, oldest first."""
        found: list[Entry] = self._server._home.call(
            lambda: list(self._server._session(self.name).journal)
        )
        return found

    def advance(self, duration: str | float) -> float:
        """Let time pass on a manual clock: `"2s"`, or seconds. Returns the session's time.

        With a server in a thread of its own, all that comes due has been sent when it returns; in
        the same event loop, streams have their turn when the caller next waits.
        Raises ControlError on any other clock, and for what is no time: nothing has passed then.
        """
        server, seconds = self._server, seconds_of(duration)
        server._must_run()
        if not server._home.apart:
            return server._move(self.name, seconds)
        now: float = server._home.run(server._advance(self.name, seconds))
        return now

    def signal(self, name: str) -> int:
        """Send a signal to the stories that await it, now or later (see `await`).

        Returns how many subscriptions were waiting for it. Raises ControlError for a name that
        is none.
        """

        def send() -> int:
            session = self._server._session(self.name)
            return session.happenings.signal(name, session.clock.now())

        waiting: int = self._server._home.call(send)
        return waiting

    def dispatched(self) -> list[dict[str, Any]]:
        """Return what conforming clients have dispatched so far, one entry a subscription.

        Each has `scenario`, `state` (connecting, open, closed), `events` (type, data,
        lastEventId, origin, connection, at) and `connections`.
        """
        from mockserver.play.dispatched import Audience, as_json  # noqa: PLC0415

        def hear() -> list[dict[str, Any]]:
            audience = Audience()
            for _ in audience.hear(self._server._session(self.name).told):
                pass
            return [as_json(listener) for listener in audience.listeners]

        found: list[dict[str, Any]] = self._server._home.call(hear)
        return found

    def coverage(self) -> dict[str, Any]:
        """Return how much of the document this session's clients were sent.

        As `GET /_mock/sessions/{name}/coverage` shows it.
        """
        from mockserver.play.coverage_report import as_json  # noqa: PLC0415

        return as_json(self._server.covered(self.name))

    def verdict(self, *, final: bool = False, allow: Sequence[str] = ()) -> dict[str, Any]:
        """Return how this session's clients did by what scenarios expect, and what was found.

        Raises ControlError (404) for a session that was created and is gone: it was deleted, was
        idle for long, or has made room for others.

        `status` is passed, failed or pending; with `final` nothing is pending any more, for the
        test is over. `allow` are codes of findings that fail nobody.
        """
        from mockserver.play.verdict import as_json  # noqa: PLC0415

        self._check_there()
        return as_json(self._server.judged(self.name, final=final, allow=allow))

    def verify(self, *, allow: Sequence[str] = ()) -> None:
        """Judge finally. Raises ExpectationError, an AssertionError, with all that failed.

        A client that has just closed is seen to be gone. Where the server runs in your own event
        loop (`async with`), it has to have its turn for that: `await server.left()` before.
        """
        from mockserver.play.verdict import as_json, as_text  # noqa: PLC0415

        self._check_there()
        verdict = self._server.judged(self.name, final=True, allow=allow)
        if verdict.status != "passed":
            raise ExpectationError(as_text(verdict, failed_only=True), as_json(verdict))

    def _check_there(self) -> None:
        if self._made and self.name not in self._server.session_names():
            what = f"there is no session {self.name!r} any more, and nobody to judge"
            mend = "ask for the verdict before; --sessions or MockServer(sessions=…) keeps more"
            raise ControlError(404, what, code="unknown-session", mend=mend)

    def reset(self) -> None:
        """Forget what has happened in the session, its calls included; its clock goes on."""
        self._server._home.call(lambda: self._server._reset(self.name))

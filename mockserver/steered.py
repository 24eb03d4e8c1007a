"""What a test in Python does to the open connections of its session."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from mockserver.clock import Clock
    from mockserver.play.live import LiveConnection
    from mockserver.play.session import Session
    from mockserver.server.orders import Orders

_NOTHING: Final[Any] = ...


class _Server(Protocol):
    """What is asked of the server."""

    _thread: threading.Thread | None

    def _session(self, name: str) -> Session[Clock]: ...

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any: ...

    def _in_loop(self, work: Callable[[], Any]) -> Any: ...


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
    _server: _Server

    @property
    def connections(self) -> list[LiveConnection]:
        """The streams that are open, and the answers that wait, oldest first."""
        server = self._server
        found: list[LiveConnection] = server._in_loop(  # noqa: SLF001
            lambda: server._session(self.name).live.listed()  # noqa: PLW0108, SLF001
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

    def wait_for_connection(self, count: int = 1, timeout: float = 5.0) -> list[LiveConnection]:
        """Wait until so many streams are open, for `timeout` seconds of real time.

        For tests whose server has a thread of its own; in its event loop `connected` waits. Raises
        ControlError.
        """
        server = self._server
        if server._thread in (None, threading.current_thread()):  # noqa: SLF001
            raise RuntimeError("the server runs in this event loop: await session.connected()")
        found: list[LiveConnection] = server._run(self.connected(count, timeout))  # noqa: SLF001
        return found

    async def connected(self, count: int = 1, timeout: float = 5.0) -> list[LiveConnection]:  # noqa: ASYNC109
        """Wait in the server's event loop until so many streams are open, likewise."""
        from mockserver.server import orders  # noqa: PLC0415

        session = self._server._session(self.name)  # noqa: SLF001
        return await orders.connected(session, count, timeout)

    def _order(self, make: Callable[[Session[Clock]], Orders]) -> list[int]:
        server = self._server
        if server._thread is None:  # noqa: SLF001
            return make(server._session(self.name)).give()  # noqa: SLF001

        async def carry_out() -> list[int]:
            return await make(server._session(self.name)).carry_out()  # noqa: SLF001

        done: list[int] = server._run(carry_out())  # noqa: SLF001
        return done

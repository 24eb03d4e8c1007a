"""One test's session: made as its markers say, judged when the test is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import ControlError, ExpectationError
from mockserver.pytest_plugin.marks import session_name, wish_of
from mockserver.runner import MockServer, SessionHandle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from mockserver.play.journal import Entry
    from mockserver.play.session import Session
    from mockserver.pytest_plugin.marks import Wish
    from mockserver.pytest_plugin.servers import Servers

SHOWN: Final = 30
"""Entries of the journal that the report of a failed test shows, the latest ones."""
WIDE: Final = 200
"""Characters of one of them that it shows."""


class JudgedSession(SessionHandle):
    """The session of one test; it knows whether the test has asked for the verdict itself."""

    def __init__(self, server: MockServer, name: str, wish: Wish) -> None:
        super().__init__(server, name)
        self._wanted = wish.verdict
        self._allow = wish.allow
        self._judged: str | None = None
        """What the verdict in the end was, once it has been asked for."""
        self._gone: ExpectationError | None = None
        """What was wrong when the session was deleted; the name is another session's since."""
        self._before = set(server.session_names())
        """Sessions that there are already: of fixtures that outlive the test, for one."""
        server.on_gone = self._let_go

    @property
    def server(self) -> MockServer:
        """The server, which other tests share."""
        return self._server

    def verify(self, *, allow: Sequence[str] = ()) -> None:
        """Judge finally, now, in place of the end of the test. Raises ExpectationError."""
        __tracebackhide__ = True
        self._wanted = False
        if fault := self._fault(allow):
            raise fault

    def fault(self) -> str:
        """Return what is wrong with the client in the end, empty where nothing is."""
        if not self._wanted:
            return ""
        if self._judged is None:
            self._judged = str(self._fault() or "")
        return self._judged

    def sections(self, said: str) -> list[tuple[str, str]]:
        """Return what the report of a failed test shows besides: the journal, and the verdict.

        `said` is why it has failed: the verdict is not shown twice. It cannot be known from who
        asked for the verdict: unittest keeps a test's own failure to itself until it is reported.
        """
        told = [("mockserver journal", journal_text(self.journal))]
        fault = self.fault()
        return [*told, ("mockserver verdict", fault)] if fault not in ("", said) else told

    def close(self) -> None:
        """End what connections are left, and forget the session, with others the test has made.

        The server is shared: the next test that makes one of that name would find it taken.
        """
        self._wanted = False
        server = self._server
        for name in [self.name, *(n for n in server.session_names() if n not in self._before)]:
            server._home.run(server.delete_session(name))  # noqa: SLF001

    def _fault(self, allow: Sequence[str] = ()) -> ExpectationError | None:
        found = self._found(allow)
        if found is None:
            return None
        # It may lack a client's leaving that is on its way to us; else nobody is waited for.
        self._server._home.run(self._server.left(self.name))  # noqa: SLF001
        return self._found(allow)

    def _let_go(self, session: Session[Any]) -> None:
        """Judge what the test deletes, or what makes room for others, while it is there."""
        if session.name != self.name or not self._wanted or self._gone is not None:
            return
        from mockserver.play.verdict import as_json, as_text, verdict_of  # noqa: PLC0415

        found = verdict_of(session, self._server.catalog, final=True, allow=self._allow)
        if found.status != "passed":
            self._gone = ExpectationError(as_text(found, failed_only=True), as_json(found))

    def _found(self, allow: Sequence[str]) -> ExpectationError | None:
        if self._gone is not None:
            return self._gone
        try:
            super().verify(allow=(*self._allow, *allow))
        except ExpectationError as error:
            return error.with_traceback(None)
        return None


def open_session(
    servers: Servers, node_id: str, marks: Iterable[pytest.Mark], defaults: Mapping[str, Any]
) -> JudgedSession:
    """Make the session of a test. Raises LoadError, StartError, ControlError."""
    wish = wish_of(marks, defaults)
    server = servers.get(wish.server)
    name = own = session_name(node_id)
    repeated = 1
    while True:
        try:
            server.create_session(own, anonymous=True, **wish.session)
        except ControlError as error:
            if error.code != "session-exists":
                raise
            repeated += 1
            own = f"{name}~{repeated}"
        else:
            return JudgedSession(server, own, wish)


def journal_text(entries: Sequence[Entry]) -> str:
    """Return the latest entries as lines."""
    lines = [_line(entry) for entry in entries[-SHOWN:]]
    if len(entries) > SHOWN:
        lines.insert(0, f"({len(entries) - SHOWN} entries before these)")
    return "\n".join(lines) or "(nothing has come)"


def _line(entry: Entry) -> str:
    told = {name: getattr(entry, name) for name in entry.__dataclass_fields__}
    at = told.pop("at", told.pop("offset", 0.0))
    said = " ".join(
        f"{name}={value}" for name, value in told.items() if value not in (None, "", ())
    )
    line = f"{at:8.3f}  {type(entry).__name__.lower()} {said}"
    return line if len(line) <= WIDE else line[: WIDE - 1] + "…"

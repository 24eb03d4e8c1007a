"""The journal as others read it: JSON, lines, HAR, and live as an event stream."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

import mockserver
from mockserver.clock import RealClock, pause, turn_of_others
from mockserver.contract.media import quality
from mockserver.errors import ControlError
from mockserver.play import har
from mockserver.play.expanded import Expansion
from mockserver.play.journal import Sent
from mockserver.play.journal_follow import Follower
from mockserver.play.journal_query import LIMIT, Page, Query, of_all, of_one
from mockserver.play.journal_report import as_json
from mockserver.server.control.ask import FRESH, Ask, Handler
from mockserver.server.control.closely import Closely, Plainly
from mockserver.sse.encode import Event, encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mockserver.clock import Clock
    from mockserver.play.journal import Journal, Noted
    from mockserver.play.session import Session
    from mockserver.server.live import Live

FOLLOWERS: Final = 1_000
"""Live streams of journals that are open at a time."""
HEARTBEAT: Final = 15.0
"""Seconds of real time after which a live stream without entries sends a comment."""
_BEAT: Final = b":\n\n"
_BREATH: Final = 0.01
"""Seconds of real time that entries gather which come close upon others: a wake for each of ten
thousand a second would keep everybody else waiting."""
_PIECE: Final = 64 * 1024
"""Characters of an answer that leave together."""
LINES: Final = "application/x-ndjson"


# --- asked for once ------------------------------------------------------------------------------


async def of_session(ask: Ask) -> web.StreamResponse:
    """Return the journal of a session: as an object, as lines, or its exchanges as HAR."""
    session = ask.session
    form = _format(ask.request)
    if form == "har":
        return await _har(ask.request, session)
    page = Page(
        of_one(session.journal), _query(ask), ask.number("since"), ask.number("limit", LIMIT)
    )
    expansion = Expansion(session.told) if ask.query.get("expand") == "true" else None
    return await _page(ask.request, form, page, {"session": session.name}, expansion)


async def of_server(ask: Ask) -> web.StreamResponse:
    """Return the journals of all sessions in the order of what happened."""
    live = ask.live
    source = of_all(live.journals, partial(_journals, ask))
    page = Page(source, _query(ask), ask.number("since"), ask.number("limit", LIMIT))
    return await _page(ask.request, _format(ask.request), page, None, None)


async def _page(
    request: web.BaseRequest,
    form: str,
    page: Page,
    whose: Mapping[str, Any] | None,
    expansion: Expansion | None,
) -> web.StreamResponse:
    """Answer with a page of a journal; others have their turn all the while."""
    for _ in page.read():
        await turn_of_others()
    about = {"next": page.next, "more": page.more, "dropped": page.dropped}
    parts = _objects(page.entries, running=whose is None, expansion=expansion)
    if form == "jsonl":
        headers = {f"Journal-{name.title()}": json.dumps(value) for name, value in about.items()}
        return await _write(request, LINES, _lines(parts), headers)
    frame = {**(whose or {}), **about}
    return await _write(request, "application/json", _framed(frame, "entries", parts))


async def _objects(
    entries: list[Noted], *, running: bool, expansion: Expansion | None
) -> AsyncIterator[str]:
    for noted in entries:
        found = as_json(noted, running=running)
        if expansion is not None and isinstance(noted.entry, Sent):
            found["events"] = events = []
            for event in expansion.expand(noted.entry):
                if event is None:
                    await turn_of_others()
                else:
                    events.append(event)
        yield json.dumps(found, ensure_ascii=False)


async def _har(request: web.BaseRequest, session: Session[Clock]) -> web.StreamResponse:
    frame = har.frame(mockserver.__version__, session.told.forgotten)

    async def parts() -> AsyncIterator[str]:
        for found in har.exchanges(session.told, session.epoch):
            if found is None:
                await turn_of_others()
            else:
                yield json.dumps(found, ensure_ascii=False)

    async def log() -> AsyncIterator[str]:
        yield '{"log": '
        async for text in _framed(frame, "entries", parts()):
            yield text.removesuffix("\n")
        yield "}\n"

    return await _write(request, "application/json", log())


async def _framed(
    frame: dict[str, Any], name: str, parts: AsyncIterator[str]
) -> AsyncIterator[str]:
    """Yield an object with the parts as a list at its end."""
    yield f'{json.dumps(frame, ensure_ascii=False)[:-1]}, "{name}": ['
    between = ""
    async for part in parts:
        yield between + part
        between = ",\n"
    yield "]}\n"


async def _lines(parts: AsyncIterator[str]) -> AsyncIterator[str]:
    async for part in parts:
        yield part + "\n"


async def _write(
    request: web.BaseRequest,
    kind: str,
    parts: AsyncIterator[str],
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """Send text in pieces as it is made: nobody has to hold all of it."""
    response = web.StreamResponse(headers={**FRESH, **(headers or {}), "Content-Type": kind})
    await response.prepare(request)
    held: list[str] = []
    size = 0
    async for part in parts:
        held.append(part)
        size += len(part)
        if size >= _PIECE:
            await response.write("".join(held).encode("utf-8", "backslashreplace"))
            held, size = [], 0
            await turn_of_others()
    await response.write_eof("".join(held).encode("utf-8", "backslashreplace"))
    return response


# --- what is asked -------------------------------------------------------------------------------


def _journals(ask: Ask) -> list[Journal]:
    return [session.journal for session in ask.live.sessions]


def _format(request: web.BaseRequest) -> str:
    """Return which format is asked for: by `format`, else by Accept."""
    form = request.query.get("format")
    if form is not None:
        return form
    accept = request.headers.get("Accept", "*/*")
    return "jsonl" if quality(LINES, accept) > quality("application/json", accept) else "json"


def _query(ask: Ask) -> Query:
    asked = ask.query
    numbers = {
        name: ask.number(name) for name in ("subscription", "connection", "serial") if name in asked
    }
    return Query(_kinds(ask), asked.get("operation"), asked.get("scenario"), **numbers)


def _kinds(ask: Ask) -> frozenset[str] | None:
    return frozenset(filter(None, ask.request.query.getall("kind", ()))) or None


# --- live ----------------------------------------------------------------------------------------


async def stream_of_session(ask: Ask) -> web.StreamResponse:
    """Tell what happens in a session as it happens."""
    return await _stream(ask, ask.session.name, None)


async def stream_of_server(ask: Ask) -> web.StreamResponse:
    """Tell what happens in all sessions, or in one that need not be there yet."""
    return await _stream(ask, ask.query.get("session"), FileNews(ask.live))


class FileNews:
    """Tells that the files have been read, first how it stands."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._told = 0

    @property
    def behind(self) -> bool:
        """Whether they have been read since it was told last."""
        return self._told != self._live.looks

    def block(self) -> bytes:
        """Return an event without an id: there is nothing to take up where one was."""
        live = self._live
        self._told = live.looks
        told = {"version": live.version, "stale": live.stale, "problems": len(live.faults)}
        return encode(Event(event="files", data=json.dumps(told)))


async def _stream(ask: Ask, session: str | None, files: FileNews | None) -> web.StreamResponse:
    """Tell what happens until the client leaves or the server stops. Raises ControlError.

    A client that does not read is waited for: nothing is kept for it but where it is.
    """
    follower = Follower(ask.live.journals, Query(_kinds(ask)), _place(ask), session)
    _check_room(ask)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(ask.request)
    if ask.request.method == "HEAD":
        return response
    live = ask.live
    live.followers += 1
    closely = ask.query.get("expand") == "true"
    telling = Closely(live, session) if closely else Plainly()
    try:
        await response.write(encode(Event(comment=f"after {follower.place}")) + telling.begin())
        await _follow(ask, follower, files, response, telling)
    except ConnectionError:
        pass  # the client left while something was being written
    finally:
        live.followers -= 1
        telling.end()
    return response


async def _follow(
    ask: Ask,
    follower: Follower,
    files: FileNews | None,
    response: web.StreamResponse,
    telling: Plainly,
) -> None:
    task = asyncio.current_task()
    assert task is not None
    waiting, clock = ask.live.serving[task], RealClock()
    while not waiting.stopping:
        blocks = [files.block()] if files is not None and files.behind else []
        blocks += telling.blocks(follower.take(_journals(ask)))
        if blocks:
            await response.write(b"".join(blocks))
        if follower.behind or telling.behind or (files is not None and files.behind):
            await turn_of_others()
            continue
        bell = asyncio.get_running_loop().create_future()
        ring = partial(_ring, bell)
        ask.live.journals.bells.append(ring)
        at = clock.now() + HEARTBEAT
        try:
            await waiting.until_done(bell, clock, at)
        finally:
            ask.live.journals.forget(ring)
        if clock.now() >= at:
            await response.write(_BEAT)
        elif clock.now() < at - HEARTBEAT + _BREATH:
            await pause(_BREATH)
    await response.write_eof()


def _ring(bell: asyncio.Future[None]) -> None:
    if not bell.done():
        bell.set_result(None)


def _place(ask: Ask) -> int | None:
    """Return the running number to go on after; -1 for one that is none, None for now on.

    Last-Event-ID goes before `since`: an EventSource keeps the query when it comes again.
    """
    last = ask.request.headers.get("Last-Event-ID")
    if last:
        return int(last) if last.isascii() and last.isdigit() and len(last) < 20 else -1
    return ask.number("since") if "since" in ask.query else None


def _check_room(ask: Ask) -> None:
    if not ask.live.journals.limit:
        what, mend = "the journal is off", "start the server without --journal 0"
        raise ControlError(409, what, code="journal-off", mend=mend)
    if ask.live.followers >= FOLLOWERS:
        what = f"{FOLLOWERS:,} live streams of the journal are open"
        raise ControlError(503, what, code="too-many-followers", mend="close some of them")


HANDLERS: Final[dict[str, Handler]] = {
    "getSessionJournal": of_session,
    "getJournal": of_server,
    "streamSessionJournal": stream_of_session,
    "streamJournal": stream_of_server,
}

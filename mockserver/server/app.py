"""Takes a request through its six hops (see ARCHITECTURE.md), and turns errors into problems."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.clock import Clock, pause
from mockserver.contract import NOTHING, NoRoute, Operation
from mockserver.errors import ControlError
from mockserver.play.answer import Answer, Head, problem_body, stream_head, whole_answer
from mockserver.play.journal import Closed, Closer, Opened
from mockserver.play.match import choose
from mockserver.play.story import Stories, Turn
from mockserver.scenario.template import RenderError
from mockserver.scenario.units import FOREVER
from mockserver.server import control, cors, wire
from mockserver.server.requests import Target, opening_of, target_of, wanted_scenario
from mockserver.server.stream import EventStreamResponse, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockserver.play.opening import Opening
    from mockserver.play.player import Disconnect
    from mockserver.play.session import Session, Sessions
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request's body; more is a 413."""
_GRACE: Final = 0.5
"""Seconds that streams have to end properly when the server stops."""

log = logging.getLogger("mockserver")


@dataclass(slots=True)
class Live:
    """What a running server has: what it can play, its sessions, and who is connected."""

    catalog: Catalog
    sessions: Sessions[Clock]
    cors: bool = True
    stopping: bool = False
    streams: set[Stream] = field(default_factory=set)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def stop(self) -> None:
        """End all connections: streams properly, whatever does not end by itself with a cut."""
        self.stopping = True
        for stream in tuple(self.streams):
            stream.stop()
        if self.tasks:
            _, late = await asyncio.wait(self.tasks, timeout=_GRACE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_GRACE)


LIVE: Final = web.AppKey("live", Live)


class ProblemResponse(web.Response):
    """An error as a problem document (RFC 9457)."""

    def __init__(self, status: int, what: str, code: str, mend: str = "", **extra: Any) -> None:
        super().__init__(
            status=status,
            body=problem_body(status, what, code, mend, **extra),
            content_type="application/problem+json",
        )


class AnswerResponse(web.Response):
    """A whole answer, its head to the letter."""

    def __init__(self, answer: Answer) -> None:
        head = answer.head
        super().__init__(status=head.status, reason=head.reason, body=answer.body)
        self.headers.popall("Content-Type", None)
        for name, value in head.headers:
            self.headers.add(name, value)
        self.head = head


def make_app(live: Live) -> web.Application:
    """Return the application that serves everything that `live` has."""
    app = web.Application(client_max_size=MAX_BODY)
    app[LIVE] = live
    app.router.add_route("*", "/{path:.*}", handle)
    app.on_response_prepare.append(_exact_head)
    return app


async def _exact_head(request: web.Request, response: web.StreamResponse) -> None:
    """Keep the wall clock and aiohttp's version out of the head; add CORS where it is wanted."""
    head: Head | None = getattr(response, "head", None)
    own = head.own if head else frozenset()
    for name in ("Date", "Server", "Content-Type"):
        given = head is not None and any(n.lower() == name.lower() for n, _ in head.headers)
        if not given and (name != "Content-Type" or head is not None):
            response.headers.popall(name, None)
    if request.app[LIVE].cors:
        cors.add_headers(request, response, own)


async def handle(request: web.Request) -> web.StreamResponse:
    """Answer any request."""
    live = request.app[LIVE]
    task = asyncio.current_task()
    assert task is not None
    live.tasks.add(task)
    try:
        return await _hops(request, live)
    except ControlError as error:
        return ProblemResponse(error.status, error.what, error.code, error.mend, **error.extra)
    except RenderError as error:
        log.error("%s", error)
        return ProblemResponse(
            500, str(error), "template-error", "mend the template, or send what it asks for"
        )
    except web.HTTPRequestEntityTooLarge:
        what = f"the body is larger than {MAX_BODY:,} bytes"
        return ProblemResponse(413, what, "body-too-large")
    finally:
        live.tasks.discard(task)


async def _hops(request: web.Request, live: Live) -> web.StreamResponse:
    target = target_of(request)
    if target.path == control.PREFIX or target.path.startswith(control.PREFIX + "/"):
        return await control.respond(request, target.path, live.sessions)
    # Hop 1: the operation and the session.
    contract = live.catalog.contract
    route = contract.route(request.method, target.path)
    if isinstance(route, NoRoute):
        if request.method == "OPTIONS" and route.allowed:
            return _options(request, live, route.allowed)
        raise _no_operation(request, target, route)
    if live.cors and cors.is_preflight(request) and route.operation.method != "OPTIONS":
        return cors.preflight(request, ())
    # Hop 2: the request as plain data.
    opening = await opening_of(request, target, route.path_parameters)
    operation = route.choose(opening.query, opening.body)
    session = live.sessions.get(target.session)
    # Hop 3: the scenario, and where in its story this request is.
    programs = live.catalog.by_operation.get(operation.id, ())
    named = wanted_scenario(request, target)
    program = choose(programs, opening, named, session.pinned)
    if program is None:
        program = _examples(live.catalog, operation, opening)
    if program is None:
        return _spec_answer(session, operation, opening)
    if request.method == "HEAD":
        return _head_only(request, live, program, operation, opening)
    turn = session.stories.turn(program, opening, session.clock.now(), _example_of(live.catalog))
    return await _perform(request, live, session, turn, operation, opening)


def _options(request: web.Request, live: Live, allowed: tuple[str, ...]) -> web.Response:
    if live.cors and cors.is_preflight(request):
        return cors.preflight(request, allowed)
    return web.Response(status=204, headers={"Allow": ", ".join(allowed)})


def _no_operation(request: web.Request, target: Target, route: NoRoute) -> ControlError:
    return ControlError(
        404,
        f"no operation fits {request.method} {target.path}",
        code="no-operation",
        mend="ask for one of the nearest" if route.nearest else "look at the document's paths",
        nearest=list(route.nearest),
    )


def _examples(catalog: Catalog, operation: Operation, opening: Opening) -> Program | None:
    """Return the document's own examples as a stream, if the request wants the stream."""
    accept = opening.headers.get("accept", "*/*")
    if operation.wants_stream(accept, opening.body):
        return catalog.examples(operation)
    return None


def _example_of(catalog: Catalog) -> Callable[[str], Any]:
    def example(name: str) -> Any:
        value = catalog.contract.example(name)
        if value is NOTHING:
            raise ValueError(f"the document has no schema {name!r} with an example")
        return value

    return example


def _spec_answer(
    session: Session[Clock], operation: Operation, opening: Opening
) -> web.StreamResponse:
    accept = opening.headers.get("accept", "*/*")
    example = operation.answer(accept=accept)
    if example is None:
        raise ControlError(
            501,
            f"{operation.id} has no scenario, and the document no example to answer with",
            code="no-example",
            mend=f"write a scenario with 'operation: {operation.id}'",
        )
    headers = list(example.headers.items())
    if example.media_type:
        headers.insert(0, ("Content-Type", example.media_type))
    head = Head(example.status, "", tuple(headers))
    _opened(session, operation, opening, None, example.status)
    return AnswerResponse(Answer(Head(head.status, _reason(head.status), head.headers), example.body))


def _reason(status: int) -> str:
    from mockserver.play.answer import reason_of  # noqa: PLC0415

    return reason_of(status)


def _head_only(
    request: web.Request, live: Live, program: Program, operation: Operation, opening: Opening
) -> web.StreamResponse:
    """Answer HEAD as a first GET would begin, without taking a turn in anybody's story."""
    session = live.sessions.get(target_of(request).session)
    aside = Stories(session.seed, session.name, session.epoch)
    turn = aside.turn(program, opening, 0.0, _example_of(live.catalog))
    if turn.row is None or turn.player is None:
        return _answer(turn, operation, opening)
    return AnswerResponse(Answer(stream_head(turn.row.response, turn.scope), b""))


async def _perform(
    request: web.Request,
    live: Live,
    session: Session[Clock],
    turn: Turn,
    operation: Operation,
    opening: Opening,
) -> web.StreamResponse:
    """Hops 4 to 6: the answer or the stream of this turn."""
    if turn.row is None:
        return _over(session, turn, operation, opening)
    session.open += 1
    by: Closer = "client"
    try:
        await _before_head(live, session, turn)
        if turn.row.broken:
            by = "script"
            return await _broken(request, session, turn, operation, opening)
        if turn.player is None:
            answer = _answer(turn, operation, opening)
            _opened(session, operation, opening, turn, answer.status)
            by = "script"
            return answer
        return await _stream(request, live, session, turn, operation, opening)
    finally:
        session.open -= 1
        if turn.player is None:
            _closed(session, turn, by)


def _over(
    session: Session[Clock], turn: Turn, operation: Operation, opening: Opening
) -> web.StreamResponse:
    """204 tells an EventSource to stay away (WHATWG § 9.2.3)."""
    unknown = turn.program.scenario.resume.unknown
    if "unknown-last-event-id" in turn.notes and unknown is not None:
        _opened(session, operation, opening, turn, unknown)
        what = f"the story has no event with the id {opening.last_event_id!r}"
        return ProblemResponse(unknown, what, "unknown-last-event-id")
    _opened(session, operation, opening, turn, 204)
    return AnswerResponse(Answer(Head(204, "No Content", ()), b""))


async def _before_head(live: Live, session: Session[Clock], turn: Turn) -> None:
    """Wait as long as the response, or a lone disconnect, says."""
    assert turn.row is not None
    delay = 0.0
    response = turn.row.response
    if turn.row.broken:
        for op in turn.row.ops:
            delay += turn.scope.seconds(op.time, op.path, "delay")  # type: ignore[union-attr]
    elif response is not None and response.delay is not None:
        delay = turn.scope.seconds(response.delay, "response", "delay")
    if delay == 0:
        return
    woken = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    waiting = _Waiting(wake)
    live.streams.add(waiting)  # type: ignore[arg-type]
    clock = session.clock
    alarm = None if delay == FOREVER else clock.alarm(clock.now() + delay, wake)
    try:
        await woken
    finally:
        live.streams.discard(waiting)  # type: ignore[arg-type]
        if alarm is not None:
            alarm.cancel()


class _Waiting:
    """Someone who waits before the head, and can be sent home."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.stop = stop


async def _broken(
    request: web.Request,
    session: Session[Clock],
    turn: Turn,
    operation: Operation,
    opening: Opening,
) -> web.StreamResponse:
    """End the connection before the first byte of an answer."""
    assert turn.row is not None
    _opened(session, operation, opening, turn, 0)
    if turn.row.end == "reset":
        await wire.reset(request.transport)
    else:
        wire.drop(request.transport)
    return web.Response(status=204)  # nobody is there to read it


def _answer(turn: Turn, operation: Operation, opening: Opening) -> AnswerResponse:
    assert turn.row is not None
    assert turn.row.response is not None
    accept = opening.headers.get("accept", "*/*")
    return AnswerResponse(
        whole_answer(turn.row.response, turn.scope, operation, turn.program.files, accept)
    )


async def _stream(
    request: web.Request,
    live: Live,
    session: Session[Clock],
    turn: Turn,
    operation: Operation,
    opening: Opening,
) -> web.StreamResponse:
    assert turn.row is not None
    assert turn.player is not None
    try:
        head = stream_head(turn.row.response, turn.scope)
    except RenderError:
        turn.subscription.close("server", session.clock.now(), None)
        raise
    if turn.player.fault:
        turn.subscription.close("server", session.clock.now(), None)
        mend = "mend the template, or send what it asks for"
        log.error("%s", turn.player.fault)
        raise ControlError(500, turn.player.fault, code="template-error", mend=mend)
    _opened(session, operation, opening, turn, head.status)
    stream = Stream(turn, head, session)
    live.streams.add(stream)
    try:
        return await stream.perform(request)
    finally:
        live.streams.discard(stream)


def _opened(
    session: Session[Clock],
    operation: Operation,
    opening: Opening,
    turn: Turn | None,
    status: int,
) -> None:
    entry = Opened(
        session.clock.now(),
        operation.id,
        f"{opening.method} {opening.target}",
        turn.program.name if turn else "",
        turn.subscription.address.subscription if turn else 0,
        turn.number if turn else 0,
        status,
        opening.last_event_id,
        turn.notes if turn else (),
    )
    session.journal.record(entry)
    log.info("opened", extra={"session": session.name, "entry": entry})


def _closed(session: Session[Clock], turn: Turn, by: Closer) -> None:
    """Note the end of a connection that had no stream."""
    assert turn.row is not None
    from mockserver.play.player import Disconnect, Place  # noqa: PLC0415

    now = session.clock.now()
    number = turn.subscription.next.number + 1
    story = turn.scope.story
    end: Disconnect | None = Disconnect(0.0, turn.row.end, Place(number, 0, story, story))
    turn.subscription.close(by, now, end)
    session.journal.record(
        Closed(
            now,
            turn.program.name,
            turn.subscription.address.subscription,
            turn.number,
            turn.row.end,
            by,
            0,
        )
    )


__all__ = ["LIVE", "EventStreamResponse", "Live", "handle", "make_app"]

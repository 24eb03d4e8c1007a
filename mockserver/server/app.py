"""Takes a request through its six hops (see ARCHITECTURE.md), and turns errors into problems."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from mockserver.contract import NoRoute, Operation
from mockserver.errors import ControlError
from mockserver.play.answer import Answer, Head, raw_head, reason_of, stream_head
from mockserver.play.journal import Opened, Refused, kept
from mockserver.play.match import choose
from mockserver.play.session import DEFAULT
from mockserver.play.story import Stories
from mockserver.play.timeline import answer_of, wish_of
from mockserver.scenario.template import RenderError
from mockserver.server import breaches, control, cors, upgrade
from mockserver.server.awaits import note_request
from mockserver.server.connection import Connection
from mockserver.server.enforce import Answering
from mockserver.server.log import log, record
from mockserver.server.protocol import Server
from mockserver.server.requests import Preferences, Target, opening_of, preferences, target_of
from mockserver.server.respond import (
    AnswerResponse,
    ProblemResponse,
    document_answer,
    kept_answer,
    with_fields,
)
from mockserver.server.responses import stream_response
from mockserver.server.waiting import Waiting

if TYPE_CHECKING:
    from aiohttp import StreamReader
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage

    from mockserver.clock import Clock
    from mockserver.play.opening import Opening
    from mockserver.play.session import Session
    from mockserver.scenario.catalog import Catalog
    from mockserver.scenario.program import Program
    from mockserver.server.live import Live

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of a request's body; more is a 413."""
_SCRIPTS_FAULTS: Final = frozenset({"template-error", "contract-event", "contract-answer"})
"""What the author of a scenario has to mend, and sees in the log at once."""


def make_server(live: Live) -> Server:
    """Return the low-level server that answers everything that `live` has.

    No `web.Application`: there is one handler, and the document has the routes.
    """
    loop = asyncio.get_running_loop()

    def make_request(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> Request:
        return Request(
            message, payload, protocol, writer, task, loop, client_max_size=MAX_BODY, live=live
        )

    return Server(handle, request_factory=make_request, refuse=refuse, certificate=live.certificate)


class Request(web.BaseRequest):
    """A request that knows what it is answered from, and completes every head."""

    def __init__(self, *args: Any, live: Live, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.live = live
        self.opened = False
        """Whether the journal has its opening, and a fault later is not a refusal."""
        self.begun = False
        """Whether an answer has begun, and there is no room for another."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Keep the wall clock and aiohttp's version out; add CORS where it is wanted.

        aiohttp calls this when the head is complete but for what it says here.
        """
        self.begun = True
        head: Head | None = getattr(response, "head", None)
        given = {name.lower() for name, _ in head.headers} if head else {"content-type"}
        for name in ("Date", "Server", "Content-Type"):
            if name.lower() not in given:
                response.headers.popall(name, None)
        if self.live.cors and response.status != 101:
            cors.add_headers(self, response, head.own if head else ())


async def handle(request: web.BaseRequest) -> web.StreamResponse:
    """Answer any request."""
    assert isinstance(request, Request)
    live = request.live
    task = asyncio.current_task()
    assert task is not None
    waiting = live.serving[task] = Waiting()
    try:
        return await _hops(request, live, waiting)
    except ControlError as error:
        return refuse(request, error)
    except RenderError as error:
        mend = "mend the template, or send what it asks for"
        return refuse(request, ControlError(500, str(error), code="template-error", mend=mend))
    except web.RequestPayloadError as error:
        what = f"the body cannot be read: {error}"
        mend = "send what its headers say"
        return refuse(request, ControlError(400, what, code="bad-body", mend=mend))
    except web.HTTPRequestEntityTooLarge:
        what = f"the body is larger than {MAX_BODY:,} bytes"
        return refuse(request, ControlError(413, what, code="body-too-large", mend="send less"))
    finally:
        del live.serving[task]


def refuse(request: web.BaseRequest, error: ControlError) -> web.StreamResponse:
    """Answer with a problem document; note it in the journal of the request's session.

    Whether aiohttp could read the request or not. Raises ConnectionError, which cuts the
    connection, where another answer has begun.
    """
    assert isinstance(request, Request)
    if error.code in _SCRIPTS_FAULTS:
        log.error("%s", error)
    if not request.opened:
        _record_refused(request, error)
    if request.begun:
        raise ConnectionError(error.what)
    what = _encodable(error.what)
    response = ProblemResponse(error.status, what, error.code, error.mend, **error.extra)
    response.headers.extend(error.headers)
    # Where the next request begins is not known: after a body that cannot be read, and where the
    # client may send the body that it asked for leave to send, or not (RFC 9110 § 10.1.1).
    if error.code == "bad-body" or ("Expect" in request.headers and not request.content.is_eof()):
        response.force_close()
    return response


def _record_refused(request: Request, error: ControlError) -> None:
    name, asked = DEFAULT, request.raw_path
    with suppress(ControlError, ValueError):  # no name for a session, or no URL
        target = target_of(request)
        if _is_control(target.path):
            return
        name, asked = target.session, target.text
    session = request.live.sessions.get(name)
    asked = kept(f"{request.method} {asked}") if request.method else ""
    at = session.clock.now()
    record(session, Refused(at, asked, error.status, error.code, kept(error.what)))


def _encodable(text: str) -> str:
    """Return `text` with what a client sent that is no UTF-8 (a surrogate here) as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


async def _hops(request: Request, live: Live, waiting: Waiting) -> web.StreamResponse:
    if live.stopping:
        raise ControlError(503, "the server is stopping", code="stopping")
    if live.certificate is not None and not request.secure:
        what = "this is plain HTTP, and the port speaks HTTPS"
        raise ControlError(400, what, code="plain-http", mend="use https:// instead of http://")
    target = target_of(request)
    upgrades = upgrade.is_handshake(request)
    if _is_control(target.path):
        return await _control(request, target, live, upgrades=upgrades)
    # Hop 1: the operation and the session.
    contract, path = live.catalog.contract, target.path
    route = upgrade.route(contract, path) if upgrades else contract.route(request.method, path)
    if isinstance(route, NoRoute):
        return _no_route(request, target, route, live)
    if live.cors and cors.is_preflight(request) and route.operation.method != "OPTIONS":
        return cors.preflight(request, ())
    session = live.sessions.get(target.session)
    waiting.session = session.name
    # Hop 2: the request as plain data.
    _meet_expectation(request)
    opening = await opening_of(request, target, route.path_parameters)
    operation = route.choose(opening.query, opening.body)
    opening = upgrade.opening_of(opening, operation) if upgrades else opening
    if operation.id in live.catalog.counted and (upgrades or request.method == operation.method):
        session.witness.count(operation.id)
    # Hop 3: the scenario, and where in its story this request is.
    asked = preferences(request, target)
    program = _program(live.catalog, session, operation, opening, asked, upgrades=upgrades)
    answering = Answering(operation, program, asked.named, upgrades)
    await live.requests.hold(request, target, session, route.path_parameters, answering)
    if program is None:
        return await _unscripted(request, live, session, operation, opening, asked)
    note_request(request, live.catalog, session, operation, opening)
    watch = breaches.watch_over(live.loaded.judge, session, program, operation, opening)
    program = live.catalog.websocket(program) if upgrades else program
    if request.method == "HEAD":
        return _head_only(request, session, program, operation, opening)
    now = session.clock.now()
    example, name = live.catalog.example, operation.id
    turn = session.stories.turn(
        program, opening, now, example, watch, operation=name, happenings=session.happenings
    )
    # Hops 4 to 6: the cues, the socket, the journal.
    connection = Connection(request, session, operation, opening, turn, waiting, live.calls)
    connection.steering.judge = live.loaded.judge
    try:
        return await connection.perform()
    finally:
        request.opened = connection.opened


async def _unscripted(  # noqa: PLR0917  (the six things that a request has become)
    request: Request,
    live: Live,
    session: Session[Clock],
    operation: Operation,
    opening: Opening,
    asked: Preferences,
) -> web.StreamResponse:
    """Answer what no scenario answers: from memory, where that is kept, else from the document."""
    if live.cors and cors.is_preflight(request):
        return cors.preflight(request, ())  # an OPTIONS of the document knows no origin
    wish = wish_of(opening, session.name, session.seed)
    wish = wish._replace(status=asked.status, example=asked.example)
    if live.loaded.keeper is not None:  # The body was read for the opening, and is read once more.
        opening = with_fields(opening, operation, await request.read())
    answer = kept_answer(live.loaded.keeper, session.store, operation, opening, wish)
    if answer is None:
        answer = document_answer(operation, wish)
    note_request(request, live.catalog, session, operation, opening)  # if it is not refused
    _record_example(session, operation, opening, answer.status)
    return answer


async def _control(
    request: Request, target: Target, live: Live, *, upgrades: bool
) -> web.StreamResponse:
    """Answer a request to the control API."""
    if upgrades:
        raise upgrade.of_control()
    _meet_expectation(request)
    return await live.control.respond(request, target.path, live)


def _is_control(path: str) -> bool:
    return path == control.PREFIX or path.startswith(control.PREFIX + "/")


def _meet_expectation(request: web.BaseRequest) -> None:
    """Ask for a body that waits to be asked for. Raises ControlError for what nobody can meet.

    RFC 9110 § 10.1.1: "A server that receives a 100-continue expectation in an HTTP/1.0 request
    MUST ignore that expectation."
    """
    expected = request.headers.get("Expect")
    if expected is None or request.version < (1, 1):
        return
    if expected.lower() != "100-continue":
        raise ControlError(
            417,
            f"nothing here can meet the expectation {expected!r}",
            code="unknown-expectation",
            mend="expect 100-continue, or nothing",
        )
    if request.transport is not None and not request.content.is_eof():
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _no_route(
    request: web.BaseRequest, target: Target, route: NoRoute, live: Live
) -> web.StreamResponse:
    if request.method != "OPTIONS" or not route.allowed:
        raise ControlError(
            404,
            f"no operation fits {request.method} {target.path}",
            code="no-operation",
            mend="ask for one of the nearest" if route.nearest else "look at the document's paths",
            nearest=list(route.nearest),
        )
    if live.cors and cors.is_preflight(request):
        return cors.preflight(request, route.allowed)
    return web.Response(status=204, headers={"Allow": ", ".join(route.allowed)})


def _program(
    catalog: Catalog,
    session: Session[Clock],
    operation: Operation,
    opening: Opening,
    asked: Preferences,
    *,
    upgrades: bool = False,
) -> Program | None:
    """Return the scenario that answers, else the document's own stream, where one is wanted.

    Raises ControlError: 501 for a stream of which nothing can be shown, 400 for a scenario that is
    none.
    """
    if not asked.of_document:
        programs = catalog.by_operation.get(operation.id, ())
        _check_pinned(catalog, session)
        program = choose(programs, opening, asked.scenario, session.pinned)
        if program is not None:
            return catalog.framed(program, operation, opening.accept)
    if not _streams(operation, asked, opening, upgrades=upgrades):
        return None
    program = catalog.examples(operation, session.seed, asked.example, opening.accept)
    if program is None:
        raise ControlError(
            501,
            f"{operation.id} has no scenario, and no event of its stream can be made",
            code="unsatisfiable-schema",
            mend=f"write a scenario with 'operation: {operation.id}', or mend the schema",
        )
    return program


def _check_pinned(catalog: Catalog, session: Session[Clock]) -> None:
    """Refuse a session one of whose scenarios a reload has taken away. Raises ControlError."""
    for name in session.pinned:
        if name not in catalog.programs:
            raise ControlError(
                400,
                f"this session prefers the scenario {name!r}, which is gone",
                code="unknown-scenario",
                mend="put the scenario back and reload, or make the session anew",
                scenarios=sorted(catalog.programs),
            )


def _streams(operation: Operation, asked: Preferences, opening: Opening, *, upgrades: bool) -> bool:
    """Tell whether the document's answer is its stream, which is all that a WebSocket can get."""
    stream = operation.stream_for(opening.accept)
    if stream is None or asked.status not in (None, stream.status):
        return False
    if asked.example is not None:
        return asked.example in stream.example_names()
    return upgrades or operation.wants_stream(opening.accept, opening.body)


def _record_example(
    session: Session[Clock], operation: Operation, opening: Opening, status: int
) -> None:
    target = f"{opening.method} {opening.target}"
    record(session, Opened(session.clock.now(), operation.id, target, "", 0, 0, status))


def _head_only(
    request: Request,
    session: Session[Clock],
    program: Program,
    operation: Operation,
    opening: Opening,
) -> web.StreamResponse:
    """Answer HEAD as a first GET would begin, without taking a turn in anybody's story."""
    aside = Stories(session.seed, session.name, session.epoch, anonymous=session.anonymous)
    example = request.live.catalog.example
    turn = aside.turn(program, opening, 0.0, example, operation=operation.id)
    if turn.row is None:
        status = turn.refused or 204
        return AnswerResponse(Answer(Head(status, reason_of(status), ()), b""))
    if turn.row.answer:
        answer = answer_of(turn, operation, opening)
        if answer.head.transfer is None and not turn.row.laid:
            return AnswerResponse(answer)
        return stream_response(request, answer.head, joined=False)
    head = stream_head(turn.row, turn.scope, turn.stream_of(operation), turn.coding)
    if head.raw and request.transport is not None:
        request.transport.write(raw_head(turn.row.response, turn.scope))
    return stream_response(request, head, joined=False)
